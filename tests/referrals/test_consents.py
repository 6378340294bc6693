"""Consent and the ways without it: an adult agrees, or nothing leaves the organisation."""

from datetime import time, timedelta

import pytest

from common.country import current
from common.workflow import MissingAnswers, NotAllowed, NotPossible
from deadlines.models import Notice
from ncm.reports.periods import Quarter
from ncm.reports.quarterly import tables
from partners.choices import Role
from referrals.choices import Basis, EventKind, State, TrackKind, TrackStatus
from referrals.lists import inbox_page, steered_page
from referrals.models import (
    Consent,
    Packet,
    Purpose,
    Referral,
    ReferralEvent,
    ReferralGroupGrant,
    Track,
)
from referrals.services import consents, referrals
from tests.referrals import stages
from tests.support.cast import Cast, works_for

pytestmark = [pytest.mark.django_db, pytest.mark.sqlite_too]


def track(referral: Referral, kind: str) -> str:
    return Track.objects.get(referral=referral, kind=kind).status


def from_outside(cast: Cast) -> dict[str, object]:
    """Everything anybody outside the NGO can see or count."""
    outsiders = (cast.co_ordinator, cast.officer, cast.other_manager, cast.rapporteur, cast.funder)
    now = cast.at.astimezone(current().time_zone).date()
    seen: dict[str, object] = {
        user.display_name: (
            sorted(Referral.objects.visible_to(cast.actor(user)).values_list("pk", flat=True)),
            str(inbox_page(cast.actor(user)).count),
            str(steered_page(cast.actor(user)).count),
            Notice.objects.filter(recipient=user).count(),
        )
        for user in outsiders
    }
    return seen | {"report": tables(Quarter.of(now))}


class TestConsent:
    def test_is_recorded_as_it_was_explained(self, cast: Cast) -> None:
        referral = consents.record_consent(
            referral=stages.draft(cast),
            by=cast.actor(cast.ngo_caseworker),
            at=cast.at,
            language="sq",
            with_interpreter=True,
        )
        consent = referral.consent
        assert (consent.purpose, consent.language, consent.with_interpreter) == (
            "referral",
            "sq",
            True,
        )
        assert (referral.basis, track(referral, TrackKind.CONSENT)) == (Basis.CONSENT, "given")

    def test_is_given_for_each_purpose_on_its_own(self, cast: Cast) -> None:
        by = cast.actor(cast.ngo_caseworker)
        referral = consents.record_consent(
            referral=stages.draft(cast),
            by=by,
            at=cast.at,
            language="en",
            purposes=[Purpose.STATISTICS],
        )
        assert (referral.basis, referral.consent) == ("", None)
        assert track(referral, TrackKind.CONSENT) == TrackStatus.NOT_ASKED

    def test_is_recorded_once(self, cast: Cast) -> None:
        referral = stages.consented(cast)
        again = consents.record_consent(
            referral=referral, by=cast.actor(cast.ngo_manager), at=cast.at, language="en"
        )
        assert again.consent == referral.consent
        assert Consent.objects.count() == 1

    def test_is_not_recorded_by_another_organisation(self, cast: Cast) -> None:
        with pytest.raises(NotAllowed):
            consents.record_consent(
                referral=stages.draft(cast),
                by=cast.actor(cast.other_manager),
                at=cast.at,
                language="en",
            )


