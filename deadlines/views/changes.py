"""Changing a rule of the country, or its working days, in two steps.

First the form; then what the change would do to everything that runs, and the question what of it
is to move. Nothing is entered before that is answered.
"""

from datetime import date
from typing import Any
from zoneinfo import ZoneInfo

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods, require_safe

from common.country import current
from common.marks import Actor, Permission, needs
from common.profile import DeadlineRule
from deadlines import kinds, words
from deadlines.forms import ChangeRule, Confirm, CorrectDay
from deadlines.models import CalendarDay
from deadlines.rulebook import rulebook
from deadlines.services import rules as services
from deadlines.services.rules import Changed, Move, TooMany, Which, chosen, seal_of

SHOWN = 50
LISTED = 400
"""Corrections on the page: a country enters a handful a year."""
STEPS = ("csrfmiddlewaretoken", "step", "which", "seen")


@needs(Permission.RULE_CHANGE, fresh=True)
@require_http_methods(["GET", "HEAD", "POST"])
def rule_change(request: HttpRequest, code: str) -> HttpResponse:
    """Change a rule of the profile from a day on; ?part=SCT for one part of the country."""
    actor: Actor = request.actor  # type: ignore[attr-defined]
    book = rulebook()
    place = request.GET.get("part", "")
    template = book.template(code, place)
    if template is None or (place and place not in book.profile.subdivisions):
        raise Http404
    today = actor.at.astimezone(book.profile.time_zone).date()
    now = book.of(code, on=today, subdivision=place) or template
    posted = request.POST if request.method == "POST" else None
    form = ChangeRule(posted, template=template, initial=_as_initial(now))
    frame = {"rule": now, "part": place, "back": reverse("deadlines:rules")}
    if not form.is_valid() or request.POST.get("step") == "back":
        return render(request, "deadlines/rule_change.html", {**frame, "form": form})
    draft = form.draft(place)
    rule = book.made_by(draft)
    moves, too_many = _worked_out(lambda: services.moves_of_rule(rule))
    confirm = _confirmed(request, _choices(moves, rule))
    if confirm.is_valid():
        which, seen = Which(confirm.cleaned_data["which"]), confirm.cleaned_data["seen"]
        try:
            services.change_rule(
                draft=draft, rule=rule, which=which, seen=seen, by=actor, at=actor.at
            )
        except (Changed, TooMany):
            messages.error(request, _("Something has begun or ended meanwhile. Look again."))
            confirm = Confirm(choices=_choices(moves, rule))
        else:
            messages.success(request, _("Entered. The change stands below, with your reason."))
            return redirect("deadlines:rules")
    context = {
        **frame,
        **_preview(request, confirm, moves, actor, too_many=too_many),
        "title": str(rule.title),
        "differences": _differences(now, rule),
    }
    return render(request, "deadlines/change_confirm.html", context)


@needs(Permission.SIGNED_IN)
@require_safe
def calendar_days(request: HttpRequest) -> HttpResponse:
    """Every correction of the country's working days, the newest first, and who entered it."""
    actor: Actor = request.actor  # type: ignore[attr-defined]
    rows = CalendarDay.objects.filter(country=current().code).select_related("entered_by")
    context = {
        "country": current(),
        "may_change": Permission.RULE_CHANGE in actor.permissions,
        "columns": [
            {"label": label}
            for label in (_("Day"), _("Part of the country"), _("Why"), _("Entered"))
        ],
        "rows": [_day_row(row) for row in rows.order_by("-pk")[:LISTED]],
        "empty": {
            "title": _("No corrections"),
            "text": _("Public holidays come from the profile; what differs is entered here."),
        },
    }
    return render(request, "deadlines/calendar_days.html", context)


@needs(Permission.RULE_CHANGE, fresh=True)
@require_http_methods(["GET", "HEAD", "POST"])
def calendar_day_add(request: HttpRequest) -> HttpResponse:
    """Correct one day of the calendar."""
    actor: Actor = request.actor  # type: ignore[attr-defined]
    form = CorrectDay(request.POST if request.method == "POST" else None)
    frame = {"back": reverse("deadlines:calendar_days")}
    if not form.is_valid() or request.POST.get("step") == "back":
        return render(request, "deadlines/calendar_day_add.html", {**frame, "form": form})
    draft = form.draft()
    moves, too_many = _worked_out(lambda: services.moves_of_day(draft))
    confirm = _confirmed(request, _choices(moves, None))
    if confirm.is_valid():
        which, seen = confirm.cleaned_data["which"], confirm.cleaned_data["seen"]
        try:
            services.correct_calendar(
                draft=draft, moves_them=which == Which.ALL, seen=seen, by=actor, at=actor.at
            )
        except (Changed, TooMany):
            messages.error(request, _("Something has begun or ended meanwhile. Look again."))
            confirm = Confirm(choices=_choices(moves, None))
        else:
            messages.success(request, _("Entered. Clocks that begin from now on count with it."))
            return redirect("deadlines:calendar_days")
    says = _("is worked after all") if draft.is_working else _("is a day off")
    context = {
        **frame,
        **_preview(request, confirm, moves, actor, too_many=too_many),
        "title": f"{words.on_day(draft.day)} {says}",
        "differences": [],
    }
    return render(request, "deadlines/change_confirm.html", context)


