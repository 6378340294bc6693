"""A member changes its entry: trifles at once, what others rely on after somebody has looked."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from accounts.models import User
from common.marks import Permission
from common.workflow import NotAllowed, NotPossible, Stale
from partners import notifications
from partners.access import Actor
from partners.choices import EventKind, OrganisationState
from partners.models import ChangeRequest, HeldCapacity, Organisation, OrganisationEvent
from partners.models.organisation import APPLICATION_FIELDS
from partners.reviews import LABELS, missing_answers, raw_answers
from partners.services.listings import relist
from partners.services.memberships import require
from partners.services.organisations import put

#: Parts of the entry by which others decide whom to trust with what; the rest is changed at once.
WEIGHTY = frozenset({"name", "kind", "cso_class", "level", "registration", "area", "capacities"})


@dataclass(frozen=True)
class Changed:
    """What came of it: labels of what holds now, and the request for the rest, if any."""

    at_once: tuple[str, ...]
    request: ChangeRequest | None


@transaction.atomic
def change_entry(
    *,
    organisation: Organisation,
    by: Actor,
    at: datetime,
    version: int,
    capacities: Iterable[str] | None = None,
    **answers: Any,
) -> Changed:
    """Change parts of a member's entry; weighty ones become a request, in place of an open one.

    Raises NotAllowed; NotPossible for no member, or where a needed answer would be empty; Stale.
    """
    row = _locked(organisation, by, version)
    unknown = set(answers) - set(APPLICATION_FIELDS)
    if unknown:
        raise TypeError(f"Not answers of an entry: {sorted(unknown)}")
    before = raw_answers(row)
    put(row, answers)
    after = raw_answers(row)
    if capacities is not None:
        after["capacities"] = sorted(set(capacities))
        if not after["capacities"]:
            raise NotPossible(_("A member does at least one thing in the mechanism."))
    changed = [part for part in before if before[part] != after[part]]
    _refuse_empty(row, changed)
    weighty = {part: after[part] for part in changed if part in WEIGHTY}
    at_once = [part for part in changed if part not in WEIGHTY]
    request = _ask(row, weighty, by=by, at=at) if weighty else None
    if at_once:
        fresh = Organisation.objects.get(pk=row.pk)
        put(fresh, {name: answers[name] for name in answers if _part(name) in at_once})
        fresh.version += 1
        fresh.save()
        relist([row.pk])
        labels = ", ".join(str(LABELS[part]) for part in at_once)
        _event(row, EventKind.CHANGED, labels, by=by, at=at)
    return Changed(tuple(str(LABELS[part]) for part in at_once), request)


def _part(name: str) -> str:
    """The part of an application a column belongs to."""
    return {
        "is_informal": "registration",
        "registration_number": "registration",
        "conduct_words": "conduct",
    }.get(name, name)


def _person(by: Actor) -> User:
    if by.user is None:
        raise NotAllowed(_("A person changes an entry, never the system."))
    return by.user


def _locked(organisation: Organisation, by: Actor, version: int) -> Organisation:
    require(by, Permission.ORGANISATION_EDIT, organisation)
    _person(by)
    row = Organisation.objects.select_for_update(of=("self",)).get(pk=organisation.pk)
    if row.state != OrganisationState.MEMBER:
        raise NotPossible(_("Only a member changes its entry here."))
    if row.version != version:
        raise Stale(row)
    return row


def _refuse_empty(row: Organisation, changed: list[str]) -> None:
    emptied = [part for part in missing_answers(row) if part in changed]
    if emptied:
        labels = ", ".join(str(LABELS[part]) for part in emptied)
        raise NotPossible(_("These cannot be left empty: %(labels)s.") % {"labels": labels})


def _ask(
    row: Organisation, weighty: Mapping[str, Any], *, by: Actor, at: datetime
) -> ChangeRequest:
    standing = ChangeRequest.objects.open().filter(organisation=row).first()
    if standing is not None:
        # One request at a time: what was asked before is asked again with it, unless said anew.
        weighty = {**standing.changes, **weighty}
        withdraw(standing, by=by, at=at)
    request = ChangeRequest.objects.create(
        organisation=row, changes=weighty, asked_at=at, asked_by=_person(by)
    )
    labels = ", ".join(str(LABELS[part]) for part in weighty)
    _event(row, EventKind.CHANGE_ASKED, labels, by=by, at=at)
    notifications.change_asked(request, by=by, at=at)
    return request


def withdraw(request: ChangeRequest, *, by: Actor, at: datetime) -> ChangeRequest:
    """Take a request back. Errors as `Workflow.apply`."""
    from partners.change_workflow import CHANGE  # its table carries out what stands here

    return CHANGE.apply(request, "withdraw", by=by, at=at)


def carry_out(request: ChangeRequest, event: OrganisationEvent, *, by: Actor, at: datetime) -> None:
    """The entry is changed as asked"""
    row = Organisation.objects.select_for_update(of=("self",)).get(pk=request.organisation_id)
    asked = dict(request.changes)
    if "capacities" in asked:
        _set_capacities(row, set(asked.pop("capacities")), by=by, at=at)
    if "registration" in asked:
        row.is_informal, row.registration_number = asked.pop("registration")
    if "area" in asked:
        row.area_id = asked.pop("area")
    put(row, asked)
    row.version += 1
    row.save()
    relist([row.pk])


def _set_capacities(row: Organisation, wanted: set[str], *, by: Actor, at: datetime) -> None:
    held = HeldCapacity.objects.filter(organisation=row, ended_at__isnull=True)
    held.exclude(capacity__in=wanted).update(ended_at=at)
    held.filter(granted_at__isnull=True).update(granted_at=at, granted_by=by.user)
    known = set(held.values_list("capacity", flat=True))
    HeldCapacity.objects.bulk_create(
        HeldCapacity(organisation=row, capacity=each, granted_at=at, granted_by=by.user)
        for each in sorted(wanted - known)
    )


@transaction.atomic
def confirm_entry(*, organisation: Organisation, by: Actor, at: datetime, on: date) -> Organisation:
    """Say in one click that everything in the entry is still correct, `on` a day in the country.

    Raises NotAllowed, NotPossible for no member.
    """
    row = _locked(organisation, by, organisation.version)
    row.verified_on, row.verified_by = on, by.user
    row.save(update_fields=["verified_on", "verified_by"])
    relist([row.pk])
    notifications.entry_confirmed(row, at=at)
    _event(row, EventKind.CONFIRMED, "", by=by, at=at)
    return row


def _event(
    organisation: Organisation, kind: EventKind, comment: str, *, by: Actor, at: datetime
) -> None:
    OrganisationEvent.objects.create(
        organisation=organisation,
        kind=kind,
        at=at,
        by=by.user,
        by_organisation=by.organisation,
        comment=comment[:2000],
    )
