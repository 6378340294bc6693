"""The registry of the bench: the few whose pages are measured, by the services that make people
and organisations, and the crowd around them by COPY. Everybody is invented."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from uuid import uuid4

from django.contrib.auth.models import Group
from django.contrib.auth.models import Permission as AuthPermission

from accounts.models import User
from accounts.services import open_account
from bench.copying import Rows, fresh_uuids, insert_from, set_sequences, text
from common.country import current
from partners.access import Actor, actor_for, system_actor
from partners.choices import Capacity, CsoClass, GrantReason, OrganisationKind, Role
from partners.models import (
    Area,
    HeldCapacity,
    Listing,
    Membership,
    Organisation,
    OrganisationGrantBasis,
    OrganisationGroupGrant,
    RoleGroup,
)
from partners.models.listing import ALL, NO_DEPUTY
from partners.services import memberships, organisations

REGIONS = 20
ROLES_OF_THE_CROWD = (Role.CASEWORKER, Role.MANAGER)


@dataclass
class Office:
    """An organisation as cases need it: its key, the groups of its roles, who works there."""

    pk: int
    uuid: str
    groups: dict[str, int]
    people: list[int] = field(default_factory=list)
    is_enforcement: bool = False


@dataclass
class Registry:
    """Who is there. `named` are the offices whose pages are measured; `crowd` all the others."""

    at: datetime
    named: dict[str, Office]
    users: dict[str, User]
    regions: list[int]
    crowd: list[Office] = field(default_factory=list)

    def actor(self, name: str, at: datetime | None = None) -> Actor:
        return actor_for(self.users[name], at=at or self.at, proved_at=at or self.at)

    @property
    def size(self) -> int:
        return len(self.named) + len(self.crowd)


#: Office → what it is, what it may do, and who works there in which role.
_NAMED: dict[str, tuple[OrganisationKind, tuple[Capacity, ...], tuple[tuple[str, Role], ...]]] = {
    "ministry": (
        OrganisationKind.STATE_AGENCY,
        (Capacity.CO_ORDINATION, Capacity.RAPPORTEUR),
        (("co_ordinator", Role.CO_ORDINATOR), ("rapporteur", Role.RAPPORTEUR)),
    ),
    "authority": (
        OrganisationKind.STATE_AGENCY,
        (Capacity.COMPETENT_AUTHORITY,),
        (("officer", Role.OFFICER),),
    ),
    "other authority": (
        OrganisationKind.STATE_AGENCY,
        (Capacity.COMPETENT_AUTHORITY,),
        (("other officer", Role.OFFICER),),
    ),
    "large": (
        OrganisationKind.CSO,
        (Capacity.FIRST_RESPONDER, Capacity.SERVICE_PROVIDER),
        (("large caseworker", Role.CASEWORKER), ("large manager", Role.MANAGER)),
    ),
    "small": (
        OrganisationKind.CSO,
        (Capacity.FIRST_RESPONDER,),
        # In two groups: what both see must be listed once.
        (("small manager", Role.MANAGER), ("small manager", Role.CASEWORKER)),
    ),
    "one": (OrganisationKind.CSO, (Capacity.FIRST_RESPONDER,), (("newcomer", Role.MANAGER),)),
    "police": (
        OrganisationKind.STATE_AGENCY,
        (Capacity.FIRST_RESPONDER,),
        (("police officer", Role.CASEWORKER), ("other police officer", Role.CASEWORKER)),
    ),
}


def found_registry(at: datetime) -> Registry:
    """The named offices and their people, by the services, a year before `at`."""
    before = at - timedelta(days=365)
    system = system_actor("bench", before)
    country = Area.objects.create(code="XX", name="Exampleland", level="country")
    regions = [
        Area.objects.create(code=f"XX-{n}", name=f"Region {n}", level="region", parent=country).pk
        for n in range(REGIONS)
    ]
    registry = Registry(at=at, named={}, users={}, regions=regions)
    for name, (kind, capacities, people) in _NAMED.items():
        organisation = organisations.found(
            name=f"{name.title()} (invented)",
            kind=kind,
            capacities=capacities,
            by=system,
            at=before,
            area_id=regions[0],
        )
        registry.named[name] = _staffed(registry, name, organisation, people, before)
    return registry


def _staffed(
    registry: Registry,
    name: str,
    organisation: Organisation,
    people: tuple[tuple[str, Role], ...],
    at: datetime,
) -> Office:
    office = Office(organisation.pk, str(organisation.uuid), {}, is_enforcement=name == "police")
    for person, role in people:
        if person not in registry.users:
            registry.users[person] = open_account(
                email=f"{person.replace(' ', '.')}@example.org",
                display_name=f"{person.title()} (invented person)",
                password=None,
                at=at,
            )
        user = registry.users[person]
        memberships.join(
            user=user,
            organisation=organisation,
            role=role,
            by=None,
            at=at,
            is_enforcement=office.is_enforcement,
        )
        office.people.append(user.pk)
    for role in {*ROLES_OF_THE_CROWD, *(role for _person, role in people)}:
        made = memberships.role_group(organisation=organisation, role=role, at=at)
        office.groups[role.value] = made.group_id
    return office


def add_crowd(registry: Registry, offices: int, people: int) -> None:
    """NGOs until there are `offices` of all kinds, and `people` who work for those added."""
    wanted = offices - registry.size
    if wanted <= 0:
        return
    at = registry.at - timedelta(days=300)
    stamp, founder = str(at), str(registry.users["co_ordinator"].pk)
    first = Organisation.objects.order_by("-pk").values_list("pk", flat=True)[0] + 1
    group = Group.objects.order_by("-pk").values_list("pk", flat=True)[0] + 1
    kinds = [kind for kind in OrganisationKind if kind != OrganisationKind.STATE_AGENCY]
    entries = Rows(
        Organisation,
        *("id", "uuid", "name", "kind", "cso_class", "area_id", "languages", "state"),
        *("created_at", "applied_at", "applied_by_id", "member_at", "member_by_id"),
    )
    held = Rows(HeldCapacity, "organisation_id", "capacity", "granted_at", "granted_by_id")
    groups = Rows(Group, "id", "name")
    role_groups = Rows(RoleGroup, "organisation_id", "role", "group_id")
    grants = Rows(OrganisationGroupGrant, "group_id", "permission_id", "content_object_id")
    permissions = _organisation_permissions()
    for n, uuid in enumerate(fresh_uuids(wanted)):
        pk = first + n
        entries.add(
            *(str(pk), uuid, f"Organisation {pk:05} (invented)", kinds[n % len(kinds)]),
            *(CsoClass.values[n % 6], str(registry.regions[n % REGIONS]), text(["en"]), "member"),
            *(stamp, stamp, founder, stamp, founder),
        )
        for capacity in _capacities(n):
            held.add(str(pk), capacity, stamp, founder)
        office = Office(pk, uuid, {})
        for role in ROLES_OF_THE_CROWD:
            groups.add(str(group), f"{uuid}:{role}")
            role_groups.add(str(pk), role, str(group))
            for codename in ("see", "edit") if role == Role.MANAGER else ("see",):
                grants.add(str(group), str(permissions[codename]), str(pk))
            office.groups[role.value] = group
            group += 1
        registry.crowd.append(office)
    for rows in (entries, held, groups, role_groups, grants):
        rows.send()
    _add_bases(stamp)
    _add_listings(first)
    _add_people(registry, registry.crowd[-wanted:], people, stamp)
    set_sequences([entries, groups])


def _capacities(n: int) -> list[Capacity]:
    """What the n-th of the crowd does; one in forty advises, one in two hundred watches."""
    usual = [Capacity.FIRST_RESPONDER, Capacity.SERVICE_PROVIDER][: 1 + n % 2]
    rare = [(Capacity.ADVISER, 40), (Capacity.WATCHDOG, 200)]
    return usual + [capacity for capacity, every in rare if n % every == 0]


def _add_listings(first: int) -> None:
    """The headings of the crowd from its first key on, as `services.listings` would write them.

    Nobody in the crowd has a point of contact, and nobody confirmed an entry since.
    """
    with_path = "FROM partners_organisation o JOIN partners_area a ON a.id = o.area_id"
    held_there = f"{with_path} JOIN partners_heldcapacity h ON h.organisation_id = o.id"
    each_code = "unnest(string_to_array(trim('/' from a.path), '/')) AS codes (code)"
    held = "JOIN partners_heldcapacity h ON h.organisation_id = o.id"
    headings = (
        (f"'{ALL}'", "FROM partners_organisation o"),
        (f"'{NO_DEPUTY}'", "FROM partners_organisation o"),
        ("'kind:' || o.kind", "FROM partners_organisation o"),
        ("'class:' || o.cso_class", "FROM partners_organisation o"),
        ("'language:' || l.code", "FROM partners_organisation o CROSS JOIN LATERAL "
         "jsonb_array_elements_text(o.languages) AS l(code)"),
        ("'capacity:' || h.capacity", f"FROM partners_organisation o {held}"),
        ("'area:' || codes.code", f"{with_path} CROSS JOIN LATERAL {each_code}"),
        ("'area:' || codes.code || '&capacity:' || h.capacity",
         f"{held_there} CROSS JOIN LATERAL {each_code}"),
    )  # fmt: skip
    for heading, source in headings:
        insert_from(
            Listing,
            {
                "organisation_id": "o.id",
                "heading": heading,
                "name": "o.name",
                "fresh_on": f"(o.member_at AT TIME ZONE '{current().time_zone}')::date",
            },
            f"{source} WHERE o.id >= %s",
            [first],
        )


def _organisation_permissions() -> dict[str, int]:
    found = AuthPermission.objects.filter(codename__endswith="_organisation")
    named = found.filter(content_type__app_label="partners").values_list("codename", "pk")
    return {codename.removesuffix("_organisation"): pk for codename, pk in named}


def _add_bases(stamp: str) -> None:
    """Each grant stands on a reason: written from the grants that have none yet."""
    insert_from(
        OrganisationGrantBasis,
        {
            "subject_id": "g.content_object_id",
            "group_id": "g.group_id",
            "permission": "split_part(p.codename, '_', 1)",
            "reason": f"'{GrantReason.OWN_ORGANISATION}'",
            "since_at": f"'{stamp}'::timestamptz",
        },
        "FROM partners_organisationgroupgrant g JOIN auth_permission p ON p.id = g.permission_id "
        "WHERE NOT EXISTS (SELECT FROM partners_organisationgrantbasis b "
        "WHERE b.subject_id = g.content_object_id AND b.group_id = g.group_id)",
    )


def _add_people(registry: Registry, offices: list[Office], number: int, stamp: str) -> None:
    """People dealt out in turn, each in one role with its group; nobody can sign in as them."""
    first = User.objects.order_by("-pk").values_list("pk", flat=True)[0] + 1
    users = Rows(User, "id", "email", "display_name", "password", "joined_at")
    roles = Rows(Membership, "user_id", "organisation_id", "role", "from_at")
    through = Rows(User.groups.through, "user_id", "group_id")
    for n in range(number):
        office = offices[n % len(offices)]
        role = Role.MANAGER if n % 3 == 0 else Role.CASEWORKER
        pk = str(first + n)
        users.add(pk, f"person.{uuid4().hex}@example.org", f"Person {pk} (invented)", "!", stamp)
        roles.add(pk, str(office.pk), role, stamp)
        through.add(pk, str(office.groups[role.value]))
        office.people.append(first + n)
    for rows in (users, roles, through):
        rows.send()
    set_sequences([users])
