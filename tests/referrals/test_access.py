"""Who sees which part of a referral, and the grants that follow from each act, exactly."""

from datetime import timedelta

import pytest

from common.marks import Permission
from common.profile import Sight
from partners import grants
from partners.access import anonymous, may, register_rule, system_actor
from partners.choices import Capacity, GrantReason, Role
from partners.models import HeldCapacity
from referrals.access import may_to
from referrals.choices import EventKind, Section, State
from referrals.models import Referral, ReferralGrantBasis, ReferralGroupGrant
from referrals.sections import (
    OWN_WORDS,
    RECEIVED,
    STATUS_ONLY,
    WORKING_FILE,
    comment_open,
    header_sight,
    questions_open,
    sections,
    timeline,
)
from referrals.services import consents
from tests.referrals import stages
from tests.support.cast import Cast, works_for
from tests.support.queries import at_most

pytestmark = [pytest.mark.django_db, pytest.mark.sqlite_too]
P = Permission
OWN = WORKING_FILE | {Section.IDENTITY, Section.CONTACT}
NOTHING: frozenset[Section] = frozenset()

#: Who sees what of the NGO's referral: while it is a draft, and once it is sent.
SEEN = {
    "ngo_caseworker": (OWN, OWN),
    "ngo_manager": (OWN, OWN),
    "officer": (NOTHING, RECEIVED),
    "second_officer": (NOTHING, RECEIVED),
    "co_ordinator": (NOTHING, STATUS_ONLY),
    "administrator": (NOTHING, NOTHING),
    "rapporteur": (NOTHING, NOTHING),
    "funder": (NOTHING, NOTHING),
    "other_manager": (NOTHING, NOTHING),
    "police_officer": (NOTHING, NOTHING),
    "former": (NOTHING, NOTHING),
    "applicant": (NOTHING, NOTHING),
    "stranger": (NOTHING, NOTHING),
}


def sees(actor, referral: Referral) -> bool:
    return Referral.objects.visible_to(actor).filter(pk=referral.pk).exists()


class TestSections:
    @pytest.mark.parametrize("who", list(SEEN))
    def test_are_as_the_table_says(self, cast: Cast, who: str) -> None:
        actor = cast.actor(getattr(cast, who))
        draft, sent = stages.consented(cast), stages.sent(cast)
        for referral, expected in zip((draft, sent), SEEN[who], strict=True):
            assert sections(actor, referral) == expected
            assert sees(actor, referral) == bool(expected)

    def test_are_none_for_nobody_in_particular(self, cast: Cast) -> None:
        referral = stages.sent(cast)
        assert sections(anonymous(cast.at), referral) == NOTHING
        assert not sees(anonymous(cast.at), referral)

    def test_of_history_are_nobodys(self, cast: Cast) -> None:
        referral = stages.sent(cast)
        referral.origin = "historical"  # as a row that an import wrote; nothing is saved
        assert sections(cast.actor(cast.co_ordinator), referral) == NOTHING

    def test_cost_at_most_two_queries(self, cast: Cast) -> None:
        referral = stages.sent(cast)
        actor = cast.actor(cast.ngo_caseworker)
        with at_most(2):
            sections(actor, referral)

    def test_the_co_ordination_sees_of_the_header_what_the_country_lets_it(
        self, cast: Cast, monkeypatch
    ) -> None:
        referral = stages.sent(cast)
        steers = cast.actor(cast.co_ordinator)
        assert header_sight(steers, referral) == frozenset(Sight)
        with stages.country_is(monkeypatch, "joint"):
            assert header_sight(steers, referral) == {Sight.REFERENCE, Sight.STATUS}
        assert header_sight(cast.actor(cast.other_manager), referral) == frozenset()


