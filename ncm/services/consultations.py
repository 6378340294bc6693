"""Consultations: opening one, asking organisations, their positions, the answers, the outcome.

What moves a position from one state to the next stands in `ncm/plan_workflow.py`.
"""

from collections.abc import Iterable
from datetime import date, datetime
from uuid import UUID

from django.db import transaction
from django.utils.translation import gettext as _

from common.marks import Permission
from common.workflow import NotAllowed, NotPossible
from ncm import plan_notifications as notifications
from ncm.models import ActionPlan, Consultation, Position
from ncm.plan_choices import ConsultationEventKind, ConsultationState, ConsultationSubject
from ncm.plan_workflow import CONSULTATION, POSITION, consultation_event
from ncm.services.plans import person
from partners.access import Actor, may
from partners.models import Organisation
from partners.services.memberships import require

P = Permission
K = ConsultationEventKind
MOST_ASKED = 200


@transaction.atomic
def open_consultation(
    *, client_key: UUID, subject: str, plan: ActionPlan | None, stage: str, title: str,
    proposal: str, until_on: date, by: Actor, at: datetime,
) -> Consultation:  # fmt: skip
    """Hear others on a plan or on a draft law; the same key again gives the one it made.

    Raises NotAllowed, NotPossible.
    """
    if not (decision := may(by, P.COORDINATION_KEEP)):
        raise NotAllowed(decision.reason)
    standing = Consultation.objects.filter(client_key=client_key).first()
    if standing is not None:
        return standing
    if (subject == ConsultationSubject.PLAN) != (plan is not None):
        raise NotPossible(_("Say which plan it is on; a draft law has none."))
    made = Consultation.objects.create(
        client_key=client_key, subject=subject, plan=plan, stage=stage, title=title,
        proposal=proposal, until_on=until_on, opened_at=at, opened_by=person(by),
    )  # fmt: skip
    consultation_event(made, K.OPENED, by=by, at=at)
    return made


@transaction.atomic
def ask(
    *, consultation: Consultation, organisations: Iterable[Organisation], by: Actor, at: datetime
) -> int:
    """Ask organisations for their position; how many were not asked before.

    Raises NotAllowed, NotPossible.
    """
    require(by, P.COORDINATION_KEEP, consultation)
    row = _open(consultation)
    known = set(row.positions.values_list("organisation", flat=True))
    new = [each for each in organisations if each.pk not in known]
    if len(known) + len(new) > MOST_ASKED:
        raise NotPossible(_("At most %(n)s organisations are asked.") % {"n": MOST_ASKED})
    for each in new:
        made = Position.objects.create(consultation=row, organisation=each, invited_at=at)
        notifications.asked(made, by=by, at=at)
    if new:
        consultation_event(row, K.ASKED, by=by, at=at)
    return len(new)


@transaction.atomic
def state_position(*, consultation: Consultation, words: str, by: Actor, at: datetime) -> Position:
    """State the position of one's organisation, asked for or not; once, and for good.

    Sent twice with the same words it is one. Raises NotAllowed, NotPossible, MissingAnswers.
    """
    require(by, P.COORDINATION_SPEAK, consultation)
    home = by.organisation
    if home is None:
        raise NotAllowed(_("A position is stated for an organisation."))
    row = _open(consultation)
    position, _new = Position.objects.get_or_create(consultation=row, organisation=home)
    if position.words == words and position.stated_at is not None:
        return position
    return POSITION.apply(position, "say", by=by, at=at, words=words)


def answer(*, position: Position, answer: str, reason: str, by: Actor, at: datetime) -> Position:
    """Say what becomes of a position, and why. Raises NotAllowed, NotPossible, MissingAnswers."""
    return POSITION.apply(position, "answer", by=by, at=at, answer=answer, reason=reason)


def close(*, consultation: Consultation, outcome: str, by: Actor, at: datetime) -> Consultation:
    """Close it with its outcome once every position is answered.

    Raises NotAllowed, NotPossible, MissingAnswers.
    """
    return CONSULTATION.apply(consultation, "close", by=by, at=at, outcome=outcome)


def _open(consultation: Consultation) -> Consultation:
    row = Consultation.objects.select_for_update(of=("self",)).get(pk=consultation.pk)
    if row.state != ConsultationState.OPEN:
        raise NotPossible(_("The consultation is closed."))
    return row
