"""Access to facilities: entering them, authorising, asking, answering, visiting, reporting.

The states of requests and authorisations move in `partners/facility_workflow.py`.
"""

from datetime import date, datetime
from typing import Any
from uuid import UUID

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from accounts.models import User
from common.country import local_day
from common.marks import Permission
from common.workflow import NotAllowed, NotPossible, Stale
from partners import facility_clocks as clocks
from partners import facility_notifications as notifications
from partners.access import Actor, system_actor
from partners.facility_choices import (
    SHUT_OUT,
    AccessEventKind,
    AccessRefusal,
    AuthorisationState,
    IncidentKind,
)
from partners.facility_workflow import AUTHORISATION, REQUEST
from partners.models import (
    AccessAuthorisation,
    AccessEvent,
    AccessIncident,
    AccessRequest,
    Area,
    Facility,
    FacilityVisit,
    Organisation,
)
from partners.services.memberships import require

P = Permission
E = AccessEventKind
FACTS = ("name", "kind", "area", "authority", "is_confidential")
BATCH = 200


# --- facilities -----------------------------------------------------------------------------------


@transaction.atomic
def enter_facility(*, client_key: UUID, by: Actor, at: datetime, **facts: Any) -> Facility:
    """Enter a place and who decides on it; the same key again gives what it made.

    Raises NotAllowed; NotPossible where one of this name is in the area already.
    """
    require(by, P.FACILITY_KEEP, None)
    standing = Facility.objects.filter(client_key=client_key).first()
    if standing is not None:
        return standing
    if Facility.objects.filter(name=facts["name"], area=facts["area"]).exists():
        raise NotPossible(_("A facility of this name is in the area already."))
    row = Facility.objects.create(
        client_key=client_key, created_at=at, created_by=by.user, **_known(facts)
    )
    _note(row, None, E.ENTERED, by=by, at=at)
    return row


@transaction.atomic
def change_facility(
    *, facility: Facility, by: Actor, at: datetime, version: int, **facts: Any
) -> Facility:
    """Change what is kept of a place. Raises NotAllowed, NotPossible, Stale."""
    require(by, P.FACILITY_KEEP, facility)
    row = Facility.objects.select_for_update(of=("self",)).get(pk=facility.pk)
    if row.version != version:
        raise Stale(row)
    for name, value in _known(facts).items():
        setattr(row, name, value)
    same = Facility.objects.filter(name=row.name, area=row.area).exclude(pk=row.pk)
    if same.exists():
        raise NotPossible(_("A facility of this name is in the area already."))
    row.version += 1
    row.save()
    _note(row, None, E.CHANGED, by=by, at=at)
    return row


def _known(facts: dict[str, Any]) -> dict[str, Any]:
    if unknown := set(facts) - set(FACTS):
        raise TypeError(f"A facility has no {sorted(unknown)}")
    return facts


# --- authorisations -------------------------------------------------------------------------------


@transaction.atomic
def authorise(
    *,
    organisation: Organisation,
    legal_basis: str,
    from_on: date,
    until_on: date,
    by: Actor,
    at: datetime,
    facility: Facility | None = None,
    kind: str | None = None,
    area: Area | None = None,
    conditions: str = "",
    in_emergency: bool = False,
) -> AccessAuthorisation:
    """Let an organisation into a facility, or into all of a kind that the authority decides on.

    Raises NotAllowed, NotPossible.
    """
    require(by, P.FACILITY_DECIDE, facility)
    if by.organisation is None:
        raise NotAllowed(_("An authority authorises."))
    if organisation.pk == by.organisation_id:
        raise NotPossible(_("Nobody authorises their own organisation."))
    if until_on < from_on:
        raise NotPossible(_("The last day cannot lie before the first."))
    row = AccessAuthorisation.objects.create(
        organisation=organisation,
        given_by=by.organisation,
        facility=facility,
        kind=None if facility else kind,
        area=None if facility else area,
        legal_basis=legal_basis,
        conditions=conditions,
        from_on=from_on,
        until_on=until_on,
        in_emergency=in_emergency,
        given_at=at,
        given_by_user=_person(by),
    )
    _note(facility, organisation, E.AUTHORISED, by=by, at=at, comment=legal_basis)
    clocks.authorised(row, by=by, at=at)
    notifications.authorised(row, by=by, at=at)
    return row


def keep_up(at: datetime) -> int:
    """End authorisations whose last day has passed; how many. Part of the sweep."""
    standing = AccessAuthorisation.objects.filter(state=AuthorisationState.IN_FORCE)
    over = standing.filter(until_on__lt=local_day(at))
    by, number = system_actor("sweep", at), 0
    for row in over.order_by("until_on", "pk")[:BATCH]:
        try:
            AUTHORISATION.apply(row, "expire", by=by, at=at, version=row.version)
        except (NotPossible, Stale):
            continue  # somebody else has just ended it
        number += 1
    return number


# --- requests -------------------------------------------------------------------------------------


@transaction.atomic
def ask_for_access(
    *, client_key: UUID, facility: Facility, by: Actor, at: datetime, **asked: Any
) -> AccessRequest:
    """Ask to enter a facility; the same key again gives what it made.

    `asked`: purpose, from_on, until_on, visitors, words. Raises NotAllowed; NotPossible while the
    same waits for an answer.
    """
    require(by, P.FACILITY_ASK, facility)
    standing: AccessRequest | None = AccessRequest.objects.filter(client_key=client_key).first()
    if standing is not None:
        return standing
    try:
        with transaction.atomic():
            row = AccessRequest.objects.create(
                client_key=client_key,
                organisation=_own(by),
                facility=facility,
                asked_at=at,
                asked_by=_person(by),
                **asked,
            )
    except IntegrityError as error:
        raise NotPossible(_("The same request waits for an answer already.")) from error
    purpose = str(row.get_purpose_display())
    _note(facility, row.organisation, E.ASKED, by=by, at=at, comment=purpose)
    clocks.request_made(row, by=by, at=at)
    notifications.request_made(row, by=by, at=at)
    return row


