"""A colleague lost their second factor: who sees the request, who may ask, who may agree.

What asking and agreeing do to the account is `accounts/resets.py`.
"""

from datetime import datetime

from django.db import transaction
from django.db.models import Q, QuerySet
from django.utils.translation import gettext as _

from accounts import audit, resets
from accounts.choices import LogAction
from accounts.models import FactorReset, User
from common.marks import Permission, Subject
from common.workflow import NotAllowed
from deadlines.services.notices import mark_handled
from partners import notifications
from partners.access import Actor, may
from partners.models import Membership

P = Permission


def visible_to(actor: Actor) -> QuerySet[FactorReset]:
    """Open requests: about one's colleagues where one manages them; every one where one admits."""
    found = FactorReset.objects.open().select_related("user", "asked_by", "agreed_by")
    if actor.user_id is None or P.FACTOR_RESET not in actor.permissions:
        return found.none()
    rule = Q(pk__in=[])
    if P.MEMBERSHIP_MANAGE in actor.permissions:
        rule |= Q(user__in=colleagues(actor).values("user"))
    if P.ORGANISATION_REVIEW in actor.permissions:
        rule = Q()
    return found.filter(rule)


def colleagues(actor: Actor) -> QuerySet[Membership]:
    """Who works now for the organisation acted for."""
    return Membership.objects.active(actor.at).filter(organisation_id=actor.organisation_id or 0)


@transaction.atomic
def ask(*, user: User, by: Actor, at: datetime) -> FactorReset:
    """Ask that somebody's second factor be taken off. The one who agrees is somebody else.

    A manager asks for a colleague, the co-ordination for anybody who works in the mechanism.
    Raises NotAllowed, and of `accounts.resets` NotTwoPeople and NotOpen.
    """
    asker = _person(by)
    works = Membership.objects.active(at).filter(user=user)
    if P.ORGANISATION_REVIEW not in by.permissions:
        works = works.filter(organisation_id=by.organisation_id or 0)
        if P.MEMBERSHIP_MANAGE not in by.permissions:
            works = works.none()
    membership = works.select_related("organisation").order_by("pk").first()
    if membership is None:
        raise NotAllowed(_("This person does not work here."))
    reset = resets.ask(user=user, by=asker, at=at)
    _log(reset, "asked", by, at)
    notifications.factor_reset_asked(reset, membership.organisation, by=by, at=at)
    return reset


@transaction.atomic
def agree(*, reset: FactorReset, by: Actor, at: datetime) -> FactorReset:
    """The second person agrees; from now the owner of the account has a day to stop it.

    Raises NotAllowed, and of `accounts.resets` NotTwoPeople and NotOpen.
    """
    agreed = resets.agree(reset=_seen(reset, by), by=_person(by), at=at)
    _log(reset, "agreed", by, at)
    _settle(reset, at)
    return agreed


@transaction.atomic
def stop(*, reset: FactorReset, by: Actor, at: datetime) -> FactorReset:
    """Whoever sees it may stop it: doing nothing harms less. Raises NotAllowed, NotOpen."""
    stopped = resets.stop(reset=_seen(reset, by), by=_person(by), at=at)
    _log(reset, "stopped", by, at)
    _settle(reset, at)
    return stopped


def _person(by: Actor) -> User:
    decision = may(by, P.FACTOR_RESET)
    if not decision or by.user is None:
        raise NotAllowed(decision.reason)
    return by.user


def _seen(reset: FactorReset, by: Actor) -> FactorReset:
    # Settled in the meantime is not forbidden: `accounts.resets` says NotOpen.
    is_open = FactorReset.objects.open().filter(pk=reset.pk).exists()
    if is_open and not visible_to(by).filter(pk=reset.pk).exists():
        raise NotAllowed(_("This person does not work here."))
    return reset


def _log(reset: FactorReset, step: str, by: Actor, at: datetime) -> None:
    audit.record(
        action=LogAction.FACTOR_RESET,
        by=by,
        at=at,
        subject=Subject("user", reset.user.uuid),
        reason_code=step,
    )


def _settle(reset: FactorReset, at: datetime) -> None:
    mark_handled(
        subject=Subject("factor_reset", reset.uuid), kinds=[notifications.FACTOR_RESET_ASKED], at=at
    )
