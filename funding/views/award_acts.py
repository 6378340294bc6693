"""The acts about an award, its instalments, payments and changes: a page each that says what
follows."""

from typing import Any
from uuid import UUID, uuid4

from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from common.country import local_day
from common.marks import Permission, needs
from funding.amounts import written
from funding.forms import money as asked
from funding.models import Award, AwardChange, Instalment, Payment
from funding.money_choices import LineKind
from funding.money_workflow import AWARD
from funding.services import awards as services
from funding.services import changes, payments
from partners.access import Actor, get_or_404, may
from partners.views.deeds import actor_of, conflict, differences, done, form_page, typed

P = Permission
#: What each act needs; the workflow asks again.
NEEDS = {
    "send": P.FUNDING_KEEP,
    "approve": P.FUNDING_KEEP,
    "refuse": P.FUNDING_KEEP,
    "approve_above": P.FUNDING_OVERSEE,
    "refuse_above": P.FUNDING_OVERSEE,
    "cancel": P.FUNDING_KEEP,
    "lines": P.FUNDING_KEEP,
    "instalment": P.FUNDING_KEEP,
    "agreement": P.FUNDING_KEEP,
    "spending": P.FUNDING_APPLY,
    "co_funding": P.FUNDING_APPLY,
    "reallocate": P.FUNDING_APPLY,
    "amend": None,
}


@needs(P.FUNDING_SEE)
@require_http_methods(["GET", "HEAD", "POST"])
def act(request: HttpRequest, uuid: UUID, name: str) -> HttpResponse:
    """One act about an award."""
    actor = actor_of(request)
    if name not in NEEDS:
        raise Http404
    rows = Award.objects.select_related("fund", "funder", "recipient")
    found = get_or_404(rows, actor, uuid=uuid)
    needed = NEEDS[name] or _own_side(found, actor)
    if not may(actor, needed, found):
        raise PermissionDenied
    draw = {
        "send": _send,
        "approve": _approve,
        "approve_above": _approve,
        "lines": _lines,
        "instalment": _plan,
        "agreement": _agreement,
        "spending": _spending,
        "co_funding": _co_funding,
        "reallocate": _change,
        "amend": _change,
    }.get(name, _with_why)
    return draw(request, actor, found, name)


def _own_side(found: Award, actor: Actor) -> Permission:
    return P.FUNDING_KEEP if found.funder_id == actor.organisation_id else P.FUNDING_APPLY


def _step(
    request: HttpRequest, actor: Actor, found: Award, name: str, words: str, **answers: Any
) -> HttpResponse:
    act = lambda: AWARD.apply(found, name, by=actor, at=actor.at, **answers)  # noqa: E731
    done(request, act, words)
    return redirect(found)


def _send(request: HttpRequest, actor: Actor, found: Award, name: str) -> HttpResponse:
    if request.method == "POST":
        return _step(request, actor, found, name, _("Sent. Whoever can answer has been told."))
    return form_page(
        request, form=asked.Confirm(), title=_("Send to a second person"), button=_("Send"),
        back=found.get_absolute_url(), about=found.title,
        lines=[
            _("Another person who keeps the funds of your organisation approves or refuses it."),
            _("If nobody answers in time, the co-ordination can."),
        ],
    )  # fmt: skip


def _approve(request: HttpRequest, actor: Actor, found: Award, name: str) -> HttpResponse:
    if request.method == "POST":
        words = _("Approved. The award is in force, and the recipient has been told.")
        return _step(request, actor, found, name, words)
    lines = [
        _("%(amount)s to %(name)s.")
        % {
            "amount": written(found.amount, found.currency),
            "name": found.recipient.display_name,
        },
        _("Why without a call: %(words)s") % {"words": found.justification},
        _("It is published with the other grants."),
    ]
    return form_page(
        request, form=asked.Confirm(), title=_("Approve the award"), button=_("Approve it"),
        back=found.get_absolute_url(), about=found.title, lines=lines,
    )  # fmt: skip


