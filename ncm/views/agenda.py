"""Agenda items in pages: the list, submitting one, one item, what becomes of it, its papers."""

from typing import Any
from uuid import UUID, uuid4

from django import forms
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_safe

from common.country import local_day
from common.forms import NarrowForm
from common.marks import Permission, needs
from common.paging import Order, paginate
from ncm import quorum
from ncm.bodies_choices import TO_COME, IssueClass, ItemState, MeetingState
from ncm.bodies_names import Names
from ncm.forms import meetings as asked
from ncm.meetings_record import record
from ncm.meetings_shown import item_tag, meeting_tag, moment
from ncm.meetings_workflow import ITEM
from ncm.models import AgendaItem, ItemEvent, Motion, Paper, Seat
from ncm.services import agenda as services
from ncm.services import votes
from ncm.views.bodies import found_body, keeps, sent_file, to_come
from ncm.views.meeting_acts import paper_page
from ncm.views.meetings import motion_shown, papers_shown
from partners.access import Actor, get_or_404, may
from partners.views import shown
from partners.views.deeds import actor_of, done, form_page, typed
from partners.views.lists import columns, page_links

P = Permission
S = ItemState
READ = ["GET", "HEAD", "POST"]
LATEST_FIRST = Order("-submitted_at", "-id")


class Narrow(NarrowForm):
    """In which state, and on what."""

    state = forms.ChoiceField(required=False)
    issue = forms.ChoiceField(required=False)

    def __init__(self, data: Any) -> None:
        super().__init__(data)
        for name, label, choices in (
            ("state", _("State"), [("", _("All states")), *S.choices]),
            ("issue", _("What it is about"), [("", _("Everything")), *IssueClass.choices]),
        ):
            self.fields[name].label = label
            self.fields[name].choices = choices  # type: ignore[attr-defined]


@needs(P.COORDINATION_SEE)
@require_safe
def items(request: HttpRequest) -> HttpResponse:
    """Agenda items this actor sees: its seats' own, and those on agendas at its tables."""
    actor = actor_of(request)
    form = Narrow(request.GET)
    given = form.cleaned_data if form.is_valid() else {}
    rows = AgendaItem.objects.visible_to(actor).select_related("body", "seat", "meeting")
    for name in ("state", "issue"):
        if given.get(name):
            rows = rows.filter(**{name: given[name]})
    page = paginate(rows, LATEST_FIRST, cursor=request.GET.get("cursor", ""))
    names = Names(actor, [each.seat for each in page.rows if each.seat])
    context = {
        "filter": form,
        "page": page,
        "columns": columns(_("Agenda item"), _("Body"), _("Whose"), _("Submitted"), _("State")),
        "rows": [
            [
                {
                    "text": each.title, "href": each.get_absolute_url(),
                    "note": str(each.get_issue_display()),
                },
                {"text": each.body.name},
                {"text": names.of(each.seat_id)},
                {"text": shown.day(each.submitted_at)},
                item_tag(each),
            ]
            for each in page.rows
        ],
        "empty": _nothing(is_narrowing=form.is_narrowing),
        "clear_href": reverse("ncm:agenda-items"),
        **page_links(request, page),
    }  # fmt: skip
    return render(request, "ncm/agenda_items.html", context)


def _nothing(*, is_narrowing: bool) -> dict[str, str]:
    if is_narrowing:
        return {
            "title": _("No agenda item matches"),
            "text": _("Take away one of the filters."),
            "href": reverse("ncm:agenda-items"),
            "label": _("Show all agenda items"),
        }
    return {
        "title": _("No agenda item yet"),
        "text": _("Whoever speaks for a seat submits one on the page of its body."),
        "href": reverse("ncm:bodies"),
        "label": _("See the bodies"),
    }


