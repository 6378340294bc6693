"""Drafts: begun once whatever is posted, kept, warned about, run out, taken up again."""

from datetime import timedelta

import pytest
from django.core.exceptions import ValidationError

from common.workflow import NotAllowed, NotPossible
from deadlines.models import Notice
from deadlines.sweeps import registered
from referrals.answers import LONGEST_NARRATIVE, missing_to_send
from referrals.choices import ResponderType, State
from referrals.models import Identity, Person, Referral, Track
from referrals.services import referrals
from referrals.services.drafts import expire_drafts
from referrals.workflow import referral_workflow
from tests.referrals import stages
from tests.support.cast import Cast

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)


class TestOpening:
    def test_posted_twice_gives_one(self, cast: Cast) -> None:
        by = cast.actor(cast.ngo_caseworker)
        first = referrals.open_referral(by=by, at=cast.at, key="form-1", place="HERE")
        again = referrals.open_referral(by=by, at=cast.at, key="form-1", place="ABROAD")
        assert again == first
        assert stages.now(first).place == "HERE"
        assert Person.objects.count() == 1

    def test_another_organisations_key_is_another(self, cast: Cast) -> None:
        first = referrals.open_referral(by=cast.actor(cast.ngo_manager), at=cast.at, key="k")
        other = referrals.open_referral(by=cast.actor(cast.other_manager), at=cast.at, key="k")
        assert first != other

    def test_without_a_key_each_is_its_own(self, cast: Cast) -> None:
        by = cast.actor(cast.ngo_caseworker)
        assert referrals.open_referral(by=by, at=cast.at) != referrals.open_referral(
            by=by, at=cast.at
        )

    def test_begins_every_track(self, cast: Cast) -> None:
        tracks = Track.objects.filter(referral=stages.draft(cast))
        assert {track.kind: track.status for track in tracks} == {
            "identification": "draft",
            "consent": "not_asked",
            "support": "not_asked",
            "residence": "not_asked",
            "justice": "not_asked",
            "data": "held",
        }

    def test_says_what_kind_of_body_refers(self, cast: Cast) -> None:
        assert stages.draft(cast).responder_type == ResponderType.NGO
        police = stages.draft(cast, cast.police_officer)
        assert police.responder_type == ResponderType.POLICE

    @pytest.mark.parametrize("who", ["co_ordinator", "officer", "rapporteur", "stranger"])
    def test_is_for_first_responders(self, cast: Cast, who: str) -> None:
        with pytest.raises(NotAllowed):
            referrals.open_referral(by=cast.actor(getattr(cast, who)), at=cast.at)


class TestAnswers:
    def save(self, cast: Cast, referral: Referral, **answers) -> Referral:
        return referrals.save_answers(
            referral=referral,
            by=cast.actor(cast.ngo_caseworker),
            at=cast.at,
            version=referral.version,
            **answers,
        )

    def test_are_kept_one_by_one(self, cast: Cast) -> None:
        by = cast.actor(cast.ngo_caseworker)
        referral = referrals.open_referral(by=by, at=cast.at)
        assert len(missing_to_send(referral)) == 9
        for name, value in {**stages.ANSWERS, "authority": cast.authority}.items():
            referral = self.save(cast, referral, **{name: value})
        assert missing_to_send(referral) == ("basis",)
        assert stages.now(referral).narrative == stages.STORY

    def test_of_fifteen_thousand_characters_fit_and_one_more_does_not(self, cast: Cast) -> None:
        referral = self.save(cast, stages.draft(cast), narrative="x" * LONGEST_NARRATIVE)
        with pytest.raises(ValidationError) as refused:
            self.save(cast, referral, narrative="x" * (LONGEST_NARRATIVE + 1))
        assert refused.value.message_dict == {"narrative": ["The account is 1 character too long."]}
        assert len(stages.now(referral).narrative) == LONGEST_NARRATIVE

    @pytest.mark.parametrize(
        "answers",
        [
            {"gender": "PURPLE"},
            {"exploitation": ["NOTHING"]},
            {"nationalities": ["Albanian"]},
            {"nationalities": ["XYX"]},
            {"is_child_now": "maybe"},
        ],
    )
    def test_off_the_lists_are_refused_by_name(self, cast: Cast, answers) -> None:
        with pytest.raises(ValidationError) as refused:
            self.save(cast, stages.draft(cast), **answers)
        assert set(refused.value.message_dict) == set(answers)

    def test_that_do_not_exist_are_a_slip_of_the_caller(self, cast: Cast) -> None:
        with pytest.raises(TypeError):
            self.save(cast, stages.draft(cast), state="submitted")

    def test_of_what_was_sent_stay(self, cast: Cast) -> None:
        with pytest.raises(NotPossible, match="Sent"):
            self.save(cast, stages.sent(cast), place="ABROAD")

    def test_of_others_are_not_touched(self, cast: Cast) -> None:
        referral = stages.draft(cast)
        with pytest.raises(NotAllowed):
            referrals.save_answers(
                referral=referral,
                by=cast.actor(cast.other_manager),
                at=cast.at,
                version=referral.version,
                place="ABROAD",
            )


