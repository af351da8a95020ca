"""Which handler answers a path?"""

from __future__ import annotations

from typing import TYPE_CHECKING

from cellframe.server import (
    about,
    attaching,
    batch,
    cells,
    lots,
    projects,
    raw_data,
    specs,
    tagging,
    tests,
    watching,
)
from cellframe.server.describing import document
from cellframe.server.files import downloads, storage
from cellframe.server.paths import ID
from cellframe.server.uploading import extend, originals, uploads

if TYPE_CHECKING:
    from cellframe.server.paths import Handler, Handlers

_CHANGE = ("PATCH", "PUT")
"""Clients of the first releases say PUT."""


def _one(read: Handler, change: Handler, remove: Handler) -> dict[str, Handler]:
    return {"GET": read, **dict.fromkeys(_CHANGE, change), "DELETE": remove}


ROUTES: dict[tuple[str | None, ...], Handlers] = {
    ("healthz",): {"GET": about.health},
    ("users", "me"): {"GET": about.user},
    ("discovery", "capabilities"): {"GET": about.capabilities},
    ("discovery", "schemas", ID): {"GET": about.schema},
    ("projects",): {"GET": projects.find_all, "POST": projects.create},
    ("projects", ID): _one(projects.read, projects.change, projects.remove),
    ("projects", ID, "cell_specs"): {"GET": projects.find_specs},
    ("projects", ID, "lab", "watched"): {"GET": watching.find_of_project},
    ("cell_specifications",): {"GET": specs.find_all, "POST": specs.create},
    ("cell_specifications", ID): _one(specs.read, specs.change, specs.remove),
    ("cell_specifications", ID, "cell_instances"): {
        "GET": cells.find_of_spec,
        "POST": cells.create,
    },
    ("cell_specifications", ID, "cell_batches"): {"GET": lots.find_all, "POST": lots.create},
    ("cell_instances",): {"GET": cells.find_all},
    ("cell_instances", ID): _one(cells.read, cells.change, cells.remove),
    ("cell_batches", ID): _one(lots.read, lots.change, lots.remove),
    ("cell_instances", ID, "cell_measurements"): {"GET": tests.find_of_cell},
    ("cell_instances", ID, "cell_measurements", "create"): {"POST": tests.create_properties},
    ("cell_instances", ID, "cell_measurements", "initiate-upload"): {"POST": uploads.initiate},
    ("cell_measurements",): {"GET": tests.find_all},
    ("cell_measurements", "tags"): {"GET": tagging.find_all},
    ("cell_measurements", "tags", "bulk"): {"POST": tagging.change_many},
    ("cell_measurements", "by-project", ID): {"GET": tests.find_of_project},
    ("cell_measurements", ID, "raw_data"): {
        "GET": attaching.find_all,
        "POST": attaching.attach,
    },
    ("cell_measurements", ID, "raw_data", ID): {"DELETE": attaching.detach},
    ("cell_measurements", ID, "watch"): {"POST": watching.watch, "DELETE": watching.unwatch},
    ("cell_measurements", ID): _one(tests.read, tests.change, tests.remove),
    ("cell_measurements", ID, "confirm-upload"): {"POST": uploads.confirm},
    ("cell_measurements", ID, "initiate-extend"): {"POST": extend.initiate},
    ("cell_measurements", ID, "confirm-extend"): {"POST": extend.confirm},
    ("cell_measurements", ID, "time_series", "download"): {"GET": downloads.series_file},
    ("cell_measurements", ID, "steps", "download"): {"GET": downloads.steps_file},
    ("cell_measurements", ID, "cycles", "download"): {"GET": downloads.cycles_file},
    ("cell_measurements", ID, "cycles"): {"GET": downloads.cycles},
    ("cell_measurements", ID, "steps_and_cycles"): {"GET": downloads.steps_and_cycles},
    ("cell_measurements", ID, "files"): {"GET": downloads.file_names},
    ("cell_measurements", ID, "files", ID): {"GET": downloads.any_file},
    ("raw_data",): {"GET": raw_data.find_all},
    ("raw_data", "initiate-upload"): {"POST": originals.initiate},
    ("raw_data", ID): _one(raw_data.read, raw_data.change, raw_data.remove),
    ("raw_data", ID, "confirm-upload"): {"POST": originals.confirm},
    ("raw_data", ID, "download-url"): {"GET": raw_data.download_url},
    ("raw_data", ID, "cell_measurements"): {"GET": raw_data.find_tests},
    ("storage", "uploads", ID): {"PUT": storage.put},
    ("storage", "files", ID): {"GET": storage.get, "HEAD": storage.get},
}
"""Handlers by method; where patterns overlap, the first that fits."""
_IN_BATCHES = (
    ("cell_specifications",),
    ("cell_specifications", ID),
    ("cell_specifications", ID, "cell_instances"),
    ("cell_instances", ID),
    ("cell_specifications", ID, "cell_batches"),
    ("cell_batches", ID),
    ("cell_instances", ID, "cell_measurements", "create"),
    ("cell_measurements", ID),
)


def _writes(handlers: Handlers) -> Handlers:
    return {method: handler for method, handler in handlers.items() if method != "GET"}


ROUTES[("batch",)] = {
    "POST": batch.handler({pattern: _writes(ROUTES[pattern]) for pattern in _IN_BATCHES})
}
ROUTES[document.PATH] = {"GET": document.handler(ROUTES)}
ENVELOPES = {ROUTES[("batch",)]["POST"]: batch.ENVELOPE}
"""Levels around what one write sends, where many come in one body."""
BEGINNINGS = {uploads.initiate, extend.initiate, originals.initiate}
"""When files are about to come, those that nobody needs are removed."""
