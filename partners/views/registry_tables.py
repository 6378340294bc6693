"""Bringing organisations in step by step: template, upload, check, confirm, wait, what came of it.

Nothing is written before the confirmation; the work itself is a job.
"""

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.formats import number_format
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts import audit
from accounts.choices import LogAction
from common.marks import Permission, Subject, needs
from common.paging import Order, paginate
from common.templatetags.concord import moment
from deadlines.choices import JobState
from deadlines.files import content_type
from deadlines.models import Job
from partners.access import Actor, get_or_404
from partners.filters import areas
from partners.forms.registry import UploadTable
from partners.models import Organisation, RegistryImport, RegistryTable
from partners.registry_table import NotATable, rejects_file, template
from partners.reviews import LABELS
from partners.services import registry_tables
from partners.services.registry_imports import HasFaults
from partners.views import shown
from partners.views.lists import columns, page_links

P = Permission
NEWEST_FIRST = Order("-imported_at", "-id")
TEMPLATES = ("csv", "xlsx")


def _number(number: int) -> str:
    return number_format(number, force_grouping=True)


def _counts(*labels: str) -> list[dict[str, Any]]:
    return [{"label": label, "is_number": True} for label in labels]


@needs(P.REGISTRY_IMPORT)
@require_safe
def imports(request: HttpRequest) -> HttpResponse:
    """What was brought in, newest first, and one's own tables that wait for a decision."""
    actor: Actor = request.actor  # type: ignore[attr-defined]
    known = RegistryImport.objects.visible_to(actor).select_related("imported_by")
    page = paginate(known, NEWEST_FIRST, cursor=request.GET.get("cursor", ""))
    waiting = RegistryTable.objects.visible_to(actor).waiting().select_related("job")
    context = {
        "page": page,
        "columns": columns(_("Brought in on"), _("By"))
        + _counts(_("Added"), _("The same"), _("Differing"), _("Left out")),
        "rows": [_import_row(row) for row in page.rows],
        "waiting_columns": columns(_("Uploaded")) + _counts(_("Rows")) + columns(_("State")),
        "waiting": [_waiting_row(row) for row in waiting.order_by("-uploaded_at")[:20]],
        "empty": {
            "title": _("No table has been brought in"),
            "text": _("Organisations from a table stand as having applied, and are reviewed."),
        },
        "templates": [
            {"label": each.upper(), "href": reverse("partners:registry-template", args=[each])}
            for each in TEMPLATES
        ],
        **page_links(request, page),
    }
    return render(request, "partners/registry_imports.html", context)


def _import_row(row: RegistryImport) -> list[dict[str, Any]]:
    return [
        {
            "text": moment(row.imported_at),
            "href": reverse("partners:registry-import", args=[row.uuid]),
        },
        {"text": row.imported_by.display_name if row.imported_by else ""},
        *(
            {"text": _number(number)}
            for number in (row.rows_added, row.rows_same, row.rows_differing, row.rows_refused)
        ),
    ]


def _waiting_row(row: RegistryTable) -> list[dict[str, Any]]:
    state = {"text": _("Checked"), "colour": "grey"}
    if row.job is not None and row.job.is_open:
        state = {"text": _("Being brought in"), "colour": "blue"}
    elif row.job is not None and row.job.state == JobState.FAILED:
        state = {"text": _("Failed"), "colour": "red"}
    href = reverse("partners:registry-table", args=[row.uuid])
    return [
        {"text": moment(row.uploaded_at), "href": href},
        {"text": _number(row.found["rows"])},
        state,
    ]


@needs(P.REGISTRY_IMPORT)
@require_safe
def get_template(request: HttpRequest, ending: str) -> HttpResponse:
    """An empty table with the right headings."""
    if ending not in TEMPLATES:
        raise Http404
    return _file(template(ending), f"registry-template.{ending}")


def _file(content: bytes, name: str) -> HttpResponse:
    answer = HttpResponse(content, content_type=content_type(name))
    answer["Content-Disposition"] = f'attachment; filename="{name}"'
    answer["Cache-Control"] = "no-store"
    answer["Content-Security-Policy"] = "sandbox; default-src 'none'"
    return answer


