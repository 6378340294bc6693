"""What agreements make known to the packages below, in one place: `apps.py` calls it once."""

from deadlines import sweeps
from partners import access, deed_access, deed_clocks, deed_notifications
from partners.models import Agreement, Amendment
from partners.services import agreements


def register() -> None:
    """Rules of access, kinds of deadline and notice, and what the sweep does."""
    access.register_rule(Agreement, deed_access.to_agreement)
    access.register_rule(Amendment, deed_access.to_amendment)
    deed_clocks.register_kinds()
    deed_notifications.register_kinds()
    sweeps.register("agreements that begin or end", agreements.keep_up)
