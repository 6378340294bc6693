"""The clocks of the registry: applications that wait, contacts to confirm, invitations and tokens
that run out. Each is started and ended beside the act it belongs to.

How long those of the country run stands in its profile.
"""

from collections.abc import Collection, Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from accounts.models import ApiToken, Invitation
from common.country import current
from common.marks import Subject
from common.profile import Bound, Pausing
from common.workdays import start_of_day
from deadlines import kinds
from deadlines.models import Deadline
from deadlines.services import clocks as running
from partners.choices import Capacity, OrganisationState, ProceedingState, Role
from partners.models import (
    HeldCapacity,
    Membership,
    Organisation,
    PointOfContact,
    Proceeding,
    RoleGroup,
)

REVIEW = "application_review"
CONTACT = "contact_verification"
INVITATION = "invitation"
TOKEN = "api_token"  # noqa: S105 - a kind of deadline, not a secret
ANSWER = "proceeding_answer"
APPEAL = "proceeding_appeal"
APPEAL_DECISION = "proceeding_appeal_decision"
PROCEEDINGS = {
    ANSWER: _("Answering a notice about your organisation"),
    APPEAL: _("Appealing against a decision about your organisation"),
    APPEAL_DECISION: _("Deciding an appeal"),
}
PROCEEDING_REMINDED = 7
INVITATION_REMINDED = 3
TOKEN_REMINDED = 14
"""Days before the end: long enough to send another."""


def register_kinds() -> None:
    """Called once when the app is ready."""
    kinds.register(
        REVIEW,
        title=_("Answer to an application"),
        link=lambda uuid: reverse("partners:review", args=[uuid]),
        still_visible=_organisations,
    )
    kinds.register(
        CONTACT,
        title=_("Point of contact to be confirmed"),
        link=lambda uuid: reverse("partners:contact", args=[uuid]),
        still_visible=_contacts,
        escalation=_co_ordinators,
    )
    kinds.register(
        INVITATION,
        title=_("An invitation that nobody accepted yet"),
        link=_to_invitation,
        still_visible=_invitations,
    )
    kinds.register(
        TOKEN,
        title=_("A token for a program"),
        link=lambda uuid: reverse("partners:tokens"),
        still_visible=_tokens,
    )

    for kind, title in PROCEEDINGS.items():
        kinds.register(
            kind,
            title=title,
            link=lambda uuid: reverse("partners:proceeding", args=[uuid]),
            still_visible=_proceedings,
            protects=kind != APPEAL_DECISION,
        )


# --- applications ---------------------------------------------------------------------------------


def application_sent(organisation: Organisation, event: Any, *, by: Any, at: datetime) -> None:
    """The time for an answer begins to run, or runs on where it stood still"""
    about = _about(organisation)
    if running.resume(subject=about, because=Pausing.RETURNED, by=by, at=at):
        return
    for co_ordination, group in _groups(_co_ordinating(), Role.CO_ORDINATOR):
        running.start(
            kind=REVIEW,
            rule=REVIEW,
            subject=about,
            holders=[group],
            starts_at=at,
            by=by,
            at=at,
            organisation_uuid=co_ordination.uuid,
        )


def application_returned(organisation: Organisation, event: Any, *, by: Any, at: datetime) -> None:
    """The time for an answer stands still while the applicant has the questions"""
    running.pause(subject=_about(organisation), because=Pausing.RETURNED, by=by, at=at)


def application_withdrawn(organisation: Organisation, event: Any, *, by: Any, at: datetime) -> None:
    """Nobody need answer any more"""
    running.cancel(subject=_about(organisation), kinds=[REVIEW], by=by, at=at)


def application_refused(organisation: Organisation, event: Any, *, by: Any, at: datetime) -> None:
    """The answer is given"""
    running.meet(subject=_about(organisation), kinds=[REVIEW], by=by, at=at)


def organisation_left(organisation: Organisation, event: Any, *, by: Any, at: datetime) -> None:
    """Nobody is left to confirm its points of contact"""
    for contact in organisation.contacts.all():
        contact_ended(contact, by=by, at=at)


def organisation_admitted(organisation: Organisation, event: Any, *, by: Any, at: datetime) -> None:
    """The answer is given; from now on its points of contact are confirmed in time"""
    running.meet(subject=_about(organisation), kinds=[REVIEW], by=by, at=at)
    for contact in organisation.contacts.filter(ended_at__isnull=True):
        contact_to_confirm(contact, by=by, at=at)