@needs(P.REGISTRY_IMPORT)
@require_http_methods(["GET", "HEAD", "POST"])
def new(request: HttpRequest) -> HttpResponse:
    """Choose a file. It is read at once, so that a file that is no table is told here."""
    actor: Actor = request.actor  # type: ignore[attr-defined]
    form = UploadTable(request.POST or None, request.FILES or None)
    if request.method == "POST" and form.is_valid():
        content = form.cleaned_data["file"].read()
        try:
            kept = registry_tables.keep_table(content=content, by=actor, at=actor.at)
        except NotATable as error:
            form.add_error("file", str(error))
        else:
            return redirect("partners:registry-table", kept.uuid)
    return render(request, "partners/registry_import_new.html", {"form": form})


@needs(P.REGISTRY_IMPORT)
@require_safe
def table(request: HttpRequest, uuid: UUID) -> HttpResponse:
    """What checking found and the buttons that decide; while it is brought in, how far it is."""
    row = _own(request, uuid)
    here = reverse("partners:registry-table", args=[uuid])
    asks_for_part = getattr(request, "htmx", False)
    if row.outcome is not None:
        here = reverse("partners:registry-import", args=[row.outcome.uuid])
        if not asks_for_part:
            return redirect(here)
    elif row.job is not None and row.job.is_open:
        name = "partners/registry_import_running.html" + ("#state" if asks_for_part else "")
        return render(request, name, _running(row, row.job))
    if asks_for_part:
        # The part that asks is followed by the whole page that has the result.
        return HttpResponse(status=200, headers={"HX-Redirect": here})
    return render(request, "partners/registry_import_check.html", _check(row, request.actor))  # type: ignore[attr-defined]


def _own(request: HttpRequest, uuid: UUID) -> RegistryTable:
    actor: Actor = request.actor  # type: ignore[attr-defined]
    tables = RegistryTable.objects.select_related("job", "outcome")
    return get_or_404(tables, actor, uuid=uuid)


def _running(row: RegistryTable, job: Job) -> dict[str, Any]:
    return {
        "progress": {
            "title": _("Bringing organisations in"),
            "done": registry_tables.rows_written(job),
            "total": row.found["rows"],
            "message": job.words or _("It begins in a moment."),
        },
        "page_href": reverse("partners:registry-table", args=[row.uuid]),
        "stop_href": reverse("partners:registry-table-act", args=[row.uuid, "stop"]),
    }


def _check(row: RegistryTable, actor: Actor) -> dict[str, Any]:
    found = row.found
    failed = row.job is not None and row.job.state == JobState.FAILED
    totals = (
        (_("Rows"), "rows"),
        (_("Would be added"), "fresh"),
        (_("Known, and the same"), "same"),
        (_("Known, and differing"), "differing"),
        (_("Bad"), "bad"),
    )
    return {
        "found": found,
        "problem": row.job.words if failed and row.job else "",
        "totals": [{"label": label, "value": _number(found[key])} for label, key in totals],
        "not_taken": ", ".join(found["not_taken"]),
        "fault_columns": columns(_("Row"), _("Column"), _("Value"), _("What is wrong")),
        "faults": [[{"text": cell} for cell in fault] for fault in found["faults"]],
        "more_faults": _more(found["faults_in_all"] - len(found["faults"])),
        "difference_columns": columns(
            _("Row"), _("Organisation"), _("Answer"), _("Here"), _("In the table")
        ),
        "differences": _differences(found["differences"], actor),
        "more_differences": _more(found["differences_in_all"] - len(found["differences"])),
        "rows_href": reverse("partners:registry-bad-rows", args=[row.uuid]),
        "start_href": reverse("partners:registry-table-act", args=[row.uuid, "start"]),
        "discard_href": reverse("partners:registry-table-act", args=[row.uuid, "discard"]),
    }


def _more(hidden: int) -> str:
    if not hidden:
        return ""
    return ngettext("%(n)d more is not shown.", "%(n)d more are not shown.", hidden) % {"n": hidden}


def _differences(found: list[list[Any]], actor: Actor) -> list[list[dict[str, Any]]]:
    uuids = {uuid for _row, uuid, *_rest in found}
    names = {
        str(each.uuid): each
        for each in Organisation.objects.visible_to(actor).filter(uuid__in=uuids)
    }
    return [
        [
            {"text": row},
            {"text": names[uuid].display_name, "href": names[uuid].get_absolute_url()},
            {"text": _label(part)},
            {"text": _words(part, here)},
            {"text": _words(part, there)},
        ]
        for row, uuid, part, here, there in found
        if uuid in names
    ]


