"""The rules of the country: how long everything may take, where that was read, who changed what."""

from datetime import date
from typing import Any

from django.db.models import prefetch_related_objects
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.http import urlencode
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from common.marks import Actor, Permission, needs
from common.profile import DeadlineRule
from deadlines import words
from deadlines.rulebook import Change, rulebook

SHOWN = 50
"""Changes listed, the newest; a country changes its rules a few times a year."""


@needs(Permission.SIGNED_IN)
@require_safe
def rules(request: HttpRequest) -> HttpResponse:
    """Every rule: those in force, apart from them those that are not, and who changed what."""
    actor: Actor = request.actor  # type: ignore[attr-defined]
    book = rulebook()
    today = timezone.now().astimezone(book.profile.time_zone).date()
    may_change = Permission.RULE_CHANGE in actor.permissions
    every = book.shown(today)
    on = [rule for rule in every if rule.verified and rule.is_valid(today)]
    changes = book.changes[:SHOWN]
    prefetch_related_objects([change.row for change in changes], "entered_by")
    context = {
        "profile": book.profile,
        "may_change": may_change,
        "on": [_card(rule, today, may_change=may_change) for rule in on],
        "off": [_card(rule, today, may_change=may_change) for rule in every if rule not in on],
        "changes": [_line(change) for change in changes],
    }
    return render(request, "deadlines/rules.html", context)


def _card(rule: DeadlineRule, today: date, *, may_change: bool) -> dict[str, Any]:
    text, colour = words.in_force(rule, today)
    part = f"?{urlencode({'part': rule.subdivision})}" if rule.subdivision else ""
    return {
        "rule": rule,
        "length": words.length(rule.counting.length),
        "counted": words.counted(rule),
        "starts": words.STARTS[rule.starts],
        "bound": words.BOUNDS[rule.bound],
        "weight": words.WEIGHTS[rule.weight],
        "state": text,
        "colour": colour,
        "change_href": reverse("deadlines:rule_change", args=[rule.code]) + part
        if may_change
        else "",
    }


def _line(change: Change) -> dict[str, Any]:
    """One change, as a line of the timeline."""
    row, rule = change.row, change.rule
    said = words.length(rule.counting.length) if rule.verified else _("Switched off")
    lines = [
        _("%(length)s, from %(day)s") % {"length": said, "day": words.on_day(row.valid_from)}
        + (_(" until %(day)s") % {"day": words.on_day(row.valid_to)} if row.valid_to else ""),
        row.why,
        row.source,
    ]
    place = f" ({rule.subdivision})" if rule.subdivision else ""
    return {
        "title": f"{rule.title}{place}",
        "at": row.entered_at,
        "by": row.entered_by.display_name if row.entered_by else "",
        "text": "\n".join(lines),
    }
