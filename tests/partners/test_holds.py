"""A place tonight: what fits, the last one held once, passing on, running out, answering."""

import re
import threading
from datetime import datetime, timedelta
from uuid import uuid4

import pytest
from django.db import IntegrityError, connection, transaction
from django.urls import reverse

from common.country import current
from common.workflow import MissingAnswers, NotAllowed, NotPossible
from deadlines.models import Notice
from deadlines.services.sweep import sweep
from partners import tonight
from partners.choices import Role
from partners.choices_places import HoldState, RequestEnd
from partners.demand import demand, own_demand
from partners.hold_workflow import HOLD
from partners.models import PlaceCount, PlaceHold, PlaceRequest
from partners.services import holds, memberships, offers, places
from tests.partners import houses
from tests.support.cast import Cast, works_for
from tests.support.queries import at_most

pytestmark = [pytest.mark.django_db, pytest.mark.sqlite_too]
ROUNDS = 50
MINUTE = timedelta(minutes=1)


def available(offer, at: datetime) -> int:
    return PlaceCount.objects.with_available(at).get(offer=offer, place_type="women").available


class TestWhatFits:
    @pytest.mark.parametrize(
        ("who", "needs", "found"),
        [
            ("woman", (), {"women", "emergency"}),
            ("man", (), {"men"}),
            ("family", (), {"family"}),
            ("child", (), {"child"}),
            ("trans", (), {"trans_inclusive"}),
            ("woman", ("isolation",), {"quarantine"}),
            ("man", ("isolation",), set()),
            ("woman", ("step_free",), set()),
        ],
    )
    def test_goes_by_type_and_by_what_the_service_says(
        self, who: str, needs: tuple[str, ...], found: set[str], cast: Cast
    ) -> None:
        types = ("women", "men", "family", "child", "trans_inclusive", "quarantine", "emergency")
        houses.shelter(cast, figures=dict.fromkeys(types, (2, 2)), eligibility=["women"])
        asked = houses.search(cast, who=who, needs=needs)
        shown = tonight.places_for(asked, by=cast.actor(cast.other_manager), at=cast.at)
        assert {each.count.place_type for each in shown} == found

    def test_needs_a_step_free_house_or_an_accessible_place(self, cast: Cast) -> None:
        figures = {"women": (2, 2), "accessible": (1, 1)}
        offer = houses.shelter(cast, figures=figures)
        asked = houses.search(cast, needs=("step_free",))
        by = cast.actor(cast.other_manager)
        shown = tonight.places_for(asked, by=by, at=cast.at)
        assert [each.count.place_type for each in shown] == ["accessible"]
        manager = cast.actor(cast.ngo_manager)
        offers.change_offer(
            offer=offer, by=manager, at=cast.at, version=offer.version, accessibility=["step_free"]
        )
        assert len(tonight.places_for(asked, by=by, at=cast.at)) == 2

    def test_looks_in_the_area_around_it_and_below_it(self, cast: Cast) -> None:
        from partners.models import Area

        south = Area.objects.create(
            code="XX-S", name="South", level="region", parent=cast.area.parent
        )
        town = Area.objects.create(
            code="XX-N1", name="Town", level="municipality", parent=cast.area
        )
        houses.shelter(cast)
        by = cast.actor(cast.other_manager)
        for area, number in ((cast.area, 1), (town, 1), (cast.area.parent, 1), (south, 0)):
            asked = houses.search(cast, area=area)
            assert len(tonight.places_for(asked, by=by, at=cast.at)) == number, area.name

    def test_leaves_out_what_does_not_work_or_is_not_shown(self, cast: Cast) -> None:
        offer = houses.shelter(cast)
        manager = cast.actor(cast.ngo_manager)
        asked = houses.search(cast)
        by = cast.actor(cast.other_manager)
        for change, number in (
            ({"operating": "suspended", "operating_reason": "staff"}, 0),
            ({"operating": "suspended", "operating_until_on": (cast.at - 2 * MINUTE * 1440).date()},
             1),
            ({"operating": "full", "operating_until_on": None, "is_urgent": False}, 0),
            ({"is_urgent": True, "is_shown": False}, 0),
        ):  # fmt: skip
            offer = offers.change_offer(
                offer=offer, by=manager, at=cast.at, version=offer.version, **change
            )
            shown = tonight.places_for(asked, by=by, at=cast.at)
            assert len(shown) == number, change

    def test_asks_the_database_as_often_for_many_houses_as_for_one(self, cast: Cast) -> None:
        by = cast.actor(cast.other_manager)
        asked = houses.search(cast)
        for number in range(12):
            houses.shelter(cast, name=f"House {number} (invented)")
        with at_most(3):
            assert len(tonight.places_for(asked, by=by, at=cast.at)) == 12

    def test_says_how_old_a_figure_is_and_calls_an_old_one_old(self, cast: Cast) -> None:
        hours = current().places.stale_after_hours
        fresh = tonight.age_of(cast.at - timedelta(hours=3), cast.at)
        assert (fresh.text.replace("\xa0", " "), fresh.is_stale) == ("said 3 hours ago", False)
        old = tonight.age_of(cast.at - timedelta(hours=hours, minutes=1), cast.at)
        assert old.is_stale
        assert old.text.startswith("Old figure")


