"""Emergency access in pages: asking, the second person, the list, the review."""

from typing import Any
from uuid import UUID

from django.conf import settings
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from common.marks import Permission, needs
from common.paging import Order, paginate
from common.rowlock import beyond_sight
from common.workflow import MissingAnswers, NotAllowed, NotPossible
from partners.access import Actor, get_or_404
from partners.views.lists import columns, page_links
from referrals import words
from referrals.choices import ReviewOutcome
from referrals.forms import emergency as forms
from referrals.models import EmergencyAccess, Referral
from referrals.services import emergency as services
from referrals.views.shown import acting

P = Permission
LATEST_FIRST = Order("-asked_at", "-id", named_by="uuid")


@needs(P.EMERGENCY_REVIEW)
@require_safe
def accesses(request: HttpRequest) -> HttpResponse:
    """What was opened in an emergency, as far as one has to do with it, latest first."""
    actor = acting(request)
    found = EmergencyAccess.objects.visible_to(actor).select_related("asked_by", "asked_for")
    page = paginate(found, LATEST_FIRST, cursor=request.GET.get("cursor", ""))
    shown = _cases_shown(page.rows, actor)
    context = {
        "page": page,
        "may_ask": P.EMERGENCY_ACCESS in actor.permissions and not actor.is_enforcement,
        "columns": columns(_("When"), _("By"), _("Reference"), _("Why"), _("State")),
        "rows": [_row(each, actor, shown) for each in page.rows],
        "empty": {
            "title": _("Nothing was opened in an emergency"),
            "text": _("When a case you have to do with is, you get a notice and find it here."),
        },
        **page_links(request, page),
    }
    return render(request, "referrals/emergencies.html", context)


def _cases_shown(rows: Any, actor: Actor) -> set[UUID]:
    """The cases the actor may know of by their reference: one's own request, or one's own sight."""
    uuids = [each.case_uuid for each in rows]
    visible = Referral.objects.visible_to(actor).filter(uuid__in=uuids)
    mine = {each.case_uuid for each in rows if each.asked_by_id == actor.user_id}
    return mine | set(visible.values_list("uuid", flat=True))


def _row(access: EmergencyAccess, actor: Actor, shown: set[UUID]) -> list[dict[str, Any]]:
    return [
        {
            "text": words.moment(access.asked_at),
            "href": reverse("referrals:emergency-access", args=[access.uuid]),
        },
        {"text": f"{access.asked_by.display_name}, {access.asked_for.display_name}"},
        {"text": access.reference if access.case_uuid in shown else "–"},
        {"text": access.get_reason_code_display()},
        _state(access, actor),
    ]


def _state(access: EmergencyAccess, actor: Actor) -> dict[str, str]:
    if access.refused_at is not None:
        return {"text": _("Refused"), "colour": "grey"}
    if access.opened_at is None:
        return {"text": _("Waits for a second person"), "colour": "orange"}
    if access.reviewed_at is not None:
        is_misuse = access.outcome == ReviewOutcome.MISUSE
        label = ReviewOutcome(access.outcome).label
        return {"text": str(label), "colour": "red" if is_misuse else "green"}
    if access.review_due_at is not None and access.review_due_at <= actor.at:
        return {"text": _("Review is late"), "colour": "red"}
    return {"text": _("Waits for review"), "colour": "orange"}


@needs(P.EMERGENCY_ACCESS, fresh=True)
@require_http_methods(["GET", "HEAD", "POST"])
def ask(request: HttpRequest) -> HttpResponse:
    """Say which case and why; it opens for a short time, or waits for the second person."""
    actor = acting(request)
    if actor.is_enforcement:
        raise PermissionDenied
    form = forms.AskForAccess(request.POST if request.method == "POST" else None)
    if form.is_bound and form.is_valid():
        try:
            access = services.ask(by=actor, at=actor.at, **form.cleaned_data)
        except (NotPossible, MissingAnswers, NotAllowed) as error:
            form.add_error(None, str(error))
        else:
            if access.opened_at is None:
                messages.info(request, _("This case takes two people. The other one was asked."))
                return redirect("referrals:emergency-access", uuid=access.uuid)
            text = _("The case is open to you for %(minutes)s minutes.") % {"minutes": _minutes()}
            messages.success(request, text)
            return redirect("referrals:detail", uuid=access.case_uuid)
    context = {"form": form, "minutes": _minutes()}
    return render(request, "referrals/emergency_ask.html", context)


