"""Bodies: entering one, its mandate and quorum, and who is given a seat.

A seat is never rewritten: what it may do changes by ending it and giving another.
"""

import hashlib
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

from django.core.exceptions import ValidationError
from django.core.files.base import ContentFile
from django.db import transaction
from django.utils.translation import gettext as _

from accounts.models import User
from common.country import local_day
from common.marks import Permission
from common.uploads import checked
from common.workflow import NotAllowed, NotPossible, Stale
from ncm import meetings_notices as notices
from ncm.bodies_choices import BodyEventKind, MeetingState, SeatKind, SeatRole
from ncm.bodies_files import MOST_FILES
from ncm.models import Body, BodyDocument, BodyEvent, QuorumRule, Seat
from partners.access import Actor
from partners.choices import CIVIL_SOCIETY, OrganisationKind, OrganisationState
from partners.models import Organisation
from partners.services.memberships import require

P = Permission
K = OrganisationKind
FACTS = (
    "name", "code", "kind", "level", "area", "kept_by", "mandate", "instrument", "areas",
    "papers_days", "decides_by", "since_on",
)  # fmt: skip
SEAT_FACTS = ("appointed_by", "terms", "contributes")
MOST_SEATS = 80
#: Which organisations can sit on which side. Whatever the State founded sits on the State's.
SITS_AS: dict[SeatKind, tuple[OrganisationKind, ...]] = {
    SeatKind.STATE: (K.STATE_AGENCY,),
    SeatKind.CSO: tuple(kind for kind in CIVIL_SOCIETY if kind != K.TRADE_UNION),
    SeatKind.SURVIVOR: (K.SURVIVOR_LED,),
    SeatKind.COMMUNITY: (K.COMMUNITY,),
    SeatKind.UNION: (K.TRADE_UNION,),
    SeatKind.EMPLOYERS: (K.EMPLOYERS,),
    SeatKind.IO: (K.INTERNATIONAL,),
    SeatKind.EXPERT: tuple(K),
}
#: Sides on which a person can sit for themselves.
OWN_SEATS = (SeatKind.SURVIVOR, SeatKind.COMMUNITY, SeatKind.EXPERT)


@transaction.atomic
def enter_body(*, client_key: UUID, by: Actor, at: datetime, **facts: Any) -> Body:
    """Enter a body. The same key again gives the one it made. Raises NotAllowed."""
    require(by, P.COORDINATION_KEEP, None)
    standing = Body.objects.filter(client_key=client_key).first()
    if standing is not None:
        return standing
    row = Body.objects.create(client_key=client_key, **_known(facts, FACTS))
    note(row, BodyEventKind.ENTERED, by=by, at=at)
    return row


@transaction.atomic
def change_body(*, body: Body, by: Actor, at: datetime, version: int, **facts: Any) -> Body:
    """Change what is said of a body. Raises NotAllowed, NotPossible, Stale."""
    row = _locked(body, by)
    if row.version != version:
        raise Stale(row)
    for name, value in _known(facts, FACTS).items():
        setattr(row, name, value)
    row.version += 1
    row.save()
    note(row, BodyEventKind.CHANGED, by=by, at=at)
    return row


@transaction.atomic
def dissolve(*, body: Body, on: date, words: str, by: Actor, at: datetime) -> Body:
    """Say that a body is no more from a day on; its seats end with it.

    Raises NotAllowed; NotPossible while a meeting is to come or its minutes are open.
    """
    row = _locked(body, by)
    open_ = (MeetingState.PLANNED, MeetingState.INVITED, MeetingState.HELD)
    if row.meetings.filter(state__in=open_).exists():
        raise NotPossible(_("A meeting is to come, or its minutes are not approved."))
    if row.since_on is not None and on < row.since_on:
        raise NotPossible(_("It was set up later than that."))
    row.ended_on, row.version = on, row.version + 1
    row.save()
    row.seats.filter(until_on__isnull=True, from_on__lte=on).update(until_on=on)
    note(row, BodyEventKind.DISSOLVED, by=by, at=at, comment=words)
    return row


