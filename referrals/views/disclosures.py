"""Orders of courts and prosecutors in pages: the ledger, entering one, approving, the copy."""

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.debug import sensitive_variables
from django.views.decorators.http import require_http_methods, require_safe

from common.marks import Permission, needs
from common.paging import Order, paginate
from common.workflow import MissingAnswers, NotAllowed, NotPossible
from partners.access import Actor, get_or_404
from partners.views.lists import columns, page_links
from referrals import words
from referrals.choices import Section
from referrals.forms import disclosures as forms
from referrals.models import Disclosure
from referrals.services import disclosures as services
from referrals.views.shown import acting, permitted

P = Permission
LATEST_FIRST = Order("-asked_at", "-id", named_by="uuid")


@needs(P.REFERRAL_SEE)
@require_safe
def orders(request: HttpRequest) -> HttpResponse:
    """The ledger: orders upon the cases one keeps, and those one is asked to approve."""
    actor = acting(request)
    page = paginate(
        Disclosure.objects.visible_to(actor), LATEST_FIRST, cursor=request.GET.get("cursor", "")
    )
    context = {
        "page": page,
        "columns": columns(_("Entered"), _("Reference"), _("Ordered by"), _("State")),
        "rows": [_row(each, actor) for each in page.rows],
        "empty": {
            "title": _("No order was entered"),
            "text": _("An order is entered on the page “Who looked” of the referral it is about."),
        },
        **page_links(request, page),
    }
    return render(request, "referrals/disclosures.html", context)


def _row(row: Disclosure, actor: Actor) -> list[dict[str, Any]]:
    return [
        {
            "text": words.day(row.asked_at),
            "href": reverse("referrals:disclosure", args=[row.uuid]),
        },
        {"text": row.reference},
        {"text": row.get_ordered_by_display()},
        _state(row, actor),
    ]


def _state(row: Disclosure, actor: Actor) -> dict[str, str]:
    if row.refused_at is not None:
        return {"text": _("Not approved"), "colour": "grey"}
    if row.handed_over_at is not None:
        return {"text": _("Handed over"), "colour": "blue"}
    if row.expires_at <= actor.at:
        return {"text": _("Ran out"), "colour": "grey"}
    if row.is_approved:
        return {"text": _("Approved"), "colour": "green"}
    return {"text": _("Waits for approval"), "colour": "orange"}


@needs(P.REFERRAL_KEEP, fresh=True)
@require_http_methods(["GET", "HEAD", "POST"])
def new(request: HttpRequest, uuid: UUID) -> HttpResponse:
    """Enter what was ordered; nothing is handed over by this."""
    actor, referral = acting(request), permitted(request, uuid, P.REFERRAL_KEEP)
    if actor.is_enforcement:
        raise PermissionDenied
    bodies = services.second_bodies(referral, actor)
    form = forms.EnterOrder(request.POST if request.method == "POST" else None, bodies=bodies)
    if form.is_bound and form.is_valid():
        try:
            row = services.enter_order(
                referral=referral, by=actor, at=actor.at, **form.cleaned_data
            )
        except (NotPossible, MissingAnswers) as error:
            form.add_error(None, str(error))
        else:
            messages.success(request, _("Entered. Two people are asked to approve it."))
            return redirect("referrals:disclosure", uuid=row.uuid)
    return render(request, "referrals/disclosure_new.html", {"referral": referral, "form": form})


@needs(P.REFERRAL_SEE)
@require_safe
def order(request: HttpRequest, uuid: UUID) -> HttpResponse:
    """One order: what it asks, who approved, what went out; and what can be done now."""
    return _show(request, _one(request, uuid))


def _one(request: HttpRequest, uuid: UUID) -> Disclosure:
    rows = Disclosure.objects.select_related(
        "asked_by", "kept_by", "second_body", "first_by", "first_for", "second_by", "second_for",
        "refused_by", "handed_over_by", "told_by",
    )  # fmt: skip
    return get_or_404(rows, acting(request), uuid=uuid)


def _show(
    request: HttpRequest,
    row: Disclosure,
    *,
    refusal: forms.Refuse | None = None,
    handing: forms.HandOver | None = None,
) -> HttpResponse:
    actor = acting(request)
    at_home = actor.organisation_id == row.kept_by_id
    may_approve = _may_approve(row, actor)
    may_hand_over = at_home and services.may_hand_over(_with_case(row), actor)
    context = {
        "row": row,
        "state": _state(row, actor),
        "facts": _facts(row, at_home=at_home),
        "case": row.case_uuid if at_home else None,
        "refusal": (refusal or forms.Refuse()) if may_approve else None,
        "may_open_copy": may_hand_over,
        "handing": (handing or forms.HandOver(scope=row.scope))
        if may_hand_over and row.handed_over_at is None
        else None,
        "may_tell": at_home and row.handed_over_at is not None and row.told_at is None,
    }
    return render(request, "referrals/disclosure.html", context)


