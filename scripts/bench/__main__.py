"""`make bench SCALE=100k`: makes a database, fills it, measures, writes docs/performance.md.

Exits with 1 when a bar falls, with 2 when the bench could not be run.
"""

import argparse
import contextlib
import os
import secrets
import shutil
import sys
import tempfile
import time
from base64 import b64encode
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import psycopg2
import services
import supervise
from psycopg2.extensions import quote_ident

from tests.support.roles import make_roles

ROOT = Path(__file__).resolve().parent.parent.parent
SCALES = {"10k": 10_000, "100k": 100_000, "1m": 1_000_000}


def arguments(argv: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="bench", description=__doc__)
    parser.add_argument("--scale", default="100k", help=", ".join(SCALES))
    parser.add_argument(
        "--only", choices=["deadlines"], help="three for each referral of the scale, nothing else"
    )
    parser.add_argument("--seconds", type=int, default=10, help="of wrk for each page")
    parser.add_argument("-o", "--output", type=Path, default=ROOT / "docs" / "performance.md")
    found = parser.parse_args(argv)
    if found.scale not in SCALES:
        parser.error(f"SCALE is one of {', '.join(SCALES)}, not {found.scale}.")
    return found


@contextlib.contextmanager
def own_database(url: str) -> Iterator[str]:
    """A database that is there for this run only, beside the one the address names."""
    parts = urlsplit(url)
    name = f"{services.NAME}_bench_{os.getpid()}"
    server = psycopg2.connect(
        host=parts.hostname,
        port=parts.port or 5432,
        user=parts.username,
        password=parts.password,
        dbname="postgres",
    )
    server.autocommit = True
    with contextlib.closing(server), server.cursor() as cursor:
        quoted = quote_ident(name, server)
        make_roles(cursor)
        cursor.execute(f"CREATE DATABASE {quoted} TEMPLATE template0 ENCODING 'UTF8'")
        try:
            yield parts._replace(path=f"/{name}").geturl()
        finally:
            cursor.execute(f"DROP DATABASE {quoted} WITH (FORCE)")


@contextlib.contextmanager
def environment(url: str) -> Iterator[None]:
    """What the settings read: this database, keys of this run, a folder that goes with it."""
    folder = Path(tempfile.mkdtemp(prefix="concord-bench-"))
    (folder / "static").mkdir()
    os.environ.update(
        DATABASE_URL=url,
        DJANGO_SETTINGS_MODULE="bench.settings",
        CONCORD_VAR=str(folder),
        SECRET_KEY=secrets.token_urlsafe(50),
        SEALING_KEYS=f"bench:{b64encode(secrets.token_bytes(32)).decode()}",
        BLIND_INDEX_KEY=b64encode(secrets.token_bytes(32)).decode(),
        COUNTRY="coe",
        LOG_LEVEL="ERROR",
        SITE_URL="http://localhost:8000",
    )
    for name in ("CONCORD_DEMO", "ALLOWED_HOSTS", "CACHE_URL", "CELERY_BROKER_URL", "EMAIL_URL"):
        os.environ.pop(name, None)
    try:
        yield
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def main(argv: list[str]) -> int:
    wanted = arguments(argv)
    supervise.stop_on_signals()
    began = time.monotonic()
    try:
        with (
            services.services() as (postgresql, _queue),
            own_database(postgresql.url) as url,
            environment(url),
        ):
            print(f"bench: {postgresql.what}, SCALE={wanted.scale}", flush=True)
            import django

            django.setup()
            from bench.session import Session

            session = Session(SCALES[wanted.scale], wanted.seconds, Path(os.environ["CONCORD_VAR"]))
            findings = session.deadlines_alone() if wanted.only else session.whole()
            scale = "_".join(filter(None, (wanted.scale, wanted.only)))
            return session.close(findings, scale, postgresql.what, began, wanted.output)
    except (services.NotThere, psycopg2.OperationalError) as error:
        print(f"bench: {error}", file=sys.stderr)
        return 2
    except supervise.Stopped:
        print("\nbench: stopped before the end; nothing was written", file=sys.stderr)
        return 130


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
