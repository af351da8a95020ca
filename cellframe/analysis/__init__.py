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
    from cellframe.analysis.choosing import filter_cycles, filter_steps, rows_of, step_types
    from cellframe.analysis.comparing import compare_lots
    from cellframe.analysis.crossing import cycles_to
    from cellframe.analysis.efficiency import efficiencies
    from cellframe.analysis.fading import retention
    from cellframe.analysis.first_cycles import formation
    from cellframe.analysis.held_voltage import cccv
    from cellframe.analysis.incremental import differential_voltage, incremental_capacity
    from cellframe.analysis.knees import knee
    from cellframe.analysis.later_curves import delta_q, delta_q_features
    from cellframe.analysis.lives import life, with_cells
    from cellframe.analysis.of_lots import lots, odd_cells
    from cellframe.analysis.open_circuit import pseudo_ocv
    from cellframe.analysis.passed import throughput
    from cellframe.analysis.peak_table import peaks
    from cellframe.analysis.pulses import resistance
    from cellframe.analysis.rates import rate_capability
    from cellframe.analysis.summary import cycle_summary
    from cellframe.analysis.suspects import quality

__all__ = [
    "cccv",
    "compare_lots",
    "cycle_summary",
    "cycles_to",
    "delta_q",
    "delta_q_features",
    "differential_voltage",
    "efficiencies",
    "filter_cycles",
    "filter_steps",
    "formation",
    "incremental_capacity",
    "knee",
    "life",
    "lots",
    "odd_cells",
    "peaks",
    "pseudo_ocv",
    "quality",
    "rate_capability",
    "resistance",
    "retention",
    "rows_of",
    "step_types",
    "throughput",
    "with_cells",
]

# No module is called as what it answers: importing it would put it in the place of the function.
_HOMES = {
    "cccv": "held_voltage",
    "compare_lots": "comparing",
    "cycle_summary": "summary",
    "cycles_to": "crossing",
    "delta_q": "later_curves",
    "delta_q_features": "later_curves",
    "differential_voltage": "incremental",
    "efficiencies": "efficiency",
    "filter_cycles": "choosing",
    "filter_steps": "choosing",
    "formation": "first_cycles",
    "incremental_capacity": "incremental",
    "knee": "knees",
    "life": "lives",
    "lots": "of_lots",
    "odd_cells": "of_lots",
    "peaks": "peak_table",
    "pseudo_ocv": "open_circuit",
    "quality": "suspects",
    "rate_capability": "rates",
    "resistance": "pulses",
    "retention": "fading",
    "rows_of": "choosing",
    "step_types": "choosing",
    "throughput": "passed",
    "with_cells": "lives",
}


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        message = f"module 'cellframe.analysis' has no attribute {name!r}"
        raise AttributeError(message)
    return getattr(import_module(f"cellframe.analysis.{_HOMES[name]}"), name)


def __dir__() -> list[str]:
    return __all__
