"""The list of referrals: one's groups' inbox, or for the co-ordination what it steers. No names."""

from typing import Any

from django import forms
from django.core.exceptions import PermissionDenied, ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.http import urlencode
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_safe

from common.country import current
from common.marks import Permission, needs
from common.paging import CappedCount, Order, paginate
from common.profile import Sight
from common.references import BadReference, parse_reference
from partners.access import Actor
from partners.views.lists import columns, page_links
from referrals import words
from referrals.choices import CLOSED_STATES, State
from referrals.clocks import decisions_due
from referrals.lists import SHOWN, given_to, inbox_counts, inbox_page, may_list, steered_page
from referrals.models import Referral
from referrals.sections import line_sight, states_asked, status
from referrals.views.shown import acting

P = Permission
GIVEN = Order("-created_at", "-id", named_by="uuid")
DECIDED = (State.PRELIM_NEGATIVE, State.CONCL_POSITIVE, State.CONCL_NEGATIVE)
AWAITED = (State.SUBMITTED, State.PRELIM_POSITIVE)
#: What is shown, by the name it has in the address: for whoever refers and for whoever decides.
Tiles = dict[str, tuple[Any, tuple[str, ...]]]
FOR_THE_REFERRER: Tiles = {
    "drafts": (gettext_lazy("Drafts"), (State.DRAFT,)),
    "waiting": (gettext_lazy("Waiting for us"), (State.RETURNED,)),
    "away": (gettext_lazy("With the authority"), AWAITED),
    "decided": (gettext_lazy("Decided"), DECIDED),
}
#: Whoever enforces the law is told of no end which one it was: there is one number for all.
FOR_LAW_ENFORCEMENT: Tiles = FOR_THE_REFERRER | {
    "decided": (gettext_lazy("Decided or closed"), (State.CONCL_POSITIVE, *CLOSED_STATES)),
}
FOR_THE_DECIDER: Tiles = {
    "waiting": (gettext_lazy("Waiting for us"), AWAITED),
    "away": (gettext_lazy("Sent back with questions"), (State.RETURNED,)),
    "decided": (gettext_lazy("Decided"), DECIDED),
}


