"""The prevention register in pages: for whom, where, with which civil society, how many reached."""

from typing import Any
from uuid import UUID, uuid4

from django import forms
from django.core.exceptions import PermissionDenied
from django.db.models import Count, Q, Sum
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from common.exports import Row
from common.forms import NarrowForm
from common.marks import Permission, needs
from common.paging import Order, paginate
from ncm.forms import consultations as asked
from ncm.models import Prevention
from ncm.plan_choices import TargetGroup
from ncm.services import prevention as services
from ncm.views.as_csv import csv_button, csv_of
from ncm.views.plan_shown import Names, figure, groups, past
from partners.access import Actor, get_or_404, may
from partners.choices import CIVIL_SOCIETY
from partners.filters import areas
from partners.views import shown
from partners.views.deeds import actor_of, conflict, differences, done, form_page, typed
from partners.views.lists import columns, page_links

P = Permission
READ = ["GET", "HEAD", "POST"]
NEWEST_FIRST = Order("-from_on", "-id")


class Narrow(NarrowForm):
    """For whom, and where."""

    group = forms.ChoiceField(required=False)
    area = forms.ChoiceField(required=False)

    def __init__(self, data: Any) -> None:
        super().__init__(data)
        known = areas()
        self.paths = {code: path for code, _name, path in known}
        tree = [(code, "\N{EM SPACE}" * (path.count("/") - 1) + name) for code, name, path in known]
        for name, label, choices in (
            ("group", _("For whom"), [("", _("Everybody")), *TargetGroup.choices]),
            ("area", _("Area"), [("", _("The whole country")), *tree]),
        ):
            self.fields[name].label = label
            self.fields[name].choices = choices  # type: ignore[attr-defined]


@needs(P.COORDINATION_SEE)
@require_safe
def prevention(request: HttpRequest) -> HttpResponse:
    """The register, newest first, and how many activities there are for each group."""
    actor = actor_of(request)
    form, rows = _narrowed(request, actor)
    page = paginate(
        rows.prefetch_related("partners"), NEWEST_FIRST, cursor=request.GET.get("cursor", "")
    )
    homes = [each for row in page.rows for each in (row.keeper, *row.partners.all())]
    names = Names(actor, homes)
    acts = [csv_button(request, "ncm:prevention-file")]
    if P.COORDINATION_SPEAK in actor.permissions:
        acts.insert(0, {"label": _("Enter an activity"), "href": reverse("ncm:prevention-new")})
    context = {
        "page": page,
        "filter": form,
        "clear_href": reverse("ncm:prevention"),
        "sum_columns": [
            {"label": _("For whom")},
            {"label": _("Activities"), "is_number": True},
            {"label": _("People reached"), "is_number": True},
        ],
        "sums": _sums(rows),
        "columns": columns(
            _("Activity"), _("For whom"), _("Where"), _("With civil society"), _("Reached")
        ),
        "rows": [_row(each, names) for each in page.rows],
        "empty": _nothing(is_narrowing=form.is_narrowing),
        "acts": acts,
        **page_links(request, page),
    }  # fmt: skip
    return render(request, "ncm/prevention.html", context)


def _nothing(*, is_narrowing: bool) -> dict[str, str]:
    if is_narrowing:
        return {
            "title": _("No activity matches"),
            "text": _("Take away one of the filters."),
            "href": reverse("ncm:prevention"),
            "label": _("Show all activities"),
        }
    return {
        "title": _("Nothing is entered yet"),
        "text": _("What is done so that fewer people are trafficked: for whom, where, with whom, "
                  "and how many it reached."),
    }  # fmt: skip


def _narrowed(request: HttpRequest, actor: Actor) -> tuple[Narrow, Any]:
    form = Narrow(request.GET)
    given = form.cleaned_data if form.is_valid() else {}
    rows = Prevention.objects.visible_to(actor).select_related("keeper", "area")
    if given.get("group"):
        rows = rows.filter(target_groups__contains=given["group"])
    if path := form.paths.get(given.get("area", "")):
        rows = rows.filter(area__path__startswith=path)
    return form, rows


