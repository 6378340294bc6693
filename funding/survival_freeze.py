"""The one act that opens what organisations declared without being one of them: the count.

It runs when a round closes, in the closing transaction, writes figures and lets go of what it
opened. Afterwards nobody's request decrypts anybody else's answer: pages read `RoundFigure`.
"""

from datetime import datetime
from decimal import Decimal
from typing import Any

from django.views.decorators.debug import sensitive_variables

from common.country import current
from funding.models.declarations import (
    IncomeDeclaration,
    NeedsAnswer,
    RoundFigure,
    SurveyRound,
)
from funding.survival_choices import RoundKind
from funding.survival_figures import Figure, Income, income_figures, needs_figures
from funding.survival_questions import wording
from partners.choices import OrganisationState


def freeze(row: SurveyRound, event: Any, *, by: Any, at: datetime) -> None:
    """The figures are computed from what was sent, and stay as they are"""
    least = current().funding.least_answers
    figures, sent = _income(row, least) if row.kind == RoundKind.INCOME else _needs(row, least)
    RoundFigure.objects.bulk_create(
        RoundFigure(
            round=row,
            code=each.code,
            version=each.version,
            bound=each.bound,
            base=each.base,
            share=each.share,
        )
        for each in figures
    )
    row.answered = sent if sent >= least else None
    row.save(update_fields=["answered"])


@sensitive_variables()
def _income(row: SurveyRound, least: int) -> tuple[list[Figure], int]:
    sent = list(_of_members(IncomeDeclaration, row))
    # An answer is opened once: each opening asks the key.
    opened = [each.answers for each in sent]
    declared = [Income(each["currency"], _amounts(each)) for each in opened]
    return income_figures(declared, least=least), len(sent)


def _amounts(answers: dict[str, Any]) -> dict[str, Any]:
    return {code: Decimal(text) for code, text in answers["amounts"].items()}


@sensitive_variables()
def _needs(row: SurveyRound, least: int) -> tuple[list[Figure], int]:
    sent = list(_of_members(NeedsAnswer, row))
    questions = [wording(code, version) for code, version in row.questions]
    return needs_figures(questions, (each.answers for each in sent), least=least), len(sent)


def _of_members(model: Any, row: SurveyRound) -> Any:
    """What was sent by organisations that are members on the day of the count."""
    return model._default_manager.filter(
        round=row, sent_at__isnull=False, key__organisation__state=OrganisationState.MEMBER
    ).select_related("key")
