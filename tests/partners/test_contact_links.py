"""The link by which a point of contact confirms the entry without an account, and handing over."""

from datetime import datetime, timedelta

import pytest
from django.core import mail
from django.urls import reverse
from django.utils import timezone

from accounts.invitations import hash_of
from common.country import local_day
from common.workflow import NotAllowed, NotPossible
from deadlines.models import Deadline, Mail, Notice
from deadlines.services.sweep import sweep
from partners import reach
from partners.choices import ChannelKind, ContactStatus, EventKind, VerifiedHow
from partners.models import Channel, ContactLink, OrganisationEvent, PointOfContact
from partners.services import contact_links, contacts
from tests.support.cast import Cast
from tests.support.client import StrictClient

pytestmark = pytest.mark.django_db
MINE = reverse("partners:contact-mine")
CORRECT = reverse("partners:contact-mine-correct")
LEAVE = reverse("partners:contact-mine-leave")


def address(token: str) -> str:
    return reverse("partners:contact-link", args=[token])


def token_of(contact: PointOfContact) -> str:
    """From the mail that waits: the only place where the token stands."""
    link = ContactLink.objects.filter(contact=contact).latest("sent_at")
    url = Mail.objects.get(key__contains=link.token_hash).variables["url"]
    return url.rstrip("/").rsplit("/", 1)[1]


def sent(cast: Cast, at: datetime | None = None) -> str:
    by = cast.actor(cast.ngo_manager, at)
    contact_links.send_link(contact=cast.contact, by=by, at=at or cast.at)
    return token_of(cast.contact)


def followed(token: str) -> StrictClient:
    client = StrictClient()
    assert client.get(address(token))["Location"] == MINE
    return client


@pytest.fixture
def deputy_with_mail(cast: Cast) -> PointOfContact:
    Channel.objects.create(contact=cast.deputy, kind="email", value="ben@example.org", rank=2)
    return cast.deputy


class TestSend:
    def test_keeps_the_token_as_a_hash_and_mails_to_the_entrys_own_address(
        self, cast: Cast
    ) -> None:
        token = sent(cast)
        link = ContactLink.objects.get()
        assert link.token_hash == hash_of(token)
        assert link.expires_at - link.sent_at == timedelta(days=14)
        letter = Mail.objects.get(kind="contact_link")
        assert letter.address == "duty@example.org"
        sweep(at=timezone.now(), clock=timezone.now)
        letter.refresh_from_db()
        assert (letter.address, letter.variables) == ("", {})
        said = mail.outbox[-1].subject + str(mail.outbox[-1].body)
        assert "Ada" not in said
        assert "Lantern" not in said

    def test_ends_the_link_before_it(self, cast: Cast) -> None:
        first = sent(cast)
        later = cast.at + timedelta(minutes=11)
        second = sent(cast, later)
        with pytest.raises(contact_links.NotOpen):
            contact_links.find(hash_of(first), later)
        assert contact_links.find(hash_of(second), later).contact == cast.contact

    def test_waits_ten_minutes_before_another(self, cast: Cast) -> None:
        sent(cast)
        with pytest.raises(NotPossible, match="ten minutes"):
            sent(cast, cast.at + timedelta(minutes=9))

    def test_is_the_organisations_act_or_the_co_ordinations(self, cast: Cast) -> None:
        for user in (cast.other_manager, cast.ngo_caseworker, cast.funder):
            with pytest.raises(NotAllowed):
                contact_links.send_link(contact=cast.contact, by=cast.actor(user), at=cast.at)
        by = cast.actor(cast.co_ordinator)
        contact_links.send_link(contact=cast.contact, by=by, at=cast.at)

    def test_says_why_there_is_nobody_to_write_to(self, cast: Cast) -> None:
        by = cast.actor(cast.ngo_manager)
        with pytest.raises(NotPossible, match="no e-mail address"):
            contact_links.send_link(contact=cast.deputy, by=by, at=cast.at)
        vacant = contacts.set_status(
            contact=cast.contact, status=ContactStatus.VACANT, by=by, at=cast.at
        )
        with pytest.raises(NotPossible, match="Nobody is in this post"):
            contact_links.send_link(contact=vacant, by=by, at=cast.at)


