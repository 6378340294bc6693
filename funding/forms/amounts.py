"""Fields for money: an amount as digits with a point, and a currency by its three letters."""

import re
from decimal import Decimal
from typing import Any

from babel.numbers import list_currencies
from django import forms
from django.utils.translation import gettext_lazy as _

from funding.models.funds import CURRENCY

HOW = _("Write digits, and a point before cents, such as 1250.50: no comma, no blank.")
_PLAIN = re.compile(r"[0-9]{1,12}(\.[0-9]{1,2})?")
_SEPARATED = re.compile(r"[0-9][0-9.,'’\s\u00a0\u202f]*")


class AmountField(forms.Field):
    """An amount of money, at most 999,999,999,999.99.

    A comma may mean thousands or cents, depending on who reads it: it is refused in words, and what
    was typed stands in the box again.
    """

    default_error_messages = {
        "separated": _("“%(typed)s” can be read in two ways. Write digits, and a point before "
                       "cents, such as 1250.50: no comma, no blank."),
        "invalid": _("Write an amount as digits, such as 1250 or 1250.50."),
        "least": _("An amount is more than nothing."),
    }  # fmt: skip

    def __init__(self, *, is_zero_allowed: bool = False, **kwargs: Any) -> None:
        box = {"inputmode": "decimal", "class": "govuk-input--width-10", "maxlength": "20"}
        kwargs.setdefault("widget", forms.TextInput(attrs=box))
        super().__init__(**kwargs)
        self.is_zero_allowed = is_zero_allowed

    def prepare_value(self, value: Any) -> Any:
        return f"{value:.2f}" if isinstance(value, Decimal) else value

    def to_python(self, value: Any) -> Decimal | None:
        typed = str(value).strip() if value is not None else ""
        if not typed:
            return None
        if _PLAIN.fullmatch(typed):
            return Decimal(typed).quantize(Decimal("0.01"))
        wrong = "separated" if _SEPARATED.fullmatch(typed) else "invalid"
        raise forms.ValidationError(
            self.error_messages[wrong], code=wrong, params={"typed": typed[:20]}
        )

    def validate(self, value: Any) -> None:
        super().validate(value)
        if value is not None and value == 0 and not self.is_zero_allowed:
            raise forms.ValidationError(self.error_messages["least"], code="least")


class CurrencyField(forms.CharField):
    """A currency by its three letters (ISO 4217), small letters forgiven."""

    def __init__(self, **kwargs: Any) -> None:
        kwargs.setdefault("label", _("Currency"))
        kwargs.setdefault("help_text", _("Three letters, such as EUR."))
        super().__init__(max_length=3, **kwargs)

    def to_python(self, value: Any) -> str:
        return str(super().to_python(value) or "").upper()

    def validate(self, value: Any) -> None:
        super().validate(value)
        if not value:
            return
        CURRENCY(value)
        if value not in list_currencies():
            raise forms.ValidationError(_("No currency has these letters."))
