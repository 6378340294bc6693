"""The verified rules of the three profiles, dated by hand: when each period ends, what is off."""

from datetime import UTC, date, datetime

import pytest

from common.country import load
from common.workdays import due_at

# Profile, rule, part of the country, start (local time; "*" is the second of two equal hours),
# the local day that ends the period.
CASES = [
    # gb: five working days; the day of receipt does not count.
    ("gb", "preliminary_decision", "", "2026-03-02 10:00", "2026-03-09"),
    ("gb", "preliminary_decision", "", "2026-03-06 23:59:59", "2026-03-13"),  # Friday's last second
    ("gb", "preliminary_decision", "", "2026-03-07 00:00", "2026-03-13"),
    ("gb", "preliminary_decision", "", "2026-03-08 23:59:59", "2026-03-13"),
    ("gb", "preliminary_decision", "", "2026-03-09 00:00", "2026-03-16"),
    # Clocks go forward on 29 March, and Easter follows; Scotland works on Easter Monday.
    ("gb", "preliminary_decision", "", "2026-03-27 12:00", "2026-04-07"),
    ("gb", "preliminary_decision", "ENG", "2026-03-27 12:00", "2026-04-07"),
    ("gb", "preliminary_decision", "WLS", "2026-03-27 12:00", "2026-04-07"),
    ("gb", "preliminary_decision", "NIR", "2026-03-27 12:00", "2026-04-07"),
    ("gb", "preliminary_decision", "SCT", "2026-03-27 12:00", "2026-04-06"),
    ("gb", "preliminary_decision", "", "2026-03-29 00:30", "2026-04-07"),
    ("gb", "preliminary_decision", "", "2026-03-29 02:30", "2026-04-07"),
    # Clocks go back on 25 October: the hour that comes twice.
    ("gb", "preliminary_decision", "", "2026-10-22 09:00", "2026-10-29"),
    ("gb", "preliminary_decision", "", "2026-10-23 23:59:59", "2026-10-30"),
    ("gb", "preliminary_decision", "", "2026-10-25 01:30", "2026-10-30"),
    ("gb", "preliminary_decision", "", "2026-10-25 01:30*", "2026-10-30"),
    # Christmas, the year's end, and Scotland's second of January (moved to the 4th in 2027).
    ("gb", "preliminary_decision", "", "2026-12-24 09:00", "2027-01-05"),
    ("gb", "preliminary_decision", "SCT", "2026-12-24 09:00", "2027-01-06"),
    ("gb", "preliminary_decision", "", "2025-12-23 09:00", "2026-01-02"),
    ("gb", "preliminary_decision", "SCT", "2025-12-23 09:00", "2026-01-05"),
    ("gb", "preliminary_decision", "", "2025-12-31 23:59:59", "2026-01-08"),
    ("gb", "preliminary_decision", "SCT", "2025-12-31 23:59:59", "2026-01-09"),
    # Leap year.
    ("gb", "preliminary_decision", "", "2024-02-22 09:00", "2024-02-29"),
    ("gb", "preliminary_decision", "", "2024-02-23 09:00", "2024-03-01"),
    ("gb", "preliminary_decision", "", "2024-02-29 09:00", "2024-03-07"),
    # Holidays of one part only.
    ("gb", "preliminary_decision", "NIR", "2026-07-08 09:00", "2026-07-16"),
    ("gb", "preliminary_decision", "ENG", "2026-07-08 09:00", "2026-07-15"),
    ("gb", "preliminary_decision", "NIR", "2026-03-13 09:00", "2026-03-23"),
    ("gb", "preliminary_decision", "WLS", "2026-03-13 09:00", "2026-03-20"),
    ("gb", "preliminary_decision", "SCT", "2026-11-25 09:00", "2026-12-03"),
    ("gb", "preliminary_decision", "ENG", "2026-11-25 09:00", "2026-12-02"),
    ("gb", "preliminary_decision", "ENG", "2026-08-26 09:00", "2026-09-03"),
    ("gb", "preliminary_decision", "SCT", "2026-08-26 09:00", "2026-09-02"),
    ("gb", "preliminary_decision", "SCT", "2026-07-30 09:00", "2026-08-07"),
    ("gb", "preliminary_decision", "ENG", "2026-07-30 09:00", "2026-08-06"),
    # Bank holidays, also those of one year; ends of months.
    ("gb", "preliminary_decision", "", "2026-05-01 09:00", "2026-05-11"),
    ("gb", "preliminary_decision", "", "2022-06-01 09:00", "2022-06-10"),
    ("gb", "preliminary_decision", "", "2022-09-14 09:00", "2022-09-22"),
    ("gb", "preliminary_decision", "", "2026-01-30 09:00", "2026-02-06"),
    ("gb", "preliminary_decision", "", "2026-04-30 09:00", "2026-05-08"),
    # gb: 45 days until 12 December 2022, 30 since; Scotland's 90 is not confirmed and off.
    ("gb", "recovery_period", "", "2022-12-12 10:00", "2023-01-26"),
    ("gb", "recovery_period", "", "2022-12-12 23:59:59", "2023-01-26"),
    ("gb", "recovery_period", "", "2022-12-13 00:00", "2023-01-12"),
    ("gb", "recovery_period", "", "2026-03-02 10:00", "2026-04-01"),
    ("gb", "recovery_period", "", "2026-10-01 10:00", "2026-10-31"),
    ("gb", "recovery_period", "", "2024-01-30 10:00", "2024-02-29"),
    ("gb", "recovery_period", "", "2023-01-30 10:00", "2023-03-01"),
    ("gb", "recovery_period", "", "2025-12-15 10:00", "2026-01-14"),
    ("gb", "recovery_period", "SCT", "2026-03-02 10:00", "2026-04-01"),
    ("gb", "conclusive_not_before", "", "2026-02-13 10:00", "2026-03-15"),
    ("gb", "conclusive_not_before", "", "2026-11-22 10:00", "2026-12-22"),
    ("gb", "conclusive_backlog", "", "2026-01-05 10:00", "2026-12-31"),
    ("gb", "conclusive_backlog", "", "2026-12-31 23:59:59", "2026-12-31"),
    ("gb", "reconsideration_request", "", "2026-05-15 10:00", "2026-06-14"),
    ("gb", "reconsideration_request", "", "2026-12-02 10:00", "2027-01-01"),
    ("gb", "reconsideration_request", "", "2026-01-01 00:00", "2026-01-31"),
    ("gb", "support_start", "", "2026-03-27 10:00", "2026-04-01"),
    ("gb", "support_start", "", "2026-12-24 10:00", "2026-12-29"),
    ("gb", "support_start", "", "2024-02-24 10:00", "2024-02-29"),
    ("gb", "support_start", "", "2024-02-25 10:00", "2024-03-01"),
    ("gb", "support_start", "", "2026-10-24 10:00", "2026-10-29"),
    # The eighteenth birthday of somebody born on 29 February falls on the 28th.
    ("gb", "consent_at_majority", "", "2008-02-29 00:00", "2026-02-28"),
    ("gb", "consent_at_majority", "", "2012-02-29 00:00", "2030-02-28"),
    ("gb", "consent_at_majority", "", "2006-02-28 00:00", "2024-02-28"),
    ("gb", "consent_at_majority", "", "2006-03-31 00:00", "2024-03-31"),
    ("gb", "consent_at_majority", "", "2010-11-22 00:00", "2028-11-22"),
    ("gb", "contact_verification", "", "2026-01-01 10:00", "2026-04-01"),
    ("gb", "contact_verification", "", "2026-08-01 10:00", "2026-10-30"),
    ("gb", "contact_verification", "", "2023-12-01 10:00", "2024-02-29"),
    ("gb", "contact_verification", "", "2025-12-01 10:00", "2026-03-01"),
    ("gb", "civil_society_answer", "", "2026-03-06 23:59:59", "2026-03-10"),
    ("gb", "civil_society_answer", "", "2026-04-02 10:00", "2026-04-08"),
    ("gb", "civil_society_answer", "", "2026-10-23 10:00", "2026-10-27"),
    ("gb", "civil_society_answer", "", "2026-12-31 10:00", "2027-01-05"),
    ("gb", "civil_society_answer", "SCT", "2026-12-31 10:00", "2027-01-06"),
    # coe: a model without holidays.
    ("coe", "recovery_period", "", "2026-03-01 10:00", "2026-03-31"),
    ("coe", "recovery_period", "", "2026-10-05 10:00", "2026-11-04"),
    ("coe", "recovery_period", "", "2028-01-30 10:00", "2028-02-29"),
    ("coe", "greta_questionnaire", "", "2026-09-30 10:00", "2027-02-28"),
    ("coe", "greta_questionnaire", "", "2027-09-30 10:00", "2028-02-29"),
    ("coe", "greta_questionnaire", "", "2026-01-31 10:00", "2026-06-30"),
    ("coe", "greta_questionnaire", "", "2026-08-31 10:00", "2027-01-31"),
    ("coe", "greta_questionnaire", "", "2026-05-25 10:00", "2026-10-25"),
    ("coe", "greta_questionnaire", "", "2025-10-29 10:00", "2026-03-29"),
    ("coe", "consent_at_majority", "", "2008-12-31 00:00", "2026-12-31"),
    ("coe", "contact_verification", "", "2026-06-30 10:00", "2026-09-28"),
    ("coe", "civil_society_answer", "", "2026-12-25 10:00", "2026-12-29"),
    ("coe", "civil_society_answer", "", "2026-12-31 10:00", "2027-01-04"),
    ("coe", "civil_society_answer", "", "2026-03-27 23:59:59", "2026-03-31"),
    ("coe", "civil_society_answer", "", "2026-10-24 10:00", "2026-10-27"),
    # ua
    ("ua", "status_validity", "", "2024-02-29 10:00", "2026-02-28"),
    ("ua", "status_validity", "", "2026-01-31 10:00", "2028-01-31"),
    ("ua", "status_validity", "", "2024-10-27 03:30", "2026-10-27"),
    ("ua", "status_validity", "", "2024-10-27 03:30*", "2026-10-27"),
    ("ua", "status_validity", "", "2026-02-28 23:59:59", "2028-02-28"),
    ("ua", "consent_at_majority", "", "2008-02-29 00:00", "2026-02-28"),
    ("ua", "contact_verification", "", "2026-11-22 10:00", "2027-02-20"),
    ("ua", "civil_society_answer", "", "2026-03-27 10:00", "2026-03-31"),
    ("ua", "civil_society_answer", "", "2020-12-31 10:00", "2021-01-05"),
]

