"""Service offers, houses and places: what is written, who finds what, and what nobody finds."""

import csv
import io
from datetime import timedelta

import pytest
from django.contrib import admin
from django.db import IntegrityError, transaction
from django.urls import reverse

from accounts.models import AccessLog, User
from common.workflow import NotAllowed, NotPossible, Stale
from deadlines.models import Deadline
from partners.models import (
    Area,
    HeldCapacity,
    Inspection,
    Location,
    PlaceCount,
    ServiceOffer,
    ServiceStandard,
    ServiceType,
)
from partners.services import offers, places
from partners.taxonomy import KINDS, ensure_rows
from tests.partners import houses
from tests.support.cast import Cast
from tests.support.queries import at_most

pytestmark = pytest.mark.django_db
LIST = reverse("partners:services")
PLACES = reverse("partners:places")


def typed(**changes: object) -> dict[str, object]:
    return {
        "version": "0",
        "kind": "counselling",
        "name": "Advice by telephone (invented)",
        "route": "duty_line",
        "operating": "full",
        "is_shown": "on",
        **changes,
    }


class TestKinds:
    def test_are_entered_once_and_left_as_the_country_edits_them(self, db: None) -> None:
        ServiceType.objects.filter(code="shelter").update(names={"en": "Safe house"})
        ensure_rows()
        assert ServiceType.objects.count() == len(KINDS)
        assert str(ServiceType.objects.get(code="shelter")) == "Safe house"

    def test_are_edited_by_staff_in_the_administration_and_never_deleted(self, rf) -> None:
        pages = admin.site._registry[ServiceType]
        request = rf.get("/")
        request.user = User(is_active=True, is_staff=True)
        assert pages.has_change_permission(request)
        assert not pages.has_delete_permission(request)
        request.user = User(is_active=True)
        assert not pages.has_view_permission(request)

    def test_cover_what_the_statement_lists(self) -> None:
        codes = {code for code, *_rest in KINDS}
        assert codes >= {"shelter", "medical", "psychological", "legal", "work", "interpreting"}


