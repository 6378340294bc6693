"""Importing history step by step: upload, check, confirm, wait, see what came of it.

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
from deadlines.models import Job
from partners.access import Actor, get_or_404
from partners.models import Organisation
from partners.views.lists import columns, page_links
from referrals.forms.imports import UploadHistory, profiles
from referrals.import_profile import ProfileError
from referrals.imports import NotATable, rejects_file
from referrals.models import ImportBatch, ImportFile
from referrals.services import import_files
from referrals.services.imports import HasFaults

P = Permission
NEWEST_FIRST = Order("-imported_at", "-id")


def grouped(number: int) -> str:
    """A number as the page's language writes it: 17,920."""
    return number_format(number, force_grouping=True)


def counts(*labels: str) -> list[dict[str, Any]]:
    """Headings of columns that hold numbers, as components/table.html takes them."""
    return [{"label": label, "is_number": True} for label in labels]


@needs(P.REFERRAL_IMPORT)
@require_safe
def batches(request: HttpRequest) -> HttpResponse:
    """What was imported, newest first, and one's own files that wait for a decision."""
    actor: Actor = request.actor  # type: ignore[attr-defined]
    imported = ImportBatch.objects.visible_to(actor).select_related("imported_by")
    page = paginate(imported, NEWEST_FIRST, cursor=request.GET.get("cursor", ""))
    waiting = ImportFile.objects.visible_to(actor).waiting().select_related("job")
    titles = dict(profiles())
    context = {
        "page": page,
        "columns": columns(_("Imported on"), _("From"), _("By"))
        + counts(_("Added"), _("Known before"), _("Left out")),
        "rows": [_batch_row(row, titles) for row in page.rows],
        "waiting_columns": columns(_("Uploaded"), _("From"))
        + counts(_("Rows"))
        + columns(_("State")),
        "waiting": [_waiting_row(row, titles) for row in waiting.order_by("-uploaded_at")[:20]],
        "empty": {
            "title": _("Nothing has been imported"),
            "text": _("Past referrals from a table appear in the statistics once imported."),
        },
        **page_links(request, page),
    }
    return render(request, "referrals/imports.html", context)


def _batch_row(row: ImportBatch, titles: dict[str, str]) -> list[dict[str, Any]]:
    return [
        {"text": moment(row.imported_at), "href": reverse("referrals:import", args=[row.uuid])},
        {"text": titles.get(row.profile, row.profile)},
        {"text": row.imported_by.display_name if row.imported_by else ""},
        {"text": grouped(row.rows_added)},
        {"text": grouped(row.rows_known)},
        {"text": grouped(row.rows_refused)},
    ]


def _waiting_row(row: ImportFile, titles: dict[str, str]) -> list[dict[str, Any]]:
    state = _state(row)
    return [
        {
            "text": moment(row.uploaded_at),
            "href": reverse("referrals:import-file", args=[row.uuid]),
        },
        {"text": titles.get(row.profile, row.profile)},
        {"text": grouped(row.found["rows"])},
        {"text": state["text"], "colour": state["colour"]},
    ]


def _state(row: ImportFile) -> dict[str, str]:
    if row.job is not None and row.job.is_open:
        return {"text": _("Being imported"), "colour": "blue"}
    if row.job is not None and row.job.state == JobState.FAILED:
        return {"text": _("Failed"), "colour": "red"}
    return {"text": _("Checked"), "colour": "grey"}


@needs(P.REFERRAL_IMPORT)
@require_http_methods(["GET", "HEAD", "POST"])
def new(request: HttpRequest) -> HttpResponse:
    """Choose a file. It is read at once, so that a file that is no table is told here."""
    actor: Actor = request.actor  # type: ignore[attr-defined]
    form = UploadHistory(request.POST or None, request.FILES or None)
    if request.method == "POST" and form.is_valid():
        content = form.cleaned_data["file"].read()
        try:
            kept = import_files.keep_file(
                content=content, profile=form.cleaned_data["profile"], by=actor, at=actor.at
            )
        except NotATable as error:
            form.add_error("file", str(error))
        except ProfileError as error:
            form.add_error("profile", str(error))
        else:
            return redirect("referrals:import-file", kept.uuid)
    return render(request, "referrals/import_new.html", {"form": form})


@needs(P.REFERRAL_IMPORT)
@require_safe
def file(request: HttpRequest, uuid: UUID) -> HttpResponse:
    """What checking found and the buttons that decide; while it is imported, how far it is."""
    row = _own(request, uuid)
    if row.batch is not None:
        where = reverse("referrals:import", args=[row.batch.uuid])
        if getattr(request, "htmx", False):
            # The part that asks is followed by the whole page that has the result.
            return HttpResponse(status=200, headers={"HX-Redirect": where})
        return redirect(where)
    if row.job is not None and row.job.is_open:
        template = "referrals/import_running.html"
        if getattr(request, "htmx", False):
            template += "#state"
        return render(request, template, _running(row, row.job))
    if getattr(request, "htmx", False):
        here = reverse("referrals:import-file", args=[uuid])
        return HttpResponse(status=200, headers={"HX-Redirect": here})
    return render(request, "referrals/import_check.html", _check(row))


def _own(request: HttpRequest, uuid: UUID) -> ImportFile:
    actor: Actor = request.actor  # type: ignore[attr-defined]
    files = ImportFile.objects.select_related("job", "batch")
    return get_or_404(files, actor, uuid=uuid)


