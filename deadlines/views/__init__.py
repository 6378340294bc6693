"""The screens of this package, one module each: calendar, one deadline, rules and their changes,
being away, inbox, background work, mail, the calendar feed, health."""

from deadlines.views.away import away, away_end
from deadlines.views.calendar import calendar
from deadlines.views.changes import calendar_day_add, calendar_days, rule_change
from deadlines.views.choosing import mail_choices, stop_mail
from deadlines.views.deadline import answering, deadline, deadline_act
from deadlines.views.feeds import end_feed, feed, feed_file
from deadlines.views.health import (
    dead_mail,
    health,
    health_status,
    put_away_mail,
    resend_all_mail,
    resend_mail,
)
from deadlines.views.inbox import inbox, open_notice, read_all
from deadlines.views.jobs import cancel, job, job_file, job_list, retry
from deadlines.views.rules import rules

__all__ = [
    "answering", "away", "away_end", "calendar", "calendar_day_add", "calendar_days", "cancel",
    "dead_mail", "deadline", "deadline_act", "end_feed", "feed", "feed_file", "health",
    "health_status", "inbox", "job", "job_file", "job_list", "mail_choices", "open_notice",
    "put_away_mail", "read_all", "resend_all_mail", "resend_mail", "retry", "rule_change", "rules",
    "stop_mail",
]  # fmt: skip
