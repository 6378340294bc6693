"""`make crash KILLS=1000`: the site under load while its processes are killed with -9 at random.

Real gunicorn, Celery worker and beat, a PostgreSQL and a Redis of our own on loopback, a relay that
takes letters. Two ledgers stand outside the system: what was acknowledged to somebody, and which
letters the relay took. Afterwards nothing acknowledged may be lost, every reminder must stand once
in each inbox, and every mail must have left under its one Message-ID. How far it is stands on
stderr; the figures and the verdict at the end on stdout.

    .venv/bin/python scripts/crash.py --kills 1000 --databases 20 --wipes 20
"""

import argparse
import contextlib
import json
import os
import random
import re
import shutil
import signal
import socketserver
import subprocess
import sys
import tempfile
import threading
import time
import uuid
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import requests
import services
import supervise

ROOT = Path(__file__).resolve().parent.parent
BIN = Path(sys.executable).parent
DRAFTS_PER_KILL, DRAFTS = 2, 1_500
DEADLINES_PER_KILL, DEADLINES = 10, 2_000
"""For each kill, and at most: seven notices come of each deadline."""
WRITERS = 2
GIVEN_UP = 3
"""How often a writer may find that the site never answered before they stop pressing."""
SETTLE = 120
"""Seconds without any progress after which what is left undone counts as never done."""
REPORT_EVERY = 30
"""Seconds from one line about how far it is to the next."""
LET_WORK_EVERY, LET_WORK = 5, 30
"""After so many kills something must be acknowledged again before the next, within these seconds:
on a slow machine a site that is killed while it starts would have no work to lose."""
PROGRAMS: dict[str, list[str]] = {
    "web": ["gunicorn", "--config", str(ROOT / "deploy" / "gunicorn.conf.py")],
    "worker": ["celery", "-A", "config", "worker", "--concurrency=2", "--loglevel=WARNING"],
    "beat": ["celery", "-A", "config", "beat", "--loglevel=WARNING"],
}
VERSION = re.compile(r'name="(version|seen)"[^>]*?value="([^"]*)"')


class Ledger:
    """A file outside the system: a line is on the disk before anybody hears of it."""

    def __init__(self, path: Path) -> None:
        self.file = path.open("a")
        self.lock = threading.Lock()
        self.lines = 0

    def write(self, **entry: str) -> None:
        with self.lock:
            self.file.write(json.dumps(entry) + "\n")
            self.file.flush()
            os.fsync(self.file.fileno())
            self.lines += 1


# --- the relay ------------------------------------------------------------------------------------


class Relay(socketserver.ThreadingTCPServer):
    """Takes every letter and writes it down before it says so. It is never killed."""

    daemon_threads = True
    allow_reuse_address = True

    def __init__(self, ledger: Ledger) -> None:
        self.ledger = ledger
        super().__init__(("127.0.0.1", 0), _Session)


class _Session(socketserver.StreamRequestHandler):
    def handle(self) -> None:
        with contextlib.suppress(OSError):
            self._say("220 relay of the crash test")
            while line := self.rfile.readline():
                match line.split(b" ")[0].strip().upper():
                    case b"DATA":
                        self._say("354 go on")
                        self._take()
                        self._say("250 taken")
                    case b"QUIT":
                        self._say("221 bye")
                        return
                    case _:
                        self._say("250 well")

    def _take(self) -> None:
        lines = []
        while (line := self.rfile.readline()) not in (b".\r\n", b""):
            lines.append(line.decode())
        text = "".join(lines).replace("\r\n", "\n")
        found = re.search(r"^Message-ID:\s*(\S+)", text, re.MULTILINE | re.IGNORECASE)
        server: Any = self.server
        server.ledger.write(id=found[1] if found else "", text=text)

    def _say(self, line: str) -> None:
        self.wfile.write(line.encode() + b"\r\n")


# --- the system -----------------------------------------------------------------------------------