@needs(P.COORDINATION_SEE)
@require_http_methods(READ)
def submit(request: HttpRequest, uuid: UUID) -> HttpResponse:
    """Submit an item for one of one's seats on a body; 404 for who speaks for none."""
    actor = actor_of(request)
    found = found_body(actor, uuid)
    mine = Seat.objects.visible_to(actor).of(actor).on(local_day(actor.at)).filter(body=found)
    seats = {
        str(each.uuid): each
        for each in mine.select_related("body")
        if each.may_submit and each.is_spoken_for_by(actor)
    }
    if not seats:
        raise Http404
    names = Names(actor, seats.values())
    choices = [(key, names[each]) for key, each in seats.items()]
    form = asked.SeatItem(choices, typed(request), initial={"client_key": uuid4()})
    if form.is_valid():
        facts = dict(form.cleaned_data)
        seat = seats[facts.pop("seat")]
        made: list[AgendaItem] = []
        act = lambda: made.append(  # noqa: E731
            services.submit_item(seat=seat, by=actor, at=actor.at, **facts)
        )
        if done(request, act, _("Submitted. You are told what becomes of it.")):
            return redirect(made[0])
    return form_page(
        request, form=form, title=_("Submit an agenda item"), button=_("Submit it"),
        back=found.get_absolute_url(), about=found.name,
        lines=[
            _("Whoever keeps the body puts it on an agenda, or declines it with a reason, within "
              "the time that the country’s rules give."),
            _("Papers can be added on the next page."),
        ],
    )  # fmt: skip


# --- one item -------------------------------------------------------------------------------------


def _found(actor: Actor, uuid: UUID) -> AgendaItem:
    rows = AgendaItem.objects.select_related("body__kept_by", "seat", "meeting__body")
    return get_or_404(rows, actor, uuid=uuid)


@needs(P.COORDINATION_SEE)
@require_safe
def item(request: HttpRequest, uuid: UUID) -> HttpResponse:
    """One agenda item: what is asked, the papers, the votes, what became of it."""
    actor = actor_of(request)
    found = _found(actor, uuid)
    ours = keeps(actor, found.body)
    papers = Paper.objects.visible_to(actor).filter(item=found)
    names = Names(actor, [found.seat] if found.seat else [])
    later = AgendaItem.objects.visible_to(actor).filter(earlier=found).first()
    context = {
        "item": found,
        "tags": [item_tag(found)],
        "facts": _facts(found, names),
        "acts": _acts(found, actor, is_keeper=ours),
        "papers": papers_shown(list(papers), found.meeting, actor),
        "own_papers": _removable(found, actor, list(papers)),
        "motions": _motions(found, actor, is_keeper=ours),
        "meeting_href": found.meeting.get_absolute_url() if found.meeting else "",
        "meeting_words": f"{found.meeting.label}, {moment(found.meeting.starts_at)}"
        if found.meeting
        else "",
        "earlier": AgendaItem.objects.visible_to(actor).filter(pk=found.earlier_id).first()
        if found.earlier_id
        else None,
        "later": later,
        "reason": _reason(found, actor),
        "events": _past(found, actor, names),
    }
    return render(request, "ncm/agenda_item.html", context)


def _facts(found: AgendaItem, names: Names) -> list[dict[str, str]]:
    facts = [
        (_("Body"), found.body.name),
        (_("Whose"), names.of(found.seat_id)),
        (_("What it is about"), str(found.get_issue_display())),
        (_("Submitted"), shown.day(found.submitted_at)),
    ]
    return [{"label": label, "value": value} for label, value in facts if value]


def _acts(found: AgendaItem, actor: Actor, *, is_keeper: bool) -> list[dict[str, str]]:
    acts = []
    is_held = found.meeting is not None and found.meeting.state == MeetingState.HELD
    if is_keeper and is_held and found.state == S.ON_AGENDA:
        acts.append(("vote", _("Put it to the vote"), ""))
    for each, decision in ITEM.available(found, actor):
        if decision:
            kind = "" if each.name in ("put", "decide") else "secondary"
            acts.append((each.name, each.title, kind))
    if is_keeper and found.state == S.POSTPONED and not found.later.exists():
        acts.append(("take-up", _("Take it up again"), ""))
    if found.state not in (S.DECLINED, S.WITHDRAWN) and _adds_papers(found, actor, is_keeper):
        acts.append(("paper", _("Add a paper"), "secondary"))
    return [
        {
            "label": label, "kind": kind,
            "href": reverse("ncm:agenda-item-act", args=[found.uuid, name]),
        }
        for name, label, kind in acts
    ]  # fmt: skip


def _adds_papers(found: AgendaItem, actor: Actor, is_keeper: bool) -> bool:
    over = (MeetingState.APPROVED, MeetingState.CANCELLED)
    if found.meeting is not None and found.meeting.state in over:
        return False
    return is_keeper or (found.seat is not None and found.seat.is_spoken_for_by(actor))


