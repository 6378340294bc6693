"""Sealing: one data key per person, wrapped by a master key that is never in the database.

Here: the ring of master keys, data keys, sealed values, the column and the descriptor that models
use. Not here: who may read (partners.access), the log of reads (accounts), erasure as an act.
See docs/adr/0003-sealing.md for the layout and docs/how-to/rotate-keys.md for the drill.
"""

import base64
import operator
import os
import re
from collections.abc import Callable, Sequence
from typing import Any, Final, NoReturn, Self, TypeAlias, overload
from uuid import UUID

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from django.apps import apps
from django.conf import settings
from django.core import checks
from django.core.exceptions import ImproperlyConfigured
from django.db import models
from django.views.decorators.debug import sensitive_variables

Owner: TypeAlias = str | UUID  # whose key it is: the uuid of a person or user
Blob: TypeAlias = bytes | memoryview  # psycopg2 hands bytea back as memoryview

VALUE_VERSION: Final = 1
KEY_VERSION: Final = 1
KEY_BYTES: Final = 32
NONCE_BYTES: Final = 12
TAG_BYTES: Final = 16
SMALLEST: Final = 64  # bytes; fits a full name in a two-byte script, so names are all one length
LARGEST_DOUBLING: Final = 1024  # from here on lengths step by this much instead of doubling

_KEY_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,31}")
_FIELD = re.compile(r"[a-z][a-z0-9_.]{0,63}")
# 32 bytes are always 43 characters, so a "+" of the standard alphabet cannot be taken for the "+"
# between two parts.
_KEY_TEXT = re.compile(r"([A-Za-z0-9+/_-]{43})=?(?:\+([A-Za-z0-9+/_-]{43})=?)?")


class SealError(Exception):
    """Something sealed was not opened. Messages name a logical field, never content or keys."""


class SealBroken(SealError):
    """The bytes were altered, cut, or belong to another field or owner."""


class KeyMissing(SealError):
    """The master key that wraps this data key is not in SEALING_KEYS."""


class Erased(SealError):
    """The data key was destroyed: nothing that it sealed will open again, here or in history."""


class _Secret:
    """Key material that shows itself nowhere: not in repr, not in a pickle, not in a copy."""

    __slots__ = ()

    def __repr__(self) -> str:
        return f"<{type(self).__name__}>"

    def __reduce_ex__(self, protocol: object) -> NoReturn:
        raise TypeError(f"{type(self).__name__} is never pickled or copied")


# --- the ring of master keys ----------------------------------------------------------------------


@sensitive_variables()
def decode_key(text: str) -> tuple[bytes, ...] | None:
    """The 32-byte parts (one, or two joined by "+") of a key in base64; None if it is not that.

    Both base64 alphabets are read, with or without the final "=".
    """
    match = _KEY_TEXT.fullmatch(text.strip())
    if match is None:
        return None
    parts = (part for part in match.groups() if part is not None)
    return tuple(
        base64.b64decode(part.translate(str.maketrans("-_", "+/")) + "=") for part in parts
    )


class Keyring(_Secret):
    """The master keys, newest first. The first wraps; all of them open.

    Raises ImproperlyConfigured, naming an entry by its place and never by its text.
    """

    __slots__ = ("_keys", "newest")

    @sensitive_variables()
    def __init__(self, entries: Sequence[str]) -> None:
        if isinstance(entries, str) or not entries:
            raise ImproperlyConfigured(
                "SEALING_KEYS has no key. Give a list of id:key, newest first; make a key with "
                "`openssl rand -base64 32` and keep it outside the database and its backups."
            )
        self._keys: dict[str, AESGCM] = {}
        seen: dict[bytes, int] = {}
        for place, entry in enumerate(entries, start=1):
            key_id, key = _master_key(entry, place)
            if key_id in self._keys:
                raise ImproperlyConfigured(
                    f"SEALING_KEYS entry {place} has an id that an earlier entry has. "
                    "Give every key an id of its own; never use an id again for a new key."
                )
            if key in seen:
                raise ImproperlyConfigured(
                    f"SEALING_KEYS entries {seen[key]} and {place} are the same key under two "
                    "ids. Make a new key with `openssl rand -base64 32`."
                )
            seen[key] = place
            self._keys[key_id] = AESGCM(key)
        self.newest: str = next(iter(self._keys))

    def __repr__(self) -> str:
        return f"<Keyring of {len(self._keys)}>"

    def get(self, key_id: str) -> AESGCM:
        """The master key of that id. Raises KeyMissing."""
        try:
            return self._keys[key_id]
        except KeyError:
            raise KeyMissing(
                f"Master key {key_id!r} is not in SEALING_KEYS. Put it back behind the newest; "
                "until then what it wraps cannot be read."
            ) from None


