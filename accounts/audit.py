"""The log of who looked at what: writing a row, and proving that none was altered since.

Each row is hashed together with the one before it in its shard, so an edit, a deletion or a reorder
breaks the chain at a place that can be named. What a row may not hold: a value, a name, a URL.
"""

import hashlib
import ipaddress
import json
import re
import uuid
import zlib
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final, Protocol
from uuid import UUID

from django.db import connection, transaction
from django.utils import timezone

from accounts.choices import LogAction
from accounts.models import AccessLog, AccessLogHead, User
from common.marks import Subject

SHARDS: Final = 8
"""Chains side by side, so that writers wait for each other an eighth as often."""
VERSION: Final = 1
"""Which columns are hashed, and how; a column added later takes the next number."""
GENESIS: Final = "0" * 64
"""What the first row of a shard names as the one before it."""

_HASHED: Final = (
    "version", "shard", "seq", "at", "user_id", "membership_uuid", "organisation_uuid", "system",
    "action", "subject_kind", "subject_uuid", "field_group", "reason_code", "purpose",
    "request_id", "ip", "previous_hash",
)  # fmt: skip
_REQUEST_ID: Final = re.compile(r"[A-Za-z0-9-]{8,64}")


class NotInTransaction(RuntimeError):
    """The log was to be written outside the transaction of the act it records."""


class Who(Protocol):
    """As much of an actor as the log needs; `common.marks.Actor` has it."""

    @property
    def user_id(self) -> int | None: ...
    @property
    def system(self) -> str: ...


# --- where a request came from --------------------------------------------------------------------


@dataclass(frozen=True)
class Origin:
    """A request as the log knows it: a random id and the network, not the machine."""

    request_id: str = ""
    ip: str = ""


_NOWHERE: Final = Origin()
_origin: ContextVar[Origin] = ContextVar("accounts.origin", default=_NOWHERE)


@contextmanager
def origin(request_id: str, ip: str) -> Iterator[Origin]:
    """Rows written inside carry this request's id and network (IPv4 /24, IPv6 /48)."""
    known = request_id if _REQUEST_ID.fullmatch(request_id) else uuid.uuid4().hex
    token = _origin.set(Origin(known, network_of(ip)))
    try:
        yield _origin.get()
    finally:
        _origin.reset(token)


def network_of(ip: str) -> str:
    """The address with its last part cut: "192.0.2.77" gives "192.0.2.0". Empty if it is none."""
    try:
        address = ipaddress.ip_address(ip)
    except ValueError:
        return ""
    prefix = 24 if address.version == 4 else 48
    return str(ipaddress.ip_network(f"{address}/{prefix}", strict=False).network_address)


# --- writing --------------------------------------------------------------------------------------


def record(
    *,
    action: LogAction,
    by: Who,
    at: datetime,
    subject: Subject | None = None,
    field_group: str = "",
    reason_code: str = "",
    purpose: str = "",
    membership_uuid: UUID | None = None,
    organisation_uuid: UUID | None = None,
) -> AccessLog:
    """Writes one row in the transaction of the act itself: no row, no act.

    Every argument is a code or a key; free text belongs into the sealed record of the act. Raises
    NotInTransaction, and whatever the database raises: the caller must not go on then.
    """
    if not connection.in_atomic_block:
        raise NotInTransaction("The access log is written in the transaction of what it records.")
    with transaction.atomic():
        head = _locked_head(_shard(by))
        entry = AccessLog(
            version=VERSION,
            shard=head.shard,
            seq=head.seq + 1,
            at=at,
            user_id=by.user_id,
            membership_uuid=membership_uuid or getattr(by, "membership_uuid", None),
            organisation_uuid=organisation_uuid or getattr(by, "organisation_uuid", None),
            system=by.system,
            action=action,
            subject_kind=subject.kind if subject else "",
            subject_uuid=subject.uuid if subject else None,
            field_group=field_group,
            reason_code=reason_code,
            purpose=purpose,
            request_id=_origin.get().request_id,
            ip=_origin.get().ip,
            previous_hash=head.hash,
        )
        entry.hash = hash_of(entry)
        entry.save(force_insert=True)
        head.seq, head.hash = entry.seq, entry.hash
        head.save(update_fields=["seq", "hash"])
    return entry


@dataclass(frozen=True)
class Oneself:
    """Somebody acting on their own account, where no organisation matters."""

    user_id: int | None
    system: str = ""


def record_own(*, action: LogAction, user: User, field_group: str = "") -> AccessLog:
    """An act of a person upon their own account, in a transaction of its own if there is none.

    For the library's hooks only, which pass no time: the moment is now.
    """
    with transaction.atomic():
        return record(
            action=action,
            by=Oneself(user.pk),
            at=timezone.now(),  # noqa: TID251 - called by library signals, which carry no time
            subject=Subject("user", user.uuid),
            field_group=field_group,
        )


