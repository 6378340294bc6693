"""Inviting an organisation, keeping its answers while it applies, and founding the first one."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from accounts.models import Invitation, User
from common.marks import Permission
from common.workflow import NotAllowed, NotPossible, Stale
from partners.access import Actor
from partners.choices import (
    OPEN_TO_THE_APPLICANT,
    Capacity,
    Conduct,
    EventKind,
    HasIt,
    OrganisationKind,
    OrganisationState,
    Role,
)
from partners.models import HeldCapacity, Organisation, OrganisationEvent, PointOfContact
from partners.models.organisation import APPLICATION_FIELDS
from partners.services import memberships
from partners.services.contacts import change_contact, enter_contact
from partners.services.listings import relist
from partners.services.memberships import require, send_invitation

APPLICATION = "application"


class AlreadyInvited(ValueError):
    """The same organisation has an open invitation at this address; its link can be renewed."""


@transaction.atomic
def invite_to_apply(
    *, name: str, kind: OrganisationKind, email: str, by: Actor, at: datetime
) -> tuple[Organisation, Invitation]:
    """Open an application for an organisation and invite its contact to fill it in.

    Raises NotAllowed, AlreadyInvited. The organisation is invisible to everybody but its own people
    until sent.
    """
    _require_inviting(by)
    _refuse_twice(name, email, at)
    organisation = Organisation.objects.create(
        name=name, kind=kind, created_at=at, created_by=by.user
    )
    invitation = send_invitation(
        email=email, organisation=organisation, role=Role.MANAGER, kind=APPLICATION, by=by, at=at
    )
    return organisation, invitation


@transaction.atomic
def invite_again(*, invitation: Invitation, by: Actor, at: datetime) -> Invitation:
    """Send the same contact a new link; the one sent before no longer works.

    Raises NotAllowed, and `accounts.invitations.NotOpen` once the invitation was accepted.
    """
    _require_inviting(by)
    memberships.withdraw_invitation(invitation=invitation, by=by, at=at)
    return send_invitation(
        email=invitation.email,
        organisation=Organisation.objects.get(uuid=str(invitation.subject_uuid)),
        role=Role.MANAGER,
        kind=APPLICATION,
        by=by,
        at=at,
    )


@transaction.atomic
def withdraw_invitation(*, invitation: Invitation, by: Actor, at: datetime) -> Invitation:
    """Close the link of an invitation; the application it opened stays, seen by nobody.

    Raises NotAllowed, and `accounts.invitations.NotOpen` once the invitation was accepted.
    """
    _require_inviting(by)
    return memberships.withdraw_invitation(invitation=invitation, by=by, at=at)


def _refuse_twice(name: str, email: str, at: datetime) -> None:
    letters = Invitation.objects.open(at).filter(kind=APPLICATION, email=email.strip().lower())
    # By the name it was invited with: what it has written since is not the co-ordination's to know.
    invited = Organisation.history.filter(history_type="+", name__iexact=name)
    if invited.filter(uuid__in=letters.values("subject_uuid")).exists():
        raise AlreadyInvited(
            _("This organisation was already invited at this address. Send a new link instead.")
        )


def _require_inviting(by: Actor) -> None:
    if Permission.ORGANISATION_INVITE not in by.permissions and not by.system:
        raise NotAllowed(_("Only the co-ordination invites organisations."))


@transaction.atomic
def save_answers(
    *, organisation: Organisation, by: Actor, at: datetime, version: int, **answers: Any
) -> Organisation:
    """Keep answers of an application that is open to the applicant.

    Raises NotAllowed, NotPossible once it is sent, and Stale when a colleague saved in between.
    """
    row = _lock_open(organisation, by=by, version=version)
    unknown = set(answers) - set(APPLICATION_FIELDS)
    if unknown:
        raise TypeError(f"Not answers of an application: {sorted(unknown)}")
    put(row, answers)
    row.version += 1
    row.save()
    return row


def put(row: Organisation, answers: Mapping[str, Any]) -> None:
    """Set answers on a row, unsaved; TypeError for a code that the checklist does not have."""
    for item, has in answers.get("conduct", {}).items():
        if item not in Conduct.values or has not in HasIt.values:
            raise TypeError("Not an answer of the checklist.")
    for name, value in answers.items():
        setattr(row, name, value)
    if row.kind == OrganisationKind.STATE_AGENCY:
        row.cso_class = ""


@transaction.atomic
def ask_for_capacities(
    *,
    organisation: Organisation,
    capacities: Iterable[Capacity | str],
    by: Actor,
    at: datetime,
    version: int,
) -> Organisation:
    """Say what the organisation wants to do in the mechanism; replaces what was said before."""
    row = _lock_open(organisation, by=by, version=version)
    wanted = set(capacities)
    standing = HeldCapacity.objects.filter(organisation=row, ended_at__isnull=True)
    standing.filter(granted_at__isnull=True).exclude(capacity__in=wanted).delete()
    known = set(standing.values_list("capacity", flat=True))
    HeldCapacity.objects.bulk_create(
        HeldCapacity(organisation=row, capacity=capacity) for capacity in sorted(wanted - known)
    )
    row.version += 1
    row.save(update_fields=["version"])
    return row


@dataclass(frozen=True)
class NamedContact:
    """A point of contact as an application names it; `standing` is the entry there is, if any.

    `version` is that entry's as it was read, 0 when there was none. `channels` are (kind, number or
    address) in order.
    """

    details: Mapping[str, Any]
    channels: tuple[tuple[str, str], ...]
    standing: PointOfContact | None = None
    version: int = 0


@transaction.atomic
def name_contacts(
    *,
    organisation: Organisation,
    primary: NamedContact | None,
    deputy: NamedContact | None,
    by: Actor,
    at: datetime,
    version: int,
) -> Organisation:
    """Say whom others call and who stands in; None leaves that one as it is.

    Raises NotAllowed, NotPossible once the application is sent, Stale, and ValueError for a new
    deputy of nobody.
    """
    row = _lock_open(organisation, by=by, version=version)
    post = _name(row, primary, by=by, at=at) if primary else None
    if deputy:
        post = post or row.contacts.primary().filter(ended_at__isnull=True).first()
        if post is None:
            raise ValueError("A deputy stands in for somebody.")
        _name(row, deputy, by=by, at=at, deputy_for=post)
    row.version += 1
    row.save(update_fields=["version"])
    return row


def _name(
    organisation: Organisation,
    named: NamedContact,
    *,
    by: Actor,
    at: datetime,
    deputy_for: PointOfContact | None = None,
) -> PointOfContact:
    if (named.version == 0) != (named.standing is None):
        raise Stale(organisation)  # somebody named or took out this one in between
    if named.standing is None:
        return enter_contact(
            organisation=organisation,
            channels=named.channels,
            by=by,
            at=at,
            deputy_for=deputy_for,
            **named.details,
        )
    return change_contact(
        contact=named.standing,
        channels=named.channels,
        by=by,
        at=at,
        version=named.version,
        **named.details,
    )


def _lock_open(organisation: Organisation, *, by: Actor, version: int) -> Organisation:
    require(by, Permission.ORGANISATION_APPLY, organisation)
    row = Organisation.objects.select_for_update(of=("self",)).get(pk=organisation.pk)
    if row.state not in OPEN_TO_THE_APPLICANT:
        raise NotPossible(_("The application has been sent and cannot be changed now."))
    if row.version != version:
        raise Stale(row)
    return row


@transaction.atomic
def found(
    *,
    name: str,
    kind: OrganisationKind,
    capacities: Iterable[Capacity | str],
    by: Actor,
    at: datetime,
    **answers: Any,
) -> Organisation:
    """Enter an organisation as a member without an application.

    For the co-ordination itself, which nobody could admit, and for the demonstration. Only the
    system may; raises NotAllowed for a person.
    """
    if not by.system:
        raise NotAllowed(_("Only the installation command enters a member without an application."))
    founder = installation_account(at=at)
    # Created as a member: there is nobody yet whose act a transition could record.
    organisation = Organisation.objects.create(
        name=name,
        kind=kind,
        state=OrganisationState.MEMBER,
        created_at=at,
        applied_at=at,
        applied_by=founder,
        member_at=at,
        member_by=founder,
        **answers,
    )
    HeldCapacity.objects.bulk_create(
        HeldCapacity(
            organisation=organisation, capacity=capacity, granted_at=at, granted_by=founder
        )
        for capacity in capacities
    )
    OrganisationEvent.objects.create(
        organisation=organisation,
        kind=EventKind.ADMITTED,
        at=at,
        comment=_("Entered by the installation command."),
        new_state=OrganisationState.MEMBER,
    )
    relist([organisation.pk])
    return organisation


def installation_account(*, at: datetime) -> User:
    """The account in whose name the installation enters its first rows; it can never sign in."""
    known = User.objects.filter(email="installation@concord.invalid").first()
    if known is not None:
        return known
    return User.objects.create_user(
        email="installation@concord.invalid",
        display_name="Installation",
        password=None,
        at=at,
        is_active=False,
    )
