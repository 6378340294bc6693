"""Referrals of the demonstration: invented people, brought by the services to where they stand.

Every name is an invented one and says so. Which states there are to show depends on the country.
"""

from collections.abc import Mapping
from datetime import date, datetime, timedelta
from typing import Any

from accounts.models import User
from common.country import current
from common.profile import DeciderKind
from partners.access import Actor, actor_for, system_actor
from partners.choices import Role
from partners.models import Area, Organisation
from partners.services import memberships
from referrals import deciding
from referrals.choices import Outcome, RefusalReason
from referrals.models import Referral
from referrals.services import consents, decisions, identity, referrals, seats

AUTHORITY = "Identification Authority"
#: Who sits beside the authority where several decide: organisation, key of the person.
PANEL = (("Second Morning", "panel"), ("Bar Association Pro Bono Panel", "manager3"))
POLICE = "National Police, Anti-Trafficking Unit"

#: Invented names, one for each referral with a person.
NAMES = (
    "Ardeth Vanterpole", "Bexley Ostrander", "Calla Winterbourne-Quist", "Dariel Sunderhame",
    "Elspeth Mirrorwood", "Fenwick Araldsen", "Gilda Thornquist", "Haldor Pennyfeather",
    "Isolde Marchbanks", "Jarrow Kettlewick", "Kerensa Holloway-Pryde", "Lorcan Applegarth",
    "Merrin Stillwater", "Nerys Oakhanger",
)  # fmt: skip

STORY = (
    "An invented account. The person answered an advertisement for seasonal work, was met at the "
    "station and had to hand over the passport. Wages were kept back for travel and a bed; whoever "
    "asked was told of debts, and of what happens to people without papers."
)
#: What most of them answered; each referral changes some of it.
ANSWERS: Mapping[str, Any] = {
    "is_child_now": "no",
    "gender": "FEMALE",
    "nationalities": ["UNKNOWN"],
    "language": "en",
    "age_at_exploitation": "ADULT",
    "exploitation": ["FORCED_LABOUR"],
    "means": ["DEBT_BONDAGE", "WITHHOLDS_DOCUMENTS"],
    "indicators": ["DOCUMENTS", "WAGES", "DEBT"],
    "place": "HERE",
    "narrative": STORY,
}


