"""The only code that writes grants: `grant`, `revoke`, `rederive`.

A basis says why; guardian's row says that. Whatever happens, the second follows from the first.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.contrib.auth.models import Group
from django.contrib.auth.models import Permission as AuthPermission
from django.contrib.contenttypes.models import ContentType
from django.db import models, transaction
from django.db.models import Q

from accounts.models import User
from partners.choices import GrantReason
from partners.models import (
    Organisation,
    OrganisationGrantBasis,
    OrganisationGroupGrant,
    OrganisationUserGrant,
    PointOfContact,
    PointOfContactGrantBasis,
    PointOfContactGroupGrant,
    PointOfContactUserGrant,
)


class NotGrantable(ValueError):
    """The permission cannot be granted on this kind of row, or the kind is not registered."""


@dataclass(frozen=True)
class Grantable:
    """Where the grants on one model live."""

    basis: type[Any]
    group_grant: type[Any]
    user_grant: type[Any]
    #: Columns of the grant rows that repeat the subject's own, so that a list needs no join.
    columns: Callable[[Any], Mapping[str, Any]] = lambda subject: {}


_grantable: dict[type[models.Model], Grantable] = {
    Organisation: Grantable(OrganisationGrantBasis, OrganisationGroupGrant, OrganisationUserGrant),
    PointOfContact: Grantable(
        PointOfContactGrantBasis, PointOfContactGroupGrant, PointOfContactUserGrant
    ),
}


def register(model: type[models.Model], grantable: Grantable) -> None:
    """Let a higher package grant on one of its models. Called once from its `apps.py`."""
    _grantable[model] = grantable


def grantable_models() -> dict[type[models.Model], Grantable]:
    """Every model that can be granted on, with where its grants live."""
    return dict(_grantable)


def _tables(subject: models.Model) -> Grantable:
    try:
        return _grantable[type(subject)]
    except KeyError:
        raise NotGrantable(f"{type(subject).__name__} cannot be granted on.") from None


@transaction.atomic
def grant(
    *,
    subject: models.Model,
    permissions: Iterable[str],
    to: Group | User | Iterable[Group | User],
    reason: GrantReason,
    by: User | None,
    at: datetime,
    until: datetime | None = None,
) -> None:
    """Give groups or people permissions on one row, for one reason.

    Writes a basis for each holder and permission (an equal live one is kept) and guardian's rows.
    Raises NotGrantable.
    """
    tables, wanted = _tables(subject), list(permissions)
    for permission in wanted:
        if permission not in tables.basis.allowed:
            raise NotGrantable(f"{permission!r} cannot be granted on {type(subject).__name__}.")
    standing = {
        (basis.group_id, basis.user_id, basis.permission): basis
        for basis in tables.basis.objects.filter(subject=subject, reason=reason, ended_at=None)
    }
    missing = []
    for holder in [to] if isinstance(to, Group | User) else to:
        group, user = (holder, None) if isinstance(holder, Group) else (None, holder)
        for permission in wanted:
            known = standing.get((group and group.pk, user and user.pk, permission))
            if known is None:
                missing.append(
                    tables.basis(
                        subject=subject,
                        group=group,
                        user=user,
                        permission=permission,
                        reason=reason,
                        since_at=at,
                        until_at=until,
                        granted_by=by,
                    )
                )
            elif known.until_at != until:
                tables.basis.objects.filter(pk=known.pk).update(until_at=until)
    tables.basis.objects.bulk_create(missing)
    rederive(subject=subject, at=at)


@transaction.atomic
def revoke(
    *,
    subject: models.Model,
    to: Group | User,
    by: User | None,
    at: datetime,
    reason: GrantReason | None = None,
    permissions: Iterable[str] | None = None,
) -> int:
    """End the bases that match; guardian's rows go with the last one. Returns how many ended."""
    tables = _tables(subject)
    holder = {"group": to} if isinstance(to, Group) else {"user": to}
    standing = tables.basis.objects.filter(subject=subject, ended_at=None, **holder)
    if reason is not None:
        standing = standing.filter(reason=reason)
    if permissions is not None:
        standing = standing.filter(permission__in=list(permissions))
    ended: int = standing.update(ended_at=at, ended_by=by)
    rederive(subject=subject, at=at)
    return ended


