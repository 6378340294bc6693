"""The published grants: judged by the standard's own schema, organisations only, regions only."""

import csv
import io
import json
import os
from datetime import datetime
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.core.management import call_command
from django.urls import reverse

from funding import grants
from funding.models import Award
from funding.money_workflow import AWARD
from tests.funding import money
from tests.support.cast import Cast

pytestmark = [pytest.mark.django_db]
FOLDER = Path(os.environ.get("STANDARDS_DIR", settings.BASE_DIR / ".." / "shared" / "standards"))
SCHEMAS = FOLDER / "360giving-1.4.3"


def judge(record: dict[str, Any]) -> list[str]:
    """What the standard finds wrong with a grant; empty when nothing."""
    from jsonschema import Draft202012Validator, FormatChecker

    formats = FormatChecker()
    # Not among those it brings: without it, a date would pass as a moment too, and fail "one of".
    formats.checks("date-time", raises=ValueError)(
        lambda text: datetime.fromisoformat(text).tzinfo is not None
    )
    rules = json.loads((SCHEMAS / "360-giving-schema.json").read_text())
    judged = Draft202012Validator(rules, format_checker=formats)
    return [f"{error.json_path}: {error.message}" for error in judged.iter_errors(record)]


@pytest.mark.skipif(
    not SCHEMAS.is_dir(),
    reason="the schemas of 360Giving 1.4.3 are not beside the project (STANDARDS_DIR)",
)
class TestStandard:
    def test_finds_nothing_wrong_with_any_grant(self, cast: Cast, tmp_path: Path) -> None:
        fund = money.fund(cast)
        money.pay(cast, money.due(cast, fund=fund))
        money.in_force(cast, fund=fund, area=None)
        output = tmp_path / "grants.json"
        call_command("export_grants", output=output, stdout=StringIO())
        said = json.loads(output.read_text())
        assert len(said["grants"]) == 2
        for record in said["grants"]:
            assert judge(record) == []

    def test_would_find_a_broken_one(self, cast: Cast) -> None:
        record = grants.record(money.in_force(cast))
        assert judge(record) == []
        assert judge({**record, "awardDate": "2 March"})
        assert judge({**record, "amountAwarded": "a lot"})
        assert judge({**record, "fundingOrganization": [{"name": "Bridge Fund"}]})
        del record["recipientOrganization"]
        assert judge(record)


class TestWhatIsPublished:
    def test_is_what_was_in_force_to_whom_is_listed(self, cast: Cast) -> None:
        fund = money.fund(cast)
        money.proposed(cast, fund=fund)
        shown = money.in_force(cast, fund=fund)
        money.in_force(cast, fund=fund, recipient=cast.unlisted_ngo)
        gone = money.in_force(cast, fund=fund)
        AWARD.apply(gone, "cancel", by=cast.actor(cast.funder), at=cast.at, comment="Closed.")
        assert list(grants.published()) == [shown]

    def test_says_a_region_and_no_place_below_it(self, cast: Cast) -> None:
        from partners.models import Area

        town = Area.objects.create(
            code="XX-N1", name="Hidden Town", level="municipality", parent=cast.area
        )
        row = money.in_force(cast)
        Award.objects.filter(pk=row.pk).update(area=town)
        record = grants.record(Award.objects.get(pk=row.pk))
        assert record["beneficiaryLocation"] == [{"name": "North"}]
        assert "Hidden Town" not in json.dumps(record)

    def test_has_no_column_for_a_person(self, cast: Cast) -> None:
        record = grants.record(money.in_force(cast))
        assert not {key for key in record if "ndividual" in key}
        for person in (cast.funder, cast.ngo_manager, money.second_officer(cast)):
            assert person.display_name not in json.dumps(record)
        keys = {field.name for field in Award._meta.get_fields() if field.is_relation}
        assert {"recipient", "funder"} <= keys

    def test_is_read_without_signing_in(self, cast: Cast, client: Any) -> None:
        row = money.in_force(cast)
        page = client.get(reverse("funding:grants")).content.decode()
        assert row.title in page
        table = client.get(reverse("funding:grants-csv")).content.decode("utf-8-sig")
        [line] = csv.DictReader(io.StringIO(table))
        assert line["Recipient Org:Name"] == cast.ngo.name
        assert line["Amount Awarded"] in ("10000.0", "10000.00", "10000")
        whole = client.get(reverse("funding:grants-json")).json()
        assert whole["grants"][0]["id"].endswith(row.reference)

    def test_is_written_as_json_or_csv_only(self, tmp_path: Path) -> None:
        from django.core.management.base import CommandError

        with pytest.raises(CommandError, match="ends in .json or .csv"):
            call_command("export_grants", output=tmp_path / "grants.xml")
