"""Battery cell records as dataframes, and the edited dataframes back.

::

    import cellframe as cf

    client = cf.open_local("lab/")          # a service in a folder, or cf.Client(api_url=..., api_key=...)
    cells = client.cell_instance.to_frame("LFP 18650")
    plan = client.cell_instance.plan(edited)
    receipt = client.apply(plan)

Everything here is imported at its first use: ``import cellframe`` itself is quick.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from cellframe.version import __version__

if TYPE_CHECKING:
    from cellframe.client import Client
    from cellframe.errors import CellframeError
    from cellframe.frames import schemas
    from cellframe.intake import import_cells
    from cellframe.local import open_local
    from cellframe.reports import check, report
    from cellframe.views.charts import alt
    from cellframe.writeback.limits import Limits

__all__ = [
    "CellframeError",
    "Client",
    "Limits",
    "__version__",
    "alt",
    "check",
    "import_cells",
    "open_local",
    "report",
    "schemas",
]

_HOMES = {
    "CellframeError": "cellframe.errors",
    "Client": "cellframe.client",
    "Limits": "cellframe.writeback.limits",
    "alt": "cellframe.views.charts",
    "analysis": "cellframe",
    "check": "cellframe.reports",
    "import_cells": "cellframe.intake",
    "open_local": "cellframe.local",
    "plots": "cellframe",
    "report": "cellframe.reports",
    "schemas": "cellframe.frames",
}
_MODULES = ("analysis", "plots", "schemas")


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        message = f"module 'cellframe' has no attribute {name!r}"
        raise AttributeError(message)
    if name in _MODULES:
        return import_module(f"{_HOMES[name]}.{name}")
    return getattr(import_module(_HOMES[name]), name)


def __dir__() -> list[str]:
    return __all__
