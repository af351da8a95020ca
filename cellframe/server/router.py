"""Which handler answers a path?"""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import unquote

from cellframe.server import about, cells, lots, projects, specs, tests
from cellframe.server.files import downloads, storage
from cellframe.server.refusals import refuse
from cellframe.server.strict import text_fault
from cellframe.server.uploading import extend, uploads

if TYPE_CHECKING:
    from collections.abc import Callable

    from cellframe.contract.wire import Reply
    from cellframe.server.calls import Call

    Handler = Callable[[Call], Reply]

_ID = None
"""Stands for an id in a path of `ROUTES`."""
_CHANGE = ("PATCH", "PUT")
"""Clients of the first releases say PUT."""


def _one(read: Handler, change: Handler, remove: Handler) -> dict[str, Handler]:
    return {"GET": read, **dict.fromkeys(_CHANGE, change), "DELETE": remove}


ROUTES: dict[tuple[str | None, ...], dict[str, Handler]] = {
    ("healthz",): {"GET": about.health},
    ("users", "me"): {"GET": about.user},
    ("discovery", "capabilities"): {"GET": about.capabilities},
    ("discovery", "schemas", _ID): {"GET": about.schema},
    ("projects",): {"GET": projects.find_all, "POST": projects.create},
    ("projects", _ID): _one(projects.read, projects.change, projects.remove),
    ("projects", _ID, "cell_specs"): {"GET": projects.find_specs},
    ("cell_specifications",): {"GET": specs.find_all, "POST": specs.create},
    ("cell_specifications", _ID): _one(specs.read, specs.change, specs.remove),
    ("cell_specifications", _ID, "cell_instances"): {
        "GET": cells.find_of_spec,
        "POST": cells.create,
    },
    ("cell_specifications", _ID, "cell_batches"): {"GET": lots.find_all, "POST": lots.create},
    ("cell_instances",): {"GET": cells.find_all},
    ("cell_instances", _ID): _one(cells.read, cells.change, cells.remove),
    ("cell_batches", _ID): _one(lots.read, lots.change, lots.remove),
    ("cell_instances", _ID, "cell_measurements"): {"GET": tests.find_of_cell},
    ("cell_instances", _ID, "cell_measurements", "create"): {"POST": tests.create_properties},
    ("cell_instances", _ID, "cell_measurements", "initiate-upload"): {"POST": uploads.initiate},
    ("cell_measurements",): {"GET": tests.find_all},
    ("cell_measurements", _ID): _one(tests.read, tests.change, tests.remove),
    ("cell_measurements", _ID, "confirm-upload"): {"POST": uploads.confirm},
    ("cell_measurements", _ID, "initiate-extend"): {"POST": extend.initiate},
    ("cell_measurements", _ID, "confirm-extend"): {"POST": extend.confirm},
    ("cell_measurements", _ID, "time_series", "download"): {"GET": downloads.series_file},
    ("cell_measurements", _ID, "steps", "download"): {"GET": downloads.steps_file},
    ("cell_measurements", _ID, "cycles", "download"): {"GET": downloads.cycles_file},
    ("cell_measurements", _ID, "cycles"): {"GET": downloads.cycles},
    ("cell_measurements", _ID, "steps_and_cycles"): {"GET": downloads.steps_and_cycles},
    ("cell_measurements", _ID, "files"): {"GET": downloads.file_names},
    ("cell_measurements", _ID, "files", _ID): {"GET": downloads.any_file},
    ("storage", "uploads", _ID): {"PUT": storage.put},
    ("storage", "files", _ID): {"GET": storage.get, "HEAD": storage.get},
}
"""Handlers by method; where patterns overlap, the first that fits."""
BEGINNINGS = {uploads.initiate, extend.initiate}
"""When files are about to come, those that nobody needs are removed."""


def segments(path: str) -> tuple[str, ...]:
    """Split a path, then decode: an id may hold a slash of its own."""
    first, *rest = path.split("/")
    try:
        decoded = tuple(unquote(step, errors="strict") for step in rest)
    except UnicodeDecodeError:
        decoded = ("",)
    return decoded if not first and not any(map(text_fault, decoded)) else ("",)


def route(steps: tuple[str, ...]) -> tuple[dict[str, Handler], tuple[str, ...]]:
    """Find the handlers of a path, by method, and the ids in it; 404 where there are none."""
    for pattern, handlers in ROUTES.items():
        if len(pattern) == len(steps) and all(
            step if wanted is _ID else step == wanted
            for wanted, step in zip(pattern, steps, strict=True)
        ):
            ids = (step for wanted, step in zip(pattern, steps, strict=True) if wanted is _ID)
            return handlers, tuple(ids)
    raise refuse(404, "There is nothing at this path: is the service's address right?")
