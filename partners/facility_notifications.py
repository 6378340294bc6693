"""Who is told what about access to facilities; a mail says only that something waits."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any
from uuid import UUID

from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from common.marks import Subject
from deadlines.notices import register, register_topic
from deadlines.services.notices import mark_handled
from partners.models import AccessAuthorisation, AccessIncident, AccessRequest, Facility
from partners.notifications import _co_ordinators, _managers, _tell_about

REQUEST_KINDS = {
    "access_asked": _("A request for access waits for an answer"),
    "access_decided": _("Your request for access was answered"),
}
AUTHORISATION_KINDS = {
    "access_authorised": _("Your organisation may enter a facility"),
    "access_revoked": _("An authorisation to enter a facility was revoked"),
}
FACILITY_KINDS = {
    "access_incident": _("Access to a facility was not given as it should be"),
    "access_answered": _("An authority answered about access to a facility"),
}


def register_kinds() -> None:
    """Called once when the app is ready."""
    register_topic("facilities", title=_("Access to facilities"))
    for kind, title in REQUEST_KINDS.items():
        register(
            kind, title=title, link=_to_request, still_visible=_request_visible, topic="facilities"
        )
    for kind, title in AUTHORISATION_KINDS.items():
        register(
            kind, title=title, link=_to_place, still_visible=_authorisation_visible,
            topic="facilities",
        )  # fmt: skip
    for kind, title in FACILITY_KINDS.items():
        register(
            kind, title=title, link=_to_facility, still_visible=_facility_visible,
            topic="facilities",
        )  # fmt: skip


def _to_request(uuid: UUID) -> str:
    return reverse("partners:access-request", args=[uuid])


def _to_facility(uuid: UUID) -> str:
    return reverse("partners:facility", args=[uuid])


def _to_place(uuid: UUID) -> str:
    """The facility, or the list where the authorisation is to every facility of a kind."""
    row = AccessAuthorisation.objects.filter(uuid=uuid).select_related("facility").first()
    if row is None or row.facility is None:
        return reverse("partners:facilities")
    return _to_facility(row.facility.uuid)


def _authorisation_visible(actor: Any, uuids: Iterable[UUID]) -> set[UUID]:
    shown = AccessAuthorisation.objects.visible_to(actor).filter(uuid__in=list(uuids))
    return set(shown.values_list("uuid", flat=True))


def _request_visible(actor: Any, uuids: Iterable[UUID]) -> set[UUID]:
    shown = AccessRequest.objects.visible_to(actor).filter(uuid__in=list(uuids))
    return set(shown.values_list("uuid", flat=True))


def _facility_visible(actor: Any, uuids: Iterable[UUID]) -> set[UUID]:
    shown = Facility.objects.visible_to(actor).filter(uuid__in=list(uuids))
    return set(shown.values_list("uuid", flat=True))


def request_made(request: AccessRequest, *, by: Any, at: datetime) -> None:
    """The managers of the facility's authority get a notice."""
    people = _managers(request.facility.authority, at)
    subject = Subject("access_request", request.uuid)
    _tell_about(people, "access_asked", subject, by=by, at=at)


def request_decided(request: AccessRequest, event: Any, *, by: Any, at: datetime) -> None:
    """The managers of whoever asked get a notice"""
    subject = Subject("access_request", request.uuid)
    mark_handled(subject=subject, kinds=["access_asked"], at=at)
    _tell_about(_managers(request.organisation, at), "access_decided", subject, by=by, at=at)


def authorised(row: AccessAuthorisation, *, by: Any, at: datetime) -> None:
    """The managers of whoever is let in get a notice."""
    subject = Subject("authorisation", row.uuid)
    _tell_about(_managers(row.organisation, at), "access_authorised", subject, by=by, at=at)


def authorisation_revoked(row: AccessAuthorisation, event: Any, *, by: Any, at: datetime) -> None:
    """The managers of whoever was let in get a notice"""
    subject = Subject("authorisation", row.uuid)
    mark_handled(subject=subject, kinds=["access_authorised"], at=at)
    _tell_about(_managers(row.organisation, at), "access_revoked", subject, by=by, at=at)


def incident_reported(incident: AccessIncident, *, by: Any, at: datetime) -> None:
    """The authority's managers and every co-ordinator get a notice."""
    people = _managers(incident.facility.authority, at) | _co_ordinators(at)
    _tell(incident.facility, "access_incident", people, incident, by=by, at=at)


def incident_answered(incident: AccessIncident, *, by: Any, at: datetime) -> None:
    """The managers of whoever reported it get a notice."""
    people = _managers(incident.organisation, at)
    _tell(incident.facility, "access_answered", people, incident, by=by, at=at)


def _tell(
    facility: Facility, kind: str, members: Any, about: Any, *, by: Any, at: datetime
) -> None:
    subject = Subject("facility", facility.uuid)
    _tell_about(members, kind, subject, by=by, at=at, once=str(about.uuid))
