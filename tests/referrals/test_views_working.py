"""Beside the answers: tracks that move by themselves, and circumstances that people share."""

import uuid

import pytest
from django.urls import reverse

from referrals.choices import EventKind, State, TrackKind, TrackStatus
from referrals.models import Packet, Referral, ReferralEvent, Situation
from referrals.services import referrals as services
from tests.referrals import stages
from tests.support.cast import Cast

pytestmark = pytest.mark.django_db


def track_url(referral: Referral, kind: str = "support") -> str:
    return reverse("referrals:track", args=[referral.uuid, kind])


def words(answer) -> str:
    return answer.content.decode()


def tracks(referral: Referral) -> dict[str, str]:
    return dict(referral.tracks.values_list("kind", "status"))


class TestTracks:
    @pytest.mark.parametrize("stage", [stages.draft, stages.refused, stages.sent, stages.returned])
    def test_move_in_every_state_and_change_nothing_else(
        self, cast: Cast, client_for, stage
    ) -> None:
        referral = stage(cast)
        before = tracks(referral)
        answer = client_for(cast.ngo_caseworker).post(
            track_url(referral), {"was": "not_asked", "status": "receiving"}
        )
        assert answer.status_code == 302
        assert tracks(referral) == {**before, TrackKind.SUPPORT: "receiving"}
        assert stages.now(referral).state == referral.state
        event = ReferralEvent.objects.get(kind=EventKind.TRACK_MOVED)
        assert event.detail == "support:receiving"

    def test_move_after_a_negative_decision(self, cast: Cast, client_for) -> None:
        referral = stages.decided(cast, stages.sent(cast), "negative")
        desk = client_for(cast.ngo_caseworker)
        page = words(desk.get(reverse("referrals:detail", args=[referral.uuid])))
        for kind in services.OWN_TRACKS:
            assert track_url(referral, kind) in page
        desk.post(track_url(referral, "justice"), {"was": "not_asked", "status": "applied"})
        assert tracks(referral)[TrackKind.JUSTICE] == "applied"
        page = words(desk.get(reverse("referrals:detail", args=[referral.uuid])))
        assert "Criminal proceedings" in page or "Justice" in page

    def test_of_a_person_who_said_no_are_at_hand_beside_the_draft(
        self, cast: Cast, client_for
    ) -> None:
        referral = stages.refused(cast)
        page = words(
            client_for(cast.ngo_caseworker).get(reverse("referrals:log", args=[referral.uuid]))
        )
        for kind in services.OWN_TRACKS:
            assert track_url(referral, kind) in page
        own = stages.draft(cast, cast.police_officer)
        page = words(client_for(cast.police_officer).get(reverse("referrals:log", args=[own.uuid])))
        assert track_url(own) not in page

    def test_said_twice_is_written_once(self, cast: Cast, client_for) -> None:
        referral = stages.sent(cast)
        desk = client_for(cast.ngo_caseworker)
        for was in ("not_asked", "receiving"):
            desk.post(track_url(referral), {"was": was, "status": "receiving"})
        assert ReferralEvent.objects.filter(kind=EventKind.TRACK_MOVED).count() == 1

    def test_two_at_once_are_told_of_each_other(self, cast: Cast, client_for) -> None:
        referral = stages.sent(cast)
        first, second = client_for(cast.ngo_caseworker), client_for(cast.ngo_manager)
        first.post(track_url(referral), {"was": "not_asked", "status": "receiving"})
        answer = second.post(track_url(referral), {"was": "not_asked", "status": "refused"})
        assert answer.status_code == 409
        assert "Receiving" in words(answer)
        assert str(TrackStatus.REFUSED.label) in words(answer)
        assert tracks(referral)[TrackKind.SUPPORT] == "receiving"
        again = dict(answer.context["again"])
        assert second.post(track_url(referral), again).status_code == 302
        assert tracks(referral)[TrackKind.SUPPORT] == "refused"

    def test_are_moved_by_whoever_keeps_the_file(self, cast: Cast, client_for) -> None:
        referral = stages.sent(cast)
        for user, told in (
            (cast.officer, 403),
            (cast.co_ordinator, 403),
            (cast.other_manager, 404),
            (cast.ngo_manager, 200),
        ):
            assert client_for(user).get(track_url(referral)).status_code == told
        own = stages.sent(cast, cast.police_officer)
        assert client_for(cast.police_officer).get(track_url(own)).status_code == 403

    @pytest.mark.parametrize("kind", ["identification", "consent", "data", "never"])
    def test_that_acts_move_have_no_page(self, cast: Cast, client_for, kind: str) -> None:
        referral = stages.sent(cast)
        assert client_for(cast.ngo_manager).get(track_url(referral, kind)).status_code == 404

    def test_take_no_word_they_do_not_have(self, cast: Cast, client_for) -> None:
        referral = stages.sent(cast)
        answer = client_for(cast.ngo_manager).post(
            track_url(referral), {"was": "not_asked", "status": "erased"}
        )
        assert answer.context["form"].errors["status"]


