"""How do fades, curves and lots look?

A chart takes what `analysis` answers or what `detail_frames` gives, and carries the definition of
its numbers under its title. It is an altair chart: change it as one changes any. `svg` and `save`
draw it without a browser. Everything is imported at its first use.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from cellframe.plots.curves import incremental_capacity, voltage_curves
    from cellframe.plots.drawing import save, svg
    from cellframe.plots.lines import efficiencies, fade
    from cellframe.plots.marks import rate_capability, resistance
    from cellframe.plots.spread import histogram

__all__ = [
    "efficiencies",
    "fade",
    "histogram",
    "incremental_capacity",
    "rate_capability",
    "resistance",
    "save",
    "svg",
    "voltage_curves",
]

_HOMES = {
    "efficiencies": "lines",
    "fade": "lines",
    "histogram": "spread",
    "incremental_capacity": "curves",
    "rate_capability": "marks",
    "resistance": "marks",
    "save": "drawing",
    "svg": "drawing",
    "voltage_curves": "curves",
}


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        message = f"module 'cellframe.plots' has no attribute {name!r}"
        raise AttributeError(message)
    return getattr(import_module(f"cellframe.plots.{_HOMES[name]}"), name)


def __dir__() -> list[str]:
    return __all__
