"""PostgreSQL and Redis for the tests: those on loopback when they answer, else throw-away ones.

    .venv/bin/python scripts/services.py -- .venv/bin/pytest tests/partners

Sets for the command: DATABASE_URL, CONCORD_TEST_PG (the same), CONCORD_TEST_REDIS. Before it,
CONCORD_TEST_PG and CONCORD_TEST_REDIS name servers to use, or say `own` for throw-away ones.
Nothing of a running server is touched but the database test_concord_* and Redis' number 15.
"""

import contextlib
import getpass
import glob
import hashlib
import os
import pwd
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from urllib.parse import urlsplit

import psycopg2
import redis
import supervise

ROOT = Path(__file__).resolve().parent.parent
OLDEST_POSTGRESQL = 150000
START_WITHIN = 60.0  # seconds
# Two checkouts testing at once must not drop each other's database.
NAME = "concord_" + hashlib.sha256(str(ROOT).encode()).hexdigest()[:6]
# What a throw-away server forgets is no loss; speed is what counts.
POSTGRESQL_OPTIONS = {
    "fsync": "off",
    "synchronous_commit": "off",
    "full_page_writes": "off",
    "max_connections": "60",
    "listen_addresses": "127.0.0.1",
}


class NotThere(Exception):
    """A program is not installed, or did not start."""


@dataclass(frozen=True)
class Service:
    """Where it is, and in words what it is."""

    url: str
    what: str


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


# --- PostgreSQL -----------------------------------------------------------------------------------


def postgresql_version(url: str) -> str:
    """Its version, when we are superuser there (tests make roles) and it is new enough."""
    parts = urlsplit(url)
    connection = psycopg2.connect(
        host=parts.hostname,
        port=parts.port or 5432,
        user=parts.username,
        password=parts.password,
        dbname="postgres",
        connect_timeout=3,
    )
    with contextlib.closing(connection), connection.cursor() as cursor:
        cursor.execute("SELECT rolsuper FROM pg_roles WHERE rolname = current_user")
        if cursor.fetchone() != (True,):
            raise NotThere(f"{parts.username} is not a superuser there")
        if connection.server_version < OLDEST_POSTGRESQL:
            raise NotThere("older than PostgreSQL 15")
        major, minor = divmod(connection.server_version, 10000)
        return f"{major}.{minor}"


def running_postgresql() -> Service | None:
    for user in dict.fromkeys((getpass.getuser(), "postgres")):
        url = f"postgres://{user}@127.0.0.1:5432/{NAME}"
        with contextlib.suppress(psycopg2.Error, NotThere):
            return Service(url, f"PostgreSQL {postgresql_version(url)} (already running)")
    return None


def initdb() -> Path:
    found = sorted(
        glob.glob("/usr/lib/postgresql/*/bin/initdb"), key=lambda path: int(path.split("/")[4])
    )
    path = found[-1] if found else shutil.which("initdb")
    if not path:
        raise NotThere("PostgreSQL is not installed")
    return Path(path)


def unprivileged() -> pwd.struct_passwd | None:
    """PostgreSQL refuses to run as root: the account it runs under instead."""
    if os.getuid() != 0:
        return None
    for name in ("postgres", "nobody"):
        with contextlib.suppress(KeyError):
            return pwd.getpwnam(name)
    raise NotThere("neither postgres nor nobody exists to run PostgreSQL under")


@dataclass(frozen=True)
class Cluster:
    """A database of our own on disk, which may be run, killed and run again on one port."""

    program: Path
    folder: Path
    port: int
    password: str
    user: int | None
    group: int | None

    @property
    def url(self) -> str:
        return f"postgres://postgres:{self.password}@127.0.0.1:{self.port}/{NAME}"

    @property
    def log(self) -> Path:
        return self.folder / "postgresql.log"

    def run(self, more: Mapping[str, str] = MappingProxyType({})) -> subprocess.Popen[bytes]:
        """A running server that answers. Raises NotThere."""
        options = {
            **POSTGRESQL_OPTIONS,
            **more,
            "port": str(self.port),
            "unix_socket_directories": str(self.folder),
        }
        process = supervise.start(
            [self.program.parent / "postgres", "-D", self.folder / "data"]
            + [part for name, value in options.items() for part in ("-c", f"{name}={value}")],
            env={"PATH": os.environ["PATH"], "LC_ALL": "C.UTF-8"},
            log=self.log,
            user=self.user,
            group=self.group,
            death_signal=signal.SIGINT,
        )
        until = time.monotonic() + START_WITHIN
        while True:
            try:
                postgresql_version(self.url)
                return process
            except psycopg2.Error:
                if process.poll() is not None or time.monotonic() > until:
                    supervise.stop([process])
                    raise NotThere(
                        f"PostgreSQL did not start: {supervise.tail(self.log)}"
                    ) from None
                time.sleep(0.05)

    def create_database(self) -> None:
        parts = urlsplit(self.url)
        connection = psycopg2.connect(
            host=parts.hostname,
            port=parts.port,
            user=parts.username,
            password=parts.password,
            dbname="postgres",
        )
        connection.autocommit = True
        with contextlib.closing(connection), connection.cursor() as cursor:
            cursor.execute(f"CREATE DATABASE {NAME}")