def _label(part: str) -> str:
    if part == "is_informal":
        return _("Not registered")
    return str(LABELS["registration" if part == "registration_number" else part])


def _words(part: str, value: Any) -> str:
    if part == "area":
        return next((name for code, name, _path in areas() if code == value), "–")
    shown_as = "is_listed" if part == "is_informal" else part  # both are yes or no
    return ", ".join(shown.in_words(shown_as, value)) or "–"


@needs(P.REGISTRY_IMPORT)
@require_safe
def bad_rows(request: HttpRequest, uuid: UUID) -> HttpResponse:
    """Every bad row with what is wrong with it, as a table to mend and bring in in its turn."""
    actor: Actor = request.actor  # type: ignore[attr-defined]
    row = _own(request, uuid)
    if not row.found["bad"]:
        raise Http404
    try:
        reading = registry_tables.read_again(row)
    except FileNotFoundError:
        raise Http404 from None
    audit.record(
        action=LogAction.EXPORT,
        by=actor,
        at=actor.at,
        subject=Subject("registry_table", row.uuid),
        field_group="bad_rows",
    )
    return _file(rejects_file(reading), registry_tables.REJECTS)


@needs(P.REGISTRY_IMPORT)
@require_POST
def act(request: HttpRequest, uuid: UUID, name: str) -> HttpResponse:
    """Begin, stop, or forget the table."""
    actor: Actor = request.actor  # type: ignore[attr-defined]
    row = _own(request, uuid)
    match name:
        case "start":
            try:
                registry_tables.start(
                    table=row,
                    skip_bad=request.POST.get("skip_bad") == "1",
                    ask_changes=request.POST.get("ask_changes") == "1",
                    by=actor,
                    at=actor.at,
                )
            except HasFaults:
                messages.error(
                    request, _("Nothing was written: choose whether to leave out the bad rows.")
                )
        case "stop":
            if registry_tables.stop(table=row, by=actor, at=actor.at):
                messages.success(request, _("Stopped. Nothing of the table was kept."))
            else:
                messages.info(request, _("There was nothing to stop any more."))
        case "discard":
            if registry_tables.discard(table=row):
                messages.success(request, _("The table has been deleted. Nothing was written."))
                return redirect("partners:registry-imports")
            messages.error(request, _("It is being brought in, or was. Stop it first."))
        case _:
            raise Http404
    return redirect("partners:registry-table", uuid)


@needs(P.REGISTRY_IMPORT)
@require_safe
def outcome(request: HttpRequest, uuid: UUID) -> HttpResponse:
    """What one import did, and for a day the rows it left out."""
    actor: Actor = request.actor  # type: ignore[attr-defined]
    row = get_or_404(RegistryImport.objects.select_related("imported_by"), actor, uuid=uuid)
    kept = RegistryTable.objects.visible_to(actor).filter(outcome=row).select_related("job").first()
    rejects = kept.job if kept is not None and kept.job is not None and kept.job.result else None
    facts = (
        (_("Brought in on"), moment(row.imported_at)),
        (_("By"), row.imported_by.display_name if row.imported_by else ""),
        (_("Rows in the table"), _number(row.rows_read)),
        (_("Added, as having applied"), _number(row.rows_added)),
        (_("Known, and the same"), _number(row.rows_same)),
        (_("Known, and differing"), _number(row.rows_differing)),
        (_("Changes sent on for review"), _number(row.changes_asked)),
        (_("Left out"), _number(row.rows_refused)),
    )
    context = {
        "outcome": row,
        "added": _number(row.rows_added),
        "invite_href": reverse("partners:registry-import-invitations", args=[row.uuid])
        if row.rows_added and P.ORGANISATION_INVITE in actor.permissions
        else "",
        "totals": [{"label": label, "value": value} for label, value in facts],
        "rejects_href": reverse("deadlines:job_file", args=[rejects.uuid]) if rejects else "",
        "rejects_until": rejects.expires_at if rejects else None,
    }
    return render(request, "partners/registry_import.html", context)
