"""Who may do what to a body, a meeting, an agenda item: `partners.access.may` asks once the role
has the permission. Whose seat an act is, its guard or service asks."""

from typing import Any

from django.utils.translation import gettext as _

from common.marks import Decision, Permission
from ncm.bodies_choices import SeatRole
from ncm.models import AgendaItem, Body, Meeting, Motion, Resolution, Seat
from partners.choices import Capacity
from partners.models import Organisation

P = Permission


def _said(allowed: bool) -> Decision:
    return Decision(allowed, "" if allowed else _("This belongs to another organisation."))


def keeps(actor: Any, body: Body) -> bool:
    """Whether the actor's organisation keeps the body; nobody's is kept by every co-ordination."""
    if body.kept_by_id is None or body.kept_by_id == actor.organisation_id:
        return True
    return not _secretariat(body).exists()


def keepers(body: Body) -> Any:
    """The organisations that keep the body: its secretariat; where it has left the co-ordination,
    or there is none, everybody there, so that no body is left to nobody."""
    own = _secretariat(body)
    return own if own.exists() else _co_ordinating()


def _secretariat(body: Body) -> Any:
    return _co_ordinating().filter(pk=body.kept_by_id)


def _co_ordinating() -> Any:
    return Organisation.objects.members().holding(Capacity.CO_ORDINATION)


def to_body(actor: Any, permission: Permission, body: Body) -> Decision:
    """Its secretariat keeps it; every member sees it."""
    if permission == P.COORDINATION_KEEP:
        return _said(keeps(actor, body))
    return _said(Body.objects.filter(pk=body.pk).visible_to(actor).exists())


def to_meeting(actor: Any, permission: Permission, meeting: Meeting) -> Decision:
    """Who keeps the body keeps it; its chair speaks for it, too; its seats see it."""
    if permission == P.COORDINATION_KEEP:
        return _said(keeps(actor, meeting.body))
    if permission == P.COORDINATION_SPEAK:
        if P.COORDINATION_KEEP in actor.permissions and keeps(actor, meeting.body):
            return Decision(True)
        chairs = Seat.objects.of(actor).on(meeting.on)
        return _said(chairs.filter(body_id=meeting.body_id, role=SeatRole.CHAIR).exists())
    return _said(Meeting.objects.filter(pk=meeting.pk).visible_to(actor).exists())


def to_item(actor: Any, permission: Permission, item: AgendaItem) -> Decision:
    """Who keeps the body answers it; whose it is, and who sees the meeting, see it."""
    if permission == P.COORDINATION_KEEP:
        return _said(keeps(actor, item.body))
    return _said(AgendaItem.objects.filter(pk=item.pk).visible_to(actor).exists())


def to_motion(actor: Any, permission: Permission, motion: Motion) -> Decision:
    """As to its meeting."""
    return to_meeting(actor, permission, motion.meeting)


def to_resolution(actor: Any, permission: Permission, resolution: Resolution) -> Decision:
    """Who keeps the body enters what ends it; every member sees it."""
    if permission == P.COORDINATION_KEEP:
        return _said(keeps(actor, resolution.body))
    return _said(Resolution.objects.filter(pk=resolution.pk).visible_to(actor).exists())
