"""Writing an agreement page by page, and the acts about one: sign, give notice, renew, amend."""

from collections.abc import Callable
from typing import Any
from uuid import UUID, uuid4

from django import forms
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from common.country import local_day
from common.marks import Permission, needs
from common.workflow import NotPossible, Stale
from partners.access import Actor, get_or_404, may
from partners.deed_choices import IN_FORCE, AgreementState, ClauseKind, ClauseStatus
from partners.deed_workflow import AGREEMENT, AMENDMENT, earliest_end
from partners.forms import agreements as asked
from partners.models import Agreement, AgreementParty, Amendment
from partners.services import agreements as services
from partners.services import amendments
from partners.services.agreements import Signature
from partners.views import shown
from partners.views.agreements import PAGES, paper_shown
from partners.views.deeds import actor_of, as_uuid, conflict, differences, done, form_page, typed

P = Permission
S = AgreementState


def _found(actor: Actor, uuid: UUID) -> Agreement:
    rows = Agreement.objects.select_related("area", "kept_by", "renews", "notice_party")
    return get_or_404(rows, actor, uuid=uuid)


# --- writing --------------------------------------------------------------------------------------


@needs(P.AGREEMENT_DRAFT)
@require_http_methods(["GET", "HEAD", "POST"])
def new(request: HttpRequest) -> HttpResponse:
    """Begin a draft; the rest is answered on its own pages, in any order."""
    actor = actor_of(request)
    form = asked.Text(typed(request), initial={"client_key": uuid4(), "version": 0})
    if form.is_valid():
        made: list[Agreement] = []
        key = form.cleaned_data["client_key"] or uuid4()
        act = lambda: made.append(  # noqa: E731 - done() asks for a function
            services.draft_agreement(client_key=key, by=actor, at=actor.at, **form.text())
        )
        if done(request, act, _("The draft is begun. Name its parties next.")):
            return redirect(made[0])
    return form_page(
        request, form=form, title=_("Write an agreement"), button=_("Save and go on"),
        back=reverse("partners:agreements"),
        lines=[
            _("Only your organisation reads the draft until you send it to the parties."),
            _("It is in force once every party has signed and its first day has come."),
        ],
    )  # fmt: skip


@needs(P.AGREEMENT_SEE)
@require_http_methods(["GET", "HEAD", "POST"])
def page(request: HttpRequest, uuid: UUID, page: str) -> HttpResponse:
    """One page of a draft; its documents are also added later, by every party."""
    actor = actor_of(request)
    if page not in PAGES:
        raise Http404
    found = _found(actor, uuid)
    needed = P.AGREEMENT_SIGN if page == "papers" else P.AGREEMENT_DRAFT
    if not may(actor, needed, found):
        raise PermissionDenied
    draw = {
        "text": _text,
        "parties": _parties,
        "clauses": _clauses,
        "duties": _duties,
        "papers": _papers,
    }[page]
    return draw(request, actor, found)


def _text(request: HttpRequest, actor: Actor, found: Agreement) -> HttpResponse:
    standing = {name: getattr(found, name) for name in services.TEXT}
    form = asked.Text(typed(request), initial={**standing, "version": found.version})
    if form.is_valid():
        try:
            return _write(
                request, found,
                lambda: services.change_text(
                    agreement=found, by=actor, at=actor.at,
                    version=form.cleaned_data["version"], **form.text(),
                ),
            )  # fmt: skip
        except Stale as error:
            now: Any = error.current
            theirs = {name: getattr(now, name) for name in services.TEXT}
            return _slower(request, form, theirs, now, found)
    return form_page(
        request, form=form, title=_("What the agreement is about"), button=_("Save"),
        back=found.get_absolute_url(), about=found.title,
    )  # fmt: skip


def _slower(
    request: HttpRequest, form: asked.Text, theirs: dict[str, Any], now: Agreement, found: Agreement
) -> HttpResponse:
    labels = {name: form.fields[name].label for name in theirs}
    rows = differences(labels, form.text(), theirs)
    return conflict(request, rows=rows, version=now.version, back=found.get_absolute_url())


