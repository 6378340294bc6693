"""Conversations: beginning one, posting, correcting and taking back, reading, handing out a file.

Who reads is decided at every look (`visible_to`), not when something is written. Words and files
are sealed with the person's key on a case, with the conversation's own otherwise.
"""

import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _
from django.views.decorators.debug import sensitive_variables

from accounts.audit import record as log
from accounts.choices import LogAction
from accounts.models import User
from common.marks import Permission, Subject
from common.references import BadReference, parse_reference
from common.sealing import Erased, WrappedKeyField, seal, unseal_bytes
from common.uploads import Upload
from common.workflow import MissingAnswers, NotAllowed, NotPossible, Stale
from partners import audiences, conversation_notices
from partners.access import Actor
from partners.audiences import Part
from partners.choices import OrganisationState
from partners.conversation_choices import (
    CASE_TOPICS,
    ON_THE_PLATFORM,
    AttemptPurpose,
    MessageAct,
    Outcome,
    Topic,
)
from partners.models import (
    ContactAttempt,
    Conversation,
    Message,
    MessageFile,
    MessageTrace,
    Participant,
    ReadMark,
)

LONGEST: Final = 4000
MOST_FILES: Final = 3
MOST_PARTS: Final = 12
"""Organisations in one conversation; more is an announcement and no conversation."""
CHANGEABLE: Final = timedelta(minutes=15)
"""How long its author may correct a message or take it back."""
FILE_FIELD: Final = "conversation.file"
_LIKE_A_REFERENCE: Final = re.compile(
    r"\b[A-Z]{1,2}[ .-]?[0-9A-Z]{4}[ .-]?[0-9A-Z]{4}\b", re.IGNORECASE
)


@dataclass(frozen=True)
class Asking:
    """Who is asked for an answer, and by when; nobody by default."""

    organisations: tuple[int, ...] = ()
    answer_by: datetime | None = None


NOBODY: Final = Asking()


@dataclass(frozen=True)
class Words:
    """What is posted: the text, files that were checked, and what the form called it."""

    text: str
    client_key: str
    files: Sequence[Upload] = ()


# --- beginning ------------------------------------------------------------------------------------


@transaction.atomic
def begin(
    *,
    topic: Topic | str,
    parts: Sequence[Part],
    words: Words,
    by: Actor,
    at: datetime,
    subject: Subject | None = None,
    asking: Asking = NOBODY,
) -> Conversation:
    """Begin a conversation with its first message. `parts` are the others and, if narrowed, one's
    own organisation.

    The same `client_key` of the same person gives the conversation that stands. Raises NotAllowed,
    NotPossible, MissingAnswers, ValidationError, Erased.
    """
    topic = Topic(topic)
    if not audiences.may_write(by, topic) or by.user is None or by.organisation is None:
        raise NotAllowed(_("You cannot begin a conversation about this."))
    standing = Conversation.objects.filter(started_by=by.user, client_key=words.client_key).first()
    if standing is not None:
        return standing
    wanted = _audience(topic, subject, parts, by=by, at=at)
    conversation = Conversation(
        topic=topic,
        subject_kind=subject.kind if subject else "",
        subject_uuid=subject.uuid if subject else None,
        started_at=at,
        started_by=by.user,
        started_for=by.organisation,
        client_key=words.client_key,
    )
    try:
        with transaction.atomic():
            conversation.save()
    except IntegrityError:
        # Pressed twice at once: the other was first.
        return Conversation.objects.get(started_by=by.user, client_key=words.client_key)
    Participant.objects.bulk_create(
        Participant(
            conversation=conversation, organisation=part.organisation, role=part.role, last_at=at
        )
        for part in wanted
    )
    _post(conversation, words, asking, by=by, at=at)
    return conversation


