"""Conversations in pages: the list, one of them, a message's second thoughts, and its files.

Each page takes its rows through `visible_to`: what has ended answers as what never was.
"""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.db.models import Exists, Min, OuterRef, Prefetch, Subquery
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.formats import date_format
from django.utils.timezone import localtime
from django.utils.translation import gettext as _
from django.views.decorators.debug import sensitive_variables
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts import kept
from common.forms import put_in
from common.marks import Permission, needs
from common.paging import Order, paginate
from common.sealing import Erased
from common.uploads import CONTENT_TYPES
from common.workflow import MissingAnswers, NotAllowed, NotPossible, Stale
from partners import about
from partners.access import Actor, get_or_404
from partners.choices import Role
from partners.conversation_choices import MessageAct, Outcome, Topic
from partners.filters import ConversationFilter
from partners.forms.conversations import Correct, Reply
from partners.models import (
    ContactAttempt,
    Conversation,
    Message,
    MessageFile,
    MessageTrace,
    Participant,
)
from partners.services import conversations as services
from partners.views.lists import page_links

P = Permission
LATEST_FIRST = Order("-last_at", "-id")
NEWEST_FIRST = Order("-posted_at", "-id")
ON_A_PAGE = 20
PARTICIPANTS = Prefetch(
    "participants",
    Participant.objects.select_related("organisation").order_by("organisation__name", "pk"),
)


def acting(request: HttpRequest) -> Actor:
    return request.actor  # type: ignore[attr-defined,no-any-return]


def last_day(end: datetime) -> str:
    """The day that was meant: the last one before the moment at which it is over."""
    return date_format(localtime(end - timedelta(seconds=1)))


# --- the list -------------------------------------------------------------------------------------


@needs(P.CONVERSATION_HOLD)
@require_safe
def conversations(request: HttpRequest) -> HttpResponse:
    """What organisations write to one's own, the latest first."""
    actor = acting(request)
    mine = Participant.objects.visible_to(actor).with_unread(actor)
    waiting = ContactAttempt.objects.waiting().filter(conversation=OuterRef("conversation_id"))
    ours = waiting.filter(organisation_id=actor.organisation_id).values("conversation")
    mine = mine.annotate(
        is_asked=Exists(ours),
        due_at=Subquery(ours.annotate(first=Min("answer_by")).values("first")),
        is_waiting=Exists(waiting.exclude(organisation_id=actor.organisation_id)),
    ).select_related("conversation")
    rows = mine.prefetch_related(Prefetch("conversation__participants", PARTICIPANTS.queryset))
    narrowed = ConversationFilter(request.GET, queryset=rows, actor=actor)
    page = paginate(narrowed.qs, LATEST_FIRST, cursor=request.GET.get("cursor", ""))
    subjects = [(row.conversation.subject_kind, row.conversation.subject_uuid) for row in page.rows]
    references = about.references_of(actor, subjects)
    context = {
        "filter": narrowed.form,
        "page": page,
        "columns": [{"label": label} for label in (_("About"), _("With"), _("Latest"), _("State"))],
        "rows": [_row(row, actor, references) for row in page.rows],
        "empty": _nothing(is_narrowing=narrowed.is_narrowing),
        "clear_href": reverse("partners:conversations"),
        **page_links(request, page),
    }
    return render(request, "partners/conversations.html", context)


def _row(row: Any, actor: Actor, references: Mapping[UUID, str]) -> dict[str, Any]:
    conversation = row.conversation
    tags = []
    if row.is_unread:
        tags.append({"text": _("New"), "colour": "blue"})
    if row.is_asked:
        late = row.due_at is not None and row.due_at < actor.at
        by = last_day(row.due_at) if row.due_at else ""
        text = _("Answer by %(day)s") % {"day": by} if by else _("Asks you")
        tags.append({"text": text, "colour": "red" if late else "orange"})
    if row.is_waiting:
        tags.append({"text": _("Waits for an answer"), "colour": "grey"})
    others = [
        part.organisation.display_name
        for part in conversation.participants.all()
        if part.organisation_id != actor.organisation_id
    ]
    return {
        "topic": Topic(conversation.topic).label,
        "href": reverse("partners:conversation", args=[conversation.uuid]),
        "reference": references.get(conversation.subject_uuid, ""),
        "others": others,
        "at": row.last_at,
        "is_unread": row.is_unread,
        "tags": tags,
    }


def _nothing(*, is_narrowing: bool) -> dict[str, str]:
    if is_narrowing:
        return {
            "title": _("No such conversation"),
            "href": reverse("partners:conversations"),
            "label": _("Show all conversations"),
        }
    return {
        "title": _("Nobody has written yet"),
        "text": _(
            "Write to an organisation here or from its page in the registry; about a case, from "
            "the page of the case."
        ),
    }


# --- one conversation -----------------------------------------------------------------------------


