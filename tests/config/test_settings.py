"""What the settings refuse, asked of a real process: they are read once, when it starts."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from django.conf import settings

ROOT = Path(settings.BASE_DIR)
KEYS = {
    "SECRET_KEY": "x" * 60,
    "SEALING_KEYS": "k1:" + "QUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUE=",
    "BLIND_INDEX_KEY": "QUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUE=",
}
POSTGRES = {"DATABASE_URL": "postgres://nobody@127.0.0.1:1/none"}


SAY = "from django.conf import settings; print(len(settings.SEALING_KEYS), settings.DEMO)"


def start(tmp_path: Path, script: str = SAY, **env: str) -> subprocess.CompletedProcess[str]:
    """Read the settings in a process of their own, with nothing set but what is given."""
    clean = {
        "PATH": os.environ["PATH"],
        "CONCORD_VAR": str(tmp_path / "var"),
        "DJANGO_SETTINGS_MODULE": "config.settings",
    }
    return subprocess.run(
        [sys.executable, "-c", script],
        cwd=ROOT,
        env=clean | env,
        capture_output=True,
        text=True,
        check=False,
    )


class TestKeys:
    def test_are_made_once_where_nothing_is_set(self, tmp_path: Path) -> None:
        assert start(tmp_path).stdout.strip() == "1 False"
        secrets = tmp_path / "var" / "secrets"
        first = {path.name: path.read_text() for path in secrets.iterdir()}
        assert set(first) == {"secret_key", "sealing_keys", "blind_index_key"}
        assert {path.stat().st_mode & 0o777 for path in secrets.iterdir()} == {0o600}
        start(tmp_path)
        assert {path.name: path.read_text() for path in secrets.iterdir()} == first

    @pytest.mark.parametrize("where", [POSTGRES, {"ALLOWED_HOSTS": "nrm.example.org"}])
    @pytest.mark.parametrize("missing", sorted(KEYS))
    def test_must_be_given_in_production(self, tmp_path: Path, where, missing) -> None:
        given = {name: value for name, value in KEYS.items() if name != missing}
        refused = start(tmp_path, **where, **given)
        assert refused.returncode != 0
        assert f"Set {missing}" in refused.stderr
        assert not (tmp_path / "var" / "secrets").exists()
        assert start(tmp_path, **where, **KEYS).returncode == 0

    def test_may_stand_in_files(self, tmp_path: Path) -> None:
        files = {}
        for name, value in KEYS.items():
            path = tmp_path / name
            path.write_text(value + "\n")
            files[f"{name}_FILE"] = str(path)
        assert start(tmp_path, **POSTGRES, **files).stdout.strip() == "1 False"


class TestDemonstration:
    @pytest.mark.parametrize("where", [POSTGRES, {"ALLOWED_HOSTS": "nrm.example.org"}])
    def test_refuses_to_start_in_production(self, tmp_path: Path, where: dict[str, str]) -> None:
        refused = start(tmp_path, CONCORD_DEMO="1", **where, **KEYS)
        assert refused.returncode != 0
        assert "CONCORD_DEMO" in refused.stderr

    def test_starts_on_the_embedded_default(self, tmp_path: Path) -> None:
        assert start(tmp_path, CONCORD_DEMO="1").stdout.strip() == "1 True"


class TestCountry:
    def check(self, tmp_path: Path, country: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "manage.py", "check"],
            cwd=ROOT,
            env={
                "PATH": os.environ["PATH"],
                "CONCORD_VAR": str(tmp_path / "var"),
                "COUNTRY": country,
            },
            capture_output=True,
            text=True,
            check=False,
        )

    def test_is_checked_at_every_start(self, tmp_path: Path) -> None:
        refused = self.check(tmp_path, "nowhere")
        assert refused.returncode != 0
        known = ", ".join(sorted(file.stem for file in (ROOT / "countries").glob("*.toml")))
        assert f"there is no such file; profiles: {known}" in refused.stderr
        assert self.check(tmp_path, "gb").returncode == 0


class TestWhoAsks:
    """Guessing and asking too often are counted by the visitor's address, not by the proxy's, and
    not by one that the visitor writes."""

    CODE = (
        "import django; django.setup(); "
        "from django.test import RequestFactory; "
        "from accounts.sessions import _client_ip; "
        "from partners.throttling import OpenThrottle; "
        "said = '203.0.113.9, 198.51.100.7'; "
        "request = RequestFactory().get('/', REMOTE_ADDR='127.0.0.1', HTTP_X_FORWARDED_FOR=said); "
        "print(_client_ip(request), OpenThrottle().get_ident(request))"
    )

    def ask(self, tmp_path: Path, **env: str) -> str:
        return start(tmp_path, self.CODE, **env).stdout.strip()

    def test_is_the_last_address_behind_the_tls_proxy(self, tmp_path: Path) -> None:
        behind = {"SITE_URL": "https://nrm.example.org"}
        assert self.ask(tmp_path, **behind) == "198.51.100.7 198.51.100.7"
        assert self.ask(tmp_path, **behind, WEB_PROXIES="2") == "203.0.113.9 203.0.113.9"

    def test_is_whoever_connects_where_no_proxy_stands(self, tmp_path: Path) -> None:
        assert self.ask(tmp_path) == "127.0.0.1 127.0.0.1"


class TestMailProvider:
    """Mail through a provider's API: nobody is watched reading, and what comes back is heard."""

    WHERE = "from django.urls import reverse; print(reverse('mail_provider'))"

    def ask(self, tmp_path: Path, code: str, **env: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-c", f"import django; django.setup(); {code}"],
            cwd=ROOT,
            env={
                "PATH": os.environ["PATH"],
                "CONCORD_VAR": str(tmp_path),
                "DJANGO_SETTINGS_MODULE": "config.settings",
                **env,
            },
            capture_output=True,
            text=True,
            check=False,
        )

    def test_is_heard_where_it_proves_itself(self, tmp_path: Path) -> None:
        given = {"MAIL_PROVIDER": "postmark", "MAIL_PROVIDER_KEYS": "SERVER_TOKEN=abc"}
        code = (
            "from django.conf import settings as s; "
            "print(s.EMAIL_BACKEND, s.ANYMAIL['POSTMARK_SERVER_TOKEN'], s.ANYMAIL['SEND_DEFAULTS'])"
        )
        told = self.ask(tmp_path, f"{code}; {self.WHERE}", **given, MAIL_WEBHOOK_SECRET="a:b")
        assert "anymail.backends.postmark.EmailBackend abc" in told.stdout, told.stderr
        assert "{'track_opens': False, 'track_clicks': False}" in told.stdout
        assert "/mail/provider/" in told.stdout
        assert "NoReverseMatch" in self.ask(tmp_path, self.WHERE, **given).stderr

    def test_that_cannot_tell_us_is_refused_in_words(self, tmp_path: Path) -> None:
        given = {"MAIL_PROVIDER": "scaleway", "MAIL_WEBHOOK_SECRET": "a:b"}
        assert "cannot tell us" in self.ask(tmp_path, self.WHERE, **given).stderr