def _with_why(request: HttpRequest, actor: Actor, found: Award, name: str) -> HttpResponse:
    """Refusing and cancelling: an act with a word on it."""
    is_cancel = name == "cancel"
    form = asked.Why(typed(request))
    if form.is_valid():
        words = _("Cancelled.") if is_cancel else _("Refused.")
        comment = form.cleaned_data["comment"]
        return _step(request, actor, found, name, words, comment=comment)
    if is_cancel:
        title, button = _("Cancel the award"), _("Cancel it for good")
        lines = [_("What was paid stays paid. What is open falls back to the fund.")]
    else:
        title, button = _("Refuse the award"), _("Refuse it")
        lines = [_("Its money falls back to the fund. Whoever proposed it reads your words.")]
    return form_page(
        request, form=form, title=title, button=button, back=found.get_absolute_url(),
        about=found.title, lines=lines, warning=_("It cannot be taken up again."),
    )  # fmt: skip


def _lines(request: HttpRequest, actor: Actor, found: Award, name: str) -> HttpResponse:
    form = asked.Lines(found, typed(request))
    if form.is_valid():
        made: list[Award] = []
        version = form.cleaned_data["version"] or found.version
        act = lambda: made.append(  # noqa: E731
            services.set_lines(
                award=found, lines=form.lines(), by=actor, at=actor.at, version=version
            )
        )
        now = Award.objects.visible_to(actor).get(pk=found.pk)
        if now.version != version:
            return _slower(request, form, now)
        if done(request, act, _("Saved.")):
            return redirect(found)
    return form_page(
        request, form=form, title=_("What the award pays for"), button=_("Save"),
        back=found.get_absolute_url(), about=found.title, template="funding/lines_form.html",
        rows=form.rows(),
        lines=[
            _("Together the lines make %(amount)s.")
            % {"amount": written(found.amount, found.currency)},
            _("Leave a line empty that is not needed."),
        ],
    )  # fmt: skip


def _slower(request: HttpRequest, form: asked.Lines, now: Award) -> HttpResponse:
    """409: what was typed and what is there now."""

    def said(amount: Any, unit: str, units: Any) -> str:
        return f"{amount:.2f}" + (f" ({units} × {unit})" if unit else "")

    mine: dict[str, Any] = {kind: said(*rest) for kind, *rest in form.lines()}
    theirs: dict[str, Any] = {
        line.kind: said(line.amount, line.unit, line.units) for line in now.lines.all()
    }
    kinds = [kind for kind in LineKind if kind in mine or kind in theirs]
    rows = differences(
        {kind: kind.label for kind in kinds},
        {kind: mine.get(kind, "") for kind in kinds},
        {kind: theirs.get(kind, "") for kind in kinds},
    )
    return conflict(request, rows=rows, version=now.version, back=now.get_absolute_url())


def _plan(request: HttpRequest, actor: Actor, found: Award, name: str) -> HttpResponse:
    form = asked.PlanInstalment(typed(request), initial={"amount": found.to_plan})
    if form.is_valid():
        act = lambda: payments.plan_instalment(  # noqa: E731
            award=found, by=actor, at=actor.at, **form.cleaned_data
        )
        if done(request, act, _("Planned.")):
            return redirect(found)
    return form_page(
        request, form=form, title=_("Plan an instalment"), button=_("Plan it"),
        back=found.get_absolute_url(), about=found.title,
        lines=[
            _("%(amount)s of the award is in no instalment yet.")
            % {"amount": written(found.to_plan, found.currency)},
            _("From the day on, a clock runs for you, and the recipient sees it too."),
        ],
    )  # fmt: skip


def _agreement(request: HttpRequest, actor: Actor, found: Award, name: str) -> HttpResponse:
    standing = found.agreement.uuid if found.agreement else None
    form = asked.NameAgreement(actor, found, typed(request), initial={"agreement": standing})
    if form.is_valid():
        act = lambda: services.name_agreement(  # noqa: E731
            award=found, agreement=form.cleaned_data["agreement"], by=actor, at=actor.at
        )
        if done(request, act, _("Saved.")):
            return redirect(found)
    return form_page(
        request, form=form, title=_("Name the agreement"), button=_("Save"),
        back=found.get_absolute_url(), about=found.title,
        lines=[_("The agreement between the two under which this money is paid.")],
    )  # fmt: skip


