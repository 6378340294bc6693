"""A round of questions ends on its day, and its figures are frozen; nothing else happens to it."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.utils.translation import gettext_lazy as _

from common.country import local_day
from common.marks import Permission
from common.workflow import Refusal, Transition, Workflow
from funding import survival_freeze
from funding.models.declarations import SurveyRound, SurvivalEvent
from funding.survival_choices import RoundState, SurvivalEventKind
from partners import access

S = RoundState
P = Permission


def _is_over(
    row: SurveyRound, /, *, by: Any, at: datetime, answers: Mapping[str, Any]
) -> Refusal | None:
    """Its last day has passed"""
    if local_day(at) > row.closes_on:
        return None
    return Refusal(_("It takes answers until its last day is over."))


def _event(
    obj: SurveyRound,
    transition: Transition,
    /,
    *,
    by: Any,
    at: datetime,
    comment: str,
    old: str,
    new: str,
    answers: Mapping[str, Any],
) -> SurvivalEvent:
    return SurvivalEvent.objects.create(
        kind=SurvivalEventKind.CLOSED, round=obj, at=at, by=by.user, by_organisation=by.organisation
    )


ROUND = Workflow(
    "funding.SurveyRound",
    (
        Transition(
            "close",
            from_=S.OPEN,
            to=S.CLOSED,
            permission=P.FUNDING_OVERSEE,
            guard=_is_over,
            stamps="closed",
            then=(survival_freeze.freeze,),
            label=_("The round ends"),
        ),
    ),
    event=_event,
    may=access.may,
)
