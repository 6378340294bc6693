"""What follows from an act upon a referral, in its transaction: event, grants, packets, clocks.

Each is called by the workflow after the state is written and the event is there. What was said with
the act is on the event for as long as it is being carried out.
"""

from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from typing import Any

from common.country import local_day
from common.profile import StartEvent
from common.workflow import MissingAnswers, Transition
from partners import grants
from partners.choices import GrantReason, Role
from partners.models import Organisation
from partners.services.memberships import role_group
from referrals import clocks, closing, notifications, packets
from referrals.answers import check_note
from referrals.choices import (
    EVENT_SECTION,
    EventKind,
    Outcome,
    RecipientKind,
    State,
    TrackKind,
    TrackStatus,
)
from referrals.deciding import (
    DecidingStage,
    deciders,
    open_proposal,
    second_voter,
    stage_to_decide,
)
from referrals.models import (
    Consent,
    Decision,
    Packet,
    Question,
    Referral,
    ReferralEvent,
    ReferralGrantBasis,
    Track,
)
from referrals.models.person import Purpose

EVENTS: Mapping[str, EventKind] = {
    "send": EventKind.SENT,
    "return": EventKind.RETURNED,
    "answer": EventKind.ANSWERED,
    "first_positive": EventKind.DECIDED,
    "first_negative": EventKind.DECIDED,
    "last_positive": EventKind.DECIDED,
    "last_negative": EventKind.DECIDED,
    "withdraw": EventKind.WITHDRAWN,
    "expire": EventKind.EXPIRED,
    "take_up": EventKind.TAKEN_UP,
}


# --- the timeline ---------------------------------------------------------------------------------


def write_event(
    obj: Referral,
    transition: Transition,
    /,
    *,
    by: Any,
    at: datetime,
    comment: str,
    old: str,
    new: str,
    answers: Mapping[str, Any],
) -> ReferralEvent:
    """The one event of a transition, with its answers at hand for the steps that follow."""
    kind = EVENTS[transition.name]
    event = record(obj, kind, by=by, at=at, comment=comment, old_state=old, new_state=new)
    event.answers = answers  # type: ignore[attr-defined]
    return event


def record(
    referral: Referral,
    kind: EventKind,
    *,
    by: Any,
    at: datetime,
    comment: str = "",
    detail: str = "",
    **more: Any,
) -> ReferralEvent:
    """Write one line of the past; the comment is sealed under the person's key."""
    event = ReferralEvent(
        referral=referral,
        kind=kind,
        section=EVENT_SECTION[kind],
        at=at,
        by=by.user,
        by_organisation=by.organisation,
        detail=detail,
        **more,
    )
    if text := check_note(comment, "comment"):
        event.comment = text
    event.save()
    return event


def received_today(referral: Referral, at: datetime) -> Mapping[str, Any]:
    """The day of receipt in the country's time zone: it decides the quarter."""
    return {"received_on": local_day(at)}


def saved_now(referral: Referral, at: datetime) -> Mapping[str, Any]:
    """A draft that was taken up again has thirty days again."""
    return {"saved_at": at, "warned_at": None}


# --- grants and packets ---------------------------------------------------------------------------


def share_with_deciders(referral: Referral, event: Any, *, by: Any, at: datetime) -> None:
    """Those who decide get the packet, and their officers may see it"""
    stage = stage_to_decide(referral)
    found = deciders(referral, stage) if stage else []
    share(referral, found, struck=event.answers.get("struck"), by=by, at=at)


def share(
    referral: Referral,
    organisations: Iterable[Organisation],
    *,
    by: Any,
    at: datetime,
    struck: Any = None,
) -> None:
    """Give the packet to organisations, and let their officers see the referral."""
    found = list(organisations)
    grants.grant(
        subject=referral,
        permissions=["see"],
        to=[role_group(organisation=each, role=Role.OFFICER, at=at).group for each in found],
        reason=GrantReason.AUTHORITY,
        by=by.user,
        at=at,
    )
    for organisation in found:
        _send_packet(referral, organisation, struck, by=by, at=at)


def recipients_of(referral: Referral) -> Any:
    """The keys of the organisations whose officers see it because they decide or decided."""
    standing = ReferralGrantBasis.objects.filter(
        subject=referral, reason=GrantReason.AUTHORITY, permission="see", ended_at__isnull=True
    )
    return standing.values_list("group__role_group__organisation", flat=True)


