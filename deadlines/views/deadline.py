"""One deadline: where its date comes from, who was told, what was done, and the acts on it."""

from datetime import timedelta
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.db.models import Count, Min
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_safe

from common.country import current
from common.marks import Actor, Permission, needs
from common.paging import Order, paginate
from common.profile import Bound
from common.workflow import NotAllowed, NotPossible
from deadlines import kinds, words
from deadlines.calendars import working_days
from deadlines.choices import (
    DeadlineAct,
    ExtensionReason,
    MoveReason,
    Stage,
    SuspensionReason,
)
from deadlines.forms import Extend, Suspend
from deadlines.models import Deadline, DeadlineEvent
from deadlines.services import acts
from deadlines.services.clocks import rule_in_force

BY_END = Order("due_at", "id")
FORMS: dict[str, Any] = {"extend": Extend, "suspend": Suspend, "resume": None}
REASONS = {
    **dict(ExtensionReason.choices),
    **dict(SuspensionReason.choices),
    **dict(MoveReason.choices),
}


@needs(Permission.SIGNED_IN)
@require_safe
def deadline(request: HttpRequest, uuid: UUID) -> HttpResponse:
    """What binds oneself or one's group, and what one was told of as somebody who answers."""
    actor: Actor = request.actor  # type: ignore[attr-defined]
    row, reference = _seen(actor, uuid)
    kind = kinds.kind_of(row.kind)
    at, zone = timezone.now(), current().time_zone
    years = range(min(at.year, row.due_at.year) - 1, max(at.year, row.due_at.year) + 2)
    text, colour = words.left(row, at, working_days(years), zone)
    told = _told(row)
    offered = acts.acts_on(actor, row)
    is_bound = Deadline.objects.visible_to(actor).filter(pk=row.pk).exists()
    context = {
        "row": row,
        "reference": reference,
        "subject_href": kind.link(row.subject_uuid) if kind else "",
        "left": {"text": text, "colour": colour},
        "state": _state(row),
        "facts": _facts(row),
        "told": told,
        "is_escalated": any(line["stage"] == Stage.ESCALATE for line in told),
        "events": [_event(event, is_bound=is_bound) for event in _events(row)],
        "acts": [
            {"label": LABELS[name], "href": reverse("deadlines:deadline_act", args=[uuid, name])}
            for name in offered
        ],
    }
    return render(request, "deadlines/deadline.html", context)


LABELS = {
    "extend": gettext_lazy("Give it more time"),
    "suspend": gettext_lazy("Stop the clock"),
    "resume": gettext_lazy("Let the clock run on"),
}


@needs(Permission.DEADLINE_CHANGE)
@require_http_methods(["GET", "HEAD", "POST"])
def deadline_act(request: HttpRequest, uuid: UUID, name: str) -> HttpResponse:
    """Extend, suspend or resume: GET says what follows, POST does it."""
    actor: Actor = request.actor  # type: ignore[attr-defined]
    row, reference = _seen(actor, uuid)
    if name not in FORMS or not acts.may_change(actor, row):
        raise Http404
    back = reverse("deadlines:deadline", args=[uuid])
    if name not in acts.acts_on(actor, row):
        messages.info(request, _("This cannot be done to the deadline as it stands now."))
        return redirect(back)
    posted = request.POST if request.method == "POST" else None
    form = FORMS[name](posted) if FORMS[name] else None
    if posted is not None and (form is None or form.is_valid()):
        try:
            _do(name, row, form.cleaned_data if form else {}, actor)
        except (NotAllowed, NotPossible) as error:
            if form is None:
                raise
            form.add_error("until_on" if name == "extend" else "review_on", str(error))
        else:
            messages.success(request, _DONE[name])
            return redirect(back)
    context = {
        "row": row, "reference": reference, "name": name, "label": LABELS[name], "form": form,
        "back": back, "rule": _rule_line(row),
    }  # fmt: skip
    return render(request, "deadlines/deadline_act.html", context)


_DONE = {
    "extend": gettext_lazy("More time given. Those who answer for it have been told."),
    "suspend": gettext_lazy("The clock stands still."),
    "resume": gettext_lazy("The clock runs on. Its end moved by what held it up."),
}


