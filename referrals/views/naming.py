"""Naming people for restricted cases of one's organisation, without opening any of them."""

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from common.marks import Permission, needs
from common.paging import Order, paginate
from common.rowlock import beyond_sight
from common.workflow import NotAllowed, NotPossible
from partners.views.lists import columns, page_links
from referrals import closing, words
from referrals.forms import protection as forms
from referrals.models import Restriction
from referrals.services import restrictions
from referrals.views.shown import acting

P = Permission
LATEST_FIRST = Order("-since_at", "-id", named_by="uuid")


@needs(P.REFERRAL_SEE)
@require_safe
@beyond_sight("the restricted cases to name people for")
def naming(request: HttpRequest) -> HttpResponse:
    """The restricted cases for which one's organisation names people: reference and how many."""
    actor = acting(request)
    if actor.organisation is None or not closing.names_people(actor):
        raise PermissionDenied
    found = Restriction.objects.to_be_named_by(actor).select_related("referral")
    page = paginate(found, LATEST_FIRST, cursor=request.GET.get("cursor", ""))
    cases = [each.referral for each in page.rows]
    numbers = closing.numbers_named(cases, actor.organisation, actor.at)
    context = {
        "page": page,
        "columns": columns(_("Reference"), _("Restricted"), _("People named")),
        "rows": [_row(each, numbers[each.referral_id]) for each in page.rows],
        "empty": {"title": _("No case is restricted")},
        **page_links(request, page),
    }
    return render(request, "referrals/naming.html", context)


def _row(restriction: Restriction, number: int) -> list[dict[str, Any]]:
    short = number < closing.ENOUGH
    return [
        {
            "text": restriction.reference,
            "href": reverse("referrals:name-people", args=[restriction.uuid]),
        },
        {"text": words.day(restriction.since_at)},
        {"text": str(number), **({"colour": "red"} if short else {})},
    ]


@needs(P.REFERRAL_SEE)
@require_http_methods(["GET", "HEAD", "POST"])
@beyond_sight("a restricted case to name people for")
def name_people(request: HttpRequest, uuid: UUID) -> HttpResponse:
    """Name people for one restricted case, or take one off. Nothing of the case is shown."""
    actor = acting(request)
    found = Restriction.objects.to_be_named_by(actor).select_related("referral").filter(uuid=uuid)
    restriction = found.first()
    organisation = actor.organisation
    if restriction is None or organisation is None:
        raise Http404
    referral = restriction.referral
    standing = closing.named(referral, organisation, actor.at)
    may_name = {*closing.namers(organisation, referral, actor.at), *(p.pk for p in standing)}
    if actor.user_id not in may_name:
        raise Http404
    others = closing.nameable(referral, organisation, actor.at)
    is_removal = request.POST.get("act") == "remove"
    posted = request.POST if request.method == "POST" else None
    add = forms.People(None if is_removal else posted, people=others, initial={"version": 1})
    remove = forms.Person(posted if is_removal else None, people=standing, initial={"version": 1})
    if posted is not None and _did(request, restriction, remove if is_removal else add):
        return redirect("referrals:name-people", uuid=restriction.uuid)
    context = {
        "restriction": restriction,
        "people": [person.display_name for person in standing],
        "is_short": len(standing) < closing.ENOUGH,
        "add": add if others else None,
        "remove": remove if len(standing) > closing.ENOUGH else None,
    }
    return render(request, "referrals/name_people.html", context)


def _did(request: HttpRequest, restriction: Restriction, form: forms.People | forms.Person) -> bool:
    actor = acting(request)
    if not form.is_valid():
        return False
    try:
        if isinstance(form, forms.People):
            restrictions.name_people(
                restriction=restriction, by=actor, at=actor.at, people=form.chosen()
            )
        else:
            restrictions.remove_person(
                restriction=restriction, by=actor, at=actor.at, person=form.chosen()
            )
    except NotAllowed as error:
        raise PermissionDenied from error
    except NotPossible as error:
        form.add_error(None, str(error))
        return False
    messages.success(request, _("Saved."))
    return True
