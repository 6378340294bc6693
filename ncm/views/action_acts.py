"""Making an action point, and every act on one: a page that asks, and what it does."""

from collections.abc import Callable
from typing import Any
from uuid import UUID, uuid4

from django import forms
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from common.country import local_day
from common.forms import in_words
from common.marks import Permission, needs
from common.workflow import NotPossible, Stale
from ncm.action_access import may_comment
from ncm.action_workflow import ACTION
from ncm.forms import actions as asked
from ncm.models import ActionPoint, Activity, Obligation, Resolution
from ncm.services import action_points as services
from ncm.views.actions import found_action
from partners.access import Actor, get_or_404, may
from partners.views.deeds import actor_of, conflict, differences, done, form_page, typed

P = Permission
READ = ["GET", "HEAD", "POST"]


@needs(P.COORDINATION_SPEAK)
@require_http_methods(READ)
def new(request: HttpRequest) -> HttpResponse:
    """Give an organisation something to do by a day."""
    actor = actor_of(request)
    source = _source(request, actor)
    resolution = source.get("resolution")
    form = asked.New(
        actor, typed(request), today=local_day(actor.at), resolution=resolution,
        initial={"client_key": uuid4(), **_suggested(source, actor)},
    )  # fmt: skip
    if form.is_valid():
        made: list[ActionPoint] = []
        act = lambda: made.append(  # noqa: E731 - done() asks for a function
            services.make(by=actor, at=actor.at, **source, **form.cleaned_data)
        )
        if done(request, act, _("Made. The responsible organisation has been told.")):
            return redirect(made[0])
    return form_page(
        request, form=form, title=_("Make an action point"), button=_("Make it"),
        back=reverse("ncm:actions"), lines=_told(actor, resolution),
        about=_about(source),
    )  # fmt: skip


#: What an action point may come from, by the name it has in the address.
SOURCES: dict[str, Any] = {
    "resolution": Resolution.objects.select_related("body"),
    "activity": Activity.objects.select_related("objective", "lead"),
    "obligation": Obligation.objects.all(),
}


def _source(request: HttpRequest, actor: Actor) -> dict[str, Any]:
    """What it comes from, where the address names it; of a resolution, where one sits there."""
    for name, rows in SOURCES.items():
        if not (asked_for := request.GET.get(name)):
            continue
        try:
            uuid = UUID(asked_for)
        except ValueError as error:
            raise Http404 from error
        found = get_or_404(rows.all(), actor, uuid=uuid)
        if name == "resolution" and not services.sits_on(actor, found.body):
            raise PermissionDenied
        return {name: found}
    return {}


def _suggested(source: dict[str, Any], actor: Actor) -> dict[str, Any]:
    """Who leads an activity is who does what comes of it, where one may give it to them."""
    activity = source.get("activity")
    steers = P.COORDINATION_KEEP in actor.permissions
    if activity is not None and steers:
        return {"responsible": activity.lead.uuid, "pillar": activity.objective.p}
    return {"responsible": actor.organisation_uuid}


def _about(source: dict[str, Any]) -> str:
    if resolution := source.get("resolution"):
        return f"{resolution.reference} {resolution.title}"
    if activity := source.get("activity"):
        return _("Activity %(number)s of the plan") % {"number": activity.reference}
    return str(source["obligation"]) if "obligation" in source else ""


def _told(actor: Actor, resolution: Resolution | None) -> list[str]:
    lines = [
        _("Both organisations see it, with everything that is said about it; so does the "
          "co-ordination."),
        _("Reminders go out before the day and on it; after it, it moves up."),
    ]  # fmt: skip
    if resolution is not None:
        lines.append(_("Every organisation that sits on the body sees it too."))
    elif P.COORDINATION_KEEP not in actor.permissions:
        lines.append(_("You can give action points to your own organisation."))
    return lines