def _audience(
    topic: Topic, subject: Subject | None, parts: Sequence[Part], *, by: Actor, at: datetime
) -> list[Part]:
    """The audience with one's own organisation in it; each of them with somebody who will read."""
    assert by.organisation is not None  # noqa: S101 - asked before
    by_organisation = {by.organisation.pk: Part(by.organisation)}
    by_organisation |= {part.organisation.pk: part for part in parts}
    wanted = list(by_organisation.values())
    if len(wanted) < 2:
        raise MissingAnswers(("organisations",))
    if len(wanted) > MOST_PARTS:
        raise NotPossible(_("Choose at most %(n)d organisations.") % {"n": MOST_PARTS - 1})
    if (topic in CASE_TOPICS) != (subject is not None):
        raise NotPossible(_("This topic is not for such a conversation."))
    if any(part.organisation.state != OrganisationState.MEMBER for part in wanted):
        raise NotPossible(_("One of the organisations is not a member of the mechanism now."))
    reading = audiences.readers(topic=topic, subject=subject, parts=wanted, at=at)
    if by.user_id not in reading[by.organisation.pk]:
        raise NotAllowed(_("You would not be among the readers of this conversation."))
    for part in wanted:
        if not reading[part.organisation.pk]:
            raise NotPossible(
                _("Nobody at %(name)s could read this.") % {"name": part.organisation.display_name}
            )
    return wanted


# --- posting --------------------------------------------------------------------------------------


@transaction.atomic
def post(
    *, conversation: Conversation, words: Words, by: Actor, at: datetime, asking: Asking = NOBODY
) -> Message:
    """Write into a conversation that one reads. It answers what one's organisation was asked.

    The same `client_key` of the same person gives the message that stands. Raises NotAllowed,
    NotPossible, MissingAnswers, ValidationError, Erased.
    """
    row = _open(conversation, by)
    standing = Message.objects.filter(author_id=by.user_id, client_key=words.client_key).first()
    return standing or _post(row, words, asking, by=by, at=at)


def _open(conversation: Conversation, by: Actor) -> Conversation:
    """The row held until the transaction ends, if it is open to the actor now."""
    held = Conversation.objects.select_for_update(of=("self",)).filter(pk=conversation.pk).first()
    visible = Conversation.objects.visible_to(by).filter(pk=conversation.pk)
    if held is None or by.user is None or by.organisation is None or not visible.exists():
        raise NotAllowed(_("This conversation is not open to you."))
    return held


@sensitive_variables("words")
def _post(
    conversation: Conversation, words: Words, asking: Asking, *, by: Actor, at: datetime
) -> Message:
    assert by.user is not None and by.organisation is not None  # noqa: S101, PT018 - asked before
    message = Message(
        conversation=conversation,
        author=by.user,
        organisation=by.organisation,
        posted_at=at,
        client_key=words.client_key,
    )
    message.text = _checked(words.text, conversation)
    message.save()
    _keep_files(message, words.files)
    conversation.participants.update(last_at=at)
    _mark(conversation, message, by=by, at=at)
    readers = audiences.readers_of(conversation, at)
    _answer(conversation, message, by=by, at=at)
    if asking.organisations:
        _ask(message, asking, readers, by=by, at=at)
    conversation_notices.posted(message, readers, by=by, at=at)
    return message


@sensitive_variables("text")
def _checked(text: str, conversation: Conversation) -> str:
    """The words without blanks around them; in general without the reference of any case."""
    text = text.replace("\r\n", "\n").strip()
    if not text:
        raise MissingAnswers(("text",))
    if len(text) > LONGEST:
        raise ValidationError({"text": _("Write at most %(n)d characters.") % {"n": LONGEST}})
    if conversation.subject_uuid is None and _names_a_case(text):
        raise NotPossible(
            _(
                "The reference of a case stands in this text. Write about a case on its own page: "
                "there only those read it to whom the case is open."
            )
        )
    return text


@sensitive_variables("text")
def _names_a_case(text: str) -> bool:
    for found in _LIKE_A_REFERENCE.findall(text):
        try:
            parse_reference(found)
        except BadReference:
            continue
        # A word of nine letters may fit the check by chance; it has neither digits nor dashes.
        if any(sign.isdigit() for sign in found) or found.count("-") > 1:
            return True
    return False


