"""Who is told what about an award, as notices; a mail says only that something waits."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any
from uuid import UUID

from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from common.marks import Subject
from deadlines.notices import register, register_topic
from deadlines.services.notices import mark_handled
from funding.models import Award, AwardChange, Instalment
from funding.money_choices import ChangeState
from partners.choices import Role
from partners.models import Membership
from partners.notifications import _co_ordinators, _tell_about

KINDS = {
    "award_awaits_second": _("A direct award waits for a second person"),
    "award_moved_up": _("A direct award waits for the co-ordination"),
    "award_in_force": _("An award is in force"),
    "award_refused": _("A direct award was refused"),
    "award_cancelled": _("An award was cancelled"),
    "instalment_due": _("An instalment is due"),
    "instalment_paid": _("A payment was recorded"),
    "award_change_waits": _("A change of an award waits for your side"),
    "award_change_settled": _("A change of an award was settled"),
}


def register_kinds() -> None:
    """Called once when the app is ready."""
    register_topic("money", title=_("Awards and payments"))
    for kind, title in KINDS.items():
        register(kind, title=title, link=_link, still_visible=_visible, topic="money")


def _link(uuid: UUID) -> str:
    return reverse("funding:award", args=[uuid])


def _visible(actor: Any, uuids: Iterable[UUID]) -> set[UUID]:
    shown = Award.objects.visible_to(actor).filter(uuid__in=list(uuids))
    return set(shown.values_list("uuid", flat=True))


def awaits_second(award: Award, event: Any, *, by: Any, at: datetime) -> None:
    """The funder’s other officers get a notice"""
    _tell(award, "award_awaits_second", _of_funder(award, at), event, by=by, at=at)


def moved_up(award: Award, event: Any, *, by: Any, at: datetime) -> None:
    """Every co-ordinator gets a notice"""
    _tell(award, "award_moved_up", _co_ordinators(at), event, by=by, at=at)


def in_force(award: Award, event: Any, *, by: Any, at: datetime) -> None:
    """The recipient and the funder get a notice"""
    _handled(award, at, "award_awaits_second", "award_moved_up")
    _tell(award, "award_in_force", _both(award, at), event, by=by, at=at)


def refused(award: Award, event: Any, *, by: Any, at: datetime) -> None:
    """The funder gets a notice"""
    _handled(award, at, "award_awaits_second", "award_moved_up")
    _tell(award, "award_refused", _of_funder(award, at), event, by=by, at=at)


def cancelled(award: Award, event: Any, *, by: Any, at: datetime) -> None:
    """The funder gets a notice, and the recipient where the award was in force"""
    _handled(award, at, *KINDS)
    told = _both(award, at) if award.in_force_at else _of_funder(award, at)
    _tell(award, "award_cancelled", told, event, by=by, at=at)


def due(instalment: Instalment, event: Any, *, by: Any, at: datetime) -> None:
    """The funder and the recipient get a notice"""
    award = instalment.award
    _tell(award, "instalment_due", _both(award, at), event, by=by, at=at)


def paid(instalment: Instalment, event: Any, *, by: Any, at: datetime) -> None:
    """The recipient gets a notice"""
    award = instalment.award
    _handled(award, at, "instalment_due")
    _tell(award, "instalment_paid", _of_recipient(award, at), event, by=by, at=at)


def change_waits(change: AwardChange, event: Any, *, by: Any, at: datetime) -> None:
    """The other side gets a notice"""
    award = change.award
    asked = _of_funder(award, at) if change.funder_signed_at is None else _of_recipient(award, at)
    _tell(award, "award_change_waits", asked, event, by=by, at=at)


def change_settled(change: AwardChange, event: Any, *, by: Any, at: datetime) -> None:
    """Both sides get a notice once it is settled"""
    if change.state == ChangeState.PROPOSED:
        return
    _handled(change.award, at, "award_change_waits")
    people = _both(change.award, at)
    _tell(change.award, "award_change_settled", people, event, by=by, at=at)


def _of_funder(award: Award, at: datetime) -> Any:
    return Membership.objects.active(at).filter(organisation=award.funder_id, role=Role.FUNDER)


def _of_recipient(award: Award, at: datetime) -> Any:
    return Membership.objects.active(at).filter(organisation=award.recipient_id, role=Role.MANAGER)


def _both(award: Award, at: datetime) -> Any:
    return _of_funder(award, at) | _of_recipient(award, at)


def _tell(award: Award, kind: str, members: Any, event: Any, *, by: Any, at: datetime) -> None:
    subject = Subject("award", award.uuid)
    others = members.exclude(user=by.user_id) if by.user_id else members
    _tell_about(others, kind, subject, by=by, at=at, once=str(event.pk))


def _handled(award: Award, at: datetime, *kinds: str) -> None:
    mark_handled(subject=Subject("award", award.uuid), kinds=list(kinds), at=at)
