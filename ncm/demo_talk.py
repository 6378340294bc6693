"""Conversations and attempts of the demonstration: invented words of invented organisations."""

from collections.abc import Mapping
from datetime import datetime, timedelta

from accounts.models import User
from common.marks import Subject
from common.uploads import Upload
from partners.access import actor_for
from partners.audiences import Part
from partners.conversation_choices import Outcome
from partners.models import Organisation
from partners.services import attempts, conversations
from partners.services.conversations import Asking, Words
from referrals import talk
from referrals.models import Referral

HOUSE = "Lantern House"
NETWORK = "Open Door Network"
AUTHORITY = "Identification Authority"
#: Hours until the authority answered a call, each some days before the one before it; None: never.
ANSWERED_AFTER = (0, 2, None, 26, 3, 0, 5, 48, None, 1, 20, 4, 0, 30, None, 6, 2, 9)


class DemoTalk:
    """Writes them one after the other; each step acts as whoever would do it, on its day."""

    def __init__(self, now: datetime, people: Mapping[str, User]) -> None:
        self.now, self.people = now, people
        self.number = 0

    def build(self) -> None:
        self._in_general()
        self._on_a_case()
        self._by_telephone()

    def _words(self, text: str, *files: Upload) -> Words:
        self.number += 1
        return Words(text, f"demo-{self.number}", files)

    def _in_general(self) -> None:
        """Open Door answered; the co-ordination still waits for an answer of Lantern House."""
        house, network = _organisation(HOUSE), _organisation(NETWORK)
        at = self.now - timedelta(days=6)
        begun = conversations.begin(
            topic="services",
            parts=[Part(network)],
            words=self._words(
                "Two of our rooms are being repaired until the end of the month. Could you take "
                "families in that time?",
                Upload("txt", "rooms.txt", b"Invented: rooms 3 and 4, until the end of the month."),
            ),
            asking=Asking((network.pk,), at + timedelta(days=3)),
            by=actor_for(self.people["manager"], at=at),
            at=at,
        )
        later = at + timedelta(hours=20)
        conversations.post(
            conversation=begun,
            words=self._words("Yes, one family at a time. Call the duty line first."),
            by=actor_for(self.people["manager1"], at=later),
            at=later,
        )
        asked = self.now - timedelta(hours=4)
        conversations.begin(
            topic="meeting",
            parts=[Part(house), Part(network)],
            words=self._words("Whom do you send to the training of first responders next month?"),
            asking=Asking((house.pk, network.pk), self.now + timedelta(days=4)),
            by=actor_for(self.people["coordinator"], at=asked),
            at=asked,
        )

    def _on_a_case(self) -> None:
        """The caseworker asks the authority about a case that is open to both."""
        at = self.now - timedelta(hours=2)
        by, authority = actor_for(self.people["caseworker"], at=at), _organisation(AUTHORITY)
        for case in Referral.objects.visible_to(by).filter(authority=authority).order_by("pk"):
            if authority in talk.others(by, case):
                conversations.begin(
                    topic="case_hand_over",
                    parts=[Part(authority)],
                    words=self._words("An invented question: who brings the interpreter?"),
                    subject=Subject("referral", case.uuid),
                    asking=Asking((authority.pk,), self.now + timedelta(days=1)),
                    by=by,
                    at=at,
                )
                return

    def _by_telephone(self) -> None:
        """Calls of the past months, so that there are figures, and two of this week."""
        authority, network = _organisation(AUTHORITY), _organisation(NETWORK)
        for number, hours in enumerate(ANSWERED_AFTER):
            self._call(authority, self.now - timedelta(days=36 + 3 * number), hours)
        self._call(network, self.now - timedelta(days=2), 0)
        self._call(network, self.now - timedelta(days=1), None)

    def _call(self, organisation: Organisation, at: datetime, hours: int | None) -> None:
        self.number += 1
        row = attempts.log_attempt(
            organisation=organisation,
            channel="duty_line",
            purpose="question",
            outcome=Outcome.NO_ANSWER if hours is None or hours else Outcome.ANSWERED,
            client_key=f"demo-{self.number}",
            by=actor_for(self.people["manager"], at=at),
            at=at,
        )
        if hours:
            then = at + timedelta(hours=hours)
            by = actor_for(self.people["manager"], at=then)
            attempts.answered_later(attempt=row, by=by, at=then)


def _organisation(name: str) -> Organisation:
    return Organisation.objects.get(name=f"{name} (invented)")
