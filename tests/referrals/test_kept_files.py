"""Files that are kept stay workable without the capacity; law enforcement learns of no end."""

import pytest
from django.urls import reverse

from common.marks import Permission
from common.workflow import NotAllowed
from deadlines.models import Deadline, Notice
from partners.access import actor_for, may
from partners.choices import Capacity
from partners.models import HeldCapacity
from referrals import clocks, reading
from referrals.choices import CLOSED, CLOSED_STATES, EventKind, State, TrackKind, TrackStatus
from referrals.models import Referral
from referrals.sections import decisions_open, states_asked, status, timeline
from referrals.services import consents, referrals
from referrals.steps import record
from tests.referrals import stages
from tests.support.cast import Cast

pytestmark = [pytest.mark.django_db, pytest.mark.sqlite_too]
P = Permission
LIST = reverse("referrals:inbox")


def page(client, referral: Referral) -> str:
    return client.get(reverse("referrals:detail", args=[referral.uuid])).content.decode()


class TestWithoutTheCapacity:
    """Lantern House is a first responder no longer."""

    @pytest.fixture
    def ended(self, cast: Cast):
        def end() -> None:
            HeldCapacity.objects.filter(
                organisation=cast.ngo, capacity=Capacity.FIRST_RESPONDER
            ).update(ended_at=cast.at)

        return end

    def test_nothing_new_is_begun_or_sent(self, cast: Cast, client_for, ended) -> None:
        referral = stages.consented(cast)
        ended()
        by = cast.actor(cast.ngo_caseworker)
        assert P.REFERRAL_MAKE not in by.permissions
        with pytest.raises(NotAllowed):
            referrals.open_referral(by=by, at=cast.at)
        with pytest.raises(NotAllowed):
            referrals.send_referral(referral=referral, by=by, at=cast.at)
        desk = client_for(cast.ngo_caseworker)
        assert desk.get(reverse("referrals:new")).status_code == 403
        shown = desk.get(reverse("referrals:check", args=[referral.uuid])).content.decode()
        assert "is not a first responder any more" in shown

    def test_the_person_can_still_withdraw(self, cast: Cast, client_for, ended) -> None:
        referral = stages.sent(cast)
        ended()
        desk = client_for(cast.ngo_caseworker)
        url = reverse("referrals:act", args=[referral.uuid, "withdraw"])
        assert "The person withdraws" in page(desk, referral)
        desk.post(url, {"version": referral.version})
        assert stages.now(referral).state == State.WITHDRAWN

    def test_questions_are_answered_and_support_goes_on(self, cast: Cast, ended) -> None:
        referral = stages.returned(cast)
        ended()
        by = cast.actor(cast.ngo_caseworker)
        assert may(by, P.REFERRAL_KEEP, referral)
        assert stages.answered(cast, referral).state == State.SUBMITTED
        track = referrals.set_track(
            referral=referral,
            kind=TrackKind.SUPPORT,
            status=TrackStatus.RECEIVING,
            by=by,
            at=cast.at,
        )
        assert track.status == TrackStatus.RECEIVING

    def test_a_token_given_before_goes_on_too(self, cast: Cast, ended) -> None:
        referral = stages.sent(cast)
        ended()
        scopes = [P.REFERRAL_SEE, P.REFERRAL_MAKE]
        token = actor_for(cast.ngo_caseworker, at=cast.at, scopes=scopes)
        assert may(token, P.REFERRAL_KEEP, referral)
        assert not may(token, P.REFERRAL_MAKE, referral)

    def test_a_kept_draft_can_be_worked_on(self, cast: Cast, client_for, ended) -> None:
        referral = stages.draft(cast)
        ended()
        desk = client_for(cast.ngo_caseworker)
        assert desk.get(reverse("referrals:log", args=[referral.uuid])).status_code == 200
        assert "New referral" not in desk.get(LIST).content.decode()


def withdrawn(cast: Cast) -> Referral:
    referral = stages.sent(cast, cast.police_officer)
    by = cast.actor(cast.police_officer)
    return consents.withdraw_consent(referral=referral, by=by, at=cast.at)


def refused(cast: Cast) -> Referral:
    return stages.decided(cast, stages.sent(cast, cast.police_officer), "negative")


