"""Batches of rows claimed for a while, so that two workers never do the same work.

Here: claiming with a lease and a fencing token, finishing, giving back. Not here: what the work is
and when it falls due; the caller's queryset says that.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from django.core.exceptions import ImproperlyConfigured
from django.db import connections, models, transaction
from django.db.models import F, Q, QuerySet

# What ends a claim. Raising the token makes a second call with the same claim return False.
_ENDED: dict[str, Any] = {"claim_token": F("claim_token") + 1, "claim_worker": ""}


class Claim(NamedTuple):
    """A row held by one worker. The token proves it: each new claim of a row has a higher one."""

    pk: Any
    token: int


class Claimable(models.Model):
    """The three columns a table needs to hand out its rows. Abstract: `common` has no tables."""

    claimed_until = models.DateTimeField(null=True, blank=True, editable=False)
    claim_token = models.PositiveBigIntegerField(default=0, editable=False)
    claim_worker = models.CharField(max_length=100, blank=True, editable=False)

    class Meta:
        abstract = True


def claim(
    queryset: QuerySet[Any], *, at: datetime, lease: timedelta, limit: int, worker: str
) -> list[Claim]:
    """Claim at most ``limit`` rows of ``queryset``, in its order, until ``at + lease``.

    ``queryset`` leaves out what is done. Rows held by a living lease are passed over, so claimers
    never wait for each other on PostgreSQL; a lease that ran out makes its row free again. Two
    statements however many rows. ``worker`` is a host and process, for the operator; no person.
    """
    _refuse_unlocked_sqlite(queryset.db)
    free = queryset.filter(Q(claimed_until__isnull=True) | Q(claimed_until__lte=at))
    with transaction.atomic(using=queryset.db):
        # PostgreSQL checks the condition again on a row that changed while it waited for the lock.
        # SQLite ignores the lock, but BEGIN IMMEDIATE already let only one writer in.
        locked = free.select_for_update(skip_locked=True, of=("self",))
        found = list(locked.values_list("pk", "claim_token")[:limit])
        _rows(queryset).filter(pk__in=[pk for pk, _token in found]).update(
            claimed_until=at + lease, claim_token=F("claim_token") + 1, claim_worker=worker
        )
    return [Claim(pk, token + 1) for pk, token in found]


def finish(queryset: QuerySet[Any], held: Claim, **values: Any) -> bool:
    """Write ``values`` (``done_at=…``) and end the claim; False when it is no longer ours.

    False means that the lease ran out and another worker claimed the row: write nothing more.
    Call it first in the transaction that holds the work's effects, so that both happen or neither.
    """
    return _end(queryset, held, claimed_until=None, **values)


def release(
    queryset: QuerySet[Any], held: Claim, *, until: datetime | None = None, **values: Any
) -> bool:
    """Give the row back undone: free at once, or not before ``until``. False as in `finish`."""
    return _end(queryset, held, claimed_until=until, **values)


def renew(queryset: QuerySet[Any], held: Claim, *, at: datetime, lease: timedelta) -> bool:
    """Hold the row until ``at + lease``, for work that takes longer. False as in `finish`."""
    return bool(
        _rows(queryset)
        .filter(pk=held.pk, claim_token=held.token, claimed_until__isnull=False)
        .update(claimed_until=at + lease)
    )


def finish_many(queryset: QuerySet[Any], held: Sequence[Claim], **values: Any) -> list[Any]:
    """`finish` for a batch, in two statements: the keys that were still ours, in their order."""
    tokens = dict(held)
    with transaction.atomic(using=queryset.db):
        rows = _rows(queryset).filter(pk__in=tokens).select_for_update(of=("self",))
        now = dict(rows.order_by("pk").values_list("pk", "claim_token"))
        ours = [each.pk for each in held if now.get(each.pk) == each.token]
        _rows(queryset).filter(pk__in=ours).update(**_ENDED, claimed_until=None, **values)
    return ours


def _end(
    queryset: QuerySet[Any], held: Claim, *, claimed_until: datetime | None, **values: Any
) -> bool:
    return bool(
        _rows(queryset)
        .filter(pk=held.pk, claim_token=held.token)
        .update(**_ENDED, claimed_until=claimed_until, **values)
    )


def _rows(queryset: QuerySet[Any]) -> QuerySet[Any]:
    # Every row of the table: by now the work may have fallen out of the caller's filter.
    rows: QuerySet[Any] = queryset.model._base_manager.using(queryset.db)
    return rows


def _refuse_unlocked_sqlite(alias: str) -> None:
    connection = connections[alias]
    if connection.vendor != "sqlite":
        return
    mode = connection.settings_dict.get("OPTIONS", {}).get("transaction_mode")
    if str(mode).upper() not in {"IMMEDIATE", "EXCLUSIVE"}:
        raise ImproperlyConfigured("Claiming on SQLite needs transaction_mode IMMEDIATE.")
