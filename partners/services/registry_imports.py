"""Bringing organisations in from a table: each once, as having applied; nothing is overwritten.

What a row may say is `partners/registry_table.py`.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from django.db import transaction
from django.utils.translation import gettext as _
from simple_history.utils import bulk_create_with_history

from accounts import audit
from accounts.choices import LogAction
from accounts.models import User
from common.marks import Subject
from partners.choices import Capacity, EventKind, OrganisationState
from partners.models import (
    Area,
    ChangeRequest,
    HeldCapacity,
    Organisation,
    OrganisationEvent,
    RegistryImport,
)
from partners.models.organisation import OrganisationQuerySet
from partners.registry_table import Entry, Reading, normal, read_table
from partners.reviews import raw_answers
from partners.services.listings import relist

BATCH: Final = 500
Progress = Callable[[int, int], None]
#: Columns that name the organisation or are kept elsewhere; the others are its own columns.
_APART: Final = ("reference", "area", "capacities")


class HasFaults(ValueError):
    """The table has bad rows and nobody said to leave them out: nothing was written."""


@dataclass(frozen=True)
class Difference:
    """An organisation that exists, and a part of its entry of which the table says otherwise."""

    row: int
    organisation: Organisation
    part: str
    here: Any
    there: Any


@dataclass
class Plan:
    """What bringing a table in would do now."""

    fresh: list[Entry] = field(default_factory=list)
    same: int = 0
    differing: list[Organisation] = field(default_factory=list)
    differences: list[Difference] = field(default_factory=list)


def nothing(done: int, total: int) -> None:
    """Tell nobody how far the import is."""


def plan(reading: Reading) -> Plan:
    """Which rows are new, and where the others differ from what stands here. Reads only.

    An organisation is known by its reference, else by its registration number, else, where the row
    has none, by its name among those without a number. A draft nobody sent is known to nobody.
    """
    found = Plan()
    known = _Known(reading.entries)
    for entry in reading.entries:
        organisation = known.of(entry)
        if organisation is None:
            found.fresh.append(entry)
            continue
        differences = list(_differences(entry, organisation))
        if differences:
            found.differing.append(organisation)
            found.differences += differences
        else:
            found.same += 1
    return found


def read(content: bytes) -> Reading:
    """Read a table beside the organisations there are. Raises NotATable."""
    return read_table(content, references=_references)


def _sent() -> OrganisationQuerySet:
    sent = Organisation.objects.filter(applied_at__isnull=False)
    return sent.exclude(state=OrganisationState.DRAFT)


def _references() -> set[str]:
    return {str(uuid) for uuid in _sent().values_list("uuid", flat=True)}


@transaction.atomic
def bring_in(
    *,
    reading: Reading,
    by: User,
    at: datetime,
    organisation_uuid: UUID | None = None,
    skip_bad: bool = False,
    ask_changes: bool = False,
    progress: Progress = nothing,
) -> RegistryImport:
    """Enter the new organisations as having applied, each once, whatever was brought in before.

    With `ask_changes` every difference of a member becomes a change that somebody reviews; no entry
    that exists is changed here. No clock runs and nobody is told: no applicant waits. Raises
    HasFaults when there are bad rows and `skip_bad` is false. All or nothing.
    """
    if reading.rejected and not skip_bad:
        raise HasFaults
    # One import after the other: two at once would each enter what the other is entering.
    held = HeldCapacity.objects.held().filter(capacity=Capacity.CO_ORDINATION)
    list(held.select_for_update(of=("self",)).order_by("pk").values_list("pk", flat=True))
    found = plan(reading)
    _enter(found.fresh, by=by, at=at, progress=progress)
    asked = _ask(found, by=by, at=at) if ask_changes else 0
    done = RegistryImport.objects.create(
        file_digest=reading.digest,
        rows_read=reading.rows,
        rows_added=len(found.fresh),
        rows_same=found.same,
        rows_differing=len(found.differing),
        changes_asked=asked,
        rows_refused=len(reading.rejected),
        imported_at=at,
        imported_by=by,
    )
    audit.record(
        action=LogAction.IMPORT,
        by=audit.Oneself(by.pk),
        at=at,
        subject=Subject("registry_import", done.uuid),
        field_group="registry",
        organisation_uuid=organisation_uuid,
    )
    return done


class _Known:
    """The organisations here that a table could mean, by each of their keys."""

    def __init__(self, entries: Sequence[Entry]) -> None:
        rows = _sent().select_related("area").prefetch_related("capacities").order_by("-pk")
        wanted = {entry.key for entry in entries}
        self.by_key: dict[tuple[str, str], int] = {}
        # Of two with one key the older one is taken.
        columns = ("pk", "uuid", "registration_number", "name")
        for pk, uuid, number, name in rows.values_list(*columns):
            last = ("registration_number", number) if number.strip() else ("name", name)
            for column, value in (("reference", str(uuid)), last):
                if (key := (column, normal(value))) in wanted:
                    self.by_key[key] = pk
        self.rows = rows.in_bulk(set(self.by_key.values()))

    def of(self, entry: Entry) -> Organisation | None:
        pk = self.by_key.get(entry.key)
        return None if pk is None else self.rows[pk]


def _differences(entry: Entry, organisation: Organisation) -> Iterator[Difference]:
    for column, there in entry.said.items():
        here: Any
        if column == "reference":
            continue
        if column == "area":
            here = organisation.area.code if organisation.area else ""
        elif column == "capacities":
            here = sorted(c.capacity for c in organisation.capacities.all() if c.ended_at is None)
        elif column == "languages":
            here = sorted(organisation.languages)
        else:
            here = getattr(organisation, column)
        if here != there:
            yield Difference(entry.row, organisation, column, here, there)


def _enter(entries: Sequence[Entry], *, by: User, at: datetime, progress: Progress) -> None:
    areas = dict(Area.objects.values_list("code", "pk"))
    for start in range(0, len(entries), BATCH):
        some = entries[start : start + BATCH]
        entered = bulk_create_with_history(
            [
                Organisation(
                    state=OrganisationState.APPLIED,
                    created_at=at,
                    created_by=by,
                    applied_at=at,
                    applied_by=by,
                    area_id=areas[entry.said["area"]] if "area" in entry.said else None,
                    **{name: value for name, value in entry.said.items() if name not in _APART},
                )
                for entry in some
            ],
            Organisation,
            default_user=by,
            default_date=at,
        )
        _complete(entered, some, by=by, at=at)
        progress(start + len(some), len(entries))


def _complete(
    entered: Sequence[Organisation], entries: Iterable[Entry], *, by: User, at: datetime
) -> None:
    """What belongs to organisations just entered: what they ask to do, their past, headings."""
    pairs = list(zip(entered, entries, strict=True))
    HeldCapacity.objects.bulk_create(
        HeldCapacity(organisation=organisation, capacity=capacity)
        for organisation, entry in pairs
        for capacity in entry.said.get("capacities", ())
    )
    OrganisationEvent.objects.bulk_create(
        OrganisationEvent(
            organisation=organisation,
            kind=EventKind.BROUGHT_IN,
            at=at,
            by=by,
            comment=_("Row %(row)d of a table.") % {"row": entry.row},
            new_state=OrganisationState.APPLIED,
        )
        for organisation, entry in pairs
    )
    relist([organisation.pk for organisation in entered])


def _ask(found: Plan, *, by: User, at: datetime) -> int:
    """A change for each differing member that has none open; how many."""
    ids = [organisation.pk for organisation in found.differing]
    busy = set(
        ChangeRequest.objects.open()
        .filter(organisation__in=ids)
        .values_list("organisation", flat=True)
    )
    areas = dict(Area.objects.values_list("code", "pk"))
    changes: dict[int, dict[str, Any]] = {}
    for each in found.differences:
        organisation = each.organisation
        if organisation.state == OrganisationState.MEMBER and organisation.pk not in busy:
            part, value = _as_asked(each, changes.get(organisation.pk, {}))
            changes.setdefault(organisation.pk, {})[part] = (
                areas[value] if part == "area" else value
            )
    ChangeRequest.objects.bulk_create(
        ChangeRequest(organisation_id=pk, changes=asked, asked_at=at, asked_by=by)
        for pk, asked in changes.items()
    )
    OrganisationEvent.objects.bulk_create(
        OrganisationEvent(
            organisation_id=pk,
            kind=EventKind.CHANGE_ASKED,
            at=at,
            by=by,
            comment=_("From a table that was brought in."),
        )
        for pk in changes
    )
    return len(changes)


def _as_asked(difference: Difference, before: Mapping[str, Any]) -> tuple[str, Any]:
    """A difference as a change request holds it: registration is one part of two columns."""
    if difference.part not in ("registration_number", "is_informal"):
        return difference.part, difference.there
    standing = raw_answers(difference.organisation)["registration"]
    informal, number = before.get("registration", standing)
    if difference.part == "is_informal":
        return "registration", [difference.there, number]
    return "registration", [informal, difference.there]
