"""Awards in pages: the list, and one award with its money, from either side."""

from typing import Any
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_safe

from common.country import local_day
from common.marks import Permission, needs
from common.paging import Order, paginate
from funding import money_clocks as clocks
from funding.amounts import written
from funding.models import Award, Instalment, Payment
from funding.money_access import who_could_be_second
from funding.money_choices import AwardState, ChangeState, InstalmentState
from funding.money_filters import AwardFilter
from funding.money_workflow import AWARD, INSTALMENT, missing
from partners.access import Actor, get_or_404, may
from partners.views import shown
from partners.views.deeds import actor_of
from partners.views.lists import columns, page_links

P = Permission
S = AwardState
AWARDS_LATEST_FIRST = Order("-proposed_at", "-id")
STATE_COLOURS = {
    S.PROPOSED: "grey",
    S.AWAITS_SECOND: "blue",
    S.IN_FORCE: "green",
    S.ENDED: "grey",
    S.CANCELLED: "red",
    S.REFUSED: "red",
}
INSTALMENT_COLOURS = {
    InstalmentState.PLANNED: "grey",
    InstalmentState.DUE: "blue",
    InstalmentState.PAID: "green",
    InstalmentState.CANCELLED: "grey",
}
CHANGE_COLOURS = {
    ChangeState.PROPOSED: "blue",
    ChangeState.IN_FORCE: "green",
    ChangeState.DROPPED: "grey",
}
#: Acts of the table that people do, each on its own page.
SPOKEN = ("send", "approve", "approve_above", "refuse", "refuse_above", "cancel")


def tag(state: str) -> dict[str, str]:
    """A state as components/tag.html takes it."""
    known = S(state)
    return {"text": str(known.label), "colour": STATE_COLOURS[known]}


def act_of(award: Award, name: str) -> str:
    return reverse("funding:award-act", args=[award.uuid, name])


def numbers(*labels: str) -> list[dict[str, Any]]:
    """Headings of columns of amounts."""
    return [{"label": label, "is_number": True} for label in labels]


# --- the list -------------------------------------------------------------------------------------


@needs(P.FUNDING_SEE)
@require_safe
def awards(request: HttpRequest) -> HttpResponse:
    """The awards this actor sees, the latest first."""
    actor = actor_of(request)
    seen = Award.objects.visible_to(actor).select_related("recipient", "funder")
    narrowed = AwardFilter(request.GET, queryset=seen, actor=actor)
    page = paginate(narrowed.qs, AWARDS_LATEST_FIRST, cursor=request.GET.get("cursor", ""))
    context = {
        "filter": narrowed.form,
        "page": page,
        "columns": award_columns(),
        "rows": [award_row(each) for each in page.rows],
        "empty": _nothing(actor, is_narrowing=narrowed.is_narrowing),
        "clear_href": reverse("funding:awards"),
        "acts": _list_acts(actor),
        **page_links(request, page),
    }
    return render(request, "funding/awards.html", context)


def award_columns() -> list[dict[str, Any]]:
    """Headings of a list of awards."""
    return [
        *columns(_("Award"), _("From"), _("To"), _("State")),
        *numbers(_("Amount"), _("Paid")),
        *columns(_("Until")),
    ]


def award_row(each: Award) -> list[dict[str, Any]]:
    """An award as a row of a list."""
    return [
        {"text": each.title, "href": each.get_absolute_url(), "note": each.reference},
        {"text": each.funder.display_name},
        {"text": each.recipient.display_name},
        tag(each.state),
        {"text": written(each.amount, each.currency)},
        {"text": written(each.paid, each.currency)},
        {"text": shown.date(each.until_on)},
    ]


def _nothing(actor: Actor, *, is_narrowing: bool) -> dict[str, str]:
    if is_narrowing:
        return {
            "title": _("No award matches"),
            "text": _("Take away one of the filters."),
            "href": reverse("funding:awards"),
            "label": _("Show all awards"),
        }
    empty = {
        "title": _("No award yet"),
        "text": _("An award stands here once your organisation makes or receives one."),
    }
    if P.FUNDING_KEEP in actor.permissions:
        empty |= {"href": reverse("funding:funds"), "label": _("See our funds")}
    return empty


def _list_acts(actor: Actor) -> list[dict[str, str]]:
    acts = [(_("All grants, as they are published"), "funding:grants")]
    if P.FUNDING_KEEP in actor.permissions:
        acts.insert(0, (_("Our funds"), "funding:funds"))
    return [{"label": label, "href": reverse(name), "kind": "secondary"} for label, name in acts]


# --- one award ------------------------------------------------------------------------------------


