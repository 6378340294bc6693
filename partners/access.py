"""Who may. The only file that answers it, for pages, the API, services and tasks.

*Is it possible now* is another question and the workflow's. Reads top to bottom as policy: who
is acting, what each role may do (`partners/roles.py`), and the two places that enforce the marks
(here for the API, in `partners/middleware.py` for pages).
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import datetime
from functools import cache
from typing import TYPE_CHECKING, Any, TypeVar
from uuid import UUID

from django.db import models
from django.db.models import OuterRef, Subquery
from django.http import Http404
from django.utils.translation import gettext as _
from rest_framework.permissions import BasePermission

from accounts.factors import factors_of
from common.marks import NO_ROLE_NEEDED, Decision, Mark, Permission
from partners.choices import ROLE_NEEDS_CAPACITY, OrganisationState, Role
from partners.models import (
    ChangeRequest,
    Emergency,
    HeldCapacity,
    Location,
    Membership,
    Organisation,
    PanelSeat,
    PlaceCount,
    PlaceHold,
    PointOfContact,
    Proceeding,
    RecurringRequest,
    RequestAnswer,
    RequestRound,
    RoleGroup,
    ServiceOffer,
)
from partners.roles import (
    BEFORE_ADMISSION,
    OWN_FILES,
    PERMISSION_NEEDS_CAPACITY,
    ROLE_PERMISSIONS,
    SCOPE_HOLDS,
    TOKEN_SCOPES,
    WHILE_SUSPENDED,
)

if TYPE_CHECKING:
    # rest_framework.views reads its settings, which name this module, when it is imported.
    from rest_framework.request import Request
    from rest_framework.views import APIView

    from accounts.models import User

P = Permission
M = TypeVar("M", bound=models.Model)

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

    A person acts for one organisation at a time: groups and `permissions` come from the
    memberships active now in that organisation and from no other. `group_ids` open files: of a
    membership that sees a team's or its own cases only, that is the team's group and not the
    role's. `role_group_ids` open the registry, which everybody in a role sees alike.
    """

    at: datetime
    user: "User | None" = None
    organisation: Organisation | None = None
    memberships: tuple[Membership, ...] = ()
    group_ids: tuple[int, ...] = ()
    role_group_ids: tuple[int, ...] = ()
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
    def has_factor(self) -> bool | None:
        """Whether the person has a second factor; None where no membership told."""
        return next((getattr(each, "has_factor", None) for each in self.memberships), None)

    @property
    def in_emergency(self) -> bool:
        """Whether an emergency stands where the organisation acted for works."""
        return any(getattr(each, "in_emergency", False) for each in self.memberships)

    @property
    def is_enforcement(self) -> bool:
        return any(membership.is_enforcement for membership in self.memberships)

    @property
    def own_files_only(self) -> bool:
        """Whether nothing but the files its organisation keeps is open: while it is suspended."""
        state = self.organisation.state if self.organisation else ""
        return state == OrganisationState.SUSPENDED

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
    if user.is_locked(at):
        return Actor(at=at, user=user, proved_at=proved_at, scopes=_scopes(scopes))
    held = list(_active_memberships(user, at))
    if membership_uuid is not None:
        held = [membership for membership in held if membership.uuid == membership_uuid]
    chosen = _chosen(held, organisation_uuid)
    if chosen is None:
        return Actor(at=at, user=user, proved_at=proved_at, scopes=_scopes(scopes))
    mine = tuple(m for m in held if m.organisation_id == chosen.pk)
    permissions = permissions_of(mine, at)
    if scopes is not None:
        permissions &= _held_by(scopes)
        if chosen.state == OrganisationState.SUSPENDED:
            permissions = frozenset()
    return Actor(
        at=at,
        user=user,
        organisation=chosen,
        memberships=mine,
        group_ids=_groups(m.team_group_id if m.team_id else m.group_id for m in mine),  # type: ignore[attr-defined]
        role_group_ids=_groups(m.group_id for m in mine),  # type: ignore[attr-defined]
        permissions=permissions,
        proved_at=proved_at,
        choices=_choices(held, chosen),
        scopes=_scopes(scopes),
    )


