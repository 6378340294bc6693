"""The reach-out log in pages: what was tried, entering an attempt, and how organisations answer."""

from datetime import timedelta
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from common.country import current
from common.marks import Permission, needs
from common.paging import Order, merge_slices, paginate
from common.workflow import NotAllowed, NotPossible
from partners import response_times
from partners.access import Actor, get_or_404
from partners.choices import ChannelKind
from partners.conversation_choices import ON_THE_PLATFORM, AttemptPurpose
from partners.forms.conversations import LogAttempt
from partners.models import ContactAttempt, Organisation, PointOfContact
from partners.response_times import Figures
from partners.services import attempts as services
from partners.views.conversations import acting, outcome_tag
from partners.views.lists import columns, page_links

P = Permission
NEWEST_FIRST = Order("-tried_at", "-id")
BY_NAME = Order("name", "id")


@needs(P.CONVERSATION_HOLD)
@require_safe
def attempts(request: HttpRequest) -> HttpResponse:
    """Whom one's organisation tried, and who tried it, the latest first."""
    actor = acting(request)
    seen = ContactAttempt.objects.visible_to(actor).select_related(
        "organisation", "by_organisation", "contact", "conversation"
    )
    # Each from its own index.
    slices = {
        "by": seen.filter(by_organisation_id=actor.organisation_id),
        "upon": seen.filter(organisation_id=actor.organisation_id),
    }
    page = merge_slices(slices, NEWEST_FIRST, cursor=request.GET.get("cursor", ""))
    context = {
        "page": page,
        "columns": columns(
            _("When"), _("Who tried whom"), _("How, and what for"), _("What came of it")
        ),
        "rows": [_row(row, actor) for row in page.rows],
        "empty": {
            "title": _("Nobody has been tried yet"),
            "text": _(
                "A question asked in a conversation enters itself here. An attempt by telephone is "
                "logged from the organisation’s page in the registry."
            ),
            "href": reverse("partners:registry"),
            "label": _("Go to the registry"),
        },
        **page_links(request, page),
    }
    return render(request, "partners/attempts.html", context)


def _row(row: ContactAttempt, actor: Actor) -> dict[str, Any]:
    is_ours = row.by_organisation_id == actor.organisation_id
    platform = row.channel == ON_THE_PLATFORM
    return {
        "at": row.tried_at,
        "who": row.by_organisation.display_name,
        "whom": row.organisation.display_name,
        "is_ours": is_ours,
        "contact": row.contact.person_name if row.contact else "",
        "channel": _("Message here") if platform else ChannelKind(row.channel).label,
        "purpose": AttemptPurpose(row.purpose).label,
        "tag": outcome_tag(row, actor),
        "took": in_words(row.took) if row.took else "",
        "href": reverse("partners:conversation", args=[row.conversation.uuid])
        if row.conversation
        else "",
        "answered": reverse("partners:attempt-answered", args=[row.uuid])
        if is_ours and row.is_open and not platform
        else "",
    }


@needs(P.CONVERSATION_HOLD)
@require_http_methods(["GET", "HEAD", "POST"])
def new(request: HttpRequest, uuid: UUID) -> HttpResponse:
    """Log that somebody tried to reach an organisation, or one of its points of contact."""
    actor = acting(request)
    tried = get_or_404(Organisation.objects.all(), actor, uuid=uuid)
    if tried.pk == actor.organisation_id:
        raise PermissionDenied
    contact = _contact(request, tried)
    form = LogAttempt(request.POST if request.method == "POST" else None)
    if form.is_valid():
        try:
            services.log_attempt(
                organisation=tried, contact=contact, by=actor, at=actor.at, **form.cleaned_data
            )
        except NotPossible as error:
            form.add_error(None, str(error))
        except NotAllowed as error:
            raise Http404 from error
        else:
            messages.success(request, _("Logged."))
            return redirect("partners:attempts")
    context = {"form": form, "organisation": tried, "contact": contact}
    return render(request, "partners/attempt_new.html", context)