def _write(request: HttpRequest, found: Agreement, act: Callable[[], Any]) -> HttpResponse:
    """Do it and go back to the agreement; Stale is the caller's."""
    try:
        act()
    except NotPossible as error:
        done(request, _raise(error), "")
        return redirect(found)
    done(request, lambda: None, _("Saved."))
    return redirect(found)


def _raise(error: Exception) -> Callable[[], None]:
    def again() -> None:
        raise error

    return again


def _parties(request: HttpRequest, actor: Actor, found: Agreement) -> HttpResponse:
    here = request.path
    if gone := request.POST.get("remove"):
        act = lambda: services.remove_party(  # noqa: E731
            agreement=found, party=as_uuid(gone), by=actor, at=actor.at
        )
        done(request, act, _("Taken out."))
        return redirect(here)
    form = asked.Party(actor, typed(request))
    if form.is_valid():
        act = lambda: services.name_party(  # noqa: E731
            agreement=found, by=actor, at=actor.at, **form.cleaned_data
        )
        if done(request, act, _("Saved. Name the next party, or go back.")):
            return redirect(here)
    named = [
        {
            "text": each.organisation.display_name,
            "note": ", ".join(filter(None, (each.signatory_name, each.signatory_post)))
            or _("Nobody named to sign yet"),
            "remove": "" if each.organisation_id == found.kept_by_id else each.uuid,
        }
        for each in found.parties.select_related("organisation")
    ]
    return form_page(
        request, form=form, title=_("Parties, and who signs for them"),
        button=_("Save this party"), back=found.get_absolute_url(), about=found.title,
        template="partners/deed_parts.html", parts=named,
        hint=_("To change a party, enter it again."),
    )  # fmt: skip


def _duties(request: HttpRequest, actor: Actor, found: Agreement) -> HttpResponse:
    here = request.path
    if gone := request.POST.get("remove"):
        act = lambda: services.remove_duty(  # noqa: E731
            agreement=found, duty=as_uuid(gone), by=actor, at=actor.at
        )
        done(request, act, _("Taken out."))
        return redirect(here)
    form = asked.DutyEntry(found, typed(request))
    if form.is_valid():
        act = lambda: services.add_duty(  # noqa: E731
            agreement=found, by=actor, at=actor.at, **form.cleaned_data
        )
        if done(request, act, _("Saved. Enter the next duty, or go back.")):
            return redirect(here)
    entered = [
        {
            "text": f"{each.get_duty_display()}, {each.area.name}",
            "note": f"{each.carried_by.display_name}; {each.get_funding_display()}",
            "remove": each.uuid,
        }
        for each in found.duties.select_related("area", "carried_by")
    ]
    return form_page(
        request, form=form, title=_("Duties the State delegates"), button=_("Save this duty"),
        back=found.get_absolute_url(), about=found.title, template="partners/deed_parts.html",
        parts=entered,
        hint=_("Leave this page empty if the agreement delegates nothing. Both sides must be "
               "named as parties first."),
    )  # fmt: skip


def _papers(request: HttpRequest, actor: Actor, found: Agreement) -> HttpResponse:
    here = request.path
    if gone := request.POST.get("remove"):
        act = lambda: amendments.remove_file(  # noqa: E731
            agreement=found, file=as_uuid(gone), by=actor, at=actor.at
        )
        done(request, act, _("Taken out."))
        return redirect(here)
    form = asked.Paper(typed(request), request.FILES or None)
    if form.is_valid():
        file = form.cleaned_data["file"]
        act = lambda: amendments.add_file(  # noqa: E731
            agreement=found, title=form.cleaned_data["title"], name=file.name,
            content=file.read(), by=actor, at=actor.at,
        )  # fmt: skip
        if done(request, act, _("The document is added.")):
            return redirect(here)
    removable = found.signed_at is None and bool(may(actor, P.AGREEMENT_DRAFT, found))
    kept = [
        {
            "text": each.title,
            "href": paper_shown(found, each)["href"],
            "note": each.kind.upper(),
            "remove": each.uuid if removable else "",
        }
        for each in found.files.all()
    ]
    return form_page(
        request, form=form, title=_("Documents"), button=_("Add the document"),
        back=found.get_absolute_url(), about=found.title, template="partners/deed_parts.html",
        parts=kept, is_upload=True,
        hint=_("Everybody who sees the agreement reads them."),
    )  # fmt: skip