class TestHold:
    def test_takes_a_place_for_two_hours_and_tells_the_house_at_once(self, cast: Cast) -> None:
        offer = houses.shelter(cast)
        hold = houses.held(cast, offer)
        assert hold.until_at - hold.held_at == timedelta(hours=2)
        assert available(offer, cast.at) == 0
        told = Notice.objects.filter(kind="place_held").values_list("recipient", flat=True)
        assert set(told) >= {cast.ngo_manager.pk, cast.ngo_caseworker.pk}
        assert cast.police_officer.pk not in told

    def test_refuses_a_second_taker(self, cast: Cast) -> None:
        offer = houses.shelter(cast)
        houses.held(cast, offer)
        with pytest.raises(NotPossible, match="faster"):
            houses.held(cast, offer, user=cast.police_officer)
        assert PlaceHold.objects.count() == 1

    def test_asked_for_twice_is_one(self, cast: Cast) -> None:
        offer = houses.shelter(cast, figures={"women": (4, 3)})
        by = cast.actor(cast.other_manager)
        asked = houses.search(cast)
        first = holds.hold_place(request=asked, count=houses.count(offer), by=by, at=cast.at)
        again = holds.hold_place(request=asked, count=houses.count(offer), by=by, at=cast.at)
        assert first == again
        assert available(offer, cast.at) == 2

    def test_of_another_house_gives_the_first_back(self, cast: Cast) -> None:
        first, second = houses.shelter(cast), houses.shelter(cast, name="Another (invented)")
        by = cast.actor(cast.other_manager)
        asked = houses.search(cast)
        held = holds.hold_place(request=asked, count=houses.count(first), by=by, at=cast.at)
        holds.hold_place(request=asked, count=houses.count(second), by=by, at=cast.at)
        held.refresh_from_db()
        assert held.state == HoldState.GIVEN_BACK
        assert (available(first, cast.at), available(second, cast.at)) == (1, 0)

    def test_over_its_time_counts_no_more_even_before_the_sweep(self, cast: Cast) -> None:
        offer = houses.shelter(cast)
        hold = houses.held(cast, offer)
        later = hold.until_at
        assert available(offer, later - MINUTE) == 0
        assert available(offer, later) == 1
        next_one = houses.held(cast, offer, user=cast.police_officer, at=later)
        assert next_one.slot != hold.slot
        assert available(offer, later) == 0

    def test_is_refused_by_the_database_where_the_lock_is_forgotten(self, cast: Cast) -> None:
        offer = houses.shelter(cast)
        hold = houses.held(cast, offer)
        hold.pk, hold.uuid = None, uuid4()
        hold.request = houses.search(cast)
        with pytest.raises(IntegrityError), transaction.atomic():
            hold.save(force_insert=True)

    def test_needs_the_role_and_a_search_of_ones_own(self, cast: Cast) -> None:
        offer = houses.shelter(cast)
        asked = houses.search(cast)
        for user in (cast.ngo_caseworker, cast.officer, cast.funder):
            by = cast.actor(user)
            with pytest.raises(NotAllowed):
                holds.hold_place(request=asked, count=houses.count(offer), by=by, at=cast.at)
        with pytest.raises(NotAllowed):
            holds.ask_for_place(
                uuid=uuid4(), who="man", needs=(), area=None, by=cast.actor(cast.officer),
                at=cast.at,
            )  # fmt: skip

    def test_names_nobody_and_no_case(self) -> None:
        columns = {field.name for field in PlaceHold._meta.get_fields()}
        columns |= {field.name for field in PlaceRequest._meta.get_fields()}
        assert not columns & {"name", "person", "referral", "comment", "note", "birth_date"}


