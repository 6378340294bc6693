"""Every way to count, dated by hand: the verified rules of every profile, and the arithmetic.

The dates of `cases.csv` were worked out apart from the code (typed lists of public holidays and a
calendar), each with its reason. Columns: profile and part of the country; `zone` where it is not
the profile's own; a `rule` of the profile or a `count` ("5 working_days included forward");
`start` in local time ("*" is the second of two equal hours); `pauses` "from/to;…"; `corrected`
days of the calendar; the local day it `ends`, and where it matters the `instant`.
"""

import csv
from datetime import UTC, date, datetime, time
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from common.country import FOLDER, load
from common.workdays import Counting, DayZero, DeadlineLength, Pause, Roll, Unit, due_at

LAST = time(23, 59, 59, 999999)
PROFILES = sorted(path.stem for path in FOLDER.glob("*.toml"))
with (Path(__file__).parent / "cases.csv").open(newline="") as table:
    CASES = list(csv.DictReader(table))

OFF = [
    ("be", "residence_permit_minimum"),
    ("coe", "breach_notice"),
    ("coe", "data_request"),
    ("coe", "preliminary_decision"),
    ("dk", "transposition_2024_1712"),
    ("gb", "breach_notice"),
    ("gb", "data_request"),
    ("ie", "preliminary_decision"),
    ("md", "identification_decision"),
    ("se", "residence_permit_minimum"),
    ("ua", "recovery_period"),
    ("ua", "status_decision"),
]


def moment(text: str, zone: ZoneInfo) -> datetime:
    return datetime.fromisoformat(text.rstrip("*")).replace(tzinfo=zone, fold=text.endswith("*"))


def counting(text: str) -> Counting:
    amount, unit, *how = text.split()
    return Counting(
        DeadlineLength(Unit(unit), int(amount)),
        DayZero.INCLUDED if "included" in how else DayZero.EXCLUDED,
        next((Roll(word) for word in how if word in list(Roll)), Roll.NONE),
    )


def ends(case: dict[str, str]) -> tuple[datetime, ZoneInfo]:
    """When the period of a case ends, counted by the code."""
    profile = load(case["country"])
    zone = ZoneInfo(case["zone"]) if case["zone"] else profile.time_zone
    start = moment(case["start"], zone)
    how = counting(case["count"]) if case["count"] else None
    if how is None:
        rule = profile.rule(case["rule"], on=start.date(), subdivision=case["place"])
        how = rule.counting
    pauses = [
        Pause(*(moment(each, zone) for each in pause.split("/")))
        for pause in filter(None, case["pauses"].split(";"))
    ]
    corrected = [day.split() for day in filter(None, case["corrected"].split(";"))]
    calendar = profile.calendar(
        range(start.year - 1, start.year + 20),
        subdivision=case["place"],
        added=frozenset(date.fromisoformat(day) for day, what in corrected if what == "off"),
        removed=frozenset(date.fromisoformat(day) for day, what in corrected if what == "worked"),
    )
    return due_at(start, how, calendar, zone, pauses=pauses), zone


class TestTable:
    @pytest.mark.parametrize(
        "case", CASES, ids=[f"{n}-{case['country']}" for n, case in enumerate(CASES, start=2)]
    )
    def test_ends_on_the_day_counted_by_hand(self, case):
        end, zone = ends(case)
        local = end.astimezone(zone)
        if case["ends"]:
            assert local.date() == date.fromisoformat(case["ends"]), case["why"]
        if case["instant"]:
            assert end == datetime.fromisoformat(case["instant"]).astimezone(UTC), case["why"]
        if "hours" not in case["count"]:
            assert local.time() == LAST

    def test_has_three_hundred_cases_each_with_a_reason_and_none_twice(self):
        assert len(CASES) >= 300
        assert all(case["why"] and (case["ends"] or case["instant"]) for case in CASES)
        asked = [tuple(value for key, value in case.items() if key != "why") for case in CASES]
        assert len(set(asked)) == len(asked)

    def test_has_a_case_for_every_verified_rule(self):
        cased = {(case["country"], case["rule"]) for case in CASES if case["rule"]}
        verified = {(code, rule.code) for code in PROFILES for rule in load(code).rules()}
        assert verified == cased

    @pytest.mark.parametrize(("country", "code"), OFF)
    def test_has_none_for_what_was_not_confirmed(self, country, code):
        assert load(country).rule(code, on=date(2026, 11, 22)) is None
