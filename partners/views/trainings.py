"""Trainings in pages: the register, one training, planning and moving it, who took part, and
whose training counts."""

from collections.abc import Collection
from typing import Any
from uuid import UUID, uuid4

from django import forms
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from django.views.decorators.http import require_http_methods, require_safe

from common.country import local_day
from common.marks import Permission, needs
from common.paging import Order, paginate
from common.workflow import Stale
from partners.access import Actor, get_or_404, may
from partners.choices import Capacity
from partners.currency import Colleague, colleagues, shares
from partners.filters import areas
from partners.forms import learning as asked
from partners.learning_choices import TO_COME, TrainingState, TrainingTopic
from partners.learning_workflow import TRAINING
from partners.models import Attendance, Membership, Organisation, Training
from partners.services import trainings as services
from partners.views import shown
from partners.views.deeds import actor_of, as_uuid, conflict, differences, done, form_page, typed
from partners.views.lists import columns, page_links

P = Permission
S = TrainingState
READ = ["GET", "HEAD", "POST"]
NEWEST_FIRST = Order("-first_on", "-id")
BY_NAME = Order("name", "id")
SPOKEN = ("hold", "postpone", "cancel")
STATE_COLOURS = {
    S.PLANNED: "blue",
    S.POSTPONED: "orange",
    S.HELD: "green",
    S.CANCELLED: "red",
}
STANDING = {
    "current": ("green", gettext_lazy("Counts")),
    "soon": ("yellow", gettext_lazy("Lapses soon")),
    "lapsed": ("red", gettext_lazy("Lapsed")),
    "never": ("grey", gettext_lazy("No training entered")),
}


def tag(state: str) -> dict[str, str]:
    known = S(state)
    return {"text": str(known.label), "colour": STATE_COLOURS[known]}


def named(actor: Actor, keys: Collection[int | None]) -> set[int]:
    """Of these organisations, those this actor may know of."""
    seen = Organisation.objects.visible_to(actor).filter(pk__in=[key for key in keys if key])
    return set(seen.values_list("pk", flat=True))


def topics_of(training: Training) -> str:
    return ", ".join(str(TrainingTopic(code).label) for code in training.topics)


def _trainer(training: Training, known: set[int]) -> str:
    if training.trainer is None:
        return training.trainer_name
    if training.trainer_id in known:
        return training.trainer.display_name
    return _("An organisation that is not shown to you")


class Narrow(forms.Form):
    """In which state, on what, and for which area."""

    state = forms.ChoiceField(required=False)
    topic = forms.ChoiceField(required=False)
    area = forms.ChoiceField(required=False)

    def __init__(self, data: Any) -> None:
        super().__init__(data)
        known = areas()
        self.paths = {code: path for code, _name, path in known}
        tree = [(code, "\N{EM SPACE}" * (path.count("/") - 1) + name) for code, name, path in known]
        for name, label, choices in (
            ("state", _("State"), [("", _("All states")), *S.choices]),
            ("topic", _("Topic"), [("", _("All topics")), *TrainingTopic.choices]),
            ("area", _("Area"), [("", _("The whole country")), *tree]),
        ):
            self.fields[name].label = label
            self.fields[name].choices = choices  # type: ignore[attr-defined]


# --- the register ---------------------------------------------------------------------------------


@needs(P.TRAINING_SEE)
@require_safe
def trainings(request: HttpRequest) -> HttpResponse:
    """Every training, by the day it was planned for at first, newest first."""
    actor = actor_of(request)
    form = Narrow(request.GET)
    given = form.cleaned_data if form.is_valid() else {}
    rows = Training.objects.visible_to(actor).select_related("trainer", "area")
    if given.get("state"):
        rows = rows.filter(state=given["state"])
    if given.get("topic"):
        # Codes are words of letters: a code between quotes stands in the list or it does not.
        rows = rows.filter(topics__icontains=f'"{given["topic"]}"')
    if path := form.paths.get(given.get("area", "")):
        rows = rows.filter(area__path__startswith=path)
    page = paginate(rows, NEWEST_FIRST, cursor=request.GET.get("cursor", ""))
    known = named(actor, {each.trainer_id for each in page.rows})
    context = {
        "filter": form,
        "page": page,
        "columns": columns(_("Training"), _("Day"), _("Who trains"), _("State")),
        "rows": [_row(each, known) for each in page.rows],
        "empty": _nothing(actor, is_narrowing=any(given.values())),
        "acts": _list_acts(actor),
        "clear_href": reverse("partners:trainings"),
        **page_links(request, page),
    }
    return render(request, "partners/trainings.html", context)


