"""The only code that writes grants: `grant`, `revoke`, `rederive`.

A basis says why; guardian's row says that. Whatever happens, the second follows from the first.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, fields
from datetime import datetime
from functools import cache
from typing import Any

from django.contrib.auth.models import Group
from django.contrib.auth.models import Permission as AuthPermission
from django.contrib.contenttypes.models import ContentType
from django.db import models, transaction
from django.db.models import Q

from accounts.models import User
from common.rowlock import beyond_sight
from partners.models import (
    Agreement,
    AgreementGrantBasis,
    AgreementGroupGrant,
    AgreementUserGrant,
    Location,
    LocationGrantBasis,
    LocationGroupGrant,
    LocationUserGrant,
    Organisation,
    OrganisationGrantBasis,
    OrganisationGroupGrant,
    OrganisationUserGrant,
    PointOfContact,
    PointOfContactGrantBasis,
    PointOfContactGroupGrant,
    PointOfContactUserGrant,
    RoleGroup,
)

#: The database lets nobody who serves people write grants: only this module does, as the system.
ROUTINE = beyond_sight("grants", is_routine=True)


class NotGrantable(ValueError):
    """The permission cannot be granted on this kind of row, or the kind is not registered."""


@dataclass(frozen=True)
class Standing:
    """A live basis, as far as a row follows from it."""

    subject_id: int
    group_id: int | None
    user_id: int | None
    permission: str
    reason: str
    until_at: datetime | None

    @classmethod
    def of(cls, basis: Any) -> "Standing":
        return cls(*(getattr(basis, each.name) for each in fields(cls)))


Barred = Callable[[Standing], bool]
"""Whether a basis gives nothing at present, though it stands: the subject is closed to it."""


def _bar_nothing(subjects: Sequence[Any]) -> Barred:
    return lambda standing: False


@dataclass(frozen=True)
class Grantable:
    """Where the grants on one model live."""

    basis: type[Any]
    group_grant: type[Any]
    user_grant: type[Any]
    #: Columns of the grant rows that repeat the subject's own, so that a list needs no join.
    columns: Callable[[Any], Mapping[str, Any]] = lambda subject: {}
    #: For a batch of subjects: which bases give nothing. A bounded number of queries.
    barred: Callable[[Sequence[Any]], Barred] = _bar_nothing
    #: For a batch of subjects: columns of `see` rows that differ from group to group, by
    #: (subject, group); `by_group_default` for a group that is not named.
    by_group: Callable[[Sequence[Any]], Mapping[tuple[int, int], Mapping[str, Any]]] = (
        lambda subjects: {}
    )
    by_group_default: Mapping[str, Any] = field(default_factory=dict)


_grantable: dict[type[models.Model], Grantable] = {
    Organisation: Grantable(OrganisationGrantBasis, OrganisationGroupGrant, OrganisationUserGrant),
    PointOfContact: Grantable(
        PointOfContactGrantBasis, PointOfContactGroupGrant, PointOfContactUserGrant
    ),
    Agreement: Grantable(AgreementGrantBasis, AgreementGroupGrant, AgreementUserGrant),
    Location: Grantable(LocationGrantBasis, LocationGroupGrant, LocationUserGrant),
}


def register(model: type[models.Model], grantable: Grantable) -> None:
    """Let a higher package grant on one of its models. Called once from its `apps.py`."""
    _grantable[model] = grantable


def grantable_models() -> dict[type[models.Model], Grantable]:
    """Every model that can be granted on, with where its grants live."""
    return dict(_grantable)


def tables_of(model: type[models.Model]) -> Grantable:
    """Where the grants on a model live. Raises NotGrantable."""
    try:
        return _grantable[model]
    except KeyError:
        raise NotGrantable(f"{model.__name__} cannot be granted on.") from None


@transaction.atomic
@ROUTINE
def grant(
    *,
    subject: models.Model,
    permissions: Iterable[str],
    to: Group | User | Iterable[Group | User],
    reason: str,
    by: User | None,
    at: datetime,
    until: datetime | None = None,
    is_new: bool = False,
) -> None:
    """Give groups or people permissions on one row, for one reason.

    Writes a basis for each holder and permission (an equal live one is kept) and guardian's rows.
    `is_new` says that the row was made in this transaction: nobody else can reach it, so nothing
    stands yet, nothing need be locked and nobody can have been kept out. Raises NotGrantable.
    """
    tables, wanted = tables_of(type(subject)), list(permissions)
    for permission in wanted:
        if permission not in tables.basis.allowed:
            raise NotGrantable(f"{permission!r} cannot be granted on {type(subject).__name__}.")
    bases = tables.basis.objects.filter(subject=subject, reason=reason, ended_at=None)
    standing = {
        (basis.group_id, basis.user_id, basis.permission): basis
        for basis in (() if is_new else bases)
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
    if is_new:
        rows = _following(tables, [subject], map(Standing.of, missing), barred=lambda _basis: False)
        _add(subject, tables.group_grant, "group_id", rows.of_groups)
        _add(subject, tables.user_grant, "user_id", rows.of_users)
    else:
        rederive(subject=subject, at=at)


@transaction.atomic
@ROUTINE
def revoke(
    *,
    subject: models.Model,
    to: Group | User,
    by: User | None,
    at: datetime,
    reason: str | None = None,
    permissions: Iterable[str] | None = None,
) -> int:
    """End the bases that match; guardian's rows go with the last one. Returns how many ended."""
    tables = tables_of(type(subject))
    holder = {"group": to} if isinstance(to, Group) else {"user": to}
    standing = tables.basis.objects.filter(subject=subject, ended_at=None, **holder)
    if reason is not None:
        standing = standing.filter(reason=reason)
    if permissions is not None:
        standing = standing.filter(permission__in=list(permissions))
    ended: int = standing.update(ended_at=at, ended_by=by)
    if isinstance(to, Group):
        _end_of_teams(tables.basis, subject, to, by=by, at=at)
    rederive(subject=subject, at=at)
    return ended


