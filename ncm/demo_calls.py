"""Calls and applications for money in the demonstration; all of it invented."""

from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import uuid4

from accounts.models import User
from common.country import local_day
from funding.call_choices import Verdict
from funding.call_workflow import APPLICATION
from funding.models import Application, Call, Fund, Review
from funding.money_choices import FundingKind, LineKind, SourceClass
from funding.services import applications, calls, decisions, funds, reviews
from partners.access import Actor, actor_for
from partners.choices import Role
from partners.models import Area, Emergency, Membership, Organisation

D = Decimal
L = LineKind


class DemoCalls:
    """One call open, one being reviewed, one decided; an emergency request waits for a decision."""

    def __init__(self, now: datetime, people: dict[str, User]) -> None:
        self.now, self.people = now, people
        named = Organisation.objects.all()
        self.lantern = named.get(name__startswith="Lantern House")
        self.network = named.get(name__startswith="Open Door Network")
        self.bar = named.get(name__startswith="Bar Association")

    def build(self) -> None:
        at = self.now - timedelta(days=190)
        today = local_day(self.now)
        self.fund = funds.open_fund(
            client_key=uuid4(), by=self._fund(at), at=at, name="Open calls (invented)",
            purpose="Work of civil society, chosen in calls.", kinds=(), currency="EUR",
            source_class=SourceClass.STATE_CENTRAL, amount=D(900_000), allows_overhead=True,
            from_on=local_day(at), until_on=today + timedelta(days=900),
        )  # fmt: skip
        self._decided()
        self._reviewed()
        self._open()
        self._emergency()

    def _decided(self) -> None:
        """Published with two awards and one refusal, of which a complaint waits for an answer."""
        at = self.now - timedelta(days=120)
        call = self._call("Lawyers in proceedings", FundingKind.LEGAL_AID, at, days=30, amount=90)
        asked = {L.LEGAL_AID: 40, L.OVERHEAD: 4}
        first = self._apply(call, self.bar, "Company in court", asked, at)
        second = self._apply(call, self.lantern, "Advice in the shelter", {L.LEGAL_AID: 20}, at)
        last = self._apply(call, self.network, "Advice on the road", {L.LEGAL_AID: 60}, at)
        later = call.closes_at + timedelta(minutes=5)
        calls.keep_up(later)
        for row, points in ((first, 5), (second, 4), (last, 2)):
            self._score(row, points, later)
        by = self._fund(later)
        for row in call.applications.all():
            refuse = row.pk == last.pk
            decisions.decide(
                application=row, verdict=Verdict.REFUSE if refuse else Verdict.AWARD, by=by,
                lines={} if refuse else dict(row.lines.values_list("kind", "amount")), at=later,
                reason="The money does not suffice for all." if refuse else "The need is plain.",
            )  # fmt: skip
        decisions.announce(call=Call.objects.get(pk=call.pk), by=by, at=later)
        told = self.now - timedelta(days=4)
        applications.complain(
            application=Application.objects.get(pk=last.pk), at=told,
            words="The second page of our plan was not read.", by=self._manager(self.network, told),
        )  # fmt: skip

    def _reviewed(self) -> None:
        """Closed; one of the two reviewers has sent everything, so all is sealed."""
        at = self.now - timedelta(days=40)
        call = self._call("Keeping trained staff", FundingKind.STAFF_RETENTION, at, 35, 200)
        rows = [
            self._apply(call, self.lantern, "Three posts, two years", {L.STAFF: 90}, at),
            self._apply(call, self.network, "Night outreach", {L.STAFF: 55, L.ICT: 5}, at),
        ]
        later = call.closes_at + timedelta(minutes=5)
        calls.keep_up(later)
        for row, points in zip(rows, (5, 3), strict=True):
            self._score(row, points, later, ("rapporteur",))

    def _open(self) -> None:
        """Open, with a question answered and one not; Lantern House has a draft."""
        at = self.now - timedelta(days=6)
        call = self._call("Networks of civil society", FundingKind.NETWORKING, at, 40, 60)
        asked = calls.ask(
            call=call, words="Does it pay travel of people without papers?", client_key=uuid4(),
            by=self._manager(self.network, at), at=at,
        )  # fmt: skip
        calls.answer(question=asked, words="Yes; no names are asked.", by=self._fund(at), at=at)
        calls.ask(
            call=call, words="Can two organisations apply together?", client_key=uuid4(),
            by=self._manager(self.lantern, at), at=at,
        )  # fmt: skip
        self._apply(call, self.lantern, "Meetings in the south", {L.NETWORKING: 8}, at, send=False)

    def _emergency(self) -> None:
        """Where an emergency is on and somebody manages an organisation there."""
        at = self.now - timedelta(hours=3)
        standing = Emergency.objects.on(at).select_related("area").order_by("pk").first()
        if standing is None:
            return
        call = self._call(
            "Emergency money", FundingKind.EMERGENCY, at, 30, 100, is_emergency=True,
            area=standing.area,
        )  # fmt: skip
        for home in Organisation.objects.members().filter(area__isnull=False).order_by("pk"):
            there = Emergency.objects.on(at).over_area(home.area_id).filter(pk=standing.pk)
            works = Membership.objects.filter(organisation=home, role=Role.MANAGER)
            if home.pk == self.fund.keeper_id or not there.exists() or not works.exists():
                continue
            today = local_day(at)
            applications.ask_in_emergency(
                call=call, client_key=uuid4(), title="Rooms for a month (invented)",
                purpose="The centre cannot be reached. Rooms for eight people, and their meals.",
                line=L.QUARANTINE, amount=D(6_500), from_on=today,
                until_on=today + timedelta(days=30), by=self._manager(home, at), at=at,
            )  # fmt: skip
            return

    def _call(
        self, title: str, kind: FundingKind, at: datetime, days: int, amount: int, **more: Any
    ) -> Call:
        """Published at a moment, open for some days, with an amount in thousands."""
        by, closes = self._fund(at), at + timedelta(days=days)
        row = calls.draft_call(
            client_key=uuid4(), fund=Fund.objects.get(pk=self.fund.pk), by=by, at=at, kind=kind,
            title=f"{title} (invented)", currency="EUR", amount=D(amount * 1000),
            purpose="What helps people who were exploited, and those who work for them.",
            questions_until_at=closes - timedelta(days=2), closes_at=closes,
            decide_by_on=local_day(closes + timedelta(days=45)), reviews_needed=2,
            second_person=False, **more,
        )  # fmt: skip
        if not row.is_emergency:
            for name, weight in (("Need", 50), ("How it is done", 30), ("Voice of survivors", 20)):
                calls.add_criterion(call=row, name=name, words="", weight=weight, by=by, at=at)
            for key in ("rapporteur", "panel"):
                home = actor_for(self.people[key], at=at).organisation
                if home is not None:
                    calls.name_reviewer(
                        call=row, user=self.people[key], organisation=home, by=by, at=at
                    )
        return calls.publish(call=Call.objects.get(pk=row.pk), by=by, at=at)

    def _apply(
        self, call: Call, home: Organisation, title: str, lines: dict[LineKind, int], at: datetime,
        *, send: bool = True,
    ) -> Application:  # fmt: skip
        by, begins = self._manager(home, at), local_day(call.closes_at + timedelta(days=20))
        row = applications.begin(call=call, client_key=uuid4(), by=by, at=at)
        row = applications.change_text(
            application=row, version=row.version, by=by, at=at, title=f"{title} (invented)",
            purpose="What we do, day by day.", need="Who comes to us is turned away elsewhere.",
            results="Fewer people wait.", area=Area.objects.get(code="EX"), from_on=begins,
            until_on=begins + timedelta(days=730),
        )  # fmt: skip
        asked = [(kind, D(sum_ * 1000), "") for kind, sum_ in lines.items()]
        row = applications.set_lines(
            application=row, lines=asked, version=row.version, by=by, at=at
        )
        return APPLICATION.apply(row, "submit", by=by, at=at) if send else row

    def _score(
        self, row: Application, points: int, at: datetime,
        keys: tuple[str, ...] = ("rapporteur", "panel"),
    ) -> None:  # fmt: skip
        for key in keys:
            by = actor_for(self.people[key], at=at)
            found = Review.objects.get(application=row, reviewer__user=self.people[key])
            found = reviews.declare(review=found, conflict="", by=by, at=at)
            given = dict.fromkeys(found.reviewer.call.criteria.values_list("pk", flat=True), points)
            reviews.submit(review=found, points=given, words="Invented reasons.", by=by, at=at)

    def _fund(self, at: datetime) -> Actor:
        return actor_for(self.people["funder"], at=at)

    def _manager(self, home: Organisation, at: datetime) -> Actor:
        works = Membership.objects.filter(organisation=home, role=Role.MANAGER)
        return actor_for(works.order_by("pk")[0].user, at=at, organisation_uuid=home.uuid)
