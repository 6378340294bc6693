"""Conversations about a case: in the audience and with a live grant; and each way it ends."""

from collections.abc import Callable
from datetime import timedelta
from uuid import uuid4

import pytest
from django.core import mail
from django.urls import reverse
from django.utils import timezone

from accounts.models import AccessLog
from common.marks import Subject
from common.sealing import Erased
from common.workflow import NotAllowed, NotPossible
from deadlines.models import Deadline, Notice
from deadlines.services.reminders import remind
from deadlines.services.sweep import sweep
from partners import audiences
from partners.access import system_actor
from partners.audiences import Part
from partners.choices import Role
from partners.conversation_choices import Outcome
from partners.conversation_notices import release_those_who_read_no_more
from partners.models import (
    ContactAttempt,
    Conversation,
    Membership,
    MessageFile,
    Participant,
)
from partners.services import conversations, memberships
from partners.services.conversations import Words
from referrals import talk
from referrals.models import Person, Referral, ReferralGrantBasis, ReferralGroupGrant
from referrals.services import consents, emergency, exclusions, restrictions
from tests.access.scenes import suspend
from tests.referrals import stages
from tests.referrals.talk import SAID
from tests.referrals.talk import begun as written
from tests.support.cast import Cast, works_for
from tests.support.client import StrictClient
from tests.support.queries import at_most

pytestmark = [pytest.mark.django_db, pytest.mark.sqlite_too]
LIST = reverse("partners:conversations")


def about(referral: Referral) -> Subject:
    return Subject("referral", referral.uuid)


def case_of(conversation: Conversation) -> Referral:
    return Referral.objects.get(uuid=conversation.subject_uuid)


def page(conversation: Conversation) -> str:
    return reverse("partners:conversation", args=[conversation.uuid])


class Sight:
    """Everything that would show a conversation to somebody."""

    def __init__(self, cast: Cast, conversation: Conversation, client: StrictClient, user) -> None:
        self.cast, self.row, self.client, self.user = cast, conversation, client, user

    def shows(self) -> dict[str, bool]:
        actor, file = self.cast.actor(self.user), MessageFile.objects.first()
        listed = self.client.get(LIST)
        download = reverse("partners:conversation-file", args=[self.row.uuid, file.uuid])
        notices = self.client.get(reverse("deadlines:inbox"), {"show": "all"}).content.decode()
        new = reverse("referrals:conversation-new", args=[self.row.subject_uuid])
        return {
            "page": self.client.get(page(self.row)).status_code == 200,
            "list": listed.status_code == 200 and bool(listed.context["rows"]),
            "count": Participant.objects.visible_to(actor).unread(actor).exists(),
            "notice": "A message waits" in notices,
            "file": self.client.post(download).status_code == 200,
            "attempt": ContactAttempt.objects.visible_to(actor).exists(),
            "posting": self._posts(),
            "beginning": self.client.get(new).status_code == 200,
        }

    def _posts(self) -> bool:
        typed = {"text": "An invented try.", "client_key": str(uuid4())}
        return self.client.post(page(self.row), typed).status_code == 302


def withdraw(cast: Cast, case: Referral) -> None:
    by = cast.actor(cast.ngo_caseworker)
    consents.withdraw_consent(referral=stages.now(case), by=by, at=cast.at)


def run_out(cast: Cast, case: Referral) -> None:
    """The authority's grants ended at this moment; no sweep has come yet."""
    held = {"group__role_group__organisation": cast.authority}
    before = cast.at - timedelta(days=1)
    ReferralGrantBasis.objects.filter(subject=case, **held).update(
        since_at=before, until_at=cast.at
    )
    ReferralGroupGrant.objects.filter(content_object=case, **held).update(until_at=cast.at)


def keep_out(cast: Cast, case: Referral) -> None:
    by = cast.actor(cast.ngo_manager)
    exclusions.exclude(referral=case, by=by, at=cast.at, reason="Invented.", user=cast.officer)


def restrict(cast: Cast, case: Referral) -> None:
    restrictions.restrict(
        referral=stages.now(case),
        by=cast.actor(cast.ngo_manager),
        at=cast.at,
        people=[cast.ngo_manager, cast.without_factor],
        reason="Invented reasons.",
    )


def end_membership(cast: Cast, case: Referral) -> None:
    row = Membership.objects.get(user=cast.officer)
    memberships.end_membership(membership=row, by=system_actor("tests", cast.at), at=cast.at)


