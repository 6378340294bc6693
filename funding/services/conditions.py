"""Conditions of grants: entering one, contesting it, and the funder's answer.

What moves a condition from one state to the next stands in `funding/terms_workflow.py`.
"""

from datetime import datetime
from uuid import UUID

from django.db import transaction
from django.utils.translation import gettext as _

from accounts.models import User
from common.marks import Permission
from common.workflow import NotAllowed, NotPossible
from funding import terms_notifications as notifications
from funding.models import Award, Condition, Contest, TermsEvent
from funding.terms_choices import (
    ConditionKind,
    ConditionOrigin,
    ContestAnswer,
    DataAsked,
    TermsEventKind,
)
from funding.terms_workflow import CONDITION
from partners.access import Actor
from partners.services.memberships import require

P = Permission
MOST_CONDITIONS = 60


@transaction.atomic
def enter_condition(
    *,
    client_key: UUID,
    award: Award,
    kind: ConditionKind,
    words: str,
    by: Actor,
    at: datetime,
    where: str = "",
    data: str = "",
) -> Condition:
    """Enter a clause of a grant, as its funder, or report one as its recipient.

    A funder cannot ask for data about the people helped; a recipient can report that one does. The
    same key again gives the row it made. Raises NotAllowed, NotPossible.
    """
    origin = _side(award, by)
    standing: Condition | None = Condition.objects.filter(client_key=client_key).first()
    if standing is not None:
        _side(standing.award, by)
        return standing
    if data == DataAsked.CASES and origin == ConditionOrigin.FUNDER:
        raise NotPossible(
            _("A funder cannot ask for data about the people helped. Ask for figures instead.")
        )
    if award.conditions.count() >= MOST_CONDITIONS:
        raise NotPossible(_("A grant has at most %(n)s conditions.") % {"n": MOST_CONDITIONS})
    row: Condition = Condition.objects.create(
        client_key=client_key, award=award, kind=kind, words=words, where=where,
        data=data if kind == ConditionKind.DATA else "", origin=origin, entered_at=at,
        entered_by=_person(by),
    )  # fmt: skip
    event = TermsEvent.objects.create(
        award=award, condition=row, kind=TermsEventKind.ENTERED, at=at, by=by.user,
        by_organisation=by.organisation,
    )  # fmt: skip
    notifications.entered(row, event, by=by, at=at)
    return row


@transaction.atomic
def contest(
    *, condition: Condition, reason: str, by: Actor, at: datetime, version: int | None = None
) -> Condition:
    """Say, as the recipient, why a clause should not stand; the funder's clock to answer runs.

    Raises NotAllowed, NotPossible, Stale.
    """
    require(by, P.FUNDING_APPLY, condition)
    row: Condition = Condition.objects.select_for_update(of=("self",)).get(pk=condition.pk)
    waiting = Contest.objects.filter(condition=row).waiting().first()
    if waiting is None:
        waiting = Contest.objects.create(
            condition=row, words_then=row.words, reason=reason, contested_at=at,
            contested_by=_person(by),
        )  # fmt: skip
    return CONDITION.apply(row, "contest", by=by, at=at, version=version, contest=waiting.pk)


@transaction.atomic
def take_back(*, condition: Condition, by: Actor, at: datetime) -> Condition:
    """No longer contest a clause. Raises NotAllowed, NotPossible."""
    row = CONDITION.apply(condition, "take_back", by=by, at=at)
    _answered(row, ContestAnswer.TAKEN_BACK, "", by=by, at=at)
    return row


@transaction.atomic
def uphold(
    *, condition: Condition, words: str, by: Actor, at: datetime, version: int | None = None
) -> Condition:
    """Keep a contested clause, with reasons the recipient reads.

    A clause that demands data about the people helped is not upheld by anybody.
    Raises NotAllowed, NotPossible, Stale.
    """
    require(by, P.FUNDING_KEEP, condition)
    if condition.asks_for_cases:
        raise NotPossible(
            _("No clause can demand data about the people helped. Change or withdraw it.")
        )
    row = CONDITION.apply(condition, "uphold", by=by, at=at, version=version)
    _answered(row, ContestAnswer.UPHELD, words, by=by, at=at)
    return row


@transaction.atomic
def change(
    *,
    condition: Condition,
    kind: ConditionKind,
    new_words: str,
    words: str,
    by: Actor,
    at: datetime,
    data: str = "",
    version: int | None = None,
) -> Condition:
    """Answer a contest with another text; what stood before stays readable with the contest.

    Raises NotAllowed, NotPossible, Stale.
    """
    require(by, P.FUNDING_KEEP, condition)
    if data == DataAsked.CASES:
        raise NotPossible(
            _("A funder cannot ask for data about the people helped. Ask for figures instead.")
        )
    data = data if kind == ConditionKind.DATA else ""
    row = CONDITION.apply(
        condition, "change", by=by, at=at, version=version, words=new_words, kind=kind, data=data
    )
    _answered(row, ContestAnswer.CHANGED, words, by=by, at=at)
    return row


@transaction.atomic
def withdraw(
    *, condition: Condition, words: str, by: Actor, at: datetime, version: int | None = None
) -> Condition:
    """Give a clause up; it stays readable as withdrawn. Raises NotAllowed, NotPossible, Stale."""
    row = CONDITION.apply(condition, "withdraw", by=by, at=at, version=version, comment=words)
    _answered(row, ContestAnswer.WITHDRAWN, words, by=by, at=at)
    return row


def _answered(
    condition: Condition, answer: ContestAnswer, words: str, *, by: Actor, at: datetime
) -> None:
    Contest.objects.filter(condition=condition).waiting().update(
        answer=answer, answer_words=words, answered_at=at, answered_by=_person(by)
    )


def _side(award: Award, by: Actor) -> ConditionOrigin:
    """Which side of the award acts. Raises NotAllowed for anybody else."""
    if award.funder_id == by.organisation_id:
        require(by, P.FUNDING_KEEP, award)
        return ConditionOrigin.FUNDER
    if award.recipient_id == by.organisation_id:
        require(by, P.FUNDING_APPLY, award)
        return ConditionOrigin.RECIPIENT
    raise NotAllowed(_("This belongs to another organisation."))


def _person(by: Actor) -> User:
    if by.user is None:
        raise NotAllowed(_("A person speaks for an organisation, never the system."))
    return by.user
