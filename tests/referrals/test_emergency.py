"""Emergency access: opened for an hour under three notices, reviewed by somebody else's people."""

from datetime import timedelta
from typing import Any

import pytest
from django.conf import settings
from django.db import IntegrityError, transaction
from django.urls import reverse

from accounts.choices import LogAction
from accounts.models import AccessLog
from common.workflow import MissingAnswers, NotAllowed, NotPossible
from deadlines.models import Mail, Notice
from partners import upkeep
from partners.access import actor_for
from partners.choices import Role
from referrals import emergency_notices as told
from referrals.acts import offers
from referrals.choices import EmergencyReason, EventKind, ReviewOutcome
from referrals.models import EmergencyAccess, Referral
from referrals.sections import IN_AN_EMERGENCY, sections
from referrals.services import decisions, emergency, exclusions, identity, restrictions
from tests.referrals import stages
from tests.referrals.stages import now
from tests.support.cast import Cast, person, works_for

pytestmark = pytest.mark.django_db
WHY = "Invented: she stands at our door and is hurt."
THREE = {told.GLASS_KEEPER, told.GLASS_OWN, told.GLASS_OVERSEEN}


@pytest.fixture
def helper(cast: Cast) -> Any:
    """A caseworker of another NGO, to whom no case is open."""
    works_for(cast.stranger, cast.other_ngo, Role.CASEWORKER, cast.at - timedelta(hours=1))
    return cast.stranger


def ask(cast: Cast, who: Any, referral: Referral, at: Any = None, **more: Any) -> EmergencyAccess:
    at = at or cast.at
    said = {"reason_code": EmergencyReason.DANGER, "reason": WHY, **more}
    by = cast.actor(who, at)
    return emergency.ask(reference=referral.reference, by=by, at=at, **said)


def review(cast: Cast, access: EmergencyAccess, outcome: str, who: Any = None) -> EmergencyAccess:
    return emergency.review(
        access=access,
        by=cast.actor(who or cast.ngo_manager),
        at=cast.at,
        outcome=outcome,
        finding="Invented finding of the review.",
    )


def restricted(cast: Cast) -> Referral:
    referral = stages.sent(cast)
    restrictions.restrict(
        referral=referral,
        by=cast.actor(cast.ngo_caseworker),
        at=cast.at,
        people=[cast.ngo_caseworker, cast.ngo_manager],
        reason="Invented reasons.",
    )
    return referral


