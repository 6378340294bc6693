"""Country profiles: those that ship, what each check refuses, and that no unread law is on."""

import re
import shutil
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from django.core.checks.registry import registry
from django.utils import timezone, translation

from common.country import FOLDER, ProfileError, check_country, current, load, local_day
from common.profile import (
    Bound,
    BoundBody,
    DeciderKind,
    Requester,
    Sight,
    StartEvent,
    Term,
    Weight,
)
from common.workdays import Unit, due_at

SHIPPED = sorted(path.stem for path in FOLDER.glob("*.toml"))
TODAY = date(2026, 11, 22)


@pytest.fixture(params=SHIPPED)
def profile(request):
    return load(request.param)


class TestShipped:
    def test_are_these(self):
        assert SHIPPED == ["be", "coe", "dk", "gb", "ie", "md", "se", "ua"]

    def test_take_no_law_as_read_that_was_not(self, profile):
        assert [rule for rule in profile.rules() if not rule.verified or rule.read_on is None] == []

    def test_leave_off_exactly_what_was_not_read(self):
        off = {(code, rule.code) for code in SHIPPED for rule in load(code).all_rules()} - {
            (code, rule.code) for code in SHIPPED for rule in load(code).rules()
        }
        without_ua = [code for code in SHIPPED if code != "ua"]
        assert off == {
            *((code, rule) for code in without_ua for rule in ("breach_notice", "data_request")),
            ("be", "residence_permit_minimum"),
            ("se", "residence_permit_minimum"),
        }  # and recovery periods whose code is also that of one in force: Scotland's, ie's, md's
        twice = {
            (code, rule.code, rule.counting.length.amount)
            for code in SHIPPED
            for rule in load(code).all_rules()
            if not rule.verified and (code, rule.code) not in off
        }
        assert twice == {
            ("gb", "recovery_period", 90),
            ("ie", "recovery_period", 60),
            ("md", "recovery_period", 30),
        }

    def test_say_of_each_rule_that_is_off_what_to_confirm(self, profile):
        off = [rule for rule in profile.all_rules() if not rule.verified]
        assert all("confirm" in rule.reading for rule in off)

    def test_publish_nothing_on_fewer_than_ten(self, profile):
        assert profile.minimum_cell >= 10

    def test_never_let_the_referrer_decide(self, profile):
        assert profile.referrer_may_decide is False

    def test_ask_a_second_person_for_every_negative(self, profile):
        assert all(stage.negative_needs_second_person for stage in profile.stages)

    def test_show_the_co_ordinator_no_more_than_the_model(self, profile):
        assert profile.co_ordinator_sees <= set(Sight)

    def test_have_a_word_for_everything(self, profile):
        assert all(str(profile.terms[term]) for term in Term)
        assert profile.mechanism_name == profile.term(Term.MECHANISM)

    def test_compute_every_deadline(self, profile):
        start = datetime(2026, 3, 6, 22, 30, tzinfo=UTC)
        calendar = profile.calendar(range(2026, 2046))
        for rule in profile.all_rules():
            assert due_at(start, rule.counting, calendar, profile.time_zone) > start


class TestCouncilOfEuropeModel:
    def test_is_the_default(self, settings):
        assert settings.COUNTRY == "coe"
        assert current() is load("coe")

    def test_has_no_duty_to_notify(self):
        assert load("coe").duty_to_notify.exists is False

    def test_gives_civil_society_a_seat(self):
        assert load("coe").stage("conclusive").decider is DeciderKind.PANEL

    def test_holds_the_treatys_recovery_period(self):
        rule = load("coe").rule("recovery_period", on=TODAY)
        assert (rule.counting.length.amount, rule.counting.length.unit) == (30, Unit.DAYS)
        assert (rule.bound, rule.weight) == (Bound.LASTS, Weight.TREATY)

    def test_sets_no_time_for_a_decision(self):
        """The Convention sets none, so nobody is late against a made-up one."""
        assert load("coe").rule("preliminary_decision", on=TODAY) is None

    def test_keeps_what_was_not_read_off(self):
        assert load("coe").rule("breach_notice", on=TODAY) is None
        assert "breach_notice" in {rule.code for rule in load("coe").all_rules()}

    def test_works_every_weekday(self):
        calendar = load("coe").calendar(range(2026, 2027))
        assert calendar.is_working(date(2026, 12, 25))
        assert not calendar.is_working(date(2026, 12, 26))


