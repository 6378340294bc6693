"""Programmes of economic empowerment: entering one, and what had become of people later."""

from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import transaction
from django.utils.translation import gettext as _

from common.country import local_day
from common.marks import Permission
from common.workflow import NotAllowed, NotPossible
from funding import programme_clocks
from funding.models.declarations import SurvivalEvent
from funding.models.programmes import EmpowermentProgramme, ProgrammeFollowUp
from funding.survival_choices import SurvivalEventKind
from partners.access import Actor
from partners.services.memberships import require

P = Permission
K = SurvivalEventKind
TEXT = ("title", "kind", "from_on", "until_on", "began", "completed")
OUTCOMES = ("reached", "in_business", "in_job", "in_training")


@transaction.atomic
def enter_programme(
    *, client_key: UUID, by: Actor, at: datetime, **text: Any
) -> EmpowermentProgramme:
    """Enter a programme once it is over, in numbers. The same key again gives the same.

    Raises NotAllowed, NotPossible.
    """
    require(by, P.FUNDING_APPLY, None)
    if by.organisation is None or by.user is None:
        raise NotAllowed(_("A programme is an organisation’s."))
    standing = EmpowermentProgramme.objects.filter(client_key=client_key).first()
    if standing is not None:
        require(by, P.FUNDING_APPLY, standing)
        return standing
    if unknown := set(text) - set(TEXT):
        raise TypeError(f"A programme has no {sorted(unknown)}.")
    if text["until_on"] > local_day(at):
        raise NotPossible(_("Enter a programme once its last day is over."))
    row = EmpowermentProgramme.objects.create(
        client_key=client_key, organisation=by.organisation, entered_at=at, entered_by=by.user,
        **text,
    )  # fmt: skip
    _note(K.PROGRAMME_ENTERED, by=by, at=at)
    programme_clocks.entered(row, by=by, at=at)
    return row


@transaction.atomic
def enter_follow_up(
    *, programme: EmpowermentProgramme, after: int, by: Actor, at: datetime, **outcomes: int
) -> ProgrammeFollowUp:
    """Enter what had become of the people after six or twelve months; once.

    Raises NotAllowed, NotPossible.
    """
    require(by, P.FUNDING_APPLY, programme)
    row = EmpowermentProgramme.objects.select_for_update(of=("self",)).get(pk=programme.pk)
    if row.follow_ups.filter(after=after).exists():
        raise NotPossible(_("This follow-up was entered already."))
    if outcomes["reached"] > row.began:
        raise NotPossible(_("More people cannot be reached than began."))
    if by.user is None:
        raise NotAllowed(_("A programme is an organisation’s."))
    made = ProgrammeFollowUp.objects.create(
        programme=row, after=after, entered_at=at, entered_by=by.user,
        **{name: outcomes[name] for name in OUTCOMES},
    )  # fmt: skip
    _note(K.FOLLOW_UP_ENTERED, by=by, at=at)
    programme_clocks.followed_up(row, after, by=by, at=at)
    return made


def _note(kind: SurvivalEventKind, *, by: Actor, at: datetime) -> None:
    SurvivalEvent.objects.create(kind=kind, at=at, by=by.user, by_organisation=by.organisation)
