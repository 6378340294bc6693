"""Amounts of money in words: for messages, events and pages."""

from decimal import Decimal

from django.utils.formats import number_format


def written(amount: Decimal, currency: str) -> str:
    """An amount with its currency, as the reader's language writes numbers."""
    return f"{currency} {number_format(amount, 2, use_l10n=True, force_grouping=True)}"
