"""Who opened a case in an emergency reads nobody else's emergency access upon it, and law enforcement
that of its own only: the second lock says what `visible_to` says."""

from collections.abc import Iterator

from django.db import migrations

from common.rowlock import APP
from referrals import policies
from referrals.policies import ORGANISATION, OVERSEES, USER, seen

TABLE = "referrals_emergencyaccess"


def rule() -> str:
    works_on = seen(f"{TABLE}.referral_id", view="referrals_worked_on")
    barred = policies.barred(f"{TABLE}.referral_id")
    return (
        f"{TABLE}.asked_by_id = {USER} OR ("
        f"({TABLE}.asked_for_id = {ORGANISATION} OR {OVERSEES} = 't' OR {works_on})"
        f" AND NOT {barred})"
    )


def statements() -> Iterator[str]:
    yield from policies.views(policies.WORKED_ON)
    yield f"ALTER POLICY {TABLE}_select ON {TABLE} TO {APP} USING ({rule()})"


class Migration(migrations.Migration):
    dependencies = [("referrals", "0011_grants_without_single_indexes")]

    operations = [
        migrations.RunPython(policies.on_postgresql(statements), migrations.RunPython.noop)
    ]
