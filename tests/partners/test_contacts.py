"""Points of contact: naming, changing, standing in, verifying, ending; and a faster colleague."""

from datetime import datetime

import pytest
from django.urls import reverse
from django.utils import timezone

from accounts import kept
from common.country import local_day
from partners.choices import ContactStatus
from partners.models import PointOfContact
from partners.services import contacts
from tests.support.cast import Cast
from tests.support.queries import at_most

pytestmark = pytest.mark.django_db
LIST = reverse("partners:contacts")
NEW = reverse("partners:contact-new")


def url(name: str, contact: PointOfContact, *more: str) -> str:
    return reverse(f"partners:{name}", args=[contact.uuid, *more])


def typed(**changes: str) -> dict[str, str]:
    return {
        "version": "0",
        "person_name": "Fay Example (invented)",
        "post": "Night duty",
        "kind_1": "duty_line",
        "value_1": "+000 999",
        **changes,
    }


class TestOwnContacts:
    def test_are_the_managers_to_keep(self, cast: Cast, client_for) -> None:
        body = client_for(cast.ngo_manager).get(LIST).content.decode()
        assert "Ada Example" in body
        assert "Ben Example" in body
        assert "Cleo" not in body
        for user in (cast.ngo_caseworker, cast.co_ordinator, cast.stranger):
            assert client_for(user).get(LIST).status_code == 403

    def test_say_what_to_do_while_there_are_none(self, cast: Cast, client_for) -> None:
        body = client_for(cast.applicant).get(LIST).content.decode()
        assert "Until one is named" in body
        assert NEW in body

    def test_warn_of_no_deputy_and_of_nothing_but_the_internet(
        self, cast: Cast, client_for, at: datetime
    ) -> None:
        assert "Warning" not in client_for(cast.ngo_manager).get(LIST).content.decode()
        contacts.enter_contact(
            organisation=cast.applying,
            channels=[("email", "only@example.org")],
            by=cast.actor(cast.applicant),
            at=at,
            person_name="Gus Example (invented)",
        )
        body = client_for(cast.applicant).get(LIST).content.decode()
        assert "No deputy is named" in body
        assert "No channel works without the internet" in body

    @pytest.mark.parametrize("number", [0, 200])
    def test_ask_no_more_of_the_database_for_two_hundred(
        self, number: int, cast: Cast, client_for, at: datetime
    ) -> None:
        PointOfContact.objects.bulk_create(
            PointOfContact(organisation=cast.ngo, person_name=f"Invented {n}", created_at=at)
            for n in range(number)
        )
        client = client_for(cast.ngo_manager)
        with at_most(8):
            response = client.get(LIST)
        assert len(response.context["posts"]) == 1 + number


class TestNaming:
    def test_puts_the_entry_with_its_channels_in_the_order_typed(
        self, cast: Cast, client_for
    ) -> None:
        client = client_for(cast.ngo_manager)
        data = typed(kind_3="email", value_3="fay@example.org", languages="en")
        response = client.post(NEW, data)
        made = PointOfContact.objects.get(person_name="Fay Example (invented)")
        assert response["Location"] == url("contact", made)
        assert [(c.kind, c.value) for c in made.channels.all()] == [
            ("duty_line", "+000 999"),
            ("email", "fay@example.org"),
        ]
        assert made.organisation == cast.ngo
        assert made.rank == 0

    def test_is_open_while_applying_and_closed_to_others(self, cast: Cast, client_for) -> None:
        assert client_for(cast.applicant).post(NEW, typed()).status_code == 302
        assert client_for(cast.ngo_caseworker).post(NEW, typed()).status_code == 403
        assert PointOfContact.objects.filter(post="Night duty").count() == 1

    def test_a_deputy_stands_in_next(self, cast: Cast, client_for) -> None:
        client_for(cast.ngo_manager).post(url("contact-deputy", cast.contact), typed())
        made = PointOfContact.objects.get(post="Night duty")
        assert (made.deputy_for, made.rank) == (cast.contact, 2)

    def test_a_deputy_has_no_deputy(self, cast: Cast, client_for) -> None:
        client = client_for(cast.ngo_manager)
        assert client.get(url("contact-deputy", cast.deputy)).status_code == 404

    def test_of_another_organisations_deputy_is_refused(self, cast: Cast, client_for) -> None:
        client = client_for(cast.other_manager)
        assert client.post(url("contact-deputy", cast.contact), typed()).status_code == 403
        assert client.post(url("contact-deputy", cast.other_contact), typed()).status_code == 404

    @pytest.mark.parametrize(
        ("change", "field"),
        [
            ({"person_name": ""}, "person_name"),
            ({"kind_1": ""}, "kind_1"),
            ({"value_1": ""}, "value_1"),
            ({"value_2": "+000 1"}, "kind_2"),
            ({"kind_2": "phone"}, "value_2"),
            ({"kind_2": "email", "value_2": "nothing"}, "value_2"),
        ],
    )
    def test_says_what_is_missing(self, change, field, cast: Cast, client_for) -> None:
        response = client_for(cast.ngo_manager).post(NEW, typed(**change))
        assert response.status_code == 200
        assert list(response.context["form"].errors) == [field]
        assert "There is a problem" in response.content.decode()

    def test_shows_again_what_was_typed_before_a_time_out(
        self, cast: Cast, client_for, at: datetime, rf
    ) -> None:
        from django.http import QueryDict

        kept.keep(
            user=cast.ngo_manager, path=NEW, fields=QueryDict("person_name=Hal+Example"), at=at
        )
        client = client_for(cast.ngo_manager)
        assert 'value="Hal Example"' in client.get(NEW).content.decode()
        client.post(NEW, typed())
        assert "Hal Example" not in client.get(NEW).content.decode()


