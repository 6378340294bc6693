"""Money in the demonstration: a fund, awards at each stage, one paid late; all of it invented."""

from datetime import datetime, timedelta
from decimal import Decimal
from uuid import uuid4

from accounts.models import User
from common.country import local_day
from funding.models import Award, Fund, Instalment
from funding.money_choices import FundingKind, LineKind, SourceClass
from funding.money_workflow import AWARD
from funding.services import awards, changes, funds, payments
from partners.access import Actor, actor_for
from partners.choices import Role
from partners.models import Area, Membership, Organisation

D = Decimal


class DemoFunding:
    """One award runs and is paid late, one waits for a second person, one has ended."""

    def __init__(self, now: datetime, people: dict[str, User]) -> None:
        self.now, self.people = now, people
        named = Organisation.objects.all()
        self.lantern = named.get(name__startswith="Lantern House")
        self.network = named.get(name__startswith="Open Door Network")
        self.officer, self.second = people["funder"], people["funder2"]

    def build(self) -> None:
        fund = self._fund()
        self._long_term(fund)
        self._ended(fund)
        self._waiting(fund)

    def _as(self, user: User, days: int = 0) -> Actor:
        return actor_for(user, at=self.now - timedelta(days=days))

    def _manager(self, organisation: Organisation, days: int = 0) -> Actor:
        works = Membership.objects.filter(organisation=organisation, role=Role.MANAGER)
        return self._as(works.order_by("pk")[0].user, days)

    def _fund(self) -> Fund:
        by = self._as(self.officer, 195)
        today = local_day(self.now)
        return funds.open_fund(
            client_key=uuid4(), name="Assistance fund (invented)",
            purpose="Beds, advice and people who stay: what victims of trafficking need from "
            "organisations that know them.",
            kinds=(), source_class=SourceClass.STATE_CENTRAL, currency="EUR", amount=D(900_000),
            allows_overhead=True, from_on=today - timedelta(days=195),
            until_on=today + timedelta(days=800), by=by, at=by.at,
        )  # fmt: skip

    def _award(
        self, fund: Fund, to: Organisation, title: str, lines: list[tuple[LineKind, int]],
        *, ago: int, days: int, kind: FundingKind = FundingKind.LONG_TERM_TARGETED, area: str = "",
    ) -> Award:  # fmt: skip
        by = self._as(self.officer, ago)
        begins = local_day(by.at)
        return awards.propose(
            fund=fund, recipient=to, kind=kind, title=f"{title} (invented)",
            purpose="What the work is and for whom, in a few sentences.",
            amount=D(sum(amount for _line, amount in lines)), currency="EUR", from_on=begins,
            until_on=begins + timedelta(days=days), lines=[(k, D(a)) for k, a in lines],
            is_direct=True, by=by, at=by.at,
            justification="Nobody else offers this in the region, and it cannot wait for a call.",
            area=Area.objects.get(code=area) if area else None,
        )  # fmt: skip

    def _approve(self, row: Award, ago: int) -> Award:
        by, second = self._as(self.officer, ago), self._as(self.second, ago - 2)
        row = AWARD.apply(row, "send", by=by, at=by.at)
        return AWARD.apply(row, "approve", by=second, at=second.at)

    def _plan(self, row: Award, ago: int, *parts: tuple[int, int]) -> list[Instalment]:
        by = self._as(self.officer, ago)
        return [
            payments.plan_instalment(
                award=row, due_on=local_day(self.now) + timedelta(days=due), amount=D(amount),
                by=by, at=by.at,
            )
            for due, amount in parts
        ]  # fmt: skip

    def _pay(self, row: Instalment, ago: int, arrived: int) -> None:
        by = self._as(self.officer, ago)
        made = payments.pay(
            instalment=row, amount=row.amount, paid_on=local_day(by.at), client_key=uuid4(), by=by,
            at=by.at,
        )  # fmt: skip
        said = self._manager(row.award.recipient, arrived)
        payments.say_arrived(payment=made, arrived_on=local_day(said.at), by=said, at=said.at)

    def _long_term(self, fund: Fund) -> None:
        """Two years of beds: one instalment paid in time, one late, a change that waits."""
        lines = [(LineKind.STAFF, 150_000), (LineKind.SHELTER, 90_000), (LineKind.OVERHEAD, 24_000)]
        row = self._award(
            fund, self.lantern, "Beds and people who stay", lines, ago=190, days=730, area="EX-C"
        )
        row = awards.set_lines(
            award=row, version=row.version, by=self._as(self.officer, 190),
            at=self.now - timedelta(days=190),
            lines=[
                (LineKind.STAFF, D(150_000), "months of a post", 60),
                (LineKind.SHELTER, D(90_000), "nights in a bed", 4_380),
                (LineKind.OVERHEAD, D(24_000), "", None),
            ],
        )  # fmt: skip
        row = self._approve(row, 190)
        first, *_rest = self._plan(row, 185, (-170, 66_000), (-75, 66_000), (110, 66_000))
        for ago in (170, 75):
            payments.keep_up(self.now - timedelta(days=ago))
        self._pay(first, 152, 150)
        said = self._manager(self.lantern, 12)
        awards.state_spending(
            award=row, by=said, at=said.at, as_of_on=local_day(said.at),
            spent={"staff": D(61_400), "shelter": D(34_850), "overhead": D(9_200)},
        )  # fmt: skip
        awards.state_co_funding(
            award=row, source_class=SourceClass.FOUNDATION, amount=D(40_000), currency="EUR",
            by=said, at=said.at,
        )  # fmt: skip
        asked = self._manager(self.lantern, 3)
        changes.propose_change(
            award=row, lines={"staff": D(144_000), "ict": D(6_000)}, client_key=uuid4(),
            words="Tablets for interpreting by video: most interviews are no longer in our rooms.",
            is_reallocation=True, by=asked, at=asked.at,
        )  # fmt: skip

    def _ended(self, fund: Fund) -> None:
        """A winter of outreach, paid in full."""
        lines = [(LineKind.PREVENTION, 14_000), (LineKind.TRAINING, 4_000)]
        row = self._award(
            fund, self.network, "Outreach through the winter", lines, ago=185, days=120,
            kind=FundingKind.PREVENTION, area="EX-N",
        )  # fmt: skip
        row = self._approve(row, 185)
        only = self._plan(row, 180, (-175, 18_000))[0]
        payments.keep_up(self.now - timedelta(days=175))
        self._pay(only, 160, 158)
        awards.keep_up(self.now - timedelta(days=60))

    def _waiting(self, fund: Fund) -> None:
        """Proposed by one officer: the other has to answer."""
        lines = [(LineKind.LEGAL_AID, 30_000), (LineKind.NETWORKING, 5_000)]
        row = self._award(
            fund, self.network, "Lawyers on call", lines, ago=4, days=400,
            kind=FundingKind.LEGAL_AID,
        )  # fmt: skip
        by = self._as(self.officer, 3)
        AWARD.apply(row, "send", by=by, at=by.at)
