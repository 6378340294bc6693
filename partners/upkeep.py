"""Keeping grants true: ending what has run out, and proving that every row follows from a basis.

Nothing here decides who may read: an end that has passed counts at once wherever grants are read,
and what is ended here was closed before. What is found and repaired is a row that somebody, or a
fault, changed past `partners/grants.py`.
"""

import logging
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from django.db import models, transaction
from django.db.models import F, Max, Q

from partners import grants
from partners.grants import Grantable, Rows

logger = logging.getLogger(__name__)

BATCH = 500
MINUTES_A_DAY = 24 * 60


class Fault(StrEnum):
    """In which way a grant row does not follow from what stands."""

    MISSING = "missing"
    UNFOUNDED = "unfounded"
    DIFFERS = "differs"


@dataclass(frozen=True)
class Drift:
    """One grant row that is not as its bases say; `subject` and keys only, nothing of the case."""

    kind: str
    subject: UUID
    held_by: str
    fault: Fault


# --- what has run out -----------------------------------------------------------------------------


def end_expired(at: datetime) -> int:
    """End the bases whose time is over and take their rows away; how many bases ended."""
    return sum(
        _end_expired(model, tables, at) for model, tables in grants.grantable_models().items()
    )


def _end_expired(model: type[models.Model], tables: Grantable, at: datetime) -> int:
    over = tables.basis.objects.filter(ended_at=None, until_at__lte=at)
    subjects = over.order_by("until_at").values_list("subject_id", flat=True)[:BATCH]
    number = 0
    for subject in model._default_manager.filter(pk__in=set(subjects)):
        with transaction.atomic():
            # It ended when it ran out, however late the sweep comes.
            number += over.filter(subject=subject).update(ended_at=F("until_at"))
            grants.rederive(subject=subject, at=at)
    return number


# --- what does not follow -------------------------------------------------------------------------


def drift(
    *, at: datetime, kinds: Iterable[type[models.Model]] | None = None, part: int | None = None
) -> Iterator[Drift]:
    """Every grant row that is missing, stands on nothing, or says something else than it must.

    In batches: a bounded number of queries for each 500 subjects. `part` (0 to 1439) looks at that
    minute's share of the keys only. A row whose end has passed opens nothing and is left to the
    sweep.
    """
    for model in kinds or grants.grantable_models():
        for subjects in _batches(model, part):
            yield from _drift_of(model, subjects, at)


def repair(found: Iterable[Drift], *, at: datetime) -> int:
    """Let the rows of these subjects follow from their bases again; how many subjects."""
    subjects = {(each.kind, each.subject) for each in found}
    named = {model._meta.model_name: model for model in grants.grantable_models()}
    for kind, uuid in sorted(subjects, key=str):
        with transaction.atomic():
            model = named[kind]
            subject = model._default_manager.select_for_update(of=("self",)).get(uuid=uuid)
            grants.rederive(subject=subject, at=at)
            _put_by_group(subject)
    return len(subjects)


def prove_a_part(at: datetime) -> int:
    """The sweep's share: each minute another 1,440th of the keys, so that a day proves them all.

    What differs is put right and said in the log, by number and kind of fault. How many rows.
    """
    found = list(drift(at=at, part=at.hour * 60 + at.minute))
    if found:
        faults = ", ".join(sorted({each.fault for each in found}))
        logger.error("%d grant rows did not follow from their bases (%s)", len(found), faults)
        repair(found, at=at)
    return len(found)


def _batches(model: type[models.Model], part: int | None) -> Iterator[Sequence[Any]]:
    rows = model._default_manager.order_by("pk")
    if part is not None:
        last = rows.order_by().aggregate(last=Max("pk"))["last"] or 0
        keys = share(last, part)
        rows = rows.filter(pk__gte=keys.start, pk__lt=keys.stop)
    after = 0
    while batch := list(rows.filter(pk__gt=after)[:BATCH]):
        yield batch
        after = batch[-1].pk


def share(last: int, part: int) -> range:
    """The keys of 1 to `last` that are looked at in one minute of the day."""
    size = -(-last // MINUTES_A_DAY)  # rounded up: no key is left out
    return range(1 + size * part, 1 + size * (part + 1))


def _drift_of(model: type[models.Model], subjects: Sequence[Any], at: datetime) -> Iterator[Drift]:
    tables = grants.tables_of(model)
    wanted = grants.wanted_rows(subjects, at=at)
    _with_by_group(model, tables, subjects, wanted.of_groups)
    uuids = {subject.pk: subject.uuid for subject in subjects}
    for held_by, table, rows in (
        ("group", tables.group_grant, wanted.of_groups),
        ("user", tables.user_grant, wanted.of_users),
    ):
        kind = str(model._meta.model_name)
        for subject_id, fault in _compare(table, held_by, list(uuids), rows, at):
            yield Drift(kind, uuids[subject_id], held_by, fault)


def _with_by_group(
    model: type[models.Model], tables: Grantable, subjects: Sequence[Any], rows: Rows
) -> None:
    """Add what differs from group to group, which stands on `see` rows only."""
    see = grants.permission_ids_of(model).get("see")
    by_group = tables.by_group(subjects)
    for (subject_id, group_id, permission), columns in rows.items():
        if permission == see:
            columns.update(tables.by_group_default)
            columns.update(by_group.get((subject_id, group_id), {}))


def _compare(
    table: type[Any], held_by: str, subject_ids: Sequence[int], wanted: Rows, at: datetime
) -> Iterator[tuple[int, Fault]]:
    live = table.objects.filter(content_object__in=subject_ids).filter(
        Q(until_at__isnull=True) | Q(until_at__gt=at)
    )
    found = {
        (row.content_object_id, getattr(row, f"{held_by}_id"), row.permission_id): row
        for row in live
    }
    for key, row in found.items():
        if key not in wanted:
            yield key[0], Fault.UNFOUNDED
        elif grants.differs(row, wanted[key]):
            yield key[0], Fault.DIFFERS
    for key in wanted:
        if key not in found:
            yield key[0], Fault.MISSING


def _put_by_group(subject: models.Model) -> None:
    tables = grants.tables_of(type(subject))
    if not tables.by_group_default:
        return
    grants.annotate(subject=subject, to=None, permission="see", **tables.by_group_default)
    for (_subject, group_id), columns in tables.by_group([subject]).items():
        grants.annotate(subject=subject, to=[group_id], permission="see", **columns)