class TestAnswer:
    def test_accepting_keeps_it_longer(self, cast: Cast) -> None:
        offer = houses.shelter(cast)
        hold = houses.held(cast, offer)
        by = cast.actor(cast.ngo_caseworker)
        kept = HOLD.apply(hold, "accept", by=by, at=cast.at)
        assert kept.until_at == cast.at + timedelta(hours=current().places.keep_hours)
        assert Notice.objects.filter(kind="place_answered", recipient=cast.other_manager).exists()
        assert not Notice.objects.filter(kind="place_held", handled_at=None).exists()

    def test_refusing_asks_why_and_frees_the_place(self, cast: Cast) -> None:
        offer = houses.shelter(cast)
        hold = houses.held(cast, offer)
        by = cast.actor(cast.ngo_manager)
        with pytest.raises(MissingAnswers):
            HOLD.apply(hold, "refuse", by=by, at=cast.at)
        HOLD.apply(hold, "refuse", by=by, at=cast.at, reason="staff")
        assert available(offer, cast.at) == 1

    def test_is_the_houses_and_giving_back_the_takers(self, cast: Cast) -> None:
        hold = houses.held(cast, houses.shelter(cast))
        with pytest.raises(NotAllowed):
            HOLD.apply(hold, "accept", by=cast.actor(cast.other_manager), at=cast.at)
        with pytest.raises(NotAllowed):
            HOLD.apply(hold, "give_back", by=cast.actor(cast.ngo_manager), at=cast.at)
        HOLD.apply(hold, "give_back", by=cast.actor(cast.other_manager), at=cast.at)

    def test_comes_too_late_once_the_time_is_over(self, cast: Cast) -> None:
        hold = houses.held(cast, houses.shelter(cast))
        later = hold.until_at + MINUTE
        with pytest.raises(NotPossible, match="over"):
            HOLD.apply(hold, "accept", by=cast.actor(cast.ngo_manager, later), at=later)

    def test_arriving_takes_one_place_and_ends_the_search(self, cast: Cast) -> None:
        offer = houses.shelter(cast)
        by = cast.actor(cast.ngo_manager)
        hold = HOLD.apply(houses.held(cast, offer), "accept", by=by, at=cast.at)
        HOLD.apply(hold, "arrive", by=by, at=cast.at)
        assert houses.count(offer).free == 0
        assert PlaceRequest.objects.get().end == RequestEnd.FOUND

    def test_reaches_every_state(self) -> None:
        HOLD.assert_complete(HoldState.values)


class TestSweep:
    def test_releases_what_ran_out_once_and_tells_the_caseworker(self, cast: Cast) -> None:
        hold = houses.held(cast, houses.shelter(cast))
        later = hold.until_at + MINUTE
        assert holds.lapse_overdue(hold.until_at - MINUTE) == 0
        assert holds.lapse_overdue(later) == 1
        assert holds.lapse_overdue(later) == 0
        hold.refresh_from_db()
        assert hold.state == HoldState.LAPSED
        assert Notice.objects.filter(kind="place_lapsed", recipient=cast.other_manager).count() == 1

    def test_proposes_the_next_house_after_the_minutes_once(self, cast: Cast) -> None:
        hold = houses.held(cast, houses.shelter(cast))
        minutes = current().places.next_after_minutes * MINUTE
        assert holds.propose_the_next(cast.at + minutes - MINUTE) == 0
        assert holds.propose_the_next(cast.at + minutes) == 1
        assert holds.propose_the_next(cast.at + minutes) == 0
        told = Notice.objects.get(kind="place_unanswered")
        assert (told.recipient, told.subject_uuid) == (cast.other_manager, hold.uuid)

    def test_is_part_of_the_sweep(self, cast: Cast, at: datetime) -> None:
        hold = houses.held(cast, houses.shelter(cast))
        sweep(at=hold.until_at, clock=lambda: hold.until_at)
        hold.refresh_from_db()
        assert hold.state == HoldState.LAPSED


