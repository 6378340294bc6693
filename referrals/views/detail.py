"""One referral as far as it is open to whoever asks; who looked at it; opening the identity.

What is open says `referrals/sections.py`; what can be done with it, `referrals/acts.py`.
"""

from typing import Any
from uuid import UUID

from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.text import capfirst
from django.utils.translation import gettext as _
from django.views.decorators.debug import sensitive_variables
from django.views.decorators.http import require_http_methods, require_safe

from accounts.choices import LogAction
from accounts.models import AccessLog
from common.marks import Permission, Subject, needs
from common.paging import Order, paginate
from common.profile import Bound, Sight
from common.workflow import MissingAnswers, NotAllowed
from deadlines.services.clocks import deadlines_of
from deadlines.words import BOUNDS
from deadlines.words import left as time_left
from partners.access import Actor
from partners.models import Organisation
from partners.views.lists import columns, page_links
from referrals import packets, words
from referrals.acts import Offer, offers
from referrals.answers import ANSWERS
from referrals.choices import AT_HOME, Basis, OpenReason, Outcome, Section, TrackKind
from referrals.forms.identity import OpenIdentity
from referrals.models import Decision, Opinion, Packet, Question, Referral
from referrals.notifications import SUBJECT
from referrals.sections import header_sight, is_notice, questions_open, sections
from referrals.services import identity as identity_services
from referrals.views.shown import acting, past, visible

P = Permission
LATEST_FIRST = Order("-at", "-id", named_by="hash")


@needs(P.SIGNED_IN)
@require_safe
def detail(request: HttpRequest, uuid: UUID) -> HttpResponse:
    """The header, and beneath it the sections that are open. That it was opened is logged."""
    actor, referral = acting(request), visible(request, uuid)
    opened = sections(actor, referral)
    if referral.state in AT_HOME and P.REFERRAL_MAKE in actor.permissions:
        return redirect("referrals:log", uuid=referral.uuid)
    context = {
        "referral": referral,
        "header": _header(referral, actor),
        "opened": opened,
        "acts": _acts(referral, actor),
        "packet": _packet(referral, actor, opened),
        "file": _file(referral, actor, opened),
        "sent": _sent(referral) if Section.FILE in opened else [],
        "deadlines": _deadlines(referral, actor),
        "questions": _questions(referral) if questions_open(opened) else [],
        "decisions": _decisions(referral, opened),
        "opinions": _opinions(referral) if Section.DECISION in opened else [],
        "tracks": _tracks(referral, opened),
        "events": past(referral, actor),
        "has_identity": Section.IDENTITY in opened and identity_services.has_identity(referral),
        "can_withdraw": any(offer.name == "withdraw" for offer in offers(referral, actor)),
        "knows_who_looked": Section.FILE in opened,
    }
    return render(request, "referrals/detail.html", context)


def _header(referral: Referral, actor: Actor) -> dict[str, Any]:
    """What components/header_panel.html takes: as much of it as is open."""
    sees = header_sight(actor, referral)
    facts = []
    if Sight.STATUS in sees and referral.received_at:
        facts.append({"label": _("Received"), "value": words.day(referral.received_at)})
    if Sight.ORGANISATIONS in sees:
        maker = referral.first_responder.display_name
        facts.append({"label": _("Referred by"), "value": maker})
        if referral.authority:
            facts.append({"label": _("Sent to"), "value": referral.authority.display_name})
    if Sight.REGION in sees and referral.region:
        facts.append({"label": _("Region"), "value": referral.region.name})
    return {
        "reference": referral.reference,
        "tags": [words.state_tag(referral.state)] if Sight.STATUS in sees else [],
        "facts": facts,
    }


def _acts(referral: Referral, actor: Actor) -> list[tuple[Offer, str]]:
    return [
        (offer, reverse("referrals:act", args=[referral.uuid, offer.name]))
        for offer in offers(referral, actor)
    ]


# --- what is in it --------------------------------------------------------------------------------


def _packet(referral: Referral, actor: Actor, opened: Any) -> tuple[packets.Shown, ...]:
    """What was sent to the organisation acted for, as it was sent; logged before it is read."""
    if Section.PACKET not in opened or Section.FILE in opened:
        return ()
    if is_notice(referral):
        return packets.notice_shown(referral)
    mine = Packet.objects.filter(referral=referral, recipient_id=actor.organisation_id)
    packet = mine.select_related("referral__person").order_by("-version").first()
    if packet is None:
        return ()
    return identity_services.open_packet(packet=packet, by=actor, at=actor.at)


def _file(referral: Referral, actor: Actor, opened: Any) -> list[dict[str, Any]]:
    """The working file's answers, for whoever keeps it; logged before it is read."""
    if Section.FILE not in opened:
        return []
    identity_services.open_file(referral=referral, by=actor, at=actor.at)
    rows: list[dict[str, Any]] = []
    if referral.basis:
        rows.append({"label": _("On what it is sent"), "value": Basis(referral.basis).label})
    for name in ANSWERS:
        if name == "authority" or (name == "narrative" and Section.NARRATIVE not in opened):
            continue
        field = Referral._meta.get_field(name) if name != "narrative" else None
        label = str(field.verbose_name) if field else _("account")  # type: ignore[union-attr]
        lines = words.answer_lines(name, getattr(referral, name))
        rows.append({"label": capfirst(label), "lines": lines})
    return rows


def _sent(referral: Referral) -> list[dict[str, Any]]:
    """Which versions went out, to whom, and what was left out of each."""
    found = Packet.objects.filter(referral=referral).select_related("recipient")
    return [
        {
            "label": packet.recipient.display_name,
            "lines": [
                _("Version %(n)d, %(day)s")
                % {"n": packet.version, "day": words.day(packet.sent_at)},
                *([_left_out(packet)] if packet.struck else []),
            ],
        }
        for packet in found.order_by("recipient_id", "-version")
    ]


