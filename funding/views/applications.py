"""Applications in pages: the list, one, writing it step by step, checking and sending it."""

from typing import Any
from uuid import UUID, uuid4

from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods, require_safe

from common.marks import Permission, needs
from common.paging import Order, paginate
from common.uploads import CONTENT_TYPES
from funding.amounts import written
from funding.call_choices import (
    IS_DECIDED,
    ApplicationState,
    ComplaintState,
    ReviewState,
    Route,
)
from funding.call_workflow import APPLICATION
from funding.forms import applications as asked
from funding.forms.calls import Confirm
from funding.models import (
    Application,
    ApplicationFile,
    Award,
    Complaint,
    Fund,
    FundingDecision,
    Review,
)
from funding.services import applications as services
from funding.views.call_shown import (
    application_facts,
    application_tag,
    file_shown,
    line_rows,
    past,
    texts,
)
from partners.access import Actor, get_or_404, may
from partners.views.deeds import actor_of, as_uuid, conflict, differences, done, form_page, typed
from partners.views.lists import columns, page_links

P = Permission
S = ApplicationState
LATEST_FIRST = Order("-created_at", "-id")
PAGES = ("about", "when", "money", "papers")


def found_application(actor: Actor, uuid: UUID) -> Application:
    rows = Application.objects.select_related(
        "call__fund__keeper", "fund__keeper", "organisation", "area"
    )
    return get_or_404(rows, actor, uuid=uuid)


def act_href(row: Application, name: str) -> str:
    return reverse("funding:application-act", args=[row.uuid, name])


def page_href(row: Application, page: str) -> str:
    return reverse("funding:application-page", args=[row.uuid, page])


# --- the list -------------------------------------------------------------------------------------


@needs(P.FUNDING_SEE)
@require_safe
def applications(request: HttpRequest) -> HttpResponse:
    """One's own organisation's applications; for a fund those that reached it."""
    actor = actor_of(request)
    keeps = P.FUNDING_KEEP in actor.permissions
    if keeps:
        rows = Application.objects.reached(actor)
    elif P.FUNDING_OVERSEE in actor.permissions:
        rows = Application.objects.visible_to(actor)
    else:
        rows = Application.objects.own(actor)
    rows = rows.select_related("organisation", "fund", "call")
    page = paginate(rows, LATEST_FIRST, cursor=request.GET.get("cursor", ""))
    context = {
        "title": _("Applications that came in") if keeps else _("Our applications"),
        "page": page,
        "columns": columns(_("Application"), _("Organisation"), _("For"), _("Amount"), _("State")),
        "rows": [_row(each) for each in page.rows],
        "empty": {
            "title": _("No application yet"),
            "text": _("Applications to a call stand here once it has closed.")
            if keeps
            else _("Begin one from a call that is open."),
            "href": reverse("funding:calls"),
            "label": _("See the calls"),
        },
        **page_links(request, page),
    }
    return render(request, "funding/applications.html", context)


def _row(each: Application) -> list[dict[str, Any]]:
    return [
        {
            "text": each.title or _("Without a title"),
            "href": each.get_absolute_url(),
            "note": each.reference,
        },
        {"text": each.organisation.display_name},
        {
            "text": each.call.title if each.call else each.fund.name,
            "note": str(each.get_route_display()),
        },
        {"text": written(each.amount, each.currency)},
        application_tag(each),
    ]


# --- one application ------------------------------------------------------------------------------


@needs(P.FUNDING_SEE)
@require_safe
def application(request: HttpRequest, uuid: UUID) -> HttpResponse:
    """One application: what is asked, what can be done, what was decided and why."""
    actor = actor_of(request)
    found = found_application(actor, uuid)
    own = found.organisation_id == actor.organisation_id
    keeps = bool(may(actor, P.FUNDING_KEEP, found))
    decision = FundingDecision.objects.visible_to(actor).filter(application=found).first()
    complaint = Complaint.objects.visible_to(actor).filter(application=found).first()
    lines = list(found.lines.all())
    context = {
        "application": found,
        "kind": str(found.get_route_display()),
        "tags": [application_tag(found)],
        "facts": application_facts(found),
        "acts": _acts(found, actor, decision, complaint, own=own, keeps=keeps),
        "notes": _notes(found, actor, decision, own=own, keeps=keeps),
        "tasks": tasks(found, lines) if own and found.state == S.DRAFT else [],
        "check_href": reverse("funding:application-check", args=[found.uuid])
        if own and found.state == S.DRAFT
        else "",
        "texts": texts(found),
        "line_columns": columns(_("For"), _("Amount")),
        "lines": line_rows(lines, found.currency),
        "files": [file_shown(found, each) for each in found.files.all()],
        "decision": _decision(found, decision, actor),
        "complaint": _complaint(complaint),
        "reviews": _reviews(found, actor) if keeps else [],
        "events": past(found.events.all(), actor),
    }
    return render(request, "funding/application.html", context)


