"""Who may do what to an action point; `partners.access.may` asks once the role includes it."""

from typing import Any

from django.utils.translation import gettext as _

from common.marks import Decision, Permission
from ncm.models import ActionPoint

P = Permission


def to_action(actor: Any, permission: Permission, point: ActionPoint) -> Decision:
    """To do it (COORDINATION_SEE): whoever is named to, or speaks for the responsible
    organisation; where nobody is named, any colleague there. To steer it (COORDINATION_SPEAK):
    the organisation that made it, and the co-ordination. Its keepers may both read and steer."""
    match permission:
        case P.COORDINATION_SEE:
            free = point.responsible_person_id in (None, actor.user_id)
            speaks = P.COORDINATION_SPEAK in actor.permissions
            allowed = point.responsible_id == actor.organisation_id and (free or speaks)
        case P.COORDINATION_SPEAK:
            made_it = point.by_organisation_id == actor.organisation_id
            allowed = made_it or P.COORDINATION_KEEP in actor.permissions
        case _:
            allowed = P.COORDINATION_KEEP in actor.permissions
    return Decision(allowed, "" if allowed else _("This belongs to somebody else."))


def may_comment(actor: Any, point: ActionPoint) -> bool:
    """Both sides, and the co-ordination."""
    ours = actor.organisation_id in (point.by_organisation_id, point.responsible_id)
    sees = P.COORDINATION_SEE in actor.permissions
    return sees and (ours or P.COORDINATION_KEEP in actor.permissions)
