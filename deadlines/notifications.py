"""Who is told what about an account: `accounts` lies below this package and cannot tell anybody."""

from collections.abc import Collection
from datetime import datetime
from uuid import UUID

from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.audit import Oneself
from accounts.models import FactorReset
from common.marks import Actor, Subject
from deadlines.models import Notice
from deadlines.notices import register
from deadlines.services.mail import post_mail
from deadlines.services.notices import notify

FACTOR_RESET = "factor_reset"


def register_kinds() -> None:
    """Called once when the app is ready."""
    register(
        FACTOR_RESET,
        title=_("Your second factor is about to be removed"),
        link=lambda uuid: reverse("accounts:me"),
        still_visible=_own,
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