# --- the second step ------------------------------------------------------------------------------


def _worked_out(work: Any) -> tuple[list[Move], bool]:
    try:
        return work(), False
    except TooMany:
        return [], True


def _choices(moves: list[Move], rule: DeadlineRule | None) -> list[tuple[Which, str]]:
    """What can be moved, with how many that are; a choice that moves nothing is not offered."""
    choices = [(Which.NONE, _("Nothing: what runs keeps the date it has"))]
    since = chosen(moves, rule, Which.SINCE) if rule else []
    labels = (
        (Which.SINCE, since, _("Only what began on or after the first day: %(count)s")),
        (Which.ALL, moves, _("Everything listed that can move: %(count)s")),
    )
    for which, those, label in labels:
        n = sum(move.moves for move in those)
        if n:
            count = ngettext("%(n)d deadline", "%(n)d deadlines", n) % {"n": n}
            choices.append((which, label % {"count": count}))
    return choices


def _confirmed(request: HttpRequest, choices: list[tuple[Which, str]]) -> Confirm:
    """The answer, where the second step was posted; else the question."""
    posted = request.POST if request.POST.get("step") == "confirm" else None
    return Confirm(posted, choices=choices)


def _preview(
    request: HttpRequest, confirm: Confirm, moves: list[Move], actor: Actor, *, too_many: bool
) -> dict[str, Any]:
    """The running deadlines with what would become of them; and the form typed so far."""
    zone = current().time_zone
    touched = [move for move in moves if move.moves or move.stays]
    seen = kinds.seen(actor, [move.deadline for move in touched[:SHOWN]])
    return {
        "confirm": confirm,
        "seal": seal_of(moves),
        "typed": [
            (name, value)
            for name, values in request.POST.lists()
            if name not in STEPS
            for value in values
        ],
        "too_many": too_many,
        "most": services.MOST,
        "columns": [
            {"label": label}
            for label in (_("What runs"), _("Began on"), _("Ends on"), _("Would end on"))
        ],
        "rows": [_move_row(move, seen, zone, actor) for move in touched[:SHOWN]],
        "more": max(0, len(touched) - SHOWN),
        "unmoved": len(moves) - len(touched),
    }


def _move_row(
    move: Move, seen: dict[tuple[str, Any], str], zone: ZoneInfo, actor: Actor
) -> list[dict[str, Any]]:
    """One running deadline; what it is about only where the actor may see it."""
    row = move.deadline
    after: dict[str, Any] = {"text": words.day(move.due_after, zone)}
    if move.stays:
        after["note"] = move.stays
    else:
        after["note"] = words.moved(move.due_before, move.due_after, zone)
        if row.can_be_late and move.due_after < actor.at:
            after["note"] = _("%(moved)s: late at once") % {"moved": after["note"]}
    return [
        {"text": row.title, "note": seen.get((row.kind, row.subject_uuid), "")},
        {"text": words.day(row.starts_at, zone)},
        {"text": words.day(row.due_at, zone)},
        after,
    ]


# --- the first step -------------------------------------------------------------------------------


def _as_initial(rule: DeadlineRule) -> dict[str, Any]:
    """The rule as it is now, to be changed."""
    length = rule.counting.length
    return {
        "is_on": rule.verified,
        "unit": length.unit.value,
        "amount": length.amount,
        "fixed_on": length.fixed,
        "yearly": ", ".join(f"{month:02}-{day:02}" for month, day in length.yearly),
        "day_zero": rule.counting.day_zero.value,
        "roll": rule.counting.roll.value,
        "stops_for": [each.value for each in rule.pauses],
        "remind_before_days": rule.remind_before_days,
        "weight": rule.weight.value,
        "source": rule.source,
        "text": rule.text,
        "read_on": rule.read_on,
        "reading": rule.reading,
    }


def _differences(now: DeadlineRule, then: DeadlineRule) -> list[dict[str, Any]]:
    """Line by line, what is different from the rule in force."""

    def said(rule: DeadlineRule) -> dict[str, str]:
        return {
            _("Is it on?"): _("on") if rule.verified else _("off"),
            _("How long"): words.length(rule.counting.length),
            _("How it is counted"): words.counted(rule),
            _("Reminder before"): str(rule.remind_before_days),
            _("Weight"): str(words.WEIGHTS[rule.weight]),
            _("Source"): rule.source,
            _("Text"): rule.text,
            _("Read on"): _optional_day(rule.read_on),
            _("Reading"): rule.reading,
            _("First day"): _optional_day(rule.valid_from),
            _("Last day"): _optional_day(rule.valid_to),
        }

    before, after = said(now), said(then)
    return [
        {"label": label, "before": before[label], "after": text}
        for label, text in after.items()
        if before[label] != text
    ]


def _optional_day(day: date | None) -> str:
    return words.on_day(day) if day else ""


def _day_row(row: CalendarDay) -> list[dict[str, Any]]:
    says = _("worked") if row.is_working else _("day off")
    by = row.entered_by.display_name if row.entered_by else ""
    return [
        {"text": words.on_day(row.day), "note": says},
        {"text": row.subdivision or _("All of it")},
        {"text": row.name},
        {"text": words.day(row.entered_at, current().time_zone), "note": by},
    ]
