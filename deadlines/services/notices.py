"""Writing notices, marking them read or handled, and the summary mails about them.

Who may be told what is the caller's question: it names the recipients. Sending is in `mail`.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db import transaction
from django.db.models import Exists, Max, OuterRef

from accounts.audit import Who
from common.marks import Actor, Subject
from common.wake import wake
from deadlines import notices
from deadlines.choices import Urgency
from deadlines.models import Mail, Notice
from deadlines.services.choosing import Wishes, wishes_of
from deadlines.services.mail import NOTICES_WAITING, SEND_MAIL, waiting_mail

SUMMARIES = 500
"""People written to by one run of the sweep; the others come a minute later."""
COUNT_TO = 100


@dataclass(frozen=True)
class Telling:
    """One thing that several people are told; the fields are the arguments of `notify`."""

    recipients: frozenset[int]
    kind: str
    subject: Subject
    key: str
    urgency: Urgency = Urgency.DIGEST
    organisation_uuid: UUID | None = None


def notify(
    *,
    recipients: Iterable[int],
    kind: str,
    subject: Subject,
    by: Who,
    at: datetime,
    key: str,
    urgency: Urgency = Urgency.DIGEST,
    organisation_uuid: UUID | None = None,
) -> None:
    """Put a notice into each person's inbox, and for an immediate one a mail into the outbox.

    `recipients` are keys of users; `organisation_uuid` is the one they are told for. A person who
    has a notice with this key already gets no second one. Call it in the transaction of what it
    tells about. Raises ValueError for a kind nobody registered.
    """
    telling = Telling(
        frozenset(recipients),
        kind,
        subject,
        key,
        urgency=urgency,
        organisation_uuid=organisation_uuid,
    )
    notify_each([telling], by=by, at=at)


def notify_each(tellings: Iterable[Telling], *, by: Who, at: datetime) -> None:
    """`notify` for many at once, in three statements however many they are."""
    tellings = list(tellings)
    if any(notices.kind_of(telling.kind) is None for telling in tellings):
        raise ValueError("Nobody registered this kind of notice.")
    told = [(telling, user) for telling in tellings for user in sorted(telling.recipients)]
    wishes = wishes_of(user for _telling, user in told)
    rows = [
        Notice(
            recipient_id=user,
            organisation_uuid=telling.organisation_uuid,
            kind=telling.kind,
            subject_kind=telling.subject.kind,
            subject_uuid=telling.subject.uuid,
            urgency=telling.urgency,
            key=telling.key,
            created_at=at,
            created_by_id=by.user_id,
            mail_at=_mail_at(telling, wishes[user], at),
        )
        for telling, user in told
    ]
    mails = [
        waiting_mail(row.recipient_id, key=f"notice:{row.recipient_id}:{row.key}", at=at)
        for row in rows
        if row.urgency == Urgency.IMMEDIATE and row.mail_at is not None
    ]
    with transaction.atomic():
        Notice.objects.bulk_create(rows, ignore_conflicts=True)
        if mails:
            Mail.objects.bulk_create(mails, ignore_conflicts=True)
            wake(SEND_MAIL)


def mark_read(*, notice: Notice, by: Actor, at: datetime) -> None:
    """The recipient has opened it. Opening it again keeps the first time."""
    Notice.objects.visible_to(by).filter(pk=notice.pk, read_at=None).update(read_at=at)


def mark_all_read(*, by: Actor, at: datetime) -> int:
    """Everything unread in the inbox this actor sees."""
    return Notice.objects.visible_to(by).unread().update(read_at=at)


def mark_handled(*, subject: Subject, kinds: Iterable[str], at: datetime) -> int:
    """Somebody has dealt with it: quiet for every recipient, and no mail about it any more."""
    return mark_handled_many(kind=subject.kind, uuids=[subject.uuid], kinds=kinds, at=at)


def mark_handled_many(
    *, kind: str, uuids: Iterable[UUID], kinds: Iterable[str], at: datetime
) -> int:
    """`mark_handled` for several subjects of one kind, in one statement."""
    about = Notice.objects.filter(subject_kind=kind, subject_uuid__in=list(uuids))
    return about.filter(kind__in=list(kinds), handled_at=None).update(handled_at=at)


def unread_count(actor: Actor) -> int:
    """For the number beside "Inbox": one query, at most COUNT_TO, which means "or more"."""
    if actor.user_id is None:
        return 0
    return Notice.objects.visible_to(actor).unread()[:COUNT_TO].count()


def _mail_at(telling: Telling, wishes: Wishes, at: datetime) -> datetime | None:
    """At once for what cannot wait, unless the person wants no mail about such things at all."""
    mail_at = wishes.mail_at(telling.kind, at)
    return at if mail_at and telling.urgency == Urgency.IMMEDIATE else mail_at


def write_summaries(at: datetime) -> int:
    """One mail to each person with notices that are to be mailed about by now."""
    # One that waits will count these too; one given up says that nothing arrives there.
    under_way = Mail.objects.filter(
        sent_at=None, dropped_at=None, recipient=OuterRef("recipient"), kind=NOTICES_WAITING
    )
    due = (
        Notice.objects.mail_due(at)
        .filter(~Exists(under_way), recipient__is_active=True)
        .values("recipient")
        .annotate(newest=Max("pk"))
        .values_list("recipient", "newest")
        .order_by("recipient")[:SUMMARIES]
    )
    mails = [
        # The newest notice in the key: two sweeps at once write the same mail, and one of it stays.
        waiting_mail(user, key=f"summary:{user}:{newest}", at=at)
        for user, newest in due
    ]
    Mail.objects.bulk_create(mails, ignore_conflicts=True)
    return len(mails)
