"""Action points in the demonstration, one at each stage, some late on either side; all invented."""

from datetime import date, datetime, timedelta
from typing import Any
from uuid import uuid4

from accounts.models import User
from common.country import local_day
from ncm.action_choices import Priority
from ncm.action_workflow import ACTION
from ncm.models import ActionPoint
from ncm.plan_choices import FourP
from ncm.services import action_points
from partners.access import actor_for
from partners.models import Organisation

X = FourP


class DemoActions:
    """Open, in progress, late, waiting to be verified (in time and late), sent back, verified."""

    def __init__(self, now: datetime, people: dict[str, User]) -> None:
        self.now, self.people = now, people
        self.lantern = Organisation.objects.get(name__startswith="Lantern House")
        self.open_door = Organisation.objects.get(name__startswith="Open Door")

    def build(self) -> None:
        self._of_lantern_house()
        self._of_the_others()
        self._of_its_own()

    def _of_lantern_house(self) -> None:
        row = self._given("Say who answers at night", X.PROTECTION, ago=20, due=4,
                          todo="Name two people whom the police can call at night.")  # fmt: skip
        row = self._act(row, "begin", "manager", ago=12)
        self._act(row, "assign", "manager", ago=12, responsible_person=self.people["caseworker"])
        action_points.write_comment(
            client_key=uuid4(), point=row, words="The second person begins next week.",
            **self._as("manager", 3),
        )  # fmt: skip
        waits = self._given("Send the figures on shelter nights", X.PROTECTION, ago=60, due=-40,
                            todo="Nights of the last half-year by month.")  # fmt: skip
        self._done(waits, "manager", ago=38, evidence="Table sent with reference LH-12.")
        back = self._given("Translate the rights leaflet", X.PREVENTION, ago=45, due=-10,
                           todo="Into the three languages most asked for.")  # fmt: skip
        self._done(back, "manager", ago=14, evidence="Two translations are printed.")
        self._act(
            back, "send_back", "coordinator", ago=9, comment="The third language is missing.",
            due_on=self._day(6),
        )  # fmt: skip

    def _of_the_others(self) -> None:
        self._given("Report on the drop-in centres", X.PREVENTION, ago=30, due=-6,
                    to=self.open_door, todo="How many came, and what they asked for.")  # fmt: skip
        authority = self._home("officer")
        row = self._given("Publish who decides in which region", X.PARTNERSHIP, ago=25, due=-3,
                          to=authority, priority=Priority.HIGH,
                          todo="On the page that every member can read.")  # fmt: skip
        self._done(row, "officer", ago=2, evidence="The list stands on the page (invented).")
        police = self._home("police")
        row = self._given("Train the night shift on first contact", X.PROSECUTION, ago=90, due=-30,
                          to=police, todo="Half a day, with a survivor-led group.")  # fmt: skip
        moved = self._act(
            row, "move", "coordinator", ago=60, due_on=self._day(-20),
            comment="The trainer was ill.",
        )  # fmt: skip
        done = self._done(moved, "police", ago=18, evidence="Attendance list 7 (invented).")
        self._act(done, "verify", "coordinator", ago=16)
        row = self._given("Send the list of interpreters", X.PARTNERSHIP, ago=50, due=-15,
                          to=police, todo="Languages and hours, no names.")  # fmt: skip
        self._act(
            row, "cancel", "coordinator", ago=30, comment="The ministry keeps the list itself now."
        )

    def _of_its_own(self) -> None:
        row = self._given("Draw up the rota for the winter", X.PROTECTION, ago=10, due=8,
                          maker="manager", todo="Two people each night.")  # fmt: skip
        self._done(row, "caseworker", ago=1, evidence="The rota hangs in the office.")

    def _given(
        self, title: str, pillar: FourP, *, ago: int, due: int, todo: str,
        to: Organisation | None = None, maker: str = "coordinator",
        priority: Priority = Priority.NORMAL,
    ) -> ActionPoint:  # fmt: skip
        return action_points.make(
            client_key=uuid4(), title=title, todo=todo, pillar=pillar, priority=priority,
            responsible=to or self.lantern, due_on=self._day(due), **self._as(maker, ago),
        )  # fmt: skip

    def _done(self, row: ActionPoint, who: str, *, ago: int, evidence: str) -> ActionPoint:
        comment = "Done as agreed."
        return self._act(row, "report", who, ago=ago, comment=comment, evidence=evidence)

    def _act(
        self, row: ActionPoint, name: str, who: str, *, ago: int, **answers: Any
    ) -> ActionPoint:
        return ACTION.apply(row, name, **self._as(who, ago), **answers)

    def _as(self, key: str, ago: int) -> dict[str, Any]:
        """`by` and `at` of somebody, so many days ago."""
        at = self.now - timedelta(days=ago)
        return {"by": actor_for(self.people[key], at=at), "at": at}

    def _home(self, key: str) -> Organisation:
        home = actor_for(self.people[key], at=self.now).organisation
        assert home is not None  # noqa: S101 - everybody here works somewhere
        return home

    def _day(self, days: int) -> date:
        return local_day(self.now) + timedelta(days=days)