def actors_of(user: "User", at: datetime) -> list[Actor]:
    """The user as an actor for each of their organisations, without proof: for what they read
    outside a session, such as a calendar feed."""
    first = actor_for(user, at=at)
    others = [choice.organisation_uuid for choice in first.choices if not choice.is_current]
    return [first, *(actor_for(user, at=at, organisation_uuid=uuid) for uuid in others)]


def _groups(ids: Iterable[int | None]) -> tuple[int, ...]:
    return tuple(sorted({pk for pk in ids if pk}))


def _held_by(scopes: Iterable[Permission]) -> frozenset[Permission]:
    """The permissions that a token's scopes let through."""
    known = frozenset(scopes) & TOKEN_SCOPES
    return known.union(*(SCOPE_HOLDS.get(scope, frozenset()) for scope in known))


def _scopes(scopes: Iterable[Permission] | None) -> frozenset[Permission] | None:
    return None if scopes is None else frozenset(scopes)


class _Joined(models.Aggregate):
    """The values of a group as one text, with commas between."""

    function = "GROUP_CONCAT"
    output_field = models.TextField()

    def as_postgresql(self, compiler: Any, connection: Any, **context: Any) -> Any:
        template = "STRING_AGG(%(expressions)s, ',')"
        return self.as_sql(compiler, connection, template=template, **context)


@cache
def _annotated_memberships() -> models.QuerySet[Membership]:
    """Memberships with what decides their permissions. Every request asks for it: only who and
    when is added each time, the rest of the query is put together once."""
    group = RoleGroup.objects.filter(
        organisation=OuterRef("organisation"), role=OuterRef("role")
    ).values("group_id")
    capacities = HeldCapacity.objects.held().filter(organisation=OuterRef("organisation"))
    joined = capacities.order_by().values("organisation").annotate(all=_Joined("capacity"))
    return (
        Membership.objects.select_related("organisation")
        .annotate(
            group_id=Subquery(group[:1]),
            team_group_id=models.F("team__group_id"),
            capacities_held=Subquery(joined.values("all")),
            has_factor=models.Exists(factors_of(OuterRef("user"))),
        )
        .order_by("organisation__name", "organisation_id", "role")
    )


def _active_memberships(user: "User", at: datetime) -> models.QuerySet[Membership]:
    emergency = Emergency.objects.on(at).over(OuterRef("organisation__area__path"))
    held: models.QuerySet[Membership] = _annotated_memberships().active(at)  # type: ignore[attr-defined]
    return held.filter(user=user).annotate(in_emergency=models.Exists(emergency))


def permissions_of(memberships: Iterable[Membership], at: datetime) -> frozenset[Permission]:
    """The permissions of annotated memberships in one organisation, capacities checked again."""
    permissions: set[Permission] = set()
    for membership in memberships:
        role = Role(membership.role)
        held = (getattr(membership, "capacities_held", None) or "").split(",")
        needed = ROLE_NEEDS_CAPACITY.get(role)
        if needed is not None and needed not in held:
            continue
        granted = ROLE_PERMISSIONS[role] & left_to(membership.organisation, at)
        lacking = {p for p, needed in PERMISSION_NEEDS_CAPACITY.items() if needed not in held}
        permissions |= granted - lacking
    return frozenset(permissions)


def left_to(organisation: Organisation, at: datetime) -> frozenset[Permission]:
    """What the people of an organisation may do at most, where it stands with the mechanism."""
    match organisation.state:
        case OrganisationState.MEMBER:
            return frozenset(P)
        case OrganisationState.SUSPENDED:
            until = organisation.files_until_at
            is_open = until is not None and until > at
            return WHILE_SUSPENDED if is_open else WHILE_SUSPENDED - OWN_FILES
        case OrganisationState.LEFT:
            return frozenset()
        case _:
            return BEFORE_ADMISSION


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
    if permission == P.PANEL_SIT:
        return _seated(actor, obj)
    if permission not in actor.permissions:
        return Decision(False, _("Your role in this organisation does not include this."))
    if obj is None:
        return Decision(True)
    return _may_to(actor, permission, obj)