def _send_packet(
    referral: Referral, recipient: Organisation, struck: Any, *, by: Any, at: datetime
) -> None:
    """The next version for this recipient; what was struck once stays so unless said otherwise."""
    sent = Packet.objects.filter(referral=referral).order_by("-version", "-pk")
    own = sent.filter(recipient=recipient).first()
    last = own or sent.first()
    if struck is None:
        struck = last.struck if last else ()
    out = packets.struck_fields(struck)
    content = packets.content_of(referral, struck=out)
    if own is not None and packets.frozen(content) == own.content:
        return
    packet = Packet(
        referral=referral,
        recipient=recipient,
        kind=RecipientKind.AUTHORITY,
        version=(own.version if own else 0) + 1,
        fields=list(content),
        struck=list(out),
        sent_at=at,
        sent_by=by.user,
    )
    packet.content = packets.frozen(content)
    packet.save()


def keep_in_step(referral: Referral, event: Any, *, by: Any, at: datetime) -> None:
    """The inbox and the identification track follow the state"""
    grants.rederive(subject=referral, at=at)
    move_track(referral, TrackKind.IDENTIFICATION, referral.state, at=at)


def move_track(referral: Referral, kind: str, status: str, *, at: datetime) -> bool:
    """One track moves, and the others stay where they are; false where it stood there already."""
    track = Track.objects.select_for_update().get(referral=referral, kind=kind)
    if track.status == status:
        return False
    track.status, track.since_at = status, at
    track.save(update_fields=["status", "since_at"])
    return True


def end_access(referral: Referral, event: Any, *, by: Any, at: datetime) -> None:
    """Whoever received it sees it no longer, and is told that access ended"""
    ended = []
    recipients = Organisation.objects.filter(
        pk__in=Packet.objects.filter(referral=referral).values("recipient")
    )
    for organisation in recipients.order_by("pk"):
        group = role_group(organisation=organisation, role=Role.OFFICER, at=at).group
        if grants.revoke(
            subject=referral, to=group, by=by.user, at=at, reason=GrantReason.AUTHORITY
        ):
            ended.append(organisation)
    notifications.access_ended(referral, ended, by=by, at=at, key=event.pk)
    for organisation in ended if referral.is_restricted else []:
        for person in closing.named(referral, organisation, at):
            grants.revoke(subject=referral, to=person, by=by.user, at=at, reason=GrantReason.NAMED)


def end_consent(referral: Referral, event: Any, *, by: Any, at: datetime) -> None:
    """The consent to be referred ends; support goes on as it is"""
    standing = Consent.objects.select_for_update().filter(
        person=referral.person, purpose=Purpose.REFERRAL, withdrawn_at__isnull=True
    )
    for consent in standing:
        consent.withdrawn_at = at
        consent.withdrawal_recorded_by = by.user
        consent.save(update_fields=["withdrawn_at", "withdrawal_recorded_by"])
    move_track(referral, TrackKind.CONSENT, TrackStatus.WITHDRAWN, at=at)


# --- questions ------------------------------------------------------------------------------------


def keep_questions(referral: Referral, event: Any, *, by: Any, at: datetime) -> None:
    """The questions are kept, sealed"""
    asked = event.answers["questions"]
    texts = [asked] if isinstance(asked, str) else list(asked)
    written = [text for text in (check_note(str(each), "questions") for each in texts) if text]
    if not written:
        raise MissingAnswers(("questions",))
    for text in written:
        question = Question(
            referral=referral, asked_at=at, asked_by=by.user, asked_for=by.organisation
        )
        question.text = text
        question.save()


def keep_answers(referral: Referral, event: Any, *, by: Any, at: datetime) -> None:
    """The answers are kept, sealed"""
    given = event.answers["answers"]
    for question in Question.objects.filter(referral=referral, answered_at__isnull=True):
        question.answer = check_note(str(given[str(question.uuid)]), "answers")
        question.answered_at, question.answered_by = at, by.user
        question.save(update_fields=["answer_ct", "answered_at", "answered_by"])


# --- decisions ------------------------------------------------------------------------------------


