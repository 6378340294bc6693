"""Agreements in pages: the list, one agreement, its paper trail, and which duties are covered."""

from typing import Any
from uuid import UUID

from django.db.models import Prefetch
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_safe

from common.marks import Permission, needs
from common.paging import Order, paginate
from partners import coverage
from partners.access import Actor, get_or_404, may
from partners.agreement_files import KINDS
from partners.deed_access import is_party
from partners.deed_choices import (
    IN_FORCE,
    IS_OVER,
    STATE_DOES_NOT_PAY,
    AgreementState,
    AmendmentState,
    ClauseKind,
    ClauseStatus,
    DutyFunding,
)
from partners.deed_filters import AgreementFilter
from partners.deed_workflow import AGREEMENT
from partners.models import Agreement, AgreementFile, AgreementParty
from partners.views import shown
from partners.views.deeds import actor_of
from partners.views.lists import columns, page_links

P = Permission
S = AgreementState
SOONEST_END_FIRST = Order("ends_on", "id")
STATE_COLOURS = {
    S.DRAFT: "grey",
    S.IN_REVIEW: "blue",
    S.SIGNED: "teal",
    S.ACTIVE: "green",
    S.EXPIRING: "orange",
    S.ENDED: "red",
    S.TERMINATED: "red",
    S.RENEWED: "grey",
    S.WITHDRAWN: "grey",
}
AMENDMENT_COLOURS = {
    AmendmentState.PROPOSED: "blue",
    AmendmentState.IN_FORCE: "green",
    AmendmentState.DROPPED: "grey",
}
CLAUSE_COLOURS = {
    ClauseStatus.PRESENT: "green",
    ClauseStatus.ABSENT: "red",
    ClauseStatus.NOT_APPLICABLE: "grey",
}
#: Acts of the table that people do, each on its own page.
SPOKEN = ("send", "sign", "take_back", "withdraw", "let_end", "give_notice")
#: The parties of many agreements in one query.
PARTIES = Prefetch("parties", AgreementParty.objects.select_related("organisation"))
PAGES = ("text", "parties", "clauses", "duties", "papers")


def tag(state: str) -> dict[str, str]:
    """A state as components/tag.html takes it."""
    known = S(state)
    return {"text": str(known.label), "colour": STATE_COLOURS[known]}


def page_of(agreement: Agreement, page: str) -> str:
    return reverse("partners:agreement-page", args=[agreement.uuid, page])


# --- the list -------------------------------------------------------------------------------------


@needs(P.AGREEMENT_SEE)
@require_safe
def agreements(request: HttpRequest) -> HttpResponse:
    """The agreements this actor sees, those that end first first."""
    actor = actor_of(request)
    seen = Agreement.objects.visible_to(actor).select_related("area")
    narrowed = AgreementFilter(request.GET, queryset=seen.prefetch_related(PARTIES), actor=actor)
    page = paginate(narrowed.qs, SOONEST_END_FIRST, cursor=request.GET.get("cursor", ""))
    context = {
        "filter": narrowed.form,
        "page": page,
        "columns": columns(_("Agreement"), _("Parties"), _("Area"), _("State"), _("Last day")),
        "rows": [_row(each) for each in page.rows],
        "empty": _nothing(actor, is_narrowing=narrowed.is_narrowing),
        "clear_href": reverse("partners:agreements"),
        "acts": _list_acts(actor),
        **page_links(request, page),
    }
    return render(request, "partners/agreements.html", context)


def _row(each: Agreement) -> list[dict[str, Any]]:
    names = sorted(party.organisation.display_name for party in each.parties.all())
    more = len(names) - 2
    note = ngettext("and %(n)s more", "and %(n)s more", more) % {"n": more} if more > 0 else ""
    return [
        {"text": each.title, "href": each.get_absolute_url()},
        {"text": ", ".join(names[:2]), "note": note},
        {"text": each.area.name if each.area else "–"},
        tag(each.state),
        {"text": shown.date(each.ends_on)},
    ]


def _nothing(actor: Actor, *, is_narrowing: bool) -> dict[str, str]:
    if is_narrowing:
        return {
            "title": _("No agreement matches"),
            "text": _("Take away one of the filters."),
            "href": reverse("partners:agreements"),
            "label": _("Show all agreements"),
        }
    empty = {
        "title": _("No agreement yet"),
        "text": _("An agreement stands here once your organisation writes one, or is asked to "
                  "sign one."),
    }  # fmt: skip
    if P.AGREEMENT_DRAFT in actor.permissions:
        empty |= {"href": reverse("partners:agreement-new"), "label": _("Write an agreement")}
    return empty


