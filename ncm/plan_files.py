"""Where evidence and sent reports of the action plan are kept. No URL serves the folder."""

from pathlib import Path

from django.conf import settings
from django.utils.functional import cached_property

from deadlines.files import PrivateStorage


class PlanStorage(PrivateStorage):
    """A folder of its own, which only `ncm.services` writes."""

    @cached_property
    def base_location(self) -> str:
        return str(Path(settings.MEDIA_ROOT) / "plan")


def plan_storage() -> PlanStorage:
    """The folder; a function, so that a migration carries its name alone."""
    return PlanStorage(file_permissions_mode=0o600, directory_permissions_mode=0o700)
