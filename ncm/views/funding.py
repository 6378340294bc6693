"""The state of funding for whoever oversees it: on screen, as a file, as a PDF for a task force."""

from typing import Any

from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import get_language, ngettext
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from accounts.audit import record
from accounts.choices import LogAction
from common.country import local_day
from common.marks import Permission, needs
from deadlines.files import content_type
from deadlines.services.jobs import start_job
from ncm.forms.reports import BuildForm
from ncm.home_tiles import Tile
from ncm.jobs import STATE_OF_FUNDING
from ncm.reports.formats import FORMATS
from ncm.reports.funding_figures import FundingFigures
from ncm.reports.state_of_funding import StateOfFunding
from partners.views.deeds import actor_of

P = Permission
#: What is written while one waits; a PDF takes longer and is built in a job.
AT_ONCE = ("csv", "xlsx", "json")


@needs(P.FUNDING_OVERSEE)
@require_safe
def state_of_funding(request: HttpRequest) -> HttpResponse:
    """How civil society is funded today."""
    return _page(request, BuildForm(actor=actor_of(request)))


def _page(request: HttpRequest, form: BuildForm, *, status: int = 200) -> HttpResponse:
    actor = actor_of(request)
    report = StateOfFunding(local_day(actor.at))
    found = report.figures()
    shown = report.context(at=actor.at, found=found)
    context: dict[str, Any] = {
        "report": shown,
        "tiles": _tiles(found),
        "headlines": [
            {"label": each.label, "lines": [each.value, *([each.note] if each.note else [])]}
            for each in shown.headlines
        ],
        "files": [
            {
                "label": ending.upper(),
                "href": reverse("ncm:state-of-funding-file", args=[ending]),
                "kind": "secondary",
            }
            for ending in AT_ONCE
        ],
        "form": form,
        "build_href": reverse("ncm:state-of-funding-build"),
        "buttons": [{"label": _("Build the PDF")}],
    }
    return render(request, "ncm/reports/state_of_funding.html", context, status=status)


def _tiles(found: FundingFigures) -> list[Tile]:
    """Numbers, each a link to the list it counts."""
    restrict = sum(found.clauses.values())
    unpaid, ending = found.unpaid_duties, found.ending_soon
    return [
        Tile("#purpose", found.all_grants.number,
             ngettext("grant that runs", "grants that run", found.all_grants.number)),
        Tile("#ending", ending,
             ngettext("grant that ends within three months",
                      "grants that end within three months", ending), "soon" if ending else ""),
        Tile(reverse("funding:restrictions"), restrict,
             ngettext("clause that restricts", "clauses that restrict", restrict),
             "soon" if restrict else ""),
        Tile(reverse("partners:duties"), unpaid,
             ngettext("delegated duty the State does not pay",
                      "delegated duties the State does not pay", unpaid),
             "late" if unpaid else ""),
        Tile("#waiting", found.instalments["late"],
             ngettext("instalment past its day", "instalments past their day",
                      found.instalments["late"]), "late" if found.instalments["late"] else ""),
    ]  # fmt: skip


@needs(P.FUNDING_OVERSEE)
@require_safe
def take(request: HttpRequest, ending: str) -> HttpResponse:
    """The report as a file that is written at once."""
    actor = actor_of(request)
    if ending not in AT_ONCE:
        raise Http404
    report = StateOfFunding(local_day(actor.at))
    with transaction.atomic():
        # Written before the answer leaves: what is not in the log is not handed out.
        record(
            action=LogAction.EXPORT, by=actor, at=actor.at, field_group=STATE_OF_FUNDING,
            reason_code=ending,
        )  # fmt: skip
    context = report.context(at=actor.at)
    name = f"{context.name}.{ending}"
    answer = HttpResponse(
        FORMATS[ending](context, report.print_template), content_type=content_type(name)
    )
    answer["Content-Disposition"] = f'attachment; filename="{name}"'
    return answer


@needs(P.FUNDING_OVERSEE)
@require_POST
def build(request: HttpRequest) -> HttpResponse:
    """Start the job that makes the PDF, and show how far it is."""
    actor = actor_of(request)
    form = BuildForm(request.POST, actor=actor)
    if not form.is_valid():
        return _page(request, form, status=422)
    task_force = form.cleaned_data["task_force"]
    job = start_job(
        kind=STATE_OF_FUNDING,
        params={
            "language": get_language() or "en",
            "task_force": str(task_force.uuid) if task_force else None,
        },
        by=actor,
        at=actor.at,
    )
    return redirect("deadlines:job", job.uuid)
