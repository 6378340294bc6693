"""A member's own entry: changing it, saying that it is still correct, and changes under review.

What is reviewed first stands in `partners/services/changes.py`.
"""

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts import kept
from common.country import local_day
from common.forms import put_in
from common.marks import Permission, needs
from common.paging import Order, paginate
from common.workflow import MissingAnswers, NotAllowed, NotPossible, Stale
from partners.access import Actor, get_or_404, may
from partners.change_workflow import CHANGE
from partners.choices import ChangeState, OrganisationState
from partners.forms.application import PAGE_FORMS, AnswerPage
from partners.forms.changes import Decide
from partners.models import ChangeRequest, Organisation
from partners.reviews import LABELS, PAGES, REVIEWED, raw_answers
from partners.services import changes
from partners.services.changes import WEIGHTY, Changed
from partners.views import shown
from partners.views.lists import columns, page_links
from partners.workflow import FAR_REACHING

P = Permission
OLDEST_FIRST = Order("asked_at", "id")
#: Points of contact have pages of their own.
ENTRY_PAGES = {page: title for page, title in PAGES if page != "contact"}
STATE_COLOURS = {
    ChangeState.OPEN: "blue",
    ChangeState.AGREED: "green",
    ChangeState.DECLINED: "red",
    ChangeState.WITHDRAWN: "grey",
}


def _actor(request: HttpRequest) -> Actor:
    actor: Actor = request.actor  # type: ignore[attr-defined]
    return actor


def _own(actor: Actor) -> Organisation:
    """The member acted for; what is not one has an application instead."""
    entries = Organisation.objects.select_related("area", "verified_by")
    return get_or_404(
        entries.filter(state=OrganisationState.MEMBER), actor, pk=actor.organisation_id
    )


def _tag(request: ChangeRequest) -> dict[str, str]:
    known = ChangeState(request.state)
    return {"text": str(known.label), "colour": STATE_COLOURS[known]}


# --- one's own entry ------------------------------------------------------------------------------


@needs(P.ORGANISATION_EDIT)
@require_safe
def entry(request: HttpRequest) -> HttpResponse:
    """The parts of the entry, what waits for review, and when it was last said to be correct."""
    actor = _actor(request)
    own = _own(actor)
    waiting = ChangeRequest.objects.visible_to(actor).open().filter(organisation=own).first()
    context = {
        "organisation": own,
        "items": [
            {
                "label": str(title),
                "href": reverse("partners:entry-page", args=[page]),
                "status": _("Change"),
            }
            for page, title in ENTRY_PAGES.items()
        ],
        "confirmed": confirmed(own),
        "waiting": reverse("partners:change", args=[waiting.uuid]) if waiting else "",
    }
    return render(request, "partners/entry.html", context)


def confirmed(organisation: Organisation) -> str:
    """When somebody last said that the entry is correct, and who."""
    if organisation.verified_on is None or organisation.verified_by is None:
        return _("Nobody has said yet that this entry is correct.")
    words = _("Said to be correct on %(day)s by %(name)s.")
    day = shown.date(organisation.verified_on)
    return words % {"day": day, "name": organisation.verified_by.display_name}


@needs(P.ORGANISATION_EDIT)
@require_POST
def still_correct(request: HttpRequest) -> HttpResponse:
    """One click: everything in the entry is still correct."""
    actor = _actor(request)
    try:
        changes.confirm_entry(
            organisation=_own(actor), by=actor, at=actor.at, on=local_day(actor.at)
        )
    except NotAllowed as error:
        raise PermissionDenied from error
    except Stale:
        messages.error(request, _("A colleague is changing the entry just now. Look again."))
    else:
        messages.success(request, _("Thank you. Others now see that it was confirmed today."))
    return redirect("partners:entry")


@needs(P.ORGANISATION_EDIT)
@require_http_methods(["GET", "HEAD", "POST"])
def page(request: HttpRequest, page: str) -> HttpResponse:
    """One topic of the entry. What others rely on is looked at first; the rest holds at once."""
    if page not in ENTRY_PAGES:
        raise Http404
    actor = _actor(request)
    own = _own(actor)
    form = PAGE_FORMS[page](own, request.POST if request.method == "POST" else None)
    if request.method != "POST":
        put_in(form, kept.restore(request))
    elif form.is_valid():
        try:
            changed = _change(form, own, actor)
        except NotAllowed as error:
            raise PermissionDenied from error
        except NotPossible as error:
            form.add_error(None, str(error))
        except Stale:
            return _lost_the_race(request, form, actor)
        else:
            kept.discard(request)
            _say(request, changed)
            return redirect("partners:entry")
    context = {
        "form": form,
        "title": ENTRY_PAGES[page],
        "groups": form.groups(),
        "back": reverse("partners:entry"),
        "note": _note(page),
    }
    return render(request, "partners/application_page.html", context)


def _note(page: str) -> str:
    """Which answers of a page somebody looks at first."""
    reviewed = [LABELS[part] for part, on in REVIEWED.items() if on == page and part in WEIGHTY]
    if not reviewed:
        return _("What you change here holds at once.")
    words = _("The co-ordination looks at these first: %(labels)s. Everything else holds at once.")
    return words % {"labels": ", ".join(map(str, reviewed))}


def _change(form: AnswerPage, own: Organisation, actor: Actor) -> Changed:
    common = {"organisation": own, "by": actor, "at": actor.at}
    version = form.cleaned_data["version"]
    if form.page == "capacities":
        wanted = form.cleaned_data["capacities"]
        return changes.change_entry(capacities=wanted, version=version, **common)  # type: ignore[arg-type]
    return changes.change_entry(version=version, **common, **form.answers())  # type: ignore[arg-type]