class TestRefusal:
    def test_creates_nothing_that_anybody_outside_can_see_or_count(self, cast: Cast) -> None:
        before = from_outside(cast)
        referral = stages.refused(cast)
        assert from_outside(cast) == before
        assert Referral.objects.visible_to(cast.actor(cast.ngo_manager)).get() == referral
        assert Referral.objects.count() == 1

    def test_is_kept_in_the_working_file(self, cast: Cast) -> None:
        referral = stages.refused(cast)
        assert (referral.state, referral.basis) == (State.DRAFT, "")
        assert track(referral, TrackKind.CONSENT) == TrackStatus.REFUSED
        event = ReferralEvent.objects.get(referral=referral, kind=EventKind.CONSENT_REFUSED)
        assert (event.detail, event.section) == ("fear", "file")
        assert stages.now(referral).refusal_reason == ""

    def test_keeps_it_at_home(self, cast: Cast) -> None:
        with pytest.raises(NotPossible, match="without the person’s consent"):
            referrals.send_referral(
                referral=stages.refused(cast), by=cast.actor(cast.ngo_caseworker), at=cast.at
            )

    def test_is_not_for_ever(self, cast: Cast) -> None:
        by = cast.actor(cast.ngo_caseworker)
        referral = consents.record_consent(
            referral=stages.refused(cast), by=by, at=cast.at, language="sq"
        )
        assert track(referral, TrackKind.CONSENT) == TrackStatus.GIVEN
        sent = referrals.send_referral(referral=referral, by=by, at=cast.at)
        assert sent.state == State.SUBMITTED

    def test_not_now_is_another_answer_than_no(self, cast: Cast) -> None:
        referral = consents.record_refusal(
            referral=stages.draft(cast),
            by=cast.actor(cast.ngo_caseworker),
            at=cast.at,
            not_now=True,
        )
        assert track(referral, TrackKind.CONSENT) == TrackStatus.NOT_NOW

    def test_takes_back_what_was_agreed_before(self, cast: Cast) -> None:
        referral = consents.record_refusal(
            referral=stages.consented(cast), by=cast.actor(cast.ngo_caseworker), at=cast.at
        )
        assert (referral.basis, referral.consent) == ("", None)
        assert Consent.objects.get().withdrawn_at == cast.at

    def test_of_what_was_sent_is_a_withdrawal(self, cast: Cast) -> None:
        with pytest.raises(NotPossible):
            consents.record_refusal(
                referral=stages.sent(cast), by=cast.actor(cast.ngo_caseworker), at=cast.at
            )

    def test_is_not_asked_of_a_child(self, cast: Cast) -> None:
        with pytest.raises(NotPossible, match="child"):
            consents.record_refusal(
                referral=stages.draft(cast, is_child_now="yes"),
                by=cast.actor(cast.ngo_caseworker),
                at=cast.at,
            )


class TestWithdrawal:
    def test_ends_access_and_says_so_but_undoes_no_history(self, cast: Cast) -> None:
        referral = stages.sent(cast)
        officer = cast.actor(cast.officer)
        assert Referral.objects.visible_to(officer).filter(pk=referral.pk).exists()
        referral = self.withdraw(cast, referral)
        assert referral.state == State.WITHDRAWN
        assert not Referral.objects.visible_to(officer).filter(pk=referral.pk).exists()
        told = Notice.objects.filter(kind="referral_access_ended")
        assert {notice.recipient for notice in told} == {cast.officer, cast.second_officer}
        waiting = Notice.objects.filter(kind="referral_received", handled_at=None)
        assert not waiting.exists()
        assert Packet.objects.filter(referral=referral).exists()
        assert ReferralEvent.objects.filter(referral=referral, kind=EventKind.SENT).exists()

    def test_after_a_decision_leaves_the_decision(self, cast: Cast, monkeypatch) -> None:
        with stages.country_is(monkeypatch, "ua"):
            referral = stages.decided(cast, stages.sent(cast), "positive")
            referral = self.withdraw(cast, referral)
            assert referral.state == State.CONCL_POSITIVE
            officer = cast.actor(cast.officer)
            assert not Referral.objects.visible_to(officer).filter(pk=referral.pk).exists()

    def test_of_a_draft_leaves_a_draft(self, cast: Cast) -> None:
        referral = self.withdraw(cast, stages.consented(cast))
        assert (referral.state, referral.basis, referral.consent) == (State.DRAFT, "", None)

    @pytest.mark.parametrize("purpose", [Purpose.POLICE, Purpose.STATISTICS, Purpose.LINKING])
    def test_is_for_one_purpose(self, cast: Cast, purpose) -> None:
        by = cast.actor(cast.ngo_caseworker)
        referral = stages.sent(cast)
        referral = consents.record_consent(
            referral=referral, by=by, at=cast.at, language="sq", purposes=[purpose]
        )
        referral = consents.withdraw_consent(referral=referral, by=by, at=cast.at, purpose=purpose)
        assert referral.state == State.SUBMITTED
        assert referral.consent.withdrawn_at is None
        assert Consent.objects.get(purpose=purpose).withdrawn_at == cast.at

    def test_of_what_was_not_agreed_is_refused(self, cast: Cast) -> None:
        with pytest.raises(NotPossible):
            self.withdraw(cast, stages.draft(cast))

    def test_does_not_stop_a_childs_referral(self, cast: Cast) -> None:
        from referrals.workflow import referral_workflow

        referral = stages.child(cast)
        with pytest.raises(NotPossible, match="child"):
            referral_workflow().apply(
                referral, "withdraw", by=cast.actor(cast.ngo_caseworker), at=cast.at
            )

    def withdraw(self, cast: Cast, referral: Referral) -> Referral:
        by = cast.actor(cast.ngo_caseworker)
        return consents.withdraw_consent(referral=referral, by=by, at=cast.at)


