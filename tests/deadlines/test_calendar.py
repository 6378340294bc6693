"""The calendar and the rules through the client: whose they are, in what words, at what cost."""

import re
import uuid
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from importlib import import_module
from typing import Any
from zoneinfo import ZoneInfo

import pytest
import time_machine
from django.contrib.auth.models import Group
from django.urls import reverse

from common.country import current
from common.marks import Subject
from common.profile import Bound, Pausing
from common.workdays import Unit
from deadlines import words
from deadlines.models import CalendarDay, Deadline, Rule
from deadlines.services import clocks
from partners.choices import Role
from partners.models import RoleGroup
from tests.deadlines.conftest import make_rule
from tests.support.cast import Cast
from tests.support.client import StrictClient
from tests.support.queries import at_most, counted

pytestmark = pytest.mark.django_db

URL = "/calendar/"
MOST_QUERIES = 8
#: A Monday, 10:00 in Paris.
NOW = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)


@pytest.fixture(autouse=True)
def _on_a_monday() -> Any:
    with time_machine.travel(NOW, tick=False):
        yield


@pytest.fixture
def at() -> datetime:
    return NOW


@pytest.fixture
def desk(cast: Cast, client_for: Callable[..., StrictClient]) -> StrictClient:
    """The caseworker's browser."""
    return client_for(cast.ngo_caseworker)


@pytest.fixture
def team(cast: Cast) -> Group:
    """The caseworkers of Lantern House."""
    return RoleGroup.objects.get(organisation=cast.ngo, role=Role.CASEWORKER).group


@pytest.fixture
def start(cast: Cast, team: Group, deadline_kind: Any) -> Any:
    """A clock of so many days for the caseworkers, started today or on another day."""

    def go(amount: int = 5, unit: Unit = Unit.DAYS, **options: Any) -> Deadline:
        by = cast.actor(cast.ngo_manager)
        fields = {key: options.pop(key) for key in ("bound", "pauses") if key in options}
        kind = options.pop("kind", None)
        holders = options.pop("holders", None)
        starts_at = options.pop("starts_at", NOW)
        return clocks.start(
            kind=kind or deadline_kind(**options), rule=make_rule(amount, unit, **fields),
            subject=Subject("parcel", uuid.uuid4()), holders=holders or [team],
            starts_at=starts_at, by=by, at=NOW,
        )[0]  # fmt: skip

    return go


def text(response: Any) -> str:
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", response.content.decode()))


def reference(deadline: Deadline) -> str:
    return f"R-{str(deadline.subject_uuid)[:4]}"


@pytest.fixture(params=["month", "list"])
def view(request: Any) -> str:
    return str(request.param)


class TestBothViews:
    def test_show_what_binds_ones_group_with_its_reference_and_time_left(self, view, desk, start):
        row = start()
        page = text(desk.get(URL, {"view": view}))
        assert "Something must be done" in page
        assert reference(row) in page
        assert "5 days left" in page

    def test_show_nothing_of_another_team(self, view, start, cast, client_for):
        row = start()
        for user in (cast.ngo_manager, cast.other_manager, cast.co_ordinator, cast.former):
            page = client_for(user).get(URL, {"view": view}).content.decode()
            assert reference(row) not in page
            assert str(row.subject_uuid) not in page

    def test_ask_again_whether_one_may_still_see_it(self, view, desk, start):
        hidden: set[uuid.UUID] = set()
        row = start(hidden=hidden)
        hidden.add(row.subject_uuid)
        assert reference(row) not in text(desk.get(URL, {"view": view}))

    def test_do_not_show_what_is_met(self, view, desk, start, cast):
        row = start()
        by = cast.actor(cast.ngo_manager)
        clocks.meet(subject=Subject("parcel", row.subject_uuid), kinds=[row.kind], by=by, at=NOW)
        assert reference(row) not in text(desk.get(URL, {"view": view}))

    def test_say_once_what_binds_two_of_ones_groups(self, view, desk, start, team, cast):
        row = start(holders=[team, cast.ngo_caseworker])
        page = text(desk.get(URL, {"view": view}))
        assert page.count(reference(row)) == 1

    def test_say_what_to_expect_when_there_is_nothing(self, view, desk):
        assert "What binds you or your team appears here" in text(desk.get(URL, {"view": view}))

    def test_cost_the_same_for_one_and_for_two_hundred(self, view, desk, start, deadline_kind):
        kind = deadline_kind()
        start(kind=kind)
        start(kind=kind, starts_at=NOW - timedelta(days=30))
        desk.get(URL, {"view": view})
        with at_most(MOST_QUERIES) as one:
            desk.get(URL, {"view": view})
        for n in range(200):
            start(n % 40 + 1, kind=kind, starts_at=NOW - timedelta(days=10))
        with counted() as many:
            desk.get(URL, {"view": view})
        assert len(one) == len(many), "\n".join(many.sql)

    @pytest.mark.parametrize(
        "query",
        ["month=2026-13", "month=now", "month=0001-01", "day=x", "day=9999-12-31", "page=x"],
    )
    def test_take_any_address(self, query, view, desk, start):
        start()
        assert desk.get(f"{URL}?view={view}&{query}").status_code == 200


