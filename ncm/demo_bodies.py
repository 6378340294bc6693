"""Bodies of the demonstration: seats, meetings in every state, votes, resolutions; all invented."""

from datetime import datetime, timedelta
from typing import Any
from uuid import uuid4

from accounts.models import User
from common.country import local_day
from ncm.bodies_choices import Ballot, BodyKind, DecidesBy, Effect, SeatKind, SeatRole
from ncm.meetings_record import draft, record
from ncm.meetings_workflow import ITEM, MEETING
from ncm.models import AgendaItem, Body, Meeting, Motion, Resolution, Seat
from ncm.services import agenda, bodies, meetings, votes
from partners.access import Actor, actor_for
from partners.choices import Level
from partners.models import Membership, Organisation

K = SeatKind
PAPER = b"An invented paper of the demonstration. It says nothing about anybody.\n"
SINCE = 180
"""Days ago that the bodies were set up."""

#: Short name, organisation, kind of seat, role, vote, what it contributes to.
AT_TABLE: tuple[tuple[str, str, SeatKind, SeatRole, bool, tuple[str, ...]], ...] = (
    ("authority", "Identification Authority", K.STATE, SeatRole.CHAIR, True, ("protection",)),
    ("police", "National Police", K.STATE, SeatRole.MEMBER, True, ("prosecution",)),
    ("labour", "Labour Inspectorate", K.STATE, SeatRole.MEMBER, True,
     ("prevention", "prosecution")),
    ("lantern", "Lantern House", K.CSO, SeatRole.MEMBER, True, ("protection", "partnership")),
    ("network", "Open Door Network", K.CSO, SeatRole.MEMBER, True, ("prevention", "protection")),
    ("union", "Workers’ Voice", K.UNION, SeatRole.MEMBER, True, ("prevention",)),
    ("survivors", "Second Morning", K.SURVIVOR, SeatRole.MEMBER, True, ("partnership",)),
    ("research", "Institute for Labour Studies", K.EXPERT, SeatRole.OBSERVER, False, ()),
)  # fmt: skip


