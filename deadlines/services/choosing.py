"""What a person wants mail about: the choice on the page, the link in a mail, and what follows.

Topics that the law or the person's own safety needs cannot be turned off (`deadlines.notices`).
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID
from zoneinfo import ZoneInfo

from django.conf import settings
from django.core.signing import BadSignature, Signer
from django.db import transaction

from accounts.models import User
from common.country import current
from deadlines import notices
from deadlines.choices import Rhythm
from deadlines.models import MailChoice, Notice
from deadlines.rhythm import next_mail_at

ALL = ""
"""The topic that stands for every one that may be turned off."""


@dataclass(frozen=True)
class Wishes:
    """What one person chose, and the zone their mornings are in."""

    zone: ZoneInfo
    rhythms: Mapping[str, Rhythm] = field(default_factory=dict)

    def rhythm(self, topic: notices.Topic) -> Rhythm:
        """How often they are mailed about a topic that can wait."""
        if topic.is_statutory:
            return Rhythm.DAILY
        if ALL in self.rhythms:
            return Rhythm.NEVER
        return self.rhythms.get(topic.code, Rhythm.DAILY)

    def mail_at(self, kind: str, at: datetime) -> datetime | None:
        """From when a mail may count a notice of this kind; None for never."""
        return next_mail_at(
            self.rhythm(notices.topic_of(kind)),
            at=at,
            zone=self.zone,
            hour=settings.DIGEST_HOUR,
            weekend=current().weekend,
        )


def wishes_of(users: Iterable[int]) -> dict[int, Wishes]:
    """What each of these people chose. One query, however many they are."""
    zones: dict[int, ZoneInfo] = {}
    rhythms: dict[int, dict[str, Rhythm]] = {}
    rows = User.objects.filter(pk__in=set(users)).values_list(
        "pk", "time_zone", "mail_choices__topic", "mail_choices__rhythm"
    )
    for pk, zone, topic, rhythm in rows:
        zones[pk] = ZoneInfo(zone) if zone else current().time_zone
        if topic is not None:
            rhythms.setdefault(pk, {})[topic] = Rhythm(rhythm)
    return {pk: Wishes(zone, rhythms.get(pk, {})) for pk, zone in zones.items()}


def choose(*, user: User, rhythms: Mapping[str, Rhythm], at: datetime) -> None:
    """Keep what a person chose for each topic; it takes the place of the link in a mail.

    What waits to be mailed about follows the new choice. Raises ValueError for a topic that is not
    known or cannot be turned off.
    """
    if not all(map(notices.may_be_turned_off, rhythms)):
        raise ValueError("There is nothing to choose for this topic.")
    with transaction.atomic():
        MailChoice.objects.filter(user=user, topic=ALL).delete()
        _keep(user, rhythms, at)
        _retime(user, at)


def stop(*, user: User, at: datetime) -> None:
    """No mail any more about anything that may be turned off: the link in a mail."""
    with transaction.atomic():
        _keep(user, {ALL: Rhythm.NEVER}, at)
        _retime(user, at)


def resume(*, user: User, at: datetime) -> None:
    """Undo `stop`: what had been chosen before holds again."""
    with transaction.atomic():
        MailChoice.objects.filter(user=user, topic=ALL).delete()
        _retime(user, at)


def is_stopped(user: User) -> bool:
    """Whether the link in a mail was used and nothing was chosen since."""
    return MailChoice.objects.filter(user=user, topic=ALL).exists()


# --- the link -------------------------------------------------------------------------------------


def stop_token(user: User) -> str:
    """What the link in a mail carries: signed, and of use for nothing else."""
    return _signer().sign(str(user.uuid))


def user_of(token: str) -> User | None:
    """Whose mails a link stops; None for a link we did not write, or an account that is closed."""
    try:
        uuid = UUID(_signer().unsign(token))
    except (BadSignature, ValueError):
        return None
    return User.objects.filter(uuid=uuid, is_active=True).first()


def _signer() -> Signer:
    return Signer(salt="deadlines.stop_mail", sep=".")


def _keep(user: User, rhythms: Mapping[str, Rhythm], at: datetime) -> None:
    MailChoice.objects.bulk_create(
        [
            MailChoice(user=user, topic=topic, rhythm=rhythm, chosen_at=at)
            for topic, rhythm in rhythms.items()
        ],
        update_conflicts=True,
        unique_fields=["user", "topic"],
        update_fields=["rhythm", "chosen_at"],
    )


def _retime(user: User, at: datetime) -> None:
    """What no mail has counted yet follows the choice that holds now."""
    wishes = wishes_of([user.pk])[user.pk]
    waiting = Notice.objects.unread().filter(recipient=user, mailed_at=None)
    for topic in notices.topics():
        if not topic.is_statutory:
            kinds = notices.kinds_of([topic.code])
            waiting.filter(kind__in=kinds).update(mail_at=wishes.mail_at(kinds[0], at))