class TestOffer:
    def test_is_entered_on_one_page_and_found_by_others(self, cast: Cast, client_for) -> None:
        client = client_for(cast.ngo_manager)
        answers = typed(eligibility=["women", "any_status"], languages=["en"], areas=["XX-N"])
        client.post(reverse("partners:service-new"), answers)
        offer = ServiceOffer.objects.get()
        assert (offer.eligibility, offer.languages) == (("women", "any_status"), ["en"])
        body = client_for(cast.police_officer).get(LIST).content.decode()
        assert "Advice by telephone (invented)" in body

    def test_needs_a_duty_number_where_it_has_places(self, cast: Cast, client_for) -> None:
        client = client_for(cast.ngo_manager)
        body = client.post(reverse("partners:service-new"), typed(kind="shelter")).content.decode()
        assert "needs a number to call" in body
        assert not ServiceOffer.objects.exists()

    def test_says_why_it_does_not_work_in_full(self, cast: Cast, client_for) -> None:
        client = client_for(cast.ngo_manager)
        body = client.post(reverse("partners:service-new"), typed(operating="reduced"))
        assert "Say why it does not work in full" in body.content.decode()
        with pytest.raises(IntegrityError), transaction.atomic():
            houses.shelter(cast, operating="closed")

    def test_is_narrowed_by_whom_it_is_for_and_keeps_those_for_everybody(
        self, cast: Cast, client_for
    ) -> None:
        for name, said in (("Men", ["men"]), ("Women", ["women"]), ("All", [])):
            houses.shelter(cast, name=f"{name} (invented)", eligibility=said)
        client = client_for(cast.funder)
        shown = client.get(LIST, {"eligibility": "men"}).context["rows"]
        assert [row["name"] for row in shown] == ["All (invented)", "Men (invented)"]

    def test_is_narrowed_by_area_language_and_free_places(self, cast: Cast, client_for) -> None:
        Area.objects.create(code="XX-S", name="South", level="region", parent=cast.area.parent)
        houses.shelter(cast, name="Full (invented)", figures={"women": (2, 0)}, languages=["fr"])
        houses.shelter(cast, name="Free (invented)", languages=["en"])
        client = client_for(cast.funder)

        def names(**asked: str) -> list[str]:
            return [row["name"] for row in client.get(LIST, asked).context["rows"]]

        assert names(free="yes") == ["Free (invented)"]
        assert names(language="fr") == ["Full (invented)"]
        assert len(names(area="XX-N")) == 2
        assert names(area="XX-S") == []

    def test_list_asks_the_database_as_often_for_many_as_for_one(
        self, cast: Cast, client_for
    ) -> None:
        client = client_for(cast.funder)
        for number in range(8):
            houses.shelter(cast, name=f"House {number} (invented)", location=houses.house(cast))
        client.get(LIST)
        with at_most(8) as queries:
            assert len(client.get(LIST).context["rows"]) == 8
        reading = [sql for sql in queries.sql if "partners_serviceoffer" in sql]
        assert len(reading) <= 8

    def test_changed_by_a_colleague_shows_both_texts(self, cast: Cast, client_for) -> None:
        offer = houses.shelter(cast)
        client = client_for(cast.ngo_manager)
        url = reverse("partners:service-edit", args=[offer.uuid])
        answers = typed(kind="shelter", duty_number="+000 1", version="1", name="Mine (invented)")
        client.post(url, {**answers, "name": "Theirs (invented)"})
        answer = client.post(url, answers)
        assert answer.status_code == 409
        assert "Mine (invented)" in answer.content.decode()
        assert "Theirs (invented)" in answer.content.decode()
        with pytest.raises(Stale):
            offers.change_offer(
                offer=offer, by=cast.actor(cast.ngo_manager), at=cast.at, version=1, name="x"
            )

    def test_is_confirmed_in_one_click_and_by_a_change_no_more(
        self, cast: Cast, client_for
    ) -> None:
        offer = houses.shelter(cast)
        client_for(cast.ngo_manager).post(
            reverse("partners:service-act", args=[offer.uuid, "correct"])
        )
        offer.refresh_from_db()
        assert offer.assured_by == cast.ngo_manager
        due = Deadline.objects.open().get(kind="service_assurance", subject_uuid=offer.uuid)
        assert due.due_at > cast.at + timedelta(days=80)
        by = cast.actor(cast.ngo_manager)
        changed = offers.change_offer(
            offer=offer, by=by, at=cast.at, version=1, name="B (invented)"
        )
        assert changed.assured_on is None

    def test_leaves_the_list_only_when_nobody_holds_a_place(self, cast: Cast, client_for) -> None:
        offer = houses.shelter(cast)
        houses.held(cast, offer)
        by = cast.actor(cast.ngo_manager)
        with pytest.raises(NotPossible, match="holds a place"):
            offers.end_offer(offer=offer, by=by, at=cast.at)
        over = cast.at + timedelta(hours=3)
        offers.end_offer(offer=offer, by=cast.actor(cast.ngo_manager, over), at=over)
        assert "Night shelter" not in client_for(cast.funder).get(LIST).content.decode()

    def test_of_another_organisation_is_not_ones_to_write(self, cast: Cast) -> None:
        offer = houses.shelter(cast)
        stranger = cast.actor(cast.other_manager)
        for write in (
            lambda: offers.change_offer(offer=offer, by=stranger, at=cast.at, version=1, name="x"),
            lambda: offers.assure_offer(offer=offer, by=stranger, at=cast.at),
            lambda: offers.end_offer(offer=offer, by=stranger, at=cast.at),
            lambda: offers.enter_offer(
                organisation=cast.ngo, by=stranger, at=cast.at, kind=houses.kind(), name="x"
            ),
        ):
            with pytest.raises(NotAllowed):
                write()

    def test_is_entered_by_service_providers_only(self, cast: Cast, client_for) -> None:
        held = HeldCapacity.objects.get(organisation=cast.ngo, capacity="service_provider")
        held.ended_at = cast.at
        held.save()
        client = client_for(cast.ngo_manager)
        assert client.get(reverse("partners:own-services")).status_code == 403

    def test_counts_people_in_pools_only(self, cast: Cast) -> None:
        pool = houses.shelter(
            cast, kind=houses.kind("interpreting"), name="Interpreters (invented)", pool_size=12,
            figures={},
        )  # fmt: skip
        assert pool.pool_size == 12
        with pytest.raises(NotPossible, match="pool"):
            houses.shelter(cast, pool_size=12)