def _spending(request: HttpRequest, actor: Actor, found: Award, name: str) -> HttpResponse:
    form = asked.Spent(found, today=local_day(actor.at), data=typed(request))
    if form.is_valid():
        act = lambda: services.state_spending(  # noqa: E731
            award=found, spent=form.spent(), as_of_on=form.cleaned_data["as_of_on"], by=actor,
            at=actor.at,
        )  # fmt: skip
        if done(request, act, _("Saved. Your funder sees it.")):
            return redirect(found)
    return form_page(
        request, form=form, title=_("Say what was spent"), button=_("Save"),
        back=found.get_absolute_url(), about=found.title,
        lines=[
            _("For each line what was spent in all since the award began, in %(currency)s.")
            % {"currency": found.currency},
            _("If a line is not enough, ask to move money between lines first."),
        ],
    )  # fmt: skip


def _co_funding(request: HttpRequest, actor: Actor, found: Award, name: str) -> HttpResponse:
    form = asked.CoFunded(typed(request), initial={"currency": found.currency})
    if form.is_valid():
        act = lambda: services.state_co_funding(  # noqa: E731
            award=found, by=actor, at=actor.at, **form.cleaned_data
        )
        if done(request, act, _("Saved.")):
            return redirect(found)
    return form_page(
        request, form=form, title=_("Say who else pays"), button=_("Save"),
        back=found.get_absolute_url(), about=found.title,
        lines=[_("It never lowers the award by itself: that takes an amendment both sides sign.")],
    )  # fmt: skip


def _change(request: HttpRequest, actor: Actor, found: Award, name: str) -> HttpResponse:
    moves = name == "reallocate"
    initial = {"client_key": uuid4()}
    form = asked.Change(found, is_reallocation=moves, data=typed(request), initial=initial)
    if form.is_valid():
        given = form.cleaned_data
        act = lambda: changes.propose_change(  # noqa: E731
            award=found, lines=form.lines(), words=given["words"],
            client_key=given["client_key"], new_until_on=given.get("new_until_on"),
            is_reallocation=moves, by=actor, at=actor.at,
        )  # fmt: skip
        if done(request, act, _("Proposed. It is in force once the other side has signed.")):
            return redirect(found)
    title = _("Ask to move money between lines") if moves else _("Propose an amendment")
    lines = [_("Write for each line what it has from now on, in %(currency)s.")
             % {"currency": found.currency}]  # fmt: skip
    if moves:
        lines.append(_("Together they stay %(amount)s.")
                     % {"amount": written(found.amount, found.currency)})  # fmt: skip
    else:
        lines.append(_("Together they make the new amount. What was signed first stays on record."))
    return form_page(
        request, form=form, title=title, button=_("Propose it"), back=found.get_absolute_url(),
        about=found.title, lines=lines,
    )  # fmt: skip


# --- instalments, payments, changes ---------------------------------------------------------------


@needs(P.FUNDING_KEEP)
@require_http_methods(["GET", "HEAD", "POST"])
def instalment_act(request: HttpRequest, uuid: UUID, name: str) -> HttpResponse:
    """Record a payment, or cancel what is open of an instalment."""
    draw = {"pay": _pay, "cancel": _cancel_instalment}.get(name)
    if draw is None:
        raise Http404
    actor = actor_of(request)
    found = get_or_404(Instalment.objects.select_related("award"), actor, uuid=uuid)
    if not may(actor, P.FUNDING_KEEP, found):
        raise PermissionDenied
    return draw(request, actor, found)


