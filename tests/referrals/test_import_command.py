"""The command: a dry run until told otherwise, and clear words for whatever it is given."""

import csv
from io import StringIO
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command
from django.db import IntegrityError

from partners.models import Organisation
from referrals.management.commands import import_referrals
from referrals.models import ImportBatch, Referral
from tests.referrals.history import row, table

pytestmark = [pytest.mark.django_db, pytest.mark.sqlite_too]


@pytest.fixture
def write(tmp_path: Path):
    def file(*rows: list[str]) -> Path:
        (tmp_path / "history.csv").write_bytes(table(*rows))
        return tmp_path / "history.csv"

    return file


def run(path: Path, **options) -> str:
    out = StringIO()
    call_command("import_referrals", path, **{"profile": "uk_nrm", **options}, stdout=out)
    return out.getvalue()


class TestDryRun:
    def test_is_what_happens_by_default_and_writes_nothing(self, write) -> None:
        said = run(write(row(), row()))
        assert "Read 2 rows: 2 good, 0 bad." in said
        assert "Dry run: nothing was written." in said
        for model in (Referral, ImportBatch, Organisation):
            assert not model.objects.exists()

    def test_shows_each_bad_row_and_each_unknown_label(self, write) -> None:
        strange = row(nationality="Atlantean")
        said = run(write(row(), strange, strange, row(received_on="1 April")))
        assert "row 3, nationality “Atlantean”: The profile does not know this label." in said
        assert "row 5, received_on “1 April”: Not a date. Write it as 2023-12-31." in said
        assert "Labels the profile does not know:\n  nationality “Atlantean”: 2\n" in said

    def test_does_not_fill_the_screen(self, write) -> None:
        said = run(write(*[row(gender="?")] * 60))
        assert "… and 10 more" in said
        assert "gender “?”: 60" in said


class TestCommit:
    def test_writes(self, write) -> None:
        assert "Added 2, known before 0, left out 0." in run(write(row(), row()), commit=True)
        assert Referral.objects.count() == 2

    def test_writes_nothing_while_a_row_is_bad(self, write) -> None:
        with pytest.raises(CommandError, match=r"Nothing was written\. Mend the rows above"):
            run(write(row(), row(gender="?")), commit=True)
        assert not Referral.objects.exists()

    def test_leaves_bad_rows_out_into_a_file_that_comes_in_once_mended(
        self, write, tmp_path: Path
    ) -> None:
        rejects = tmp_path / "rejects.csv"
        said = run(write(row(), row(gender="?")), commit=True, skip_bad=rejects)
        assert "Wrote 1 bad rows to rejects.csv." in said
        assert "Added 1, known before 0, left out 1." in said
        with rejects.open(newline="", encoding="utf-8-sig") as lines:
            assert [line["gender"] for line in csv.DictReader(lines)] == ["?"]
        rejects.write_bytes(rejects.read_bytes().replace(b'"?"', b'"Female"'))
        assert "Added 1, known before 0, left out 0." in run(rejects, commit=True)
        assert Referral.objects.count() == 2

    def test_writes_the_rejects_of_a_dry_run_too(self, write, tmp_path: Path) -> None:
        run(write(row(gender="?")), skip_bad=tmp_path / "rejects.csv")
        assert (tmp_path / "rejects.csv").exists()
        assert not Referral.objects.exists()

    def test_says_so_when_somebody_imports_the_same_now(
        self, write, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def clash(**given: object) -> None:
            raise IntegrityError

        monkeypatch.setattr(import_referrals, "import_history", clash)
        with pytest.raises(CommandError, match="somebody imported the same rows"):
            run(write(row()), commit=True)


class TestRefusals:
    def test_of_a_profile_that_does_not_exist(self, write) -> None:
        with pytest.raises(CommandError, match="There is no import profile “nobody”"):
            run(write(row()), profile="nobody")

    def test_of_a_file_that_does_not_exist(self, tmp_path: Path) -> None:
        with pytest.raises(CommandError, match="Cannot read missing.csv: No such file"):
            run(tmp_path / "missing.csv")

    def test_of_a_folder(self, tmp_path: Path) -> None:
        with pytest.raises(CommandError, match="Is a directory"):
            run(tmp_path)

    def test_of_a_file_that_is_no_table(self, tmp_path: Path) -> None:
        (tmp_path / "picture.png").write_bytes(b"\x89PNG\r\n\x1a\n\x00")
        with pytest.raises(CommandError, match="not a CSV file"):
            run(tmp_path / "picture.png", commit=True)

    def test_of_a_place_where_the_rejects_cannot_be_written(self, write, tmp_path: Path) -> None:
        with pytest.raises(CommandError, match="Cannot write rejects.csv"):
            run(write(row(gender="?")), commit=True, skip_bad=tmp_path / "no" / "rejects.csv")
        assert not Referral.objects.exists()
