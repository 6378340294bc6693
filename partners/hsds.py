"""The open directory in the form of HSDS 3.0 (openreferral/specification, 3.0): public part only.

Rows come from `ServiceOffer.public()` and from nowhere else: published, shown, in use, of a listed
member, and nowhere confidential. Numbers of places are not part of it.
"""

from collections.abc import Iterable, Mapping
from datetime import date, datetime
from typing import Any
from uuid import UUID, uuid5

from django.db.models import Exists, OuterRef, Q
from django.utils import timezone

from common.country import current
from partners.choices import OrganisationState
from partners.choices_places import Accessibility, Eligibility, Operating, ReferralRoute
from partners.languages import language_name
from partners.models import Location, Organisation, ServiceOffer

VERSION = "3.0"
PROFILE_URL = "https://docs.openreferral.org/en/v3.0.1/"
OPENAPI_URL = "https://raw.githubusercontent.com/openreferral/specification/3.0/schema/openapi.json"
#: One taxonomy: the country's kinds of service.
TAXONOMY = UUID("6f0a3c1e-8a53-5f0e-9a42-2f6d0e6a9b11")
PER_PAGE, MOST_PER_PAGE = 50, 500
STATUS = {
    Operating.FULL: "active",
    Operating.REDUCED: "active",
    Operating.REMOTE: "active",
    Operating.SUSPENDED: "temporarily closed",
    Operating.CLOSED: "inactive",
}
Json = dict[str, Any]


# --- which rows -----------------------------------------------------------------------------------


def services() -> Any:
    """Every public service with what its record says, at a constant number of queries."""
    rows = ServiceOffer.objects.public().select_related(
        "organisation", "kind", "location__area__parent__parent"
    )
    sealed = ("location__data_key", "location__secret_label_ct", "location__whereabouts_ct")
    return rows.defer(*sealed).prefetch_related("areas").order_by("name", "id")


def organisations() -> Any:
    """Listed members that have a public service; what others are listed for is the members'."""
    offers = ServiceOffer.objects.public().filter(organisation=OuterRef("pk"))
    listed = Organisation.objects.filter(state=OrganisationState.MEMBER, is_listed=True)
    return listed.filter(Exists(offers)).order_by("name", "id")


def narrowed(rows: Any, asked: Mapping[str, str]) -> Any:
    """The filters of the standard, each taking something away. Raises ValueError for a bad one."""
    if text := asked.get("search", "")[:100]:
        rows = rows.filter(Q(name__icontains=text) | Q(description__icontains=text))
    if term := asked.get("taxonomy_term_id"):
        rows = rows.filter(kind__uuid=UUID(term))
    if (taxonomy := asked.get("taxonomy_id")) and UUID(taxonomy) != TAXONOMY:
        rows = rows.none()
    if home := asked.get("organization_id"):
        rows = rows.filter(organisation__uuid=UUID(home))
    if after := asked.get("modified_after"):
        moment = datetime.fromisoformat(after)
        aware = moment if timezone.is_aware(moment) else timezone.make_aware(moment)
        rows = rows.filter(changed_at__gte=aware)
    return rows