def _removable(found: AgendaItem, actor: Actor, papers: list[Paper]) -> list[dict[str, str]]:
    """Papers of the actor's own that can still be taken back."""
    if found.meeting is not None and found.meeting.state not in TO_COME:
        return []
    mine = found.seat is not None and found.seat.is_spoken_for_by(actor)
    ours = keeps(actor, found.body)
    return [
        {"title": each.title, "uuid": str(each.uuid)}
        for each in papers
        if (mine if each.seat_id else ours)
    ]


def _motions(found: AgendaItem, actor: Actor, *, is_keeper: bool) -> list[dict[str, Any]]:
    if found.meeting is None or not Motion.objects.visible_to(actor).filter(item=found).exists():
        return []
    what = record(found.meeting, actor)
    ours = is_keeper and found.meeting.state == MeetingState.HELD
    return [
        motion_shown(one, what, actor, is_keeper=ours)
        for each in what.items
        if each.item.pk == found.pk
        for one in each.motions
    ]


def _reason(found: AgendaItem, actor: Actor) -> str:
    """Why it was declined."""
    if found.state != S.DECLINED:
        return ""
    told = ItemEvent.objects.visible_to(actor).filter(item=found, kind="declined").first()
    return told.comment if told else ""


def _past(found: AgendaItem, actor: Actor, names: Names) -> list[dict[str, Any]]:
    """What happened so far: by the seat, or by the co-ordination, never by whom."""
    return [
        {
            "title": each.get_kind_display(),
            "at": each.at,
            "by": names.of(each.by_seat_id),
            "text": each.comment,
        }
        for each in ItemEvent.objects.visible_to(actor).filter(item=found)[:30]
    ]


@needs(P.COORDINATION_SEE)
@require_safe
def paper(request: HttpRequest, uuid: UUID) -> HttpResponse:
    """A paper, to whoever may read it."""
    found = get_or_404(Paper.objects.all(), actor_of(request), uuid=uuid)
    return sent_file(found.content, found.kind, "paper")


# --- acts -----------------------------------------------------------------------------------------


@needs(P.COORDINATION_SEE)
@require_http_methods(READ)
def act(request: HttpRequest, uuid: UUID, name: str) -> HttpResponse:
    """One act about an agenda item."""
    actor = actor_of(request)
    draw = PAGES.get(name)
    if draw is None:
        raise Http404
    found = _found(actor, uuid)
    if name not in OF_THE_SEAT and not may(actor, P.COORDINATION_KEEP, found):
        raise PermissionDenied
    return draw(request, actor, found, name)


def _meeting_choices(found: AgendaItem, actor: Actor) -> dict[str, Any]:
    open_ = [each for each in to_come(found.body, actor) if each.pk != found.meeting_id]
    return {str(each.uuid): each for each in open_}


def _put(request: HttpRequest, actor: Actor, found: AgendaItem, name: str) -> HttpResponse:
    """Put it on an agenda, move it to another, or take a postponed one up again."""
    open_ = _meeting_choices(found, actor)
    labels = [
        (key, f"{each.label}, {moment(each.starts_at)} ({meeting_tag(each)['text']})")
        for key, each in open_.items()
    ]
    form = asked.OnAgenda(labels, typed(request))
    if form.is_valid():
        meeting = open_[form.cleaned_data["meeting"]]
        if name == "take-up":
            act = lambda: services.take_up(  # noqa: E731
                item=found, meeting=meeting, client_key=uuid4(), by=actor, at=actor.at
            )
        else:
            act = lambda: services.put(  # noqa: E731
                item=found, meeting=meeting, by=actor, at=actor.at
            )
        if done(request, act, _("It is on the agenda. Whose item it is has been told.")):
            return redirect(meeting)
    lines = [] if labels else [_("No meeting of this body is to come. Plan one first.")]
    return form_page(
        request, form=form, title=_("Put it on an agenda"), button=_("Put it on the agenda"),
        back=found.get_absolute_url(), about=found.title, lines=lines,
    )  # fmt: skip


def _decline(request: HttpRequest, actor: Actor, found: AgendaItem, name: str) -> HttpResponse:
    form = asked.Why(typed(request))
    if form.is_valid():
        why = form.cleaned_data["comment"]
        act = lambda: ITEM.apply(  # noqa: E731
            found, "decline", by=actor, at=actor.at, comment=why
        )
        done(request, act, _("Declined. Whoever submitted it reads the reason."))
        return redirect(found)
    return form_page(
        request, form=form, title=_("Decline the item"), button=_("Decline it"),
        back=found.get_absolute_url(), about=found.title,
        lines=[_("It is counted in who takes part: submitted, and not put on an agenda.")],
    )  # fmt: skip


