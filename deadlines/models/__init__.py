"""The tables of this package, one module each: clocks, rules, absences, the post, feeds, background
work."""

from deadlines.models.away import Absence
from deadlines.models.clocks import CalendarDay, Deadline, DeadlineEvent, Reminder
from deadlines.models.feeds import CalendarFeed
from deadlines.models.post import Mail, MailChoice, Notice
from deadlines.models.rules import Rule
from deadlines.models.work import OPEN_JOBS, Job, SweepGap, SweepRun

__all__ = [
    "OPEN_JOBS",
    "Absence",
    "CalendarDay",
    "CalendarFeed",
    "Deadline",
    "DeadlineEvent",
    "Job",
    "Mail",
    "MailChoice",
    "Notice",
    "Reminder",
    "Rule",
    "SweepGap",
    "SweepRun",
]