def tiles_of(actor: Actor) -> Tiles:
    """The sets of states this actor's work falls into."""
    if not may_list(actor):
        return {}
    decides = P.REFERRAL_DECIDE in actor.permissions
    if P.REFERRAL_KEEP in actor.permissions and (
        P.REFERRAL_MAKE in actor.permissions or not decides
    ):
        return FOR_LAW_ENFORCEMENT if actor.is_enforcement else FOR_THE_REFERRER
    return FOR_THE_DECIDER


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

    def __init__(self, *args: Any, orders: bool, is_enforcement: bool, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        here = words.states_here(is_enforcement=is_enforcement)
        self.fields["state"].choices = [("", _("All states")), *here]  # type: ignore[attr-defined]
        if not orders:
            del self.fields["order"]


class FindReference(forms.Form):
    """One referral by its reference, as it was read out or written on paper."""

    reference = forms.CharField(label=gettext_lazy("Find by reference"), max_length=40)

    def clean_reference(self) -> str:
        try:
            return parse_reference(self.cleaned_data["reference"])
        except BadReference as error:
            raise ValidationError(str(error)) from None


@needs(P.SIGNED_IN)
@require_safe
def inbox(request: HttpRequest) -> HttpResponse:
    """The referrals one's groups work on; for the co-ordination the header of those sent here."""
    actor = acting(request)
    sees_cases = may_list(actor)
    if not sees_cases and P.REFERRAL_STEER not in actor.permissions:
        raise PermissionDenied
    find = FindReference(request.GET if "reference" in request.GET else None)
    if find.is_bound and (found := _found(find, actor)):
        return redirect("referrals:detail", uuid=found.uuid)
    tiles = tiles_of(actor)
    show = request.GET.get("show", "")
    form = InboxFilter(request.GET, orders=sees_cases, is_enforcement=actor.is_enforcement)
    chosen = form.cleaned_data if form.is_valid() else {}
    cursor = request.GET.get("cursor", "")
    state = chosen.get("state", "")
    counts: dict[str, CappedCount] = {}
    if sees_cases:
        asked = states_asked(actor, [state] if state else [])
        states = asked or (tiles[show][1] if show in tiles else ())
        shown = {"order": chosen.get("order") or "received", "states": states}
        sets = {name: states_of for name, (_label, states_of) in tiles.items()}
        counts = inbox_counts(actor, sets, shown=shown)
        page = inbox_page(actor, cursor=cursor, count=counts[SHOWN], **shown)
        rows = [(line.referral, line.due_at) for line in page.rows]
    else:
        page = steered_page(actor, cursor=cursor, status=state)
        due = decisions_due(page.rows)
        rows = [(referral, due.get(referral.uuid)) for referral in page.rows]
    context = {
        "tiles": _tiles(tiles if sees_cases else {}, counts),
        "find": find,
        "filter": form,
        "clear_href": reverse("referrals:inbox"),
        "page": page,
        "can_make": P.REFERRAL_MAKE in actor.permissions,
        "sees_cases": sees_cases,
        "can_break": P.EMERGENCY_REVIEW in actor.permissions,
        "names_people": P.MEMBERSHIP_MANAGE in actor.permissions and sees_cases,
        "can_export": P.REFERRAL_EXPORT in actor.permissions,
        "columns": _columns(actor),
        "rows": _rows(rows, actor),
        "empty": _empty(actor, is_narrowed=bool(show or any(chosen.values()))),
        "hides_caption": show not in tiles,
        "caption": str(tiles[show][0]) if show in tiles else _("Referrals"),
        **page_links(request, page),
    }
    return render(request, "referrals/inbox.html", context)


@needs(P.REFERRAL_SEE)
@require_safe
def in_person(request: HttpRequest) -> HttpResponse:
    """What is open to this person alone: restricted cases, emergency access."""
    actor = acting(request)
    page = paginate(given_to(actor), GIVEN, cursor=request.GET.get("cursor", ""))
    context = {
        "page": page,
        "columns": _columns(actor),
        "rows": _rows([(each, None) for each in page.rows], actor),
        "empty": {
            "title": _("Nothing is open to you alone"),
            "text": _("A restricted case for which you are named is found here and nowhere else."),
        },
        **page_links(request, page),
    }
    return render(request, "referrals/in_person.html", context)


def _found(form: FindReference, actor: Actor) -> Referral | None:
    """The referral of that reference, if it is visible; what is not does not exist."""
    if not form.is_valid():
        return None
    named = Referral.objects.visible_to(actor).filter(reference=form.cleaned_data["reference"])
    found = named.first()
    if found is None:
        form.add_error("reference", _("No referral with this reference is open to you."))
    return found


def _tiles(tiles: Tiles, counts: dict[str, CappedCount]) -> list[dict[str, Any]]:
    """What the inbox holds, counted; each a link to what it counts."""
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
            words.state_tag(status(actor, referral)),
            {"text": words.day(referral.received_at or referral.created_at)},
        ]
        of_this = sees & line_sight(actor, referral)
        if Sight.CLOCKS in sees:
            row.append(_due(due_at if Sight.CLOCKS in of_this else None, actor, calendar))
        if Sight.ORGANISATIONS in sees:
            shows_who = Sight.ORGANISATIONS in of_this
            row.append({"text": _other_side(referral, actor) if shows_who else "–"})
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
    if P.REFERRAL_KEEP in actor.permissions and P.REFERRAL_DECIDE not in actor.permissions:
        return {
            "title": _("Your organisation keeps no referral"),
            "text": _("Only a first responder begins one; the co-ordination admits to that."),
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
