"""A reviewer's own pages: what is asked, declaring conflicts of interest, scoring.

They are marked SIGNED_IN because no role makes a reviewer: being named does, and each page takes
its row through `Review.objects.own`.
"""

from typing import Any
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from common.marks import Permission, needs
from common.paging import Order, paginate
from funding.call_choices import ReviewState
from funding.forms import reviews as asked
from funding.models import Review
from funding.services import reviews as services
from funding.views.call_shown import (
    application_facts,
    file_shown,
    line_rows,
    review_tag,
    texts,
)
from partners.access import Actor, get_or_404
from partners.views.deeds import actor_of, done, form_page, typed
from partners.views.lists import columns, page_links

P = Permission
S = ReviewState
LATEST_FIRST = Order("-created_at", "-id")


@needs(P.SIGNED_IN)
@require_safe
def reviews(request: HttpRequest) -> HttpResponse:
    """What this person was asked to review, the latest first."""
    actor = actor_of(request)
    rows = (
        Review.objects.visible_to(actor)
        .own(actor)
        .select_related("application__organisation", "reviewer__call")
    )
    page = paginate(rows, LATEST_FIRST, cursor=request.GET.get("cursor", ""))
    context = {
        "page": page,
        "columns": columns(_("Application"), _("Call"), _("State")),
        "rows": [
            [
                {
                    "text": each.application.organisation.display_name,
                    "href": reverse("funding:review", args=[each.uuid]),
                },
                {"text": each.reviewer.call.title},
                review_tag(each.state),
            ]
            for each in page.rows
        ],
        "empty": {
            "title": _("Nothing to review"),
            "text": _("A fund names reviewers by their address. What you are asked for stands "
                      "here once the call has closed."),
        },
        **page_links(request, page),
    }  # fmt: skip
    return render(request, "funding/reviews.html", context)


@needs(P.SIGNED_IN)
@require_http_methods(["GET", "HEAD", "POST"])
def review(request: HttpRequest, uuid: UUID) -> HttpResponse:
    """One review: first the declaration, then the application and the points."""
    actor = actor_of(request)
    rows = (
        Review.objects.visible_to(actor)
        .own(actor)
        .select_related(
            "application__organisation", "application__fund", "application__area", "reviewer__call"
        )
    )
    found = get_or_404(rows, actor, uuid=uuid)
    if found.state == S.ASSIGNED:
        return _declare(request, actor, found)
    if found.state == S.CLEARED and "tied" in request.POST:
        return _declare(request, actor, found)
    if found.state == S.CONFLICT:
        context = {"review": found, "organisation": found.application.organisation.display_name}
        return render(request, "funding/review_locked.html", context)
    return _score(request, actor, found)


def _declare(request: HttpRequest, actor: Actor, found: Review) -> HttpResponse:
    form = asked.Declare(typed(request))
    if form.is_valid():
        words = form.conflict_words()
        act = lambda: services.declare(  # noqa: E731
            review=found, conflict=words, by=actor, at=actor.at
        )
        text = _("Declared. The application is locked for you.") if words else _("Declared.")
        if done(request, act, text):
            return redirect("funding:review", uuid=found.uuid)
    return form_page(
        request, form=form, title=_("Declare conflicts of interest first"), button=_("Declare"),
        back=reverse("funding:reviews"), about=found.reviewer.call.title,
        lines=[
            _("The applicant is %(name)s.") % {"name": found.application.organisation.display_name},
            _("What it asks for opens once you have declared."),
        ],
    )  # fmt: skip


def _score(request: HttpRequest, actor: Actor, found: Review) -> HttpResponse:
    call = found.reviewer.call
    form = asked.Scores(found, call.criteria.all(), typed(request))
    if found.state == S.CLEARED and form.is_valid():
        words = form.cleaned_data["words"]
        act = lambda: services.submit(  # noqa: E731
            review=found, points=form.points(), words=words, by=actor, at=actor.at
        )
        if done(request, act, _("Sent. Nobody reads it until all reviews of the call are in.")):
            return redirect("funding:reviews")
    row = found.application
    lines: Any = line_rows(row.lines.all(), row.currency)
    return form_page(
        request, form=form, title=row.title, button=_("Send the scores"),
        back=reverse("funding:reviews"), about=call.title, template="funding/review.html",
        facts=application_facts(row), texts=texts(row), asked=lines,
        asked_columns=columns(_("For"), _("Amount")),
        files=[file_shown(row, each) for each in row.files.all()],
        is_sent=found.state == S.SUBMITTED,
        given=[
            f"{score.criterion.name}: {score.points}"
            for score in found.scores.select_related("criterion")
        ],
        words=found.words,
    )  # fmt: skip
