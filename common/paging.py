"""Keyset paging: the next page starts after the last row seen, however deep one is.

Here: orders, cursors, capped counts, and one list made of a slice per group. Not here: which rows
one may see; every function takes querysets that are already `visible_to` the actor. Nothing counts
a whole list and nothing skips rows: both cost more the deeper one goes.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cmp_to_key, partial
from typing import Any, NamedTuple

from django.core import signing
from django.core.exceptions import (
    EmptyResultSet,
    FieldDoesNotExist,
    ImproperlyConfigured,
)
from django.db import connections
from django.db.models import F, Field, Model, QuerySet, Value
from django.utils.formats import number_format
from django.utils.functional import SimpleLazyObject
from django.utils.translation import gettext as _

PAGE_SIZE = 25
CAP = 1000
Row = Any  # a model instance, or a dict when the queryset has `.values()`


class Order:
    """An order of rows that never ties: field names as in ``order_by``, the last one unique.

    ``named_by`` is the column a cursor names its row by: a uuid, since cursors stand in URLs. It
    may cross a key (``entry__uuid``). ``unique_within`` are columns that each queryset fixes to one
    value, where the last field is unique only together with them.

    A column that may be null is refused, because databases disagree on where null sorts. One named
    in ``set_only`` is allowed: the list then leaves out the rows where it is null.
    """

    def __init__(
        self,
        *fields: str,
        named_by: str = "uuid",
        unique_within: Sequence[str] = (),
        set_only: Sequence[str] = (),
    ) -> None:
        self.fields = tuple(name.removeprefix("-") for name in fields)
        self.descending = tuple(name.startswith("-") for name in fields)
        self.named_by = named_by
        self.joins_for_name = "__" in named_by
        self.unique_within = tuple(unique_within)
        self.set_only = tuple(set_only)
        self.salt = "common.paging:" + ",".join((*fields, named_by))

    def check(self, model: type[Model]) -> None:
        """ImproperlyConfigured unless each row of ``model`` has a place of its own here."""
        for name in self.fields:
            try:
                field = model._meta.get_field(name)
            except FieldDoesNotExist:
                raise ImproperlyConfigured(f"{model.__name__} has no column {name}") from None
            if getattr(field, "null", True) and name not in self.set_only:
                raise ImproperlyConfigured(f"{model.__name__}.{name} may be null; see set_only")
        last = model._meta.get_field(self.fields[-1])
        if not (isinstance(last, Field) and last.unique) and not self._is_unique_within(model):
            raise ImproperlyConfigured(f"{model.__name__}.{self.fields[-1]} may tie")

    def rows(
        self,
        queryset: QuerySet[Any],
        place: Sequence[Any] | None = None,
        *,
        backwards: bool = False,
    ) -> QuerySet[Any]:
        """The rows behind ``place`` (the values of the fields), or all; backwards, those ahead.

        Backwards the nearest comes first, so the rows come in the opposite order.
        """
        rows = self.listed(queryset)
        down = [descending != backwards for descending in self.descending]
        names = zip(self.fields, down, strict=True)
        rows = rows.order_by(*(f"-{name}" if desc else name for name, desc in names))
        if place is None:
            return rows
        # "x <= a, but not (x = a and id >= b)", never "x < a or (x = a and id < b)": a database
        # starts the former in the index at the right row and reads the latter from the beginning.
        rows = rows.filter(**{f"{self.fields[0]}__{'lte' if down[0] else 'gte'}": place[0]})
        for depth, name in enumerate(self.fields):
            is_last = depth == len(self.fields) - 1
            if depth == 0 and not is_last:
                continue
            same = dict(zip(self.fields[:depth], place, strict=False))
            passed = f"{name}__{'gt' if down[depth] else 'lt'}{'e' if is_last else ''}"
            rows = rows.exclude(**same, **{passed: place[depth]})
        return rows

    def listed(self, queryset: QuerySet[Any]) -> QuerySet[Any]:
        """The rows that have a place in this order."""
        return queryset.filter(**{f"{name}__isnull": False for name in self.set_only})

    def sort(self, rows: Iterable[Row], *, backwards: bool = False) -> list[Row]:
        """Rows of several slices in this order, by the places `_mark` wrote on them."""

        def compare(one: Row, other: Row) -> int:
            places = zip(self.place(one), self.place(other), self.descending, strict=True)
            for mine, theirs, descending in places:
                if mine != theirs:
                    return -1 if (mine < theirs) != (descending != backwards) else 1
            return 0

        return sorted(rows, key=cmp_to_key(compare))

    def place(self, row: Row) -> tuple[Any, ...]:
        return tuple(_read(row, f"page_at_{n}") for n in range(len(self.fields)))

    def _is_unique_within(self, model: type[Model]) -> bool:
        meta = model._meta
        ours = {meta.get_field(name) for name in (self.fields[-1], *self.unique_within)}
        known = [each.fields for each in meta.total_unique_constraints] + [*meta.unique_together]
        return any({meta.get_field(name) for name in columns} == ours for columns in known)


@dataclass(frozen=True)
class CappedCount:
    """A number of rows, counted no further than a cap; prints as "1,000+" beyond it."""

    number: int
    more: bool = False

    def __str__(self) -> str:
        number = number_format(self.number, use_l10n=True, force_grouping=True)
        return _("%(number)s+") % {"number": number} if self.more else number


@dataclass(frozen=True)
class Page:
    """One page of a list.

    ``next`` and ``previous`` are cursors for the URL, empty where there is nothing. ``restarted``
    says that the row the cursor named is gone, so this is the first page and the reader is told.
    ``count`` is asked for when it is read: a page that does not show it does not pay for it.
    """

    rows: list[Row]
    next: str
    previous: str
    count: CappedCount
    restarted: bool = False


def capped_count(queryset: QuerySet[Any], cap: int = CAP) -> CappedCount:
    """Count up to ``cap`` rows, in one query that reads at most one more."""
    number = queryset.order_by().values("pk")[: cap + 1].count()
    return CappedCount(min(number, cap), more=number > cap)


def capped_count_of(
    slices: Mapping[str, QuerySet[Any]], order: Order, cap: int = CAP
) -> CappedCount:
    """The same for a list made of slices: distinct values of the order's last field."""
    return _count(list(slices.values()), order, cap)