def _end_of_teams(
    basis: type[Any], subject: models.Model, group: Group, *, by: User | None, at: datetime
) -> None:
    """A team never holds more than its organisation: what no role's group holds any more ends."""
    roles = RoleGroup.objects.filter(organisation__role_groups__group=group).values("group")
    standing = basis.objects.filter(subject=subject, ended_at=None)
    held = set(standing.filter(group__in=roles).values_list("permission", flat=True))
    of_teams = standing.filter(group__team__organisation__role_groups__group=group)
    lost = list(of_teams.exclude(permission__in=held).values_list("pk", flat=True))
    if lost:
        basis.objects.filter(pk__in=lost).update(ended_at=at, ended_by=by)


@transaction.atomic
@ROUTINE
def rederive(*, subject: models.Model, at: datetime) -> None:
    """Make guardian's rows on one subject follow from its live bases. Safe at any time."""
    tables = tables_of(type(subject))
    # A single writer at a time per subject, so that two grants never both miss each other's basis.
    manager = type(subject)._default_manager
    subject = manager.select_for_update(of=("self",)).get(pk=subject.pk)
    wanted = wanted_rows([subject], at=at)
    _follow(subject, tables.group_grant, "group_id", wanted.of_groups)
    _follow(subject, tables.user_grant, "user_id", wanted.of_users)


Rows = dict[tuple[int, int, int], dict[str, Any]]
"""(subject, group or user, permission) → columns of the grant row."""


@dataclass(frozen=True)
class Wanted:
    """The grant rows that follow from what stands."""

    of_groups: Rows
    of_users: Rows


def wanted_rows(subjects: Sequence[Any], *, at: datetime) -> Wanted:
    """The grant rows some subjects of one model must have. One query and those of `barred`."""
    tables = tables_of(type(subjects[0]))
    keys = [subject.pk for subject in subjects]
    live = tables.basis.objects.filter(subject__in=keys, ended_at=None).filter(
        Q(until_at__isnull=True) | Q(until_at__gt=at)
    )
    names = [each.name for each in fields(Standing)]
    standing = (Standing(*row) for row in live.values_list(*names))
    return _following(tables, subjects, standing, barred=tables.barred(subjects))