def _list_acts(actor: Actor) -> list[dict[str, str]]:
    acts = []
    if P.AGREEMENT_DRAFT in actor.permissions:
        acts.append((_("Write an agreement"), reverse("partners:agreement-new")))
    acts.append((_("Delegated duties and where they are covered"), reverse("partners:duties")))
    acts.append((_("Local protocols"), reverse("partners:protocols")))
    return [{"label": label, "href": href, "kind": "secondary"} for label, href in acts]


# --- one agreement --------------------------------------------------------------------------------


@needs(P.AGREEMENT_SEE)
@require_safe
def agreement(request: HttpRequest, uuid: UUID) -> HttpResponse:
    """One agreement: who promised what until when, what the text lacks, and what can be done."""
    actor = actor_of(request)
    rows = Agreement.objects.select_related("area", "kept_by", "renews", "notice_party")
    found = get_or_404(rows, actor, uuid=uuid)
    writes = found.state == S.DRAFT and bool(may(actor, P.AGREEMENT_DRAFT, found))
    clauses = {clause.kind: clause for clause in found.clauses.all()}
    parties = list(found.parties.select_related("organisation"))
    duties = list(found.duties.select_related("area", "delegated_by", "carried_by"))
    papers = list(found.files.all())
    context = {
        "agreement": found,
        "tags": [tag(found.state)],
        "facts": _facts(found),
        "acts": _acts(found, actor),
        "notes": _notes(found),
        "tasks": _tasks(found, parties, clauses, duties, papers) if writes else [],
        "purpose": found.purpose,
        "party_columns": columns(_("Party"), _("What it does"), _("Who signs"), _("Signed")),
        "parties": [_party(each) for each in parties],
        "duty_columns": columns(
            _("Duty"), _("Where"), _("Who carries it out"), _("Legal basis"), _("Who pays")
        ),
        "duties": [_duty(each) for each in duties],
        "clause_columns": columns(_("Matter"), _("In the text"), _("Where")),
        "clauses": [_clause(kind, clauses.get(kind)) for kind in ClauseKind],
        "clauses_said": _counted(clauses),
        "amendments": _amendments(found, actor),
        "files": [paper_shown(found, each) for each in papers],
        "papers_href": page_of(found, "papers") if may(actor, P.AGREEMENT_SIGN, found) else "",
        "events": _past(found, actor),
    }
    return render(request, "partners/agreement.html", context)


def _facts(found: Agreement) -> list[dict[str, str]]:
    facts = [
        (_("In force"), f"{shown.date(found.from_on)} – {shown.date(found.ends_on)}"),
        (_("Area"), found.area.name if found.area else ""),
        (_("Days of notice"), str(found.notice_days)),
        (_("Day of review"), shown.date(found.review_on) if found.review_on else ""),
        (_("Written by"), found.kept_by.display_name),
    ]
    return [{"label": label, "value": value} for label, value in facts if value]


def _notes(found: Agreement) -> list[dict[str, str]]:
    """What a reader must know before the rest: notice, another last day, what came before."""
    notes = []
    if found.notice_party is not None:
        words = _("%(name)s has given notice (%(reason)s): the last day is %(day)s.") % {
            "name": found.notice_party.display_name,
            "reason": found.get_notice_reason_display().lower(),
            "day": shown.date(found.ends_on),
        }
        notes.append({"text": f"{words} {found.notice_words}"})
    elif found.ends_on != found.until_on:
        words = _("It was signed until %(then)s; an amendment says %(now)s.")
        days = {"then": shown.date(found.until_on), "now": shown.date(found.ends_on)}
        notes.append({"text": words % days})
    if found.renews is not None:
        href = found.renews.get_absolute_url()
        notes.append({"text": _("It renews"), "href": href, "label": found.renews.title})
    following = found.renewals.exclude(state=S.WITHDRAWN).first()
    if following is not None:
        href = following.get_absolute_url()
        label = f"{following.title} ({S(following.state).label})"
        notes.append({"text": _("It is renewed by"), "href": href, "label": label})
    if found.state in IS_OVER and following is None and found.duties.exists():
        notes.append(
            {
                "text": _("It no longer holds. What it had delegated may be covered by nobody:"),
                "href": reverse("partners:duties"),
                "label": _("see which duties are covered"),
            }
        )
    return notes


