"""Who decides at which stage, and whether they have agreed. Reads only.

A country's profile says how many stages there are and what kind of body decides at each; seats say
which organisations that body is made of. Not here: the transitions (`referrals/workflow.py`).
"""

from dataclasses import dataclass
from datetime import date

from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from common.country import current
from common.profile import DeciderKind, Profile, Stage
from common.workflow import Refusal
from partners.choices import CIVIL_SOCIETY, Capacity
from partners.models import Organisation
from partners.models.organisation import OrganisationQuerySet
from referrals.choices import Outcome, StageCode, State
from referrals.models import DecidingSeat, DecisionVote, NegativeProposal, Opinion, Referral

#: Deciders who vote; a body of one decides by the act itself.
VOTING = (DeciderKind.JOINT, DeciderKind.PANEL)


@dataclass(frozen=True)
class DecidingStage:
    """One decision of this country: the last one is always `CONCLUSIVE` in the tables."""

    code: StageCode
    rules: Stage
    authority_ids: tuple[str, ...]

    @property
    def votes(self) -> bool:
        return self.rules.decider in VOTING

    @property
    def needs_proposal(self) -> bool:
        """A negative waits for a second person's act. Where several vote, the votes are that."""
        return self.rules.negative_needs_second_person and not self.votes


def stages(profile: Profile | None = None) -> tuple[DecidingStage, ...]:
    """The country's decisions in their order: one or two."""
    profile = profile or current()
    codes = (StageCode.PRELIMINARY, StageCode.CONCLUSIVE)[-len(profile.stages) :]
    return tuple(
        DecidingStage(code, rules, tuple(a.id for a in profile.authorities if rules.id in a.stages))
        for code, rules in zip(codes, profile.stages, strict=True)
    )


def stage_named(code: str) -> DecidingStage | None:
    """The stage kept under this code; None where the country has no such decision (any more)."""
    return next((stage for stage in stages() if stage.code == code), None)


def stage_to_decide(referral: Referral) -> DecidingStage | None:
    """The decision a referral waits for; None when it waits for none."""
    first, last = stages()[0], stages()[-1]
    if referral.state in (State.SUBMITTED, State.RETURNED):
        return first
    if referral.state == State.PRELIM_POSITIVE and first != last:
        return last
    return None


# --- which organisations --------------------------------------------------------------------------


def seated(stage: DecidingStage) -> list[Organisation]:
    """The organisations that hold a seat at the stage, in the order they were named."""
    seats = DecidingSeat.objects.held().filter(authority__in=stage.authority_ids)
    named = seats.select_related("organisation")
    return list({seat.organisation_id: seat.organisation for seat in named}.values())


def recipients(profile: Profile | None = None) -> OrganisationQuerySet:
    """The organisations a referral can be sent to: those that decide first."""
    profile = profile or current()
    stage = stages(profile)[0]
    able = Organisation.objects.members().holding(Capacity.COMPETENT_AUTHORITY)
    here = [organisation.pk for organisation in seated(stage)]
    if here or stage.votes:
        return able.filter(pk__in=here)
    # A seat under a name the country no longer has says nothing any more.
    names = [authority.id for authority in profile.authorities]
    elsewhere = DecidingSeat.objects.held().filter(authority__in=names)
    return able.exclude(pk__in=elsewhere.values("organisation"))


def deciders(referral: Referral, stage: DecidingStage) -> list[Organisation]:
    """The organisations that decide on this referral at the stage; never the one that made it.

    (Unless the profile lets the referrer decide.)
    """
    found = seated(stage)
    authority = referral.authority
    if not stage.votes and authority is not None and (not found or authority in found):
        found = [authority]
    if not current().referrer_may_decide:
        found = [each for each in found if each.pk != referral.first_responder_id]
    return found


def is_civil_society(organisation: Organisation) -> bool:
    return organisation.kind in CIVIL_SOCIETY


# --- have they agreed -----------------------------------------------------------------------------


def disagreement(referral: Referral, stage: DecidingStage, outcome: Outcome) -> Refusal | None:
    """Why this outcome does not stand yet among those who vote; None when it does."""
    seats = deciders(referral, stage)
    if not seats:
        return Refusal(_("Nobody has been named yet who takes this decision."))
    votes = {
        vote.organisation_id: vote.outcome
        for vote in DecisionVote.objects.filter(referral=referral, stage=stage.code)
    }
    given = [votes[seat.pk] for seat in seats if seat.pk in votes]
    if stage.rules.decider is DeciderKind.JOINT:
        return _joint(stage, seats, given, outcome)
    return _panel(stage, seats, votes, given, outcome)


def _joint(
    stage: DecidingStage, seats: list[Organisation], given: list[str], outcome: Outcome
) -> Refusal | None:
    named = DecidingSeat.objects.held().filter(authority__in=stage.authority_ids)
    if unnamed := set(stage.authority_ids) - set(named.values_list("authority", flat=True)):
        return Refusal(
            ngettext(
                "One of the bodies that decide together has no organisation named for it.",
                "%(number)d of the bodies that decide together have no organisation named for "
                "them.",
                len(unnamed),
            )
            % {"number": len(unnamed)}
        )
    if any(vote != outcome for vote in given):
        return Refusal(_("Those who decide together do not agree: each of them has to."))
    if missing := len(seats) - len(given):
        return Refusal(_waiting_for(missing))
    return None


def _panel(
    stage: DecidingStage,
    seats: list[Organisation],
    votes: dict[int, str],
    given: list[str],
    outcome: Outcome,
) -> Refusal | None:
    if given.count(outcome) * 2 <= len(seats):
        if missing := len(seats) - len(given):
            return Refusal(_waiting_for(missing))
        return Refusal(_("There is no majority for this among those who decide."))
    if stage.rules.civil_society_seat and not any(
        is_civil_society(seat) and seat.pk in votes for seat in seats
    ):
        return Refusal(
            _("A seat of civil society, of an organisation that did not refer, has to vote first.")
        )
    return None


def _waiting_for(missing: int) -> str:
    return ngettext(
        "One vote is still missing.", "%(number)d votes are still missing.", missing
    ) % {"number": missing}


# --- what a negative needs ------------------------------------------------------------------------


def open_proposal(referral: Referral, stage: DecidingStage) -> NegativeProposal | None:
    return NegativeProposal.objects.filter(
        referral=referral, stage=stage.code, closed_at__isnull=True
    ).first()


def unanswered_opinions(
    referral: Referral, stage: DecidingStage, proposal: NegativeProposal | None
) -> bool:
    """An opinion was given for this decision that the proposal (if any) does not answer."""
    given = Opinion.objects.filter(referral=referral, stage=stage.code)
    if proposal is not None and proposal.opinion_answer_ct is not None:
        given = given.filter(given_at__gt=proposal.proposed_at)
    return given.exists()


def second_voter(
    referral: Referral, stage: DecidingStage, outcome: Outcome, user_id: int | None
) -> int | None:
    """Somebody else whose vote was the same: the second person of a decision by several."""
    same = DecisionVote.objects.filter(referral=referral, stage=stage.code, outcome=outcome)
    return same.exclude(voted_by=user_id).values_list("voted_by", flat=True).first()


def too_early(day: date | None, on: date, *, asked: bool) -> Refusal | None:
    """The profile holds the decision back until `day`, unless the person asks (and may ask)."""
    if day is None or on >= day or asked:
        return None
    words = _("This decision is held back until %(day)s, unless the person asks for it earlier.")
    return Refusal(words % {"day": date_format(day)})
