"""Agreements, a protocol and access to facilities in the demonstration; all of it invented."""

from datetime import date, datetime, timedelta
from typing import Any
from uuid import uuid4

from accounts.models import User
from common.country import local_day
from partners.access import Actor, actor_for
from partners.choices import Role
from partners.deed_choices import ClauseKind, ClauseStatus, Duty, DutyFunding
from partners.deed_workflow import AGREEMENT
from partners.facility_choices import AccessRefusal, FacilityKind, IncidentKind
from partners.models import Agreement, Area, Facility, Membership, Organisation, PointOfContact
from partners.protocol_workflow import PROTOCOL
from partners.services import agreements, facilities, protocols
from partners.services.agreements import Signature


class DemoDeeds:
    """One agreement ended and its duty is uncovered, one ends soon, one waits for a signature."""

    def __init__(self, now: datetime, people: dict[str, User]) -> None:
        self.now, self.people = now, people
        named = Organisation.objects.all()
        self.ministry = named.get(name__startswith="Ministry of the Interior")
        self.lantern = named.get(name__startswith="Lantern House")
        self.network = named.get(name__startswith="Open Door Network")
        self.police = named.get(name__startswith="National Police")

    def build(self) -> None:
        self._agreements()
        self._protocol()
        self._facilities()

    def _agreements(self) -> None:
        self._agreement("Outreach in the north", self.network, Duty.OUTREACH, "EX-N", 190, 60)
        self._agreement("Beds in the capital", self.lantern, Duty.SHELTER, "EX-C", 180, 225)
        self._agreement("Company in court", self.lantern, Duty.PROCEEDINGS, "EX-S", 150, 700)
        self._agreement("Helpline at night", self.lantern, Duty.HELPLINE, "EX", 2, 365, signs=False)
        for days in (189, 179, 149, 129, 40, 10):
            agreements.keep_up(self.now - timedelta(days=days))
        agreements.keep_up(self.now)

    def _agreement(
        self, title: str, partner: Organisation, duty: Duty, area: str, ago: int, days: int,
        *, signs: bool = True,
    ) -> Agreement:  # fmt: skip
        at = self.now - timedelta(days=ago)
        by, place = self._as("coordinator", at), Area.objects.get(code=area)
        begins = local_day(at)
        row = agreements.draft_agreement(
            client_key=uuid4(), by=by, at=at, title=f"{title} (invented)", area=place,
            purpose="What each side does, and what happens when it cannot.", from_on=begins,
            until_on=begins + timedelta(days=days), notice_days=30,
        )  # fmt: skip
        for each, name in ((self.ministry, "Dora Paragraph"), (partner, "Otto Signature")):
            agreements.name_party(
                agreement=row, organisation=each, signatory_name=f"{name} (invented)",
                signatory_post="Director", by=by, at=at,
            )  # fmt: skip
        agreements.add_duty(
            agreement=row, duty=duty, area=place, delegated_by=self.ministry, carried_by=partner,
            legal_basis="Invented act, article 7",
            funding=DutyFunding.NOT_FUNDED if ago > 185 else DutyFunding.PARTLY, by=by, at=at,
        )  # fmt: skip
        said = {kind: (ClauseStatus.PRESENT, "article 3") for kind in ClauseKind}
        said[ClauseKind.INTERPRETER] = (ClauseStatus.ABSENT, "")
        row = Agreement.objects.get(pk=row.pk)
        row = agreements.answer_clauses(
            agreement=row, answers=said, by=by, at=at, version=row.version
        )
        row = AGREEMENT.apply(row, "send", by=by, at=at)
        self._sign(row, self.ministry, by, at)
        if signs:
            self._sign(row, partner, self._manager(partner, at), at)
        return row

    def _sign(self, row: Agreement, home: Organisation, by: Actor, at: datetime) -> None:
        party = row.parties.get(organisation=home)
        signature = Signature(party.signatory_name, party.signatory_post, local_day(at))
        agreements.sign(agreement=row, party=party.uuid, signature=signature, by=by, at=at)

    def _as(self, key: str, at: datetime) -> Actor:
        return actor_for(self.people[key], at=at)

    def _manager(self, organisation: Organisation, at: datetime) -> Actor:
        works = Membership.objects.filter(organisation=organisation, role=Role.MANAGER)
        return actor_for(works.order_by("pk")[0].user, at=at)

    def _protocol(self) -> None:
        at = self.now - timedelta(days=90)
        by = self._manager(self.lantern, at)
        row = protocols.draft_protocol(
            client_key=uuid4(), by=by, at=at, title="Capital District at night (invented)",
            area=Area.objects.get(code="EX-C1"),
            procedure="Whoever meets a presumed victim after ten in the evening calls first and "
            "writes afterwards. Nobody is asked for a story before there is a bed.",
        )  # fmt: skip
        for organisation in (self.lantern, self.network, self.police):
            protocols.name_signatory(
                protocol=row, organisation=organisation, name="Otto Signature (invented)",
                post="Director", signed_on=local_day(at), by=by, at=at,
            )  # fmt: skip
        for what, home, within in (
            ("Ask for a bed tonight", self.lantern, "one hour"),
            ("Ask for an interpreter", self.network, "two hours"),
            ("Where somebody is in danger, call", self.police, "at once"),
        ):
            posts = PointOfContact.objects.filter(organisation=home, deputy_for__isnull=True)
            protocols.add_step(
                protocol=row, what=what, organisation=home, contact=posts.first(), within=within,
                by=by, at=at,
            )  # fmt: skip
        PROTOCOL.apply(row, "put_in_force", by=by, at=at)

    def _facilities(self) -> None:
        at = self.now - timedelta(days=120)
        centre = self._facility("Frostholm reception centre", FacilityKind.RECEPTION, "EX-N2", at)
        border = self._facility("Alderport transit zone", FacilityKind.TRANSIT, "EX-N1", at)
        network, police = self._manager(self.network, at), self._manager(self.police, at)
        asked = self._ask(centre, network, at)
        facilities.grant_access(
            request=asked, legal_basis="Invented rule 4", from_on=local_day(at),
            until_on=local_day(self.now + timedelta(days=200)), by=police, at=at,
            conditions="Weekdays, with two days’ notice.",
        )  # fmt: skip
        refused = self._ask(border, network, at)
        facilities.refuse_access(
            request=refused, refusal=AccessRefusal.NO_BASIS, by=police, at=at,
            words="No rule lets visitors into the transit zone.",
        )  # fmt: skip
        for days, met, referred in ((60, 14, 2), (30, 9, 1), (9, 11, 3)):
            facilities.record_visit(
                client_key=uuid4(), facility=centre, by=network, at=self.now,
                on=self._day(-days), met=met, referred=referred,
            )  # fmt: skip
        shut = facilities.report_incident(
            client_key=uuid4(), facility=centre, kind=IncidentKind.AT_THE_DOOR,
            words="The guard had no list with our names.", on=self._day(-20), by=network,
            at=self.now,
        )  # fmt: skip
        facilities.answer_incident(
            incident=shut, answer="The list is at the gate from now on.", by=police, at=self.now
        )
        self._ask(border, self._manager(self.lantern, self.now), self.now - timedelta(days=2))

    def _facility(self, name: str, kind: FacilityKind, area: str, at: datetime) -> Facility:
        return facilities.enter_facility(
            client_key=uuid4(), by=self._as("coordinator", at), at=at, name=f"{name} (invented)",
            kind=kind, area=Area.objects.get(code=area), authority=self.police,
        )  # fmt: skip

    def _ask(self, place: Facility, by: Actor, at: datetime) -> Any:
        return facilities.ask_for_access(
            client_key=uuid4(), facility=place, by=by, at=at, purpose="identify",
            from_on=local_day(at), until_on=local_day(at + timedelta(days=200)), visitors=2,
        )  # fmt: skip

    def _day(self, days: int) -> date:
        return local_day(self.now + timedelta(days=days))