def _contact(request: HttpRequest, tried: Organisation) -> PointOfContact | None:
    """The point of contact the address names, if it may be seen and is of this organisation."""
    named = request.GET.get("contact", "")
    if not named:
        return None
    try:
        wanted = UUID(named)
    except ValueError:
        raise Http404 from None
    rows = PointOfContact.objects.filter(organisation=tried)
    return get_or_404(rows, acting(request), uuid=wanted)


@needs(P.CONVERSATION_HOLD)
@require_POST
def answered(request: HttpRequest, uuid: UUID) -> HttpResponse:
    """They called back."""
    actor = acting(request)
    row = get_or_404(ContactAttempt.objects.all(), actor, uuid=uuid)
    try:
        services.answered_later(attempt=row, by=actor, at=actor.at)
    except NotAllowed as error:
        raise PermissionDenied from error
    except NotPossible as error:
        messages.error(request, str(error))
    else:
        messages.success(request, _("Logged as answered now."))
    return redirect("partners:attempts")


# --- how organisations answer ---------------------------------------------------------------------


@needs(P.ORGANISATION_REVIEW)
@require_safe
def times(request: HttpRequest) -> HttpResponse:
    """How every member answers, for the co-ordination: figures only."""
    actor = acting(request)
    members = Organisation.objects.visible_to(actor).members()
    page = paginate(members, BY_NAME, cursor=request.GET.get("cursor", ""))
    found = response_times.figures([each.pk for each in page.rows], actor.at)
    context = {
        "page": page,
        "period": period_in_words(actor),
        "cell": current().minimum_cell,
        "columns": [
            *columns(_("Organisation")),
            *(
                {"label": label, "is_number": True}
                for label in (_("Tried"), _("Unanswered"), _("Median"), _("In the time asked"))
            ),
        ],
        "rows": [_times(each, found[each.pk]) for each in page.rows],
        "empty": {"title": _("The mechanism has no member yet")},
        **page_links(request, page),
    }
    return render(request, "partners/response_times.html", context)


def _times(organisation: Organisation, figures: Figures) -> list[dict[str, str]]:
    return [
        {"text": organisation.display_name, "href": organisation.get_absolute_url()},
        *({"text": text} for text in _cells(figures)),
    ]


def _cells(figures: Figures) -> tuple[str, str, str, str]:
    if not figures.is_enough:
        return ("–", "–", "–", "–")
    share = figures.share_in_time
    return (
        str(figures.attempts),
        str(figures.unanswered),
        in_words(figures.median) if figures.median is not None else "–",
        _("%(n)d%%") % {"n": share} if share is not None else "–",
    )


def rows_for(organisation: Organisation, actor: Actor) -> list[dict[str, Any]]:
    """The figures of one organisation, as components/summary_list.html takes them."""
    figures = response_times.figures([organisation.pk], actor.at)[organisation.pk]
    if not figures.is_enough:
        few = _("Tried fewer than %(n)d times: nothing is shown.") % {"n": current().minimum_cell}
        return [{"label": period_in_words(actor), "value": few}]
    labels = (_("Tried"), _("Unanswered"), _("Median time to an answer"), _("In the time asked"))
    return [
        {"label": _("Months"), "value": period_in_words(actor)},
        *(
            {"label": label, "value": text}
            for label, text in zip(labels, _cells(figures), strict=True)
        ),
    ]


def period_in_words(actor: Actor) -> str:
    """The months that are counted, such as "August 2026 to October 2026"."""
    since, until = response_times.period(actor.at)
    last = until - timedelta(days=1)
    return _("%(first)s to %(last)s") % {
        "first": date_format(since, "YEAR_MONTH_FORMAT"),
        "last": date_format(last, "YEAR_MONTH_FORMAT"),
    }


def in_words(time: timedelta) -> str:
    """About how long, in the largest whole unit."""
    minutes = round(time.total_seconds() / 60)
    if not minutes:
        return _("less than a minute")
    if minutes < 60:
        return ngettext("%(n)d minute", "%(n)d minutes", minutes) % {"n": minutes}
    hours = round(minutes / 60)
    if hours < 48:
        return ngettext("%(n)d hour", "%(n)d hours", hours) % {"n": hours}
    days = round(hours / 24)
    return ngettext("%(n)d day", "%(n)d days", days) % {"n": days}