class TestConfidentialHouse:
    def test_is_sealed_and_shown_to_its_own_people_after_it_is_logged(
        self, cast: Cast, client_for
    ) -> None:
        location = houses.house(cast)
        url = reverse("partners:location", args=[location.uuid])
        client = client_for(cast.ngo_caseworker)
        assert "Qzstreetkqx" not in client.get(url).content.decode()
        assert "Qzstreetkqx 7" in client.post(url).content.decode()
        logged = AccessLog.objects.get(action="address_opened")
        assert (logged.user_id, logged.subject_uuid) == (cast.ngo_caseworker.pk, location.uuid)
        row = Location.objects.filter(pk=location.pk).values().get()
        assert not [value for value in row.values() if "Qz" in str(value)]

    def test_is_open_to_nobody_else(self, cast: Cast, client_for) -> None:
        url = reverse("partners:location", args=[houses.house(cast).uuid])
        for user in (cast.other_manager, cast.co_ordinator, cast.officer, cast.police_officer):
            assert client_for(user).post(url).status_code == 404
        assert not AccessLog.objects.filter(action="address_opened").exists()

    def test_shows_it_beside_what_a_colleague_typed_only_after_it_is_logged(
        self, cast: Cast, client_for
    ) -> None:
        location = houses.house(cast)
        typed = {
            "version": 0, "secret": "confidential", "name": "Qzother", "street": "Qzother 1",
            "city": "Qzother", "postal_code": "", "area": cast.area.pk,
        }  # fmt: skip
        url = reverse("partners:location-edit", args=[location.uuid])
        answer = client_for(cast.ngo_manager).post(url, typed)
        assert answer.status_code == 409
        assert "Qzstreetkqx" in answer.content.decode()
        assert AccessLog.objects.filter(action="address_opened").count() == 1

    def test_is_refused_an_open_address_by_the_database(self, cast: Cast) -> None:
        location = houses.house(cast)
        location.street = "Qzstreetkqx 7"
        with pytest.raises(IntegrityError), transaction.atomic():
            location.save()

    def test_keeps_no_finer_area_than_its_region(self, cast: Cast) -> None:
        town = Area.objects.create(
            code="XX-N1", name="Qzvillagekqx", level="municipality", parent=cast.area
        )
        offer = houses.shelter(cast, location=houses.house(cast, area=town), areas=[town])
        assert offer.shown_areas() == ["North"]
        assert offer.location is not None
        assert offer.location.area == cast.area

    def test_is_known_to_a_role_that_is_given_later(self, cast: Cast) -> None:
        from partners.choices import Role
        from tests.support.cast import works_for

        location = houses.house(cast, user=cast.other_manager)
        seen = Location.objects.filter(pk=location.pk)
        works_for(cast.stranger, cast.other_ngo, Role.CASEWORKER, cast.at - timedelta(minutes=1))
        assert seen.visible_to(cast.actor(cast.stranger)).exists()

    def test_withdraws_its_services_from_the_open_directory(self, cast: Cast) -> None:
        location = houses.house(cast, confidential=False)
        offer = houses.shelter(cast, location=location, is_published=True)
        by = cast.actor(cast.ngo_manager)
        given = {**houses.SECRET, "postal_code": "", "area": cast.area}
        offers.change_location(
            location=location, by=by, at=cast.at, version=1, is_confidential=True, **given
        )
        offer.refresh_from_db()
        assert not offer.is_published
        assert not ServiceOffer.objects.public().exists()
        with pytest.raises(NotPossible, match="never shown"):
            offers.change_offer(
                offer=offer, by=by, at=cast.at, version=offer.version, is_published=True
            )

    def test_is_in_no_list_file_title_page_or_search(self, cast: Cast, client_for) -> None:
        offer = houses.shelter(cast, location=houses.house(cast))
        hold = houses.held(cast, offer)
        pages = [
            LIST,
            reverse("partners:services-file"),
            f"{LIST}?name=Qzhousekqx",
            reverse("partners:service", args=[offer.uuid]),
            reverse("partners:organisation", args=[cast.ngo.uuid]),
            reverse("partners:search", args=[hold.request.uuid]),
            reverse("partners:hold", args=[hold.uuid]),
            f"{reverse('partners:registry')}?name=Qzstreetkqx",
        ]
        for user in (cast.other_manager, cast.co_ordinator, cast.police_officer, cast.funder):
            client = client_for(user)
            if offer.location is not None:
                client.get(reverse("partners:location", args=[offer.location.uuid]))
            for page in pages:
                # What was asked for stands in the search field; nothing else of it may.
                body = client.get(page).content.decode().replace('value="Qz', "")
                assert "Qzstreetkqx" not in body or "?name=" in page, page
                assert "Qztownkqx" not in body, page
                if "name=Qz" in page:
                    assert client.get(page).context["rows"] == []
        own = client_for(cast.ngo_manager)
        for page in (*pages[:5], reverse("partners:places")):
            body = own.get(page).content.decode()
            assert "Qzstreetkqx" not in body, page


class TestFile:
    def test_says_what_the_page_says_and_when_the_figure_was_said(
        self, cast: Cast, client_for
    ) -> None:
        houses.shelter(cast, name="Free (invented)")
        content = client_for(cast.funder).get(reverse("partners:services-file")).content
        rows = list(csv.DictReader(io.StringIO(content.decode("utf-8-sig"))))
        assert [row["Service"] for row in rows] == ["Free (invented)"]
        assert rows[0]["Places free"] == "1"
        assert rows[0]["Oldest figure of"]


