"""Check constraints that say what they mean, so that the database repeats the rules of the code.

Every function returns a constraint named ``<model>_<fact>`` with its message, for
`Meta.constraints`; Django fills in the model. Not here: which rule a model needs.
"""

from collections.abc import Iterable, Sequence
from functools import reduce
from operator import and_, or_
from typing import Any

from django.db.models import CheckConstraint, Q
from django.utils.text import format_lazy
from django.utils.translation import gettext_lazy as _

THIS_MODEL = "%(class)s"


def both_or_neither(
    first: str, second: str, *, model: str = THIS_MODEL, fact: str = ""
) -> CheckConstraint:
    """Both columns are set, or both are null: ``closed_at`` and ``closed_by``."""
    unset = Q(**{f"{first}__isnull": True, f"{second}__isnull": True})
    both = Q(**{f"{first}__isnull": False, f"{second}__isnull": False})
    message = format_lazy(
        _("Give both {first} and {second}, or neither."), first=_words(first), second=_words(second)
    )
    return _check(unset | both, model, fact or f"{first}_with_{second}", message)


def required_in_state(
    states: Iterable[str],
    *columns: str,
    text: Sequence[str] = (),
    field: str = "state",
    model: str = THIS_MODEL,
    fact: str = "",
) -> CheckConstraint:
    """While ``field`` is one of ``states``, each column is set and each ``text`` is not empty.

    ``columns`` are nullable columns; ``text`` are text columns, where empty means not given.
    """
    listed = [str(state) for state in states]
    wanted = [*columns, *text]
    filled = [Q(**{f"{column}__isnull": False}) for column in wanted]
    filled += [~Q(**{column: ""}) for column in text]
    message = format_lazy(
        _("In this state the following is required: {fields}."), fields=_list(wanted)
    )
    return _check(
        ~Q(**{f"{field}__in": listed}) | reduce(and_, filled),
        model,
        fact or f"{'_or_'.join(listed)}_has_{'_and_'.join(wanted)}",
        message,
    )


def one_of(*columns: str, model: str = THIS_MODEL, fact: str = "") -> CheckConstraint:
    """Exactly one of the columns is set: ``user`` or ``group``."""
    ways = [Q(**{f"{each}__isnull": each != chosen for each in columns}) for chosen in columns]
    message = format_lazy(_("Give exactly one of: {fields}."), fields=_list(columns))
    return _check(reduce(or_, ways), model, fact or f"one_of_{'_or_'.join(columns)}", message)


def in_choices(
    field: str, values: Iterable[str], *, model: str = THIS_MODEL, fact: str = ""
) -> CheckConstraint:
    """The column holds one of ``values``: a code list the database knows too."""
    known = Q(**{f"{field}__in": [str(value) for value in values]})
    message = format_lazy(_("This is not a known value of {field}."), field=_words(field))
    return _check(known, model, fact or f"{field}_is_known", message)


def _check(condition: Q, model: str, fact: str, message: Any) -> CheckConstraint:
    return CheckConstraint(
        condition=condition, name=f"{model}_{fact}", violation_error_message=message
    )


def _words(column: str) -> str:
    return column.replace("_", " ")


def _list(columns: Sequence[str]) -> str:
    return ", ".join(_words(column) for column in columns)