@transaction.atomic
def add_document(
    *, body: Body, title: str, name: str, content: bytes, by: Actor, at: datetime
) -> BodyDocument:
    """Add the act a body rests on. The same content twice is one. Raises NotAllowed, NotPossible"""
    row = _locked(body, by)
    if by.user is None:
        raise NotAllowed(_("A person does this, never the system."))
    try:
        upload = checked(name=name, content=content)
    except ValidationError as error:
        raise NotPossible(" ".join(error.messages)) from error
    digest = hashlib.sha256(upload.content).hexdigest()
    standing: BodyDocument | None = row.documents.filter(digest=digest).first()
    if standing is not None:
        return standing
    if row.documents.count() >= MOST_FILES:
        raise NotPossible(_("A body has at most %(n)s documents.") % {"n": MOST_FILES})
    made = BodyDocument(
        body=row, title=title, kind=upload.ending, size=len(upload.content), digest=digest,
        added_at=at, added_by=by.user,
    )  # fmt: skip
    made.content.save(upload.name, ContentFile(upload.content))
    note(row, BodyEventKind.DOCUMENT_ADDED, by=by, at=at, comment=title)
    return made


# --- quorum ---------------------------------------------------------------------------------------


@transaction.atomic
def set_quorum(
    *, body: Body, seat_kind: str, at_least: int, from_on: date, by: Actor, at: datetime
) -> QuorumRule:
    """Ask from a day on for so many seats of a kind; an earlier rule for it ends the day before.

    Raises NotAllowed; NotPossible for a day before an earlier rule began.
    """
    row = _locked(body, by)
    open_ = row.quorum_rules.filter(seat_kind=seat_kind, until_on__isnull=True)
    standing: QuorumRule | None = open_.first()
    if standing is not None:
        if standing.at_least == at_least:
            return standing
        if standing.from_on >= from_on:
            raise NotPossible(_("The rule that stands began on that day or later."))
        standing.until_on = from_on - timedelta(days=1)
        standing.save(update_fields=["until_on"])
    made = QuorumRule.objects.create(
        body=row, seat_kind=seat_kind, at_least=at_least, from_on=from_on
    )
    note(row, BodyEventKind.QUORUM_SET, by=by, at=at)
    return made


@transaction.atomic
def end_quorum(*, body: Body, rule: UUID, on: date, by: Actor, at: datetime) -> None:
    """End a rule with a day. Raises NotAllowed, NotPossible for a day before it began."""
    row = _locked(body, by)
    found = row.quorum_rules.filter(uuid=rule, until_on__isnull=True).first()
    if found is None:
        return
    if on < found.from_on:
        raise NotPossible(_("The rule began later than that."))
    found.until_on = on
    found.save(update_fields=["until_on"])
    note(row, BodyEventKind.QUORUM_ENDED, by=by, at=at)


# --- seats ----------------------------------------------------------------------------------------


@transaction.atomic
def give_seat(
    *,
    body: Body,
    client_key: UUID,
    kind: str,
    role: str,
    has_vote: bool,
    may_submit: bool,
    from_on: date,
    by: Actor,
    at: datetime,
    organisation: Organisation | None = None,
    holder: User | None = None,
    chosen_name: str = "",
    **facts: Any,
) -> Seat:
    """Give an organisation, or a person under a name, a seat; whoever speaks for it is told.

    The same key again gives the seat it made. Raises NotAllowed, NotPossible.
    """
    row = _locked(body, by)
    standing: Seat | None = row.seats.filter(client_key=client_key).first()
    if standing is not None:
        return standing
    _refuse_what_does_not_sit(row, kind, organisation, chosen_name)
    if role == SeatRole.OBSERVER and has_vote:
        raise NotPossible(_("An observer has no vote."))
    if row.seats.filter(until_on__isnull=True).count() >= MOST_SEATS:
        raise NotPossible(_("A body has at most %(n)s seats.") % {"n": MOST_SEATS})
    made = Seat.objects.create(
        body=row, client_key=client_key, organisation=organisation, holder=holder,
        chosen_name=chosen_name, kind=kind, role=role, has_vote=has_vote, may_submit=may_submit,
        from_on=from_on, **_known(facts, SEAT_FACTS),
    )  # fmt: skip
    note(row, BodyEventKind.SEAT_GIVEN, by=by, at=at, comment=str(made.get_kind_display()))
    notices.seat_given(made, by=by, at=at)
    return made


