"""What the plan, consultations, prevention and obligations make known to the packages below."""

from django.utils.translation import gettext_lazy as _

from common.marks import Permission
from deadlines import jobs
from ncm import plan_access, plan_clocks, plan_notifications
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
from partners import access


def register() -> None:
    """Rules of access, kinds of deadline and notice, background work."""
    from ncm.plan_jobs import PLAN_REPORT, TASK_FORCE, plan_report, task_force

    access.register_rule(ActionPlan, plan_access.to_plan)
    access.register_rule(Activity, plan_access.to_activity)
    access.register_rule(Revision, plan_access.to_revision)
    access.register_rule(PlanReport, plan_access.to_report)
    access.register_rule(Consultation, plan_access.to_consultation)
    access.register_rule(Position, plan_access.to_position)
    access.register_rule(Prevention, plan_access.to_prevention)
    access.register_rule(Obligation, plan_access.to_obligation)
    plan_clocks.register_kinds()
    plan_notifications.register_kinds()
    words = {
        "counting": _("Counting"),
        "printing": _("Setting the pages"),
        "not_allowed": _("This is not open to you."),
        "no_pdf": _("This installation cannot make PDF files. Tell whoever runs it."),
    }
    jobs.register(
        PLAN_REPORT,
        run=plan_report,
        label=_("The action plan"),
        permission=Permission.COORDINATION_SEE,
        words=words,
    )
    jobs.register(
        TASK_FORCE,
        run=task_force,
        label=_("Report for a body"),
        permission=Permission.REPORT_SEE,
        words=words,
    )