class TestLawEnforcement:
    def test_sees_its_own_words_until_they_are_sent_then_the_status(self, cast: Cast) -> None:
        actor = cast.actor(cast.police_officer)
        draft = stages.consented(cast, cast.police_officer)
        assert sections(actor, draft) == OWN_WORDS
        assert Section.CONTACT not in OWN_WORDS
        assert Section.SUPPORT not in OWN_WORDS
        sent = stages.sent(cast, cast.police_officer)
        assert sections(actor, sent) == STATUS_ONLY
        assert header_sight(actor, sent) == {Sight.REFERENCE, Sight.STATUS}

    def test_sees_its_words_again_when_it_is_asked(self, cast: Cast) -> None:
        referral = stages.returned(cast, cast.police_officer)
        actor = cast.actor(cast.police_officer)
        opened = sections(actor, referral)
        assert opened == OWN_WORDS
        assert questions_open(opened)
        referral = stages.answered(cast, referral, cast.police_officer)
        assert sections(actor, referral) == STATUS_ONLY

    def test_sees_no_colleagues_case(self, cast: Cast) -> None:
        works_for(cast.stranger, cast.police, Role.CASEWORKER, cast.at, is_enforcement=True)
        referral = stages.consented(cast, cast.police_officer)
        other = cast.actor(cast.stranger)
        assert sections(other, referral) == NOTHING
        assert not sees(other, referral)
        assert not may(other, P.REFERRAL_MAKE, referral)

    def test_never_decides(self, cast: Cast) -> None:
        works_for(cast.stranger, cast.authority, Role.OFFICER, cast.at, is_enforcement=True)
        referral = stages.sent(cast)
        actor = cast.actor(cast.stranger)
        assert P.REFERRAL_DECIDE in actor.permissions
        assert not sees(actor, referral)
        assert not may(actor, P.REFERRAL_DECIDE, referral)


class TestMay:
    def test_make_belongs_to_whoever_keeps_the_file(self, cast: Cast) -> None:
        referral = stages.sent(cast)
        allowed = {
            who for who in SEEN if may(cast.actor(getattr(cast, who)), P.REFERRAL_MAKE, referral)
        }
        assert allowed == {"ngo_caseworker", "ngo_manager"}

    def test_decide_belongs_to_the_officers(self, cast: Cast) -> None:
        referral = stages.sent(cast)
        allowed = {
            who for who in SEEN if may(cast.actor(getattr(cast, who)), P.REFERRAL_DECIDE, referral)
        }
        assert allowed == {"officer", "second_officer"}

    def test_make_ends_with_the_capacity(self, cast: Cast) -> None:
        referral = stages.draft(cast)
        HeldCapacity.objects.filter(
            organisation=cast.ngo, capacity=Capacity.FIRST_RESPONDER
        ).update(ended_at=cast.at)
        actor = cast.actor(cast.ngo_caseworker)
        assert P.REFERRAL_MAKE not in actor.permissions
        assert not may(actor, P.REFERRAL_MAKE, referral)
        assert sees(actor, referral), "one's own files stay readable"

    def test_the_officers_role_needs_the_capacity(self, cast: Cast) -> None:
        HeldCapacity.objects.filter(organisation=cast.authority).update(ended_at=cast.at)
        assert P.REFERRAL_DECIDE not in cast.actor(cast.officer).permissions

    def test_two_rules_for_one_model_are_refused(self) -> None:
        register_rule(Referral, may_to)  # the same again is no other rule
        with pytest.raises(ValueError, match="Two rules"):
            register_rule(Referral, lambda actor, permission, row: may_to(actor, permission, row))

    def test_the_system_may(self, cast: Cast) -> None:
        system = system_actor("tests", cast.at)
        referral = stages.sent(cast)
        assert may(system, P.REFERRAL_MAKE, referral)
        assert sections(system, referral) == frozenset(Section)


def granted(referral: Referral) -> set[tuple[str, str, str]]:
    """(organisation, role, permission) of every grant row."""
    return {
        (
            row.group.role_group.organisation.name.split(" (")[0],
            row.group.role_group.role,
            row.permission.codename.removesuffix("_referral"),
        )
        for row in ReferralGroupGrant.objects.filter(content_object=referral)
    }


AT_HOME = {
    ("Lantern House", role, permission)
    for role in ("caseworker", "manager")
    for permission in ("see", "work", "identity")
}
AUTHORITY = {("Identification Office", "officer", "see")}


