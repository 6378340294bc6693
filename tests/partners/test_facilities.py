"""Access to facilities: requests, authorisations, visits, incidents, days without access."""

from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.urls import reverse
from django.utils import timezone

from common.country import current, local_day
from common.workflow import MissingAnswers, NotAllowed, NotPossible
from deadlines.models import Deadline, Notice
from deadlines.services.reminders import remind
from partners import access_days, facility_clocks
from partners.facility_choices import (
    AccessRefusal,
    AuthorisationState,
    IncidentKind,
    RequestState,
)
from partners.facility_workflow import AUTHORISATION, REQUEST
from partners.models import AccessAuthorisation, AccessRequest, Area, Emergency, Facility
from partners.services import facilities
from tests.partners import access_stages as stages
from tests.support.cast import Cast
from tests.support.queries import at_most

pytestmark = pytest.mark.django_db
LIST = reverse("partners:facilities")


@pytest.fixture
def at() -> datetime:
    """Monday, 9 February 2026, in the morning."""
    return datetime(2026, 2, 9, 9, 0, tzinfo=UTC)


def boss(cast: Cast) -> Any:
    return cast.actor(stages.police_manager(cast))


def refuse(cast: Cast, request: AccessRequest) -> AccessRequest:
    return facilities.refuse_access(
        request=request, refusal=AccessRefusal.NO_ROOM, words="Not this week.", by=boss(cast),
        at=cast.at,
    )  # fmt: skip


class TestTheTables:
    def test_reach_every_state(self) -> None:
        REQUEST.assert_complete(RequestState.values)
        AUTHORISATION.assert_complete(AuthorisationState.values)


class TestARequest:
    def test_is_to_be_answered_in_five_working_days(self, cast: Cast) -> None:
        request = stages.asked(cast)
        row = Deadline.objects.get(kind=facility_clocks.REQUEST, subject_uuid=request.uuid)
        ends = row.due_at.astimezone(current().time_zone).date()
        assert (ends, row.organisation_uuid) == (date(2026, 2, 16), cast.police.uuid)
        remind(cast.at + timedelta(days=20))
        told = Notice.objects.filter(kind="access_asked", subject_uuid=request.uuid)
        assert {notice.recipient for notice in told} == {stages.police_manager(cast)}

    def test_is_granted_with_an_authorisation(self, cast: Cast) -> None:
        request = facilities.grant_access(
            request=stages.asked(cast), legal_basis="Invented rule 4", from_on=stages.day(cast),
            until_on=stages.day(cast, 5), by=boss(cast), at=cast.at,
        )  # fmt: skip
        made = AccessAuthorisation.objects.get()
        assert (request.state, made.organisation) == (RequestState.GRANTED, cast.ngo)
        assert not Deadline.objects.open().filter(kind=facility_clocks.REQUEST).exists()

    def test_is_refused_for_a_reason_of_the_list_in_words(self, cast: Cast) -> None:
        request = stages.asked(cast)
        with pytest.raises(MissingAnswers):
            REQUEST.apply(request, "refuse", by=boss(cast), at=cast.at, refusal="no_room")
        request = refuse(cast, request)
        assert (request.refusal, request.decided_by) == ("no_room", stages.police_manager(cast))

    def test_is_decided_by_the_facilitys_authority_alone(self, cast: Cast) -> None:
        request = stages.asked(cast)
        for user in (cast.ngo_manager, cast.other_manager, cast.co_ordinator):
            with pytest.raises(NotAllowed):
                REQUEST.apply(request, "grant", by=cast.actor(user), at=cast.at)

    def test_is_made_once_while_it_waits(self, cast: Cast) -> None:
        place, key = stages.facility(cast), uuid4()
        by = cast.actor(cast.ngo_manager)
        same: dict[str, Any] = {
            "facility": place, "by": by, "at": cast.at, "purpose": "legal",
            "from_on": stages.day(cast), "until_on": stages.day(cast, 1),
        }  # fmt: skip
        first = facilities.ask_for_access(client_key=key, **same)
        assert facilities.ask_for_access(client_key=key, **same) == first
        with pytest.raises(NotPossible):
            facilities.ask_for_access(client_key=uuid4(), **same)

    def test_is_seen_by_both_sides_and_the_co_ordination(self, cast: Cast) -> None:
        request = stages.asked(cast)

        def sees(user: Any) -> bool:
            return AccessRequest.objects.visible_to(cast.actor(user)).filter(pk=request.pk).exists()

        assert all(map(sees, (cast.ngo_caseworker, stages.police_manager(cast), cast.co_ordinator)))
        assert not any(map(sees, (cast.other_manager, cast.rapporteur, cast.funder)))

    def test_is_not_made_to_ones_own_authority(self, cast: Cast) -> None:
        place = stages.facility(cast)
        with pytest.raises(NotAllowed):
            facilities.ask_for_access(
                client_key=uuid4(), facility=place, by=boss(cast), at=cast.at, purpose="legal",
                from_on=stages.day(cast), until_on=stages.day(cast),
            )  # fmt: skip