def situation_url(referral: Referral) -> str:
    return reverse("referrals:situation", args=[referral.uuid])


def put(client, referral: Referral, **said):
    version = stages.now(referral).version
    return client.post(situation_url(referral), {"version": version, **said})


RAID = {"situation": "new", "place": "HERE", "exploitation": ["FORCED_LABOUR"]}


class TestCircumstances:
    def test_are_shared_by_several_and_give_no_sight_of_another(
        self, cast: Cast, client_for
    ) -> None:
        one, other = stages.draft(cast), stages.sent(cast)
        desk = client_for(cast.ngo_caseworker)
        assert put(desk, one, **RAID).status_code == 302
        shared = Situation.objects.get()
        page = words(desk.get(situation_url(other)))
        assert "In this country, Forced labour or services" in page
        put(desk, other, situation=str(shared.uuid))
        assert {stages.now(each).situation for each in (one, other)} == {shared}
        assert one.reference not in words(
            desk.get(reverse("referrals:detail", args=[other.uuid]))
        ), "what is shared names nobody"
        office = client_for(cast.officer)
        assert office.get(reverse("referrals:detail", args=[one.uuid])).status_code == 404
        sheet = words(office.get(reverse("referrals:detail", args=[other.uuid])))
        assert "Shared circumstances" not in sheet
        assert "situation" not in Packet.objects.get(referral=other).fields

    def test_of_another_organisation_are_not_on_offer(self, cast: Cast, client_for) -> None:
        mine, theirs = stages.draft(cast), stages.draft(cast, cast.other_manager)
        put(client_for(cast.other_manager), theirs, **RAID)
        foreign = Situation.objects.get()
        answer = put(client_for(cast.ngo_caseworker), mine, situation=str(foreign.uuid))
        assert answer.context["form"].errors["situation"]
        assert stages.now(mine).situation is None

    def test_are_not_shown_to_whoever_sees_no_referral_in_them(self, cast: Cast) -> None:
        by = cast.actor(cast.police_officer)
        made = services.open_situation(by=by, at=cast.at, place="HERE")
        assert not Situation.objects.visible_to(by).exists()
        referral = stages.draft(cast, cast.police_officer)
        services.put_in_situation(
            referral=referral, situation=made, by=by, at=cast.at, version=referral.version
        )
        assert Situation.objects.visible_to(by).get() == made
        assert not Situation.objects.visible_to(cast.actor(cast.ngo_caseworker)).exists()

    def test_need_at_least_one_answer(self, cast: Cast, client_for) -> None:
        answer = put(client_for(cast.ngo_caseworker), stages.draft(cast), situation="new")
        assert "at least one answer" in words(answer)
        assert not Situation.objects.exists()

    def test_are_taken_away_again(self, cast: Cast, client_for) -> None:
        referral = stages.draft(cast)
        desk = client_for(cast.ngo_caseworker)
        put(desk, referral, **RAID)
        put(desk, referral, situation="none")
        assert stages.now(referral).situation is None

    def test_a_wrong_date_is_said_and_nothing_is_lost(self, cast: Cast, client_for) -> None:
        wrong = {"found_on_day": "31", "found_on_month": "2", "found_on_year": "2026"}
        answer = put(client_for(cast.ngo_caseworker), stages.draft(cast), **RAID, **wrong)
        form = answer.context["form"]
        assert form.errors["found_on"]
        assert form["place"].value() == "HERE"
        assert 'value="31"' in words(answer)

    def test_begin_the_next_referral_once(self, cast: Cast, client_for) -> None:
        referral = stages.draft(cast)
        desk = client_for(cast.ngo_caseworker)
        put(desk, referral, **RAID)
        key = {"client_key": str(uuid.uuid4())}
        url = reverse("referrals:another", args=[referral.uuid])
        leads = {desk.post(url, key)["Location"] for _time in range(2)}
        assert len(leads) == 1
        draft = Referral.objects.exclude(pk=referral.pk).get()
        assert (draft.state, draft.place) == (State.DRAFT, "HERE")
        assert draft.exploitation == ("FORCED_LABOUR",)
        assert draft.situation == stages.now(referral).situation
        assert draft.person != referral.person
