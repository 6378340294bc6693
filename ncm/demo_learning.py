"""Trainings and guidance in the demonstration: one in each state, versions, and who read them."""

from datetime import date, datetime, timedelta
from typing import Any
from uuid import uuid4

from accounts.models import User
from common.country import local_day
from partners.access import Actor, actor_for
from partners.choices import Role
from partners.learning_workflow import GUIDANCE, TRAINING
from partners.models import Area, Guidance, Membership, Organisation, Training
from partners.services import guidance, trainings

#: What a small document consists of; the words stand in its metadata nowhere.
PAPER = b"%PDF-1.4\n1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj\n2 0 obj<</Type/Pages/Kids[3 0 R]" \
        b"/Count 1>>endobj\n3 0 obj<</Type/Page/Parent 2 0 R/MediaBox[0 0 595 842]>>endobj\n" \
        b"trailer<</Root 1 0 R>>\n%%EOF\n"  # fmt: skip


class DemoLearning:
    """What was held long ago and lately, what is planned, what was postponed and cancelled."""

    def __init__(self, now: datetime, people: dict[str, User]) -> None:
        self.now, self.people = now, people
        named = Organisation.objects.all()
        self.lantern = named.get(name__startswith="Lantern House")
        self.network = named.get(name__startswith="Open Door Network")
        self.police = named.get(name__startswith="National Police")
        self.inspectors = named.get(name__startswith="Labour Inspectorate")
        self.voice = named.get(name__startswith="Workers’ Voice")

    def build(self) -> None:
        self._trainings()
        self._guidance()

    def _trainings(self) -> None:
        basics = self._plan(
            "Recognising the signs", ("indicators", "first_talk", "referral"), 120,
            for_whom="Everybody who meets presumed victims first", is_for_currency=True,
        )  # fmt: skip
        self._held(basics, 120, {self.lantern: 6, self.police: 14, self.inspectors: 9})
        member = Membership.objects.get(user=self.people["caseworker"], role=Role.CASEWORKER)
        trainings.enter_attendances(
            training=basics, people=[member.uuid], by=self._manager(self.lantern),
            at=self.now - timedelta(days=110),
        )  # fmt: skip
        labour = self._plan(
            "Exploitation in seasonal work", ("labour", "indicators"), 40, by=self.voice,
            for_whom="Labour inspectors of the north", area="EX-N",
        )  # fmt: skip
        self._held(labour, 40, {self.inspectors: 12})
        late = self._plan("The first talk with a child", ("children", "first_talk"), 75)
        self._apply(
            late, "postpone", 80, reason="no_release", on=None,
            reason_words="The border service cannot let its people go before the summer ends.",
        )  # fmt: skip
        moved = self._plan("Confidentiality between partners", ("data", "referral"), 20)
        self._apply(
            moved, "postpone", 30, reason="trainer", on=self._day(25),
            reason_words="The trainer was called as a witness that week.",
        )  # fmt: skip
        gone = self._plan("Compensation in criminal proceedings", ("compensation",), 15)
        self._apply(
            gone, "cancel", 18, reason="money",
            reason_words="The grant that was to pay for it ended; nobody took it over.",
        )  # fmt: skip
        self._plan(
            "Working when borders close", ("emergency", "co_operation"), -30,
            for_whom="Points of contact and their deputies", is_for_currency=True,
        )  # fmt: skip

    def _plan(
        self, title: str, topics: tuple[str, ...], ago: int, *, by: Organisation | None = None,
        area: str = "", **more: Any,
    ) -> Training:  # fmt: skip
        at = self.now - timedelta(days=max(ago, 0) + 40)
        home = by or self.network
        actor = self._manager(home, at)
        row = trainings.plan_training(
            client_key=uuid4(), by=actor, at=at, on=self._day(-ago), title=f"{title} (invented)",
            about="With exercises, and time for questions.", topics=list(topics), form="room",
            places=24, trainer=home, area=Area.objects.get(code=area) if area else None, **more,
        )  # fmt: skip
        for organisation in (self.lantern, self.police, self.inspectors):
            trainings.name_party(training=row, organisation=organisation, by=actor, at=at)
        return row

    def _held(self, row: Training, ago: int, numbers: dict[Organisation, int]) -> None:
        at = self.now - timedelta(days=ago)
        by = actor_for(row.created_by or self.people["manager"], at=at)
        row = TRAINING.apply(row, "hold", by=by, at=at, on=local_day(at))
        counted = {
            party.uuid: numbers[party.organisation]
            for party in row.parties.select_related("organisation")
            if party.organisation in numbers
        }
        trainings.count_participants(training=row, numbers=counted, by=by, at=at)

    def _apply(self, row: Training, name: str, ago: int, **answers: Any) -> None:
        at = self.now - timedelta(days=ago)
        by = actor_for(row.created_by or self.people["manager"], at=at)
        TRAINING.apply(row, name, by=by, at=at, **answers)

    def _guidance(self) -> None:
        first = self._publish("Whom to call, and in which order", 150, "The chain of calls.")
        at = self.now - timedelta(days=25)
        by = actor_for(self.people["coordinator"], at=at)
        second = guidance.next_version(guidance=first, by=by, at=at)
        guidance.change_text(
            guidance=second, by=by, at=at, version=second.version, title=second.title,
            summary=second.summary, changes="The duty line is called first, at any hour.",
        )  # fmt: skip
        second = self._in_force(second, at)
        for home in (self.lantern, self.police):
            actor = self._manager(home)
            for post in home.contacts.filter(ended_at__isnull=True, deputy_for__isnull=True):
                guidance.confirm_read(
                    guidance=second, contact=post, by=actor, at=self.now - timedelta(days=9)
                )
        self._publish(
            "The first talk, for labour inspectors", 60, "What to ask, and what never to ask.",
            for_kinds=["state_agency"], for_capacities=["first_responder"],
        )  # fmt: skip
        guidance.draft_guidance(
            client_key=uuid4(), by=actor_for(self.people["coordinator"], at=self.now),
            at=self.now, title="When a house has to close (invented)",
            summary="Who tells whom, and where people sleep tonight.",
            for_capacities=["service_provider"],
        )  # fmt: skip
        guidance.keep_up(self.now)

    def _publish(self, title: str, ago: int, summary: str, **readers: Any) -> Guidance:
        at = self.now - timedelta(days=ago)
        row = guidance.draft_guidance(
            client_key=uuid4(), by=actor_for(self.people["coordinator"], at=at), at=at,
            title=f"{title} (invented)", summary=summary, **readers,
        )  # fmt: skip
        return self._in_force(row, at)

    def _in_force(self, row: Guidance, at: datetime) -> Guidance:
        by = actor_for(self.people["coordinator"], at=at)
        guidance.add_file(
            guidance=row, title="In English", name="guidance.pdf", content=PAPER, by=by, at=at
        )
        return GUIDANCE.apply(Guidance.objects.get(pk=row.pk), "put_in_force", by=by, at=at)

    def _manager(self, organisation: Organisation, at: datetime | None = None) -> Actor:
        works = Membership.objects.filter(organisation=organisation, role=Role.MANAGER)
        return actor_for(works.order_by("pk")[0].user, at=at or self.now)

    def _day(self, days: int) -> date:
        return local_day(self.now + timedelta(days=days))
