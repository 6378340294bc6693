"""What money makes known to the packages below: rules of access, clocks, notices, the sweep."""

from django.core import checks

from deadlines import sweeps
from funding import money_access, money_clocks, money_notifications
from funding.checks import check_fund_officers
from funding.models import Award, AwardChange, Fund, Instalment
from funding.services import awards, payments
from partners import access


def register() -> None:
    """Called once when the app is ready."""
    access.register_rule(Fund, money_access.to_fund)
    access.register_rule(Award, money_access.to_award)
    access.register_rule(Instalment, money_access.to_instalment)
    access.register_rule(AwardChange, money_access.to_change)
    money_clocks.register_kinds()
    money_notifications.register_kinds()
    checks.register(check_fund_officers, checks.Tags.database)
    sweeps.register("awards that end", awards.keep_up)
    sweeps.register("instalments that fall due", payments.keep_up)