class TestUnitedKingdom:
    def test_binds_public_first_responders_alone(self):
        duty = load("gb").duty_to_notify
        assert (duty.exists, duty.binds) == (True, (BoundBody.PUBLIC_FIRST_RESPONDER,))

    @pytest.mark.parametrize(("on", "days"), [("2022-12-12", 45), ("2022-12-13", 30)])
    def test_changed_the_recovery_period_on_a_day(self, on, days):
        rule = load("gb").rule("recovery_period", on=date.fromisoformat(on))
        assert rule.counting.length.amount == days

    def test_does_not_take_the_older_scottish_period_as_read(self):
        rule = load("gb").rule("recovery_period", on=TODAY, subdivision="SCT")
        assert rule.counting.length.amount == 30

    def test_would_take_a_subdivisions_own_period_before_the_countrys(self, tmp_path):
        text = (FOLDER / "gb.toml").read_text("utf-8")
        older, rest = text.split('subdivision = "SCT"')
        rest = rest.replace("verified = false", "verified = true\nread_on = 2026-11-22", 1)
        (tmp_path / "gb.toml").write_text(f'{older}subdivision = "SCT"{rest}', "utf-8")
        profile = load("gb", tmp_path)
        days = {
            place: profile.rule(
                "recovery_period", on=TODAY, subdivision=place
            ).counting.length.amount
            for place in ("SCT", "ENG", "")
        }
        assert days == {"SCT": 90, "ENG": 30, "": 30}

    def test_holds_back_a_conclusive_decision_unless_the_person_asks(self):
        profile = load("gb")
        stage = profile.stage("conclusive")
        assert stage.person_may_ask_earlier
        assert profile.rule(stage.not_before, on=TODAY).bound is Bound.EARLIEST

    def test_takes_requests_from_whoever_speaks_for_the_person(self):
        route = load("gb").reconsideration
        assert set(route.who) == set(Requester)
        assert route.rule == "reconsideration_request"

    def test_decides_in_five_working_days_of_england(self):
        """Received on Maundy Thursday 2026: Good Friday and Easter Monday are not worked."""
        profile = load("gb")
        rule = profile.rule("preliminary_decision", on=TODAY)
        received = datetime(2026, 4, 2, 10, 0, tzinfo=UTC)
        calendar = profile.calendar(range(2026, 2027))
        due = due_at(received, rule.counting, calendar, profile.time_zone)
        assert due.astimezone(profile.time_zone).date() == date(2026, 4, 13)

    def test_has_a_calendar_for_each_part(self):
        profile = load("gb")
        boxing = date(2026, 11, 30)  # Saint Andrew's Day
        assert profile.calendar(range(2026, 2027)).is_working(boxing)
        assert not profile.calendar(range(2026, 2027), subdivision="SCT").is_working(boxing)
        with pytest.raises(ValueError, match="XYZ"):
            profile.calendar(range(2026, 2027), subdivision="XYZ")

    def test_corrects_the_calendar_by_the_countrys_own_table(self):
        profile = load("gb")
        extra, worked = date(2026, 7, 1), date(2026, 12, 25)
        calendar = profile.calendar(
            range(2026, 2027), added=frozenset({extra}), removed=frozenset({worked}), revision=3
        )
        assert not calendar.is_working(extra)
        assert calendar.is_working(worked)
        assert calendar.version.startswith("gb:ENG:")
        assert calendar.version.endswith(":3")


