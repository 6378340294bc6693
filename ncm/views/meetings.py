"""Meetings in pages: the list, one meeting, its minutes, and its files."""

from typing import Any
from uuid import UUID

from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from accounts.audit import record as log
from accounts.choices import LogAction
from common.marks import Permission, Subject, needs
from common.paging import Order, paginate
from deadlines.files import content_type
from deadlines.services.jobs import start_job
from ncm import meetings_files as files
from ncm.bodies_choices import TO_COME, MeetingState
from ncm.meetings_jobs import MINUTES, PAPERS
from ncm.meetings_record import OnAgenda, Record, Voted, late, record
from ncm.meetings_shown import hours, item_tag, meeting_tag, moment
from ncm.meetings_workflow import MEETING
from ncm.models import AgendaItem, Meeting, MeetingEvent, Minutes, Paper
from ncm.views.bodies import keeps, waiting
from partners.access import Actor, get_or_404
from partners.models import Organisation
from partners.views import shown
from partners.views.deeds import actor_of
from partners.views.lists import columns, page_links

P = Permission
S = MeetingState
LATEST_FIRST = Order("-on", "-id")


def found_meeting(actor: Actor, uuid: UUID) -> Meeting:
    rows = Meeting.objects.select_related("body__kept_by")
    return get_or_404(rows, actor, uuid=uuid)


def act_href(meeting: Meeting, name: str) -> str:
    return reverse("ncm:meeting-act", args=[meeting.uuid, name])


@needs(P.COORDINATION_SEE)
@require_safe
def meetings(request: HttpRequest) -> HttpResponse:
    """Meetings of the bodies at whose table one sits, latest first."""
    actor = actor_of(request)
    rows = Meeting.objects.visible_to(actor).select_related("body")
    page = paginate(rows, LATEST_FIRST, cursor=request.GET.get("cursor", ""))
    context = {
        "page": page,
        "columns": columns(_("Meeting"), _("Body"), _("Papers by"), _("State")),
        "rows": [
            [
                {
                    "text": each.label, "href": each.get_absolute_url(),
                    "note": moment(each.starts_at),
                },
                {"text": each.body.name, "href": each.body.get_absolute_url()},
                {"text": shown.date(each.papers_due_on)},
                meeting_tag(each),
            ]
            for each in page.rows
        ],
        "empty": {
            "title": _("No meeting yet"),
            "text": _("Meetings of the bodies on which your organisation, or you, have a seat."),
            "href": reverse("ncm:bodies"),
            "label": _("See the bodies"),
        },
        **page_links(request, page),
    }  # fmt: skip
    return render(request, "ncm/meetings.html", context)


# --- one meeting ----------------------------------------------------------------------------------


@needs(P.COORDINATION_SEE)
@require_safe
def meeting(request: HttpRequest, uuid: UUID) -> HttpResponse:
    """One meeting: when, what is on the agenda, who came, how it voted."""
    actor = actor_of(request)
    found = found_meeting(actor, uuid)
    ours, what = keeps(actor, found.body), record(found, actor)
    was_held = found.state in (S.HELD, S.APPROVED)
    drafted = Minutes.objects.visible_to(actor).filter(meeting=found).exists()
    context = {
        "meeting": found,
        "title": _("Meeting %(number)s") % {"number": found.label},
        "tags": [meeting_tag(found)],
        "facts": _facts(found),
        "acts": _acts(found, actor, is_keeper=ours, is_drafted=drafted),
        "links": _links(found, what, is_drafted=drafted),
        "agenda": agenda_lines(what, actor, is_keeper=ours),
        "papers": papers_shown(what.papers, found, actor),
        "waiting": _waiting(found, actor) if ours and found.state in (*TO_COME, S.HELD) else [],
        "came_columns": columns(_("Seat"), _("Kind"), _("Vote"), _("Took part")),
        "came": came_rows(what) if was_held else [],
        "quorum": _quorum(what) if was_held else [],
        "seats": [each.name for each in what.came] if not was_held else [],
        "events": past(found, actor),
    }
    return render(request, "ncm/meeting.html", context)


def _facts(found: Meeting) -> list[dict[str, str]]:
    facts = [
        (_("Day"), shown.date(found.on)),
        (_("Hours"), hours(found)),
        (_("Where"), found.place),
        (_("Remotely"), found.remote),
        (_("Papers by"), shown.date(found.papers_due_on)),
        (_("How it decides"), str(found.body.get_decides_by_display())),
    ]
    return [{"label": label, "value": value} for label, value in facts if value]


