"""What the secretariat of a body does about it, each act on a page that says what follows."""

from typing import Any
from uuid import UUID, uuid4

from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from common.country import local_day
from common.forms import in_words
from common.marks import Permission, needs
from ncm.bodies_names import Names
from ncm.forms import bodies as asked
from ncm.forms import meetings as of_meetings
from ncm.models import Body, BodyDocument, Meeting, QuorumRule, Seat
from ncm.quorum import Asked
from ncm.services import bodies as services
from ncm.services import meetings
from ncm.views.bodies import act_href, found_body, keeps
from partners.access import Actor, get_or_404, may
from partners.views import shown
from partners.views.deeds import actor_of, as_uuid, conflict, differences, done, form_page, typed

P = Permission
READ = ["GET", "HEAD", "POST"]


@needs(P.COORDINATION_KEEP)
@require_http_methods(READ)
def new(request: HttpRequest) -> HttpResponse:
    """Enter a body."""
    actor = actor_of(request)
    home = actor.organisation_uuid
    form = asked.Facts(
        actor, None, typed(request), initial={"client_key": uuid4(), "kept_by": home}
    )
    if form.is_valid():
        made: list[Body] = []
        key = form.cleaned_data["client_key"] or uuid4()
        act = lambda: made.append(  # noqa: E731
            services.enter_body(client_key=key, by=actor, at=actor.at, **form.facts())
        )
        if done(request, act, _("Entered. Now say when it can vote, and give seats.")):
            return redirect(made[0])
    return form_page(
        request, form=form, title=_("Enter a body"), button=_("Enter it"),
        back=reverse("ncm:bodies"),
        lines=[_("Every member of the mechanism sees it, its mandate and who has a seat.")],
    )  # fmt: skip


@needs(P.COORDINATION_KEEP)
@require_http_methods(READ)
def act(request: HttpRequest, uuid: UUID, name: str) -> HttpResponse:
    """One act about a body."""
    actor = actor_of(request)
    draw = PAGES.get(name)
    if draw is None:
        raise Http404
    found = found_body(actor, uuid)
    if not may(actor, P.COORDINATION_KEEP, found):
        raise PermissionDenied
    return draw(request, actor, found)


def _edit(request: HttpRequest, actor: Actor, found: Body) -> HttpResponse:
    form = asked.Facts(actor, found, typed(request), initial=asked.standing(found))
    if form.is_valid():
        version = form.cleaned_data["version"] or 0
        current = Body.objects.visible_to(actor).select_related("kept_by").get(pk=found.pk)
        if current.version != version:
            return _slower(request, form, current)
        act = lambda: services.change_body(  # noqa: E731
            body=found, by=actor, at=actor.at, version=version, **form.facts()
        )
        if done(request, act, _("Saved.")):
            return redirect(found)
    return form_page(
        request, form=form, title=_("Change the entry"), button=_("Save"),
        back=found.get_absolute_url(), about=found.name,
        lines=[_("Meetings that are planned keep their day for papers.")],
    )  # fmt: skip


def _slower(request: HttpRequest, form: asked.Facts, current: Body) -> HttpResponse:
    mine = in_words(form, form.facts())
    theirs = in_words(form, {name: getattr(current, name) for name in mine})
    labels = {name: form.fields[name].label for name in mine}
    rows = differences(labels, mine, theirs)
    return conflict(request, rows=rows, version=current.version, back=current.get_absolute_url())


def _dissolve(request: HttpRequest, actor: Actor, found: Body) -> HttpResponse:
    form = asked.End(typed(request), initial={"on": local_day(actor.at)})
    if form.is_valid():
        act = lambda: services.dissolve(  # noqa: E731
            body=found, by=actor, at=actor.at, **form.cleaned_data
        )
        if done(request, act, _("Dissolved. Its minutes and resolutions stay.")):
            return redirect(found)
    return form_page(
        request, form=form, title=_("Dissolve the body"), button=_("Dissolve it"),
        back=found.get_absolute_url(), about=found.name,
        warning=_("Its seats end with the same day. It cannot be taken back."),
    )  # fmt: skip