def _acts(
    found: Application,
    actor: Actor,
    decision: FundingDecision | None,
    complaint: Complaint | None,
    *,
    own: bool,
    keeps: bool,
) -> list[dict[str, str]]:
    """What this actor can do now: a button each, the next step first."""
    acts = []
    if own and P.FUNDING_APPLY in actor.permissions:
        for transition, possible in APPLICATION.available(found, actor):
            if possible and transition.name in {"reopen", "withdraw"}:
                acts.append((transition.title, transition.name))
        if found.state in IS_DECIDED and complaint is None:
            acts.append((_("Complain about the decision"), "complain"))
    if keeps and found.state == S.SUBMITTED:
        label = _("Decide anew") if decision is not None else _("Decide")
        acts.insert(0, (label, "decide"))
    answers = (
        complaint is not None
        and complaint.state == ComplaintState.OPEN
        and bool(may(actor, P.FUNDING_SEE, complaint))
        and not own
    )
    if answers:
        acts.insert(0, (_("Answer the complaint"), "answer"))
    primary = {"decide", "answer"}
    return [
        {
            "label": str(label),
            "href": act_href(found, name),
            "kind": "" if name in primary else "secondary",
        }
        for label, name in acts
    ]


def _notes(
    found: Application,
    actor: Actor,
    decision: FundingDecision | None,
    *,
    own: bool,
    keeps: bool,
) -> list[dict[str, str]]:
    """What a reader must know before the rest."""
    notes = []
    if found.call is not None:
        href = found.call.get_absolute_url()
        notes.append({"text": _("It answers the call"), "href": href, "label": found.call.title})
    is_draft = own and found.state == S.DRAFT
    if is_draft and found.call is not None and not found.call.takes_applications(actor.at):
        notes.append({"text": _("The call has closed. The draft is kept and cannot be sent.")})
    if keeps and found.state == S.SUBMITTED and decision is not None:
        words = _("Decided, and not told yet: the applicant reads it with the result of the call.")
        if found.route == Route.PROPOSAL:
            words = _("The award waits for a second person. The applicant is told after that.")
        notes.append({"text": words})
    if found.award_uuid is not None:
        award = Award.objects.visible_to(actor).filter(uuid=found.award_uuid).first()
        if award is not None:
            href = award.get_absolute_url()
            notes.append({"text": _("The award:"), "href": href, "label": award.reference})
    return notes


def tasks(found: Application, lines: list[Any]) -> list[dict[str, Any]]:
    """The steps of a draft, as components/task_list.html takes them."""
    n = found.files.count()
    parts = [
        ("about", _("What you will do, and why"), bool(found.title and found.purpose), ""),
        ("when", _("Where, and from when until when"), bool(found.from_on and found.until_on), ""),
        ("money", _("How much, for what"), bool(lines), written(found.amount, found.currency)),
        (
            "papers",
            _("Documents"),
            True,
            ngettext("%(n)s document", "%(n)s documents", n) % {"n": n},
        ),
    ]
    return [
        {
            "label": label,
            "href": page_href(found, page),
            "status": _("Done") if is_done else _("To do"),
            "colour": "" if is_done else "blue",
            "hint": hint,
        }
        for page, label, is_done, hint in parts
    ]


def _decision(
    found: Application, decision: FundingDecision | None, actor: Actor
) -> dict[str, Any] | None:
    if decision is None:
        return None
    shown: dict[str, Any] = {
        "tag": {
            "text": str(decision.get_verdict_display()),
            "colour": "green" if decision.amount else "red",
        },
        "amount": written(decision.amount, found.currency) if decision.amount else "",
        "reason": decision.reason,
        "columns": columns(_("For"), _("Amount")),
        "rows": [
            [
                {"text": str(line.get_kind_display())},
                {"text": written(line.amount, found.currency)},
            ]
            for line in decision.lines.all()
        ],
    }
    if found.fund.keeper_id == actor.organisation_id:
        shown["by"] = decision.decided_by.display_name
    return shown