class TestReaders:
    def test_are_the_audience_to_whom_the_case_is_open(
        self, cast: Cast, client_for: Callable[..., StrictClient]
    ) -> None:
        row = written(cast)
        sight = Sight(cast, row, client_for(cast.officer), cast.officer)
        shown = sight.shows()
        assert shown.pop("count") is False, "it has been read by now"
        assert all(shown.values()), shown

    @pytest.mark.parametrize(
        "who", ["co_ordinator", "other_manager", "police_officer", "rapporteur", "stranger"]
    )
    def test_are_never_those_without_a_grant(self, who: str, cast: Cast, client_for) -> None:
        row = written(cast)
        # Whoever put them into the audience.
        Participant.objects.filter(conversation=row, organisation=cast.authority).delete()
        for home in (cast.ministry, cast.other_ngo, cast.police):
            Participant.objects.create(conversation=row, organisation=home, last_at=cast.at)
        user = getattr(cast, who)
        shown = Sight(cast, row, client_for(user), user).shows()
        assert not any(shown.values()), shown

    def test_a_grant_alone_is_not_enough(self, cast: Cast) -> None:
        row = written(
            cast, with_=[Part(cast.authority, Role.OFFICER), Part(cast.ngo, "caseworker")]
        )
        seen = Conversation.objects.visible_to
        assert seen(cast.actor(cast.ngo_caseworker)).filter(pk=row.pk).exists()
        assert not seen(cast.actor(cast.ngo_manager)).filter(pk=row.pk).exists()

    def test_the_police_reads_nothing_about_its_own_referral(self, cast: Cast) -> None:
        case = stages.sent(cast, cast.police_officer)
        assert not talk.may_talk(cast.actor(cast.police_officer), case)
        assert cast.police not in audiences.reached(about(case), cast.at)
        with pytest.raises((NotAllowed, NotPossible)):
            written(cast, case, by=cast.police_officer)
        with pytest.raises(NotPossible):
            written(cast, case, by=cast.officer, with_=[Part(cast.police)])

    def test_emergency_access_opens_none(self, cast: Cast) -> None:
        row = written(cast)
        Participant.objects.create(conversation=row, organisation=cast.other_ngo, last_at=cast.at)
        emergency.ask(
            reference=case_of(row).reference,
            by=cast.actor(cast.other_manager),
            at=cast.at,
            reason_code="danger",
            reason="Invented reasons.",
        )
        actor = cast.actor(cast.other_manager)
        assert Referral.objects.visible_to(actor).filter(pk=case_of(row).pk).exists()
        assert not Conversation.objects.visible_to(actor).exists()
        assert cast.other_manager.pk not in {u for u, _o in talk.readers(row.subject_uuid, cast.at)}

    def test_a_program_reads_none(self, cast: Cast) -> None:
        from partners.access import actor_for
        from partners.roles import TOKEN_SCOPES

        written(cast)
        program = actor_for(cast.ngo_manager, at=cast.at, scopes=TOKEN_SCOPES)
        assert not Conversation.objects.visible_to(program).exists()

    @pytest.mark.parametrize("change", [None, "keep_out", "restrict", "withdraw", "run_out"])
    def test_those_told_are_those_who_see(self, change: str | None, cast: Cast) -> None:
        """The set-wise answer for notices and the one for each actor never disagree."""
        row = written(cast)
        works_for(cast.stranger, cast.authority, Role.CASEWORKER, cast.at)
        if change is not None:
            globals()[change](cast, case_of(row))
        told = {u for users in audiences.readers_of(row, cast.at).values() for u in users}
        people = Membership.objects.active(cast.at).select_related("user")
        seen = {
            each.user_id
            for each in people
            if Conversation.objects.visible_to(cast.actor(each.user)).filter(pk=row.pk).exists()
        }
        assert told == seen


class TestEnds:
    @pytest.mark.parametrize("end", [withdraw, run_out, keep_out, restrict, end_membership])
    def test_at_once_everywhere(self, end, cast: Cast, client_for) -> None:
        row = written(cast)
        client = client_for(cast.officer)
        end(cast, case_of(row))
        shown = Sight(cast, row, client, cast.officer).shows()
        assert not any(shown.values()), shown

    def test_for_whoever_is_suspended(self, cast: Cast, client_for) -> None:
        row = written(cast)
        client = client_for(cast.ngo_manager)
        assert client.get(page(row)).status_code == 200
        suspend(cast)
        shown = Sight(cast, row, client, cast.ngo_manager).shows()
        assert not any(shown.values()), shown

    def test_leaves_those_it_is_still_open_to(self, cast: Cast, client_for) -> None:
        row = written(cast)
        restrict(cast, case_of(row))
        assert client_for(cast.ngo_manager).get(page(row)).status_code == 200
        assert client_for(cast.ngo_caseworker).get(page(row)).status_code == 404

    def test_reminds_nobody_of_a_question_they_read_no_more(self, cast: Cast) -> None:
        row = written(cast)
        keep_out(cast, case_of(row))
        for minutes in (1, 60 * 24, 60 * 24 + 1, 60 * 48, 60 * 48 + 1, 60 * 24 * 4):
            release_those_who_read_no_more(cast.at + timedelta(minutes=minutes - 1))
            remind(cast.at + timedelta(minutes=minutes))
        told = Notice.objects.filter(kind__startswith="deadline_")
        assert set(told.values_list("recipient", flat=True)) == {
            cast.second_officer.pk,
            cast.ngo_caseworker.pk,
        }


