"""Pages per second under gunicorn, as wrk sees them: no bar, because machines differ."""

import os
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import timedelta
from http.client import HTTPConnection
from pathlib import Path

import services
import supervise
from django.conf import settings
from django.urls import NoReverseMatch, reverse
from django.utils import timezone

from accounts.services import issue_token
from bench.pages import signed_in
from bench.people import Registry
from bench.results import Findings
from common.marks import Permission
from partners.models import Membership
from referrals.choices import State
from referrals.models import Referral

ROOT = Path(__file__).resolve().parent.parent.parent
CONNECTIONS = 8
READY_WITHIN = 60.0
PERCENTILE = "95"
SCRIPT = """\
done = function(summary, latency, requests)
  local errors = summary.errors
  io.write(string.format("found %.1f %.1f %d\\n",
    summary.requests / (summary.duration / 1e6), latency:percentile(95) / 1000,
    errors.status + errors.connect + errors.read + errors.write + errors.timeout))
end
"""


def measure(findings: Findings, registry: Registry, scratch: Path, seconds: int) -> None:
    """Each page by itself, the empty view first; says so where wrk is not installed."""
    wrk = shutil.which("wrk")
    if wrk is None:
        findings.left_out.append(
            "Requests per second: wrk is not installed (`apt-get install wrk`)."
        )
    wanted = _wanted(registry)
    with _gunicorn(scratch) as port:
        for name, (path, headers) in wanted.items():
            _ask_once(port, path, headers)
            if wrk is not None and seconds:
                findings.say(*_run(wrk, scratch, name, port, path, headers, seconds))


def _wanted(registry: Registry) -> dict[str, tuple[str, dict[str, str]]]:
    """Name → path and headers of somebody who may ask for it."""
    browser = signed_in(registry.users["large manager"])
    cookie = {"Cookie": f"{settings.SESSION_COOKIE_NAME}={browser.session.session_key}"}
    actor = registry.actor("large manager", timezone.now())
    mine = Referral.objects.visible_to(actor).filter(state=State.CONCL_POSITIVE)
    # One of the first, whose cells are sealed under a key of their own and open.
    uuid = mine.order_by("pk").values_list("uuid", flat=True)[0]
    membership = Membership.objects.get(user=registry.users["large manager"])
    _token, text = issue_token(
        user=registry.users["large manager"],
        membership_uuid=membership.uuid,
        name="bench",
        scopes=[Permission.ORGANISATION_SEE, Permission.REFERRAL_SEE],
        expires_at=actor.at + timedelta(days=1),
        by=actor,
        at=actor.at,
    )
    token = {"Authorization": f"Token {text}"}
    pages = {
        "Empty view": (reverse("ncm:livez"), {}),
        "Inbox of the large NGO": (reverse("referrals:inbox"), cookie),
        "A referral in full, logged": (reverse("referrals:detail", args=[uuid]), cookie),
        "API list of organisations": (reverse("api:organisations"), token),
    }
    with suppress(NoReverseMatch):
        pages["API list of referrals"] = (reverse("api:referrals"), token)
    return pages


@contextmanager
def _gunicorn(scratch: Path) -> Iterator[int]:
    """The site as it is served in production, two workers of four threads, on a port of its own."""
    port, log = services.free_port(), scratch / "gunicorn.log"
    python_path = os.pathsep.join([str(ROOT / "scripts"), str(ROOT)])
    server = supervise.start(
        [sys.executable, "-m", "gunicorn", "-c", str(ROOT / "deploy" / "gunicorn.conf.py")],
        env={
            **os.environ,
            "PYTHONPATH": python_path,
            "DATABASE_URL": _address(),
            "WEB_BIND": f"127.0.0.1:{port}",
            "DJANGO_SETTINGS_MODULE": settings.SETTINGS_MODULE,
        },
        log=log,
    )
    try:
        until = time.monotonic() + READY_WITHIN
        while not _answers(port):
            if server.poll() is not None or time.monotonic() > until:
                raise RuntimeError(f"gunicorn did not start: {supervise.tail(log)}")
            time.sleep(0.1)
        yield port
    finally:
        _stop(server)


def _address() -> str:
    """The database in use, which in a test is not the one of the environment."""
    url = os.environ["DATABASE_URL"]
    return f"{url.rpartition('/')[0]}/{settings.DATABASES['default']['NAME']}"


def _stop(server: "subprocess.Popen[bytes]") -> None:
    server.terminate()
    try:
        server.wait(supervise.GRACE)
    except subprocess.TimeoutExpired:
        server.kill()
        server.wait()


def _answers(port: int) -> bool:
    connection = HTTPConnection("127.0.0.1", port, timeout=10)
    try:
        connection.request("GET", "/livez", headers={"Host": "localhost"})
        return connection.getresponse().status == 200
    except OSError:
        return False
    finally:
        connection.close()


def _ask_once(port: int, path: str, headers: dict[str, str]) -> None:
    connection = HTTPConnection("127.0.0.1", port, timeout=60)
    connection.request("GET", path, headers={"Host": "localhost", **headers})
    status = connection.getresponse().status
    connection.close()
    if status != 200:
        raise RuntimeError(f"{path.split('/')[1]} answered {status} under gunicorn.")


def _run(
    wrk: str,
    scratch: Path,
    name: str,
    port: int,
    path: str,
    headers: dict[str, str],
    seconds: int,
) -> tuple[str, str, str]:
    script = scratch / "percentile.lua"
    script.write_text(SCRIPT)
    address = f"http://127.0.0.1:{port}{path}"
    command = [wrk, "-t2", f"-c{CONNECTIONS}", f"-d{seconds}s", "--timeout", "30s"]
    command += ["-s", str(script), "-H", "Host: localhost"]
    for header, value in headers.items():
        command += ["-H", f"{header}: {value}"]
    said = subprocess.run([*command, address], capture_output=True, text=True, check=True).stdout
    found = re.search(r"^found ([\d.]+) ([\d.]+) (\d+)$", said, re.MULTILINE)
    if found is None or found[3] != "0":
        raise RuntimeError(f"{name}: wrk saw answers that were errors, or none.")
    return name, f"{float(found[1]):,.0f} requests/s", f"p95 {float(found[2]):,.0f} ms"
