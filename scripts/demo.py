"""`make demo`: the site with its worker and beat, on this machine, from nothing but the checkout.

SQLite, mail as files and the queue as a folder, all under var/. Prepares the database, starts the
two programs, waits until the site answers, prints where it is and who may sign in, and ends with
everything it started on Ctrl-C or TERM, or when one of the two dies.
"""

import argparse
import os
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path

import supervise

ROOT = Path(__file__).resolve().parent.parent
BIN = Path(sys.executable).parent
VAR = Path(os.environ.get("CONCORD_VAR") or ROOT / "var").resolve()
LOGS = VAR / "log"
START_WITHIN = 90.0  # seconds
# One process for both: starting Django twice would be half of a warm start.
PREPARE = """
import django
django.setup()
from django.core.management import call_command
call_command("migrate", verbosity=0)
call_command("demo_data")
"""
# The demonstration is the embedded mode on loopback: what points elsewhere is left out.
NOT_OURS = ("DATABASE_URL", "CELERY_BROKER_URL", "CACHE_URL", "EMAIL_URL", "ALLOWED_HOSTS", "DEBUG")


def environment(port: int) -> dict[str, str]:
    env = {name: value for name, value in os.environ.items() if name not in NOT_OURS}
    return env | {
        "DJANGO_SETTINGS_MODULE": "config.settings",
        "CONCORD_DEMO": "1",
        "CONCORD_VAR": str(VAR),
        "SITE_URL": f"http://localhost:{port}",
        "LOG_LEVEL": env.get("LOG_LEVEL", "WARNING"),
        "PYTHONUNBUFFERED": "1",
    }


def is_free(port: int, host: str, family: socket.AddressFamily) -> bool:
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError:
            return False
    return True


def addresses(port: int) -> list[str]:
    """Where to listen: IPv4 loopback, and IPv6 where there is one (a browser may try it first)."""
    if not is_free(port, "127.0.0.1", socket.AF_INET):
        raise SystemExit(f"demo: port {port} is taken. Try: make demo PORT={port + 1}")
    found = [f"127.0.0.1:{port}"]
    if socket.has_ipv6 and is_free(port, "::1", socket.AF_INET6):
        found.append(f"[::1]:{port}")
    return found


def prepare(env: dict[str, str]) -> str:
    """Migrates and fills the demo country. Gives what `demo_data` prints: the sign-ins."""
    done = subprocess.run(
        [sys.executable, "-c", PREPARE], env=env, cwd=ROOT, stdout=subprocess.PIPE, text=True
    )
    if done.returncode:
        raise SystemExit("demo: the database could not be prepared (see above)")
    return done.stdout


def answers(port: int) -> bool:
    """Whether a visitor gets a page (the sign-in page, after a redirect).

    Raises SystemExit when the answer is an error: waiting would not mend it.
    """
    direct = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        with direct.open(f"http://localhost:{port}/", timeout=20) as page:
            return bool(page.status == 200)
    except urllib.error.HTTPError as error:
        raise SystemExit(f"demo: the site answers {error.code}, see {LOGS}/web.log") from error
    except OSError:
        return False


def dead(programs: dict[str, subprocess.Popen[bytes]]) -> str:
    """The name of a program that has ended, or an empty string."""
    return next((name for name, process in programs.items() if process.poll() is not None), "")


def run(port: int) -> int:
    bind = [part for address in addresses(port) for part in ("--bind", address)]
    env = environment(port)
    began = time.monotonic()
    print("demo: preparing the database", flush=True)
    sign_ins = prepare(env)
    commands: dict[str, list[str | Path]] = {
        "web": [
            *(BIN / "gunicorn", "--config", ROOT / "deploy" / "gunicorn.conf.py"),
            *("--workers", "1", "--threads", "8", *bind, "config.wsgi"),
        ],
        "worker": [
            *(BIN / "celery", "-A", "config", "worker", "--beat", "--pool", "solo"),
            *("--loglevel", "WARNING", "--without-gossip", "--without-mingle"),
        ],
    }
    programs: dict[str, subprocess.Popen[bytes]] = {}
    # However long the first preparing took: only the programs are waited for from here.
    until = time.monotonic() + START_WITHIN
    try:
        for name, command in commands.items():
            log = LOGS / f"{name}.log"
            log.write_bytes(b"")
            programs[name] = supervise.start(command, env=env, log=log)
        while not answers(port):
            if not dead(programs) and time.monotonic() < until:
                time.sleep(0.1)
                continue
            print(supervise.tail(LOGS / "web.log"), file=sys.stderr)
            raise SystemExit(f"demo: the site did not start. Logs: {LOGS}")
        print(
            f"\n{sign_ins.rstrip()}\n\n"
            f"Concord runs at http://localhost:{port} "
            f"(ready after {time.monotonic() - began:.0f} s)\n"
            f"Mail and logs are under {VAR}. Ctrl-C ends it.",
            flush=True,
        )
        while not (name := dead(programs)):
            time.sleep(0.5)
        print(supervise.tail(LOGS / f"{name}.log"), file=sys.stderr)
        print(f"demo: {name} ended; stopping. Its log: {LOGS / f'{name}.log'}", file=sys.stderr)
        return 1
    finally:
        supervise.stop(list(programs.values()))


def main() -> int:
    parser = argparse.ArgumentParser(description="Runs the demonstration site.")
    parser.add_argument("--port", type=int, default=8000)
    port = parser.parse_args().port
    os.chdir(ROOT)
    LOGS.mkdir(parents=True, exist_ok=True)
    supervise.stop_on_signals()
    try:
        return run(port)
    except supervise.Stopped:
        print("\ndemo: ended", flush=True)
        return 0


if __name__ == "__main__":
    sys.exit(main())