def _pay(request: HttpRequest, actor: Actor, found: Instalment) -> HttpResponse:
    today = local_day(actor.at)
    initial = {"client_key": uuid4(), "amount": found.left, "paid_on": today}
    form = asked.Pay(typed(request), initial=initial)
    if form.is_valid():
        act = lambda: payments.pay(  # noqa: E731
            instalment=found, by=actor, at=actor.at, **form.cleaned_data
        )
        if done(request, act, _("Recorded. The recipient has been told.")):
            return redirect("funding:instalment", found.uuid)
    return form_page(
        request, form=form, title=_("Record a payment"), button=_("Record it"),
        back=_here(found), about=found.award.title,
        lines=[
            _("%(open)s of instalment %(number)s is open.")
            % {
                "open": written(found.left, found.award.currency),
                "number": found.number,
            },
            _("This records what left your account. It moves no money."),
        ],
    )  # fmt: skip


def _cancel_instalment(request: HttpRequest, actor: Actor, found: Instalment) -> HttpResponse:
    form = asked.Why(typed(request))
    if form.is_valid():
        act = lambda: payments.cancel_instalment(  # noqa: E731
            instalment=found, comment=form.cleaned_data["comment"], by=actor, at=actor.at
        )
        done(request, act, _("Cancelled. Its money can be planned anew."))
        return redirect("funding:instalment", found.uuid)
    return form_page(
        request, form=form, title=_("Cancel the instalment"), button=_("Cancel it for good"),
        back=_here(found), about=found.award.title,
        lines=[_("The award stays as it is: what is open here can be planned anew.")],
    )  # fmt: skip


def _here(found: Instalment) -> str:
    from django.urls import reverse

    return reverse("funding:instalment", args=[found.uuid])


@needs(P.FUNDING_APPLY)
@require_http_methods(["GET", "HEAD", "POST"])
def arrived(request: HttpRequest, uuid: UUID) -> HttpResponse:
    """Say when a payment was on one's account."""
    actor = actor_of(request)
    rows = Payment.objects.select_related("instalment__award")
    found = get_or_404(rows, actor, uuid=uuid)
    if not may(actor, P.FUNDING_APPLY, found.instalment):
        raise PermissionDenied
    initial = {"arrived_on": found.arrived_on or local_day(actor.at)}
    form = asked.Arrived(typed(request), initial=initial)
    if form.is_valid():
        act = lambda: payments.say_arrived(  # noqa: E731
            payment=found, by=actor, at=actor.at, **form.cleaned_data
        )
        if done(request, act, _("Saved. Your funder sees it.")):
            return redirect("funding:instalment", found.instalment.uuid)
    return form_page(
        request, form=form, title=_("Say when it arrived"), button=_("Save"),
        back=_here(found.instalment), about=found.instalment.award.title,
    )  # fmt: skip


@needs(P.FUNDING_SEE)
@require_http_methods(["GET", "HEAD", "POST"])
def change_act(request: HttpRequest, uuid: UUID, name: str) -> HttpResponse:
    """Sign a change for one's own side, or drop it."""
    if name not in {"sign", "drop"}:
        raise Http404
    actor = actor_of(request)
    rows = AwardChange.objects.select_related("award__fund")
    found = get_or_404(rows, actor, uuid=uuid)
    award = found.award
    if not may(actor, _own_side(award, actor), found):
        raise PermissionDenied
    if name == "drop":
        why = asked.Why(typed(request))
        if why.is_valid():
            drop = lambda: changes.drop(  # noqa: E731
                change=found, comment=why.cleaned_data["comment"], by=actor, at=actor.at
            )
            done(request, drop, _("Dropped."))
            return redirect(award)
        return form_page(
            request, form=why, title=_("Drop the change"), button=_("Drop it"),
            back=award.get_absolute_url(), about=award.title,
        )  # fmt: skip
    if request.method == "POST":
        sign = lambda: changes.sign(change=found, by=actor, at=actor.at)  # noqa: E731
        done(request, sign, _("Signed."))
        return redirect(award)
    return form_page(
        request, form=asked.Confirm(), title=_("Sign the change"), button=_("Sign it"),
        back=award.get_absolute_url(), about=award.title,
        lines=[
            found.words,
            _("Sign only if you may bind your organisation. It cannot be taken back."),
        ],
    )  # fmt: skip
