"""Who decides: named on a page by the co-ordination; what waits follows the seats."""

from datetime import timedelta

import pytest
from django.urls import reverse

from accounts.models import User
from common.workflow import NotPossible
from deadlines.models import Deadline, Notice
from partners.access import system_actor
from partners.choices import Capacity, EventKind, OrganisationKind, Role
from partners.models import Organisation, OrganisationEvent
from partners.services import organisations
from referrals.checks import check_seats
from referrals.choices import State
from referrals.models import DecidingSeat, Packet, Referral
from referrals.services import decisions, seats
from tests.referrals import stages
from tests.referrals.stages import Panel
from tests.support.cast import Cast, person, works_for
from tests.support.queries import at_most

pytestmark = pytest.mark.django_db
PAGE = reverse("referrals:deciders")
NAME = reverse("referrals:decider-name")


@pytest.fixture
def society(cast: Cast) -> tuple[Organisation, User]:
    """An organisation of civil society that can take a seat, and its officer."""
    body = organisations.found(
        name="Seat of Society (invented)",
        kind=OrganisationKind.CSO,
        capacities=[Capacity.COMPETENT_AUTHORITY],
        by=system_actor("tests", cast.at),
        at=cast.at,
    )
    officer = person("Society Officer", cast.at)
    works_for(officer, body, Role.OFFICER, cast.at)
    return body, officer


def waiting(cast: Cast) -> Referral:
    """`coe`: the authority has found for the person, and no panel was named."""
    return stages.decided(cast, stages.sent(cast), "positive")


def seat(cast: Cast, organisation: Organisation, authority: str = "panel") -> DecidingSeat:
    by = cast.actor(cast.co_ordinator)
    return seats.name_decider(authority=authority, organisation=organisation, by=by, at=cast.at)


def sees(cast: Cast, user: User, referral: Referral) -> bool:
    return Referral.objects.visible_to(cast.actor(user)).filter(pk=referral.pk).exists()


class TestThePage:
    def test_says_what_is_missing_before_a_decision_can_be_taken(
        self, cast: Cast, client_for, society
    ) -> None:
        desk = client_for(cast.co_ordinator)
        assert "Nobody has been named yet" in desk.get(PAGE).content.decode()
        seat(cast, cast.authority)
        assert "No organisation of civil society has a seat" in desk.get(PAGE).content.decode()
        seat(cast, society[0])
        page = desk.get(PAGE).content.decode()
        assert "No organisation of civil society has a seat" not in page
        assert "Seat of Society" in page

    def test_names_an_organisation_once_however_often_it_is_posted(
        self, cast: Cast, client_for
    ) -> None:
        desk = client_for(cast.co_ordinator)
        data = {"authority": "panel", "organisation": cast.authority.pk}
        for _time in range(2):
            assert desk.post(NAME, data).status_code == 302
        held = DecidingSeat.objects.get()
        assert (held.authority, held.organisation) == ("panel", cast.authority)
        assert held.named_by == cast.co_ordinator
        event = OrganisationEvent.objects.get(kind=EventKind.SEAT_NAMED)
        assert (event.organisation, event.comment) == (cast.authority, "Identification panel")

    def test_refuses_in_words_whoever_does_not_hold_the_capacity(
        self, cast: Cast, client_for
    ) -> None:
        data = {"authority": "panel", "organisation": cast.ngo.pk}
        answer = client_for(cast.co_ordinator).post(NAME, data)
        assert answer.context["form"].errors["organisation"]
        assert not DecidingSeat.objects.exists()

    def test_ends_a_seat_and_keeps_it_in_the_past(self, cast: Cast, client_for) -> None:
        held = seat(cast, cast.authority)
        desk, url = (
            client_for(cast.co_ordinator),
            reverse("referrals:decider-end", args=[held.uuid]),
        )
        assert "Nobody else is named here" in desk.get(url).content.decode()
        desk.post(url)
        held.refresh_from_db()
        assert held.ended_by == cast.co_ordinator
        assert OrganisationEvent.objects.filter(kind=EventKind.SEAT_ENDED).count() == 1
        assert "Seats that ended" in desk.get(PAGE).content.decode()

    def test_tells_every_member_whom_to_ask(self, cast: Cast, client_for) -> None:
        Organisation.objects.filter(pk=cast.ministry.pk).update(phone="+000 999")
        page = client_for(cast.ngo_caseworker).get(PAGE).content.decode()
        assert "The co-ordination names who decides" in page
        assert "tel:+000999" in page
        assert NAME not in page

    def test_does_not_name_who_is_not_listed(self, cast: Cast, client_for, society) -> None:
        seat(cast, society[0])
        Organisation.objects.filter(pk=society[0].pk).update(is_listed=False)
        page = client_for(cast.ngo_caseworker).get(PAGE).content.decode()
        assert "Seat of Society" not in page
        assert "An organisation that is not listed" in page

    def test_takes_at_most_eight_queries(self, cast: Cast, client_for, society) -> None:
        for organisation in (cast.authority, society[0]):
            seats.end_seat(
                seat=seat(cast, organisation), by=cast.actor(cast.co_ordinator), at=cast.at
            )
            seat(cast, organisation)
        desk = client_for(cast.co_ordinator)
        desk.get(PAGE)
        with at_most(8):
            desk.get(PAGE)


