"""Inviting the contacts of organisations that an import entered: who they are before anybody is."""

from typing import Any
from uuid import UUID

from django import forms
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods

from common.marks import Permission, needs
from common.paging import Order, paginate
from common.templatetags.concord import moment
from common.workflow import NotPossible
from partners.access import Actor, get_or_404
from partners.models import Organisation, RegistryImport
from partners.services import import_invitations as services
from partners.services.import_invitations import Standing
from partners.views.deeds import actor_of
from partners.views.lists import columns, page_links

P = Permission
BY_NAME = Order("name", "id")
COLOURS = {
    services.READY: "blue",
    services.NO_ADDRESS: "orange",
    services.HAS_PEOPLE: "grey",
    services.OPEN: "yellow",
    services.ACCEPTED: "green",
    services.RAN_OUT: "orange",
    services.CAME_BACK: "red",
    services.IS_GONE: "grey",
}


class Narrow(forms.Form):
    """All of the import, or only those to be invited."""

    show = forms.ChoiceField(required=False)

    def __init__(self, data: Any) -> None:
        super().__init__(data)
        show = self.fields["show"]
        show.label = _("Show")
        show.choices = [("", _("All of the import")), ("open", _("Those not invited yet"))]  # type: ignore[attr-defined]


@needs(P.ORGANISATION_INVITE)
@require_http_methods(["GET", "HEAD", "POST"])
def invitations(request: HttpRequest, uuid: UUID) -> HttpResponse:
    """GET names whom the page would invite and why not the others; POST invites exactly those."""
    actor = actor_of(request)
    imported = get_or_404(RegistryImport.objects.all(), actor, uuid=uuid)
    if request.method == "POST":
        return _invite(request, actor, imported)
    form = Narrow(request.GET)
    given = form.cleaned_data if form.is_valid() else {}
    rows: Any = (
        services.uninvited(imported, actor.at)
        if given.get("show")
        else services.entered_by(imported)
    )
    page = paginate(rows.visible_to(actor), BY_NAME, cursor=request.GET.get("cursor", ""))
    decided = services.standings(page.rows, actor.at)
    ready = [each for each in page.rows if decided[each.pk].is_invitable]
    context = {
        "filter": form,
        "clear_href": request.path,
        "page": page,
        "ready": ready,
        "rows": [_row(each, decided[each.pk]) for each in page.rows],
        "columns": columns(_("Organisation"), _("Address of the table"), _("Invitation"),
                           _("What you can do")),
        "back": reverse("partners:registry-import", args=[imported.uuid]),
        "empty": {
            "title": _("Nobody is left to invite") if given.get("show")
            else _("This import added no organisation"),
            "text": _("Organisations without an e-mail address are called instead."),
        },
        **page_links(request, page),
    }  # fmt: skip
    return render(request, "partners/registry_invitations.html", context)


def _row(each: Organisation, standing: Standing) -> dict[str, Any]:
    letter = standing.invitation
    return {
        "uuid": each.uuid,
        "name": each.display_name,
        "href": reverse("partners:review", args=[each.uuid]),
        "email": each.email or "–",
        "tag": {"text": standing.words, "colour": COLOURS[standing.code]},
        "at": moment(letter.invited_at) if letter else "",
        "is_invitable": standing.is_invitable,
    }


def _invite(request: HttpRequest, actor: Actor, imported: RegistryImport) -> HttpResponse:
    given = request.POST.getlist("one") or request.POST.getlist("organisation")
    try:
        wanted = {UUID(each) for each in given}
    except ValueError:
        raise Http404 from None
    try:
        number = services.invite_contacts(
            imported=imported, organisations=wanted, by=actor, at=actor.at
        )
    except NotPossible as error:
        messages.error(request, str(error))
    else:
        text = ngettext(
            "%(n)s organisation was invited.", "%(n)s organisations were invited.", number
        )
        messages.success(request, text % {"n": number})
    return redirect(f"{request.path}?{request.GET.urlencode()}" if request.GET else request.path)
