"""Whoever is kept out of a case reads no order upon it, asked to approve or not: the second lock says
what `visible_to` says."""

from django.db import migrations

from common.rowlock import APP
from referrals import policies
from referrals.policies import ORGANISATION, opened

TABLE = "referrals_disclosure"


def rule() -> str:
    asked = f"{TABLE}.second_body_id = {ORGANISATION}"
    barred = policies.barred(f"{TABLE}.referral_id")
    return f"({asked} AND NOT {barred}) OR {opened(f'{TABLE}.referral_id')}"


def statements() -> list[str]:
    return [f"ALTER POLICY {TABLE}_select ON {TABLE} TO {APP} USING ({rule()})"]


class Migration(migrations.Migration):
    dependencies = [("referrals", "0009_row_level_security")]

    operations = [
        migrations.RunPython(policies.on_postgresql(statements), migrations.RunPython.noop)
    ]
