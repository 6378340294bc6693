"""The country profile: how one country runs its referral mechanism, read from `countries/*.toml`.

Here: reading a profile and checking it, with messages that name file, key and what is expected.
Not here: its shape (`common/profile.py`), and any country's word or number; those stand in the
file, each deadline with the source it was read in.
"""

from __future__ import annotations

import re
import tomllib
import zoneinfo
from collections.abc import Iterator, Sequence
from datetime import date, datetime
from enum import StrEnum
from functools import lru_cache
from pathlib import Path
from typing import Any, TypeVar

import holidays
from django.conf import settings
from django.core import checks
from django.core.exceptions import ImproperlyConfigured

from common.profile import (
    Authority,
    Bound,
    BoundBody,
    Condition,
    DeadlineRule,
    DeciderKind,
    DutyToNotify,
    FundingRules,
    Label,
    Pausing,
    PlaceRules,
    Profile,
    Requester,
    Route,
    Sight,
    Stage,
    StartEvent,
    Term,
    Weight,
)
from common.workdays import Counting, DayZero, DeadlineLength, Roll, Unit

FOLDER = Path(__file__).resolve().parent.parent / "countries"
MINIMUM_CELL = 10
"""No published figure stands on fewer persons than this; a profile may ask for more."""
LEAST_ANSWERS = 5
"""No figure of what organisations declared stands on fewer of them; a profile may ask for more."""

E = TypeVar("E", bound=StrEnum)
T = TypeVar("T")


class ProfileError(ImproperlyConfigured):
    """A profile that cannot be used; ``problems`` names file, key and what was expected."""

    def __init__(self, problems: list[str]) -> None:
        self.problems = problems
        super().__init__("\n".join(problems))


@lru_cache
def load(code: str, folder: Path = FOLDER) -> Profile:
    """Read and check ``<code>.toml``, once per process: a profile changes with a deployment.

    Raises ProfileError with every problem found, not only the first.
    """
    if not re.fullmatch("[a-z]{2,8}", code):
        raise ProfileError([f"COUNTRY: expected the name of a profile, found {code!r}"])
    path = folder / f"{code}.toml"
    try:
        values = tomllib.loads(path.read_text("utf-8"))
    except FileNotFoundError:
        known = ", ".join(sorted(each.stem for each in folder.glob("*.toml")))
        raise ProfileError([f"{path.name}: there is no such file; profiles: {known}"]) from None
    except tomllib.TOMLDecodeError as error:
        raise ProfileError([f"{path.name}: not valid TOML: {error}"]) from None
    top = _Table(values, f"{path.name}: ", [])
    profile = _profile(top, code)
    if not top.problems:
        _check_references(profile, top)
    if top.problems:
        raise ProfileError(top.problems)
    return profile


def current() -> Profile:
    """The profile of this installation: `settings.COUNTRY`."""
    return load(settings.COUNTRY)


def local_day(moment: datetime) -> date:
    """The day it is in the country at a moment: what rules count and registers keep by.

    Never the day of who asks: a person may read times in a zone of their own, and a sweep sits in
    none.
    """
    return moment.astimezone(current().time_zone).date()


@checks.register("country")
def check_country(**_kwargs: Any) -> list[checks.CheckMessage]:
    """`manage.py check`, and so every start, refuses a profile that cannot be used."""
    try:
        current()
    except ProfileError as error:
        return [checks.Error(problem, id="common.country") for problem in error.problems]
    return []