class TestSweep:
    def test_asks_two_weeks_before_and_once(self, cast: Cast) -> None:
        due = Deadline.objects.open().get(subject_uuid=cast.contact.uuid).due_at
        early = due - timedelta(days=14, minutes=1)
        assert contact_links.send_due_links(early) == 0
        assert contact_links.send_due_links(due - timedelta(days=14)) == 1
        assert contact_links.send_due_links(due - timedelta(days=13)) == 0
        # Unanswered, it is asked again four weeks after the entry was to be confirmed.
        assert contact_links.send_due_links(due + timedelta(days=28)) == 1

    def test_asks_nobody_whose_post_is_vacant(self, cast: Cast) -> None:
        due = Deadline.objects.open().get(subject_uuid=cast.contact.uuid).due_at
        PointOfContact.objects.update(status=ContactStatus.VACANT)
        assert contact_links.send_due_links(due) == 0


class TestConfirm:
    def test_needs_no_account_and_shows_ones_own_entry_alone(self, cast: Cast) -> None:
        client = followed(sent(cast))
        body = client.get(MINE).content.decode()
        assert "+000 111" in body
        assert "+000 222" not in body
        assert "Ada" not in body.split("</title>")[0]
        client.post(MINE)
        cast.contact.refresh_from_db()
        assert cast.contact.verified_how == VerifiedHow.LINK
        today = local_day(timezone.now())
        assert cast.contact.verified_on == today
        assert cast.contact.verified_by is None
        deadline = Deadline.objects.open().get(subject_uuid=cast.contact.uuid)
        assert (deadline.due_at - cast.at).days in (89, 90)

    def test_looking_answers_nothing(self, cast: Cast) -> None:
        token = sent(cast)
        followed(token).get(MINE)
        followed(token).get(MINE)
        cast.contact.refresh_from_db()
        assert cast.contact.verified_on is None

    def test_works_once(self, cast: Cast) -> None:
        token = sent(cast)
        first, second = followed(token), followed(token)
        assert first.post(MINE).status_code == 200
        assert second.post(MINE).status_code == 404
        assert first.post(MINE).status_code == 404

    def test_the_page_of_a_dead_link_is_one_and_the_same(self, cast: Cast, time_machine) -> None:
        by = cast.actor(cast.ngo_manager)
        used, replaced = sent(cast), ""
        contact_links.confirm(token_hash=hash_of(used), at=cast.at, on=cast.at.date())
        bodies = {self._body(used), self._body("never-issued"), self._body("")}
        replaced = sent(cast, cast.at + timedelta(minutes=11))
        sent(cast, cast.at + timedelta(minutes=22))
        bodies.add(self._body(replaced))
        contacts.end_contact(contact=cast.contact, by=by, at=cast.at + timedelta(minutes=23))
        bodies.add(self._body(token_of(cast.contact)))
        assert len(bodies) == 1
        assert "Ada" not in bodies.pop()

    @staticmethod
    def _body(token: str) -> str:
        client = followed(token) if token else StrictClient()
        response = client.get(MINE)
        assert response.status_code == 404
        csrf = str(response.context["csrf_token"])
        return response.content.decode().replace(csrf, "")

    def test_runs_out_after_fourteen_days(self, cast: Cast, time_machine) -> None:
        client = followed(sent(cast))
        time_machine.move_to(cast.at + timedelta(days=14, minutes=1))
        assert client.post(MINE).status_code == 404

    def test_dies_when_the_post_is_said_to_be_vacant(self, cast: Cast) -> None:
        client = followed(sent(cast))
        by = cast.actor(cast.ngo_manager)
        contacts.set_status(contact=cast.contact, status=ContactStatus.VACANT, by=by, at=cast.at)
        assert client.get(MINE).status_code == 404

    def test_is_not_answered_endlessly(self, cast: Cast, settings) -> None:
        settings.LINK_TRIES_A_MINUTE = 2
        client = StrictClient()
        answers = [client.get(address("guessed")).status_code for _n in range(4)]
        assert answers[-1] == 429
        assert answers[0] == 302


