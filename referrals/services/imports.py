"""Writing history read from a file: no person, consent, clock, notice or grant comes of it."""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time
from itertools import islice
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from django.db import transaction

from accounts import audit
from accounts.choices import LogAction
from accounts.models import User
from common.country import current
from common.marks import Subject
from common.references import new_reference
from common.rowlock import beyond_sight
from partners.choices import OrganisationKind, OrganisationState
from partners.models import Organisation
from partners.services.listings import relist
from referrals.choices import Basis, Origin, Outcome, ResponderType, StageCode, State
from referrals.imports import Entry, Reading
from referrals.models import Decision, ImportBatch, Referral

BATCH = 2000
Progress = Callable[[int, int], None]

#: What an organisation that only the file knows is taken for, until somebody reviews it.
KIND = {
    ResponderType.GOVERNMENT: OrganisationKind.STATE_AGENCY,
    ResponderType.LOCAL_AUTHORITY: OrganisationKind.STATE_AGENCY,
    ResponderType.POLICE: OrganisationKind.STATE_AGENCY,
    ResponderType.NGO: OrganisationKind.CSO,
}


class HasFaults(ValueError):
    """The file has bad rows and nobody said to leave them out: nothing was written."""


def nothing(done: int, total: int) -> None:
    """Tell nobody how far the import is."""


@transaction.atomic
def import_history(
    *,
    reading: Reading,
    profile: str,
    by: User,
    at: datetime,
    organisation_uuid: UUID | None = None,
    skip_bad: bool = False,
    progress: Progress = nothing,
) -> ImportBatch:
    """Write the good rows of a file as history, each once, whatever was imported before.

    Raises HasFaults when there are bad rows and `skip_bad` is false. One transaction: all or
    nothing. Organisations that do not exist are entered as having applied.
    """
    if reading.bad_rows and not skip_bad:
        raise HasFaults
    fresh = not_yet_imported(reading, profile)
    batch = ImportBatch.objects.create(
        profile=profile,
        file_digest=reading.digest,
        rows_read=reading.rows,
        rows_added=len(fresh),
        rows_known=len(reading.entries) - len(fresh),
        rows_refused=reading.bad_rows,
        imported_at=at,
        imported_by=by,
    )
    audit.record(
        action=LogAction.IMPORT,
        by=audit.Oneself(by.pk),
        at=at,
        subject=Subject("import", batch.uuid),
        field_group=profile,
        organisation_uuid=organisation_uuid,
    )
    organisations = _organisations(fresh, by=by, at=at)
    references = _references(len(fresh))
    zone = current().time_zone
    done = 0
    for entries in _batches(fresh, BATCH):
        _write(entries, profile, batch, organisations, references, zone=zone, at=at)
        done += len(entries)
        progress(done, len(fresh))
    return batch


@dataclass
class _Known:
    """What was imported by one profile: how many rows say the same, and which marks are used."""

    rows: Counter[str] = field(default_factory=Counter)
    marks: set[str] = field(default_factory=set)

    def has(self, entry: Entry) -> bool:
        if entry.mark:
            return entry.mark in self.marks
        # Counted, not compared: a mended row that came in by its mark is one of them.
        return entry.occurrence <= self.rows[entry.fingerprint]


@beyond_sight("what was imported already")
def not_yet_imported(reading: Reading, profile: str) -> list[Entry]:
    """The good rows of a file that importing it now would add."""
    known = _Known()
    keys = Referral.objects.filter(import_key__startswith=f"{profile}:").values_list(
        "import_key", flat=True
    )
    for key in keys.iterator(chunk_size=5000):
        _profile, fingerprint, last = str(key).split(":")
        known.rows[fingerprint] += 1
        if not last.isdecimal():
            known.marks.add(last)
    return [entry for entry in reading.entries if not known.has(entry)]


def _key(profile: str, entry: Entry) -> str:
    return f"{profile}:{entry.fingerprint}:{entry.mark or entry.occurrence}"


def _batches(entries: Iterable[Entry], size: int) -> Iterator[list[Entry]]:
    rest = iter(entries)
    while some := list(islice(rest, size)):
        yield some


def _organisations(entries: Sequence[Entry], *, by: User, at: datetime) -> dict[str, Organisation]:
    """The organisations named in the file by name; unknown ones are entered as applied."""
    named = {entry.first_responder: entry.responder_type for entry in entries}
    found = {
        organisation.name: organisation
        # Of two with one name the older one is taken.
        for organisation in Organisation.objects.filter(name__in=named).order_by("-pk")
    }
    unknown = sorted(set(named) - set(found))
    for name in unknown:
        found[name] = Organisation.objects.create(
            name=name,
            kind=KIND[ResponderType(named[name])],
            state=OrganisationState.APPLIED,
            created_at=at,
            created_by=by,
            applied_at=at,
            applied_by=by,
        )
    relist([found[name].pk for name in unknown])
    return found


def _references(number: int) -> Iterator[str]:
    """As many references as are needed, none of them in use."""
    drawn: set[str] = set()
    while len(drawn) < number:
        more = {new_reference("R") for _ in range(number - len(drawn))}
        drawn |= more
        for some in _chunks(sorted(more), 5000):
            taken = Referral.objects.filter(reference__in=some)
            drawn -= set(taken.values_list("reference", flat=True))
    return iter(drawn)


def _chunks(values: Sequence[str], size: int) -> Iterator[Sequence[str]]:
    for start in range(0, len(values), size):
        yield values[start : start + size]


def _write(
    entries: list[Entry],
    profile: str,
    batch: ImportBatch,
    organisations: dict[str, Organisation],
    references: Iterator[str],
    *,
    zone: ZoneInfo,
    at: datetime,
) -> None:
    # History is never changed, so it needs no history of its own: the batch says where it is from.
    written = Referral.objects.bulk_create(
        Referral(
            reference=next(references),
            origin=Origin.HISTORICAL,
            basis=Basis.IMPORTED,
            batch=batch,
            import_key=_key(profile, entry),
            first_responder=organisations[entry.first_responder],
            responder_type=entry.responder_type,
            exploitation=entry.exploitation,
            age_at_exploitation=entry.age_at_exploitation,
            gender=entry.gender,
            nationalities=entry.nationalities,
            state=_state(entry),
            created_at=at,
            received_at=datetime.combine(entry.received_on, time(12), tzinfo=zone),
            received_on=entry.received_on,
        )
        for entry in entries
    )
    Decision.objects.bulk_create(
        decision
        for referral, entry in zip(written, entries, strict=True)
        for decision in _decisions(referral, entry)
    )


def _state(entry: Entry) -> State:
    if entry.conclusive:
        positive = entry.conclusive[0] == Outcome.POSITIVE
        return State.CONCL_POSITIVE if positive else State.CONCL_NEGATIVE
    if entry.preliminary:
        positive = entry.preliminary[0] == Outcome.POSITIVE
        return State.PRELIM_POSITIVE if positive else State.PRELIM_NEGATIVE
    return State.SUBMITTED


def _decisions(referral: Referral, entry: Entry) -> Iterator[Decision]:
    made: tuple[tuple[StageCode, tuple[str, date] | None], ...] = (
        (StageCode.PRELIMINARY, entry.preliminary),
        (StageCode.CONCLUSIVE, entry.conclusive),
    )
    for stage, decided in made:
        if decided is not None:
            outcome, on = decided
            values: dict[str, Any] = {"outcome": outcome, "decided_on": on}
            yield Decision(referral=referral, stage=stage, **values)