class TestSupport:
    """Support never depends on identification, on consent, or on co-operation."""

    def test_never_depends_on_identification(self, cast: Cast, monkeypatch) -> None:
        by = cast.actor(cast.ngo_caseworker)
        with stages.country_is(monkeypatch, "gb"):
            made = {
                State.DRAFT: stages.draft(cast),
                State.SUBMITTED: stages.sent(cast),
                State.RETURNED: stages.returned(cast),
                State.PRELIM_NEGATIVE: stages.decided(cast, stages.sent(cast), "negative"),
                State.PRELIM_POSITIVE: stages.decided(cast, stages.sent(cast), "positive"),
                State.WITHDRAWN: consents.withdraw_consent(
                    referral=stages.sent(cast), by=by, at=cast.at
                ),
            }
            for state, referral in made.items():
                assert referral.state == state
                for status in ("offered", "receiving", "ended"):
                    moved = referrals.set_track(
                        referral=referral, kind="support", status=status, by=by, at=cast.at
                    )
                    assert moved.status == status
                assert stages.now(referral).state == state

    @pytest.mark.parametrize("act", ["refuse", "withdraw", "decide"])
    def test_stays_as_it_is_whatever_happens_to_the_rest(self, cast: Cast, act, monkeypatch):
        by = cast.actor(cast.ngo_caseworker)
        with stages.country_is(monkeypatch, "ua"):
            referral = stages.draft(cast) if act == "refuse" else stages.sent(cast)
            referrals.set_track(
                referral=referral, kind="support", status="receiving", by=by, at=cast.at
            )
            if act == "refuse":
                consents.record_refusal(referral=referral, by=by, at=cast.at)
            elif act == "withdraw":
                consents.withdraw_consent(referral=referral, by=by, at=cast.at)
            else:
                stages.decided(cast, referral, "negative")
        assert track(referral, TrackKind.SUPPORT) == TrackStatus.RECEIVING

    def test_is_said_by_whoever_keeps_the_file(self, cast: Cast) -> None:
        referral = stages.sent(cast)
        for user in (cast.officer, cast.other_manager, cast.co_ordinator):
            with pytest.raises(NotAllowed):
                referrals.set_track(
                    referral=referral,
                    kind="support",
                    status="offered",
                    by=cast.actor(user),
                    at=cast.at,
                )

    def test_takes_its_own_states_only(self, cast: Cast) -> None:
        by = cast.actor(cast.ngo_caseworker)
        for kind, status in (("support", "submitted"), ("identification", "concl_positive")):
            with pytest.raises(NotPossible):
                referrals.set_track(
                    referral=stages.draft(cast), kind=kind, status=status, by=by, at=cast.at
                )


class TestChild:
    @pytest.mark.parametrize("answer", ["unknown", "no", ""])
    def test_an_unknown_age_alone_keeps_the_adult_way(self, cast: Cast, answer: str) -> None:
        referral = stages.draft(cast, is_child_now=answer)
        assert referral.basis == ""
        with pytest.raises(MissingAnswers):
            consents.mark_child(referral=referral, by=cast.actor(cast.ngo_caseworker), at=cast.at)
        with pytest.raises(NotPossible, match="consent"):
            referrals.send_referral(
                referral=referral, by=cast.actor(cast.ngo_caseworker), at=cast.at
            )

    def test_recorded_reasons_open_the_way_for_children(self, cast: Cast) -> None:
        referral = consents.mark_child(
            referral=stages.draft(cast, is_child_now="unknown"),
            by=cast.actor(cast.ngo_caseworker),
            at=cast.at,
            reasons="Invented reasons to believe so.",
        )
        assert (referral.basis, referral.child_reasons) == (
            Basis.CHILD,
            "Invented reasons to believe so.",
        )
        assert track(referral, TrackKind.CONSENT) == TrackStatus.CHILD
        assert (
            consents.unmark_child(
                referral=referral, by=cast.actor(cast.ngo_caseworker), at=cast.at
            ).basis
            == ""
        )

    def test_an_answer_that_changes_closes_it_again(self, cast: Cast) -> None:
        referral = stages.draft(cast, is_child_now="yes")
        assert referral.basis == Basis.CHILD
        referral = referrals.save_answers(
            referral=referral,
            by=cast.actor(cast.ngo_caseworker),
            at=cast.at,
            version=referral.version,
            is_child_now="no",
        )
        assert referral.basis == ""

    def test_what_was_sent_does_not_lose_its_basis(self, cast: Cast) -> None:
        referral = referrals.ask_back(
            referral=stages.child(cast),
            by=cast.actor(cast.officer),
            at=cast.at,
            questions="How old?",
        )
        by = cast.actor(cast.ngo_caseworker)
        with pytest.raises(NotPossible, match="consent first"):
            referrals.save_answers(
                referral=referral, by=by, at=cast.at, version=referral.version, is_child_now="no"
            )
        referral = consents.record_consent(referral=referral, by=by, at=cast.at, language="sq")
        referral = referrals.save_answers(
            referral=referral, by=by, at=cast.at, version=referral.version, is_child_now="no"
        )
        assert referral.basis == Basis.CONSENT