# The same end as an instant: the offset is the one of the day on which it ends.
INSTANTS = [
    ("gb", "preliminary_decision", "2026-03-25 10:00", "2026-04-01 22:59:59.999999"),
    ("gb", "preliminary_decision", "2026-10-22 09:00", "2026-10-29 23:59:59.999999"),
    ("gb", "consent_at_majority", "2006-03-31 00:00", "2024-03-31 22:59:59.999999"),
    ("coe", "greta_questionnaire", "2026-05-25 10:00", "2026-10-25 22:59:59.999999"),
    ("coe", "greta_questionnaire", "2025-10-29 10:00", "2026-03-29 21:59:59.999999"),
    ("ua", "status_validity", "2024-10-25 10:00", "2026-10-25 21:59:59.999999"),
    ("ua", "status_validity", "2024-03-29 10:00", "2026-03-29 20:59:59.999999"),
]

OFF = [
    ("coe", "breach_notice"),
    ("coe", "data_request"),
    ("coe", "preliminary_decision"),
    ("gb", "breach_notice"),
    ("gb", "data_request"),
    ("ua", "recovery_period"),
    ("ua", "status_decision"),
]


def ends(country, code, start, place=""):
    """When the period of the rule ends that is in force on the day of its start."""
    profile = load(country)
    moment = datetime.fromisoformat(start.rstrip("*")).replace(
        tzinfo=profile.time_zone, fold=start.endswith("*")
    )
    rule = profile.rule(code, on=moment.date(), subdivision=place)
    years = range(moment.year - 1, moment.year + 20)
    calendar = profile.calendar(years, subdivision=place)
    return due_at(moment, rule.counting, calendar, profile.time_zone)


class TestTable:
    @pytest.mark.parametrize(("country", "code", "place", "start", "day"), CASES)
    def test_ends_on_the_day_counted_by_hand(self, country, code, place, start, day):
        end = ends(country, code, start, place).astimezone(load(country).time_zone)
        assert end.date() == date.fromisoformat(day)
        assert end.time().isoformat() == "23:59:59.999999"

    @pytest.mark.parametrize(("country", "code", "start", "instant"), INSTANTS)
    def test_ends_at_the_instant_the_local_day_ends(self, country, code, start, instant):
        assert ends(country, code, start) == datetime.fromisoformat(instant).replace(tzinfo=UTC)

    def test_has_a_case_for_every_verified_rule(self):
        cased = {(country, code) for country, code, *_rest in CASES}
        verified = {
            (country, rule.code)
            for country in ("coe", "gb", "ua")
            for rule in load(country).rules()
        }
        assert verified == cased

    @pytest.mark.parametrize(("country", "code"), OFF)
    def test_has_none_for_what_was_not_confirmed(self, country, code):
        assert load(country).rule(code, on=date(2026, 11, 22)) is None
