"""Rounds of questions in the demonstration: synthetic answers, and say so wherever they are shown.

Beside the invented organisations of the demonstration twelve more answer, which stand in no
directory, so that the figures have bases to look at. What each answers follows from its number.
"""

from datetime import date, datetime, timedelta
from decimal import Decimal
from uuid import uuid4

from accounts.models import User
from accounts.services import open_account
from common.country import local_day
from funding.models.declarations import SurveyRound
from funding.services import declarations, programmes, rounds, standings
from funding.survival_choices import RoundKind
from partners.access import Actor, actor_for, system_actor
from partners.choices import OrganisationKind, Role
from partners.models import Agreement, Area, Membership, Organisation, ServiceOffer
from partners.services import memberships, organisations

SAMPLES = 12
DOMAIN = "demo.example"
#: (per cent central, local, EU, foundation, individual) of each one's income, over and over.
MIXES = (
    (40, 10, 0, 50, 0), (0, 0, 60, 30, 10), (20, 20, 20, 20, 20), (65, 15, 0, 0, 20),
    (0, 5, 0, 85, 10), (10, 0, 45, 45, 0),
)  # fmt: skip
SOURCES = ("state_central", "state_local", "eu", "foundation", "individual")


class DemoSurvival:
    """Two rounds that ended, one that is open, staff and a programme of one organisation."""

    def __init__(self, now: datetime, people: dict[str, User]) -> None:
        self.now, self.people = now, people
        self.asked_at = now - timedelta(days=45)
        self.lantern = Organisation.objects.get(name__startswith="Lantern House")

    def build(self) -> None:
        answering = [*self._members(), *self._samples()]
        self._past(answering)
        self._open()
        self._staff()
        self._programmes()
        self._standings()

    def _standings(self) -> None:
        """What Lantern House has stands on the agreement that ends before long."""
        by = self._manager()
        mine = Agreement.objects.visible_to(by).in_force().order_by("ends_on", "pk")
        for offer in ServiceOffer.objects.in_use().filter(organisation=self.lantern)[:2]:
            standings.enter_standing(
                offer=offer, agreement=mine[0], posts=Decimal("2.5"), by=by, at=self.now
            )

    def _members(self) -> list[Actor]:
        """One manager of each organisation of civil society that has one."""
        managed = Membership.objects.active(self.asked_at).filter(
            role=Role.MANAGER, organisation__in=Organisation.objects.members()
        )  # fmt: skip
        managed = managed.exclude(organisation__kind=OrganisationKind.STATE_AGENCY)
        return [
            actor_for(row.user, at=self.asked_at, organisation_uuid=row.organisation.uuid)
            for row in managed.select_related("user", "organisation").order_by("pk")
        ]

    def _samples(self) -> list[Actor]:
        before = self.now - timedelta(days=100)
        system = system_actor("demo_data", before)
        user = open_account(
            email=f"survey@{DOMAIN}", display_name="Survey Sample (invented)",
            password=uuid4().hex, at=before,
        )  # fmt: skip
        found = []
        for number in range(1, SAMPLES + 1):
            home = organisations.found(
                name=f"Survey sample {number:02} (invented)", kind=OrganisationKind.CSO,
                capacities=(), by=system, at=before, area=Area.objects.get(code="EX"),
                is_listed=False,
            )  # fmt: skip
            memberships.join(user=user, organisation=home, role=Role.MANAGER, by=None, at=before)
            found.append(actor_for(user, at=self.asked_at, organisation_uuid=home.uuid))
        return found

    def _past(self, answering: list[Actor]) -> None:
        income = self._ask(RoundKind.INCOME, self.asked_at, years_ago=1, days=20)
        needs = self._ask(RoundKind.NEEDS, self.asked_at, years_ago=1, days=20)
        for number, by in enumerate(answering):
            self._declare(income, by, number)
            self._answer(needs, by, number)
        rounds.close_due(self.asked_at + timedelta(days=21))

    def _ask(self, kind: RoundKind, at: datetime, *, years_ago: int, days: int) -> SurveyRound:
        return rounds.open_round(
            kind=kind, year=local_day(self.now).year - years_ago, client_key=uuid4(),
            closes_on=local_day(at) + timedelta(days=days),
            by=actor_for(self.people["coordinator"], at=at), at=at, is_synthetic=True,
        )  # fmt: skip

    def _declare(self, row: SurveyRound, by: Actor, number: int) -> None:
        whole, mix = 40_000 + 13_000 * number, MIXES[number % len(MIXES)]
        amounts = {
            code: f"{whole * part / 100:.2f}" for code, part in zip(SOURCES, mix, strict=True)
            if part
        }  # fmt: skip
        self._send(row, by, {"currency": "EUR", "amounts": amounts})

    def _answer(self, row: SurveyRound, by: Actor, number: int) -> None:
        """Not everybody answers everything, so each question has another base."""
        answers = {
            "additional": "yes" if number % 4 else "no",
            "within_12": ("yes" if number % 5 else "no") if number % 9 else None,
            "fully_operational": ("yes" if number % 3 == 0 else "no") if number % 6 else None,
            "full_today": "yes" if number % 2 else "no",
            "lost_staff": ("no" if number % 3 else "yes") if number % 7 else None,
            "obstacles": ["short_grants", "late_payment"][: 1 + number % 2]
            if number % 5 != 1
            else ["no_overhead"],
        }  # fmt: skip
        self._send(row, by, answers)

    def _send(self, row: SurveyRound, by: Actor, answers: dict[str, object]) -> None:
        declarations.save_answers(round=row, answers=answers, by=by, at=by.at, version=0)
        declarations.send_answers(round=row, by=by, at=by.at)

    def _open(self) -> None:
        self._ask(RoundKind.NEEDS, self.now - timedelta(days=3), years_ago=0, days=30)

    def _staff(self) -> None:
        for days, posts, lost, reserves in (
            (400, "9.0", 1, "96000"), (220, "8.5", 2, "81000"), (40, "7.5", 4, "52000"),
        ):  # fmt: skip
            figures = {
                "posts": posts, "vacancies": "1.0", "lost": lost, "lost_for_money": lost - 1,
                "hours": 1200, "hours_funded": 930, "reserves": reserves, "monthly_cost": "11500",
            }  # fmt: skip
            on = local_day(self.now) - timedelta(days=days)
            declarations.enter_staff(
                on=on, figures=figures, currency="EUR", by=self._manager(), at=self.now
            )

    def _programmes(self) -> None:
        for title, kind, days, began, completed in (
            ("Sewing and book-keeping", "training", 220, 14, 11),
            ("Tools for a first workshop", "equipment", 30, 6, 6),
        ):
            row = programmes.enter_programme(
                client_key=uuid4(), title=f"{title} (invented)", kind=kind, began=began,
                completed=completed, from_on=self._ago(days + 90), until_on=self._ago(days),
                by=self._manager(), at=self.now,
            )  # fmt: skip
            if days > 200:
                programmes.enter_follow_up(
                    programme=row, after=6, by=self._manager(), at=self.now, reached=9,
                    in_business=3, in_job=4, in_training=1,
                )  # fmt: skip

    def _ago(self, days: int) -> date:
        return local_day(self.now) - timedelta(days=days)

    def _manager(self) -> Actor:
        return actor_for(self.people["manager"], at=self.now, organisation_uuid=self.lantern.uuid)
