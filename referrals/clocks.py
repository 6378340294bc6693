"""The clocks of the identification track: which act starts, stops and ends which, and for whom.

How long each runs stands in the country profile; the rows are kept by `deadlines.services.clocks`.
The end of the decision's clock is copied to the grants of those who decide, for their inbox.
"""

from collections.abc import Collection, Iterable, Mapping
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

from django.contrib.auth.models import Group
from django.db.models import Exists, OuterRef, Q
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from common.country import current, local_day
from common.marks import Permission, Subject
from common.profile import DeadlineRule, Pausing, Route, StartEvent
from common.rowlock import beyond_sight
from common.workdays import due_at as end_of_period
from deadlines import kinds
from deadlines.calendars import working_days
from deadlines.models import Deadline
from deadlines.rulebook import rulebook
from deadlines.services import clocks as running
from partners import grants
from partners.choices import Capacity, Role
from partners.models import HeldCapacity, Membership, Organisation, Team
from partners.services.memberships import role_group
from referrals import closing
from referrals.choices import StageCode, State
from referrals.deciding import DecidingStage, deciders, stage_to_decide, stages
from referrals.models import Decision, Exclusion, Referral

#: Public holidays are looked up for this many years from the start of a clock.
YEARS = 4

DECISION = "referral_decision"
NOT_BEFORE = "referral_not_before"
RECOVERY = "recovery_period"
RECONSIDERATION = "reconsideration_request"
APPEAL = "appeal_request"
DRAFT = "referral_draft"
DRAFT_KEPT = timedelta(days=30)
"""A draft runs out this long after it was last worked on."""
DRAFT_WARNED = timedelta(days=7)
"""And not before this long after somebody was told that it will."""
STATUS = "status_validity"
#: What waits for a decision, and ends with it.
OF_THE_DECIDERS = (DECISION, NOT_BEFORE)
#: Time that is the person's own: no change of a rule takes any of it away.
OF_THE_PERSON = (RECOVERY, RECONSIDERATION, APPEAL, STATUS)
#: What a country lets only a negative decision start.
OF_A_NEGATIVE = (RECONSIDERATION, APPEAL)
_TITLES = {
    DECISION: _("Decision on a referral"),
    NOT_BEFORE: _("Decision on a referral: not before"),
    RECOVERY: _("Recovery and reflection"),
    RECONSIDERATION: _("Asking for a decision to be looked at again"),
    APPEAL: _("Appeal against a decision"),
    DRAFT: _("A draft is kept until then"),
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
            still_visible=_after_a_negative if kind in OF_A_NEGATIVE else _references,
            escalation=_co_ordinators if kind == DECISION else kinds.nobody,
            protects=kind in OF_THE_PERSON,
            may_change=_may_change if kind == DECISION else kinds.nobody_may,
            moved=_copy_to_all if kind == DECISION else kinds.nothing_to_keep,
            tellable=_told_of_a_negative if kind in OF_A_NEGATIVE else may_be_told,
            subjects=_negatives if kind in OF_A_NEGATIVE else _cases,
        )


def _link(uuid: UUID) -> str:
    return reverse("referrals:detail", args=[uuid])


def _references(actor: Any, uuids: Collection[UUID]) -> Mapping[UUID, str]:
    shown = Referral.objects.visible_to(actor).filter(uuid__in=list(uuids))
    return dict(shown.values_list("uuid", "reference"))


def _may_change(actor: Any, deadline: Deadline) -> bool:
    """Whoever decides may ask for more time to decide, if what is decided is theirs to see."""
    return Permission.REFERRAL_DECIDE in actor.permissions


@beyond_sight("ends of deadlines moved")
def _copy_to_all(uuids: Collection[UUID]) -> None:
    """Keep the deciders' inbox in step with ends that were moved."""
    for referral in Referral.objects.filter(uuid__in=list(uuids)):
        copy_to_grants(referral)


def _after_a_negative(actor: Any, uuids: Collection[UUID]) -> Mapping[UUID, str]:
    """A clock that only a negative starts would tell law enforcement of it (design §5.6)."""
    return {} if getattr(actor, "is_enforcement", False) else _references(actor, uuids)