def _acts(
    found: Meeting, actor: Actor, *, is_keeper: bool, is_drafted: bool
) -> list[dict[str, str]]:
    acts = []
    if is_keeper:
        if found.state == S.HELD:
            acts += [("attendance", _("Say who came"), "")]
            words = _("Go on with the minutes") if is_drafted else _("Draft the minutes")
            acts += [("minutes", words, "secondary" if not is_drafted else "")]
        for each, decision in MEETING.available(found, actor):
            if decision and each.name in ("invite", "hold"):
                acts.append((each.name, each.title, ""))
        if found.state in (*TO_COME, S.HELD):
            acts.append(("item", _("Add an agenda item"), "secondary"))
            acts.append(("order", _("Order of the agenda"), "secondary"))
            acts.append(("paper", _("Add a paper"), "secondary"))
        if found.state in TO_COME:
            acts.append(("edit", _("Move it"), "secondary"))
            acts.append(("cancel", _("Cancel the meeting"), "secondary"))
        if found.state == S.APPROVED:
            acts.append(("annex", _("Annex a correction"), "secondary"))
    return [
        {"label": label, "href": act_href(found, name), "kind": kind} for name, label, kind in acts
    ]


def _links(found: Meeting, what: Record, *, is_drafted: bool) -> list[dict[str, Any]]:
    links = []
    if found.state != S.CANCELLED:
        href = reverse("ncm:meeting-file", args=[found.uuid, "invitation.ics"])
        links.append({"label": _("Put it into my calendar"), "href": href})
    if what.papers or any(each.papers for each in what.items):
        links.append({"label": _("All papers in one file"), "is_post": True, "value": "papers"})
    if found.state in (S.HELD, S.APPROVED) and is_drafted:
        href = reverse("ncm:minutes", args=[found.uuid])
        links.append({"label": _("Minutes"), "href": href})
    return links


def agenda_lines(what: Record, actor: Actor, *, is_keeper: bool) -> list[dict[str, Any]]:
    """The agenda as the templates take it."""
    is_open = what.meeting.state == S.HELD
    return [
        {
            "number": number,
            "title": each.item.title,
            "href": each.item.get_absolute_url(),
            "whose": each.whose,
            "issue": each.item.get_issue_display(),
            "tag": item_tag(each.item),
            "papers": papers_shown(each.papers, what.meeting, actor),
            "motions": [
                motion_shown(one, what, actor, is_keeper=is_keeper and is_open)
                for one in each.motions
            ],
            "acts": _item_acts(each) if is_keeper and is_open else [],
        }
        for number, each in enumerate(what.items, start=1)
    ]


def _item_acts(each: OnAgenda) -> list[dict[str, str]]:
    if each.item.state != "on_agenda":
        return []
    acts = [("vote", _("Put it to the vote"), "")]
    acts += [("decide", _("It was decided"), "secondary")] if each.motions else []
    acts += [("note", _("Noted"), "secondary"), ("postpone", _("Postponed"), "secondary")]
    return [
        {
            "label": label, "kind": kind,
            "href": reverse("ncm:agenda-item-act", args=[each.item.uuid, name]),
        }
        for name, label, kind in acts
    ]  # fmt: skip


def motion_shown(one: Voted, what: Record, actor: Actor, *, is_keeper: bool) -> dict[str, Any]:
    """A vote with what can still be done about it."""
    acts = []
    if is_keeper and one.motion.is_carried and one.resolution is None:
        acts.append(("adopt", _("Make it a resolution"), ""))
    mine = any(each.is_spoken_for_by(actor) for each in what.seats)
    if what.meeting.state == S.HELD and (is_keeper or mine):
        acts.append(("dissent", _("Record a dissent"), "secondary"))
    return {
        "words": one.motion.words,
        "result": one.result,
        "is_carried": one.motion.is_carried,
        "quorum": one.quorum,
        "votes": one.votes,
        "dissents": one.dissents,
        "resolution": one.resolution,
        "acts": [
            {
                "label": label, "kind": kind,
                "href": reverse("ncm:motion-act", args=[one.motion.uuid, name]),
            }
            for name, label, kind in acts
        ],
    }  # fmt: skip


def papers_shown(
    papers: list[Paper], meeting: Meeting | None, actor: Actor
) -> list[dict[str, Any]]:
    """Papers as components/file_list.html takes them; late ones say so."""
    return [
        {
            "name": each.title,
            "href": reverse("ncm:paper", args=[each.uuid]),
            "size": each.size,
            "kind": each.kind.upper(),
            "note": _("Came late, on %(day)s") % {"day": shown.date(each.added_on)}
            if each.is_late_for(meeting)
            else "",
        }
        for each in papers
    ]


