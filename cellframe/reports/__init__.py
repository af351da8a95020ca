"""What is to be said of a fleet?

What breaks a rule (`checking`), the result of each cell (`results`), what is new since the last good run
(`runs`), and one HTML file that shows it (`building`, `document`).
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from cellframe.reports.building import Report, report
    from cellframe.reports.checking import check
    from cellframe.reports.rules import load_rules

__all__ = ["Report", "check", "load_rules", "report"]

_HOMES = {"Report": "building", "check": "checking", "load_rules": "rules", "report": "building"}


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        message = f"module 'cellframe.reports' has no attribute {name!r}"
        raise AttributeError(message)
    return getattr(import_module(f"cellframe.reports.{_HOMES[name]}"), name)


def __dir__() -> list[str]:
    return __all__