def page_of(rows: Any, asked: Mapping[str, str]) -> tuple[Json, list[Any]]:
    """The standard's Page without its contents, and the rows of it.

    Pages have numbers in the standard. The keys of all rows are read (a directory has some
    thousands at most), so nothing is skipped by OFFSET. Raises ValueError for a bad number.
    """
    number = int(asked.get("page") or 1)
    size = min(int(asked.get("per_page") or PER_PAGE), MOST_PER_PAGE)
    if number < 1 or size < 1:
        raise ValueError("page and per_page begin at 1")
    keys = list(rows.values_list("pk", flat=True))
    pages = max(1, -(-len(keys) // size))
    wanted = keys[(number - 1) * size : number * size]
    found = {row.pk: row for row in rows.filter(pk__in=wanted)} if wanted else {}
    shown = [found[key] for key in wanted if key in found]
    return {
        "total_items": len(keys),
        "total_pages": pages,
        "page_number": number,
        "size": len(shown),
        "first_page": number == 1,
        "last_page": number >= pages,
        "empty": not shown,
    }, shown


# --- records --------------------------------------------------------------------------------------


def organisation_record(organisation: Organisation) -> Json:
    """An organisation as `organization_list.json` has it."""
    return _given(
        {
            "id": str(organisation.uuid),
            "name": organisation.name,
            "alternate_name": organisation.short_name,
            "description": organisation.description or organisation.name,
            "website": organisation.website,
        }
    )


def brief_record(offer: ServiceOffer, on: date) -> Json:
    """A service as `service_list.json` has it: what has one value, and its organisation."""
    return _given(
        {
            "id": str(offer.uuid),
            "organization_id": str(offer.organisation.uuid),
            "name": offer.name,
            "description": offer.description,
            "status": STATUS[offer.works(on)],
            "application_process": _way(offer),
            "eligibility_description": _labels(offer.eligibility, Eligibility),
            "minimum_age": offer.minimum_age,
            "maximum_age": offer.maximum_age,
            "assured_date": offer.assured_on.isoformat() if offer.assured_on else "",
            "licenses": offer.licence,
            "last_modified": offer.changed_at.isoformat(),
            "organization": organisation_record(offer.organisation),
        }
    )


def full_record(offer: ServiceOffer, on: date) -> Json:
    """A service as `service.json` has it, with everything that hangs on it."""
    key = str(offer.uuid)
    record = brief_record(offer, on)
    record["phones"] = [
        {"id": _id(offer, "phone"), "service_id": key, "number": number, "type": "voice"}
        for number in [offer.duty_number]
        if number
    ]
    record["schedules"] = [
        {"id": _id(offer, "schedule"), "service_id": key, "description": hours}
        for hours in [offer.hours]
        if hours
    ]
    record["service_areas"] = [
        {"id": _id(offer, f"area {area.code}"), "service_id": key, "name": area.name}
        for area in offer.areas.all()
    ]
    record["languages"] = [
        {
            "id": _id(offer, f"language {code}"),
            "service_id": key,
            "code": code,
            "name": language_name(code),
        }
        for code in offer.languages
    ]
    record["attributes"] = [_attribute(offer)]
    record["service_at_locations"] = [
        {
            "id": _id(offer, "at location"),
            "service_id": key,
            "location_id": str(place.uuid),
            "location": _location(place, offer),
        }
        for place in [offer.location]
        # Asked again although the rows hold none: a query somebody changes must not open a door.
        if place is not None and not place.is_confidential
    ]
    return record


def minimal_record(offer: ServiceOffer) -> Json:
    return {"id": str(offer.uuid), "modified_date": offer.changed_at.isoformat()}


def _attribute(offer: ServiceOffer) -> Json:
    kind = offer.kind
    return {
        "id": _id(offer, "kind"),
        "link_id": str(offer.uuid),
        "link_entity": "service",
        "taxonomy_term_id": str(kind.uuid),
        "taxonomy_term": {
            "id": str(kind.uuid),
            "code": kind.code,
            "name": kind.name,
            "description": kind.standard_code or kind.name,
            "taxonomy_id": str(TAXONOMY),
        },
    }


def _location(place: Location, offer: ServiceOffer) -> Json:
    key = str(place.uuid)
    address = {
        "id": str(uuid5(place.uuid, "address")),
        "location_id": key,
        "address_1": place.street,
        "city": place.city,
        "state_province": place.area.region().name if place.area else "",
        "postal_code": place.postal_code,
        "country": current().iso_code,
        "address_type": "physical",
    }
    said = _labels(offer.accessibility, Accessibility)
    access = {"id": _id(offer, "accessibility"), "location_id": key, "description": said}
    return {
        "id": key,
        "location_type": "physical",
        "name": place.label or offer.organisation.name,
        "addresses": [address],
        "accessibility": [access] if said else [],
    }


def _way(offer: ServiceOffer) -> str:
    label = str(ReferralRoute(offer.route).label)
    return f"{label}. {offer.route_words}" if offer.route_words else label


def _labels(codes: Iterable[str], choices: Any) -> str:
    return ", ".join(str(choices(code).label) for code in codes)


def _given(record: Json) -> Json:
    """Without what was not said: the standard's fields are texts and numbers, never null."""
    return {key: value for key, value in record.items() if value not in ("", None)}


def _id(offer: ServiceOffer, part: str) -> str:
    """The same part of the same service has the same id in every answer."""
    return str(uuid5(offer.uuid, part))