def _row(each: Training, known: set[int]) -> list[dict[str, Any]]:
    day = shown.date(each.on) if each.on else _("No new day yet")
    moved = each.on is not None and each.on != each.first_on
    first = _("first planned for %(day)s") % {"day": shown.date(each.first_on)}
    return [
        {"text": each.title, "href": each.get_absolute_url(), "note": topics_of(each)},
        {"text": day, "note": first if moved or each.on is None else ""},
        {"text": _trainer(each, known)},
        tag(each.state),
    ]


def _nothing(actor: Actor, *, is_narrowing: bool) -> dict[str, str]:
    if is_narrowing:
        return {
            "title": _("No training matches"),
            "text": _("Take away one of the filters."),
            "href": reverse("partners:trainings"),
            "label": _("Show all trainings"),
        }
    empty = {
        "title": _("No training is entered yet"),
        "text": _("Who trains whom, what was postponed and why: every member sees it here."),
    }
    if P.TRAINING_KEEP in actor.permissions:
        empty |= {"href": reverse("partners:training-new"), "label": _("Plan a training")}
    return empty


def _list_acts(actor: Actor) -> list[dict[str, str]]:
    acts = [
        (P.TRAINING_KEEP, "partners:training-new", _("Plan a training"), ""),
        (P.GUIDANCE_SEE, "partners:guidance", _("Guidance"), "secondary"),
        (P.TRAINING_SEE, "partners:currency", _("Our training"), "secondary"),
        (P.TRAINING_OVERSEE, "partners:currency-shares", _("Who is trained"), "secondary"),
    ]
    return [
        {"href": reverse(name), "label": label, "kind": kind}
        for permission, name, label, kind in acts
        if permission in actor.permissions
    ]


# --- one training ---------------------------------------------------------------------------------


def _found(actor: Actor, uuid: UUID) -> Training:
    rows = Training.objects.select_related("trainer", "kept_by", "area")
    return get_or_404(rows, actor, uuid=uuid)


@needs(P.TRAINING_SEE)
@require_safe
def training(request: HttpRequest, uuid: UUID) -> HttpResponse:
    """One training: what, by whom, for whom, how many came, and what happened so far."""
    actor = actor_of(request)
    found = _found(actor, uuid)
    parties = list(found.parties.select_related("organisation"))
    events = list(found.events.select_related("by_organisation")[:30])
    homes = {each.organisation_id for each in parties}
    known = named(actor, {found.trainer_id, found.kept_by_id, *homes,
                          *(event.by_organisation_id for event in events)})  # fmt: skip
    ours = actor.organisation_id in homes
    context = {
        "training": found,
        "tags": [tag(found.state)],
        "facts": _facts(found, known, actor),
        "topics": [str(TrainingTopic(code).label) for code in found.topics],
        "acts": _acts(found, actor),
        "late": _late(found, actor),
        "parties": [
            [
                {"text": each.organisation.display_name},
                {"text": "–" if each.participants is None else str(each.participants)},
            ]
            for each in parties
            if each.organisation_id in known
        ],
        "party_columns": [
            {"label": _("Organisation")},
            {"label": _("People who took part"), "is_number": True},
        ],
        "attended": _attended(found, actor) if ours and found.state == S.HELD else None,
        "events": [
            {
                "title": event.get_kind_display(),
                "at": event.at,
                "by": event.by_organisation.display_name
                if event.by_organisation and event.by_organisation_id in known
                else "",
                "text": event.comment,
            }
            for event in events
        ],
    }
    return render(request, "partners/training.html", context)