class TestRunningOut:
    def test_warns_seven_days_before_and_ends_after_thirty(self, cast: Cast) -> None:
        referral = stages.draft(cast)
        assert expire_drafts(cast.at + 22 * DAY) == 0
        assert expire_drafts(cast.at + 23 * DAY) == 1
        assert expire_drafts(cast.at + 23 * DAY) == 0
        told = Notice.objects.get(kind="referral_draft_expires")
        assert told.recipient == cast.ngo_caseworker
        assert expire_drafts(cast.at + 29 * DAY) == 0
        assert expire_drafts(cast.at + 30 * DAY) == 1
        assert stages.now(referral).state == State.EXPIRED
        assert expire_drafts(cast.at + 31 * DAY) == 0

    def test_tells_first_after_an_outage(self, cast: Cast) -> None:
        """The sweep was away for two months: nothing runs out unannounced."""
        referral = stages.draft(cast)
        assert expire_drafts(cast.at + 60 * DAY) == 1
        assert stages.now(referral).state == State.DRAFT
        assert expire_drafts(cast.at + 66 * DAY) == 0
        assert expire_drafts(cast.at + 67 * DAY) == 1
        assert stages.now(referral).state == State.EXPIRED

    def test_begins_anew_when_it_is_worked_on(self, cast: Cast) -> None:
        referral = stages.draft(cast)
        expire_drafts(cast.at + 24 * DAY)
        later = cast.at + 25 * DAY
        referral = stages.now(referral)
        referrals.save_answers(
            referral=referral,
            by=cast.actor(cast.ngo_caseworker, later),
            at=later,
            version=referral.version,
            place="ABROAD",
        )
        assert expire_drafts(cast.at + 40 * DAY) == 0
        assert stages.now(referral).state == State.DRAFT
        assert expire_drafts(later + 23 * DAY) == 1
        assert Notice.objects.filter(kind="referral_draft_expires").count() == 2

    def test_touches_nothing_that_was_sent(self, cast: Cast) -> None:
        referral = stages.sent(cast)
        assert expire_drafts(cast.at + 90 * DAY) == 0
        assert stages.now(referral).state == State.SUBMITTED

    def test_loses_nothing(self, cast: Cast) -> None:
        referral = stages.consented(cast)
        expire_drafts(cast.at + 23 * DAY)
        expire_drafts(cast.at + 30 * DAY)
        later = cast.at + 31 * DAY
        by = cast.actor(cast.ngo_caseworker, later)
        referral = referral_workflow().apply(referral, "take_up", by=by, at=later)
        assert (referral.state, referral.saved_at) == (State.DRAFT, later)
        assert referral.narrative == stages.STORY
        assert Identity.objects.get(person=referral.person).name == stages.NAME
        assert expire_drafts(later + DAY) == 0

    def test_is_not_done_by_people(self, cast: Cast) -> None:
        late = cast.at + 40 * DAY
        with pytest.raises(NotPossible, match="by themselves"):
            referral_workflow().apply(
                stages.draft(cast), "expire", by=cast.actor(cast.ngo_manager, late), at=late
            )

    def test_is_part_of_the_sweep(self) -> None:
        assert registered()["referral_drafts"] is expire_drafts


def test_a_country_with_one_authority_asks_nobody_to_choose(cast: Cast) -> None:
    assert referrals.only_recipient() == cast.authority