def capped_counts_of(
    lists: Mapping[str, tuple[Mapping[str, QuerySet[Any]], Order]], cap: int = CAP
) -> dict[str, CappedCount]:
    """`capped_count_of` for several lists by name, in one query; on SQLite in one for each where
    a list has several slices."""
    querysets = [rows for slices, _order in lists.values() for rows in slices.values()]
    if not querysets:
        return {name: CappedCount(0) for name in lists}
    connection = connections[querysets[0].db]
    joins_slices = connection.features.supports_slicing_ordering_in_compound
    if not joins_slices and any(len(slices) > 1 for slices, _order in lists.values()):
        return {name: capped_count_of(*each, cap) for name, each in lists.items()}
    parts, values = [], []
    for slices, order in lists.values():
        counted = _to_count(list(slices.values()), order, cap)
        try:
            if counted is None:
                raise EmptyResultSet
            sql, params = counted.query.get_compiler(connection=connection).as_sql()
        except EmptyResultSet:
            sql, params = "SELECT 1 WHERE FALSE", ()
        parts.append(f"(SELECT COUNT(*) FROM ({sql}) AS counted)")  # noqa: S608 - Django's own
        values += params
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {', '.join(parts)}", values)
        numbers = cursor.fetchone()
    return {
        name: CappedCount(min(number, cap), more=number > cap)
        for name, number in zip(lists, numbers, strict=True)
    }