class _Table:
    """A table of the file while it is read. What is wrong is noted with its key, and reading goes
    on with a stand-in, so that one run shows every problem."""

    def __init__(
        self, values: dict[str, Any], where: str, problems: list[str], languages: Sequence[str] = ()
    ) -> None:
        self.values = dict(values)
        self.where = where
        self.problems = problems
        self.languages = tuple(languages)

    def problem(self, key: str, expected: str, found: object = None) -> None:
        what = "nothing" if found is None else repr(found)
        self.problems.append(f"{self.where}{key}: expected {expected}, found {what}")

    def take(self, key: str, kind: type[T], expected: str, default: T | None = None) -> T:
        found = self.values.pop(key, default)
        if type(found) is kind:
            return found
        self.problem(key, expected, found)
        return kind() if default is None else default

    def text(self, key: str, default: str | None = None) -> str:
        found = self.take(key, str, "a text", default)
        if not found and default is None:
            self.problem(key, "a text that is not empty", found)
        return found

    def flag(self, key: str) -> bool:
        return self.take(key, bool, "true or false")

    def day(self, key: str) -> date | None:
        found = self.values.pop(key, None)
        if found is not None and type(found) is not date:
            self.problem(key, "a date as 2026-12-31", found)
            return None
        return found

    def texts(self, key: str, default: list[str] | None = None) -> tuple[str, ...]:
        found = self.take(key, list, "a list of texts", default)
        if not all(isinstance(each, str) for each in found):
            self.problem(key, "a list of texts", found)
        return tuple(str(each) for each in found)

    def one(self, key: str, kind: type[E], default: E | None = None) -> E:
        found = self.values.pop(key, default)
        if found in list(kind):
            return kind(found)
        self.problem(key, f"one of {', '.join(kind)}", found)
        return next(iter(kind))

    def several(self, key: str, kind: type[E], default: list[str] | None = None) -> tuple[E, ...]:
        found = self.texts(key, default)
        if unknown := [each for each in found if each not in list(kind)]:
            self.problem(key, f"some of {', '.join(kind)}", unknown)
        return tuple(kind(each) for each in found if each in list(kind))

    def label(self, key: str) -> Label:
        found = self.take(key, dict, "a text for each language")
        right = all(isinstance(text, str) and text for text in found.values())
        if not right or not set(found) <= set(self.languages):
            self.problem(key, f"texts in {', '.join(self.languages)} only", found)
        elif self.languages and self.languages[0] not in found:
            self.problem(key, f"a text in {self.languages[0]}, the first language", found)
        # The country's first language comes first, because `Label` falls back to the first.
        return Label({each: str(found[each]) for each in self.languages if each in found})

    def table(self, key: str) -> _Table:
        found = self.take(key, dict, "a table")
        return _Table(found, f"{self.where}{key}.", self.problems, self.languages)

    def tables(self, key: str) -> list[_Table]:
        found = self.take(key, list, "a list of tables", [])
        if not all(isinstance(each, dict) for each in found):
            self.problem(key, "a list of tables", found)
        return [
            _Table(each, f"{self.where}{key}[{n}].", self.problems, self.languages)
            for n, each in enumerate(found, start=1)
            if isinstance(each, dict)
        ]

    def end(self) -> None:
        """Whatever is left was not asked for: a slip of the pen that must not pass in silence."""
        for key in self.values:
            self.problems.append(f"{self.where}{key}: no such key is known here")


def _profile(top: _Table, code: str) -> Profile:
    country = top.table("country")
    languages = country.texts("languages")
    if not languages:
        country.problem("languages", "at least one language code", [])
    for table in (top, country):
        table.languages = languages
    terms, decision = top.table("terms"), top.table("decision")
    co_ordinator, statistics = top.table("co_ordinator"), top.table("statistics")
    calendar = top.table("calendar")
    profile = Profile(
        code=code,
        name=country.label("name"),
        iso_code=_iso_code(country),
        languages=languages,
        time_zone=_zone(country),
        minimum_cell=_minimum_cell(statistics),
        terms={term: terms.label(term) for term in Term},
        stages=tuple(_stage(each) for each in top.tables("stages")),
        authorities=tuple(
            Authority(
                each.text("id"),
                each.label("name"),
                each.texts("stages"),
                is_alternate=each.take("alternate", bool, "true or false", False),
            )
            for each in _ended(top.tables("authorities"))
        ),
        referrer_may_decide=decision.flag("referrer_may_decide"),
        conditions=tuple(
            Condition(each.text("id"), each.label("name"), each.text("source"))
            for each in _ended(top.tables("conditions"))
        ),
        reconsideration=_route(top, "reconsideration"),
        appeal=_route(top, "appeal"),
        duty_to_notify=_duty(top.table("duty_to_notify")),
        places=_places(top.table("places")),
        funding=_funding(top.table("funding")),
        co_ordinator_sees=frozenset(co_ordinator.several("sees", Sight)),
        weekend=_weekend(calendar),
        holidays_of=calendar.text("holidays_of", ""),
        subdivisions=calendar.texts("subdivisions", []),
        deadlines=tuple(_deadline(each) for each in top.tables("deadlines")),
    )
    _check_holidays(profile, calendar)
    for table in (country, terms, decision, co_ordinator, statistics, calendar, top):
        table.end()
    return profile


