"""Deadlines in words: how long one is, what its end means, what stands behind it, how much is left.

For pages and for docs/deadlines.md. No rule is here: these only read what the profile says.
"""

from collections.abc import Mapping
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from django.utils import timezone
from django.utils.formats import date_format
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from common.profile import Bound, DeadlineRule, Pausing, StartEvent, Weight
from common.workdays import Calendar, DayZero, DeadlineLength, Roll, Unit, working_days_between
from deadlines.models import Deadline

SOON_DAYS = 3
IN_WORKING_DAYS = 60
"""Further ahead people think in months, and holidays of far years are not known."""

BOUNDS: Mapping[Bound, str | Promise] = {
    Bound.LATEST: gettext_lazy("By this day"),
    Bound.EARLIEST: gettext_lazy("Not before"),
    Bound.LASTS: gettext_lazy("Lasts at least until"),
    Bound.EXPIRES: gettext_lazy("Runs out"),
}
WEIGHTS: Mapping[Weight, str | Promise] = {
    Weight.TREATY: gettext_lazy("Treaty"),
    Weight.LAW: gettext_lazy("Law"),
    Weight.GUIDANCE: gettext_lazy("Official guidance"),
    Weight.POLICY: gettext_lazy("Policy"),
    Weight.TARGET: gettext_lazy("Target"),
    Weight.SERVICE: gettext_lazy("Service standard"),
    Weight.OWN: gettext_lazy("This platform’s proposal; no law"),
}
STARTS: Mapping[StartEvent, str | Promise] = {
    StartEvent.REFERRAL_RECEIVED: gettext_lazy("the referral is received"),
    StartEvent.STAGE_1_DECIDED: gettext_lazy("the first decision is made"),
    StartEvent.STAGE_1_NOTIFIED: gettext_lazy("the first decision is notified"),
    StartEvent.STAGE_2_DECIDED: gettext_lazy("the second decision is made"),
    StartEvent.NEGATIVE_DECIDED: gettext_lazy("a negative decision is made"),
    StartEvent.NEGATIVE_NOTIFIED: gettext_lazy("a negative decision is notified"),
    StartEvent.PERMIT_GRANTED: gettext_lazy("the permit is granted"),
    StartEvent.STATUS_GRANTED: gettext_lazy("the status is granted"),
    StartEvent.BIRTH: gettext_lazy("the person is born"),
    StartEvent.CONTACT_VERIFIED: gettext_lazy("the contact was last confirmed"),
    StartEvent.APPLICATION_SENT: gettext_lazy("the application is sent"),
    StartEvent.AGREEMENT_EXPIRING: gettext_lazy("the last weeks of an agreement begin"),
    StartEvent.INSTALMENT_DUE: gettext_lazy("an instalment of an award is due"),
    StartEvent.AWARD_PROPOSED: gettext_lazy("a direct award waits for a second person"),
    StartEvent.ACCESS_ASKED: gettext_lazy("somebody asks for access to a facility"),
    StartEvent.TRAINING_HELD: gettext_lazy("somebody took part in a training"),
    StartEvent.GUIDANCE_PUBLISHED: gettext_lazy("guidance is put in force"),
    StartEvent.COMPLAINT_MADE: gettext_lazy("the complaint is made"),
    StartEvent.EMERGENCY_MONEY_ASKED: gettext_lazy("emergency money is asked for"),
    StartEvent.EMERGENCY_MONEY_AWARDED: gettext_lazy("emergency money is awarded"),
    StartEvent.CONDITION_CONTESTED: gettext_lazy("a condition of a grant is contested"),
    StartEvent.POSITION_STATED: gettext_lazy("a position is stated in a consultation"),
    StartEvent.PLAN_REVISION_PROPOSED: gettext_lazy("a revision of the action plan is proposed"),
    StartEvent.REPORT_PERIOD_OVER: gettext_lazy("the period of a report is over"),
    StartEvent.REPORT_SENT: gettext_lazy("a report on a grant is sent"),
    StartEvent.ACTION_REPORTED: gettext_lazy("an action point is reported done"),
    StartEvent.AGENDA_ITEM_SUBMITTED: gettext_lazy("an agenda item is submitted"),
    StartEvent.MEETING_HELD: gettext_lazy("a meeting is held"),
    StartEvent.MESSAGE_SENT: gettext_lazy("the message is sent"),
    StartEvent.QUESTIONNAIRE_SENT: gettext_lazy("the questionnaire is sent"),
    StartEvent.BREACH_KNOWN: gettext_lazy("the breach becomes known"),
    StartEvent.DATA_REQUEST_RECEIVED: gettext_lazy("the request is received"),
    StartEvent.NOTHING: gettext_lazy("nothing: the date stands by itself"),
}
PAUSES: Mapping[Pausing, str | Promise] = {
    Pausing.RETURNED: gettext_lazy("while it is sent back with questions"),
    Pausing.SUSPENDED: gettext_lazy("while it is suspended"),
}
UNITS: Mapping[Unit, str | Promise] = {
    Unit.HOURS: gettext_lazy("hours"),
    Unit.DAYS: gettext_lazy("days"),
    Unit.WORKING_DAYS: gettext_lazy("working days"),
    Unit.MONTHS: gettext_lazy("months"),
    Unit.FIXED_DATE: gettext_lazy("a fixed date"),
    Unit.YEARLY: gettext_lazy("dates of each year"),
}
DAY_ZEROS: Mapping[DayZero, str | Promise] = {
    DayZero.EXCLUDED: gettext_lazy("does not count: the next day is the first"),
    DayZero.INCLUDED: gettext_lazy("counts as the first day"),
}
ROLLS: Mapping[Roll, str | Promise] = {
    Roll.NONE: gettext_lazy("stays where it is"),
    Roll.FORWARD: gettext_lazy("moves to the next working day"),
    Roll.BACK: gettext_lazy("moves to the working day before"),
}
_ROLLS: Mapping[Roll, str | Promise] = {
    Roll.FORWARD: gettext_lazy("an end on a day off moves to the next working day"),
    Roll.BACK: gettext_lazy("an end on a day off moves to the working day before"),
}


