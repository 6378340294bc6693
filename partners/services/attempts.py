"""The reach-out log: attempts entered by hand, and the answer that came later.

Questions asked in a conversation enter themselves (`services/conversations.py`).
"""

from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext as _

from common.marks import Permission
from common.workflow import NotAllowed, NotPossible
from partners.access import Actor
from partners.conversation_choices import LOGGED_OUTCOMES, AttemptPurpose, Outcome
from partners.models import ContactAttempt, Organisation, PointOfContact


@transaction.atomic
def log_attempt(
    *,
    organisation: Organisation,
    channel: str,
    purpose: AttemptPurpose | str,
    outcome: Outcome | str,
    client_key: str,
    by: Actor,
    at: datetime,
    contact: PointOfContact | None = None,
) -> ContactAttempt:
    """Enter that somebody was tried by telephone, by mail or in person.

    The same `client_key` of the same person gives the entry that stands. Raises NotAllowed,
    NotPossible.
    """
    if Permission.CONVERSATION_HOLD not in by.permissions or by.user is None:
        raise NotAllowed(_("Your role in this organisation does not include this."))
    if by.organisation is None or organisation.pk == by.organisation.pk:
        raise NotPossible(_("One’s own organisation is not tried from outside."))
    if not Organisation.objects.visible_to(by).filter(pk=organisation.pk).exists():
        raise NotAllowed(_("This belongs to another organisation."))
    if contact is not None and contact.organisation_id != organisation.pk:
        raise NotPossible(_("This point of contact is of another organisation."))
    if outcome not in LOGGED_OUTCOMES:
        raise NotPossible(_("This does not come of an attempt."))
    # Looked for and made in one step: pressed twice at once it is still one.
    row, _made = ContactAttempt.objects.get_or_create(
        organisation=organisation,
        tried_by=by.user,
        client_key=client_key,
        defaults={
            "contact": contact,
            "by_organisation": by.organisation,
            "channel": channel,
            "purpose": AttemptPurpose(purpose),
            "tried_at": at,
            "outcome": Outcome(outcome),
            "answered_at": at if outcome == Outcome.ANSWERED else None,
        },
    )
    return row


@transaction.atomic
def answered_later(*, attempt: ContactAttempt, by: Actor, at: datetime) -> ContactAttempt:
    """They called back: an attempt of one's own organisation, logged by hand, is answered now.

    Doing it again changes nothing. Raises NotAllowed, NotPossible.
    """
    row = ContactAttempt.objects.select_for_update(of=("self",)).get(pk=attempt.pk)
    if Permission.CONVERSATION_HOLD not in by.permissions:
        raise NotAllowed(_("Your role in this organisation does not include this."))
    if row.by_organisation_id != by.organisation_id:
        raise NotAllowed(_("This belongs to another organisation."))
    if row.outcome == Outcome.ANSWERED:
        return row
    if not row.is_open or row.conversation_id is not None:
        raise NotPossible(_("A question asked here is answered by writing an answer."))
    row.outcome, row.answered_at = Outcome.ANSWERED, max(at, row.tried_at)
    row.save(update_fields=["outcome", "answered_at"])
    return row