def make_cluster(folder: Path) -> Cluster:
    """An empty cluster in `folder`, not yet running. Raises NotThere."""
    program = initdb()
    account = unprivileged()
    user, group = (account.pw_uid, account.pw_gid) if account else (None, None)
    data, password = folder / "data", secrets.token_hex(16)
    data.mkdir(mode=0o700)
    pwfile = folder / "pwfile"
    pwfile.touch(mode=0o600)
    pwfile.write_text(password)
    if account:
        for path in (folder, data, pwfile):
            os.chown(path, account.pw_uid, account.pw_gid)
    made = subprocess.run(
        [str(program), "-D", str(data), "-U", "postgres", "-A", "scram-sha-256"]
        + ["--pwfile", str(pwfile), "--no-sync", "-E", "UTF8", "--locale", "C.UTF-8"],
        user=user,
        group=group,
        extra_groups=[] if account else None,
        cwd=folder,
        capture_output=True,
        text=True,
    )
    if made.returncode:
        raise NotThere(f"initdb failed: {made.stderr.strip()}")
    return Cluster(program, folder, free_port(), password, user, group)


def start_postgresql(folder: Path) -> tuple[Service, subprocess.Popen[bytes]]:
    cluster = make_cluster(folder)
    process = cluster.run()
    version = postgresql_version(cluster.url)
    return Service(cluster.url, f"PostgreSQL {version} (throw-away)"), process


# --- Redis ----------------------------------------------------------------------------------------


def redis_version(url: str) -> str:
    with contextlib.closing(redis.Redis.from_url(url, socket_connect_timeout=3)) as client:
        return str(client.info("server")["redis_version"])


def running_redis() -> Service | None:
    url = "redis://127.0.0.1:6379/15"
    with contextlib.suppress(redis.RedisError):
        return Service(url, f"Redis {redis_version(url)} (already running)")
    return None


@dataclass(frozen=True)
class RedisFiles:
    """A Redis of our own, which keeps nothing: run again it is empty."""

    program: str
    folder: Path
    port: int
    password: str

    @property
    def url(self) -> str:
        return f"redis://:{self.password}@127.0.0.1:{self.port}/15"

    def run(self) -> subprocess.Popen[bytes]:
        """A running server that answers. Raises NotThere."""
        log = self.folder / "redis.log"
        process = supervise.start(
            [self.program, self.folder / "redis.conf"], env={"PATH": os.environ["PATH"]}, log=log
        )
        until = time.monotonic() + START_WITHIN
        while True:
            try:
                redis_version(self.url)
                return process
            except redis.RedisError:
                if process.poll() is not None or time.monotonic() > until:
                    supervise.stop([process])
                    raise NotThere(f"Redis did not start: {supervise.tail(log)}") from None
                time.sleep(0.05)


def make_redis(folder: Path) -> RedisFiles:
    """Its configuration in `folder`, not yet running. Raises NotThere."""
    program = shutil.which("redis-server")
    if not program:
        raise NotThere("Redis is not installed")
    made = RedisFiles(program, folder, free_port(), secrets.token_hex(16))
    # By a file: a password among the arguments is there for everybody to read.
    config = folder / "redis.conf"
    config.touch(mode=0o600)
    config.write_text(
        f"bind 127.0.0.1\nport {made.port}\nrequirepass {made.password}\nsave ''\n"
        f"appendonly no\ndir {folder}\n"
    )
    return made


def start_redis(folder: Path) -> tuple[Service, subprocess.Popen[bytes]]:
    made = make_redis(folder)
    process = made.run()
    return Service(made.url, f"Redis {redis_version(made.url)} (throw-away)"), process


# --- both -----------------------------------------------------------------------------------------


@contextlib.contextmanager
def services() -> Iterator[tuple[Service, Service]]:
    """PostgreSQL and Redis while the block runs; what was started for it is gone afterwards.

    Raises NotThere when one neither answers nor can be started.
    """
    # A short path of its own: Unix sockets allow 107 bytes, and PostgreSQL's account may not be
    # able to reach a checkout under somebody's home.
    scratch = Path(tempfile.mkdtemp(prefix="concord-pg-"))
    redis_scratch = Path(tempfile.mkdtemp(prefix="concord-redis-"))
    started: list[subprocess.Popen[bytes]] = []
    try:
        wish = os.environ.get("CONCORD_TEST_PG", "")
        if wish and wish != "own":
            postgresql = Service(wish, f"PostgreSQL {postgresql_version(wish)} (CONCORD_TEST_PG)")
        elif wish == "own" or not (found := running_postgresql()):
            postgresql, process = start_postgresql(scratch)
            started.append(process)
        else:
            postgresql = found
        wish = os.environ.get("CONCORD_TEST_REDIS", "")
        if wish and wish != "own":
            queue = Service(wish, f"Redis {redis_version(wish)} (CONCORD_TEST_REDIS)")
        elif wish == "own" or not (other := running_redis()):
            queue, process = start_redis(redis_scratch)
            started.append(process)
        else:
            queue = other
        yield postgresql, queue
    finally:
        # INT is PostgreSQL's fast shutdown; TERM would wait for its clients.
        supervise.stop(started, number=signal.SIGINT)
        shutil.rmtree(scratch, ignore_errors=True)
        shutil.rmtree(redis_scratch, ignore_errors=True)


def environment(postgresql: Service, queue: Service) -> dict[str, str]:
    return {
        "DATABASE_URL": postgresql.url,
        "CONCORD_TEST_PG": postgresql.url,
        "CONCORD_TEST_REDIS": queue.url,
    }


def main(argv: list[str]) -> int:
    if len(argv) < 2 or argv[0] != "--":
        raise SystemExit("usage: services.py -- command …")
    supervise.stop_on_signals()
    try:
        with services() as found:
            print(f"services: {found[0].what}, {found[1].what}", file=sys.stderr, flush=True)
            return supervise.call(argv[1:], env={**os.environ, **environment(*found)})
    except NotThere as error:
        print(f"services: {error}", file=sys.stderr)
        return 1
    except supervise.Stopped:
        return 130


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
