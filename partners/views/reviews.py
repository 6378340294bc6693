"""The co-ordination's side: inviting organisations, the queue, and the review answer by answer.

The applicant's side is `partners/views/application.py`.
"""

from datetime import timedelta
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.db.models import OuterRef, QuerySet, Subquery
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.http import urlencode
from django.utils.timesince import timesince
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts import kept
from accounts.invitations import NotOpen
from accounts.models import Invitation
from common.forms import put_in
from common.marks import Permission, needs
from common.paging import Order, Page, paginate
from common.workflow import MissingAnswers, NotAllowed, NotPossible, Stale
from partners.access import Actor, get_or_404, may
from partners.choices import (
    BEFORE_THE_REVIEWER,
    OrganisationKind,
    OrganisationState,
    Verdict,
)
from partners.forms.reviews import EVERY_STATE, Act, Invite, QueueFilter, Verdicts
from partners.models import Organisation
from partners.reviews import PAGES, Answer, reviewed_answers
from partners.services import organisations
from partners.services.reviews import record_verdicts
from partners.views import shown
from partners.workflow import FAR_REACHING, ORGANISATION

P = Permission
OLDEST_FIRST = Order("applied_at", "id", set_only=("applied_at",))
NEWEST_FIRST = Order("-invited_at", "-id")
#: Up to here minutes say nothing: nobody waits for less than an hour.
SINCE_LATELY = timedelta(hours=1)
#: Acts that cannot be taken back, or that ask for words, have a page of their own.
CONFIRMED = frozenset({"return", "admit"})
#: The reviewer's acts upon an application; suspensions are lifted elsewhere.
REVIEW_ACTS = frozenset({"take_up", "return", "admit"})


def _hrefs(page: Page, **query: str) -> dict[str, str]:
    kept_query = {name: value for name, value in query.items() if value}
    return {
        name: f"?{urlencode({**kept_query, 'cursor': cursor})}" if cursor else ""
        for name, cursor in (("next_href", page.next), ("previous_href", page.previous))
    }


# --- the queue ------------------------------------------------------------------------------------


@needs(P.ORGANISATION_REVIEW)
@require_safe
def queue(request: HttpRequest) -> HttpResponse:
    """Applications that were sent, the one that waits longest first."""
    actor: Actor = request.actor  # type: ignore[attr-defined]
    form = QueueFilter(request.GET)
    state = form.cleaned_data["state"] if form.is_valid() else ""
    page = paginate(_queue(actor, state), OLDEST_FIRST, cursor=request.GET.get("cursor", ""))
    columns = (_("Organisation"), _("Kind"), _("State"), _("Sent on"), _("Waiting for"))
    context = {
        "filter": form,
        "page": page,
        "caption": _("Applications"),
        "columns": [{"label": label} for label in columns],
        "rows": [_row(organisation, actor) for organisation in page.rows],
        "empty": _nothing_waits(actor, state),
        "clear_href": reverse("partners:reviews"),
        **_hrefs(page, state=state),
    }
    return render(request, "partners/reviews.html", context)


def _queue(actor: Actor, state: str) -> QuerySet[Organisation]:
    sent = Organisation.objects.visible_to(actor).exclude(pk=actor.organisation_id)
    if state == EVERY_STATE:
        return sent
    return sent.filter(state=state) if state else sent.filter(state__in=BEFORE_THE_REVIEWER)


def _row(organisation: Organisation, actor: Actor) -> list[dict[str, Any]]:
    return [
        {
            "text": organisation.display_name,
            "href": reverse("partners:review", args=[organisation.uuid]),
        },
        {"text": OrganisationKind(organisation.kind).label},
        shown.state_tag(organisation.state),
        {"text": shown.day(organisation.applied_at)},
        {"text": _waiting(organisation, actor)},
    ]


def _waiting(organisation: Organisation, actor: Actor) -> str:
    """How long the co-ordination has had it, in words; a dash where it waits for somebody else."""
    if organisation.state not in BEFORE_THE_REVIEWER or organisation.applied_at is None:
        return "–"
    if actor.at - organisation.applied_at < SINCE_LATELY:
        return _("less than an hour")
    return timesince(organisation.applied_at, actor.at, depth=1)


def _nothing_waits(actor: Actor, state: str) -> dict[str, str]:
    if state:
        return {
            "title": _("No application is in this state"),
            "text": _("Choose another state above."),
        }
    empty = {
        "title": _("No application waits for review"),
        "text": _("An organisation applies once it is invited. When it sends, you get a notice."),
    }
    if P.ORGANISATION_INVITE in actor.permissions:
        href = reverse("partners:invitations")
        empty |= {"href": href, "label": _("Invite an organisation")}
    return empty


