"""What is done about a meeting and in it: inviting, attendance, votes, dissent, minutes."""

from typing import Any
from uuid import UUID, uuid4

from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from common.marks import Permission, needs
from ncm.bodies_choices import MeetingState, ResolutionState
from ncm.forms import meetings as asked
from ncm.meetings_files import title_of
from ncm.meetings_record import draft, record
from ncm.meetings_shown import moment
from ncm.meetings_workflow import MEETING
from ncm.models import Meeting, Minutes, Motion, Resolution
from ncm.services import agenda, meetings, votes
from ncm.views.bodies import keeps
from ncm.views.meetings import found_meeting, items_of
from partners.access import Actor, get_or_404, may
from partners.views.deeds import actor_of, as_uuid, conflict, differences, done, form_page, typed

P = Permission
S = MeetingState
READ = ["GET", "HEAD", "POST"]


@needs(P.COORDINATION_SEE)
@require_http_methods(READ)
def act(request: HttpRequest, uuid: UUID, name: str) -> HttpResponse:
    """One act about a meeting."""
    actor = actor_of(request)
    draw = PAGES.get(name)
    if draw is None:
        raise Http404
    found = found_meeting(actor, uuid)
    # Its chair approves, too; everything else is its secretariat's.
    needed = P.COORDINATION_SPEAK if name == "approve" else P.COORDINATION_KEEP
    if not may(actor, needed, found):
        raise PermissionDenied
    return draw(request, actor, found)


def _about(found: Meeting) -> str:
    return f"{found.body.name}, {found.label}"


def _invite(request: HttpRequest, actor: Actor, found: Meeting) -> HttpResponse:
    if request.method == "POST":
        act = lambda: MEETING.apply(found, "invite", by=actor, at=actor.at)  # noqa: E731
        done(request, act, _("Invited. Whoever speaks for a seat has been told."))
        return redirect(found)
    seats = [each.name for each in record(found, actor).came]
    return form_page(
        request, form=asked.Confirm(), title=_("Invite the seats"), button=_("Invite"),
        back=found.get_absolute_url(), about=_about(found),
        lines=[
            moment(found.starts_at),
            _("Seats: %(names)s.") % {"names": "; ".join(seats) or _("none")},
            _("A mail says only that something waits here; the invitation is read after signing "
              "in."),
        ],
    )  # fmt: skip


def _hold(request: HttpRequest, actor: Actor, found: Meeting) -> HttpResponse:
    if request.method == "POST":
        act = lambda: MEETING.apply(found, "hold", by=actor, at=actor.at)  # noqa: E731
        if done(request, act, _("The meeting is open. Say who came.")):
            return redirect("ncm:meeting-act", found.uuid, "attendance")
        return redirect(found)
    return form_page(
        request, form=asked.Confirm(), title=_("Open the meeting"), button=_("Open it"),
        back=found.get_absolute_url(), about=_about(found),
        lines=[_("From now on who came, votes and resolutions are entered; it moves no more.")],
    )  # fmt: skip


def _cancel(request: HttpRequest, actor: Actor, found: Meeting) -> HttpResponse:
    form = asked.Why(typed(request))
    if form.is_valid():
        why = form.cleaned_data["comment"]
        act = lambda: MEETING.apply(  # noqa: E731
            found, "cancel", by=actor, at=actor.at, comment=why
        )
        done(request, act, _("Cancelled. Whoever was invited has been told."))
        return redirect(found)
    return form_page(
        request, form=form, title=_("Cancel the meeting"), button=_("Cancel the meeting"),
        back=found.get_absolute_url(), about=_about(found),
        lines=[_("Its agenda items are postponed, to be taken up at another meeting.")],
        warning=_("It cannot be taken up again. Its number stays taken."),
    )  # fmt: skip


def _edit(request: HttpRequest, actor: Actor, found: Meeting) -> HttpResponse:
    form = asked.When(typed(request), initial=asked.standing(found))
    if form.is_valid():
        version = form.cleaned_data["version"] or 0
        current = Meeting.objects.visible_to(actor).get(pk=found.pk)
        if current.version != version:
            theirs = asked.standing(current)
            names = ("on", "begins", "ends", "place", "remote")
            mine = {name: str(form.cleaned_data[name]) for name in names}
            for name in ("begins", "ends"):
                mine[name] = form.cleaned_data[name].strftime("%H:%M")
            rows = differences(
                {name: form.fields[name].label for name in names}, mine,
                {name: str(theirs[name]) for name in names},
            )  # fmt: skip
            back = found.get_absolute_url()
            return conflict(request, rows=rows, version=current.version, back=back)
        act = lambda: meetings.change_meeting(  # noqa: E731
            meeting=found, by=actor, at=actor.at, version=version, **form.meeting()
        )
        if done(request, act, _("Saved. Whoever was invited is told of a new time.")):
            return redirect(found)
    return form_page(
        request, form=form, title=_("Move the meeting"), button=_("Save"),
        back=found.get_absolute_url(), about=_about(found),
    )  # fmt: skip


