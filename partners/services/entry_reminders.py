"""Asking organisations to confirm their entries: named first, each at most once in two weeks."""

from collections.abc import Collection, Iterable
from datetime import datetime, timedelta
from uuid import UUID

from django.db import transaction
from django.utils.translation import gettext as _

from common.marks import Permission
from common.workflow import NotAllowed, NotPossible
from partners import notifications
from partners.access import Actor
from partners.choices import EventKind, OrganisationState, ReminderOutcome, Role
from partners.models import (
    Membership,
    Organisation,
    OrganisationEvent,
    ReminderLine,
    ReminderRound,
)

#: Who was asked is asked again after so long at the earliest.
AGAIN_AFTER = timedelta(days=14)
MOST = 200
Outcome = ReminderOutcome


def outcomes(organisations: Iterable[Organisation], at: datetime) -> dict[int, ReminderOutcome]:
    """For each by key: would it be asked now, and why not. Two queries."""
    found = list(organisations)
    keys = [each.pk for each in found]
    lately = set(
        ReminderLine.objects.filter(
            organisation__in=keys, outcome=Outcome.ASKED, round__asked_at__gt=at - AGAIN_AFTER
        ).values_list("organisation", flat=True)
    )
    managed = set(
        Membership.objects.active(at)
        .filter(organisation__in=keys, role=Role.MANAGER)
        .values_list("organisation", flat=True)
    )
    return {each.pk: _outcome(each, lately, managed) for each in found}


def _outcome(
    organisation: Organisation, lately: Collection[int], managed: Collection[int]
) -> ReminderOutcome:
    if organisation.state != OrganisationState.MEMBER:
        return Outcome.NO_MEMBER
    if organisation.pk in lately:
        return Outcome.LATELY
    return Outcome.ASKED if organisation.pk in managed else Outcome.NOBODY


@transaction.atomic
def remind(
    *, round_uuid: UUID, organisations: Collection[UUID], by: Actor, at: datetime
) -> ReminderRound:
    """Ask these organisations to confirm their entries; told twice, it is the same round.

    Raises NotAllowed, and NotPossible for none or more than `MOST`. What the actor may not see
    is left out.
    """
    if by.user is None or Permission.ORGANISATION_REVIEW not in by.permissions:
        raise NotAllowed(_("Only the co-ordination reminds organisations."))
    if not 0 < len(organisations) <= MOST:
        raise NotPossible(_("Choose between one and %(most)d organisations.") % {"most": MOST})
    visible = Organisation.objects.visible_to(by).filter(uuid__in=list(organisations))
    # Locked in one order: two co-ordinators at once would otherwise each ask everybody.
    rows = list(
        Organisation.objects.select_for_update(of=("self",), no_key=True)
        .filter(pk__in=list(visible.values_list("pk", flat=True)))
        .order_by("pk")
    )
    known = ReminderRound.objects.filter(uuid=round_uuid).first()
    if known is not None:
        return known
    made = ReminderRound.objects.create(uuid=round_uuid, asked_at=at, asked_by=by.user)
    decided = outcomes(rows, at)
    ReminderLine.objects.bulk_create(
        ReminderLine(round=made, organisation=row, outcome=decided[row.pk]) for row in rows
    )
    asked = [row for row in rows if decided[row.pk] == Outcome.ASKED]
    OrganisationEvent.objects.bulk_create(
        OrganisationEvent(
            organisation=row,
            kind=EventKind.REMINDED,
            at=at,
            by=by.user,
            by_organisation=by.organisation,
        )
        for row in asked
    )
    notifications.entries_to_confirm(asked, made, by=by, at=at)
    return made
