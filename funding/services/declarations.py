"""What an organisation writes about itself: answers saved by steps, sent, taken back; staff.

Every function works for the organisation acted for and for no other; there is none that takes an
organisation, and none that a system actor could call.
"""

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _
from django.views.decorators.debug import sensitive_variables

from common.country import local_day
from common.marks import Permission
from common.workflow import NotAllowed, NotPossible, Stale
from funding.models.declarations import (
    DeclarationKey,
    IncomeDeclaration,
    NeedsAnswer,
    SurveyRound,
    SurvivalEvent,
)
from funding.models.staffing import StaffCapacity
from funding.survival_choices import RoundKind, RoundState, SurvivalEventKind
from partners.access import Actor
from partners.models import Organisation
from partners.services.memberships import require

P = Permission
K = SurvivalEventKind
Answers = IncomeDeclaration | NeedsAnswer


def kept_for(round: SurveyRound, by: Actor) -> Answers | None:
    """The own organisation's answers in this round, if it began any."""
    rows = _model(round)._default_manager.visible_to(by).filter(round=round).select_related("key")
    found: Answers | None = rows.first()
    return found


@sensitive_variables()
@transaction.atomic
def save_answers(
    *, round: SurveyRound, answers: Mapping[str, Any], by: Actor, at: datetime, version: int
) -> Answers:
    """Put these answers beside those given before; None takes one back. Not sent by this.

    Raises NotAllowed, NotPossible, Stale.
    """
    organisation = _answering(round, by, at)
    key = _key_of(organisation, at)
    model = _model(round)
    rows = model._default_manager.select_for_update(of=("self",))
    row: Answers | None = rows.filter(round=round, key=key).first()
    if row is None:
        row = _begun(model, round=round, key=key)
    elif row.version != version:
        raise Stale(row)
    merged = {**row.answers, **answers}
    row.seal({code: said for code, said in merged.items() if said not in (None, "", [])})
    row.version += 1
    row.saved_at = at
    row.save()
    _note(K.SAVED, round, by=by, at=at)
    return row


@transaction.atomic
def send_answers(*, round: SurveyRound, by: Actor, at: datetime) -> Answers:
    """Let the answers count. They can still be changed until the round ends.

    Sending twice changes nothing. Raises NotAllowed, NotPossible.
    """
    _answering(round, by, at)
    row = _locked(round, by)
    if row is None or not row.answers:
        raise NotPossible(_("Nothing is answered yet."))
    if row.sent_at is None:
        row.sent_at = at
        row.save(update_fields=["sent_at"])
        _note(K.SENT, round, by=by, at=at)
    return row


@transaction.atomic
def take_back(*, round: SurveyRound, by: Actor, at: datetime) -> None:
    """Erase the own answers while the round is open: they never were. Twice changes nothing.

    Raises NotAllowed, NotPossible.
    """
    _answering(round, by, at)
    row = _locked(round, by)
    if row is not None:
        row.delete()
        _note(K.TAKEN_BACK, round, by=by, at=at)


@sensitive_variables()
@transaction.atomic
def enter_staff(
    *, on: date, figures: Mapping[str, Any], currency: str, by: Actor, at: datetime
) -> StaffCapacity:
    """Keep how many posts, losses and hours there were on a day, and how long the money lasts.

    The same day again takes the place of what was entered. Raises NotAllowed, NotPossible.
    """
    require(by, P.FUNDING_APPLY, None)
    if by.organisation is None or by.user is None:
        raise NotAllowed(_("Figures on staff are an organisation’s own."))
    if on > local_day(at):
        raise NotPossible(_("Enter the figures once the day has come."))
    key = _key_of(by.organisation, at)
    row = StaffCapacity.objects.select_for_update(of=("self",)).filter(key=key, on=on).first()
    row = row or StaffCapacity(key=key, on=on)
    row.seal({**figures, "currency": currency})
    row.entered_at, row.entered_by = at, by.user
    row.save()
    _note(K.STAFF_ENTERED, None, by=by, at=at)
    return row


def _begun(model: Any, **of: Any) -> Answers:
    row: Answers = model(version=0, **of)
    return row


def _model(round: SurveyRound) -> Any:
    return IncomeDeclaration if round.kind == RoundKind.INCOME else NeedsAnswer


def _locked(round: SurveyRound, by: Actor) -> Answers | None:
    rows = _model(round)._default_manager.visible_to(by).filter(round=round)
    found: Answers | None = rows.select_for_update(of=("self",)).first()
    return found


def _answering(round: SurveyRound, by: Actor, at: datetime) -> Organisation:
    require(by, P.FUNDING_APPLY, round)
    if by.organisation is None or by.user is None:
        raise NotAllowed(_("Only an organisation answers for itself."))
    # Held until the end, so that no answer arrives while the round is being counted.
    now = SurveyRound.objects.select_for_update(of=("self",)).get(pk=round.pk)
    if now.state != RoundState.OPEN or now.closes_on < local_day(at):
        raise NotPossible(_("This round is over. What you sent stays readable to you."))
    return by.organisation


def _key_of(organisation: Organisation, at: datetime) -> DeclarationKey:
    key, _made = DeclarationKey.objects.get_or_create(
        organisation=organisation, defaults={"made_at": at}
    )
    return key


def _note(kind: SurvivalEventKind, round: SurveyRound | None, *, by: Actor, at: datetime) -> None:
    SurvivalEvent.objects.create(
        kind=kind, round=round, at=at, by=by.user, by_organisation=by.organisation
    )
