"""Trainings: planning one, for whom it is, how many came, and who of one's own did.

What moves a training from one state to the next stands in `partners/learning_workflow.py`.
"""

from collections.abc import Collection
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import transaction
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from accounts.models import User
from common.marks import Permission
from common.workflow import NotAllowed, NotPossible, Stale
from partners import learning_clocks as clocks
from partners import learning_notifications as notifications
from partners.access import Actor
from partners.choices import EventKind
from partners.learning_choices import TO_COME, TrainingEventKind, TrainingState
from partners.models import (
    Attendance,
    Membership,
    Organisation,
    OrganisationEvent,
    Training,
    TrainingEvent,
    TrainingParty,
)
from partners.services.memberships import require

P = Permission
S = TrainingState
FACTS = (
    "title", "about", "topics", "for_whom", "area", "form", "places", "trainer", "trainer_name",
    "is_for_currency",
)  # fmt: skip
MOST_PARTIES = 60


@transaction.atomic
def plan_training(*, client_key: UUID, by: Actor, at: datetime, on: Any, **facts: Any) -> Training:
    """Plan a training for a day, the organisation acted for its keeper.

    The same key again gives what it made. Raises NotAllowed.
    """
    require(by, P.TRAINING_KEEP, None)
    if by.organisation is None:
        raise NotAllowed(_("A training is planned by an organisation."))
    standing: Training | None = Training.objects.filter(client_key=client_key).first()
    if standing is not None:
        require(by, P.TRAINING_KEEP, standing)
        return standing
    row = Training.objects.create(
        client_key=client_key,
        kept_by=by.organisation,
        on=on,
        first_on=on,
        created_at=at,
        created_by=by.user,
        **_known(facts),
    )
    event = _note(row, TrainingEventKind.PLANNED, by=by, at=at)
    clocks.day_set(row, event, by=by, at=at)
    return row


@transaction.atomic
def change_training(
    *, training: Training, by: Actor, at: datetime, version: int, **facts: Any
) -> Training:
    """Change what is said of a training to come; its day moves by postponing.

    Raises NotAllowed, NotPossible, Stale.
    """
    row = _locked(training, by)
    if row.state not in TO_COME:
        raise NotPossible(_("Only a training to come is changed."))
    if row.version != version:
        raise Stale(row)
    for name, value in _known(facts).items():
        setattr(row, name, value)
    row.version += 1
    row.save()
    _note(row, TrainingEventKind.CHANGED, by=by, at=at)
    return row


@transaction.atomic
def name_party(
    *, training: Training, organisation: Organisation, by: Actor, at: datetime
) -> TrainingParty:
    """Name an organisation whose people it is for; its managers are told.

    Naming it twice changes nothing. Raises NotAllowed, NotPossible.
    """
    row = _locked(training, by)
    if row.state == S.CANCELLED:
        raise NotPossible(_("The training was cancelled."))
    if row.parties.count() >= MOST_PARTIES:
        raise NotPossible(_("A training is for at most %(n)s organisations.") % {"n": MOST_PARTIES})
    party, is_new = TrainingParty.objects.get_or_create(training=row, organisation=organisation)
    if is_new and row.state in TO_COME:
        notifications.party_named(row, organisation, by=by, at=at)
    return party


@transaction.atomic
def remove_party(*, training: Training, party: UUID, by: Actor, at: datetime) -> None:
    """Take an organisation out again. Raises NotAllowed; NotPossible once its people counted."""
    row = _locked(training, by)
    found = row.parties.filter(uuid=party).first()
    if found is None:
        return
    counted = found.participants is not None
    if counted or row.attendances.filter(organisation=found.organisation_id).exists():
        raise NotPossible(_("People of this organisation took part."))
    found.delete()


@transaction.atomic
def count_participants(
    *, training: Training, numbers: dict[UUID, int], by: Actor, at: datetime
) -> Training:
    """Say how many people of each organisation took part; what is left out stays as it is.

    Raises NotAllowed, NotPossible before it was held.
    """
    row = _locked(training, by)
    if row.state != S.HELD:
        raise NotPossible(_("Say first that the training was held."))
    if by.user is None:
        raise NotAllowed(_("A person counts, never the system."))
    for party in row.parties.filter(uuid__in=list(numbers)):
        party.participants, party.counted_at = numbers[party.uuid], at
        party.counted_by = by.user
        party.save(update_fields=["participants", "counted_at", "counted_by"])
    _note(row, TrainingEventKind.COUNTED, by=by, at=at)
    return row


@transaction.atomic
def enter_attendances(
    *, training: Training, people: Collection[UUID], by: Actor, at: datetime
) -> list[Attendance]:
    """Say which colleagues took part, by their memberships; whoever is left out did not.

    Only of the organisation acted for, which the training was for. Raises NotAllowed, NotPossible.
    """
    require(by, P.TRAINING_ENTER, training)
    row: Training = Training.objects.select_for_update(of=("self",)).get(pk=training.pk)
    if by.user is None or by.organisation is None:
        raise NotAllowed(_("A person enters this for an organisation."))
    if row.state != S.HELD or row.on is None:
        raise NotPossible(_("The training has not been held."))
    if not row.parties.filter(organisation=by.organisation).exists():
        raise NotPossible(_("Ask whoever keeps the training to name your organisation first."))
    here = Membership.objects.active(at).filter(organisation=by.organisation)
    wanted = set(here.filter(uuid__in=list(people)).values_list("user_id", flat=True))
    colleagues = set(here.values_list("user_id", flat=True))
    standing = row.attendances.filter(organisation=by.organisation)
    # Of whoever has left meanwhile nothing is said here, so nothing changes.
    gone = standing.filter(user__in=colleagues - wanted)
    for each in gone:
        clocks.forgotten(each, by=by, at=at)
    gone.delete()
    known = set(standing.values_list("user_id", flat=True))
    until = clocks.counts_until(row.on, at=at) if row.is_for_currency else None
    made = []
    for user in User.objects.filter(pk__in=wanted - known).order_by("pk"):
        each = Attendance.objects.create(
            training=row, organisation=by.organisation, user=user, on=row.on,
            valid_until_on=until, recorded_at=at, recorded_by=by.user,
        )  # fmt: skip
        clocks.attended(each, by=by, at=at)
        made.append(each)
    _say(row, by.organisation, len(wanted), by=by, at=at)
    return made


def _say(
    row: Training, organisation: Organisation, number: int, *, by: Actor, at: datetime
) -> None:
    """The organisation's own past: how many, never whom."""
    words = ngettext("%(n)s colleague", "%(n)s colleagues", number) % {"n": number}
    OrganisationEvent.objects.create(
        organisation=organisation,
        kind=EventKind.TRAINED,
        at=at,
        by=by.user,
        by_organisation=by.organisation,
        comment=f"{row.title}: {words}",
    )


def _locked(training: Training, by: Actor) -> Training:
    require(by, P.TRAINING_KEEP, training)
    row: Training = Training.objects.select_for_update(of=("self",)).get(pk=training.pk)
    return row


def _note(row: Training, kind: TrainingEventKind, *, by: Actor, at: datetime) -> TrainingEvent:
    return TrainingEvent.objects.create(
        training=row, kind=kind, at=at, by=by.user, by_organisation=by.organisation
    )


def _known(facts: dict[str, Any]) -> dict[str, Any]:
    if unknown := set(facts) - set(FACTS):
        raise TypeError(f"A training has no {sorted(unknown)}")
    return facts
