"""Beginning a referral, keeping its answers, sending it, and the tracks beside identification.

Consent and the ways without it are in `consents`, names in `identity`, decisions in `decisions`.
"""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from django.contrib.auth.models import Group
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from common.marks import Permission
from common.references import new_reference
from common.rowlock import beyond_sight
from common.workflow import NotAllowed, NotPossible
from partners import grants
from partners.access import Actor
from partners.choices import GrantReason, Level, OrganisationKind, Role
from partners.models import Organisation
from partners.services.memberships import role_group
from referrals import clocks
from referrals.access import WORK, held
from referrals.answers import ANSWERS, basis_of, check
from referrals.choices import (
    TRACK_STATUSES,
    EventKind,
    ResponderType,
    State,
    TrackKind,
    TrackStatus,
)
from referrals.models import Person, Referral, Situation, Track
from referrals.services.working import (
    OPEN_TO_THE_REFERRER,
    follow_basis,
    hold,
    lock,
    refuse_unknown,
    require,
    save,
)
from referrals.steps import move_track, record
from referrals.workflow import referral_workflow

#: Columns whose names differ from their answers'.
_COLUMNS = {"narrative": "narrative_ct"}
LONGEST_KEY = 64
#: What is said of them is said by whoever works on the file; acts of their own move the others.
OWN_TRACKS = (TrackKind.SUPPORT, TrackKind.RESIDENCE, TrackKind.JUSTICE)
_TRIES = 5

#: Where the tracks begin.
_FIRST_STATUS: Mapping[str, str] = {
    TrackKind.IDENTIFICATION: State.DRAFT,
    TrackKind.CONSENT: TrackStatus.NOT_ASKED,
    TrackKind.SUPPORT: TrackStatus.NOT_ASKED,
    TrackKind.RESIDENCE: TrackStatus.NOT_ASKED,
    TrackKind.JUSTICE: TrackStatus.NOT_ASKED,
    TrackKind.DATA: TrackStatus.HELD,
}


# --- beginning ------------------------------------------------------------------------------------


def open_referral(*, by: Actor, at: datetime, key: str = "", **answers: Any) -> Referral:
    """Begin a draft for the organisation acted for, with the answers given already.

    `key` is what the sender calls it, such as a token in the form: asking again with the same key
    gives the referral that is there, unchanged, also for those who ask at the same moment. Raises
    NotAllowed; ValidationError, keyed by answer; TypeError for an answer a referral does not have.
    """
    require(by, Permission.REFERRAL_MAKE)
    if by.organisation is None or by.user is None:
        raise NotAllowed(_("A referral is made by a person, for an organisation."))
    refuse_unknown(answers, ANSWERS, "A referral")
    if len(key) > LONGEST_KEY:
        raise ValidationError({"key": _("The key is too long.")})
    for last_try in range(_TRIES):
        if key and (known := _made_already(by, key)):
            return known
        try:
            with transaction.atomic():
                return _open(by=by, at=at, key=key, answers=answers)
        except IntegrityError:
            # Somebody posted the same key in this moment, or a reference was drawn twice.
            if last_try == _TRIES - 1:
                raise
    raise AssertionError("unreachable")


def _made_already(by: Actor, key: str) -> Referral | None:
    with beyond_sight("a key used already"):
        known = Referral.objects.filter(first_responder=by.organisation, client_key=key).first()
    if known is not None:
        require(by, Permission.REFERRAL_SEE, known)
    return known


