"""What the pages of agreements, protocols and access share: one form page, and doing an act."""

from collections.abc import Callable
from typing import Any
from uuid import UUID

from django import forms
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _

from accounts import kept
from common.forms import put_in
from common.workflow import MissingAnswers, NotAllowed, NotPossible, Stale
from partners.access import Actor

TOKEN = "csrfmiddlewaretoken"  # noqa: S105 - the name of a field


def actor_of(request: HttpRequest) -> Actor:
    """Who asks."""
    actor: Actor = request.actor  # type: ignore[attr-defined]
    return actor


def typed(request: HttpRequest) -> Any:
    """What was posted, or None where the page is only looked at."""
    return request.POST if request.method == "POST" else None


def form_page(
    request: HttpRequest,
    *,
    form: forms.Form,
    title: str,
    button: str,
    back: str,
    about: str = "",
    lines: list[str] | None = None,
    warning: str = "",
    template: str = "partners/deed_form.html",
    **more: Any,
) -> HttpResponse:
    """A page that asks something: what it is about, what follows, the form, and a way back."""
    if request.method != "POST":
        put_in(form, kept.restore(request))
    context = {
        "form": form,
        "title": title,
        "about": about,
        "button": button,
        "back": back,
        "lines": lines or [],
        "warning": warning,
        **more,
    }
    return render(request, template, context)


def done(request: HttpRequest, act: Callable[[], Any], words: str) -> bool:
    """Do it and say so; False with the reason where it is not possible. 403 where not allowed."""
    try:
        act()
    except NotAllowed as error:
        raise PermissionDenied(str(error)) from error
    except (NotPossible, MissingAnswers, Stale) as error:
        messages.error(request, str(error))
        return False
    kept.discard(request)
    if words:
        messages.success(request, words)
    return True


def conflict(
    request: HttpRequest, *, rows: list[dict[str, Any]], version: int, back: str
) -> HttpResponse:
    """409: what was typed and what is there now; what was posted can be sent again over it."""
    posted = {name: values for name, values in request.POST.lists() if name != TOKEN}
    posted["version"] = [str(version)]
    again = [(name, value) for name, values in posted.items() for value in values]
    context = {"rows": rows, "again": again, "back": back, "action": request.path}
    return render(request, "partners/deed_conflict.html", context, status=409)


def differences(
    labels: dict[str, Any], mine: dict[str, Any], theirs: dict[str, Any]
) -> list[dict[str, Any]]:
    """Where the two differ, as components/differences.html takes it."""
    return [
        {"label": labels[name], "mine": _lines(mine[name]), "theirs": _lines(theirs[name])}
        for name in mine
        if mine[name] != theirs[name]
    ]


def _lines(value: Any) -> list[str]:
    if value in (None, ""):
        return []
    return str(value if not isinstance(value, bool) else _("Yes") if value else _("No")).split("\n")


def as_uuid(text: str) -> UUID:
    """What a button names: the key of a row. Raises Http404 for what is none."""
    try:
        return UUID(text)
    except ValueError as error:
        raise Http404 from error
