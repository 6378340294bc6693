# ruff: noqa: S608 - put together from the constants of this file, never from a value
"""The rules of the second lock, for migrations: which rows of a case PostgreSQL gives to whom.

Views hold the rules once, with the rights of their owner, so that a policy can ask them without
asking itself again. Policies take the form EXISTS (…) with a key of the row, never IN (SELECT …).

- `referrals_barred`: cases the actor is kept out of.
- `referrals_opened`: cases opened to the actor by a grant that holds now.
- `referrals_seen`: those, and what the co-ordination steers.
- `referrals_worked_on`: those opened, but for emergency access alone; to law enforcement none.

`concord_app` acts for people and is bound; `concord_system` is not. Who is neither gets no row, but
for the owner of the tables. A new table that belongs to a case: `protect("referrals_note")` in the
migration that makes it.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

from common.rowlock import APP, SYSTEM

READ, ADD, CHANGE = "SELECT", "INSERT", "UPDATE"
WRITE = (READ, ADD, CHANGE, "DELETE")
Sql = Iterable[str]


def _said(name: str, kind: str) -> str:
    """What the transaction was told, asked once a statement; NULL where it was told nothing."""
    return f"(SELECT nullif(current_setting('concord.{name}', true), '')::{kind})"


AT = _said("at", "timestamptz")
USER, PERSON = _said("user", "bigint"), _said("person", "bigint")
# Cast once more: ANY takes a bare SELECT for a set of rows.
GROUPS = _said("groups", "integer[]") + "::integer[]"
LISTS = _said("lists", "integer[]") + "::integer[]"
ORGANISATION = _said("organisation", "bigint")
REFERRER, KEEPER = _said("referrer", "bigint"), _said("keeper", "bigint")
STEERS, OVERSEES = _said("steers", "text"), _said("oversees", "text")

#: Says to PostgreSQL: ask for each row by its key. Else it plans every question twice over, and may
#: read all there is to see into memory for the sake of a page.
ONE_BY_ONE = "OFFSET 0"

_SEE = (
    "(SELECT p.id FROM auth_permission p JOIN django_content_type c ON c.id = p.content_type_id "
    "WHERE c.app_label = 'referrals' AND c.model = 'referral' AND p.codename = 'see_referral')"
)
_MY_BODIES = (
    f"SELECT m.organisation_id FROM partners_membership m WHERE m.user_id = {USER} "
    f"AND m.from_at <= {AT} AND (m.until_at IS NULL OR m.until_at > {AT})"
)
BARS_ME = f"(x.user_id = {USER} OR x.organisation_id IN ({_MY_BODIES}))"


def barred(column: str) -> str:
    """The actor is kept out of the case whose key is in `column`."""
    return f"EXISTS (SELECT 1 FROM referrals_barred b WHERE b.referral_id = {column} {ONE_BY_ONE})"


def _granted(table: str, to: str) -> str:
    return (
        f"EXISTS (SELECT 1 FROM {table} g WHERE g.content_object_id = r.id AND {to} "
        f"AND g.permission_id = {_SEE} AND (g.until_at IS NULL OR g.until_at > {AT}) {ONE_BY_ONE})"
    )


_OPENED = (
    f"({_granted('referrals_referralgroupgrant', f'g.group_id = ANY({GROUPS})')}"
    f" OR {_granted('referrals_referralusergrant', f'g.user_id = {PERSON}')})"
    f" AND ({REFERRER} IS NULL OR r.referrer_id = {REFERRER})"
    f" AND ({KEEPER} IS NULL OR r.first_responder_id = {KEEPER})"
)
_NAMED = (
    "EXISTS (SELECT 1 FROM referrals_referralgrantbasis b WHERE b.subject_id = r.id "
    f"AND b.user_id = {PERSON} AND b.ended_at IS NULL AND b.reason <> 'break_glass' "
    f"AND (b.until_at IS NULL OR b.until_at > {AT}) {ONE_BY_ONE})"
)
_WORKED_ON = (
    f"({_granted('referrals_referralgroupgrant', f'g.group_id = ANY({GROUPS})')} OR {_NAMED})"
    f" AND {REFERRER} IS NULL AND ({KEEPER} IS NULL OR r.first_responder_id = {KEEPER})"
)
_STEERED = (
    f"{STEERS} = 't' AND r.origin = 'live' AND NOT r.is_restricted "
    "AND r.state NOT IN ('draft', 'expired')"
)
_NOT_BARRED = f"NOT {barred('r.id')}"
_COLUMNS = "r.id, r.person_id, r.situation_id"

VIEWS = {
    "referrals_barred": (
        f"SELECT x.referral_id FROM referrals_exclusion x WHERE x.ended_at IS NULL AND {BARS_ME}"
    ),
    "referrals_opened": (
        f"SELECT {_COLUMNS} FROM referrals_referral r WHERE {_OPENED} AND {_NOT_BARRED}"
    ),
    "referrals_seen": (
        f"SELECT {_COLUMNS} FROM referrals_referral r "
        f"WHERE ({_OPENED} OR {_STEERED}) AND {_NOT_BARRED}"
    ),
}
#: Made later than those (referrals/0012).
WORKED_ON = {
    "referrals_worked_on": (
        f"SELECT {_COLUMNS} FROM referrals_referral r WHERE {_WORKED_ON} AND {_NOT_BARRED}"
    )
}


def views(queries: Mapping[str, str]) -> Iterator[str]:
    """Make views that the roles may read, and nothing more."""
    for view, query in queries.items():
        yield f"CREATE VIEW {view} AS {query}"
        # A view that is written to would write past the policies.
        yield f"REVOKE ALL ON {view} FROM PUBLIC, {APP}, {SYSTEM}"
        yield f"GRANT SELECT ON {view} TO {APP}, {SYSTEM}"


def seen(column: str = "referral_id", *, named: str = "id", view: str = "referrals_seen") -> str:
    """The row belongs to a case that the actor sees, by the key in `column`."""
    return f"EXISTS (SELECT 1 FROM {view} s WHERE s.{named} = {column} {ONE_BY_ONE})"


def opened(column: str = "referral_id", *, named: str = "id") -> str:
    """The row belongs to a case opened to the actor by a grant: steering is not enough."""
    return seen(column, named=named, view="referrals_opened")


def lock(table: str, rule: str, acts: Iterable[str] = WRITE) -> list[str]:
    """Close a table to everybody but `concord_system`, and `concord_app` where the rule is true."""
    statements = [
        f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY",
        f"CREATE POLICY {table}_system ON {table} TO {SYSTEM} USING (true) WITH CHECK (true)",
    ]
    for act in acts:
        using = "" if act == ADD else f" USING ({rule})"
        checked = f" WITH CHECK ({rule})" if act in (ADD, CHANGE) else ""
        statements.append(
            f"CREATE POLICY {table}_{act.lower()} ON {table} FOR {act} TO {APP}{using}{checked}"
        )
    return statements


def protect(
    table: str, column: str = "referral_id", acts: Iterable[str] = WRITE
) -> Callable[..., None]:
    """For `migrations.RunPython`: a table of the case itself, open to whom a grant opened it."""
    return _runs(lock(table, f"{opened(f'{table}.{column}')}", acts))


def on_postgresql(statements: Callable[[], Sql]) -> Callable[..., None]:
    """For `migrations.RunPython`: run these there; SQLite has no such lock."""

    def run(_apps: Any, schema_editor: Any) -> None:
        _runs(statements())(_apps, schema_editor)

    return run


def _runs(statements: Sql) -> Callable[..., None]:
    def run(_apps: Any, schema_editor: Any) -> None:
        if schema_editor.connection.vendor == "postgresql":
            for statement in statements:
                schema_editor.execute(statement)

    return run