@beyond_sight("a referral begun", is_routine=True)
def _open(*, by: Actor, at: datetime, key: str, answers: Mapping[str, Any]) -> Referral:
    organisation = by.organisation
    assert organisation is not None  # noqa: S101 - open_referral saw to it
    person = Person.objects.create(kept_by=organisation, created_at=at)
    referral = Referral(
        reference=new_reference("R"),
        person=person,
        first_responder=organisation,
        responder_type=responder_type(by),
        referrer=by.user,
        client_key=key or None,
        created_at=at,
        saved_at=at,
    )
    _put(referral, answers)
    referral.basis = basis_of(referral)
    referral.save()
    Track.objects.bulk_create(
        Track(referral=referral, kind=kind, status=status, since_at=at)
        for kind, status in _FIRST_STATUS.items()
    )
    grants.grant(
        subject=referral,
        permissions=["see", "work", "identity"],
        to=[
            *(
                role_group(organisation=organisation, role=role, at=at).group
                for role in (Role.CASEWORKER, Role.MANAGER)
            ),
            *Group.objects.filter(team__memberships__in=by.memberships),
        ],
        reason=GrantReason.FIRST_RESPONDER,
        by=by.user,
        at=at,
        is_new=True,
    )
    record(referral, EventKind.OPENED, by=by, at=at)
    clocks.drafted(referral, by=by, at=at)
    return referral


def responder_type(by: Actor) -> ResponderType:
    """What kind of body refers, as the statistics group them."""
    organisation = by.organisation
    if organisation is None or organisation.kind != OrganisationKind.STATE_AGENCY:
        return ResponderType.NGO
    if by.is_enforcement:
        return ResponderType.POLICE
    if organisation.level in (Level.LOCAL, Level.REGIONAL):
        return ResponderType.LOCAL_AUTHORITY
    return ResponderType.GOVERNMENT


# --- answers --------------------------------------------------------------------------------------


@transaction.atomic
def save_answers(
    *, referral: Referral, by: Actor, at: datetime, version: int, **answers: Any
) -> Referral:
    """Keep answers of a draft, or of a referral that was sent back.

    Raises NotAllowed, NotPossible once it is sent, Stale when a colleague saved in between (its
    `current` is what is there now), ValidationError keyed by answer.
    """
    refuse_unknown(answers, ANSWERS, "A referral")
    row = lock(referral, by=by, version=version, states=OPEN_TO_THE_REFERRER)
    if row.state == State.RETURNED and "authority" in answers:
        raise NotPossible(_("It was sent already: whom it is sent to cannot be changed."))
    changed = _put(row, answers)
    save(row, [*changed, *follow_basis(row)], at=at)
    if row.state == State.RETURNED:
        record(row, EventKind.CHANGED, by=by, at=at)
    return row


def _put(referral: Referral, answers: Mapping[str, Any]) -> list[str]:
    """Set the answers and refuse wrong ones; the columns that were set."""
    check(answers)
    for name, value in answers.items():
        if name == "narrative":
            referral.narrative = str(value).strip() or None
        else:
            setattr(referral, name, value)
    asked = {name for name in answers if name not in _COLUMNS}
    columns = {field.name for field in Referral._meta.concrete_fields}
    referral.clean_fields(exclude=columns - asked)
    return [_COLUMNS.get(name, name) for name in answers]


@transaction.atomic
def put_in_situation(
    *, referral: Referral, situation: Situation | None, by: Actor, at: datetime, version: int
) -> Referral:
    """Say that the referral shares circumstances with others made here; None takes it out."""
    row = lock(referral, by=by, version=version)
    if situation is not None and situation.kept_by_id != by.organisation_id:
        raise NotAllowed(_("These circumstances are kept by another organisation."))
    row.situation = situation
    save(row, ["situation"], at=at)
    record(row, EventKind.SITUATION_SET, by=by, at=at)
    return row


@transaction.atomic
def open_alike(*, situation: Situation, by: Actor, at: datetime, key: str) -> Referral:
    """Begin the referral of another person in the same circumstances, its codes filled in.

    Asking again with the same key gives the referral that is there. Raises NotAllowed.
    """
    if situation.kept_by_id != by.organisation_id:
        raise NotAllowed(_("These circumstances are kept by another organisation."))
    codes = {
        "region": situation.region,
        "place": situation.place,
        "exploitation": list(situation.exploitation),
    }
    given = {name: value for name, value in codes.items() if value}
    draft = open_referral(by=by, at=at, key=key, **given)
    if draft.situation_id is None:
        draft = put_in_situation(
            referral=draft, situation=situation, by=by, at=at, version=draft.version
        )
    return draft


