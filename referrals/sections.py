"""Which parts of a referral are open to an actor: the only answer for templates, serializers,
exports and the timeline. Whether the referral is visible at all is `visible_to`'s answer."""

from collections.abc import Iterable
from typing import Any

from common.country import current
from common.marks import Permission
from common.profile import Sight
from referrals.access import IDENTITY, SEE, WORK, held
from referrals.choices import (
    AT_HOME,
    CLOSED,
    CLOSED_STATES,
    Basis,
    Origin,
    Outcome,
    Section,
    State,
)
from referrals.models import Decision, Referral, ReferralEvent
from referrals.models.referral import kept_out

#: What whoever keeps the working file works with.
WORKING_FILE = frozenset(
    {
        Section.HEADER,
        Section.PACKET,
        Section.FILE,
        Section.NARRATIVE,
        Section.SUPPORT,
        Section.DECISION,
        Section.JUSTICE,
    }
)
#: What another body gets: the packet, and what it says about it.
RECEIVED = frozenset({Section.HEADER, Section.PACKET, Section.DECISION})
#: Law enforcement, of a referral it made: what it wrote itself, while it is with it.
OWN_WORDS = frozenset(
    {Section.HEADER, Section.PACKET, Section.FILE, Section.NARRATIVE, Section.IDENTITY}
)
STATUS_ONLY = frozenset({Section.HEADER})
#: Who the person is, how to reach them safely and who keeps the file: nothing that was told.
IN_AN_EMERGENCY = frozenset({Section.HEADER, Section.IDENTITY, Section.CONTACT})
#: States in which a referral lies with whoever made it.
WITH_ITS_REFERRER = (*AT_HOME, State.RETURNED)
NOTHING: frozenset[Section] = frozenset()


def sections(actor: Any, referral: Referral) -> frozenset[Section]:
    """The sections open to this actor; empty for what is not visible. At most two queries."""
    if actor.system:
        return frozenset(Section)
    if actor.user_id is None:
        return NOTHING
    grants = held(actor, referral)
    if SEE in grants:
        shown = _by_grant(actor, referral, grants)
    elif Permission.REFERRAL_STEER in actor.permissions:
        shown = _steering(actor, referral)
    else:
        shown = NOTHING
    return shown


def _by_grant(actor: Any, referral: Referral, grants: frozenset[str]) -> frozenset[Section]:
    if actor.is_enforcement:
        if referral.referrer_id != actor.user_id:
            return NOTHING
        return OWN_WORDS if referral.state in WITH_ITS_REFERRER else STATUS_ONLY
    if WORK not in grants:
        return IN_AN_EMERGENCY if IDENTITY in grants else RECEIVED
    opened = WORKING_FILE
    if IDENTITY in grants:
        opened |= {Section.IDENTITY, Section.CONTACT}
    return opened


def _steering(actor: Any, referral: Referral) -> frozenset[Section]:
    sent_here = referral.origin == Origin.LIVE and referral.state not in AT_HOME
    if not sent_here or referral.is_restricted:
        return NOTHING
    open_to = Referral.objects.filter(~kept_out(actor), pk=referral.pk)
    return STATUS_ONLY if open_to.exists() else NOTHING


def header_sight(actor: Any, referral: Referral) -> frozenset[Sight]:
    """What of the header is open: all of it, or what the country lets a co-ordinator see.

    Law enforcement sees of its own referral the reference and the status.
    """
    return sight_of_header(actor, sections(actor, referral))


def sight_of_header(actor: Any, opened: frozenset[Section]) -> frozenset[Sight]:
    """The same for whoever has asked for the sections already."""
    if opened != STATUS_ONLY:
        return frozenset(Sight) if Section.HEADER in opened else frozenset()
    if actor.is_enforcement:
        return frozenset({Sight.REFERENCE, Sight.STATUS})
    return current().co_ordinator_sees


def line_sight(actor: Any, referral: Referral) -> frozenset[Sight]:
    """The same for a line of a list that came from a grant; asks the database nothing."""
    if actor.is_enforcement and referral.state not in WITH_ITS_REFERRER:
        return frozenset({Sight.REFERENCE, Sight.STATUS})
    return frozenset(Sight)


def status(actor: Any, referral: Referral) -> str:
    """The state as this actor may know it: one of `State`, or for law enforcement `CLOSED`.

    The only answer for pages, lists, the API and exports.
    """
    if actor.is_enforcement and referral.state in CLOSED_STATES:
        return CLOSED
    return referral.state


def states_asked(actor: Any, codes: Iterable[str]) -> tuple[str, ...]:
    """The states behind what a list is narrowed to; one end asks for all that read the same."""
    found: dict[str, None] = {}
    for code in codes:
        told_apart = code != CLOSED and not (actor.is_enforcement and code in CLOSED_STATES)
        found |= dict.fromkeys([code] if told_apart else CLOSED_STATES)
    return tuple(found)


def decisions_open(actor: Any, referral: Referral) -> Any:
    """The decisions open to this actor, in their order; their reasons are for DECISION."""
    if Section.HEADER not in sections(actor, referral):
        return Decision.objects.none()
    found = Decision.objects.filter(referral=referral).order_by("decided_on", "pk")
    if actor.is_enforcement:
        found = found.exclude(outcome=Outcome.NEGATIVE)
    return found


def timeline(actor: Any, referral: Referral) -> Any:
    """The events open to this actor, newest first. A comment is read only with DECISION or FILE.

    Use `comment_open` before showing an event's comment.
    """
    opened = sections(actor, referral)
    events = ReferralEvent.objects.filter(referral=referral, section__in=opened)
    if actor.is_enforcement:
        # Of the header the status alone: that another authority decides, say, is no part of it.
        events = events.exclude(new_state__in=CLOSED_STATES)
        events = events.exclude(section=Section.HEADER, new_state="")
    return events.select_related("by", "by_organisation")


def comment_open(opened: frozenset[Section], event: ReferralEvent) -> bool:
    """A comment is free text about a case: for the working file and for those who decide."""
    if Section.FILE in opened:
        return True
    return Section.DECISION in opened and event.section in RECEIVED


def questions_open(opened: frozenset[Section]) -> bool:
    """The authority's questions are for those who answer them and those who decide."""
    return bool(opened & {Section.FILE, Section.DECISION})


def is_notice(referral: Referral) -> bool:
    """A notice without identity has no packet of its own: its codes are all there is."""
    return referral.basis == Basis.NOTIFIED
