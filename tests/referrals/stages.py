"""Referrals of the cast, brought to where a test begins; each step acts as whoever would do it."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from accounts.models import User
from common import country
from partners.access import Actor, system_actor
from partners.choices import Capacity, OrganisationKind, Role
from partners.models import Organisation
from partners.services import organisations
from referrals.choices import Outcome
from referrals.models import Question, Referral
from referrals.services import consents, decisions, identity, referrals, seats
from tests.support.cast import Cast, person, works_for

PROFILES = Path(__file__).parent / "profiles"

#: Plainly invented, and found wherever it must not be.
NAME = "Zorvelia Quillfeather (invented person)"
STORY = "The invented story of a kiln beside the seventh canal."
ANSWERS: dict[str, Any] = {
    "is_child_now": "no",
    "gender": "FEMALE",
    "nationalities": ["ALB", "UNKNOWN"],
    "language": "sq",
    "age_at_exploitation": "ADULT",
    "exploitation": ["FORCED_LABOUR", "FORCED_BEGGING"],
    "means": ["DEBT_BONDAGE"],
    "indicators": ["DEBT"],
    "place": "HERE",
    "narrative": STORY,
}


@contextmanager
def country_is(monkeypatch: pytest.MonkeyPatch, code: str) -> Iterator[None]:
    """Run under another country's profile: one of `countries/` or of this folder."""
    here = PROFILES / f"{code}.toml"
    profile = country.load(code, PROFILES) if here.exists() else country.load(code)
    with monkeypatch.context() as patch:
        patch.setattr(country, "load", lambda *args, **kwargs: profile)
        yield


def now(referral: Referral) -> Referral:
    return Referral.objects.get(pk=referral.pk)


# --- the way, step by step ------------------------------------------------------------------------


def draft(cast: Cast, by: User | None = None, **answers: Any) -> Referral:
    """A draft with every answer, without consent and without a name."""
    actor = cast.actor(by or cast.ngo_caseworker)
    given = {**ANSWERS, "authority": cast.authority, "region": cast.area, **answers}
    return referrals.open_referral(by=actor, at=cast.at, **given)


def named(cast: Cast, referral: Referral, by: User | None = None) -> Referral:
    actor = cast.actor(by or cast.ngo_caseworker)
    values = {"name": NAME, "birth_date": "1999-12-31", "document": "XQ 7731 904"}
    if not actor.is_enforcement:
        values |= {"contact": "+000 777 123", "safe_contact": "Only by the neighbour, after six"}
    return identity.record_identity(referral=referral, by=actor, at=cast.at, **values)


def consented(cast: Cast, by: User | None = None, **answers: Any) -> Referral:
    """Ready to be sent."""
    actor = cast.actor(by or cast.ngo_caseworker)
    referral = named(cast, draft(cast, by, **answers), by)
    return consents.record_consent(referral=referral, by=actor, at=cast.at, language="sq")


def sent(cast: Cast, by: User | None = None, **answers: Any) -> Referral:
    referral = consented(cast, by, **answers)
    actor = cast.actor(by or cast.ngo_caseworker)
    return referrals.send_referral(referral=referral, by=actor, at=cast.at)


def child(cast: Cast, by: User | None = None, **answers: Any) -> Referral:
    referral = draft(cast, by, is_child_now="yes", **answers)
    actor = cast.actor(by or cast.ngo_caseworker)
    return referrals.send_referral(referral=referral, by=actor, at=cast.at)


def returned(cast: Cast, by: User | None = None) -> Referral:
    referral = sent(cast, by)
    officer = cast.actor(cast.officer)
    return referrals.ask_back(referral=referral, by=officer, at=cast.at, questions=["Since when?"])


def answered(cast: Cast, referral: Referral, by: User | None = None, at: Any = None) -> Referral:
    at = at or cast.at
    actor = cast.actor(by or cast.ngo_caseworker, at)
    answers = {
        question.uuid: "Since the spring."
        for question in Question.objects.filter(referral=referral, answered_at=None)
    }
    return referrals.answer_questions(referral=referral, by=actor, at=at, answers=answers)


def decided(
    cast: Cast, referral: Referral, outcome: str, at: datetime | None = None, **said: Any
) -> Referral:
    """By one authority; a negative is proposed by one officer and made by the other."""
    at = at or cast.at
    if outcome == Outcome.NEGATIVE:
        decisions.propose_negative(
            referral=referral,
            by=cast.actor(cast.officer, at),
            at=at,
            reasons="The invented reasons of the first officer.",
        )
    by = cast.actor(cast.second_officer, at)
    return decisions.decide(referral=referral, outcome=outcome, by=by, at=at, **said)


def refused(cast: Cast, by: User | None = None, **answers: Any) -> Referral:
    """An adult who said no."""
    referral = named(cast, draft(cast, by, **answers), by)
    actor = cast.actor(by or cast.ngo_caseworker)
    return consents.record_refusal(
        referral=referral, by=actor, at=cast.at, reason="fear", note="Invented words of a no."
    )


# --- a joint authority and a panel ----------------------------------------------------------------


class Panel:
    """Two bodies that decide together, and a panel of three with a seat of civil society."""

    def __init__(self, cast: Cast, *, seated: bool = True) -> None:
        self.cast = cast
        self.system = system_actor("tests", cast.at)
        self.social, self.social_officer = self._body(
            "Social Office", OrganisationKind.STATE_AGENCY
        )
        self.ngo, self.ngo_officer = self._body("Seat of Society", OrganisationKind.CSO)
        #: Body of the profile and who sits there, in the order of the seats.
        self.seats = [
            ("police_side", cast.authority),
            ("social_side", self.social),
            *(("the_panel", each) for each in (cast.authority, self.social, self.ngo)),
        ]
        for authority, organisation in self.seats if seated else ():
            self.seat(authority, organisation)

    def _body(self, name: str, kind: OrganisationKind) -> tuple[Organisation, User]:
        body = organisations.found(
            name=f"{name} (invented)",
            kind=kind,
            capacities=[Capacity.COMPETENT_AUTHORITY],
            by=self.system,
            at=self.cast.at,
        )
        officer = person(f"{name} Officer", self.cast.at)
        works_for(officer, body, Role.OFFICER, self.cast.at)
        return body, officer

    def seat(self, authority: str, organisation: Organisation) -> None:
        seats.name_decider(
            authority=authority, organisation=organisation, by=self.system, at=self.cast.at
        )

    def actor(self, user: User, at: datetime | None = None) -> Actor:
        return self.cast.actor(user, at)

    def vote(self, referral: Referral, user: User, outcome: str) -> None:
        decisions.cast_vote(
            referral=referral,
            outcome=outcome,
            by=self.actor(user),
            at=self.cast.at,
            reasons="Invented reasons of a vote.",
        )
