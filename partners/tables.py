"""Where tables of organisations wait to be brought in: private, under random names, for a day."""

from pathlib import Path

from django.conf import settings
from django.utils.functional import cached_property

from deadlines.files import PrivateStorage


class TableStorage(PrivateStorage):
    """A folder of its own, which only `partners.services.registry_tables` reads and clears."""

    @cached_property
    def base_location(self) -> str:
        return str(Path(settings.MEDIA_ROOT) / "registry-tables")


def table_storage() -> TableStorage:
    """The folder; a function, so that a migration carries its name alone."""
    return TableStorage(file_permissions_mode=0o600, directory_permissions_mode=0o700)
