"""The tables of this package, one module each: clocks, the post, background work."""

from deadlines.models.clocks import CalendarDay, Deadline, DeadlineEvent, Reminder
from deadlines.models.post import Mail, Notice
from deadlines.models.work import OPEN_JOBS, Job, SweepRun

__all__ = [
    "OPEN_JOBS",
    "CalendarDay",
    "Deadline",
    "DeadlineEvent",
    "Job",
    "Mail",
    "Notice",
    "Reminder",
    "SweepRun",
]
