"""Funds in pages: those one's organisation keeps, one fund with its awards, opening and closing."""

from typing import Any
from uuid import UUID, uuid4

from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from common.marks import Permission, needs
from common.paging import Order, paginate
from funding.amounts import written
from funding.forms import money as asked
from funding.models import Award, Fund
from funding.money_choices import FundingKind, SourceClass
from funding.services import funds as services
from funding.views.awards import AWARDS_LATEST_FIRST, award_columns, award_row
from partners.access import get_or_404, may
from partners.views import shown
from partners.views.deeds import actor_of, conflict, differences, done, form_page, typed
from partners.views.lists import columns, page_links

P = Permission
LONGEST_FIRST = Order("-until_on", "-id")


@needs(P.FUNDING_KEEP)
@require_safe
def funds(request: HttpRequest) -> HttpResponse:
    """The funds of one's organisation: how much, and how much of it is awarded."""
    actor = actor_of(request)
    ours = Fund.objects.visible_to(actor).filter(keeper_id=actor.organisation_id)
    page = paginate(ours, LONGEST_FIRST, cursor=request.GET.get("cursor", ""))
    new = {"label": _("Open a fund"), "href": reverse("funding:fund-new")}
    context = {
        "page": page,
        "columns": [
            *columns(_("Fund"), _("Where it comes from")),
            *({"label": label, "is_number": True} for label in (_("Amount"), _("Left"))),
            *columns(_("Until")),
        ],
        "rows": [_row(each) for each in page.rows],
        "empty": {
            "title": _("No fund yet"),
            "text": _("Open a fund to award money from it, with a call or directly."),
            **new,
        },
        "acts": [new],
        **page_links(request, page),
    }
    return render(request, "funding/funds.html", context)


def _row(fund: Fund) -> list[dict[str, Any]]:
    return [
        {
            "text": fund.name,
            "href": fund.get_absolute_url(),
            "note": _("Closed") if fund.closed_at else "",
        },
        {"text": fund.get_source_class_display()},
        {"text": written(fund.amount, fund.currency)},
        {"text": written(fund.left, fund.currency)},
        {"text": shown.date(fund.until_on)},
    ]


@needs(P.FUNDING_SEE)
@require_safe
def fund(request: HttpRequest, uuid: UUID) -> HttpResponse:
    """One fund: what it is for, what is left of it, and which awards one sees of it."""
    actor = actor_of(request)
    found = get_or_404(Fund.objects.select_related("keeper"), actor, uuid=uuid)
    seen = Award.objects.visible_to(actor).filter(fund=found)
    page = paginate(
        seen.select_related("recipient", "funder"), AWARDS_LATEST_FIRST,
        cursor=request.GET.get("cursor", ""),
    )  # fmt: skip
    keeps = bool(may(actor, P.FUNDING_KEEP, found))
    context = {
        "fund": found,
        "tags": [{"text": _("Closed"), "colour": "grey"}] if found.closed_at else [],
        "facts": _facts(found, keeps=keeps),
        "acts": _acts(found) if keeps and found.closed_at is None else [],
        "kinds": [str(FundingKind(kind).label) for kind in found.kinds],
        "page": page,
        "columns": award_columns(),
        "rows": [award_row(each) for each in page.rows],
        "empty": {"title": _("No award from it yet")},
        "events": _past(found) if keeps else [],
        "back": reverse("funding:funds" if keeps else "funding:awards"),
        **page_links(request, page),
    }
    return render(request, "funding/fund.html", context)


def _facts(found: Fund, *, keeps: bool) -> list[dict[str, str]]:
    facts = [(_("Amount"), written(found.amount, found.currency))]
    if keeps:
        facts.append((_("Left to award"), written(found.left, found.currency)))
    facts += [
        (_("Runs"), f"{shown.date(found.from_on)} – {shown.date(found.until_on)}"),
        (_("Where it comes from"), found.get_source_class_display()),
        (_("Overhead"), _("can be paid") if found.allows_overhead else _("is not paid")),
        (_("Kept by"), found.keeper.display_name),
    ]
    return [{"label": label, "value": value} for label, value in facts]


def _acts(found: Fund) -> list[dict[str, str]]:
    def act(label: str, name: str, kind: str = "secondary") -> dict[str, str]:
        href = reverse("funding:fund-act", args=[found.uuid, name])
        return {"label": label, "href": href, "kind": kind}

    acts = [act(_("Award money without a call"), "award", ""), act(_("Change the fund"), "change")]
    if found.published_at is None:
        acts.append(act(_("Make it known"), "publish"))
    return [*acts, act(_("Close the fund"), "close")]


def _past(found: Fund) -> list[dict[str, Any]]:
    return [
        {
            "title": event.get_kind_display(),
            "at": event.at,
            "by": event.by.display_name if event.by else "",
            "text": event.comment,
        }
        for event in found.events.select_related("by")[:50]
    ]


# --- writing --------------------------------------------------------------------------------------


