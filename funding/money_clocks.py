"""The clocks of money: until when an instalment is paid once it is due, which binds the funder, the
State too; and until when a second person answers a direct award. How long, the country's rules say.
"""

from collections.abc import Collection, Iterator, Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db.models import Exists, OuterRef
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from common.country import current
from common.marks import Subject
from common.workdays import start_of_day
from deadlines import kinds
from deadlines.models import Deadline
from deadlines.services import clocks as running
from funding.models import Award, Instalment
from partners.choices import Capacity, Role
from partners.models import HeldCapacity, Membership, RoleGroup

PAYMENT = "grant_payment"
SECOND = "award_second_person"
#: Kinds and rules have the same names: a clock of each rule.
KINDS = {
    PAYMENT: _("Pay an instalment"),
    SECOND: _("Answer a direct award as the second person"),
}


def register_kinds() -> None:
    """Called once when the app is ready."""
    kinds.register(
        PAYMENT,
        title=KINDS[PAYMENT],
        link=_to_instalment,
        still_visible=_instalments,
        escalation=_co_ordinators,
    )
    kinds.register(
        SECOND,
        title=KINDS[SECOND],
        link=_to_award,
        still_visible=_awards,
        escalation=_co_ordinators,
    )


def payment_due(instalment: Instalment, event: Any, *, by: Any, at: datetime) -> None:
    """The clock of late payment runs for the funder"""
    starts = start_of_day(instalment.due_on, current().time_zone)
    if instalment.report_accepted_at is not None:
        starts = max(starts, instalment.report_accepted_at)
    for home, group in _fund_officers(instalment.award):
        running.start(
            kind=PAYMENT, rule=PAYMENT, subject=Subject("instalment", instalment.uuid),
            holders=[group], starts_at=starts, by=by, at=at, organisation_uuid=home,
        )  # fmt: skip


def payment_made(instalment: Instalment, event: Any, *, by: Any, at: datetime) -> None:
    """Its clock ends once all of it is paid"""
    if instalment.paid == instalment.amount:
        about = Subject("instalment", instalment.uuid)
        running.meet(subject=about, kinds=[PAYMENT], by=by, at=at)


def payment_off(instalment: Instalment, event: Any, *, by: Any, at: datetime) -> None:
    """Its clock ends"""
    about = Subject("instalment", instalment.uuid)
    running.cancel(subject=about, kinds=[PAYMENT], by=by, at=at)


def second_person_asked(award: Award, event: Any, *, by: Any, at: datetime) -> None:
    """The clock of the second person runs"""
    for home, group in _fund_officers(award):
        running.start(
            kind=SECOND, rule=SECOND, subject=Subject("award", award.uuid), holders=[group],
            starts_at=at, by=by, at=at, organisation_uuid=home,
        )  # fmt: skip


def second_person_answered(award: Award, event: Any, *, by: Any, at: datetime) -> None:
    """The clock of the second person ends"""
    running.meet(subject=Subject("award", award.uuid), kinds=[SECOND], by=by, at=at)


def second_person_is_late(award: Award, at: datetime) -> bool:
    """Whether the time to answer is over and nobody did."""
    return _open(SECOND).filter(subject_uuid=award.uuid, due_at__lt=at).exists()


def is_late(at: datetime) -> Exists:
    """Of an award: whether no second person answered in time. Asked of the few that wait, by their
    own clocks, not of everything that is late in the country."""
    return Exists(_open(SECOND).filter(subject_uuid=OuterRef("uuid"), due_at__lt=at))


def due_by(instalments: Collection[Instalment]) -> Mapping[UUID, datetime]:
    """Until when each of these must be paid, where its clock ran: for both sides' pages."""
    uuids = [each.uuid for each in instalments]
    rows = Deadline.objects.filter(
        kind=PAYMENT, subject_kind="instalment", subject_uuid__in=uuids, cancelled_at__isnull=True
    )
    return dict(rows.values_list("subject_uuid", "due_at"))


def _open(kind: str) -> Any:
    return Deadline.objects.filter(kind=kind, met_at__isnull=True, cancelled_at__isnull=True)


def _fund_officers(award: Award) -> Iterator[tuple[UUID, Any]]:
    """(organisation, group) of those who keep the money of the award."""
    groups = RoleGroup.objects.filter(organisation=award.funder_id, role=Role.FUNDER)
    for each in groups.select_related("organisation", "group").order_by("pk"):
        yield each.organisation.uuid, each.group


def _co_ordinators(deadline: Deadline) -> list[list[int]]:
    """What a funder leaves open is told to the co-ordination."""
    held = HeldCapacity.objects.held().filter(capacity=Capacity.CO_ORDINATION)
    members = Membership.objects.filter(
        role=Role.CO_ORDINATOR, until_at__isnull=True, organisation__in=held.values("organisation")
    )
    return [sorted(set(members.values_list("user_id", flat=True)))]


def _to_instalment(uuid: UUID) -> str:
    return reverse("funding:instalment", args=[uuid])


def _to_award(uuid: UUID) -> str:
    return reverse("funding:award", args=[uuid])


def _instalments(actor: Any, uuids: Collection[UUID]) -> Mapping[UUID, str]:
    shown = Instalment.objects.visible_to(actor).filter(uuid__in=list(uuids))
    return dict.fromkeys(shown.values_list("uuid", flat=True), "")


def _awards(actor: Any, uuids: Collection[UUID]) -> Mapping[UUID, str]:
    shown = Award.objects.visible_to(actor).filter(uuid__in=list(uuids))
    return dict.fromkeys(shown.values_list("uuid", flat=True), "")
