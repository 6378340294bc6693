"""What leads to a decision, and the decision itself: opinions, votes, proposals.

The act that changes the state is the workflow's; `decide` finds the one for the stage. Who decides
is said in `referrals/services/seats.py`.
"""

from datetime import datetime
from typing import Any

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from common.marks import Permission
from common.workflow import MissingAnswers, NotAllowed, NotPossible
from partners.access import Actor
from referrals import deciding, notifications
from referrals.answers import check_note
from referrals.choices import OPEN, EventKind, Outcome, Section, State
from referrals.deciding import DecidingStage
from referrals.models import DecisionVote, NegativeProposal, Opinion, Referral
from referrals.sections import sections
from referrals.services.working import hold, lock, person_of, require
from referrals.steps import close_proposal, record
from referrals.workflow import DECIDE, referral_workflow

#: While a decision is awaited; not while questions are open.
AWAITED = (State.SUBMITTED, State.PRELIM_POSITIVE)


def decide(
    *,
    referral: Referral,
    outcome: Outcome | str,
    by: Actor,
    at: datetime,
    version: int | None = None,
    reasons: str = "",
    opinion_answer: str = "",
    person_asks: bool | None = None,
    comment: str = "",
) -> Referral:
    """Make the decision the referral waits for. Errors as `Workflow.apply`.

    `person_asks` is needed, true or false, where the country holds the decision back for a time.
    The reasons of a negative come from its proposal where two people decide.
    """
    stage = deciding.stage_to_decide(referral)
    if stage is None:
        raise NotPossible(_("This referral waits for no decision."))
    said: dict[str, Any] = {
        "reasons": reasons,
        "opinion_answer": opinion_answer,
        "comment": comment,
    }
    answers = {name: text for name, text in said.items() if text}
    if person_asks is not None and stage.rules.not_before:
        answers["person_asks"] = person_asks
    act = DECIDE[stage.code, Outcome(outcome)]
    return referral_workflow().apply(referral, act, by=by, at=at, version=version, **answers)


# --- before it ------------------------------------------------------------------------------------


@transaction.atomic
def give_opinion(*, referral: Referral, by: Actor, at: datetime, text: str) -> Opinion:
    """What an organisation of civil society thinks, before the decision: it has to be answered.

    Raises NotAllowed, NotPossible, MissingAnswers.
    """
    row = hold(referral)
    require(by, Permission.REFERRAL_SEE, row)
    stage = deciding.stage_to_decide(row)
    if row.state not in OPEN or stage is None:
        raise NotPossible(_("There is no decision to come on which an opinion could be given."))
    organisation = by.organisation
    if organisation is None or not deciding.is_civil_society(organisation):
        raise NotAllowed(_("An opinion is given by an organisation of civil society."))
    if Section.PACKET not in sections(by, row):
        raise NotAllowed(_("This belongs to another organisation."))
    if organisation in deciding.deciders(row, stage):
        raise NotPossible(_("Your organisation decides on this itself, by vote."))
    said = check_note(text, "text")
    if not said:
        raise MissingAnswers(("text",))
    opinion = Opinion(
        referral=row, stage=stage.code, organisation=organisation, given_at=at, given_by=by.user
    )
    opinion.text = said
    opinion.save()
    event = record(row, EventKind.OPINION_GIVEN, by=by, at=at, detail=stage.code)
    notifications.tell_deciders(row, "referral_opinion", event, by=by, at=at)
    return opinion


@transaction.atomic
def propose_negative(
    *,
    referral: Referral,
    by: Actor,
    at: datetime,
    reasons: str,
    opinion_answer: str = "",
    version: int | None = None,
) -> NegativeProposal:
    """Propose a negative decision, for somebody else to make or not; the state stays as it is.

    Raises NotAllowed, Stale, NotPossible, MissingAnswers.
    """
    row, stage = _awaited(referral, by=by, version=version)
    if not stage.needs_proposal:
        raise NotPossible(_("No proposal is needed here: the decision can be made."))
    said, answered = check_note(reasons, "reasons"), check_note(opinion_answer, "opinion_answer")
    if not said:
        raise MissingAnswers(("reasons",))
    if not answered and deciding.unanswered_opinions(row, stage, None):
        raise MissingAnswers(("opinion_answer",))
    proposal = NegativeProposal(
        referral=row,
        stage=stage.code,
        organisation=by.organisation,
        proposed_at=at,
        proposed_by=by.user,
    )
    proposal.reasons, proposal.opinion_answer = said, answered or None
    try:
        with transaction.atomic():
            proposal.save()
    except IntegrityError:
        raise NotPossible(_("A proposal waits for a second person already.")) from None
    event = record(row, EventKind.PROPOSED, by=by, at=at, detail=stage.code)
    notifications.tell_deciders(row, "referral_proposed", event, by=by, at=at)
    return proposal


@transaction.atomic
def take_back_proposal(
    *, referral: Referral, by: Actor, at: datetime, version: int | None = None
) -> Referral:
    """The proposal is withdrawn by whoever made it, or not followed by the second person.

    Raises NotAllowed, Stale, NotPossible.
    """
    row, stage = _awaited(referral, by=by, version=version)
    if not close_proposal(row, stage, by=by, at=at):
        raise NotPossible(_("There is no proposal."))
    record(row, EventKind.PROPOSAL_DROPPED, by=by, at=at, detail=stage.code)
    return row


@transaction.atomic
def cast_vote(
    *,
    referral: Referral,
    outcome: Outcome | str,
    by: Actor,
    at: datetime,
    reasons: str = "",
    version: int | None = None,
) -> DecisionVote:
    """Vote for one's organisation, where several decide; it may vote anew until it is decided.

    Raises NotAllowed, Stale, NotPossible, MissingAnswers for a negative vote without reasons.
    """
    row, stage = _awaited(referral, by=by, version=version)
    if not stage.votes:
        raise NotPossible(_("One authority decides here: nobody votes."))
    outcome, said = Outcome(outcome), check_note(reasons, "reasons")
    if outcome == Outcome.NEGATIVE and not said:
        raise MissingAnswers(("reasons",))
    vote = DecisionVote.objects.filter(
        referral=row, stage=stage.code, organisation=by.organisation
    ).first() or DecisionVote(referral=row, stage=stage.code, organisation=by.organisation)
    vote.outcome, vote.voted_at, vote.voted_by = outcome, at, person_of(by)
    vote.reasons = said or None
    vote.save()
    # Whose vote it was is told by the organisation; how it voted stands in the vote alone.
    record(row, EventKind.VOTED, by=by, at=at, detail=stage.code)
    return vote


def _awaited(
    referral: Referral, *, by: Actor, version: int | None
) -> tuple[Referral, DecidingStage]:
    """The locked row and the stage it waits for, which is the actor's to decide."""
    row = lock(
        referral, by=by, permission=Permission.REFERRAL_DECIDE, version=version, states=AWAITED
    )
    stage = deciding.stage_to_decide(row)
    if stage is None:
        raise NotPossible(_("This referral waits for no decision."))
    person_of(by)
    if by.organisation_id not in {each.pk for each in deciding.deciders(row, stage)}:
        raise NotPossible(_("Your organisation does not take this decision."))
    return row, stage
