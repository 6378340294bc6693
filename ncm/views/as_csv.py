"""A list of the co-ordination as a CSV file: what the page shows, noted in the log before it
leaves. Which rows, and what of them this reader may know, the page's own module decides."""

from collections.abc import Callable, Iterable
from typing import Any

from django.db import transaction
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.translation import gettext as _

from accounts import audit
from accounts.choices import LogAction
from common.exports import Row, to_csv
from partners.access import Actor

MOST = 5000


def csv_button(request: HttpRequest, address: str) -> dict[str, str]:
    """The button that leads to the file, with the filter of the page."""
    query = request.GET.copy()
    query.pop("cursor", None)
    asked = f"?{query.urlencode()}" if query else ""
    return {
        "label": _("Take the list as CSV"), "href": reverse(address) + asked, "kind": "secondary",
    }  # fmt: skip


def csv_of(
    found: QuerySet[Any],
    rows_of: Callable[[list[Any]], Iterable[Row]],
    *,
    columns: list[str],
    name: str,
    actor: Actor,
) -> HttpResponse:
    """The rows that `rows_of` makes of what was found, as `name`.csv. It never holds less without
    saying so: where there are more than MOST, its last line does."""
    kept = list(found[: MOST + 1])
    with transaction.atomic():
        # Written before the answer leaves: what is not in the log is not handed out.
        audit.record(
            action=LogAction.EXPORT, by=actor, at=actor.at, field_group=name, reason_code="csv"
        )
    rows = list(rows_of(kept[:MOST]))
    if len(kept) > MOST:
        said = _("There are more; only the first %(n)s are in this file.") % {"n": MOST}
        rows.append([said, *[""] * (len(columns) - 1)])
    headers = {
        "Content-Disposition": f'attachment; filename="{name}.csv"', "Cache-Control": "no-store",
    }  # fmt: skip
    content = to_csv(columns, rows)
    return HttpResponse(content, content_type="text/csv; charset=utf-8", headers=headers)
