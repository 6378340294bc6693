"""Where the documents of guidance are kept; which are taken says `partners/agreement_files.py`."""

from pathlib import Path

from django.conf import settings
from django.utils.functional import cached_property

from deadlines.files import PrivateStorage

MOST_FILES = 8
"""Documents of one version: one for each language, and annexes."""


class GuidanceStorage(PrivateStorage):
    """A folder of its own, which only `partners.services.guidance` writes."""

    @cached_property
    def base_location(self) -> str:
        return str(Path(settings.MEDIA_ROOT) / "guidance")


def guidance_storage() -> GuidanceStorage:
    """The folder; a function, so that a migration carries its name alone."""
    return GuidanceStorage(file_permissions_mode=0o600, directory_permissions_mode=0o700)
