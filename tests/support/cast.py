"""The cast: plainly invented people and organisations, at least two of each, so that leaks show."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from accounts.models import User
from accounts.services import open_account
from partners.access import Actor, actor_for, system_actor
from partners.choices import Capacity, Conduct, Level, OrganisationKind, Role
from partners.models import Area, Membership, Organisation, PointOfContact
from partners.services import contacts, memberships, organisations

#: Stands in every person's name, so that a name is found wherever it must not be.
PERSON = "(invented person)"
PASSWORD = "a quiet river under the old bridge"


@dataclass
class Cast:
    """Who is on stage. `ngo` and `other_ngo` are members; `applying` has sent nothing."""

    at: datetime
    ministry: Organisation
    ngo: Organisation
    other_ngo: Organisation
    unlisted_ngo: Organisation
    fund: Organisation
    applying: Organisation
    authority: Organisation
    police: Organisation
    co_ordinator: User
    second_co_ordinator: User
    administrator: User
    rapporteur: User
    ngo_manager: User
    ngo_caseworker: User
    other_manager: User
    unlisted_manager: User
    funder: User
    applicant: User
    former: User
    stranger: User
    without_factor: User
    officer: User
    second_officer: User
    police_officer: User
    contact: PointOfContact
    deputy: PointOfContact
    other_contact: PointOfContact
    area: Area
    rows: dict[str, Any] = field(default_factory=dict)

    def actor(self, user: User, at: datetime | None = None) -> Actor:
        return actor_for(user, at=at or self.at, proved_at=at or self.at)


def person(name: str, at: datetime) -> User:
    return open_account(
        email=f"{name.lower().replace(' ', '.')}@example.org",
        display_name=f"{name} {PERSON}",
        password=PASSWORD,
        at=at,
    )


def works_for(
    user: User, organisation: Organisation, role: Role, at: datetime, **more: Any
) -> Membership:
    return memberships.join(user=user, organisation=organisation, role=role, by=None, at=at, **more)


def assemble(at: datetime) -> Cast:
    """Put everybody on stage, an hour before `at`."""
    before = at - timedelta(hours=1)
    system = system_actor("tests", before)
    country = Area.objects.create(code="XX", name="Exampleland", level="country")
    area = Area.objects.create(code="XX-N", name="North", level="region", parent=country)

    def member(
        name: str, kind: OrganisationKind, *capacities: Capacity, **more: Any
    ) -> Organisation:
        return organisations.found(
            name=name, kind=kind, capacities=capacities, by=system, at=before, area=area, **more
        )

    kinds = OrganisationKind
    ministry = member(
        "Ministry of the Interior (invented)",
        kinds.STATE_AGENCY,
        Capacity.CO_ORDINATION,
        Capacity.RAPPORTEUR,
    )
    provider = (Capacity.FIRST_RESPONDER, Capacity.SERVICE_PROVIDER)
    ngo = member("Lantern House (invented)", kinds.CSO, *provider)
    other_ngo = member("Open Door (invented)", kinds.CSO, *provider)
    unlisted = member("Quiet Harbour (invented)", kinds.CSO, *provider, is_listed=False)
    fund = member("Bridge Fund (invented)", kinds.STATE_AGENCY, Capacity.FUNDER)
    authority = member(
        "Identification Office (invented)", kinds.STATE_AGENCY, Capacity.COMPETENT_AUTHORITY
    )
    police = member("Police Unit (invented)", kinds.STATE_AGENCY, Capacity.FIRST_RESPONDER)

    people = {
        name: person(name.replace("_", " ").title(), before)
        for name in (
            "co_ordinator", "second_co_ordinator", "administrator", "rapporteur", "ngo_manager",
            "ngo_caseworker", "other_manager", "unlisted_manager", "funder", "applicant", "former",
            "stranger", "without_factor", "officer", "second_officer", "police_officer",
        )
    }  # fmt: skip
    works_for(people["co_ordinator"], ministry, Role.CO_ORDINATOR, before)
    works_for(people["second_co_ordinator"], ministry, Role.CO_ORDINATOR, before)
    works_for(people["administrator"], ministry, Role.ADMINISTRATOR, before)
    works_for(people["rapporteur"], ministry, Role.RAPPORTEUR, before)
    works_for(people["ngo_manager"], ngo, Role.MANAGER, before)
    works_for(people["without_factor"], ngo, Role.MANAGER, before)
    works_for(people["ngo_caseworker"], ngo, Role.CASEWORKER, before)
    works_for(people["other_manager"], other_ngo, Role.MANAGER, before)
    works_for(people["unlisted_manager"], unlisted, Role.MANAGER, before)
    works_for(people["funder"], fund, Role.FUNDER, before)
    works_for(people["officer"], authority, Role.OFFICER, before)
    works_for(people["second_officer"], authority, Role.OFFICER, before)
    works_for(people["police_officer"], police, Role.CASEWORKER, before, is_enforcement=True)
    ended = works_for(people["former"], ngo, Role.CASEWORKER, before)
    memberships.end_membership(membership=ended, by=actor_for(people["ngo_manager"], at=at), at=at)

    co_ordinator = actor_for(people["co_ordinator"], at=before)
    applying, invitation = organisations.invite_to_apply(
        name="New Path (invented)",
        kind=kinds.CSO,
        email=people["applicant"].email,
        by=co_ordinator,
        at=before,
    )
    memberships.accept_invitation(invitation=invitation, user=people["applicant"], at=before)

    manager = actor_for(people["ngo_manager"], at=before)
    contact = contacts.enter_contact(
        organisation=ngo,
        channels=[("phone", "+000 111"), ("email", "duty@example.org")],
        by=manager,
        at=before,
        person_name=f"Ada Example {PERSON}",
        post="Duty officer",
    )
    deputy = contacts.enter_contact(
        organisation=ngo,
        channels=[("phone", "+000 222")],
        by=manager,
        at=before,
        deputy_for=contact,
        person_name=f"Ben Example {PERSON}",
    )
    other_contact = contacts.enter_contact(
        organisation=unlisted,
        channels=[("phone", "+000 333")],
        by=actor_for(people["unlisted_manager"], at=before),
        at=before,
        person_name=f"Cleo Example {PERSON}",
    )
    return Cast(
        at=at,
        ministry=ministry,
        ngo=ngo,
        other_ngo=other_ngo,
        unlisted_ngo=unlisted,
        fund=fund,
        applying=applying,
        authority=authority,
        police=police,
        contact=contact,
        deputy=deputy,
        other_contact=other_contact,
        area=area,
        **people,
    )


def fill_in(organisation: Organisation, manager: User, at: datetime) -> Organisation:
    """Answer everything an application needs, as its manager."""
    by = actor_for(manager, at=at)
    organisation = Organisation.objects.get(pk=organisation.pk)
    organisation = organisations.save_answers(
        organisation=organisation,
        by=by,
        at=at,
        version=organisation.version,
        cso_class="specialised_service",
        level=Level.REGIONAL,
        registration_number="R-100",
        description="Shelter and legal advice.",
        area=Area.objects.get(code="XX-N"),
        languages=["en"],
        email="office@example.org",
        conduct=dict.fromkeys(Conduct.values, "yes"),
    )
    organisation = organisations.ask_for_capacities(
        organisation=organisation,
        capacities=[Capacity.FIRST_RESPONDER, Capacity.SERVICE_PROVIDER],
        by=by,
        at=at,
        version=organisation.version,
    )
    post = contacts.enter_contact(
        organisation=organisation,
        channels=[("phone", "+000 444")],
        by=by,
        at=at,
        person_name=f"Dora Example {PERSON}",
    )
    contacts.enter_contact(
        organisation=organisation,
        channels=[("phone", "+000 555")],
        by=by,
        at=at,
        deputy_for=post,
        person_name=f"Emil Example {PERSON}",
    )
    return organisation
