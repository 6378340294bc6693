"""What is deployed: compose, image, units and database roles. No container engine runs here, so the
files are read; only the SQL of the roles is run, against the suite's own PostgreSQL.
"""

import configparser
import importlib
import inspect
import os
import re
import shutil
import subprocess
import uuid
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import psycopg2
import pytest
import yaml
from django.core.management import get_commands
from psycopg2.extensions import connection as Connection

from config.celery import app as celery
from deadlines.beat import ALIVE

ROOT = Path(__file__).resolve().parent.parent.parent
UNITS = sorted((ROOT / "deploy" / "systemd").glob("*.service"))
OURS = ["migrate", "web", "worker", "beat"]
OURS_TO_READ = {"common", "accounts", "deadlines", "partners", "referrals", "funding", "ncm"}
SECRETS = re.compile(r"PASSWORD|SECRET_KEY|SEALING_KEYS|BLIND_INDEX_KEY|_URL$")


def read(name: str) -> str:
    return (ROOT / name).read_text()


@pytest.fixture(scope="module")
def compose() -> dict[str, Any]:
    return yaml.safe_load(read("docker-compose.yml"))


def environment_names() -> set[str]:
    """Names .env.example offers, the commented ones included."""
    return set(re.findall(r"^(?:# )?([A-Z][A-Z_]+)=", read(".env.example"), re.MULTILINE))


def check_command(words: list[str]) -> None:
    """The program, module and file a command names exist; raises otherwise."""
    program = Path(words[0]).name
    if program == "gunicorn":
        assert (ROOT / words[words.index("--config") + 1]).is_file()
        module = re.search(r'^wsgi_app = "([\w.]+)"', read("deploy/gunicorn.conf.py"), re.MULTILINE)
        assert module
        assert importlib.import_module(module[1]).application
    elif program == "celery":
        assert words[1:3] == ["-A", "config"]
        assert importlib.import_module("config.celery").app
        assert words[3] in {"worker", "beat"}
    elif program == "python":
        assert (ROOT / words[1]).is_file()
        if words[1] == "manage.py":
            assert words[2] in get_commands()
    else:
        raise AssertionError(f"unknown program {program}")


class TestCompose:
    def test_has_the_services_of_the_design(self, compose):
        assert set(compose["services"]) == {*OURS, "postgres", "redis"}

    @pytest.mark.parametrize("name", OURS)
    def test_names_a_command_that_exists(self, compose, name):
        check_command(compose["services"][name]["command"])

    def test_runs_one_image(self, compose):
        assert {compose["services"][name]["image"] for name in OURS} == {"concord"}

    @pytest.mark.parametrize("name", OURS)
    def test_takes_away_what_a_process_does_not_need(self, compose, name):
        service = compose["services"][name]
        assert service["read_only"] is True
        assert service["cap_drop"] == ["ALL"]
        assert service["security_opt"] == ["no-new-privileges:true"]

    @pytest.mark.parametrize("name", ["web", "worker", "beat", "postgres", "redis"])
    def test_watches_every_lasting_service(self, compose, name):
        assert compose["services"][name]["healthcheck"]["test"]

    def test_gives_each_service_its_database_role(self, compose):
        urls = {name: compose["services"][name]["environment"]["DATABASE_URL"] for name in OURS}
        start, end = "postgres://concord_{0}:${{CONCORD_", "_PASSWORD:?}@postgres:5432/concord"
        assert urls == {
            name: start.format(role) + role.upper() + end
            for name, role in [
                ("migrate", "owner"),
                ("web", "app"),
                ("worker", "system"),
                ("beat", "system"),
            ]
        }

    def test_waits_for_the_migration(self, compose):
        for name in ("web", "worker", "beat"):
            waits = compose["services"][name]["depends_on"]
            assert waits["migrate"]["condition"] == "service_completed_successfully"

    def test_publishes_one_port_on_loopback_only(self, compose):
        ports = [
            port for service in compose["services"].values() for port in service.get("ports", [])
        ]
        assert ports == ["127.0.0.1:${WEB_PORT:-8000}:8000"]

    def test_keeps_the_data_network_closed(self, compose):
        assert compose["networks"]["data"]["internal"] is True
        assert compose["services"]["postgres"]["networks"] == ["data"]
        assert compose["services"]["redis"]["networks"] == ["data"]

    def test_mounts_files_that_exist(self, compose):
        sources = [
            volume.split(":")[0]
            for service in compose["services"].values()
            for volume in service.get("volumes", [])
        ]
        for source in sources:
            if source.startswith("."):
                assert (ROOT / source).is_file()
            else:
                assert source in compose["volumes"]

    def test_takes_every_secret_from_the_environment(self, compose):
        for service in compose["services"].values():
            for name, value in service["environment"].items():
                if not SECRETS.search(name) or name in {"SITE_URL", "QUICK_EXIT_URL", "EMAIL_URL"}:
                    continue
                assert "${" in str(value), name
                # In a URL the secret is the password.
                assert "://" not in value or re.search(r":\$\{[A-Z_]+PASSWORD:\?\}@", value), name

    def test_uses_the_versions_the_docs_name(self, compose):
        docs = dict(
            re.findall(
                r"^\| (PostgreSQL|Redis) \| (\d+) \|$",
                read("docs/how-to/run-in-production.md"),
                re.MULTILINE,
            )
        )
        images = {name: compose["services"][name]["image"] for name in ("postgres", "redis")}
        assert images == {
            "postgres": f"postgres:{docs['PostgreSQL']}",
            "redis": f"redis:{docs['Redis']}",
        }


