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
    from cellframe.views.charts import alt
    from cellframe.writeback.limits import Limits

__all__ = [
    "CellframeError",
    "Client",
    "Limits",
    "__version__",
    "alt",
    "import_cells",
    "open_local",
    "schemas",
]

_HOMES = {
    "CellframeError": "cellframe.errors",
    "Client": "cellframe.client",
    "Limits": "cellframe.writeback.limits",
    "alt": "cellframe.views.charts",
    "import_cells": "cellframe.intake",
    "open_local": "cellframe.local",
    "schemas": "cellframe.frames",
}


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        message = f"module 'cellframe' has no attribute {name!r}"
        raise AttributeError(message)
    home = import_module(_HOMES[name])
    return import_module("cellframe.frames.schemas") if name == "schemas" else getattr(home, name)


def __dir__() -> list[str]:
    return __all__