def _facts(found: Training, known: set[int], actor: Actor) -> list[dict[str, str]]:
    facts = [
        (_("Day"), shown.date(found.on) if found.on else _("No new day yet")),
        (_("First planned for"), shown.date(found.first_on) if found.on != found.first_on else ""),
        (_("Who trains"), _trainer(found, known)),
        (_("For whom"), found.for_whom),
        (_("Where they work"), found.area.name if found.area else _("The whole country")),
        (_("How"), str(found.get_form_display())),
        (_("Places"), str(found.places)),
        (_("Counts as training of first responders"), _("Yes") if found.is_for_currency else ""),
    ]
    return [{"label": label, "value": value} for label, value in facts if value]


def _late(found: Training, actor: Actor) -> str:
    """In words, how late it is or was, and why."""
    days = found.late_by(local_day(actor.at))
    if found.state not in (S.POSTPONED, S.HELD) or not days:
        return ""
    if found.state == S.HELD:
        text = ngettext("Held %(n)s day late.", "Held %(n)s days late.", days)
    elif found.on is None:
        text = ngettext("Late by %(n)s day so far.", "Late by %(n)s days so far.", days)
    else:
        text = ngettext("Moved by %(n)s day.", "Moved by %(n)s days.", days)
    return text % {"n": days}


def _acts(found: Training, actor: Actor) -> list[dict[str, str]]:
    if not may(actor, P.TRAINING_KEEP, found):
        return []
    acts = [
        (each.title, each.name, "" if each.name == "hold" else "secondary")
        for each, decision in TRAINING.available(found, actor)
        if decision and each.name in SPOKEN
    ]
    if found.state == S.HELD:
        acts.append((_("Count who took part"), "count", ""))
    if found.state != S.CANCELLED:
        acts.append((_("For which organisations"), "parties", "secondary"))
    if found.state in TO_COME:
        acts.append((_("Change the entry"), "edit", "secondary"))
    return [
        {
            "label": str(label),
            "href": reverse("partners:training-act", args=[found.uuid, name]),
            "kind": kind,
        }
        for label, name, kind in acts
    ]


def _attended(found: Training, actor: Actor) -> dict[str, Any]:
    """Of one's own organisation: who took part, as far as this actor may see it."""
    seen = Attendance.objects.visible_to(actor).filter(training=found).select_related("user")
    return {
        "names": sorted(each.user.display_name for each in seen),
        "href": reverse("partners:training-attendances", args=[found.uuid])
        if P.TRAINING_ENTER in actor.permissions
        else "",
    }


# --- planning and moving --------------------------------------------------------------------------


@needs(P.TRAINING_KEEP)
@require_http_methods(READ)
def new(request: HttpRequest) -> HttpResponse:
    """Plan a training."""
    actor = actor_of(request)
    initial = {"client_key": uuid4(), "version": 0, "form": "room", "places": 20,
               "trainer": actor.organisation_id}  # fmt: skip
    form = asked.Facts(actor, typed(request), initial=initial)
    if form.is_valid():
        made: list[Training] = []
        key = form.cleaned_data["client_key"] or uuid4()
        act = lambda: made.append(  # noqa: E731 - done() asks for a function
            services.plan_training(
                client_key=key, by=actor, at=actor.at, on=form.cleaned_data["on"], **form.facts()
            )
        )
        if done(request, act, _("The training is planned. Say which organisations it is for.")):
            return redirect("partners:training-act", made[0].uuid, "parties")
    return form_page(
        request, form=form, title=_("Plan a training"), button=_("Save and go on"),
        back=reverse("partners:trainings"),
    )  # fmt: skip


@needs(P.TRAINING_KEEP)
@require_http_methods(READ)
def act(request: HttpRequest, uuid: UUID, name: str) -> HttpResponse:
    """Change it, say for whom it is, hold, postpone or cancel it, count who took part."""
    actor = actor_of(request)
    if name not in PAGES:
        raise Http404
    found = _found(actor, uuid)
    if not may(actor, P.TRAINING_KEEP, found):
        raise PermissionDenied
    return PAGES[name](request, actor, found)