class TestAsk:
    def test_opens_who_it_is_for_an_hour_and_nothing_that_was_told(
        self, cast: Cast, helper
    ) -> None:
        referral = stages.sent(cast)
        ask(cast, helper, referral)
        actor = cast.actor(helper)
        assert sections(actor, referral) == IN_AN_EMERGENCY
        opened = identity.open_identity(
            referral=now(referral), by=actor, at=cast.at, reason="safety"
        )
        assert opened.name == stages.NAME
        assert opened.safe_contact
        over = cast.actor(helper, cast.at + settings.EMERGENCY_ACCESS_FOR)
        assert sections(over, referral) == frozenset()
        assert not Referral.objects.visible_to(over).filter(pk=referral.pk).exists()
        upkeep.end_expired(over.at)
        assert not list(upkeep.drift(at=over.at))

    def test_leaves_three_notices_an_event_and_a_line_of_the_log(self, cast: Cast, helper) -> None:
        referral = stages.sent(cast)
        access = ask(cast, helper, referral)
        notices = Notice.objects.filter(subject_uuid=access.uuid)
        assert set(notices.values_list("kind", flat=True)) == THREE
        by_kind = {
            kind: set(notices.filter(kind=kind).values_list("recipient", flat=True))
            for kind in THREE
        }
        assert by_kind[told.GLASS_KEEPER] == {
            cast.ngo_caseworker.pk, cast.ngo_manager.pk, cast.without_factor.pk
        }  # fmt: skip
        assert by_kind[told.GLASS_OWN] == {cast.other_manager.pk}
        assert by_kind[told.GLASS_OVERSEEN] == {cast.co_ordinator.pk, cast.second_co_ordinator.pk}
        assert Mail.objects.filter(recipient=cast.other_manager).exists(), "at once"
        assert referral.events.filter(kind=EventKind.GLASS_BROKEN).count() == 1
        log = AccessLog.objects.about("referral", referral.uuid)
        assert log.filter(action=LogAction.BREAK_GLASS, user=helper).count() == 1
        assert WHY.encode() not in bytes(access.reason_ct)

    def test_opens_nothing_where_nobody_would_be_told(
        self, cast: Cast, helper, monkeypatch
    ) -> None:
        referral = stages.sent(cast)
        monkeypatch.setattr(emergency.closing, "co_ordinators", lambda at: [])
        with pytest.raises(NotPossible, match="Nobody would be told"):
            ask(cast, helper, referral)
        assert not EmergencyAccess.objects.exists()
        assert sections(cast.actor(helper), referral) == frozenset()

    def test_is_never_for_law_enforcement_nor_for_those_who_do_not_work_on_cases(
        self, cast: Cast
    ) -> None:
        referral = stages.sent(cast)
        for who in (cast.police_officer, cast.co_ordinator, cast.rapporteur, cast.funder):
            with pytest.raises(NotAllowed):
                ask(cast, who, referral)

    def test_is_not_for_what_is_open_already(self, cast: Cast) -> None:
        with pytest.raises(NotPossible, match="open to you already"):
            ask(cast, cast.ngo_manager, stages.sent(cast))

    def test_needs_a_reason(self, cast: Cast, helper) -> None:
        with pytest.raises(MissingAnswers):
            ask(cast, helper, stages.sent(cast), reason=" ")

    def test_does_not_tell_who_is_kept_out_that_there_is_a_case(self, cast: Cast, helper) -> None:
        referral = stages.sent(cast)
        exclusions.exclude(
            referral=referral,
            by=cast.actor(cast.ngo_manager),
            at=cast.at,
            reason="Invented reasons.",
            user=helper,
        )
        with pytest.raises(NotPossible) as kept_out:
            ask(cast, helper, referral)
        with pytest.raises(NotPossible) as never:
            ask(cast, helper, Referral(reference="R-0000-0000"))
        assert str(kept_out.value) == str(never.value)

    def test_stops_somebody_who_tries_references(self, cast: Cast, helper) -> None:
        for _each in range(emergency.TRIES):
            with pytest.raises(NotPossible):
                ask(cast, helper, Referral(reference="R-0000-0000"))
        with pytest.raises(NotAllowed, match="Too many"):
            ask(cast, helper, stages.sent(cast))
        later = cast.at + timedelta(hours=1, minutes=1)
        assert ask(cast, helper, stages.sent(cast), at=later).opened_at == later


