"""What an application learns from its award: that a second person decided, that money was paid.

Called from the tables of awards and instalments (`funding/money_workflow.py`).
"""

from datetime import datetime
from typing import Any

from django.utils.translation import gettext as _

from funding import call_clocks
from funding.call_choices import ApplicationState, Verdict
from funding.call_workflow import APPLICATION
from funding.models import Application, Award, FundingDecision, Instalment
from partners.access import system_actor


def award_approved(award: Award, event: Any, *, by: Any, at: datetime) -> None:
    """The application it answers is awarded"""
    row = _waiting(award)
    if row is not None and award.is_direct:
        system = system_actor("workflow", at)
        APPLICATION.apply(row, "award", by=system, at=at, award_uuid=award.uuid)


def award_refused(award: Award, event: Any, *, by: Any, at: datetime) -> None:
    """The application it answers is refused, for the reason given"""
    row = _waiting(award)
    if row is None:
        return
    decision = FundingDecision.objects.get(application=row)
    decision.lines.all().delete()
    decision.verdict, decision.amount = Verdict.REFUSE, 0
    decision.reason = event.comment or _("A second person refused it.")
    decision.decided_at = at
    if by.user is not None:
        decision.decided_by = by.user
    decision.save()
    APPLICATION.apply(row, "refuse", by=system_actor("workflow", at), at=at)


def instalment_paid(instalment: Instalment, event: Any, *, by: Any, at: datetime) -> None:
    """The clock of emergency money ends once all of it is paid"""
    award = instalment.award
    if award.application_uuid is None or instalment.left:
        return
    row = Application.objects.filter(uuid=award.application_uuid).first()
    if row is not None:
        call_clocks.paid(row, by=by, at=at)


def _waiting(award: Award) -> Application | None:
    if award.application_uuid is None:
        return None
    rows = Application.objects.filter(uuid=award.application_uuid)
    return rows.filter(state=ApplicationState.SUBMITTED).first()
