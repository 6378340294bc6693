"""A consultation with a position of Lantern House, its prevention entry, an obligation."""

from collections.abc import Callable
from typing import Any

from ncm.models import Body
from ncm.services import consultations
from tests.ncm import plans
from tests.support.cast import Cast


def _kept(cast: Cast, name: str, make: Callable[[], Any]) -> Any:
    if name not in cast.rows:
        cast.rows[name] = make()
    return cast.rows[name]


def _consultation(cast: Cast) -> Any:
    return _kept(cast, "consultation", lambda: plans.consultation(cast))


def _position(cast: Cast) -> Any:
    def make() -> Any:
        # Another one: in the first nobody has said anything yet.
        row = plans.consultation(cast, title="Another law (invented)")
        by = cast.actor(cast.ngo_manager)
        return consultations.state_position(consultation=row, words="No.", by=by, at=cast.at)

    return _kept(cast, "position", make)


def _entry(cast: Cast) -> Any:
    return _kept(cast, "prevention", lambda: plans.entry(cast))


def _obligation(cast: Cast) -> Any:
    return _kept(cast, "obligation", lambda: plans.obligation(cast))


def _body(cast: Cast) -> Any:
    def make() -> Any:
        return Body.objects.create(name="North (invented)", code="RPT", area=cast.area)

    return _kept(cast, "body of a report", make)


ARGUMENTS: dict[str, Callable[[Cast], dict[str, Any]]] = {
    "ncm:consultation": lambda cast: {"uuid": _consultation(cast).uuid},
    "ncm:consultation-act": lambda cast: {"uuid": _consultation(cast).uuid, "name": "say"},
    "ncm:consultation-act@close": lambda cast: {
        "uuid": _consultation(cast).uuid,
        "name": "close",
    },
    "ncm:position": lambda cast: {"uuid": _position(cast).uuid},
    "ncm:position-answer": lambda cast: {"uuid": _position(cast).uuid},
    "ncm:prevention-entry": lambda cast: {"uuid": _entry(cast).uuid},
    "ncm:prevention-act": lambda cast: {"uuid": _entry(cast).uuid, "name": "edit"},
    "ncm:obligation": lambda cast: {"uuid": _obligation(cast).uuid},
    "ncm:obligation-edit": lambda cast: {"uuid": _obligation(cast).uuid},
    "ncm:task-force-report": lambda cast: {"uuid": _body(cast).uuid},
    "ncm:task-force-build": lambda cast: {"uuid": _body(cast).uuid},
    "ncm:task-force-file": lambda cast: {"uuid": _body(cast).uuid, "ending": "csv"},
}
