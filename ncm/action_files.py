"""Where documents that show an action point is done are kept. No URL serves the folder."""

from pathlib import Path

from django.conf import settings
from django.utils.functional import cached_property

from deadlines.files import PrivateStorage

MOST_FILES = 10


class ActionStorage(PrivateStorage):
    """A folder of its own, which only `ncm.services.action_points` writes."""

    @cached_property
    def base_location(self) -> str:
        return str(Path(settings.MEDIA_ROOT) / "actions")


def action_storage() -> ActionStorage:
    """The folder; a function, so that a migration carries its name alone."""
    return ActionStorage(file_permissions_mode=0o600, directory_permissions_mode=0o700)