class TestEnvironment:
    def read_by_settings(self) -> set[str]:
        """Names settings and gunicorn read, but for the two of a developer's machine."""
        source = read("config/settings.py") + read("deploy/gunicorn.conf.py")
        used = set(
            re.findall(r'(?:env(?:\.\w+)?|environ\.get|secret)\((?:env, )?"([A-Z_]+)"', source)
        )
        assert {"DATABASE_URL", "SEALING_KEYS", "WEB_WORKERS"} <= used
        return used - {"CONCORD_DEMO", "DEBUG"}

    def test_example_names_every_variable_compose_reads(self):
        used = set(re.findall(r"(?<!\$)\$\{([A-Z_]+)", read("docker-compose.yml")))
        assert used
        assert used <= environment_names()

    def test_example_names_every_variable_settings_read(self):
        assert self.read_by_settings() <= environment_names()

    def test_compose_passes_every_variable_on(self, compose):
        passed = set(compose["services"]["web"]["environment"])
        by_image = set(re.findall(r"(CONCORD_VAR|STATIC_ROOT)=/", read("Dockerfile")))
        assert self.read_by_settings() <= passed | by_image

    def test_example_names_nothing_that_is_read_nowhere(self):
        sources = "".join(
            path.read_text()
            for path in [
                *(ROOT / "config").glob("*.py"),
                *(ROOT / "deploy").rglob("*.py"),
                *(ROOT / "deploy").rglob("*.sql"),
                ROOT / "docker-compose.yml",
            ]
        )
        for name in environment_names():
            assert name in sources, name

    def test_example_holds_no_secret(self):
        for name, value in re.findall(r"^([A-Z_]+)=(.*)$", read(".env.example"), re.MULTILINE):
            if SECRETS.search(name) and name not in {"SITE_URL", "QUICK_EXIT_URL"}:
                assert value == "", name