@sensitive_variables()
def _master_key(entry: str, place: int) -> tuple[str, bytes]:
    key_id, colon, text = str(entry).strip().partition(":")
    if not colon or not _KEY_ID.fullmatch(key_id):
        raise ImproperlyConfigured(
            f"SEALING_KEYS entry {place} does not begin with an id. Write it as id:key, the id "
            "being up to 32 letters, digits, dots, dashes or underscores."
        )
    parts = decode_key(text)
    if parts is None:
        raise ImproperlyConfigured(
            f"SEALING_KEYS entry {place} is not a key of 32 bytes in base64 (44 characters), nor "
            "two such parts joined by +. Make one with `openssl rand -base64 32`."
        )
    if len(parts) == 1:
        return key_id, parts[0]
    if parts[0] == parts[1]:
        raise ImproperlyConfigured(
            f"SEALING_KEYS entry {place} has two equal parts, so one custodian alone holds it. "
            "Let each custodian make a part of their own."
        )
    # Either part alone says nothing about the key: the other still has 256 bits.
    joined = HKDF(SHA256(), KEY_BYTES, salt=None, info=b"concord|master key of two parts")
    return key_id, joined.derive(parts[0] + parts[1])


_ring: tuple[tuple[str, ...], Keyring] | None = None


@sensitive_variables()
def keyring() -> Keyring:
    """The ring of settings.SEALING_KEYS, built when first needed and again when it changes."""
    global _ring
    entries = getattr(settings, "SEALING_KEYS", None) or ()
    if isinstance(entries, str):
        return Keyring(entries)  # refuses, in words
    entries = tuple(entries)
    if _ring is None or _ring[0] != entries:
        _ring = (entries, Keyring(entries))
    return _ring[1]


# --- data keys ------------------------------------------------------------------------------------


class DataKey(_Secret):
    """One person's key, open. Ask for it, use it, let it go: never keep it on an object."""

    __slots__ = ("_cipher",)

    def __init__(self, key: bytes) -> None:
        self._cipher = AESGCM(key)


def new_data_key(owner: Owner) -> bytes:
    """A fresh data key, wrapped by the newest master key and bound to its owner."""
    return _wrap(AESGCM.generate_key(KEY_BYTES * 8), owner)


def open_data_key(wrapped: Blob | None, owner: Owner) -> DataKey:
    """The owner's data key. Raises Erased (None), KeyMissing, SealBroken."""
    return DataKey(_unwrap(wrapped, owner))


def rewrap(wrapped: Blob | None, owner: Owner) -> bytes:
    """The same data key under the newest master key; unchanged bytes if it is so already.

    What the key sealed stays as it is. Raises Erased, KeyMissing, SealBroken.
    """
    key = _unwrap(wrapped, owner)  # also when current: a broken key is not passed over
    return bytes(wrapped) if wrapped and is_current(wrapped) else _wrap(key, owner)


def master_key_id(wrapped: Blob | None) -> str:
    """The id of the master key that wraps this data key. Raises Erased, SealBroken."""
    return _split(wrapped)[0]


def is_current(wrapped: Blob | None) -> bool:
    """True if the newest master key wraps it. Raises Erased, SealBroken."""
    return master_key_id(wrapped) == keyring().newest


# Wrapped key: version (1) | length of the id (1) | master key id | nonce (12) | key and tag (48).


def _split(wrapped: Blob | None) -> tuple[str, bytes, bytes]:
    """(master key id, nonce, ciphertext with tag) of a wrapped key."""
    if wrapped is None:
        raise Erased("The data key has been destroyed.")
    blob = bytes(wrapped)
    end = 2 + (blob[1] if len(blob) > 1 else 0)
    key_id = blob[2:end].decode("ascii", errors="replace")
    if (
        blob[:1] != bytes([KEY_VERSION])
        or len(blob) != end + NONCE_BYTES + KEY_BYTES + TAG_BYTES
        or not _KEY_ID.fullmatch(key_id)
    ):
        raise SealBroken("A wrapped data key has been altered or cut.")
    return key_id, blob[end : end + NONCE_BYTES], blob[end + NONCE_BYTES :]


def _key_aad(key_id: str, owner: Owner) -> bytes:
    return f"data key|{KEY_VERSION}|{key_id}|{_owner(owner)}".encode()


@sensitive_variables()
def _wrap(key: bytes, owner: Owner) -> bytes:
    ring = keyring()
    name, nonce = ring.newest.encode("ascii"), os.urandom(NONCE_BYTES)
    sealed = ring.get(ring.newest).encrypt(nonce, key, _key_aad(ring.newest, owner))
    return bytes([KEY_VERSION, len(name)]) + name + nonce + sealed


