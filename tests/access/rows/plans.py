"""Action plans: one in force that Lantern House leads an activity of, and a draft."""

from collections.abc import Callable
from typing import Any
from uuid import uuid4

from ncm.services import plan_reports
from ncm.services import plans as services
from tests.ncm import plans
from tests.support.cast import Cast

NEVER = "00000000-0000-4000-8000-000000000000"


def _kept(cast: Cast, name: str, make: Callable[[], Any]) -> Any:
    if name not in cast.rows:
        cast.rows[name] = make()
    return cast.rows[name]


def _draft(cast: Cast) -> Any:
    return _kept(cast, "plan draft", lambda: plans.draft(cast))


def _plan(cast: Cast) -> Any:
    return _kept(cast, "plan", lambda: plans.adopted(cast, title="Plan in force (invented)"))


def _activity(cast: Cast) -> Any:
    return plans.own(_plan(cast), cast.ngo)


def _status(cast: Cast) -> Any:
    file = ("list.pdf", b"%PDF-1.7 invented")
    return _kept(cast, "plan status", lambda: plans.report(cast, _activity(cast), file=file))


def _gap(cast: Cast) -> Any:
    def make() -> Any:
        return services.name_gap(
            activity=_activity(cast), client_key=uuid4(), kind="money", words="No money.",
            proposal="", by=cast.actor(cast.ngo_manager), at=cast.at,
        )  # fmt: skip

    return _kept(cast, "plan gap", make)


def _revision(cast: Cast) -> Any:
    return _kept(cast, "plan revision", lambda: plans.revision(cast, _plan(cast)))


def _adopted(cast: Cast) -> Any:
    def make() -> Any:
        plan = plans.adopted(cast, title="Plan revised (invented)")
        return plans.revised(cast, plan)

    return _kept(cast, "plan revision adopted", make)


def _report(cast: Cast) -> Any:
    def make() -> Any:
        by = cast.actor(cast.co_ordinator)
        return plan_reports.open_report(plan=_plan(cast), by=by, at=cast.at)

    return _kept(cast, "plan report", make)


def _sent(cast: Cast) -> Any:
    def make() -> Any:
        plan = plans.adopted(cast, title="Plan reported on (invented)")
        return plans.sent_report(cast, plan)

    return _kept(cast, "plan report sent", make)


def _part(cast: Cast) -> Any:
    return _report(cast).parts.get(organisation=cast.ngo)


ARGUMENTS: dict[str, Callable[[Cast], dict[str, Any]]] = {
    "ncm:plan": lambda cast: {} if _plan(cast) else {},
    "ncm:plan-whole": lambda cast: {"uuid": _plan(cast).uuid},
    "ncm:plan-whole@draft": lambda cast: {"uuid": _draft(cast).uuid},
    "ncm:plan-whole@never": lambda cast: {"uuid": NEVER},
    "ncm:plan-timeline": lambda cast: {"uuid": _plan(cast).uuid},
    "ncm:plan-past": lambda cast: {"uuid": _plan(cast).uuid},
    "ncm:plan-edit": lambda cast: {"uuid": _draft(cast).uuid},
    "ncm:plan-objectives": lambda cast: {"uuid": _draft(cast).uuid},
    "ncm:plan-activity-new": lambda cast: {"uuid": _draft(cast).uuid},
    "ncm:plan-act": lambda cast: {"uuid": _draft(cast).uuid, "name": "adopt"},
    "ncm:plan-revise": lambda cast: {"uuid": _plan(cast).uuid},
    "ncm:plan-take": lambda cast: {"uuid": _plan(cast).uuid},
    "ncm:plan-file": lambda cast: {"uuid": _plan(cast).uuid, "ending": "csv"},
    "ncm:plan-build": lambda cast: {"uuid": _plan(cast).uuid},
    "ncm:plan-activity": lambda cast: {"uuid": _activity(cast).uuid},
    "ncm:plan-activity@draft": lambda cast: {"uuid": plans.own(_draft(cast), cast.ngo).uuid},
    "ncm:plan-activity-edit": lambda cast: {"uuid": plans.own(_draft(cast), cast.ngo).uuid},
    "ncm:plan-activity-act": lambda cast: {"uuid": _activity(cast).uuid, "name": "report"},
    "ncm:plan-activity-act@gap": lambda cast: {"uuid": _activity(cast).uuid, "name": "gap"},
    "ncm:plan-evidence": lambda cast: {"uuid": _activity(cast).uuid, "status": _status(cast).uuid},
    "ncm:plan-gap": lambda cast: {"uuid": _gap(cast).uuid},
    "ncm:plan-revision": lambda cast: {"uuid": _revision(cast).uuid},
    "ncm:plan-revision@adopted": lambda cast: {"uuid": _adopted(cast).uuid},
    "ncm:plan-revision-choose": lambda cast: {"uuid": _revision(cast).uuid},
    "ncm:plan-revision-change": lambda cast: {
        "uuid": _revision(cast).uuid,
        "activity": _activity(cast).uuid,
    },
    "ncm:plan-revision-act": lambda cast: {"uuid": _revision(cast).uuid, "name": "drop"},
    "ncm:plan-report": lambda cast: {"uuid": _report(cast).uuid},
    "ncm:plan-report-send": lambda cast: {"uuid": _report(cast).uuid},
    "ncm:plan-report-file": lambda cast: {"uuid": _sent(cast).uuid, "ending": "csv"},
    "ncm:plan-report-build": lambda cast: {"uuid": _sent(cast).uuid},
    "ncm:plan-part": lambda cast: {"uuid": _part(cast).uuid},
}
