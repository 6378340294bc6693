"""An organisation leaves the mechanism: what it would leave open, and what ends with it.

What is open lies in the packages above: each registers a finder in its `apps.py`.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.contrib.auth.models import Group
from django.db.models import Q

from accounts.models import Invitation
from common.paging import CappedCount
from partners.models import HeldCapacity, Membership, Organisation, PointOfContact


@dataclass(frozen=True)
class OpenWork:
    """Something an organisation has not brought to an end.

    `blocks`: it cannot leave before. `href` leads to the list of it, for whoever may see that.
    """

    label: str
    count: CappedCount
    href: str
    blocks: bool = True


Finder = Callable[[Organisation], Iterable[OpenWork]]
_finders: dict[str, Finder] = {}


def register(name: str, finder: Finder) -> None:
    """Let a higher package say what it has open. Raises ValueError when the name is taken."""
    if _finders.setdefault(name, finder) is not finder:
        raise ValueError(f"Two finders of open work are called {name}.")


def open_work(organisation: Organisation) -> list[OpenWork]:
    """What is open now, in the order in which the packages were registered; nothing of zero."""
    found = [work for finder in _finders.values() for work in finder(organisation)]
    return [work for work in found if work.count.number]


def end_everything(organisation: Organisation, *, by: Any, at: datetime) -> None:
    """Memberships, groups, letters, capacities and points of contact end, in one transaction."""
    groups = Group.objects.filter(
        Q(role_group__organisation=organisation) | Q(team__organisation=organisation)
    )
    standing = Membership.objects.active(at).filter(organisation=organisation)
    for membership in standing.select_related("user"):
        membership.user.groups.remove(*groups)
        # One by one: the history keeps who ended when.
        membership.until_at = at
        membership.save(update_fields=["until_at"])
    letters = Invitation.objects.waiting().filter(subject_uuid=organisation.uuid)
    letters.update(revoked_at=at, revoked_by=by.user)
    held = HeldCapacity.objects.filter(organisation=organisation, ended_at__isnull=True)
    held.update(ended_at=at)
    in_use = PointOfContact.objects.filter(organisation=organisation, ended_at__isnull=True)
    in_use.update(ended_at=at)