@transaction.atomic
def rederive(*, subject: models.Model, at: datetime) -> None:
    """Make guardian's rows on one subject follow from its live bases. Safe at any time."""
    tables = _tables(subject)
    # A single writer at a time per subject, so that two grants never both miss each other's basis.
    manager = type(subject)._default_manager
    subject = manager.select_for_update(of=("self",)).get(pk=subject.pk)
    live = tables.basis.objects.filter(subject=subject, ended_at=None).filter(
        Q(until_at__isnull=True) | Q(until_at__gt=at)
    )
    columns, permission_ids = tables.columns(subject), _permission_ids(type(subject))
    bases = list(live.values_list("group_id", "user_id", "permission", "until_at"))
    for grants, holder, place in (
        (tables.group_grant, "group_id", 0),
        (tables.user_grant, "user_id", 1),
    ):
        held = [
            (row[place], permission_ids[row[2]], row[3]) for row in bases if row[place] is not None
        ]
        _follow(subject, grants, holder, held, columns)


@transaction.atomic
def annotate(
    *, subject: models.Model, to: Iterable[Group] | None, permission: str, **columns: Any
) -> None:
    """Write columns that differ from group to group on the grant rows of one permission.

    For what a higher package lists by, such as the earliest deadline of that group. A group without
    the grant gets nothing; `to=None` means every group that has it.
    """
    rows = _tables(subject).group_grant.objects.filter(
        content_object=subject, permission_id=_permission_ids(type(subject))[permission]
    )
    if to is not None:
        rows = rows.filter(group__in=list(to))
    rows.update(**columns)


def _follow(
    subject: models.Model,
    grants: type[Any],
    holder: str,
    live: Iterable[tuple[int, int, datetime | None]],
    columns: Mapping[str, Any],
) -> None:
    """Insert, change and delete grant rows of one kind until they equal the live bases."""
    wanted: dict[tuple[int, int], datetime | None] = {}
    for holder_id, permission_id, until in live:
        key = (holder_id, permission_id)
        if key not in wanted:
            wanted[key] = until
        elif wanted[key] is not None:
            # The longest reason decides: open-ended wins, else the later end.
            wanted[key] = None if until is None else max(wanted[key] or until, until)
    standing = {
        (getattr(row, holder), row.permission_id): row
        for row in grants.objects.filter(content_object=subject)
    }
    gone = [row.pk for key, row in standing.items() if key not in wanted]
    if gone:
        grants.objects.filter(pk__in=gone).delete()
    missing = [
        grants(
            content_object=subject,
            permission_id=key[1],
            until_at=until,
            **{holder: key[0], **columns},
        )
        for key, until in wanted.items()
        if key not in standing
    ]
    grants.objects.bulk_create(missing)
    # Rows of one end are changed together: usually all of them, in one statement.
    stale: dict[datetime | None, list[int]] = {}
    for key, until in wanted.items():
        values = {"until_at": until, **columns}
        row = standing.get(key)
        if row is not None and any(getattr(row, name) != value for name, value in values.items()):
            stale.setdefault(until, []).append(row.pk)
    for until, pks in stale.items():
        grants.objects.filter(pk__in=pks).update(until_at=until, **columns)


def _permission_ids(model: type[models.Model]) -> dict[str, int]:
    """Grant name ("see") to the id of guardian's permission row ("see_organisation")."""
    content_type = ContentType.objects.get_for_model(model)
    suffix = f"_{content_type.model}"
    return {
        codename.removesuffix(suffix): pk
        for codename, pk in AuthPermission.objects.filter(content_type=content_type).values_list(
            "codename", "pk"
        )
    }