class TestAnAuthorisation:
    def test_to_a_kind_opens_every_facility_of_it_below_the_area(self, cast: Cast) -> None:
        here = stages.facility(cast)
        south = Area.objects.create(
            code="XX-S", name="South", level="region", parent=cast.area.parent
        )
        there = stages.facility(cast, name="Elsewhere (invented)", area=south)
        other = stages.facility(cast, name="Cells (invented)", kind="police")
        stages.authorised(cast, here, facility=None, kind="reception", area=cast.area)
        opened = [AccessAuthorisation.objects.to(place).exists() for place in (here, there, other)]
        assert opened == [True, False, False]

    def test_runs_out_by_itself(self, cast: Cast) -> None:
        stages.authorised(cast, stages.facility(cast), until_on=stages.day(cast, 3))
        assert facilities.keep_up(cast.at + timedelta(days=3)) == 0
        assert facilities.keep_up(cast.at + timedelta(days=4)) == 1
        assert AccessAuthorisation.objects.get().state == AuthorisationState.EXPIRED
        assert not Deadline.objects.open().filter(kind=facility_clocks.AUTHORISATION).exists()

    def test_is_revoked_by_who_gave_it(self, cast: Cast) -> None:
        row = stages.authorised(cast, stages.facility(cast))
        with pytest.raises(NotAllowed):
            AUTHORISATION.apply(
                row, "revoke", by=cast.actor(cast.ngo_manager), at=cast.at, comment="No."
            )
        AUTHORISATION.apply(row, "revoke", by=boss(cast), at=cast.at, comment="The rule changed.")
        told = Notice.objects.filter(kind="access_revoked", recipient=cast.ngo_manager)
        assert told.count() == 1

    @pytest.mark.parametrize(
        ("in_emergency", "said"), [(False, "Not during the emergency"), (True, "You may enter")]
    )
    def test_holds_in_an_emergency_only_where_it_was_given_for_one(
        self, in_emergency: bool, said: str, cast: Cast, client_for: Any
    ) -> None:
        stages.authorised(
            cast, stages.facility(cast), in_emergency=in_emergency,
            until_on=local_day(timezone.now()) + timedelta(days=9),
        )  # fmt: skip
        client = client_for(cast.ngo_manager)
        assert client.get(LIST).context["rows"][0][4]["text"] == "You may enter"
        Emergency.objects.create(
            area=cast.area, reason="A flood.", from_at=cast.at, begun_by=cast.co_ordinator
        )
        assert client.get(LIST).context["rows"][0][4]["text"] == said