@needs(P.SIGNED_IN)
@require_http_methods(["GET", "HEAD", "POST"])
def conversation(request: HttpRequest, uuid: UUID) -> HttpResponse:
    """The messages, latest last, and the form for the next one."""
    actor, found = acting(request), _one(request, uuid)
    others = _others(found, actor)
    posted = request.method == "POST"
    form = Reply(
        others, request.POST if posted else None, request.FILES if posted else None, at=actor.at
    )
    if form.is_valid() and _post(form, found, actor):
        kept.discard(request)
        messages.success(request, _("Sent. The others get a notice that a message waits."))
        return redirect("partners:conversation", uuid=found.uuid)
    put_in(form, kept.restore(request))
    return _show(request, found, form)


def _one(request: HttpRequest, uuid: UUID) -> Conversation:
    rows = Conversation.objects.prefetch_related(PARTICIPANTS)
    return get_or_404(rows, acting(request), uuid=uuid)


def _others(found: Conversation, actor: Actor) -> list[Any]:
    return [
        part.organisation
        for part in found.participants.all()
        if part.organisation_id != actor.organisation_id
    ]


@sensitive_variables("form")
def _post(form: Reply, found: Conversation, actor: Actor) -> bool:
    try:
        services.post(
            conversation=found,
            words=form.words(),
            asking=form.asking(),
            by=actor,
            at=actor.at,
        )
    except NotAllowed as error:
        # Ended between the look and the act.
        raise Http404 from error
    except Erased:
        form.add_error(None, _("What this was about was erased. Nothing can be written here."))
        return False
    except (NotPossible, MissingAnswers, ValidationError) as error:
        form.add_error(None, error if isinstance(error, ValidationError) else str(error))
        return False
    return True


def _show(request: HttpRequest, found: Conversation, form: Reply) -> HttpResponse:
    actor = acting(request)
    page = paginate(
        found.messages.select_related("author", "organisation"),
        NEWEST_FIRST,
        cursor=request.GET.get("cursor", ""),
        size=ON_A_PAGE,
    )
    newest = found.messages.order_by("-pk").first()
    services.read(conversation=found, upto=newest, by=actor, at=actor.at)
    reference = about.references_of(actor, [(found.subject_kind, found.subject_uuid)])
    kind = about.about_of(found.subject_kind)
    context = {
        "conversation": found,
        "topic": Topic(found.topic).label,
        "reference": reference.get(found.subject_uuid, "") if found.subject_uuid else "",
        "subject_href": kind.link(found.subject_uuid) if kind and found.subject_uuid else "",
        "audience": [_part(each) for each in found.participants.all()],
        "rows": _messages(found, page.rows, actor),
        "form": form,
        "can_write": not services.is_erased(found),
        "newer": page_links(request, page)["previous_href"],
        "older": page_links(request, page)["next_href"],
    }
    return render(request, "partners/conversation.html", context)


def _part(part: Participant) -> str:
    name = part.organisation.display_name
    return f"{name} ({Role(part.role).label})" if part.role else name


def _messages(found: Conversation, rows: list[Message], actor: Actor) -> list[dict[str, Any]]:
    """The messages of a page, oldest first, with what hangs on them: three queries."""
    rows = list(reversed(rows))
    by_pk = {row.pk: row for row in rows}
    for row in rows:
        row.conversation = found  # so that its key is asked for once
    files: dict[int, list[MessageFile]] = {}
    for file in MessageFile.objects.filter(message__in=by_pk).defer("content_ct").order_by("pk"):
        file.message = by_pk[file.message_id]
        files.setdefault(file.message_id, []).append(file)
    traces: dict[int, list[MessageTrace]] = {}
    for trace in MessageTrace.objects.filter(message__in=by_pk).order_by("pk"):
        trace.message = by_pk[trace.message_id]
        traces.setdefault(trace.message_id, []).append(trace)
    asked: dict[int, list[ContactAttempt]] = {}
    questions = found.attempts.filter(question__in=by_pk).select_related("organisation")
    for attempt in questions.order_by("pk"):
        if attempt.question_id is not None:
            asked.setdefault(attempt.question_id, []).append(attempt)
    return [
        _message(
            row, files.get(row.pk, []), traces.get(row.pk, []), asked.get(row.pk, []), actor=actor
        )
        for row in rows
    ]


def _message(
    row: Message,
    files: list[MessageFile],
    traces: list[MessageTrace],
    asked: list[ContactAttempt],
    *,
    actor: Actor,
) -> dict[str, Any]:
    is_ours = row.organisation_id == actor.organisation_id
    shown: dict[str, Any] = {
        "uuid": row.uuid,
        # Of the other side one is told the organisation; of one's own, the person too.
        "by": row.author.display_name if is_ours else "",
        "organisation": row.organisation.display_name,
        "is_ours": is_ours,
        "at": row.posted_at,
        "corrected_at": row.corrected_at,
        "taken_back_at": row.taken_back_at,
        "asked": [_asked(each, actor) for each in asked],
        "can_change": services.may_change(row, actor),
    }
    try:
        shown["text"] = row.text
        if is_ours:
            # What somebody thought better of is for those in whose name it was said.
            shown["before"] = [
                {"at": each.at, "act": MessageAct(each.act).label, "text": each.words}
                for each in traces
            ]
        shown["files"] = [] if row.taken_back_at else [_file(each, row) for each in files]
    except Erased:
        shown |= {"is_erased": True, "files": [], "can_change": False}
    return shown


