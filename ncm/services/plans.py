"""Writing an action plan: its draft, its activities, what leads report, what is missing.

What moves a plan from one state to the next stands in `ncm/plan_workflow.py`.
"""

import hashlib
from collections.abc import Mapping
from datetime import date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.core.exceptions import ValidationError
from django.core.files.base import ContentFile
from django.db import transaction
from django.utils.translation import gettext as _

from accounts.models import User
from common.country import local_day
from common.marks import Permission
from common.uploads import checked
from common.workflow import NotAllowed, NotPossible, Stale
from ncm import plan_text
from ncm.models import ActionPlan, Activity, ActivityGap, ActivityStatus, Objective
from ncm.plan_choices import PlanEventKind, PlanState
from ncm.plan_workflow import PLAN, plan_event
from partners.access import Actor, may
from partners.models import Organisation
from partners.services.memberships import require

P = Permission
S = PlanState
K = PlanEventKind
TEXT = ("title", "strategy", "from_on", "until_on", "currency")
MOST_OBJECTIVES = 40
MOST_ACTIVITIES = 1000
MOST_GAPS = 50
"""Of one activity."""


@transaction.atomic
def draft_plan(*, client_key: UUID, by: Actor, at: datetime, **text: Any) -> ActionPlan:
    """Begin a draft; the same key again gives the one it made. Raises NotAllowed."""
    if not (decision := may(by, P.COORDINATION_KEEP)):
        raise NotAllowed(decision.reason)
    standing = ActionPlan.objects.filter(client_key=client_key).first()
    if standing is not None:
        return standing
    row = ActionPlan.objects.create(
        client_key=client_key, created_at=at, created_by=person(by), **_known(text)
    )
    plan_event(row, K.DRAFTED, by=by, at=at)
    return row


@transaction.atomic
def change_plan(
    *, plan: ActionPlan, version: int, by: Actor, at: datetime, **text: Any
) -> ActionPlan:
    """Change what a draft says. Raises NotAllowed, NotPossible, Stale."""
    row = draft_of(plan, by)
    if row.version != version:
        raise Stale(row)
    for name, value in _known(text).items():
        setattr(row, name, value)
    return _changed(row, by=by, at=at)


@transaction.atomic
def add_objective(*, plan: ActionPlan, p: str, words: str, by: Actor, at: datetime) -> Objective:
    """Add an objective to a draft; the same words under the same P again give the one it made.

    Raises NotAllowed, NotPossible.
    """
    row = draft_of(plan, by)
    standing: Objective | None = row.objectives.filter(p=p, words=words).first()
    if standing is not None:
        return standing
    last = row.objectives.order_by("-number").first()
    if row.objectives.count() >= MOST_OBJECTIVES:
        raise NotPossible(_("A plan has at most %(n)s objectives.") % {"n": MOST_OBJECTIVES})
    made: Objective = row.objectives.create(p=p, words=words, number=last.number + 1 if last else 1)
    _changed(row, by=by, at=at)
    return made


@transaction.atomic
def add_activity(*, objective: Objective, by: Actor, at: datetime, **text: Any) -> Activity:
    """Add an activity to a draft; one with the same words there is given back.

    Raises NotAllowed, NotPossible.
    """
    plan = draft_of(objective.plan, by)
    refuse_what_does_not_fit(plan, text)
    standing: Activity | None = objective.activities.filter(words=text["words"]).first()
    if standing is not None:
        return standing
    if plan.activities.count() >= MOST_ACTIVITIES:
        raise NotPossible(_("A plan has at most %(n)s activities.") % {"n": MOST_ACTIVITIES})
    last = objective.activities.order_by("-number").first()
    made = plan_text.added(objective, last.number + 1 if last else 1, plan_text.plain(text))
    _changed(plan, by=by, at=at)
    return made


@transaction.atomic
def change_activity(
    *, activity: Activity, version: int, by: Actor, at: datetime, **text: Any
) -> Activity:
    """Change an activity of a draft. Raises NotAllowed, NotPossible, Stale."""
    plan = draft_of(activity.plan, by)
    refuse_what_does_not_fit(plan, text)
    row = Activity.objects.select_for_update(of=("self",)).get(pk=activity.pk)
    if row.version != version:
        raise Stale(row)
    plan_text.write(row, plan_text.plain(text))
    _changed(plan, by=by, at=at)
    return row


def adopt(*, plan: ActionPlan, act: str, by: Actor, at: datetime) -> ActionPlan:
    """Record by which act a plan was adopted. Raises NotAllowed, NotPossible, MissingAnswers."""
    return PLAN.apply(plan, "adopt", by=by, at=at, act=act)


def end(*, plan: ActionPlan, comment: str, by: Actor, at: datetime) -> ActionPlan:
    """End a plan. Raises NotAllowed, NotPossible, MissingAnswers."""
    return PLAN.apply(plan, "end", by=by, at=at, comment=comment)


# --- what leads report ----------------------------------------------------------------------------


