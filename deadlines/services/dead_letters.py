"""Mail that did not arrive: sending it again, putting it away, and hearing that one came back.

Who it was for and what it said is not shown to anybody; only its kind, its age and what went wrong.
"""

from datetime import datetime
from uuid import UUID

from django.db import transaction
from django.db.models import Q

from common.marks import Actor
from common.wake import wake
from deadlines.models import Mail, Notice
from deadlines.services.mail import NOTICES_WAITING, SEND_MAIL

AT_ONCE = 500
"""Sent again by one press of the button; the next press takes the rest."""
RETURNED = frozenset({"bounced", "complained", "rejected", "failed"})
"""What a provider says of a mail that did not arrive, in anymail's words."""
_GONE = Q(recipient=None, address="")
"""The address was wiped: nobody knows any more whom to send it to."""


class CannotBeSent(Exception):
    """Its address was deleted, 30 days after it was given up."""


def resend(*, uuid: UUID, by: Actor, at: datetime) -> bool:
    """Put a mail that was given up back into the outbox; False when it no longer is.

    Raises CannotBeSent when its address has been deleted meanwhile.
    """
    with transaction.atomic():
        letter = Mail.objects.dead().select_for_update(of=("self",)).filter(uuid=uuid).first()
        if letter is None:
            return False
        if letter.recipient_id is None and not letter.address:
            raise CannotBeSent
        _revive([letter.pk], by, at)
    return True


def resend_all(*, by: Actor, at: datetime) -> int:
    """`resend` for everything that was given up and can still be sent; how many."""
    with transaction.atomic():
        given_up = Mail.objects.dead().exclude(_GONE).order_by("dead_at", "pk")
        pks = list(given_up.select_for_update(of=("self",)).values_list("pk", flat=True)[:AT_ONCE])
        _revive(pks, by, at)
    return len(pks)


def put_away(*, uuid: UUID, by: Actor, at: datetime) -> bool:
    """Nobody need try again; what it was about stays in the inbox. False as in `resend`."""
    with transaction.atomic():
        letter = Mail.objects.dead().select_for_update(of=("self",)).filter(uuid=uuid).first()
        if letter is None:
            return False
        Mail.objects.filter(pk=letter.pk).update(
            dead_at=None,
            dropped_at=at,
            resent_at=at,
            resent_by_id=by.user_id,
            address="",
            variables={},
        )
        if letter.kind == NOTICES_WAITING:
            # Else the next sweep would write the same mail to the same address again.
            about = Notice.objects.mail_due(at).filter(recipient_id=letter.recipient_id)
            about.update(mail_at=None)
    return True


def note_returned(*, provider_id: str, code: str, at: datetime) -> bool:
    """The provider says that a mail did not arrive; False for one we do not know.

    Kept for the system administrator; nobody's mail is stopped by it, because a provider's word
    must not keep somebody from hearing of a deadline.
    """
    if code not in RETURNED or not provider_id:
        return False
    known = Mail.objects.filter(provider_id=provider_id, sent_at__isnull=False, returned_at=None)
    return bool(known.update(returned_at=at, returned_code=code))


def _revive(pks: list[int], by: Actor, at: datetime) -> None:
    Mail.objects.filter(pk__in=pks).update(
        dead_at=None, attempts=0, not_before=at, resent_at=at, resent_by_id=by.user_id
    )
    if pks:
        wake(SEND_MAIL)