def _waiting(found: Meeting, actor: Actor) -> list[dict[str, str]]:
    return [
        {
            "label": each.title,
            "href": each.get_absolute_url(),
            "status": _("Submitted on %(day)s") % {"day": shown.day(each.submitted_at)},
        }
        for each in waiting(found.body, actor)
    ]


def came_rows(what: Record) -> list[list[dict[str, Any]]]:
    """Each seat and whether it took part."""
    return [
        [
            {"text": each.name},
            {"text": each.kind},
            {"text": _("Yes") if each.has_vote else _("No")},
            {"text": each.presence},
        ]
        for each in what.came
    ]


def _quorum(what: Record) -> list[dict[str, Any]]:
    return [
        {"text": each.met if each.is_met else each.refusal, "is_met": each.is_met}
        for each in what.quorum
    ]


def past(found: Meeting, actor: Actor) -> list[dict[str, Any]]:
    """What happened so far: which organisation did it, and for a seat's act nobody."""
    events = MeetingEvent.objects.visible_to(actor).filter(meeting=found)
    rows = list(events.select_related("by_organisation")[:40])
    homes = {each.by_organisation_id for each in rows if each.by_organisation_id}
    seen = Organisation.objects.visible_to(actor).filter(pk__in=homes)
    known = set(seen.values_list("pk", flat=True))
    return [
        {
            "title": each.get_kind_display(),
            "at": each.at,
            "by": each.by_organisation.display_name
            if each.by_organisation and each.by_organisation_id in known
            else "",
            "text": each.comment,
        }
        for each in rows
    ]


# --- minutes --------------------------------------------------------------------------------------


@needs(P.COORDINATION_SEE)
@require_safe
def minutes(request: HttpRequest, uuid: UUID) -> HttpResponse:
    """The minutes: their words, and the record they rest on."""
    actor = actor_of(request)
    found = found_meeting(actor, uuid)
    standing = get_or_404(Minutes.objects.all(), actor, meeting=found)
    what = record(found, actor)
    can_approve = any(
        decision and each.name == "approve" for each, decision in MEETING.available(found, actor)
    )
    context = {
        "meeting": found,
        "title": files.title_of(found),
        "tags": [meeting_tag(found)],
        "standing": files.standing_of(found),
        "minutes": standing,
        "agenda": agenda_lines(what, actor, is_keeper=False),
        "came_columns": columns(_("Seat"), _("Kind"), _("Vote"), _("Took part")),
        "came": came_rows(what),
        "quorum": [each.met for each in what.quorum],
        "annexes": what.annexes,
        "approve_href": act_href(found, "approve") if can_approve else "",
        "docx_href": reverse("ncm:meeting-file", args=[found.uuid, "minutes.docx"]),
        "build_href": reverse("ncm:minutes-build", args=[found.uuid]),
        "late": len(late(what)),
    }
    return render(request, "ncm/minutes.html", context)


@needs(P.COORDINATION_SEE)
@require_POST
def build(request: HttpRequest, uuid: UUID) -> HttpResponse:
    """Start the job that makes the PDF of the minutes, or the archive of papers."""
    actor = actor_of(request)
    found = found_meeting(actor, uuid)
    job = start_job(
        kind=PAPERS if request.POST.get("what") == "papers" else MINUTES,
        params={"meeting": str(found.uuid), "language": get_language() or "en"},
        by=actor,
        at=actor.at,
    )
    return redirect("deadlines:job", job.uuid)


@needs(P.COORDINATION_SEE)
@require_safe
def file(request: HttpRequest, uuid: UUID, name: str) -> HttpResponse:
    """The invitation for a calendar, or the minutes as DOCX."""
    actor = actor_of(request)
    found = found_meeting(actor, uuid)
    if name == "invitation.ics":
        content, shown_name = files.to_calendar(found, actor.at), "meeting.ics"
    elif name == "minutes.docx":
        standing = get_or_404(Minutes.objects.all(), actor, meeting=found)
        with transaction.atomic():
            # Written before the answer leaves: what is not in the log is not handed out.
            log(
                action=LogAction.EXPORT, by=actor, at=actor.at,
                subject=Subject("meeting", found.uuid), field_group=MINUTES, reason_code="docx",
            )  # fmt: skip
        content = files.to_docx(record(found, actor), standing)
        shown_name = f"{files.file_name(found, 'minutes')}.docx"
    else:
        raise Http404
    answer = HttpResponse(content, content_type=content_type(shown_name))
    answer["Content-Disposition"] = f'attachment; filename="{shown_name}"'
    answer["Cache-Control"] = "no-store"
    return answer


def items_of(found: Meeting, actor: Actor) -> list[AgendaItem]:
    """Its agenda in order."""
    rows = AgendaItem.objects.visible_to(actor).filter(meeting=found)
    return list(rows.order_by("position", "pk"))