@dataclass
class System:
    """The programs, the database and the broker, and how each is killed and comes back."""

    folder: Path
    env: dict[str, str]
    cluster: services.Cluster
    redis: services.RedisFiles
    running: dict[str, subprocess.Popen[bytes]] = field(default_factory=dict)
    killed: Counter[str] = field(default_factory=Counter)
    ending: bool = False

    def start(self, name: str) -> None:
        program, *rest = PROGRAMS[name]
        log = self.folder / f"{name}.log"
        self.running[name] = supervise.start([BIN / program, *rest], env=self.env, log=log)

    def watch(self) -> None:
        """As systemd does: what ends is started again."""
        while not self.ending:
            for name in PROGRAMS:
                if self.running[name].poll() is not None:
                    self.start(name)
            time.sleep(0.1)

    def kill(self, name: str, chance: random.Random) -> None:
        """The whole program, or one of the processes it started."""
        process = self.running[name]
        children = _children(process.pid)
        with contextlib.suppress(ProcessLookupError):
            if children and chance.random() < 0.5:
                os.kill(chance.choice(children), signal.SIGKILL)
                self.killed[f"a child of {name}"] += 1
            else:
                os.killpg(process.pid, signal.SIGKILL)
                self.killed[name] += 1

    def crash_database(self) -> None:
        """An immediate end without a checkpoint, then recovery from the log."""
        self.running["postgresql"].send_signal(signal.SIGQUIT)
        self.running["postgresql"].wait()
        self.running["postgresql"] = self.cluster.run(DURABLE)
        self.killed["database"] += 1

    def wipe_redis(self) -> None:
        """It keeps nothing on disk: killed, it comes back empty."""
        self.running["redis"].kill()
        self.running["redis"].wait()
        self.running["redis"] = self.redis.run()
        self.killed["redis"] += 1

    def stop(self) -> None:
        self.ending = True
        supervise.stop([self.running[name] for name in PROGRAMS if name in self.running], grace=5)
        rest = [process for name, process in self.running.items() if name not in PROGRAMS]
        supervise.stop(rest, number=signal.SIGINT)


#: What a commit promises must hold: the log is written before it is said.
DURABLE = {"fsync": "off", "synchronous_commit": "on", "full_page_writes": "off"}


