"""The register of obligations: entering an article and which State body answers for it."""

from datetime import datetime
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from common.marks import Permission
from common.workflow import NotAllowed, NotPossible, Stale
from ncm.models import Obligation, ObligationEvent
from ncm.plan_choices import ObligationEventKind
from ncm.services.plans import person
from partners.access import Actor, may
from partners.choices import OrganisationKind
from partners.models import Organisation
from partners.services.memberships import require

P = Permission
K = ObligationEventKind
TEXT = ("instrument", "article", "words", "p", "accountable", "duty")


@transaction.atomic
def enter(*, by: Actor, at: datetime, **text: Any) -> Obligation:
    """Enter an obligation; one with the same article and words is given back as it stands.

    Raises NotAllowed; NotPossible where somebody else than a State body is to answer for it.
    """
    if not (decision := may(by, P.COORDINATION_KEEP)):
        raise NotAllowed(decision.reason)
    given = _known(text)
    standing = Obligation.objects.filter(
        instrument=given["instrument"], article=given["article"], words=given["words"]
    ).first()
    if standing is not None:
        return standing
    row = Obligation.objects.create(entered_at=at, entered_by=person(by), **given)
    _note(row, K.ENTERED, by=by, at=at)
    return row


@transaction.atomic
def change(
    *, obligation: Obligation, version: int, by: Actor, at: datetime, **text: Any
) -> Obligation:
    """Change an entry; who was accountable before stands in its past.

    Raises NotAllowed, NotPossible, Stale.
    """
    require(by, P.COORDINATION_KEEP, obligation)
    row = Obligation.objects.select_for_update(of=("self",)).get(pk=obligation.pk)
    if row.version != version:
        raise Stale(row)
    before = row.accountable.display_name
    for name, value in _known(text).items():
        setattr(row, name, value)
    row.version += 1
    row.save()
    moved = row.accountable.display_name != before
    said = _("Accountable before: %(name)s") % {"name": before} if moved else ""
    _note(row, K.CHANGED, by=by, at=at, comment=said)
    return row


def _known(text: dict[str, Any]) -> dict[str, Any]:
    if unknown := set(text) - set(TEXT):
        raise TypeError(f"An obligation has no {sorted(unknown)}")
    accountable: Organisation = text["accountable"]
    # Delegating a duty never moves who answers for it (S53, S79).
    if accountable.kind != OrganisationKind.STATE_AGENCY:
        raise NotPossible(_("A body of the State answers for an obligation of the State."))
    return text


def _note(
    row: Obligation, kind: ObligationEventKind, *, by: Actor, at: datetime, comment: str = ""
) -> None:
    ObligationEvent.objects.create(
        obligation=row, kind=kind, at=at, by=by.user, by_organisation=by.organisation,
        comment=comment,
    )  # fmt: skip