class TestCorrect:
    def typed(self, cast: Cast, **more: str | list[str]) -> dict[str, str | list[str]]:
        return {
            "version": str(cast.contact.version),
            "kind_1": "duty_line",
            "value_1": "+000 900",
            "when": "times",
            "days_1": ["0", "1"],
            "from_1": "09:00",
            "until_1": "17:00",
            "languages": ["en"],
            **more,
        }

    def test_changes_hours_languages_and_numbers_and_confirms(self, cast: Cast) -> None:
        client = followed(sent(cast))
        assert "duty@example.org" not in client.get(CORRECT).content.decode()
        assert client.post(CORRECT, self.typed(cast)).status_code == 200
        cast.contact.refresh_from_db()
        assert cast.contact.week == [{"days": [0, 1], "from": "09:00", "until": "17:00"}]
        assert cast.contact.verified_how == VerifiedHow.LINK
        known = [(c.kind, c.value) for c in cast.contact.channels.all()]
        assert known == [("duty_line", "+000 900"), ("email", "duty@example.org")]

    def test_cannot_say_where_the_next_link_goes(self, cast: Cast) -> None:
        client = followed(sent(cast))
        stolen = self.typed(cast, kind_2="email", value_2="somebody@example.com")
        assert client.post(CORRECT, stolen).context["form"].errors
        contact_links.correct(
            token_hash=ContactLink.objects.get().token_hash,
            channels=[("email", "somebody@example.com", False)],
            at=cast.at,
            on=cast.at.date(),
            version=cast.contact.version,
        )
        known = cast.contact.channels.filter(kind=ChannelKind.EMAIL)
        assert [channel.value for channel in known] == ["duty@example.org"]

    def test_refuses_name_and_post(self, cast: Cast) -> None:
        sent(cast)
        with pytest.raises(TypeError):
            contact_links.correct(
                token_hash=ContactLink.objects.get().token_hash,
                channels=[],
                at=cast.at,
                on=cast.at.date(),
                version=1,
                person_name="Somebody else",
            )

    def test_tells_the_organisations_managers(self, cast: Cast) -> None:
        followed(sent(cast)).post(CORRECT, self.typed(cast))
        told = Notice.objects.filter(kind="contact_corrected")
        assert cast.ngo_manager.pk in set(told.values_list("recipient_id", flat=True))

    def test_shows_both_texts_when_the_organisation_was_faster(self, cast: Cast) -> None:
        client = followed(sent(cast))
        typed = self.typed(cast)
        contacts.change_contact(
            contact=cast.contact,
            channels=[("phone", "+000 777"), ("email", "duty@example.org")],
            by=cast.actor(cast.ngo_manager),
            at=cast.at,
            version=cast.contact.version,
        )
        response = client.post(CORRECT, typed)
        assert response.status_code == 409
        assert "+000 777" in response.content.decode()
        again = {
            field.name: field.data
            for field in response.context["again"]
            if field.data not in (None, "")
        }
        assert client.post(CORRECT, again).status_code == 200
        assert cast.contact.channels.first().value == "+000 900"


