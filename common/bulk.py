"""Writing many rows that exist, each with values of its own, in one statement."""

from collections.abc import Sequence
from typing import Any

from django.db import connections, models, router
from django.db.models import Field


def write_each(rows: Sequence[models.Model], fields: Sequence[str]) -> None:
    """Write these fields of saved rows of one model, as `bulk_update` does.

    On PostgreSQL the values go as one array a column: what `bulk_update` builds instead, a CASE
    with a condition for each row, takes longer to write down than the rows take to change. Fields
    are columns of the table itself; they are written as they stand, without `pre_save`.
    """
    if not rows:
        return
    model = type(rows[0])
    connection = connections[router.db_for_write(model)]
    if connection.vendor != "postgresql":
        model._base_manager.using(connection.alias).bulk_update(rows, fields)
        return
    columns: list[Field[Any, Any]] = [_column(model, name) for name in ("pk", *fields)]
    quote = connection.ops.quote_name
    names = [quote(str(column.column)) for column in columns]
    given = ", ".join(f"%s::{column.rel_db_type(connection)}[]" for column in columns)
    settings = ", ".join(f"{name} = given.{name}" for name in names[1:])
    with connection.cursor() as cursor:
        cursor.execute(
            f"UPDATE {quote(model._meta.db_table)} AS kept SET {settings} "  # noqa: S608
            f"FROM unnest({given}) AS given ({', '.join(names)}) "
            f"WHERE kept.{names[0]} = given.{names[0]}",
            [
                [column.get_db_prep_save(getattr(row, column.attname), connection) for row in rows]
                for column in columns
            ],
        )


def _column(model: type[models.Model], name: str) -> "Field[Any, Any]":
    field = model._meta.pk if name == "pk" else model._meta.get_field(name)
    if not isinstance(field, Field) or not field.concrete:
        raise ValueError(f"{model.__name__} has no column {name}.")
    return field
