"""Who works for whom: role groups with their grants, joining, inviting, ending."""

from collections.abc import Callable
from datetime import datetime
from typing import Any
from uuid import UUID, uuid4

from django.conf import settings
from django.contrib.auth.models import Group
from django.db import transaction
from django.db.models import QuerySet
from django.urls import reverse
from django.utils.translation import gettext as _

from accounts import invitations
from accounts.audit import Oneself
from accounts.models import Invitation, User
from common.marks import Permission
from common.workflow import NotAllowed
from deadlines.services.mail import post_mail
from partners import clocks, deed_grants, grants
from partners.access import Actor, may
from partners.choices import (
    NARROWABLE,
    ROLE_NEEDS_CAPACITY,
    EventKind,
    GrantReason,
    OrganisationState,
    Role,
    Scope,
)
from partners.choices_places import KNOW_THE_HOUSES
from partners.models import (
    HeldCapacity,
    Location,
    Membership,
    Organisation,
    OrganisationEvent,
    PointOfContact,
    RoleGroup,
    Team,
)

MEMBERSHIP = "membership"
#: The same, of somebody who works in law enforcement or immigration control.
ENFORCEMENT = "membership_enforcement"
#: The letters of an organisation to colleagues of its own.
TO_COLLEAGUES = (MEMBERSHIP, ENFORCEMENT)
FOUNDING = "founding"


class RoleNotOffered(ValueError):
    """The organisation does not hold the capacity that the role needs."""


class LastManager(ValueError):
    """An organisation keeps at least one manager; name another first."""


def require(actor: Actor, permission: Permission, obj: Any) -> None:
    """Raise NotAllowed unless the actor may do this to the row."""
    decision = may(actor, permission, obj)
    if not decision:
        raise NotAllowed(decision.reason)


def offered_roles(organisation: Organisation) -> list[Role]:
    """The roles the organisation can give, by the capacities it holds now; none once it left."""
    if organisation.state == OrganisationState.LEFT:
        return []
    held = set(
        HeldCapacity.objects.held()
        .filter(organisation=organisation)
        .values_list("capacity", flat=True)
    )
    return [r for r in Role if ROLE_NEEDS_CAPACITY.get(r) is None or ROLE_NEEDS_CAPACITY[r] in held]


def colleagues_of(actor: Actor) -> dict[int, str]:
    """Who else works for the organisation acted for, with their names. One query."""
    if actor.organisation_id is None or actor.user_id is None:
        return {}
    working = Membership.objects.active(actor.at).filter(
        organisation_id=actor.organisation_id, user__is_active=True
    )
    others = working.exclude(user_id=actor.user_id).order_by("user__display_name", "user_id")
    return dict(others.values_list("user_id", "user__display_name").distinct())


@transaction.atomic
def role_group(*, organisation: Organisation, role: Role, at: datetime) -> RoleGroup:
    """The group of everyone with the role in the organisation, made with its grants when new."""
    known = RoleGroup.objects.filter(organisation=organisation, role=role).first()
    if known is not None:
        return known
    group = Group.objects.create(name=f"{organisation.uuid}:{role}")
    made = RoleGroup.objects.create(organisation=organisation, role=role, group=group)
    allowed = ["see", "edit"] if role == Role.MANAGER else ["see"]
    own = GrantReason.OWN_ORGANISATION
    grants.grant(subject=organisation, permissions=allowed, to=group, reason=own, by=None, at=at)
    for contact in PointOfContact.objects.filter(organisation=organisation):
        grants.grant(subject=contact, permissions=allowed, to=group, reason=own, by=None, at=at)
    deed_grants.open_to(made, at=at)
    if role in KNOW_THE_HOUSES:
        for location in Location.objects.filter(organisation=organisation):
            grants.grant(
                subject=location, permissions=allowed, to=group, reason=own, by=None, at=at
            )
    return made


@transaction.atomic
def join(
    *,
    user: User,
    organisation: Organisation,
    role: Role,
    by: User | None,
    at: datetime,
    scope: Scope = Scope.ORGANISATION,
    is_enforcement: bool = False,
) -> Membership:
    """Somebody begins to work for an organisation in a role.

    Writes the membership, the group and one event; an equal standing one is returned as it is, but
    for `is_enforcement`, which closes more and is written with an event. Raises RoleNotOffered.
    """
    if role not in offered_roles(organisation):
        raise RoleNotOffered(_("This organisation cannot give that role."))
    standing = (
        Membership.objects.active(at)
        .filter(user=user, organisation=organisation, role=role)
        .first()
    )
    if standing is not None:
        if is_enforcement and not standing.is_enforcement:
            _set_function(standing, True, by=by or user, of=organisation, at=at)
        return standing
    membership = Membership.objects.create(
        user=user,
        organisation=organisation,
        role=role,
        is_enforcement=is_enforcement,
        from_at=at,
    )
    user.groups.add(role_group(organisation=organisation, role=role, at=at).group)
    if scope != Scope.ORGANISATION:
        _narrow(membership, scope, None, at)
    OrganisationEvent.objects.create(
        organisation=organisation,
        kind=EventKind.MEMBER_JOINED,
        at=at,
        by=by or user,
        by_organisation=organisation,
        comment=str(Role(role).label),
    )
    return membership