def _quorum(request: HttpRequest, actor: Actor, found: Body) -> HttpResponse:
    here = request.path
    if gone := request.POST.get("remove"):
        act = lambda: services.end_quorum(  # noqa: E731
            body=found, rule=as_uuid(gone), on=local_day(actor.at), by=actor, at=actor.at
        )
        done(request, act, _("The rule ends today."))
        return redirect(here)
    form = asked.Quorum(typed(request), initial={"from_on": local_day(actor.at), "at_least": 1})
    if form.is_valid():
        act = lambda: services.set_quorum(  # noqa: E731
            body=found, by=actor, at=actor.at, **form.cleaned_data
        )
        if done(request, act, _("Saved. Enter the next rule, or go back.")):
            return redirect(here)
    parts = []
    for each in QuorumRule.objects.visible_to(actor).filter(body=found):
        term = _("from %(day)s") % {"day": shown.date(each.from_on)}
        if each.until_on:
            dates = {"from": shown.date(each.from_on), "until": shown.date(each.until_on)}
            term = _("%(from)s to %(until)s") % dates
        remove = "" if each.until_on else each.uuid
        words = Asked(each.seat_kind, each.at_least, 0).words
        parts.append({"text": words, "note": term, "remove": remove})
    return form_page(
        request, form=form, title=_("When the body can vote"), button=_("Save this rule"),
        back=found.get_absolute_url(), about=found.name, template="partners/deed_parts.html",
        parts=parts,
        hint=_("Every rule holds. Whoever takes part remotely is present; seats without a vote "
               "are not counted. A rule is never rewritten: a new one ends it."),
    )  # fmt: skip


def _document(request: HttpRequest, actor: Actor, found: Body) -> HttpResponse:
    here = request.path
    posted = typed(request)
    form = asked.Document(posted, request.FILES if posted is not None else None)
    if form.is_valid():
        file = form.cleaned_data["file"]
        act = lambda: services.add_document(  # noqa: E731
            body=found, title=form.cleaned_data["title"], name=file.name, content=file.read(),
            by=actor, at=actor.at,
        )  # fmt: skip
        if done(request, act, _("Added.")):
            return redirect(here)
    parts = [
        {
            "text": each.title, "note": each.kind.upper(),
            "href": reverse("ncm:body-file", args=[found.uuid, each.uuid]),
        }
        for each in BodyDocument.objects.visible_to(actor).filter(body=found)
    ]  # fmt: skip
    return form_page(
        request, form=form, title=_("Mandate documents"), button=_("Add it"),
        back=found.get_absolute_url(), about=found.name, template="partners/deed_parts.html",
        parts=parts, is_upload=True,
        hint=_("Every member can read them. They stay: a newer one is added beside."),
    )  # fmt: skip


def _seat(request: HttpRequest, actor: Actor, found: Body) -> HttpResponse:
    form = asked.OrganisationSeat(actor, typed(request), initial=_fresh(actor))
    lines = [
        _("Whoever speaks for the organisation is told. A seat of the State and one of civil "
          "society have the same pages and the same rights, as far as you tick them."),
        _("Later only the words about it change. For another role or vote, end it and give a "
          "new one."),
    ]  # fmt: skip
    return _give(request, actor, found, form, title=_("Give an organisation a seat"), lines=lines)


def _own_seat(request: HttpRequest, actor: Actor, found: Body) -> HttpResponse:
    form = asked.OwnSeat(actor.at, typed(request), initial=_fresh(actor))
    lines = [
        _("The person sits for themselves. Agree with them on the name, and on what others may "
          "know, before you save."),
    ]  # fmt: skip
    return _give(request, actor, found, form, title=_("Give a person a seat"), lines=lines)


def _fresh(actor: Actor) -> dict[str, Any]:
    return {"client_key": uuid4(), "from_on": local_day(actor.at)}


def _give(
    request: HttpRequest, actor: Actor, found: Body, form: Any, *, title: str, lines: list[str]
) -> HttpResponse:
    if form.is_valid():
        act = lambda: services.give_seat(  # noqa: E731
            body=found, by=actor, at=actor.at, **form.seat()
        )
        if done(request, act, _("The seat is given.")):
            return redirect(found)
    return form_page(
        request, form=form, title=title, button=_("Give the seat"),
        back=found.get_absolute_url(), about=found.name, lines=lines,
    )  # fmt: skip


