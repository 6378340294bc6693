"""What a service stands on: entered and removed by the organisation whose service it is."""

from datetime import datetime
from decimal import Decimal
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from common.marks import Permission
from common.workflow import NotAllowed, NotPossible
from funding.models.declarations import SurvivalEvent
from funding.models.dependence import ServiceStanding
from funding.survival_choices import SurvivalEventKind
from partners.access import Actor
from partners.models import ServiceOffer
from partners.services.memberships import require

P = Permission
K = SurvivalEventKind


@transaction.atomic
def enter_standing(
    *,
    offer: ServiceOffer,
    by: Actor,
    at: datetime,
    agreement: Any = None,
    award: Any = None,
    posts: Decimal | None = None,
) -> ServiceStanding:
    """Say that a service stands on an agreement or an award, and how many posts that pays.

    Entered again, the number of posts is the later one. Raises NotAllowed, NotPossible.
    """
    require(by, P.FUNDING_APPLY, None)
    if by.user is None or by.organisation is None or offer.organisation_id != by.organisation.pk:
        raise NotAllowed(_("This belongs to another organisation."))
    if (agreement is None) == (award is None):
        raise NotPossible(_("Choose the one thing it stands on."))
    for source in filter(None, (agreement, award)):
        if not type(source)._default_manager.filter(pk=source.pk).visible_to(by).exists():
            raise NotAllowed(_("This belongs to another organisation."))
    row, _made = ServiceStanding.objects.update_or_create(
        offer=offer,
        agreement=agreement,
        award=award,
        defaults={
            "posts": posts, "entered_at": at, "entered_by": by.user, "entered_for": by.organisation
        },
    )  # fmt: skip
    _note(K.STANDING_ENTERED, by=by, at=at)
    return row


@transaction.atomic
def remove_standing(*, standing: ServiceStanding, by: Actor, at: datetime) -> None:
    """It does not stand on it any more. Twice changes nothing. Raises NotAllowed."""
    require(by, P.FUNDING_APPLY, None)
    if standing.offer.organisation_id != by.organisation_id:
        raise NotAllowed(_("This belongs to another organisation."))
    number, _rows = ServiceStanding.objects.filter(pk=standing.pk).delete()
    if number:
        _note(K.STANDING_REMOVED, by=by, at=at)


def _note(kind: SurvivalEventKind, *, by: Actor, at: datetime) -> None:
    SurvivalEvent.objects.create(kind=kind, at=at, by=by.user, by_organisation=by.organisation)
