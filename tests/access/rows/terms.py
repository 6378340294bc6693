"""Rows of a grant’s terms: Bridge Fund’s to Lantern House, with a clause and a report due."""

from collections.abc import Callable
from typing import Any

from funding.models import Award, Condition, GrantReport
from tests.funding import terms
from tests.support.cast import Cast


def _award(cast: Cast) -> Award:
    if "terms award" not in cast.rows:
        cast.rows["terms award"] = terms.award(cast, back=terms.BACK)
    row: Award = cast.rows["terms award"]
    return row


def condition(cast: Cast) -> Condition:
    if "condition" not in cast.rows:
        cast.rows["condition"] = terms.contested(cast, _award(cast))
    row: Condition = cast.rows["condition"]
    return row


def report(cast: Cast) -> GrantReport:
    """Due, and not written."""
    if "grant report" not in cast.rows:
        cast.rows["grant report"] = terms.planned(cast, _award(cast))[0]
    row: GrantReport = cast.rows["grant report"]
    return row


def _sent(cast: Cast) -> GrantReport:
    """With the funder."""
    if "report sent" not in cast.rows:
        report(cast)
        row = GrantReport.objects.get(award=_award(cast), number=2)
        terms.write(cast, row)
        cast.rows["report sent"] = terms.REPORT.apply(
            row, "send", by=cast.actor(cast.ngo_manager), at=cast.at
        )
    sent: GrantReport = cast.rows["report sent"]
    return sent


ARGUMENTS: dict[str, Callable[[Cast], dict[str, Any]]] = {
    "funding:award-terms": lambda cast: {"uuid": _award(cast).uuid},
    "funding:condition-new": lambda cast: {"uuid": _award(cast).uuid},
    "funding:reports-plan": lambda cast: {"uuid": _award(cast).uuid},
    "funding:indicators": lambda cast: {"uuid": _award(cast).uuid},
    "funding:condition": lambda cast: {"uuid": condition(cast).uuid},
    "funding:condition-act": lambda cast: {"uuid": condition(cast).uuid, "name": "uphold"},
    "funding:condition-act@take_back": lambda cast: {
        "uuid": condition(cast).uuid, "name": "take_back",
    },
    "funding:report": lambda cast: {"uuid": report(cast).uuid},
    "funding:report-page": lambda cast: {"uuid": report(cast).uuid, "page": "narrative"},
    "funding:report-act": lambda cast: {"uuid": _sent(cast).uuid, "name": "accept"},
    "funding:report-comment": lambda cast: {"uuid": _sent(cast).uuid, "field": "done"},
    "ncm:state-of-funding-file": lambda cast: {"ending": "csv"},
}  # fmt: skip