def _acts(found: Agreement, actor: Actor) -> list[dict[str, str]]:
    """What this actor can do now: a button each, the next step first."""
    party = is_party(actor, found)
    acts = []
    for transition, decision in AGREEMENT.available(found, actor):
        name = transition.name
        if not decision or name not in SPOKEN or (name == "let_end" and not party):
            continue
        if name == "sign" and not _can_sign(found, actor):
            continue
        acts.append((transition.title, name))
    if party and found.state in IN_FORCE and P.AGREEMENT_SIGN in actor.permissions:
        acts.append((_("Propose an amendment"), "amend"))
    if party and found.state in (*IN_FORCE, *IS_OVER) and P.AGREEMENT_DRAFT in actor.permissions:
        acts.append((_("Begin the renewal"), "renew"))
    primary = {"send", "sign"}
    return [
        {
            "label": str(label),
            "href": reverse("partners:agreement-act", args=[found.uuid, name]),
            "kind": "" if name in primary else "secondary",
        }
        for label, name in acts
    ]


def _can_sign(found: Agreement, actor: Actor) -> bool:
    waiting = found.parties.filter(signed_on__isnull=True)
    if P.AGREEMENT_STEER not in actor.permissions:
        waiting = waiting.filter(organisation_id=actor.organisation_id)
    return waiting.exists()


def _tasks(
    found: Agreement, parties: list[Any], clauses: dict[str, Any], duties: list[Any], papers: Any
) -> list[dict[str, Any]]:
    """The parts of a draft, as components/task_list.html takes them."""
    unsigned = [each for each in parties if not each.signatory_name]
    ready = {
        "text": (_("What it is about"), True, ""),
        "parties": (
            _("Parties, and who signs for them"),
            len(parties) > 1 and not unsigned,
            ngettext("%(n)s party", "%(n)s parties", len(parties)) % {"n": len(parties)},
        ),
        "clauses": (
            _("Checklist of clauses"),
            len(clauses) == len(ClauseKind),
            _("%(n)s of %(of)s answered") % {"n": len(clauses), "of": len(ClauseKind)},
        ),
        "duties": (
            _("Duties the State delegates"),
            True,
            ngettext("%(n)s duty", "%(n)s duties", len(duties)) % {"n": len(duties)},
        ),
        "papers": (
            _("Documents"),
            True,
            ngettext("%(n)s document", "%(n)s documents", len(papers)) % {"n": len(papers)},
        ),
    }
    return [
        {
            "label": label,
            "href": page_of(found, page),
            "hint": hint,
            "status": _("Complete") if is_ready else _("To do"),
            "colour": "" if is_ready else "blue",
        }
        for page, (label, is_ready, hint) in ready.items()
    ]


def _party(each: Any) -> list[dict[str, Any]]:
    signed = shown.date(each.signed_on) if each.signed_on else _("Not yet")
    who = ", ".join(filter(None, (each.signatory_name, each.signatory_post)))
    return [
        {"text": each.organisation.display_name},
        {"text": each.does or "–"},
        {"text": who or _("Not named yet")},
        {"text": signed, "note": _("on paper") if each.is_on_paper else ""},
    ]


def _duty(each: Any) -> list[dict[str, Any]]:
    unpaid = each.funding in STATE_DOES_NOT_PAY
    return [
        {"text": each.get_duty_display(), "note": each.volume},
        {"text": each.area.name},
        {
            "text": each.carried_by.display_name,
            "note": _("for %(name)s") % {"name": each.delegated_by.display_name},
        },
        {"text": each.legal_basis},
        {
            "text": str(DutyFunding(each.funding).label),
            "note": each.funder or (_("Delegated, and not paid by the State") if unpaid else ""),
        },
    ]


def _clause(kind: ClauseKind, clause: Any) -> list[dict[str, Any]]:
    status = ClauseStatus(clause.status) if clause else None
    said = (
        {"text": str(status.label), "colour": CLAUSE_COLOURS[status]}
        if status
        else {"text": _("Not answered yet")}
    )
    where = clause.where if clause and clause.where else "–"
    return [{"text": str(kind.label)}, said, {"text": where}]


def _counted(clauses: dict[str, Any]) -> str:
    """What the checklist comes to, in one line."""
    missing = sum(clause.status == ClauseStatus.ABSENT for clause in clauses.values())
    if len(clauses) < len(ClauseKind):
        return _("%(n)s of %(of)s matters looked at") % {"n": len(clauses), "of": len(ClauseKind)}
    if not missing:
        return _("Nothing of the checklist is missing")
    return ngettext(
        "%(n)s matter of the checklist is missing", "%(n)s matters of the checklist are missing",
        missing,
    ) % {"n": missing}  # fmt: skip


def _amendments(found: Agreement, actor: Actor) -> list[dict[str, Any]]:
    signs = P.AGREEMENT_SIGN in actor.permissions
    rows = found.amendments.prefetch_related("signatures__party__organisation")
    return [_amendment(found, each, signs=signs, actor=actor) for each in rows]


