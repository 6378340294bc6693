"""The clocks of the identification track: which act starts, stops and ends which, and for whom.

How long each runs stands in the country profile; the rows are kept by `deadlines.services.clocks`.
The end of the decision's clock is copied to the grants of those who decide, for their inbox.
"""

from collections.abc import Collection, Iterable, Mapping
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

from django.contrib.auth.models import Group
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from common.country import current
from common.marks import Subject
from common.profile import DeadlineRule, Pausing, StartEvent
from common.workdays import due_at as end_of_period
from deadlines import kinds
from deadlines.calendars import working_days
from deadlines.models import Deadline
from deadlines.services import clocks as running
from partners import grants
from partners.choices import Capacity, Role
from partners.models import HeldCapacity, Membership, Organisation
from partners.services.memberships import role_group
from referrals.choices import StageCode, State
from referrals.deciding import DecidingStage, deciders, stage_to_decide, stages
from referrals.models import Decision, Referral

#: Public holidays are looked up for this many years from the start of a clock.
YEARS = 4

DECISION = "referral_decision"
NOT_BEFORE = "referral_not_before"
RECOVERY = "recovery_period"
RECONSIDERATION = "reconsideration_request"
STATUS = "status_validity"
#: What waits for a decision, and ends with it.
OF_THE_DECIDERS = (DECISION, NOT_BEFORE)
_TITLES = {
    DECISION: _("Decision on a referral"),
    NOT_BEFORE: _("Decision on a referral: not before"),
    RECOVERY: _("Recovery and reflection"),
    RECONSIDERATION: _("Asking for a decision to be looked at again"),
    STATUS: _("Validity of a status"),
}
_FOUND = (State.PRELIM_POSITIVE, State.CONCL_POSITIVE)


def register_kinds() -> None:
    """Called once when the app is ready."""
    for kind, title in _TITLES.items():
        kinds.register(
            kind,
            title=title,
            link=_link,
            still_visible=_references,
            escalation=_co_ordinators if kind == DECISION else kinds.nobody,
        )


def _link(uuid: UUID) -> str:
    return reverse("referrals:detail", args=[uuid])


def _references(actor: Any, uuids: Collection[UUID]) -> Mapping[UUID, str]:
    shown = Referral.objects.visible_to(actor).filter(uuid__in=list(uuids))
    return dict(shown.values_list("uuid", "reference"))


def _co_ordinators(deadline: Deadline) -> list[list[int]]:
    """Those who steer the mechanism: they see that it waits, and where, and nothing of the case."""
    co_ordinating = HeldCapacity.objects.held().filter(capacity=Capacity.CO_ORDINATION)
    members = Membership.objects.filter(
        role=Role.CO_ORDINATOR,
        until_at__isnull=True,
        organisation__in=co_ordinating.values("organisation"),
    )
    return [sorted(set(members.values_list("user_id", flat=True)))]


# --- what acts do to them -------------------------------------------------------------------------


def started(referral: Referral, start_event: StartEvent, *, by: Any, at: datetime) -> None:
    """Something happened from which the country lets clocks run: those that are ours begin."""
    starts_at = start_of(referral, start_event) or at
    for rule in current().rules():
        kind = _kind_of(rule)
        ours = kind and rule.starts is start_event
        if not ours or rule is not running.rule_in_force(rule.code, at=starts_at):
            continue
        for organisation, group in _holders(referral, rule, kind, at):
            running.start(
                kind=kind,
                rule=rule,
                subject=_subject(referral),
                holders=[group],
                starts_at=starts_at,
                by=by,
                at=at,
                organisation_uuid=organisation.uuid,
            )
    _copy_to_grants(referral)


def asked_back(referral: Referral, *, by: Any, at: datetime) -> None:
    """The referral was sent back: what the country lets stand meanwhile stands still."""
    running.pause(subject=_subject(referral), because=Pausing.RETURNED, by=by, at=at)
    _copy_to_grants(referral)


def answered(referral: Referral, *, by: Any, at: datetime) -> None:
    """The questions are answered: what stood still runs on."""
    running.resume(subject=_subject(referral), by=by, at=at)
    _copy_to_grants(referral)


def decided(referral: Referral, *, by: Any, at: datetime) -> None:
    """The decision is made: its clock is met, in time or late, and nobody is reminded any more."""
    running.meet(subject=_subject(referral), kinds=OF_THE_DECIDERS, by=by, at=at)
    _copy_to_grants(referral)


def given_up(referral: Referral, *, by: Any, at: datetime) -> None:
    """Nobody need decide any more. What protects the person runs its time."""
    running.cancel(subject=_subject(referral), kinds=OF_THE_DECIDERS, by=by, at=at)
    _copy_to_grants(referral)


