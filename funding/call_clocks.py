"""The clocks of calls: the result of one, a complaint, and emergency money from request to payment.

How long the last three run stands in the country's rules; a result has the day its call names.
"""

from collections.abc import Collection, Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from django.contrib.auth.models import Group
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from common.country import current
from common.marks import Subject
from common.profile import Bound
from common.workdays import end_of_day
from deadlines import kinds
from deadlines.choices import Urgency
from deadlines.models import Deadline
from deadlines.services import clocks as running
from funding.call_choices import Route
from funding.models import Application, Call, Complaint
from partners.choices import Capacity, Role
from partners.models import HeldCapacity, Membership, Organisation, RoleGroup

RESULT = "call_result"
COMPLAINT = "funding_complaint"
DECISION = "emergency_decision"
PAYMENT = "emergency_payment"
REMINDED = 7
"""Days before the day a call names for its result."""


def register_kinds() -> None:
    """Called once when the app is ready."""
    kinds.register(
        RESULT,
        title=_("The result of a call for applications"),
        link=_to_call,
        still_visible=_calls,
        escalation=_co_ordinators,
    )
    kinds.register(
        COMPLAINT,
        title=_("Answer to a complaint about money"),
        link=_to_application,
        still_visible=_applications,
        escalation=_co_ordinators,
    )
    kinds.register(
        DECISION,
        title=_("Decision about emergency money"),
        link=_to_application,
        still_visible=_applications,
        escalation=_co_ordinators,
        urgency=Urgency.IMMEDIATE,
    )
    kinds.register(
        PAYMENT,
        title=_("Payment of emergency money"),
        link=_to_application,
        still_visible=_applications,
        escalation=_co_ordinators,
        urgency=Urgency.IMMEDIATE,
    )


def call_closed(call: Call, event: Any, *, by: Any, at: datetime) -> None:
    """The fund's clock runs towards the day the call names for its result"""
    for home, group in keepers(call.fund.keeper):
        running.start_until(
            kind=RESULT,
            subject=Subject("call", call.uuid),
            holders=[group],
            starts_at=at,
            until=end_of_day(call.decide_by_on, current().time_zone),
            bound=Bound.LATEST,
            remind_before_days=REMINDED,
            by=by,
            at=at,
            organisation_uuid=home,
        )


def call_announced(call: Call, event: Any, *, by: Any, at: datetime) -> None:
    """The clock of the result ends"""
    running.meet(subject=Subject("call", call.uuid), kinds=[RESULT], by=by, at=at)


def call_cancelled(call: Call, event: Any, *, by: Any, at: datetime) -> None:
    """Its clocks end"""
    running.cancel(subject=Subject("call", call.uuid), by=by, at=at)


def submitted(application: Application, event: Any, *, by: Any, at: datetime) -> None:
    """Emergency money: the fund's clock towards a decision runs"""
    if application.route == Route.EMERGENCY:
        _start(DECISION, application, by=by, at=at)


def taken_back(application: Application, event: Any, *, by: Any, at: datetime) -> None:
    """A clock towards a decision ends"""
    running.cancel(subject=_about(application), by=by, at=at)


def decided(application: Application, event: Any, *, by: Any, at: datetime) -> None:
    """The clock towards a decision ends; that towards payment of emergency money runs"""
    running.meet(subject=_about(application), kinds=[DECISION], by=by, at=at)
    if application.route == Route.EMERGENCY and application.award_uuid is not None:
        _start(PAYMENT, application, by=by, at=at)


def paid(application: Application, *, by: Any, at: datetime) -> None:
    """Emergency money that was awarded has been paid."""
    running.meet(subject=_about(application), kinds=[PAYMENT], by=by, at=at)


def complained(complaint: Complaint, *, by: Any, at: datetime) -> None:
    """The fund's clock towards an answer runs."""
    _start(COMPLAINT, complaint.application, by=by, at=at)


def complaint_answered(complaint: Complaint, event: Any, *, by: Any, at: datetime) -> None:
    """The clock of the complaint ends"""
    running.meet(subject=_about(complaint.application), kinds=[COMPLAINT], by=by, at=at)


def _start(rule: str, application: Application, *, by: Any, at: datetime) -> None:
    for home, group in keepers(application.fund.keeper):
        running.start(
            kind=rule,
            rule=rule,
            subject=_about(application),
            holders=[group],
            starts_at=at,
            by=by,
            at=at,
            organisation_uuid=home,
        )


def _about(application: Application) -> Subject:
    return Subject("application", application.uuid)


def keepers(organisation: Organisation) -> list[tuple[UUID, Group]]:
    """(organisation, group) of the people who keep its funds."""
    groups = RoleGroup.objects.filter(organisation=organisation, role=Role.FUNDER)
    return [(organisation.uuid, each.group) for each in groups.select_related("group")]


def _co_ordinators(deadline: Deadline) -> list[list[int]]:
    """What a fund leaves open is the co-ordination's matter."""
    held = HeldCapacity.objects.held().filter(capacity=Capacity.CO_ORDINATION)
    members = Membership.objects.filter(
        role=Role.CO_ORDINATOR, until_at__isnull=True, organisation__in=held.values("organisation")
    )
    return [sorted(set(members.values_list("user_id", flat=True)))]


def _to_call(uuid: UUID) -> str:
    return reverse("funding:call", args=[uuid])


def _to_application(uuid: UUID) -> str:
    return reverse("funding:application", args=[uuid])


def _calls(actor: Any, uuids: Collection[UUID]) -> Mapping[UUID, str]:
    shown = Call.objects.visible_to(actor).filter(uuid__in=list(uuids))
    return dict.fromkeys(shown.values_list("uuid", flat=True), "")


def _applications(actor: Any, uuids: Collection[UUID]) -> Mapping[UUID, str]:
    shown = Application.objects.visible_to(actor).filter(uuid__in=list(uuids))
    return dict(shown.values_list("uuid", "reference"))