@needs(P.COORDINATION_SEE)
@require_http_methods(READ)
def comment(request: HttpRequest, uuid: UUID) -> HttpResponse:
    """A word about it; nobody changes it afterwards."""
    actor = actor_of(request)
    found = found_action(actor, uuid)
    if not may_comment(actor, found):
        raise PermissionDenied
    form = asked.Comment(typed(request), initial={"client_key": uuid4()})
    if form.is_valid():
        given = form.cleaned_data
        write = lambda: services.write_comment(  # noqa: E731
            client_key=given["client_key"], point=found, words=given["words"], by=actor,
            at=actor.at,
        )  # fmt: skip
        if done(request, write, _("The other side has been told.")):
            return redirect(f"{found.get_absolute_url()}#comments")
    return _asks(
        request, found, form=form, title=_("Comment"), button=_("Save the comment"),
        lines=[_("Both sides read it. Nobody can change it afterwards.")],
    )  # fmt: skip


Draw = Callable[[HttpRequest, Actor, ActionPoint], HttpResponse]


@needs(P.COORDINATION_SEE)
@require_http_methods(READ)
def act(request: HttpRequest, uuid: UUID, name: str) -> HttpResponse:
    """Begin, name who does it, report it done, verify, send back, move the day, cancel, change."""
    actor = actor_of(request)
    drawn: dict[str, tuple[Permission, Draw]] = {
        "begin": (P.COORDINATION_SEE, _begin),
        "assign": (P.COORDINATION_SEE, _assign),
        "papers": (P.COORDINATION_SEE, _papers),
        "report": (P.COORDINATION_SEE, _report),
        "verify": (P.COORDINATION_SPEAK, _verify),
        "send_back": (P.COORDINATION_SPEAK, _send_back),
        "move": (P.COORDINATION_SPEAK, _move),
        "cancel": (P.COORDINATION_SPEAK, _cancel),
        "text": (P.COORDINATION_SPEAK, _text),
    }
    if name not in drawn:
        raise Http404
    permission, draw = drawn[name]
    found = found_action(actor, uuid)
    if not may(actor, permission, found):
        raise PermissionDenied
    return draw(request, actor, found)


def _asks(
    request: HttpRequest, found: ActionPoint, *, title: str, button: str, form: Any = None,
    lines: list[str] | None = None, **more: Any,
) -> HttpResponse:  # fmt: skip
    return form_page(
        request, form=form or forms.Form(), title=title, button=button,
        back=found.get_absolute_url(), about=f"{found.reference} {found.title}", lines=lines,
        **more,
    )  # fmt: skip


def _apply(
    request: HttpRequest, actor: Actor, found: ActionPoint, name: str, words: str, **answers: Any
) -> bool:
    act = lambda: ACTION.apply(found, name, by=actor, at=actor.at, **answers)  # noqa: E731
    return done(request, act, words)


def _begin(request: HttpRequest, actor: Actor, found: ActionPoint) -> HttpResponse:
    if request.method == "POST":
        _apply(request, actor, found, "begin", _("Both sides see that it is in progress."))
        return redirect(found)
    return _asks(
        request, found, title=_("Begin"), button=_("Begin"),
        lines=[_("Both sides see that somebody works on it.")],
    )  # fmt: skip


def _assign(request: HttpRequest, actor: Actor, found: ActionPoint) -> HttpResponse:
    form = asked.Person(found, typed(request))
    if form.is_valid():
        person = form.cleaned_data["responsible_person"]
        if _apply(
            request, actor, found, "assign", _("Saved. The reminders go there now."),
            responsible_person=person,
        ):  # fmt: skip
            return redirect(found)
    return _asks(request, found, form=form, title=_("Name who does it"), button=_("Save"))


def _papers(request: HttpRequest, actor: Actor, found: ActionPoint) -> HttpResponse:
    form = asked.Paper(typed(request), request.FILES or None)
    if form.is_valid():
        upload = form.cleaned_data["file"]
        add = lambda: services.add_file(  # noqa: E731
            point=found, title=form.cleaned_data["title"], name=upload.name,
            content=upload.read(), by=actor, at=actor.at,
        )  # fmt: skip
        if done(request, add, _("The document is added.")):
            return redirect(request.path)
    parts = [
        {
            "text": each.title,
            "href": reverse("ncm:action-file", args=[found.uuid, each.uuid]),
            "note": each.kind.upper(),
        }
        for each in found.files.all()
    ]
    return _asks(
        request, found, form=form, title=_("Documents"), button=_("Add the document"),
        template="partners/deed_parts.html", parts=parts, is_upload=True,
        hint=_("Whoever sees the action point can open them. Nothing is taken out again."),
    )  # fmt: skip


