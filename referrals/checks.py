"""`manage.py check --database default`: acts of several for which too few people qualify."""

from typing import Any

from django.apps import apps
from django.conf import settings
from django.core import checks
from django.db import connection, models
from django.utils import timezone

from common.country import current
from common.rowlock import APP, SYSTEM
from partners.choices import Role
from partners.models import Membership
from referrals.deciding import alternates, recipients, stages, unseated
from referrals.models import DecidingSeat, Person, Referral, Situation

ENOUGH = 2
_LOCKED = (
    "SELECT c.relname FROM pg_class c JOIN pg_policies p ON p.tablename = c.relname "
    "WHERE c.relrowsecurity AND %s = ANY(p.roles)"
)
_SIGN_IN = (
    "SELECT r.rolsuper OR r.rolbypassrls OR r.oid = c.relowner FROM pg_roles r, pg_class c "
    "WHERE r.rolname = session_user AND c.oid = %s::regclass"
)


def tables_of_cases() -> list[str]:
    """The tables whose rows belong to a case, or to the person it is about, by their names."""
    found: set[type[models.Model]] = {Referral, Person, Situation}
    while True:
        more = {
            model
            for model in apps.get_models(include_auto_created=True)
            for each in model._meta.get_fields()
            if isinstance(each, models.ForeignKey) and each.related_model in found
        }
        more |= {model.history.model for model in found | more if hasattr(model, "history")}
        if more <= found:
            return sorted(model._meta.db_table for model in found)
        found |= more


def check_row_lock(databases: Any = None, **_kwargs: Any) -> list[checks.CheckMessage]:
    """Row-level security is there, on every table of a case, and binds whoever signs in."""
    table = Referral._meta.db_table
    if not databases or table not in connection.introspection.table_names():
        return []
    if connection.vendor != "postgresql" or not settings.ROW_LOCK:
        return [
            checks.Warning(
                "Row-level security is off: `visible_to` is the only lock on cases.",
                hint="Run on PostgreSQL. SQLite has no such lock and is for trying things out.",
                id="referrals.W003",
            )
        ]
    found: list[checks.CheckMessage] = []
    with connection.cursor() as cursor:
        cursor.execute(_LOCKED, [APP])
        locked = {name for (name,) in cursor.fetchall()}
        cursor.execute(_SIGN_IN, [table])
        [(passes,)] = cursor.fetchall()
    found += [
        checks.Error(
            "Row-level security is off on a table of cases.",
            hint="Its migration calls referrals.policies.protect, or somebody switched it off.",
            obj=name,
            id="referrals.E001",
        )
        for name in tables_of_cases()
        if name not in locked
    ]
    if passes:
        found.append(
            checks.Warning(
                "This sign-in passes row-level security where nobody is told of.",
                hint=f"Sign in as {APP} (web) or {SYSTEM} (worker): deploy/postgres/roles.sql.",
                id="referrals.W004",
            )
        )
    return found


def check_seats(databases: Any = None, **_kwargs: Any) -> list[checks.CheckMessage]:
    """A decision by several that nobody, or not everybody it needs, was named to take."""
    if not databases or DecidingSeat._meta.db_table not in connection.introspection.table_names():
        return []
    held = list(DecidingSeat.objects.held().select_related("organisation"))
    return [
        checks.Warning(
            missing,
            hint="The co-ordination names organisations on the page “Who decides”.",
            obj=stage.rules.id,
            id="referrals.W006",
        )
        for stage in stages(current())
        for missing in unseated(stage, held)
    ]


def check_deciders(databases: Any = None, **_kwargs: Any) -> list[checks.CheckMessage]:
    """A negative decision needs two officers of the authority, neither in law enforcement."""
    if not databases or not any(stage.needs_proposal for stage in stages(current())):
        return []
    # `migrate` checks too, before the tables are there.
    if DecidingSeat._meta.db_table not in connection.introspection.table_names():
        return []
    now = timezone.now()  # noqa: TID251 - a check is run by a command
    found: list[checks.CheckMessage] = []
    for organisation in recipients():
        officers = Membership.objects.active(now).filter(
            organisation=organisation, role=Role.OFFICER, is_enforcement=False
        )
        number = officers.values("user").distinct().count()
        if number < ENOUGH:
            found.append(
                checks.Warning(
                    f"An authority has {number} officers; a negative decision needs {ENOUGH}.",
                    hint="Let its manager invite another officer. Positive decisions do not wait.",
                    obj=str(organisation.uuid),
                    id="referrals.W001",
                )
            )
    return found


def check_alternates(databases: Any = None, **_kwargs: Any) -> list[checks.CheckMessage]:
    """Somebody stands in where every authority is kept out of a case: never nobody decides."""
    if not databases or DecidingSeat._meta.db_table not in connection.introspection.table_names():
        return []
    return [
        checks.Warning(
            f"Nobody has been named who stands in at the stage {stage.rules.id!r}.",
            hint="Name an alternate authority on the page of those who decide.",
            id="referrals.W002",
        )
        for stage in stages(current())
        if not alternates(stage)
    ]
