"""The lists of referrals: the inbox, driven from the grants of each of one's groups, and the
co-ordination's list. Keyset-paged, the same number of queries however many rows there are."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from django.contrib.auth.models import Permission as AuthPermission
from django.db.models import QuerySet

from common.marks import Permission
from common.paging import (
    PAGE_SIZE,
    CappedCount,
    Order,
    Page,
    capped_count_of,
    merge_slices,
    paginate,
)
from referrals.choices import Origin, State
from referrals.models import Referral, ReferralGroupGrant, ReferralUserGrant
from referrals.models.referral import live_at, own_only

_NAME, _WITHIN = "content_object__uuid", ("group", "permission")
RECEIVED = Order("-sort_at", "-content_object", named_by=_NAME, unique_within=_WITHIN)
DUE = Order("due_at", "content_object", named_by=_NAME, unique_within=_WITHIN, set_only=("due_at",))
STEERED = Order("-received_at", "-id", set_only=("received_at",))
ORDERS = {"received": RECEIVED, "due": DUE}

Slices = dict[str, QuerySet[Any]]


@dataclass(frozen=True)
class Line:
    """One line of a list: the referral, and the earliest deadline of the group it is listed for."""

    referral: Referral
    due_at: datetime | None


def inbox(
    actor: Any,
    *,
    status: str = "",
    states: Collection[str] = (),
    overdue_at: datetime | None = None,
) -> Slices:
    """The grant rows each of the actor's groups sees referrals by, one slice a group.

    `status` narrows to one state, `states` to several with a slice for each, so that each is read
    in order from its index; `overdue_at` to what was due before that moment. History has no grants
    and is in no inbox. What was opened to the person alone is in `given_to`.
    """
    if not may_list(actor):
        return {}
    rows = _granted(actor)
    if overdue_at is not None:
        rows = rows.filter(due_at__lt=overdue_at)
    return _sliced(rows, actor, [status] if status else states)


def may_list(actor: Any) -> bool:
    """Whether there is an inbox for this actor at all."""
    return actor.user_id is not None and Permission.REFERRAL_SEE in actor.permissions


def _granted(actor: Any) -> QuerySet[Any]:
    see = AuthPermission.objects.filter(
        codename="see_referral", content_type__app_label="referrals"
    ).values_list("pk", flat=True)[0]
    return ReferralGroupGrant.objects.filter(
        live_at(actor.at), own_only(actor, "content_object__"), permission_id=see
    ).values("content_object_id", "due_at")


def _sliced(rows: QuerySet[Any], actor: Any, states: Collection[str]) -> Slices:
    if not states:
        return {f"g{group}": rows.filter(group_id=group) for group in actor.group_ids}
    return {
        f"g{group}:{state}": rows.filter(group_id=group, status=state)
        for group in actor.group_ids
        for state in states
    }


def inbox_page(
    actor: Any, *, order: str = "received", cursor: str = "", size: int = PAGE_SIZE, **narrow: Any
) -> Page:
    """A page of the inbox; its rows are `Line`s. Keywords as `inbox`; order "received" or "due"."""
    slices = inbox(actor, **narrow)
    if not slices:
        return Page(rows=[], next="", previous="", count=CappedCount(0))
    page = merge_slices(slices, ORDERS[order], cursor=cursor, size=size)
    keys = [row["content_object_id"] for row in page.rows]
    found = Referral.objects.with_header().in_bulk(keys)
    lines = [Line(found[row["content_object_id"]], row["due_at"]) for row in page.rows]
    return replace(page, rows=lines)


def inbox_count(actor: Any, **narrow: Any) -> CappedCount:
    """How many referrals the inbox holds, counted no further than the cap."""
    slices = inbox(actor, **narrow)
    return capped_count_of(slices, RECEIVED) if slices else CappedCount(0)


def inbox_counts(actor: Any, tiles: Mapping[str, Collection[str]]) -> dict[str, CappedCount]:
    """The same for several sets of states at once, by their names; one query for each."""
    if not may_list(actor):
        return {name: CappedCount(0) for name in tiles}
    rows = _granted(actor)
    return {
        name: capped_count_of(_sliced(rows, actor, states), RECEIVED)
        for name, states in tiles.items()
    }


def given_to(actor: Any) -> QuerySet[Referral]:
    """Referrals opened to this person alone, beside what their groups see. A handful."""
    own = ReferralUserGrant.objects.filter(
        live_at(actor.at), user_id=actor.user_id, permission__codename="see_referral"
    )
    visible = Referral.objects.visible_to(actor)
    return visible.filter(pk__in=own.values("content_object_id")).with_header()


def steered(actor: Any, *, status: str = "") -> QuerySet[Referral]:
    """What the co-ordination steers: sent here, no draft, no history; the header only."""
    if Permission.REFERRAL_STEER not in actor.permissions:
        return Referral.objects.none()
    rows = Referral.objects.visible_to(actor).filter(origin=Origin.LIVE, received_at__isnull=False)
    if status:
        rows = rows.filter(state=State(status))
    return rows.with_header()


def steered_page(actor: Any, *, cursor: str = "", status: str = "", size: int = PAGE_SIZE) -> Page:
    """A page of what the co-ordination steers; rows are referrals, of which the header is open."""
    return paginate(steered(actor, status=status), STEERED, cursor=cursor, size=size)