def _following(
    tables: Grantable, subjects: Sequence[Any], live: Iterable[Standing], *, barred: Barred
) -> Wanted:
    """The grant rows that follow from live bases that are not barred."""
    known = {subject.pk: subject for subject in subjects}
    permission_ids = permission_ids_of(type(subjects[0]))
    wanted = Wanted({}, {})
    for standing in live:
        if barred(standing):
            continue
        rows = wanted.of_groups if standing.group_id is not None else wanted.of_users
        holder = standing.group_id or standing.user_id or 0
        key = (standing.subject_id, holder, permission_ids[standing.permission])
        columns = tables.columns(known[standing.subject_id])
        rows[key] = {"until_at": _later(rows, key, standing.until_at), **columns}
    return wanted


def _later(rows: Rows, key: tuple[int, int, int], until: datetime | None) -> datetime | None:
    """The longest reason decides: open-ended wins, else the later end."""
    if key not in rows:
        return until
    standing = rows[key]["until_at"]
    return None if standing is None or until is None else max(standing, until)


@transaction.atomic
@ROUTINE
def annotate(
    *, subject: models.Model, to: Iterable[Group | int] | None, permission: str, **columns: Any
) -> None:
    """Write columns that differ from group to group on the grant rows of one permission.

    For what a higher package lists by, such as the earliest deadline of that group. A group without
    the grant gets nothing; `to=None` means every group that has it.
    """
    rows = tables_of(type(subject)).group_grant.objects.filter(
        content_object=subject, permission_id=permission_ids_of(type(subject))[permission]
    )
    if to is not None:
        rows = rows.filter(group__in=list(to))
    rows.update(**columns)


def _follow(subject: models.Model, grants: type[Any], holder: str, wanted: Rows) -> None:
    """Insert, change and delete grant rows of one kind until they equal what is wanted."""
    standing = {
        (subject.pk, getattr(row, holder), row.permission_id): row
        for row in grants.objects.filter(content_object=subject)
    }
    gone = [row.pk for key, row in standing.items() if key not in wanted]
    if gone:
        grants.objects.filter(pk__in=gone).delete()
    missing = {key: columns for key, columns in wanted.items() if key not in standing}
    _add(subject, grants, holder, missing)
    # Rows of one end are changed together: usually all of them, in one statement.
    stale: dict[datetime | None, tuple[list[int], dict[str, Any]]] = {}
    for key, columns in wanted.items():
        row = standing.get(key)
        if row is not None and differs(row, columns):
            stale.setdefault(columns["until_at"], ([], columns))[0].append(row.pk)
    for pks, columns in stale.values():
        grants.objects.filter(pk__in=pks).update(**columns)


def _add(subject: models.Model, grants: type[Any], holder: str, rows: Rows) -> None:
    grants.objects.bulk_create(
        grants(content_object=subject, permission_id=key[2], **{holder: key[1], **columns})
        for key, columns in rows.items()
    )


def differs(row: Any, columns: Mapping[str, Any]) -> bool:
    """Whether a grant row says something else than it must."""
    return any(getattr(row, name) != value for name, value in columns.items())


@cache
def permission_ids_of(model: type[models.Model]) -> Mapping[str, int]:
    """Grant name ("see") to the id of guardian's permission row ("see_organisation").

    Asked once a process: only a migration makes such rows, and it forgets what was kept.
    """
    content_type = ContentType.objects.get_for_model(model)
    suffix = f"_{content_type.model}"
    return {
        codename.removesuffix(suffix): pk
        for codename, pk in AuthPermission.objects.filter(content_type=content_type).values_list(
            "codename", "pk"
        )
    }


def forget_permission_ids(**_signal: Any) -> None:
    """After a migration, and after a test has emptied the database."""
    permission_ids_of.cache_clear()
