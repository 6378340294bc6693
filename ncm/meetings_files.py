"""Files of a meeting: the invitation as iCalendar, the minutes as DOCX and PDF, the papers as ZIP.

They say what the page says to the same reader (`ncm/meetings_record.py`).
"""

from collections.abc import Iterator
from datetime import datetime
from io import BytesIO
from urllib.parse import urlsplit
from zipfile import ZIP_DEFLATED, ZipFile

from django.conf import settings
from django.utils.text import slugify
from django.utils.translation import get_language, get_language_bidi
from django.utils.translation import gettext as _
from icalendar import Calendar, Event

from common.country import current
from common.docx import Document
from common.pdf import render_pdf
from ncm.bodies_choices import MeetingState
from ncm.meetings_record import Record
from ncm.meetings_shown import hours
from ncm.models import Meeting, Minutes, Paper
from partners.views import shown

LONGEST_PART = 60
"""Letters of a paper's title in its name inside the archive."""


def to_calendar(meeting: Meeting, at: datetime) -> bytes:
    """A date and a link, and no name: calendar programs keep what they are given elsewhere."""
    calendar = Calendar()
    calendar.add("prodid", "-//Concord//Meetings//EN")
    calendar.add("version", "2.0")
    calendar.add("method", "PUBLISH")
    event = Event()
    event.add("uid", f"{meeting.uuid}@{urlsplit(settings.SITE_URL).hostname or 'localhost'}")
    event.add("dtstamp", at)
    event.add("sequence", meeting.version)
    event.add("summary", _("Meeting %(number)s") % {"number": meeting.label})
    event.add("dtstart", meeting.starts_at)
    event.add("dtend", meeting.ends_at)
    event.add("url", settings.SITE_URL.rstrip("/") + meeting.get_absolute_url())
    event.add("class", "PRIVATE")
    is_off = meeting.state == MeetingState.CANCELLED
    event.add("status", "CANCELLED" if is_off else "CONFIRMED")
    calendar.add_component(event)
    return bytes(calendar.to_ical())


def file_name(meeting: Meeting, what: str) -> str:
    """`ntf-2026-3-minutes`: the body's code, the meeting's number."""
    return slugify(f"{meeting.body.code}-{meeting.year}-{meeting.number}-{what}")


def title_of(meeting: Meeting) -> str:
    return _("Minutes of meeting %(number)s") % {"number": meeting.label}


def standing_of(meeting: Meeting) -> str:
    """Whether the minutes are approved."""
    if meeting.state == MeetingState.APPROVED and meeting.approved_at:
        return _("Approved on %(day)s") % {"day": shown.day(meeting.approved_at)}
    return _("Draft, not approved")


def to_docx(found: Record, minutes: Minutes | None) -> bytes:
    """The minutes for who goes on writing them."""
    meeting = found.meeting
    document = Document(
        title_of(meeting), language=get_language() or "en", is_rtl=get_language_bidi()
    )
    document.text(meeting.body.name)
    document.text(f"{shown.date(meeting.on)}, {hours(meeting)}")
    document.text(standing_of(meeting))
    document.heading(_("Minutes"))
    document.text(minutes.words if minutes else _("Not drafted yet."))
    document.heading(_("Who was there"))
    document.table(
        [_("Seat"), _("Kind"), _("Vote"), _("Took part")],
        [
            (each.name, each.kind, _("Yes") if each.has_vote else _("No"), each.presence)
            for each in found.came
        ],
    )
    for line in found.quorum:
        document.text(line.met)
    document.heading(_("Agenda and votes"))
    for number, each in enumerate(found.items, start=1):
        document.heading(f"{number}. {each.item.title}", 3)
        document.text(f"{each.whose}. {each.item.get_state_display()}.")
        for voted in each.motions:
            document.text(_("Put to the vote: %(words)s") % {"words": voted.motion.words})
            document.text(voted.result)
            document.table([_("Seat"), _("Vote")], voted.votes)
            for name, words in voted.dissents:
                document.text(_("Dissent of %(seat)s: %(words)s") % {"seat": name, "words": words})
            if voted.resolution is not None:
                reference = {"number": voted.resolution.reference}
                document.text(_("Resolution %(number)s.") % reference)
    if found.annexes:
        document.heading(_("Corrections"))
        for annex in found.annexes:
            document.text(f"{shown.day(annex.added_at)}: {annex.words}")
    return document.to_bytes()


def to_pdf(found: Record, minutes: Minutes | None, at: datetime) -> bytes:
    """The minutes on paper. Raises what `common.pdf.render_pdf` raises."""
    meeting = found.meeting
    context = {
        "title": title_of(meeting),
        "mechanism": current().mechanism_name,
        "period": shown.date(meeting.on),
        "classification": standing_of(meeting),
        "generated_at": at,
        "meeting": meeting,
        "hours": hours(meeting),
        "minutes": minutes,
        "record": found,
    }
    return render_pdf("ncm/minutes_pdf.html", context)


def to_zip(found: Record) -> bytes:
    """The papers this reader may read, by agenda item, and a list of them."""
    buffer = BytesIO()
    lines = []
    with ZipFile(buffer, "w", ZIP_DEFLATED) as archive:
        for name, paper in _named(found):
            lines.append(f"{name}: {paper.title}")
            with paper.content.open("rb") as content:
                archive.writestr(name, content.read())
        archive.writestr("contents.txt", "\n".join(lines) + "\n")
    return buffer.getvalue()


def _named(found: Record) -> Iterator[tuple[str, Paper]]:
    groups = [(0, found.papers)]
    groups += [(number, each.papers) for number, each in enumerate(found.items, start=1)]
    for number, papers in groups:
        for place, paper in enumerate(papers, start=1):
            words = slugify(paper.title)[:LONGEST_PART] or "paper"
            yield f"{number:02d}-{place:02d}-{words}.{paper.kind}", paper
