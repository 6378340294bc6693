"""The lists of referrals: the inbox, driven from the grants of each of one's groups, and the
co-ordination's list. Keyset-paged, the same number of queries however many rows there are."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db.models import F, QuerySet
from django.urls import reverse
from django.utils.translation import gettext as _

from common.marks import Permission
from common.paging import (
    PAGE_SIZE,
    CappedCount,
    Order,
    Page,
    capped_count,
    capped_count_of,
    capped_counts_of,
    merge_slices,
    paginate,
)
from common.rowlock import beyond_sight
from partners.grants import permission_ids_of
from partners.leaving import OpenWork
from partners.models import Organisation
from referrals.choices import OPEN, Origin, State
from referrals.models import Referral, ReferralGroupGrant, ReferralUserGrant
from referrals.models.referral import kept_out, live_at, own_only

_NAME, _WITHIN = "content_object__uuid", ("group", "permission")
RECEIVED = Order("-sort_at", "-content_object", named_by=_NAME, unique_within=_WITHIN)
DUE = Order("due_at", "content_object", named_by=_NAME, unique_within=_WITHIN, set_only=("due_at",))
STEERED = Order("-received_at", "-id", set_only=("received_at",))
ORDERS = {"received": RECEIVED, "due": DUE}
SHOWN = ""
"""The name under which `inbox_counts` counts the list that is shown."""

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
    return ReferralGroupGrant.objects.filter(
        live_at(actor.at),
        own_only(actor, "content_object__"),
        ~kept_out(actor, "content_object"),
        permission_id=permission_ids_of(Referral)["see"],
    ).values("content_object_id", "due_at")


def _sliced(rows: QuerySet[Any], actor: Any, states: Collection[str]) -> Slices:
    if not states or own_only(actor):
        # One's own are found by who made them, and all of them are read whatever the state: once.
        rows = rows.filter(status__in=states) if states else rows
        of_group = _of_own if actor.is_enforcement else _of_group
        return {f"g{group}": of_group(rows, group) for group in actor.group_ids}
    return {
        f"g{group}:{state}": rows.filter(group_id=group, status=state)
        for group in actor.group_ids
        for state in states
    }


def _of_group(rows: QuerySet[Any], group: int) -> QuerySet[Any]:
    return rows.filter(group_id=group)


def _of_own(rows: QuerySet[Any], group: int) -> QuerySet[Any]:
    """The group's rows, where one's own alone are asked for: found from one's own referrals.

    The group is asked for as a sum, which no index answers. Where PostgreSQL could use an index of
    the group it would read the whole group wherever it takes that for few rows, and the plan would
    flip as the country grows.
    """
    return rows.alias(of_group=F("group_id") + 0).filter(of_group=group)


def inbox_page(
    actor: Any,
    *,
    order: str = "received",
    cursor: str = "",
    size: int = PAGE_SIZE,
    count: CappedCount | None = None,
    **narrow: Any,
) -> Page:
    """A page of the inbox; its rows are `Line`s. Keywords as `inbox`; order "received" or "due".

    `count` is given by who has asked `inbox_counts` for it already.
    """
    slices = inbox(actor, **narrow)
    if not slices:
        return Page(rows=[], next="", previous="", count=CappedCount(0))
    found: dict[int, Referral] = {}

    def names(rows: list[Any]) -> dict[int, UUID]:
        keys = [row["content_object_id"] for row in rows]
        found.update(Referral.objects.with_header().in_bulk(keys))
        return {row["page_pk"]: found[row["content_object_id"]].uuid for row in rows}

    page = merge_slices(slices, ORDERS[order], cursor=cursor, size=size, count=count, names=names)
    lines = [Line(found[row["content_object_id"]], row["due_at"]) for row in page.rows]
    return replace(page, rows=lines)


def inbox_count(actor: Any, **narrow: Any) -> CappedCount:
    """How many referrals the inbox holds, counted no further than the cap."""
    slices = inbox(actor, **narrow)
    return capped_count_of(slices, RECEIVED) if slices else CappedCount(0)


def inbox_counts(
    actor: Any, tiles: Mapping[str, Collection[str]], *, shown: Mapping[str, Any] | None = None
) -> dict[str, CappedCount]:
    """The same for several sets of states at once, by their names, in one query.

    `shown` is what a page is to show, as `inbox_page` takes it, counted under the name `SHOWN`.
    """
    if not may_list(actor):
        return dict.fromkeys([*tiles, SHOWN], CappedCount(0))
    rows = _granted(actor)
    lists = {name: (_sliced(rows, actor, states), RECEIVED) for name, states in tiles.items()}
    if shown is not None:
        narrow = dict(shown)
        order = ORDERS[narrow.pop("order", "received")]
        lists[SHOWN] = (inbox(actor, **narrow), order)
    return capped_counts_of(lists)


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


@beyond_sight("what an organisation would leave behind")
def left_open(organisation: Organisation) -> list[OpenWork]:
    """What an organisation would leave behind: referrals it made or was to decide on.

    A draft does not hold it back: it has left nobody waiting, and runs out.
    """
    live = Referral.objects.filter(origin=Origin.LIVE)
    made = live.filter(first_responder=organisation)
    awaited = (State.SUBMITTED, State.PRELIM_POSITIVE)
    href = reverse("referrals:inbox")
    return [
        OpenWork(
            _("Referrals you made that wait for a decision"),
            capped_count(made.filter(state__in=OPEN)),
            href,
        ),
        OpenWork(
            _("Referrals sent to you that wait for your decision"),
            capped_count(live.filter(authority=organisation, state__in=awaited)),
            href,
        ),
        OpenWork(
            _("Drafts, which run out"),
            capped_count(made.filter(state=State.DRAFT)),
            href,
            blocks=False,
        ),
    ]
