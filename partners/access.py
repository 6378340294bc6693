"""Who may. The only file that answers it, for pages, the API, services and tasks.

*Is it possible now* is another question and the workflow's. Reads top to bottom as policy: what
each role may do, who is acting, and the two places that enforce the marks (here for the API, in
`partners/middleware.py` for pages).
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any, TypeVar
from uuid import UUID

from django.db import models
from django.db.models import OuterRef, Subquery
from django.http import Http404
from django.utils.translation import gettext as _
from rest_framework.permissions import BasePermission

from common.marks import NO_ROLE_NEEDED, Decision, Mark, Permission
from partners.choices import ROLE_NEEDS_CAPACITY, Capacity, OrganisationState, Role
from partners.models import HeldCapacity, Membership, Organisation, PointOfContact, RoleGroup

if TYPE_CHECKING:
    # rest_framework.views reads its settings, which name this module, when it is imported.
    from rest_framework.request import Request
    from rest_framework.views import APIView

    from accounts.models import User

P = Permission
M = TypeVar("M", bound=models.Model)

#: What a role may do once its organisation is a member.
ROLE_PERMISSIONS: dict[Role, frozenset[Permission]] = {
    # Logs referrals and follows them; knows the registry.
    Role.CASEWORKER: frozenset(
        {P.ORGANISATION_SEE, P.CONTACT_SEE, P.REFERRAL_MAKE, P.REFERRAL_SEE}
    ),
    # Answers for the organisation: its entry, its people, its tokens.
    Role.MANAGER: frozenset(
        {
            P.ORGANISATION_SEE,
            P.ORGANISATION_EDIT,
            P.ORGANISATION_APPLY,
            P.CONTACT_SEE,
            P.CONTACT_EDIT,
            P.MEMBERSHIP_MANAGE,
            P.FACTOR_RESET,
            P.TOKEN_MANAGE,
            P.REFERRAL_MAKE,
            P.REFERRAL_SEE,
        }
    ),
    # Decides on identification, in the authority or on the panel; sees what was sent there.
    Role.OFFICER: frozenset({P.ORGANISATION_SEE, P.CONTACT_SEE, P.REFERRAL_SEE, P.REFERRAL_DECIDE}),
    # Steers the mechanism: admits organisations, sees who answers; does not read cases.
    Role.CO_ORDINATOR: frozenset(
        {
            P.ORGANISATION_SEE,
            P.ORGANISATION_INVITE,
            P.ORGANISATION_REVIEW,
            P.FACTOR_RESET,
            P.CONTACT_SEE,
            P.REPORT_SEE,
            P.REFERRAL_STEER,
        }
    ),
    # Writes and publishes the figures, past ones too; needs no personal data.
    Role.RAPPORTEUR: frozenset(
        {P.ORGANISATION_SEE, P.CONTACT_SEE, P.REPORT_SEE, P.REPORT_BUILD, P.REFERRAL_IMPORT}
    ),
    # Pays for services; never sees a case.
    Role.FUNDER: frozenset({P.ORGANISATION_SEE, P.CONTACT_SEE}),
    # Keeps the system running; sees its health and nobody's data.
    Role.ADMINISTRATOR: frozenset({P.SYSTEM_HEALTH_SEE}),
}

#: What is left of it while the organisation is not (or no longer) a member.
BEFORE_ADMISSION = frozenset(
    {
        P.ORGANISATION_APPLY,
        P.ORGANISATION_EDIT,
        P.CONTACT_EDIT,
        P.MEMBERSHIP_MANAGE,
        P.FACTOR_RESET,
    }
)

#: A permission that counts only while the organisation holds the capacity, whatever the role.
PERMISSION_NEEDS_CAPACITY = {P.REFERRAL_MAKE: Capacity.FIRST_RESPONDER}

#: What a token may be given; everything else needs a person.
TOKEN_SCOPES = frozenset({P.ORGANISATION_SEE, P.CONTACT_SEE, P.REFERRAL_MAKE, P.REFERRAL_SEE})

#: Who may do what to a row of a package above this one: (actor, permission, row) → the answer.
Rule = Callable[[Any, Permission, Any], Decision]
_rules: dict[type[models.Model], Rule] = {}


def register_rule(model: type[M], rule: Rule) -> None:
    """Let a higher package answer for rows of its own. Called once from its `apps.py`.

    The rule is asked only when the actor's role includes the permission. Raises ValueError when
    another rule is registered already.
    """
    if _rules.setdefault(model, rule) is not rule:
        raise ValueError(f"Two rules say who may do what to a {model.__name__}.")


@dataclass(frozen=True)
class Choice:
    """One organisation the user could act for, as the switcher shows it."""

    organisation_uuid: UUID
    name: str
    is_current: bool


@dataclass(frozen=True)
class Actor:
    """Whoever acts, built once per request, task or command.

    A person acts for one organisation at a time: `group_ids` and `permissions` come from the
    memberships active now in that organisation and from no other.
    """

    at: datetime
    user: "User | None" = None
    organisation: Organisation | None = None
    memberships: tuple[Membership, ...] = ()
    group_ids: tuple[int, ...] = ()
    permissions: frozenset[Permission] = frozenset()
    proved_at: datetime | None = None
    system: str = ""
    choices: tuple[Choice, ...] = ()
    scopes: frozenset[Permission] | None = field(default=None)

    @property
    def user_id(self) -> int | None:
        return self.user.pk if self.user else None

    @property
    def organisation_id(self) -> int | None:
        return self.organisation.pk if self.organisation else None

    @property
    def label(self) -> str:
        """Who, for a person reading the page: a name, an organisation's or the system's."""
        if self.system:
            return self.system
        return self.user.display_name if self.user else ""

    @property
    def organisation_uuid(self) -> UUID | None:
        return self.organisation.uuid if self.organisation else None

    @property
    def membership_uuid(self) -> UUID | None:
        return self.memberships[0].uuid if self.memberships else None

    @property
    def is_enforcement(self) -> bool:
        return any(membership.is_enforcement for membership in self.memberships)

    def holds(self, *roles: Role) -> bool:
        return any(membership.role in roles for membership in self.memberships)


def anonymous(at: datetime) -> Actor:
    """Nobody in particular: sees what is public."""
    return Actor(at=at)


def system_actor(name: str, at: datetime) -> Actor:
    """The system itself under a name that the logs show, such as "sweep". Sees everything."""
    return Actor(at=at, system=name)


def actor_for(
    user: "User",
    *,
    at: datetime,
    organisation_uuid: UUID | str | None = None,
    proved_at: datetime | None = None,
    scopes: Iterable[Permission] | None = None,
    membership_uuid: UUID | None = None,
) -> Actor:
    """The user as an actor for one of their organisations, in one query.

    `organisation_uuid` is the choice made in the header; without one, or with one that no longer
    holds, the first organisation by name is taken. With `scopes` (a token) the permissions are
    those of the roles that are also in the scopes; with `membership_uuid` no other membership
    counts, and where it has ended the actor acts for nobody.
    """
    held = list(_active_memberships(user, at))
    if membership_uuid is not None:
        held = [membership for membership in held if membership.uuid == membership_uuid]
    chosen = _chosen(held, organisation_uuid)
    if chosen is None:
        return Actor(at=at, user=user, proved_at=proved_at, scopes=_scopes(scopes))
    mine = tuple(m for m in held if m.organisation_id == chosen.pk)
    permissions = permissions_of(mine)
    if scopes is not None:
        permissions &= frozenset(scopes) & TOKEN_SCOPES
    return Actor(
        at=at,
        user=user,
        organisation=chosen,
        memberships=mine,
        group_ids=tuple(sorted({m.group_id for m in mine if m.group_id})),  # type: ignore[attr-defined]
        permissions=permissions,
        proved_at=proved_at,
        choices=_choices(held, chosen),
        scopes=_scopes(scopes),
    )


def _scopes(scopes: Iterable[Permission] | None) -> frozenset[Permission] | None:
    return None if scopes is None else frozenset(scopes)


def _active_memberships(user: "User", at: datetime) -> models.QuerySet[Membership]:
    group = RoleGroup.objects.filter(
        organisation=OuterRef("organisation"), role=OuterRef("role")
    ).values("group_id")
    capacities = HeldCapacity.objects.held().filter(organisation=OuterRef("organisation"))
    return (
        Membership.objects.active(at)
        .filter(user=user)
        .select_related("organisation")
        .annotate(
            group_id=Subquery(group[:1]),
            co_ordinates=models.Exists(capacities.filter(capacity=Capacity.CO_ORDINATION)),
            reports=models.Exists(capacities.filter(capacity=Capacity.RAPPORTEUR)),
            funds=models.Exists(capacities.filter(capacity=Capacity.FUNDER)),
            responds=models.Exists(capacities.filter(capacity=Capacity.FIRST_RESPONDER)),
            decides=models.Exists(capacities.filter(capacity=Capacity.COMPETENT_AUTHORITY)),
        )
        .order_by("organisation__name", "organisation_id", "role")
    )


def permissions_of(memberships: Iterable[Membership]) -> frozenset[Permission]:
    """The permissions of annotated memberships in one organisation, capacities checked again."""
    permissions: set[Permission] = set()
    for membership in memberships:
        role = Role(membership.role)
        holds = {
            Capacity.CO_ORDINATION: getattr(membership, "co_ordinates", False),
            Capacity.RAPPORTEUR: getattr(membership, "reports", False),
            Capacity.FUNDER: getattr(membership, "funds", False),
            Capacity.FIRST_RESPONDER: getattr(membership, "responds", False),
            Capacity.COMPETENT_AUTHORITY: getattr(membership, "decides", False),
        }
        needed = ROLE_NEEDS_CAPACITY.get(role)
        if needed is not None and not holds[needed]:
            continue
        granted = ROLE_PERMISSIONS[role]
        if membership.organisation.state != OrganisationState.MEMBER:
            granted &= BEFORE_ADMISSION
        lacking = {p for p, capacity in PERMISSION_NEEDS_CAPACITY.items() if not holds[capacity]}
        permissions |= granted - lacking
    return frozenset(permissions)


def _chosen(held: list[Membership], wanted: UUID | str | None) -> Organisation | None:
    for membership in held:
        if str(membership.organisation.uuid) == str(wanted):
            return membership.organisation
    return held[0].organisation if held else None


def _choices(held: list[Membership], chosen: Organisation) -> tuple[Choice, ...]:
    seen: dict[int, Choice] = {}
    for membership in held:
        organisation = membership.organisation
        seen[organisation.pk] = Choice(
            organisation.uuid, organisation.display_name, organisation.pk == chosen.pk
        )
    return tuple(seen.values())


def may(actor: Any, permission: Permission, obj: models.Model | None = None) -> Decision:
    """May this actor do this, to this row where one is given?

    The row must be visible as well; an object type this file does not know raises TypeError.
    """
    if actor.system or permission == P.PUBLIC:
        return Decision(True)
    if actor.user_id is None:
        return Decision(False, _("Sign in first."))
    if permission in NO_ROLE_NEEDED:
        return Decision(True)
    if permission not in actor.permissions:
        return Decision(False, _("Your role in this organisation does not include this."))
    if obj is None:
        return Decision(True)
    return _may_to(actor, permission, obj)


def _may_to(actor: Any, permission: Permission, obj: models.Model) -> Decision:
    if isinstance(obj, Organisation):
        entries = Organisation.objects.filter(pk=obj.pk)
        if permission in {P.ORGANISATION_APPLY, P.ORGANISATION_EDIT, P.MEMBERSHIP_MANAGE}:
            allowed = entries.editable_by(actor).exists()
        elif permission == P.ORGANISATION_REVIEW:
            # Nobody reviews the organisation they work for.
            allowed = obj.pk != actor.organisation_id and entries.visible_to(actor).exists()
        else:
            allowed = entries.visible_to(actor).exists()
    elif isinstance(obj, PointOfContact):
        if permission == P.CONTACT_EDIT:
            allowed = obj.organisation_id == actor.organisation_id
        else:
            allowed = PointOfContact.objects.filter(pk=obj.pk).visible_to(actor).exists()
    elif isinstance(obj, Membership):
        allowed = Membership.objects.filter(pk=obj.pk).visible_to(actor).exists()
    elif (rule := _rules.get(type(obj))) is not None:
        return rule(actor, permission, obj)
    else:
        raise TypeError(f"partners.access does not know who may do what to {type(obj).__name__}.")
    return Decision(allowed, "" if allowed else _("This belongs to another organisation."))


def get_or_404(queryset: models.QuerySet[M], actor: Any, **lookup: Any) -> M:
    """The one row the lookup names among those visible to the actor; Http404 otherwise.

    The only way a view gets an object from a URL: what one may not see does not exist.
    """
    visible: models.QuerySet[M] = queryset.visible_to(actor)  # type: ignore[attr-defined]
    row = visible.filter(**lookup).first()
    if row is None:
        raise Http404
    return row


class ApiPermission(BasePermission):
    """Default deny for the API: a view answers only methods it has a mark for.

    An API view says `marks = {"GET": Permission.X}`; the actor's permissions are those of the
    token's membership narrowed to its scopes.
    """

    def has_permission(self, request: "Request", view: "APIView") -> bool:
        mark = api_mark(view, request.method or "")
        actor = getattr(request, "actor", None)
        if mark is None or actor is None:
            return False
        return bool(may(actor, mark.permission))


def api_mark(view: "APIView | type[APIView]", method: str) -> Mark | None:
    """The mark an API view carries for a method (HEAD follows GET), or None."""
    marks: dict[str, Permission] = getattr(view, "marks", {})
    permission = marks.get("GET" if method == "HEAD" else method)
    return None if permission is None else Mark(permission)