class TestPages:
    def test_lead_from_three_questions_to_a_held_place(self, cast: Cast, client_for) -> None:
        offer = houses.shelter(cast, location=houses.house(cast))
        client = client_for(cast.other_manager)
        page = client.get(reverse("partners:tonight"))
        token = page.context["form"]["token"].value()
        answers = {"token": token, "who": "woman", "area": "XX-N"}
        first = client.post(reverse("partners:tonight"), answers)
        assert client.post(reverse("partners:tonight"), answers)["Location"] == first["Location"]
        assert PlaceRequest.objects.count() == 1
        body = client.get(first["Location"]).content.decode()
        assert "1 place free" in body
        assert "said just now" in body
        assert "+000 700" in body
        place = {"place": str(houses.count(offer).uuid)}
        held = client.post(first["Location"], place, follow=True)
        assert "The place is held" in held.content.decode()
        # Two letters alone may stand in a token of the page, by chance.
        assert not re.search(r"Qz\w+kqx", held.content.decode())

    def test_say_that_somebody_was_faster(self, cast: Cast, client_for) -> None:
        offer = houses.shelter(cast)
        asked = houses.search(cast)
        houses.held(cast, offer, user=cast.police_officer)
        url = reverse("partners:search", args=[asked.uuid])
        place = {"place": str(houses.count(offer).uuid)}
        body = client_for(cast.other_manager).post(url, place, follow=True).content.decode()
        assert "Somebody was faster" in body

    def test_propose_the_next_house_when_nobody_answers(
        self, cast: Cast, client_for, time_machine
    ) -> None:
        hold = houses.held(cast, houses.shelter(cast))
        houses.shelter(cast, name="Other house (invented)")
        url = reverse("partners:hold", args=[hold.uuid])
        assert (
            "Hold this one instead" not in client_for(cast.other_manager).get(url).content.decode()
        )
        time_machine.move_to(cast.at + 21 * MINUTE, tick=False)
        body = client_for(cast.other_manager).get(url).content.decode()
        assert "No answer after 20 minutes" in body
        assert "Other house (invented)" in body

    def test_let_the_house_answer_from_its_own_page(self, cast: Cast, client_for) -> None:
        hold = houses.held(cast, houses.shelter(cast))
        client = client_for(cast.ngo_caseworker)
        assert "A woman" in client.get(reverse("partners:places")).content.decode()
        act = reverse("partners:hold-act", args=[hold.uuid, "refuse"])
        assert "Why not?" in client.post(act).content.decode()
        client.post(act, {"reason": "full"})
        hold.refresh_from_db()
        assert (hold.state, hold.reason) == (HoldState.REFUSED, "full")

    def test_show_the_address_to_the_holder_only_when_the_house_says_so(
        self, cast: Cast, client_for
    ) -> None:
        location = houses.house(cast)
        hold = houses.held(cast, houses.shelter(cast, location=location))
        house, taker = client_for(cast.ngo_manager), client_for(cast.other_manager)
        where = reverse("partners:location", args=[location.uuid])
        assert taker.get(where).status_code == 404
        house.post(reverse("partners:hold-act", args=[hold.uuid, "accept"]))
        assert taker.get(where).status_code == 404
        house.post(reverse("partners:hold-act", args=[hold.uuid, "show"]))
        assert "Qzstreetkqx" not in taker.get(where).content.decode()
        assert "Qzstreetkqx" in taker.post(where).content.decode()

    @pytest.mark.parametrize("end", ["give-back", "refuse", "arrive"])
    def test_close_the_address_when_the_place_is_kept_no_longer(
        self, cast: Cast, client_for, end: str
    ) -> None:
        location = houses.house(cast)
        hold = houses.held(cast, houses.shelter(cast, location=location))
        house, taker = client_for(cast.ngo_manager), client_for(cast.other_manager)
        where = reverse("partners:location", args=[location.uuid])
        for act in ("accept", "show"):
            house.post(reverse("partners:hold-act", args=[hold.uuid, act]))
        assert taker.get(where).status_code == 200
        whoever = taker if end == "give-back" else house
        whoever.post(reverse("partners:hold-act", args=[hold.uuid, end]), {"reason": "full"})
        hold.refresh_from_db()
        assert hold.ended_at is not None
        assert taker.post(where).status_code == 404

    def test_leave_the_address_open_while_another_place_is_kept_there(
        self, cast: Cast, client_for
    ) -> None:
        location = houses.house(cast)
        offer = houses.shelter(cast, location=location, figures={"women": (4, 2)})
        first, second = (houses.held(cast, offer) for _ in range(2))
        house, taker = client_for(cast.ngo_manager), client_for(cast.other_manager)
        for hold in (first, second):
            for act in ("accept", "show"):
                house.post(reverse("partners:hold-act", args=[hold.uuid, act]))
        taker.post(reverse("partners:hold-act", args=[first.uuid, "give-back"]))
        where = reverse("partners:location", args=[location.uuid])
        assert "Qzstreetkqx" in taker.post(where).content.decode()

    def test_show_the_address_to_nobody_who_stopped_working_there(
        self, cast: Cast, client_for
    ) -> None:
        joined = works_for(cast.stranger, cast.other_ngo, Role.CASEWORKER, cast.at)
        location = houses.house(cast)
        hold = houses.held(cast, houses.shelter(cast, location=location), user=cast.stranger)
        house = client_for(cast.ngo_manager)
        for act in ("accept", "show"):
            house.post(reverse("partners:hold-act", args=[hold.uuid, act]))
        where = reverse("partners:location", args=[location.uuid])
        assert client_for(cast.stranger).get(where).status_code == 200
        by = cast.actor(cast.other_manager)
        memberships.end_membership(membership=joined, by=by, at=cast.at)
        assert client_for(cast.stranger).post(where).status_code == 404

    def test_never_show_it_to_law_enforcement(self, cast: Cast, client_for) -> None:
        location = houses.house(cast)
        offer = houses.shelter(cast, location=location)
        hold = houses.held(cast, offer, user=cast.police_officer)
        house = client_for(cast.ngo_manager)
        house.post(reverse("partners:hold-act", args=[hold.uuid, "accept"]))
        house.post(reverse("partners:hold-act", args=[hold.uuid, "show"]))
        where = reverse("partners:location", args=[location.uuid])
        assert client_for(cast.police_officer).post(where).status_code == 404

    def test_end_a_search_and_give_back(self, cast: Cast, client_for) -> None:
        offer = houses.shelter(cast)
        hold = houses.held(cast, offer)
        url = reverse("partners:search-close", args=[hold.request.uuid])
        client_for(cast.other_manager).post(url, {"end": "elsewhere"})
        assert available(offer, cast.at) == 1
        assert PlaceRequest.objects.get().end == RequestEnd.ELSEWHERE