class TestUkraine:
    def test_has_one_stage(self):
        assert [stage.id for stage in load("ua").stages] == ["status"]

    def test_lets_a_status_run_out_after_two_years(self):
        profile = load("ua")
        rule = profile.rule("status_validity", on=TODAY)
        granted = datetime(2026, 2, 28, 22, 30, tzinfo=UTC)  # already 1 March in Kyiv
        due = due_at(granted, rule.counting, profile.calendar(range(2026, 2030)), profile.time_zone)
        assert due.astimezone(profile.time_zone).date() == date(2028, 3, 1)

    def test_invents_no_stage_deadline(self):
        starts = {rule.starts for rule in load("ua").all_rules()}
        assert StartEvent.REFERRAL_RECEIVED not in starts


class TestOthers:
    def test_ireland_hears_an_appeal_within_thirty_days_of_the_notice(self):
        profile = load("ie")
        rule = profile.rule(profile.appeal.rule, on=TODAY)
        assert (rule.starts, rule.counting.length.amount) == (StartEvent.NEGATIVE_NOTIFIED, 30)
        assert profile.appeal.stages == ("conclusive",)

    def test_belgium_tracks_three_conditions_and_counts_from_the_referral(self):
        profile = load("be")
        assert [condition.id for condition in profile.conditions] == [
            "contact_broken",
            "accompanied_by_a_centre",
            "co_operates_with_justice",
        ]
        rule = profile.rule("recovery_period", on=TODAY)
        assert (rule.starts, rule.counting.length.amount) == (StartEvent.REFERRAL_RECEIVED, 45)

    def test_moldova_lets_an_accredited_organisation_identify(self):
        [stage] = load("md").stages
        assert stage.decider is DeciderKind.ACCREDITED

    @pytest.mark.parametrize("code", ["be", "dk", "ie", "md", "se"])
    def test_say_what_was_left_as_in_the_model(self, code):
        text = (FOLDER / f"{code}.toml").read_text("utf-8")
        assert text.count("# Not read: ") >= 3
        assert load(code).duty_to_notify.exists is False

    @pytest.mark.parametrize("code", ["ie", "md"])
    def test_hold_the_treatys_period_while_the_countrys_was_not_confirmed(self, code):
        rule = load(code).rule("recovery_period", on=TODAY)
        assert (rule.counting.length.amount, rule.weight) == (30, Weight.TREATY)


class TestLabel:
    @pytest.mark.parametrize(
        ("language", "shown", "marked"),
        [("uk", "Україна", "uk"), ("en", "Ukraine", "en"), ("ar", "Україна", "uk")],
    )
    def test_is_the_readers_or_else_the_countrys_first(self, language, shown, marked):
        name = load("ua").name
        with translation.override(language):
            assert (str(name), name.language) == (shown, marked)

    def test_takes_a_regional_language_for_its_own(self):
        with translation.override("en-gb"):
            assert str(load("ua").name) == "Ukraine"


@pytest.fixture
def spoil(tmp_path):
    """Load a shipped profile after a change to its text; the problems found."""

    def change(old, new, code="gb"):
        text = (FOLDER / f"{code}.toml").read_text("utf-8")
        assert old in text
        (tmp_path / f"{code}.toml").write_text(text.replace(old, new, 1), "utf-8")
        with pytest.raises(ProfileError) as caught:
            load(code, tmp_path)
        return caught.value.problems

    return change


PRELIMINARY_TITLE = 'title = { en = "Reasonable grounds decision" }'