@needs(P.COORDINATION_SEE)
@require_safe
def as_file(request: HttpRequest) -> HttpResponse:
    """What the filter shows, as CSV."""
    actor = actor_of(request)
    columns_ = [
        _("Activity"), _("What is done"), _("Who does it"), _("Civil society partners"),
        _("Other partners"), _("For whom"), _("Area"), _("Place"), _("From"), _("Until"),
        _("People it is to reach"), _("People reached"),
    ]  # fmt: skip

    def rows_of(found: list[Prevention]) -> list[Row]:
        homes = [home for each in found for home in (each.keeper, *each.partners.all())]
        names = Names(actor, homes)
        return [
            [
                each.title, each.words, names.of(each.keeper), *map(names.all_of, _sides(each)),
                groups(each.target_groups), _where(each), each.place, each.from_on, each.until_on,
                each.planned_reach, each.reach,
            ]
            for each in found
        ]  # fmt: skip

    _form, rows = _narrowed(request, actor)
    rows = rows.prefetch_related("partners").order_by("-from_on", "-pk")
    return csv_of(rows, rows_of, columns=columns_, name="prevention", actor=actor)


def _sides(each: Prevention) -> tuple[list[Any], list[Any]]:
    """Its partners: civil society, then others."""
    partners = list(each.partners.all())
    civil = [home for home in partners if home.kind in CIVIL_SOCIETY]
    return civil, [home for home in partners if home.kind not in CIVIL_SOCIETY]


def _where(each: Prevention) -> str:
    return each.area.name if each.area else _("The whole country")


def _sums(rows: Any) -> list[list[dict[str, str]]]:
    """For each group, those without anything too: a hole is seen. One query."""
    wanted: dict[str, Any] = {}
    for code in TargetGroup.values:
        of_group = Q(target_groups__contains=code)
        wanted[f"number_{code}"] = Count("pk", filter=of_group)
        wanted[f"reach_{code}"] = Sum("reach", filter=of_group)
    found = rows.order_by().aggregate(**wanted)
    return [
        [
            {"text": str(TargetGroup(code).label)},
            {"text": str(found[f"number_{code}"])},
            {"text": figure(found[f"reach_{code}"] or 0)},
        ]
        for code in TargetGroup.values
    ]


def _row(each: Prevention, names: Names) -> list[dict[str, Any]]:
    civil, _others = _sides(each)
    planned = _("of %(n)s planned") % {"n": each.planned_reach} if each.planned_reach else ""
    return [
        {"text": each.title, "href": each.get_absolute_url(), "note": names.of(each.keeper)},
        {"text": groups(each.target_groups)},
        {"text": _where(each), "note": each.place},
        {"text": names.all_of(civil) or "–"},
        {"text": "–" if each.reach is None else figure(each.reach), "note": planned},
    ]


def found_entry(actor: Actor, uuid: UUID) -> Prevention:
    rows = Prevention.objects.select_related("keeper", "area", "activity__objective")
    return get_or_404(rows, actor, uuid=uuid)