class TestARestrictedCase:
    def test_takes_two_people_of_two_organisations(self, cast: Cast, helper) -> None:
        referral = restricted(cast)
        access = ask(cast, helper, referral)
        assert access.opened_at is None
        assert sections(cast.actor(helper), now(referral)) == frozenset()
        waiting = Notice.objects.filter(kind=told.SECOND_NEEDED, subject_uuid=access.uuid)
        assert set(waiting.values_list("recipient", flat=True)) == {
            cast.ngo_caseworker.pk, cast.ngo_manager.pk
        }  # fmt: skip
        works_for(cast.funder, cast.other_ngo, Role.CASEWORKER, cast.at)
        for who in (
            helper,
            cast.other_manager,
            cast.funder,
            cast.without_factor,
            cast.co_ordinator,
        ):
            with pytest.raises(NotAllowed):
                emergency.agree(access=access, by=cast.actor(who), at=cast.at)
        emergency.agree(access=access, by=cast.actor(cast.ngo_manager), at=cast.at)
        assert sections(cast.actor(helper), now(referral)) == IN_AN_EMERGENCY
        kinds = set(Notice.objects.filter(subject_uuid=access.uuid).values_list("kind", flat=True))
        assert kinds >= THREE
        keeper = Notice.objects.filter(kind=told.GLASS_KEEPER, subject_uuid=access.uuid)
        assert cast.without_factor.pk not in set(keeper.values_list("recipient", flat=True))

    def test_counts_nobody_as_second_who_works_for_the_first_too(self, cast: Cast, helper) -> None:
        access = ask(cast, helper, restricted(cast))
        works_for(cast.ngo_manager, cast.other_ngo, Role.CASEWORKER, cast.at)
        at_home = actor_for(cast.ngo_manager, at=cast.at, organisation_uuid=cast.ngo.uuid)
        with pytest.raises(NotAllowed):
            emergency.agree(access=access, by=at_home, at=cast.at)
        waiting = Notice.objects.filter(kind=told.SECOND_NEEDED, subject_uuid=access.uuid)
        assert cast.ngo_caseworker.pk in set(waiting.values_list("recipient", flat=True))

    def test_opens_to_nobody_when_the_second_refuses(self, cast: Cast, helper) -> None:
        referral = restricted(cast)
        access = ask(cast, helper, referral)
        emergency.refuse(access=access, by=cast.actor(cast.ngo_manager), at=cast.at)
        with pytest.raises(NotPossible):
            emergency.agree(access=access, by=cast.actor(cast.ngo_caseworker), at=cast.at)
        assert sections(cast.actor(helper), now(referral)) == frozenset()

    def test_is_held_by_the_database_too(self, cast: Cast, helper) -> None:
        access = ask(cast, helper, restricted(cast))
        opened = {
            "opened_at": cast.at,
            "until_at": cast.at + timedelta(hours=1),
            "review_due_at": cast.at,
        }
        rows = EmergencyAccess.objects.filter(pk=access.pk)
        own = {"agreed_at": cast.at, "agreed_by": cast.other_manager, "agreed_for": cast.other_ngo}
        for change in (opened, {**opened, **own}, own):
            with pytest.raises(IntegrityError), transaction.atomic():
                rows.update(**change)


class TestReview:
    def test_is_for_people_of_another_organisation(self, cast: Cast, helper) -> None:
        access = ask(cast, helper, stages.sent(cast))
        for who in (helper, cast.other_manager):
            with pytest.raises(NotAllowed):
                review(cast, access, ReviewOutcome.JUSTIFIED, who)
        works_for(cast.ngo_caseworker, cast.other_ngo, Role.CASEWORKER, cast.at)
        with pytest.raises(NotAllowed):
            review(cast, access, ReviewOutcome.JUSTIFIED, cast.ngo_caseworker)
        assert review(cast, access, ReviewOutcome.JUSTIFIED).reviewed_for == cast.ngo
        with pytest.raises(NotPossible):
            review(cast, access, ReviewOutcome.MISUSE, cast.co_ordinator)

    def test_is_not_for_somebody_who_opened_it_in_an_emergency_too(
        self, cast: Cast, helper
    ) -> None:
        referral = stages.sent(cast)
        access = ask(cast, helper, referral)
        ask(cast, cast.unlisted_manager, referral)
        accomplice = cast.actor(cast.unlisted_manager)
        assert not EmergencyAccess.objects.visible_to(accomplice).filter(pk=access.pk).exists()
        with pytest.raises(NotAllowed):
            review(cast, access, ReviewOutcome.JUSTIFIED, cast.unlisted_manager)

    def test_that_is_late_closes_the_right_and_is_said_once_a_day(self, cast: Cast, helper) -> None:
        access, other = ask(cast, helper, stages.sent(cast)), stages.sent(cast)
        late = cast.at + settings.EMERGENCY_REVIEW_WITHIN
        assert emergency.remind_of_reviews(late - timedelta(seconds=1)) == 0
        with pytest.raises(NotAllowed, match="not been reviewed"):
            ask(cast, helper, other, at=late)
        reminded = Notice.objects.filter(kind=told.REVIEW_LATE, recipient=cast.co_ordinator)
        for number in (1, 1, 2):
            emergency.remind_of_reviews(late if number == 1 else late + timedelta(days=1))
            assert reminded.count() == number
        review(cast, access, ReviewOutcome.JUSTIFIED)
        assert ask(cast, helper, other, at=late).opened_at == late

    def test_that_finds_misuse_ends_it_and_closes_the_right_for_a_year(
        self, cast: Cast, helper
    ) -> None:
        referral = stages.sent(cast)
        access = ask(cast, helper, referral)
        review(cast, access, ReviewOutcome.MISUSE, cast.co_ordinator)
        assert sections(cast.actor(helper), referral) == frozenset(), "at once"
        misused = Notice.objects.filter(kind=told.MISUSED).values_list("recipient", flat=True)
        assert {cast.other_manager.pk, cast.ngo_manager.pk} <= set(misused)
        with pytest.raises(NotAllowed, match="misused"):
            ask(cast, helper, stages.sent(cast))
        later = cast.at + settings.EMERGENCY_BARRED_FOR
        assert ask(cast, helper, stages.sent(cast), at=later).opened_at

    def test_shows_the_co_ordination_who_and_why_and_not_which_restricted_case(
        self, cast: Cast, helper, client_for
    ) -> None:
        referral = restricted(cast)
        access = ask(cast, helper, referral)
        emergency.agree(access=access, by=cast.actor(cast.ngo_manager), at=cast.at)
        client = client_for(cast.co_ordinator)
        page = client.get(reverse("referrals:emergency-access", args=[access.uuid]))
        text = page.content.decode()
        assert WHY in text
        assert referral.reference not in text
        assert str(referral.uuid) not in text
        assert (
            referral.reference not in client.get(reverse("referrals:emergencies")).content.decode()
        )