@transaction.atomic
def report_progress(
    *, activity: Activity, client_key: UUID, progress: str, words: str, on: date, by: Actor,
    at: datetime, value: Decimal | None = None, file: tuple[str, bytes] | None = None,
) -> ActivityStatus:  # fmt: skip
    """Say for the lead how far an activity is; the same key again gives the report it made.

    What was said before stays. Raises NotAllowed; NotPossible for what is not taken.
    """
    from ncm.services.plan_reports import delivered  # it counts what is written here

    require(by, P.COORDINATION_SPEAK, activity)
    said = ActivityStatus.objects.filter(client_key=client_key, activity=activity)
    standing: ActivityStatus | None = said.first()
    if standing is not None:
        return standing
    row = Activity.objects.select_for_update(of=("self",)).get(pk=activity.pk)
    home = by.organisation
    if row.plan.state != S.ADOPTED or row.dropped_at is not None or home is None:
        raise NotPossible(_("Progress is reported on activities of a plan in force."))
    if on > local_day(at):
        raise NotPossible(_("This day is still to come."))
    if not words.strip():
        raise NotPossible(_("Say what was done."))
    made = ActivityStatus(
        client_key=client_key, activity=row, progress=progress, value=value, words=words, on=on,
        organisation=home, reported_at=at, reported_by=person(by),
    )  # fmt: skip
    if file is not None:
        _attach(made, *file)
    made.save()
    row.progress, row.value, row.reported_on = progress, value, on
    row.version += 1
    row.save(update_fields=["progress", "value", "reported_on", "version"])
    plan_event(row.plan, K.REPORTED, by=by, at=at, activity=row)
    delivered(plan=row.plan, organisation=home, by=by, at=at)
    return made


def _attach(status: ActivityStatus, name: str, content: bytes) -> None:
    try:
        upload = checked(name=name, content=content)
    except ValidationError as error:
        raise NotPossible(" ".join(error.messages)) from error
    status.file_kind, status.file_size = upload.ending, len(upload.content)
    status.file_digest = hashlib.sha256(upload.content).hexdigest()
    status.file.save(upload.name, ContentFile(upload.content), save=False)


# --- what is missing ------------------------------------------------------------------------------


@transaction.atomic
def name_gap(
    *, activity: Activity, client_key: UUID, kind: str, words: str, proposal: str, by: Actor,
    at: datetime,
) -> ActivityGap:  # fmt: skip
    """Say for one's organisation what is missing for an activity; any member may.

    The same key again gives the one it made. Raises NotAllowed, NotPossible.
    """
    require(by, P.COORDINATION_SPEAK, activity.plan)
    named = ActivityGap.objects.filter(client_key=client_key, activity=activity)
    standing: ActivityGap | None = named.first()
    if standing is not None:
        return standing
    home = by.organisation
    if home is None or activity.plan.state != S.ADOPTED or activity.dropped_at is not None:
        raise NotPossible(_("Gaps are named in activities of a plan in force."))
    if activity.gaps.count() >= MOST_GAPS:
        raise NotPossible(_("An activity has at most %(n)s of them.") % {"n": MOST_GAPS})
    made: ActivityGap = ActivityGap.objects.create(
        client_key=client_key, activity=activity, kind=kind, words=words, proposal=proposal,
        organisation=home, named_at=at, named_by=person(by),
    )  # fmt: skip
    plan_event(activity.plan, K.GAP_NAMED, by=by, at=at, activity=activity)
    return made


@transaction.atomic
def settle_gap(*, gap: ActivityGap, answer: str, by: Actor, at: datetime) -> ActivityGap:
    """Answer what somebody says is missing; once. Raises NotAllowed, NotPossible."""
    require(by, P.COORDINATION_KEEP, gap.activity)
    row: ActivityGap = ActivityGap.objects.select_for_update(of=("self",)).get(pk=gap.pk)
    if row.settled_at is not None:
        raise NotPossible(_("It is answered already."))
    if not answer.strip():
        raise NotPossible(_("Say what becomes of it."))
    row.answer, row.settled_at, row.settled_by = answer, at, person(by)
    row.save()
    activity = row.activity
    plan_event(activity.plan, K.GAP_SETTLED, by=by, at=at, activity=activity)
    return row


# --- shared ---------------------------------------------------------------------------------------


def draft_of(plan: ActionPlan, by: Actor) -> ActionPlan:
    """The plan, locked. Raises NotAllowed; NotPossible where it is no draft."""
    require(by, P.COORDINATION_KEEP, plan)
    row = ActionPlan.objects.select_for_update(of=("self",)).get(pk=plan.pk)
    if row.state != S.DRAFT:
        raise NotPossible(_("A plan in force is changed by a revision only."))
    return row


def refuse_what_does_not_fit(plan: ActionPlan, text: Mapping[str, Any]) -> None:
    """Raise NotPossible where a text is incomplete or stands against itself."""
    given = {name for name, value in text.items() if value not in ("", None)}
    if missing := plan_text.NEEDED - given:
        what = ", ".join(str(plan_text.LABELS[name]) for name in sorted(missing))
        raise NotPossible(_("An activity needs more: %(what)s.") % {"what": what})
    lead: Organisation = text["lead"]
    if any(partner.pk == lead.pk for partner in text.get("partners", ())):
        raise NotPossible(_("Who leads is not a partner too."))
    nothing = Decimal("0.00")
    paid = sum((text.get(each) or nothing for each in ("from_state", "from_donors", "from_own")),
               start=nothing)  # fmt: skip
    if paid > text["cost"]:
        raise NotPossible(_("Who pays gives more than it costs."))
    if text.get("from_on") and text["from_on"] > text["deadline_on"]:
        raise NotPossible(_("An activity begins before its deadline."))


def person(by: Actor) -> User:
    """Who acts. Raises NotAllowed for the system."""
    if by.user is None:
        raise NotAllowed(_("A person does this, never the system."))
    return by.user


def _changed(row: ActionPlan, *, by: Actor, at: datetime) -> ActionPlan:
    row.version += 1
    row.save()
    last = row.events.first()
    if last is None or last.kind != K.CHANGED or last.by != by.user:
        plan_event(row, K.CHANGED, by=by, at=at)
    return row


def _known(given: dict[str, Any]) -> dict[str, Any]:
    if unknown := set(given) - set(TEXT):
        raise TypeError(f"A plan has no {sorted(unknown)}")
    if given["until_on"] <= given["from_on"]:
        raise NotPossible(_("A plan ends after it begins."))
    return given