def race(cast: Cast, rounds: int) -> list[int]:
    """Two clients of two organisations ask for the last place at once, again and again; how many
    of the two had it in each round, and how many live holds stood."""
    offer = houses.shelter(cast)
    place = houses.count(offer)
    takers = (cast.other_manager, cast.police_officer)
    won: list[int] = []
    for _round in range(rounds):
        asked = [houses.search(cast, user=user) for user in takers]
        start, got = threading.Barrier(2), []

        def take(user, search, start=start, got=got) -> None:
            try:
                by = cast.actor(user)
                start.wait(timeout=30)
                holds.hold_place(request=search, count=place, by=by, at=cast.at)
                got.append(user.pk)
            except NotPossible:
                pass
            finally:
                connection.close()

        threads = [
            threading.Thread(target=take, args=pair) for pair in zip(takers, asked, strict=True)
        ]
        for each in threads:
            each.start()
        for each in threads:
            each.join(timeout=60)
        live = PlaceHold.objects.live(cast.at).filter(count=place).count()
        won.append(len(got) if live == 1 else -live)
        PlaceHold.objects.filter(count=place).delete()
    return won


class TestRace:
    @pytest.mark.skipif("connection.vendor != 'postgresql'", reason="a race needs PostgreSQL")
    @pytest.mark.django_db(transaction=True)
    def test_gives_the_last_place_to_exactly_one(self, cast: Cast) -> None:
        assert race(cast, ROUNDS) == [1] * ROUNDS

    @pytest.mark.prove
    @pytest.mark.skipif("connection.vendor != 'postgresql'", reason="a race needs PostgreSQL")
    @pytest.mark.django_db(transaction=True)
    def test_gives_it_to_exactly_one_a_thousand_times(self, cast: Cast) -> None:
        assert race(cast, 1000) == [1] * 1000