class DemoBodies:
    """A national task force with a past, a regional one that begins, a survivor panel."""

    def __init__(self, now: datetime, people: dict[str, User]) -> None:
        self.now, self.people = now, people
        self.seats: dict[str, Seat] = {}

    def build(self) -> None:
        at = self._ago(SINCE)
        self.national = self._entered("NTF", at, kind=BodyKind.TASK_FORCE, areas=(
            "policy", "prevention", "identification", "protection", "training"))  # fmt: skip
        self.north = self._entered("NORTH", at, kind=BodyKind.TASK_FORCE, level=Level.REGIONAL,
                                   areas=("identification", "protection"))  # fmt: skip
        for key, name, kind, role, has_vote, gives in AT_TABLE:
            home = self._named(name)
            self.seats[key] = self._seat(
                self.national, at, home, kind, role=role, has_vote=has_vote, contributes=gives,
                appointed_by="Invented Order 12/2026, article 4",
                terms="Two years, renewed by the organisation itself.",
            )  # fmt: skip
        for kind, at_least in (("", 4), (K.CSO, 1)):
            bodies.set_quorum(
                body=self.national, seat_kind=kind, at_least=at_least, from_on=local_day(at),
                by=self._keeper(at), at=at,
            )  # fmt: skip
        self._first()
        self._second()
        self._third()
        self._to_come()
        self._regional(at)
        self._panel(at)

    # --- meetings of the national task force ------------------------------------------------------

    def _first(self) -> None:
        """Held and approved, with the first resolution."""
        meeting = self._meeting(self.national, 130)
        item = self._item("lantern", "Beds at night", "referral", meeting,
                          "Nobody says at night where a bed is free.")  # fmt: skip
        self._held(meeting)
        motion = self._vote(meeting, item, "Each shelter says twice a day how many beds are free.",
                            against=())  # fmt: skip
        self.beds = self._adopt(motion, "Beds are counted twice a day")
        self._approved(meeting)

    def _second(self) -> None:
        """Replaces the first resolution; a dissent, a lost vote, and a late paper."""
        meeting = self._meeting(self.national, 70)
        item = self._item("network", "Beds, again", "referral", meeting,
                          "Twice a day is too rarely in winter.")  # fmt: skip
        labour = self._item("labour", "Joint inspections", "policy", meeting,
                            "Inspections with the police without notice to advisers.")  # fmt: skip
        self._paper(item, "network", "Nights counted in January (invented)", meeting, days=20)
        self._paper(labour, "labour", "Note on inspections (invented)", meeting, days=2)
        self._held(meeting)
        motion = self._vote(
            meeting, item, "Each shelter says at once when a bed is free or taken.",
            against=("police",),
        )  # fmt: skip
        votes.record_dissent(
            motion=motion, seat=self.seats["police"], words="It asks more of small houses than "
            "they can give. We would have asked for four times a day.",
            by=self._speaker("police", meeting.starts_at), at=meeting.starts_at,
        )  # fmt: skip
        self._adopt(motion, "Beds are counted at once", earlier=self.beds, effect=Effect.REPLACES)
        lost = self._vote(
            meeting, labour, "Inspections are joint, and advisers learn of them afterwards.",
            against=("lantern", "network", "union", "survivors"),
        )  # fmt: skip
        assert not lost.is_carried  # noqa: S101 - what the demonstration shows
        self._approved(meeting)
        self._annex(meeting)

    def _third(self) -> None:
        """Held a week ago: the draft of the minutes can be read, and waits for somebody else."""
        meeting = self._meeting(self.national, 8)
        item = self._item("union", "Anonymous advice", "services", meeting,
                          "Who advises workers must not have to name them.")  # fmt: skip
        other = self._item("survivors", "How we are spoken of", "advocacy", meeting,
                           "Reports should ask before they tell a story.")  # fmt: skip
        self._held(meeting)
        motion = self._vote(
            meeting, item, "Advice to workers is given without asking for a name.", against=()
        )
        self._adopt(motion, "Advice without names")
        self._settle(meeting, other, "note")
        self._settle(meeting, item, "decide")
        self._draft(meeting)

    def _to_come(self) -> None:
        """Invited in three weeks; one item on the agenda, one waits, one was declined."""
        at = self._ago(9)
        starts = self._day(22)
        meeting = meetings.plan_meeting(
            body=self.national, client_key=uuid4(), starts_at=starts,
            ends_at=starts + timedelta(hours=3), place="Hall of the Invented Ministry",
            remote="https://meet.example/ntf", by=self._keeper(at), at=at,
        )  # fmt: skip
        item = self._item("survivors", "A panel that is asked first", "policy", meeting,
                          "Drafts reach us when they are decided.", at=at)  # fmt: skip
        later = self._ago(5)
        agenda.add_paper(
            item=self._now(item), title="What we ask for (invented)", name="asked.txt",
            content=PAPER + b"2", by=self._speaker("survivors", later), at=later,
        )  # fmt: skip
        agenda.add_paper(
            item=self._now(item), title="For the chair only (invented)", name="chair.txt",
            content=PAPER + b"3", only_seats=[self.seats["authority"].uuid],
            by=self._speaker("survivors", later), at=later,
        )  # fmt: skip
        MEETING.apply(self._now(meeting), "invite", by=self._keeper(later), at=later)
        self._submit("lantern", "Rent of the northern house", "funding",
                     "The lease ends, and no line pays the next one.", self._ago(6))  # fmt: skip
        declined = self._submit("network", "A logo of our own", "other",
                                "For letters that we write together.", self._ago(30))  # fmt: skip
        answered = self._ago(26)
        ITEM.apply(
            declined, "decline", by=self._keeper(answered), at=answered,
            comment="The secretariat can settle this without a meeting: write to the desk.",
        )  # fmt: skip

    # --- other bodies -----------------------------------------------------------------------------

    def _regional(self, at: datetime) -> None:
        for name, kind in (("Labour Inspectorate", K.STATE), ("Open Door Network", K.CSO)):
            self._seat(self.north, at, self._named(name), kind)
        self._seat(
            self.north, at, None, K.COMMUNITY, chosen_name="Elder of the harbour (invented)",
            contributes=("prevention",),
        )  # fmt: skip
        bodies.set_quorum(
            body=self.north, seat_kind=K.CSO, at_least=1, from_on=local_day(at),
            by=self._keeper(at), at=at,
        )  # fmt: skip
        self._meeting(self.north, -40)

    def _panel(self, at: datetime) -> None:
        """Two survivors under chosen names; what they resolve they resolve together."""
        panel = bodies.enter_body(
            client_key=uuid4(), by=self._keeper(at), at=at, name="Survivor panel (invented)",
            code="PANEL", kind=BodyKind.SURVIVOR_PANEL, level=Level.NATIONAL,
            kept_by=self._ministry(), decides_by=DecidesBy.CONSENSUS, papers_days=14,
            mandate="Reads drafts before they are decided, and says what they would have meant.",
            areas=("policy", "protection"), since_on=local_day(at),
        )  # fmt: skip
        self._seat(panel, at, None, K.SURVIVOR, chosen_name="River",
                   holder=self.people["panel"], contributes=("partnership",))  # fmt: skip
        self._seat(panel, at, None, K.SURVIVOR, chosen_name="Heron",
                   contributes=("protection",))  # fmt: skip

    # --- steps ------------------------------------------------------------------------------------

    def _entered(self, code: str, at: datetime, **facts: Any) -> Body:
        """The task forces are there from the start: reports are addressed to them."""
        row = Body.objects.get(code=code)
        given: dict[str, Any] = {
            "name": row.name, "code": code, "level": Level.NATIONAL, "area": row.area,
            "kept_by": self._ministry(), "instrument": "Invented Order 12/2026",
            "mandate": "Brings together whoever identifies, protects and investigates; decides "
            "on how they work together.",
            "papers_days": 7, "decides_by": DecidesBy.MAJORITY, "since_on": local_day(at),
        }  # fmt: skip
        by = self._keeper(at)
        changed = bodies.change_body(body=row, by=by, at=at, version=row.version, **(given | facts))
        bodies.add_document(
            body=changed, title="Order 12/2026 (invented)", name="order.txt",
            content=PAPER + code.encode(), by=by, at=at,
        )  # fmt: skip
        return changed

    def _seat(
        self, body: Body, at: datetime, home: Organisation | None, kind: SeatKind, **more: Any
    ) -> Seat:
        given: dict[str, Any] = {"role": SeatRole.MEMBER, "has_vote": True, "may_submit": True}
        return bodies.give_seat(
            body=body, client_key=uuid4(), kind=kind, organisation=home, from_on=local_day(at),
            by=self._keeper(at), at=at, **(given | more),
        )  # fmt: skip

    def _meeting(self, body: Body, days_ago: int) -> Meeting:
        starts = self._day(-days_ago)
        at = min(starts, self.now) - timedelta(days=40)
        return meetings.plan_meeting(
            body=body, client_key=uuid4(), starts_at=starts, ends_at=starts + timedelta(hours=2),
            place="Hall of the Invented Ministry", by=self._keeper(at), at=at,
        )  # fmt: skip

    def _item(
        self, key: str, title: str, issue: str, meeting: Meeting, words: str,
        at: datetime | None = None,
    ) -> AgendaItem:  # fmt: skip
        at = at or meeting.starts_at - timedelta(days=30)
        item = self._submit(key, title, issue, words, at)
        answered = at + timedelta(days=2)
        return agenda.put(item=item, meeting=meeting, by=self._keeper(answered), at=answered)

    def _submit(self, key: str, title: str, issue: str, words: str, at: datetime) -> AgendaItem:
        return agenda.submit_item(
            seat=self.seats[key], client_key=uuid4(), issue=issue, title=title, words=words,
            by=self._speaker(key, at), at=at,
        )  # fmt: skip

    def _paper(
        self, item: AgendaItem, key: str, title: str, meeting: Meeting, *, days: int
    ) -> None:
        at = meeting.starts_at - timedelta(days=days)
        agenda.add_paper(
            item=self._now(item), title=title, name="paper.txt", content=PAPER + title.encode(),
            by=self._speaker(key, at), at=at,
        )  # fmt: skip

    def _held(self, meeting: Meeting) -> None:
        invited, at = meeting.starts_at - timedelta(days=21), meeting.starts_at
        MEETING.apply(self._now(meeting), "invite", by=self._keeper(invited), at=invited)
        MEETING.apply(self._now(meeting), "hold", by=self._keeper(at), at=at)
        remote = {"network", "survivors"}
        presences = {
            seat.uuid: "remote" if key in remote else "in_person"
            for key, seat in self.seats.items()
        }
        presences[self.seats["research"].uuid] = "excused"
        meetings.record_attendance(
            meeting=self._now(meeting), presences=presences, by=self._keeper(at), at=at
        )

    def _vote(
        self, meeting: Meeting, item: AgendaItem, words: str, *, against: tuple[str, ...]
    ) -> Motion:
        at = meeting.starts_at
        ballots = {
            seat.uuid: Ballot.AGAINST if key in against else Ballot.IN_FAVOUR
            for key, seat in self.seats.items()
            if seat.has_vote
        }
        return votes.take_vote(
            item=self._now(item), client_key=uuid4(), words=words, ballots=ballots,
            by=self._keeper(at), at=at,
        )  # fmt: skip

    def _adopt(self, motion: Motion, title: str, **more: Any) -> Resolution:
        at = motion.meeting.starts_at
        return votes.adopt(motion=motion, title=title, by=self._keeper(at), at=at, **more)

    def _settle(self, meeting: Meeting, item: AgendaItem, name: str) -> None:
        at = meeting.starts_at
        ITEM.apply(self._now(item), name, by=self._keeper(at), at=at)

    def _draft(self, meeting: Meeting) -> None:
        at = meeting.starts_at + timedelta(days=2)
        by, row = self._keeper(at), self._now(meeting)
        words = draft(record(row, by))
        meetings.write_minutes(meeting=row, words=words, by=by, at=at, version=0)

    def _approved(self, meeting: Meeting) -> None:
        """Settled, drafted, and approved by whoever speaks for the chair's seat."""
        for item in meeting.items.filter(state="on_agenda"):
            self._settle(meeting, item, "decide")
        self._draft(meeting)
        at = meeting.starts_at + timedelta(days=10)
        MEETING.apply(self._now(meeting), "approve", by=self._speaker("authority", at), at=at)

    def _annex(self, meeting: Meeting) -> None:
        at = meeting.starts_at + timedelta(days=15)
        meetings.annex(
            meeting=self._now(meeting), client_key=uuid4(), by=self._keeper(at), at=at,
            words="The January figures are those of four houses, not five.",
        )  # fmt: skip

    # --- who and when -----------------------------------------------------------------------------

    def _keeper(self, at: datetime) -> Actor:
        return actor_for(self.people["coordinator"], at=at, organisation_uuid=self._ministry().uuid)

    def _speaker(self, key: str, at: datetime) -> Actor:
        """The manager of the organisation that has the seat."""
        home = self.seats[key].organisation
        assert home is not None  # noqa: S101 - these seats are organisations'
        member = Membership.objects.active(at).filter(organisation=home, role="manager").first()
        assert member is not None  # noqa: S101 - each demonstration organisation has one
        return actor_for(member.user, at=at, organisation_uuid=home.uuid)

    def _ministry(self) -> Organisation:
        return self._named("Ministry of the Interior")

    def _named(self, name: str) -> Organisation:
        return Organisation.objects.get(name__startswith=name)

    def _ago(self, days: int) -> datetime:
        return self.now - timedelta(days=days)

    def _day(self, days: int) -> datetime:
        """Ten o'clock (UTC) of a day from now."""
        return (self.now + timedelta(days=days)).replace(hour=10, minute=0, second=0, microsecond=0)

    def _now(self, row: Any) -> Any:
        return type(row).objects.get(pk=row.pk)
