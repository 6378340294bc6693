"""The two-way board in pages: both sides by one definition, and each class row by row."""

from typing import Any

from django import forms
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.formats import number_format
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_safe

from common.country import current, local_day
from common.marks import Permission, needs
from common.paging import Order, paginate
from deadlines import kinds
from deadlines.models import Deadline
from ncm import board as counted
from ncm.board import CIVIL, SIDES, STATE, Line, Side
from ncm.board_debts import BY_CODE
from ncm.views.actions import name_in, names
from partners.access import Actor
from partners.views import shown
from partners.views.deeds import actor_of
from partners.views.lists import page_links

P = Permission
SOONEST_FIRST = Order("due_at", "id")
OURS = "ours"


@needs(P.COORDINATION_SEE)
@require_safe
def board(request: HttpRequest) -> HttpResponse:
    """What the State owes civil society beside what civil society owes the State."""
    actor = actor_of(request)
    found = counted.board(actor)
    speaks = P.COORDINATION_SPEAK in actor.permissions
    heads = [
        (_("What is owed"), False), (_("State bodies: days late"), True),
        (_("State bodies: late now"), True), (_("Civil society: days late"), True),
        (_("Civil society: late now"), True), (_("Late to us"), True), (_("Late of ours"), True),
    ]  # fmt: skip
    context = {
        "halves": [
            _half(_("State bodies owe civil society"), found.total[STATE]),
            _half(_("Civil society owes State bodies"), found.total[CIVIL]),
        ],
        "columns": [{"label": label, "is_number": number} for label, number in heads],
        "rows": [_line(each, actor, speaks=speaks) for each in found.lines if each.has_any],
        "quiet": [
            {"text": str(each.debt.title), "href": _href(each.debt.code) if speaks else ""}
            for each in found.lines
            if not each.has_any
        ],
        "has_hidden": found.has_hidden,
        "minimum": current().minimum_cell,
        "speaks": speaks,
    }
    return render(request, "ncm/board.html", context)


def _half(title: str, side: Side) -> dict[str, Any]:
    days = _days(side)
    return {
        "title": title,
        "median": days or _("None yet"),
        "base": ngettext("Counted: %(n)s", "Counted: %(n)s", side.base)
        % {"n": _grouped(side.base)},
        "late": ngettext("%(n)s is late now", "%(n)s are late now", side.late)
        % {"n": _grouped(side.late)},
    }


def _grouped(number: int) -> str:
    return str(number_format(number, force_grouping=True))


def _days(side: Side) -> str:
    if side.median is None:
        return ""
    value = side.median
    written = number_format(value, 0 if value == int(value) else 1)
    return ngettext("%(n)s day", "%(n)s days", int(value) if value == int(value) else 2) % {
        "n": written
    }


def _line(each: Line, actor: Actor, *, speaks: bool) -> list[dict[str, Any]]:
    """A row of the table; a number is a link to what it counts where one may be shown it."""
    code = each.debt.code
    cells: list[dict[str, Any]] = [{"text": str(each.debt.title)}]
    if speaks:
        cells[0]["href"] = _href(code, show=OURS)
    for side in SIDES:
        cells += _side(each, side, linked=speaks and counted.lists_all(each.debt, actor))
    for number in (each.late_to_us, each.late_by_us):
        cell: dict[str, Any] = {"text": _grouped(number)}
        if number and speaks:
            cell["href"] = _href(code, show=OURS)
        cells.append(cell)
    return cells


def _side(each: Line, side: str, *, linked: bool) -> list[dict[str, Any]]:
    part = each.sides[side]
    if part.is_hidden:
        few = _("fewer than %(n)s") % {"n": current().minimum_cell}
        return [{"text": "–", "note": few}, {"text": "–"}]
    if not part.base:
        return [{"text": "–"}, {"text": "0"}]
    late: dict[str, Any] = {"text": _grouped(part.late)}
    if part.late and linked:
        late["href"] = _href(each.debt.code, side=side)
    base = ngettext("of %(n)s", "of %(n)s", part.base) % {"n": _grouped(part.base)}
    return [{"text": _days(part), "note": base}, late]


def _href(code: str, **query: str) -> str:
    asked = "&".join(f"{name}={value}" for name, value in query.items())
    return reverse("ncm:board-rows", args=[code]) + (f"?{asked}" if asked else "")


# --- one class ------------------------------------------------------------------------------------


class Narrow(forms.Form):
    """Whose, and which way."""

    show = forms.ChoiceField(required=False)
    side = forms.ChoiceField(required=False)

    def __init__(self, data: Any, *, sees_all: bool) -> None:
        super().__init__(data)
        whose = [("", _("All I may see")), (OURS, _("My organisation’s"))]
        way = [("", _("Both ways")), (STATE, _("State bodies to civil society")),
               (CIVIL, _("Civil society to State bodies"))]  # fmt: skip
        for name, label, choices in (("show", _("Whose"), whose), ("side", _("Which way"), way)):
            self.fields[name].label = label
            self.fields[name].choices = choices  # type: ignore[attr-defined]
        if not sees_all:
            del self.fields["show"]


@needs(P.COORDINATION_SPEAK)
@require_safe
def rows(request: HttpRequest, what: str) -> HttpResponse:
    """What of one class is late or due within thirty days, the longest overdue first."""
    actor = actor_of(request)
    if what not in BY_CODE:
        raise Http404
    debt = BY_CODE[what]
    form = Narrow(request.GET, sees_all=counted.lists_all(debt, actor))
    given = form.cleaned_data if form.is_valid() else {}
    found = counted.rows_of(
        what, actor, ours=given.get("show") == OURS, side=given.get("side") or ""
    )
    page = paginate(found, SOONEST_FIRST, cursor=request.GET.get("cursor", ""))
    known = names(actor, {key for each in page.rows for key in (each.debtor, each.creditor)})
    seen = kinds.seen(actor, page.rows)
    heads = (_("What"), _("Who owes it"), _("To whom"), _("Due on"), _("Days late"))
    context = {
        "title": str(debt.title),
        "is_between": debt.is_between,
        "filter": form,
        "clear_href": reverse("ncm:board-rows", args=[what]),
        "page": page,
        "columns": [
            {"label": label, "is_number": n == len(heads) - 1} for n, label in enumerate(heads)
        ],
        "rows": [_row(each, known, seen, actor) for each in page.rows],
        "empty": {
            "title": _("Nothing is late, and nothing is due within thirty days"),
            "text": _("What was done in time or late counts in the figures of the board."),
            "href": reverse("ncm:board"),
            "label": _("Back to the board"),
        },
        "back": reverse("ncm:board"),
        **page_links(request, page),
    }
    return render(request, "ncm/board_rows.html", context)


def _row(
    each: Any, known: dict[int, str], seen: dict[Any, str], actor: Actor
) -> list[dict[str, Any]]:
    kind = kinds.kind_of(each.kind)
    key = (each.kind, each.subject_uuid)
    what: dict[str, Any] = {"text": str(kind.title) if kind else "", "note": seen.get(key, "")}
    if kind is not None and key in seen:
        what["href"] = kind.link(each.subject_uuid)
    everybody = _("All members")
    return [
        what,
        {"text": name_in(known, each.debtor)},
        {"text": name_in(known, each.creditor) if each.creditor else everybody},
        {"text": shown.day(each.due_at)},
        {"text": _late_by(each, actor)},
    ]


def _late_by(each: Deadline, actor: Actor) -> str:
    days = (local_day(actor.at) - local_day(each.due_at)).days
    return str(days) if days > 0 else "–"