@transaction.atomic
def open_situation(*, by: Actor, at: datetime, **codes: Any) -> Situation:
    """Begin circumstances that several referrals share, such as one raid: codes only."""
    require(by, Permission.REFERRAL_KEEP)
    refuse_unknown(codes, ("region", "place", "exploitation", "found_on"), "A situation")
    situation = Situation(kept_by=by.organisation, created_at=at, **codes)
    situation.full_clean()
    situation.save()
    return situation


# --- acts -----------------------------------------------------------------------------------------


def send_referral(
    *,
    referral: Referral,
    by: Actor,
    at: datetime,
    version: int | None = None,
    struck: Iterable[str] = (),
) -> Referral:
    """Send it to the authority it names, without the fields struck. Errors as `Workflow.apply`."""
    return referral_workflow().apply(
        referral, "send", by=by, at=at, version=version, struck=_struck(struck)
    )


def ask_back(
    *,
    referral: Referral,
    by: Actor,
    at: datetime,
    questions: Iterable[str] | str,
    version: int | None = None,
) -> Referral:
    """Send it back with questions. Errors as `Workflow.apply`."""
    asked = [questions] if isinstance(questions, str) else list(questions)
    return referral_workflow().apply(
        referral, "return", by=by, at=at, version=version, questions=asked
    )


def answer_questions(
    *,
    referral: Referral,
    by: Actor,
    at: datetime,
    answers: Mapping[UUID | str, str],
    version: int | None = None,
    struck: Iterable[str] | None = None,
) -> Referral:
    """Answer every open question, by its uuid, and send it again. Errors as `Workflow.apply`.

    A changed file goes out as the next version of the packet; `struck=None` keeps what was struck.
    """
    more: dict[str, Any] = {} if struck is None else {"struck": _struck(struck)}
    given = {str(uuid): text for uuid, text in answers.items()}
    return referral_workflow().apply(
        referral, "answer", by=by, at=at, version=version, answers=given, **more
    )


def _struck(struck: Iterable[str]) -> list[str]:
    from referrals.packets import struck_fields

    try:
        return list(struck_fields(struck))
    except ValueError as error:
        raise ValidationError({"struck": _("One of these fields cannot be left out.")}) from error


def may_set_tracks(referral: Referral, by: Actor) -> bool:
    """Whoever works on the file says where the tracks stand; law enforcement has no part in it,
    and who may only read it, as of a suspended organisation, says nothing."""
    keeps = Permission.REFERRAL_KEEP in by.permissions
    return keeps and not by.is_enforcement and WORK in held(by, referral)


@transaction.atomic
def set_track(
    *, referral: Referral, kind: TrackKind | str, status: TrackStatus | str, by: Actor, at: datetime
) -> Track:
    """Say where support, residence or justice stands.

    In every state of the referral, whatever was decided, and with or without consent: help depends
    on neither. Raises NotAllowed, NotPossible for a status this track does not have.
    """
    if kind not in OWN_TRACKS or status not in TRACK_STATUSES[kind]:
        raise NotPossible(_("This track cannot be set to this."))
    row = hold(referral)
    require(by, Permission.REFERRAL_SEE, row)
    if not may_set_tracks(row, by):
        raise NotAllowed(_("Whoever keeps the working file says this."))
    if move_track(row, kind, status, at=at):
        record(row, EventKind.TRACK_MOVED, by=by, at=at, detail=f"{kind}:{status}")
    return Track.objects.get(referral=row, kind=kind)


def organisations_to_send_to() -> Any:
    """The organisations a referral can be sent to, by name."""
    from referrals.deciding import recipients

    return recipients().order_by("name", "pk")


def only_recipient() -> Organisation | None:
    """The one authority where the country has one, so that nobody is asked to choose."""
    found = list(organisations_to_send_to()[:2])
    return found[0] if len(found) == 1 else None