def _clauses(request: HttpRequest, actor: Actor, found: Agreement) -> HttpResponse:
    form = asked.Clauses(found, typed(request))
    if form.is_valid():
        try:
            return _write(
                request, found,
                lambda: services.answer_clauses(
                    agreement=found, answers=form.answers(), by=actor, at=actor.at,
                    version=form.cleaned_data["version"],
                ),
            )  # fmt: skip
        except Stale as error:
            now: Any = error.current
            standing = {each.kind: (each.status, each.where) for each in now.clauses.all()}
            mine = {kind.value: _said(form.answers().get(kind.value)) for kind in ClauseKind}
            theirs = {kind.value: _said(standing.get(kind.value)) for kind in ClauseKind}
            labels = {kind.value: kind.label for kind in ClauseKind}
            rows = differences(labels, mine, theirs)
            return conflict(request, rows=rows, version=now.version, back=found.get_absolute_url())
    matters = [(form[kind.value], form[f"{kind}_where"]) for kind in ClauseKind]
    return form_page(
        request, form=form, title=_("Checklist of clauses"), button=_("Save"),
        back=found.get_absolute_url(), about=found.title, template="partners/deed_clauses.html",
        matters=matters,
    )  # fmt: skip


def _said(answer: tuple[str, str] | None) -> str:
    if answer is None:
        return ""
    status, where = answer
    return ", ".join(filter(None, (str(ClauseStatus(status).label), where)))


# --- acts -----------------------------------------------------------------------------------------


@needs(P.AGREEMENT_SEE)
@require_http_methods(["GET", "HEAD", "POST"])
def act(request: HttpRequest, uuid: UUID, name: str) -> HttpResponse:
    """One act about an agreement, on a page that says what follows."""
    actor = actor_of(request)
    draw = {
        "send": _send,
        "take_back": _with_why,
        "withdraw": _withdraw,
        "sign": _sign,
        "let_end": _with_why,
        "give_notice": _give_notice,
        "amend": _amend,
        "renew": _renew,
    }.get(name)
    if draw is None:
        raise Http404
    found = _found(actor, uuid)
    writes = name in {"send", "take_back", "withdraw"}
    if not may(actor, P.AGREEMENT_DRAFT if writes else P.AGREEMENT_SIGN, found):
        raise PermissionDenied
    return draw(request, actor, found, name)


def _step(
    request: HttpRequest, actor: Actor, found: Agreement, name: str, words: str, **answers: Any
) -> HttpResponse:
    act = lambda: AGREEMENT.apply(found, name, by=actor, at=actor.at, **answers)  # noqa: E731
    done(request, act, words)
    return redirect(found)


def _send(request: HttpRequest, actor: Actor, found: Agreement, name: str) -> HttpResponse:
    if request.method == "POST":
        text = _("Sent. Whoever signs for a party has been told.")
        return _step(request, actor, found, name, text)
    return form_page(
        request, form=asked.Confirm(), title=_("Send to the parties"), button=_("Send"),
        back=found.get_absolute_url(), about=found.title,
        lines=[
            _("Everybody at the parties reads the agreement from now on, and so does the "
              "co-ordination."),
            _("Its text stays as it is. To change it you take it back, and signatures given until "
              "then fall away."),
        ],
    )  # fmt: skip


