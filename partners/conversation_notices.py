"""Who is told of a message, and the clock of an answer that was asked for.

A notice says "A message waits" and nothing else. Until somebody has read the conversation they get
no second one for it; once a colleague has answered, the others need not.
"""

from collections.abc import Collection, Iterable, Mapping
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from common.marks import Subject
from common.profile import Bound
from deadlines import kinds
from deadlines.models import Deadline, Notice
from deadlines.notices import register, register_topic
from deadlines.services import clocks
from deadlines.services.notices import Telling, mark_handled_many, notify_each
from partners import about, audiences
from partners.access import Actor, system_actor
from partners.choices import Role
from partners.models import (
    ContactAttempt,
    Conversation,
    Membership,
    Message,
    Participant,
)

MESSAGE = "conversation_message"
PART = "conversation_part"
ANSWER = "contact_answer"
ATTEMPT = "contact_attempt"
REMINDED = 1
"""Days before an answer is due; whoever asks for it sooner is answered for on the day."""
CLIMBS_EVERY = timedelta(days=1)
LOOKS_AHEAD = timedelta(minutes=2)
RELEASED_AT_ONCE = 500


def register_kinds() -> None:
    """Called once when the app is ready."""
    register_topic("conversations", title=_("Messages from other organisations"))
    register(
        MESSAGE,
        title=_("A message waits"),
        link=_to_conversation,
        still_visible=_parts,
        topic="conversations",
    )
    kinds.register(
        ANSWER,
        title=_("An answer that your organisation was asked for"),
        link=_to_question,
        still_visible=_attempts,
        escalation=_ladder,
        climbs_every=CLIMBS_EVERY,
    )


# --- notices --------------------------------------------------------------------------------------


def posted(message: Message, readers: Mapping[int, set[int]], *, by: Actor, at: datetime) -> None:
    """Everybody of the others who may read it is told that a message waits, once until read."""
    rows = message.conversation.participants.select_related("organisation")
    parts = {row.organisation_id: row for row in rows}
    waiting = Notice.objects.unread().filter(
        kind=MESSAGE, subject_kind=PART, subject_uuid__in=[row.uuid for row in parts.values()]
    )
    told = set(waiting.values_list("recipient_id", "subject_uuid"))
    tellings = [
        Telling(
            frozenset(user for user in users if (user, parts[organisation].uuid) not in told),
            MESSAGE,
            Subject(PART, parts[organisation].uuid),
            f"{MESSAGE}:{message.uuid}",
            organisation_uuid=parts[organisation].organisation.uuid,
        )
        for organisation, users in readers.items()
        if organisation != message.organisation_id
    ]
    notify_each(tellings, by=by, at=at)


def seen(conversation: Conversation, *, by: Actor, at: datetime) -> None:
    """Whoever has it open needs no notice of it any more."""
    mine = conversation.participants.filter(organisation_id=by.organisation_id)
    Notice.objects.filter(
        recipient_id=by.user_id,
        kind=MESSAGE,
        subject_kind=PART,
        subject_uuid__in=mine.values("uuid"),
        read_at=None,
    ).update(read_at=at)


def answered(conversation: Conversation, *, by: Actor, at: datetime) -> None:
    """Somebody of the organisation has answered: quiet for their colleagues."""
    mine = conversation.participants.filter(organisation_id=by.organisation_id)
    uuids = list(mine.values_list("uuid", flat=True))
    mark_handled_many(kind=PART, uuids=uuids, kinds=[MESSAGE], at=at)


def _to_conversation(uuid: UUID) -> str:
    part = Participant.objects.filter(uuid=uuid).select_related("conversation").first()
    if part is None:
        return reverse("partners:conversations")
    return reverse("partners:conversation", args=[part.conversation.uuid])


def _parts(actor: Any, uuids: Iterable[UUID]) -> set[UUID]:
    shown = Participant.objects.visible_to(actor).filter(uuid__in=list(uuids))
    return set(shown.values_list("uuid", flat=True))


# --- the clock ------------------------------------------------------------------------------------


