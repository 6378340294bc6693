"""Action points: making one, changing its text, comments and documents.

What moves one from state to state stands in `ncm/action_workflow.py`.
"""

import hashlib
from datetime import date, datetime
from typing import Any
from uuid import UUID

from django.core.exceptions import ValidationError
from django.core.files.base import ContentFile
from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from accounts.models import User
from common.country import local_day
from common.marks import Permission
from common.references import new_reference
from common.uploads import checked
from common.workflow import NotAllowed, NotPossible, Stale
from ncm import action_clocks as clocks
from ncm import action_notifications as notifications
from ncm.action_access import may_comment
from ncm.action_choices import ActionEventKind, Priority
from ncm.action_files import MOST_FILES
from ncm.models import (
    ActionComment,
    ActionEvent,
    ActionFile,
    ActionPoint,
    Activity,
    Body,
    Obligation,
    Resolution,
    Seat,
)
from ncm.plan_choices import FourP
from partners.access import Actor, may
from partners.models import Organisation
from partners.services.memberships import require

P = Permission
TRIES = 5
MOST_COMMENTS = 200
TEXT = ("title", "todo", "pillar")


@transaction.atomic
def make(
    *,
    client_key: UUID,
    title: str,
    todo: str,
    pillar: FourP | str,
    responsible: Organisation,
    due_on: date,
    by: Actor,
    at: datetime,
    priority: Priority | str = Priority.NORMAL,
    body: Body | None = None,
    resolution: Resolution | None = None,
    activity: Activity | None = None,
    obligation: Obligation | None = None,
) -> ActionPoint:
    """Give an organisation something to do by a day; its clock runs and it is told.

    One gives action points to one's own organisation; the co-ordination to any member it knows;
    so does, from a resolution of a body, whoever sits there. The same key again gives the row it
    made. Raises NotAllowed, NotPossible.
    """
    if not (decision := may(by, P.COORDINATION_SPEAK)):
        raise NotAllowed(decision.reason)
    home, person = _home(by), _person(by)
    standing: ActionPoint | None = ActionPoint.objects.filter(client_key=client_key).first()
    if standing is not None:
        require(by, P.COORDINATION_SPEAK, standing)
        return standing
    if resolution is not None:
        body = resolution.body
    if body is not None and not sits_on(by, body):
        raise NotAllowed(_("Your organisation does not sit on this body."))
    if not organisations_for(by, resolution).filter(pk=responsible.pk).exists():
        raise NotAllowed(_("You can give action points to your own organisation."))
    if due_on < local_day(at):
        raise NotPossible(_("Give a day to come."))
    row = _insert(
        client_key=client_key, title=title, todo=todo, pillar=pillar, priority=priority,
        by_organisation=home, responsible=responsible, due_on=due_on, made_at=at, made_by=person,
        body=body, resolution=resolution, activity=activity, obligation=obligation,
    )  # fmt: skip
    event = note(row, ActionEventKind.MADE, by=by, at=at)
    clocks.made(row, by=by, at=at)
    notifications.made(row, event, by=by, at=at)
    return row


def organisations_for(by: Actor, resolution: Resolution | None = None) -> Any:
    """Those this actor can make responsible."""
    if P.COORDINATION_KEEP in by.permissions or (resolution and sits_on(by, resolution.body)):
        return Organisation.objects.members().visible_to(by).order_by("name", "pk")
    own = by.organisation_id or 0
    return Organisation.objects.visible_to(by).filter(pk=own)


def sits_on(by: Actor, body: Body) -> bool:
    """Whether the actor keeps the co-ordination, or sits on the body today."""
    if P.COORDINATION_KEEP in by.permissions:
        return True
    return bool(Seat.objects.of(by).on(local_day(by.at)).filter(body=body).exists())


def _insert(**values: Any) -> ActionPoint:
    for tried in range(TRIES):
        try:
            with transaction.atomic():
                return ActionPoint.objects.create(reference=new_reference("AP"), **values)
        except IntegrityError:
            # Another row may have drawn the same reference; anything else fails each time.
            if tried == TRIES - 1:
                raise
    raise AssertionError