def paginate(
    queryset: QuerySet[Any], order: Order, *, cursor: str = "", size: int = PAGE_SIZE
) -> Page:
    """The page of ``queryset`` that the cursor asks for, else the first, in at most four queries.

    A cursor that was tampered with, was made for another order, or names a row that is no longer
    visible gives the first page with ``restarted`` set.
    """
    return merge_slices({"": queryset}, order, cursor=cursor, size=size)


Names = Callable[[list[Row]], Mapping[Any, Any]]


def merge_slices(
    slices: Mapping[str, QuerySet[Any]],
    order: Order,
    *,
    cursor: str = "",
    size: int = PAGE_SIZE,
    count: CappedCount | None = None,
    names: Names | None = None,
) -> Page:
    """One list out of several querysets of one shape, such as one for each group of a person.

    Each slice fixes one group by its literal id, so that each is read from its own index; the keys
    are stable labels that may stand in a URL. A row with the same place in several slices appears
    once; with another place in each (a due date per group) once at each, with that slice's values.
    The count is of distinct values of the order's last field. On PostgreSQL the slices are one
    statement. On SQLite each is one, and text must sort there as it does in Python.

    Who knows them already gives the `count`, or the `names` of rows by `page_pk` (called with the
    rows of the page), and a query less is asked.
    """
    for queryset in slices.values():
        order.check(queryset.model)
    page = partial(_page, slices, order, count=count, names=names)
    asked = _Cursor.read(cursor, order)
    place = _place(slices, order, asked) if asked else None
    if asked and place is not None:
        rows = _fetch(slices, order, size, place, backwards=asked.backwards)
        more = len(rows) > size
        rows = rows[:size]
        if asked.backwards and len(rows) == size:
            rows.reverse()
            return page(rows, has_next=True, has_previous=more)
        if rows and not asked.backwards:
            return page(rows, has_next=more, has_previous=True)
    # The first page: asked for, or reached going back, or all there is when nothing is left behind.
    rows = _fetch(slices, order, size, None)
    restarted = bool(cursor) and (place is None or not (asked and asked.backwards))
    more = len(rows) > size
    return page(rows[:size], has_next=more, has_previous=False, restarted=restarted)


class _Cursor(NamedTuple):
    """The row a page begins after: which, in which slice, and the direction; none of its values."""

    name: str
    slice_key: str
    backwards: bool

    @classmethod
    def read(cls, text: str, order: Order) -> _Cursor | None:
        try:
            return cls(*signing.loads(text, salt=order.salt)) if text else None
        except signing.BadSignature:
            return None

    def write(self, order: Order) -> str:
        return signing.dumps(tuple(self), salt=order.salt)


def _place(
    slices: Mapping[str, QuerySet[Any]], order: Order, cursor: _Cursor
) -> tuple[Any, ...] | None:
    """Where the cursor's row stands now; None if it is gone from its slice or no longer listed."""
    if cursor.slice_key not in slices:
        return None
    named = slices[cursor.slice_key].filter(**{order.named_by: cursor.name})
    place = named.order_by().values_list(*order.fields).first()
    return None if place is None or None in place else place


def _fetch(
    slices: Mapping[str, QuerySet[Any]],
    order: Order,
    size: int,
    place: tuple[Any, ...] | None,
    *,
    backwards: bool = False,
) -> list[Row]:
    """At least one row more than a page if there is one, in the order read, each place once."""
    # A row may stand in every slice, so each is read for a whole page.
    parts = [
        order.rows(_mark(queryset, order, key), place, backwards=backwards)[: size + 1]
        for key, queryset in slices.items()
    ]
    if len(parts) < 2:
        return [row for part in parts for row in part]
    if connections[parts[0].db].features.supports_slicing_ordering_in_compound:
        names = [f"page_at_{n}" for n in range(len(order.fields))]
        down = [descending != backwards for descending in order.descending]
        pairs = zip(names, down, strict=True)
        rows = list(
            parts[0]
            .union(*parts[1:], all=True)
            .order_by(*(f"-{name}" if desc else name for name, desc in pairs))
        )
    else:
        rows = order.sort((row for part in parts for row in part), backwards=backwards)
    return list({order.place(row): row for row in reversed(rows)}.values())[::-1]


