"""Who may do what to a fund, an award and what belongs to it; `partners.access.may` asks once the
role includes the act."""

from datetime import datetime
from typing import Any

from django.utils.translation import gettext as _

from common.marks import Decision, Permission
from funding.models import Award, AwardChange, Fund, Instalment
from partners.choices import Role
from partners.models import Membership

P = Permission


def to_fund(actor: Any, permission: Permission, fund: Fund) -> Decision:
    """Its keeper keeps it; whoever sees it may look."""
    if permission == P.FUNDING_KEEP:
        return _answer(fund.keeper_id == actor.organisation_id)
    return _answer(Fund.objects.filter(pk=fund.pk).visible_to(actor).exists())


def to_award(actor: Any, permission: Permission, award: Award) -> Decision:
    """The funder keeps it, the recipient answers for it, the co-ordination sees to it."""
    match permission:
        case P.FUNDING_KEEP:
            allowed = award.funder_id == actor.organisation_id
        case P.FUNDING_APPLY:
            allowed = award.recipient_id == actor.organisation_id
            allowed = allowed and award.in_force_at is not None
        case _:
            allowed = Award.objects.filter(pk=award.pk).visible_to(actor).exists()
    return _answer(allowed)


def to_instalment(actor: Any, permission: Permission, instalment: Instalment) -> Decision:
    """As to the award it pays."""
    return to_award(actor, permission, instalment.award)


def to_change(actor: Any, permission: Permission, change: AwardChange) -> Decision:
    """As to the award it changes."""
    return to_award(actor, permission, change.award)


def who_could_be_second(award: Award, at: datetime) -> list[str]:
    """The names of those at the funder who could answer a direct award: not whoever proposed it."""
    others = (
        Membership.objects.active(at)
        .filter(organisation=award.funder_id, role=Role.FUNDER)
        .exclude(user=award.proposed_by_id)
        .select_related("user")
    )
    return sorted({each.user.display_name for each in others})


def _answer(allowed: bool) -> Decision:
    return Decision(allowed, "" if allowed else _("This belongs to another organisation."))
