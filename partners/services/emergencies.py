"""The switch of an emergency: declaring, ending, taking an ending back. The plan is another's."""

from datetime import datetime

from django.db import transaction
from django.db.models import Q
from django.utils.translation import gettext as _

from accounts.models import User
from common.marks import Permission
from common.workflow import NotAllowed, NotPossible
from partners.access import Actor, may
from partners.choices import EmergencyAct
from partners.models import Area, Emergency, EmergencyEvent


@transaction.atomic
def declare(
    *, area: Area | None, reason: str, by: Actor, at: datetime, until: datetime | None = None
) -> Emergency:
    """Say that in an area (None: everywhere) the usual ways do not hold, until a moment or an end.

    One that stands for the same area already is given back as it is. Raises NotAllowed;
    NotPossible without a reason, or where the end is past.
    """
    user = _switching(by)
    # One at a time: the area's row, or the country's, holds whoever else is at it.
    list(Area.objects.select_for_update().filter(Q(pk=area.pk) if area else Q(parent=None)))
    standing = Emergency.objects.on(at).filter(area=area).first()
    if standing is not None:
        return standing
    if not reason.strip():
        raise NotPossible(_("Say what happened: everybody in the area reads it."))
    if until is not None and until <= at:
        raise NotPossible(_("The last day is over already."))
    emergency = Emergency.objects.create(
        area=area, reason=reason.strip(), from_at=at, until_at=until, begun_by=user
    )
    _record(emergency, EmergencyAct.BEGUN, by=by, at=at, words=emergency.reason)
    return emergency


@transaction.atomic
def end(*, emergency: Emergency, by: Actor, at: datetime) -> Emergency:
    """The usual ways hold again; ending it twice changes nothing. Raises NotAllowed."""
    user = _switching(by)
    row = Emergency.objects.select_for_update(of=("self",)).get(pk=emergency.pk)
    if row.is_on(at):
        row.ended_at, row.ended_by = at, user
        row.save(update_fields=["ended_at", "ended_by"])
        _record(row, EmergencyAct.ENDED, by=by, at=at)
    return row


@transaction.atomic
def resume(*, emergency: Emergency, by: Actor, at: datetime) -> Emergency:
    """Take an ending back. Raises NotAllowed; NotPossible where it ran out by itself."""
    _switching(by)
    row = Emergency.objects.select_for_update(of=("self",)).get(pk=emergency.pk)
    if row.ended_at is None:
        return row
    if row.until_at is not None and row.until_at <= at:
        raise NotPossible(_("Its last day is over: declare it anew."))
    row.ended_at = row.ended_by = None
    row.save(update_fields=["ended_at", "ended_by"])
    _record(row, EmergencyAct.RESUMED, by=by, at=at)
    return row


def standing_for(*, actor: Actor) -> list[Emergency]:
    """The emergencies that stand where the organisation acted for works. One query, if any."""
    if not actor.in_emergency or actor.organisation is None:
        return []
    standing = Emergency.objects.on(actor.at).over_area(actor.organisation.area_id)
    return list(standing.select_related("area").order_by("from_at"))


def _switching(by: Actor) -> User:
    decision = may(by, Permission.EMERGENCY_SWITCH)
    if not decision or by.user is None:
        raise NotAllowed(decision.reason or _("A person declares an emergency."))
    return by.user


def _record(
    emergency: Emergency, act: EmergencyAct, *, by: Actor, at: datetime, words: str = ""
) -> None:
    EmergencyEvent.objects.create(emergency=emergency, act=act, at=at, by=by.user, words=words)