def _set_function(
    membership: Membership,
    is_enforcement: bool,
    *,
    by: User | None,
    of: Organisation | None,
    at: datetime,
) -> None:
    membership.is_enforcement = is_enforcement
    membership.save(update_fields=["is_enforcement"])
    OrganisationEvent.objects.create(
        organisation=membership.organisation,
        kind=EventKind.SCOPE_CHANGED,
        at=at,
        by=by,
        by_organisation=of,
        comment=_("Law enforcement") if is_enforcement else _("Not law enforcement"),
    )


def letters_of(organisation: Organisation) -> QuerySet[Invitation]:
    """The invitations of an organisation to colleagues, whatever became of them."""
    sent = Invitation.objects.filter(kind__in=TO_COLLEAGUES)
    return sent.filter(subject_uuid=organisation.uuid)


@transaction.atomic
def invite_colleague(
    *,
    organisation: Organisation,
    email: str,
    role: Role,
    by: Actor,
    at: datetime,
    is_enforcement: bool = False,
) -> Invitation:
    """Invite somebody by e-mail to join in a role. Raises NotAllowed, RoleNotOffered."""
    require(by, Permission.MEMBERSHIP_MANAGE, organisation)
    if role not in offered_roles(organisation):
        raise RoleNotOffered(_("This organisation cannot give that role."))
    kind = ENFORCEMENT if is_enforcement else MEMBERSHIP
    # One link works at a time, also where the answer about law enforcement was put right.
    waiting = Invitation.objects.waiting() & letters_of(organisation)
    for other in waiting.filter(email=email.strip().lower()).exclude(kind=kind):
        withdraw_invitation(invitation=other, by=by, at=at)
    return send_invitation(
        email=email, organisation=organisation, role=role, kind=kind, by=by, at=at
    )


def send_invitation(
    *, email: str, organisation: Organisation, role: Role, kind: str, by: Actor, at: datetime
) -> Invitation:
    """Write the invitation, its event and the mail that carries the personal link."""
    invitation, token = invitations.invite(
        email=email,
        kind=kind,
        subject_uuid=organisation.uuid,
        role=role,
        by=by.user,
        at=at,
    )
    post_mail(
        kind="invitation",
        to=email,
        variables={
            "url": settings.SITE_URL + reverse("accounts:accept", args=[token]),
            "date": invitation.expires_at.date(),
        },
        key=f"invitation:{invitation.uuid}",
        at=at,
    )
    OrganisationEvent.objects.create(
        organisation=organisation,
        kind=EventKind.MEMBER_INVITED if kind in TO_COLLEAGUES else EventKind.INVITED,
        at=at,
        by=by.user,
        by_organisation=by.organisation,
        comment=str(Role(role).label),
    )
    clocks.invitation_sent(invitation, by=by, at=at)
    return invitation


@transaction.atomic
def withdraw_invitation(*, invitation: Invitation, by: Actor, at: datetime) -> Invitation:
    """The link no longer works. Raises `accounts.invitations.NotOpen` once it was accepted."""
    revoked = invitations.revoke(invitation=invitation, by=by.user, at=at)
    clocks.invitation_over(revoked, by=by, at=at)
    return revoked


def _invited_to(subject_uuid: UUID | None, role: str) -> Organisation:
    """Where the role can still be given: capacities may have ended since. Raises NotOffered."""
    if subject_uuid is None:
        raise invitations.NotOffered
    organisation = Organisation.objects.filter(uuid=subject_uuid).first()
    if organisation is None or Role(role) not in offered_roles(organisation):
        raise invitations.NotOffered
    return organisation


@transaction.atomic
def accept_invitation(*, invitation: Invitation, user: User, at: datetime) -> Membership:
    """What accepting means here: the user joins in the role they were invited to.

    Raises NotOffered where the organisation cannot give that role any more.
    """
    organisation = _invited_to(invitation.subject_uuid, invitation.role)
    clocks.invitation_over(invitation, by=Oneself(user.pk), at=at)
    if invitation.kind == FOUNDING:
        # The first co-ordinator also manages the organisation, until somebody else is named.
        join(
            user=user,
            organisation=organisation,
            role=Role.MANAGER,
            by=invitation.invited_by,
            at=at,
        )
    return join(
        user=user,
        organisation=organisation,
        role=Role(invitation.role),
        by=invitation.invited_by,
        at=at,
        is_enforcement=invitation.kind == ENFORCEMENT,
    )


def describe_invitation(subject_uuid: UUID | None, role: str) -> str:
    """What one is invited to, for the page behind the link. Raises NotOffered."""
    organisation = _invited_to(subject_uuid, role)
    words = {"organisation": organisation.display_name, "role": Role(role).label}
    if organisation.member_at is None:
        return _("Apply for membership in the mechanism for %(organisation)s") % words
    return _("Join %(organisation)s as %(role)s") % words


