"""The list of referrals: one's groups' inbox, or for the co-ordination what it steers. No names."""

from typing import Any

from django import forms
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.http import urlencode
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_safe

from common.country import current
from common.marks import Permission, needs
from common.profile import Sight
from partners.access import Actor
from partners.views.lists import columns, page_links
from referrals import words
from referrals.choices import State
from referrals.clocks import decisions_due
from referrals.lists import inbox_counts, inbox_page, may_list, steered_page
from referrals.models import Referral
from referrals.views.shown import acting

P = Permission
DECIDED = (State.PRELIM_NEGATIVE, State.CONCL_POSITIVE, State.CONCL_NEGATIVE)
AWAITED = (State.SUBMITTED, State.PRELIM_POSITIVE)
#: What is shown, by the name it has in the address: for whoever refers and for whoever decides.
FOR_THE_REFERRER: dict[str, tuple[Any, tuple[State, ...]]] = {
    "drafts": (gettext_lazy("Drafts"), (State.DRAFT,)),
    "waiting": (gettext_lazy("Waiting for us"), (State.RETURNED,)),
    "away": (gettext_lazy("With the authority"), AWAITED),
    "decided": (gettext_lazy("Decided"), DECIDED),
}
FOR_THE_DECIDER: dict[str, tuple[Any, tuple[State, ...]]] = {
    "waiting": (gettext_lazy("Waiting for us"), AWAITED),
    "away": (gettext_lazy("Sent back with questions"), (State.RETURNED,)),
    "decided": (gettext_lazy("Decided"), DECIDED),
}


def tiles_of(actor: Actor) -> dict[str, tuple[Any, tuple[State, ...]]]:
    """The sets of states this actor's work falls into."""
    if P.REFERRAL_MAKE in actor.permissions:
        return FOR_THE_REFERRER
    return FOR_THE_DECIDER if may_list(actor) else {}


class InboxFilter(forms.Form):
    """One state, in the country's words, and for one's own inbox the order."""

    state = forms.ChoiceField(label=_("State"), required=False)
    order = forms.ChoiceField(
        label=gettext_lazy("Order"),
        choices=[
            ("", gettext_lazy("Newest first")),
            ("due", gettext_lazy("With a deadline, next first")),
        ],
        required=False,
    )

    def __init__(self, *args: Any, orders: bool, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        states = [("", _("All states")), *words.states_here()]
        self.fields["state"].choices = states  # type: ignore[attr-defined]
        if not orders:
            del self.fields["order"]


@needs(P.SIGNED_IN)
@require_safe
def inbox(request: HttpRequest) -> HttpResponse:
    """The referrals one's groups work on; for the co-ordination the header of those sent here."""
    actor = acting(request)
    sees_cases = may_list(actor)
    if not sees_cases and P.REFERRAL_STEER not in actor.permissions:
        raise PermissionDenied
    tiles = tiles_of(actor)
    show = request.GET.get("show", "")
    form = InboxFilter(request.GET, orders=sees_cases)
    chosen = form.cleaned_data if form.is_valid() else {}
    cursor = request.GET.get("cursor", "")
    if sees_cases:
        states = () if chosen.get("state") or show not in tiles else tiles[show][1]
        page = inbox_page(
            actor,
            order=chosen.get("order") or "received",
            cursor=cursor,
            status=chosen.get("state", ""),
            states=states,
        )
        rows = [(line.referral, line.due_at) for line in page.rows]
    else:
        page = steered_page(actor, cursor=cursor, status=chosen.get("state", ""))
        due = decisions_due(page.rows)
        rows = [(referral, due.get(referral.uuid)) for referral in page.rows]
    context = {
        "tiles": _tiles(actor, show),
        "filter": form,
        "clear_href": reverse("referrals:inbox"),
        "page": page,
        "can_make": P.REFERRAL_MAKE in actor.permissions,
        "columns": _columns(actor),
        "rows": _rows(rows, actor),
        "empty": _empty(actor, is_narrowed=bool(show or any(chosen.values()))),
        "hides_caption": show not in tiles,
        "caption": str(tiles[show][0]) if show in tiles else _("Referrals"),
        **page_links(request, page),
    }
    return render(request, "referrals/inbox.html", context)


def _tiles(actor: Actor, show: str) -> list[dict[str, Any]]:
    """What the inbox holds, counted; each a link to what it counts."""
    tiles = tiles_of(actor)
    counts = inbox_counts(actor, {name: states for name, (_label, states) in tiles.items()})
    return [
        {
            "label": str(label),
            "count": counts[name],
            "href": f"{reverse('referrals:inbox')}?{urlencode({'show': name})}",
            "tone": "soon" if name == "waiting" and counts[name].number else "",
        }
        for name, (label, _states) in tiles.items()
    ]


# --- rows -----------------------------------------------------------------------------------------


def _shows(actor: Actor) -> frozenset[Sight]:
    """What of each line is shown: all of it, or what the country lets a co-ordination see."""
    return frozenset(Sight) if may_list(actor) else current().co_ordinator_sees


def _columns(actor: Actor) -> list[dict[str, str]]:
    sees = _shows(actor)
    labels = [_("Reference"), _("State"), _("Since")]
    if Sight.CLOCKS in sees:
        labels.append(_("Due"))
    if Sight.ORGANISATIONS in sees:
        labels.append(_("Organisation"))
    return columns(*labels)


def _rows(pairs: list[tuple[Referral, Any]], actor: Actor) -> list[list[dict[str, Any]]]:
    sees, calendar = _shows(actor), words.days_around(actor.at) if pairs else None
    rows = []
    for referral, due_at in pairs:
        href = reverse("referrals:detail", args=[referral.uuid])
        row: list[dict[str, Any]] = [
            {"text": referral.reference, "href": href},
            words.state_tag(referral.state),
            {"text": words.day(referral.received_at or referral.created_at)},
        ]
        if Sight.CLOCKS in sees:
            row.append(_due(due_at, actor, calendar))
        if Sight.ORGANISATIONS in sees:
            row.append({"text": _other_side(referral, actor)})
        rows.append(row)
    return rows


def _due(due_at: Any, actor: Actor, calendar: Any) -> dict[str, Any]:
    if due_at is None:
        return {"text": "–"}
    text, colour = words.left(due_at, actor.at, calendar)
    return {"text": text, "colour": colour, "note": words.day(due_at)}


def _other_side(referral: Referral, actor: Actor) -> str:
    """Whom one deals with: of one's own referral whom it went to, else who made it."""
    if referral.first_responder_id == actor.organisation_id:
        return referral.authority.display_name if referral.authority else "–"
    return referral.first_responder.display_name


def _empty(actor: Actor, *, is_narrowed: bool) -> dict[str, str]:
    """What to do now, for each role."""
    if is_narrowed:
        return {
            "title": _("No referral is in this state"),
            "text": _("Choose another state above."),
            "href": reverse("referrals:inbox"),
            "label": _("Show all"),
        }
    if P.REFERRAL_MAKE in actor.permissions:
        return {
            "title": _("No referrals yet"),
            "text": _("Begin one: at most 12 answers are needed, and nothing is sent by itself."),
            "href": reverse("referrals:new"),
            "label": _("New referral"),
        }
    if P.REFERRAL_DECIDE in actor.permissions:
        return {
            "title": _("No referral has been sent to you"),
            "text": _("When one is, you get a notice and find it here."),
        }
    return {
        "title": _("No referral has been sent yet"),
        "text": _("You will see where each one stands, never what is in it."),
    }
