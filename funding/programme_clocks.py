"""When the outcomes of a programme are looked at: six and twelve months after its last day.

The two lengths are those of seed row S85, which the row of the follow-up keeps; no rule of a
country changes them.
"""

from collections.abc import Collection, Mapping
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from common.country import current
from common.marks import Subject
from common.workdays import start_of_day
from deadlines import kinds
from deadlines.services import clocks as running
from funding.models.programmes import EmpowermentProgramme
from funding.survival_choices import FollowUpAfter
from partners.choices import Role
from partners.models import RoleGroup

#: A kind of each, because both run about the same programme.
KINDS = {FollowUpAfter.SIX: "programme_six_months", FollowUpAfter.TWELVE: "programme_a_year"}
TITLES = {
    FollowUpAfter.SIX: _("Ask after the people of a programme, six months on"),
    FollowUpAfter.TWELVE: _("Ask after the people of a programme, twelve months on"),
}
REMINDED = 30
"""Days before: people have to be found first."""


def register_kinds() -> None:
    """Called once when the app is ready."""
    for after, kind in KINDS.items():
        kinds.register(kind, title=TITLES[after], link=_link, still_visible=_visible)


def due_on(programme: EmpowermentProgramme, after: int) -> date:
    """The day of the follow-up: as many months on, or the month's last day where it is shorter."""
    months = programme.until_on.month - 1 + after
    year, month = programme.until_on.year + months // 12, months % 12 + 1
    following = date(year + month // 12, month % 12 + 1, 1)
    return min(date(year, month, 1) + timedelta(programme.until_on.day - 1), following - _DAY)


_DAY = timedelta(days=1)


def entered(programme: EmpowermentProgramme, *, by: Any, at: datetime) -> None:
    """Its managers are reminded of both follow-ups"""
    groups = RoleGroup.objects.filter(
        organisation_id=programme.organisation_id, role=Role.MANAGER
    ).select_related("group")
    for after, kind in KINDS.items():
        morning_after = start_of_day(due_on(programme, after) + _DAY, current().time_zone)
        running.start_until(
            kind=kind, subject=Subject("programme", programme.uuid),
            holders=[each.group for each in groups], starts_at=at,
            until=morning_after - timedelta(microseconds=1), remind_before_days=REMINDED,
            by=by, at=at, organisation_uuid=programme.organisation.uuid,
        )  # fmt: skip


def followed_up(programme: EmpowermentProgramme, after: int, *, by: Any, at: datetime) -> None:
    """Nobody need be reminded of this one any more"""
    kind = KINDS[FollowUpAfter(after)]
    running.meet(subject=Subject("programme", programme.uuid), kinds=[kind], by=by, at=at)


def _link(uuid: UUID) -> str:
    return reverse("funding:programme", args=[uuid])


def _visible(actor: Any, uuids: Collection[UUID]) -> Mapping[UUID, str]:
    shown = EmpowermentProgramme.objects.visible_to(actor).filter(uuid__in=list(uuids))
    return dict.fromkeys(shown.values_list("uuid", flat=True), "")