@transaction.atomic
def end_membership(*, membership: Membership, by: Actor, at: datetime) -> Membership:
    """Somebody stops working for the organisation; from the next request on nothing is open.

    Raises NotAllowed, LastManager. Ending it again changes nothing.
    """
    require(by, Permission.MEMBERSHIP_MANAGE, membership.organisation)
    # The organisation is locked, so that two managers cannot end each other at the same moment.
    organisation = Organisation.objects.select_for_update(of=("self",)).get(
        pk=membership.organisation_id
    )
    membership = Membership.objects.get(pk=membership.pk)
    if membership.until_at is not None and membership.until_at <= at:
        return membership
    standing = Membership.objects.active(at).filter(organisation=organisation, role=Role.MANAGER)
    if membership.role == Role.MANAGER and not standing.exclude(pk=membership.pk).exists():
        raise LastManager(_("This is the last manager. Name another manager first."))
    membership.until_at = at
    membership.save(update_fields=["until_at"])
    group = RoleGroup.objects.get(organisation=organisation, role=membership.role).group
    membership.user.groups.remove(group, *Group.objects.filter(team=membership.team_id))
    OrganisationEvent.objects.create(
        organisation=organisation,
        kind=EventKind.MEMBER_ENDED,
        at=at,
        by=by.user,
        by_organisation=by.organisation,
        comment=str(Role(membership.role).label),
    )
    return membership


# --- how far somebody sees ------------------------------------------------------------------------


class WrongScope(ValueError):
    """This role sees all of the organisation's files, or the team is not one of its own."""


Narrowed = Callable[[Membership, datetime], None]
"""Called with a membership that sees less from now on, in the transaction: let its team keep what
is the person's own. A package above registers it, since files are kept there."""
_narrowed: list[Narrowed] = []


def register_narrowed(follow: Narrowed) -> None:
    """Called once from the `apps.py` of a package that keeps files."""
    if follow not in _narrowed:
        _narrowed.append(follow)


@transaction.atomic
def change_scope(
    *,
    membership: Membership,
    scope: Scope,
    by: Actor,
    at: datetime,
    team: Team | None = None,
    team_name: str = "",
) -> Membership:
    """Let a colleague see all files of the organisation, a team's, or their own cases only.

    For a team, the one there is or a new one by `team_name`. Holds from the next request on; files
    the person made stay open to them. Raises NotAllowed, WrongScope.
    """
    require(by, Permission.MEMBERSHIP_MANAGE, membership.organisation)
    row = Membership.objects.select_for_update(of=("self",)).get(pk=membership.pk)
    if scope != Scope.ORGANISATION and row.role not in NARROWABLE:
        raise WrongScope(_("Whoever has this role sees all files of the organisation."))
    if scope == Scope.TEAM and team is None:
        team = _team(row.organisation, team_name.strip())
    if scope == Scope.TEAM and (team is None or team.organisation_id != row.organisation_id):
        raise WrongScope(_("Choose a team of your organisation, or name a new one."))
    _widen(row)
    if scope != Scope.ORGANISATION:
        _narrow(row, scope, team, at)
    OrganisationEvent.objects.create(
        organisation=row.organisation,
        kind=EventKind.SCOPE_CHANGED,
        at=at,
        by=by.user,
        by_organisation=by.organisation,
        comment=str(Scope(scope).label),
    )
    return row


@transaction.atomic
def change_function(
    *, membership: Membership, is_enforcement: bool, by: Actor, at: datetime
) -> Membership:
    """Say whether a colleague works in law enforcement or immigration control (design §5.6).

    That they do closes cases to them, and anybody who manages people says it at once, of themselves
    too. That they do not is somebody else's to say. Holds from the next request on. Raises
    NotAllowed.
    """
    require(by, Permission.MEMBERSHIP_MANAGE, membership.organisation)
    row = Membership.objects.select_for_update(of=("self",)).get(pk=membership.pk)
    if row.is_enforcement == is_enforcement:
        return row
    if not is_enforcement and row.user_id == by.user_id:
        raise NotAllowed(_("Somebody else says that you do not work in law enforcement."))
    _set_function(row, is_enforcement, by=by.user, of=by.organisation, at=at)
    return row


def _team(organisation: Organisation, name: str) -> Team | None:
    """The team of this name, made when it is new; None without a name."""
    if not name:
        return None
    return Team.objects.filter(organisation=organisation, name=name).first() or _new_team(
        organisation, name
    )


def _new_team(organisation: Organisation, name: str = "") -> Team:
    made = uuid4()
    group = Group.objects.create(name=f"team:{made}")
    return Team.objects.create(uuid=made, organisation=organisation, name=name, group=group)


def _widen(row: Membership) -> None:
    if row.team is not None:
        row.user.groups.remove(row.team.group)
    row.scope, row.team = Scope.ORGANISATION, None
    row.save(update_fields=["scope", "team"])


def _narrow(row: Membership, scope: Scope, team: Team | None, at: datetime) -> None:
    row.scope, row.team = scope, team or _new_team(row.organisation)
    row.save(update_fields=["scope", "team"])
    row.user.groups.add(row.team.group)
    for follow in _narrowed:
        follow(row, at)
