"""Who reads a conversation now: the audience chosen, and of a case only those it is open to.

Reads only, for whom to tell and whom to offer. What one actor sees is `visible_to`'s answer.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from common.marks import Permission, Subject
from partners import about
from partners.choices import OrganisationState, Role
from partners.conversation_choices import NOT_FOR_ENFORCEMENT, Topic
from partners.models import Conversation, Membership, Organisation
from partners.roles import ROLE_PERMISSIONS

#: Roles that hold conversations at all.
ROLES = tuple(
    role for role, held in ROLE_PERMISSIONS.items() if Permission.CONVERSATION_HOLD in held
)


@dataclass(frozen=True)
class Part:
    """An organisation in an audience: everybody there who may, or one role."""

    organisation: Organisation
    role: str = ""


def readers(
    *, topic: str, subject: Subject | None, parts: Iterable[Part], at: datetime
) -> dict[int, set[int]]:
    """The people who would read such a conversation now, by organisation: {organisation: users}.

    Three queries in general; on a case those of its registry besides.
    """
    roles = {part.organisation.pk: part.role for part in parts}
    at_work = Membership.objects.active(at).filter(
        organisation__in=roles,
        organisation__state=OrganisationState.MEMBER,
        role__in=ROLES,
        user__is_active=True,
    )
    if subject is not None or topic in NOT_FOR_ENFORCEMENT:
        at_work = at_work.filter(is_enforcement=False)
    found: dict[int, set[int]] = {pk: set() for pk in roles}
    for user, organisation, role in at_work.values_list("user_id", "organisation_id", "role"):
        if roles[organisation] in ("", role):
            found[organisation].add(user)
    if subject is None:
        return found
    kind = about.about_of(subject.kind)
    open_to = kind.readers(subject.uuid, at) if kind else frozenset()
    return {pk: {user for user in users if (user, pk) in open_to} for pk, users in found.items()}


def readers_of(conversation: Conversation, at: datetime) -> dict[int, set[int]]:
    """The same of a conversation that stands."""
    rows = conversation.participants.select_related("organisation")
    parts = [Part(row.organisation, row.role) for row in rows]
    return readers(topic=conversation.topic, subject=conversation.subject, parts=parts, at=at)


def reached(subject: Subject, at: datetime) -> list[Organisation]:
    """The organisations in which anybody may read about this subject now, by name."""
    kind = about.about_of(subject.kind)
    open_to = kind.readers(subject.uuid, at) if kind else frozenset()
    pks = {organisation for _user, organisation in open_to}
    return list(Organisation.objects.filter(pk__in=pks).order_by("name", "pk"))


def roles_there(organisation: Organisation, at: datetime, *, subject: bool) -> list[Role]:
    """The roles somebody there holds now and by which conversations are held."""
    held = Membership.objects.active(at).filter(organisation=organisation, role__in=ROLES)
    if subject:
        held = held.filter(role__in=[Role.CASEWORKER, Role.MANAGER, Role.OFFICER])
    known = set(held.values_list("role", flat=True))
    return [role for role in Role if role in known]


def with_enforcement(parts: Iterable[Part], at: datetime) -> bool:
    """Whether anybody of law enforcement would be among the readers of a general conversation."""
    roles = {part.organisation.pk: part.role for part in parts}
    there = Membership.objects.active(at).filter(
        organisation__in=roles, is_enforcement=True, role__in=ROLES
    )
    return any(
        roles[organisation] in ("", role)
        for organisation, role in there.values_list("organisation_id", "role")
    )


def may_write(actor: Any, topic: Topic | str) -> bool:
    """Whether the actor may begin a conversation on such a topic at all."""
    if Permission.CONVERSATION_HOLD not in actor.permissions or actor.organisation is None:
        return False
    return not (actor.is_enforcement and topic in NOT_FOR_ENFORCEMENT)
