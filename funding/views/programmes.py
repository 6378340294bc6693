"""Programmes of economic empowerment of one's own organisation, and their follow-ups."""

from typing import Any
from uuid import UUID, uuid4

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from common.country import local_day
from common.marks import Permission, needs
from common.paging import Order, paginate
from funding.forms import survival as asked
from funding.models.programmes import EmpowermentProgramme, ProgrammeFollowUp
from funding.programme_clocks import due_on
from funding.services import programmes as services
from funding.survival_choices import FollowUpAfter
from partners.access import get_or_404
from partners.views.deeds import actor_of, done, form_page, typed
from partners.views.lists import columns, page_links

P = Permission
LATEST_FIRST = Order("-until_on", "-id")


@needs(P.FUNDING_APPLY)
@require_safe
def programmes(request: HttpRequest) -> HttpResponse:
    """The own programmes, the latest first."""
    actor = actor_of(request)
    found = EmpowermentProgramme.objects.visible_to(actor).prefetch_related("follow_ups")
    page = paginate(found, LATEST_FIRST, cursor=request.GET.get("cursor", ""))
    context = {
        "page": page,
        "columns": columns(
            _("Programme"), _("What it gave"), _("Until"), _("Began"), _("Completed"),
            _("Followed up"),
        ),
        "rows": [_row(each) for each in page.rows],
        "empty": {
            "title": _("No programme yet"),
            "text": _("Enter a programme once it is over; you are reminded of its follow-ups."),
            "href": reverse("funding:programme-new"),
            "label": _("Enter a programme"),
        },
        **page_links(request, page),
    }  # fmt: skip
    return render(request, "funding/programmes.html", context)


def _row(each: EmpowermentProgramme) -> list[dict[str, str]]:
    months = [_("%(n)d months") % {"n": f.after} for f in each.follow_ups.all()]
    return [
        {"text": each.title, "href": each.get_absolute_url()},
        {"text": each.get_kind_display()},
        {"text": date_format(each.until_on)},
        {"text": str(each.began)},
        {"text": str(each.completed)},
        {"text": ", ".join(months) or "–"},
    ]


@needs(P.FUNDING_APPLY)
@require_http_methods(["GET", "HEAD", "POST"])
def new(request: HttpRequest) -> HttpResponse:
    """Enter a programme that is over."""
    actor = actor_of(request)
    form = asked.Programme(typed(request), initial={"client_key": uuid4()})
    back = reverse("funding:programmes")
    if form.is_valid():
        made: list[EmpowermentProgramme] = []
        key = form.cleaned_data["client_key"] or uuid4()
        act = lambda: made.append(  # noqa: E731 - done() asks for a function
            services.enter_programme(client_key=key, by=actor, at=actor.at, **form.text())
        )
        if done(request, act, _("The programme is entered.")):
            return redirect(made[0])
    return form_page(
        request, form=form, title=_("Enter a programme"), button=_("Save"), back=back,
        lines=[
            _("Numbers only: nobody is named, and nothing leads from here to a case."),
            _("You are reminded to ask after people 6 and 12 months after its last day."),
        ],
    )  # fmt: skip


@needs(P.FUNDING_APPLY)
@require_safe
def programme(request: HttpRequest, uuid: UUID) -> HttpResponse:
    """One programme with its follow-ups."""
    actor = actor_of(request)
    row = get_or_404(EmpowermentProgramme.objects.all(), actor, uuid=uuid)
    done_already = {each.after: each for each in row.follow_ups.all()}
    today = local_day(actor.at)
    context = {
        "programme": row,
        "kind": row.get_kind_display(),
        "facts": [
            {"label": _("From"), "value": date_format(row.from_on)},
            {"label": _("Until"), "value": date_format(row.until_on)},
            {"label": _("Began"), "value": row.began},
            {"label": _("Completed"), "value": row.completed},
        ],
        "columns": columns(
            _("Follow-up"), _("By"), _("Reached"), _("Business"), _("Job"), _("Training"),
            _("None of these"),
        ),
        "rows": [_follow_up(row, after, done_already.get(after), today) for after in FollowUpAfter],
    }  # fmt: skip
    return render(request, "funding/programme.html", context)


def _follow_up(
    row: EmpowermentProgramme, after: FollowUpAfter, kept: ProgrammeFollowUp | None, today: Any
) -> list[dict[str, Any]]:
    by = due_on(row, after)
    name: dict[str, Any] = {"text": str(after.label)}
    if kept is None:
        name["href"] = reverse("funding:programme-follow-up", args=[row.uuid, after.value])
        name["note"] = _("Overdue") if by < today else _("Not entered yet")
        return [name, {"text": date_format(by)}, *[{"text": "–"}] * 5]
    said = (kept.reached, kept.in_business, kept.in_job, kept.in_training)
    rest = kept.reached - sum(said[1:])
    return [name, {"text": date_format(by)}, *({"text": str(number)} for number in (*said, rest))]


@needs(P.FUNDING_APPLY)
@require_http_methods(["GET", "HEAD", "POST"])
def follow_up(request: HttpRequest, uuid: UUID, after: int) -> HttpResponse:
    """Enter what had become of the people."""
    actor = actor_of(request)
    row = get_or_404(EmpowermentProgramme.objects.all(), actor, uuid=uuid)
    if after not in FollowUpAfter.values:
        raise Http404
    form = asked.FollowUp(typed(request), began=row.began)
    if form.is_valid():
        act = lambda: services.enter_follow_up(  # noqa: E731 - done() asks for a function
            programme=row, after=after, by=actor, at=actor.at, **form.cleaned_data
        )
        if done(request, act, _("The follow-up is entered.")):
            return redirect(row)
    return form_page(
        request, form=form, title=str(FollowUpAfter(after).label), button=_("Save"),
        back=row.get_absolute_url(), about=row.title,
        lines=[_("Count each person once, by what they mainly live on.")],
    )  # fmt: skip