@transaction.atomic
def grant_access(
    *,
    request: AccessRequest,
    legal_basis: str,
    from_on: date,
    until_on: date,
    by: Actor,
    at: datetime,
    conditions: str = "",
    in_emergency: bool = False,
) -> AccessRequest:
    """Grant a request: an authorisation for the days granted. Raises NotAllowed, NotPossible."""
    row = REQUEST.apply(request, "grant", by=by, at=at, comment=conditions)
    authorise(
        organisation=row.organisation,
        facility=row.facility,
        legal_basis=legal_basis,
        from_on=from_on,
        until_on=until_on,
        conditions=conditions,
        in_emergency=in_emergency,
        by=by,
        at=at,
    )
    return row


def refuse_access(
    *, request: AccessRequest, refusal: AccessRefusal, words: str, by: Actor, at: datetime
) -> AccessRequest:
    """Refuse a request for a reason of the list, in words. Raises NotAllowed, NotPossible."""
    return REQUEST.apply(
        request, "refuse", by=by, at=at, refusal=refusal, refusal_words=words,
        comment=str(refusal.label),
    )  # fmt: skip


# --- visits and incidents -------------------------------------------------------------------------


@transaction.atomic
def record_visit(
    *, client_key: UUID, facility: Facility, by: Actor, at: datetime, on: date, **counts: Any
) -> FacilityVisit:
    """Record that somebody was there: `counts` are met, referred and words.

    Raises NotAllowed; NotPossible for a day to come, or more referred than met.
    """
    require(by, P.FACILITY_VISIT, facility)
    standing: FacilityVisit | None = FacilityVisit.objects.filter(client_key=client_key).first()
    if standing is not None:
        return standing
    _refuse_days_to_come(on, at)
    if counts.get("referred", 0) > counts.get("met", 0):
        raise NotPossible(_("Nobody is referred who was not spoken to."))
    row = FacilityVisit.objects.create(
        client_key=client_key,
        facility=facility,
        organisation=_own(by),
        on=on,
        recorded_at=at,
        recorded_by=_person(by),
        **counts,
    )
    _note(facility, row.organisation, E.VISITED, by=by, at=at)
    return row


@transaction.atomic
def report_incident(
    *,
    client_key: UUID,
    facility: Facility,
    kind: IncidentKind,
    words: str,
    on: date,
    by: Actor,
    at: datetime,
) -> AccessIncident:
    """Report that access was not given as it should be. Raises NotAllowed, NotPossible."""
    require(by, P.FACILITY_VISIT, facility)
    standing: AccessIncident | None = AccessIncident.objects.filter(client_key=client_key).first()
    if standing is not None:
        return standing
    _refuse_days_to_come(on, at)
    row = AccessIncident.objects.create(
        client_key=client_key,
        facility=facility,
        organisation=_own(by),
        kind=kind,
        words=words,
        on=on,
        recorded_at=at,
        recorded_by=_person(by),
    )
    _note(facility, row.organisation, E.INCIDENT, by=by, at=at, comment=str(kind.label))
    notifications.incident_reported(row, by=by, at=at)
    return row


@transaction.atomic
def answer_incident(
    *, incident: AccessIncident, answer: str, by: Actor, at: datetime
) -> AccessIncident:
    """The authority answers once; what was reported stays. Raises NotAllowed, NotPossible."""
    require(by, P.FACILITY_DECIDE, incident)
    row: AccessIncident = AccessIncident.objects.select_for_update(of=("self",)).get(pk=incident.pk)
    if row.answered_at is not None:
        raise NotPossible(_("It was answered already."))
    row.answer, row.answered_at, row.answered_by = answer, at, by.user
    row.save(update_fields=["answer", "answered_at", "answered_by"])
    _note(row.facility, row.organisation, E.ANSWERED, by=by, at=at)
    notifications.incident_answered(row, by=by, at=at)
    return row


@transaction.atomic
def access_restored(
    *, incident: AccessIncident, on: date, by: Actor, at: datetime
) -> AccessIncident:
    """Say from which day on access was given again. Raises NotAllowed, NotPossible."""
    require(by, P.FACILITY_VISIT, incident)
    row: AccessIncident = AccessIncident.objects.select_for_update(of=("self",)).get(pk=incident.pk)
    _refuse_days_to_come(on, at)
    if row.kind not in SHUT_OUT or row.restored_on is not None:
        raise NotPossible(_("Nothing is to be restored here."))
    if on < row.on:
        raise NotPossible(_("Access cannot be given again before it was not given."))
    row.restored_on = on
    row.save(update_fields=["restored_on"])
    _note(row.facility, row.organisation, E.RESTORED, by=by, at=at)
    return row


def _refuse_days_to_come(on: date, at: datetime) -> None:
    if on > local_day(at):
        raise NotPossible(_("This day is still to come."))


def _own(by: Actor) -> Organisation:
    if by.organisation is None:
        raise NotAllowed(_("This is done for an organisation."))
    return by.organisation


def _person(by: Actor) -> User:
    if by.user is None:
        raise NotAllowed(_("A person does this, never the system."))
    return by.user


def _note(
    facility: Facility | None,
    organisation: Organisation | None,
    kind: AccessEventKind,
    *,
    by: Actor,
    at: datetime,
    comment: str = "",
) -> None:
    AccessEvent.objects.create(
        facility=facility,
        organisation=organisation,
        kind=kind,
        at=at,
        by=by.user,
        by_organisation=by.organisation,
        comment=comment,
    )
