"""The screens of this package, one module each: the inbox and the background work."""

from deadlines.views.inbox import inbox, open_notice, read_all
from deadlines.views.jobs import cancel, job, job_file, job_list, retry

__all__ = [
    "cancel", "inbox", "job", "job_file", "job_list", "open_notice", "read_all", "retry",
]  # fmt: skip
