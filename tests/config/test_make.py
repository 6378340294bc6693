"""The commands that stay: the list, the checks of the machine, and programs that end cleanly."""

import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from http.client import HTTPConnection
from pathlib import Path

import pytest
from django.urls import reverse

ROOT = Path(__file__).resolve().parent.parent.parent
TARGETS = {"help", "setup", "demo", "test", "prove", "bench", "crash", "lint", "clean"}


def eventually(condition: Callable[[], object], seconds: float) -> bool:
    """Whether the condition came true. The limit is there to end a broken run, not to time one."""
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        if condition():
            return True
        time.sleep(0.1)
    return False


def processes_with(text: str) -> list[str]:
    """Command lines of living processes that carry `text` in their environment or arguments."""
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            command = (folder / "cmdline").read_bytes()
            if text.encode() in command + (folder / "environ").read_bytes():
                found.append(command.replace(b"\0", b" ").decode())
        except OSError:
            continue  # ended while we looked
    return found


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class TestHelp:
    def test_lists_every_target(self):
        listed = subprocess.run(["make", "help"], cwd=ROOT, capture_output=True, text=True)
        assert set(re.findall(r"^  make (\w+) +\S", listed.stdout, re.MULTILINE)) == TARGETS

    def test_knows_every_target_of_the_file(self):
        declared = set(re.findall(r"^\.PHONY: (\w+)$", (ROOT / "Makefile").read_text(), re.M))
        assert declared == TARGETS

    def test_promises_only_scripts_that_exist(self):
        for name in re.findall(r"scripts/[\w.-]+", (ROOT / "Makefile").read_text()):
            assert (ROOT / name).is_file(), name
        for name in ("scripts/setup.sh", ".ci/run", "deploy/postgres/make-roles.sh"):
            assert os.access(ROOT / name, os.X_OK), name


class TestSetup:
    def run(self, *groups: str, **env: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [ROOT / "scripts" / "setup.sh", *groups],
            env={**os.environ, **env},
            capture_output=True,
            text=True,
        )

    def test_refuses_an_old_python(self, tmp_path):
        old = tmp_path / "python3"
        old.write_text('#!/bin/sh\ncase "$2" in *version_info*) exit 1;; esac\nexit 0\n')
        old.chmod(0o755)
        done = self.run("run", PYTHON=str(old), SYSTEM="skip")
        assert done.returncode == 1
        assert done.stderr.splitlines() == [
            f"setup: {old} is older than 3.11; set PYTHON to a newer one"
        ]

    def test_refuses_an_unknown_group(self):
        done = self.run("everything")
        assert done.returncode == 1
        assert done.stderr == "setup: no such group: everything\n"

    def test_names_what_is_missing_in_one_line_to_who_may_not_install(self, tmp_path):
        # A machine where nobody may install: no root, no sudo, a Python without venv or Pango.
        for name, text in {
            "id": "#!/bin/sh\necho 1000\n",
            "sudo": "#!/bin/sh\nexit 1\n",
            "bare-python": '#!/bin/sh\n[ "$2" = "" ]\n',
        }.items():
            (tmp_path / name).write_text(text)
            (tmp_path / name).chmod(0o755)
        done = self.run(
            "run",
            PYTHON=str(tmp_path / "bare-python"),
            PATH=f"{tmp_path}:{os.environ['PATH']}",
        )
        assert done.returncode == 1
        [line] = done.stderr.splitlines()
        assert "sudo apt-get install --no-install-recommends python3-venv libpango-1.0-0" in line