@needs(P.FUNDING_KEEP)
@require_http_methods(["GET", "HEAD", "POST"])
def new(request: HttpRequest) -> HttpResponse:
    """Open a fund."""
    actor = actor_of(request)
    form = asked.FundForm(typed(request), initial={"client_key": uuid4(), "version": 0})
    if form.is_valid():
        made: list[Fund] = []
        key = form.cleaned_data["client_key"] or uuid4()
        act = lambda: made.append(  # noqa: E731 - done() asks for a function
            services.open_fund(client_key=key, by=actor, at=actor.at, **form.text())
        )
        if done(request, act, _("The fund is open.")):
            return redirect(made[0])
    return form_page(
        request, form=form, title=_("Open a fund"), button=_("Open it"),
        back=reverse("funding:funds"),
        lines=[_("Others see it once a call is published or an award from it is in force.")],
    )  # fmt: skip


@needs(P.FUNDING_KEEP)
@require_http_methods(["GET", "HEAD", "POST"])
def act(request: HttpRequest, uuid: UUID, name: str) -> HttpResponse:
    """One act about a fund: change, make known, close, award money from it."""
    draw = {"change": _change, "publish": _confirm, "close": _confirm, "award": _award}.get(name)
    if draw is None:
        raise Http404
    actor = actor_of(request)
    found = get_or_404(Fund.objects.select_related("keeper"), actor, uuid=uuid)
    if not may(actor, P.FUNDING_KEEP, found):
        raise PermissionDenied
    return draw(request, found, name)


def _change(request: HttpRequest, found: Fund, name: str) -> HttpResponse:
    actor = actor_of(request)
    standing = {each: getattr(found, each) for each in services.TEXT}
    form = asked.FundForm(typed(request), initial={**standing, "version": found.version})
    if form.is_valid():
        version = form.cleaned_data["version"]
        act = lambda: services.change_fund(  # noqa: E731
            fund=found, by=actor, at=actor.at, version=version, **form.text()
        )
        now = Fund.objects.visible_to(actor).get(pk=found.pk)
        if now.version != version:
            return _slower(request, form, now)
        if done(request, act, _("Saved.")):
            return redirect(found)
    return form_page(
        request, form=form, title=_("Change the fund"), button=_("Save"),
        back=found.get_absolute_url(), about=found.name,
    )  # fmt: skip


def _slower(request: HttpRequest, form: asked.FundForm, now: Fund) -> HttpResponse:
    theirs = {name: getattr(now, name) for name in services.TEXT}
    mine = form.text() | {"kinds": tuple(form.cleaned_data["kinds"])}
    labels = {name: form.fields[name].label for name in theirs}
    rows = differences(labels, {name: _said(name, mine[name]) for name in theirs},
                       {name: _said(name, theirs[name]) for name in theirs})  # fmt: skip
    return conflict(request, rows=rows, version=now.version, back=now.get_absolute_url())


def _said(name: str, value: Any) -> Any:
    """A value of a fund as its page says it."""
    if name == "kinds":
        return ", ".join(str(FundingKind(kind).label) for kind in value)
    return str(SourceClass(value).label) if name == "source_class" else value


def _confirm(request: HttpRequest, found: Fund, name: str) -> HttpResponse:
    actor = actor_of(request)
    service = services.publish if name == "publish" else services.close_fund
    said = _("The fund is known to everybody now.") if name == "publish" else _("Closed.")
    if request.method == "POST":
        done(request, lambda: service(fund=found, by=actor, at=actor.at), said)
        return redirect(found)
    lines = (
        [_("Every organisation that may apply sees its name, purpose and amount.")]
        if name == "publish"
        else [_("Nothing more is awarded from it. What was awarded is paid on.")]
    )
    title = _("Make the fund known") if name == "publish" else _("Close the fund")
    warning = "" if name == "publish" else _("It cannot be opened again.")
    return form_page(
        request, form=asked.Confirm(), title=title, button=title, back=found.get_absolute_url(),
        about=found.name, lines=lines, warning=warning,
    )  # fmt: skip


def _award(request: HttpRequest, found: Fund, name: str) -> HttpResponse:
    from funding.services.awards import propose

    actor = actor_of(request)
    initial = {"client_key": uuid4(), "currency": found.currency}
    form = asked.DirectAward(actor, found, typed(request), initial=initial)
    if form.is_valid():
        made: list[Award] = []
        act = lambda: made.append(  # noqa: E731
            propose(
                fund=found,
                lines=(),
                is_direct=True,
                by=actor,
                at=actor.at,
                client_key=form.cleaned_data["client_key"],
                **form.text(),
            )  # fmt: skip
        )
        if done(request, act, _("The award is proposed. Say next what its lines pay for.")):
            return redirect("funding:award-act", made[0].uuid, "lines")
    return form_page(
        request, form=form, title=_("Award money without a call"), button=_("Save and go on"),
        back=found.get_absolute_url(), about=found.name,
        lines=[
            _("%(left)s of the fund is left.") % {"left": written(found.left, found.currency)},
            _("A second person must approve it, and cannot be you."),
        ],
    )  # fmt: skip