def _complaint(complaint: Complaint | None) -> dict[str, Any] | None:
    if complaint is None:
        return None
    colours = {"open": "orange", "upheld": "green", "rejected": "grey"}
    return {
        "tag": {
            "text": str(complaint.get_state_display()),
            "colour": colours[str(complaint.state)],
        },
        "words": complaint.words,
        "answer": complaint.answer,
    }


def _reviews(found: Application, actor: Actor) -> list[dict[str, Any]]:
    """What reviewers said, for the fund, once all reviews of the call are in."""
    rows = (
        Review.objects.visible_to(actor)
        .filter(application=found, state=ReviewState.SUBMITTED)
        .select_related("reviewer__user")
        .prefetch_related("scores__criterion")
    )
    return [
        {
            "by": each.reviewer.user.display_name,
            "words": each.words,
            "points": [f"{score.criterion.name}: {score.points}" for score in each.scores.all()],
        }
        for each in rows
    ]


# --- writing --------------------------------------------------------------------------------------


@needs(P.FUNDING_APPLY)
@require_http_methods(["GET", "HEAD", "POST"])
def proposal(request: HttpRequest) -> HttpResponse:
    """Begin a proposal nobody asked for, to a fund that is known."""
    actor = actor_of(request)
    funds = Fund.objects.visible_to(actor).open().exclude(keeper_id=actor.organisation_id)
    form = asked.Proposal(
        funds.order_by("name", "pk"), typed(request), initial={"client_key": uuid4()}
    )
    if form.is_valid():
        made: list[Application] = []
        act = lambda: made.append(  # noqa: E731
            services.begin_proposal(by=actor, at=actor.at, **form.cleaned_data)
        )
        if done(request, act, _("The draft is begun. It is saved at every step.")):
            return redirect(made[0])
    return form_page(
        request, form=form, title=_("Propose something nobody asked for"), button=_("Begin"),
        back=reverse("funding:calls"),
        lines=[
            _("If the fund takes it up, it says why there was no call, and a second person "
              "approves it."),
        ],
    )  # fmt: skip


@needs(P.FUNDING_APPLY)
@require_http_methods(["GET", "HEAD", "POST"])
def page(request: HttpRequest, uuid: UUID, page: str) -> HttpResponse:
    """One step of a draft; what is saved stays, whole or not."""
    actor = actor_of(request)
    if page not in PAGES:
        raise Http404
    found = found_application(actor, uuid)
    if not may(actor, P.FUNDING_APPLY, found):
        raise PermissionDenied
    draw = {"about": _about, "when": _when, "money": _money, "papers": _papers}[page]
    return draw(request, actor, found)


def _about(request: HttpRequest, actor: Actor, found: Application) -> HttpResponse:
    return _text(request, actor, found, asked.About, asked.ABOUT, _("What you will do, and why"))


def _when(request: HttpRequest, actor: Actor, found: Application) -> HttpResponse:
    title = _("Where, and from when until when")
    return _text(request, actor, found, asked.When, asked.WHEN, title)


def _text(
    request: HttpRequest,
    actor: Actor,
    found: Application,
    kind: Any,
    names: tuple[str, ...],
    title: str,
) -> HttpResponse:
    standing = {name: getattr(found, name) for name in names}
    form = kind(typed(request), initial={**standing, "version": found.version})
    if form.is_valid():
        given = {name: form.cleaned_data[name] for name in names}
        version = form.cleaned_data["version"] or 0
        now = Application.objects.visible_to(actor).get(pk=found.pk)
        theirs = {name: getattr(now, name) for name in names}
        if now.version != version and theirs != given:
            labels = {name: form.fields[name].label for name in names}
            return conflict(
                request, rows=differences(labels, given, theirs), version=now.version,
                back=found.get_absolute_url(),
            )  # fmt: skip
        act = lambda: services.change_text(  # noqa: E731
            application=found, by=actor, at=actor.at, version=now.version, **given
        )
        if done(request, act, _("Saved.")):
            return redirect(found)
    return form_page(
        request, form=form, title=title, button=_("Save"), back=found.get_absolute_url(),
        about=found.reference,
    )  # fmt: skip


def _money(request: HttpRequest, actor: Actor, found: Application) -> HttpResponse:
    form = asked.Money(found, typed(request))
    if form.is_valid():
        version = form.cleaned_data["version"] or 0
        act = lambda: services.set_lines(  # noqa: E731
            application=found, lines=form.lines(), by=actor, at=actor.at, version=version
        )
        if done(request, act, _("Saved.")):
            return redirect(found)
    lines = [_("Leave empty what you do not ask for. The sum is reckoned for you.")]
    if found.call is not None and found.call.largest:
        most = written(found.call.largest, found.currency)
        lines.append(_("At most %(most)s for one application.") % {"most": most})
    pairs = [(form[kind], form[f"{kind}_words"]) for kind in form.kinds]
    return form_page(
        request, form=form, title=_("How much, for what, in %(currency)s")
        % {"currency": found.currency}, button=_("Save"), back=found.get_absolute_url(),
        about=found.reference, lines=lines, template="funding/application_money.html", pairs=pairs,
    )  # fmt: skip


