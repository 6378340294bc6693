"""Obligations of the State in pages: who answers for each, who carries it out."""

from typing import Any
from uuid import UUID

from django.db.models import Q
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from common.exports import Row
from common.forms import in_words
from common.marks import Permission, needs
from common.paging import Order, paginate
from ncm.forms import consultations as asked
from ncm.models import Obligation
from ncm.plan_choices import FourP
from ncm.services import obligations as services
from ncm.views.as_csv import csv_button, csv_of
from ncm.views.plan_shown import Names, past
from partners.access import Actor, get_or_404
from partners.deed_choices import IN_FORCE
from partners.models import DelegatedDuty
from partners.views.deeds import actor_of, conflict, differences, done, form_page, typed
from partners.views.lists import columns, page_links

P = Permission
READ = ["GET", "HEAD", "POST"]
BY_ARTICLE = Order("instrument", "article", "id")


def delegated(rows: list[Obligation], actor: Actor) -> dict[str, list[DelegatedDuty]]:
    """By duty, who carries it out under an agreement in force this actor sees. One query."""
    duties = {each.duty for each in rows if each.duty}
    found: dict[str, list[DelegatedDuty]] = {}
    held = DelegatedDuty.objects.visible_to(actor).filter(
        Q(agreement__state__in=IN_FORCE), duty__in=duties
    )
    for each in held.select_related("carried_by", "area", "agreement").order_by("area__path", "pk"):
        found.setdefault(each.duty, []).append(each)
    return found


@needs(P.COORDINATION_SEE)
@require_safe
def obligations(request: HttpRequest) -> HttpResponse:
    """Every obligation by instrument and article: who answers, and who carries it out."""
    actor = actor_of(request)
    rows = Obligation.objects.visible_to(actor).select_related("accountable")
    page = paginate(rows, BY_ARTICLE, cursor=request.GET.get("cursor", ""))
    duties = delegated(page.rows, actor)
    carrying = [each.carried_by for several in duties.values() for each in several]
    names = Names(actor, [*(each.accountable for each in page.rows), *carrying])
    acts = [csv_button(request, "ncm:obligations-file")]
    if P.COORDINATION_KEEP in actor.permissions:
        acts.insert(0, {"label": _("Enter an obligation"), "href": reverse("ncm:obligation-new")})
    context = {
        "page": page,
        "columns": columns(
            _("Article"), _("What it asks"), _("P"), _("Accountable"), _("Carried out by")
        ),
        "rows": [_row(each, names, duties) for each in page.rows],
        "empty": {
            "title": _("No obligation is entered yet"),
            "text": _("What the country has bound itself to, article by article, with the State "
                      "body that answers for it."),
        },
        "acts": acts,
        **page_links(request, page),
    }  # fmt: skip
    return render(request, "ncm/obligations.html", context)


def _row(
    each: Obligation, names: Names, duties: dict[str, list[DelegatedDuty]]
) -> list[dict[str, Any]]:
    carried = _carried(each, names, duties)
    return [
        {"text": f"{each.instrument}, {each.article}", "href": each_href(each)},
        {"text": each.words},
        {"text": str(FourP(each.p).label)},
        {"text": names.of(each.accountable)},
        {"text": carried or "–",
         "note": _("delegated; the State stays accountable") if carried else ""},
    ]  # fmt: skip


def _carried(each: Obligation, names: Names, duties: dict[str, list[DelegatedDuty]]) -> str:
    return "; ".join(sorted({names.of(duty.carried_by) for duty in duties.get(each.duty, [])}))


@needs(P.COORDINATION_SEE)
@require_safe
def as_file(request: HttpRequest) -> HttpResponse:
    """The register as CSV."""
    actor = actor_of(request)
    columns_ = [
        _("Instrument"), _("Article"), _("What it asks"), _("P"), _("Accountable"),
        _("Duty that agreements can delegate"), _("Carried out by"),
    ]  # fmt: skip

    def rows_of(found: list[Obligation]) -> list[Row]:
        duties = delegated(found, actor)
        carrying = [each.carried_by for several in duties.values() for each in several]
        names = Names(actor, [*(each.accountable for each in found), *carrying])
        return [
            [
                each.instrument, each.article, each.words, str(FourP(each.p).label),
                names.of(each.accountable), each.get_duty_display() if each.duty else "",
                _carried(each, names, duties),
            ]
            for each in found
        ]  # fmt: skip

    rows = Obligation.objects.visible_to(actor).select_related("accountable")
    rows = rows.order_by("instrument", "article", "pk")
    return csv_of(rows, rows_of, columns=columns_, name="obligations", actor=actor)


