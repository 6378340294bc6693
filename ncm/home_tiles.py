"""What waits for somebody, by what their role includes: numbers of lists, counted in one query."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.db.models import QuerySet
from django.urls import reverse
from django.utils.translation import ngettext

from accounts.models import Invitation
from common.country import local_day
from common.marks import Permission
from common.paging import Order, capped_counts_of, merge_slices
from deadlines import kinds
from deadlines.models import Deadline, Mail, Notice
from funding.models import Award, Condition, GrantReport, Instalment
from funding.money_choices import InstalmentState
from funding.terms_choices import ConditionState, ReportState
from ncm.bodies_choices import ItemState
from ncm.models import ActionPoint, AgendaItem
from ncm.reports.periods import Quarter
from partners.access import Actor
from partners.choices import BEFORE_THE_REVIEWER
from partners.choices_places import HoldState
from partners.deed_filters import AgreementFilter
from partners.models import Agreement, Organisation, PlaceHold
from partners.services.memberships import letters_of
from partners.views import shown
from referrals.lists import RECEIVED, inbox
from referrals.views.inbox import tiles_of

P = Permission
BY_KEY = Order("-id", named_by="id")
BY_END = Order("due_at", "id")
LATE, SOON, KNOWN = "late", "soon", ""
IN_THIS_ORDER = (LATE, SOON, KNOWN)
CAP = 1000
DATES_SHOWN = 6
DATES_AHEAD = timedelta(days=30)
KINDS_SHOWN = 3
"""Each kind of date is asked once whether one may still see it; so many a page asks."""
Words = Callable[[int], str]


@dataclass(frozen=True)
class Tile:
    """A number on the home page, always a link to the list it counts."""

    href: str
    count: Any
    label: str
    tone: str = ""


@dataclass(frozen=True)
class Waiting:
    """A list that may have something for somebody: where it is, its rows, what they are called.

    `tone` says how it waits: past its day, now, or only to be known.
    """

    href: str
    rows: QuerySet[Any] | Mapping[str, QuerySet[Any]]
    words: Words
    tone: str = SOON
    order: Order = BY_KEY

    @property
    def slices(self) -> Mapping[str, QuerySet[Any]]:
        return self.rows if isinstance(self.rows, Mapping) else {"": self.rows}


def tiles(actor: Actor) -> tuple[list[Tile], list[Tile]]:
    """(what needs this person now, what is only to be known): late first. One query."""
    lists = [*_everybodys(actor), *_of_cases(actor), *_of_the_registry(actor), *_of_money(actor),
             *_of_co_ordination(actor), *_of_the_system(actor)]  # fmt: skip
    asked = {str(n): (each.slices, each.order) for n, each in enumerate(lists)}
    numbers = capped_counts_of(asked, CAP)
    needing: list[Tile] = []
    known: list[Tile] = []
    for n, each in enumerate(lists):
        count = numbers[str(n)]
        tile = Tile(each.href, count, each.words(count.number), each.tone)
        if each.tone == KNOWN:
            known.append(tile)
        elif count.number:
            needing.append(tile)
    needing.sort(key=lambda tile: IN_THIS_ORDER.index(tile.tone))
    return needing, known


# --- what waits -----------------------------------------------------------------------------------


def _everybodys(actor: Actor) -> Iterator[Waiting]:
    yield Waiting(
        f"{reverse('deadlines:calendar')}?view=list&show=late",
        Deadline.objects.late(actor.at).not_closed_to(actor).slices_for(actor),
        lambda n: ngettext("date that has passed", "dates that have passed", n), LATE, BY_END,
    )  # fmt: skip
    yield Waiting(
        reverse("deadlines:inbox"), Notice.objects.visible_to(actor).unread(),
        lambda n: ngettext("unread notice", "unread notices", n),
    )  # fmt: skip


def _of_cases(actor: Actor) -> Iterator[Waiting]:
    if P.REFERRAL_SEE in actor.permissions:
        states = tiles_of(actor)["waiting"][1]
        yield Waiting(
            f"{reverse('referrals:inbox')}?show=waiting", inbox(actor, states=states),
            lambda n: ngettext("referral waiting for you", "referrals waiting for you", n),
            order=RECEIVED,
        )  # fmt: skip
    if P.PLACE_UPDATE in actor.permissions:
        held = PlaceHold.objects.visible_to(actor).live(actor.at).filter(state=HoldState.HELD)
        yield Waiting(
            reverse("partners:places"),
            held.filter(count__offer__organisation=actor.organisation_id),
            lambda n: ngettext("held place to answer", "held places to answer", n), LATE,
        )  # fmt: skip


def _of_the_registry(actor: Actor) -> Iterator[Waiting]:
    if P.ORGANISATION_REVIEW in actor.permissions:
        sent = Organisation.objects.visible_to(actor).exclude(pk=actor.organisation_id)
        yield Waiting(
            reverse("partners:reviews"), sent.filter(state__in=BEFORE_THE_REVIEWER),
            lambda n: ngettext("application to review", "applications to review", n),
        )  # fmt: skip
    if P.AGREEMENT_SIGN in actor.permissions:
        mine = {"waits": "signature"}
        seen = Agreement.objects.visible_to(actor)
        yield Waiting(
            f"{reverse('partners:agreements')}?waits=signature",
            AgreementFilter(mine, queryset=seen, actor=actor).waiting(seen, "", ""),
            lambda n: ngettext("agreement to sign", "agreements to sign", n),
        )  # fmt: skip
    if P.MEMBERSHIP_MANAGE in actor.permissions and actor.organisation is not None:
        yield Waiting(
            f"{reverse('partners:people')}#invitations",
            Invitation.objects.waiting() & letters_of(actor.organisation),
            lambda n: ngettext(
                "colleague invited who has not joined", "colleagues invited who have not joined", n
            ),
        )  # fmt: skip
    if P.ORGANISATION_SEE in actor.permissions:
        # What the registry lists without a filter, so that the number is that of its rows.
        yield Waiting(
            f"{reverse('partners:registry')}?all=1", Organisation.objects.visible_to(actor),
            lambda n: ngettext(
                "organisation in the registry", "organisations in the registry", n
            ), KNOWN,
        )  # fmt: skip


def _of_money(actor: Actor) -> Iterator[Waiting]:
    if P.FUNDING_SEE not in actor.permissions:
        return
    today = local_day(actor.at)
    reports = GrantReport.objects.visible_to(actor)
    if P.FUNDING_APPLY in actor.permissions:
        yield Waiting(
            f"{reverse('funding:reports')}?state=overdue", reports.overdue(today),
            lambda n: ngettext("report on a grant overdue", "reports on grants overdue", n), LATE,
        )  # fmt: skip
        yield Waiting(
            f"{reverse('funding:reports')}?state=open", reports.being_written(),
            lambda n: ngettext("report on a grant to write", "reports on grants to write", n),
        )  # fmt: skip
    if P.FUNDING_KEEP in actor.permissions:
        due = Instalment.objects.filter(state=InstalmentState.DUE).values("award")
        yield Waiting(
            f"{reverse('funding:awards')}?waits=payment",
            Award.objects.visible_to(actor).filter(pk__in=due),
            lambda n: ngettext("award with a payment due", "awards with a payment due", n), LATE,
        )  # fmt: skip
        yield Waiting(
            f"{reverse('funding:reports')}?state=sent", reports.filter(state=ReportState.SENT),
            lambda n: ngettext("report to read", "reports to read", n),
        )  # fmt: skip
        contested = Condition.objects.visible_to(actor).filter(state=ConditionState.CONTESTED)
        yield Waiting(
            f"{reverse('funding:conditions')}?state=contested", contested,
            lambda n: ngettext(
                "contested condition to answer", "contested conditions to answer", n
            ),
        )  # fmt: skip


def _of_co_ordination(actor: Actor) -> Iterator[Waiting]:
    if P.COORDINATION_SEE not in actor.permissions:
        return
    today, href = local_day(actor.at), reverse("ncm:actions")
    seen = ActionPoint.objects.visible_to(actor)
    yield Waiting(
        f"{href}?show=mine&state=todo", seen.of_person(actor).to_do(),
        lambda n: ngettext("action point you do", "action points you do", n),
    )  # fmt: skip
    if {P.COORDINATION_SPEAK, P.REFERRAL_DECIDE} & actor.permissions:
        # In an authority whoever decides speaks for it, where nobody else does.
        yield Waiting(
            f"{href}?show=ours&state=todo", seen.of_organisation(actor).to_do(),
            lambda n: ngettext(
                "action point of your organisation", "action points of your organisation", n
            ),
        )  # fmt: skip
    if P.COORDINATION_KEEP in actor.permissions:
        submitted = AgendaItem.objects.visible_to(actor).filter(state=ItemState.SUBMITTED)
        yield Waiting(
            f"{reverse('ncm:agenda-items')}?state=submitted", submitted,
            lambda n: ngettext("agenda item to answer", "agenda items to answer", n),
        )  # fmt: skip
    if P.COORDINATION_SPEAK in actor.permissions:
        yield Waiting(
            f"{href}?state=waits", seen.waiting_for(actor),
            lambda n: ngettext("action point to verify", "action points to verify", n),
        )  # fmt: skip
    if {P.COORDINATION_KEEP, P.REPORT_BUILD} & actor.permissions:
        yield Waiting(
            f"{href}?state=late", seen.late(today),
            lambda n: ngettext(
                "action point late in the country", "action points late in the country", n
            ), LATE,
        )  # fmt: skip
    elif P.COORDINATION_SPEAK in actor.permissions:
        yield Waiting(
            f"{href}?show=ours&state=late", seen.of_organisation(actor).late(today),
            lambda n: ngettext(
                "late action point of your organisation", "late action points of your organisation",
                n,
            ), LATE,
        )  # fmt: skip


def _of_the_system(actor: Actor) -> Iterator[Waiting]:
    if P.SYSTEM_HEALTH_SEE in actor.permissions:
        yield Waiting(
            reverse("deadlines:dead_mail"), Mail.objects.dead(),
            lambda n: ngettext("mail that was given up", "mails that were given up", n), LATE,
        )  # fmt: skip


def last_quarter(actor: Actor) -> Quarter | None:
    """The quarter that has ended last, for whoever reports on it."""
    if P.REPORT_BUILD not in actor.permissions:
        return None
    return Quarter.of(local_day(actor.at)).previous()


# --- what comes next ------------------------------------------------------------------------------


def next_dates(actor: Actor) -> list[dict[str, Any]]:
    """The dates that come soonest, late ones first, as rows of a table.

    One query, and one for each of at most three kinds: whether one may still see it is asked of the
    kind, as everywhere. A fourth kind ends the list; the calendar has the rest.
    """
    rows = Deadline.objects.open().filter(due_at__lt=actor.at + DATES_AHEAD, paused_at=None)
    soonest = merge_slices(rows.slices_for(actor), BY_END, size=3 * DATES_SHOWN).rows
    few: list[Deadline] = []
    for row in soonest:
        if len({each.kind for each in few} | {row.kind}) > KINDS_SHOWN:
            break
        few.append(row)
    seen = kinds.seen(actor, few)
    lines = []
    for row in few:
        key = (row.kind, row.subject_uuid)
        if key in seen:
            lines.append(_date(row, seen[key], actor))
    return lines[:DATES_SHOWN]


def _date(row: Deadline, reference: str, actor: Actor) -> dict[str, Any]:
    return {
        "title": row.title,
        "reference": reference,
        "href": reverse("deadlines:deadline", args=[row.uuid]),
        "on": shown.day(row.due_at),
        "is_late": row.is_late(actor.at),
    }