class TestThePages:
    def test_open_answer_and_review_from_the_browser(self, cast: Cast, helper, client_for) -> None:
        referral = stages.sent(cast)
        client = client_for(helper)
        form = {"reference": referral.reference.lower(), "reason_code": "danger", "reason": WHY}
        response = client.post(reverse("referrals:emergency-ask"), form)
        detail = reverse("referrals:detail", args=[referral.uuid])
        assert response["Location"] == detail
        text = client.get(detail).content.decode()
        assert reverse("referrals:identity", args=[referral.uuid]) in text
        assert stages.STORY not in text
        assert cast.ngo.display_name in text
        access = EmergencyAccess.objects.get()
        url = reverse("referrals:emergency-access", args=[access.uuid])
        assert client.post(url, {"outcome": "justified", "finding": "x"}).status_code == 403
        reviewer = client_for(cast.ngo_manager)
        assert "Record the review" in reviewer.get(url).content.decode()
        reviewer.post(url, {"outcome": "justified", "finding": "Invented finding."})
        access.refresh_from_db()
        assert access.outcome == "justified"
        assert client_for(cast.unlisted_manager).get(url).status_code == 404

    def test_say_what_is_wrong_and_keep_what_was_typed(
        self, cast: Cast, helper, client_for
    ) -> None:
        form = {"reference": "R-7F3K-92QB", "reason_code": "danger", "reason": WHY}
        page = client_for(helper).post(reverse("referrals:emergency-ask"), form).content.decode()
        assert "No case has this reference" in page
        assert WHY in page
        assert AccessLog.objects.filter(reason_code=emergency.NOT_FOUND, user=helper).count() == 1

    def test_list_in_the_same_number_of_queries(self, cast: Cast, helper, client_for) -> None:
        from django.db import connection
        from django.test.utils import CaptureQueriesContext

        client, counts = client_for(cast.ngo_manager), []
        for number in (1, 4):
            for _each in range(number):
                ask(cast, helper, stages.sent(cast))
            with CaptureQueriesContext(
                connection,
            ) as queries:
                client.get(reverse("referrals:emergencies"))
            counts.append(len(queries))
        assert counts[0] == counts[1]
        assert counts[0] <= 12


class TestTheGrantOfAnHour:
    def test_is_to_read(self, cast: Cast, helper) -> None:
        referral = stages.sent(cast)
        ask(cast, helper, referral)
        by = cast.actor(helper)
        assert [offer.name for offer in offers(referral, by)] == []
        with pytest.raises(NotAllowed):
            decisions.give_opinion(referral=referral, by=by, at=cast.at, text="Invented opinion.")

    def test_is_one_persons(self, cast: Cast, helper) -> None:
        works_for(person("Another Helper", cast.at), cast.other_ngo, Role.CASEWORKER, cast.at)
        referral = stages.sent(cast)
        ask(cast, helper, referral)
        assert sections(cast.actor(cast.other_manager), referral) == frozenset()
