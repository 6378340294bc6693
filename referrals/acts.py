"""The acts a page or the API offers upon a referral, with the reason where one is not possible now.

Drawn from the workflow's table and from what leads to a decision beside it. Nothing is decided
here: each service asks again.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from django.utils.translation import gettext as _

from common.marks import Permission
from partners.access import Actor, may
from referrals import deciding
from referrals.answers import may_notify
from referrals.choices import OPEN, EventKind, Outcome, Section, State, TrackKind, TrackStatus
from referrals.deciding import DecidingStage
from referrals.models import Referral
from referrals.sections import sections
from referrals.services.decisions import AWAITED
from referrals.workflow import DECIDE, DECIDED, referral_workflow

P = Permission
#: Acts of the table that are offered by this name. Sending has a page of its own (`check`).
BY_NAME = ("send", "return", "answer", "withdraw", "take_up")
#: How the button of each looks.
KINDS = {"return": "secondary", "withdraw": "secondary"}


@dataclass(frozen=True)
class Offer:
    """One act: its name in the address, what its button says, and why not where it is not."""

    name: str
    label: str
    is_possible: bool = True
    reason: str = ""
    kind: str = ""


def offers(referral: Referral, actor: Actor) -> list[Offer]:
    """What this actor may do to the referral by role, in the order of the referral's way."""
    found = [*_of_the_table(referral, actor), *_beside_it(referral, actor)]
    return [offer for offer in found if offer.is_possible or offer.reason]


def offered(referral: Referral, actor: Actor, name: str) -> Offer | None:
    """The act of this name, or None where the actor's role does not include it."""
    return next((offer for offer in offers(referral, actor) if offer.name == name), None)


def _of_the_table(referral: Referral, actor: Actor) -> Iterator[Offer]:
    stage = deciding.stage_to_decide(referral)
    outcomes = {DECIDE[stage.code, each]: each for each in Outcome} if stage else {}
    for transition, decision in referral_workflow().available(referral, actor):
        outcome = outcomes.get(transition.name)
        allowed = may(actor, transition.permission, referral)
        words = (transition.title, bool(decision), str(decision.reason))
        if not allowed:
            # Somebody else's part. But whose part it is to decide is told why not on this one.
            if outcome == Outcome.POSITIVE and P.REFERRAL_DECIDE in actor.permissions:
                yield Offer("positive", _("Decide"), False, str(allowed.reason))
        elif transition.name in BY_NAME:
            yield Offer(transition.name, *words, KINDS.get(transition.name, ""))
        elif outcome == Outcome.POSITIVE:
            yield Offer("positive", *words)
        elif outcome == Outcome.NEGATIVE and stage is not None:
            yield from _negative(referral, actor, stage, Offer("negative", *words, "secondary"))


def _negative(
    referral: Referral, actor: Actor, stage: DecidingStage, offer: Offer
) -> Iterator[Offer]:
    """A negative decision, or where two people take it, first its proposal."""
    if not stage.needs_proposal:
        yield offer
        return
    decides = actor.organisation_id in {each.pk for each in deciding.deciders(referral, stage)}
    proposal = deciding.open_proposal(referral, stage)
    if proposal is None:
        label = _("Propose: %(name)s") % {"name": offer.label}
        yield Offer("propose", label, decides, "" if decides else offer.reason, "secondary")
        return
    yield offer
    if decides:
        mine = proposal.proposed_by_id == actor.user_id
        label = _("Take the proposal back") if mine else _("Do not follow the proposal")
        yield Offer("take-back", label, kind="secondary")


def _beside_it(referral: Referral, actor: Actor) -> Iterator[Offer]:
    """Votes, opinions and the duty to notify: they change no state."""
    stage = deciding.stage_to_decide(referral)
    organisation = actor.organisation
    if organisation is None:
        return
    deciders = deciding.deciders(referral, stage) if stage else []
    has_a_vote = stage and stage.votes and organisation in deciders and referral.state in AWAITED
    if has_a_vote and may(actor, P.REFERRAL_DECIDE, referral):
        yield Offer("vote", _("Vote"))
    if (
        stage
        and referral.state in OPEN
        and deciding.is_civil_society(organisation)
        and organisation not in deciders
        and Section.PACKET in sections(actor, referral)
    ):
        yield Offer("opinion", _("Give an opinion"), kind="secondary")
    if can_withdraw_late(referral) and may(actor, P.REFERRAL_KEEP, referral):
        yield Offer("withdraw", _("The person withdraws the consent"), kind="secondary")
    if can_notify(referral) and may(actor, P.REFERRAL_MAKE, referral):
        yield Offer("notify", _("Send a notice without identity"), kind="secondary")


def can_withdraw_late(referral: Referral) -> bool:
    """It was decided, and still rests on a consent: its withdrawal ends the others' access."""
    consent = referral.consent
    is_decided = referral.state in DECIDED.values() and referral.state not in OPEN
    return is_decided and consent is not None and consent.withdrawn_at is None


def can_notify(referral: Referral) -> bool:
    """An adult said no, the duty binds this organisation, and it was not carried out yet."""
    if referral.state != State.DRAFT or referral.basis or may_notify(referral):
        return False
    refused = referral.tracks.filter(kind=TrackKind.CONSENT, status=TrackStatus.REFUSED)
    return refused.exists() and not referral.events.filter(kind=EventKind.DUTY_DONE).exists()
