"""Revisions of an adopted plan: beginning one, what it changes, giving it to a second person.

What moves a revision from one state to the next stands in `ncm/plan_workflow.py`.
"""

from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import transaction
from django.utils.translation import gettext as _

from common.marks import Permission
from common.workflow import NotPossible
from ncm import plan_text
from ncm.models import ActionPlan, Activity, Objective, Revision, RevisionChange
from ncm.plan_choices import IS_BEING_REVISED, ChangeKind, PlanEventKind, PlanState, RevisionState
from ncm.plan_workflow import REVISION, plan_event
from ncm.services.plans import person, refuse_what_does_not_fit
from partners.access import Actor
from partners.models import Emergency
from partners.services.memberships import require

P = Permission
S = RevisionState
K = PlanEventKind


@transaction.atomic
def begin(
    *, plan: ActionPlan, client_key: UUID, reason: str, emergency: Emergency | None, by: Actor,
    at: datetime,
) -> Revision:  # fmt: skip
    """Begin a revision of a plan in force, with its reason; the same key gives the one it made.

    Raises NotAllowed; NotPossible without a reason, or while another is being drafted.
    """
    require(by, P.COORDINATION_KEEP, plan)
    standing = Revision.objects.filter(client_key=client_key, plan=plan).first()
    if standing is not None:
        return standing
    row = ActionPlan.objects.select_for_update(of=("self",)).get(pk=plan.pk)
    if row.state != PlanState.ADOPTED:
        raise NotPossible(_("Only a plan in force is revised."))
    if not reason.strip():
        raise NotPossible(_("Say why the plan is revised."))
    if row.revisions.filter(state__in=IS_BEING_REVISED).exists():
        raise NotPossible(_("A revision of this plan is being drafted already."))
    last = row.revisions.order_by("-number").first()
    made = Revision.objects.create(
        client_key=client_key, plan=row, number=last.number + 1 if last else 1,
        reason=reason.strip(), emergency=emergency, created_at=at, created_by=person(by),
    )  # fmt: skip
    plan_event(row, K.REVISION_DRAFTED, by=by, at=at, comment=made.reason)
    return made


@transaction.atomic
def change_activity(
    *, revision: Revision, activity: Activity, by: Actor, at: datetime, **text: Any
) -> RevisionChange:
    """Propose a new text for an activity; proposed again it takes the place of the first.

    Raises NotAllowed, NotPossible.
    """
    row = _draft(revision, by)
    refuse_what_does_not_fit(row.plan, text)
    found = _standing(row, activity)
    before = plan_text.text_of(found)
    after = before | plan_text.plain(text)
    if not plan_text.differing(before, after):
        raise NotPossible(_("Nothing of the activity is different."))
    return _put(row, found, ChangeKind.CHANGE, after, by=by, at=at)


@transaction.atomic
def drop_activity(
    *, revision: Revision, activity: Activity, by: Actor, at: datetime
) -> RevisionChange:
    """Propose to take an activity out of the plan. Raises NotAllowed, NotPossible."""
    row = _draft(revision, by)
    return _put(row, _standing(row, activity), ChangeKind.DROP, {}, by=by, at=at)


@transaction.atomic
def add_activity(
    *, revision: Revision, objective: Objective, by: Actor, at: datetime, **text: Any
) -> RevisionChange:
    """Propose a new activity under an objective; one with the same words is given back.

    Raises NotAllowed, NotPossible.
    """
    row = _draft(revision, by)
    if objective.plan_id != row.plan_id:
        raise NotPossible(_("This objective is of another plan."))
    refuse_what_does_not_fit(row.plan, text)
    after = plan_text.plain(text)
    for each in row.changes.filter(kind=ChangeKind.ADD, objective=objective):
        if each.after["words"] == after["words"]:
            return each
    made: RevisionChange = row.changes.create(kind=ChangeKind.ADD, objective=objective, after=after)
    _changed(row, by=by, at=at)
    return made


@transaction.atomic
def remove_change(*, revision: Revision, change: UUID, by: Actor, at: datetime) -> None:
    """Take a change out of a draft revision. Raises NotAllowed, NotPossible."""
    row = _draft(revision, by)
    deleted, _kinds = row.changes.filter(uuid=change).delete()
    if deleted:
        _changed(row, by=by, at=at)


def propose(*, revision: Revision, by: Actor, at: datetime) -> Revision:
    """Give it to a second person, who is told. Raises NotAllowed, NotPossible."""
    return REVISION.apply(revision, "propose", by=by, at=at)


def take_back(*, revision: Revision, comment: str, by: Actor, at: datetime) -> Revision:
    """Send it back to be changed, with words. Raises NotAllowed, NotPossible, MissingAnswers."""
    return REVISION.apply(revision, "take_back", by=by, at=at, comment=comment)


def adopt(*, revision: Revision, by: Actor, at: datetime, act: str = "") -> Revision:
    """Adopt it as a second person: its activities get their new text.

    Raises NotAllowed, NotPossible.
    """
    return REVISION.apply(revision, "adopt", by=by, at=at, act=act)


def drop(*, revision: Revision, comment: str, by: Actor, at: datetime) -> Revision:
    """Drop it; the plan stays as it is. Raises NotAllowed, NotPossible, MissingAnswers."""
    return REVISION.apply(revision, "drop", by=by, at=at, comment=comment)


def _draft(revision: Revision, by: Actor) -> Revision:
    require(by, P.COORDINATION_KEEP, revision)
    row = Revision.objects.select_for_update(of=("self",)).get(pk=revision.pk)
    if row.state != S.DRAFT:
        raise NotPossible(_("Only a draft of a revision is changed."))
    return row


def _standing(revision: Revision, activity: Activity) -> Activity:
    found = Activity.objects.standing().filter(plan=revision.plan, pk=activity.pk).first()
    if found is None:
        raise NotPossible(_("This activity is not in the plan."))
    return found


def _put(
    row: Revision, activity: Activity, kind: ChangeKind, after: dict[str, Any], *, by: Actor,
    at: datetime,
) -> RevisionChange:  # fmt: skip
    values = {"kind": kind, "objective": activity.objective, "after": after}
    made, _new = RevisionChange.objects.update_or_create(
        revision=row, activity=activity, defaults=values
    )
    _changed(row, by=by, at=at)
    return made


def _changed(row: Revision, *, by: Actor, at: datetime) -> None:
    row.version += 1
    row.save(update_fields=["version"])
    last = row.plan.events.first()
    if last is None or last.kind != K.REVISION_CHANGED or last.by != by.user:
        plan_event(row.plan, K.REVISION_CHANGED, by=by, at=at)