def _refuse_what_does_not_sit(
    body: Body, kind: str, organisation: Organisation | None, chosen_name: str
) -> None:
    open_ = body.seats.filter(until_on__isnull=True)
    if organisation is None:
        if kind not in OWN_SEATS:
            raise NotPossible(_("On this side an organisation sits, not a person for themselves."))
        if open_.filter(chosen_name=chosen_name).exists():
            raise NotPossible(_("Somebody sits there under this name already."))
        return
    if organisation.state != OrganisationState.MEMBER:
        raise NotPossible(_("A seat is given to a member of the mechanism."))
    if organisation.kind not in SITS_AS[SeatKind(kind)]:
        words = _("A seat of the kind “%(kind)s” is not for an organisation of the kind “%(own)s”.")
        own = organisation.get_kind_display()
        raise NotPossible(words % {"kind": SeatKind(kind).label, "own": own})
    if open_.filter(organisation=organisation).exists():
        raise NotPossible(_("This organisation sits there already."))


@transaction.atomic
def change_seat(*, seat: Seat, by: Actor, at: datetime, version: int, **facts: Any) -> Seat:
    """Change the words about a seat: who appointed it, its terms, what it contributes to.

    Raises NotAllowed, Stale.
    """
    body = _locked(seat.body, by)
    row: Seat = Seat.objects.select_for_update(of=("self",)).get(pk=seat.pk)
    if row.version != version:
        raise Stale(row)
    for name, value in _known(facts, SEAT_FACTS).items():
        setattr(row, name, value)
    row.version += 1
    row.save()
    note(body, BodyEventKind.SEAT_CHANGED, by=by, at=at, comment=str(row.get_kind_display()))
    return row


@transaction.atomic
def end_seat(*, seat: Seat, on: date, words: str, by: Actor, at: datetime) -> Seat:
    """End a seat with a day; it keeps sight of the meetings of its time.

    Raises NotAllowed; NotPossible for a day before it began, or before a meeting it came to.
    """
    body = _locked(seat.body, by)
    row: Seat = Seat.objects.select_for_update(of=("self",)).get(pk=seat.pk)
    if row.until_on is not None:
        return row
    if on < row.from_on:
        raise NotPossible(_("The seat began later than that."))
    came = row.attendances.order_by("-meeting__on").select_related("meeting").first()
    if came is not None and came.meeting.on > on:
        raise NotPossible(_("The seat is in the minutes of a later day."))
    row.until_on, row.version = on, row.version + 1
    row.save()
    note(body, BodyEventKind.SEAT_ENDED, by=by, at=at, comment=words)
    return row


def note(
    body: Body, kind: BodyEventKind, *, by: Actor, at: datetime, comment: str = ""
) -> BodyEvent:
    """Write one line of a body's past."""
    return BodyEvent.objects.create(
        body=body, kind=kind, at=at, by=by.user, by_organisation=by.organisation, comment=comment
    )


def _locked(body: Body, by: Actor) -> Body:
    require(by, P.COORDINATION_KEEP, body)
    row = Body.objects.select_for_update(of=("self",)).get(pk=body.pk)
    if row.ended_on is not None and row.ended_on < local_day(by.at):
        raise NotPossible(_("This body is dissolved."))
    return row


def _known(given: dict[str, Any], names: tuple[str, ...]) -> dict[str, Any]:
    if unknown := set(given) - set(names):
        raise TypeError(f"There is no {sorted(unknown)}")
    return given
