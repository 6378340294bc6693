"""Where documents of applications are kept. No URL serves the folder."""

from pathlib import Path

from django.conf import settings
from django.utils.functional import cached_property

from deadlines.files import PrivateStorage

MOST_FILES = 10


class ApplicationStorage(PrivateStorage):
    """A folder of its own, which only `funding.services.applications` writes."""

    @cached_property
    def base_location(self) -> str:
        return str(Path(settings.MEDIA_ROOT) / "applications")


def application_storage() -> ApplicationStorage:
    """The folder; a function, so that a migration carries its name alone."""
    return ApplicationStorage(file_permissions_mode=0o600, directory_permissions_mode=0o700)
