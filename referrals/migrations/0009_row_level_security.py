
"""Row-level security on every table of a case (design §5.11, docs/adr/0014).

Needs the roles of deploy/postgres/roles.sql; makes none itself.
"""

from collections.abc import Iterator
from typing import Any

from django.db import migrations

from common.rowlock import APP, SYSTEM
from referrals import policies
from referrals.policies import ADD, CHANGE, LISTS, ORGANISATION, OVERSEES, READ, USER, WRITE
from referrals.policies import lock, opened, seen

#: What tells that something happens to a case, as the co-ordination sees it too.
STEERED = ("referrals_referralevent", "referrals_track", "referrals_decision")
#: What only those read to whom the case was opened.
OPENED = (
    "referrals_question",
    "referrals_opinion",
    "referrals_negativeproposal",
    "referrals_decisionvote",
    "referrals_packet",
    "referrals_postedreferral",
    "referrals_restriction",
)
#: Written by partners/grants.py alone, as the system.
GRANTS = {
    "referrals_referralgroupgrant": ("content_object_id", f"group_id = ANY({LISTS})"),
    "referrals_referralusergrant": ("content_object_id", f"user_id = {USER}"),
    "referrals_referralgrantbasis": ("subject_id", f"user_id = {USER}"),
}


def statements() -> Iterator[str]:
    yield f"GRANT USAGE ON SCHEMA public TO {APP}, {SYSTEM}"
    for kind, rights in (
        ("TABLES", "SELECT, INSERT, UPDATE, DELETE"),
        ("SEQUENCES", "USAGE, SELECT"),
    ):
        yield f"GRANT {rights} ON ALL {kind} IN SCHEMA public TO {APP}, {SYSTEM}"
        yield (
            f"ALTER DEFAULT PRIVILEGES IN SCHEMA public GRANT {rights} ON {kind} TO {APP}, {SYSTEM}"
        )
    yield from policies.views(policies.VIEWS)
    # A case begins as the system's act, before anybody holds a grant on it; nobody deletes one.
    yield from lock("referrals_referral", seen("referrals_referral.id"), (READ, CHANGE))
    yield from lock(
        "referrals_historicalreferral", seen("referrals_historicalreferral.id"), (READ, ADD)
    )
    for table in STEERED:
        yield from lock(table, seen(f"{table}.referral_id"))
    for table in OPENED:
        yield from lock(table, opened(f"{table}.referral_id"))
    for table, (column, own) in GRANTS.items():
        barred = policies.barred(f"{table}.{column}")
        rule = f"({own} AND NOT {barred}) OR {seen(f'{table}.{column}')}"
        yield from lock(table, rule, (READ,))
    yield from _people()
    yield from _closings()


def _people() -> Iterator[str]:
    for table, column, acts in (
        ("referrals_person", "id", (READ, CHANGE)),
        ("referrals_historicalperson", "id", (READ, ADD)),
        ("referrals_identity", "person_id", WRITE),
        ("referrals_consent", "person_id", WRITE),
        ("referrals_historicalconsent", "person_id", (READ, ADD)),
    ):
        yield from lock(table, opened(f"{table}.{column}", named="person_id"), acts)
    yield from lock("referrals_situation", f"kept_by_id = {ORGANISATION}")


def _closings() -> Iterator[str]:
    """Rows that concern somebody who may not see the case."""
    out = "referrals_exclusion"
    # Whoever is kept out is told so by these rows: without them `kept_out` would find nothing.
    mine = policies.BARS_ME.replace("x.", f"{out}.")
    yield from lock(out, f"{mine} OR {opened(f'{out}.referral_id')}", (READ,))
    yield from _writes(out)
    order = "referrals_disclosure"
    rule = f"{order}.second_body_id = {ORGANISATION} OR {opened(f'{order}.referral_id')}"
    yield from lock(order, rule, (READ,))
    yield from _writes(order)
    glass = "referrals_emergencyaccess"
    yield from lock(
        glass,
        f"{glass}.asked_by_id = {USER} OR ("
        f"({glass}.asked_for_id = {ORGANISATION} OR {OVERSEES} = 't'"
        f" OR {opened(f'{glass}.referral_id')})"
        f" AND NOT {policies.barred(f'{glass}.referral_id')})",
        (READ,),
    )


def _writes(table: str) -> list[str]:
    """Beside the policies for reading there: written by whom the case is opened to."""
    return lock(table, opened(f"{table}.referral_id"), (ADD, CHANGE))[2:]


def lock_rows(apps: Any, schema_editor: Any) -> None:
    if schema_editor.connection.vendor == "postgresql":
        with schema_editor.connection.cursor() as cursor:
            cursor.execute("SELECT rolname FROM pg_roles WHERE rolname IN (%s, %s)", [APP, SYSTEM])
            if len(cursor.fetchall()) < 2:
                raise RuntimeError(
                    f"The roles {APP} and {SYSTEM} are missing: run deploy/postgres/roles.sql first."
                )
    policies.on_postgresql(statements)(apps, schema_editor)


class Migration(migrations.Migration):
    dependencies = [
        ("referrals", "0008_closed_cases"),
        ("partners", "0007_seat_events"),
        ("contenttypes", "0002_remove_content_type_name"),
        ("auth", "0012_alter_user_first_name_max_length"),
    ]

    operations = [migrations.RunPython(lock_rows, migrations.RunPython.noop)]
