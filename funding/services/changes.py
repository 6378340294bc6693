"""Changes of an award: amendments of amount and dates, and reallocations between lines.

Both are signed by both sides; whoever proposes one has signed it. What was signed first stays.
"""

from collections.abc import Mapping
from datetime import date, datetime
from decimal import Decimal
from uuid import UUID

from django.db import transaction
from django.db.models import Max
from django.utils.translation import gettext as _

from common.marks import Permission
from common.workflow import NotAllowed, NotPossible
from funding import money_notifications as notifications
from funding.models import Award, AwardChange, ChangedLine
from funding.models.funds import NOTHING
from funding.money_choices import AwardState, ChangeKind, ChangeState, LineKind
from funding.money_workflow import CHANGE
from funding.services import sums
from partners.access import Actor
from partners.services.memberships import require

P = Permission


@transaction.atomic
def propose_change(
    *,
    award: Award,
    lines: Mapping[str, Decimal],
    words: str,
    client_key: UUID,
    by: Actor,
    at: datetime,
    new_until_on: date | None = None,
    is_reallocation: bool = False,
) -> AwardChange:
    """Propose how large each line is from now on: {kind of line: its new amount}.

    A line left out stays as it is. The side that proposes has signed. The same key again gives the
    change it made. Raises NotAllowed, NotPossible.
    """
    side = _side(award, by)
    row = sums.lock(award)
    standing: AwardChange | None = AwardChange.objects.filter(client_key=client_key).first()
    if standing is not None:
        return standing
    differences = _differences(row, lines)
    difference = sum(differences.values(), NOTHING)
    _refuse_wrong_change(row, differences, new_until_on, is_reallocation=is_reallocation)
    if by.organisation is None:
        raise NotAllowed(_("A change is proposed for an organisation."))
    kind = ChangeKind.REALLOCATION if is_reallocation else ChangeKind.AMENDMENT
    change: AwardChange = AwardChange.objects.create(
        client_key=client_key, award=row, kind=kind, words=words, difference=difference,
        number=(row.changes.aggregate(last=Max("number"))["last"] or 0) + 1,
        new_until_on=new_until_on, proposed_at=at, proposed_for=by.organisation,
    )  # fmt: skip
    ChangedLine.objects.bulk_create(
        ChangedLine(change=change, kind=line, difference=by_how_much)
        for line, by_how_much in differences.items()
    )
    change = CHANGE.apply(change, side, by=by, at=at)
    notifications.change_waits(change, award.events.first(), by=by, at=at)
    return change


def _side(award: Award, by: Actor) -> str:
    """The act by which the actor signs. Raises NotAllowed for neither side."""
    if by.organisation_id == award.funder_id:
        require(by, P.FUNDING_KEEP, award)
        return "sign_for_funder"
    require(by, P.FUNDING_APPLY, award)
    return "sign_for_recipient"


def _differences(award: Award, lines: Mapping[str, Decimal]) -> dict[str, Decimal]:
    now = {line.kind: line.amount for line in award.lines.all()}
    found = {kind: amount - now.get(kind, NOTHING) for kind, amount in lines.items()}
    return {kind: by_how_much for kind, by_how_much in found.items() if by_how_much}


def _refuse_wrong_change(
    award: Award,
    differences: Mapping[str, Decimal],
    new_until_on: date | None,
    *,
    is_reallocation: bool,
) -> None:
    if award.state != AwardState.IN_FORCE:
        raise NotPossible(_("The award is not in force."))
    if award.changes.filter(state=ChangeState.PROPOSED).exists():
        raise NotPossible(_("Another change waits already."))
    if not differences and new_until_on is None:
        raise NotPossible(_("Nothing is changed by this."))
    if is_reallocation and (sum(differences.values(), NOTHING) or new_until_on is not None):
        raise NotPossible(_("A reallocation changes neither amount nor dates."))
    if new_until_on is not None and new_until_on < award.from_on:
        raise NotPossible(_("The last day cannot lie before the first."))
    if differences.get(LineKind.OVERHEAD, NOTHING) > 0 and not award.allows_overhead:
        raise NotPossible(_("The fund does not pay overhead."))
    if award.amount + sum(differences.values(), NOTHING) <= 0:
        raise NotPossible(_("An award is more than nothing."))


def sign(
    *, change: AwardChange, by: Actor, at: datetime, version: int | None = None
) -> AwardChange:
    """Sign for one's own side; in force once both have. Raises NotAllowed, NotPossible, Stale."""
    with transaction.atomic():
        sums.lock(change.award)
        return CHANGE.apply(change, _side(change.award, by), by=by, at=at, version=version)


def drop(
    *, change: AwardChange, comment: str, by: Actor, at: datetime, version: int | None = None
) -> AwardChange:
    """Drop what waits, for one's own side. Raises NotAllowed, NotPossible, Stale."""
    if by.organisation_id not in (change.award.funder_id, change.award.recipient_id):
        raise NotAllowed(_("This belongs to another organisation."))
    act = "refuse" if by.organisation_id == change.award.funder_id else "drop"
    return CHANGE.apply(change, act, by=by, at=at, version=version, comment=comment)
