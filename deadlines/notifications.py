"""Who is told what about a deadline, and about an account: `accounts` lies below this package and
cannot tell anybody."""

from collections.abc import Collection
from datetime import datetime
from uuid import UUID

from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.audit import Oneself
from accounts.models import FactorReset
from common.marks import Actor, Subject
from deadlines import kinds
from deadlines.choices import Stage
from deadlines.models import Deadline, Notice
from deadlines.notices import register
from deadlines.services.mail import post_mail
from deadlines.services.notices import notify

FACTOR_RESET = "factor_reset"
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
    register(
        FACTOR_RESET,
        title=_("Your second factor is about to be removed"),
        link=lambda uuid: reverse("accounts:me"),
        still_visible=_own,
    )
    for (stage, is_belated), title in DEADLINE_TITLES.items():
        register(
            deadline_notice(stage, is_belated=is_belated),
            title=title,
            link=_to_subject,
            still_visible=_deadlines,
        )


def factor_reset(*, reset: FactorReset, at: datetime) -> None:
    """The owner of the account is told by mail and inbox, with a day left to stop it."""
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
        variables={"date": timezone.localdate(reset.due_at)},
        key=f"{FACTOR_RESET}:{reset.uuid}",
        at=at,
    )


def _own(actor: Actor, uuids: Collection[UUID]) -> set[UUID]:
    mine = Notice.objects.filter(recipient_id=actor.user_id, kind=FACTOR_RESET)
    return set(mine.filter(subject_uuid__in=uuids).values_list("subject_uuid", flat=True))


def _to_subject(uuid: UUID) -> str:
    """Where the deadline's subject is; the calendar when its kind is no longer known."""
    deadline = Deadline.objects.filter(uuid=uuid).first()
    kind = kinds.kind_of(deadline.kind) if deadline else None
    return kind.link(deadline.subject_uuid) if kind and deadline else reverse("deadlines:calendar")


def _deadlines(actor: Actor, uuids: Collection[UUID]) -> set[UUID]:
    """Of those the person was told of, the ones whose subject they may still see."""
    told = list(
        Deadline.objects.filter(uuid__in=uuids, reminders__recipient=actor.user_id)
        .only("uuid", "kind", "subject_uuid")
        .distinct()
    )
    seen = kinds.seen(actor, told)
    return {row.uuid for row in told if (row.kind, row.subject_uuid) in seen}