def _seated(actor: Any, obj: models.Model | None) -> Decision:
    """A seat of the actor's own, with a vote where it is about one proceeding or organisation."""
    seats = PanelSeat.objects.sat_on_by(actor)
    if isinstance(obj, Proceeding):
        seats = seats.filter(proceeding=obj, instance=obj.instance, has_vote=True)
    elif isinstance(obj, Organisation):
        seats = seats.filter(proceeding__organisation=obj, has_vote=True)
    elif obj is not None:
        raise TypeError(f"No panel decides about a {type(obj).__name__}.")
    return Decision(seats.exists(), _("You were not named to this panel."))


def _may_to(actor: Any, permission: Permission, obj: models.Model) -> Decision:
    if isinstance(obj, Organisation):
        entries = Organisation.objects.filter(pk=obj.pk)
        if permission == P.ORGANISATION_SPEAK:
            allowed = obj.pk == actor.organisation_id
        elif permission in {P.ORGANISATION_APPLY, P.ORGANISATION_EDIT, P.MEMBERSHIP_MANAGE}:
            allowed = entries.editable_by(actor).exists()
        elif permission == P.ORGANISATION_REVIEW:
            # Nobody reviews the organisation they work for.
            allowed = obj.pk != actor.organisation_id and entries.visible_to(actor).exists()
        else:
            allowed = entries.visible_to(actor).exists()
    elif isinstance(obj, Proceeding):
        about_us = obj.organisation_id == actor.organisation_id
        allowed = about_us == (permission == P.ORGANISATION_SPEAK)
    elif isinstance(obj, ChangeRequest):
        about_us = obj.organisation_id == actor.organisation_id
        if permission == P.ORGANISATION_REVIEW:
            # Of the reviewers' own organisation a colleague decides: there is nobody above them.
            allowed = not about_us or obj.asked_by_id != actor.user_id
        else:
            allowed = about_us
    elif isinstance(obj, PointOfContact):
        if permission == P.CONTACT_EDIT:
            allowed = obj.organisation_id == actor.organisation_id
        else:
            allowed = PointOfContact.objects.filter(pk=obj.pk).visible_to(actor).exists()
    elif isinstance(obj, ServiceOffer):
        if permission in {P.SERVICE_EDIT, P.PLACE_UPDATE}:
            allowed = obj.organisation_id == actor.organisation_id
        else:
            allowed = ServiceOffer.objects.filter(pk=obj.pk).visible_to(actor).exists()
    elif isinstance(obj, Location):
        locations = Location.objects.filter(pk=obj.pk)
        editing = permission == P.SERVICE_EDIT
        seen = locations.editable_by(actor) if editing else locations.visible_to(actor)
        allowed = seen.exists()
    elif isinstance(obj, PlaceCount):
        allowed = PlaceCount.objects.filter(pk=obj.pk).visible_to(actor).exists()
    elif isinstance(obj, PlaceHold):
        ours = obj.organisation_id == actor.organisation_id
        theirs = obj.count.offer.organisation_id == actor.organisation_id
        allowed = ours if permission == P.PLACE_HOLD else theirs
    elif isinstance(obj, Membership):
        allowed = Membership.objects.filter(pk=obj.pk).visible_to(actor).exists()
    elif isinstance(obj, RecurringRequest | RequestRound | RequestAnswer):
        allowed = _asker_or_asked(permission, obj) == actor.organisation_id
    elif (rule := _rules.get(type(obj))) is not None:
        return rule(actor, permission, obj)
    else:
        raise TypeError(f"partners.access does not know who may do what to {type(obj).__name__}.")
    return Decision(allowed, "" if allowed else _("This belongs to another organisation."))


def _asker_or_asked(
    permission: Permission, obj: RecurringRequest | RequestRound | RequestAnswer
) -> int:
    """Whose act it is: the asker's, but for what somebody asked says to it."""
    if isinstance(obj, RequestAnswer):
        answers = permission == P.REQUEST_SEE
        return obj.organisation_id if answers else obj.round.request.organisation_id
    return obj.organisation_id if isinstance(obj, RecurringRequest) else obj.request.organisation_id


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