class TestMonth:
    def test_shows_the_late_first_whatever_the_month(self, desk, start):
        row = start(5, starts_at=NOW - timedelta(days=30))
        for month in ("2026-03", "2026-09"):
            page = text(desk.get(URL, {"month": month}))
            assert page.index("25 days late") < page.index("Monday")
            assert reference(row) in page

    def test_leads_to_the_months_around(self, desk):
        page = desk.get(URL, {"month": "2026-12"}).content.decode()
        assert 'href="/calendar/?month=2026-11"' in page
        assert 'href="/calendar/?month=2027-01"' in page
        assert "January 2027" in page

    def test_begins_the_week_after_the_weekend(self, desk, settings):
        page = desk.get(URL)
        assert page.context["weekdays"][0] == "Monday"

    def test_says_which_days_are_off(self, desk):
        CalendarDay.objects.create(
            country=current().code, day=date(2026, 3, 4), is_working=False, name="A holiday",
            entered_at=NOW,
        )  # fmt: skip
        off = [
            cell["day"].day
            for week in desk.get(URL).context["weeks"]
            for cell in week
            if cell["is_off"] and cell["is_here"]
        ]
        assert off == [1, 4, 7, 8, 14, 15, 21, 22, 28, 29]

    def test_puts_what_ends_at_midnight_on_the_countrys_day(self, desk, start):
        """Somebody abroad sees the same day, though it is another one there by then."""
        start(5)
        Deadline.objects.update(due_at=datetime(2026, 3, 31, 21, 59, 59, tzinfo=UTC))
        shown = {
            cell["day"]: len(cell["rows"])
            for week in desk.get(URL).context["weeks"]
            for cell in week
        }
        assert shown[date(2026, 3, 31)] == 1

    def test_leads_from_a_full_day_to_its_list(self, desk, start, deadline_kind):
        kind = deadline_kind()
        rows = [start(kind=kind) for _n in range(6)]
        page = desk.get(URL).content.decode()
        assert 'href="/calendar/?view=list&amp;day=2026-03-07"' in page
        listed = text(desk.get(URL, {"view": "list", "day": "2026-03-07"}))
        assert all(reference(row) in listed for row in rows)

    def test_says_when_a_month_holds_more_than_its_sheet(self, desk, start, monkeypatch):
        module = import_module("deadlines.views.calendar")
        monkeypatch.setattr(module, "IN_A_MONTH", 1)
        start(), start(6)
        assert "See all of it as a list" in text(desk.get(URL))


class TestList:
    def test_begins_with_what_is_late(self, desk, start):
        soon = start(1)
        late = start(5, starts_at=NOW - timedelta(days=30))
        page = text(desk.get(URL, {"view": "list"}))
        assert page.index(reference(late)) < page.index(reference(soon))

    def test_holds_a_later_month_alone(self, desk, start):
        march, may = start(5), start(70)
        page = text(desk.get(URL, {"view": "list", "month": "2026-05"}))
        assert (reference(may) in page, reference(march) in page) == (True, False)

    def test_shows_only_the_late_when_asked(self, desk, start):
        soon, late = start(1), start(5, starts_at=NOW - timedelta(days=30))
        page = text(desk.get(URL, {"view": "list", "show": "late"}))
        assert (reference(late) in page, reference(soon) in page) == (True, False)

    def test_goes_on_over_pages_that_keep_the_month(self, desk, start, deadline_kind):
        kind = deadline_kind()
        rows = [start(40 + n % 20, kind=kind) for n in range(30)]
        first = desk.get(URL, {"view": "list", "month": "2026-04"})
        following = re.search(
            r'href="([^"]+)" rel="next">\s*<span class="govuk-pag', first.content.decode()
        )
        assert following is not None
        second = desk.get(following[1].replace("&amp;", "&"))
        shown = text(first) + text(second)
        assert all(reference(row) in shown for row in rows)
        assert "April 2026" in text(second)