def _withdraw(request: HttpRequest, actor: Actor, found: Agreement, name: str) -> HttpResponse:
    if request.method == "POST":
        return _step(request, actor, found, name, _("The draft is given up."))
    return form_page(
        request, form=asked.Confirm(), title=_("Give the draft up"), button=_("Give it up"),
        back=found.get_absolute_url(), about=found.title,
        warning=_("It cannot be taken up again. A new draft begins from nothing."),
    )  # fmt: skip


def _with_why(request: HttpRequest, actor: Actor, found: Agreement, name: str) -> HttpResponse:
    """Taking a text back, and letting an agreement end: an act with a word on it."""
    is_end = name == "let_end"
    form = asked.Why(typed(request))
    if form.is_valid():
        text = _("Saved. Nobody is asked about a renewal any more.") if is_end else _("Taken back.")
        return _step(request, actor, found, name, text, comment=form.cleaned_data["comment"])
    lines = (
        [_("It ends on its last day. What it delegates is then covered by nobody, unless another "
           "agreement covers it.")]
        if is_end
        else [_("Signatures given until now fall away, and the parties are told.")]
    )  # fmt: skip
    title = AGREEMENT[name].title
    return form_page(
        request, form=form, title=title, button=title, back=found.get_absolute_url(),
        about=found.title, lines=lines,
    )  # fmt: skip


def _waiting(found: Agreement, actor: Actor) -> Any:
    """The parties this actor may record a signature of, one's own first."""
    rows = found.parties.filter(signed_on__isnull=True).select_related("organisation")
    if P.AGREEMENT_STEER not in actor.permissions:
        rows = rows.filter(organisation_id=actor.organisation_id)
    return rows.order_by("pk")


def _sign(request: HttpRequest, actor: Actor, found: Agreement, name: str) -> HttpResponse:
    today = local_day(actor.at)
    steers = P.AGREEMENT_STEER in actor.permissions
    form = asked.Sign(_waiting(found, actor), today=today, steers=steers, data=typed(request))
    if form.is_valid():
        party: AgreementParty = form.cleaned_data["party"]
        act = lambda: services.sign(  # noqa: E731
            agreement=found, party=party.uuid, signature=_signature(form), by=actor, at=actor.at
        )
        if done(request, act, _("The signature is recorded.")):
            return redirect(found)
    return _signing(request, found, form, title=_("Sign the agreement"), steers=steers)


def _signature(form: forms.Form) -> Signature:
    given = form.cleaned_data
    return Signature(
        given["name"], given["post"], given["on"], is_on_paper=bool(given.get("is_on_paper"))
    )


def _signing(
    request: HttpRequest, found: Agreement, form: forms.Form, *, title: str, steers: bool
) -> HttpResponse:
    lines = [
        _("Read the text and its documents first. Sign only if you may bind your organisation."),
        _("The parties see who signed, and on which day. It cannot be taken back."),
    ]
    if steers:
        lines.append(
            _("For a party that signed on paper, add the signed copy to the documents first.")
        )
    return form_page(
        request, form=form, title=title, button=_("Sign"), back=found.get_absolute_url(),
        about=found.title, lines=lines,
    )  # fmt: skip


def _give_notice(request: HttpRequest, actor: Actor, found: Agreement, name: str) -> HttpResponse:
    earliest = earliest_end(found, actor.at)
    form = asked.GiveNotice(earliest=earliest, latest=found.ends_on, data=typed(request))
    if form.is_valid():
        given = form.cleaned_data
        act = lambda: services.give_notice(agreement=found, by=actor, at=actor.at, **given)  # noqa: E731
        if done(request, act, _("Notice given. The other parties have been told.")):
            return redirect(found)
    words = _("With %(n)s days of notice the earliest last day is %(day)s.")
    lines = [words % {"n": found.notice_days, "day": shown.date(earliest)}]
    if found.duties.exists():
        lines.append(
            _("The duties it delegates are uncovered from the day after, unless another agreement "
              "covers them. The State stays responsible.")
        )  # fmt: skip
    return form_page(
        request, form=form, title=_("Give notice"), button=_("Give notice"),
        back=found.get_absolute_url(), about=found.title, lines=lines,
        warning=_("Notice cannot be taken back."),
    )  # fmt: skip


