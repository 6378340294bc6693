"""Who speaks for an organisation in the co-ordination: whom notices reach, whom its clocks bind.

Whatever of the co-ordination tells an organisation something asks here.
"""

from collections.abc import Iterable
from typing import Any

from django.contrib.auth.models import Group
from django.db.models import Exists, OuterRef, Q

from common.marks import Permission
from partners.choices import ROLE_NEEDS_CAPACITY, OrganisationState, Role
from partners.models import HeldCapacity, Membership, Organisation, RoleGroup
from partners.roles import ROLE_PERMISSIONS

P = Permission
SPEAKING = tuple(r for r in Role if P.COORDINATION_SPEAK in ROLE_PERMISSIONS[r])
SEEING = tuple(r for r in Role if P.COORDINATION_SEE in ROLE_PERMISSIONS[r])


def of(organisations: Any) -> Any:
    """The memberships of whoever speaks for these organisations and can be told so; in one where
    nobody does, of whoever sees the co-ordination."""
    return _voices(_reached().filter(organisation__in=organisations))


def themselves(people: Iterable[int]) -> Any:
    """The memberships by which people who speak for nobody but themselves are told."""
    return _reached().filter(user__in=people, role__in=SEEING)


def colleagues(organisation: Organisation) -> Any:
    """Everybody there who sees co-ordination, and so can be named to do something."""
    return _reached().filter(organisation=organisation, role__in=SEEING)


def co_ordinators() -> Any:
    """The memberships of those who keep the co-ordination."""
    return _reached().filter(role=Role.CO_ORDINATOR)


def managers_of_co_ordination() -> Any:
    """The memberships of those who manage an organisation that keeps the co-ordination."""
    homes = co_ordinators().values("organisation")
    return _reached().filter(role=Role.MANAGER, organisation__in=homes)


def groups(organisation: Organisation) -> list[Group]:
    """Those whom a clock of this organisation binds. It runs where nobody can be told, too: what
    a suspended organisation leaves open still moves up."""
    voices = _voices(_standing().filter(organisation=organisation))
    found = RoleGroup.objects.filter(organisation=organisation, role__in=voices.values("role"))
    return [each.group for each in found.select_related("group").order_by("pk")]


def users(memberships: Any) -> list[int]:
    """Keys of these people, each once."""
    return sorted(set(memberships.values_list("user_id", flat=True)))


def _voices(rows: Any) -> Any:
    spoken = rows.filter(organisation=OuterRef("organisation"), role__in=SPEAKING)
    return rows.filter(Q(role__in=SPEAKING) | Q(~Exists(spoken), role__in=SEEING))


def _standing() -> Any:
    """Memberships that count: not ended (none is ended ahead of its day), and in a role that the
    organisation still can give."""
    rows = Membership.objects.filter(until_at__isnull=True)
    for role, capacity in ROLE_NEEDS_CAPACITY.items():
        held = HeldCapacity.objects.held().filter(capacity=capacity)
        rows = rows.filter(
            ~Q(role=role) | Exists(held.filter(organisation=OuterRef("organisation")))
        )
    return rows


def _reached() -> Any:
    """Of those, whoever a notice reaches: the organisation is a member, the account not closed.

    One that is locked for safety opens again within days, and finds its notices then.
    """
    return _standing().filter(organisation__state=OrganisationState.MEMBER, user__is_active=True)
