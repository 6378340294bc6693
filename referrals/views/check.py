"""Before and after sending: check your answers, see the packet as it will be read, what is next."""

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from accounts import kept
from common.forms import put_in
from common.marks import Permission, needs
from common.workflow import NotAllowed, NotPossible, Stale
from partners.reach import whom_to_call
from referrals import packets, words
from referrals.answers import NEEDED, missing_to_send
from referrals.choices import AT_HOME, Basis, State
from referrals.forms.consent import said_to_consent
from referrals.forms.log import Send
from referrals.models import Referral
from referrals.services import identity as identity_services
from referrals.services import referrals as services
from referrals.views.log import PAGES
from referrals.views.shown import acting, conflict, happened_last, permitted, visible
from referrals.workflow import referral_workflow

P = Permission
#: The answers of each page, as the check page lists them.
LISTED: dict[str, tuple[str, ...]] = {
    "person": ("is_child_now", "age_at_exploitation", "gender", "nationalities", "language"),
    "what": ("exploitation", "place", "region", "means", "indicators"),
    "story": ("narrative",),
    "recipient": ("authority",),
}


@needs(P.REFERRAL_KEEP)
@require_http_methods(["GET", "HEAD", "POST"])
def check(request: HttpRequest, uuid: UUID) -> HttpResponse:
    """Every answer with a way to change it, the packet as it will be read, and sending it."""
    referral = permitted(request, uuid, P.REFERRAL_KEEP)
    if referral.state == State.RETURNED:
        return redirect("referrals:act", uuid=referral.uuid, name="answer")
    if referral.state != State.DRAFT:
        return redirect("referrals:detail", uuid=referral.uuid)
    strikable = packets.strikable()
    if request.method == "POST":
        form = Send(request.POST, strikable=strikable)
        if form.is_valid():
            return _send(request, referral, form)
    else:
        form = Send(initial={"version": referral.version}, strikable=strikable)
        put_in(form, kept.restore(request))
    return _show(request, referral, form)


def _show(request: HttpRequest, referral: Referral, form: Send) -> HttpResponse:
    actor = acting(request)
    offered = {t.name: (t, d) for t, d in referral_workflow().available(referral, actor)}
    transition, decision = offered["send"]
    sends = P.REFERRAL_MAKE in actor.permissions
    packet: tuple[packets.Shown, ...] = ()
    if decision:
        packet = identity_services.packet_preview(referral=referral, by=actor, at=actor.at)
    out = form["struck"].value() or []
    context = {
        "referral": referral,
        "form": form,
        "cards": _cards(referral),
        "is_possible": bool(decision),
        "reason": str(decision.reason) if sends else _no_longer_refers(),
        "label": transition.title,
        "packet": [(line, line.name in out) for line in packet],
    }
    return render(request, "referrals/check.html", context)


def _no_longer_refers() -> str:
    return _(
        "Your organisation is not a first responder any more, so it cannot send this. The draft "
        "stays in your file; ask an organisation that refers to take it from here."
    )


def _cards(referral: Referral) -> list[dict[str, Any]]:
    """The pages with their answers, as components/summary_list.html takes them."""
    missing = missing_to_send(referral)
    cards = []
    for slug, title, _needed in PAGES:
        href = reverse("referrals:log-page", args=[referral.uuid, slug]) + "?from=check"
        match slug:
            case "consent":
                rows = [_consent_row(referral, href)]
            case "identity":
                rows = [_identity_row(referral, href)]
            case _:
                rows = [_row(referral, name, href, missing) for name in LISTED[slug]]
        cards.append({"title": title, "rows": rows})
    return cards


def _row(referral: Referral, name: str, href: str, missing: tuple[str, ...]) -> dict[str, Any]:
    field = Referral._meta.get_field(name) if name != "narrative" else None
    label = str(field.verbose_name) if field else _("account")  # type: ignore[union-attr]
    row: dict[str, Any] = {"label": label[:1].upper() + label[1:], "href": href}
    if name in NEEDED and name in missing:
        return row | {"value": _("Answer missing"), "colour": "yellow", "action": _("Answer")}
    return row | {"lines": words.answer_lines(name, getattr(referral, name))}


def _consent_row(referral: Referral, href: str) -> dict[str, Any]:
    row: dict[str, Any] = {"label": _("On what it is sent"), "href": href}
    if referral.basis:
        return row | {"value": str(Basis(referral.basis).label)}
    said = {"no": _("The person said no"), "not_now": _("Not now")}
    text = said.get(said_to_consent(referral), _("Answer missing"))
    return row | {"value": text, "colour": "yellow", "action": _("Answer")}


def _identity_row(referral: Referral, href: str) -> dict[str, Any]:
    row: dict[str, Any] = {"label": _("Name and safe contact"), "href": href}
    return row | {"value": _("Sealed") if identity_services.has_identity(referral) else ""}


# --- sending --------------------------------------------------------------------------------------


def _send(request: HttpRequest, referral: Referral, form: Send) -> HttpResponse:
    actor = acting(request)
    here = reverse("referrals:check", args=[referral.uuid])
    given = form.cleaned_data
    try:
        services.send_referral(
            referral=referral,
            by=actor,
            at=actor.at,
            version=given["version"],
            struck=given["struck"],
        )
    except NotAllowed:
        raise PermissionDenied from None
    except Stale as error:
        current: Any = error.current
        return conflict(
            request, referral=current, back=here, happened=happened_last(current, actor)
        )
    except NotPossible as error:
        messages.error(request, str(error))
        return redirect(here)
    kept.discard(request)
    return redirect("referrals:sent", uuid=referral.uuid)


@needs(P.REFERRAL_KEEP)
@require_safe
def sent(request: HttpRequest, uuid: UUID) -> HttpResponse:
    """That it was sent: its reference, what happens next and by when, whom to call."""
    referral = visible(request, uuid)
    if referral.state in AT_HOME:
        return redirect("referrals:log", uuid=referral.uuid)
    if referral.state != State.SUBMITTED:
        return redirect("referrals:detail", uuid=referral.uuid)
    context = {
        "referral": referral,
        "steps": words.waiting_for(referral),
        "call": whom_to_call(referral.authority, acting(request)),
    }
    return render(request, "referrals/sent.html", context)