class TestADecisionNobodyWasNamedFor:
    def test_is_refused_with_where_to_ask(self, cast: Cast, client_for) -> None:
        referral = waiting(cast)
        with pytest.raises(NotPossible, match="The co-ordination names"):
            stages.decided(cast, referral, "positive")
        for user in (cast.officer, cast.ngo_caseworker, cast.co_ordinator):
            url = reverse("referrals:detail", args=[referral.uuid])
            page = client_for(user).get(url).content.decode()
            assert "Nobody has been named yet" in page, user
            assert PAGE in page, user

    def test_is_not_said_once_somebody_is_named(self, cast: Cast, client_for) -> None:
        referral = waiting(cast)
        seat(cast, cast.authority)
        url = reverse("referrals:detail", args=[referral.uuid])
        page = client_for(cast.ngo_caseworker).get(url).content.decode()
        assert "Nobody has been named yet" not in page

    def test_is_said_by_the_check(self, cast: Cast, society) -> None:
        assert [each.id for each in check_seats(databases=["default"])] == ["referrals.W006"]
        for organisation in (cast.authority, society[0]):
            seat(cast, organisation)
        assert check_seats(databases=["default"]) == []
        assert check_seats(databases=None) == []


class TestWhatWaits:
    def test_goes_to_whoever_is_named_and_can_then_be_decided(self, cast: Cast, society) -> None:
        organisation, officer = society
        referral = waiting(cast)
        seat(cast, cast.authority)
        seat(cast, organisation)
        assert not sees(cast, officer, referral)
        assert seats.follow_seats(cast.at) == 1
        assert sees(cast, officer, referral)
        assert Packet.objects.filter(referral=referral, recipient=organisation).count() == 1
        assert Notice.objects.filter(recipient=officer, kind="referral_received").count() == 1
        assert seats.follow_seats(cast.at) == 0, "once is enough"
        for user in (cast.second_officer, officer):
            by = cast.actor(user)
            decisions.cast_vote(referral=referral, outcome="positive", by=by, at=cast.at)
        by = cast.actor(officer)
        decided = decisions.decide(referral=referral, outcome="positive", by=by, at=cast.at)
        assert decided.state == State.CONCL_POSITIVE

    def test_leaves_whoever_made_it_out(self, cast: Cast, society, monkeypatch) -> None:
        organisation, officer = society
        referral = waiting(cast)
        Referral.objects.filter(pk=referral.pk).update(first_responder=organisation)
        seat(cast, organisation)
        assert seats.follow_seats(cast.at) == 0
        assert not sees(cast, officer, referral)

    def test_leaves_whose_seat_ended_and_has_decided_nothing(self, cast: Cast, society) -> None:
        organisation, officer = society
        referral = waiting(cast)
        seat(cast, cast.authority)
        held = seat(cast, organisation)
        seats.follow_seats(cast.at)
        later = cast.at + timedelta(minutes=1)
        seats.end_seat(seat=held, by=cast.actor(cast.co_ordinator), at=later)
        assert seats.follow_seats(later) == 1
        assert not sees(cast, officer, referral)
        assert sees(cast, cast.officer, referral), "it decided at first, and is still named"

    def test_has_the_clock_of_the_others(self, cast: Cast, monkeypatch, society) -> None:
        with stages.country_is(monkeypatch, "joint"):
            panel = Panel(cast)
            DecidingSeat.objects.filter(authority="the_panel").update(ended_at=cast.at)
            referral = stages.sent(cast)
            panel.vote(referral, cast.officer, "positive")
            panel.vote(referral, panel.social_officer, "positive")
            by = panel.actor(cast.officer)
            decisions.decide(referral=referral, outcome="positive", by=by, at=cast.at)
            running = Deadline.objects.open().filter(rule_code="panel_decision")
            assert not running.exists(), "nobody was named whom it could bind"
            later = cast.at + timedelta(days=2)
            seat(cast, society[0], "the_panel")
            seats.follow_seats(later)
            assert running.get().starts_at == cast.at