class TestLawEnforcement:
    @pytest.mark.parametrize("end", [withdrawn, refused])
    def test_reads_one_word_for_each_end_it_may_not_know(self, cast: Cast, client_for, end) -> None:
        referral = end(cast)
        assert referral.state in CLOSED_STATES
        actor, desk = cast.actor(cast.police_officer), client_for(cast.police_officer)
        assert status(actor, referral) == CLOSED
        for shown in (page(desk, referral), desk.get(LIST).content.decode()):
            assert "Closed" in shown
            for word in ("Withdrawn", "withdrawn", "not found"):
                assert word not in shown.split("<main")[1], word
        assert not decisions_open(actor, referral).exists()
        assert not timeline(actor, referral).filter(new_state__in=CLOSED_STATES).exists()
        assert not may(actor, P.REFERRAL_KEEP, referral), "an act would tell what the word hides"
        told = Notice.objects.filter(recipient=cast.police_officer, kind="referral_decided")
        assert not told.exists()

    @pytest.mark.parametrize("end", [withdrawn, refused])
    def test_reads_no_more_through_a_program(self, cast: Cast, end) -> None:
        referral, actor = end(cast), cast.actor(cast.police_officer)
        case = reading.case(referral, actor)
        assert (case["state"], case["decisions"]) == (CLOSED, [])
        assert reading.line(referral, None, actor)["state"] == CLOSED
        assert not set(CLOSED_STATES) & {event["new_state"] for event in case["events"]}
        for code in (*CLOSED_STATES, CLOSED):
            assert states_asked(actor, [code]) == CLOSED_STATES

    def test_is_offered_no_filter_that_tells_them_apart(self, cast: Cast, client_for) -> None:
        desk = client_for(cast.police_officer)
        ended = {withdrawn(cast).reference, refused(cast).reference}
        values = [value for value, _name in desk.get(LIST).context["filter"]["state"].field.choices]
        assert CLOSED in values
        assert not set(values) & set(CLOSED_STATES)
        for narrowed in ({"show": "decided"}, {"state": CLOSED}):
            rows = desk.get(LIST, narrowed).context["rows"]
            assert {row[0]["text"] for row in rows} == ended
        rows = desk.get(LIST, {"state": CLOSED}).context["rows"]
        assert {row[0]["text"] for row in rows} == ended
        assert len(desk.get(LIST, {"state": State.WITHDRAWN}).context["rows"]) == 2, "not narrowed"

    def test_is_told_of_a_positive_decision(self, cast: Cast, client_for) -> None:
        referral = stages.decided(cast, stages.sent(cast, cast.police_officer), "positive")
        desk = client_for(cast.police_officer)
        assert "Reasonable grounds found" in page(desk, referral)
        assert Notice.objects.filter(
            recipient=cast.police_officer, kind="referral_decided"
        ).exists()

    def test_nobody_else_reads_less(self, cast: Cast, client_for) -> None:
        referral = stages.sent(cast)
        by = cast.actor(cast.ngo_caseworker)
        consents.withdraw_consent(referral=referral, by=by, at=cast.at)
        assert "Withdrawn by the person" in page(client_for(cast.ngo_caseworker), referral)

    def test_is_told_of_nothing_but_the_status(self, cast: Cast, client_for) -> None:
        referral = stages.sent(cast, cast.police_officer)
        record(referral, EventKind.HANDED_OVER, by=cast.actor(cast.officer), at=cast.at)
        actor, desk = cast.actor(cast.police_officer), client_for(cast.police_officer)
        kinds = set(timeline(actor, referral).values_list("kind", flat=True))
        assert kinds == {EventKind.SENT}
        for shown in (page(desk, referral), desk.get(LIST).content.decode()):
            assert cast.authority.display_name not in shown

    def test_is_not_told_by_the_clock_of_an_appeal(
        self, cast: Cast, client_for, monkeypatch
    ) -> None:
        with stages.country_is(monkeypatch, "ie"):
            found = stages.decided(cast, stages.sent(cast, cast.police_officer), "positive")
            stages.decided(cast, found, "negative")
            row = Deadline.objects.get(kind=clocks.APPEAL)
            answer = client_for(cast.police_officer).get(
                reverse("deadlines:deadline", args=[row.uuid])
            )
        assert answer.status_code == 404