def _running(row: ImportFile, job: Job) -> dict[str, Any]:
    return {
        "file": row,
        "progress": {
            "title": _("Importing"),
            "done": import_files.rows_written(job),
            "total": row.found["rows"],
            "message": job.words or _("It begins in a moment."),
        },
        "page_href": reverse("referrals:import-file", args=[row.uuid]),
        "stop_href": reverse("referrals:import-act", args=[row.uuid, "stop"]),
    }


def _check(row: ImportFile) -> dict[str, Any]:
    found = row.found
    failed = row.job is not None and row.job.state == JobState.FAILED
    hidden = found["faults_in_all"] - len(found["faults"])
    return {
        "file": row,
        "found": found,
        "problem": row.job.words if failed and row.job else "",
        "totals": [
            {"label": _("Where it is from"), "value": dict(profiles()).get(row.profile)},
            {"label": _("Rows"), "value": grouped(found["rows"])},
            {"label": _("Good"), "value": grouped(found["good"])},
            {"label": _("Imported before"), "value": grouped(found["good"] - found["fresh"])},
            {"label": _("Would be added"), "value": grouped(found["fresh"])},
            {"label": _("Bad"), "value": grouped(found["bad"])},
        ],
        "fault_columns": columns(_("Row"), _("Column"), _("Value"), _("What is wrong")),
        "faults": [[{"text": cell} for cell in fault] for fault in found["faults"]],
        "more_faults": ngettext("%(n)d more is not shown.", "%(n)d more are not shown.", hidden)
        % {"n": hidden}
        if hidden
        else "",
        "unknown_columns": columns(_("Column"), _("Word")) + counts(_("Times")),
        "unknown": [
            [{"text": column}, {"text": word}, {"text": grouped(times)}]
            for column, word, times in found["unknown"]
        ],
        "rows_href": reverse("referrals:import-bad-rows", args=[row.uuid]),
        "start_href": reverse("referrals:import-act", args=[row.uuid, "start"]),
        "discard_href": reverse("referrals:import-act", args=[row.uuid, "discard"]),
    }


@needs(P.REFERRAL_IMPORT)
@require_safe
def bad_rows(request: HttpRequest, uuid: UUID) -> HttpResponse:
    """Every bad row with what is wrong with it, as a table to mend and import in its turn."""
    actor: Actor = request.actor  # type: ignore[attr-defined]
    row = _own(request, uuid)
    if not row.found["bad"]:
        raise Http404
    try:
        reading = import_files.read_again(row, at=row.uploaded_at)
    except FileNotFoundError:
        raise Http404 from None
    audit.record(
        action=LogAction.EXPORT,
        by=actor,
        at=actor.at,
        subject=Subject("import_file", row.uuid),
        field_group="bad_rows",
    )
    answer = HttpResponse(rejects_file(reading), content_type="text/csv; charset=utf-8")
    answer["Content-Disposition"] = f'attachment; filename="{import_files.REJECTS}"'
    answer["Cache-Control"] = "no-store"
    answer["Content-Security-Policy"] = "sandbox; default-src 'none'"
    return answer


@needs(P.REFERRAL_IMPORT)
@require_POST
def act(request: HttpRequest, uuid: UUID, name: str) -> HttpResponse:
    """Begin the import, stop it, or forget the file."""
    actor: Actor = request.actor  # type: ignore[attr-defined]
    row = _own(request, uuid)
    match name:
        case "start":
            skip_bad = request.POST.get("skip_bad") == "1"
            try:
                import_files.start_import(file=row, skip_bad=skip_bad, by=actor, at=actor.at)
            except HasFaults:
                messages.error(
                    request, _("Nothing was imported: choose whether to leave out the bad rows.")
                )
        case "stop":
            if import_files.stop_import(file=row, by=actor, at=actor.at):
                messages.success(request, _("Stopped. Nothing of the file was imported."))
            else:
                messages.info(request, _("There was nothing to stop any more."))
        case "discard":
            if import_files.discard_file(file=row):
                messages.success(request, _("The file has been deleted. Nothing was imported."))
                return redirect("referrals:imports")
            messages.error(request, _("It is being imported, or was. Stop it first."))
        case _:
            raise Http404
    return redirect("referrals:import-file", uuid)


@needs(P.REFERRAL_IMPORT)
@require_safe
def batch(request: HttpRequest, uuid: UUID) -> HttpResponse:
    """What one import did, and for a day the rows it left out."""
    actor: Actor = request.actor  # type: ignore[attr-defined]
    known = ImportBatch.objects.select_related("imported_by")
    row = get_or_404(known, actor, uuid=uuid)
    entered = Organisation.objects.filter(
        created_at=row.imported_at, created_by_id=row.imported_by_id
    ).count()
    kept = ImportFile.objects.visible_to(actor).filter(batch=row).select_related("job").first()
    rejects = kept.job if kept is not None and kept.job is not None and kept.job.result else None
    context = {
        "batch": row,
        "added": grouped(row.rows_added),
        "totals": [
            {"label": _("Where it is from"), "value": dict(profiles()).get(row.profile)},
            {"label": _("Imported on"), "value": moment(row.imported_at)},
            {"label": _("By"), "value": row.imported_by.display_name if row.imported_by else ""},
            {"label": _("Rows in the file"), "value": grouped(row.rows_read)},
            {"label": _("Added"), "value": grouped(row.rows_added)},
            {"label": _("Imported before, not added again"), "value": grouped(row.rows_known)},
            {"label": _("Left out"), "value": grouped(row.rows_refused)},
            {"label": _("Organisations entered as applying"), "value": grouped(entered)},
        ],
        "rejects_href": reverse("deadlines:job_file", args=[rejects.uuid]) if rejects else "",
        "rejects_until": rejects.expires_at if rejects else None,
    }
    return render(request, "referrals/import_batch.html", context)
