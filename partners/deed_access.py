"""Who may do what to an agreement; `partners.access.may` asks once the role includes the act."""

from typing import Any

from django.utils.translation import gettext as _

from common.marks import Decision, Permission
from partners.models import Agreement, Amendment

P = Permission


def is_party(actor: Any, agreement: Agreement) -> bool:
    """Whether the organisation acted for is a party."""
    return agreement.parties.filter(organisation_id=actor.organisation_id).exists()


def to_agreement(actor: Any, permission: Permission, agreement: Agreement) -> Decision:
    """Its keeper writes it, its parties sign it and give notice, the co-ordination sees to it.

    The co-ordination also records a signature given on paper, for a party that is not here itself.
    """
    match permission:
        case P.AGREEMENT_DRAFT:
            allowed = agreement.kept_by_id == actor.organisation_id
        case P.AGREEMENT_SIGN:
            allowed = P.AGREEMENT_STEER in actor.permissions or is_party(actor, agreement)
        case _:
            allowed = Agreement.objects.filter(pk=agreement.pk).visible_to(actor).exists()
    return Decision(allowed, "" if allowed else _("This belongs to another organisation."))


def to_amendment(actor: Any, permission: Permission, amendment: Amendment) -> Decision:
    """As to the agreement it changes."""
    return to_agreement(actor, permission, amendment.agreement)