class TestPlaces:
    def test_keeps_each_figure_for_later_years(self, cast: Cast) -> None:
        offer = houses.shelter(cast)
        by = cast.actor(cast.ngo_caseworker)
        places.say_places(
            organisation=cast.ngo, figures={offer.pk: {"women": (4, 3)}}, by=by, at=cast.at
        )
        said = list(houses.count(offer).records.order_by("pk").values_list("total", "free"))
        assert said == [(4, 1), (4, 3)]


class TestDemand:
    def test_counts_what_was_asked_found_refused_and_why(self, cast: Cast, client_for) -> None:
        offer = houses.shelter(cast, figures={"women": (4, 3)})
        by = cast.actor(cast.ngo_manager)
        HOLD.apply(houses.held(cast, offer), "refuse", by=by, at=cast.at, reason="funding")
        arriving = HOLD.apply(houses.held(cast, offer), "accept", by=by, at=cast.at)
        HOLD.apply(arriving, "arrive", by=by, at=cast.at)
        nobody = houses.search(cast, who="man")
        holds.close_request(
            request=nobody, end=RequestEnd.NONE, by=cast.actor(cast.other_manager), at=cast.at
        )
        until = cast.at + MINUTE
        with at_most(8):
            said = demand(since=cast.at - MINUTE, until=until, at=cast.at)
        assert (said.total.asked, said.total.found, said.total.none, said.waiting) == (3, 1, 1, 1)
        assert said.refused == [("Nobody pays for it", 1)]
        assert said.without_offer == 1
        assert said.places == [("Women", 4, 2)]
        body = client_for(cast.rapporteur).get(reverse("partners:demand")).content.decode()
        assert "Nobody pays for it" in body
        file = client_for(cast.rapporteur).get(reverse("partners:demand"), {"format": "csv"})
        assert b"Nobody pays for it" in file.content

    def test_tells_a_house_what_it_was_asked_and_answered(self, cast: Cast, client_for) -> None:
        offer = houses.shelter(cast, figures={"women": (4, 4)})
        by = cast.actor(cast.ngo_manager)
        HOLD.apply(houses.held(cast, offer), "refuse", by=by, at=cast.at, reason="funding")
        HOLD.apply(houses.held(cast, offer), "accept", by=by, at=cast.at)
        houses.held(cast, offer)
        said = own_demand(home=cast.ngo, since=cast.at - MINUTE, until=cast.at + MINUTE)
        line = said.total
        assert (line.asked, line.waiting, line.accepted, line.refused) == (3, 1, 1, 1)
        assert said.refused == [("Nobody pays for it", 1)]
        other = own_demand(home=cast.other_ngo, since=cast.at - MINUTE, until=cast.at + MINUTE)
        assert other.total.asked == 0
        page = client_for(cast.ngo_manager).get(reverse("partners:own-demand")).text
        assert "Nobody pays for it" in page