@sensitive_variables()
def _unwrap(wrapped: Blob | None, owner: Owner) -> bytes:
    key_id, nonce, sealed = _split(wrapped)
    try:
        return keyring().get(key_id).decrypt(nonce, sealed, _key_aad(key_id, owner))
    except InvalidTag:
        raise SealBroken("A wrapped data key has been altered or is another owner's.") from None


# --- sealed values --------------------------------------------------------------------------------

# Sealed value: version (1) | nonce (12) | padded value and tag.


@sensitive_variables()
def seal(plain: str | bytes, *, key: DataKey, field: str, owner: Owner) -> bytes:
    """The value sealed for this field of this owner; values of about one size are of one length.

    `field` is a logical name such as "referral.narrative" and says what the value is, not where
    it lies: history and exports keep it. It is part of the seal, so it can never be renamed.
    Raises ValueError for text with half a surrogate pair.
    """
    aad = _value_aad(field, owner)
    if isinstance(plain, str):
        try:
            plain = plain.encode()
        except UnicodeEncodeError:
            # The stock error carries the text.
            raise ValueError(f"{field}: the text holds characters that cannot be kept.") from None
    nonce = os.urandom(NONCE_BYTES)
    return bytes([VALUE_VERSION]) + nonce + key._cipher.encrypt(nonce, _pad(plain), aad)


@sensitive_variables()
def unseal_bytes(sealed: Blob, *, key: DataKey, field: str, owner: Owner) -> bytes:
    """The bytes that were sealed. Raises SealBroken."""
    aad, blob = _value_aad(field, owner), bytes(sealed)
    if len(blob) < 1 + NONCE_BYTES + SMALLEST + TAG_BYTES or blob[0] != VALUE_VERSION:
        raise SealBroken(f"{field}: the sealed value has been altered or cut.")
    try:
        padded = key._cipher.decrypt(blob[1 : 1 + NONCE_BYTES], blob[1 + NONCE_BYTES :], aad)
    except InvalidTag:
        raise SealBroken(
            f"{field}: the sealed value has been altered, or is another field's or owner's."
        ) from None
    return padded[: padded.rindex(b"\x80")]


@sensitive_variables()
def unseal(sealed: Blob, *, key: DataKey, field: str, owner: Owner) -> str:
    """The text that was sealed. Raises SealBroken, also when what was sealed is not text."""
    try:
        return unseal_bytes(sealed, key=key, field=field, owner=owner).decode()
    except UnicodeDecodeError:
        raise SealBroken(f"{field}: what was sealed is not text.") from None


def _value_aad(field: str, owner: Owner) -> bytes:
    # The field cannot hold "|", so no two (field, owner) pairs give the same bytes.
    if not _FIELD.fullmatch(field):
        raise ValueError("A logical field is lower-case letters, digits, dots and underscores.")
    return f"{VALUE_VERSION}|{field}|{_owner(owner)}".encode()


def _owner(owner: Owner) -> str:
    if not owner:  # None would become the owner "None" of everything
        raise ValueError("A seal needs an owner: the uuid of the person or user.")
    return str(owner)


