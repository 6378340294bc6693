"""Who may do what to a call, an application, a review and a complaint."""

from typing import Any

from django.utils.translation import gettext as _

from common.marks import Decision, Permission
from funding.models import Application, Call, CallQuestion, Complaint, Review

P = Permission


def _said(allowed: bool) -> Decision:
    return Decision(allowed, "" if allowed else _("This belongs to another organisation."))


def to_call(actor: Any, permission: Permission, call: Call) -> Decision:
    """The fund's people keep it; whoever sees it may apply."""
    if permission == P.FUNDING_KEEP:
        return _said(call.fund.keeper_id == actor.organisation_id)
    return _said(Call.objects.filter(pk=call.pk).visible_to(actor).exists())


def to_question(actor: Any, permission: Permission, question: CallQuestion) -> Decision:
    """As to the call it is about."""
    return to_call(actor, permission, question.call)


def to_application(actor: Any, permission: Permission, application: Application) -> Decision:
    """Its organisation writes it; the fund it reached decides."""
    if permission == P.FUNDING_APPLY:
        return _said(application.organisation_id == actor.organisation_id)
    rows = Application.objects.filter(pk=application.pk)
    if permission == P.FUNDING_KEEP:
        return _said(rows.reached(actor).exists())
    return _said(rows.visible_to(actor).exists())


def to_complaint(actor: Any, permission: Permission, complaint: Complaint) -> Decision:
    """A colleague at the fund answers it, or the co-ordination."""
    application = complaint.application
    if P.FUNDING_OVERSEE in actor.permissions:
        return _said(application.organisation_id != actor.organisation_id)
    rows = Application.objects.filter(pk=application.pk)
    return _said(rows.reached(actor).exists())


def to_review(actor: Any, permission: Permission, review: Review) -> Decision:
    """The reviewer alone, acting for the organisation they were named for; or the system."""
    if actor.system:
        return Decision(True)
    named = review.reviewer
    own = named.user_id == actor.user_id and named.organisation_id == actor.organisation_id
    return _said(own)
