"""Days without access, and what else is counted of access to facilities. Nothing is stored: it
follows from requests, authorisations, visits and incidents."""

from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from statistics import median
from typing import Any

from common.country import local_day
from partners.facility_choices import (
    SHUT_OUT,
    AccessRefusal,
    AuthorisationState,
    FacilityKind,
    IncidentKind,
    RequestState,
)
from partners.models import (
    AccessAuthorisation,
    AccessIncident,
    AccessRequest,
    Facility,
    FacilityVisit,
    Organisation,
)

#: (organisation, facility)
Key = tuple[int, int]
Turn = tuple[date, bool]
"""A day from which on the door is open, or shut."""


def days_shut(turns: Iterable[Turn], *, since: date, until: date) -> int:
    """Days of [since, until] on which the door was shut; on the day it opens it is open.

    Shut begins with a refusal and lasts until access is given again, or until `until`.
    """
    number, shut_on = 0, None
    for day, is_open in sorted(turns):
        if is_open and shut_on is not None:
            number += _within(shut_on, day - timedelta(days=1), since, until)
            shut_on = None
        elif not is_open and shut_on is None:
            shut_on = day
    if shut_on is not None:
        number += _within(shut_on, until, since, until)
    return number


def _within(first: date, last: date, since: date, until: date) -> int:
    return max(0, (min(last, until) - max(first, since)).days + 1)


def turns_of(
    requests: Iterable[AccessRequest],
    authorisations: Iterable[AccessAuthorisation],
    visits: Iterable[FacilityVisit],
    incidents: Iterable[AccessIncident],
) -> dict[Key, list[Turn]]:
    """When the door turned for each organisation and facility."""
    found: dict[Key, list[Turn]] = defaultdict(list)
    for request in requests:
        if request.state == RequestState.REFUSED and request.decided_at is not None:
            key = (request.organisation_id, request.facility_id)
            found[key].append((local_day(request.decided_at), False))
    for row in authorisations:
        if row.facility_id is None:
            continue
        key = (row.organisation_id, row.facility_id)
        found[key].append((row.from_on, True))
        if row.state == AuthorisationState.REVOKED and row.revoked_at is not None:
            found[key].append((local_day(row.revoked_at), False))
    for visit in visits:
        found[visit.organisation_id, visit.facility_id].append((visit.on, True))
    for incident in incidents:
        if incident.kind in SHUT_OUT:
            key = (incident.organisation_id, incident.facility_id)
            found[key].append((incident.on, False))
            if incident.restored_on is not None:
                found[key].append((incident.restored_on, True))
    return dict(found)


def days_at(facility: Facility, actor: Any, *, today: date) -> dict[str, int]:
    """Days without access in the last year, by name of the organisation. 5 queries."""
    since = today - timedelta(days=365)
    turns = turns_of(
        *(
            model._default_manager.filter(facility=facility).visible_to(actor)
            for model in (AccessRequest, AccessAuthorisation, FacilityVisit, AccessIncident)
        )
    )
    counted = {key[0]: days_shut(each, since=since, until=today) for key, each in turns.items()}
    # Whoever sees a request sees who made it, listed in the registry or not.
    names = dict(Organisation.objects.filter(pk__in=counted).values_list("pk", "name"))
    return {names[organisation]: days for organisation, days in counted.items() if days}


# --- for the mechanism ----------------------------------------------------------------------------


@dataclass(frozen=True)
class Counts:
    """What the last twelve months come to, over every organisation and facility."""

    asked: int
    granted: int
    refused: int
    waiting: int
    days_to_answer: float | None
    refusals: list[tuple[str, int]]
    incidents: list[tuple[str, int]]
    days_by_kind: list[tuple[str, int]]
    visits: int
    met: int
    referred: int


def counts(*, today: date, at: datetime) -> Counts:
    """The figures of the last 365 days; organisations and facilities are not named. 5 queries."""
    since = today - timedelta(days=365)
    begin = at - timedelta(days=365)
    every = list(AccessRequest.objects.all())
    requests = [row for row in every if row.asked_at >= begin]
    all_incidents = list(AccessIncident.objects.all())
    incidents = [row for row in all_incidents if row.on >= since]
    all_visits = list(FacilityVisit.objects.all())
    visits = [row for row in all_visits if row.on >= since]
    turns = turns_of(every, AccessAuthorisation.objects.all(), all_visits, all_incidents)
    kinds = dict(Facility.objects.values_list("pk", "kind"))
    by_kind: Counter[str] = Counter()
    for (_organisation, facility), each in turns.items():
        by_kind[kinds[facility]] += days_shut(each, since=since, until=today)
    states = Counter(row.state for row in requests)
    answered = [(row.decided_at - row.asked_at).days for row in requests if row.decided_at]
    refusals = Counter(row.refusal for row in requests if row.refusal)
    of_incidents = Counter(row.kind for row in incidents)
    return Counts(
        asked=len(requests),
        granted=states[RequestState.GRANTED],
        refused=states[RequestState.REFUSED],
        waiting=states[RequestState.ASKED],
        days_to_answer=median(answered) if answered else None,
        refusals=[(str(AccessRefusal(k).label), n) for k, n in refusals.most_common()],
        incidents=[(str(IncidentKind(k).label), n) for k, n in of_incidents.most_common()],
        days_by_kind=[(str(FacilityKind(k).label), n) for k, n in by_kind.most_common() if n],
        visits=len(visits),
        met=sum(row.met for row in visits),
        referred=sum(row.referred for row in visits),
    )
