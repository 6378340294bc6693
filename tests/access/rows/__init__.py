"""Rows that addresses are asked for, by topic: each module of this folder brings `ARGUMENTS`."""

from collections.abc import Callable
from importlib import import_module
from pkgutil import iter_modules
from typing import Any

from tests.support.cast import Cast


def gathered() -> dict[str, Callable[[Cast], dict[str, Any]]]:
    """Of every topic; an address that two topics claim is an error."""
    found: dict[str, Callable[[Cast], dict[str, Any]]] = {}
    for module in iter_modules(__path__):
        for name, rows in import_module(f"{__name__}.{module.name}").ARGUMENTS.items():
            if name in found:
                raise ValueError(f"Two modules say with which row {name} is asked for.")
            found[name] = rows
    return found