def _papers(request: HttpRequest, actor: Actor, found: Application) -> HttpResponse:
    here = request.path
    if gone := request.POST.get("remove"):
        act = lambda: services.remove_file(  # noqa: E731
            application=found, file=as_uuid(gone), by=actor, at=actor.at
        )
        done(request, act, _("Taken out."))
        return redirect(here)
    form = asked.Paper(typed(request), request.FILES or None)
    if form.is_valid():
        file = form.cleaned_data["file"]
        act = lambda: services.add_file(  # noqa: E731
            application=found, title=form.cleaned_data["title"], name=file.name,
            content=file.read(), by=actor, at=actor.at,
        )  # fmt: skip
        if done(request, act, _("The document is added.")):
            return redirect(here)
    parts = [
        {
            "text": each.title,
            "href": file_shown(found, each)["href"],
            "note": each.kind.upper(),
            "remove": each.uuid if found.state == S.DRAFT else "",
        }
        for each in found.files.all()
    ]
    return form_page(
        request, form=form, title=_("Documents"), button=_("Add the document"),
        back=found.get_absolute_url(), about=found.reference,
        template="partners/deed_parts.html", parts=parts, is_upload=True,
        hint=_("The fund reads them once the call has closed; reviewers do too."),
    )  # fmt: skip


@needs(P.FUNDING_APPLY)
@require_http_methods(["GET", "HEAD", "POST"])
def check(request: HttpRequest, uuid: UUID) -> HttpResponse:
    """Every answer once more, and what follows; then it is sent."""
    actor = actor_of(request)
    found = found_application(actor, uuid)
    if not may(actor, P.FUNDING_APPLY, found):
        raise PermissionDenied
    if found.state != S.DRAFT:
        return redirect(found)
    if request.method == "POST":
        act = lambda: APPLICATION.apply(  # noqa: E731
            found, "submit", by=actor, at=actor.at
        )
        if done(request, act, _("Submitted.")):
            return redirect(found)
        return redirect("funding:application-check", uuid=found.uuid)
    lines = list(found.lines.all())
    context = {
        "application": found,
        "form": Confirm(),
        "rows": _answers(found),
        "money": line_rows(lines, found.currency),
        "money_columns": columns(_("For"), _("Amount")),
        "money_href": page_href(found, "money"),
        "sum": written(found.amount, found.currency),
        "files": [each.title for each in found.files.all()],
        "files_href": page_href(found, "papers"),
        "closes_at": found.call.closes_at if found.call else None,
        "decide_by_on": found.call.decide_by_on if found.call else None,
        "back": found.get_absolute_url(),
    }
    return render(request, "funding/application_check.html", context)


def _answers(found: Application) -> list[dict[str, Any]]:
    about, when = page_href(found, "about"), page_href(found, "when")
    rows: list[tuple[Any, Any, str]] = [
        (_("Title"), found.title, about),
        *((each["title"], each["text"], about) for each in texts(found)),
        (_("Where"), found.area.name if found.area else _("The whole country"), when),
    ]
    for fact in application_facts(found):
        if fact["label"] == _("From – until"):
            rows.append((fact["label"], fact["value"], when))
    return [
        {"label": label, "lines": str(value).splitlines(), "value": value, "href": href}
        for label, value, href in rows
    ]


@needs(P.SIGNED_IN)
@require_safe
def file(request: HttpRequest, uuid: UUID, file: UUID) -> HttpResponse:
    """A document, to whoever reads the application, reviewers among them; never inside the site."""
    actor = actor_of(request)
    rows = ApplicationFile.objects.filter(application__uuid=uuid)
    found = get_or_404(rows, actor, uuid=file)
    with found.content.open("rb") as content:
        answer = HttpResponse(content.read(), content_type=CONTENT_TYPES[found.kind])
    answer["Content-Disposition"] = f'attachment; filename="document.{found.kind}"'
    answer["X-Content-Type-Options"] = "nosniff"
    answer["Cache-Control"] = "no-store"
    answer["Content-Security-Policy"] = "sandbox; default-src 'none'"
    return answer
