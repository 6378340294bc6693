"""Facilities, requests, incidents and local protocols at each stage, through the services."""

from datetime import date, timedelta
from typing import Any
from uuid import uuid4

from common.country import local_day
from partners.choices import Role
from partners.facility_choices import IncidentKind
from partners.models import (
    AccessAuthorisation,
    AccessIncident,
    AccessRequest,
    Facility,
    LocalProtocol,
)
from partners.protocol_workflow import PROTOCOL
from partners.services import facilities, protocols
from tests.support.cast import Cast, person, works_for


def day(cast: Cast, days: int = 0) -> date:
    return local_day(cast.at + timedelta(days=days))


def police_manager(cast: Cast) -> Any:
    """Decides about the facilities of the police."""
    if "police manager" not in cast.rows:
        before = cast.at - timedelta(hours=1)
        cast.rows["police manager"] = person("Police Manager", before)
        works_for(cast.rows["police manager"], cast.police, Role.MANAGER, before)
    return cast.rows["police manager"]


def facility(cast: Cast, *, name: str = "Reception centre (invented)", **facts: Any) -> Facility:
    """Of the police, in the north."""
    police_manager(cast)
    given = {"kind": "reception", "area": cast.area, "authority": cast.police, **facts}
    return facilities.enter_facility(
        client_key=uuid4(), by=cast.actor(cast.co_ordinator), at=cast.at, name=name, **given
    )


def asked(cast: Cast, place: Facility | None = None, **more: Any) -> AccessRequest:
    """By Lantern House, for ten days."""
    given = {"purpose": "identify", "from_on": day(cast), "until_on": day(cast, 10), **more}
    return facilities.ask_for_access(
        client_key=uuid4(), facility=place or facility(cast), by=cast.actor(cast.ngo_manager),
        at=cast.at, **given,
    )  # fmt: skip


def authorised(cast: Cast, place: Facility, **more: Any) -> AccessAuthorisation:
    given = {
        "organisation": cast.ngo, "legal_basis": "Invented rule 4", "from_on": day(cast),
        "until_on": day(cast, 100), "facility": place, **more,
    }  # fmt: skip
    return facilities.authorise(by=cast.actor(police_manager(cast)), at=cast.at, **given)


def incident(
    cast: Cast, place: Facility, kind: IncidentKind = IncidentKind.AT_THE_DOOR, on: int = 0
) -> AccessIncident:
    return facilities.report_incident(
        client_key=uuid4(), facility=place, kind=kind, words="The guard had a list without us.",
        on=day(cast, on), by=cast.actor(cast.ngo_caseworker), at=cast.at,
    )  # fmt: skip


def protocol(cast: Cast, *, signed: bool = True) -> LocalProtocol:
    """Kept by Lantern House, with Open Door; the chain leads to its own duty officer."""
    by, at = cast.actor(cast.ngo_manager), cast.at
    row = protocols.draft_protocol(
        client_key=uuid4(), by=by, at=at, title="The north at night (invented)", area=cast.area,
        procedure="Call first, then write.",
    )  # fmt: skip
    for organisation in (cast.ngo, cast.other_ngo):
        protocols.name_signatory(
            protocol=row, organisation=organisation, name="Ona Sample (invented person)",
            signed_on=day(cast) if signed else None, by=by, at=at,
        )  # fmt: skip
    protocols.add_step(
        protocol=row, what="Ask for a bed tonight", organisation=cast.ngo, contact=cast.contact,
        within="one hour", by=by, at=at,
    )  # fmt: skip
    protocols.add_step(
        protocol=row, what="Tell the drop-in centre", organisation=cast.other_ngo, by=by, at=at
    )
    return LocalProtocol.objects.get(pk=row.pk)


def in_force(cast: Cast) -> LocalProtocol:
    by = cast.actor(cast.ngo_manager)
    return PROTOCOL.apply(protocol(cast), "put_in_force", by=by, at=cast.at)