def _children(pid: int) -> list[int]:
    try:
        return [int(each) for each in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
    except OSError:
        return []


# --- the people -----------------------------------------------------------------------------------


class Writer(threading.Thread):
    """Somebody who logs referrals, and presses again until the site has said yes.

    Once it is over they end what they are at; a draft nobody sent was promised to nobody.
    """

    def __init__(self, site: str, stage: dict[str, Any], drafts: list[dict[str, Any]], at: Any):
        super().__init__(daemon=True)
        self.site, self.drafts, self.ledger = site, drafts, at
        self.session = requests.Session()
        token = "c" * 32
        self.session.cookies.update({**stage["cookies"], "csrftoken": token})
        self.token = {"csrfmiddlewaretoken": token}
        self.is_over = threading.Event()
        self.troubles: Counter[str] = Counter()

    def run(self) -> None:
        while not self.is_over.is_set():
            self._begin_and_tell()
            if self.drafts:
                self._send(self.drafts.pop())

    def _begin_and_tell(self) -> None:
        key = str(uuid.uuid4())
        where = self._post("/referrals/new/", {"client_key": key})
        if where is None:
            return
        row = where.split("/")[2]
        self.ledger.write(what="begun", key=key, uuid=row)
        text = f"The invented story {uuid.uuid4().hex}."
        page = f"/referrals/{row}/log/story/"
        while not self.is_over.is_set() or self.troubles["gave up"] <= GIVEN_UP:
            seen = self._get(page)
            if seen is None:
                return
            hidden = dict(VERSION.findall(seen))
            if self._post(page, {**hidden, "narrative": text}, tries=1):
                self.ledger.write(what="told", uuid=row, text=text)
                return

    def _send(self, draft: dict[str, Any]) -> None:
        page = f"/referrals/{draft['uuid']}/check/"
        if self._post(page, {"version": draft["version"], "confirmed": "on"}):
            self.ledger.write(what="sent", uuid=draft["uuid"])

    def _post(self, path: str, data: dict[str, Any], tries: int = 600) -> str | None:
        """Where the site led, once it did; None when it never did."""
        for _try in range(tries):
            answer = self._ask("POST", path, data)
            if answer is not None and answer.status_code == 302:
                return str(answer.headers["Location"])
            if answer is not None and answer.status_code < 500:
                self.troubles[f"answered {answer.status_code}"] += 1
                return None
            time.sleep(0.2)
        self.troubles["gave up"] += 1
        return None

    def _get(self, path: str) -> str | None:
        for _try in range(600):
            answer = self._ask("GET", path, {})
            if answer is not None and answer.status_code == 200:
                return answer.text
            time.sleep(0.2)
        self.troubles["gave up"] += 1
        return None

    def _ask(self, method: str, path: str, data: dict[str, Any]) -> requests.Response | None:
        try:
            return self.session.request(
                method, self.site + path, data={**data, **self.token} if data else None,
                timeout=20, allow_redirects=False,
            )  # fmt: skip
        except requests.RequestException as error:
            self.troubles[type(error).__name__] += 1
            return None


# --- the run --------------------------------------------------------------------------------------


def inside(env: dict[str, str], *arguments: str) -> dict[str, Any]:
    """A step of tests/crash/stage.py, in Django and outside the system under test."""
    done = subprocess.run(
        [sys.executable, "-m", "tests.crash.stage", *arguments],
        cwd=ROOT, env=env, stdout=subprocess.PIPE, text=True, check=False,
    )  # fmt: skip
    if done.returncode:
        raise SystemExit(f"crash: {arguments[0]} failed (see above)")
    found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return found


def plan(kills: int, databases: int, wipes: int, chance: random.Random) -> list[str]:
    """What is killed, in which order."""
    acts = [chance.choice(list(PROGRAMS)) for _n in range(kills)]
    acts += ["database"] * databases + ["redis"] * wipes
    chance.shuffle(acts)
    return acts


def run(folder: Path, given: argparse.Namespace) -> dict[str, Any]:
    chance = random.Random(given.seed)  # noqa: S311 - no secret
    acts = plan(given.kills, given.databases, given.wipes, chance)
    (folder / "pg").mkdir()
    cluster = services.make_cluster(folder / "pg")
    redis = services.make_redis(folder)
    relay = Relay(Ledger(folder / "letters"))
    threading.Thread(target=relay.serve_forever, daemon=True).start()
    port = services.free_port()
    env = {
        **os.environ,
        "DJANGO_SETTINGS_MODULE": "tests.crash.settings",
        "PYTHONPATH": str(ROOT),
        "PYTHONWARNINGS": "ignore",
        "CONCORD_VAR": str(folder / "var"),
        "DATABASE_URL": cluster.url,
        "CELERY_BROKER_URL": redis.url,
        "CRASH_SMTP_PORT": str(relay.server_address[1]),
        "SITE_URL": f"http://localhost:{port}",
        "WEB_BIND": f"127.0.0.1:{port}",
        "LOG_LEVEL": "WARNING",
    }
    system = System(folder, env, cluster, redis)
    try:
        system.running |= {"postgresql": cluster.run(DURABLE), "redis": redis.run()}
        cluster.create_database()
        span = len(acts) * given.every
        drafts = min(DRAFTS, DRAFTS_PER_KILL * len(acts))
        deadlines = min(DEADLINES, DEADLINES_PER_KILL * len(acts))
        say(
            f"{len(acts)} kills to come, about {span / 60:.0f} minutes of them; {drafts} drafts "
            f"and {deadlines} deadlines are made first"
        )
        stage = inside(env, "prepare", str(drafts), str(deadlines), str(span))
        (folder / "deadlines").write_text(json.dumps(stage["deadlines"]))
        writers = begin(system, stage, f"http://127.0.0.1:{port}")
        progress = Progress(len(acts), system, writers[0].ledger, relay.ledger)
        for number, act in enumerate(acts):
            progress.tell()
            if number % LET_WORK_EVERY == 0:
                progress.let_work()
            time.sleep(chance.uniform(0.3, 1.7) * given.every)
            match act:
                case "database":
                    system.crash_database()
                case "redis":
                    system.wipe_redis()
                case _:
                    system.kill(act, chance)
        progress.tell(now=True)
        say("the killing is over; waiting until all is done")
        for writer in writers:
            writer.is_over.set()
        for writer in writers:
            writer.join(SETTLE)
        found = inside(env, "verify", str(folder), str(SETTLE))
        found["faults"] += ["somebody is still pressing"] * any(w.is_alive() for w in writers)
        found["killed"] = dict(system.killed)
        found["troubles"] = dict(sum((writer.troubles for writer in writers), Counter()))
        return found
    finally:
        system.stop()
        relay.shutdown()


def say(line: str) -> None:
    print(f"crash: {line}", file=sys.stderr, flush=True)


@dataclass
class Progress:
    """How far it is, a line every so often."""

    acts: int
    system: System
    acknowledged: Ledger
    letters: Ledger
    began: float = field(default_factory=time.monotonic)
    told_at: float = field(default_factory=time.monotonic)
    seen: int = 0

    def tell(self, *, now: bool = False) -> None:
        if not now and time.monotonic() - self.told_at < REPORT_EVERY:
            return
        self.told_at = time.monotonic()
        killed = self.system.killed
        say(
            f"{time.monotonic() - self.began:5.0f} s  {sum(killed.values())} of {self.acts} kills "
            f"(database {killed['database']}, redis {killed['redis']}); "
            f"{self.acknowledged.lines:,} acknowledged, {self.letters.lines:,} letters"
        )

    def let_work(self) -> None:
        """Waits until more was acknowledged than the last time, or for as long as it may take."""
        until = time.monotonic() + LET_WORK
        while self.acknowledged.lines == self.seen and time.monotonic() < until:
            time.sleep(0.1)
        self.seen = self.acknowledged.lines


def begin(system: System, stage: dict[str, Any], site: str) -> list[Writer]:
    """Starts the programs, what starts them again, and the people."""
    for name in PROGRAMS:
        system.start(name)
    threading.Thread(target=system.watch, daemon=True).start()
    ledger = Ledger(system.folder / "acknowledged")
    writers = [Writer(site, stage, stage["drafts"][n::WRITERS], ledger) for n in range(WRITERS)]
    until = time.monotonic() + SETTLE
    while writers[0]._ask("GET", "/livez", {}) is None:
        if time.monotonic() > until:
            raise SystemExit(supervise.tail(system.folder / "web.log"))
        time.sleep(0.2)
    for writer in writers:
        writer.start()
    return writers


def main() -> int:
    parser = argparse.ArgumentParser(description="Kills the system at random and counts the loss.")
    parser.add_argument("--kills", type=int, default=100)
    parser.add_argument("--databases", type=int, help="crash-restarts; else one in fifty kills")
    parser.add_argument("--wipes", type=int, help="of Redis; else one in fifty kills")
    parser.add_argument("--every", type=float, default=1.5, help="seconds from kill to kill, about")
    parser.add_argument("--seed", type=int, default=None, help="repeats an order of kills")
    given = parser.parse_args()
    some = max(1, given.kills // 50)
    given.databases = some if given.databases is None else given.databases
    given.wipes = some if given.wipes is None else given.wipes
    given.seed = random.randrange(10**6) if given.seed is None else given.seed  # noqa: S311
    os.chdir(ROOT)
    supervise.stop_on_signals()
    folder = Path(tempfile.mkdtemp(prefix="concord-crash-"))
    folder.chmod(0o755)
    began = time.monotonic()
    try:
        found = run(folder, given)
    except supervise.Stopped:
        return 130
    finally:
        if os.environ.get("CRASH_KEEP"):
            print(f"crash: kept {folder}", file=sys.stderr)
        else:
            shutil.rmtree(folder, ignore_errors=True)
    print(json.dumps({**found, "seed": given.seed}, indent=1))
    print(summary(found, time.monotonic() - began))
    return 1 if found["faults"] else 0


def summary(found: dict[str, Any], seconds: float) -> str:
    """What was shown, in words."""
    killed, said = Counter(found["killed"]), Counter(found["acknowledged"])
    programs = sum(killed.values()) - killed["database"] - killed["redis"]
    state = "FAILED" if found["faults"] else "nothing lost, nothing told twice"
    lines = [
        f"{programs} programs killed, {killed['database']} times the database crashed, "
        f"{killed['redis']} times Redis came back empty",
        f"{said['begun']} referrals begun, {said['told']} stories told and {said['sent']} "
        "referrals sent were acknowledged; "
        f"{sum('lost' in fault for fault in found['faults'])} of them lost",
        f"{found['reminders']:,} times somebody was to be told of a stage of a deadline, "
        f"each once; {found['letters']:,} letters taken, {found['sent_twice']:,} of them again "
        "under the same Message-ID",
        f"{state} after {sum(killed.values())} kills, {seconds:.0f} s",
    ]
    return "\n".join(f"crash: {line}" for line in lines)


if __name__ == "__main__":
    sys.exit(main())
