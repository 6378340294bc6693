"""A conversation about a case, as tests begin with it."""

from datetime import timedelta
from typing import Any
from uuid import uuid4

from accounts.models import User
from common.marks import Subject
from common.uploads import Upload
from partners.audiences import Part
from partners.models import Conversation
from partners.services import conversations
from partners.services.conversations import Asking, Words
from referrals.models import Referral
from tests.referrals import stages
from tests.support.cast import Cast

SAID = "An invented word about the interpreter of next week."


def begun(
    cast: Cast,
    referral: Referral | None = None,
    *,
    by: User | None = None,
    with_: list[Part] | None = None,
    text: str = SAID,
    file: bytes = b"An invented file.",
    **more: Any,
) -> Conversation:
    """Lantern House writes to the authority about a case, asks it for an answer, adds a file."""
    referral = referral or stages.sent(cast)
    return conversations.begin(
        topic="case_safety",
        parts=with_ or [Part(cast.authority)],
        words=Words(text, str(uuid4()), [Upload("txt", "invented.txt", file)]),
        subject=Subject("referral", referral.uuid),
        asking=Asking((cast.authority.pk,), cast.at + timedelta(days=2)),
        by=cast.actor(by or cast.ngo_caseworker),
        at=cast.at,
        **more,
    )
