"""The action plan of the demonstration, consultations, prevention and obligations; all invented."""

from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import uuid4

from accounts.models import User
from common.country import local_day
from ncm.models import ActionPlan, Activity, Consultation, Objective, Position
from ncm.plan_choices import FourP
from ncm.services import (
    consultations,
    obligations,
    plan_reports,
    plans,
    prevention,
    revisions,
)
from partners.access import Actor, actor_for
from partners.choices import Capacity, Role
from partners.models import Area, Emergency, HeldCapacity, Membership, Organisation

D = Decimal
F = FourP
#: P and words of each objective, then its activities: words, lead (by the beginning of its name),
#: days from today to the deadline, indicator, target, cost, State, donors, own, groups, area.
PLAN: tuple[tuple[FourP, str, tuple[tuple[Any, ...], ...]], ...] = (
    (F.PREVENTION, "People know the risk before they leave, and whom to ask", (
        ("Teach lessons about recruitment in schools", "Ministry", 210, "Schools reached", 120,
         90, 60, 20, 0, ("children",), ""),
        ("Advise workers in farms and kitchens in their languages", "Workers", -20,
         "Workers advised", 900, 60, 10, 30, 5, ("migrants", "men", "women"), "EX-S"),
        ("Outreach at border posts", "Open Door", 150, "Shifts", 300, 70, 20, 20, 0,
         ("refugees", "migrants"), "EX-N"),
    )),
    (F.PROTECTION, "Everybody finds a safe bed and a lawyer", (
        ("Twelve more places in the central region", "Lantern House", 90, "Places", 12, 240, 120,
         60, 10, ("women",), "EX-C"),
        ("Interpreters on call by telephone", "Lantern House", 300, "Languages", 14, 48, 24, 24, 0,
         (), ""),
    )),
    (F.PROSECUTION, "Those who exploit are found, those exploited are heard", (
        ("Lawyers in proceedings and for compensation", "Bar Association", 330, "Accompanied",
         200, 110, 70, 0, 0, (), ""),
        ("Train inspectors to refer", "Labour Inspectorate", 120, "Inspectors trained", 250, 36, 36,
         0, 0, (), ""),
    )),
    (F.PARTNERSHIP, "Civil society decides with the State", (
        ("Meetings of the task forces every quarter", "Ministry", 365, "Meetings", 12, 18, 18, 0, 0,
         (), ""),
    )),
)  # fmt: skip
#: Articles that the reference names (docs: domain), in our own words.
OBLIGATIONS = (
    ("CETS 197", "5", "Prevent trafficking, with civil society", F.PREVENTION, "prevention"),
    ("CETS 197", "10", "Identify those trafficked, with trained people", F.PROTECTION,
     "identification"),
    ("CETS 197", "12(1)(a)", "Subsistence, safe accommodation, psychological help", F.PROTECTION,
     "shelter"),
    ("CETS 197", "13", "Time to recover and reflect", F.PROTECTION, ""),
    ("CETS 197", "15(2)", "Lawyers and free legal aid", F.PROSECUTION, "legal"),
    ("CETS 197", "16", "Safe return", F.PROTECTION, "return"),
    ("Palermo Protocol", "9(3)", "Prevention together with NGOs", F.PREVENTION, "prevention"),
    ("ILO Protocol P029", "1(2)", "A national plan, with employers and workers", F.PARTNERSHIP, ""),
)  # fmt: skip


