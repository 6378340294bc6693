"""Where the papers of agreements are kept, and which are taken. No URL serves the folder."""

from dataclasses import dataclass
from pathlib import Path

from django.conf import settings
from django.utils.functional import cached_property

from deadlines.files import PrivateStorage

LARGEST = 10 * 1024 * 1024
"""Bytes of one paper."""
MOST_FILES = 20


class AgreementStorage(PrivateStorage):
    """A folder of its own, which only `partners.services.agreement_papers` writes."""

    @cached_property
    def base_location(self) -> str:
        return str(Path(settings.MEDIA_ROOT) / "agreements")


def agreement_storage() -> AgreementStorage:
    """The folder; a function, so that a migration carries its name alone."""
    return AgreementStorage(file_permissions_mode=0o600, directory_permissions_mode=0o700)


@dataclass(frozen=True)
class FileKind:
    """A kind of paper: how it is sent, and the bytes by which its content says so itself."""

    content_type: str
    begins_with: tuple[bytes, ...]


KINDS = {
    "pdf": FileKind("application/pdf", (b"%PDF-",)),
    "docx": FileKind(
        "application/vnd.openxmlformats-officedocument.wordprocessingml.document", (b"PK\x03\x04",)
    ),
    "odt": FileKind("application/vnd.oasis.opendocument.text", (b"PK\x03\x04",)),
    "png": FileKind("image/png", (b"\x89PNG\r\n\x1a\n",)),
    "jpg": FileKind("image/jpeg", (b"\xff\xd8\xff",)),
}
"""What is taken, by ending; a name alone is believed of nobody."""


def kind_of(name: str, head: bytes) -> str | None:
    """The kind of a paper by its ending, where its first bytes agree; None for any other."""
    ending = name.rpartition(".")[2].lower().replace("jpeg", "jpg")
    kind = KINDS.get(ending)
    return ending if kind is not None and head.startswith(kind.begins_with) else None
