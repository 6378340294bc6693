"""A column for several codes of one list: an answer that the world gives more than one of.

The codes stand in one text, joined by "+", so that a table by combination is one GROUP BY on either
database. Not here: the lists themselves.
"""

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

from django.core.exceptions import ValidationError
from django.db import models
from django.utils.translation import gettext_lazy as _

SEPARATOR = "+"

if TYPE_CHECKING:
    _Text = models.CharField[Iterable[str] | str, tuple[str, ...]]
else:
    _Text = models.CharField


class CodesField(_Text):
    """A tuple of codes, in the order of `codes`; with `ordered=True` in the order they were given.

    `codes` is the closed list; without one (nationalities) any code of capital letters and "_" is
    taken. Each code stands once. Raises ValidationError for an unknown code.
    """

    default_error_messages = {
        "unknown_code": _("“%(code)s” is not on the list."),
    }

    def __init__(
        self, *args: Any, codes: Sequence[str] | None = None, ordered: bool = False, **kwargs: Any
    ) -> None:
        self.codes = tuple(str(code) for code in codes) if codes is not None else None
        self.ordered = ordered
        kwargs.setdefault("max_length", 200)
        kwargs.setdefault("blank", True)
        kwargs.setdefault("default", ())
        super().__init__(*args, **kwargs)

    def deconstruct(self) -> tuple[str, str, Sequence[Any], dict[str, Any]]:
        # Neither the list nor the order changes the column, so neither belongs in a migration.
        name, path, args, kwargs = super().deconstruct()
        return name, path, args, kwargs

    def from_db_value(self, value: str | None, *args: object) -> tuple[str, ...]:
        return tuple(value.split(SEPARATOR)) if value else ()

    def to_python(self, value: Any) -> tuple[str, ...]:
        if value is None or value == "":
            return ()
        if isinstance(value, str):
            return self._normal(value.split(SEPARATOR))
        return self._normal(value)

    def get_prep_value(self, value: Any) -> str:
        if isinstance(value, models.Expression):
            return value  # type: ignore[return-value]
        return SEPARATOR.join(self.to_python(value))

    def value_to_string(self, obj: models.Model) -> str:
        return self.get_prep_value(self.value_from_object(obj))

    def _normal(self, value: Iterable[Any]) -> tuple[str, ...]:
        given = list(dict.fromkeys(str(code) for code in value))
        for code in given:
            if not self._is_known(code):
                raise ValidationError(
                    self.error_messages["unknown_code"],
                    code="unknown_code",
                    params={"code": code[:40]},
                )
        if self.ordered or self.codes is None:
            return tuple(given)
        return tuple(sorted(given, key=self.codes.index))

    def _is_known(self, code: str) -> bool:
        if self.codes is not None:
            return code in self.codes
        return bool(code) and code.replace("_", "A").isalnum() and code == code.upper()

    def validate(self, value: Any, model_instance: models.Model | None) -> None:
        if not value and not self.blank:
            raise ValidationError(self.error_messages["blank"], code="blank")
