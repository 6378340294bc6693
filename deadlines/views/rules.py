"""The rules of the country: how long everything may take, where that was read, and what is off."""

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe

from common.country import current
from common.marks import Permission, needs
from common.profile import DeadlineRule
from deadlines import words


@needs(Permission.SIGNED_IN)
@require_safe
def rules(request: HttpRequest) -> HttpResponse:
    """Every rule of the profile: those in force, and apart from them those that are not."""
    profile = current()
    today = timezone.now().astimezone(profile.time_zone).date()
    every = profile.all_rules()
    on = [rule for rule in every if rule.verified and rule.is_valid(today)]
    context = {
        "profile": profile,
        "on": [_card(rule, today) for rule in on],
        "off": [_card(rule, today) for rule in every if rule not in on],
    }
    return render(request, "deadlines/rules.html", context)


def _card(rule: DeadlineRule, today: Any) -> dict[str, Any]:
    text, colour = words.in_force(rule, today)
    return {
        "rule": rule,
        "length": words.length(rule.counting.length),
        "counted": words.counted(rule),
        "starts": words.STARTS[rule.starts],
        "bound": words.BOUNDS[rule.bound],
        "weight": words.WEIGHTS[rule.weight],
        "state": text,
        "colour": colour,
    }