def _pad(plain: bytes) -> bytes:
    """Marked with 0x80 and filled with zeros: to 64, 128 … 1024 bytes, then to whole kibibytes."""
    size = SMALLEST
    while size <= len(plain) and size < LARGEST_DOUBLING:
        size *= 2
    if size <= len(plain):
        size = (len(plain) // LARGEST_DOUBLING + 1) * LARGEST_DOUBLING
    return plain + b"\x80" + bytes(size - len(plain) - 1)


# --- in models ------------------------------------------------------------------------------------


class WrappedKeyField(models.BinaryField):  # type: ignore[type-arg]
    """The wrapped data key of a row. Made when the row is first saved; null afterwards = erased.

    `owner` names the attribute that holds the owner's uuid. Saving a row that was saved before can
    destroy its key (None) and never changes it otherwise; rotate_keys does, by `update()`. The
    column must stay out of history (a copy would survive erasure); `manage.py check` says so.
    """

    def __init__(self, *args: Any, owner: str = "uuid", **kwargs: Any) -> None:
        self.owner = owner
        kwargs.setdefault("null", True)
        super().__init__(*args, **kwargs)

    def deconstruct(self) -> tuple[str, str, Sequence[Any], dict[str, Any]]:
        name, path, args, kwargs = super().deconstruct()
        if self.owner != "uuid":
            kwargs["owner"] = self.owner
        return name, path, args, kwargs

    def check(self, **kwargs: Any) -> list[checks.CheckMessage]:
        problems = list(super().check(**kwargs))
        if hasattr(self.model, "history_object"):
            problems.append(
                checks.Error(
                    "A copy of a data key in history would survive erasure.",
                    hint=f"Add {self.name!r} to excluded_fields of the model's HistoricalRecords.",
                    obj=self,
                    id="common.E001",
                )
            )
        return problems

    def from_db_value(self, value: Blob | None, *args: object) -> bytes | None:
        return None if value is None else bytes(value)

    def pre_save(self, model_instance: models.Model, add: bool) -> Any:
        if add:
            self.ensure(model_instance)
        value = super().pre_save(model_instance, add)
        # A row that was read before an erasure or a rotation and is saved after it would bring the
        # destroyed key back, or one under a master key that is about to go.
        return value if add or value is None else models.F(self.attname)

    def ensure(self, row: models.Model) -> None:
        """Gives a row that was never saved its key; does nothing to any other row."""
        if row._state.adding and getattr(row, self.attname) is None:
            setattr(row, self.attname, new_data_key(getattr(row, self.owner)))

    def open(self, row: models.Model) -> tuple[DataKey, Owner]:
        """(data key, owner) of the row. Raises Erased, KeyMissing, SealBroken."""
        owner: Owner = getattr(row, self.owner)
        return open_data_key(getattr(row, self.attname), owner), owner


def wrapped_key_fields() -> list[WrappedKeyField]:
    """Every column of wrapped keys in every installed model, in the order of the models."""
    return [
        field
        for model in apps.get_models(include_auto_created=True)
        for field in model._meta.local_concrete_fields
        if isinstance(field, WrappedKeyField)
    ]


class SealedText(property):
    """Text sealed on assignment and opened on each read; the row keeps ciphertext only.

        narrative_ct = models.BinaryField(null=True)
        narrative = SealedText("referral.narrative", key_holder="person")

    The column is the attribute's name and "_ct" (name that one in `update_fields`, `only()`).
    `key` is the WrappedKeyField of the key holder; `key_holder` the attribute path to it, by
    default the row itself. None stays NULL. `on_open(row, field)` is called once the value has
    opened and before it is handed out: where it raises, nothing is read.

    Raises Erased, KeyMissing, SealBroken on read, and Erased, KeyMissing on assignment.
    """

    # A property, because Django's Model(name=…), create() and get_or_create() accept those by name.

    def __init__(
        self,
        field: str,
        *,
        key: str = "data_key",
        key_holder: str | None = None,
        on_open: Callable[[Any, str], None] | None = None,
    ) -> None:
        super().__init__(self._read, self._write)
        self.field = field
        self.key = key
        self.on_open = on_open
        self._find_holder = operator.attrgetter(key_holder) if key_holder else None

    def __set_name__(self, owner: type, name: str) -> None:
        self.column = f"{name}_ct"

    def __repr__(self) -> str:
        return f"<SealedText {self.field}>"

    @overload
    def __get__(self, row: None, owner: type | None = None) -> Self: ...
    @overload
    def __get__(self, row: models.Model, owner: type | None = None) -> str | None: ...
    def __get__(self, row: models.Model | None, owner: type | None = None) -> Self | str | None:
        return self if row is None else self._read(row)

    @sensitive_variables()
    def _read(self, row: models.Model) -> str | None:
        sealed: Blob | None = getattr(row, self.column)
        if sealed is None:
            return None
        key, owner = self._key_field(row).open(self._holder(row))
        text = unseal(sealed, key=key, field=self.field, owner=owner)
        if self.on_open is not None:
            self.on_open(row, self.field)
        return text

    @sensitive_variables()
    def _write(self, row: models.Model, text: str | None) -> None:
        if text is None:
            setattr(row, self.column, None)
            return
        holder, key_field = self._holder(row), self._key_field(row)
        key_field.ensure(holder)
        key, owner = key_field.open(holder)
        setattr(row, self.column, seal(text, key=key, field=self.field, owner=owner))

    def _holder(self, row: models.Model) -> models.Model:
        holder: models.Model | None = self._find_holder(row) if self._find_holder else row
        if holder is None:
            raise ValueError(f"{self.field}: the row names nobody whose key would seal it.")
        return holder

    def _key_field(self, row: models.Model) -> WrappedKeyField:
        field = self._holder(row)._meta.get_field(self.key)
        if not isinstance(field, WrappedKeyField):
            raise ImproperlyConfigured(f"{self.field}: {self.key!r} is not a WrappedKeyField.")
        return field