def asked(attempt: ContactAttempt, users: Collection[Any], *, by: Actor, at: datetime) -> None:
    """The time for an answer runs for everybody there who may read the question.

    For people and not their group: on a case only some of it may know that there is a question.
    """
    if attempt.answer_by is None:
        return
    clocks.start_until(
        kind=ANSWER,
        subject=Subject(ATTEMPT, attempt.uuid),
        holders=users,
        starts_at=attempt.tried_at,
        until=attempt.answer_by,
        bound=Bound.LATEST,
        remind_before_days=REMINDED,
        by=by,
        at=at,
        organisation_uuid=attempt.organisation.uuid,
    )


def answer_came(attempt: ContactAttempt, *, by: Any, at: datetime) -> None:
    """In time or late: quiet for everybody it bound."""
    clocks.meet(subject=Subject(ATTEMPT, attempt.uuid), kinds=[ANSWER], by=by, at=at)


def not_asked_any_more(attempt: ContactAttempt, *, by: Any, at: datetime) -> None:
    """The question was taken back."""
    clocks.cancel(subject=Subject(ATTEMPT, attempt.uuid), kinds=[ANSWER], by=by, at=at)


def release_those_who_read_no_more(at: datetime) -> int:
    """The sweep's part: whoever can read a question no longer is not reminded of it. How many.

    It looks at what the next rounds will tell people of, by the index they use themselves.
    """
    due = Deadline.objects.with_stage_due(at + LOOKS_AHEAD).filter(kind=ANSWER)
    bound: dict[UUID, set[int]] = {}
    for uuid, user in due.values_list("subject_uuid", "user_id")[:RELEASED_AT_ONCE]:
        if user is not None:
            bound.setdefault(uuid, set()).add(user)
    number, by = 0, system_actor("conversations", at)
    for attempt in ContactAttempt.objects.filter(uuid__in=bound).select_related("conversation"):
        assert attempt.conversation is not None  # noqa: S101 - a clock runs for no other
        readers = audiences.readers_of(attempt.conversation, at)
        gone = bound[attempt.uuid] - readers.get(attempt.organisation_id, set())
        if gone:
            about_it = Subject(ATTEMPT, attempt.uuid)
            ended = clocks.cancel(subject=about_it, kinds=[ANSWER], users=gone, by=by, at=at)
            number += len(ended)
    return number


def _ladder(deadline: Deadline) -> list[list[int]]:
    """Whoever asked; then those who answer for the organisation that does not answer.

    On a case only as far as it is open to them.
    """
    rows = ContactAttempt.objects.select_related("conversation")
    attempt = rows.filter(uuid=deadline.subject_uuid).first()
    if attempt is None or attempt.conversation is None or deadline.next_at is None:
        return []
    readers = audiences.readers_of(attempt.conversation, deadline.next_at)
    managers = Membership.objects.active(deadline.next_at).filter(
        organisation=attempt.organisation_id, role=Role.MANAGER
    )
    answering = set(managers.values_list("user_id", flat=True))
    asking = {attempt.tried_by_id} & readers.get(attempt.by_organisation_id, set())
    return [sorted(asking), sorted(answering & readers.get(attempt.organisation_id, set()))]


def _to_question(uuid: UUID) -> str:
    attempt = ContactAttempt.objects.filter(uuid=uuid).select_related("conversation").first()
    if attempt is None or attempt.conversation is None:
        return reverse("partners:attempts")
    return reverse("partners:conversation", args=[attempt.conversation.uuid])


def _attempts(actor: Any, uuids: Collection[UUID]) -> Mapping[UUID, str]:
    """With the reference of the case, where it is about one."""
    shown = ContactAttempt.objects.visible_to(actor).filter(uuid__in=list(uuids))
    rows = list(
        shown.values_list("uuid", "conversation__subject_kind", "conversation__subject_uuid")
    )
    references = about.references_of(actor, [(kind or "", uuid) for _its, kind, uuid in rows])
    return {its: references.get(uuid, "") if uuid else "" for its, _kind, uuid in rows}