class TestImage:
    def packages(self) -> set[str]:
        block = re.search(
            r"--no-install-recommends \\\n(.*?)\n    &&", read("Dockerfile"), re.DOTALL
        )
        assert block
        return set(block[1].replace("\\", " ").split())

    def test_has_the_system_packages_of_setup(self):
        listed = re.search(r'^RUN_PACKAGES="([^"]+)"', read("scripts/setup.sh"), re.MULTILINE)
        assert listed
        assert self.packages() == set(listed[1].split())

    def test_does_not_run_as_root(self):
        users = re.findall(r"^USER (\w+)", read("Dockerfile"), re.MULTILINE)
        assert users == ["concord"]

    def test_copies_what_exists(self):
        for line in re.findall(r"^COPY (?!--from)(.+)$", read("Dockerfile"), re.MULTILINE):
            for source in line.split()[:-1]:
                assert (ROOT / source).exists(), source

    def test_admits_every_package_and_nothing_of_this_machine(self):
        lines = read(".dockerignore").split()
        admitted = {line[1:] for line in lines if line.startswith("!")}
        assert "*" in lines
        packages = {path.parent.name for path in ROOT.glob("*/__init__.py")} - {"tests"}
        assert packages <= admitted
        assert admitted.isdisjoint({".env", "var", ".git", ".venv", "tests", "node_modules"})

    def test_starts_the_site(self):
        command = re.search(r"^CMD \[(.+)\]", read("Dockerfile"), re.MULTILINE)
        assert command
        check_command([word.strip(' "') for word in command[1].split(",")])


class TestUnits:
    @pytest.mark.parametrize("path", UNITS, ids=lambda path: path.stem)
    def test_names_a_command_that_exists(self, path):
        commands = re.findall(r"^ExecStart=/srv/concord/\.venv/bin/(.+)$", path.read_text(), re.M)
        assert commands
        for command in commands:
            check_command(command.split())

    @pytest.mark.parametrize("path", UNITS, ids=lambda path: path.stem)
    def test_runs_closed_in_under_its_own_account(self, path):
        unit = configparser.ConfigParser(strict=False, interpolation=None)
        unit.optionxform = str
        unit.read_string(path.read_text())
        assert unit["Service"]["User"] == "concord"
        assert unit["Service"]["ProtectSystem"] == "strict"
        assert unit["Service"]["CapabilityBoundingSet"] == ""

    def test_sweeps_without_the_queue(self):
        timer = read("deploy/systemd/concord-sweep.timer")
        assert "OnUnitInactiveSec=1min" in timer
        assert "#   * * * * * concord" in timer, "cron looks as often"
        assert "redis" not in read("deploy/systemd/concord-sweep.service").split("[Service]")[1]


class TestCelery:
    """Messages may be lost, repeated or late, and nothing of anybody is in them."""

    def test_hands_out_one_task_at_a_time_and_takes_it_back_from_the_dead(self):
        conf = celery.conf
        assert conf.task_acks_late is True
        assert conf.worker_prefetch_multiplier == 1
        assert conf.task_ignore_result is True
        assert 0 < conf.task_soft_time_limit < conf.task_time_limit

    def test_gives_nothing_back_before_it_could_have_been_done(self):
        source = read("config/settings.py")
        after = int(re.search(r'"visibility_timeout": (\d+)', source)[1])
        assert after > celery.conf.task_time_limit

    def test_speaks_json_only(self):
        assert celery.conf.accept_content == ["json"]
        used = {celery.conf.task_serializer, celery.conf.result_serializer}
        assert used | {celery.conf.event_serializer} == {"json"}

    def test_sends_no_events_about_tasks(self):
        assert celery.conf.worker_send_task_events is False
        assert celery.conf.task_send_sent_event is False

    def test_gives_tasks_ids_and_nothing_else(self):
        import deadlines.tasks  # noqa: F401 - registers the tasks

        ours = {name: task for name, task in celery.tasks.items() if not name.startswith("celery.")}
        assert ours
        for name, task in ours.items():
            taken = inspect.signature(task.run).parameters.values()
            assert {one.annotation for one in taken} <= {int, uuid.UUID}, name

    def test_waits_for_no_task_of_its_future(self):
        """No eta and no countdown: Redis would hand such a message out twice."""
        for path in ROOT.glob("[a-z]*/**/*.py"):
            if path.parts[len(ROOT.parts)] in OURS_TO_READ:
                assert not re.search(r"\b(countdown|eta)\s*=", path.read_text()), path

    def test_throws_away_what_no_worker_took_in_its_minute(self):
        [entry] = celery.conf.beat_schedule.values()
        assert entry["options"]["expires"] < entry["schedule"] == 60

    def test_lets_one_beat_tick(self, compose):
        assert celery.conf.beat_scheduler == "deadlines.beat:OneBeat"
        assert "deploy" not in compose["services"]["beat"], "no replicas"
        touched = compose["services"]["beat"]["healthcheck"]["test"][1]
        assert f"'{ALIVE}'" in touched
        minutes = int(re.search(r"-mmin -(\d+)", touched)[1])
        assert minutes * 60 > 2 * celery.conf.beat_max_loop_interval

    def test_ends_children_that_grew_before_the_unit_is_killed(self):
        assert celery.conf.worker_max_tasks_per_child
        unit = read("deploy/systemd/concord-worker.service")
        most = int(re.search(r"MemoryMax=(\d+)M", unit)[1]) * 1000
        children = int(re.search(r"--concurrency=(\d+)", unit)[1])
        assert children * celery.conf.worker_max_memory_per_child < most

    @pytest.mark.parametrize("name", ["worker", "beat"])
    def test_is_started_alike_by_compose_and_systemd(self, compose, name):
        unit = read(f"deploy/systemd/concord-{name}.service")
        started = re.search(r"^ExecStart=/srv/concord/\.venv/bin/(.+)$", unit, re.M)[1]
        assert started.split() == compose["services"][name]["command"]

    def test_is_stopped_gently_by_both(self, compose):
        unit = read("deploy/systemd/concord-worker.service")
        seconds = int(re.search(r"TimeoutStopSec=(\d+)", unit)[1])
        assert compose["services"]["worker"]["stop_grace_period"] == f"{seconds // 60}m"