class TestChecks:
    @pytest.mark.parametrize(
        ("old", "new", "problem"),
        [
            (
                'iso_code = "GB"',
                'iso_code = "gb"',
                "country.iso_code: expected two capital letters",
            ),
            (
                'time_zone = "Europe/London"',
                'time_zone = "London"',
                "country.time_zone: expected a z",
            ),
            (
                'time_zone = "Europe/London"',
                "",
                "country.time_zone: expected a text, found nothing",
            ),
            ('languages = ["en"]', "languages = []", "country.languages: expected at least one"),
            (
                'guardian = { en = "',
                'guardian = { fr = "',
                "terms.guardian: expected texts in en only",
            ),
            (
                'guardian = { en = "',
                'guardien = { en = "',
                "terms.guardian: expected a text for each",
            ),
            ("referrer_may_decide = false", 'referrer_may_decide = "no"', "expected true or false"),
            (
                "minimum_cell = 10",
                "minimum_cell = 5",
                "statistics.minimum_cell: expected 10 or more",
            ),
            (
                "minimum_cell = 10",
                "minimum_cell = true",
                "statistics.minimum_cell: expected a number",
            ),
            (
                "least_answers = 5",
                "least_answers = 4",
                "funding.least_answers: expected 5 or more",
            ),
            ("weekend = [6, 7]", "weekend = [0, 6]", "calendar.weekend: expected some of 1"),
            (
                "weekend = [6, 7]",
                "weekend = [1,2,3,4,5,6,7]",
                "calendar.weekend: expected some of 1",
            ),
            ('holidays_of = "GB"', 'holidays_of = "QQ"', "calendar.holidays_of: expected a place"),
            ('"SCT", "NIR"]', '"SCT", "SC"]', "calendar.holidays_of: expected a place"),
            (
                'decider = "single"',
                'decider = "me"',
                "stages[1].decider: expected one of single, jo",
            ),
            (
                'decider = "single"',
                'decider = "panel"',
                "civil_society_seat: expected true, for a pa",
            ),
            (
                'id = "conclusive"',
                'id = "preliminary"',
                "stages: expected one or two, each with its",
            ),
            (
                '"conclusive_not_before"',
                '"no_rule"',
                "stages.conclusive.not_before: expected an 'ea",
            ),
            (
                'not_before = "concl',
                'not_befor = "concl',
                "stages[2].not_befor: no such key is kno",
            ),
            (
                'sees = ["reference", ',
                'sees = ["narrative", ',
                "co_ordinator.sees: expected some of",
            ),
            (
                'binds = ["public_first',
                'binds = ["ngo", "public_first',
                "duty_to_notify.binds: expect",
            ),
            (
                "exists = true",
                "exists = false",
                "duty_to_notify.binds: expected whom the duty binds",
            ),
            ('rule = "reconsideration_r', 'rule = "r', "reconsideration.rule: expected the code"),
            (
                'who = ["person", ',
                'who = ["police", ',
                "reconsideration.who: expected some of perso",
            ),
            (
                'stages = ["preliminary", "conclusive"]',
                'stages = ["x"]',
                "somebody for each of prel",
            ),
            (
                'unit = "working_days"',
                'unit = "workdays"',
                "deadlines[1].unit: expected one of hours",
            ),
            ("length = 5\n", "length = 0\n", "deadlines[1].unit: expected length = 30"),
            ("length = 5\n", 'length = "5"\n', "deadlines[1].unit: expected length = 30"),
            ("length = 5\n", "", "deadlines[1].unit: expected length = 30"),
            (
                'starts = "referral_received"',
                'starts = "nothing"',
                "deadlines[1].starts: expected an",
            ),
            ('starts = "nothing"', 'starts = "birth"', "starts: expected an event, or 'nothing'"),
            (
                "read_on = 2026-11-22",
                "",
                "deadlines[1].read_on: expected the day on which the sourc",
            ),
            (
                "read_on = 2026-11-22",
                'read_on = "soon"',
                "deadlines[1].read_on: expected a date as",
            ),
            ('reading = "Only an older', 'text2 = "', "reading: expected what has to be confirmed"),
            (
                'subdivision = "SCT"',
                'subdivision = "FRA"',
                "recovery_period.subdivision: expected a",
            ),
            (
                "valid_from = 2022-12-13",
                "",
                "deadlines.recovery_period: expected one rule at a time",
            ),
            (
                "valid_from = 2022-12-13",
                "valid_from = 2022-12-13\nvalid_to = 2021-01-01",
                "valid_to: expected a day not before valid_from",
            ),
            (
                'starts = "nothing"',
                'starts = "nothing"\npauses = ["suspended"]',
                "pauses: expected nothing, because a date does not run",
            ),
            (PRELIMINARY_TITLE, "title = {}", "deadlines[1].title: expected a text in en"),
            ("[calendar]", "[calender]", "gb.toml: calender: no such key is known here"),
        ],
    )
    def test_name_file_key_and_what_is_expected(self, spoil, old, new, problem):
        problems = spoil(old, new)
        assert any(each.startswith("gb.toml: ") and problem in each for each in problems), problems

    def test_name_every_problem_at_once(self, spoil):
        problems = spoil("minimum_cell = 10\n", "minimum_cell = 1\nmaximum_cell = 3\n")
        assert len(problems) == 2

    def test_name_the_line_of_broken_toml(self, spoil):
        assert re.search(r"gb.toml: not valid TOML: .*line \d+", spoil("[country]", "[country")[0])

    @pytest.mark.parametrize("code", ["../secrets", "", "gb.toml", "GB", "a/b"])
    def test_refuse_a_name_that_could_be_a_path(self, code):
        with pytest.raises(ProfileError, match="expected the name of a profile"):
            load(code)

    def test_tell_which_profiles_there_are(self):
        with pytest.raises(ProfileError, match="profiles: be, coe, dk, gb, ie, md, se, ua"):
            load("xx")

    def test_stop_the_start(self, settings):
        assert check_country in registry.get_checks()
        assert check_country() == []
        settings.COUNTRY = "xx"
        assert [each.id for each in check_country()] == ["common.country"]

    def test_take_fixed_dates_that_return_every_year(self, tmp_path):
        text = (FOLDER / "gb.toml").read_text("utf-8")
        text = text.replace('unit = "fixed_date"', 'unit = "yearly"')
        text = text.replace("date = 2026-12-31", 'dates = ["07-15", "01-15"]')
        (tmp_path / "gb.toml").write_text(text, "utf-8")
        rule = load("gb", tmp_path).rule("conclusive_backlog", on=TODAY)
        assert rule.counting.length.yearly == ((7, 15), (1, 15))

    def test_let_a_rule_that_is_off_stand_beside_the_one_in_force(self, tmp_path):
        text = (FOLDER / "gb.toml").read_text("utf-8")
        (tmp_path / "gb.toml").write_text(text.replace('subdivision = "SCT"\n', ""), "utf-8")
        rule = load("gb", tmp_path).rule("recovery_period", on=TODAY)
        assert rule.counting.length.amount == 30

    def test_read_a_profile_once(self, tmp_path):
        shutil.copy(FOLDER / "ua.toml", tmp_path)
        first = load("ua", tmp_path)
        (tmp_path / "ua.toml").unlink()
        assert load("ua", tmp_path) is first


class TestReminders:
    def test_come_before_the_end(self, profile):
        for rule in profile.all_rules():
            if rule.counting.length.unit is Unit.DAYS:
                assert timedelta(rule.remind_before_days) < timedelta(rule.counting.length.amount)


class TestLocalDay:
    """The day in the country, whoever asks."""

    def test_is_that_of_the_profile(self, settings: Any) -> None:
        late = datetime(2026, 3, 2, 23, 30, tzinfo=UTC)
        for code, day in (("gb", date(2026, 3, 2)), ("ua", date(2026, 3, 3))):
            settings.COUNTRY = code
            assert local_day(late) == day

    @pytest.mark.parametrize("zone", ["UTC", "Pacific/Kiritimati", "Pacific/Pago_Pago"])
    def test_is_not_that_of_whoever_reads(self, zone: str, settings: Any) -> None:
        settings.COUNTRY = "gb"
        noon = datetime(2026, 3, 2, 11, tzinfo=UTC)
        with timezone.override(zone):
            assert local_day(noon) == date(2026, 3, 2)
