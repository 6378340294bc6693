"""The clocks of services and places: figures that grow old, offers to confirm, inspections due.

How long each runs stands in the country's profile, under `places`.
"""

from collections.abc import Collection, Mapping
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from common.country import current
from common.marks import Subject
from common.profile import Bound
from common.workdays import start_of_day
from deadlines import kinds
from deadlines.services import clocks as running
from partners.choices import Role
from partners.models import Inspection, Organisation, RoleGroup, ServiceOffer

FIGURES = "place_figures"
OFFER = "service_assurance"
INSPECTION = "service_inspection"
OFFER_REMINDED = 14
INSPECTION_REMINDED = 30
"""Days before the end."""


def register_kinds() -> None:
    """Called once when the app is ready."""
    kinds.register(
        FIGURES,
        title=_("Free places to be said again"),
        link=lambda uuid: reverse("partners:places"),
        still_visible=_organisations,
    )
    kinds.register(
        OFFER,
        title=_("A service to be confirmed as still correct"),
        link=_to_offer,
        still_visible=_offers,
    )
    kinds.register(
        INSPECTION,
        title=_("The next inspection of a service"),
        link=_to_offer,
        still_visible=_offers,
    )


def _to_offer(uuid: UUID) -> str:
    return reverse("partners:service", args=[uuid])


def places_said(organisation: Organisation, *, by: Any, at: datetime) -> None:
    """From now on the figures grow old; whoever says them is reminded when they are."""
    about = Subject("places_of", organisation.uuid)
    running.meet(subject=about, kinds=[FIGURES], by=by, at=at)
    _start(
        FIGURES,
        about,
        organisation,
        (Role.MANAGER, Role.CASEWORKER),
        starts=at,
        until=at + timedelta(hours=current().places.stale_after_hours),
        remind=0,
        by=by,
        at=at,
    )


def offer_to_confirm(offer: ServiceOffer, *, by: Any, at: datetime) -> None:
    """From the day it was confirmed, or else entered, it is to be confirmed again in time."""
    about = Subject("service", offer.uuid)
    running.meet(subject=about, kinds=[OFFER], by=by, at=at)
    profile = current()
    starts = start_of_day(offer.assured_on, profile.time_zone) if offer.assured_on else at
    _start(
        OFFER,
        about,
        offer.organisation,
        (Role.MANAGER,),
        starts=starts,
        until=starts + timedelta(days=profile.places.assure_after_days),
        remind=OFFER_REMINDED,
        by=by,
        at=at,
    )


def offer_ended(offer: ServiceOffer, *, by: Any, at: datetime) -> None:
    """Nobody need confirm or inspect it any more."""
    about = Subject("service", offer.uuid)
    running.cancel(subject=about, kinds=[OFFER, INSPECTION], by=by, at=at)


def inspected(inspection: Inspection, *, by: Any, at: datetime) -> None:
    """The inspection that was due is done; the next one, where a day was set, is among the dates
    of whoever inspected."""
    about = Subject("service", inspection.offer.uuid)
    running.meet(subject=about, kinds=[INSPECTION], by=by, at=at)
    if inspection.next_on is None:
        return
    until = start_of_day(inspection.next_on, current().time_zone) + timedelta(days=1)
    if until <= at:
        return
    _start(
        INSPECTION,
        about,
        inspection.by_organisation,
        (Role.CO_ORDINATOR,),
        starts=at,
        until=until,
        remind=INSPECTION_REMINDED,
        by=by,
        at=at,
    )


def _start(
    kind: str,
    about: Subject,
    home: Organisation,
    roles: Collection[Role],
    *,
    starts: datetime,
    until: datetime,
    remind: int,
    by: Any,
    at: datetime,
) -> None:
    groups = RoleGroup.objects.filter(organisation=home, role__in=list(roles))
    holders = [each.group for each in groups.select_related("group")]
    if not holders:
        return
    running.start_until(
        kind=kind,
        subject=about,
        holders=holders,
        starts_at=starts,
        until=until,
        bound=Bound.LATEST,
        remind_before_days=remind,
        by=by,
        at=at,
        organisation_uuid=home.uuid,
    )


def _organisations(actor: Any, uuids: Collection[UUID]) -> Mapping[UUID, str]:
    shown = Organisation.objects.visible_to(actor).filter(uuid__in=list(uuids))
    return dict.fromkeys(shown.values_list("uuid", flat=True), "")


def _offers(actor: Any, uuids: Collection[UUID]) -> Mapping[UUID, str]:
    shown = ServiceOffer.objects.visible_to(actor).filter(uuid__in=list(uuids))
    return dict.fromkeys(shown.values_list("uuid", flat=True), "")
