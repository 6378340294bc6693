"""Who is told about a compelled disclosure, as notices; a title says that, never about whom."""

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
from referrals.models import Disclosure

SUBJECT = "disclosure"
TO_APPROVE = "disclosure_to_approve"
ANSWERED = "disclosure_answered"
TELL_PERSON = "disclosure_tell_person"


def register_kinds() -> None:
    """Called once when the app is ready."""
    titles = {
        TO_APPROVE: _("A court or prosecutor orders a file: your approval is asked"),
        ANSWERED: _("The approval of a disclosure was given or refused"),
        TELL_PERSON: _("A person can now be told that their file was handed over"),
    }
    for kind, title in titles.items():
        register(kind, title=title, link=_link, still_visible=_visible)


def _link(uuid: UUID) -> str:
    return reverse("referrals:disclosure", args=[uuid])


def _visible(actor: Any, uuids: Iterable[UUID]) -> set[UUID]:
    shown = Disclosure.objects.visible_to(actor).filter(uuid__in=list(uuids))
    return set(shown.values_list("uuid", flat=True))


def to_approve(disclosure: Disclosure, users: Iterable[int], *, by: Any, at: datetime) -> None:
    """Everybody who may approve."""
    _tell(disclosure, TO_APPROVE, users, by=by, at=at)


def answered(disclosure: Disclosure, *, by: Any, at: datetime) -> None:
    """Whoever entered the order; nobody need approve it any more."""
    mark_handled(subject=_about(disclosure), kinds=[TO_APPROVE], at=at)
    _tell(disclosure, ANSWERED, [disclosure.asked_by_id], by=by, at=at)


def tell_the_person(disclosure: Disclosure, users: Iterable[int], *, by: Any, at: datetime) -> None:
    """Whoever keeps the file, once a day until the person is told."""
    _tell(disclosure, TELL_PERSON, users, by=by, at=at, key=at.date().isoformat())


def person_told(disclosure: Disclosure, *, at: datetime) -> None:
    """Nobody need tell the person any more."""
    mark_handled(subject=_about(disclosure), kinds=[TELL_PERSON], at=at)


def _about(disclosure: Disclosure) -> Subject:
    return Subject(SUBJECT, disclosure.uuid)


def _tell(
    disclosure: Disclosure,
    kind: str,
    users: Iterable[int],
    *,
    by: Any,
    at: datetime,
    key: str = "",
) -> None:
    notify(
        recipients=[user for user in users if user != by.user_id],
        kind=kind,
        subject=_about(disclosure),
        by=by,
        at=at,
        key=f"{kind}:{disclosure.pk}:{key}",
        urgency=Urgency.IMMEDIATE,
    )