def _mark(queryset: QuerySet[Any], order: Order, key: str) -> QuerySet[Any]:
    """Let each row carry its slice, its key and its place, whatever columns it has otherwise."""
    own = {f"page_at_{n}": F(name) for n, name in enumerate(order.fields)}
    if not order.joins_for_name:
        own["page_name"] = F(order.named_by)
    marked: QuerySet[Any] = queryset.annotate(page_slice=Value(key), page_pk=F("pk"), **own)
    return marked


def _page(
    slices: Mapping[str, QuerySet[Any]],
    order: Order,
    rows: list[Row],
    *,
    has_next: bool,
    has_previous: bool,
    count: CappedCount | None,
    names: Names | None,
    restarted: bool = False,
) -> Page:
    first, last = rows[:1] if has_previous else [], rows[-1:] if has_next else []
    named = names(rows) if names else _names(slices, order, first + last)

    def cursor(ends: list[Row], *, backwards: bool) -> str:
        for row in ends:
            name = str(named[_read(row, "page_pk")])
            return _Cursor(name, _read(row, "page_slice"), backwards).write(order)
        return ""

    found = Page(
        rows=rows,
        next=cursor(last, backwards=False),
        previous=cursor(first, backwards=True),
        count=SimpleLazyObject(lambda: _count(list(slices.values()), order))  # type: ignore[arg-type]
        if count is None
        else count,
        restarted=restarted,
    )
    for row in rows:
        if isinstance(row, dict):
            for extra in [key for key in row if key.startswith("page_")]:
                del row[extra]
    return found


def _names(slices: Mapping[str, QuerySet[Any]], order: Order, rows: list[Row]) -> dict[Any, Any]:
    """What cursors call these rows, by key."""
    keys = {_read(row, "page_pk") for row in rows}
    if not keys or not order.joins_for_name:
        return {_read(row, "page_pk"): _read(row, "page_name") for row in rows}
    # Asked for apart, at most two rows, so that the page itself joins nothing for its cursors.
    queryset = next(iter(slices.values()))
    ends = queryset.model._base_manager.using(queryset.db).filter(pk__in=keys)
    return dict(ends.values_list("pk", order.named_by))


def _count(querysets: list[QuerySet[Any]], order: Order, cap: int = CAP) -> CappedCount:
    if not querysets:
        return CappedCount(0)
    together = connections[querysets[0].db].features.supports_slicing_ordering_in_compound
    if together or len(querysets) == 1:
        rows = _to_count(querysets, order, cap)
        number = rows.count() if rows is not None else 0
    else:
        parts = _distinct_parts(querysets, order, cap)
        number = len({value for part in parts for value in part})
    return CappedCount(min(number, cap), more=number > cap)


def _to_count(querysets: list[QuerySet[Any]], order: Order, cap: int) -> QuerySet[Any] | None:
    """What a capped count counts: each row once, at most one more than the cap of each slice."""
    if not querysets:
        return None
    if len(querysets) == 1:
        return order.listed(querysets[0]).order_by().values("pk")[: cap + 1]
    parts = _distinct_parts(querysets, order, cap)
    return parts[0].union(*parts[1:])


def _distinct_parts(querysets: list[QuerySet[Any]], order: Order, cap: int) -> list[QuerySet[Any]]:
    listed = (order.listed(queryset) for queryset in querysets)
    return [rows.order_by().values_list(order.fields[-1])[: cap + 1] for rows in listed]


def _read(row: Row, name: str) -> Any:
    return row[name] if isinstance(row, dict) else getattr(row, name)