def _amend(request: HttpRequest, actor: Actor, found: Agreement, name: str) -> HttpResponse:
    form = asked.Amend(typed(request))
    if form.is_valid():
        given = form.cleaned_data
        act = lambda: amendments.propose(agreement=found, by=actor, at=actor.at, **given)  # noqa: E731
        if done(request, act, _("Proposed. It is in force once every party has signed it.")):
            return redirect(found)
    return form_page(
        request, form=form, title=_("Propose an amendment"), button=_("Propose it"),
        back=found.get_absolute_url(), about=found.title,
        lines=[_("The text that was signed stays as it is; the amendment stands beside it.")],
    )  # fmt: skip


def _renew(request: HttpRequest, actor: Actor, found: Agreement, name: str) -> HttpResponse:
    if not may(actor, P.AGREEMENT_DRAFT):
        raise PermissionDenied
    if request.method == "POST":
        made: list[Agreement] = []
        act = lambda: made.append(  # noqa: E731
            services.renew(agreement=found, by=actor, at=actor.at)
        )
        if done(request, act, _("The renewal is begun as a draft of your organisation.")):
            return redirect(made[0])
        return redirect(found)
    lines = [
        _("A new draft begins with the same parties and duties. Its checklist is gone through "
          "again."),
        _("It takes the place of this agreement on the day it comes into force."),
    ]  # fmt: skip
    if found.state not in IN_FORCE:
        lines.append(_("This agreement holds no longer: what it delegated stays uncovered until "
                       "then."))  # fmt: skip
    return form_page(
        request, form=asked.Confirm(), title=_("Begin the renewal"), button=_("Begin the renewal"),
        back=found.get_absolute_url(), about=found.title, lines=lines,
    )  # fmt: skip


@needs(P.AGREEMENT_SIGN)
@require_http_methods(["GET", "HEAD", "POST"])
def amendment_act(request: HttpRequest, uuid: UUID, amendment: UUID, name: str) -> HttpResponse:
    """Sign an amendment, or drop it."""
    actor = actor_of(request)
    if name not in {"sign", "drop"}:
        raise Http404
    found = _found(actor, uuid)
    row = get_or_404(Amendment.objects.filter(agreement=found), actor, uuid=amendment)
    if not may(actor, P.AGREEMENT_SIGN, row):
        raise PermissionDenied
    if name == "drop":
        why = asked.Why(typed(request))
        if why.is_valid():
            comment = why.cleaned_data["comment"]
            drop = lambda: AMENDMENT.apply(  # noqa: E731
                row, "drop", by=actor, at=actor.at, comment=comment
            )
            if done(request, drop, _("The amendment is dropped.")):
                return redirect(found)
        return form_page(
            request, form=why, title=_("Drop the amendment"), button=_("Drop it"),
            back=found.get_absolute_url(), about=row.title,
        )  # fmt: skip
    steers = P.AGREEMENT_STEER in actor.permissions
    signed = row.signatures.values("party")
    parties = AgreementParty.objects.filter(agreement=found).exclude(pk__in=signed)
    if not steers:
        parties = parties.filter(organisation_id=actor.organisation_id)
    parties = parties.select_related("organisation").order_by("pk")
    today = local_day(actor.at)
    form = asked.Sign(parties, today=today, steers=steers, data=typed(request))
    if form.is_valid():
        party = form.cleaned_data["party"]
        act = lambda: amendments.sign_amendment(  # noqa: E731
            amendment=row, party=party.uuid, signature=_signature(form), by=actor, at=actor.at
        )
        if done(request, act, _("The signature is recorded.")):
            return redirect(found)
    return _signing(request, found, form, title=_("Sign the amendment"), steers=steers)
