"""The clocks of trainings: whether one was held, and until when somebody's training counts.

How long it counts, the country's rules say; how long guidance may lie unread, too.
"""

from collections.abc import Collection, Iterator, Mapping
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from common.country import current, local_day
from common.marks import Subject
from common.profile import Bound
from common.workdays import due_at, start_of_day
from deadlines import kinds
from deadlines.models import Deadline
from deadlines.services import clocks as running
from partners.choices import Role
from partners.deed_clocks import HOLDING
from partners.models import Attendance, Membership, RoleGroup, Training

OUTCOME = "training_outcome"
CURRENCY = "training_currency"
READING = "guidance_reading"


def register_kinds() -> None:
    """Called once when the app is ready."""
    kinds.register(
        OUTCOME,
        title=_("Say whether a training was held"),
        link=_to_training,
        still_visible=_trainings,
    )
    kinds.register(
        CURRENCY,
        title=_("Training of a first responder lapses"),
        link=_to_own,
        still_visible=_attendances,
        escalation=_managers,
    )


def day_set(training: Training, event: Any, *, by: Any, at: datetime) -> None:
    """Whoever keeps it says after the day whether it was held"""
    about = Subject("training", training.uuid)
    running.cancel(subject=about, kinds=[OUTCOME], by=by, at=at)
    if training.on is None:
        return
    morning_after = start_of_day(training.on + timedelta(days=1), current().time_zone)
    for home, group in _keepers(training):
        running.start_until(
            kind=OUTCOME, subject=about, holders=[group], starts_at=at, bound=Bound.LATEST,
            until=morning_after - timedelta(microseconds=1), by=by, at=at, organisation_uuid=home,
        )  # fmt: skip


def outcome_said(training: Training, event: Any, *, by: Any, at: datetime) -> None:
    """Nobody need say any more whether it was held"""
    about = Subject("training", training.uuid)
    running.meet(subject=about, kinds=[OUTCOME], by=by, at=at)


def counts_until(on: date, *, at: datetime) -> date | None:
    """The last day on which a training of this day counts; None where no rule is in force."""
    begins = start_of_day(on, current().time_zone)
    rule = running.rule_in_force(CURRENCY, at=begins)
    if rule is None or rule.counting is None:
        return None
    calendar = running.calendar_for(rule.counting.length, [begins, at], "")
    ends = due_at(begins, rule.counting, calendar, current().time_zone)
    return local_day(ends)


def attended(row: Attendance, *, by: Any, at: datetime) -> None:
    """The person is told before it lapses; what an earlier training said is over."""
    earlier = Attendance.objects.filter(user=row.user, valid_until_on__isnull=False)
    for each in earlier.exclude(pk=row.pk).filter(on__lte=row.on):
        forgotten(each, by=by, at=at)
    later = earlier.filter(on__gt=row.on).exists()
    if row.valid_until_on is None or later or row.valid_until_on < at.date():
        return
    running.start(
        kind=CURRENCY,
        rule=CURRENCY,
        subject=Subject("attendance", row.uuid),
        holders=[row.user],
        starts_at=start_of_day(row.on, current().time_zone),
        by=by,
        at=at,
        organisation_uuid=row.organisation.uuid,
    )


def forgotten(row: Attendance, *, by: Any, at: datetime) -> None:
    """Its clock ends."""
    running.cancel(subject=Subject("attendance", row.uuid), kinds=[CURRENCY], by=by, at=at)


def reading_time(at: datetime) -> timedelta | None:
    """How long guidance may lie unread before a reminder; None where no rule is in force."""
    rule = running.rule_in_force(READING, at=at)
    if rule is None or rule.counting is None:
        return None
    return timedelta(days=rule.counting.length.amount)


def _keepers(training: Training) -> Iterator[tuple[UUID, Any]]:
    groups = RoleGroup.objects.filter(organisation_id=training.kept_by_id, role__in=HOLDING)
    for each in groups.select_related("organisation", "group").order_by("pk"):
        yield each.organisation.uuid, each.group


def _managers(deadline: Deadline) -> list[list[int]]:
    """Of a training that lapsed, whoever answers for the person's organisation."""
    home = Attendance.objects.filter(uuid=deadline.subject_uuid).values("organisation")
    people = Membership.objects.filter(
        role=Role.MANAGER, until_at__isnull=True, organisation__in=home
    )
    return [sorted(set(people.values_list("user_id", flat=True)))]


def _to_training(uuid: UUID) -> str:
    return reverse("partners:training", args=[uuid])


def _to_own(uuid: UUID) -> str:
    return reverse("partners:currency")


def _trainings(actor: Any, uuids: Collection[UUID]) -> Mapping[UUID, str]:
    shown = Training.objects.visible_to(actor).filter(uuid__in=list(uuids))
    return dict.fromkeys(shown.values_list("uuid", flat=True), "")


def _attendances(actor: Any, uuids: Collection[UUID]) -> Mapping[UUID, str]:
    shown = Attendance.objects.visible_to(actor).filter(uuid__in=list(uuids))
    return dict.fromkeys(shown.values_list("uuid", flat=True), "")