def _amendment(found: Agreement, each: Any, *, signs: bool, actor: Actor) -> dict[str, Any]:
    waits = each.state == AmendmentState.PROPOSED and signs
    acts = [("sign", _("Sign")), ("drop", _("Drop"))] if waits else []
    return {
        "number": each.number,
        "title": each.title,
        "words": each.words,
        "new_ends_on": shown.date(each.new_ends_on) if each.new_ends_on else "",
        "tag": {
            "text": each.get_state_display(),
            "colour": AMENDMENT_COLOURS[AmendmentState(each.state)],
        },
        "signed": [
            f"{s.party.organisation.display_name}: {s.name}, {shown.date(s.signed_on)}"
            for s in each.signatures.all()
        ],
        "acts": [
            {
                "label": label,
                "kind": "secondary",
                "href": reverse("partners:amendment-act", args=[found.uuid, each.uuid, name]),
            }
            for name, label in acts
        ],
    }


def paper_shown(found: Agreement, each: AgreementFile) -> dict[str, Any]:
    """A paper as components/file_list.html takes it."""
    return {
        "name": each.title,
        "href": reverse("partners:agreement-file", args=[found.uuid, each.uuid]),
        "size": each.size,
        "kind": each.kind.upper(),
    }


def _past(found: Agreement, actor: Actor) -> list[dict[str, Any]]:
    """What happened: of the other side the organisation, of one's own the person."""
    events = found.events.select_related("by", "by_organisation")[:50]
    lines = []
    for event in events:
        by = event.by_organisation.display_name if event.by_organisation else ""
        if event.by is not None and event.by_organisation_id == actor.organisation_id:
            by = event.by.display_name
        lines.append(
            {"title": event.get_kind_display(), "at": event.at, "by": by, "text": event.comment}
        )
    return lines


@needs(P.AGREEMENT_SEE)
@require_safe
def paper(request: HttpRequest, uuid: UUID, file: UUID) -> HttpResponse:
    """A document, to whoever sees the agreement; never shown inside the site."""
    actor = actor_of(request)
    found = get_or_404(AgreementFile.objects.filter(agreement__uuid=uuid), actor, uuid=file)
    with found.content.open("rb") as content:
        answer = HttpResponse(content.read(), content_type=KINDS[found.kind].content_type)
    answer["Content-Disposition"] = f'attachment; filename="document.{found.kind}"'
    answer["X-Content-Type-Options"] = "nosniff"
    answer["Cache-Control"] = "no-store"
    answer["Content-Security-Policy"] = "sandbox; default-src 'none'"
    return answer


# --- duties ---------------------------------------------------------------------------------------


@needs(P.AGREEMENT_SEE)
@require_safe
def duties(request: HttpRequest) -> HttpResponse:
    """Which duties of the State are covered where; uncovered ones first."""
    actor = actor_of(request)
    known = coverage.places(actor)
    coverage.agreements_of(actor, known)
    uncovered = [place for place in known if not place.is_covered]
    context = {
        "uncovered": uncovered,
        "columns": columns(_("Duty"), _("Where"), _("Covered"), _("Agreement"), _("Payment")),
        "rows": [_place(place) for place in known],
        "empty": {
            "title": _("No duty is delegated yet"),
            "text": _("When an agreement says that a party carries out a duty of the State, it "
                      "stands here, with what becomes of it when the agreement ends."),
        },
    }  # fmt: skip
    return render(request, "partners/duties.html", context)


def _place(place: coverage.Place) -> list[dict[str, Any]]:
    last: dict[str, Any] = {"text": "–"}
    if place.agreement is not None:
        last = {
            "text": place.agreement.title,
            "href": place.agreement.get_absolute_url(),
            "note": place.carried_by,
        }
    return [
        {"text": str(place.duty.label)},
        {"text": place.area},
        _covered(place),
        last,
        {"text": _("Not by the State") if place.unpaid else "–"},
    ]


def _covered(place: coverage.Place) -> dict[str, str]:
    if place.covered_until is not None:
        until = _("until %(day)s") % {"day": shown.date(place.covered_until)}
        wide = _("through an agreement for a larger area") if place.is_from_above else ""
        note = ", ".join(filter(None, (until, wide)))
        return {"text": _("Covered"), "colour": "green", "note": note}
    if place.begins_on is not None:
        note = _("from %(day)s again") % {"day": shown.date(place.begins_on)}
    elif place.uncovered_since is not None:
        note = _("since %(day)s") % {"day": shown.day(place.uncovered_since)}
    else:
        note = ""
    return {"text": _("Uncovered"), "colour": "red", "note": note}
