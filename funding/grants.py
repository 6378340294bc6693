"""The grants as they are published: in the 360Giving Data Standard 1.4.3, and as a table.

Organisations only: an award has no column that could hold a person. Of a place a region is said,
never more. What goes to an organisation that is not listed, for its safety, is left out; so is an
award that was cancelled before anything of it was paid.
"""

from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any

from django.conf import settings
from django.db.models import Max, Q, QuerySet
from django.utils.translation import gettext_lazy as _

from common.country import current
from common.exports import to_csv
from funding.models import Award
from funding.money_choices import AwardState
from partners.choices import AreaLevel

VERSION = "1.4"
STANDARD = "https://standard.threesixtygiving.org/en/1.4.3/"
LICENCE = "https://creativecommons.org/licenses/by/4.0/"
#: (heading of the standard, path into a record): the flat form of the same records.
COLUMNS = (
    ("Identifier", ("id",)),
    ("Title", ("title",)),
    ("Description", ("description",)),
    ("Currency", ("currency",)),
    ("Amount Awarded", ("amountAwarded",)),
    ("Amount Disbursed", ("amountDisbursed",)),
    ("Award Date", ("awardDate",)),
    ("Planned Dates:Start Date", ("plannedDates", 0, "startDate")),
    ("Planned Dates:End Date", ("plannedDates", 0, "endDate")),
    ("Recipient Org:Identifier", ("recipientOrganization", 0, "id")),
    ("Recipient Org:Name", ("recipientOrganization", 0, "name")),
    ("Funding Org:Identifier", ("fundingOrganization", 0, "id")),
    ("Funding Org:Name", ("fundingOrganization", 0, "name")),
    ("Grant Programme:Code", ("grantProgramme", 0, "code")),
    ("Grant Programme:Title", ("grantProgramme", 0, "title")),
    ("From An Open Call?", ("fromOpenCall",)),
    ("Funding Type:Title", ("fundingType", 0, "title")),
    ("Beneficiary Location:Name", ("beneficiaryLocation", 0, "name")),
    ("Beneficiary Location:Country Code", ("beneficiaryLocation", 0, "countryCode")),
    ("Last Modified", ("dateModified",)),
)
NOT_NAMED = _("Grants to organisations that are not named in public, for their safety, are left "
              "out.")  # fmt: skip


def published() -> QuerySet[Award]:
    """What anybody may know of: awards that were in force, to organisations that are listed."""
    nothing_paid = Q(state=AwardState.CANCELLED, paid=0)
    named = Q(recipient__is_listed=True, funder__is_listed=True)
    return (
        Award.objects.ever_in_force()
        .filter(named)
        .exclude(nothing_paid)
        .select_related("fund", "funder", "recipient", "area")
    )


def records(awards: Iterable[Award] | None = None) -> list[dict[str, Any]]:
    """Every published grant as a record of the standard, the latest first."""
    rows = published().annotate(changed_at=Max("events__at")).order_by("-award_on", "-pk")
    return [record(each) for each in (rows if awards is None else awards)]


def record(award: Award) -> dict[str, Any]:
    """One award as a grant of 360Giving 1.4.3."""
    said: dict[str, Any] = {
        "id": f"{settings.GRANTS_PREFIX}-{award.reference}",
        "title": award.title,
        "description": award.purpose,
        "currency": award.currency,
        "amountAwarded": float(award.held),
        "amountDisbursed": float(award.paid),
        "awardDate": award.award_on.isoformat() if award.award_on else "",
        "plannedDates": [
            {"startDate": award.from_on.isoformat(), "endDate": award.until_on.isoformat()}
        ],
        "recipientOrganization": [_organisation(award.recipient)],
        "fundingOrganization": [_organisation(award.funder)],
        "grantProgramme": [{"code": str(award.fund.uuid), "title": award.fund.name}],
        "fromOpenCall": "Yes" if award.call_uuid else "No",
        "fundingType": [
            {
                "vocabulary": "Concord: kinds of funding",
                "code": award.kind,
                "title": award.get_kind_display(),
            }
        ],
        "dateModified": _moment(getattr(award, "changed_at", None) or award.in_force_at),
    }
    if place := _place(award):
        said["beneficiaryLocation"] = [place]
    return said


def package(grants: list[dict[str, Any]], at: datetime) -> dict[str, Any]:
    """The file of grants with what the standard says about a file."""
    return {
        "version": VERSION,
        "title": str(current().mechanism_name),
        "description": str(NOT_NAMED),
        "license": LICENCE,
        "modified": _moment(at),
        "grants": grants,
    }


def table(grants: list[dict[str, Any]]) -> bytes:
    """The same records as CSV, with the headings of the standard."""
    heads = [head for head, _path in COLUMNS]
    return to_csv(heads, ([_at(each, path) for _head, path in COLUMNS] for each in grants))


def _organisation(organisation: Any) -> dict[str, str]:
    return {
        "id": f"{settings.GRANTS_PREFIX}:ORG:{organisation.uuid}",
        "name": organisation.name,
    }


def _place(award: Award) -> dict[str, str]:
    """The region, and nothing below it whatever the award says."""
    if award.area is None:
        return {}
    region = award.area.region()
    place = {"name": region.name} if region.level != AreaLevel.COUNTRY else {}
    code = current().iso_code
    return place | ({"countryCode": code} if place and code else {})


def _moment(at: datetime | None) -> str:
    return at.astimezone(UTC).isoformat(timespec="seconds") if at else ""


def _at(said: Any, path: tuple[Any, ...]) -> Any:
    for step in path:
        try:
            said = said[step]
        except (KeyError, IndexError):
            return None
    return said