def _item(request: HttpRequest, actor: Actor, found: Meeting) -> HttpResponse:
    form = asked.Item(typed(request), initial={"client_key": uuid4()})
    if form.is_valid():
        act = lambda: agenda.add_item(  # noqa: E731
            meeting=found, by=actor, at=actor.at, **form.cleaned_data
        )
        if done(request, act, _("It is on the agenda.")):
            return redirect(found)
    return form_page(
        request, form=form, title=_("Add an agenda item"), button=_("Put it on the agenda"),
        back=found.get_absolute_url(), about=_about(found),
        lines=[_("An item of the co-ordination. Seats submit theirs themselves.")],
    )  # fmt: skip


def _order(request: HttpRequest, actor: Actor, found: Meeting) -> HttpResponse:
    up = request.POST.get("up", "")
    if moved := up or request.POST.get("down", ""):
        act = lambda: agenda.reorder(  # noqa: E731
            meeting=found, item=as_uuid(moved), up=bool(up), by=actor, at=actor.at
        )
        done(request, act, "")
        return redirect(request.path)
    return form_page(
        request, form=asked.Confirm(), title=_("Order of the agenda"), button="",
        back=found.get_absolute_url(), about=_about(found), template="ncm/agenda_order.html",
        items=[{"uuid": each.uuid, "title": each.title} for each in items_of(found, actor)],
    )  # fmt: skip


def _paper(request: HttpRequest, actor: Actor, found: Meeting) -> HttpResponse:
    return paper_page(
        request, actor, found, about=_about(found), back=found.get_absolute_url(), item=None
    )


def paper_page(
    request: HttpRequest, actor: Actor, meeting: Any, *, about: str, back: str, item: Any
) -> HttpResponse:
    """Add a paper to a meeting, or to an item of it."""
    what = record(meeting, actor) if meeting is not None else None
    seats = [(str(each.uuid), what.names[each]) for each in what.seats] if what else []
    posted = typed(request)
    form = asked.NewPaper(seats, posted, request.FILES if posted is not None else None)
    if not seats:
        del form.fields["only_seats"]
    if form.is_valid():
        given = form.cleaned_data
        act = lambda: agenda.add_paper(  # noqa: E731
            item=item, meeting=None if item else meeting, title=given["title"],
            name=given["file"].name, content=given["file"].read(),
            only_seats=[as_uuid(each) for each in given.get("only_seats") or ()],
            by=actor, at=actor.at,
        )  # fmt: skip
        if done(request, act, _("Added.")):
            return redirect(back)
    return form_page(
        request, form=form, title=_("Add a paper"), button=_("Add it"), back=back, about=about,
        template="partners/deed_parts.html", parts=[], is_upload=True,
        hint=_("One that comes after the day for papers is taken, marked and counted."),
    )  # fmt: skip


def _attendance(request: HttpRequest, actor: Actor, found: Meeting) -> HttpResponse:
    what = record(found, actor)
    so_far = {each.seat_id: each.presence for each in found.attendances.all()}
    seats = [
        (each.uuid, f"{what.names[each]} ({each.get_kind_display()})", so_far.get(each.pk, ""))
        for each in what.seats
    ]
    form = asked.Who(seats, typed(request))
    if form.is_valid():
        act = lambda: meetings.record_attendance(  # noqa: E731
            meeting=found, presences=form.presences(), by=actor, at=actor.at
        )
        if done(request, act, _("Saved.")):
            return redirect(found)
    return form_page(
        request, form=form, title=_("Who came"), button=_("Save"),
        back=found.get_absolute_url(), about=_about(found),
        lines=[
            _("Taking part remotely is taking part."),
            *[_("A vote asks for %(rule)s.") % {"rule": each.words} for each in what.quorum],
        ],
    )  # fmt: skip


def _minutes(request: HttpRequest, actor: Actor, found: Meeting) -> HttpResponse:
    standing = Minutes.objects.visible_to(actor).filter(meeting=found).first()
    if standing is None:
        initial = {"words": draft(record(found, actor)), "version": 0}
    else:
        initial = {"words": standing.words, "version": standing.version}
    form = asked.MinutesText(typed(request), initial=initial)
    if form.is_valid():
        given = form.cleaned_data
        if standing is not None and standing.version != given["version"]:
            mine, theirs = {"words": given["words"]}, {"words": standing.words}
            rows = differences({"words": _("Minutes")}, mine, theirs)
            back = found.get_absolute_url()
            return conflict(request, rows=rows, version=standing.version, back=back)
        act = lambda: meetings.write_minutes(  # noqa: E731
            meeting=found, by=actor, at=actor.at, **given
        )
        if done(request, act, _("Saved. Somebody else, or the chair, approves them.")):
            return redirect("ncm:minutes", found.uuid)
    return form_page(
        request, form=form, title=_("Draft the minutes"), button=_("Save the draft"),
        back=found.get_absolute_url(), about=_about(found),
        lines=[
            _("The text is drafted from what was entered. Whoever sits at this table reads it "
              "from the first time you save it."),
            _("Whoever saves last does not approve."),
        ],
    )  # fmt: skip


