"""Who is told what about an organisation, as notices; a mail says only that something waits."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any
from uuid import UUID

from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from accounts.models import FactorReset
from common.marks import Subject
from deadlines.notices import register
from deadlines.services.notices import notify
from partners.choices import Capacity, Role
from partners.models import HeldCapacity, Membership, Organisation, OrganisationEvent

FACTOR_RESET_ASKED = "factor_reset_asked"


def register_kinds() -> None:
    """Called once when the app is ready."""
    register(
        "organisation_applied",
        title=_("An application waits for review"),
        link=lambda uuid: reverse("partners:review", args=[uuid]),
        still_visible=_visible,
    )
    register(
        "organisation_returned",
        title=_("Questions about your application"),
        link=lambda uuid: reverse("partners:application"),
        still_visible=_visible,
    )
    register(
        "organisation_admitted",
        title=_("Your organisation is now a member"),
        link=lambda uuid: reverse("partners:organisation", args=[uuid]),
        still_visible=_visible,
    )
    register(
        FACTOR_RESET_ASKED,
        title=_("Somebody asks you to agree: a lost second factor"),
        link=lambda uuid: reverse("partners:resets"),
        still_visible=_reset_visible,
    )


def _visible(actor: Any, uuids: Iterable[UUID]) -> set[UUID]:
    shown = Organisation.objects.visible_to(actor).filter(uuid__in=list(uuids))
    return set(shown.values_list("uuid", flat=True))


def _reset_visible(actor: Any, uuids: Iterable[UUID]) -> set[UUID]:
    from partners.services.resets import visible_to  # it tells people through this module

    shown = visible_to(actor).filter(uuid__in=list(uuids))
    return set(shown.values_list("uuid", flat=True))


def factor_reset_asked(
    reset: FactorReset, organisation: Organisation, *, by: Any, at: datetime
) -> None:
    """Whoever could agree: co-ordinators, and the organisation's other managers"""
    asked = _co_ordinators(at) | _managers(organisation, at)
    concerned = {reset.user_id, reset.asked_by_id}
    by_organisation: dict[UUID, set[int]] = {}
    for member in asked.exclude(user_id__in=concerned).select_related("organisation"):
        by_organisation.setdefault(member.organisation.uuid, set()).add(member.user_id)
    for organisation_uuid, recipients in by_organisation.items():
        notify(
            recipients=recipients,
            kind=FACTOR_RESET_ASKED,
            subject=Subject("factor_reset", reset.uuid),
            by=by,
            at=at,
            key=f"{FACTOR_RESET_ASKED}:{reset.uuid}",
            organisation_uuid=organisation_uuid,
        )


def application_sent(
    organisation: Organisation, event: OrganisationEvent, *, by: Any, at: datetime
) -> None:
    """Every co-ordinator gets a notice"""
    _tell(_co_ordinators(at), "organisation_applied", organisation, event, by=by, at=at)


def application_returned(
    organisation: Organisation, event: OrganisationEvent, *, by: Any, at: datetime
) -> None:
    """The organisation's managers get a notice"""
    _tell(_managers(organisation, at), "organisation_returned", organisation, event, by=by, at=at)


def organisation_admitted(
    organisation: Organisation, event: OrganisationEvent, *, by: Any, at: datetime
) -> None:
    """The organisation's managers get a notice"""
    _tell(_managers(organisation, at), "organisation_admitted", organisation, event, by=by, at=at)


def _co_ordinators(at: datetime) -> Any:
    co_ordinating = HeldCapacity.objects.held().filter(capacity=Capacity.CO_ORDINATION)
    return Membership.objects.active(at).filter(
        role=Role.CO_ORDINATOR, organisation__in=co_ordinating.values("organisation")
    )


def _managers(organisation: Organisation, at: datetime) -> Any:
    return Membership.objects.active(at).filter(organisation=organisation, role=Role.MANAGER)


def _tell(
    members: Any, kind: str, organisation: Organisation, event: Any, *, by: Any, at: datetime
) -> None:
    by_organisation: dict[UUID, list[int]] = {}
    for member in members.select_related("organisation").order_by("pk"):
        by_organisation.setdefault(member.organisation.uuid, []).append(member.user_id)
    for organisation_uuid, recipients in by_organisation.items():
        notify(
            recipients=recipients,
            kind=kind,
            subject=Subject("organisation", organisation.uuid),
            by=by,
            at=at,
            key=f"{kind}:{event.pk}",
            organisation_uuid=organisation_uuid,
        )
