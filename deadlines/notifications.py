"""Who is told what about a deadline, and about an account: `accounts` lies below this package and
cannot tell anybody."""

from collections.abc import Collection
from datetime import datetime
from typing import Any
from uuid import UUID

from django.conf import settings
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.audit import Oneself
from accounts.models import AccountLock, FactorReset
from common.country import local_day
from common.marks import Actor, Subject
from deadlines import kinds
from deadlines.choices import Stage
from deadlines.models import Absence, Deadline, Notice
from deadlines.models.clocks import TOLD_OF_MORE_TIME
from deadlines.notices import register, register_topic
from deadlines.services.dead_letters import note_returned
from deadlines.services.mail import post_mail
from deadlines.services.notices import notify

FACTOR_RESET = "factor_reset"
ACCOUNT_LOCKED = "account_locked"
DEADLINE_EXTENDED = TOLD_OF_MORE_TIME
STANDS_IN = "stands_in"
DEADLINE_TITLES = {
    (Stage.BEFORE, False): _("A deadline is near"),
    (Stage.BEFORE, True): _("A deadline was near: this reminder comes late"),
    (Stage.ON, False): _("A deadline ends today"),
    (Stage.ON, True): _("A deadline has ended: this reminder comes late"),
    (Stage.AFTER, False): _("A deadline has passed"),
    (Stage.AFTER, True): _("A deadline has passed: this notice comes late"),
    (Stage.ESCALATE, False): _("Nobody has met a deadline that you answer for"),
    (Stage.ESCALATE, True): _("Nobody has met a deadline that you answer for: told late"),
}
"""What is said at each stage, and what when the sweep stood still for so long that it is late."""
_WORDS = {
    Stage.BEFORE: "near",
    Stage.ON: "due",
    Stage.AFTER: "late",
    Stage.ESCALATE: "escalated",
}


def deadline_notice(stage: Stage, *, is_belated: bool) -> str:
    """The kind of notice for a stage: "deadline_due", or "deadline_due_belated"."""
    return f"deadline_{_WORDS[stage]}{'_belated' if is_belated else ''}"


DEADLINE_KINDS = [deadline_notice(stage, is_belated=late) for stage, late in DEADLINE_TITLES]


def register_kinds() -> None:
    """Called once when the app is ready."""
    register_topic("deadlines", title=_("Deadlines that bind you"), is_statutory=True)
    register_topic("account", title=_("The safety of accounts"), is_statutory=True)
    register(
        FACTOR_RESET,
        topic="account",
        title=_("Your second factor is about to be removed"),
        link=lambda uuid: reverse("accounts:me"),
        still_visible=_own,
    )
    for (stage, is_belated), title in DEADLINE_TITLES.items():
        register(
            deadline_notice(stage, is_belated=is_belated),
            title=title,
            link=_to_deadline if stage is Stage.ESCALATE else _to_subject,
            still_visible=_deadlines,
            topic="deadlines",
        )
    register(
        DEADLINE_EXTENDED,
        title=_("A deadline that you answer for was given more time"),
        link=_to_deadline,
        still_visible=_extended,
        topic="deadlines",
    )
    register(
        STANDS_IN,
        title=_("You stand in for a colleague’s reminders"),
        link=lambda uuid: reverse("deadlines:away"),
        still_visible=_absences,
        topic="deadlines",
    )


def factor_reset(*, reset: FactorReset, at: datetime) -> None:
    """The owner of the account is told by mail and inbox, with a day left to stop it.

    Raises ValueError where nobody agreed to the reset yet, so that no day is known.
    """
    if reset.due_at is None:
        raise ValueError("Nobody agreed to this reset yet.")
    notify(
        recipients=[reset.user_id],
        kind=FACTOR_RESET,
        subject=Subject("factor_reset", reset.uuid),
        by=Oneself(reset.agreed_by_id),
        at=at,
        key=f"{FACTOR_RESET}:{reset.uuid}",
    )
    post_mail(
        kind=FACTOR_RESET,
        to=reset.user_id,
        variables={"date": local_day(reset.due_at)},
        key=f"{FACTOR_RESET}:{reset.uuid}",
        at=at,
    )


def account_locked(*, lock: AccountLock, at: datetime) -> None:
    """The person is told by mail alone: the inbox is closed to them."""
    post_mail(
        kind=ACCOUNT_LOCKED,
        to=lock.user_id,
        variables={
            "date": local_day(lock.until_at),
            "url": settings.SITE_URL + reverse("accounts:locked"),
        },
        key=f"{ACCOUNT_LOCKED}:{lock.uuid}:{lock.until_at.isoformat()}",
        at=at,
    )


def mail_came_back(sender: Any, event: Any, **kwargs: Any) -> None:
    """What a mail provider says of a mail it took (anymail's signal). Its words are not kept."""
    note_returned(
        provider_id=str(event.message_id or ""),
        code=event.event_type,
        at=timezone.now(),  # noqa: TID251 - a signal of the library, which carries no time
    )


def _own(actor: Actor, uuids: Collection[UUID]) -> set[UUID]:
    mine = Notice.objects.filter(recipient_id=actor.user_id, kind=FACTOR_RESET)
    return set(mine.filter(subject_uuid__in=uuids).values_list("subject_uuid", flat=True))


def _to_subject(uuid: UUID) -> str:
    """Where the deadline's subject is; the calendar when its kind is no longer known."""
    deadline = Deadline.objects.filter(uuid=uuid).first()
    kind = kinds.kind_of(deadline.kind) if deadline else None
    return kind.link(deadline.subject_uuid) if kind and deadline else reverse("deadlines:calendar")


def _to_deadline(uuid: UUID) -> str:
    """Where it stands, who was told, and from there what it is about."""
    return reverse("deadlines:deadline", args=[uuid])


def _extended(actor: Actor, uuids: Collection[UUID]) -> set[UUID]:
    """Of those the person answers for, the ones whose subject they may still see."""
    told = Notice.objects.filter(recipient_id=actor.user_id, kind=DEADLINE_EXTENDED)
    rows = list(
        Deadline.objects.filter(
            uuid__in=told.filter(subject_uuid__in=list(uuids)).values("subject_uuid")
        )
    )
    seen = kinds.seen(actor, rows)
    return {row.uuid for row in rows if (row.kind, row.subject_uuid) in seen}


def _absences(actor: Actor, uuids: Collection[UUID]) -> set[UUID]:
    rows = Absence.objects.visible_to(actor).filter(uuid__in=list(uuids), ended_at=None)
    return set(rows.values_list("uuid", flat=True))


def _deadlines(actor: Actor, uuids: Collection[UUID]) -> set[UUID]:
    """Of those the person was told of, the ones whose subject they may still see."""
    told = list(
        Deadline.objects.filter(uuid__in=uuids, reminders__recipient=actor.user_id)
        .only("uuid", "kind", "subject_uuid")
        .distinct()
    )
    seen = kinds.seen(actor, told)
    return {row.uuid for row in told if (row.kind, row.subject_uuid) in seen}