def _approve(request: HttpRequest, actor: Actor, found: Meeting) -> HttpResponse:
    if request.method == "POST":
        act = lambda: MEETING.apply(found, "approve", by=actor, at=actor.at)  # noqa: E731
        done(request, act, _("Approved. Whoever sits at this table has been told."))
        return redirect("ncm:minutes", found.uuid)
    return form_page(
        request, form=asked.Confirm(), title=_("Approve the minutes"), button=_("Approve them"),
        back=reverse("ncm:minutes", args=[found.uuid]), about=title_of(found),
        warning=_("From now on nothing in them changes; corrections stand beside them."),
    )  # fmt: skip


def _annex(request: HttpRequest, actor: Actor, found: Meeting) -> HttpResponse:
    form = asked.Correction(typed(request), initial={"client_key": uuid4()})
    if form.is_valid():
        act = lambda: meetings.annex(  # noqa: E731
            meeting=found, by=actor, at=actor.at, **form.cleaned_data
        )
        if done(request, act, _("It stands beside the minutes.")):
            return redirect("ncm:minutes", found.uuid)
    return form_page(
        request, form=form, title=_("Annex a correction"), button=_("Annex it"),
        back=reverse("ncm:minutes", args=[found.uuid]), about=title_of(found),
    )  # fmt: skip


PAGES = {
    "invite": _invite,
    "hold": _hold,
    "cancel": _cancel,
    "edit": _edit,
    "item": _item,
    "order": _order,
    "paper": _paper,
    "attendance": _attendance,
    "minutes": _minutes,
    "approve": _approve,
    "annex": _annex,
}


# --- motions --------------------------------------------------------------------------------------


@needs(P.COORDINATION_SEE)
@require_http_methods(READ)
def motion_act(request: HttpRequest, uuid: UUID, name: str) -> HttpResponse:
    """Make a carried motion a resolution, or record a seat's dissent."""
    actor = actor_of(request)
    draw = {"adopt": _adopt, "dissent": _dissent}.get(name)
    if draw is None:
        raise Http404
    rows = Motion.objects.select_related("meeting__body__kept_by", "item")
    return draw(request, actor, get_or_404(rows, actor, uuid=uuid))


def _adopt(request: HttpRequest, actor: Actor, found: Motion) -> HttpResponse:
    if not may(actor, P.COORDINATION_KEEP, found):
        raise PermissionDenied
    meeting = found.meeting
    in_force = Resolution.objects.visible_to(actor).filter(
        body=meeting.body_id, state=ResolutionState.IN_FORCE
    )
    known = {str(each.uuid): each for each in in_force.order_by("-adopted_on", "-pk")[:100]}
    choices = [(key, f"{each.reference} {each.title}") for key, each in known.items()]
    form = asked.Adopt(choices, typed(request), initial={"title": found.item.title})
    if form.is_valid():
        given = form.cleaned_data
        earlier = known.get(given.get("earlier") or "")
        made: list[Resolution] = []
        act = lambda: made.append(  # noqa: E731
            votes.adopt(
                motion=found, title=given["title"], earlier=earlier,
                effect=given.get("effect") or "", by=actor, at=actor.at,
            )
        )  # fmt: skip
        if done(request, act, _("Adopted. Every member of the mechanism can read it.")):
            return redirect(made[0])
    return form_page(
        request, form=form, title=_("Make it a resolution"), button=_("Give it its number"),
        back=meeting.get_absolute_url(), about=_about(meeting),
        lines=[found.words, _("The words are those that were voted on. They stay.")],
    )  # fmt: skip


def _dissent(request: HttpRequest, actor: Actor, found: Motion) -> HttpResponse:
    meeting = found.meeting
    what = record(meeting, actor)
    ours = keeps(actor, meeting.body)
    here = {each.seat_id for each in meeting.attendances.all() if each.is_present}
    seats = {
        str(each.uuid): each
        for each in what.seats
        if each.pk in here and (ours or each.is_spoken_for_by(actor))
    }
    if not seats:
        raise PermissionDenied(_("A seat that was present has its dissent recorded."))
    form = asked.NewDissent(
        [(key, what.names[each]) for key, each in seats.items()], typed(request)
    )
    if form.is_valid():
        seat, words = seats[form.cleaned_data["seat"]], form.cleaned_data["words"]
        act = lambda: votes.record_dissent(  # noqa: E731
            motion=found, seat=seat, words=words, by=actor, at=actor.at
        )
        if done(request, act, _("Recorded. It stands in the minutes.")):
            return redirect(meeting)
    return form_page(
        request, form=form, title=_("Record a dissent"), button=_("Record it"),
        back=meeting.get_absolute_url(), about=_about(meeting), lines=[found.words],
    )  # fmt: skip