@needs(P.COORDINATION_SEE)
@require_safe
def entry(request: HttpRequest, uuid: UUID) -> HttpResponse:
    """One entry of the register."""
    actor = actor_of(request)
    found = found_entry(actor, uuid)
    civil, others = _sides(found)
    names = Names(actor, [found.keeper, *civil, *others])
    facts = [
        (_("P"), _("Prevention")),
        (_("Who does it"), names.of(found.keeper)),
        (_("Civil society partners"), names.all_of(civil)),
        (_("Other partners"), names.all_of(others)),
        (_("For whom"), groups(found.target_groups)),
        (_("Where"), _where(found)),
        (_("Place"), found.place),
        (_("From – until"), f"{shown.date(found.from_on)} – {shown.date(found.until_on)}"),
        (_("People it is to reach"), figure(found.planned_reach)),
        (_("People reached"), figure(found.reach)),
    ]
    rows: list[dict[str, Any]] = [{"label": a, "value": b} for a, b in facts if b]
    if found.activity is not None:
        rows.append({
            "label": _("Activity of the plan"), "value": found.activity.reference,
            "link": found.activity.get_absolute_url(),
        })  # fmt: skip
    keeps = may(actor, P.COORDINATION_SPEAK, found)
    href = lambda name: reverse("ncm:prevention-act", args=[found.uuid, name])  # noqa: E731
    context = {
        "found": found,
        "facts": rows,
        "acts": [
            {"label": _("Count whom it reached"), "href": href("count")},
            {"label": _("Change the entry"), "href": href("edit"), "kind": "secondary"},
        ]
        if keeps
        else [],
        "events": past(found.events.all(), actor),
    }
    return render(request, "ncm/prevention_entry.html", context)


@needs(P.COORDINATION_SPEAK)
@require_http_methods(READ)
def new(request: HttpRequest) -> HttpResponse:
    """Enter what one's organisation does."""
    actor = actor_of(request)
    form = asked.Entry(actor, typed(request), initial={"client_key": uuid4(), "version": 0})
    if form.is_valid():
        made: list[Prevention] = []
        key = form.cleaned_data["client_key"] or uuid4()
        act = lambda: made.append(  # noqa: E731 - done() asks for a function
            services.enter(client_key=key, by=actor, at=actor.at, **form.text())
        )
        if done(request, act, _("Entered.")):
            return redirect(made[0])
    return form_page(
        request, form=form, title=_("Enter a prevention activity"), button=_("Enter it"),
        back=reverse("ncm:prevention"), lines=[_("Every member reads it.")],
    )  # fmt: skip


@needs(P.COORDINATION_SPEAK)
@require_http_methods(READ)
def act(request: HttpRequest, uuid: UUID, name: str) -> HttpResponse:
    """Change an entry of one's organisation, or count whom it reached."""
    actor = actor_of(request)
    draw = {"edit": _edit, "count": _count}.get(name)
    if draw is None:
        raise Http404
    found = found_entry(actor, uuid)
    if not may(actor, P.COORDINATION_SPEAK, found):
        raise PermissionDenied
    return draw(request, actor, found)


def _edit(request: HttpRequest, actor: Actor, found: Prevention) -> HttpResponse:
    standing = asked.entry_standing(found)
    form = asked.Entry(actor, typed(request), initial=standing)
    if form.is_valid():
        version = form.cleaned_data["version"]
        if version != found.version:
            names = ("title", "words", "place", "from_on", "until_on", "planned_reach")
            mine, labels = form.text(), {name: form.fields[name].label for name in names}
            rows = differences(
                labels, {name: mine[name] for name in names},
                {name: standing[name] for name in names},
            )  # fmt: skip
            return conflict(
                request, rows=rows, version=found.version, back=found.get_absolute_url()
            )
        act = lambda: services.change(  # noqa: E731
            prevention=found, version=version, by=actor, at=actor.at, **form.text()
        )
        if done(request, act, _("Saved.")):
            return redirect(found)
    return form_page(
        request, form=form, title=_("Change the entry"), button=_("Save"),
        back=found.get_absolute_url(), about=found.title,
    )  # fmt: skip


def _count(request: HttpRequest, actor: Actor, found: Prevention) -> HttpResponse:
    form = asked.Reach(typed(request), initial={"reach": found.reach})
    if form.is_valid():
        reach = form.cleaned_data["reach"]
        act = lambda: services.count(  # noqa: E731
            prevention=found, reach=reach, by=actor, at=actor.at
        )
        if done(request, act, _("Counted.")):
            return redirect(found)
    return form_page(
        request, form=form, title=_("Count whom it reached"), button=_("Save"),
        back=found.get_absolute_url(), about=found.title,
        lines=[_("A number only, never who.")],
    )  # fmt: skip
