"""Calls of Bridge Fund, applications of Lantern House, a review by the rapporteur."""

from collections.abc import Callable
from typing import Any

from funding.models import Application, ApplicationFile, Call, CallQuestion
from funding.services import applications, calls
from tests.funding import rounds
from tests.support.cast import Cast

NEVER = "00000000-0000-4000-8000-000000000000"


def draft(cast: Cast) -> Call:
    """A draft of the fund's."""
    if "call draft" not in cast.rows:
        cast.rows["call draft"] = rounds.draft(cast)
    return cast.rows["call draft"]


def opened(cast: Cast) -> Call:
    """Open, with a question of Lantern House's."""
    if "call open" not in cast.rows:
        call = rounds.opened(cast)
        by = cast.actor(cast.ngo_manager)
        asked = calls.ask(call=call, words="Also rent?", client_key=NEVER, by=by, at=cast.at)
        cast.rows |= {"call open": call, "call question": asked}
    return cast.rows["call open"]


def question(cast: Cast) -> CallQuestion:
    opened(cast)
    return cast.rows["call question"]


def application(cast: Cast) -> Application:
    """Lantern House's draft in the open call, with a document."""
    if "application draft" not in cast.rows:
        row = rounds.written(cast, opened(cast), cast.ngo_manager)
        file = applications.add_file(
            application=row, title="Plan", name="plan.pdf", content=b"%PDF-1.7 invented",
            by=cast.actor(cast.ngo_manager), at=cast.at,
        )  # fmt: skip
        cast.rows |= {"application draft": row, "application file": file}
    return cast.rows["application draft"]


def document(cast: Cast) -> ApplicationFile:
    application(cast)
    return cast.rows["application file"]


def closed(cast: Cast) -> Call:
    """Lantern House and Open Door applied, the rapporteur and an officer are to review."""
    if "call closed" not in cast.rows:
        cast.rows["call closed"] = rounds.closed(cast)
    return cast.rows["call closed"]


def sent(cast: Cast) -> Application:
    return rounds.own(closed(cast), cast, cast.ngo_manager)


def review(cast: Cast) -> Any:
    return rounds.review_of(closed(cast), cast.rapporteur, sent(cast))


def emergency(cast: Cast) -> Call:
    if "call emergency" not in cast.rows:
        cast.rows["call emergency"] = rounds.emergency_call(cast)
    return cast.rows["call emergency"]


def _file(cast: Cast) -> dict[str, Any]:
    return {"uuid": application(cast).uuid, "file": document(cast).uuid}


ARGUMENTS: dict[str, Callable[[Cast], dict[str, Any]]] = {
    "funding:call": lambda cast: {"uuid": opened(cast).uuid},
    "funding:call@draft": lambda cast: {"uuid": draft(cast).uuid},
    "funding:call@never": lambda cast: {"uuid": NEVER},
    "funding:call-page": lambda cast: {"uuid": draft(cast).uuid, "page": "text"},
    "funding:call-act": lambda cast: {"uuid": opened(cast).uuid, "name": "apply"},
    "funding:call-act@cancel": lambda cast: {
        "uuid": opened(cast).uuid,
        "name": "cancel",
        "_data": {"comment": "Invented."},
    },
    "funding:call-question": lambda cast: {
        "uuid": opened(cast).uuid,
        "question": question(cast).uuid,
        "_data": {"words": "Yes."},
    },
    "funding:call-ranking": lambda cast: {"uuid": closed(cast).uuid},
    "funding:application": lambda cast: {"uuid": application(cast).uuid},
    "funding:application@sent": lambda cast: {"uuid": sent(cast).uuid},
    "funding:application@never": lambda cast: {"uuid": NEVER},
    "funding:application-page": lambda cast: {"uuid": application(cast).uuid, "page": "about"},
    "funding:application-check": lambda cast: {"uuid": application(cast).uuid},
    "funding:application-file": _file,
    "funding:application-act": lambda cast: {
        "uuid": application(cast).uuid,
        "name": "withdraw",
    },
    "funding:application-act@decide": lambda cast: {"uuid": sent(cast).uuid, "name": "decide"},
    "funding:review": lambda cast: {"uuid": review(cast).uuid},
}