@needs(P.FUNDING_SEE)
@require_safe
def award(request: HttpRequest, uuid: UUID) -> HttpResponse:
    """One award: what was promised, what was paid, when the rest is due, and what can be done."""
    actor = actor_of(request)
    rows = Award.objects.select_related("fund", "funder", "recipient", "area", "agreement")
    found = get_or_404(rows, actor, uuid=uuid)
    instalments = list(found.instalments.all())
    payments = list(
        Payment.objects.visible_to(actor)
        .filter(instalment__in=instalments)
        .select_related("instalment")
    )
    due = clocks.due_by(instalments)
    changes = list(found.changes.prefetch_related("lines"))
    context = {
        "award": found,
        "tags": _tags(found),
        "facts": _facts(found),
        "acts": _acts(found, actor),
        "notes": _notes(found, actor, instalments, due),
        "sums": _sums(found),
        "line_columns": [
            *columns(_("Line")),
            *numbers(_("Amount"), _("Spent"), _("Left"), _("One unit costs")),
        ],
        "lines": [_line(found, each) for each in found.lines.all()],
        "instalment_columns": [
            *columns(_("Instalment"), _("Due on"), _("State"), _("Pay by")),
            *numbers(_("Amount"), _("Paid")),
        ],
        "instalments": [_instalment(found, each, due, actor) for each in instalments],
        "payment_columns": [*columns(_("Paid on"), _("For"), _("Arrived")), *numbers(_("Amount"))],
        "payments": [_payment(found, each) for each in payments],
        "co_columns": [*columns(_("Where it comes from")), *numbers(_("Amount"))],
        "co_fundings": [_co_funding(each) for each in found.co_fundings.all()],
        "changes": [_change(found, each, actor) for each in changes],
        "events": _past(found, actor),
    }
    return render(request, "funding/award.html", context)


def _tags(found: Award) -> list[dict[str, str]]:
    tags = [tag(found.state)]
    if found.is_direct:
        tags.append({"text": _("Without a call"), "colour": "orange"})
    if found.is_long_term:
        tags.append({"text": _("Long-term"), "colour": "teal"})
    return tags


def _facts(found: Award) -> list[dict[str, str]]:
    facts = [
        (_("Amount"), written(found.amount, found.currency)),
        (_("From"), found.funder.display_name),
        (_("To"), found.recipient.display_name),
        (_("Runs"), f"{shown.date(found.from_on)} – {shown.date(found.until_on)}"),
        (_("Kind"), found.get_kind_display()),
        (_("Region"), found.area.name if found.area else _("The whole country")),
        (_("Awarded on"), shown.date(found.award_on) if found.award_on else ""),
    ]
    return [{"label": label, "value": value} for label, value in facts if value]


def _notes(
    found: Award, actor: Actor, instalments: list[Instalment], due: Any
) -> list[dict[str, str]]:
    """What a reader must know before the rest: what is late, what waits, what was changed."""
    notes = []
    late = _late(instalments, due, actor)
    if late:
        words = ngettext(
            "%(n)s instalment is paid late: %(name)s owes it.",
            "%(n)s instalments are paid late: %(name)s owes them.",
            late,
        )
        notes.append({"text": words % {"n": late, "name": found.funder.display_name}})
    if found.state == S.PROPOSED and found.funder_id == actor.organisation_id:
        lacking = missing(found, actor.at)
        notes += [{"text": each} for each in lacking]
    if found.state == S.AWAITS_SECOND:
        notes.append({"text": _who_qualifies(found, actor)})
    if found.amount != found.signed_amount or found.until_on != found.signed_until_on:
        words = _("First agreed: %(amount)s until %(day)s. Both sides signed what changed since.")
        then = {
            "amount": written(found.signed_amount, found.currency),
            "day": shown.date(found.signed_until_on),
        }
        notes.append({"text": words % then})
    if found.agreement is not None:
        seen = type(found.agreement).objects.visible_to(actor).filter(pk=found.agreement_id)
        if seen.exists():
            href = found.agreement.get_absolute_url()
            notes.append({"text": _("It pays for"), "href": href, "label": found.agreement.title})
    return notes


def _late(instalments: list[Instalment], due: Any, actor: Actor) -> int:
    return sum(
        each.state == InstalmentState.DUE and each.uuid in due and due[each.uuid] < actor.at
        for each in instalments
    )


def _who_qualifies(found: Award, actor: Actor) -> str:
    """Who can be the second person: to the funder's own people by name."""
    if found.moved_up_at is not None:
        return _("Nobody at the funder answered in time: the co-ordination can decide too.")
    names = who_could_be_second(found, actor.at)
    if not names:
        return _("Nobody else at the funder keeps its funds, so nobody there can be the second "
                 "person. Once the time to answer is over, the co-ordination can.")  # fmt: skip
    if actor.organisation_id != found.funder_id:
        return _("A second person at the funder has not answered yet.")
    return _("It waits for one of: %(names)s.") % {"names": ", ".join(names)}