def _edit(request: HttpRequest, actor: Actor, found: Training) -> HttpResponse:
    standing = {name: getattr(found, name) for name in services.FACTS}
    initial = {**standing, "version": found.version}
    form = asked.Facts(actor, typed(request), initial=initial, asks_day=False)
    back = found.get_absolute_url()
    if form.is_valid():
        version = form.cleaned_data["version"]
        act = lambda: services.change_training(  # noqa: E731
            training=found, by=actor, at=actor.at, version=version, **form.facts()
        )
        try:
            if version != found.version:
                raise Stale(found)
            if done(request, act, _("Saved.")):
                return redirect(found)
        except Stale as error:
            now: Any = error.current
            theirs = {name: getattr(now, name) for name in services.FACTS}
            labels = {name: form.fields[name].label for name in theirs}
            rows = differences(labels, form.facts(), theirs)
            return conflict(request, rows=rows, version=now.version, back=back)
    return form_page(
        request, form=form, title=_("Change the entry"), button=_("Save"), back=back,
        about=found.title,
    )  # fmt: skip


def _parties(request: HttpRequest, actor: Actor, found: Training) -> HttpResponse:
    here = request.path
    if gone := request.POST.get("remove"):
        act = lambda: services.remove_party(  # noqa: E731
            training=found, party=as_uuid(gone), by=actor, at=actor.at
        )
        done(request, act, _("Taken out."))
        return redirect(here)
    form = asked.Party(actor, typed(request))
    if form.is_valid():
        act = lambda: services.name_party(  # noqa: E731
            training=found, by=actor, at=actor.at, **form.cleaned_data
        )
        if done(request, act, _("Saved, and its managers are told.")):
            return redirect(here)
    parties = list(found.parties.select_related("organisation"))
    known = named(actor, {each.organisation_id for each in parties})
    return form_page(
        request, form=form, title=_("For which organisations"),
        button=_("Add this organisation"), back=found.get_absolute_url(), about=found.title,
        template="partners/deed_parts.html",
        parts=[
            {
                "text": each.organisation.display_name,
                "note": "",
                "remove": each.uuid if each.participants is None else "",
            }
            for each in parties
            if each.organisation_id in known
        ],
        hint=_("Their managers are told now, when the training is moved, and when it was held."),
    )  # fmt: skip


def _hold(request: HttpRequest, actor: Actor, found: Training) -> HttpResponse:
    form = asked.Hold(local_day(actor.at), found.on, typed(request))
    if form.is_valid():
        act = lambda: TRAINING.apply(found, "hold", by=actor, at=actor.at, **form.cleaned_data)  # noqa: E731
        if done(request, act, _("Saved. Now count who took part.")):
            return redirect("partners:training-act", found.uuid, "count")
    return form_page(
        request, form=form, title=_("Say that it was held"), button=_("It was held"),
        back=found.get_absolute_url(), about=found.title,
    )  # fmt: skip


def _postpone(request: HttpRequest, actor: Actor, found: Training) -> HttpResponse:
    form = asked.Postpone(local_day(actor.at), typed(request))
    if form.is_valid():
        act = lambda: TRAINING.apply(found, "postpone", by=actor, at=actor.at, **form.cleaned_data)  # noqa: E731
        if done(request, act, _("Postponed. The organisations it is for have been told.")):
            return redirect(found)
    return form_page(
        request, form=form, title=_("Postpone the training"), button=_("Postpone it"),
        back=found.get_absolute_url(), about=found.title,
        lines=[_("The day it was planned for at first stays in the register.")],
    )  # fmt: skip


def _cancel(request: HttpRequest, actor: Actor, found: Training) -> HttpResponse:
    form = asked.Cancel(typed(request))
    if form.is_valid():
        act = lambda: TRAINING.apply(found, "cancel", by=actor, at=actor.at, **form.cleaned_data)  # noqa: E731
        if done(request, act, _("Cancelled. The organisations it was for have been told.")):
            return redirect(found)
    return form_page(
        request, form=form, title=_("Cancel the training"), button=_("Cancel it"),
        back=found.get_absolute_url(), about=found.title,
        warning=_("A training that is cancelled stays in the register with its reason."),
    )  # fmt: skip