def _stage(table: _Table) -> Stage:
    stage = Stage(
        id=table.text("id"),
        name=table.label("name"),
        positive=table.label("positive"),
        negative=table.label("negative"),
        decider=table.one("decider", DeciderKind),
        civil_society_seat=table.flag("civil_society_seat"),
        negative_needs_second_person=table.flag("negative_needs_second_person"),
        not_before=table.text("not_before", ""),
        person_may_ask_earlier=table.flag("person_may_ask_earlier"),
        basis=table.text("basis"),
    )
    if stage.decider is DeciderKind.PANEL and not stage.civil_society_seat:
        table.problem("civil_society_seat", "true, for a panel", False)
    table.end()
    return stage


def _route(top: _Table, key: str) -> Route | None:
    if key not in top.values:
        return None
    table = top.table(key)
    route = Route(
        stages=table.texts("stages"),
        who=table.several("who", Requester),
        rule=table.text("rule", ""),
        source=table.text("source"),
    )
    table.end()
    return route


def _duty(table: _Table) -> DutyToNotify:
    duty = DutyToNotify(
        exists=table.flag("exists"),
        binds=table.several("binds", BoundBody, []),
        source=table.text("source"),
    )
    if duty.exists != bool(duty.binds):
        table.problem("binds", "whom the duty binds, if and only if it exists", list(duty.binds))
    table.end()
    return duty


def _places(table: _Table) -> PlaceRules:
    def above_zero(key: str) -> int:
        number = table.take(key, int, "a number")
        if number < 1:
            table.problem(key, "1 or more", number)
        return number

    rules = PlaceRules(
        hold_minutes=above_zero("hold_minutes"),
        next_after_minutes=above_zero("next_after_minutes"),
        keep_hours=above_zero("keep_hours"),
        stale_after_hours=above_zero("stale_after_hours"),
        assure_after_days=above_zero("assure_after_days"),
        weight=table.one("weight", Weight),
        source=table.text("source"),
    )
    if rules.next_after_minutes >= rules.hold_minutes:
        table.problem("next_after_minutes", "less than hold_minutes", rules.next_after_minutes)
    table.end()
    return rules


def _funding(table: _Table) -> FundingRules:
    rules = FundingRules(
        long_term_months=table.take("long_term_months", int, "a number"),
        least_answers=table.take("least_answers", int, "a number"),
        source=table.text("source"),
    )
    if rules.long_term_months < 1:
        table.problem("long_term_months", "1 or more", rules.long_term_months)
    if rules.least_answers < LEAST_ANSWERS:
        table.problem("least_answers", f"{LEAST_ANSWERS} or more", rules.least_answers)
    table.end()
    return rules


def _deadline(table: _Table) -> DeadlineRule:
    rule = DeadlineRule(
        code=table.text("code"),
        title=table.label("title"),
        counting=Counting(
            _length(table),
            table.one("day_zero", DayZero, DayZero.EXCLUDED),
            table.one("roll", Roll, Roll.NONE),
        ),
        starts=table.one("starts", StartEvent),
        bound=table.one("bound", Bound),
        weight=table.one("weight", Weight),
        source=table.text("source"),
        text=table.text("text"),
        verified=table.flag("verified"),
        read_on=table.day("read_on"),
        reading=table.text("reading", ""),
        pauses=frozenset(table.several("pauses", Pausing, [])),
        subdivision=table.text("subdivision", ""),
        remind_before_days=table.take("remind_before_days", int, "a number of days", 0),
        valid_from=table.day("valid_from"),
        valid_to=table.day("valid_to"),
    )
    if rule.verified and rule.read_on is None:
        table.problem("read_on", "the day on which the source of a verified rule was read")
    if not rule.verified and not rule.reading:
        table.problem("reading", "what has to be confirmed before the rule is switched on")
    if (rule.starts is StartEvent.NOTHING) == rule.counting.length.is_counted:
        table.problem("starts", "an event, or 'nothing' for dates that stand by themselves")
    if rule.pauses and not rule.counting.length.is_counted:
        table.problem("pauses", "nothing, because a date does not run", sorted(rule.pauses))
    if rule.valid_from and rule.valid_to and rule.valid_to < rule.valid_from:
        table.problem("valid_to", "a day not before valid_from", rule.valid_to.isoformat())
    table.end()
    return rule


