"""What a country declares: the shape of a profile, and the questions code asks of it.

Not here: any country's word or number (they stand in `countries/*.toml`), and how the file is read
and checked (`common/country.py`).
"""

from __future__ import annotations

import zoneinfo
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum
from importlib.metadata import version

import holidays
from django.utils.translation import get_language

from common.workdays import Calendar, Counting


class DeciderKind(StrEnum):
    """Who decides on identification."""

    SINGLE = "single"
    """One authority."""
    JOINT = "joint"
    """Several authorities together."""
    PANEL = "panel"
    """A panel in which civil society holds a seat."""
    ACCREDITED = "accredited"
    """An accredited organisation, which may be an NGO."""


class Bound(StrEnum):
    """What the end of a period means."""

    LATEST = "latest"
    """The act is late after it."""
    EARLIEST = "earliest"
    """The act is too early before it."""
    LASTS = "lasts"
    """What began ends then at the earliest: a protection."""
    EXPIRES = "expires"
    """What was granted runs out then unless it is renewed."""


class Weight(StrEnum):
    """What stands behind a deadline."""

    TREATY = "treaty"
    LAW = "law"
    GUIDANCE = "guidance"
    POLICY = "policy"
    TARGET = "target"
    SERVICE = "service"
    OWN = "own"
    """This platform's proposal; it claims no law."""


class StartEvent(StrEnum):
    """What starts a clock. The app in which it happens knows it by this name."""

    REFERRAL_RECEIVED = "referral_received"
    STAGE_1_DECIDED = "stage_1_decided"
    STAGE_1_NOTIFIED = "stage_1_notified"
    STAGE_2_DECIDED = "stage_2_decided"
    NEGATIVE_DECIDED = "negative_decided"
    NEGATIVE_NOTIFIED = "negative_notified"
    STATUS_GRANTED = "status_granted"
    PERMIT_GRANTED = "permit_granted"
    BIRTH = "birth"
    CONTACT_VERIFIED = "contact_verified"
    APPLICATION_SENT = "application_sent"
    AGREEMENT_EXPIRING = "agreement_expiring"
    INSTALMENT_DUE = "instalment_due"
    AWARD_PROPOSED = "award_proposed"
    ACCESS_ASKED = "access_asked"
    TRAINING_HELD = "training_held"
    GUIDANCE_PUBLISHED = "guidance_published"
    COMPLAINT_MADE = "complaint_made"
    EMERGENCY_MONEY_ASKED = "emergency_money_asked"
    EMERGENCY_MONEY_AWARDED = "emergency_money_awarded"
    CONDITION_CONTESTED = "condition_contested"
    POSITION_STATED = "position_stated"
    PLAN_REVISION_PROPOSED = "plan_revision_proposed"
    REPORT_PERIOD_OVER = "report_period_over"
    REPORT_SENT = "report_sent"
    ACTION_REPORTED = "action_reported"
    AGENDA_ITEM_SUBMITTED = "agenda_item_submitted"
    MEETING_HELD = "meeting_held"
    MESSAGE_SENT = "message_sent"
    QUESTIONNAIRE_SENT = "questionnaire_sent"
    BREACH_KNOWN = "breach_known"
    DATA_REQUEST_RECEIVED = "data_request_received"
    NOTHING = "nothing"
    """For a fixed date."""


class Sight(StrEnum):
    """What a co-ordinator may see of a case at most. A profile may narrow this, never widen it."""

    REFERENCE = "reference"
    STATUS = "status"
    ORGANISATIONS = "organisations"
    CLOCKS = "clocks"
    DELAY_CODES = "delay_codes"
    REGION = "region"


class Pausing(StrEnum):
    """A state of a case that stops a clock."""

    RETURNED = "returned"
    SUSPENDED = "suspended"


class Requester(StrEnum):
    """Who may ask for a decision to be looked at again."""

    PERSON = "person"
    REPRESENTATIVE = "representative"
    CIVIL_SOCIETY = "civil_society"


class BoundBody(StrEnum):
    """Whom a duty to notify may bind. There is no word for an NGO here, on purpose."""

    PUBLIC_FIRST_RESPONDER = "public_first_responder"


class Term(StrEnum):
    """What every country has its own word for."""

    MECHANISM = "mechanism"
    REFERRAL = "referral"
    FIRST_RESPONDER = "first_responder"
    COMPETENT_AUTHORITY = "competent_authority"
    RECOVERY_PERIOD = "recovery_period"
    GUARDIAN = "guardian"
    DUTY_TO_NOTIFY = "duty_to_notify"
    RECONSIDERATION = "reconsideration"
    APPEAL = "appeal"


@dataclass(frozen=True)
class Label:
    """A phrase in the country's languages; ``str()`` is the reader's, or else the country's first.

    `language` tells which one it is, so that a page can mark a phrase in another language.
    """

    texts: Mapping[str, str]

    @property
    def language(self) -> str:
        wanted = (get_language() or "").split("-")[0]
        return wanted if wanted in self.texts else next(iter(self.texts))

    def __str__(self) -> str:
        return self.texts[self.language]


@dataclass(frozen=True)
class Stage:
    """One decision on identification. ``not_before`` is the code of a rule that holds it back."""

    id: str
    name: Label
    positive: Label
    negative: Label
    decider: DeciderKind
    civil_society_seat: bool
    negative_needs_second_person: bool
    not_before: str
    person_may_ask_earlier: bool
    basis: str