def each_href(each: Obligation) -> str:
    return reverse("ncm:obligation", args=[each.uuid])


@needs(P.COORDINATION_SEE)
@require_safe
def obligation(request: HttpRequest, uuid: UUID) -> HttpResponse:
    """One obligation: who answers for it, whoever carries it out."""
    actor = actor_of(request)
    rows = Obligation.objects.select_related("accountable")
    found = get_or_404(rows, actor, uuid=uuid)
    duties = delegated([found], actor).get(found.duty, [])
    names = Names(actor, [found.accountable, *(each.carried_by for each in duties)])
    keeps = P.COORDINATION_KEEP in actor.permissions
    speaks = P.COORDINATION_SPEAK in actor.permissions
    acts = []
    if speaks:
        href = f"{reverse('ncm:action-new')}?obligation={found.uuid}"
        acts.append({"label": _("Make an action point of this"), "href": href})
    if keeps:
        edit = reverse("ncm:obligation-edit", args=[found.uuid])
        acts.append({"label": _("Change the entry"), "href": edit, "kind": "secondary"})
    context = {
        "found": found,
        "facts": [
            {"label": _("What it asks"), "value": found.words},
            {"label": _("P"), "value": str(FourP(found.p).label)},
            {"label": _("Accountable"), "value": names.of(found.accountable)},
            {"label": _("Duty that agreements can delegate"),
             "value": str(found.get_duty_display()) if found.duty else _("None")},
        ],
        "acts": acts,
        "columns": columns(_("Carried out by"), _("Where"), _("Agreement")),
        "rows": [
            [
                {"text": names.of(each.carried_by)},
                {"text": each.area.name},
                {"text": each.agreement.title, "href": each.agreement.get_absolute_url()},
            ]
            for each in duties
        ],
        "empty": {
            "title": _("No agreement that you see delegates it"),
            "text": _("Whoever carries it out: the State body named here answers for it."),
        },
        "events": past(found.events.all(), actor),
    }  # fmt: skip
    return render(request, "ncm/obligation.html", context)


@needs(P.COORDINATION_KEEP)
@require_http_methods(READ)
def new(request: HttpRequest) -> HttpResponse:
    """Enter an obligation."""
    actor = actor_of(request)
    form = asked.ObligationText(actor, typed(request), initial={"version": 0})
    if form.is_valid():
        given = dict(form.cleaned_data)
        given.pop("version")
        made: list[Obligation] = []
        act = lambda: made.append(  # noqa: E731 - done() asks for a function
            services.enter(by=actor, at=actor.at, **given)
        )
        if done(request, act, _("Entered.")):
            return redirect(each_href(made[0]))
    return form_page(
        request, form=form, title=_("Enter an obligation"), button=_("Enter it"),
        back=reverse("ncm:obligations"),
    )  # fmt: skip


@needs(P.COORDINATION_KEEP)
@require_http_methods(READ)
def edit(request: HttpRequest, uuid: UUID) -> HttpResponse:
    """Change an entry; who answered for it before stays readable."""
    actor = actor_of(request)
    rows = Obligation.objects.select_related("accountable")
    found = get_or_404(rows, actor, uuid=uuid)
    back, standing = each_href(found), asked.obligation_standing(found)
    form = asked.ObligationText(actor, typed(request), initial=standing)
    if form.is_valid():
        given = dict(form.cleaned_data)
        version = given.pop("version")
        if version != found.version:
            theirs = {name: getattr(found, name) for name in given}
            labels = {name: field.label for name, field in form.fields.items()}
            rows_ = differences(labels, in_words(form, given), in_words(form, theirs))
            return conflict(request, rows=rows_, version=found.version, back=back)
        act = lambda: services.change(  # noqa: E731
            obligation=found, version=version, by=actor, at=actor.at, **given
        )
        if done(request, act, _("Saved.")):
            return redirect(back)
    return form_page(
        request, form=form, title=_("Change the entry"), button=_("Save"), back=back,
        about=str(found),
    )  # fmt: skip
