"""What conditions of grants and reports on them make known to the packages below."""

from deadlines import sweeps
from funding import terms_access, terms_clocks, terms_notifications
from funding.models import Condition, GrantReport
from funding.services import reports
from partners import access


def register() -> None:
    """Rules of access, kinds of deadline and notice, and what the sweep does."""
    access.register_rule(Condition, terms_access.to_condition)
    access.register_rule(GrantReport, terms_access.to_report)
    terms_clocks.register_kinds()
    terms_notifications.register_kinds()
    sweeps.register("reports on grants that fall due", reports.keep_up)
