"""Who may do what to a plan, its activities, consultations, prevention and obligations.

`partners.access.may` asks once the role includes the act.
"""

from typing import Any

from django.utils.translation import gettext as _

from common.marks import Decision, Permission
from ncm.models import (
    ActionPlan,
    Activity,
    Consultation,
    Obligation,
    PlanReport,
    Position,
    Prevention,
    Revision,
)

P = Permission


def _said(allowed: bool) -> Decision:
    return Decision(allowed, "" if allowed else _("This belongs to another organisation."))


def to_plan(actor: Any, permission: Permission, plan: ActionPlan) -> Decision:
    """The co-ordination keeps it; every member who sees it may say what is missing."""
    return _said(ActionPlan.objects.filter(pk=plan.pk).visible_to(actor).exists())


def to_activity(actor: Any, permission: Permission, activity: Activity) -> Decision:
    """Only its lead says how far it is; the co-ordination edits nobody's words."""
    if permission == P.COORDINATION_SPEAK:
        return _said(activity.lead_id == actor.organisation_id)
    return _said(Activity.objects.filter(pk=activity.pk).visible_to(actor).exists())


def to_revision(actor: Any, permission: Permission, revision: Revision) -> Decision:
    """As to the plan; who drafted it adopts it not, which the workflow says."""
    return _said(Revision.objects.filter(pk=revision.pk).visible_to(actor).exists())


def to_report(actor: Any, permission: Permission, report: PlanReport) -> Decision:
    """As to the plan it is on."""
    return _said(PlanReport.objects.filter(pk=report.pk).visible_to(actor).exists())


def to_consultation(actor: Any, permission: Permission, consultation: Consultation) -> Decision:
    """The co-ordination keeps it; every member who sees it may state a position."""
    return _said(Consultation.objects.filter(pk=consultation.pk).visible_to(actor).exists())


def to_position(actor: Any, permission: Permission, position: Position) -> Decision:
    """Its organisation writes it, and nobody else; the co-ordination answers it."""
    own = position.organisation_id == actor.organisation_id
    if permission == P.COORDINATION_SPEAK:
        return _said(own)
    return _said(Position.objects.filter(pk=position.pk).visible_to(actor).exists())


def to_prevention(actor: Any, permission: Permission, prevention: Prevention) -> Decision:
    """Whoever does it keeps its entry."""
    if permission == P.COORDINATION_SPEAK:
        return _said(prevention.keeper_id == actor.organisation_id)
    return _said(Prevention.objects.filter(pk=prevention.pk).visible_to(actor).exists())


def to_obligation(actor: Any, permission: Permission, obligation: Obligation) -> Decision:
    """The co-ordination keeps the register."""
    return _said(Obligation.objects.filter(pk=obligation.pk).visible_to(actor).exists())