class TestVisitsAndIncidents:
    def test_count_people_and_never_more_referred_than_met(self, cast: Cast) -> None:
        place, by = stages.facility(cast), cast.actor(cast.ngo_caseworker)
        with pytest.raises(NotPossible):
            facilities.record_visit(
                client_key=uuid4(), facility=place, by=by, at=cast.at, on=stages.day(cast), met=2,
                referred=3,
            )  # fmt: skip
        with pytest.raises(NotPossible):
            facilities.record_visit(
                client_key=uuid4(), facility=place, by=by, at=cast.at, on=stages.day(cast, 1),
                met=2, referred=1,
            )  # fmt: skip

    def test_are_answered_by_the_authority_once(self, cast: Cast) -> None:
        row = stages.incident(cast, stages.facility(cast))
        told = {n.recipient for n in Notice.objects.filter(kind="access_incident")}
        assert {stages.police_manager(cast), cast.co_ordinator} <= told
        with pytest.raises(NotAllowed):
            facilities.answer_incident(
                incident=row, answer="Not so.", by=cast.actor(cast.ngo_manager), at=cast.at
            )
        facilities.answer_incident(incident=row, answer="It was so.", by=boss(cast), at=cast.at)
        with pytest.raises(NotPossible):
            facilities.answer_incident(incident=row, answer="Or not.", by=boss(cast), at=cast.at)

    def test_are_restored_only_where_the_door_was_shut(self, cast: Cast) -> None:
        place, by = stages.facility(cast), cast.actor(cast.ngo_caseworker)
        shut = stages.incident(cast, place, on=-4)
        rude = stages.incident(cast, place, IncidentKind.NOT_ALONE)
        with pytest.raises(NotPossible):
            facilities.access_restored(incident=rude, on=stages.day(cast), by=by, at=cast.at)
        row = facilities.access_restored(incident=shut, on=stages.day(cast), by=by, at=cast.at)
        assert row.restored_on == stages.day(cast)


DAY = date(2026, 3, 1)


class TestDaysWithoutAccess:
    @pytest.mark.parametrize(
        ("turns", "days"),
        [
            ([], 0),
            ([(0, False)], 31),
            ([(0, False), (0, True)], 0),
            ([(0, False), (3, True)], 3),
            ([(0, False), (2, False), (5, True)], 5),
            ([(0, False), (3, True), (10, False), (12, True), (30, False)], 6),
            ([(0, True), (4, True)], 0),
            ([(-20, False), (2, True)], 2),
        ],
    )
    def test_are_those_between_a_refusal_and_an_opening(
        self, turns: list[tuple[int, bool]], days: int
    ) -> None:
        dated = [(DAY + timedelta(days=n), is_open) for n, is_open in turns]
        assert access_days.days_shut(dated, since=DAY, until=date(2026, 3, 31)) == days

    def test_follow_from_what_happened(self, cast: Cast) -> None:
        place = stages.facility(cast)
        stages.incident(cast, place, on=-10)
        actor = cast.actor(cast.ngo_manager)
        today = stages.day(cast)
        assert access_days.days_at(place, actor, today=today) == {cast.ngo.name: 11}
        stages.authorised(cast, place, from_on=stages.day(cast, -3))
        assert access_days.days_at(place, actor, today=today) == {cast.ngo.name: 7}
        other = cast.actor(cast.other_manager)
        assert access_days.days_at(place, other, today=today) == {}

    def test_are_counted_for_the_mechanism_without_names(self, cast: Cast, client_for: Any) -> None:
        place = stages.facility(cast)
        refuse(cast, stages.asked(cast, place))
        found = access_days.counts(today=stages.day(cast, 4), at=cast.at + timedelta(days=4))
        assert (found.asked, found.refused, found.days_to_answer) == (1, 1, 0)
        assert found.days_by_kind == [("Reception centre", 5)]
        figures = reverse("partners:facility-counts")
        body = client_for(cast.rapporteur).get(figures).content.decode()
        assert "Requests made" in body
        assert "Lantern House" not in body
        assert client_for(cast.ngo_manager).get(figures).status_code == 403