# --- the roles, for real --------------------------------------------------------------------------


class Scratch:
    """A database with the three roles of roles.sql under names of its own."""

    def __init__(self, admin: str) -> None:
        self.admin = urlsplit(admin)
        tail = uuid.uuid4().hex[:8]
        self.database = f"concord_roles_{tail}"
        self.roles = {name: f"t_{name}_{tail}" for name in ("owner", "app", "system")}
        self.password = uuid.uuid4().hex

    def connect(self, *, role: str = "", database: str = "") -> Connection:
        connection = psycopg2.connect(
            host=self.admin.hostname,
            port=self.admin.port or 5432,
            user=self.roles[role] if role else self.admin.username,
            password=self.password if role else self.admin.password,
            dbname=database or self.database,
        )
        connection.autocommit = True
        return connection

    def run(self, *statements: str, role: str = "", database: str = "") -> list[tuple[Any, ...]]:
        connection = self.connect(role=role, database=database)
        with closing(connection), connection.cursor() as cursor:
            for statement in statements:
                cursor.execute(statement)
            return cursor.fetchall() if cursor.description else []

    def make_roles(self, **passwords: str) -> subprocess.CompletedProcess[str]:
        names = [part for name, role in self.roles.items() for part in ("-v", f"{name}={role}")]
        address = ["-h", self.admin.hostname or "", "-p", str(self.admin.port or 5432)]
        return subprocess.run(
            ["psql", "-X", "-q", *address, "-U", self.admin.username or "", "-d", self.database]
            + [*names, "-f", str(ROOT / "deploy" / "postgres" / "roles.sql")],
            env={"PATH": os.environ["PATH"], "PGPASSWORD": self.admin.password or "", **passwords},
            capture_output=True,
            text=True,
        )

    @property
    def passwords(self) -> dict[str, str]:
        return {f"CONCORD_{name.upper()}_PASSWORD": self.password for name in self.roles}

    def drop(self) -> None:
        self.run(f"DROP DATABASE {self.database} WITH (FORCE)", database="postgres")
        for role in self.roles.values():
            self.run(f"DROP ROLE IF EXISTS {role}", database="postgres")


@pytest.fixture
def scratch() -> Iterator[Scratch]:
    url = os.environ.get("CONCORD_TEST_PG") or os.environ.get("DATABASE_URL", "")
    if not url.startswith("postgres"):
        pytest.skip("needs PostgreSQL")
    if not shutil.which("psql"):
        pytest.skip("needs psql")
    found = Scratch(url)
    found.run(f"CREATE DATABASE {found.database}", database="postgres")
    try:
        yield found
    finally:
        found.drop()


