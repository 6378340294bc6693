"""Who is given sight of an agreement: its keeper while it is written, its parties once it is sent.

Only what to grant is decided here; writing is `partners/grants.py`.
"""

from datetime import datetime
from typing import Any

from partners import grants
from partners.choices import Role
from partners.deed_choices import PartyReason
from partners.models import Agreement, AgreementGrantBasis, RoleGroup

#: Roles whose people write agreements; the others of the keeper read them.
WRITING = (Role.MANAGER, Role.CO_ORDINATOR)


def keep(agreement: Agreement, *, by: Any, at: datetime) -> None:
    """Its keeper's people see the draft, and those who may write change it."""
    for mirrored in _groups(agreement.kept_by_id):
        _grant(agreement, mirrored, PartyReason.KEEPER, by=by, at=at)


def share(agreement: Agreement, event: Any, *, by: Any, at: datetime) -> None:
    """Everybody at the parties sees it; whoever is no party any more does not"""
    parties = set(agreement.parties.values_list("organisation_id", flat=True))
    for organisation_id in sorted(parties):
        for mirrored in _groups(organisation_id):
            _grant(agreement, mirrored, PartyReason.PARTY, by=by, at=at)
    standing = AgreementGrantBasis.objects.filter(
        subject=agreement, reason=PartyReason.PARTY, ended_at=None
    )
    for basis in standing.exclude(group__role_group__organisation__in=parties):
        grants.revoke(
            subject=agreement, to=basis.group, by=by.user, at=at, reason=PartyReason.PARTY
        )


def open_to(made: RoleGroup, *, at: datetime) -> None:
    """A role is new: its people see what the organisation keeps or is party to."""
    kept = Agreement.objects.filter(kept_by=made.organisation_id)
    for agreement in kept:
        _grant(agreement, made, PartyReason.KEEPER, by=None, at=at)
    party = Agreement.objects.filter(parties__organisation=made.organisation_id)
    for agreement in party.filter(sent_at__isnull=False):
        _grant(agreement, made, PartyReason.PARTY, by=None, at=at)


def _groups(organisation_id: int) -> list[RoleGroup]:
    found = RoleGroup.objects.filter(organisation_id=organisation_id).select_related("group")
    return list(found.order_by("pk"))


def _grant(
    agreement: Agreement, mirrored: RoleGroup, reason: PartyReason, *, by: Any, at: datetime
) -> None:
    writes = reason == PartyReason.KEEPER and mirrored.role in WRITING
    grants.grant(
        subject=agreement,
        permissions=["see", "edit"] if writes else ["see"],
        to=mirrored.group,
        reason=reason,
        by=by.user if by is not None else None,
        at=at,
    )