def _report(request: HttpRequest, actor: Actor, found: ActionPoint) -> HttpResponse:
    form = asked.Done(typed(request))
    if form.is_valid() and _apply(
        request, actor, found, "report", _("Reported done. Somebody else now sees whether it is."),
        **form.cleaned_data,
    ):  # fmt: skip
        return redirect(found)
    number = found.files.count()
    lines = [
        _("Say what shows that it is done, or add a document first."),
        _("Documents added so far: %(n)s.") % {"n": number},
        _("A second person verifies it: never whoever did it or gave it.")
        if found.needs_two
        else _("The organisation that gave it says whether it agrees."),
    ]
    return _asks(
        request, found, form=form, title=_("Report it done"), button=_("Report it done"),
        lines=lines,
    )  # fmt: skip


def _verify(request: HttpRequest, actor: Actor, found: ActionPoint) -> HttpResponse:
    if request.method == "POST":
        _apply(request, actor, found, "verify", _("Verified. It is closed."))
        return redirect(found)
    return _asks(
        request, found, title=_("Verify that it is done"), button=_("It is done"),
        lines=[
            _("You have read what shows that it is done, and you find that it is."),
            _("It is closed then: neither side changes it any more."),
        ],
    )  # fmt: skip


def _send_back(request: HttpRequest, actor: Actor, found: ActionPoint) -> HttpResponse:
    form = asked.Back(typed(request))
    if form.is_valid() and _apply(
        request, actor, found, "send_back", _("Sent back. Nothing that was written is lost."),
        **form.cleaned_data,
    ):  # fmt: skip
        return redirect(found)
    return _asks(
        request, found, form=form, title=_("Send it back"), button=_("Send it back"),
        lines=[_("Say what is missing, and give time to do it.")],
    )  # fmt: skip


def _move(request: HttpRequest, actor: Actor, found: ActionPoint) -> HttpResponse:
    form = asked.Move(typed(request))
    if form.is_valid() and _apply(
        request, actor, found, "move", _("Moved. The other side has been told."),
        **form.cleaned_data,
    ):  # fmt: skip
        return redirect(found)
    return _asks(request, found, form=form, title=_("Move the due day"), button=_("Move it"))


def _cancel(request: HttpRequest, actor: Actor, found: ActionPoint) -> HttpResponse:
    form = asked.Reason(typed(request))
    if form.is_valid() and _apply(
        request, actor, found, "cancel", _("Cancelled. The other side has been told."),
        **form.cleaned_data,
    ):  # fmt: skip
        return redirect(found)
    return _asks(
        request, found, form=form, title=_("Cancel it"), button=_("Cancel it"),
        lines=[_("It stays readable, with your reason; nobody need do it any more.")],
    )  # fmt: skip


def _text(request: HttpRequest, actor: Actor, found: ActionPoint) -> HttpResponse:
    standing = {name: getattr(found, name) for name in services.TEXT}
    form = asked.Text(typed(request), initial={**standing, "version": found.version})
    if form.is_valid():
        try:
            services.change_text(
                point=found, by=actor, at=actor.at, version=form.cleaned_data["version"],
                **form.text(),
            )  # fmt: skip
        except Stale as error:
            now: Any = error.current
            labels = {name: form.fields[name].label for name in services.TEXT}
            theirs = {name: getattr(now, name) for name in services.TEXT}
            rows = differences(labels, in_words(form, form.text()), in_words(form, theirs))
            return conflict(request, rows=rows, version=now.version, back=found.get_absolute_url())
        except NotPossible as error:
            refused = error  # `done` tells it, as of every other act

            def again() -> None:
                raise refused

            done(request, again, "")
            return redirect(found)
        done(request, lambda: None, _("Saved."))
        return redirect(found)
    return _asks(request, found, form=form, title=_("Change the text"), button=_("Save"))