def _cases(actor: Any) -> Any:
    return Referral.objects.visible_to(actor)


def _negatives(actor: Any) -> Any:
    is_told = not getattr(actor, "is_enforcement", False)
    return _cases(actor) if is_told else Referral.objects.none()


def may_be_told(people: kinds.People, at: datetime) -> dict[Deadline, frozenset[int]]:
    """Nobody who is kept out of the case, and of a restricted one only the named."""
    standing = Exclusion.objects.standing().filter(referral=OuterRef("pk"))
    closed = Referral.objects.filter(
        Q(is_restricted=True) | Exists(standing), uuid__in={row.subject_uuid for row in people}
    )
    cases = {referral.uuid: referral for referral in closed}
    asked = frozenset().union(*people.values())
    told = closing.tellable_each(list(cases.values()), asked, at) if cases else {}
    return {
        row: users & told[cases[row.subject_uuid].pk] if row.subject_uuid in cases else users
        for row, users in people.items()
    }


def _told_of_a_negative(people: kinds.People, at: datetime) -> dict[Deadline, frozenset[int]]:
    """Nor law enforcement: that it runs would say what was decided."""
    told = may_be_told(people, at)
    users = frozenset().union(*told.values())
    flagged = Membership.objects.active(at).filter(user__in=users, is_enforcement=True)
    out = set(flagged.values_list("user_id", "organisation__uuid"))
    return {
        row: frozenset(user for user in users if (user, row.organisation_uuid) not in out)
        for row, users in told.items()
    }


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
    on = local_day(starts_at)
    for rule in rulebook().in_force(on):
        kind = _kind_of(rule)
        if kind and rule.starts is start_event:
            _run(rule, kind, referral, starts_at, by=by, at=at)
    copy_to_grants(referral)


def _run(
    rule: DeadlineRule, kind: str, referral: Referral, starts_at: datetime, *, by: Any, at: datetime
) -> None:
    """Start the clock of the rule for everybody it binds."""
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


def took_seats(referral: Referral, *, by: Any, at: datetime) -> None:
    """Somebody was named who decides: the clocks that wait for a decision run for them as well.

    From when they began for the others; one that runs already is left as it is.
    """
    for event in StartEvent:
        starts_at = start_of(referral, event)
        if starts_at is None:
            continue
        for rule in rulebook().in_force(local_day(starts_at)):
            kind = _kind_of(rule)
            if kind in OF_THE_DECIDERS and rule.starts is event:
                _run(rule, kind, referral, starts_at, by=by, at=at)
    copy_to_grants(referral)


def drafted(referral: Referral, *, by: Any, at: datetime) -> None:
    """A draft was begun or taken up again: whoever works on it sees how long it is kept."""
    if referral.referrer is not None:
        running.start_until(
            kind=DRAFT,
            subject=_subject(referral),
            holders=[referral.referrer],
            starts_at=at,
            until=at + DRAFT_KEPT,
            by=by,
            at=at,
            organisation_uuid=referral.first_responder.uuid,
        )


def draft_worked_on(referral: Referral, *, at: datetime) -> None:
    """It is kept for longer, counted from now."""
    running.put_off(subject=_subject(referral), kinds=[DRAFT], until=at + DRAFT_KEPT)


def draft_over(referral: Referral, *, by: Any, at: datetime) -> None:
    """Sent, or run out: there is no draft any more."""
    running.cancel(subject=_subject(referral), kinds=[DRAFT], by=by, at=at)


def asked_back(referral: Referral, *, by: Any, at: datetime) -> None:
    """The referral was sent back: what the country lets stand meanwhile stands still."""
    running.pause(subject=_subject(referral), because=Pausing.RETURNED, by=by, at=at)
    copy_to_grants(referral)


def answered(referral: Referral, *, by: Any, at: datetime) -> None:
    """The questions are answered: what stood still runs on."""
    running.resume(subject=_subject(referral), because=Pausing.RETURNED, by=by, at=at)
    copy_to_grants(referral)


def decided(referral: Referral, *, by: Any, at: datetime) -> None:
    """The decision is made: its clock is met, in time or late, and nobody is reminded any more."""
    running.meet(subject=_subject(referral), kinds=OF_THE_DECIDERS, by=by, at=at)
    copy_to_grants(referral)


