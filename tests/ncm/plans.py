"""Action plans at each stage, each step taken through the services; everything invented."""

from datetime import timedelta
from decimal import Decimal
from typing import Any
from uuid import uuid4

from common.country import local_day
from ncm.models import (
    ActionPlan,
    Activity,
    Consultation,
    Obligation,
    PlanReport,
    Prevention,
    Revision,
)
from ncm.services import (
    consultations,
    obligations,
    plan_reports,
    plans,
    prevention,
    revisions,
)
from partners.models import Area, Organisation
from tests.support.cast import Cast

D = Decimal


def text(cast: Cast, **more: Any) -> dict[str, Any]:
    """What an activity that Lantern House leads with Open Door says."""
    return {
        "words": "Train those who meet people first (invented)",
        "lead": cast.ngo,
        "partners": [cast.other_ngo],
        "from_on": local_day(cast.at) - timedelta(days=300),
        "deadline_on": local_day(cast.at) + timedelta(days=200),
        "indicator": "People trained",
        "unit": "people",
        "baseline": D(0),
        "target": D(120),
        "source": "Register of trainings",
        "cost": D(10_000),
        "from_state": D(4_000),
        "from_donors": D(3_000),
        "from_own": D(500),
        "payers": "Ministry; a donor",
        "target_groups": ("children", "migrants"),
        "areas": [cast.area],
        "global_plan": ("18", "53"),
        "reallocatable_in_emergency": True,
    } | more


def draft(cast: Cast, **more: Any) -> ActionPlan:
    today = local_day(cast.at)
    given = {
        "title": "Action plan (invented)", "strategy": "Fewer people are exploited.",
        "from_on": today - timedelta(days=300), "until_on": today + timedelta(days=700),
        "currency": "EUR",
    } | more  # fmt: skip
    by = cast.actor(cast.co_ordinator)
    plan = plans.draft_plan(client_key=uuid4(), by=by, at=cast.at, **given)
    first = plans.add_objective(
        plan=plan, p="prevention", words="People know the risk", by=by, at=cast.at
    )
    second = plans.add_objective(
        plan=plan, p="protection", words="Everybody finds a bed", by=by, at=cast.at
    )
    plans.add_activity(objective=first, by=by, at=cast.at, **text(cast))
    beds = text(
        cast, words="Beds in the north (invented)", lead=cast.other_ngo, partners=[],
        indicator="Beds", cost=D(50_000), target_groups=(),
    )  # fmt: skip
    plans.add_activity(objective=second, by=by, at=cast.at, **beds)
    return now(plan)


def now(row: Any) -> Any:
    """As it stands in the database."""
    return type(row).objects.get(pk=row.pk)


def adopted(cast: Cast, **more: Any) -> ActionPlan:
    plan = draft(cast, **more)
    by = cast.actor(cast.co_ordinator)
    return plans.adopt(plan=plan, act="Decision 12 of the Government", by=by, at=cast.at)


def own(plan: ActionPlan, organisation: Organisation) -> Activity:
    """The first activity it leads."""
    return plan.activities.filter(lead=organisation).order_by("pk")[0]


def revision(cast: Cast, plan: ActionPlan, **more: Any) -> Revision:
    """A draft that gives Lantern House's activity another target."""
    by = cast.actor(cast.co_ordinator)
    given = {"reason": "Schools are closed.", "emergency": None} | more
    row = revisions.begin(plan=plan, client_key=uuid4(), by=by, at=cast.at, **given)
    revisions.change_activity(
        revision=row, activity=own(plan, cast.ngo), by=by, at=cast.at,
        **text(cast, target=D(60), reallocatable_in_emergency=True),
    )  # fmt: skip
    return now(row)


def revised(cast: Cast, plan: ActionPlan, **more: Any) -> Revision:
    """The same, adopted by the second co-ordinator."""
    first, second = cast.actor(cast.co_ordinator), cast.actor(cast.second_co_ordinator)
    row = revisions.propose(revision=revision(cast, plan, **more), by=first, at=cast.at)
    return revisions.adopt(revision=row, by=second, at=cast.at)


def sent_report(cast: Cast, plan: ActionPlan) -> PlanReport:
    """A half-yearly report that was sent, with one file."""
    by = cast.actor(cast.co_ordinator)
    row = plan_reports.open_report(plan=plan, by=by, at=cast.at)
    row = plan_reports.send(report=row, summary="Half done.", by=by, at=cast.at)
    plan_reports.keep_file(report=row, ending="csv", content=b"a,b", by=by, at=cast.at)
    return row


def report(cast: Cast, activity: Activity, user: Any = None, **more: Any) -> Any:
    by = cast.actor(user or cast.ngo_manager, more.pop("at", None))
    given = {"progress": "under_way", "value": D(30), "words": "Two courses were held.",
             "on": local_day(by.at)} | more  # fmt: skip
    return plans.report_progress(
        activity=activity, client_key=given.pop("client_key", None) or uuid4(), by=by, at=by.at,
        **given,
    )  # fmt: skip


def consultation(cast: Cast, plan: ActionPlan | None = None, **more: Any) -> Consultation:
    by = cast.actor(cast.co_ordinator)
    given: dict[str, Any] = {
        "subject": "plan" if plan else "law", "plan": plan, "stage": "drafting",
        "title": "Law on labour inspection (invented)", "proposal": "Inspectors may refer.",
        "until_on": local_day(cast.at) + timedelta(days=20),
    } | more  # fmt: skip
    return consultations.open_consultation(client_key=uuid4(), by=by, at=cast.at, **given)


def entry(cast: Cast, **more: Any) -> Prevention:
    today = local_day(cast.at)
    given: dict[str, Any] = {
        "title": "Puppets in the market (invented)", "words": "A play, ten times.",
        "target_groups": ("children",), "area": cast.area, "place": "Market square",
        "from_on": today - timedelta(days=5), "until_on": today, "planned_reach": 200,
        "activity": None, "partners": [cast.other_ngo],
    } | more  # fmt: skip
    by = cast.actor(cast.ngo_manager)
    return prevention.enter(client_key=uuid4(), by=by, at=cast.at, **given)


def obligation(cast: Cast, **more: Any) -> Obligation:
    given: dict[str, Any] = {
        "instrument": "CETS 197", "article": "12(1)(a)", "words": "Safe accommodation",
        "p": "protection", "accountable": cast.ministry, "duty": "shelter",
    } | more  # fmt: skip
    return obligations.enter(by=cast.actor(cast.co_ordinator), at=cast.at, **given)


def many(cast: Cast, plan: ActionPlan, number: int) -> None:
    """So many more activities, written past the services: only for counting queries."""
    objective, today = plan.objectives.all()[0], local_day(cast.at)
    start = objective.activities.count()
    Activity.objects.bulk_create(
        Activity(
            plan=plan, objective=objective, number=start + n + 1, place=10_000 + start + n + 1,
            words=f"Activity {n} (invented)",
            lead=(cast.ngo, cast.other_ngo, cast.unlisted_ngo)[n % 3], indicator="Number",
            deadline_on=today + timedelta(days=n - 100), cost=D(100), from_state=D(50),
            progress=("not_started", "under_way", "done")[n % 3], target_groups=("women",),
        )
        for n in range(number)
    )  # fmt: skip
    for each in objective.activities.filter(number__gt=start):
        each.partners.add(cast.police)
        each.areas.add(Area.objects.get(pk=cast.area.pk))