class TestFigures:
    def test_are_said_for_all_houses_on_one_page(self, cast: Cast, client_for) -> None:
        first = houses.shelter(cast)
        second = houses.shelter(cast, name="Another (invented)", figures={})
        client = client_for(cast.ngo_caseworker)
        client.post(
            PLACES,
            {
                f"total-{first.uuid}-women": "4", f"free-{first.uuid}-women": "3",
                f"total-{second.uuid}-men": "2", f"free-{second.uuid}-men": "1",
            },
        )  # fmt: skip
        assert (houses.count(first).free, houses.count(second, "men").free) == (3, 1)
        assert houses.count(first).said_by == cast.ngo_caseworker

    def test_refuse_more_free_than_there_are(self, cast: Cast, client_for) -> None:
        offer = houses.shelter(cast)
        answers = {f"total-{offer.uuid}-women": "1", f"free-{offer.uuid}-women": "2"}
        body = client_for(cast.ngo_caseworker).post(PLACES, answers).content.decode()
        assert "more free places than places" in body
        assert houses.count(offer).total == 4

    def test_are_of_now_when_nothing_changed_in_one_click(
        self, cast: Cast, client_for, time_machine
    ) -> None:
        offer = houses.shelter(cast)
        time_machine.move_to(cast.at + timedelta(days=3), tick=False)
        client = client_for(cast.ngo_caseworker)
        assert "Old figure" in client.get(PLACES).content.decode()
        client.post(PLACES, {"unchanged": "1"})
        count = houses.count(offer)
        assert (count.free, count.as_of_at) == (1, cast.at + timedelta(days=3))
        assert count.records.count() == 2
        assert "Old figure" not in client.get(PLACES).content.decode()

    def test_start_a_clock_that_reminds_whoever_says_them(self, cast: Cast) -> None:
        houses.shelter(cast)
        running = Deadline.objects.open().filter(kind="place_figures")
        assert {row.due_at for row in running} == {cast.at + timedelta(hours=24)}
        later = cast.at + timedelta(hours=5)
        by = cast.actor(cast.ngo_caseworker, later)
        places.nothing_changed(organisation=cast.ngo, by=by, at=later)
        assert {row.due_at for row in running.all()} == {later + timedelta(hours=24)}

    def test_of_another_organisation_are_refused(self, cast: Cast) -> None:
        offer = houses.shelter(cast)
        by = cast.actor(cast.other_manager)
        with pytest.raises(NotAllowed):
            places.say_places(
                organisation=cast.other_ngo, figures={offer.pk: {"women": (9, 9)}}, by=by,
                at=cast.at,
            )  # fmt: skip
        with pytest.raises(NotAllowed):
            places.nothing_changed(organisation=cast.ngo, by=by, at=cast.at)

    def test_old_or_not_are_marked_with_their_age_in_the_directory(
        self, cast: Cast, client_for
    ) -> None:
        offer = houses.shelter(cast)
        client = client_for(cast.funder)
        assert "said just now" in client.get(LIST).content.decode()
        PlaceCount.objects.filter(offer=offer).update(as_of_at=cast.at - timedelta(days=2))
        assert "Old figure" in client.get(LIST).content.decode()


class TestInspection:
    def answers(self, cast: Cast, **changes: str) -> dict[str, str]:
        day = (cast.at - timedelta(days=2)).date()
        return {
            "standard": ServiceStandard.objects.get().code,
            "inspected_on_day": str(day.day),
            "inspected_on_month": str(day.month),
            "inspected_on_year": str(day.year),
            "outcome": "conditions",
            "conditions": "A second exit.",
            **changes,
        }

    def test_is_recorded_once_by_the_co_ordination_and_shown(self, cast: Cast, client_for) -> None:
        offer = houses.shelter(cast)
        url = reverse("partners:service-inspect", args=[offer.uuid])
        client = client_for(cast.co_ordinator)
        day = cast.at.date() + timedelta(days=300)
        answers = self.answers(
            cast, next_on_day=str(day.day), next_on_month=str(day.month), next_on_year=str(day.year)
        )
        for _twice in range(2):
            client.post(url, answers)
        assert Inspection.objects.count() == 1
        page = reverse("partners:service", args=[offer.uuid])
        assert "A second exit." in client_for(cast.ngo_manager).get(page).content.decode()
        assert "A second exit." not in client_for(cast.funder).get(page).content.decode()
        assert Deadline.objects.open().filter(kind="service_inspection").exists()

    def test_asks_what_must_be_mended(self, cast: Cast, client_for) -> None:
        offer = houses.shelter(cast)
        url = reverse("partners:service-inspect", args=[offer.uuid])
        body = client_for(cast.co_ordinator).post(url, self.answers(cast, conditions=""))
        assert "Say what must be mended" in body.content.decode()
        assert not Inspection.objects.exists()
