"""`manage.py quarterly_report`: its formats, its log, and its errors in words."""

import json
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone

from accounts.choices import LogAction
from accounts.models import AccessLog
from ncm.reports.periods import Quarter

pytestmark = pytest.mark.django_db


def write(out: Path, quarter: str = "2023-Q1", **options: Any) -> bytes:
    call_command("quarterly_report", quarter, output=out, **options)
    return out.read_bytes()


class TestTheCommand:
    @pytest.mark.parametrize(
        ("ending", "start"),
        [("json", b"{"), ("csv", b"\xef\xbb\xbf"), ("xlsx", b"PK"), ("pdf", b"%PDF")],
    )
    def test_writes_each_format(self, ending: str, start: bytes, tmp_path: Path) -> None:
        assert write(tmp_path / "out", format=ending).startswith(start)

    def test_takes_the_format_from_the_name(self, tmp_path: Path) -> None:
        assert json.loads(write(tmp_path / "out.json"))["internal"] is False

    def test_keeps_the_shape_of_internal_json(self, tmp_path: Path) -> None:
        found = json.loads(write(tmp_path / "out", format="json", internal=True))
        assert found["internal"] is True
        assert found["minimum_cell"] is None
        assert found["quarter"] == found["tables"]["quarter"] == "2023-Q1"
        assert found["tables"]["referrals_total"] == 0

    @pytest.mark.parametrize(("internal", "code"), [(True, "internal_csv"), (False, "csv")])
    def test_is_logged_as_the_operator(self, internal: bool, code: str, tmp_path: Path) -> None:
        write(tmp_path / "out", format="csv", internal=internal)
        entry = AccessLog.objects.get()
        assert (entry.action, entry.system, entry.reason_code) == (
            LogAction.EXPORT, "operator", code,
        )  # fmt: skip


class TestErrors:
    def test_say_how_a_quarter_is_written(self, tmp_path: Path) -> None:
        with pytest.raises(CommandError, match="Write it as 2023-Q1"):
            write(tmp_path / "out.csv", quarter="spring")

    def test_say_that_a_file_cannot_be_written(self, tmp_path: Path) -> None:
        with pytest.raises(CommandError, match="cannot be written: No such file"):
            write(tmp_path / "nowhere" / "out.csv")

    def test_ask_for_a_format_the_name_does_not_tell(self, tmp_path: Path) -> None:
        with pytest.raises(CommandError, match="json, csv, xlsx, pdf"):
            write(tmp_path / "out.docx")

    def test_refuse_a_quarter_that_runs_but_for_the_parties(self, tmp_path: Path) -> None:
        running = str(Quarter.of(timezone.now().date()).next())
        with pytest.raises(CommandError, match="has not ended"):
            write(tmp_path / "out.csv", quarter=running)
        assert write(tmp_path / "out.csv", quarter=running, internal=True)
