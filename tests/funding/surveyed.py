"""Civil society that answers: members beside the cast, and what they declare."""

from collections.abc import Mapping
from datetime import timedelta
from decimal import Decimal
from typing import Any
from uuid import uuid4

from common.country import local_day
from funding.models.declarations import SurveyRound
from funding.services import declarations, rounds
from funding.survival_choices import RoundKind
from partners.access import Actor, actor_for, system_actor
from partners.choices import OrganisationKind, Role
from partners.services import organisations
from tests.support.cast import Cast, works_for

WEEK = timedelta(days=7)


def members(cast: Cast, number: int) -> list[Actor]:
    """That many managers of civil society organisations, the cast's first."""
    found = [cast.actor(cast.ngo_manager), cast.actor(cast.other_manager)]
    before = cast.at - timedelta(hours=1)
    system = system_actor("tests", before)
    for each in range(len(found), number):
        home = organisations.found(
            name=f"Civil Society {each} (invented)", kind=OrganisationKind.CSO, capacities=(),
            by=system, at=before, area=cast.area,
        )  # fmt: skip
        works_for(cast.other_manager, home, Role.MANAGER, before)
        found.append(actor_for(cast.other_manager, at=cast.at, organisation_uuid=home.uuid))
    return found[:number]


def opened(cast: Cast, kind: RoundKind, **more: Any) -> SurveyRound:
    return rounds.open_round(
        kind=kind, year=2025, closes_on=local_day(cast.at + WEEK), client_key=uuid4(),
        by=cast.actor(cast.co_ordinator), at=cast.at, **more,
    )  # fmt: skip


def answered(row: SurveyRound, by: Actor, answers: Mapping[str, Any], **more: Any) -> None:
    """Saved and sent; on top of what this organisation saved before."""
    kept = declarations.kept_for(row, by)
    version = kept.version if kept else 0
    declarations.save_answers(round=row, answers=answers, by=by, at=by.at, version=version)
    declarations.send_answers(round=row, by=by, at=by.at)


def declared(row: SurveyRound, by: Actor, currency: str = "EUR", **amounts: Any) -> None:
    given = {code: str(Decimal(amount)) for code, amount in amounts.items()}
    answered(row, by, {"currency": currency, "amounts": given})


def closed(cast: Cast, row: SurveyRound) -> SurveyRound:
    """As the sweep leaves it once its last day has passed."""
    rounds.close_due(cast.at + WEEK + timedelta(days=2))
    return SurveyRound.objects.get(pk=row.pk)


def figures(row: SurveyRound) -> dict[str, tuple[str, int | None, int | None]]:
    """{code: (bound, share, base)} as they were frozen."""
    return {each.code: (each.bound, each.share, each.base) for each in row.figures.all()}