def _left_out(packet: Packet) -> str:
    names = ", ".join(packets.label(name) for name in packet.struck)
    return _("Left out: %(names)s") % {"names": names}


def _questions(referral: Referral) -> list[dict[str, Any]]:
    found = Question.objects.filter(referral=referral)
    return [
        {"text": each.text, "answer": each.answer, "at": each.asked_at}
        for each in found.select_related("referral__person")
    ]


def _decisions(referral: Referral, opened: Any) -> list[dict[str, Any]]:
    """Each decision by the country's name for it; its reasons for those to whom they are open."""
    if Section.HEADER not in opened:
        return []
    shows_reasons = Section.DECISION in opened
    found = Decision.objects.filter(referral=referral).select_related("referral__person")
    return [
        {
            "name": words.stage_name(each.stage),
            "tag": words.outcome_tag(each.stage, each.outcome),
            "day": words.day(each.decided_on),
            "reasons": each.reasons if shows_reasons else "",
            "opinion_answer": each.opinion_answer if shows_reasons else "",
            "is_negative": each.outcome == Outcome.NEGATIVE,
        }
        for each in found.order_by("decided_on", "pk")
    ]


def _opinions(referral: Referral) -> list[dict[str, Any]]:
    found = Opinion.objects.filter(referral=referral)
    return [
        {"by": each.organisation.display_name, "at": each.given_at, "text": each.text}
        for each in found.select_related("organisation", "referral__person")
    ]


def _tracks(referral: Referral, opened: Any) -> list[dict[str, Any]]:
    """Where the person's other matters stand; they move without the identification."""
    if Section.SUPPORT not in opened:
        return []
    return [
        {
            "label": TrackKind(track.kind).label,
            "value": words.state_name(track.status)
            if track.kind == TrackKind.IDENTIFICATION
            else track.get_status_display(),
        }
        for track in referral.tracks.all()
    ]


def _deadlines(referral: Referral, actor: Actor) -> list[dict[str, Any]]:
    """What runs, what is left of it, and what the end means."""
    if Sight.CLOCKS not in header_sight(actor, referral):
        return []
    calendar = words.days_around(actor.at)
    shown: dict[tuple[str, Any], dict[str, Any]] = {}
    for row in deadlines_of(Subject(SUBJECT, referral.uuid)):
        if row.is_open:
            text, colour = time_left(row, actor.at, calendar, words.zone())
            shown[row.rule_code, row.due_at] = {
                "label": row.title,
                "day": words.day(row.due_at),
                "bound": BOUNDS[Bound(row.bound)],
                "tag": {"text": text, "colour": colour},
            }
    return list(shown.values())


# --- the identity, and who looked -----------------------------------------------------------------


@needs(P.REFERRAL_SEE, fresh=True)
@require_http_methods(["GET", "HEAD", "POST"])
@sensitive_variables("identity")
def identity(request: HttpRequest, uuid: UUID) -> HttpResponse:
    """Who the person is, for a reason: logged first, shown once, on the page that answers."""
    actor, referral = acting(request), visible(request, uuid)
    if Section.IDENTITY not in sections(actor, referral):
        raise PermissionDenied
    form = OpenIdentity(request.POST if request.method == "POST" else None)
    rows: list[dict[str, Any]] = []
    if form.is_bound and form.is_valid():
        try:
            identity = identity_services.open_identity(
                referral=referral, by=actor, at=actor.at, reason=form.cleaned_data["reason"]
            )
        except (NotAllowed, MissingAnswers):
            raise PermissionDenied from None
        rows = [
            {"label": _("Name"), "value": identity.name},
            {"label": _("Other names"), "value": identity.other_names},
            {"label": _("Date of birth"), "value": identity.birth_date},
            {"label": _("How to reach the person safely"), "value": identity.safe_contact},
        ]
    context = {"referral": referral, "form": form, "rows": rows}
    return render(request, "referrals/identity.html", context)


@needs(P.REFERRAL_SEE)
@require_safe
def who_looked(request: HttpRequest, uuid: UUID) -> HttpResponse:
    """Everybody who opened the referral, when and why; for the organisation that keeps the file."""
    actor, referral = acting(request), visible(request, uuid)
    if Section.FILE not in sections(actor, referral):
        raise PermissionDenied
    entries = AccessLog.objects.about(SUBJECT, referral.uuid).select_related("user")
    page = paginate(entries, LATEST_FIRST, cursor=request.GET.get("cursor", ""))
    uuids = {entry.organisation_uuid for entry in page.rows if entry.organisation_uuid}
    names = {o.uuid: o.display_name for o in Organisation.objects.filter(uuid__in=uuids)}
    context = {
        "referral": referral,
        "page": page,
        "columns": columns(_("When"), _("Who"), _("What"), _("Why")),
        "rows": [_looked(entry, actor, names) for entry in page.rows],
        "empty": {"title": _("Nobody has opened it yet")},
        **page_links(request, page),
    }
    return render(request, "referrals/who_looked.html", context)


def _looked(entry: AccessLog, actor: Actor, names: dict[UUID, str]) -> list[dict[str, Any]]:
    # Of the other side one is told the organisation; of one's own, the person.
    who = names.get(entry.organisation_uuid, entry.system) if entry.organisation_uuid else ""
    if entry.user is not None and entry.organisation_uuid == actor.organisation_uuid:
        who = entry.user.display_name
    reasons = dict(OpenReason.choices)
    return [
        {"text": words.moment(entry.at)},
        {"text": who},
        {"text": LogAction(entry.action).label},
        {"text": reasons.get(entry.reason_code, "–")},
    ]
