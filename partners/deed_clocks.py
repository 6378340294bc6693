"""The clocks of agreements: how long one still holds, and until when its parties say whether it
goes on. Both run from the day on which its last weeks begin; how many, the country's rules say."""

from collections.abc import Collection, Iterator, Mapping
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from common.country import current
from common.marks import Subject
from common.workdays import Unit, start_of_day
from deadlines import kinds
from deadlines.models import Deadline
from deadlines.services import clocks as running
from partners.choices import Capacity, Role
from partners.models import Agreement, HeldCapacity, Membership, RoleGroup

END = "agreement_end"
RENEWAL = "agreement_renewal"
#: Kinds and rules have the same names: a clock of each rule.
KINDS = {
    END: _("An agreement ends"),
    RENEWAL: _("Say whether an agreement is renewed"),
}
HOLDING = (Role.MANAGER, Role.CO_ORDINATOR)


def register_kinds() -> None:
    """Called once when the app is ready."""
    for kind, title in KINDS.items():
        kinds.register(
            kind,
            title=title,
            link=_to_agreement,
            still_visible=_agreements,
            escalation=_co_ordinators,
        )


def last_weeks(at: datetime) -> timedelta | None:
    """How long before its end an agreement counts as expiring; None where no rule is in force."""
    rule = running.rule_in_force(END, at=at)
    if rule is None or rule.counting is None or rule.counting.length.unit is not Unit.DAYS:
        return None
    return timedelta(days=rule.counting.length.amount)


def last_weeks_began(agreement: Agreement, event: Any, *, by: Any, at: datetime) -> None:
    """The parties’ clocks run: until its last day, and until they say whether it goes on"""
    weeks = last_weeks(at)
    if weeks is None:
        return
    # Counted from the day by which the last weeks begin, however late the sweep came.
    begins = start_of_day(agreement.ends_on - weeks, current().time_zone)
    about = Subject("agreement", agreement.uuid)
    for home, group in _holders(agreement):
        for kind in KINDS:
            running.start(
                kind=kind, rule=kind, subject=about, holders=[group], starts_at=begins, by=by,
                at=at, organisation_uuid=home,
            )  # fmt: skip


def decided_on(agreement: Agreement, event: Any, *, by: Any, at: datetime) -> None:
    """Nobody need say any more whether it is renewed"""
    running.meet(subject=Subject("agreement", agreement.uuid), kinds=[RENEWAL], by=by, at=at)


def is_over(agreement: Agreement, event: Any, *, by: Any, at: datetime) -> None:
    """Its clocks end"""
    about = Subject("agreement", agreement.uuid)
    running.meet(subject=about, kinds=[END], by=by, at=at)
    running.cancel(subject=about, kinds=[RENEWAL], by=by, at=at)


def end_moved(agreement: Agreement, event: Any, *, by: Any, at: datetime) -> None:
    """The clocks towards the old last day end"""
    about = Subject("agreement", agreement.uuid)
    running.cancel(subject=about, kinds=list(KINDS), by=by, at=at)


def given_notice(agreement: Agreement, event: Any, *, by: Any, at: datetime) -> None:
    """The parties see the new last day among their dates"""
    end_moved(agreement, event, by=by, at=at)
    until = _end_of(agreement.ends_on)
    for home, group in _holders(agreement):
        running.start_until(
            kind=END, subject=Subject("agreement", agreement.uuid), holders=[group], starts_at=at,
            until=until, by=by, at=at, organisation_uuid=home,
        )  # fmt: skip


def _end_of(day: date) -> datetime:
    return start_of_day(day + timedelta(days=1), current().time_zone) - timedelta(microseconds=1)


def _holders(agreement: Agreement) -> Iterator[tuple[UUID, Any]]:
    """(organisation, group) of whoever signs for each party."""
    groups = RoleGroup.objects.filter(
        organisation__agreed__agreement=agreement, role__in=HOLDING
    ).select_related("organisation", "group")
    for each in groups.order_by("pk"):
        yield each.organisation.uuid, each.group


def _co_ordinators(deadline: Deadline) -> list[list[int]]:
    """What the parties leave open is the co-ordination's matter."""
    held = HeldCapacity.objects.held().filter(capacity=Capacity.CO_ORDINATION)
    members = Membership.objects.filter(
        role=Role.CO_ORDINATOR, until_at__isnull=True, organisation__in=held.values("organisation")
    )
    return [sorted(set(members.values_list("user_id", flat=True)))]


def _to_agreement(uuid: UUID) -> str:
    return reverse("partners:agreement", args=[uuid])


def _agreements(actor: Any, uuids: Collection[UUID]) -> Mapping[UUID, str]:
    shown = Agreement.objects.visible_to(actor).filter(uuid__in=list(uuids))
    return dict.fromkeys(shown.values_list("uuid", flat=True), "")
