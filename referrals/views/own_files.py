"""An organisation takes its own files with it, a year at a time; also while it is suspended."""

import json

from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from common.marks import Permission, needs
from common.workflow import NotAllowed
from referrals.services import own_files
from referrals.views.shown import acting

P = Permission


@needs(P.REFERRAL_EXPORT, fresh=True)
@require_http_methods(["GET", "HEAD", "POST"])
def export(request: HttpRequest) -> HttpResponse:
    """GET names the years there are, POST gives one as a file."""
    actor = acting(request)
    known = own_files.years(actor)
    chosen = request.POST.get("year", "")
    if request.method == "POST" and chosen in map(str, known):
        try:
            made = own_files.export(year=int(chosen), by=actor, at=actor.at)
        except NotAllowed as error:
            raise PermissionDenied(str(error)) from error
        answer = HttpResponse(
            json.dumps(made, ensure_ascii=False, indent=1), content_type="application/json"
        )
        answer["Content-Disposition"] = f'attachment; filename="own-files-{chosen}.json"'
        return answer
    rows = [{"year": year, "count": count} for year, count in known.items()]
    until = actor.organisation.files_until_at if actor.organisation else None
    empty = {
        "title": _("No file to take with you"),
        "text": _("Referrals your organisation begins are listed here by year."),
    }
    return render(
        request, "referrals/own_files.html", {"rows": rows, "until": until, "empty": empty}
    )