class TestDutyToNotify:
    @pytest.fixture
    def gb(self, monkeypatch):
        with stages.country_is(monkeypatch, "gb"):
            yield

    def notify(self, cast: Cast, referral: Referral, user=None) -> Referral:
        by = cast.actor(user or cast.police_officer)
        return consents.notify_without_identity(
            referral=referral, by=by, at=cast.at, authority=cast.authority
        )

    def test_makes_a_record_of_codes_about_nobody(self, cast: Cast, gb) -> None:
        referral = stages.refused(cast, cast.police_officer)
        notice = self.notify(cast, referral)
        row = Referral.objects.get(pk=notice.pk)
        assert (row.state, row.basis) == (State.NOTIFIED, Basis.NOTIFIED)
        assert row.refusal_reason == "fear"
        assert row.exploitation == ("FORCED_LABOUR", "FORCED_BEGGING")
        empty = (
            "person", "consent", "referrer", "narrative_ct", "child_reasons_ct", "client_key",
            "situation", "batch",
        )  # fmt: skip
        assert [name for name in empty if getattr(row, name) is not None] == []
        assert row.language == ""
        assert not Track.objects.filter(referral=row).exists()

    def test_leads_back_to_no_file(self, cast: Cast, gb) -> None:
        referral = stages.refused(cast, cast.police_officer)
        notice = self.notify(cast, referral)
        assert notice.received_at.astimezone(current().time_zone).time() == time(12)
        event = ReferralEvent.objects.get(referral=notice)
        assert (event.at, event.by) == (notice.received_at, None)
        grants = ReferralGroupGrant.objects.filter(content_object=notice)
        assert {grant.sort_at for grant in grants} == {notice.received_at}
        told = Notice.objects.filter(kind="referral_received")
        assert {(n.created_at, n.created_by) for n in told} == {(notice.received_at, None)}
        assert stages.now(referral).state == State.DRAFT

    def test_is_in_no_statistics_of_referrals(self, cast: Cast, gb) -> None:
        notice = self.notify(cast, stages.refused(cast, cast.police_officer))
        assert tables(Quarter.of(notice.received_on))["referrals_total"] == 0
        assert not Referral.objects.counted().exists()

    def test_is_seen_by_the_authority_and_at_home_without_a_working_file(self, cast: Cast, gb):
        notice = self.notify(cast, stages.refused(cast, cast.police_officer))
        works_for(cast.stranger, cast.police, Role.MANAGER, cast.at)
        for user in (cast.officer, cast.stranger):
            assert notice in Referral.objects.visible_to(cast.actor(user))
        held = ReferralGroupGrant.objects.filter(content_object=notice)
        assert {grant.permission.codename for grant in held} == {"see_referral"}

    def test_happens_once(self, cast: Cast, gb) -> None:
        referral = stages.refused(cast, cast.police_officer)
        self.notify(cast, referral)
        with pytest.raises(NotPossible, match="already"):
            self.notify(cast, referral)

    def test_never_binds_an_ngo(self, cast: Cast, gb) -> None:
        before = Referral.objects.count()
        with pytest.raises(NotPossible, match="public bodies only"):
            self.notify(cast, stages.refused(cast), cast.ngo_caseworker)
        assert Referral.objects.count() == before + 1

    def test_exists_only_where_the_country_has_it(self, cast: Cast) -> None:
        with pytest.raises(NotPossible, match="no duty to notify"):
            self.notify(cast, stages.refused(cast, cast.police_officer))

    def test_follows_a_refusal_only(self, cast: Cast, gb) -> None:
        for referral in (
            stages.draft(cast, cast.police_officer),
            stages.draft(cast, cast.police_officer, is_child_now="yes"),
        ):
            with pytest.raises(NotPossible, match="refused"):
                self.notify(cast, referral)

    def test_is_not_about_somebody_who_agreed_after_all(self, cast: Cast, gb) -> None:
        referral = stages.refused(cast, cast.police_officer)
        by = cast.actor(cast.police_officer, cast.at + timedelta(minutes=1))
        referral = consents.record_consent(referral=referral, by=by, at=cast.at, language="en")
        with pytest.raises(NotPossible, match="refused"):
            self.notify(cast, referral)
