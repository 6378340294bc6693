"""What happened to the asked cases before an actor class asks: a suspension, an end of access.

Each is played through the services, upon everything that stands on stage, and undone afterwards.
"""

from collections.abc import Callable
from datetime import timedelta

from accounts.models import User
from partners import grants
from partners.choices import GrantReason, Role, Vote
from partners.models import Proceeding
from partners.services.memberships import role_group
from partners.workflow import PROCEEDING
from referrals.choices import State
from referrals.models import Referral
from referrals.services import consents, exclusions
from tests.partners import stages
from tests.support.cast import Cast, person, works_for


def office_manager(cast: Cast) -> User:
    """Manages the people of the authority; holds no case."""
    if "office_manager" not in cast.rows:
        before = cast.at - timedelta(hours=1)
        cast.rows["office_manager"] = person("Office Manager", before)
        works_for(cast.rows["office_manager"], cast.authority, Role.MANAGER, before)
    return cast.rows["office_manager"]


def suspend(cast: Cast) -> None:
    """Lantern House answers the notice it was given, and the panel suspends it."""
    begun = Proceeding.objects.filter(organisation=cast.ngo).first()
    if begun is None:
        stages.suspended(cast)
        return
    answers = cast.actor(cast.ngo_manager)
    PROCEEDING.apply(begun, "answer", by=answers, at=cast.at, answer="Not so.")
    for who in stages.FIRST_PANEL:
        stages.vote(cast, begun, who, Vote.JUSTIFIED)


def grant_till_yesterday(cast: Cast) -> None:
    """Open Door held everything there is to hold on each case, until yesterday; no sweep came."""
    managers = role_group(organisation=cast.other_ngo, role=Role.MANAGER, at=cast.at)
    for referral in Referral.objects.order_by("pk"):
        grants.grant(
            subject=referral,
            permissions=["see", "work", "identity"],
            to=managers.group,
            reason=GrantReason.FIRST_RESPONDER,
            by=None,
            at=cast.at - timedelta(days=2),
            until=cast.at - timedelta(days=1),
        )


def withdraw(cast: Cast) -> None:
    """The person of each case that was sent no longer agrees to it."""
    by = cast.actor(cast.ngo_caseworker)
    for referral in Referral.objects.filter(state=State.SUBMITTED).order_by("pk"):
        consents.withdraw_consent(referral=referral, by=by, at=cast.at)


def exclude(cast: Cast) -> None:
    """Lantern House keeps the officer out of each of its cases."""
    by = cast.actor(cast.ngo_manager)
    for referral in Referral.objects.order_by("pk"):
        exclusions.exclude(
            referral=referral, by=by, at=cast.at, reason="Invented reasons.", user=cast.officer
        )


SCENES: dict[str, Callable[[Cast], None]] = {
    "suspended": suspend,
    "granted_till_yesterday": grant_till_yesterday,
    "withdrawn": withdraw,
    "excluded": exclude,
    "excluded_manager": exclude,
}