# --- what they say --------------------------------------------------------------------------------


def decision_due(referral: Referral, stage: DecidingStage) -> datetime | None:
    """Until when the stage is to be decided; None where the country sets no time, or it stands."""
    rows = running.deadlines_of(_subject(referral), kinds=[DECISION])
    ends = [
        row.due_at
        for row in rows
        if row.is_open and row.paused_at is None and row.rule_code == _decision_code(stage)
    ]
    return min(ends, default=None)


def decisions_due(referrals: Iterable[Referral]) -> dict[UUID, datetime]:
    """Until when each is to be decided, as far as a clock runs: for a list, in one query."""
    uuids = [referral.uuid for referral in referrals]
    rows = Deadline.objects.open().filter(
        subject_uuid__in=uuids, kind=DECISION, paused_at__isnull=True
    )
    return dict(rows.order_by("-due_at").values_list("subject_uuid", "due_at"))


def not_before(referral: Referral, stage: DecidingStage) -> date | None:
    """The first day on which the stage may be decided; None where nothing holds it back."""
    rule = _rule(stage.rules.not_before, referral) if stage.rules.not_before else None
    start = start_of(referral, rule.starts) if rule else None
    if rule is None or start is None:
        return None
    return _end(rule, start).astimezone(current().time_zone).date()


def start_of(referral: Referral, event: StartEvent) -> datetime | None:
    """When the event happened to this referral; None when it has not, or is kept elsewhere.

    A decision is notified the moment it is made: the notice is written with it.
    """
    if event is StartEvent.REFERRAL_RECEIVED:
        return referral.received_at
    decisions = {
        StartEvent.STAGE_1_DECIDED: StageCode.PRELIMINARY,
        StartEvent.STAGE_1_NOTIFIED: StageCode.PRELIMINARY,
        StartEvent.STAGE_2_DECIDED: StageCode.CONCLUSIVE,
    }
    if event not in decisions:
        return None
    decision = Decision.objects.filter(referral=referral, stage=decisions[event]).first()
    return decision.decided_at if decision else None


def _subject(referral: Referral) -> Subject:
    return Subject("referral", referral.uuid)


def _decision_code(stage: DecidingStage) -> str:
    return f"{stage.rules.id}_decision"


def _kind_of(rule: DeadlineRule) -> str:
    """What the rule is a clock of here; empty for one of another track or another app."""
    route = current().reconsideration
    if rule.code in {_decision_code(stage) for stage in stages()}:
        return DECISION
    if rule.code in {stage.rules.not_before for stage in stages()}:
        return NOT_BEFORE
    if route is not None and rule.code == route.rule:
        return RECONSIDERATION
    return rule.code if rule.code in (RECOVERY, STATUS) else ""


def _holders(
    referral: Referral, rule: DeadlineRule, kind: str, at: datetime
) -> list[tuple[Organisation, Group]]:
    """Whom the clock binds: those who decide, else those who stand beside the person."""
    if kind in OF_THE_DECIDERS:
        stage = stage_to_decide(referral)
        if stage is None or rule.code not in (_decision_code(stage), stage.rules.not_before):
            return []
        bodies, role = deciders(referral, stage), Role.OFFICER
    else:
        if kind in (RECOVERY, STATUS) and referral.state not in _FOUND:
            return []
        bodies, role = [referral.first_responder], Role.CASEWORKER
    return [(body, role_group(organisation=body, role=role, at=at).group) for body in bodies]


def _copy_to_grants(referral: Referral) -> None:
    """The end of the decision's clock on the grants of those who decide, and on no other."""
    stage = stage_to_decide(referral)
    # Whoever decided before and sees it still has no deadline of theirs any more.
    grants.annotate(subject=referral, to=None, permission="see", due_at=None)
    due = decision_due(referral, stage) if stage else None
    if stage is not None and due is not None:
        rows = running.deadlines_of(_subject(referral), kinds=[DECISION])
        groups = [row.group for row in rows if row.is_open and row.group is not None]
        grants.annotate(subject=referral, to=groups, permission="see", due_at=due)


def _rule(code: str, referral: Referral) -> DeadlineRule | None:
    profile = current()
    on = referral.received_on
    return profile.rule(code, on=on) if on else None


def _end(rule: DeadlineRule, start: datetime) -> datetime:
    first = (start - timedelta(days=1)).year
    calendar = working_days(range(first, first + YEARS))
    return end_of_period(start, rule.counting, calendar, current().time_zone)