class TestBeginning:
    def test_offers_those_to_whom_the_case_is_open(self, cast: Cast, client_for) -> None:
        case = stages.sent(cast)
        client = client_for(cast.ngo_caseworker)
        url = reverse("referrals:conversation-new", args=[case.uuid])
        assert url in client.get(reverse("referrals:detail", args=[case.uuid])).content.decode()
        body = client.get(url).content.decode()
        assert "Identification Office" in body
        assert "Open Door" not in body
        typed = {
            "topic": "case_safety",
            f"with_{cast.authority.uuid.hex}": "officer",
            f"with_{cast.ngo.uuid.hex}": "all",
            "text": SAID,
            "client_key": "one",
            "ask": [str(cast.authority.uuid)],
        }
        assert client.post(url, typed).status_code == 302
        row = Conversation.objects.get()
        assert row.subject == about(case)
        assert (
            page(row) in client.get(reverse("referrals:detail", args=[case.uuid])).content.decode()
        )
        listed = client_for(cast.officer).get(LIST).content.decode()
        assert case.reference in listed
        assert SAID not in listed

    def test_of_a_draft_there_is_nobody_to_write_to(self, cast: Cast, client_for) -> None:
        case = stages.draft(cast)
        url = reverse("referrals:conversation-new", args=[case.uuid])
        body = client_for(cast.ngo_caseworker).get(url).content.decode()
        assert "The case is open to nobody else" in body
        with pytest.raises(NotPossible):
            written(cast, case)

    def test_refuses_an_organisation_without_a_grant(self, cast: Cast) -> None:
        with pytest.raises(NotPossible):
            written(cast, with_=[Part(cast.other_ngo)])

    def test_refuses_a_topic_that_is_not_of_cases(self, cast: Cast) -> None:
        with pytest.raises(NotPossible):
            conversations.begin(
                topic="procedure",
                parts=[Part(cast.authority)],
                words=Words(SAID, "k"),
                subject=about(stages.sent(cast)),
                by=cast.actor(cast.ngo_caseworker),
                at=cast.at,
            )

    def test_the_page_of_the_case_asks_for_little_more(self, cast: Cast, client_for) -> None:
        case = stages.sent(cast)
        for _each in range(5):
            written(cast, case)
        actor = cast.actor(cast.officer)
        with at_most(2):
            assert talk.may_talk(actor, case)
            assert len(talk.conversations(actor, case)) == 5


class TestWords:
    def test_are_sealed_with_the_persons_key_and_go_with_it(self, cast: Cast, client_for) -> None:
        row = written(cast)
        client = client_for(cast.officer)
        assert SAID in client.get(page(row)).content.decode()
        Person.objects.filter(referrals__uuid=row.subject_uuid).update(data_key=None)
        answer = client.get(page(row))
        assert answer.status_code == 200
        assert "Erased" in answer.content.decode()
        assert SAID not in answer.content.decode()
        assert client.get(LIST).status_code == 200
        file = reverse(
            "partners:conversation-file", args=[row.uuid, MessageFile.objects.get().uuid]
        )
        assert client.post(file).status_code == 404
        with pytest.raises(Erased):
            written(cast, case_of(row))

    def test_reading_them_is_logged_as_reading_the_case(self, cast: Cast, client_for) -> None:
        row = written(cast)
        looked = AccessLog.objects.about("referral", row.subject_uuid)
        before = looked.count()
        client = client_for(cast.officer)
        client.get(page(row))
        client.post(
            reverse("partners:conversation-file", args=[row.uuid, MessageFile.objects.get().uuid])
        )
        newest = looked.order_by("-pk").values_list("field_group", "user_id")[
            : looked.count() - before
        ]
        assert set(newest) == {
            ("conversation", cast.officer.pk),
            ("conversation_file", cast.officer.pk),
        }

    def test_the_notice_and_the_mail_say_neither_case_nor_words(self, cast: Cast) -> None:
        row = written(cast)
        sweep(at=timezone.now() + timedelta(days=4), clock=timezone.now)
        letters = [each for each in mail.outbox if each.to == [cast.officer.email]]
        assert letters
        for letter in letters:
            said = f"{letter.subject} {letter.body}"
            assert case_of(row).reference not in said
            assert "interpreter" not in said


class TestClock:
    def test_binds_those_who_may_read_and_shows_them_the_reference(
        self, cast: Cast, client_for
    ) -> None:
        row = written(cast)
        clocks = Deadline.objects.open().filter(kind="contact_answer")
        assert set(clocks.values_list("user", flat=True)) == {
            cast.officer.pk,
            cast.second_officer.pk,
        }
        url = reverse("deadlines:calendar") + "?view=list"
        assert case_of(row).reference in client_for(cast.officer).get(url).content.decode()

    def test_is_met_by_an_answer(self, cast: Cast) -> None:
        row = written(cast)
        conversations.post(
            conversation=row,
            words=Words("An invented answer.", "k"),
            by=cast.actor(cast.second_officer),
            at=cast.at,
        )
        assert ContactAttempt.objects.get().outcome == Outcome.ANSWERED
        assert not Deadline.objects.open().filter(kind="contact_answer").exists()
