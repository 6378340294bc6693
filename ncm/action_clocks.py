"""The clocks of action points: until when it is done, which binds whoever is responsible, and until
when somebody else sees that it is, which binds whoever made it. How long the second runs stands in
the country's rules; the first has the day its maker gave it."""

from collections.abc import Collection, Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from common.country import current
from common.marks import Subject
from common.profile import Bound
from common.workdays import end_of_day
from deadlines import kinds
from deadlines.models import Deadline
from deadlines.services import clocks as running
from ncm import speakers
from ncm.models import ActionPoint

DUE = "action_point"
VERIFY = "action_verification"
KINDS = {
    DUE: _("An action point"),
    VERIFY: _("See whether an action point is done"),
}
REMIND_BEFORE = 7
"""Days before it is due on which whoever does it is reminded: this platform's proposal."""


def register_kinds() -> None:
    """Called once when the app is ready."""
    for kind, title in KINDS.items():
        kinds.register(
            kind, title=title, link=_to_action, still_visible=_actions, escalation=_ladder
        )


def made(point: ActionPoint, *, by: Any, at: datetime) -> None:
    """The clock of whoever is responsible runs to its day."""
    person = point.responsible_person
    home = point.responsible.uuid
    holders: list[Any] = [person] if person else speakers.groups(point.responsible)
    running.start_until(
        kind=DUE, subject=_about(point), holders=holders, starts_at=at, bound=Bound.LATEST,
        until=end_of_day(point.due_on, current().time_zone), by=by, at=at,
        remind_before_days=REMIND_BEFORE, organisation_uuid=home,
    )  # fmt: skip


def assigned(point: ActionPoint, event: Any, *, by: Any, at: datetime) -> None:
    """The clock binds the person who was named; without one, those who speak there"""
    running.cancel(subject=_about(point), kinds=[DUE], by=by, at=at)
    made(point, by=by, at=at)


def reported(point: ActionPoint, event: Any, *, by: Any, at: datetime) -> None:
    """The clock of whoever is responsible ends; that of whoever made it, to see it done, runs"""
    running.meet(subject=_about(point), kinds=[DUE], by=by, at=at)
    running.start(
        kind=VERIFY, rule=VERIFY, subject=_about(point),
        holders=speakers.groups(point.by_organisation), starts_at=at, by=by, at=at,
        organisation_uuid=point.by_organisation.uuid,
    )  # fmt: skip


def sent_back(point: ActionPoint, event: Any, *, by: Any, at: datetime) -> None:
    """The clock to see it done ends; that of whoever is responsible runs to the new day"""
    running.meet(subject=_about(point), kinds=[VERIFY], by=by, at=at)
    made(point, by=by, at=at)


def verified(point: ActionPoint, event: Any, *, by: Any, at: datetime) -> None:
    """The clock to see it done ends"""
    running.meet(subject=_about(point), kinds=[VERIFY], by=by, at=at)


def moved(point: ActionPoint, event: Any, *, by: Any, at: datetime) -> None:
    """The clock of whoever is responsible runs to the new day"""
    until = end_of_day(point.due_on, current().time_zone)
    running.put_off(subject=_about(point), kinds=[DUE], until=until)


def cancelled(point: ActionPoint, event: Any, *, by: Any, at: datetime) -> None:
    """Its clocks end"""
    running.cancel(subject=_about(point), by=by, at=at)


def _about(point: ActionPoint) -> Subject:
    return Subject("action_point", point.uuid)


def _ladder(deadline: Deadline) -> list[list[int]]:
    """First whoever speaks for the organisation that is late, then the co-ordination; of what is
    to be verified the co-ordination at once, which can verify it itself."""
    point = ActionPoint.objects.select_related("responsible", "by_organisation").get(
        uuid=deadline.subject_uuid
    )
    above = speakers.users(speakers.co_ordinators())
    if deadline.kind == VERIFY:
        return [above]
    return [speakers.users(speakers.of([point.responsible])), above]


def _to_action(uuid: UUID) -> str:
    return reverse("ncm:action", args=[uuid])


def _actions(actor: Any, uuids: Collection[UUID]) -> Mapping[UUID, str]:
    shown = ActionPoint.objects.visible_to(actor).filter(uuid__in=list(uuids))
    return dict(shown.values_list("uuid", "reference"))