class TestChanging:
    def test_takes_the_verification_away(self, cast: Cast, client_for, at: datetime) -> None:
        by = cast.actor(cast.ngo_manager)
        contacts.verify_contact(contact=cast.contact, by=by, at=at, on=at.date())
        client = client_for(cast.ngo_manager)
        data = typed(version=str(cast.contact.version))
        assert client.post(url("contact-edit", cast.contact), data).status_code == 302
        cast.contact.refresh_from_db()
        assert cast.contact.post == "Night duty"
        assert cast.contact.verified_on is None

    def test_shows_both_texts_when_a_colleague_was_faster(
        self, cast: Cast, client_for, at: datetime
    ) -> None:
        contacts.change_contact(
            contact=cast.contact,
            channels=[("phone", "+000 777")],
            by=cast.actor(cast.ngo_manager),
            at=at,
            version=cast.contact.version,
            person_name="Ida Example (invented)",
        )
        client = client_for(cast.ngo_manager)
        edit = url("contact-edit", cast.contact)
        response = client.post(edit, typed(version=str(cast.contact.version), languages="fr"))
        body = response.content.decode()
        assert response.status_code == 409
        for text in ("Fay Example", "Ida Example", "+000 999", "+000 777"):
            assert text in body
        cast.contact.refresh_from_db()
        assert cast.contact.person_name == "Ida Example (invented)"
        # What the page carries can be sent again, over the version it showed.
        again = {
            field.name: field.data
            for field in response.context["again"]
            if field.data not in (None, "")
        }
        assert client.post(edit, again).status_code == 302
        cast.contact.refresh_from_db()
        assert cast.contact.person_name == "Fay Example (invented)"
        assert cast.contact.languages == ["fr"]

    def test_is_for_its_own_organisation(self, cast: Cast, client_for) -> None:
        edit = url("contact-edit", cast.contact)
        assert client_for(cast.other_manager).get(edit).status_code == 403
        assert client_for(cast.ngo_caseworker).get(edit).status_code == 403
        assert client_for(cast.ngo_manager).get(edit).status_code == 200


class TestOnePage:
    def test_lets_members_call_and_only_its_own_organisation_act(
        self, cast: Cast, client_for
    ) -> None:
        page = url("contact", cast.contact)
        other = client_for(cast.other_manager).get(page)
        assert 'href="tel:+000111"' in other.content.decode()
        assert "Keep it right" not in other.content.decode()
        assert "Keep it right" in client_for(cast.ngo_manager).get(page).content.decode()
        for user in (cast.applicant, cast.stranger, cast.administrator):
            assert client_for(user).get(page).status_code == 404

    def test_names_the_deputy_and_hides_the_number_of_who_left(
        self, cast: Cast, client_for, at: datetime
    ) -> None:
        by = cast.actor(cast.ngo_manager)
        contacts.set_status(contact=cast.contact, status=ContactStatus.REASSIGNED, by=by, at=at)
        body = client_for(cast.other_manager).get(url("contact", cast.contact)).content.decode()
        assert "+000 222" in body
        assert "+000 111" not in body

    def test_carries_no_name_in_its_title(self, cast: Cast, client_for) -> None:
        body = client_for(cast.ngo_manager).get(url("contact", cast.contact)).content.decode()
        assert "Ada" not in body.split("</title>")[0]


class TestActs:
    @pytest.mark.parametrize(
        ("name", "status"), [("reassigned", "reassigned"), ("vacant", "vacant")]
    )
    def test_say_who_can_be_called(self, name, status, cast: Cast, client_for) -> None:
        client = client_for(cast.ngo_manager)
        client.post(url("contact-act", cast.contact, name))
        cast.contact.refresh_from_db()
        assert cast.contact.status == status
        client.post(url("contact-act", cast.contact, "active"))
        cast.contact.refresh_from_db()
        assert cast.contact.status == "active"

    def test_verify_with_the_day_in_the_country(self, cast: Cast, client_for) -> None:
        before = local_day(timezone.now())
        client_for(cast.ngo_manager).post(url("contact-act", cast.contact, "verify"))
        cast.contact.refresh_from_db()
        assert before <= cast.contact.verified_on <= local_day(timezone.now())
        assert cast.contact.verified_by == cast.ngo_manager

    def test_end_asks_once_more_and_takes_the_deputies_along(self, cast: Cast, client_for) -> None:
        client = client_for(cast.ngo_manager)
        end = url("contact-act", cast.contact, "end")
        asked = client.get(end)
        assert asked.status_code == 200
        assert "Its deputies go with it" in asked.content.decode()
        assert PointOfContact.objects.filter(ended_at__isnull=False).count() == 0
        assert client.post(end)["Location"] == LIST
        ended = PointOfContact.objects.filter(ended_at__isnull=False)
        assert set(ended) == {cast.contact, cast.deputy}
        assert client.get(url("contact", cast.contact)).status_code == 404

    def test_are_refused_to_others_and_without_a_known_name(self, cast: Cast, client_for) -> None:
        verify = url("contact-act", cast.contact, "verify")
        assert client_for(cast.other_manager).post(verify).status_code == 403
        assert client_for(cast.ngo_caseworker).post(verify).status_code == 403
        client = client_for(cast.ngo_manager)
        assert client.post(url("contact-act", cast.contact, "delete")).status_code == 404
        assert client.get(verify).status_code == 405
        cast.contact.refresh_from_db()
        assert cast.contact.verified_on is None
