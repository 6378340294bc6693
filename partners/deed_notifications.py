"""Who is told what about an agreement, as notices; a mail says only that something waits."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any
from uuid import UUID

from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from common.marks import Subject
from deadlines.notices import register, register_topic
from deadlines.services.notices import mark_handled
from partners.choices import Role
from partners.deed_choices import AmendmentState
from partners.models import Agreement, AgreementParty, Amendment, Membership
from partners.notifications import _co_ordinators, _tell_about

KINDS = {
    "agreement_to_sign": _("An agreement waits for your signature"),
    "agreement_taken_back": _("An agreement was taken back to be changed"),
    "agreement_in_force": _("An agreement is in force"),
    "agreement_expiring": _("An agreement ends before long"),
    "agreement_notice": _("A party ends an agreement"),
    "agreement_over": _("An agreement has ended"),
    "amendment_to_sign": _("An amendment waits for your signature"),
    "amendment_in_force": _("An amendment is in force"),
}
SIGNING = (Role.MANAGER, Role.CO_ORDINATOR)


def register_kinds() -> None:
    """Called once when the app is ready."""
    register_topic("agreements", title=_("Agreements and local protocols"))
    for kind, title in KINDS.items():
        register(kind, title=title, link=_link, still_visible=_visible, topic="agreements")


def _link(uuid: UUID) -> str:
    return reverse("partners:agreement", args=[uuid])


def _visible(actor: Any, uuids: Iterable[UUID]) -> set[UUID]:
    shown = Agreement.objects.visible_to(actor).filter(uuid__in=list(uuids))
    return set(shown.values_list("uuid", flat=True))


def sent(agreement: Agreement, event: Any, *, by: Any, at: datetime) -> None:
    """Whoever signs for a party gets a notice"""
    _tell(agreement, "agreement_to_sign", _to_sign(agreement, at), event, by=by, at=at)


def taken_back(agreement: Agreement, event: Any, *, by: Any, at: datetime) -> None:
    """The parties get a notice"""
    _handled(agreement, "agreement_to_sign", at)
    _tell(agreement, "agreement_taken_back", _parties(agreement, at), event, by=by, at=at)


def in_force(agreement: Agreement, event: Any, *, by: Any, at: datetime) -> None:
    """The parties and every co-ordinator get a notice"""
    _handled(agreement, "agreement_to_sign", at)
    everybody = _parties(agreement, at) | _co_ordinators(at)
    _tell(agreement, "agreement_in_force", everybody, event, by=by, at=at)


def expiring(agreement: Agreement, event: Any, *, by: Any, at: datetime) -> None:
    """The parties and every co-ordinator get a notice"""
    everybody = _parties(agreement, at) | _co_ordinators(at)
    _tell(agreement, "agreement_expiring", everybody, event, by=by, at=at)


def notice_given(agreement: Agreement, event: Any, *, by: Any, at: datetime) -> None:
    """The parties and every co-ordinator get a notice"""
    everybody = _parties(agreement, at) | _co_ordinators(at)
    _tell(agreement, "agreement_notice", everybody, event, by=by, at=at)


def over(agreement: Agreement, event: Any, *, by: Any, at: datetime) -> None:
    """The parties and every co-ordinator get a notice"""
    _handled(agreement, "agreement_expiring", at)
    everybody = _parties(agreement, at) | _co_ordinators(at)
    _tell(agreement, "agreement_over", everybody, event, by=by, at=at)


def amendment_proposed(amendment: Amendment, event: Any, *, by: Any, at: datetime) -> None:
    """Whoever signs for a party gets a notice"""
    people = _parties(amendment.agreement, at)
    _tell(amendment.agreement, "amendment_to_sign", people, event, by=by, at=at)


def amendment_settled(amendment: Amendment, event: Any, *, by: Any, at: datetime) -> None:
    """The parties get a notice once all have signed"""
    if amendment.state == AmendmentState.PROPOSED:
        return
    _handled(amendment.agreement, "amendment_to_sign", at)
    if amendment.state == AmendmentState.IN_FORCE:
        people = _parties(amendment.agreement, at)
        _tell(amendment.agreement, "amendment_in_force", people, event, by=by, at=at)


def _parties(agreement: Agreement, at: datetime) -> Any:
    """The memberships of those who sign for the parties."""
    parties = AgreementParty.objects.filter(agreement=agreement).values("organisation")
    return Membership.objects.active(at).filter(organisation__in=parties, role__in=SIGNING)


def _to_sign(agreement: Agreement, at: datetime) -> Any:
    unsigned = AgreementParty.objects.filter(agreement=agreement, signed_on__isnull=True)
    return Membership.objects.active(at).filter(
        organisation__in=unsigned.values("organisation"), role__in=SIGNING
    )


def _tell(
    agreement: Agreement, kind: str, members: Any, event: Any, *, by: Any, at: datetime
) -> None:
    subject = Subject("agreement", agreement.uuid)
    others = members.exclude(user=by.user_id) if by.user_id else members
    _tell_about(others, kind, subject, by=by, at=at, once=str(event.pk))


def _handled(agreement: Agreement, kind: str, at: datetime) -> None:
    mark_handled(subject=Subject("agreement", agreement.uuid), kinds=[kind], at=at)