@sensitive_variables("files")
def _keep_files(message: Message, files: Sequence[Upload]) -> None:
    if len(files) > MOST_FILES:
        raise NotPossible(_("Attach at most %(n)d files.") % {"n": MOST_FILES})
    if not files:
        return
    holder = message.conversation.key_holder
    field = holder._meta.get_field("data_key")
    assert isinstance(field, WrappedKeyField)  # noqa: S101 - what about.key_holder promises
    key, owner = field.open(holder)
    for file in files:
        row = MessageFile(message=message, ending=file.ending, size=len(file.content))
        row.name = file.name
        row.content_ct = seal(file.content, key=key, field=FILE_FIELD, owner=owner)
        row.save()


# --- asking and answering -------------------------------------------------------------------------


def _ask(
    message: Message,
    asking: Asking,
    readers: dict[int, set[int]],
    *,
    by: Actor,
    at: datetime,
) -> None:
    """One attempt for each organisation that is asked, with its own clock."""
    conversation = message.conversation
    if asking.answer_by is not None and asking.answer_by <= at:
        raise NotPossible(_("The day by which you need an answer has passed."))
    rows = conversation.participants.select_related("organisation")
    parts = {row.organisation_id: row.organisation for row in rows}
    for pk in dict.fromkeys(asking.organisations):
        if pk not in parts or pk == by.organisation_id:
            raise NotPossible(_("Ask an organisation that takes part."))
        if not readers.get(pk):
            raise NotPossible(
                _("Nobody at %(name)s could read this.") % {"name": parts[pk].display_name}
            )
        attempt = ContactAttempt.objects.create(
            organisation=parts[pk],
            by_organisation=message.organisation,
            tried_by=message.author,
            channel=ON_THE_PLATFORM,
            purpose=AttemptPurpose.CASE if conversation.subject else AttemptPurpose.QUESTION,
            tried_at=at,
            answer_by=asking.answer_by,
            outcome=Outcome.WAITING,
            conversation=conversation,
            question=message,
            client_key=f"message:{message.uuid}",
        )
        _start_clock(attempt, readers[pk], by=by, at=at)


def _start_clock(
    attempt: ContactAttempt, users: Collection[int], *, by: Actor, at: datetime
) -> None:
    people = list(User.objects.filter(pk__in=users).order_by("pk"))
    conversation_notices.asked(attempt, people, by=by, at=at)


def _answer(conversation: Conversation, message: Message, *, by: Actor, at: datetime) -> None:
    """Whatever the organisation writes answers what it was asked here."""
    waiting = ContactAttempt.objects.waiting().filter(
        conversation=conversation, organisation=message.organisation
    )
    attempts = list(waiting.select_for_update(of=("self",)).order_by("pk"))
    for attempt in attempts:
        attempt.outcome, attempt.answer = Outcome.ANSWERED, message
        # A server whose clock was put back does not answer before it was asked.
        attempt.answered_at = max(at, attempt.tried_at)
        attempt.save(update_fields=["outcome", "answer", "answered_at"])
        conversation_notices.answer_came(attempt, by=by, at=at)
    conversation_notices.answered(conversation, by=by, at=at)


# --- the author's second thoughts -----------------------------------------------------------------


def may_change(message: Message, actor: Actor) -> bool:
    """Its author, acting for the same organisation, for a short time, and not twice back."""
    is_own = message.author_id == actor.user_id and message.organisation_id == actor.organisation_id
    in_time = message.posted_at <= actor.at < message.posted_at + CHANGEABLE
    return is_own and in_time and message.taken_back_at is None


@transaction.atomic
@sensitive_variables("text")
def correct(*, message: Message, text: str, version: int, by: Actor, at: datetime) -> Message:
    """Put other words in the place of one's own; what stood there is kept.

    Raises NotAllowed, Stale, MissingAnswers, ValidationError, Erased.
    """
    row = _own(message, by)
    if row.version != version:
        raise Stale(row)
    new = _checked(text, row.conversation)
    _trace(row, MessageAct.CORRECTED, by=by, at=at)
    row.text, row.corrected_at, row.version = new, at, row.version + 1
    row.save(update_fields=["text_ct", "corrected_at", "version"])
    return row


