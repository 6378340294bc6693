"""The screens of this package, one module each: calendar, rules, inbox, background work."""

from deadlines.views.calendar import calendar
from deadlines.views.inbox import inbox, open_notice, read_all
from deadlines.views.jobs import cancel, job, job_file, job_list, retry
from deadlines.views.rules import rules

__all__ = [
    "calendar", "cancel", "inbox", "job", "job_file", "job_list", "open_notice", "read_all",
    "retry", "rules",
]  # fmt: skip
