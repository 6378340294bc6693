"""Being away: a colleague gets one's reminders as well. It opens nothing to them.

Whoever is away keeps their own reminders, so that none is lost if the colleague may not see what
one is about. Who is a colleague is known to a package above, which registers the answer.
"""

from collections.abc import Callable, Iterable, Mapping
from datetime import date, datetime
from uuid import UUID

from django.db import transaction
from django.utils.translation import gettext as _

from accounts.models import User
from common.country import local_day
from common.marks import Actor, Subject
from common.workflow import NotAllowed, NotPossible
from deadlines import notifications
from deadlines.choices import AwayReason
from deadlines.models import Absence
from deadlines.services.notices import mark_handled, notify

LONGEST = 366
"""Days; whoever is away for longer hands over their role instead."""

Colleagues = Callable[[Actor], Mapping[int, str]]
"""Keys of users who work for the actor's organisation now, without the actor, with their names."""

_colleagues: list[Colleagues] = []


def register(colleagues: Colleagues) -> None:
    """Say who is a colleague. Called from an AppConfig.ready() of a package above."""
    _colleagues[:] = [colleagues]


def colleagues_of(actor: Actor) -> Mapping[int, str]:
    """Who could stand in for the actor."""
    return _colleagues[0](actor) if _colleagues and actor.user_id is not None else {}


@transaction.atomic
def be_away(
    *, deputy_id: int, from_on: date, until_on: date, reason: AwayReason, by: Actor, at: datetime
) -> Absence:
    """Somebody is away from one local day to another; the colleague is told, now.

    Raises NotAllowed for somebody who is no colleague, NotPossible for days that are over or that
    overlap another absence.
    """
    if by.user_id is None or by.organisation_uuid is None:
        raise NotAllowed(_("Only somebody who works for an organisation has colleagues."))
    if deputy_id not in colleagues_of(by):
        raise NotAllowed(_("Choose a colleague in your organisation."))
    today = local_day(at)
    if until_on < max(today, from_on) or (until_on - from_on).days >= LONGEST:
        raise NotPossible(_("The last day is today or later, and within a year of the first."))
    # One after the other, so that two tabs do not enter two at once.
    User.objects.select_for_update(of=("self",)).get(pk=by.user_id)
    others = Absence.objects.filter(
        user_id=by.user_id,
        organisation_uuid=by.organisation_uuid,
        ended_at=None,
        from_on__lte=until_on,
        until_on__gte=from_on,
    )
    if others.exists():
        raise NotPossible(_("You entered an absence for some of these days already. End it first."))
    absence = Absence.objects.create(
        user_id=by.user_id,
        deputy_id=deputy_id,
        organisation_uuid=by.organisation_uuid,
        from_on=from_on,
        until_on=until_on,
        reason=reason,
        entered_at=at,
        entered_by_id=by.user_id,
    )
    notify(
        recipients=[deputy_id],
        kind=notifications.STANDS_IN,
        subject=Subject("absence", absence.uuid),
        by=by,
        at=at,
        key=f"{notifications.STANDS_IN}:{absence.pk}",
        organisation_uuid=by.organisation_uuid,
    )
    return absence


@transaction.atomic
def end(*, absence: Absence, by: Actor, at: datetime) -> Absence:
    """Back, or the colleague cannot: from now on nobody stands in. Either of the two may say so."""
    row = Absence.objects.visible_to(by).select_for_update(of=("self",)).get(pk=absence.pk)
    if row.ended_at is None:
        row.ended_at, row.ended_by_id = at, by.user_id
        row.save(update_fields=["ended_at", "ended_by"])
        about = Subject("absence", row.uuid)
        mark_handled(subject=about, kinds=[notifications.STANDS_IN], at=at)
    return row


def deputies(users: Iterable[int], *, at: datetime) -> Mapping[tuple[int, UUID], frozenset[int]]:
    """Who stands in now for these users, by organisation. One query."""
    today = local_day(at)
    found: dict[tuple[int, UUID], set[int]] = {}
    rows = Absence.objects.on(today).filter(user_id__in=set(users))
    for user, organisation, deputy in rows.values_list("user", "organisation_uuid", "deputy"):
        found.setdefault((user, organisation), set()).add(deputy)
    return {key: frozenset(standing) for key, standing in found.items()}