@transaction.atomic
def take_back(*, message: Message, by: Actor, at: datetime) -> Message:
    """Take one's own message out of everybody's sight; that it was there, and its words, are kept.

    What it asked is asked no more; what it answered waits again. Raises NotAllowed, Erased.
    """
    row = _own(message, by)
    _trace(row, MessageAct.TAKEN_BACK, by=by, at=at)
    row.text, row.taken_back_at, row.version = "", at, row.version + 1
    row.save(update_fields=["text_ct", "taken_back_at", "version"])
    for attempt in ContactAttempt.objects.filter(question=row).select_related("organisation"):
        attempt.outcome, attempt.answered_at, attempt.answer = Outcome.TAKEN_BACK, None, None
        attempt.save(update_fields=["outcome", "answered_at", "answer"])
        conversation_notices.not_asked_any_more(attempt, by=by, at=at)
    readers = audiences.readers_of(row.conversation, at)
    for attempt in ContactAttempt.objects.filter(answer=row).select_related("organisation"):
        attempt.outcome, attempt.answered_at, attempt.answer = Outcome.WAITING, None, None
        attempt.save(update_fields=["outcome", "answered_at", "answer"])
        _start_clock(attempt, readers.get(attempt.organisation_id, set()), by=by, at=at)
    return row


def _own(message: Message, by: Actor) -> Message:
    _open(message.conversation, by)
    rows = Message.objects.select_for_update(of=("self",)).select_related("conversation")
    row = rows.get(pk=message.pk)
    if not may_change(row, by):
        raise NotAllowed(_("A message is changed by its author alone, within 15 minutes."))
    return row


def _trace(row: Message, act: MessageAct, *, by: Actor, at: datetime) -> None:
    assert by.user is not None  # noqa: S101 - asked before
    trace = MessageTrace(message=row, act=act, at=at, by=by.user)
    trace.words = row.text
    trace.save()


# --- reading --------------------------------------------------------------------------------------


@transaction.atomic
def read(*, conversation: Conversation, upto: Message | None, by: Actor, at: datetime) -> None:
    """The actor has it open: logged on a case before a word is shown, and marked as read.

    Raises whatever keeps the log from being written: then nothing is shown.
    """
    _log(conversation, "conversation", by=by, at=at)
    if upto is not None:
        _mark(conversation, upto, by=by, at=at)
    conversation_notices.seen(conversation, by=by, at=at)


def _mark(conversation: Conversation, message: Message, *, by: Actor, at: datetime) -> None:
    ReadMark.objects.bulk_create(
        [ReadMark(conversation=conversation, user=by.user, message=message, at=at)],
        ignore_conflicts=True,
    )
    behind = ReadMark.objects.filter(conversation=conversation, user_id=by.user_id or 0)
    behind.filter(message_id__lt=message.pk).update(message=message, at=at)


@transaction.atomic
def open_file(*, file: MessageFile, by: Actor, at: datetime) -> bytes:
    """The content of a file, for whoever reads its conversation; logged first on a case.

    Raises NotAllowed, Erased, and whatever keeps the log from being written.
    """
    message = file.message
    visible = Conversation.objects.visible_to(by).filter(pk=message.conversation_id)
    if Permission.CONVERSATION_HOLD not in by.permissions or not visible.exists():
        raise NotAllowed(_("This conversation is not open to you."))
    if message.taken_back_at is not None:
        raise NotAllowed(_("This message was taken back."))
    conversation = message.conversation
    _log(conversation, "conversation_file", by=by, at=at)
    holder = conversation.key_holder
    field = holder._meta.get_field("data_key")
    assert isinstance(field, WrappedKeyField)  # noqa: S101 - what about.key_holder promises
    key, owner = field.open(holder)
    return unseal_bytes(file.content_ct, key=key, field=FILE_FIELD, owner=owner)


def _log(conversation: Conversation, what: str, *, by: Actor, at: datetime) -> None:
    """Reading on a case is reading a person's file; in general there is nobody's data to read."""
    if conversation.subject is not None:
        log(
            action=LogAction.FILE_OPENED,
            by=by,
            at=at,
            subject=conversation.subject,
            field_group=what,
        )


def is_erased(conversation: Conversation) -> bool:
    """Whether the key of its words was destroyed."""
    try:
        holder = conversation.key_holder
    except Erased:
        return True
    return getattr(holder, "data_key", None) is None