# --- one application ------------------------------------------------------------------------------


def _application(actor: Actor, uuid: UUID) -> Organisation:
    """An application this actor may judge; of one's own organisation nobody is the judge."""
    organisation = get_or_404(Organisation.objects.select_related("area"), actor, uuid=uuid)
    if not may(actor, P.ORGANISATION_REVIEW, organisation):
        raise PermissionDenied
    return organisation


@needs(P.ORGANISATION_REVIEW)
@require_http_methods(["GET", "HEAD", "POST"])
def review(request: HttpRequest, uuid: UUID) -> HttpResponse:
    """The application, answer by answer, with a verdict each; all of them are saved at once."""
    actor: Actor = request.actor  # type: ignore[attr-defined]
    organisation = _application(actor, uuid)
    answers = reviewed_answers(organisation)
    if request.method == "POST":
        form = Verdicts(answers, organisation.version, request.POST)
        if form.is_valid():
            return _record(request, organisation, form, actor)
    else:
        form = Verdicts(answers, organisation.version)
        if organisation.state == OrganisationState.UNDER_REVIEW:
            put_in(form, kept.restore(request))
    return render(request, "partners/review.html", _review(organisation, answers, form, actor))


def _review(
    organisation: Organisation, answers: list[Answer], form: Verdicts, actor: Actor
) -> dict[str, Any]:
    right = sum(answer.is_right for answer in answers)
    facts = [{"label": _("Sent on"), "value": shown.day(organisation.applied_at)}]
    if organisation.state in BEFORE_THE_REVIEWER:
        facts.append({"label": _("Waiting for"), "value": _waiting(organisation, actor)})
    facts.append(
        {
            "label": _("Answers"),
            "value": _("%(right)s of %(all)s right") % {"right": right, "all": len(answers)},
        }
    )
    return {
        "organisation": organisation,
        "kind": OrganisationKind(organisation.kind).label,
        "tags": [shown.state_tag(organisation.state)],
        "facts": facts,
        "is_under_review": organisation.state == OrganisationState.UNDER_REVIEW,
        "is_with_applicant": organisation.state == OrganisationState.RETURNED,
        "form": form,
        "sections": _sections(form),
        "acts": _acts(organisation, actor),
        "refuse_href": _refuse_href(organisation),
        "events": shown.past(organisation, actor),
    }


def _refuse_href(organisation: Organisation) -> str:
    """Where an application is proposed to be refused, or the proceeding that is open about it."""
    opened = organisation.proceedings.undecided().first()
    if opened is not None:
        return reverse("partners:proceeding", args=[opened.uuid])
    if organisation.state not in (*BEFORE_THE_REVIEWER, OrganisationState.RETURNED):
        return ""
    return reverse("partners:proceeding-new", args=[organisation.uuid])


def _sections(form: Verdicts) -> list[dict[str, Any]]:
    """The application page by page, each part with its words, its fields and what was said."""
    parts = [
        {
            "answer": answer,
            "lines": shown.in_words(answer.field, answer.value),
            "tags": _said_of(answer),
            "verdict": verdict,
            "comment": comment,
        }
        for answer, verdict, comment in form.rows()
    ]
    return [
        {"title": title, "parts": [part for part in parts if part["answer"].page == page]}
        for page, title in PAGES
    ]


def _said_of(answer: Answer) -> list[dict[str, str]]:
    if answer.changed:
        return [{"text": _("Changed"), "colour": "orange"}]
    if answer.is_right:
        return [{"text": _("Right"), "colour": "green"}]
    if answer.in_question:
        return [{"text": _("Question"), "colour": "yellow"}]
    return []


def _acts(organisation: Organisation, actor: Actor) -> list[dict[str, Any]]:
    """The reviewer's acts in this state: a link or button each, or why it is not possible."""
    return [
        {
            "name": transition.name,
            "label": transition.title,
            "is_possible": bool(decision),
            "reason": decision.reason,
            "is_confirmed": transition.name in CONFIRMED,
            "href": reverse("partners:review-act", args=[organisation.uuid, transition.name]),
        }
        for transition, decision in ORGANISATION.available(organisation, actor)
        if transition.name in REVIEW_ACTS
    ]


def _record(
    request: HttpRequest, organisation: Organisation, form: Verdicts, actor: Actor
) -> HttpResponse:
    here = reverse("partners:review", args=[organisation.uuid])
    try:
        number = record_verdicts(
            organisation=organisation,
            verdicts=form.verdicts(),
            seen=form.seen(),
            version=form.cleaned_data["version"],
            by=actor,
            at=actor.at,
        )
    except NotAllowed:
        raise PermissionDenied from None
    except (Stale, NotPossible):
        return _lost_the_race(request, organisation, form, actor)
    kept.discard(request)
    saved = ngettext("%(n)s verdict saved.", "%(n)s verdicts saved.", number) % {"n": number}
    if number:
        messages.success(request, saved)
    else:
        messages.info(request, _("No verdict was given or changed."))
    return redirect(here)


