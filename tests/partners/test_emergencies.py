"""The switch of an emergency: who declares it, who reads it, what comes first while it stands."""

from datetime import datetime, timedelta

import pytest
from django.urls import reverse

from common.workflow import NotAllowed, NotPossible
from partners import reach
from partners.models import Area, Channel, Emergency, EmergencyEvent
from partners.services import emergencies
from tests.support.cast import Cast

pytestmark = [pytest.mark.django_db, pytest.mark.sqlite_too]
PAGE = reverse("partners:emergencies")
WORDS = "The network is down (invented)."


def declared(cast: Cast, area: Area | None = None, **more: datetime) -> Emergency:
    by = cast.actor(cast.co_ordinator)
    return emergencies.declare(area=area, reason=WORDS, by=by, at=cast.at, **more)


def elsewhere(cast: Cast) -> Area:
    country = Area.objects.get(code="XX")
    return Area.objects.create(code="XX-S", name="South", level="region", parent=country)


class TestDeclare:
    def test_is_the_co_ordinations(self, cast: Cast) -> None:
        for user in (cast.ngo_manager, cast.officer, cast.rapporteur, cast.administrator):
            with pytest.raises(NotAllowed):
                emergencies.declare(area=None, reason=WORDS, by=cast.actor(user), at=cast.at)

    def test_twice_is_once(self, cast: Cast) -> None:
        assert declared(cast) == declared(cast)
        assert EmergencyEvent.objects.count() == 1

    def test_says_what_happened_and_ends_later(self, cast: Cast) -> None:
        by = cast.actor(cast.co_ordinator)
        with pytest.raises(NotPossible):
            emergencies.declare(area=None, reason=" ", by=by, at=cast.at)
        with pytest.raises(NotPossible):
            declared(cast, until=cast.at)


class TestScope:
    def test_reaches_the_area_what_lies_in_it_and_what_holds_it(self, cast: Cast) -> None:
        town = Area.objects.create(code="XX-N1", name="Town", level="district", parent=cast.area)
        for area, reached in ((None, True), (cast.area, True), (town, True)):
            standing = declared(cast, area)
            assert cast.actor(cast.ngo_manager).in_emergency is reached
            emergencies.end(emergency=standing, by=cast.actor(cast.co_ordinator), at=cast.at)
        declared(cast, elsewhere(cast))
        assert cast.actor(cast.ngo_manager).in_emergency is False

    def test_reaches_whoever_works_everywhere(self, cast: Cast) -> None:
        declared(cast, elsewhere(cast))
        type(cast.ngo).objects.filter(pk=cast.ngo.pk).update(area=None)
        assert cast.actor(cast.ngo_manager).in_emergency is True
        assert cast.actor(cast.other_manager).in_emergency is False

    def test_ends_by_itself_at_its_last_moment(self, cast: Cast) -> None:
        until = cast.at + timedelta(days=1)
        declared(cast, until=until)
        assert cast.actor(cast.ngo_manager, until - timedelta(minutes=1)).in_emergency
        assert not cast.actor(cast.ngo_manager, until).in_emergency

    def test_is_known_to_other_apps_by_area(self, cast: Cast) -> None:
        standing = declared(cast, cast.area)
        assert list(Emergency.objects.on(cast.at).over_area(cast.area.pk)) == [standing]
        assert not Emergency.objects.on(cast.at).over_area(elsewhere(cast).pk).exists()


class TestWhileItStands:
    def test_every_page_of_those_in_it_says_so(self, cast: Cast, client_for) -> None:
        client = client_for(cast.ngo_caseworker)
        assert WORDS not in client.get("/").content.decode()
        declared(cast, cast.area)
        assert WORDS in client.get("/").content.decode()
        assert WORDS in client.get("/registry/").content.decode()

    def test_channels_for_it_come_first(self, cast: Cast, client_for) -> None:
        Channel.objects.create(
            contact=cast.contact, kind="secure_messenger", value="m-1", rank=3,
            is_for_emergencies=True,
        )  # fmt: skip
        Channel.objects.create(contact=cast.contact, kind="radio", value="r-1", rank=4)

        def order() -> list[str]:
            actor = cast.actor(cast.other_manager)
            known = cast.contact.channels.all()
            return [c.value for c in reach.in_order(known, in_emergency=actor.in_emergency)]

        assert order() == ["+000 111", "duty@example.org", "m-1", "r-1"]
        declared(cast)
        assert order() == ["m-1", "+000 111", "r-1", "duty@example.org"]
        page = reverse("partners:contact", args=[cast.contact.uuid])
        body = client_for(cast.other_manager).get(page).content.decode()
        assert body.index("m-1") < body.index("+000 111")


class TestPage:
    def test_asks_once_more_and_can_be_undone_both_ways(self, cast: Cast, client_for) -> None:
        client = client_for(cast.co_ordinator)
        typed = {"area": "", "reason": WORDS}
        asked = client.post(PAGE, typed)
        assert "Declare this emergency?" in asked.content.decode()
        assert not Emergency.objects.exists()
        client.post(PAGE, {**typed, "sure": "yes"})
        standing = Emergency.objects.get()
        act = "partners:emergency-act"
        client.post(reverse(act, args=[standing.uuid, "end"]))
        assert not cast.actor(cast.ngo_manager).in_emergency
        client.post(reverse(act, args=[standing.uuid, "resume"]))
        standing.refresh_from_db()
        assert standing.is_on(cast.at)
        acts = list(standing.events.order_by("id").values_list("act", flat=True))
        assert acts == ["begun", "ended", "resumed"]
        assert client.post(reverse(act, args=[standing.uuid, "delete"])).status_code == 404

    def test_ends_with_the_last_day_in_the_country(self, cast: Cast, client_for) -> None:
        day = (cast.at + timedelta(days=3)).date()
        typed = {"area": "", "reason": WORDS, "last_day": day.isoformat(), "sure": "yes"}
        client_for(cast.co_ordinator).post(PAGE, typed)
        until = Emergency.objects.get().until_at
        assert until is not None
        assert timedelta(days=2) < until - cast.at < timedelta(days=5)
