"""The registry page, one organisation's sheet, and the choice of whom one acts for."""

from datetime import datetime
from uuid import UUID

import pytest
from django.urls import reverse

from partners.access import system_actor
from partners.choices import Capacity, ContactStatus, OrganisationKind, Role
from partners.middleware import ACTING_FOR
from partners.models import Area, Organisation
from partners.services import contacts, organisations
from partners.services.listings import relist
from tests.support.cast import Cast, works_for
from tests.support.queries import at_most

pytestmark = [pytest.mark.django_db, pytest.mark.sqlite_too]
LIST = reverse("partners:registry")


def sheet(organisation: Organisation) -> str:
    return reverse("partners:organisation", args=[organisation.uuid])


def more_members(number: int, at: datetime, area: Area) -> None:
    for n in range(number):
        organisations.found(
            name=f"Member {n:03} (invented)",
            kind=OrganisationKind.CSO,
            capacities=[Capacity.FIRST_RESPONDER, Capacity.SERVICE_PROVIDER],
            by=system_actor("tests", at),
            at=at,
            area=area,
        )


class TestList:
    def names(self, response) -> list[str]:
        return [row["name"] for row in response.context["rows"]]

    def test_shows_listed_members_to_members_and_nothing_to_an_applicant(
        self, cast: Cast, client_for
    ) -> None:
        shown = self.names(client_for(cast.ngo_manager).get(LIST))
        assert cast.other_ngo.name in shown
        assert cast.unlisted_ngo.name not in shown
        assert cast.applying.name not in shown
        assert client_for(cast.applicant).get(LIST).status_code == 403
        assert client_for(cast.stranger).get(LIST).status_code == 403

    def test_shows_the_co_ordination_also_the_unlisted_with_their_state(
        self, cast: Cast, client_for
    ) -> None:
        response = client_for(cast.co_ordinator).get(LIST)
        assert cast.unlisted_ngo.name in self.names(response)
        assert cast.applying.name not in self.names(response)
        assert "State" in [column["label"] for column in response.context["columns"]]

    @pytest.mark.parametrize(
        ("query", "found"),
        [
            ({"kind": "state_agency"}, {"ministry", "fund", "authority", "police"}),
            ({"capacity": "funder"}, {"fund"}),
            ({"name": "lantern"}, {"ngo"}),
            ({"language": "uk"}, {"other_ngo"}),
            ({"area": "XX-N-1"}, {"other_ngo"}),
            ({"area": "XX-N"}, {"ministry", "ngo", "other_ngo", "fund", "authority", "police"}),
            ({"area": "XX-N", "kind": "cso", "language": "uk"}, {"other_ngo"}),
        ],
    )
    def test_is_narrowed_by(self, query, found, cast: Cast, client_for) -> None:
        below = Area.objects.create(
            code="XX-N-1", name="Northport", level="municipality", parent=cast.area
        )
        Organisation.objects.filter(pk=cast.other_ngo.pk).update(area=below, languages=["en", "uk"])
        relist([cast.other_ngo.pk])
        response = client_for(cast.ngo_manager).get(LIST, query)
        assert set(self.names(response)) == {getattr(cast, name).name for name in found}

    def test_a_code_that_does_not_exist_is_said_beside_its_field(
        self, cast: Cast, client_for
    ) -> None:
        response = client_for(cast.ngo_manager).get(LIST, {"area": "nowhere"})
        assert response.status_code == 200
        assert response.context["filter"].errors["area"]

    def test_says_what_now_when_nothing_matches(self, cast: Cast, client_for) -> None:
        response = client_for(cast.ngo_manager).get(LIST, {"name": "zzz"})
        assert "No organisation matches" in response.content.decode()
        assert "Show all organisations" in response.content.decode()

    def test_goes_on_where_the_page_before_ended_with_the_filter_kept(
        self, cast: Cast, client_for, at: datetime
    ) -> None:
        more_members(30, at, cast.area)
        client = client_for(cast.ngo_manager)
        first = client.get(LIST, {"kind": "cso"})
        second = client.get(LIST + first.context["next_href"])
        both = self.names(first) + self.names(second)
        assert len(both) == len(set(both)) == 32
        assert both == sorted(both)

    @pytest.mark.parametrize("number", [0, 200])
    def test_asks_no_more_of_the_database_for_two_hundred(
        self, number, cast: Cast, client_for, at: datetime
    ) -> None:
        more_members(number, at, cast.area)
        client = client_for(cast.co_ordinator)
        # What is kept between pages is kept: areas, and how many stand under each heading.
        client.get(LIST, {"kind": "cso", "area": "XX"})
        with at_most(8):
            client.get(LIST, {"kind": "cso", "area": "XX"})