# --- points of contact ----------------------------------------------------------------------------


def contact_to_confirm(contact: PointOfContact, *, by: Any, at: datetime) -> None:
    """From the day it was confirmed, or else entered, it is to be confirmed again in time."""
    organisation = contact.organisation
    if organisation.state != OrganisationState.MEMBER:
        return
    about = Subject("contact", contact.uuid)
    running.meet(subject=about, kinds=[CONTACT], by=by, at=at)
    zone = current().time_zone
    # An organisation in which nobody signs in yet is the co-ordination's to ask.
    bound = _groups([organisation], Role.MANAGER) or _groups(_co_ordinating(), Role.CO_ORDINATOR)
    for home, group in bound:
        running.start(
            kind=CONTACT,
            rule=CONTACT,
            subject=about,
            holders=[group],
            starts_at=start_of_day(contact.verified_on, zone) if contact.verified_on else at,
            by=by,
            at=at,
            organisation_uuid=home.uuid,
        )


def next_check(contacts: Collection[PointOfContact]) -> Mapping[UUID, datetime]:
    """By when each of these is to be confirmed again; nothing where no clock runs. One query."""
    running_now = Deadline.objects.open().filter(
        kind=CONTACT, subject_uuid__in=[contact.uuid for contact in contacts]
    )
    return dict(running_now.values_list("subject_uuid", "due_at"))


def contact_ended(contact: PointOfContact, *, by: Any, at: datetime) -> None:
    """Nobody need confirm it any more."""
    running.cancel(subject=Subject("contact", contact.uuid), kinds=[CONTACT], by=by, at=at)


# --- proceedings ----------------------------------------------------------------------------------


def proceeding_moved(proceeding: Proceeding, event: Any, *, by: Any, at: datetime) -> None:
    """The date before is over, and the next is among the deadlines of whoever it binds"""
    about = Subject("proceeding", proceeding.uuid)
    ends = running.cancel if proceeding.state in _FELL_AWAY else running.meet
    ends(subject=about, kinds=PROCEEDINGS, by=by, at=at)
    state = ProceedingState(proceeding.state)
    if state is ProceedingState.NOTICED:
        kind, until, homes, role = ANSWER, proceeding.answer_until_at, None, Role.MANAGER
    elif state is ProceedingState.IMPOSED:
        kind, until, homes, role = APPEAL, proceeding.appeal_until_at, None, Role.MANAGER
    elif state is ProceedingState.APPEALED:
        # The co-ordination names who hears it; from then on it is theirs as well.
        kind, until = APPEAL_DECISION, proceeding.appeal_due_at
        homes, role = _co_ordinating(), Role.CO_ORDINATOR
    else:
        return
    for home, group in _groups(homes or [proceeding.organisation], role):
        _start_until(kind, proceeding, group, home.uuid, until, by=by, at=at)


def panel_named(proceeding: Proceeding, *, by: Any, at: datetime) -> None:
    """Whoever hears an appeal sees until when."""
    if proceeding.state == ProceedingState.APPEALED:
        for seat in proceeding.seats.filter(instance=proceeding.instance, has_vote=True):
            home, until = seat.organisation.uuid, proceeding.appeal_due_at
            _start_until(APPEAL_DECISION, proceeding, seat.user, home, until, by=by, at=at)


_FELL_AWAY = (ProceedingState.DROPPED, ProceedingState.ENDED)


def _start_until(
    kind: str,
    proceeding: Proceeding,
    holder: running.Holder,
    home: UUID,
    until: datetime | None,
    *,
    by: Any,
    at: datetime,
) -> None:
    assert until is not None  # noqa: S101 - the workflow dates each of these states
    running.start_until(
        kind=kind,
        subject=Subject("proceeding", proceeding.uuid),
        holders=[holder],
        starts_at=at,
        until=until,
        # Time to answer or to appeal is a right that ends; deciding can be late.
        bound=Bound.LATEST if kind == APPEAL_DECISION else Bound.LASTS,
        remind_before_days=PROCEEDING_REMINDED,
        by=by,
        at=at,
        organisation_uuid=home,
    )