def length(period: DeadlineLength) -> str:
    """How long: "5 working days", "31 December 2026", "15 July, 15 January"."""
    n = period.amount
    match period.unit:
        case Unit.HOURS:
            return ngettext("%(n)d hour", "%(n)d hours", n) % {"n": n}
        case Unit.DAYS:
            return ngettext("%(n)d day", "%(n)d days", n) % {"n": n}
        case Unit.WORKING_DAYS:
            return ngettext("%(n)d working day", "%(n)d working days", n) % {"n": n}
        case Unit.MONTHS if n % 12 == 0:
            return ngettext("%(n)d year", "%(n)d years", n // 12) % {"n": n // 12}
        case Unit.MONTHS:
            return ngettext("%(n)d month", "%(n)d months", n) % {"n": n}
        case Unit.YEARLY:
            days = (date(2001, month, day) for month, day in period.yearly)
            return ", ".join(date_format(day, "j F") for day in days)
        case _:
            assert period.fixed is not None  # noqa: S101 - DeadlineLength saw to it
            return date_format(period.fixed, "DATE_FORMAT")


def counted(rule: DeadlineRule) -> str:
    """How it is counted besides its length: the first day, days off, what stops the clock."""
    parts: list[str] = []
    if rule.counting.length.is_counted and rule.counting.length.unit is not Unit.HOURS:
        included = rule.counting.day_zero is DayZero.INCLUDED
        parts.append(_("the first day counts") if included else _("the first day does not count"))
    if rule.counting.roll in _ROLLS:
        parts.append(str(_ROLLS[rule.counting.roll]))
    parts += [_("stands still %(when)s") % {"when": PAUSES[each]} for each in sorted(rule.pauses)]
    return "; ".join(parts)


def moved(before: datetime, after: datetime, zone: ZoneInfo) -> str:
    """By how much an end moves: "3 days later", "1 hour earlier"."""
    days = (after.astimezone(zone).date() - before.astimezone(zone).date()).days
    if days > 0:
        return ngettext("%(n)d day later", "%(n)d days later", days) % {"n": days}
    if days < 0:
        return ngettext("%(n)d day earlier", "%(n)d days earlier", -days) % {"n": -days}
    hours = round(abs((after - before).total_seconds()) / 3600)
    if after > before:
        return ngettext("%(n)d hour later", "%(n)d hours later", hours) % {"n": hours}
    return ngettext("%(n)d hour earlier", "%(n)d hours earlier", hours) % {"n": hours}


def in_force(rule: DeadlineRule, on: date) -> tuple[str, str]:
    """Whether the rule is on that day, in words, and the colour that repeats it."""
    if not rule.verified:
        return _("Off: not confirmed"), "red"
    if rule.valid_to and on > rule.valid_to:
        return _("Was in force until %(day)s") % {"day": on_day(rule.valid_to)}, "grey"
    if rule.valid_from and on < rule.valid_from:
        return _("In force from %(day)s") % {"day": on_day(rule.valid_from)}, "yellow"
    return _("In force"), "green"


def left(row: Deadline, at: datetime, calendar: Calendar, zone: ZoneInfo) -> tuple[str, str]:
    """How much time is left or how late it is, in words, and the colour that repeats it.

    `calendar` knows the years from a year before `at` to a year after it.
    """
    if row.paused_at is not None:
        since = timezone.localtime(row.paused_at, zone).date()
        return _("Stopped since %(day)s") % {"day": on_day(since)}, "purple"
    today, due_on = at.astimezone(zone).date(), row.due_at.astimezone(zone).date()
    if row.due_at < at:
        return _past(row, today, due_on, at, calendar)
    days = (due_on - today).days
    if row.unit == Unit.HOURS and row.due_at - at < timedelta(hours=48):
        hours = int((row.due_at - at).total_seconds() // 3600)
        return ngettext("%(n)d hour left", "%(n)d hours left", hours) % {"n": hours}, "orange"
    if days == 0:
        return _("Ends today"), "orange"
    colour = "yellow" if days <= SOON_DAYS else "grey"
    if row.unit == Unit.WORKING_DAYS and days <= IN_WORKING_DAYS:
        n = working_days_between(today, due_on, calendar)
        if n:
            words = ngettext("%(n)d working day left", "%(n)d working days left", n)
            return words % {"n": n}, colour
    if days > IN_WORKING_DAYS:
        n = max(2, round(days / 30.44))
        return ngettext("about %(n)d month left", "about %(n)d months left", n) % {"n": n}, colour
    return ngettext("%(n)d day left", "%(n)d days left", days) % {"n": days}, colour


def _past(
    row: Deadline, today: date, due_on: date, at: datetime, calendar: Calendar
) -> tuple[str, str]:
    if not row.can_be_late:
        return _("Ended"), "grey"
    days = (today - due_on).days
    if days == 0:
        hours = max(1, int((at - row.due_at).total_seconds() // 3600))
        return ngettext("%(n)d hour late", "%(n)d hours late", hours) % {"n": hours}, "red"
    if row.unit == Unit.WORKING_DAYS and days <= IN_WORKING_DAYS:
        n = working_days_between(due_on, today, calendar)
        if n:
            words = ngettext("%(n)d working day late", "%(n)d working days late", n)
            return words % {"n": n}, "red"
    return ngettext("%(n)d day late", "%(n)d days late", days) % {"n": days}, "red"


def day(moment: datetime, zone: ZoneInfo) -> str:
    """The local day of a moment, in words."""
    return on_day(moment.astimezone(zone).date())


def on_day(day: date) -> str:
    """A local day, in words."""
    return date_format(day, "DATE_FORMAT")