class TestWords:
    ZONE = ZoneInfo("Europe/London")

    @pytest.mark.parametrize(
        ("unit", "due", "bound", "said"),
        [
            (
                Unit.WORKING_DAYS,
                "2026-03-04T23:59",
                Bound.LATEST,
                ("2 working days left", "yellow"),
            ),
            (Unit.WORKING_DAYS, "2026-03-03T23:59", Bound.LATEST, ("1 working day left", "yellow")),
            (Unit.WORKING_DAYS, "2026-03-10T23:59", Bound.LATEST, ("6 working days left", "grey")),
            # Over Easter: five days off of which none counts.
            (Unit.WORKING_DAYS, "2026-04-08T22:59", Bound.LATEST, ("25 working days left", "grey")),
            (Unit.DAYS, "2026-03-02T23:59", Bound.LATEST, ("Ends today", "orange")),
            (Unit.DAYS, "2026-03-03T23:59", Bound.LASTS, ("1 day left", "yellow")),
            (Unit.DAYS, "2026-03-12T23:59", Bound.LATEST, ("10 days left", "grey")),
            (Unit.MONTHS, "2026-09-02T22:59", Bound.EXPIRES, ("about 6 months left", "grey")),
            (Unit.HOURS, "2026-03-03T08:30", Bound.LATEST, ("23 hours left", "orange")),
            (Unit.HOURS, "2026-03-02T06:30", Bound.LATEST, ("2 hours late", "red")),
            (Unit.WORKING_DAYS, "2026-02-26T23:59", Bound.LATEST, ("2 working days late", "red")),
            (Unit.DAYS, "2026-03-01T23:59", Bound.LATEST, ("1 day late", "red")),
            (Unit.DAYS, "2026-03-01T23:59", Bound.EARLIEST, ("Ended", "grey")),
        ],
    )
    def test_say_how_much_is_left(self, unit, due, bound, said, settings):
        settings.COUNTRY = "gb"
        row = Deadline(unit=unit, bound=bound, due_at=datetime.fromisoformat(f"{due}+00:00"))
        calendar = current().calendar(range(2025, 2028))
        assert words.left(row, NOW, calendar, self.ZONE) == said

    def test_say_since_when_a_clock_stands_still(self, desk, start, cast):
        row = start(pauses=frozenset({Pausing.RETURNED}))
        by = cast.actor(cast.ngo_manager)
        subject = Subject("parcel", row.subject_uuid)
        clocks.pause(subject=subject, because=Pausing.RETURNED, by=by, at=NOW)
        assert "Stopped since 2 March 2026" in text(desk.get(URL))

    def test_are_there_for_everything_a_profile_may_say(self):
        assert set(words.BOUNDS) == set(Bound)
        assert set(words.PAUSES) == set(Pausing)
        for table, kind in ((words.WEIGHTS, "Weight"), (words.STARTS, "StartEvent")):
            members = getattr(import_module("common.profile"), kind)
            assert set(table) == set(members)


class TestRules:
    def test_give_source_weight_and_text_as_read_on(self, desk, settings):
        settings.COUNTRY = "gb"
        page = text(desk.get(reverse("deadlines:rules")))
        assert "5 working days" in page
        assert "the first day does not count" in page
        assert "First Responder Toolkit England &amp; Wales, April 2026, section 5" in page
        assert "Text as read on 22 November 2026" in page
        assert "Official guidance" in page

    @pytest.mark.parametrize("country", ["coe", "gb", "ua"])
    def test_mark_what_is_off_and_what_is_past(self, country, desk, settings):
        settings.COUNTRY = country
        response = desk.get(reverse("deadlines:rules"))
        assert all(card["state"] == "In force" for card in response.context["on"])
        off = {
            (card["rule"].code, card["rule"].verified, card["state"])
            for card in response.context["off"]
        }
        expected = {rule.code for rule in current().all_rules() if not rule.verified}
        assert {code for code, verified, _state in off if not verified} == expected
        assert {state for _code, verified, state in off if not verified} <= {"Off: not confirmed"}
        if country == "gb":
            assert ("recovery_period", True, "Was in force until 12 December 2022") in off

    def test_read_nothing_but_who_is_asking(self, desk):
        desk.get(reverse("deadlines:rules"))
        with at_most(6):
            desk.get(reverse("deadlines:rules"))


class TestAdmin:
    @pytest.mark.parametrize("model", [CalendarDay, Rule])
    def test_shows_what_was_changed_and_changes_nothing(self, model, cast, rf, settings):
        from django.contrib import admin as site

        page = site.site.get_model_admin(model)
        request = rf.get("/")
        request.user = cast.administrator
        request.user.is_staff = True
        assert page.has_view_permission(request)
        assert not page.has_add_permission(request)
        assert not page.has_change_permission(request)
        assert not page.has_delete_permission(request)