def _may_approve(row: Disclosure, actor: Actor) -> bool:
    if actor.organisation_id == row.kept_by_id:
        row = _with_case(row)
    return services.may_approve(row, actor)


def _with_case(row: Disclosure) -> Disclosure:
    """With the case at hand; only for whoever keeps it."""
    return Disclosure.objects.select_related("referral").get(pk=row.pk)


def _facts(row: Disclosure, *, at_home: bool) -> list[dict[str, Any]]:
    facts: list[dict[str, Any]] = [
        {"label": _("Ordered by"), "value": row.get_ordered_by_display()},
        {"label": _("The order"), "value": row.order_reference},
        {"label": _("Legal basis"), "value": row.legal_basis},
        {"label": _("Covers"), "lines": [str(Section(each).label) for each in row.scope]},
        {"label": _("About"), "value": _("One person, and nobody else")},
        {
            "label": _("Entered by"),
            "value": f"{row.asked_by.display_name}, {words.moment(row.asked_at)}",
        },
        {"label": _("Until"), "value": words.day(row.expires_at)},
        {"label": _("Approver outside"), "value": str(row.second_body)},
    ]
    for label, who, body, when in (
        (_("First approval"), row.first_by, row.first_for, row.first_at),
        (_("Second approval"), row.second_by, row.second_for, row.second_at),
    ):
        if who is not None and when is not None:
            value = f"{who.display_name}, {body}, {words.moment(when)}"
            facts.append({"label": label, "value": value})
    if row.refused_by is not None:
        facts.append({"label": _("Not approved because"), "value": row.refusal})
    if row.handed_over_at is not None:
        given = [str(Section(each).label) for each in row.handed_over]
        facts.append({"label": _("Handed over"), "value": words.moment(row.handed_over_at)})
        facts.append({"label": _("What was handed over"), "lines": given})
        if at_home:
            facts.append({"label": _("To"), "value": row.handed_to})
    facts.append({"label": _("The person"), "value": _told(row)})
    return facts


def _told(row: Disclosure) -> str:
    if row.told_at is not None:
        return _("Told on %(day)s") % {"day": words.day(row.told_at)}
    if row.silence_until is not None:
        return _("May not be told before %(day)s") % {"day": words.day(row.silence_until)}
    return _("Is told before anything is handed over")


@needs(P.REFERRAL_SEE, fresh=True)
@require_http_methods(["GET", "HEAD", "POST"])
@sensitive_variables("parts")
def copy(request: HttpRequest, uuid: UUID) -> HttpResponse:
    """What the order covers, to print and hand over; logged section by section before it is read.

    Shown on a POST alone, so that nobody opens it by a link.
    """
    actor, row = acting(request), _one(request, uuid)
    if actor.organisation_id != row.kept_by_id or not services.may_hand_over(
        _with_case(row), actor
    ):
        raise PermissionDenied
    if request.method != "POST":
        return redirect("referrals:disclosure", uuid=row.uuid)
    try:
        parts = services.open_copy(disclosure=row, by=actor, at=actor.at)
    except NotAllowed as error:
        raise PermissionDenied from error
    context = {"row": row, "parts": parts, "at": actor.at}
    return render(request, "referrals/disclosure_copy.html", context)


@needs(P.REFERRAL_SEE, fresh=True)
@require_http_methods(["POST"])
def act(request: HttpRequest, uuid: UUID, name: str) -> HttpResponse:
    """Approve, refuse, record the handing over, or that the person was told."""
    if name not in ("approve", "refuse", "hand-over", "told"):
        raise Http404
    actor, row = acting(request), _one(request, uuid)
    refusal = forms.Refuse(request.POST) if name == "refuse" else None
    handing = forms.HandOver(request.POST, scope=row.scope) if name == "hand-over" else None
    form = refusal or handing
    if form is not None and not form.is_valid():
        return _show(request, row, refusal=refusal, handing=handing)
    who: dict[str, Any] = {"disclosure": row, "by": actor, "at": actor.at}
    try:
        if name == "approve":
            services.approve(**who)
        elif refusal is not None:
            services.refuse(**who, reason=refusal.cleaned_data["reason"])
        elif handing is not None:
            services.hand_over(**who, **handing.cleaned_data)
        else:
            services.tell_person(**who)
    except NotAllowed as error:
        raise PermissionDenied from error
    except (NotPossible, MissingAnswers) as error:
        if form is None:
            messages.error(request, str(error))
            return redirect("referrals:disclosure", uuid=row.uuid)
        form.add_error(None, str(error))
        return _show(request, row, refusal=refusal, handing=handing)
    messages.success(request, _("Recorded."))
    return redirect("referrals:disclosure", uuid=row.uuid)