def _file(file: MessageFile, message: Message) -> dict[str, Any]:
    return {
        "name": file.name,
        "kind": file.ending.upper(),
        "size": file.size,
        "action": reverse(
            "partners:conversation-file", args=[message.conversation.uuid, file.uuid]
        ),
    }


OUTCOME_COLOURS = {
    Outcome.WAITING: "grey",
    Outcome.ANSWERED: "green",
    Outcome.NO_ANSWER: "orange",
    Outcome.WRONG: "red",
    Outcome.REFUSED: "purple",
    Outcome.TAKEN_BACK: "grey",
}


def outcome_tag(attempt: ContactAttempt, actor: Actor) -> dict[str, str]:
    """What came of an attempt, as components/tag.html takes it."""
    if attempt.is_late(actor.at):
        return {"text": _("Late"), "colour": "red"}
    outcome = Outcome(attempt.outcome)
    return {"text": str(outcome.label), "colour": OUTCOME_COLOURS[outcome]}


def _asked(attempt: ContactAttempt, actor: Actor) -> dict[str, Any]:
    by = last_day(attempt.answer_by) if attempt.answer_by else ""
    return {
        "who": attempt.organisation.display_name,
        "by": by,
        "tag": outcome_tag(attempt, actor),
    }


# --- a message's second thoughts ------------------------------------------------------------------


@needs(P.SIGNED_IN)
@require_http_methods(["GET", "HEAD", "POST"])
def message_act(request: HttpRequest, uuid: UUID, message: UUID, name: str) -> HttpResponse:
    """Correct one's own message, or take it back; others find nothing here."""
    actor, found = acting(request), _one(request, uuid)
    row = found.messages.filter(uuid=message).first()
    if name not in ("correct", "take-back") or row is None:
        raise Http404
    if not services.may_change(row, actor):
        if row.author_id != actor.user_id:
            raise Http404
        messages.error(request, _("The 15 minutes are over, or it was taken back already."))
        return redirect("partners:conversation", uuid=found.uuid)
    row.conversation = found
    if name == "take-back":
        return _take_back(request, row)
    return _correct(request, row)


def _take_back(request: HttpRequest, row: Message) -> HttpResponse:
    if request.method != "POST":
        return render(request, "partners/message_take_back.html", {"row": row})
    actor = acting(request)
    try:
        services.take_back(message=row, by=actor, at=actor.at)
    except NotAllowed as error:
        raise Http404 from error
    messages.success(request, _("Taken back. The others see that there was a message."))
    return redirect("partners:conversation", uuid=row.conversation.uuid)


def _correct(request: HttpRequest, row: Message) -> HttpResponse:
    actor, status, theirs = acting(request), 200, ""
    initial = {"text": row.text, "version": row.version}
    form = Correct(request.POST if request.method == "POST" else None, initial=initial)
    if form.is_valid():
        try:
            services.correct(message=row, by=actor, at=actor.at, **form.cleaned_data)
        except Stale as stale:
            status, theirs = 409, row.text or ""
            form = Correct(
                initial={"text": form.cleaned_data["text"], "version": stale.current.version}  # type: ignore[attr-defined]
            )
        except NotAllowed as error:
            raise Http404 from error
        except (NotPossible, MissingAnswers, ValidationError) as error:
            form.add_error(None, str(error))
        else:
            messages.success(request, _("Corrected. That it was, and when, is shown."))
            return redirect("partners:conversation", uuid=row.conversation.uuid)
    context = {"row": row, "form": form, "theirs": theirs}
    return render(request, "partners/message_correct.html", context, status=status)


# --- files ----------------------------------------------------------------------------------------


@needs(P.SIGNED_IN)
@require_POST
@sensitive_variables("content")
def file(request: HttpRequest, uuid: UUID, file: UUID) -> HttpResponse:
    """Hand out a file, under a name that tells nothing. A POST, so that no link opens it."""
    actor, found = acting(request), _one(request, uuid)
    rows = MessageFile.objects.filter(message__conversation=found).select_related("message")
    row = rows.filter(uuid=file).first()
    if row is None:
        raise Http404
    row.message.conversation = found
    try:
        content = services.open_file(file=row, by=actor, at=actor.at)
    except (NotAllowed, Erased) as error:
        raise Http404 from error
    response = HttpResponse(content, content_type=CONTENT_TYPES[row.ending])
    response["Content-Disposition"] = f'attachment; filename="attachment.{row.ending}"'
    return response