def _shard(by: Who) -> int:
    # One person's acts stay in one chain, in their order.
    return (by.user_id or zlib.crc32(by.system.encode())) % SHARDS


def _locked_head(shard: int) -> AccessLogHead:
    heads = AccessLogHead.objects.select_for_update()
    head = heads.filter(shard=shard).first()
    if head is None:
        first = AccessLogHead(shard=shard, seq=0, hash=GENESIS)
        AccessLogHead.objects.bulk_create([first], ignore_conflicts=True)
        head = heads.get(shard=shard)
    return head


def hash_of(entry: AccessLog) -> str:
    """SHA-256 over every column of the row and the hash of the row before it, in hex."""
    fields = [_canonical(getattr(entry, name)) for name in _HASHED]
    return hashlib.sha256(json.dumps(fields, ensure_ascii=True).encode()).hexdigest()


def _canonical(value: Any) -> Any:
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat(timespec="microseconds")
    if value is None or isinstance(value, int):
        return value
    return str(value)


# --- proving --------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Broken:
    """The first place of a chain that is not as it was written."""

    shard: int
    seq: int
    reason: str


@dataclass(frozen=True)
class Anchor:
    """The head of one chain as it was when somebody outside took it down."""

    shard: int
    seq: int
    hash: str


def heads() -> list[Anchor]:
    """The heads as they are now, to be kept outside: on paper, with the auditor."""
    return [
        Anchor(head.shard, head.seq, head.hash)
        for head in AccessLogHead.objects.filter(seq__gt=0).order_by("shard")
    ]


def verify() -> Iterator[Broken]:
    """Walks every chain and gives the first broken place of each broken one."""
    shards = set(AccessLog.objects.order_by().values_list("shard", flat=True).distinct())
    shards |= set(AccessLogHead.objects.values_list("shard", flat=True))
    for shard in sorted(shards):
        if broken := _walk(shard):
            yield broken


def _walk(shard: int) -> Broken | None:
    seq, last = 0, GENESIS
    while True:
        # Rows first, head second: what was appended meanwhile is walked in the next round.
        start = seq
        rows = AccessLog.objects.filter(shard=shard, seq__gt=seq).order_by("seq")
        broken, seq, last = _follow(shard, rows.iterator(chunk_size=2000), seq, last)
        head = AccessLogHead.objects.filter(shard=shard).first()
        if broken is not None:
            return broken
        if head is None or head.seq <= seq or seq == start:
            return _at_the_end(shard, head and Anchor(shard, head.seq, head.hash), seq, last)


def walk(shard: int, rows: Iterable[AccessLog], head: Anchor | None) -> Broken | None:
    """The first broken place of a chain given whole, rows in order of their place."""
    broken, seq, last = _follow(shard, rows, 0, GENESIS)
    return broken or _at_the_end(shard, head, seq, last)


def _follow(
    shard: int, rows: Iterable[AccessLog], seq: int, last: str
) -> tuple[Broken | None, int, str]:
    """Link by link from the row `seq` with the hash `last`; where it broke, or how far it went."""
    for entry in rows:
        if entry.seq != seq + 1:
            return Broken(shard, seq + 1, "missing"), seq, last
        if entry.previous_hash != last:
            return Broken(shard, entry.seq, "does not follow the row before it"), seq, last
        if entry.hash != hash_of(entry):
            return Broken(shard, entry.seq, "altered"), seq, last
        seq, last = entry.seq, entry.hash
    return None, seq, last


def _at_the_end(shard: int, head: Anchor | None, seq: int, last: str) -> Broken | None:
    """What the head says of a chain that was whole up to its last row."""
    if head is None or head.seq < seq:
        return Broken(shard, seq, "beyond the recorded head") if seq else None
    if head.seq > seq:
        return Broken(shard, seq + 1, "missing")
    return None if head.hash == last else Broken(shard, seq, "differs from the head")


def verify_against(anchors: list[Anchor]) -> Iterator[Broken]:
    """Rows that an anchor names and that are gone or different: cutting a chain is found so."""
    for anchor in sorted(anchors, key=lambda a: a.shard):
        entry = AccessLog.objects.filter(shard=anchor.shard, seq=anchor.seq).first()
        if broken := against(anchor, entry):
            yield broken


def against(anchor: Anchor, entry: AccessLog | None) -> Broken | None:
    """What is wrong with the row in the place that an anchor names."""
    if entry is None:
        return Broken(anchor.shard, anchor.seq, "missing, though an anchor names it")
    if entry.hash != anchor.hash:
        return Broken(anchor.shard, anchor.seq, "differs from the anchor")
    return None