def _meeting(request: HttpRequest, actor: Actor, found: Body) -> HttpResponse:
    form = of_meetings.When(typed(request), initial={"client_key": uuid4()})
    if form.is_valid():
        made: list[Meeting] = []
        key = form.cleaned_data["client_key"] or uuid4()
        act = lambda: made.append(  # noqa: E731
            meetings.plan_meeting(
                body=found, client_key=key, by=actor, at=actor.at, **form.meeting()
            )
        )
        if done(request, act, _("Planned. Put items on the agenda, then invite the seats.")):
            return redirect(made[0])
    return form_page(
        request, form=form, title=_("Plan a meeting"), button=_("Plan it"),
        back=found.get_absolute_url(), about=found.name,
        lines=[
            _("Papers are due %(n)s days before it.") % {"n": found.papers_days},
            _("Nobody is told before you send the invitation."),
        ],
    )  # fmt: skip


PAGES = {
    "edit": _edit,
    "dissolve": _dissolve,
    "quorum": _quorum,
    "document": _document,
    "seat": _seat,
    "own-seat": _own_seat,
    "meeting": _meeting,
}


# --- one seat -------------------------------------------------------------------------------------


@needs(P.COORDINATION_KEEP)
@require_http_methods(READ)
def seat_act(request: HttpRequest, uuid: UUID, name: str) -> HttpResponse:
    """Change the words about a seat, or end it."""
    actor = actor_of(request)
    draw = {"edit": _edit_seat, "end": _end_seat}.get(name)
    if draw is None:
        raise Http404
    found = get_or_404(Seat.objects.select_related("body"), actor, uuid=uuid)
    if not keeps(actor, found.body):
        raise PermissionDenied
    return draw(request, actor, found)


def _edit_seat(request: HttpRequest, actor: Actor, found: Seat) -> HttpResponse:
    names = ("contributes", "appointed_by", "terms")
    initial = {name: getattr(found, name) for name in names} | {"version": found.version}
    form = asked.SeatWords(typed(request), initial=initial)
    if form.is_valid():
        given = dict(form.cleaned_data)
        version = given.pop("version")
        current = Seat.objects.visible_to(actor).get(pk=found.pk)
        if current.version != version:
            theirs = in_words(form, {name: getattr(current, name) for name in names})
            labels = {name: form.fields[name].label for name in names}
            rows = differences(labels, in_words(form, given), theirs)
            back = found.body.get_absolute_url()
            return conflict(request, rows=rows, version=current.version, back=back)
        act = lambda: services.change_seat(  # noqa: E731
            seat=found, by=actor, at=actor.at, version=version, **given
        )
        if done(request, act, _("Saved.")):
            return redirect(found.body)
    end = reverse("ncm:seat-act", args=[found.uuid, "end"])
    return form_page(
        request, form=form, title=_("A seat"), button=_("Save"),
        back=found.body.get_absolute_url(), about=Names(actor, [found])[found],
        template="ncm/seat_form.html", end_href="" if found.until_on else end,
    )  # fmt: skip


def _end_seat(request: HttpRequest, actor: Actor, found: Seat) -> HttpResponse:
    form = asked.End(typed(request), initial={"on": local_day(actor.at)})
    if form.is_valid():
        act = lambda: services.end_seat(  # noqa: E731
            seat=found, by=actor, at=actor.at, **form.cleaned_data
        )
        if done(request, act, _("The seat ends with that day.")):
            return redirect(found.body)
    return form_page(
        request, form=form, title=_("End the seat"), button=_("End it"),
        back=found.body.get_absolute_url(), about=Names(actor, [found])[found],
        lines=[_("It keeps sight of the meetings of its time, and of nothing later.")],
        warning=_("A reason that a member cannot answer to does harm. Every member reads it."),
    )  # fmt: skip


__all__ = ["act", "act_href", "new", "seat_act"]
