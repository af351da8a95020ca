"""What do the cycles say?

One file per question. A question takes a long frame as `detail_frames` gives it, of one cell or
many, in polars or pandas, and answers with a frame: keys first, labels with their unit, a column
``Definition`` that says what made the numbers, and ``Finding`` where something is to be said.
Everything is imported at its first use.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from cellframe.analysis.incremental import differential_voltage, incremental_capacity
    from cellframe.analysis.peak_table import peaks
    from cellframe.analysis.pulses import resistance

__all__ = ["differential_voltage", "incremental_capacity", "peaks", "resistance"]

# No module is called as what it answers: importing it would put it in the place of the function.
_HOMES = {
    "differential_voltage": "incremental",
    "incremental_capacity": "incremental",
    "peaks": "peak_table",
    "resistance": "pulses",
}


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        message = f"module 'cellframe.analysis' has no attribute {name!r}"
        raise AttributeError(message)
    return getattr(import_module(f"cellframe.analysis.{_HOMES[name]}"), name)


def __dir__() -> list[str]:
    return __all__