@transaction.atomic
def change_text(
    *, point: ActionPoint, by: Actor, at: datetime, version: int, **text: str
) -> ActionPoint:
    """Put the text of an action point right, as whoever made it, while it is to be done.

    Raises NotAllowed, NotPossible, Stale.
    """
    require(by, P.COORDINATION_SPEAK, point)
    row = _locked(point)
    if not row.is_to_do:
        raise NotPossible(_("The text stays as it is once somebody reported it done."))
    if row.version != version:
        raise Stale(row)
    if unknown := set(text) - set(TEXT):
        raise TypeError(f"An action point has no {sorted(unknown)}")
    for name, value in text.items():
        setattr(row, name, value)
    row.version += 1
    row.save(update_fields=[*text, "version"])
    note(row, ActionEventKind.CHANGED, by=by, at=at)
    return row


@transaction.atomic
def write_comment(
    *, client_key: UUID, point: ActionPoint, words: str, by: Actor, at: datetime
) -> ActionComment:
    """Say something about an action point, as one of its two sides or the co-ordination.

    The same key again gives the comment it made. Raises NotAllowed, NotPossible.
    """
    if not may_comment(by, point):
        raise NotAllowed(_("This belongs to somebody else."))
    row = _locked(point)
    standing: ActionComment | None = row.comments.filter(client_key=client_key).first()
    if standing is not None:
        return standing
    if row.comments.count() >= MOST_COMMENTS:
        raise NotPossible(_("There is no room for more comments."))
    made: ActionComment = ActionComment.objects.create(
        client_key=client_key, action=row, words=words, at=at, by=_person(by),
        by_organisation=_home(by),
    )  # fmt: skip
    event = note(row, ActionEventKind.COMMENTED, by=by, at=at)
    notifications.commented(row, event, by=by, at=at)
    return made


@transaction.atomic
def add_file(
    *, point: ActionPoint, title: str, name: str, content: bytes, by: Actor, at: datetime
) -> ActionFile:
    """Add a document that shows it is done, known by its content and without metadata.

    The same content twice is one. Raises NotAllowed; NotPossible for what is not taken.
    """
    require(by, P.COORDINATION_SEE, point)
    row = _locked(point)
    if not row.is_to_do:
        raise NotPossible(_("Documents are added before it is reported done."))
    try:
        upload = checked(name=name, content=content)
    except ValidationError as error:
        raise NotPossible(" ".join(error.messages)) from error
    digest = hashlib.sha256(upload.content).hexdigest()
    standing: ActionFile | None = row.files.filter(digest=digest).first()
    if standing is not None:
        return standing
    if row.files.count() >= MOST_FILES:
        raise NotPossible(_("An action point has at most %(n)s documents.") % {"n": MOST_FILES})
    made = ActionFile(
        action=row, title=title, kind=upload.ending, size=len(upload.content), digest=digest,
        added_at=at, added_by=_person(by),
    )  # fmt: skip
    made.content.save(upload.name, ContentFile(upload.content))
    note(row, ActionEventKind.FILE_ADDED, by=by, at=at, comment=title)
    return made


def note(
    point: ActionPoint, kind: ActionEventKind, *, by: Actor, at: datetime, comment: str = ""
) -> ActionEvent:
    """One line of its past."""
    return ActionEvent.objects.create(
        action=point, kind=kind, at=at, by=by.user, by_organisation=by.organisation,
        comment=comment, new_state=point.state,
    )  # fmt: skip


def _locked(point: ActionPoint) -> ActionPoint:
    row: ActionPoint = ActionPoint.objects.select_for_update(of=("self",)).get(pk=point.pk)
    return row


def _person(by: Actor) -> User:
    if by.user is None:
        raise NotAllowed(_("A person speaks for an organisation, never the system."))
    return by.user


def _home(by: Actor) -> Organisation:
    if by.organisation is None:
        raise NotAllowed(_("You do not act for an organisation."))
    return by.organisation