def _say(request: HttpRequest, changed: Changed) -> None:
    if changed.at_once:
        words = _("Changed: %(labels)s.")
        messages.success(request, words % {"labels": ", ".join(changed.at_once)})
    if changed.request is not None:
        labels = ", ".join(str(LABELS[part]) for part in changed.request.changes)
        words = _("The co-ordination looks at this first: %(labels)s. You get a notice.")
        messages.info(request, words % {"labels": labels})
    if not changed.at_once and changed.request is None:
        messages.info(request, _("Nothing was changed."))


def _lost_the_race(request: HttpRequest, form: AnswerPage, actor: Actor) -> HttpResponse:
    """A colleague was faster: what was typed and what is there now, side by side."""
    now = _own(actor)
    fresh = PAGE_FORMS[form.page](now)
    typed = request.POST.copy()
    for name in ("seen", "version"):
        typed[name] = str(fresh.initial[name])
    again = PAGE_FORMS[form.page](now, typed)
    return shown.conflict(
        request,
        organisation=now,
        rows=shown.differences(form.said(), now),
        again=again,
        back=request.path,
    )


# --- changes under review -------------------------------------------------------------------------


@needs(P.ORGANISATION_REVIEW)
@require_safe
def queue(request: HttpRequest) -> HttpResponse:
    """Changes that wait, the one that waits longest first."""
    actor = _actor(request)
    rows = ChangeRequest.objects.visible_to(actor).open().select_related("organisation")
    page = paginate(rows, OLDEST_FIRST, cursor=request.GET.get("cursor", ""))
    context = {
        "page": page,
        "caption": _("Changes of entries"),
        "columns": columns(_("Organisation"), _("What is to change"), _("Asked on")),
        "rows": [
            [
                {
                    "text": each.organisation.display_name,
                    "href": reverse("partners:change", args=[each.uuid]),
                },
                {"text": ", ".join(str(LABELS[part]) for part in each.changes)},
                {"text": shown.day(each.asked_at)},
            ]
            for each in page.rows
        ],
        "empty": {
            "title": _("No change waits for review"),
            "text": _("When a member changes what others rely on, it stands here."),
        },
        **page_links(request, page),
    }
    return render(request, "partners/changes.html", context)


@needs(P.SIGNED_IN)
@require_safe
def change(request: HttpRequest, uuid: UUID) -> HttpResponse:
    """One change, part by part: what is there now beside what is asked for."""
    actor = _actor(request)
    found = _change_of(actor, uuid)
    return _page(request, found, Decide(found.version), actor)


def _change_of(actor: Actor, uuid: UUID) -> ChangeRequest:
    rows = ChangeRequest.objects.select_related("organisation", "asked_by", "decided_by")
    return get_or_404(rows, actor, uuid=uuid)


def _page(request: HttpRequest, found: ChangeRequest, form: Decide, actor: Actor) -> HttpResponse:
    wanted = found.changes.get("capacities", [])
    held = found.organisation.held_capacities()
    context = {
        "form": form,
        "organisation": found.organisation,
        "tags": [_tag(found)],
        "facts": _facts(found, actor),
        "rows": _differences(found),
        "words": found.words,
        "is_open": found.state == ChangeState.OPEN,
        "may_decide": bool(may(actor, P.ORGANISATION_REVIEW, found)),
        "may_withdraw": bool(may(actor, P.ORGANISATION_EDIT, found)),
        "far_reaching": [str(c.label) for c in FAR_REACHING if c in wanted and c not in held],
        "act": {
            name: reverse("partners:change-act", args=[found.uuid, name])
            for name in ("agree", "decline", "withdraw")
        },
    }
    return render(request, "partners/change.html", context)


def _facts(found: ChangeRequest, actor: Actor) -> list[dict[str, str]]:
    facts = [{"label": _("Asked on"), "value": shown.day(found.asked_at)}]
    if found.organisation_id == actor.organisation_id:
        facts.append({"label": _("Asked by"), "value": found.asked_by.display_name})
    if found.decided_at:
        facts.append({"label": _("Decided on"), "value": shown.day(found.decided_at)})
    return facts


def _differences(found: ChangeRequest) -> list[dict[str, Any]]:
    """Part by part; of what was decided, what was asked for only: the entry has moved on."""
    now = raw_answers(found.organisation)
    is_open = found.state == ChangeState.OPEN
    return [
        {
            "label": str(LABELS[part]),
            "mine": shown.in_words(part, asked),
            "theirs": shown.in_words(part, now[part]) if is_open else [],
        }
        for part, asked in found.changes.items()
    ]


@needs(P.SIGNED_IN)
@require_POST
def act(request: HttpRequest, uuid: UUID, name: str) -> HttpResponse:
    """Agree, decline with a reason, or take back what one asked for."""
    actor = _actor(request)
    found = _change_of(actor, uuid)
    if name not in {each.name for each in CHANGE.transitions}:
        raise Http404
    if not may(actor, CHANGE[name].permission, found):
        raise PermissionDenied
    given: dict[str, Any] = {}
    if name != "withdraw":
        form = Decide(found.version, request.POST)
        if not form.is_valid():
            return _page(request, found, form, actor)
        given = form.cleaned_data
    try:
        CHANGE.apply(found, name, by=actor, at=actor.at, **given)
    except MissingAnswers:
        form.add_error("words", _("Say what stands against the change."))
        return _page(request, found, form, actor)
    except (NotPossible, Stale) as error:
        messages.error(request, str(error))
    else:
        done = {
            "agree": _("Agreed. The entry is changed."),
            "decline": _("Declined. The organisation’s managers have been told."),
            "withdraw": _("Taken back. The entry stays as it is."),
        }
        messages.success(request, done[name])
    return redirect("partners:change", uuid)
