"""Who works for whom: role groups with their grants, joining, inviting, ending."""

from datetime import datetime
from typing import Any
from uuid import UUID

from django.conf import settings
from django.contrib.auth.models import Group
from django.db import transaction
from django.urls import reverse
from django.utils.translation import gettext as _

from accounts import invitations
from accounts.models import Invitation, User
from common.marks import Permission
from common.workflow import NotAllowed
from deadlines.services.mail import post_mail
from partners import grants
from partners.access import Actor, may
from partners.choices import (
    ROLE_NEEDS_CAPACITY,
    EventKind,
    GrantReason,
    Role,
    Scope,
)
from partners.models import (
    HeldCapacity,
    Membership,
    Organisation,
    OrganisationEvent,
    PointOfContact,
    RoleGroup,
)

MEMBERSHIP = "membership"
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
    """The roles the organisation can give, by the capacities it holds now."""
    held = set(
        HeldCapacity.objects.held()
        .filter(organisation=organisation)
        .values_list("capacity", flat=True)
    )
    return [r for r in Role if ROLE_NEEDS_CAPACITY.get(r) is None or ROLE_NEEDS_CAPACITY[r] in held]


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

    Writes the membership, the group and one event; an equal standing one is returned as it is.
    Raises RoleNotOffered.
    """
    if role not in offered_roles(organisation):
        raise RoleNotOffered(_("This organisation cannot give that role."))
    standing = (
        Membership.objects.active(at)
        .filter(user=user, organisation=organisation, role=role)
        .first()
    )
    if standing is not None:
        return standing
    membership = Membership.objects.create(
        user=user,
        organisation=organisation,
        role=role,
        scope=scope,
        is_enforcement=is_enforcement,
        from_at=at,
    )
    user.groups.add(role_group(organisation=organisation, role=role, at=at).group)
    OrganisationEvent.objects.create(
        organisation=organisation,
        kind=EventKind.MEMBER_JOINED,
        at=at,
        by=by or user,
        by_organisation=organisation,
        comment=str(Role(role).label),
    )
    return membership


@transaction.atomic
def invite_colleague(
    *, organisation: Organisation, email: str, role: Role, by: Actor, at: datetime
) -> Invitation:
    """Invite somebody by e-mail to join in a role. Raises NotAllowed, RoleNotOffered."""
    require(by, Permission.MEMBERSHIP_MANAGE, organisation)
    if role not in offered_roles(organisation):
        raise RoleNotOffered(_("This organisation cannot give that role."))
    return send_invitation(
        email=email, organisation=organisation, role=role, kind=MEMBERSHIP, by=by, at=at
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
        kind=EventKind.INVITED if kind != MEMBERSHIP else EventKind.MEMBER_INVITED,
        at=at,
        by=by.user,
        by_organisation=by.organisation,
        comment=str(Role(role).label),
    )
    return invitation


def _invited_to(subject_uuid: UUID | None) -> Organisation:
    if subject_uuid is None:
        raise Organisation.DoesNotExist
    return Organisation.objects.get(uuid=subject_uuid)


@transaction.atomic
def accept_invitation(*, invitation: Invitation, user: User, at: datetime) -> Membership:
    """What accepting means here: the user joins in the role they were invited to."""
    organisation = _invited_to(invitation.subject_uuid)
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
    )


def describe_invitation(subject_uuid: UUID | None, role: str) -> str:
    """What one is invited to, for the page behind the link."""
    organisation = _invited_to(subject_uuid)
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
    membership.user.groups.remove(group)
    OrganisationEvent.objects.create(
        organisation=organisation,
        kind=EventKind.MEMBER_ENDED,
        at=at,
        by=by.user,
        by_organisation=by.organisation,
        comment=str(Role(membership.role).label),
    )
    return membership
