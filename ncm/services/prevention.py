"""The prevention register: entering what is done, changing the entry, counting whom it reached."""

from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import transaction
from django.utils.translation import gettext as _

from common.country import local_day
from common.marks import Permission
from common.workflow import NotAllowed, NotPossible, Stale
from ncm.models import Prevention, PreventionEvent
from ncm.plan_choices import FourP, PreventionEventKind
from ncm.services.plans import person
from partners.access import Actor, may
from partners.services.memberships import require

P = Permission
K = PreventionEventKind
TEXT = (
    "title", "words", "target_groups", "area", "place", "from_on", "until_on", "planned_reach",
    "activity",
)  # fmt: skip


@transaction.atomic
def enter(*, client_key: UUID, partners: Any, by: Actor, at: datetime, **text: Any) -> Prevention:
    """Enter what one's organisation does; the same key again gives the entry it made.

    Raises NotAllowed, NotPossible.
    """
    if not (decision := may(by, P.COORDINATION_SPEAK)):
        raise NotAllowed(decision.reason)
    standing = Prevention.objects.filter(client_key=client_key).first()
    if standing is not None:
        return standing
    home = by.organisation
    if home is None:
        raise NotAllowed(_("An entry is an organisation’s."))
    row = Prevention(
        client_key=client_key, keeper=home, entered_at=at, entered_by=person(by), **_known(text)
    )
    row.save()
    row.partners.set(each for each in partners if each.pk != home.pk)
    _note(row, K.ENTERED, by=by, at=at)
    return row


@transaction.atomic
def change(
    *, prevention: Prevention, version: int, partners: Any, by: Actor, at: datetime, **text: Any
) -> Prevention:
    """Change an entry of one's organisation. Raises NotAllowed, NotPossible, Stale."""
    row = _own(prevention, by)
    if row.version != version:
        raise Stale(row)
    for name, value in _known(text).items():
        setattr(row, name, value)
    row.version += 1
    row.save()
    row.partners.set(each for each in partners if each.pk != row.keeper_id)
    _note(row, K.CHANGED, by=by, at=at)
    return row


@transaction.atomic
def count(*, prevention: Prevention, reach: int, by: Actor, at: datetime) -> Prevention:
    """Say how many people it reached; counted again the later number stands.

    Raises NotAllowed, NotPossible.
    """
    row = _own(prevention, by)
    if row.from_on > local_day(at):
        raise NotPossible(_("It has not begun yet."))
    if row.reach == reach:
        return row
    row.reach = reach
    row.version += 1
    row.save(update_fields=["reach", "version"])
    _note(row, K.COUNTED, by=by, at=at, comment=str(reach))
    return row


def _own(prevention: Prevention, by: Actor) -> Prevention:
    require(by, P.COORDINATION_SPEAK, prevention)
    return Prevention.objects.select_for_update(of=("self",)).get(pk=prevention.pk)


def _known(text: dict[str, Any]) -> dict[str, Any]:
    if unknown := set(text) - set(TEXT):
        raise TypeError(f"A prevention activity has no {sorted(unknown)}")
    if not text["target_groups"]:
        raise NotPossible(_("Say for whom it is."))
    if text["until_on"] < text["from_on"]:
        raise NotPossible(_("It ends on the day it begins, or later."))
    activity = text.get("activity")
    if activity is not None and activity.objective.p != FourP.PREVENTION:
        raise NotPossible(_("This activity of the plan is not about prevention."))
    return text


def _note(
    row: Prevention, kind: PreventionEventKind, *, by: Actor, at: datetime, comment: str = ""
) -> None:
    PreventionEvent.objects.create(
        prevention=row, kind=kind, at=at, by=by.user, by_organisation=by.organisation,
        comment=comment,
    )  # fmt: skip
