"""The demonstration country: plainly invented organisations and people, the same on every machine.

Everything is entered through the services, as people would; dates are relative to today.
"""

from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.db import transaction
from django.utils import timezone

from accounts.models import User
from accounts.services import open_account
from common.country import current
from ncm.demo_actions import DemoActions
from ncm.demo_bodies import DemoBodies
from ncm.demo_calls import DemoCalls
from ncm.demo_contacts import DemoContacts
from ncm.demo_deeds import DemoDeeds
from ncm.demo_funding import DemoFunding
from ncm.demo_learning import DemoLearning
from ncm.demo_places import DemoPlaces
from ncm.demo_plan import DemoPlan
from ncm.demo_referrals import PANEL, DemoReferrals, has_votes
from ncm.demo_registry import DemoRegistry
from ncm.demo_requests import DemoRequests
from ncm.demo_survival import DemoSurvival
from ncm.demo_talk import DemoTalk
from ncm.demo_terms import DemoTerms
from ncm.models import Body
from partners.access import Actor, actor_for, system_actor
from partners.choices import (
    Capacity,
    Conduct,
    ContactStatus,
    HasIt,
    Level,
    OrganisationKind,
    Role,
    Verdict,
)
from partners.models import Area, Organisation, PointOfContact
from partners.reviews import REVIEWED
from partners.services import contacts, memberships, organisations, reviews
from partners.workflow import ORGANISATION

PASSWORD = "demonstration only 2026"  # noqa: S105 - printed on purpose; demo mode only
DOMAIN = "demo.example"

#: The people whose sign-ins are printed: key, invented name, what one sees as them.
SIGN_INS = (
    ("coordinator", "Mira Okonjo-Vale", "Co-ordinator in the ministry: reviews applications"),
    ("manager", "Tomas Lindqvist-Roe", "Manager of an NGO: its entry, people and contacts"),
    ("caseworker", "Ilse Brannock", "Caseworker in the same NGO: makes referrals"),
    ("officer", "Oren Castellane-Wu", "Officer of the authority: asks back, proposes, decides"),
    ("officer2", "Petra Nightingale-Osei", "Second officer: makes a negative, or does not"),
    ("panel", "Quill Abernathy-Sow", "Survivor-led group; sits on the panel where there is one"),
    ("police", "Rhea Stonebridge", "Police: makes referrals, then sees their status only"),
    ("applicant", "Noor Estrada-Finn", "Manager of an NGO that is applying"),
    ("rapporteur", "Piet van Arkel-Duma", "National rapporteur"),
    ("funder", "Sana Whitlock", "Fund officer: awards money, records payments"),
    ("funder2", "Ines Ledgerwood", "Second fund officer: approves what the first proposes"),
)

AREAS = (
    ("EX-N", "Northern Region", ("Alderport", "Frostholm")),
    ("EX-C", "Central Region", ("Capital District", "Millbrook")),
    ("EX-S", "Southern Region", ("Sandhaven", "Port Linden")),
)

C = Capacity
K = OrganisationKind
#: name, kind, class, capacities, area, languages, what it does
MEMBERS = (
    ("Lantern House", K.CSO, "specialised_service", (C.FIRST_RESPONDER, C.SERVICE_PROVIDER), "EX-C",
     ("en", "fr"), "Shelter, counselling and legal advice for adults and families."),
    ("Open Door Network", K.CSO, "general_service", (C.FIRST_RESPONDER, C.SERVICE_PROVIDER), "EX-N",
     ("en", "ar"), "Outreach and drop-in centres for people on the move."),
    ("Workers’ Voice", K.TRADE_UNION, "legal", (C.FIRST_RESPONDER, C.ADVISER), "EX-S",
     ("en", "uk"), "Anonymous advice for workers, whatever their status."),
    ("Bar Association Pro Bono Panel", K.BAR_ASSOCIATION, "legal", (C.SERVICE_PROVIDER,), "EX-C",
     ("en",), "Lawyers for compensation and residence cases."),
    ("Second Morning", K.SURVIVOR_LED, "advocacy", (C.ADVISER, C.WATCHDOG), "EX-C",
     ("en", "fr"), "People who have lived through trafficking, advising those who decide."),
    ("Institute for Labour Studies", K.ACADEMIA, "research", (C.WATCHDOG,), "EX-C",
     ("en",), "Research on forced labour and recruitment."),
    ("National Police, Anti-Trafficking Unit", K.STATE_AGENCY, "", (C.FIRST_RESPONDER,), "EX-C",
     ("en",), "Investigates trafficking and refers presumed victims."),
    ("Labour Inspectorate", K.STATE_AGENCY, "", (C.FIRST_RESPONDER,), "EX-N",
     ("en",), "Inspects workplaces and refers presumed victims."),
    ("Identification Authority", K.STATE_AGENCY, "", (C.COMPETENT_AUTHORITY,), "EX-C",
     ("en",), "Decides on the identification of presumed victims."),
    ("Bridge Fund", K.STATE_AGENCY, "", (C.FUNDER,), "EX-C",
     ("en",), "Pays for services of civil society."),
)  # fmt: skip


