"""How the system is: a page in plain words, the same as numbers for monitoring, and dead letters.

Ages and counts, never a person. Who a mail was for is not shown to anybody.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.conf import settings
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.crypto import constant_time_compare
from django.utils.functional import Promise
from django.utils.timesince import timesince
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from django.views.decorators.http import require_POST, require_safe

from common.marks import Actor, Permission, needs
from common.paging import Order, paginate
from deadlines.models import Mail
from deadlines.services import dead_letters
from deadlines.services.health import Check, Finding, Health, look

LATEST_DEAD = Order("-dead_at", "-id", set_only=["dead_at"])
Words = str | Promise


@dataclass(frozen=True)
class _Says:
    """What a check is called, and what to do when it is not well."""

    title: Words
    advice: Words
    href: str = ""


SAYS: Mapping[Check, _Says] = {
    Check.SWEEP: _Says(
        gettext_lazy("Last sweep"),
        gettext_lazy(
            "Nobody is told of anything. Start beat and a worker, or the timer of the sweep; "
            "“manage.py sweep” catches up at once."
        ),
    ),
    Check.SWEEP_PARTS: _Says(
        gettext_lazy("Parts of the sweep that failed"),
        gettext_lazy("The worker’s log says why. Each part is tried again every minute."),
    ),
    Check.DEADLINES: _Says(
        gettext_lazy("Reminders not yet given"),
        gettext_lazy("The sweep does not keep up. Look at the last sweep first."),
    ),
    Check.MAIL: _Says(
        gettext_lazy("Mail not yet sent"),
        gettext_lazy(
            "The mail relay does not answer or refuses us. Check EMAIL_URL and the relay; nothing "
            "is lost, everything leaves when it answers."
        ),
    ),
    Check.DEAD_MAIL: _Says(
        gettext_lazy("Mail given up"),
        gettext_lazy("Find out why, then have it sent again or put it away."),
        "deadlines:dead_mail",
    ),
    Check.RETURNED_MAIL: _Says(
        gettext_lazy("Mail that came back in the last 30 days"), gettext_lazy("")
    ),
    Check.JOBS: _Says(
        gettext_lazy("Background work that waits"),
        gettext_lazy("No worker takes it. Start a worker, or another one."),
    ),
    Check.QUEUE: _Says(
        gettext_lazy("Messages in the queue"),
        gettext_lazy(
            "The broker does not answer, or no worker empties it. Check CELERY_BROKER_URL and the "
            "workers; the sweep does the work meanwhile, a minute late."
        ),
    ),
}


@needs(Permission.SYSTEM_HEALTH_SEE)
@require_safe
def health(request: HttpRequest) -> HttpResponse:
    """Everything that must move, whether it does, and what to do where it does not."""
    found = look(timezone.now())
    context = {"health": found, "rows": [_row(finding, found) for finding in found.findings]}
    return render(request, "deadlines/health.html", context)


@needs(Permission.PUBLIC)
@require_safe
def health_status(request: HttpRequest) -> HttpResponse:
    """The same for monitoring, which proves itself by HEALTH_TOKEN; 404 to everybody else.

    503 when something is not well, so that the simplest probe notices.
    """
    given = request.headers.get("Authorization", "")
    wanted = f"Bearer {settings.HEALTH_TOKEN}"
    if not settings.HEALTH_TOKEN or not constant_time_compare(given, wanted):
        raise Http404
    found = look(timezone.now())
    return JsonResponse(found.as_numbers(), status=200 if found.is_well else 503)


@needs(Permission.SYSTEM_HEALTH_SEE)
@require_safe
def dead_mail(request: HttpRequest) -> HttpResponse:
    """Mail that was given up: what kind, since when, what went wrong."""
    page = paginate(Mail.objects.dead(), LATEST_DEAD, cursor=request.GET.get("page", ""))
    context = {
        "page": page,
        "rows": [_letter(row) for row in page.rows],
        "columns": [
            {"label": label} for label in (_("Kind"), _("Given up"), _("What went wrong"), _("Act"))
        ],
        "next_href": f"?page={page.next}" if page.next else "",
        "previous_href": f"?page={page.previous}" if page.previous else "",
        "empty": {
            "title": _("No mail was given up"),
            "text": _("Mail that is refused for fifteen hours, try after try, comes here."),
        },
    }
    return render(request, "deadlines/dead_mail.html", context)


@needs(Permission.SYSTEM_HEALTH_SEE)
@require_POST
def resend_mail(request: HttpRequest, uuid: UUID) -> HttpResponse:
    """Try one mail again."""
    actor: Actor = request.actor  # type: ignore[attr-defined]
    try:
        if not dead_letters.resend(uuid=uuid, by=actor, at=timezone.now()):
            raise Http404
    except dead_letters.CannotBeSent:
        messages.error(
            request,
            _("Its address was deleted 30 days after it was given up. Whoever wrote it must "
              "start anew, for instance with a new invitation."),
        )  # fmt: skip
    else:
        messages.success(request, _("It is on its way again."))
    return redirect("deadlines:dead_mail")


@needs(Permission.SYSTEM_HEALTH_SEE)
@require_POST
def resend_all_mail(request: HttpRequest) -> HttpResponse:
    """Try everything again, for instance after a relay was mended."""
    actor: Actor = request.actor  # type: ignore[attr-defined]
    number = dead_letters.resend_all(by=actor, at=timezone.now())
    messages.success(
        request,
        ngettext("%(n)s mail is on its way again.", "%(n)s mails are on their way again.", number)
        % {"n": number},
    )
    return redirect("deadlines:dead_mail")


@needs(Permission.SYSTEM_HEALTH_SEE)
@require_POST
def put_away_mail(request: HttpRequest, uuid: UUID) -> HttpResponse:
    """Give one mail up for good."""
    actor: Actor = request.actor  # type: ignore[attr-defined]
    if not dead_letters.put_away(uuid=uuid, by=actor, at=timezone.now()):
        raise Http404
    messages.success(request, _("Put away. What it was about stays in the person’s inbox."))
    return redirect("deadlines:dead_mail")


# --- in words -------------------------------------------------------------------------------------


def _row(finding: Finding, found: Health) -> dict[str, Any]:
    says = SAYS[finding.check]
    is_told = finding.check is Check.RETURNED_MAIL and finding.count
    return {
        "title": says.title,
        "text": _text(finding, found),
        "state": _("Well") if finding.is_well else _("Look at this"),
        "colour": "green" if finding.is_well else "red",
        "advice": "" if finding.is_well else says.advice,
        "note": _("The provider could not deliver it, or somebody reported it. The people see "
                  "everything in their inbox; ask their organisation whether the address is right.")
        if is_told else "",
        "href": says.href if not finding.is_well else "",
        "names": finding.names,
    }  # fmt: skip


def _text(finding: Finding, found: Health) -> str:
    if not finding.is_known:
        return _("It cannot be asked: the broker does not answer.")
    if finding.check is Check.SWEEP:
        if finding.since is None:
            return _("There was none yet.")
        return _("%(age)s ago") % {"age": timesince(finding.since, found.at)}
    if finding.check is Check.QUEUE:
        return ngettext("%(n)s waits", "%(n)s wait", finding.count or 0) % {"n": finding.count}
    if not finding.count or finding.since is None:
        return _("None")
    age = timesince(finding.since, found.at)
    if finding.check is Check.RETURNED_MAIL:
        return _("%(n)s, the latest %(age)s ago") % {"n": finding.count, "age": age}
    return _("%(n)s, the oldest for %(age)s") % {"n": finding.count, "age": age}


ERRORS: Mapping[str, Words] = {
    "SMTPRecipientsRefused": gettext_lazy("The other side takes no mail for this address."),
    "AnymailRecipientsRefused": gettext_lazy("The other side takes no mail for this address."),
    "AnymailInvalidAddress": gettext_lazy("The address is not one."),
    "SMTPDataError": gettext_lazy("The relay refused what the mail says."),
    "stopped": gettext_lazy("The worker ended each time it tried to send this mail."),
}


def _letter(row: Mail) -> dict[str, Any]:
    kinds = {
        "invitation": _("Invitation"),
        "factor_reset": _("Second factor about to be removed"),
        "notices_waiting": _("Notices wait"),
    }
    code = row.last_error_code
    return {
        "uuid": row.uuid,
        "kind": kinds.get(row.kind, row.kind),
        "to": _("to somebody with a sign-in") if row.recipient_id else _("to somebody invited"),
        "at": row.dead_at,
        "error": ERRORS.get(code, code),
        "tries": row.attempts,
        "was_resent": row.resent_at,
        "can_be_sent": bool(row.recipient_id or row.address),
    }
