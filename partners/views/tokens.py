"""Tokens of the organisation acted for: the keys with which its programs read the API.

A token's text is shown once, on the page that answers its making, and is kept nowhere.
"""

from datetime import timedelta
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.debug import sensitive_variables
from django.views.decorators.http import require_http_methods, require_POST

from accounts.models import ApiToken
from common.marks import Permission, needs
from common.paging import Order, paginate
from partners.access import Actor, permissions_of
from partners.forms.tokens import SCOPE_LABELS, IssueToken
from partners.models import Membership
from partners.services import tokens as services
from partners.views import shown
from partners.views.lists import columns, page_links

P = Permission
NEWEST_FIRST = Order("-issued_at", "-uuid")


def _tokens(actor: Actor) -> QuerySet[ApiToken]:
    """Every token of the organisation acted for, ended ones too: who used it stays known."""
    here = Membership.objects.filter(organisation_id=actor.organisation_id)
    return ApiToken.objects.filter(membership_uuid__in=here.values("uuid"))


def _membership(actor: Actor) -> Membership:
    """The membership a new token acts for: the one by which the actor may issue it."""
    for membership in actor.memberships:
        if P.TOKEN_MANAGE in permissions_of([membership], actor.at):
            return membership
    raise PermissionDenied


@needs(P.TOKEN_MANAGE, fresh=True)
@require_http_methods(["GET", "HEAD", "POST"])
@sensitive_variables("text")
def tokens(request: HttpRequest) -> HttpResponse:
    """The tokens there are, and making one, whose text is on this answer and never again."""
    actor: Actor = request.actor  # type: ignore[attr-defined]
    form = IssueToken(request.POST if request.method == "POST" else None)
    text = _issue(form, actor) if form.is_valid() else ""
    page = paginate(_tokens(actor), NEWEST_FIRST, cursor=request.GET.get("cursor", ""))
    working = set(
        Membership.objects.active(actor.at)
        .filter(uuid__in=[token.membership_uuid for token in page.rows])
        .values_list("uuid", flat=True)
    )
    context = {
        "form": IssueToken() if text else form,
        "text": text,
        "page": page,
        "columns": columns(
            _("What it is for"),
            _("What it may do"),
            _("Last used"),
            _("State"),
            _("What you can do"),
        ),
        "rows": [_row(token, actor, working) for token in page.rows],
        "empty": {
            "title": _("No program has access"),
            "text": _("A token lets a program of yours in, such as a case system or an intranet."),
        },
        **page_links(request, page),
    }
    return render(request, "partners/tokens.html", context)


def _issue(form: IssueToken, actor: Actor) -> str:
    """The text of the new token; "" with the reason on the form where there is none."""
    given = form.cleaned_data
    try:
        _token, text = services.issue(
            membership_uuid=_membership(actor).uuid,
            name=given["name"],
            scopes=given["scopes"],
            expires_at=actor.at + timedelta(days=given["days"]),
            by=actor,
            at=actor.at,
        )
    except ValidationError as error:
        form.add_error(None, error.messages)  # type: ignore[arg-type]
        return ""
    return text


def _row(token: ApiToken, actor: Actor, working: set[UUID]) -> dict[str, Any]:
    if token.revoked_at is not None:
        tag = {"text": _("Taken back"), "colour": "grey"}
    elif token.expiry is None or token.expiry <= actor.at:
        tag = {"text": _("Ran out"), "colour": "grey"}
    elif token.membership_uuid not in working:
        tag = {"text": _("Closed: its issuer left"), "colour": "orange"}
    else:
        tag = {"text": _("Works"), "colour": "green"}
    return {
        "name": token.name,
        "scopes": [str(SCOPE_LABELS.get(Permission(scope), scope)) for scope in token.scopes],
        "used": shown.day(token.last_used_at),
        "until": shown.day(token.expiry),
        "tag": tag,
        "action": reverse("partners:token-revoke", args=[token.uuid])
        if token.revoked_at is None
        else "",
    }


@needs(P.TOKEN_MANAGE, fresh=True)
@require_POST
def revoke(request: HttpRequest, uuid: UUID) -> HttpResponse:
    """End a token of the organisation at once, whoever issued it."""
    actor: Actor = request.actor  # type: ignore[attr-defined]
    token = _tokens(actor).filter(uuid=uuid).first()
    if token is None:
        raise Http404
    services.revoke(token=token, by=actor, at=actor.at)
    messages.success(request, _("Taken back. The program no longer has access."))
    return redirect("partners:tokens")