class TestLeave:
    def test_the_deputy_shows_everywhere_and_is_written_to(
        self, cast: Cast, deputy_with_mail: PointOfContact, client_for
    ) -> None:
        client = followed(sent(cast))
        assert client.get(LEAVE).status_code == 200
        assert client.post(LEAVE).status_code == 200
        cast.contact.refresh_from_db()
        assert cast.contact.status == ContactStatus.REASSIGNED
        letter = Mail.objects.get(kind="contact_stands_in")
        assert letter.address == "ben@example.org"
        assert contact_links.find(hash_of(token_of(cast.deputy)), timezone.now())
        other = client_for(cast.other_manager)
        for page in (
            cast.ngo.get_absolute_url(),
            reverse("partners:contact", args=[cast.contact.uuid]),
        ):
            body = other.get(page).content.decode()
            assert "+000 222" in body
            assert "+000 111" not in body
        acting = cast.actor(cast.other_manager, timezone.now())
        assert reach.who_answers(cast.ngo, acting) == cast.deputy
        told = Notice.objects.filter(kind="contact_handed_over")
        assert cast.ngo_manager.pk in set(told.values_list("recipient_id", flat=True))

    def test_the_return_gives_it_back(self, cast: Cast, deputy_with_mail: PointOfContact) -> None:
        by = cast.actor(cast.ngo_manager)
        contacts.set_status(
            contact=cast.contact, status=ContactStatus.REASSIGNED, by=by, at=cast.at
        )
        assert reach.who_answers(cast.ngo, cast.actor(cast.other_manager)) == cast.deputy
        contacts.set_status(contact=cast.contact, status=ContactStatus.ACTIVE, by=by, at=cast.at)
        assert reach.who_answers(cast.ngo, cast.actor(cast.other_manager)) == cast.contact
        assert Mail.objects.get(kind="contact_relieved").address == "ben@example.org"

    def test_without_a_deputy_the_co_ordination_is_told_at_once(self, cast: Cast) -> None:
        by = cast.actor(cast.ngo_manager)
        contacts.set_status(contact=cast.deputy, status=ContactStatus.VACANT, by=by, at=cast.at)
        followed(sent(cast)).post(LEAVE)
        told = Notice.objects.filter(kind="contact_uncovered")
        assert {cast.ngo_manager.pk, cast.co_ordinator.pk} <= set(
            told.values_list("recipient_id", flat=True)
        )
        assert OrganisationEvent.objects.filter(kind=EventKind.CONTACT_UNCOVERED).exists()
        call = reach.whom_to_call(cast.ngo, cast.actor(cast.other_manager))
        assert call is not None
        assert "Ada" not in call["text"]

    def test_a_deputy_named_for_a_vacant_post_is_told(self, cast: Cast) -> None:
        by = cast.actor(cast.ngo_manager)
        for contact in (cast.deputy, cast.contact):
            contacts.set_status(contact=contact, status=ContactStatus.VACANT, by=by, at=cast.at)
        contacts.enter_contact(
            organisation=cast.ngo,
            channels=[("phone", "+000 223"), ("email", "eve@example.org")],
            by=by,
            at=cast.at,
            deputy_for=cast.contact,
            person_name="Eve Example (invented)",
        )
        assert Mail.objects.get(kind="contact_stands_in").address == "eve@example.org"
        assert not Notice.objects.filter(kind="contact_uncovered", handled_at=None).exists()


class TestByPhone:
    def page(self, cast: Cast) -> str:
        return reverse("partners:contact-phone", args=[cast.contact.uuid])

    def test_keeps_who_when_and_on_which_channel(self, cast: Cast, client_for) -> None:
        client = client_for(cast.co_ordinator)
        assert client.get(self.page(cast)).status_code == 200
        client.post(self.page(cast), {"channel": "phone"})
        cast.contact.refresh_from_db()
        assert cast.contact.verified_by == cast.co_ordinator
        assert cast.contact.verified_channel == ChannelKind.PHONE
        body = client.get(reverse("partners:contact", args=[cast.contact.uuid])).content.decode()
        assert "by the co-ordination, in a call (Phone)" in body

    def test_is_refused_on_a_channel_the_entry_does_not_have(self, cast: Cast, client_for) -> None:
        response = client_for(cast.co_ordinator).post(self.page(cast), {"channel": "radio"})
        assert response.context["form"].errors
        with pytest.raises(NotPossible):
            contacts.verify_by_phone(
                contact=cast.contact,
                channel=ChannelKind.RADIO,
                by=cast.actor(cast.co_ordinator),
                at=cast.at,
                on=cast.at.date(),
            )

    def test_is_the_co_ordinations(self, cast: Cast, client_for) -> None:
        assert client_for(cast.ngo_manager).get(self.page(cast)).status_code == 403