class TestPages:
    def test_hide_a_confidential_place_from_who_has_no_part_in_it(
        self, cast: Cast, client_for: Any
    ) -> None:
        place = stages.facility(cast, kind="shelter", is_confidential=True)
        stages.authorised(cast, place)
        assert client_for(cast.ngo_manager).get(place.get_absolute_url()).status_code == 200
        client = client_for(cast.other_manager)
        assert client.get(place.get_absolute_url()).status_code == 404
        assert client.get(LIST).context["rows"] == []

    def test_ask_grant_and_refuse(self, cast: Cast, client_for: Any) -> None:
        place, client = stages.facility(cast), client_for(cast.ngo_manager)
        when = stages.day(cast)
        days = {f"{n}_{p}": str(getattr(when, p)) for n in ("from_on", "until_on")
                for p in ("day", "month", "year")}  # fmt: skip
        for purpose in ("legal", "identify"):
            data = {"client_key": str(uuid4()), "purpose": purpose, "visitors": "2", **days}
            client.post(reverse("partners:facility-act", args=[place.uuid, "ask"]), data)
        desk = client_for(stages.police_manager(cast))
        first, second = AccessRequest.objects.order_by("pk")
        grant = reverse("partners:access-request-act", args=[first.uuid, "grant"])
        desk.post(grant, {"legal_basis": "Invented rule 4", **days})
        no = reverse("partners:access-request-act", args=[second.uuid, "refuse"])
        desk.post(no, {"refusal": "no_room", "words": "Not this week."})
        states = list(AccessRequest.objects.order_by("pk").values_list("state", flat=True))
        assert states == ["granted", "refused"]
        body = client.get(second.get_absolute_url()).content.decode()
        assert "Not this week." in body
        assert "No room or staff on these days" in body

    def test_enter_and_change_a_facility(self, cast: Cast, client_for: Any) -> None:
        client = client_for(cast.co_ordinator)
        facts = {
            "version": "0", "client_key": str(uuid4()), "name": "Hot spot (invented)",
            "kind": "transit", "area": str(cast.area.pk), "authority": str(cast.police.pk),
        }  # fmt: skip
        for _twice in range(2):
            client.post(reverse("partners:facility-new"), facts)
        place = Facility.objects.get()
        edit = reverse("partners:facility-act", args=[place.uuid, "edit"])
        changed = {**facts, "version": "1", "name": "Hot spot two (invented)"}
        client.post(edit, changed)
        slower = client.post(edit, {**changed, "name": "Hot spot three (invented)"})
        assert slower.status_code == 409
        assert "Hot spot two" in slower.content.decode()

    def test_revoke_answer_and_restore(self, cast: Cast, client_for: Any) -> None:
        place = stages.facility(cast)
        row, shut = stages.authorised(cast, place), stages.incident(cast, place)
        desk, office = client_for(stages.police_manager(cast)), client_for(cast.ngo_caseworker)
        desk.post(reverse("partners:authorisation-act", args=[row.uuid, "revoke"]),
                  {"comment": "The rule changed."})  # fmt: skip
        answer = reverse("partners:incident-act", args=[shut.uuid, "answer"])
        assert office.get(answer).status_code == 403
        desk.post(answer, {"answer": "It will not happen again."})
        when = {f"on_{p}": str(getattr(stages.day(cast), p)) for p in ("day", "month", "year")}
        office.post(reverse("partners:incident-act", args=[shut.uuid, "restored"]), when)
        body = office.get(place.get_absolute_url()).content.decode()
        for words in ("Revoked", "It will not happen again.", "Access given again on"):
            assert words in body

    @pytest.mark.parametrize("number", [1, 20])
    def test_ask_no_more_for_many(self, number: int, cast: Cast, client_for: Any) -> None:
        for n in range(number):
            place = stages.facility(cast, name=f"Centre {n} (invented)")
            stages.asked(cast, place)
        client = client_for(cast.ngo_manager)
        for path in (LIST, reverse("partners:access-requests")):
            with at_most(8):
                assert len(client.get(path).context["rows"]) == number
