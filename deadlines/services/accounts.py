"""The clocks of accounts: `accounts` lies below this package and can start none of its own."""

from collections.abc import Collection, Mapping
from datetime import datetime
from uuid import UUID

from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from accounts.audit import Oneself
from accounts.models import FactorReset
from common.marks import Actor, Subject
from deadlines import kinds, notifications
from deadlines.services import clocks


def register_kind() -> None:
    """Called once when the app is ready."""
    kinds.register(
        notifications.FACTOR_RESET,
        title=_("Your second factor is removed, unless you stop it"),
        link=lambda uuid: reverse("accounts:me"),
        still_visible=_own,
    )


def factor_reset(*, reset: FactorReset, at: datetime) -> None:
    """The owner of the account is told, and the day they have to stop it is among their dates."""
    notifications.factor_reset(reset=reset, at=at)
    assert reset.due_at is not None  # noqa: S101 - the second person has agreed
    clocks.start_until(
        kind=notifications.FACTOR_RESET,
        subject=Subject("factor_reset", reset.uuid),
        holders=[reset.user],
        starts_at=at,
        until=reset.due_at,
        by=Oneself(reset.agreed_by_id),
        at=at,
    )


def _own(actor: Actor, uuids: Collection[UUID]) -> Mapping[UUID, str]:
    """While it can be stopped; afterwards there is nothing left to do."""
    mine = FactorReset.objects.open().filter(user=actor.user_id or 0, uuid__in=list(uuids))
    return dict.fromkeys(mine.values_list("uuid", flat=True), "")