def _count(request: HttpRequest, actor: Actor, found: Training) -> HttpResponse:
    homes = set(found.parties.values_list("organisation_id", flat=True))
    form = asked.Count(found, named(actor, homes), typed(request))
    if form.is_valid():
        act = lambda: services.count_participants(  # noqa: E731
            training=found, numbers=form.numbers(), by=actor, at=actor.at
        )
        if done(request, act, _("Saved.")):
            return redirect(found)
    return form_page(
        request, form=form, title=_("How many took part"), button=_("Save"),
        back=found.get_absolute_url(), about=found.title,
        lines=[_("Numbers only. Each organisation enters for itself which of its people came.")],
    )  # fmt: skip


PAGES = {
    "edit": _edit,
    "parties": _parties,
    "hold": _hold,
    "postpone": _postpone,
    "cancel": _cancel,
    "count": _count,
}


# --- who took part --------------------------------------------------------------------------------


@needs(P.TRAINING_ENTER)
@require_http_methods(READ)
def attendances(request: HttpRequest, uuid: UUID) -> HttpResponse:
    """Which colleagues of the organisation acted for took part."""
    actor = actor_of(request)
    found = _found(actor, uuid)
    back = found.get_absolute_url()
    members = Membership.objects.active(actor.at).filter(organisation_id=actor.organisation_id)
    people = {
        each.user_id: (str(each.uuid), each.user.display_name)
        for each in members.select_related("user").order_by("-role")
    }
    entered = Attendance.objects.visible_to(actor).filter(training=found)
    chosen = [people[pk][0] for pk in entered.values_list("user_id", flat=True) if pk in people]
    choices = sorted(people.values(), key=lambda each: each[1])
    form = asked.Attended(choices, chosen, typed(request))
    if form.is_valid():
        act = lambda: services.enter_attendances(  # noqa: E731
            training=found, people=[UUID(each) for each in form.cleaned_data["people"]],
            by=actor, at=actor.at,
        )  # fmt: skip
        if done(request, act, _("Saved.")):
            return redirect(found)
    return form_page(
        request, form=form, title=_("Who of your organisation took part"), button=_("Save"),
        back=back, about=found.title,
    )  # fmt: skip


@needs(P.TRAINING_SEE)
@require_safe
def currency(request: HttpRequest) -> HttpResponse:
    """Whose training counts in the organisation acted for; who may not see others sees oneself."""
    actor = actor_of(request)
    today = local_day(actor.at)
    people = colleagues(actor)
    context = {
        "columns": columns(_("Name"), _("Last training"), _("Counts until"), _("Today")),
        "rows": [_standing(each, today) for each in people],
        "lapsed": sum(each.standing(today) in ("lapsed", "never") for each in people),
        "sees_all": P.TRAINING_ENTER in actor.permissions,
        "empty": {
            "title": _("Nobody of the first line works here"),
            "text": _("Caseworkers and managers of your organisation stand here."),
        },
    }
    return render(request, "partners/currency.html", context)


def _standing(each: Colleague, today: Any) -> list[dict[str, str]]:
    colour, words = STANDING[each.standing(today)]
    return [
        {"text": each.name},
        {"text": shown.date(each.last_on) if each.last_on else "–"},
        {"text": shown.date(each.until_on) if each.until_on else "–"},
        {"text": str(words), "colour": colour},
    ]


@needs(P.TRAINING_OVERSEE)
@require_safe
def currency_shares(request: HttpRequest) -> HttpResponse:
    """Which share of each first responder organisation is current; never whom."""
    actor = actor_of(request)
    rows = Organisation.objects.members().holding(Capacity.FIRST_RESPONDER).visible_to(actor)
    page = paginate(rows, BY_NAME, cursor=request.GET.get("cursor", ""))
    found = shares(page.rows, actor.at, local_day(actor.at))
    context = {
        "page": page,
        "columns": columns(_("Organisation"), _("Share whose training counts"), _("Last training")),
        "rows": [
            [
                {"text": each.display_name, "href": each.get_absolute_url()},
                {"text": found[each.pk].words, "colour": found[each.pk].colour},
                {"text": shown.date(last) if (last := found[each.pk].last_on) else "–"},
            ]
            for each in page.rows
        ],
        "empty": {
            "title": _("No first responder is a member yet"),
            "text": _("Organisations that identify and refer stand here once they are admitted."),
        },
        **page_links(request, page),
    }
    return render(request, "partners/currency_shares.html", context)
