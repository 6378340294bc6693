"""Who is told of emergency access, as notices; a title says that it was used, never on whom."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any
from uuid import UUID

from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from common.marks import Subject
from deadlines.choices import Urgency
from deadlines.notices import register
from deadlines.services.notices import mark_handled, notify
from partners.models import Organisation
from referrals.models import EmergencyAccess

SUBJECT = "emergency_access"
#: The three, each with its own line in the inbox.
GLASS_KEEPER = "emergency_at_keeper"
GLASS_OWN = "emergency_by_colleague"
GLASS_OVERSEEN = "emergency_overseen"
SECOND_NEEDED = "emergency_second_needed"
SECOND_FOUND = "emergency_answered"
REVIEW_LATE = "emergency_review_late"
REVIEWED = "emergency_reviewed"
MISUSED = "emergency_misused"


def register_kinds() -> None:
    """Called once when the app is ready."""
    titles = {
        GLASS_KEEPER: _("A case you keep was opened in an emergency: review it"),
        GLASS_OWN: _("A colleague used emergency access"),
        GLASS_OVERSEEN: _("Emergency access was used"),
        SECOND_NEEDED: _("Emergency access to a restricted case waits for you"),
        SECOND_FOUND: _("Your request for emergency access was answered"),
        REVIEW_LATE: _("Emergency access has not been reviewed in time"),
        REVIEWED: _("Your emergency access was reviewed"),
        MISUSED: _("A review found misuse of emergency access"),
    }
    for kind, title in titles.items():
        register(kind, title=title, link=_link, still_visible=_visible)


def _link(uuid: UUID) -> str:
    return reverse("referrals:emergency-access", args=[uuid])


def _visible(actor: Any, uuids: Iterable[UUID]) -> set[UUID]:
    shown = EmergencyAccess.objects.visible_to(actor).filter(uuid__in=list(uuids))
    return set(shown.values_list("uuid", flat=True))


def glass_broken(
    access: EmergencyAccess, kind: str, users: Iterable[int], *, by: Any, at: datetime
) -> None:
    """One of the three notices, at once."""
    organisation = {GLASS_KEEPER: access.kept_by, GLASS_OWN: access.asked_for}.get(kind)
    _tell(access, kind, users, organisation, by=by, at=at)


def second_needed(access: EmergencyAccess, users: Iterable[int], *, by: Any, at: datetime) -> None:
    """Whoever can be the second person is asked at once."""
    _tell(access, SECOND_NEEDED, users, None, by=by, at=at)


def second_found(access: EmergencyAccess, *, by: Any, at: datetime) -> None:
    """Whoever asked is told of the answer; the others need not answer any more."""
    mark_handled(subject=_about(access), kinds=[SECOND_NEEDED], at=at)
    _tell(access, SECOND_FOUND, [access.asked_by_id], access.asked_for, by=by, at=at)


def review_late(access: EmergencyAccess, users: Iterable[int], *, by: Any, at: datetime) -> None:
    """Those who may review are told again, once a day."""
    _tell(access, REVIEW_LATE, users, None, by=by, at=at, key=at.date().isoformat())


def reviewed(access: EmergencyAccess, *, by: Any, at: datetime) -> None:
    """Nobody need review it any more; whoever opened it is told."""
    kinds = [GLASS_KEEPER, GLASS_OVERSEEN, REVIEW_LATE]
    mark_handled(subject=_about(access), kinds=kinds, at=at)
    _tell(access, REVIEWED, [access.asked_by_id], access.asked_for, by=by, at=at)


def misused(access: EmergencyAccess, users: Iterable[int], *, by: Any, at: datetime) -> None:
    """Whoever answers for them, whoever keeps the file and the co-ordination are told."""
    _tell(access, MISUSED, users, None, by=by, at=at)


def _about(access: EmergencyAccess) -> Subject:
    return Subject(SUBJECT, access.uuid)


def _tell(
    access: EmergencyAccess,
    kind: str,
    users: Iterable[int],
    organisation: Organisation | None,
    *,
    by: Any,
    at: datetime,
    key: str = "",
) -> None:
    notify(
        recipients=users,
        kind=kind,
        subject=_about(access),
        by=by,
        at=at,
        key=f"{kind}:{access.pk}:{key}",
        urgency=Urgency.IMMEDIATE,
        organisation_uuid=organisation.uuid if organisation else None,
    )
