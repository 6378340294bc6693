"""Who of an organisation works on a referral, where colleagues do not see all of its files.

Colleagues who see all files of the organisation need no assignment: the groups of their role hold
the grants. A team, which may be one person, holds its own.
"""

from datetime import datetime

from django.contrib.auth.models import Group
from django.db import transaction
from django.db.models import Exists, OuterRef
from django.utils.translation import gettext as _

from common.marks import Permission
from common.rowlock import beyond_sight
from common.workflow import NotAllowed
from partners import grants
from partners.access import Actor
from partners.choices import GrantReason
from partners.models import Membership, RoleGroup, Team
from referrals.clocks import copy_to_grants
from referrals.models import Referral, ReferralGrantBasis
from referrals.services.working import hold, require


def teams_of(referral: Referral, by: Actor) -> list[tuple[Team, bool]]:
    """The teams of the actor's organisation that somebody is in, and whether each works on it."""
    holds = ReferralGrantBasis.objects.filter(
        subject=referral, group=OuterRef("group"), permission="see", ended_at__isnull=True
    )
    manned = Membership.objects.active(by.at).filter(team=OuterRef("pk"))
    teams = Team.objects.filter(Exists(manned), organisation_id=by.organisation_id or 0)
    annotated = teams.annotate(works=Exists(holds)).order_by("name", "pk")
    return [(team, team.works) for team in annotated]


@transaction.atomic
def assign(*, referral: Referral, team: Team, by: Actor, at: datetime) -> None:
    """Let a team of one's own organisation work on it, as far as the organisation itself may.

    Raises NotAllowed.
    """
    row = _require(referral, team, by)
    allowed = _held_by_roles(row, team, at)
    if not allowed:
        raise NotAllowed(_("This belongs to another organisation."))
    grants.grant(
        subject=row,
        permissions=sorted(allowed),
        to=team.group,
        reason=GrantReason.INDIVIDUAL,
        by=by.user,
        at=at,
    )
    copy_to_grants(row)


@transaction.atomic
def unassign(*, referral: Referral, team: Team, by: Actor, at: datetime) -> None:
    """A team no longer works on it; who made it sees it no longer either. Raises NotAllowed."""
    row = _require(referral, team, by)
    grants.revoke(subject=row, to=team.group, by=by.user, at=at)


@beyond_sight("the cases a person keeps who sees less")
def keep_own(membership: Membership, at: datetime) -> None:
    """Whoever sees less from now on keeps, with their team, the referrals they made here."""
    team = membership.team
    if team is None:
        return
    made = Referral.objects.filter(
        referrer=membership.user_id, first_responder=membership.organisation_id
    )
    for referral in made:
        allowed = _held_by_roles(referral, team, at)
        if allowed:
            grants.grant(
                subject=referral,
                permissions=sorted(allowed),
                to=team.group,
                reason=GrantReason.FIRST_RESPONDER,
                by=None,
                at=at,
            )
            copy_to_grants(referral)


def _require(referral: Referral, team: Team, by: Actor) -> Referral:
    row = hold(referral)
    require(by, Permission.REFERRAL_SEE, row)
    if Permission.REFERRAL_ASSIGN not in by.permissions or team.organisation_id != (
        by.organisation_id or 0
    ):
        raise NotAllowed(_("Whoever manages the organisation says who works on it."))
    return row


def _held_by_roles(referral: Referral, team: Team, at: datetime) -> set[str]:
    """What groups of roles in the team's organisation hold on it now, but for what has an end."""
    groups = Group.objects.filter(
        pk__in=RoleGroup.objects.filter(organisation=team.organisation_id).values("group")
    )
    standing = ReferralGrantBasis.objects.filter(
        subject=referral, group__in=groups, ended_at__isnull=True, until_at__isnull=True
    )
    return set(standing.values_list("permission", flat=True))