def _acts(found: Award, actor: Actor) -> list[dict[str, str]]:
    """What this actor can do now: a button each, the next step first."""
    acts = [
        (each.title, each.name)
        for each, decision in AWARD.available(found, actor)
        if decision and each.name in SPOKEN
    ]
    if may(actor, P.FUNDING_KEEP, found):
        acts += _acts_of_funder(found)
    if may(actor, P.FUNDING_APPLY, found):
        acts += _acts_of_recipient(found)
    primary = {"send", "approve", "approve_above", "spending"}
    order = sorted(acts, key=lambda act: (act[1] not in primary, act[1] == "cancel"))
    buttons = [
        {
            "label": str(label),
            "href": act_of(found, name),
            "kind": "" if name in primary else "warning" if name == "cancel" else "secondary",
        }
        for label, name in order
    ]
    if actor.organisation_id in (found.funder_id, found.recipient_id):
        href = reverse("funding:award-terms", args=[found.uuid])
        buttons.append({"label": _("Conditions and reports"), "href": href, "kind": "secondary"})
    return buttons


def _acts_of_funder(found: Award) -> list[tuple[str, str]]:
    acts = []
    if found.state == S.PROPOSED:
        acts.append((_("Write the budget"), "lines"))
    if found.state in (S.PROPOSED, S.AWAITS_SECOND, S.IN_FORCE) and found.to_plan:
        acts.append((_("Plan an instalment"), "instalment"))
    if found.state == S.IN_FORCE:
        acts.append((_("Propose an amendment"), "amend"))
        acts.append((_("Name the agreement"), "agreement"))
    return acts


def _acts_of_recipient(found: Award) -> list[tuple[str, str]]:
    acts = [(_("Say what was spent"), "spending"), (_("Say who else pays"), "co_funding")]
    if found.state == S.IN_FORCE:
        acts.append((_("Ask to move money between lines"), "reallocate"))
        acts.append((_("Propose an amendment"), "amend"))
    return acts


def _sums(found: Award) -> list[dict[str, str]]:
    said = (
        (_("Awarded"), found.amount),
        (_("Planned in instalments"), found.planned),
        (_("Paid"), found.paid),
        (_("Planned and not paid"), found.to_pay),
        (_("Spent, as the recipient says"), found.spent),
    )
    return [{"label": label, "value": written(sum_, found.currency)} for label, sum_ in said]


def _line(found: Award, each: Any) -> list[dict[str, Any]]:
    cost = each.unit_cost
    return [
        {"text": each.get_kind_display()},
        {"text": written(each.amount, found.currency)},
        {"text": written(each.spent, found.currency)},
        {"text": written(each.left, found.currency)},
        {
            "text": "–" if cost is None else written(cost, found.currency),
            "note": "" if cost is None else f"{each.units} × {each.unit}",
        },
    ]


def instalment_said(each: Instalment, due: Any, actor: Actor) -> dict[str, str]:
    """Until when it must be paid, or by how many days it is late: said to both sides."""
    if each.waits_for_report:
        return {"text": _("A report must be accepted first")}
    until = due.get(each.uuid)
    if until is None or each.state in (InstalmentState.CANCELLED, InstalmentState.PLANNED):
        return {"text": "–"}
    last, ended = local_day(until), each.state == InstalmentState.PAID
    end = local_day(each.paid_at) if ended and each.paid_at else local_day(actor.at)
    late = (end - last).days
    if late <= 0:
        return {"text": shown.date(last)}
    words = ngettext("Late by %(n)s day", "Late by %(n)s days", late) % {"n": late}
    return {"text": words, "colour": "red", "note": shown.date(last)}


def _instalment(found: Award, each: Instalment, due: Any, actor: Actor) -> list[dict[str, Any]]:
    state = InstalmentState(each.state)
    return [
        {
            "text": _("No. %(number)s") % {"number": each.number},
            "href": reverse("funding:instalment", args=[each.uuid]),
        },
        {"text": shown.date(each.due_on)},
        {"text": str(state.label), "colour": INSTALMENT_COLOURS[state]},
        instalment_said(each, due, actor),
        {"text": written(each.amount, found.currency)},
        {"text": written(each.paid, found.currency)},
    ]


def _payment(found: Award, each: Payment) -> list[dict[str, Any]]:
    number = {"number": each.instalment.number}
    return [
        {"text": shown.date(each.paid_on)},
        {"text": _("No. %(number)s") % number},
        {"text": shown.date(each.arrived_on) if each.arrived_on else _("Not said yet")},
        {"text": written(each.amount, found.currency)},
    ]


def _co_funding(each: Any) -> list[dict[str, Any]]:
    amount = written(each.amount, each.currency)
    return [{"text": each.get_source_class_display()}, {"text": amount}]