class DemoPlan:
    """A plan in force, revised for the emergency; its half year is being reported on."""

    def __init__(self, now: datetime, people: dict[str, User]) -> None:
        self.now, self.people = now, people
        self.today = local_day(now)

    def build(self) -> None:
        at = self.now - timedelta(days=190)
        by = self._keeper(at)
        plan = plans.draft_plan(
            client_key=uuid4(), title="National action plan (invented)", currency="EUR",
            strategy="Fewer people are exploited; those who were find help, whatever they say to "
                     "whom.",
            from_on=self.today - timedelta(days=380), until_on=self.today + timedelta(days=715),
            by=by, at=at,
        )  # fmt: skip
        for p, words, activities in PLAN:
            objective = plans.add_objective(plan=plan, p=p, words=words, by=by, at=at)
            for activity in activities:
                self._activity(objective, activity, by, at)
        plan = plans.adopt(
            plan=plan, act="Decision of the Government No. 7 (invented)", by=by, at=at
        )
        self._reported(plan)
        self._revised(plan)
        self._half_year(plan)
        self._heard(plan)
        self._prevention(plan)
        self._obligations()

    def _activity(
        self, objective: Objective, given: tuple[Any, ...], by: Actor, at: datetime
    ) -> Activity:
        words, lead, days, indicator, target, cost, state, donors, own, groups, area = given
        home = self._home(lead)
        partner = self._home("Second Morning")
        return plans.add_activity(
            objective=objective, by=by, at=at, words=f"{words} (invented)", lead=home,
            partners=[] if partner.pk == home.pk else [partner],
            from_on=self.today - timedelta(days=380),
            deadline_on=self.today + timedelta(days=days), indicator=indicator, unit="",
            baseline=D(0), target=D(target), source="Reports of the lead", cost=D(cost * 1000),
            from_state=D(state * 1000), from_donors=D(donors * 1000), from_own=D(own * 1000),
            payers="Budget of the ministry; a donor (invented)", target_groups=groups,
            areas=list(Area.objects.filter(code=area)), global_plan=("18",) if groups else ("32",),
            reallocatable_in_emergency=not groups,
        )  # fmt: skip

    def _reported(self, plan: ActionPlan) -> None:
        """Every lead that has somebody who speaks reported once, some months ago."""
        at = self.now - timedelta(days=120)
        for n, row in enumerate(plan.activities.standing().order_by("place")):
            by = self._speaker(row.lead, at)
            if by is None:
                continue
            waits = n % 4 == 2
            plans.report_progress(
                activity=row, client_key=uuid4(), on=local_day(at), by=by, at=at,
                progress="not_started" if waits else "under_way",
                value=D(0) if waits else (row.target or D(0)) * (n + 1) / 10,
                words="It waits for the contract with the province (invented)." if waits
                else "Begun as planned; interpreters are hard to find (invented).",
            )  # fmt: skip
        row = plan.activities.standing().order_by("place")[0]
        by = self._speaker(self._home("Lantern House"), at)
        if by is not None:
            plans.name_gap(
                activity=row, client_key=uuid4(), kind="place", by=by, at=at,
                words="Villages without a school are not reached (invented).",
                proposal="Go with the mobile library (invented).",
            )  # fmt: skip

    def _revised(self, plan: ActionPlan) -> None:
        """Drafted for the emergency; it waits for a second person."""
        at = self.now - timedelta(days=2)
        by = self._keeper(at)
        row = revisions.begin(
            plan=plan, client_key=uuid4(), by=by, at=at,
            reason="Rooms are needed at once; money for meetings is moved (invented).",
            emergency=Emergency.objects.on(at).order_by("pk").first(),
        )  # fmt: skip
        meetings = plan.activities.order_by("-place")[0]
        text: dict[str, Any] = {
            name: getattr(meetings, name)
            for name in ("words", "lead", "from_on", "deadline_on", "indicator", "unit", "baseline",
                         "source", "from_donors", "from_own", "payers", "target_groups",
                         "global_plan", "reallocatable_in_emergency")
        }  # fmt: skip
        revisions.change_activity(
            revision=row, activity=meetings, by=by, at=at, **text, target=D(6), cost=D(9_000),
            from_state=D(9_000), partners=list(meetings.partners.all()), areas=[],
        )  # fmt: skip
        revisions.propose(revision=row, by=by, at=at)

    def _half_year(self, plan: ActionPlan) -> None:
        """Leads have been asked; one has reported."""
        at = self.now - timedelta(days=1)
        plan_reports.open_report(plan=plan, by=self._keeper(at), at=at)
        home = self._home("Workers")
        by = self._speaker(home, self.now)
        for row in plan.activities.standing().filter(lead=home):
            if by is not None:
                plans.report_progress(
                    activity=row, client_key=uuid4(), progress="under_way", value=D(640),
                    words="Two advisers, six languages (invented).", on=self.today, by=by,
                    at=self.now,
                )  # fmt: skip

    def _heard(self, plan: ActionPlan) -> None:
        """One consultation closed, one open with a position that waits for an answer."""
        opened = self.now - timedelta(days=60)
        asked = [self._home(name) for name in ("Workers", "Lantern House", "Second Morning")]
        closed = self._consultation(
            "law", None, "Draft law on inspections (invented)", opened, asked,
            "May inspectors refer workers to advice without noting their names? (invented)",
        )  # fmt: skip
        said = self._position(
            closed, asked[1], opened + timedelta(days=12),
            "Nobody is fined for what they were made to do.",
        )  # fmt: skip
        answered, over = opened + timedelta(days=20), opened + timedelta(days=31)
        if said is not None:
            consultations.answer(
                position=said, answer="taken_up", reason="Article 4 says so now (invented).",
                by=self._keeper(answered), at=answered,
            )  # fmt: skip
        consultations.close(
            consultation=closed, outcome="Passed with two changes (invented).",
            by=self._keeper(over), at=over,
        )  # fmt: skip
        standing = self._consultation(
            "plan", plan, "Half of the plan (invented)", self.now - timedelta(days=12), asked,
            "Half of the time has passed. What should the other half do first? (invented)",
        )  # fmt: skip
        self._position(
            standing, asked[1], self.now - timedelta(days=5),
            "More places before more meetings (invented).",
        )  # fmt: skip

    def _consultation(
        self, subject: str, plan: ActionPlan | None, title: str, at: datetime,
        asked: list[Organisation], proposal: str,
    ) -> Consultation:  # fmt: skip
        by = self._keeper(at)
        row = consultations.open_consultation(
            client_key=uuid4(), subject=subject, plan=plan, title=title,
            stage="implementation" if plan else "drafting", proposal=proposal,
            until_on=local_day(at + timedelta(days=30)), by=by, at=at,
        )  # fmt: skip
        consultations.ask(consultation=row, organisations=asked, by=by, at=at)
        return row

    def _position(
        self, row: Consultation, home: Organisation, at: datetime, words: str
    ) -> Position | None:
        by = self._speaker(home, at)
        if by is None:
            return None
        return consultations.state_position(consultation=row, words=words, by=by, at=at)

    def _prevention(self, plan: ActionPlan) -> None:
        at_the_border = plan.activities.standing().filter(words__startswith="Outreach").first()
        for title, words, place, home, groups, area, days, reach, activity in (
            ("A play on the market square", "Ten evenings, played by pupils.", "Market square",
             "Lantern House", ("children",), "EX-C", 90, 420, None),
            ("Cards in buses to the farms", "A number to call, in six languages.", "",
             "Workers", ("migrants", "men"), "EX-S", 60, 1300, None),
            ("Night shifts at the border", "Tea, a telephone, and whom to ask.", "Border post",
             "Open Door", ("refugees", "women"), "EX-N", 20, None, at_the_border),
        ):  # fmt: skip
            at = self.now - timedelta(days=days)
            by = self._speaker(self._home(home), at)
            if by is None:
                continue
            begins: date = local_day(at)
            row = prevention.enter(
                client_key=uuid4(), title=f"{title} (invented)", words=words, target_groups=groups,
                area=Area.objects.get(code=area), place=place, from_on=begins,
                until_on=begins + timedelta(days=14), planned_reach=500, activity=activity,
                partners=[self._home("Second Morning")], by=by, at=at,
            )  # fmt: skip
            if reach:
                prevention.count(prevention=row, reach=reach, by=by, at=at)

    def _obligations(self) -> None:
        by, ministry = self._keeper(self.now), self._ministry()
        for instrument, article, words, p, duty in OBLIGATIONS:
            obligations.enter(
                instrument=instrument, article=article, words=words, p=p, duty=duty,
                accountable=ministry, by=by, at=self.now,
            )  # fmt: skip

    def _ministry(self) -> Organisation:
        held = HeldCapacity.objects.held().filter(capacity=Capacity.CO_ORDINATION)
        return held.select_related("organisation")[0].organisation

    def _home(self, name: str) -> Organisation:
        if name == "Ministry":
            return self._ministry()
        return Organisation.objects.filter(name__startswith=name).order_by("pk")[0]

    def _keeper(self, at: datetime) -> Actor:
        return actor_for(self.people["coordinator"], at=at)

    def _speaker(self, home: Organisation, at: datetime) -> Actor | None:
        """Who speaks for it in the demonstration, if anybody does."""
        roles = (Role.MANAGER, Role.CO_ORDINATOR, Role.FUNDER)
        works = Membership.objects.active(at).filter(organisation=home, role__in=roles)
        first = works.select_related("user").order_by("pk").first()
        return actor_for(first.user, at=at, organisation_uuid=home.uuid) if first else None
