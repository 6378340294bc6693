"""The clocks of access: until when a request is answered, and when an authorisation runs out."""

from collections.abc import Collection, Mapping
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from common.country import current
from common.marks import Subject
from common.workdays import start_of_day
from deadlines import kinds
from deadlines.services import clocks as running
from partners.choices import Role
from partners.deed_clocks import _co_ordinators
from partners.models import AccessAuthorisation, AccessRequest, RoleGroup

REQUEST = "facility_access"
AUTHORISATION = "facility_authorisation"
REMINDED = 30
"""Days before an authorisation runs out: long enough to ask anew."""


def register_kinds() -> None:
    """Called once when the app is ready."""
    kinds.register(
        REQUEST,
        title=_("Answer to a request for access to a facility"),
        link=_to_request,
        still_visible=_requests,
        escalation=_co_ordinators,
    )
    kinds.register(
        AUTHORISATION,
        title=_("An authorisation to enter a facility"),
        link=_to_facilities,
        still_visible=_authorisations,
    )


def request_made(request: AccessRequest, *, by: Any, at: datetime) -> None:
    """The facility's authority has as long as the rule says; without one, nothing runs."""
    authority = request.facility.authority
    for each in _managers(authority.pk):
        running.start(
            kind=REQUEST,
            rule=REQUEST,
            subject=Subject("access_request", request.uuid),
            holders=[each.group],
            starts_at=at,
            by=by,
            at=at,
            organisation_uuid=authority.uuid,
        )


def request_decided(request: AccessRequest, event: Any, *, by: Any, at: datetime) -> None:
    """The answer is given"""
    about = Subject("access_request", request.uuid)
    running.meet(subject=about, kinds=[REQUEST], by=by, at=at)


def request_withdrawn(request: AccessRequest, event: Any, *, by: Any, at: datetime) -> None:
    """Nobody need answer any more"""
    about = Subject("access_request", request.uuid)
    running.cancel(subject=about, kinds=[REQUEST], by=by, at=at)


def authorised(row: AccessAuthorisation, *, by: Any, at: datetime) -> None:
    """Whoever may enter is told before it runs out."""
    morning_after = start_of_day(row.until_on + timedelta(days=1), current().time_zone)
    for each in _managers(row.organisation_id):
        running.start_until(
            kind=AUTHORISATION,
            subject=Subject("authorisation", row.uuid),
            holders=[each.group],
            starts_at=at,
            until=morning_after - timedelta(microseconds=1),
            remind_before_days=REMINDED,
            by=by,
            at=at,
            organisation_uuid=row.organisation.uuid,
        )


def authorisation_over(row: AccessAuthorisation, event: Any, *, by: Any, at: datetime) -> None:
    """Nobody need think of its end any more"""
    about = Subject("authorisation", row.uuid)
    running.cancel(subject=about, kinds=[AUTHORISATION], by=by, at=at)


def _managers(organisation_id: int) -> list[RoleGroup]:
    found = RoleGroup.objects.filter(organisation_id=organisation_id, role=Role.MANAGER)
    return list(found.select_related("group"))


def _to_request(uuid: UUID) -> str:
    return reverse("partners:access-request", args=[uuid])


def _to_facilities(uuid: UUID) -> str:
    return reverse("partners:facilities")


def _requests(actor: Any, uuids: Collection[UUID]) -> Mapping[UUID, str]:
    shown = AccessRequest.objects.visible_to(actor).filter(uuid__in=list(uuids))
    return dict.fromkeys(shown.values_list("uuid", flat=True), "")


def _authorisations(actor: Any, uuids: Collection[UUID]) -> Mapping[UUID, str]:
    shown = AccessAuthorisation.objects.visible_to(actor).filter(uuid__in=list(uuids))
    return dict.fromkeys(shown.values_list("uuid", flat=True), "")