def _lost_the_race(
    request: HttpRequest, organisation: Organisation, form: Verdicts, actor: Actor
) -> HttpResponse:
    """A colleague judged or decided in between: both sets of verdicts, side by side."""
    now = _application(actor, organisation.uuid)
    theirs = {answer.field: answer for answer in reviewed_answers(now)}
    again = None
    if now.state == OrganisationState.UNDER_REVIEW:
        typed = request.POST.copy()
        typed["version"] = str(now.version)
        again = Verdicts(form.parts, now.version, typed)
    rows = [
        {
            "label": theirs[field].label,
            "mine": _as_said(verdict, comment),
            "theirs": _as_said(theirs[field].verdict, theirs[field].comment),
        }
        for field, (verdict, comment) in form.verdicts().items()
        if (verdict, comment if verdict == Verdict.QUESTION else "")
        != (theirs[field].verdict, theirs[field].comment)
    ]
    here = reverse("partners:review", args=[organisation.uuid])
    if again and not rows:
        messages.info(request, _("A colleague has just saved the same verdicts."))
        return redirect(here)
    return shown.conflict(request, organisation=now, rows=rows, again=again, back=here)


def _as_said(verdict: str, comment: str) -> list[str]:
    if not verdict:
        return []
    words = str(Verdict(verdict).label)
    return [words, comment] if verdict == Verdict.QUESTION else [words]


@needs(P.ORGANISATION_REVIEW)
@require_http_methods(["GET", "HEAD", "POST"])
def act(request: HttpRequest, uuid: UUID, name: str) -> HttpResponse:
    """Begin the review, send back, admit. GET shows what follows of the last two, POST does it."""
    actor: Actor = request.actor  # type: ignore[attr-defined]
    acts = {t.name: t for t in ORGANISATION.transitions if t.name in REVIEW_ACTS}
    if name not in acts:
        raise Http404
    organisation = _application(actor, uuid)
    asks = "comment" in acts[name].asks
    if request.method == "POST":
        form = Act(organisation.version, request.POST, asks_comment=asks)
        if form.is_valid():
            return _do(request, name, organisation, form, actor)
    else:
        form = Act(organisation.version, asks_comment=asks)
        put_in(form, kept.restore(request))
    offered = next((each for each in _acts(organisation, actor) if each["name"] == name), None)
    if offered is None or not offered["is_possible"] or name not in CONFIRMED:
        if offered is not None and not offered["is_possible"]:
            messages.error(request, offered["reason"])
        return redirect("partners:review", uuid)
    return render(request, "partners/review_act.html", _confirm(organisation, name, offered, form))


def _confirm(
    organisation: Organisation, name: str, offered: dict[str, Any], form: Act
) -> dict[str, Any]:
    answers = {answer.field: answer for answer in reviewed_answers(organisation)}
    asked = [a for a in answers.values() if a.in_question] if name == "return" else []
    wanted = answers["capacities"].value if name == "admit" else []
    return {
        "form": form,
        "name": name,
        "offered": offered,
        "organisation": organisation,
        "questions": [{"label": a.label, "value": a.comment} for a in asked],
        "capacities": shown.in_words("capacities", wanted),
        "far_reaching": [str(c.label) for c in FAR_REACHING if c in wanted],
        "back": reverse("partners:review", args=[organisation.uuid]),
    }


def _do(
    request: HttpRequest, name: str, organisation: Organisation, form: Act, actor: Actor
) -> HttpResponse:
    here = reverse("partners:review", args=[organisation.uuid])
    try:
        ORGANISATION.apply(organisation, name, by=actor, at=actor.at, **form.cleaned_data)
    except NotAllowed:
        raise PermissionDenied from None
    except Stale as error:
        return shown.conflict(request, organisation=error.current, back=here)  # type: ignore[arg-type]
    except (NotPossible, MissingAnswers) as error:
        messages.error(request, str(error))
        return redirect(here)
    kept.discard(request)
    done = {
        "take_up": _("The review has begun. Mark each answer as right or ask a question."),
        "return": _("Sent back. The organisation’s managers have been told."),
        "admit": _("Admitted. The organisation’s managers have been told."),
    }
    messages.success(request, done[name])
    return redirect(here)


# --- invitations ----------------------------------------------------------------------------------


