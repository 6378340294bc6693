"""The clocks a referral starts: when its decision is due, and before when it is too early.

Computed from the profile's rule of the stage with the country's working days, and written on the
grant rows of those who decide. The only module of this app that knows how a deadline is kept.
"""

from datetime import date, datetime, timedelta

from common.country import current
from common.profile import Bound, DeadlineRule, Pausing, StartEvent
from common.workdays import Pause
from common.workdays import due_at as end_of_period
from partners import grants
from partners.choices import Role
from partners.services.memberships import role_group
from referrals.choices import StageCode
from referrals.deciding import DecidingStage, deciders, stage_to_decide
from referrals.models import Decision, Question, Referral

#: Public holidays are looked up for this many years from the start of a clock.
YEARS = 4


def started(referral: Referral, start_event: StartEvent, at: datetime) -> None:
    """Something happened that a clock may run from: the deciders' groups get their due date.

    Also right after a stop and go: the date is computed anew from what is recorded.
    """
    stage = stage_to_decide(referral)
    due = decision_due(referral, stage) if stage else None
    # Whoever decided before and sees it still has no deadline of theirs any more.
    grants.annotate(subject=referral, to=None, permission="see", due_at=None)
    if stage is None or due is None:
        return
    groups = [
        role_group(organisation=organisation, role=Role.OFFICER, at=at).group
        for organisation in deciders(referral, stage)
    ]
    grants.annotate(subject=referral, to=groups, permission="see", due_at=due)


def decision_due(referral: Referral, stage: DecidingStage) -> datetime | None:
    """Until when the stage is to be decided; None where the country sets no time, or it stands."""
    rule = _rule(f"{stage.rules.id}_decision", referral)
    if rule is None or rule.bound is not Bound.LATEST:
        return None
    start = start_of(referral, rule.starts)
    pauses: list[Pause] = []
    if Pausing.RETURNED in rule.pauses:
        questions = Question.objects.filter(referral=referral)
        if questions.filter(answered_at__isnull=True).exists():
            return None
        spans = questions.values_list("asked_at", "answered_at")
        pauses = [Pause(asked, answered) for asked, answered in spans if answered]
    return _end(rule, start, pauses) if start else None


def not_before(referral: Referral, stage: DecidingStage) -> date | None:
    """The first day on which the stage may be decided; None where nothing holds it back."""
    rule = _rule(stage.rules.not_before, referral) if stage.rules.not_before else None
    start = start_of(referral, rule.starts) if rule else None
    if rule is None or start is None:
        return None
    return _end(rule, start, []).astimezone(current().time_zone).date()


def start_of(referral: Referral, event: StartEvent) -> datetime | None:
    """When the event happened to this referral; None when it has not, or is kept elsewhere.

    A decision is notified the moment it is made: the notice is written with it.
    """
    if event is StartEvent.REFERRAL_RECEIVED:
        return referral.received_at
    stages = {
        StartEvent.STAGE_1_DECIDED: StageCode.PRELIMINARY,
        StartEvent.STAGE_1_NOTIFIED: StageCode.PRELIMINARY,
        StartEvent.STAGE_2_DECIDED: StageCode.CONCLUSIVE,
    }
    if event not in stages:
        return None
    decision = Decision.objects.filter(referral=referral, stage=stages[event]).first()
    return decision.decided_at if decision else None


def _rule(code: str, referral: Referral) -> DeadlineRule | None:
    profile = current()
    on = referral.received_on
    return profile.rule(code, on=on) if on else None


def _end(rule: DeadlineRule, start: datetime, pauses: list[Pause]) -> datetime:
    profile = current()
    first = (start - timedelta(days=1)).year
    calendar = profile.calendar(range(first, first + YEARS))
    return end_of_period(start, rule.counting, calendar, profile.time_zone, pauses=pauses)
