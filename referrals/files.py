"""Where files wait to be imported: private, under random names, for a day. No URL serves them."""

from pathlib import Path

from django.conf import settings
from django.utils.functional import cached_property

from deadlines.files import PrivateStorage


class ImportStorage(PrivateStorage):
    """A folder of its own, which only `referrals.services.import_files` reads and clears."""

    @cached_property
    def base_location(self) -> str:
        return str(Path(settings.MEDIA_ROOT) / "imports")


def import_storage() -> ImportStorage:
    """The folder; a function, so that a migration carries its name alone."""
    return ImportStorage(file_permissions_mode=0o600, directory_permissions_mode=0o700)
