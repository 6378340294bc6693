"""The second lock: PostgreSQL is told, in each transaction, whose rows it may touch.

A `Sight` says what one actor's grants open, in numbers and nothing else; `referrals/policies.py`
has the rules that read it (design §5.11, docs/adr/0014). It goes out in front of the first
statement of a transaction and falls away with it: one place, no round trip more. Whoever tells
nothing and is signed in as `concord_app` gets no rows. SQLite has no such lock.
"""

import logging
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from django.conf import settings
from django.db.backends.signals import connection_created

logger = logging.getLogger(__name__)

#: Made by deploy/postgres/roles.sql, in tests by tests/support/roles.py; never by a migration.
APP, SYSTEM = "concord_app", "concord_system"
#: What a sight may say; the policies read each as `concord.<name>`.
NAMES = (
    "at",
    "user",
    "person",
    "groups",
    "lists",
    "organisation",
    "referrer",
    "keeper",
    "steers",
    "oversees",
)
_PLAIN = re.compile(r"[0-9a-z{},:+.T-]*", re.ASCII)
_CONTROL = ("SAVEPOINT", "RELEASE", "ROLLBACK")
_IDLE = 0  # psycopg2.extensions.TRANSACTION_STATUS_IDLE: nothing was said since the last end


class RowsHidden(RuntimeError):
    """Work of the system was begun with the web application's sign-in, to which it is closed."""


@dataclass(frozen=True)
class Sight:
    """The role a transaction runs in, and what its actor may see. Raises ValueError for a value
    that is neither number, list of numbers, moment nor plain word."""

    role: str
    values: tuple[tuple[str, str], ...] = field(default=())

    def __post_init__(self) -> None:
        for name, value in self.values:
            if name not in NAMES or not _PLAIN.fullmatch(value):
                raise ValueError(f"A sight cannot say {name!r} so.")

    @cached_property
    def sql(self) -> str:
        said = dict(self.values)
        pairs = [("role", self.role), *((f"concord.{name}", said.get(name, "")) for name in NAMES)]
        calls = (f"set_config('{name}', '{value}', true)" for name, value in pairs)
        return f"SELECT {', '.join(calls)}; "


#: Nobody in particular: no row.
NOBODY = Sight(APP)
_SYSTEM = Sight(SYSTEM)
#: What a transaction goes back to when nothing is said any more: the sign-in's own role.
_SILENCE = Sight("none")
#: Another statement has taken back what was said; nobody knows how far.
_UNKNOWN = Sight("")

_sight: ContextVar[Sight | None] = ContextVar("concord_sight", default=None)


@contextmanager
def told(sight: Sight) -> Iterator[None]:
    """Within this block every transaction sees what `sight` says; `tell` may say it anew."""
    token = _sight.set(sight)
    try:
        yield
    finally:
        _sight.reset(token)


def tell(sight: Sight) -> None:
    """Inside `told`: from now on it is this. For a request whose actor is known only on the way."""
    if _sight.get() is not None:
        _sight.set(sight)


@contextmanager
def beyond_sight(why: str, *, is_routine: bool = False) -> Iterator[None]:
    """What a person's act does to rows that are not open to that person, by a named rule of ours.

    The narrow way to `concord_system`: keep the block as small as the rule. Each is logged; one
    that goes with every write (`is_routine`) only where debugging is on. Also a decorator.
    """
    if _sight.get() in (None, _SYSTEM):
        yield
        return
    logger.log(logging.DEBUG if is_routine else logging.INFO, "rows as the system: %s", why)
    with told(_SYSTEM):
        yield


@contextmanager
def system_work(name: str) -> Iterator[None]:
    """What a worker, the sweep or a command does for no person. Also a decorator.

    Raises RowsHidden under the web application's sign-in: a report of no rows would be believed.
    """
    from django.db import connection

    if settings.ROW_LOCK and connection.settings_dict["USER"] == APP and _sight.get() is None:
        raise RowsHidden(f"Run {name} with the sign-in of {SYSTEM}, as the worker has it.")
    with beyond_sight(name):
        yield


def install() -> None:
    """Called once when the app is ready."""
    connection_created.connect(_listen, dispatch_uid="concord_rowlock")


def _listen(connection: Any, **_signal: Any) -> None:
    if connection.vendor == "postgresql" and _say_first not in connection.execute_wrappers:
        # First in the list, so that a wrapper put on for a while takes itself off again, not this.
        connection.execute_wrappers.insert(0, _say_first)


def _say_first(
    execute: Callable[..., Any], sql: Any, params: Any, many: bool, context: dict[str, Any]
) -> Any:
    connection = context["connection"]
    if not settings.ROW_LOCK or not connection.in_atomic_block:
        return execute(sql, params, many, context)
    said = getattr(connection, "concord_said", _SILENCE)
    if connection.connection.get_transaction_status() == _IDLE:
        said = connection.concord_said = _SILENCE
    if isinstance(sql, str) and sql.startswith(_CONTROL):
        if sql.startswith("ROLLBACK") and said != _SILENCE:
            connection.concord_said = _UNKNOWN
        return execute(sql, params, many, context)
    wanted = _sight.get() or _SILENCE
    if said == wanted:
        return execute(sql, params, many, context)
    connection.concord_said = wanted
    if isinstance(sql, str) and not many and not getattr(context["cursor"], "name", None):
        return execute(wanted.sql + sql, params, many, context)
    with connection.connection.cursor() as cursor:
        cursor.execute(wanted.sql)
    return execute(sql, params, many, context)