def _letters(actor: Actor) -> QuerySet[Invitation]:
    """The invitations to apply, which are the whole co-ordination's; of other kinds none."""
    if P.ORGANISATION_INVITE not in actor.permissions:
        return Invitation.objects.none()
    return Invitation.objects.filter(kind=organisations.APPLICATION)


@needs(P.ORGANISATION_INVITE)
@require_http_methods(["GET", "HEAD", "POST"])
def invitations(request: HttpRequest) -> HttpResponse:
    """Invite an organisation to apply, and what became of the invitations sent so far."""
    actor: Actor = request.actor  # type: ignore[attr-defined]
    form = Invite(request.POST) if request.method == "POST" else Invite()
    if request.method == "POST" and form.is_valid():
        try:
            organisations.invite_to_apply(**form.cleaned_data, by=actor, at=actor.at)
        except organisations.AlreadyInvited as error:
            form.add_error("email", str(error))
        else:
            kept.discard(request)
            messages.success(request, _("The invitation is on its way."))
            return redirect("partners:invitations")
    put_in(form, kept.restore(request))
    page = paginate(_letters(actor), NEWEST_FIRST, cursor=request.GET.get("cursor", ""))
    columns = (_("Organisation"), _("Sent to"), _("Sent on"), _("State"), _("What you can do"))
    context = {
        "form": form,
        "page": page,
        "caption": _("Invitations sent"),
        "columns": [{"label": label} for label in columns],
        "rows": _letter_rows(page.rows, actor),
        "empty": {
            "title": _("No organisation has been invited yet"),
            "text": _("Fill in the form above: its contact gets a personal link by e-mail."),
        },
        **_hrefs(page),
    }
    return render(request, "partners/invitations.html", context)


def _letter_rows(letters: list[Invitation], actor: Actor) -> list[dict[str, Any]]:
    names = _names([letter.subject_uuid for letter in letters], actor)
    return [
        {
            "name": names[letter.subject_uuid][0],
            "href": reverse("partners:review", args=[letter.subject_uuid])
            if names[letter.subject_uuid][1]
            else "",
            "email": letter.email,
            "at": letter.invited_at,
            "tag": _letter_tag(letter, actor),
            "until": letter.expires_at,
            "is_open": _is_open(letter, actor),
            "can_renew": letter.accepted_at is None,
            "action": reverse("partners:invitation-revoke", args=[letter.uuid]),
        }
        for letter in letters
    ]


def _names(uuids: list[Any], actor: Actor) -> dict[Any, tuple[str, bool]]:
    """What each organisation is called here, and whether its application may be opened.

    Until it is sent, nobody but its own people sees what an organisation wrote about itself, a new
    name included: the name it was invited by is shown.
    """
    sent = Organisation.objects.visible_to(actor).filter(uuid=OuterRef("uuid"))
    invited = Organisation.history.filter(uuid__in=uuids, history_type="+")  # type: ignore[attr-defined]
    named = invited.annotate(sent_as=Subquery(sent.values("name")[:1]))
    return {
        uuid: (sent_as or invited_as, sent_as is not None)
        for uuid, invited_as, sent_as in named.values_list("uuid", "name", "sent_as")
    }


def _is_open(letter: Invitation, actor: Actor) -> bool:
    is_waiting = letter.accepted_at is None and letter.revoked_at is None
    return is_waiting and letter.expires_at > actor.at


def _letter_tag(letter: Invitation, actor: Actor) -> dict[str, str]:
    if letter.accepted_at is not None:
        return {"text": _("Accepted"), "colour": "green"}
    if letter.revoked_at is not None:
        return {"text": _("Withdrawn"), "colour": "grey"}
    if letter.expires_at <= actor.at:
        return {"text": _("Ran out"), "colour": "orange"}
    return {"text": _("Open"), "colour": "blue"}


@needs(P.ORGANISATION_INVITE)
@require_POST
def revoke_invitation(request: HttpRequest, uuid: UUID) -> HttpResponse:
    """Close the link of an invitation; with "again" a new one is sent to the same address."""
    actor: Actor = request.actor  # type: ignore[attr-defined]
    invitation = _letters(actor).filter(uuid=uuid).first()
    if invitation is None:
        raise Http404
    try:
        if "again" in request.POST:
            organisations.invite_again(invitation=invitation, by=actor, at=actor.at)
            messages.success(request, _("A new link is on its way; the old one no longer works."))
        else:
            organisations.withdraw_invitation(invitation=invitation, by=actor, at=actor.at)
            messages.success(request, _("The invitation is withdrawn; its link no longer works."))
    except NotOpen:
        messages.error(request, _("This invitation has already been accepted."))
    return redirect("partners:invitations")