def _change(found: Award, each: Any, actor: Actor) -> dict[str, Any]:
    signed = [
        (found.funder, each.funder_signed_at),
        (found.recipient, each.recipient_signed_at),
    ]
    state = ChangeState(each.state)
    return {
        "number": each.number,
        "kind": each.get_kind_display(),
        "words": each.words,
        "tag": {"text": str(state.label), "colour": CHANGE_COLOURS[state]},
        "lines": [_changed_line(found, line) for line in each.lines.all()],
        "new_until_on": shown.date(each.new_until_on) if each.new_until_on else "",
        "signed": [f"{who.display_name}, {shown.date(local_day(at))}" for who, at in signed if at],
        "acts": _change_acts(found, each, actor),
    }


def _changed_line(found: Award, line: Any) -> str:
    sign = "+" if line.difference > 0 else "−"
    return f"{line.get_kind_display()}: {sign}{written(abs(line.difference), found.currency)}"


def _change_acts(found: Award, each: Any, actor: Actor) -> list[dict[str, str]]:
    pays = bool(may(actor, P.FUNDING_KEEP, found))
    receives = bool(may(actor, P.FUNDING_APPLY, found))
    if each.state != ChangeState.PROPOSED or not (pays or receives):
        return []
    signed = each.funder_signed_at if pays else each.recipient_signed_at
    acts = [] if signed else [("sign", _("Sign"), "")]
    acts.append(("drop", _("Drop"), "secondary"))
    return [
        {
            "label": label,
            "kind": kind,
            "href": reverse("funding:change-act", args=[each.uuid, name]),
        }
        for name, label, kind in acts
    ]


def _past(found: Award, actor: Actor) -> list[dict[str, Any]]:
    """What happened: of the other side the organisation, of one's own the person."""
    lines = []
    for event in found.events.select_related("by", "by_organisation")[:50]:
        by = event.by_organisation.display_name if event.by_organisation else ""
        if event.by is not None and event.by_organisation_id == actor.organisation_id:
            by = event.by.display_name
        lines.append(
            {"title": event.get_kind_display(), "at": event.at, "by": by, "text": event.comment}
        )
    return lines


# --- one instalment -------------------------------------------------------------------------------


@needs(P.FUNDING_SEE)
@require_safe
def instalment(request: HttpRequest, uuid: UUID) -> HttpResponse:
    """One instalment: until when it must be paid, what was paid, and whether it arrived."""
    actor = actor_of(request)
    rows = Instalment.objects.select_related("award__funder", "award__recipient")
    found = get_or_404(rows, actor, uuid=uuid)
    said = instalment_said(found, clocks.due_by([found]), actor)
    state = InstalmentState(found.state)
    tags = [{"text": str(state.label), "colour": INSTALMENT_COLOURS[state]}]
    if "colour" in said:
        tags.append({"text": said["text"], "colour": said["colour"]})
    award = found.award
    facts = [
        (_("Amount"), written(found.amount, award.currency)),
        (_("Paid"), written(found.paid, award.currency)),
        (_("Open"), written(found.left, award.currency)),
        (_("Due on"), shown.date(found.due_on)),
        (_("Pay by"), said.get("note") or said["text"]),
        (_("From"), award.funder.display_name),
        (_("To"), award.recipient.display_name),
    ]
    context = {
        "instalment": found,
        "award": award,
        "title": _("Instalment %(number)s") % {"number": found.number},
        "tags": tags,
        "facts": [{"label": label, "value": value} for label, value in facts],
        "acts": _instalment_acts(found, actor),
        "payments": [_payment_said(found, each, actor) for each in found.payments.all()],
    }
    return render(request, "funding/instalment.html", context)


def _instalment_acts(found: Instalment, actor: Actor) -> list[dict[str, str]]:
    return [
        {
            "label": each.title,
            "href": reverse("funding:instalment-act", args=[found.uuid, each.name]),
            "kind": "" if each.name == "pay" else "secondary",
        }
        for each, decision in INSTALMENT.available(found, actor)
        if decision and each.name in ("pay", "cancel")
    ]


def _payment_said(found: Instalment, each: Payment, actor: Actor) -> dict[str, Any]:
    row = {
        "label": shown.date(each.paid_on),
        "lines": [
            written(each.amount, found.award.currency),
            _("On the account of %(name)s since %(day)s")
            % {"name": found.award.recipient.display_name, "day": shown.date(each.arrived_on)}
            if each.arrived_on
            else _("%(name)s has not said yet that it arrived")
            % {"name": found.award.recipient.display_name},
        ],
    }
    if may(actor, P.FUNDING_APPLY, found):
        row |= {
            "href": reverse("funding:payment-arrived", args=[each.uuid]),
            "action": _("Say when it arrived"),
        }
    return row
