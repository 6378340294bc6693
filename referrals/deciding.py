"""Who decides at which stage, and whether they have agreed. Reads only.

A country's profile says how many stages there are and what kind of body decides at each; seats say
which organisations that body is made of. Not here: the transitions (`referrals/workflow.py`).
"""

from collections.abc import Iterable
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
from referrals.models import (
    DecidingSeat,
    DecisionVote,
    Exclusion,
    NegativeProposal,
    Opinion,
    Referral,
)

#: Deciders who vote; a body of one decides by the act itself.
VOTING = (DeciderKind.JOINT, DeciderKind.PANEL)


@dataclass(frozen=True)
class DecidingStage:
    """One decision of this country: the last one is always `CONCLUSIVE` in the tables."""

    code: StageCode
    rules: Stage
    authority_ids: tuple[str, ...]
    #: Who stands in for them where they are kept out of a case.
    alternate_ids: tuple[str, ...] = ()

    @property
    def names(self) -> tuple[str, ...]:
        """Every name of the profile under which somebody may decide here."""
        return (*self.authority_ids, *self.alternate_ids)

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
        DecidingStage(
            code,
            rules,
            _bodies(profile, rules, is_alternate=False),
            _bodies(profile, rules, is_alternate=True),
        )
        for code, rules in zip(codes, profile.stages, strict=True)
    )


def _bodies(profile: Profile, rules: Stage, *, is_alternate: bool) -> tuple[str, ...]:
    return tuple(
        each.id
        for each in profile.authorities
        if rules.id in each.stages and each.is_alternate is is_alternate
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


def states_awaiting(stage: DecidingStage) -> tuple[State, ...]:
    """Where a referral waits for the stage; while questions are open it waits for the answers."""
    return (State.SUBMITTED,) if stage == stages()[0] else (State.PRELIM_POSITIVE,)


def authority_name(code: str) -> str:
    """What the country calls the body; a seat may hold a name the country no longer has."""
    return next((str(each.name) for each in current().authorities if each.id == code), code)


def stages_of(code: str) -> str:
    """The decisions the body takes, by their names."""
    return ", ".join(str(stage.rules.name) for stage in stages() if code in stage.names)


# --- which organisations --------------------------------------------------------------------------


def seated(stage: DecidingStage) -> list[Organisation]:
    """The organisations that hold a seat at the stage, in the order they were named."""
    return _holding(stage.authority_ids)


def alternates(stage: DecidingStage) -> list[Organisation]:
    """The organisations that stand in at the stage, in the order they were named."""
    return _holding(stage.alternate_ids)


def _holding(names: tuple[str, ...]) -> list[Organisation]:
    seats = DecidingSeat.objects.held().filter(authority__in=names)
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

    (Unless the profile lets the referrer decide.) Nor one that is kept out of the case: where too
    few are left, the alternates stand in.
    """
    found = seated(stage)
    authority = referral.authority
    if not stage.votes and authority is not None and (not found or authority in found):
        found = [authority]
    if not current().referrer_may_decide:
        found = [each for each in found if each.pk != referral.first_responder_id]
    return _not_kept_out(referral, stage, found)


def _not_kept_out(
    referral: Referral, stage: DecidingStage, found: list[Organisation]
) -> list[Organisation]:
    out = set(
        Exclusion.objects.standing()
        .filter(referral=referral, organisation__isnull=False)
        .values_list("organisation", flat=True)
    )
    left = [each for each in found if each.pk not in out]
    if len(left) == len(found) and found:
        return found
    lacks_civil_society = stage.rules.civil_society_seat and not any(map(is_civil_society, left))
    if out and (not left or stage.rules.decider is DeciderKind.JOINT or lacks_civil_society):
        if not current().referrer_may_decide:
            out.add(referral.first_responder_id)
        # Whoever else decides here in other cases, where nobody has been named to stand in.
        others = alternates(stage) or ([] if left else list(recipients().order_by("pk")[:20]))
        left += [each for each in others if each.pk not in out and each not in left]
    return left


def unseated(stage: DecidingStage, seats: Iterable[DecidingSeat]) -> list[str]:
    """What is missing among the standing seats before the stage is decided, a sentence each."""
    held = [seat for seat in seats if seat.authority in stage.authority_ids]
    if not stage.votes:
        return []
    if not held:
        return [_("Nobody has been named yet. Until somebody is, this decision cannot be taken.")]
    missing = []
    if stage.rules.decider is DeciderKind.JOINT:
        empty = set(stage.authority_ids) - {seat.authority for seat in held}
        missing = [
            _("Nobody has been named yet for “%(name)s”. Each of these bodies has to agree.")
            % {"name": authority_name(code)}
            for code in stage.authority_ids
            if code in empty
        ]
    elif stage.rules.civil_society_seat and not any(
        is_civil_society(seat.organisation) for seat in held
    ):
        missing = [_("No organisation of civil society has a seat yet, and one has to vote.")]
    return missing


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