@needs(Permission.SIGNED_IN)
@require_safe
def answering(request: HttpRequest) -> HttpResponse:
    """What nobody has met and the actor answers for: everything escalated to them."""
    actor: Actor = request.actor  # type: ignore[attr-defined]
    page = paginate(
        Deadline.objects.escalated_to(actor), BY_END, cursor=request.GET.get("page", "")
    )
    at, zone = timezone.now(), current().time_zone
    seen = kinds.seen(actor, page.rows)
    calendar = working_days(range(at.year - 2, at.year + 2))
    rows = []
    for row in page.rows:
        if (row.kind, row.subject_uuid) not in seen:
            continue
        text, colour = words.left(row, at, calendar, zone)
        rows.append(
            [
                {
                    "text": row.title,
                    "href": reverse("deadlines:deadline", args=[row.uuid]),
                    "note": seen[row.kind, row.subject_uuid],
                },
                {"text": words.day(row.due_at, zone)},
                {"text": text, "colour": colour},
            ]
        )
    here = reverse("deadlines:answering")
    context = {
        "page": page,
        "rows": rows,
        "columns": [{"label": label} for label in (_("What"), _("Date"), _("How late"))],
        "empty": {
            "title": _("Nothing has come to you"),
            "text": _("What nobody met in time is here, once it has come to you."),
        },
        "next_href": page.next and f"{here}?page={page.next}",
        "previous_href": page.previous and f"{here}?page={page.previous}",
    }
    return render(request, "deadlines/answering.html", context)


def _seen(actor: Actor, uuid: UUID) -> tuple[Deadline, str]:
    """The deadline and what it is about; Http404 where either is not to be seen."""
    row = Deadline.objects.shown_to(actor).filter(uuid=uuid).first()
    seen = kinds.seen(actor, [row]) if row else {}
    if row is None or (row.kind, row.subject_uuid) not in seen:
        raise Http404
    return row, seen[row.kind, row.subject_uuid]


def _do(name: str, row: Deadline, given: dict[str, Any], actor: Actor) -> None:
    if name == "extend":
        acts.extend(
            deadline=row, until_on=given["until_on"], reason=ExtensionReason(given["reason"]),
            by=actor, at=actor.at,
        )  # fmt: skip
    elif name == "suspend":
        acts.suspend(
            deadline=row, reason=SuspensionReason(given["reason"]), review_on=given["review_on"],
            by=actor, at=actor.at,
        )  # fmt: skip
    else:
        acts.resume(deadline=row, by=actor, at=actor.at)


def _state(row: Deadline) -> str:
    if row.met_at is not None:
        return _("Met") if row.can_be_late else _("Ran its time")
    if row.cancelled_at is not None:
        return _("No longer needed")
    return _("Stopped") if row.paused_at is not None else _("Runs")


def _facts(row: Deadline) -> list[dict[str, Any]]:
    zone = current().time_zone
    rule = _rule_line(row)
    facts: list[dict[str, Any]] = [
        {"label": words.BOUNDS[Bound(row.bound)], "value": words.day(row.due_at, zone)},
        {"label": _("Began on"), "value": words.day(row.starts_at, zone)},
    ]
    if row.length is not None:
        facts.append({"label": _("Counted as"), "value": words.length(row.length)})
    if rule:
        facts += [
            {"label": _("Weight"), "value": rule["weight"]},
            {"label": _("Source"), "value": rule["source"]},
        ]
    if row.length is not None:
        facts.append({"label": _("Calendar"), "value": row.calendar_version})
    return facts


def _rule_line(row: Deadline) -> dict[str, Any]:
    """What stood behind the rule on the day the clock began."""
    if not row.rule_code:
        return {}
    rule = rule_in_force(row.rule_code, at=row.starts_at, subdivision=row.subdivision)
    if rule is None:
        return {}
    return {"weight": words.WEIGHTS[rule.weight], "source": rule.source}


def _told(row: Deadline) -> list[dict[str, Any]]:
    """Each stage that was told for the end it has now: when, and to how many."""
    stages = (
        row.reminders.filter(for_due_at=row.due_at)
        .values("stage", "rung")
        .annotate(first=Min("at"), people=Count("recipient"))
        .order_by("first", "rung")
    )
    return [
        {
            "stage": each["stage"],
            "label": Stage(each["stage"]).label,
            "at": each["first"],
            "people": each["people"],
        }
        for each in stages
    ]


def _events(row: Deadline) -> list[DeadlineEvent]:
    return list(row.events.select_related("by").order_by("-pk")[:100])


def _event(event: DeadlineEvent, *, is_bound: bool) -> dict[str, Any]:
    """What was done; by whom is for those it binds, not for those who only answer for it."""
    zone = current().time_zone
    lines = [str(REASONS[event.reason_code])] if event.reason_code in REASONS else []
    if event.due_after - event.due_before > timedelta(0):
        lines.append(
            _("From %(before)s to %(after)s.")
            % {
                "before": words.day(event.due_before, zone),
                "after": words.day(event.due_after, zone),
            }
        )
    return {
        "title": DeadlineAct(event.act).label,
        "at": event.at,
        "by": event.by.display_name if event.by and is_bound else "",
        "text": "\n".join(lines),
    }
