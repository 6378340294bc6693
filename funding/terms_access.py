"""Who may do what to the terms of a grant; `partners.access.may` asks once the role includes it."""

from typing import Any

from django.utils.translation import gettext as _

from common.marks import Decision, Permission
from funding.models import Award, Condition, GrantReport

P = Permission


def to_terms(actor: Any, permission: Permission, award: Award) -> Decision:
    """The funder enters and answers, the recipient contests and reports; both read."""
    match permission:
        case P.FUNDING_KEEP:
            allowed = award.funder_id == actor.organisation_id
        case P.FUNDING_APPLY:
            allowed = award.recipient_id == actor.organisation_id
        case _:
            allowed = actor.organisation_id in (award.funder_id, award.recipient_id)
    return Decision(allowed, "" if allowed else _("This belongs to another organisation."))


def to_condition(actor: Any, permission: Permission, condition: Condition) -> Decision:
    """As to the terms of its award."""
    return to_terms(actor, permission, condition.award)


def to_report(actor: Any, permission: Permission, report: GrantReport) -> Decision:
    """As to the terms of its award."""
    return to_terms(actor, permission, report.award)
