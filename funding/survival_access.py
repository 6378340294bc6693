"""Who may do what to rounds, declarations and programmes, once the role includes the act."""

from typing import Any

from django.utils.translation import gettext as _

from common.marks import Decision, Permission
from funding.models.declarations import SurveyRound
from funding.models.programmes import EmpowermentProgramme
from partners.choices import OrganisationKind

P = Permission
#: Everybody but the State and its international partners: whoever the seeds call civil society.
NOT_ASKED = (OrganisationKind.STATE_AGENCY, OrganisationKind.INTERNATIONAL)


def is_asked(actor: Any) -> bool:
    """Whether the organisation acted for belongs to civil society."""
    organisation = actor.organisation
    return organisation is not None and organisation.kind not in NOT_ASKED


def to_round(actor: Any, permission: Permission, row: SurveyRound) -> Decision:
    """Civil society answers; the co-ordination opens; nobody closes it before its day."""
    if permission == P.FUNDING_APPLY:
        words = _("This round asks civil society organisations.")
        return Decision(is_asked(actor), "" if is_asked(actor) else words)
    return Decision(SurveyRound.objects.filter(pk=row.pk).visible_to(actor).exists())


def to_programme(actor: Any, permission: Permission, row: EmpowermentProgramme) -> Decision:
    """The organisation that runs it."""
    allowed = row.organisation_id == actor.organisation_id
    return Decision(allowed, "" if allowed else _("This belongs to another organisation."))
