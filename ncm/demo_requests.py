"""Recurring requests of the demonstration: running, answered, declined, given back, and a draft."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from accounts.models import User
from common.country import local_day
from partners.access import actor_for
from partners.models import RequestAnswer, RequestRound
from partners.request_workflow import ANSWER, REQUEST
from partners.services import requests

SINCE = 100
"""Days ago that the oldest was announced."""

#: Who asks (key of a person), on which day before the first answer, and what.
ASKED: tuple[tuple[str, int, dict[str, Any]], ...] = (
    ("coordinator", 20, {
        "title": "Figures on people assisted, by quarter",
        "purpose": "assisted",
        "purpose_words": "The country’s yearly report, and where services are missing.",
        "basis": "law",
        "basis_source": "Invented Co-ordination Act, article 12",
        "every": "quarter",
        "days_to_answer": 14,
        "minutes": 90,
        "comes_back": "The figures of the whole country, before they are published.",
        "days_to_give_back": 30,
        "asked_kinds": ("cso", "trade_union", "survivor_led"),
    }),
    ("funder", 25, {
        "title": "People assisted with the fund’s money",
        "purpose": "assisted",
        "purpose_words": "Whether the money reached those it was for.",
        "basis": "funding",
        "basis_source": "Invented grant conditions, no. 7",
        "every": "month",
        "days_to_answer": 10,
        "minutes": 45,
        "comes_back": "A comparison with the other organisations funded, without names.",
        "days_to_give_back": 20,
        "asked_capacities": ("service_provider",),
    }),
    ("rapporteur", 60, {
        "title": "New patterns and routes",
        "purpose": "observed",
        "purpose_words": "An early warning to those who meet people first.",
        "basis": "voluntary",
        "basis_source": "",
        "every": "month",
        "days_to_answer": 14,
        "minutes": 30,
        "comes_back": "A two-page summary for everybody who took part.",
        "days_to_give_back": 21,
        "asked_kinds": ("cso", "survivor_led", "academia"),
    }),
)  # fmt: skip
DRAFT = {
    "title": "How long labour inspections after a referral take",
    "purpose": "referred",
    "purpose_words": "So that our advisers can tell people what to expect.",
    "basis": "voluntary",
    "every": "half_year",
    "days_to_answer": 30,
    "minutes": 40,
    "comes_back": "What our clients say about the inspections.",
    "days_to_give_back": 30,
    "asked_kinds": ("state_agency",),
    "asked_capacities": ("first_responder",),
}


class DemoRequests:
    """Announces them in the past and lets each day pass, so that rounds open on theirs."""

    def __init__(self, now: datetime, people: Mapping[str, User]) -> None:
        self.now, self.people = now, people
        self.began = now - timedelta(days=SINCE)

    def build(self) -> None:
        for key, days, answers in ASKED:
            by = actor_for(self.people[key], at=self.began)
            due = local_day(self.began) + timedelta(days=days)
            made = requests.register_request(by=by, at=self.began, first_due_on=due, **answers)
            REQUEST.apply(made, "announce", by=by, at=self.began)
        for day in range(1, SINCE + 1):
            self._day(self.began + timedelta(days=day))
        by = actor_for(self.people["manager"], at=self.now)
        due = local_day(self.now) + timedelta(days=60)
        requests.register_request(by=by, at=self.now, first_due_on=due, **DRAFT)

    def _day(self, at: datetime) -> None:
        requests.open_due_rounds(at)
        today = local_day(at)
        due = RequestAnswer.objects.waiting().filter(answer_until_on=today)
        if self.now - at < timedelta(days=1):
            return
        answers = list(due.select_related("round__request__organisation", "organisation"))
        for number, answer in enumerate(answers):
            self._say(answer, number, at)
        for round_ in {answer.round for answer in answers}:
            if round_.back_until_on <= local_day(self.now):
                self._give_back(round_, at)

    def _say(self, answer: RequestAnswer, number: int, at: datetime) -> None:
        membership = answer.organisation.memberships.order_by("pk").first()
        if membership is None:
            return
        by = actor_for(membership.user, at=at, organisation_uuid=answer.organisation.uuid)
        if answer.round.is_voluntary and number % 3 == 1:
            ANSWER.apply(answer, "decline", by=by, at=at)
            return
        took = answer.estimated_minutes + 15 if number % 2 else None
        ANSWER.apply(answer, "answer", by=by, at=at, minutes=took)

    def _give_back(self, round_: RequestRound, at: datetime) -> None:
        by = actor_for(round_.request.created_by, at=at)
        text = "Sent to everybody who answered: the invented figures, by region."
        requests.give_back(round_=round_, by=by, at=at, text=text)
