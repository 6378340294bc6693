"""An amount of money as somebody types it: digits, a point, two digits."""

import re
from decimal import Decimal
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

_AMOUNT = re.compile(r"\d{1,12}(\.\d{1,2})?")


class AmountField(forms.CharField):
    """A Decimal with two places. A comma or a space could mean thousands or cents: it is asked."""

    def __init__(self, **how: Any) -> None:
        box = forms.TextInput(attrs={"inputmode": "decimal", "class": "govuk-input--width-10"})
        super().__init__(**{"max_length": 20, "widget": box, **how})

    def clean(self, value: Any) -> Any:
        text = super().clean(value)
        if not text:
            return None
        if not _AMOUNT.fullmatch(text):
            raise ValidationError(
                _(
                    "Write the amount with digits only, and a point before cents: 12500 or "
                    "12500.50. No comma and no blank."
                ),
                code="amount",
            )
        return Decimal(text).quantize(Decimal("0.01"))

    def prepare_value(self, value: Any) -> Any:
        return f"{value:.2f}".removesuffix(".00") if isinstance(value, Decimal) else value