class DemoReferrals:
    """Builds them one after the other; each step acts as whoever would do it, on its day."""

    def __init__(self, now: datetime, people: Mapping[str, User]) -> None:
        self.now = now
        self.people = people
        self.names = iter(NAMES)
        self.authority = _organisation(AUTHORITY)
        self.system = system_actor("demo_data", now)

    def build(self) -> None:
        self._deciders()
        self._begun()
        self._waiting()
        self._decided()
        self._stayed_at_home()

    # --- who decides ------------------------------------------------------------------------------

    def _deciders(self) -> None:
        """The seats the country has; the authority decides wherever one body does."""
        joined = self.now - timedelta(days=190)
        for key in ("officer", "officer2"):
            self._join(key, self.authority, Role.OFFICER, joined)
        self._join("police", _organisation(POLICE), Role.CASEWORKER, joined, is_enforcement=True)
        bodies = [self.authority]
        if has_votes():
            for name, key in PANEL:
                bodies.append(_organisation(name))
                self._join(key, bodies[-1], Role.OFFICER, joined)
        for stage in deciding.stages():
            joint = stage.rules.decider is DeciderKind.JOINT
            for place, authority in enumerate(stage.authority_ids):
                seated = bodies if stage.votes and not joint else [self.authority]
                if joint:
                    seated = [bodies[place % len(bodies)]]
                for organisation in seated:
                    self._seat(authority, organisation, joined)
            for alternate in stage.alternate_ids if len(bodies) > 1 else ():
                self._seat(alternate, bodies[-1], joined)

    def _seat(self, authority: str, organisation: Organisation, at: datetime) -> None:
        seats.name_decider(authority=authority, organisation=organisation, by=self.system, at=at)

    def _join(
        self, key: str, organisation: Organisation, role: Role, at: datetime, **more: Any
    ) -> None:
        memberships.join(
            user=self.people[key], organisation=organisation, role=role, by=None, at=at, **more
        )

    # --- where they stand -------------------------------------------------------------------------

    def _begun(self) -> None:
        by, at = self._as("caseworker", days=1)
        referrals.open_referral(by=by, at=at, is_child_now="no", gender="MALE", language="uk")
        self._consented(days=2, nationalities=["ROU"], exploitation=["FORCED_BEGGING"])

    def _waiting(self) -> None:
        self._sent(days=3, nationalities=["VNM"], exploitation=["FORCED_CRIMINALITY"])
        late = self._sent(days=12, nationalities=["ALB"], exploitation=["SEXUAL"])
        self._support(late, "receiving", days=11)
        self._sent(days=2, key="police", nationalities=["BGR"], gender="MALE")
        self._sent(days=4, is_child_now="yes", age_at_exploitation="CHILD", gender="MALE")
        asked = self._sent(
            days=6, nationalities=["NGA", "GHA"], exploitation=["DOMESTIC_SERVITUDE"]
        )
        by, at = self._as("officer", days=1)
        referrals.ask_back(
            referral=asked,
            by=by,
            at=at,
            questions=[
                "Since when did the person live in the household?",
                "Is there a contract, or a message in which work was promised?",
            ],
        )
        doubted = self._sent(days=8, nationalities=["MDA"], place="ABROAD")
        by, at = self._as("manager", days=5)
        decisions.give_opinion(
            referral=doubted,
            by=by,
            at=at,
            text="The journey is told in another order twice, as is usual after such nights.",
        )
        if deciding.stages()[0].needs_proposal:
            by, at = self._as("officer", days=1)
            decisions.propose_negative(
                referral=doubted,
                by=by,
                at=at,
                reasons="The account of the journey does not fit the dates of the ticket.",
                opinion_answer="Both accounts were compared; the dates of the ticket are the same.",
            )

    def _decided(self) -> None:
        believed = self._sent(days=40, nationalities=["ETH"], exploitation=["DOMESTIC_SERVITUDE"])
        believed = self._decide(believed, Outcome.POSITIVE, days=36)
        self._support(believed, "receiving", days=38)
        found = self._sent(days=120, nationalities=["UKR"], gender="MALE")
        for days in (115, 70)[: len(deciding.stages())]:
            found = self._decide(found, Outcome.POSITIVE, days=days)
        refused = self._sent(days=90, nationalities=["CHN"])
        self._decide(refused, Outcome.NEGATIVE, days=80)

    def _stayed_at_home(self) -> None:
        """One who said no, and one who no longer wanted it: support goes on for both."""
        by, at = self._as("caseworker", days=7)
        silent = self._draft(by, at, nationalities=["SDN"])
        consents.record_refusal(referral=silent, by=by, at=at, reason=RefusalReason.FEAR)
        self._support(silent, "receiving", days=6)
        left = self._sent(days=30, nationalities=["PHL"])
        by, at = self._as("caseworker", days=20)
        consents.withdraw_consent(referral=left, by=by, at=at)
        self._support(left, "receiving", days=19)

    # --- steps ------------------------------------------------------------------------------------

    def _as(self, key: str, *, days: int) -> tuple[Actor, datetime]:
        at = self.now - timedelta(days=days)
        return actor_for(self.people[key], at=at), at

    def _draft(self, by: Actor, at: datetime, **changed: Any) -> Referral:
        answers = {**ANSWERS, "authority": self.authority, "region": _region(), **changed}
        referral = referrals.open_referral(by=by, at=at, **answers)
        name = next(self.names, None)
        if name is None:
            return referral
        born = date(1990 + len(name) % 12, 1 + len(name) % 12, 1)
        who = {"name": f"{name} (invented)", "birth_date": born.isoformat()}
        if not by.is_enforcement:
            who["safe_contact"] = "Through the day centre, never by phone (invented)"
        return identity.record_identity(referral=referral, by=by, at=at, **who)

    def _consented(self, *, days: int, key: str = "caseworker", **changed: Any) -> Referral:
        by, at = self._as(key, days=days)
        referral = self._draft(by, at, **changed)
        if referral.basis:
            return referral
        return consents.record_consent(
            referral=referral, by=by, at=at, language="en", with_interpreter=True
        )

    def _sent(self, *, days: int, key: str = "caseworker", **changed: Any) -> Referral:
        referral = self._consented(days=days, key=key, **changed)
        by, at = self._as(key, days=days)
        return referrals.send_referral(referral=referral, by=by, at=at)

    def _support(self, referral: Referral, status: str, *, days: int) -> None:
        by, at = self._as("caseworker", days=days)
        referrals.set_track(referral=referral, kind="support", status=status, by=by, at=at)

    def _decide(self, referral: Referral, outcome: Outcome, *, days: int) -> Referral:
        """By whoever decides at the stage: one after another's proposal, or several by vote."""
        stage = deciding.stage_to_decide(referral)
        if stage is None:
            return referral
        reasons = "Invented reasons." if outcome == Outcome.NEGATIVE else ""
        if stage.votes:
            self._vote(referral, stage, outcome, days)
        elif outcome == Outcome.NEGATIVE and stage.needs_proposal:
            by, at = self._as("officer", days=days + 1)
            decisions.propose_negative(referral=referral, by=by, at=at, reasons="Invented reasons.")
        by, at = self._as("officer2", days=days)
        return decisions.decide(
            referral=referral,
            outcome=outcome,
            by=by,
            at=at,
            reasons=reasons if not stage.needs_proposal else "",
            person_asks=stage.rules.person_may_ask_earlier,
        )

    def _vote(
        self, referral: Referral, stage: deciding.DecidingStage, outcome: Outcome, days: int
    ) -> None:
        voters = {self.authority.pk: "officer"}
        voters |= {_organisation(name).pk: key for name, key in PANEL}
        for organisation in deciding.deciders(referral, stage):
            by, at = self._as(voters[organisation.pk], days=days)
            by = actor_for(by.user, at=at, organisation_uuid=organisation.uuid) if by.user else by
            decisions.cast_vote(
                referral=referral, outcome=outcome, by=by, at=at, reasons="Invented reasons."
            )


def has_votes() -> bool:
    """Whether several decide together in this country, at any stage."""
    return any(stage.votes for stage in deciding.stages(current()))


def _organisation(name: str) -> Organisation:
    return Organisation.objects.get(name=f"{name} (invented)")


def _region() -> Area:
    return Area.objects.get(code="EX-C")
