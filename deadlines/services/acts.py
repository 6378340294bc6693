"""What people do to one running deadline: more time, stopping it, letting it run on.

Each is one act with a reason from a closed list and one event, by somebody it binds whom its kind
lets do it. Those who answer for it are told of more time; a clock that stands still has a day on
which it is looked at again.
"""

from collections.abc import Collection, Mapping
from datetime import date, datetime
from typing import Any
from uuid import UUID

from django.db import transaction
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from common.country import current, local_day
from common.marks import Actor, Permission, Subject
from common.profile import Bound, Pausing
from common.workdays import end_of_day
from common.workflow import NotAllowed, NotPossible
from deadlines import kinds, notifications
from deadlines.choices import ExtensionReason, SuspensionReason
from deadlines.models import Deadline
from deadlines.services import clocks
from deadlines.services.notices import notify

REVIEW = "suspension_review"


def register_kind() -> None:
    """The clock that makes somebody look again at one that stands still. Called when ready."""
    kinds.register(
        REVIEW,
        title=gettext_lazy("A stopped clock: look at it again"),
        link=_to_deadline,
        still_visible=_still_visible,
        escalation=_ladder,
    )


def _to_deadline(uuid: UUID) -> str:
    return reverse("deadlines:deadline", args=[uuid])


def _still_visible(actor: Actor, uuids: Collection[UUID]) -> Mapping[UUID, str]:
    rows = list(Deadline.objects.shown_to(actor).filter(uuid__in=list(uuids)))
    seen = kinds.seen(actor, rows)
    about = {row.uuid: (row.kind, row.subject_uuid) for row in rows}
    return {uuid: seen[subject] for uuid, subject in about.items() if subject in seen}


def _ladder(review: Deadline) -> list[list[int]]:
    """Whoever answers for the clock that stands still."""
    stopped = Deadline.objects.filter(uuid=review.subject_uuid).first()
    kind = kinds.kind_of(stopped.kind) if stopped else None
    return kind.escalation(stopped) if kind and stopped else []


def may_change(actor: Actor, deadline: Deadline) -> bool:
    """Whoever it binds, with the permission, where its kind lets them."""
    kind = kinds.kind_of(deadline.kind)
    return (
        kind is not None
        and Permission.DEADLINE_CHANGE in actor.permissions
        and Deadline.objects.visible_to(actor).filter(pk=deadline.pk).exists()
        and kind.may_change(actor, deadline)
    )


def acts_on(actor: Actor, deadline: Deadline) -> list[str]:
    """Which acts are possible now, for this actor."""
    if not deadline.is_open or not may_change(actor, deadline):
        return []
    if deadline.paused_at is not None:
        return ["resume"] if deadline.paused_for == Pausing.SUSPENDED else []
    acts = [] if deadline.bound == Bound.EARLIEST else ["extend"]
    return [*acts, "suspend"] if Pausing.SUSPENDED in deadline.stops_for else acts


@transaction.atomic
def extend(
    *, deadline: Deadline, until_on: date, reason: ExtensionReason, by: Actor, at: datetime
) -> Deadline:
    """Give it until the end of a later local day; those who answer for it are told.

    Raises NotAllowed, and NotPossible for a day that is not later or a clock that does not run.
    """
    row = _required("extend", by, deadline)
    until = end_of_day(until_on, current().time_zone)
    if until <= max(row.due_at, at):
        raise NotPossible(_("Give a day after the one on which it ends now, and after today."))
    row = clocks.extend(deadline=row, until=until, by=by, at=at, reason_code=reason.value)
    kinds.tell_moved([row])
    _tell_those_who_answer(row, by=by, at=at)
    return row


@transaction.atomic
def suspend(
    *, deadline: Deadline, reason: SuspensionReason, review_on: date, by: Actor, at: datetime
) -> Deadline:
    """Stop the clock, until somebody lets it run on; on `review_on` those it binds are asked.

    Raises NotAllowed, and NotPossible for a day that is not to come.
    """
    row = _required("suspend", by, deadline)
    zone = current().time_zone
    if review_on <= local_day(at):
        raise NotPossible(_("Give a day after today."))
    row = clocks.suspend(deadline=row, by=by, at=at, reason_code=reason.value)
    clocks.start_until(
        kind=REVIEW,
        subject=Subject(clocks.SUBJECT, row.uuid),
        holders=[holder for holder in (row.group, row.user) if holder is not None],
        starts_at=at,
        until=end_of_day(review_on, zone),
        bound=Bound.LATEST,
        by=by,
        at=at,
        organisation_uuid=row.organisation_uuid,
    )
    kinds.tell_moved([row])
    return row


@transaction.atomic
def resume(*, deadline: Deadline, by: Actor, at: datetime) -> Deadline:
    """Let a stopped clock run on, its end moved by what held it up. Raises NotAllowed."""
    row = clocks.run_on(deadline=_required("resume", by, deadline), by=by, at=at)
    clocks.meet(subject=Subject(clocks.SUBJECT, row.uuid), kinds=[REVIEW], by=by, at=at)
    kinds.tell_moved([row])
    return row


def _required(act: str, by: Actor, deadline: Deadline) -> Deadline:
    """The row as it is now, locked, if the actor may do this to it and it is possible."""
    row = clocks.lock(deadline)
    if not may_change(by, row):
        raise NotAllowed(_("Whoever it binds may do this, if their role includes it."))
    if act not in acts_on(by, row):
        raise NotPossible(_("This cannot be done to the deadline as it stands now."))
    return row


def _tell_those_who_answer(row: Deadline, *, by: Any, at: datetime) -> None:
    first = next((rung for rung in kinds.ladder_of(row, at) if rung), [])
    notify(
        recipients=[user for user in first if user != by.user_id],
        kind=notifications.DEADLINE_EXTENDED,
        subject=Subject(clocks.SUBJECT, row.uuid),
        by=by,
        at=at,
        key=f"{notifications.DEADLINE_EXTENDED}:{row.pk}:{row.due_at:%Y%m%d%H%M%S}",
    )
