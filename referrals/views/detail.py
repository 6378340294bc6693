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
from partners.access import Actor, may
from partners.models import Organisation
from partners.views.lists import columns, page_links
from referrals import deciding, packets, talk, words
from referrals.acts import Offer, offers
from referrals.answers import ANSWERS
from referrals.choices import (
    AT_HOME,
    Basis,
    EmergencyReason,
    OpenReason,
    OrderedBy,
    Outcome,
    Section,
)
from referrals.forms.identity import OpenIdentity
from referrals.models import Disclosure, Opinion, Packet, Question, Referral
from referrals.notifications import SUBJECT
from referrals.sections import (
    decisions_open,
    header_sight,
    is_notice,
    questions_open,
    sections,
    status,
)
from referrals.services import identity as identity_services
from referrals.views.shown import acting, past, track_rows, visible

P = Permission
LATEST_FIRST = Order("-at", "-id", named_by="hash")
LATEST_TALK = 20


@needs(P.SIGNED_IN)
@require_safe
def detail(request: HttpRequest, uuid: UUID) -> HttpResponse:
    """The header, and beneath it the sections that are open. That it was opened is logged."""
    actor, referral = acting(request), visible(request, uuid)
    opened = sections(actor, referral)
    if referral.state in AT_HOME and may(actor, P.REFERRAL_KEEP, referral):
        return redirect("referrals:log", uuid=referral.uuid)
    context = {
        "referral": referral,
        "header": _header(referral, actor),
        "opened": opened,
        "acts": _acts(referral, actor),
        "nobody_decides": _nobody_decides(referral, actor),
        "packet": _packet(referral, actor, opened),
        "file": _file(referral, actor, opened),
        "sent": _sent(referral) if Section.FILE in opened else [],
        "deadlines": _deadlines(referral, actor),
        "questions": _questions(referral) if questions_open(opened) else [],
        "decisions": _decisions(referral, actor, opened),
        "opinions": _opinions(referral) if Section.DECISION in opened else [],
        "tracks": track_rows(referral, actor, opened),
        "events": past(referral, actor),
        "has_identity": Section.IDENTITY in opened and identity_services.has_identity(referral),
        "can_withdraw": any(offer.name == "withdraw" for offer in offers(referral, actor)),
        "can_protect": Section.PACKET in opened and P.REFERRAL_SEE in actor.permissions,
        "knows_who_looked": Section.FILE in opened,
        "can_assign": P.REFERRAL_ASSIGN in actor.permissions and Section.PACKET in opened,
        "knows_registry": P.ORGANISATION_SEE in actor.permissions,
        **_talk(referral, actor),
    }
    return render(request, "referrals/detail.html", context)


def _talk(referral: Referral, actor: Actor) -> dict[str, Any]:
    """The conversations on it, for whoever may read and begin them."""
    if not talk.may_talk(actor, referral):
        return {"can_talk": False}
    return {
        "can_talk": True,
        "conversations": [
            {
                "href": reverse("partners:conversation", args=[each.uuid]),
                "topic": each.get_topic_display(),
                "at": each.started_at,
            }
            for each in talk.conversations(actor, referral)[:LATEST_TALK]
        ],
    }


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
        "tags": [words.state_tag(status(actor, referral))] if Sight.STATUS in sees else [],
        "facts": facts,
    }


def _acts(referral: Referral, actor: Actor) -> list[tuple[Offer, str]]:
    return [
        (offer, reverse("referrals:act", args=[referral.uuid, offer.name]))
        for offer in offers(referral, actor)
    ]


def _nobody_decides(referral: Referral, actor: Actor) -> bool:
    """It waits for a decision that nobody was named to take: said, with where that is changed."""
    sees = {Sight.STATUS, Sight.ORGANISATIONS} <= header_sight(actor, referral)
    stage = deciding.stage_to_decide(referral) if sees else None
    return stage is not None and not deciding.deciders(referral, stage)


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
    return [*rows, *_circumstances(referral, actor)]


def _circumstances(referral: Referral, actor: Actor) -> list[dict[str, Any]]:
    """What the person shares with others referred here, for who may change it."""
    if not may(actor, P.REFERRAL_KEEP, referral):
        return []
    shared = [words.situation_name(referral.situation)] if referral.situation else []
    href = reverse("referrals:situation", args=[referral.uuid])
    return [{"label": _("Shared circumstances"), "lines": shared, "href": href}]


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


def _decisions(referral: Referral, actor: Actor, opened: Any) -> list[dict[str, Any]]:
    """Each decision by the country's name for it; its reasons for those to whom they are open."""
    shows_reasons = Section.DECISION in opened
    return [
        {
            "name": words.stage_name(each.stage),
            "tag": words.outcome_tag(each.stage, each.outcome),
            "day": words.day(each.decided_on),
            "reasons": each.reasons if shows_reasons else "",
            "opinion_answer": each.opinion_answer if shows_reasons else "",
            "is_negative": each.outcome == Outcome.NEGATIVE,
        }
        for each in decisions_open(actor, referral).select_related("referral__person")
    ]


def _opinions(referral: Referral) -> list[dict[str, Any]]:
    found = Opinion.objects.filter(referral=referral)
    return [
        {"by": each.organisation.display_name, "at": each.given_at, "text": each.text}
        for each in found.select_related("organisation", "referral__person")
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
        "disclosures": _disclosures(referral, actor),
        "empty": {"title": _("Nobody has opened it yet")},
        **page_links(request, page),
    }
    return render(request, "referrals/who_looked.html", context)


def _disclosures(referral: Referral, actor: Actor) -> list[dict[str, Any]]:
    """What went out under an order, for the person's sheet; and what may not be told yet."""
    found = Disclosure.objects.visible_to(actor).filter(referral=referral)
    return [
        {
            "href": reverse("referrals:disclosure", args=[each.uuid]),
            "label": _("%(who)s, %(day)s")
            % {"who": each.get_ordered_by_display(), "day": words.day(each.asked_at)},
            "day": words.day(each.handed_over_at) if each.handed_over_at else "",
            "silence": words.day(each.silence_until)
            if each.silence_until and each.told_at is None
            else "",
        }
        for each in found.order_by("-asked_at", "-pk")
    ]


def _looked(entry: AccessLog, actor: Actor, names: dict[UUID, str]) -> list[dict[str, Any]]:
    # Of the other side one is told the organisation; of one's own, the person.
    who = names.get(entry.organisation_uuid, entry.system) if entry.organisation_uuid else ""
    if entry.user is not None and entry.organisation_uuid == actor.organisation_uuid:
        who = entry.user.display_name
    reasons = {
        **dict(OpenReason.choices),
        **dict(EmergencyReason.choices),
        **dict(OrderedBy.choices),
    }
    return [
        {"text": words.moment(entry.at)},
        {"text": who},
        {"text": LogAction(entry.action).label},
        {"text": reasons.get(entry.reason_code, "–")},
    ]