def given_up(referral: Referral, *, by: Any, at: datetime) -> None:
    """Nobody need decide any more. What protects the person runs its time."""
    running.cancel(subject=_subject(referral), kinds=OF_THE_DECIDERS, by=by, at=at)
    copy_to_grants(referral)


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
    return local_day(_end(rule, start))


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
    if rule.code in {_decision_code(stage) for stage in stages()}:
        return DECISION
    if rule.code in {stage.rules.not_before for stage in stages()}:
        return NOT_BEFORE
    for kind, route in _routes().items():
        if rule.code == route.rule:
            return kind
    return rule.code if rule.code in (RECOVERY, STATUS) else ""


def _routes() -> dict[str, Route]:
    """The ways to have a decision looked at again that this country has, by their kind of clock."""
    profile = current()
    ways = {RECONSIDERATION: profile.reconsideration, APPEAL: profile.appeal}
    return {kind: route for kind, route in ways.items() if route is not None}


def _applies(rule: DeadlineRule, kind: str, referral: Referral) -> bool:
    """Whether what happened to this referral starts the clock: not every decision starts each."""
    if kind in (RECOVERY, STATUS):
        # Where the country counts from the referral itself, no decision is waited for.
        return rule.starts is StartEvent.REFERRAL_RECEIVED or referral.state in _FOUND
    if kind in (RECONSIDERATION, APPEAL):
        decided = stages()[0 if referral.state == State.PRELIM_NEGATIVE else -1]
        return decided.rules.id in _routes()[kind].stages
    return True


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
        if not _applies(rule, kind, referral):
            return []
        bodies, role = [referral.first_responder], Role.CASEWORKER
    return [(body, role_group(organisation=body, role=role, at=at).group) for body in bodies]


def copy_to_grants(referral: Referral) -> None:
    """The end of the decision's clock on the grants of those who decide, and on no other."""
    # Whoever decided before and sees it still has no deadline of theirs any more.
    grants.annotate(subject=referral, to=None, permission="see", due_at=None)
    for (_referral, group), columns in due_by_group([referral]).items():
        grants.annotate(subject=referral, to=[group], permission="see", **columns)


def due_by_group(referrals: Iterable[Referral]) -> dict[tuple[int, int], dict[str, datetime]]:
    """What the inbox of each group sorts by: {(referral, group): {"due_at": …}}. Two queries.

    The earliest end of the clock of the decision that is waited for, while it does not stand still.
    """
    waiting = {each.uuid: (each.pk, stage_to_decide(each)) for each in referrals}
    rows = Deadline.objects.open().filter(
        subject_kind="referral",
        subject_uuid__in=[uuid for uuid, (_pk, stage) in waiting.items() if stage],
        kind=DECISION,
        paused_at__isnull=True,
        group__isnull=False,
    )
    found: dict[tuple[int, int], dict[str, datetime]] = {}
    for row in rows.order_by("-due_at"):
        referral, stage = waiting[row.subject_uuid]
        if stage is not None and row.group_id and row.rule_code == _decision_code(stage):
            found[referral, row.group_id] = {"due_at": row.due_at}
    return found | _of_teams(found)


def _of_teams(
    found: Mapping[tuple[int, int], dict[str, datetime]],
) -> dict[tuple[int, int], dict[str, datetime]]:
    """The same for teams within the organisations whose groups those are."""
    teams: dict[int, list[int]] = {}
    groups = {group for _referral, group in found}
    within = Team.objects.filter(organisation__role_groups__group__in=groups) if groups else []
    pairs = within and within.values_list("organisation__role_groups__group", "group")
    for group, team in pairs:
        teams.setdefault(group, []).append(team)
    return {
        (referral, team): columns
        for (referral, group), columns in found.items()
        for team in teams.get(group, [])
    }


def _rule(code: str, referral: Referral) -> DeadlineRule | None:
    on = referral.received_on
    return rulebook().rule(code, on=on) if on else None


def _end(rule: DeadlineRule, start: datetime) -> datetime:
    first = (start - timedelta(days=1)).year
    calendar = working_days(range(first, first + YEARS))
    return end_of_period(start, rule.counting, calendar, current().time_zone)