class TestSheet:
    def test_names_whom_to_call_and_the_way_to_reach_them(self, cast: Cast, client_for) -> None:
        body = client_for(cast.co_ordinator).get(sheet(cast.ngo)).content.decode()
        assert "Ada Example" in body
        assert 'href="tel:+000111"' in body
        assert body.index("+000 111") < body.index("duty@example.org")

    def test_links_to_the_office_by_telephone_and_by_mail(self, cast: Cast, client_for) -> None:
        Organisation.objects.filter(pk=cast.ngo.pk).update(
            phone="+000 700 701", email="office@example.org", website="https://example.org/"
        )
        body = client_for(cast.co_ordinator).get(sheet(cast.ngo)).content.decode()
        for address in ("tel:+000700701", "mailto:office@example.org", "https://example.org/"):
            assert f'href="{address}"' in body

    @pytest.mark.parametrize("status", [ContactStatus.REASSIGNED, ContactStatus.VACANT])
    def test_names_the_deputy_when_the_post_cannot_answer(
        self, status, cast: Cast, client_for, at: datetime
    ) -> None:
        by = cast.actor(cast.ngo_manager)
        contacts.set_status(contact=cast.contact, status=status, by=by, at=at)
        body = client_for(cast.other_manager).get(sheet(cast.ngo)).content.decode()
        assert "call the deputy" in body
        assert "+000 222" in body
        assert "+000 111" not in body

    def test_says_so_when_nobody_answers(self, cast: Cast, client_for, at: datetime) -> None:
        by = cast.actor(cast.ngo_manager)
        for each in (cast.contact, cast.deputy):
            contacts.set_status(contact=each, status=ContactStatus.VACANT, by=by, at=at)
        body = client_for(cast.other_manager).get(sheet(cast.ngo)).content.decode()
        assert "No deputy stands in" in body

    def test_shows_an_entry_out_of_use_to_nobody(
        self, cast: Cast, client_for, at: datetime
    ) -> None:
        contacts.end_contact(contact=cast.contact, by=cast.actor(cast.ngo_manager), at=at)
        for user in (cast.other_manager, cast.ngo_manager):
            body = client_for(user).get(sheet(cast.ngo)).content.decode()
            assert "Ada Example" not in body
            assert "Ben Example" not in body

    def test_gives_the_past_to_its_own_people_and_not_to_other_members(
        self, cast: Cast, client_for
    ) -> None:
        own = client_for(cast.ngo_manager).get(sheet(cast.ngo)).content.decode()
        other = client_for(cast.other_manager).get(sheet(cast.ngo)).content.decode()
        assert "Colleague joined" in own
        assert "What happened" not in other

    def test_does_not_tell_the_co_ordination_who_joined(self, cast: Cast, client_for) -> None:
        body = client_for(cast.co_ordinator).get(sheet(cast.ngo)).content.decode()
        assert "Admitted as a member" in body
        assert "Colleague joined" not in body

    def test_is_seen_before_admission_by_its_own_people_only(self, cast: Cast, client_for) -> None:
        own = client_for(cast.applicant).get(sheet(cast.applying))
        assert own.status_code == 200
        assert reverse("partners:application") in own.content.decode()
        for user in (cast.co_ordinator, cast.ngo_manager, cast.stranger):
            assert client_for(user).get(sheet(cast.applying)).status_code == 404

    def test_offers_each_what_they_may(self, cast: Cast, client_for) -> None:
        manager = client_for(cast.ngo_manager).get(sheet(cast.ngo)).content.decode()
        caseworker = client_for(cast.ngo_caseworker).get(sheet(cast.ngo)).content.decode()
        reviewer = client_for(cast.co_ordinator).get(sheet(cast.ngo)).content.decode()
        people = f'href="{reverse("partners:people")}" role="button"'
        review = reverse("partners:review", args=[cast.ngo.uuid])
        assert people in manager
        assert people not in caseworker
        assert review in reviewer
        assert review not in manager

    def test_carries_no_name_in_its_title(self, cast: Cast, client_for) -> None:
        body = client_for(cast.ngo_manager).get(sheet(cast.ngo)).content.decode()
        assert "Lantern" not in body.split("</title>")[0]


class TestActFor:
    URL = reverse("partners:act-for")

    @pytest.fixture
    def client(self, cast: Cast, client_for, at: datetime):
        works_for(cast.ngo_manager, cast.other_ngo, Role.CASEWORKER, at)
        return client_for(cast.ngo_manager)

    def test_the_choice_holds_from_the_next_page_on(self, cast: Cast, client) -> None:
        response = client.post(self.URL, {"organisation": str(cast.other_ngo.uuid)})
        assert response.status_code == 302
        assert client.get(reverse("ncm:home")).context["organisation"] == cast.other_ngo
        # A caseworker there, though a manager at home.
        assert client.get(reverse("partners:people")).status_code == 403

    @pytest.mark.parametrize("wanted", ["unlisted_ngo", "", "not-a-uuid"])
    def test_refuses_what_is_not_ones_own(self, wanted, cast: Cast, client) -> None:
        chosen = getattr(cast, wanted).uuid if wanted == "unlisted_ngo" else wanted
        assert client.post(self.URL, {"organisation": str(chosen)}).status_code == 404
        assert ACTING_FOR not in client.session

    @pytest.mark.parametrize(
        ("there", "leads"),
        [
            ("/registry/?kind=cso", "/registry/?kind=cso"),
            ("https://elsewhere.example/", "/"),
            ("//elsewhere.example/", "/"),
            ("javascript:alert(1)", "/"),
            ("", "/"),
        ],
    )
    def test_leads_back_within_this_site_only(self, there, leads, cast: Cast, client) -> None:
        data = {"organisation": str(cast.other_ngo.uuid), "next": there}
        assert client.post(self.URL, data)["Location"] == leads

    def test_leads_home_with_a_word_where_the_page_is_not_open_there(
        self, cast: Cast, client
    ) -> None:
        for page in (reverse("partners:people"), reverse("partners:contact", args=[UUID(int=0)])):
            client.post(self.URL, {"organisation": str(cast.other_ngo.uuid), "next": page})
            answer = client.get(page)
            assert answer["Location"] == reverse("ncm:home")
            home = client.get(reverse("ncm:home")).content.decode()
            assert "You now act for Open Door" in home
            assert "is not open to this organisation" in home
            assert client.get(page).status_code in (403, 404), "only right after switching"

    def test_is_not_for_reading(self, client) -> None:
        assert client.get(self.URL).status_code == 405