def _minutes() -> int:
    """How long an emergency opens a case."""
    return round(settings.EMERGENCY_ACCESS_FOR.total_seconds() / 60)


@needs(P.EMERGENCY_REVIEW)
@require_http_methods(["GET", "HEAD", "POST"])
def access(request: HttpRequest, uuid: UUID) -> HttpResponse:
    """One emergency access: who, when, why, what a review found; and the review itself."""
    actor = acting(request)
    row = _one(request, uuid)
    can_review = services.may_review(row, actor)
    form = forms.Review(request.POST if request.method == "POST" else None) if can_review else None
    if request.method == "POST":
        if form is None:
            raise PermissionDenied
        if form.is_valid() and _reviewed(request, row, form):
            return redirect("referrals:emergency-access", uuid=row.uuid)
    shown = row.case_uuid in _cases_shown([row], actor)
    is_open = row.until_at is not None and row.until_at > actor.at
    context = {
        "row": row,
        "state": _state(row, actor),
        "facts": _facts(row, shown=shown),
        "form": form,
        "may_agree": services.may_agree(row, actor),
        "minutes": _minutes(),
        "case": row.case_uuid if shown and (row.asked_by_id != actor.user_id or is_open) else None,
    }
    return render(request, "referrals/emergency_access.html", context)


@beyond_sight("an emergency access, without the case")
def _one(request: HttpRequest, uuid: UUID) -> EmergencyAccess:
    rows = EmergencyAccess.objects.select_related(
        "asked_by", "asked_for", "agreed_by", "agreed_for", "kept_by", "reviewed_by",
        "reviewed_for", "referral",
    )  # fmt: skip
    return get_or_404(rows, acting(request), uuid=uuid)


def _facts(row: EmergencyAccess, *, shown: bool) -> list[dict[str, Any]]:
    facts = [
        {"label": _("Reference"), "value": row.reference if shown else _("Not open to you")},
        {"label": _("Asked by"), "value": f"{row.asked_by.display_name}, {row.asked_for}"},
        {"label": _("Asked"), "value": words.moment(row.asked_at)},
        {"label": _("Emergency"), "value": row.get_reason_code_display()},
        {"label": _("Why it could not wait"), "value": row.reason},
    ]
    if row.agreed_by is not None:
        who = f"{row.agreed_by.display_name}, {row.agreed_for}"
        facts.append({"label": _("Second person"), "value": who})
    if row.opened_at is not None and row.until_at is not None:
        facts.append({"label": _("Open until"), "value": words.moment(row.until_at)})
    if row.review_due_at is not None and row.reviewed_at is None:
        facts.append({"label": _("Review due"), "value": words.moment(row.review_due_at)})
    if row.reviewed_at is not None:
        facts.append({"label": _("Reviewed for"), "value": str(row.reviewed_for)})
        facts.append({"label": _("What the review found"), "value": row.finding})
    return facts


def _reviewed(request: HttpRequest, row: EmergencyAccess, form: forms.Review) -> bool:
    actor = acting(request)
    try:
        services.review(access=row, by=actor, at=actor.at, **form.cleaned_data)
    except NotAllowed as error:
        raise PermissionDenied from error
    except (NotPossible, MissingAnswers) as error:
        form.add_error(None, str(error))
        return False
    messages.success(request, _("The review is recorded."))
    return True


@needs(P.EMERGENCY_REVIEW, fresh=True)
@require_POST
def answer(request: HttpRequest, uuid: UUID, name: str) -> HttpResponse:
    """The second person agrees or refuses."""
    done = {"agree": services.agree, "refuse": services.refuse}.get(name)
    if done is None:
        raise Http404
    actor, row = acting(request), _one(request, uuid)
    try:
        done(access=row, by=actor, at=actor.at)
    except NotAllowed as error:
        raise PermissionDenied from error
    except NotPossible as error:
        messages.error(request, str(error))
    else:
        messages.success(request, _("Your answer is recorded."))
    return redirect("referrals:emergency-access", uuid=uuid)
