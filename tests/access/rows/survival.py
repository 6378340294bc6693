"""Rows of survival: a round on needs that is open, and a programme of Lantern House."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any
from uuid import uuid4

from common.country import local_day
from funding.models.declarations import SurveyRound
from funding.models.dependence import ServiceStanding
from funding.models.programmes import EmpowermentProgramme
from funding.services import programmes, standings
from funding.survival_choices import RoundKind
from tests.funding import surveyed
from tests.partners import deeds, houses
from tests.support.cast import Cast


def survey(cast: Cast) -> SurveyRound:
    if "survey round" not in cast.rows:
        cast.rows["survey round"] = surveyed.opened(cast, RoundKind.NEEDS)
    row: SurveyRound = cast.rows["survey round"]
    return row


def programme(cast: Cast) -> EmpowermentProgramme:
    if "programme" not in cast.rows:
        ended = local_day(cast.at) - timedelta(days=200)
        cast.rows["programme"] = programmes.enter_programme(
            client_key=uuid4(), title="Sewing (invented)", kind="training",
            from_on=ended - timedelta(days=90), until_on=ended, began=14, completed=11,
            by=cast.actor(cast.ngo_manager), at=cast.at,
        )  # fmt: skip
    row: EmpowermentProgramme = cast.rows["programme"]
    return row


def standing(cast: Cast) -> ServiceStanding:
    if "standing" not in cast.rows:
        cast.rows["standing"] = standings.enter_standing(
            offer=houses.shelter(cast), agreement=deeds.signed(cast), award=None,
            by=cast.actor(cast.ngo_manager), at=cast.at,
        )  # fmt: skip
    row: ServiceStanding = cast.rows["standing"]
    return row


ARGUMENTS: dict[str, Callable[[Cast], dict[str, Any]]] = {
    "funding:round": lambda cast: {"uuid": survey(cast).uuid},
    "funding:survey": lambda cast: {"uuid": survey(cast).uuid},
    "funding:survey-page": lambda cast: {"uuid": survey(cast).uuid, "page": "money"},
    "funding:standing-remove": lambda cast: {"uuid": standing(cast).uuid},
    "funding:programme": lambda cast: {"uuid": programme(cast).uuid},
    "funding:programme-follow-up": lambda cast: {"uuid": programme(cast).uuid, "after": 6},
}