# --- what runs out --------------------------------------------------------------------------------


def invitation_sent(invitation: Invitation, *, by: Any, at: datetime) -> None:
    """Whoever invited sees how long the link works, and is told before it does not."""
    if by.user is None:
        return
    running.start_until(
        kind=INVITATION,
        subject=Subject("invitation", invitation.uuid),
        holders=[by.user],
        starts_at=at,
        until=invitation.expires_at,
        remind_before_days=INVITATION_REMINDED,
        by=by,
        at=at,
        organisation_uuid=by.organisation_uuid,
    )


def invitation_over(invitation: Invitation, *, by: Any, at: datetime) -> None:
    """Accepted or withdrawn: nobody need think of it any more."""
    running.cancel(subject=Subject("invitation", invitation.uuid), kinds=[INVITATION], by=by, at=at)


def token_issued(token: ApiToken, *, by: Any, at: datetime) -> None:
    """Whoever issued it is told before the program stops working."""
    assert token.expiry is not None  # noqa: S101 - no token without an end is issued
    running.start_until(
        kind=TOKEN,
        subject=Subject("token", token.uuid),
        holders=[by.user],
        starts_at=at,
        until=token.expiry,
        remind_before_days=TOKEN_REMINDED,
        by=by,
        at=at,
        organisation_uuid=by.organisation_uuid,
    )


def token_over(token: ApiToken, *, by: Any, at: datetime) -> None:
    """Taken back before its time."""
    running.cancel(subject=Subject("token", token.uuid), kinds=[TOKEN], by=by, at=at)


# --- whose, and who may see -----------------------------------------------------------------------


def _about(organisation: Organisation) -> Subject:
    return Subject("organisation", organisation.uuid)


def _co_ordinating() -> list[Organisation]:
    held = HeldCapacity.objects.held().filter(capacity=Capacity.CO_ORDINATION)
    return [each.organisation for each in held.select_related("organisation").order_by("pk")]


def _groups(organisations: Collection[Organisation], role: Role) -> list[tuple[Organisation, Any]]:
    """The groups of a role that has been given to somebody; nobody else could be told."""
    found = RoleGroup.objects.filter(organisation__in=organisations, role=role)
    return [
        (each.organisation, each.group) for each in found.select_related("organisation", "group")
    ]


def _co_ordinators(deadline: Deadline) -> list[list[int]]:
    """A member that does not say whom to call is the co-ordination's matter."""
    members = Membership.objects.filter(
        role=Role.CO_ORDINATOR, until_at__isnull=True, organisation__in=_co_ordinating()
    )
    return [sorted(set(members.values_list("user_id", flat=True)))]


def _organisations(actor: Any, uuids: Collection[UUID]) -> Mapping[UUID, str]:
    shown = Organisation.objects.visible_to(actor).filter(uuid__in=list(uuids))
    return dict.fromkeys(shown.values_list("uuid", flat=True), "")


def _contacts(actor: Any, uuids: Collection[UUID]) -> Mapping[UUID, str]:
    shown = PointOfContact.objects.visible_to(actor).filter(uuid__in=list(uuids))
    return dict.fromkeys(shown.values_list("uuid", flat=True), "")


def _proceedings(actor: Any, uuids: Collection[UUID]) -> Mapping[UUID, str]:
    shown = Proceeding.objects.visible_to(actor).filter(uuid__in=list(uuids))
    return dict.fromkeys(shown.values_list("uuid", flat=True), "")


def _invitations(actor: Any, uuids: Collection[UUID]) -> Mapping[UUID, str]:
    mine = Invitation.objects.waiting().filter(invited_by=actor.user_id, uuid__in=list(uuids))
    return dict.fromkeys(mine.values_list("uuid", flat=True), "")


def _tokens(actor: Any, uuids: Collection[UUID]) -> Mapping[UUID, str]:
    mine = ApiToken.objects.filter(user=actor.user_id, revoked_at=None, uuid__in=list(uuids))
    return dict.fromkeys(mine.values_list("uuid", flat=True), "")


def _to_invitation(uuid: UUID) -> str:
    """Where it can be sent anew: to an organisation, or to a colleague."""
    about = Invitation.objects.filter(uuid=uuid, kind="application")
    return reverse("partners:invitations" if about.exists() else "partners:people")