@dataclass(frozen=True)
class Authority:
    """A body that decides, by the name it has in the country.

    An alternate decides in the place of bodies that are kept out of a case, and otherwise not.
    """

    id: str
    name: Label
    stages: tuple[str, ...]
    is_alternate: bool = False


@dataclass(frozen=True)
class Condition:
    """Something the country asks of the person besides being a victim; tracked, never assumed."""

    id: str
    name: Label
    source: str


@dataclass(frozen=True)
class Route:
    """A way to have a decision looked at again. ``rule`` is the code of its deadline, or empty."""

    stages: tuple[str, ...]
    who: tuple[Requester, ...]
    rule: str
    source: str


@dataclass(frozen=True)
class DutyToNotify:
    """Whether a refusal must be notified anonymously, and whom that binds; never an NGO."""

    exists: bool
    binds: tuple[BoundBody, ...]
    source: str


@dataclass(frozen=True)
class DeadlineRule:
    """A period as the country counts it, and where that was read.

    ``verified`` says that the source was read, or that the rule is this platform's own and claims
    no law; anything else is off. ``reading`` says what the text leaves open and how it is read
    here.
    """

    code: str
    title: Label
    counting: Counting
    starts: StartEvent
    bound: Bound
    weight: Weight
    source: str
    text: str
    verified: bool
    read_on: date | None
    reading: str = ""
    pauses: frozenset[Pausing] = frozenset()
    subdivision: str = ""
    remind_before_days: int = 0
    valid_from: date | None = None
    valid_to: date | None = None

    def is_valid(self, on: date) -> bool:
        starts, ends = self.valid_from or date.min, self.valid_to or date.max
        return starts <= on <= ends


@dataclass(frozen=True)
class PlaceRules:
    """How long a place is held and how old a figure may be; minutes, hours and days as named."""

    hold_minutes: int
    """How long a place waits for its provider's answer."""
    next_after_minutes: int
    """Without an answer, the next provider is proposed after these."""
    keep_hours: int
    """How long an accepted place is kept for somebody who is on the way."""
    stale_after_hours: int
    """From this age on, a figure is called old."""
    assure_after_days: int
    """A service is confirmed as still correct at least so often."""
    weight: Weight
    source: str


@dataclass(frozen=True)
class FundingRules:
    """What this country calls long-term money, and how many answers a figure needs."""

    long_term_months: int
    """From so many months on, an award is long-term."""
    least_answers: int
    """Of fewer organisations' answers no figure is made at all."""
    source: str


@dataclass(frozen=True)
class Profile:
    """Everything a country declares. Get it with `current()`."""

    code: str
    name: Label
    iso_code: str
    languages: tuple[str, ...]
    time_zone: zoneinfo.ZoneInfo
    minimum_cell: int
    terms: Mapping[Term, Label]
    stages: tuple[Stage, ...]
    authorities: tuple[Authority, ...]
    referrer_may_decide: bool
    conditions: tuple[Condition, ...]
    reconsideration: Route | None
    appeal: Route | None
    duty_to_notify: DutyToNotify
    places: PlaceRules
    funding: FundingRules
    co_ordinator_sees: frozenset[Sight]
    weekend: frozenset[int]
    holidays_of: str
    subdivisions: tuple[str, ...]
    deadlines: tuple[DeadlineRule, ...] = field(repr=False)

    def term(self, term: Term) -> Label:
        return self.terms[term]

    @property
    def mechanism_name(self) -> Label:
        return self.terms[Term.MECHANISM]

    def stage(self, stage_id: str) -> Stage:
        """Raises KeyError for a stage this country does not have."""
        return {stage.id: stage for stage in self.stages}[stage_id]

    def all_rules(self) -> tuple[DeadlineRule, ...]:
        """Every rule in the file, also those that are off; for the page that shows them."""
        return self.deadlines

    def rules(self) -> Iterator[DeadlineRule]:
        """The rules that are on: their source was read."""
        return (rule for rule in self.deadlines if rule.verified)

    def rule(self, code: str, *, on: date, subdivision: str = "") -> DeadlineRule | None:
        """The rule in force on a day, the subdivision's own before the country's; None if off.

        A country that sets no time for something has no rule for it, and nothing is invented.
        """
        in_force = [rule for rule in self.rules() if rule.code == code and rule.is_valid(on)]
        for wanted in (subdivision, ""):
            for rule in in_force:
                if rule.subdivision == wanted:
                    return rule
        return None

    def calendar(
        self,
        years: range,
        *,
        subdivision: str = "",
        added: frozenset[date] = frozenset(),
        removed: frozenset[date] = frozenset(),
        revision: int = 0,
    ) -> Calendar:
        """Working days in ``years``: public holidays, as corrected by the country's own table.

        ``revision`` is the table's; it enters the version kept with each deadline. Raises
        ValueError for a subdivision the profile does not declare.
        """
        if subdivision and subdivision not in self.subdivisions:
            raise ValueError(f"{self.code} has no calendar for {subdivision!r}")
        place = subdivision or next(iter(self.subdivisions), "")
        public: frozenset[date] = frozenset()
        if self.holidays_of:
            public = frozenset(
                holidays.country_holidays(self.holidays_of, place or None, years=years)
            )
        return Calendar(
            weekend=self.weekend,
            holidays=(public | added) - removed,
            worked=removed,
            version=f"{self.code}:{place}:{version('holidays')}:{revision}",
            years=frozenset(years) if self.holidays_of else frozenset(),
        )