class TestRoles:
    def test_lets_only_the_owner_change_tables(self, scratch):
        made = scratch.make_roles(**scratch.passwords)
        assert made.returncode == 0, made.stderr
        scratch.run(
            "CREATE TABLE book (id bigserial PRIMARY KEY, title text)",
            "INSERT INTO book (title) VALUES ('first')",
            role="owner",
        )
        for role in ("app", "system"):
            scratch.run("INSERT INTO book (title) VALUES ('second')", role=role)
            scratch.run("UPDATE book SET title = 'third'", role=role)
            assert scratch.run("SELECT title FROM book LIMIT 1", role=role) == [("third",)]
            for statement in (
                "CREATE TABLE other (id int)",
                "ALTER TABLE book ADD COLUMN more text",
                "DROP TABLE book",
                "TRUNCATE book",
                "CREATE TEMPORARY TABLE copied AS SELECT * FROM book",
                "CREATE ROLE other",
            ):
                with pytest.raises(psycopg2.errors.InsufficientPrivilege):
                    scratch.run(statement, role=role)

    def test_gives_nobody_more_than_asked(self, scratch):
        scratch.make_roles(**scratch.passwords)
        rows = scratch.run(
            "SELECT rolcanlogin, rolsuper, rolcreatedb, rolcreaterole, rolbypassrls FROM pg_roles "
            f"WHERE rolname IN {tuple(scratch.roles.values())}"
        )
        assert rows == [(True, False, False, False, False)] * 3

    def test_lets_the_application_become_the_system_and_be_it_no_other_way(self, scratch):
        scratch.make_roles(**scratch.passwords)
        system = scratch.roles["system"]
        scratch.run(
            "CREATE TABLE book (title text)",
            "INSERT INTO book VALUES ('first')",
            "ALTER TABLE book ENABLE ROW LEVEL SECURITY",
            f"CREATE POLICY all_of_it ON book TO {system} USING (true)",
            role="owner",
        )
        read = "SELECT count(*) FROM book"
        assert scratch.run(read, role="app") == [(0,)]
        assert scratch.run("BEGIN", f"SET LOCAL ROLE {system}", read, role="app") == [(1,)]
        assert scratch.run(read, role="system") == [(1,)]

    def test_keeps_every_other_account_out(self, scratch):
        scratch.make_roles(**scratch.passwords)
        [(admitted,)] = scratch.run(
            "SELECT datacl::text FROM pg_database WHERE datname = current_database()"
        )
        grantees = {entry.split("=")[0] for entry in admitted.strip("{}").split(",")}
        assert grantees == set(scratch.roles.values())

    def test_keeps_values_out_of_the_server_log(self, scratch):
        scratch.make_roles(**scratch.passwords)
        for role in scratch.roles:
            for setting, value in (
                ("log_min_error_statement", "panic"),
                ("log_error_verbosity", "terse"),
                ("log_parameter_max_length", "0"),
            ):
                assert scratch.run(f"SHOW {setting}", role=role) == [(value,)]

    def test_may_be_run_again_with_a_new_password(self, scratch):
        scratch.make_roles(**scratch.passwords)
        stored = f"SELECT rolpassword FROM pg_authid WHERE rolname = '{scratch.roles['app']}'"
        before = scratch.run(stored)
        scratch.password = uuid.uuid4().hex
        made = scratch.make_roles(**scratch.passwords)
        assert made.returncode == 0, made.stderr
        assert scratch.run(stored) != before
        assert scratch.run("SELECT 1", role="app") == [(1,)]

    def test_changes_nothing_without_all_passwords(self, scratch):
        made = scratch.make_roles(CONCORD_OWNER_PASSWORD="x", CONCORD_APP_PASSWORD="x")
        assert made.returncode == 3
        assert "CONCORD_SYSTEM_PASSWORD" in made.stdout
        names = tuple(scratch.roles.values())
        assert scratch.run(f"SELECT rolname FROM pg_roles WHERE rolname IN {names}") == []