def record_decision(stage: DecidingStage, outcome: Outcome) -> Callable[..., None]:
    """The step that writes the decision of a stage."""

    def step(referral: Referral, event: Any, *, by: Any, at: datetime) -> None:
        """The decision is recorded with its reasons"""
        answers = event.answers
        proposal = open_proposal(referral, stage) if outcome == Outcome.NEGATIVE else None
        reasons = check_note(str(answers.get("reasons") or ""), "reasons")
        opinion_answer = check_note(str(answers.get("opinion_answer") or ""), "opinion_answer")
        if proposal is not None:
            reasons = reasons or proposal.reasons or ""
            opinion_answer = opinion_answer or proposal.opinion_answer or ""
        if outcome == Outcome.NEGATIVE and not reasons:
            raise MissingAnswers(("reasons",))
        decision = Decision(
            referral=referral,
            stage=stage.code,
            outcome=outcome,
            decided_on=local_day(at),
            decided_at=at,
            decided_by=by.user,
            decided_for=by.organisation,
            seconded_by_id=_second(referral, stage, outcome, proposal, by),
            person_asked=answers.get("person_asks") is True,
        )
        decision.reasons = reasons or None
        decision.opinion_answer = opinion_answer or None
        decision.save()
        event.detail = stage.code
        event.save(update_fields=["detail"])
        close_proposal(referral, stage, by=by, at=at)

    return step


def _second(
    referral: Referral, stage: DecidingStage, outcome: Outcome, proposal: Any, by: Any
) -> int | None:
    if stage.votes:
        return second_voter(referral, stage, outcome, by.user_id)
    if proposal is None or proposal.proposed_by_id == by.user_id:
        return None
    return int(proposal.proposed_by_id)


def close_proposal(referral: Referral, stage: DecidingStage, *, by: Any, at: datetime) -> bool:
    """Whatever was decided, the proposal waits no longer."""
    proposal = open_proposal(referral, stage)
    if proposal is None:
        return False
    proposal.closed_at, proposal.closed_by = at, by.user
    proposal.save(update_fields=["closed_at", "closed_by"])
    return True


# --- clocks ---------------------------------------------------------------------------------------


def keep_draft(referral: Referral, event: Any, *, by: Any, at: datetime) -> None:
    """It is kept for thirty days again"""
    clocks.drafted(referral, by=by, at=at)


def end_draft(referral: Referral, event: Any, *, by: Any, at: datetime) -> None:
    """No draft is kept any more"""
    clocks.draft_over(referral, by=by, at=at)


def start_first_clock(referral: Referral, event: Any, *, by: Any, at: datetime) -> None:
    """The time for the decision begins to run"""
    clocks.started(referral, StartEvent.REFERRAL_RECEIVED, by=by, at=at)


def stop_clock(referral: Referral, event: Any, *, by: Any, at: datetime) -> None:
    """Where the country lets the clock stand meanwhile, it stands"""
    clocks.asked_back(referral, by=by, at=at)


def let_clock_run(referral: Referral, event: Any, *, by: Any, at: datetime) -> None:
    """A clock that stood still runs on"""
    clocks.answered(referral, by=by, at=at)
    # Somebody may have been named while the questions were open.
    clocks.took_seats(referral, by=by, at=at)


def end_clock(referral: Referral, event: Any, *, by: Any, at: datetime) -> None:
    """The time for a decision ends, because nobody need decide any more"""
    clocks.given_up(referral, by=by, at=at)


def start_next_clock(referral: Referral, event: Any, *, by: Any, at: datetime) -> None:
    """The time for this decision ends, and the clocks that run from it begin"""
    clocks.decided(referral, by=by, at=at)
    for start_event in DECISION_STARTS[State(referral.state)]:
        clocks.started(referral, start_event, by=by, at=at)


_FIRST = (StartEvent.STAGE_1_DECIDED, StartEvent.STAGE_1_NOTIFIED)
#: It is notified the moment it is made: the notice is written with it.
_REFUSED = (StartEvent.NEGATIVE_DECIDED, StartEvent.NEGATIVE_NOTIFIED)
#: State → what its decision starts.
DECISION_STARTS: Mapping[State, tuple[StartEvent, ...]] = {
    State.PRELIM_POSITIVE: _FIRST,
    State.PRELIM_NEGATIVE: (*_FIRST, *_REFUSED),
    State.CONCL_POSITIVE: (StartEvent.STAGE_2_DECIDED, StartEvent.STATUS_GRANTED),
    State.CONCL_NEGATIVE: (StartEvent.STAGE_2_DECIDED, *_REFUSED),
}