WORDS = {
    "withdraw": (
        gettext_lazy("Take the item back"),
        gettext_lazy("Take it back"),
        gettext_lazy("Taken back."),
    ),
    "decide": (
        gettext_lazy("The item was decided"),
        gettext_lazy("It was decided"),
        gettext_lazy("Saved."),
    ),
    "note": (
        gettext_lazy("The item was noted"),
        gettext_lazy("It was noted"),
        gettext_lazy("Saved."),
    ),
    "postpone": (
        gettext_lazy("The item was postponed"),
        gettext_lazy("It was postponed"),
        gettext_lazy("Saved."),
    ),
}


def _step(request: HttpRequest, actor: Actor, found: AgendaItem, name: str) -> HttpResponse:
    """An act that asks nothing but that it is meant."""
    title, button, said = WORDS[name]
    if name == "withdraw" and not _is_own(found, actor):
        raise PermissionDenied
    back = found.meeting.get_absolute_url() if name != "withdraw" and found.meeting else ""
    if request.method == "POST":
        act = lambda: ITEM.apply(found, name, by=actor, at=actor.at)  # noqa: E731
        done(request, act, str(said))
        return redirect(back or found.get_absolute_url())
    return form_page(
        request, form=asked.Confirm(), title=str(title), button=str(button),
        back=back or found.get_absolute_url(), about=found.title,
    )  # fmt: skip


def _is_own(found: AgendaItem, actor: Actor) -> bool:
    if found.seat is None:
        return keeps(actor, found.body)
    return found.seat.is_spoken_for_by(actor)


def _paper(request: HttpRequest, actor: Actor, found: AgendaItem, name: str) -> HttpResponse:
    if not _adds_papers(found, actor, keeps(actor, found.body)):
        raise PermissionDenied
    back = found.get_absolute_url()
    return paper_page(request, actor, found.meeting, about=found.title, back=back, item=found)


def _remove(request: HttpRequest, actor: Actor, found: AgendaItem, name: str) -> HttpResponse:
    papers = list(Paper.objects.visible_to(actor).filter(item=found))
    mine = {each["uuid"] for each in _removable(found, actor, papers)}
    wanted = request.POST.get("paper", "")
    chosen = next((p for p in papers if str(p.uuid) == wanted and wanted in mine), None)
    if request.method == "POST" and chosen is not None:
        act = lambda: services.remove_paper(paper=chosen, by=actor, at=actor.at)  # noqa: E731
        done(request, act, _("Taken back."))
    return redirect(found)


def _vote(request: HttpRequest, actor: Actor, found: AgendaItem, name: str) -> HttpResponse:
    meeting = found.meeting
    if meeting is None or meeting.state != MeetingState.HELD:
        raise Http404
    seats = quorum.voting_seats(meeting)
    names = Names(actor, seats)
    refusals = quorum.why_not(meeting, seats)
    labels = [(each.uuid, f"{names[each]} ({each.get_kind_display()})") for each in seats]
    form = asked.NewVote(
        labels, typed(request), initial={"client_key": uuid4(), "words": found.words}
    )
    if form.is_valid():
        act = lambda: votes.take_vote(  # noqa: E731
            item=found, client_key=form.cleaned_data["client_key"],
            words=form.cleaned_data["words"], ballots=form.ballots(), by=actor, at=actor.at,
        )  # fmt: skip
        if done(request, act, _("The vote is entered.")):
            return redirect(meeting)
        return redirect(request.path)
    lines = [each.met for each in quorum.asked(meeting, seats)]
    return form_page(
        request, form=form, title=_("Put it to the vote"), button=_("Enter the vote"),
        back=meeting.get_absolute_url(), about=found.title, template="ncm/vote_form.html",
        lines=lines, refusals=refusals,
        attendance_href=reverse("ncm:meeting-act", args=[meeting.uuid, "attendance"]),
    )  # fmt: skip


PAGES = {
    "put": _put,
    "move": _put,
    "take-up": _put,
    "decline": _decline,
    "withdraw": _step,
    "decide": _step,
    "note": _step,
    "postpone": _step,
    "paper": _paper,
    "remove-paper": _remove,
    "vote": _vote,
}
#: Acts of whose item it is; what a page of theirs asks, the page looks at itself.
OF_THE_SEAT = {"withdraw", "paper", "remove-paper"}
