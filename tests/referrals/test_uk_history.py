"""The real file: 17,920 referrals in, every published table out."""

import csv
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.core.management import call_command
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext

from accounts.models import User
from deadlines.models import Notice
from ncm.reports.periods import Quarter
from ncm.reports.quarterly import tables
from referrals.choices import Origin
from referrals.import_profile import ImportProfile, load_profile
from referrals.models import Consent, Decision, Identity, ImportBatch, Person, Referral

DATA = Path(settings.BASE_DIR).parent / "shared" / "data" / "uk_nrm"
pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not DATA.is_dir(), reason="../shared/data/uk_nrm is not on this machine"),
]

#: Published label column by table, outer then inner; organisations stand under their own names.
KEYED = {
    "referrals_by_first_responder_type": ("responder_type",),
    "referrals_by_exploitation_type": ("exploitation",),
    "referrals_by_age_at_exploitation": ("age_at_exploitation",),
    "referrals_by_gender": ("gender",),
    "referrals_by_nationality": ("nationalities",),
    "referrals_by_age_and_exploitation_type": ("age_at_exploitation", "exploitation"),
    "referrals_by_age_and_gender": ("age_at_exploitation", "gender"),
    "referrals_by_first_responder_type_and_nationality": ("responder_type", "nationalities"),
    "referrals_by_first_responder_type_and_exploitation_type": ("responder_type", "exploitation"),
    "reasonable_grounds_decisions": ("age_at_exploitation",),
    "conclusive_grounds_decisions": ("age_at_exploitation",),
}


def translated(profile: ImportProfile, table: str, cells: Any) -> Any:
    """A published table under our codes; labels that mean one code are added up."""
    columns = KEYED.get(table)
    if columns is None:
        return cells
    return _keyed(profile, columns, cells)


def _keyed(profile: ImportProfile, columns: tuple[str, ...], cells: dict[str, Any]) -> Any:
    found: dict[str, Any] = {}
    for label, value in cells.items():
        key = profile.joined(columns[0], label)
        if isinstance(value, dict):
            inner = _keyed(profile, columns[1:], value) if columns[1:] else value
            assert key not in found
            found[key] = inner
        else:
            found[key] = found.get(key, 0) + value
    return found


@pytest.fixture(scope="module")
def published() -> dict[str, Any]:
    return json.loads((DATA / "published.json").read_text())


@pytest.fixture(scope="module")
def imported(django_db_setup: None, django_db_blocker: Any) -> Iterator[None]:
    """The file, imported once for this module and taken back after it."""
    with django_db_blocker.unblock(), transaction.atomic():
        call_command("import_referrals", DATA / "referrals.csv", profile="uk_nrm", commit=True)
        yield
        transaction.set_rollback(True)


class TestTheImport:
    def test_gives_every_published_table_in_every_cell(
        self, imported: None, published: dict[str, Any], tmp_path: Path
    ) -> None:
        profile = load_profile("uk_nrm")
        wrong = []
        for quarter, theirs in published.items():
            out = tmp_path / f"{quarter}.json"
            call_command("quarterly_report", quarter, format="json", internal=True, output=out)
            ours = json.loads(out.read_text())["tables"]
            assert set(ours) == set(theirs)
            for table, cells in theirs.items():
                wanted = translated(profile, table, cells)
                if ours[table] != wanted:
                    wrong.append((quarter, table, _difference(ours[table], wanted)))
        # The one exception the file's README names: four decisions of referrals made before it.
        assert wrong == [
            (
                "2022-Q4",
                "reasonable_grounds_decisions",
                {"UNKNOWN/positive": (208, 212)},
            )
        ]

    def test_creates_nobody_and_starts_nothing(self, imported: None) -> None:
        assert Referral.objects.count() == 17_920
        assert set(Referral.objects.values_list("origin", flat=True)) == {Origin.HISTORICAL}
        for model in (Person, Identity, Consent, Notice):
            assert model.objects.count() == 0, model.__name__
        assert Referral.history.count() == 0
        assert list(User.objects.values_list("is_active", flat=True)) == [False]

    def test_adds_nothing_the_second_time(self, imported: None) -> None:
        decisions = Decision.objects.count()
        call_command("import_referrals", DATA / "referrals.csv", profile="uk_nrm", commit=True)
        assert Referral.objects.count() == 17_920
        assert Decision.objects.count() == decisions
        assert ImportBatch.objects.latest("pk").rows_known == 17_920

    def test_keeps_two_equal_rows_two(self, imported: None) -> None:
        with (DATA / "referrals.csv").open(newline="") as lines:
            rows = [tuple(row) for row in csv.reader(lines)][1:]
        assert len(set(rows)) < len(rows), "the file has no equal rows: this test shows nothing"
        assert Referral.objects.count() == len(rows)


class TestTheProfile:
    def test_copes_with_every_label_the_publication_used(self) -> None:
        profile = load_profile("uk_nrm")
        columns = {
            "first_responder_type": "responder_type",
            "exploitation_type": "exploitation",
            "age_at_exploitation": "age_at_exploitation",
            "gender": "gender",
            "nationality": "nationalities",
        }
        labels = json.loads((DATA / "labels.json").read_text())
        assert set(labels) - set(columns) == {"first_responder"}
        for published_as, column in columns.items():
            for label in labels[published_as]:
                assert profile.codes(column, label)

    def test_joins_dual_nationalities_in_their_order(self) -> None:
        profile = load_profile("uk_nrm")
        assert profile.joined("nationalities", "Russian UKrainian") == "RUS+UKR"
        assert profile.joined("nationalities", "Congolese Drc ") == "COD"
        assert profile.joined("nationalities", "South Sudanese South African") == "SSD+ZAF"
        assert profile.joined("nationalities", "Albanian Unknown") == "ALB+UNKNOWN"


def test_the_tables_are_two_passes(imported: None) -> None:
    with CaptureQueriesContext(connection) as queries:
        tables(Quarter(2022, 2))
    assert len(queries) == 2


def _difference(ours: Any, theirs: Any, path: str = "") -> dict[str, tuple[Any, Any]]:
    if isinstance(ours, dict) and isinstance(theirs, dict):
        found: dict[str, tuple[Any, Any]] = {}
        for key in sorted(set(ours) | set(theirs)):
            found |= _difference(ours.get(key), theirs.get(key), f"{path}/{key}".lstrip("/"))
        return found
    return {} if ours == theirs else {path: (ours, theirs)}
