"""Points of contact of the demonstration: some that answer, and what goes wrong with the others."""

from datetime import datetime, timedelta

from accounts.models import User
from partners.access import Actor, actor_for
from partners.choices import ChannelKind, ContactStatus, Role
from partners.hours import ALWAYS
from partners.models import Area, Membership, Organisation, PointOfContact
from partners.services import contact_links, contacts, emergencies

OFFICE_HOURS = [{"days": [0, 1, 2, 3, 4], "from": "08:00", "until": "18:00"}]
#: What the post of an organisation answers for.
DUTIES = {
    "Lantern House": ["places", "legal_aid", "children"],
    "Open Door Network": ["identification", "migration"],
    "Workers’ Voice": ["labour", "legal_aid"],
    "Bar Association": ["legal_aid", "proceedings"],
    "National Police": ["identification", "proceedings"],
    "Labour Inspectorate": ["labour"],
    "Identification Authority": ["identification"],
    "Bridge Fund": ["funding"],
}


class DemoContacts:
    """Each step acts as whoever would do it; dates are relative to `now`."""

    def __init__(self, now: datetime, people: dict[str, User]) -> None:
        self.now = now
        self.co_ordinator = people["coordinator"]

    def build(self) -> None:
        for name, duties in DUTIES.items():
            self._fill_in(name, duties)
        self._vacant("Labour Inspectorate")
        self._not_confirmed("Institute for Labour Studies")
        self._called("Identification Authority")
        self._nobody("Second Morning")
        self._asked("Bar Association")
        self._emergencies()

    def _posts(self, name: str) -> list[PointOfContact]:
        rows = PointOfContact.objects.filter(
            organisation__name__startswith=name, ended_at__isnull=True
        )
        return list(rows.select_related("organisation").order_by("rank"))

    def _manager(self, organisation: Organisation, at: datetime) -> Actor:
        held = Membership.objects.filter(organisation=organisation, role=Role.MANAGER)
        chosen = held.select_related("user").order_by("pk").first()
        assert chosen is not None  # noqa: S101 - every member of the demonstration has one
        return actor_for(chosen.user, at=at, organisation_uuid=organisation.uuid)

    def _fill_in(self, name: str, duties: list[str]) -> None:
        """Duties, hours as days and times, a channel for emergencies; confirmed anew."""
        at = self.now - timedelta(days=29)
        for contact in self._posts(name):
            by = self._manager(contact.organisation, at)
            is_post = contact.deputy_for_id is None
            emergency = (ChannelKind.SECURE_MESSENGER, "invented-4711", True)
            letters = "duty" if is_post else "deputy"
            channels: list[contacts.ChannelGiven] = [
                (ChannelKind.DUTY_LINE if is_post else ChannelKind.PHONE, "+000 100 100"),
                (ChannelKind.EMAIL, f"{letters}@demo.example"),
                emergency,
            ]
            contacts.change_contact(
                contact=contact,
                channels=channels,
                by=by,
                at=at,
                version=contact.version,
                duties=duties,
                hours="",
                week=ALWAYS if is_post else OFFICE_HOURS,
            )
            contacts.verify_contact(contact=contact, by=by, at=at, on=at.date())

    def _vacant(self, name: str) -> None:
        """The post is vacant and its deputy moved on: nobody answers, and that was told."""
        at = self.now - timedelta(days=6)
        for contact, status in zip(
            reversed(self._posts(name)),
            (ContactStatus.REASSIGNED, ContactStatus.VACANT),
            strict=False,
        ):
            by = self._manager(contact.organisation, at)
            contacts.set_status(contact=contact, status=status, by=by, at=at)

    def _not_confirmed(self, name: str) -> None:
        at = self.now - timedelta(days=104)
        for contact in self._posts(name):
            by = self._manager(contact.organisation, at)
            contacts.verify_contact(contact=contact, by=by, at=at, on=at.date())

    def _called(self, name: str) -> None:
        at = self.now - timedelta(days=3)
        for contact in self._posts(name)[:1]:
            contacts.verify_by_phone(
                contact=contact,
                channel=ChannelKind.DUTY_LINE,
                by=self._co_ordinator(at),
                at=at,
                on=at.date(),
            )

    def _nobody(self, name: str) -> None:
        at = self.now - timedelta(days=12)
        for contact in self._posts(name)[:1]:
            contacts.end_contact(contact=contact, by=self._manager(contact.organisation, at), at=at)

    def _asked(self, name: str) -> None:
        """A link is on its way."""
        for contact in self._posts(name)[:1]:
            contact_links.send_link(contact=contact, by=self._co_ordinator(self.now), at=self.now)

    def _emergencies(self) -> None:
        """A storm that is over, and a network that is down in the South."""
        at = self.now - timedelta(days=40)
        storm = emergencies.declare(
            area=Area.objects.get(code="EX-N"),
            reason="Storm: roads closed, telephones out of order (invented)",
            by=self._co_ordinator(at),
            at=at,
        )
        over = at + timedelta(days=4)
        emergencies.end(emergency=storm, by=self._co_ordinator(over), at=over)
        at = self.now - timedelta(hours=9)
        emergencies.declare(
            area=Area.objects.get(code="EX-S"),
            reason="Internet down in the Southern Region: use the telephone (invented)",
            by=self._co_ordinator(at),
            at=at,
        )

    def _co_ordinator(self, at: datetime) -> Actor:
        return actor_for(self.co_ordinator, at=at)
