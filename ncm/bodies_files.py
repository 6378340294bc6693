"""Where mandate documents and papers of meetings are kept. No URL serves the folder."""

from pathlib import Path

from django.conf import settings
from django.utils.functional import cached_property

from deadlines.files import PrivateStorage

MOST_FILES = 20
"""On one agenda item, one meeting or one body."""


class BodyStorage(PrivateStorage):
    """A folder of its own, which only `ncm.services` writes."""

    @cached_property
    def base_location(self) -> str:
        return str(Path(settings.MEDIA_ROOT) / "bodies")


def body_storage() -> BodyStorage:
    """The folder; a function, so that a migration carries its name alone."""
    return BodyStorage(file_permissions_mode=0o600, directory_permissions_mode=0o700)