class Command(BaseCommand):
    help = "Fill an empty demonstration with invented people and organisations; print the sign-ins."

    def add_arguments(self, parser: Any) -> None:
        parser.add_argument(
            "--sign-ins", action="store_true", help="only print the sign-ins of the demonstration"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        if not settings.DEMO:
            raise CommandError(
                "These accounts have a printed password. Set CONCORD_DEMO=1 (make demo does)."
            )
        if not options["sign_ins"]:
            self._fill()
        self.stdout.write("Sign-ins of the demonstration (everybody in it is invented):")
        for key, name, what in SIGN_INS:
            self.stdout.write(f"  {key + '@' + DOMAIN:<26} {name}: {what}")
        self.stdout.write(f"  password for all: {PASSWORD}")

    @transaction.atomic
    def _fill(self) -> None:
        if User.objects.filter(email__endswith=f"@{DOMAIN}").exists():
            self.stdout.write("The demonstration is filled already; nothing was changed.")
            return
        now = timezone.now()
        DemoCountry(now).build()
        self.stdout.write(f"Entered {Organisation.objects.count()} invented organisations.")


class DemoCountry:
    """Builds the country step by step; each step acts as whoever would do it."""

    def __init__(self, now: datetime) -> None:
        self.now = now
        self.joined = now - timedelta(days=200)
        self.system: Actor = system_actor("demo_data", self.joined)

    def build(self) -> None:
        self._areas()
        self._people()
        self._ministry()
        self._members()
        self._applications()
        DemoContacts(self.now, self.people).build()
        DemoReferrals(self.now, self.people).build()
        DemoPlaces(self.now, self.people).build()
        DemoDeeds(self.now, self.people).build()
        DemoLearning(self.now, self.people).build()
        DemoRegistry(self.now, self.people).build()
        DemoFunding(self.now, self.people).build()
        DemoCalls(self.now, self.people).build()
        DemoRequests(self.now, self.people).build()
        DemoTalk(self.now, self.people).build()
        DemoSurvival(self.now, self.people).build()
        DemoTerms(self.now, self.people).build()
        DemoActions(self.now, self.people).build()
        DemoBodies(self.now, self.people).build()
        DemoPlan(self.now, self.people).build()

    def _areas(self) -> None:
        country = Area.objects.create(code="EX", name=str(current().name), level="country")
        for code, name, towns in AREAS:
            region = Area.objects.create(code=code, name=name, level="region", parent=country)
            for number, town in enumerate(towns, start=1):
                Area.objects.create(
                    code=f"{code}{number}", name=town, level="municipality", parent=region
                )

        Body.objects.create(
            name="Northern task force (invented)", code="NORTH", area=Area.objects.get(code="EX-N")
        )
        Body.objects.create(name="National task force (invented)", code="NTF")

    def _people(self) -> None:
        self.people = {key: self._person(key, name) for key, name, _ in SIGN_INS}

    def _person(self, key: str, name: str) -> User:
        return open_account(
            email=f"{key}@{DOMAIN}",
            display_name=f"{name} (invented)",
            password=PASSWORD,
            at=self.joined,
        )

    def _ministry(self) -> None:
        ministry = self._found(
            "Ministry of the Interior, Co-ordination Office",
            K.STATE_AGENCY,
            (C.CO_ORDINATION, C.RAPPORTEUR),
            "EX-C",
            description="Co-ordinates the mechanism and keeps this registry.",
        )
        self._join("coordinator", ministry, Role.CO_ORDINATOR)
        self._join("coordinator", ministry, Role.MANAGER)
        self._join("rapporteur", ministry, Role.RAPPORTEUR)
        self._contacts(ministry, "coordinator", "Mechanism desk")

    def _found(
        self, name: str, kind: K, capacities: Any, area: str, **answers: Any
    ) -> Organisation:
        return organisations.found(
            name=f"{name} (invented)",
            kind=kind,
            capacities=capacities,
            by=self.system,
            at=self.joined,
            area=Area.objects.get(code=area),
            level=Level.NATIONAL,
            email="office@demo.example",
            phone="+000 000 000",
            **answers,
        )

    def _join(self, key: str, organisation: Organisation, role: Role) -> None:
        memberships.join(
            user=self.people[key], organisation=organisation, role=role, by=None, at=self.joined
        )

    def _members(self) -> None:
        panel = {name for name, _key in PANEL} if has_votes() else set()
        for number, (name, kind, group, capacities, area, languages, what) in enumerate(MEMBERS):
            if name in panel:
                capacities = (*capacities, Capacity.COMPETENT_AUTHORITY)
            organisation = self._found(
                name,
                kind,
                capacities,
                area,
                cso_class=group,
                languages=list(languages),
                description=what,
            )
            if number == 0:
                self._join("manager", organisation, Role.MANAGER)
                self._join("caseworker", organisation, Role.CASEWORKER)
                key = "manager"
            else:
                key = "panel" if name == "Second Morning" else f"manager{number}"
                if key not in self.people:
                    self.people[key] = self._person(key, f"Manager {number}")
                self._join(key, organisation, Role.MANAGER)
            if Capacity.FUNDER in capacities:
                self._join("funder", organisation, Role.FUNDER)
                self._join("funder2", organisation, Role.FUNDER)
            post = self._contacts(organisation, key, "Duty desk")
            if number == 1:
                by = actor_for(self.people[key], at=self.now)
                contacts.set_status(
                    contact=post, status=ContactStatus.REASSIGNED, by=by, at=self.now
                )

    def _contacts(self, organisation: Organisation, key: str, post: str) -> PointOfContact:
        at = self.now - timedelta(days=30)
        by = actor_for(self.people[key], at=at)
        primary = contacts.enter_contact(
            organisation=organisation,
            channels=[("duty_line", "+000 100 100"), ("email", "duty@demo.example")],
            by=by,
            at=at,
            person_name="Robin Sample (invented)",
            post=post,
            hours="Mon–Fri 8–18, duty line always",
            languages=["en"],
        )
        contacts.enter_contact(
            organisation=organisation,
            channels=[("phone", "+000 100 200")],
            by=by,
            at=at,
            deputy_for=primary,
            person_name="Kim Placeholder (invented)",
            post=f"Deputy, {post.lower()}",
            hours="Mon–Fri 8–18",
        )
        return contacts.verify_contact(contact=primary, by=by, at=at, on=at.date())

    def _applications(self) -> None:
        """One waits, one is under review, one came back with questions, one is a draft."""
        waiting = self._apply("Harbour Light", "applicant2", days=6)
        self._send(waiting, "applicant2", days=5)
        in_review = self._apply("Family Roots", "applicant3", days=20)
        self._send(in_review, "applicant3", days=18)
        self._review(in_review, days=4, right=9)
        returned = self._apply("New Path", "applicant", days=12)
        self._send(returned, "applicant", days=10)
        self._review(returned, days=3, right=14, questions=True)
        self._apply("Community Kitchen", "applicant4", days=1, fill=False)

    def _apply(self, name: str, key: str, *, days: int, fill: bool = True) -> Organisation:
        at = self.now - timedelta(days=days)
        if key not in self.people:
            self.people[key] = self._person(key, f"Applicant {key[-1]}")
        by = actor_for(self.people["coordinator"], at=at)
        organisation, invitation = organisations.invite_to_apply(
            name=f"{name} (invented)", kind=K.CSO, email=self.people[key].email, by=by, at=at
        )
        memberships.accept_invitation(invitation=invitation, user=self.people[key], at=at)
        if fill:
            self._answer(organisation, key, at)
        return organisation

    def _answer(self, organisation: Organisation, key: str, at: datetime) -> None:
        by = actor_for(self.people[key], at=at)
        organisation = organisations.save_answers(
            organisation=organisation,
            by=by,
            at=at,
            version=organisation.version,
            cso_class="general_service",
            level=Level.LOCAL,
            registration_number="NGO-2019-0417",
            description="Meals, first advice and company to appointments.",
            area=Area.objects.get(code="EX-S"),
            languages=["en", "uk"],
            email="office@demo.example",
            conduct=dict.fromkeys(Conduct.values, HasIt.YES) | {Conduct.COMPLAINTS: HasIt.NOT_YET},
            conduct_words="A way to complain is being written with two of the people we help.",
        )
        organisations.ask_for_capacities(
            organisation=organisation,
            capacities=[C.FIRST_RESPONDER, C.SERVICE_PROVIDER],
            by=by,
            at=at,
            version=organisation.version,
        )
        post = contacts.enter_contact(
            organisation=organisation,
            channels=[("phone", "+000 300 100")],
            by=by,
            at=at,
            person_name="Sasha Specimen (invented)",
            post="Co-ordinator",
        )
        contacts.enter_contact(
            organisation=organisation,
            channels=[("phone", "+000 300 200")],
            by=by,
            at=at,
            deputy_for=post,
            person_name="Alex Example (invented)",
        )

    def _send(self, organisation: Organisation, key: str, *, days: int) -> None:
        at = self.now - timedelta(days=days)
        ORGANISATION.apply(organisation, "send", by=actor_for(self.people[key], at=at), at=at)

    def _review(
        self, organisation: Organisation, *, days: int, right: int, questions: bool = False
    ) -> None:
        at = self.now - timedelta(days=days)
        by = actor_for(self.people["coordinator"], at=at)
        ORGANISATION.apply(organisation, "take_up", by=by, at=at)
        said: dict[str, tuple[Verdict, str]] = {
            field: (Verdict.RIGHT, "") for field in list(REVIEWED)[:right]
        }
        if questions:
            said["description"] = (Verdict.QUESTION, "Do you also offer a place for the night?")
        reviews.record_verdicts(organisation=organisation, verdicts=said, by=by, at=at)
        if questions:
            ORGANISATION.apply(
                organisation, "return", by=by, at=at, comment="One question about what you offer."
            )