class TestGrants:
    def test_are_exact_after_every_act(self, cast: Cast, monkeypatch) -> None:
        by = cast.actor(cast.ngo_caseworker)
        with stages.country_is(monkeypatch, "gb"):
            assert granted(stages.draft(cast)) == AT_HOME
            assert granted(stages.consented(cast)) == AT_HOME
            assert granted(stages.refused(cast)) == AT_HOME
            both = AT_HOME | AUTHORITY
            assert granted(stages.sent(cast)) == both
            assert granted(stages.returned(cast)) == both
            assert granted(stages.answered(cast, stages.returned(cast))) == both
            assert granted(stages.decided(cast, stages.sent(cast), "positive")) == both
            assert granted(stages.decided(cast, stages.sent(cast), "negative")) == both
            withdrawn = consents.withdraw_consent(referral=stages.sent(cast), by=by, at=cast.at)
            assert granted(withdrawn) == AT_HOME

    def test_say_why(self, cast: Cast) -> None:
        reasons = ReferralGrantBasis.objects.filter(subject=stages.sent(cast))
        assert {(basis.reason, basis.permission) for basis in reasons} == {
            (GrantReason.FIRST_RESPONDER, "see"),
            (GrantReason.FIRST_RESPONDER, "work"),
            (GrantReason.FIRST_RESPONDER, "identity"),
            (GrantReason.AUTHORITY, "see"),
        }

    def test_repeat_the_state_and_the_day_for_the_lists(self, cast: Cast) -> None:
        draft = stages.consented(cast)
        rows = ReferralGroupGrant.objects.filter(content_object=draft)
        assert {(row.status, row.sort_at) for row in rows} == {(State.DRAFT, draft.created_at)}
        later = cast.at + timedelta(days=2)
        from referrals.services import referrals

        sent = referrals.send_referral(
            referral=draft, by=cast.actor(cast.ngo_caseworker, later), at=later
        )
        assert {(row.status, row.sort_at) for row in rows.all()} == {(State.SUBMITTED, later)}
        referrals.ask_back(
            referral=sent, by=cast.actor(cast.officer, later), at=later, questions="Where?"
        )
        assert {(row.status, row.sort_at) for row in rows.all()} == {(State.RETURNED, later)}

    def test_end_when_their_time_is_over(self, cast: Cast) -> None:
        referral = stages.draft(cast)
        until = cast.at + timedelta(hours=1)
        grants.grant(
            subject=referral,
            permissions=["see"],
            to=cast.stranger,
            reason=GrantReason.INDIVIDUAL,
            by=None,
            at=cast.at,
            until=until,
        )
        works_for(cast.stranger, cast.other_ngo, Role.CASEWORKER, cast.at)
        assert sees(cast.actor(cast.stranger), referral)
        assert sections(cast.actor(cast.stranger), referral) == RECEIVED
        assert not sees(cast.actor(cast.stranger, until), referral)
        assert sections(cast.actor(cast.stranger, until), referral) == NOTHING

    def test_nothing_else_can_be_granted(self, cast: Cast) -> None:
        with pytest.raises(grants.NotGrantable):
            grants.grant(
                subject=stages.draft(cast),
                permissions=["edit"],
                to=cast.stranger,
                reason=GrantReason.INDIVIDUAL,
                by=None,
                at=cast.at,
            )

    def test_cost_a_bounded_number_of_queries(self, cast: Cast) -> None:
        stages.draft(cast)  # groups and permissions are there
        with at_most(24):
            stages.draft(cast)


class TestTimeline:
    def kinds(self, cast: Cast, who: str, referral: Referral) -> set[str]:
        actor = cast.actor(getattr(cast, who))
        return {event.kind for event in timeline(actor, referral)}

    def test_shows_each_what_their_sections_show(self, cast: Cast) -> None:
        referral = stages.returned(cast)
        both = {EventKind.SENT, EventKind.RETURNED}
        assert self.kinds(cast, "co_ordinator", referral) == both
        assert self.kinds(cast, "officer", referral) == both
        assert self.kinds(cast, "other_manager", referral) == set()
        assert self.kinds(cast, "ngo_caseworker", referral) == both | {
            EventKind.OPENED,
            EventKind.IDENTITY_RECORDED,
            EventKind.CONSENT_GIVEN,
        }

    def test_opens_comments_to_those_who_work_on_the_case(self, cast: Cast) -> None:
        referral = stages.returned(cast)
        event = timeline(cast.actor(cast.officer), referral)[0]
        opened = {
            who: comment_open(sections(cast.actor(getattr(cast, who)), referral), event)
            for who in ("ngo_caseworker", "officer", "co_ordinator")
        }
        assert opened == {"ngo_caseworker": True, "officer": True, "co_ordinator": False}
