"""Where results of jobs are kept: private files under random names, which no URL serves.

A result is handed out by `deadlines.views.job_file` alone, to the person whose job it is.
"""

import re
import secrets
from datetime import datetime
from pathlib import Path

from django.conf import settings
from django.core.files.storage import FileSystemStorage
from django.db import models
from django.utils.functional import cached_property

CONTENT_TYPES = {
    "csv": "text/csv; charset=utf-8",
    "docx": "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    "ics": "text/calendar; charset=utf-8",
    "json": "application/json",
    "pdf": "application/pdf",
    "txt": "text/plain; charset=utf-8",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "zip": "application/zip",
}
"""What a job may hand out, by ending, and as what it is sent."""

_SHOWN_NAME = re.compile(r"[a-z0-9][a-z0-9._-]{0,99}\.([a-z]{3,4})")


class PrivateStorage(FileSystemStorage):
    """Files readable by the service's own account only, with no address of their own."""

    @cached_property
    def base_location(self) -> str:
        return str(Path(settings.MEDIA_ROOT) / "jobs")

    def url(self, name: str | None) -> str:
        raise ValueError("A job's result has no address; deadlines.views.job_file hands it out.")


def job_storage() -> PrivateStorage:
    """The folder of results; a function, so that a migration carries its name alone."""
    return PrivateStorage(file_permissions_mode=0o600, directory_permissions_mode=0o700)


def random_name(_instance: object = None, _filename: str = "") -> str:
    """A name that tells nothing and cannot be guessed."""
    return secrets.token_hex(24)


def content_type(shown_name: str) -> str:
    """The content type for the name a result is shown under.

    Raises ValueError when the name has anything but lower-case letters, digits, dots, hyphens and
    underscores, or an ending that is not in CONTENT_TYPES.
    """
    match = _SHOWN_NAME.fullmatch(shown_name)
    if match is None or match[1] not in CONTENT_TYPES:
        raise ValueError("The name of a result is plain ASCII with an ending that is known.")
    return CONTENT_TYPES[match[1]]


def clear_orphans(
    storage: PrivateStorage, model: type[models.Model], field: str, *, before: datetime
) -> int:
    """Delete contents older than `before` that no row of `model` names in `field`; how many.

    A crash between a row's deletion and its content's leaves such a content.
    """
    if not storage.exists(""):
        return 0
    _folders, names = storage.listdir("")
    old = {name for name in names if storage.get_modified_time(name) < before}
    known = model._default_manager.filter(**{f"{field}__in": old})
    orphans = old - set(known.values_list(field, flat=True))
    for name in orphans:
        storage.delete(name)
    return len(orphans)
