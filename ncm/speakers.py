"""Who speaks for an organisation in the co-ordination, and whom its clocks bind."""

from collections.abc import Iterator
from typing import Any
from uuid import UUID

from django.contrib.auth.models import Group

from common.marks import Permission
from partners.choices import Capacity, Role
from partners.models import HeldCapacity, Membership, Organisation, RoleGroup
from partners.roles import ROLE_PERMISSIONS

P = Permission
SPEAKING = tuple(r for r in Role if P.COORDINATION_SPEAK in ROLE_PERMISSIONS[r])
SEEING = tuple(r for r in Role if P.COORDINATION_SEE in ROLE_PERMISSIONS[r])


def members(organisation: Organisation) -> Any:
    """The memberships of whoever speaks there; where nobody does, of whoever sees co-ordination."""
    active = Membership.objects.filter(organisation=organisation, until_at__isnull=True)
    speaking = active.filter(role__in=SPEAKING)
    return speaking if speaking.exists() else active.filter(role__in=SEEING)


def colleagues(organisation: Organisation) -> Any:
    """Everybody there who sees co-ordination, and so can be named to do something."""
    return Membership.objects.filter(
        organisation=organisation, until_at__isnull=True, role__in=SEEING
    )


def groups(organisation: Organisation) -> Iterator[tuple[UUID, Group]]:
    """(organisation, group) of those who speak for it."""
    roles = members(organisation).values("role")
    found = RoleGroup.objects.filter(organisation=organisation, role__in=roles)
    for each in found.select_related("group").order_by("pk"):
        yield organisation.uuid, each.group


def co_ordinators() -> Any:
    """The memberships of those who keep the co-ordination."""
    held = HeldCapacity.objects.held().filter(capacity=Capacity.CO_ORDINATION)
    return Membership.objects.filter(
        role=Role.CO_ORDINATOR, until_at__isnull=True, organisation__in=held.values("organisation")
    )


def users(memberships: Any) -> list[int]:
    """Keys of these people, each once."""
    return sorted(set(memberships.values_list("user_id", flat=True)))