def _length(table: _Table) -> DeadlineLength:
    unit = table.one("unit", Unit)
    values: dict[str, Any] = {}
    for key, name in (("length", "amount"), ("date", "fixed"), ("dates", "yearly")):
        if key in table.values:
            values[name] = table.values.pop(key)
    try:
        if "yearly" in values:
            pairs = [date.fromisoformat(f"2001-{each}") for each in values["yearly"]]
            values["yearly"] = tuple((each.month, each.day) for each in pairs)
        return DeadlineLength(unit, **values)
    except (TypeError, ValueError):
        expected = "length = 30, date = 2026-12-31 or dates = ['07-15'], as the unit asks"
        table.problem("unit", expected, {"unit": str(unit), **values})
        return DeadlineLength(Unit.DAYS, 1)


def _iso_code(country: _Table) -> str:
    code = country.text("iso_code", "")
    if code and not re.fullmatch("[A-Z]{2}", code):
        country.problem("iso_code", "two capital letters, or empty for a model", code)
    return code


def _zone(country: _Table) -> zoneinfo.ZoneInfo:
    name = country.text("time_zone")
    try:
        return zoneinfo.ZoneInfo(name)
    except (zoneinfo.ZoneInfoNotFoundError, ValueError, OSError):
        country.problem("time_zone", "a zone as Europe/Kyiv", name)
        return zoneinfo.ZoneInfo("UTC")


def _minimum_cell(statistics: _Table) -> int:
    number = statistics.take("minimum_cell", int, "a number")
    if number < MINIMUM_CELL:
        statistics.problem("minimum_cell", f"{MINIMUM_CELL} or more", number)
    return number


def _weekend(calendar: _Table) -> frozenset[int]:
    days = calendar.take("weekend", list, "a list of ISO weekdays")
    if not set(days) < set(range(1, 8)):
        calendar.problem("weekend", "some of 1 (Monday) to 7 (Sunday)", days)
        return frozenset()
    return frozenset(days)


def _check_holidays(profile: Profile, calendar: _Table) -> None:
    for place in profile.subdivisions or (None,):
        try:
            if profile.holidays_of or place:
                holidays.country_holidays(profile.holidays_of, place)
        except NotImplementedError:
            calendar.problem(
                "holidays_of", "a place `holidays` knows", [profile.holidays_of, place]
            )


def _check_references(profile: Profile, top: _Table) -> None:
    """What one part of the file says of another."""
    stages = [stage.id for stage in profile.stages]
    if len(stages) not in (1, 2) or len(set(stages)) != len(stages):
        top.problem("stages", "one or two, each with its own id", stages)
    codes = {rule.code for rule in profile.deadlines}
    too_early = {rule.code for rule in profile.deadlines if rule.bound is Bound.EARLIEST}
    for stage in profile.stages:
        if stage.not_before and stage.not_before not in too_early:
            top.problem(f"stages.{stage.id}.not_before", "an 'earliest' rule", stage.not_before)
    for key, route in (("reconsideration", profile.reconsideration), ("appeal", profile.appeal)):
        if route and route.rule and route.rule not in codes:
            top.problem(f"{key}.rule", "the code of a deadline", route.rule)
        if route and not set(route.stages) <= set(stages):
            top.problem(f"{key}.stages", f"some of {', '.join(stages)}", list(route.stages))
    for is_alternate, who in ((False, "somebody"), (True, "an alternate")):
        bodies = [each for each in profile.authorities if each.is_alternate is is_alternate]
        decided = {stage for authority in bodies for stage in authority.stages}
        if decided != set(stages):
            top.problem("authorities", f"{who} for each of {', '.join(stages)}", sorted(decided))
    for n, rule in enumerate(profile.deadlines):
        if rule.subdivision and rule.subdivision not in profile.subdivisions:
            top.problem(f"deadlines.{rule.code}.subdivision", "a declared one", rule.subdivision)
        for other in profile.deadlines[:n]:
            if _collide(rule, other):
                top.problem(f"deadlines.{rule.code}", "one rule at a time", "two on the same day")


def _collide(rule: DeadlineRule, other: DeadlineRule) -> bool:
    return (
        rule.verified
        and other.verified
        and (rule.code, rule.subdivision) == (other.code, other.subdivision)
        and (
            rule.is_valid(other.valid_from or date.min)
            or other.is_valid(rule.valid_from or date.min)
        )
    )


def _ended(tables: list[_Table]) -> Iterator[_Table]:
    for table in tables:
        yield table
        table.end()
