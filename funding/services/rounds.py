"""Rounds of questions: opening one, and closing those whose last day has passed."""

from collections.abc import Iterable
from datetime import date, datetime
from uuid import UUID

from django.db import transaction
from django.utils.translation import gettext as _

from common.country import local_day
from common.marks import Permission
from common.workflow import NotPossible
from funding import survival_notices
from funding.models.declarations import SurveyRound, SurvivalEvent
from funding.survey_workflow import ROUND
from funding.survival_access import NOT_ASKED
from funding.survival_choices import RoundKind, RoundState, SurvivalEventKind
from funding.survival_questions import newest
from partners.access import Actor, system_actor
from partners.models import Organisation
from partners.services.memberships import require

P = Permission


@transaction.atomic
def open_round(
    *,
    kind: RoundKind,
    year: int,
    closes_on: date,
    client_key: UUID,
    by: Actor,
    at: datetime,
    questions: Iterable[str] = (),
    is_synthetic: bool = False,
) -> SurveyRound:
    """Ask every civil society organisation; `questions` are codes of the bank, all without any.

    The same key again gives the round it opened. Raises NotAllowed, NotPossible.
    """
    require(by, P.FUNDING_OVERSEE, None)
    standing = SurveyRound.objects.filter(client_key=client_key).first()
    if standing is not None:
        return standing
    if SurveyRound.objects.filter(kind=kind, year=year, is_synthetic=is_synthetic).exists():
        # Twice a year the same, and what one organisation changed is the difference.
        raise NotPossible(_("This has been asked for that year already."))
    if closes_on <= local_day(at):
        raise NotPossible(_("The last day lies after today."))
    wanted = set(questions)
    asked = [each for each in newest() if not wanted or each.code in wanted]
    row = SurveyRound.objects.create(
        client_key=client_key,
        kind=kind,
        year=year,
        questions=[[each.code, each.version] for each in asked] if kind == RoundKind.NEEDS else [],
        opens_on=local_day(at),
        closes_on=closes_on,
        is_synthetic=is_synthetic,
        invited=Organisation.objects.members().exclude(kind__in=NOT_ASKED).count(),
        opened_at=at,
        opened_by=by.user,
    )
    event = SurvivalEvent.objects.create(
        kind=SurvivalEventKind.OPENED, round=row, at=at, by=by.user, by_organisation=by.organisation
    )
    survival_notices.round_opened(row, event, by=by, at=at)
    return row


def close_due(at: datetime) -> int:
    """Close the rounds whose last day has passed; for the sweep."""
    due = SurveyRound.objects.filter(state=RoundState.OPEN, closes_on__lt=local_day(at))
    by, number = system_actor("count of a round", at), 0
    for row in due.order_by("closes_on", "pk"):
        ROUND.apply(row, "close", by=by, at=at)
        number += 1
    return number
