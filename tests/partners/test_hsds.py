"""The open directory: judged by the standard's own schemas, and nothing but the public part."""

import json
import os
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.core.management import call_command
from django.urls import reverse

from partners.models import ServiceOffer
from partners.services import offers
from partners.throttling import OpenThrottle
from tests.partners import houses
from tests.support.cast import Cast
from tests.support.queries import at_most

pytestmark = pytest.mark.django_db
SERVICES = reverse("partners:hsds-services")
ORGANISATIONS = reverse("partners:hsds-organisations")
FOLDER = Path(os.environ.get("STANDARDS_DIR", settings.BASE_DIR / ".." / "shared" / "standards"))
SCHEMAS = FOLDER / "hsds-3.0"


def public(cast: Cast, name: str = "Day centre (invented)", **more: Any) -> ServiceOffer:
    """Everything said that can be said, in an open house."""
    given: dict[str, Any] = {
        "location": houses.house(cast, confidential=False, street="1 Open Street"),
        "description": "Advice and a warm room.",
        "eligibility": ["women", "any_status"],
        "accessibility": ["step_free"],
        "languages": ["en", "fr"],
        "hours": "Mon–Fri 8–18",
        "minimum_age": 16,
        "licence": "Town council 7",
        "route_words": "Ring twice.",
        "is_published": True,
        **more,
    }
    return houses.shelter(cast, name=name, **given)


def judge(schema: str, record: dict[str, Any]) -> list[str]:
    """What the standard finds wrong with a record; empty when nothing."""
    from jsonschema import Draft202012Validator

    rules = json.loads((SCHEMAS / schema).read_text())
    judged = Draft202012Validator(rules, format_checker=Draft202012Validator.FORMAT_CHECKER)
    return [f"{error.json_path}: {error.message}" for error in judged.iter_errors(record)]


@pytest.mark.skipif(
    not SCHEMAS.is_dir(),
    reason="the schemas of HSDS 3.0 are not beside the project (STANDARDS_DIR)",
)
class TestStandard:
    def test_finds_nothing_wrong_with_any_record(self, cast: Cast, client, tmp_path: Path) -> None:
        public(cast)
        public(cast, "By telephone (invented)", location=None, areas=[], languages=[], hours="")
        public(cast, "Paused (invented)", operating="suspended", operating_reason="staff")
        output = tmp_path / "services.json"
        call_command("export_services", output=output, stdout=StringIO())
        records = json.loads(output.read_text())
        assert len(records) == 3
        for record in records:
            assert judge("service.json", record) == []
            one = client.get(reverse("partners:hsds-service", args=[record["id"]])).json()
            assert one == record
        for record in client.get(SERVICES).json()["contents"]:
            assert judge("service_list.json", record) == []
        for record in client.get(ORGANISATIONS).json()["contents"]:
            assert judge("organization_list.json", record) == []

    def test_would_find_a_wrong_status_and_a_missing_name(self, cast: Cast, client) -> None:
        record = client.get(reverse("partners:hsds-service", args=[public(cast).uuid])).json()
        assert judge("service.json", {**record, "status": "open"})
        del record["name"]
        assert judge("service.json", record)


class TestPublic:
    def test_is_only_what_is_published_of_listed_members_and_nowhere_confidential(
        self, cast: Cast, client
    ) -> None:
        shown = public(cast)
        houses.shelter(cast, name="Members only (invented)")
        houses.shelter(cast, name="Secret (invented)", location=houses.house(cast))
        houses.shelter(
            cast, name="Unlisted (invented)", user=cast.unlisted_manager, is_published=True
        )
        ended = public(cast, "Ended (invented)", figures={})
        offers.end_offer(offer=ended, by=cast.actor(cast.ngo_manager), at=cast.at)
        ids = [each["id"] for each in client.get(SERVICES).json()["contents"]]
        assert ids == [str(shown.uuid)]
        for offer in ServiceOffer.objects.exclude(pk=shown.pk):
            url = reverse("partners:hsds-service", args=[offer.uuid])
            assert client.get(url).status_code == 404
        names = [each["name"] for each in client.get(ORGANISATIONS).json()["contents"]]
        assert names == [cast.ngo.name]

    def test_closes_at_once_behind_a_house_made_confidential_past_the_services(
        self, cast: Cast, client
    ) -> None:
        from partners.models import Location

        offer = public(cast)
        Location.objects.filter(pk=offer.location_id).update(
            is_confidential=True, label="", street="", city="", postal_code="", whereabouts_ct=b"x"
        )
        assert client.get(SERVICES).json()["contents"] == []

    def test_says_nothing_of_places_people_or_the_office(self, cast: Cast, client) -> None:
        offer = public(cast)
        body = client.get(reverse("partners:hsds-service", args=[offer.uuid])).content.decode()
        assert "1 Open Street" in body
        for hidden in ("invented person", "place_type", "example.org", "+000 111"):
            assert hidden not in body


class TestPages:
    def test_have_the_shape_and_numbers_of_the_standard(self, cast: Cast, client) -> None:
        for number in range(5):
            public(cast, f"Centre {number} (invented)", figures={})
        seen = []
        for number in (1, 2, 3):
            page = client.get(SERVICES, {"page": number, "per_page": 2}).json()
            assert (page["total_items"], page["total_pages"]) == (5, 3)
            assert page["first_page"] == (number == 1)
            assert page["last_page"] == (number == 3)
            seen += [each["name"] for each in page["contents"]]
        assert seen == [f"Centre {number} (invented)" for number in range(5)]
        beyond = client.get(SERVICES, {"page": 9}).json()
        assert (beyond["empty"], beyond["contents"]) == (True, [])

    def test_narrow_by_every_filter_at_once(self, cast: Cast, client) -> None:
        offer = public(cast)
        public(cast, "Lawyers (invented)", kind=houses.kind("legal"), figures={})
        asked = {
            "search": "centre",
            "organization_id": str(cast.ngo.uuid),
            "taxonomy_term_id": str(offer.kind.uuid),
            "modified_after": "2020-01-01",
        }
        found = client.get(SERVICES, asked).json()["contents"]
        assert [each["id"] for each in found] == [str(offer.uuid)]
        later = {**asked, "modified_after": "2999-01-01"}
        assert client.get(SERVICES, later).json()["empty"]
        assert set(client.get(SERVICES, {"minimal": "true"}).json()["contents"][0]) == {
            "id", "modified_date",
        }  # fmt: skip

    @pytest.mark.parametrize(
        "asked", [{"page": "0"}, {"page": "x"}, {"organization_id": "x"}, {"format": "xml"},
                  {"password": "x"}]
    )  # fmt: skip
    def test_refuse_what_cannot_be_read(self, asked: dict[str, str], cast: Cast, client) -> None:
        assert client.get(SERVICES, asked).status_code == 400

    def test_ask_the_database_as_often_for_many_as_for_one(self, cast: Cast, client) -> None:
        for number in range(6):
            public(cast, f"Centre {number} (invented)", figures={})
        with at_most(5):
            assert client.get(SERVICES, {"full": "true"}).json()["size"] == 6

    def test_say_what_they_are(self, client, db: None) -> None:
        said = client.get(reverse("partners:hsds")).json()
        assert said["version"] == "3.0"

    def test_are_limited_for_one_address(self, client, db: None, monkeypatch) -> None:
        monkeypatch.setattr(OpenThrottle, "rate", "3/min", raising=False)
        answers = [client.get(reverse("partners:hsds")) for _ask in range(4)]
        assert [each.status_code for each in answers] == [200, 200, 200, 429]
        assert int(answers[-1]["Retry-After"]) > 0