class TestRequirements:
    def test_pins_with_hashes_what_is_installed(self):
        printed = subprocess.run(
            [sys.executable, ROOT / "scripts" / "requirements.py", "run"],
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        pins = dict(re.findall(r"^([\w.-]+)==(\S+) --hash=sha256:\w{64}", printed, re.MULTILINE))
        assert len(pins) == len(printed.splitlines())
        assert pins["django"].startswith("5.2.")
        assert (
            "packaging" in pins
        )  # by the extra celery[redis]; without it the worker does not start
        assert "pytest" not in pins
        assert "psycopg" not in pins


@pytest.mark.slow
class TestDemo:
    """The whole of `make demo` on a folder of its own."""

    def start(self, tmp_path: Path, port: int) -> subprocess.Popen[bytes]:
        keep = ("PATH", "HOME", "LANG")
        with (tmp_path / "out").open("wb") as out:
            return subprocess.Popen(
                ["make", "demo", f"PORT={port}"],
                cwd=ROOT,
                env={name: os.environ[name] for name in keep if name in os.environ}
                | {"CONCORD_VAR": str(tmp_path / "var"), "SYSTEM": "skip"},
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=out,
                start_new_session=True,
            )

    def answers(self, port: int, path: str) -> int:
        connection = HTTPConnection("127.0.0.1", port, timeout=10)
        try:
            connection.request("GET", path, headers={"Host": f"localhost:{port}"})
            return connection.getresponse().status
        except OSError:
            return 0
        finally:
            connection.close()

    def said(self, tmp_path: Path) -> str:
        return (tmp_path / "out").read_text()

    def wait_until_ready(self, make: subprocess.Popen[bytes], tmp_path: Path) -> None:
        eventually(lambda: make.poll() is not None or "Concord runs at" in self.said(tmp_path), 480)
        assert "Concord runs at" in self.said(tmp_path), self.said(tmp_path)

    def test_answers_and_leaves_nothing_behind(self, tmp_path):
        port = free_port()
        make = self.start(tmp_path, port)
        try:
            self.wait_until_ready(make, tmp_path)
            assert f"http://localhost:{port}" in self.said(tmp_path)
            assert self.answers(port, reverse("account_login")) == 200
            assert len(processes_with(str(tmp_path))) >= 4  # make, supervisor, web, worker, beat
            make.send_signal(signal.SIGTERM)
            make.wait(60)
            assert eventually(lambda: not processes_with(str(tmp_path)), 5), processes_with(
                str(tmp_path)
            )
            assert "demo: ended" in self.said(tmp_path)
        finally:
            for number in (signal.SIGTERM, signal.SIGKILL):
                if make.poll() is None:
                    os.killpg(make.pid, number)
                    eventually(lambda: make.poll() is not None, 20)

    def test_ends_when_one_of_its_programs_dies(self, tmp_path):
        port = free_port()
        make = self.start(tmp_path, port)
        try:
            self.wait_until_ready(make, tmp_path)
            worker = next(
                int(folder.name)
                for folder in Path("/proc").glob("[0-9]*")
                if (folder / "cmdline").exists()
                and b"\0worker\0--beat" in (folder / "cmdline").read_bytes()
                and str(tmp_path).encode() in (folder / "environ").read_bytes()
            )
            os.kill(worker, signal.SIGKILL)
            assert make.wait(60) != 0
            assert "demo: worker ended" in self.said(tmp_path)
            assert eventually(lambda: not processes_with(str(tmp_path)), 5)
        finally:
            if make.poll() is None:
                os.killpg(make.pid, signal.SIGKILL)

    def test_says_that_the_port_is_taken(self, tmp_path):
        with socket.socket() as taken:
            taken.bind(("127.0.0.1", 0))
            taken.listen()
            port = taken.getsockname()[1]
            make = self.start(tmp_path, port)
            assert make.wait(60) != 0
        assert f"port {port} is taken. Try: make demo PORT={port + 1}" in self.said(tmp_path)


@pytest.mark.slow
class TestServices:
    """Throw-away PostgreSQL and Redis: there while the command runs, gone afterwards."""

    WATCH = (
        "import os, psycopg2, redis, sys, time\n"
        "psycopg2.connect(os.environ['CONCORD_TEST_PG'].rsplit('/', 1)[0] + '/postgres').close()\n"
        "assert redis.Redis.from_url(os.environ['CONCORD_TEST_REDIS']).ping()\n"
        "print('both answer', flush=True)\n"
        "time.sleep(float(sys.argv[1]))\n"
    )

    def start(self, tmp_path: Path, seconds: int) -> subprocess.Popen[bytes]:
        with (tmp_path / "out").open("wb") as out:
            return subprocess.Popen(
                [sys.executable, ROOT / "scripts" / "services.py", "--"]
                + [sys.executable, "-c", self.WATCH, str(seconds)],
                env={
                    **os.environ,
                    "CONCORD_TEST_PG": "own",
                    "CONCORD_TEST_REDIS": "own",
                    "TMPDIR": str(tmp_path),
                },
                stdout=out,
                stderr=out,
                start_new_session=True,
            )

    @pytest.fixture
    def folder(self) -> Iterator[Path]:
        # Not tmp_path: PostgreSQL's account must reach it, and a socket's path is short.
        folder = Path(tempfile.mkdtemp(prefix="cs-", dir="/tmp"))
        folder.chmod(0o755)
        yield folder
        shutil.rmtree(folder, ignore_errors=True)

    def test_are_gone_after_the_command(self, folder):
        services = self.start(folder, 0)
        assert services.wait(90) == 0, (folder / "out").read_text()
        said = (folder / "out").read_text()
        assert "both answer" in said
        assert said.count("throw-away") == 2
        assert processes_with(str(folder)) == []
        assert sorted(path.name for path in folder.iterdir()) == ["out"]

    def test_are_gone_after_term(self, folder):
        services = self.start(folder, 600)
        assert eventually(lambda: "both answer" in (folder / "out").read_text(), 90)
        services.send_signal(signal.SIGTERM)
        assert services.wait(60) == 130
        assert eventually(lambda: not processes_with(str(folder)), 5), processes_with(str(folder))
        assert sorted(path.name for path in folder.iterdir()) == ["out"]

    def test_are_gone_when_the_wrapper_is_killed_outright(self, folder):
        services = self.start(folder, 600)
        assert eventually(lambda: "both answer" in (folder / "out").read_text(), 90)
        os.killpg(services.pid, signal.SIGKILL)
        services.wait(10)
        assert eventually(lambda: not processes_with(str(folder)), 30), processes_with(str(folder))
