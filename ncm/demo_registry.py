"""The registry's desk in the demonstration: kept filters, a table that was brought in with its
contacts invited, and a round of reminders."""

from datetime import datetime, timedelta
from uuid import uuid4

from accounts.models import User
from partners.access import actor_for
from partners.models import Organisation
from partners.services import entry_reminders, import_invitations, stored_filters
from partners.services.registry_imports import bring_in, read

TABLE = (
    ("name", "kind", "registration_number", "area", "languages", "capacities", "email"),
    ("River Street Legal Aid (invented)", "cso", "D-1001", "EX-S", "en", "service_provider",
     "river@demo.example"),
    ("Night Bus Outreach (invented)", "cso", "D-1002", "EX-N", "en;fr", "first_responder",
     "nightbus@demo.example"),
    ("Orchard Children’s Home (invented)", "cso", "D-1003", "EX-C", "en", "service_provider",
     "orchard@demo.example"),
    ("Harvest Workers’ Circle (invented)", "trade_union", "D-1004", "EX-S", "uk", "adviser", ""),
    ("Coastal Parish Kitchen (invented)", "faith_based", "D-1005", "EX-N", "en", "adviser",
     "kitchen@demo.example"),
    ("A row without a kind (invented)", "", "D-1006", "EX-N", "en", "adviser", ""),
)  # fmt: skip


class DemoRegistry:
    """What the co-ordinator kept, brought in and asked for."""

    def __init__(self, now: datetime, people: dict[str, User]) -> None:
        self.now, self.people = now, people

    def build(self) -> None:
        desk = self.people["coordinator"]
        by = actor_for(desk, at=self.now)
        for name, query, is_default in (
            ("NGOs without a deputy", "kind=cso&deputy=missing", False),
            ("First responders in the north", "area=EX-N&capacity=first_responder", False),
        ):
            stored_filters.store(name=name, query=query, is_default=is_default, by=by, at=self.now)
        at = self.now - timedelta(days=6)
        lines = "\r\n".join(",".join(row) for row in TABLE).encode()
        imported = bring_in(reading=read(lines), by=desk, at=at, skip_bad=True)
        waiting = import_invitations.uninvited(imported, at).order_by("name")
        import_invitations.invite_contacts(
            imported=imported, organisations=[each.uuid for each in waiting[:2]],
            by=actor_for(desk, at=at), at=at,
        )  # fmt: skip
        asked = self.now - timedelta(days=3)
        members = Organisation.objects.members().exclude(pk=by.organisation_id)
        entry_reminders.remind(
            round_uuid=uuid4(),
            organisations=[each.uuid for each in members.order_by("name")[:6]],
            by=actor_for(desk, at=asked),
            at=asked,
        )
