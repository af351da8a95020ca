"""What goes into each handler, and what comes out?"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from cellframe.contract.records import (
    CELL_BATCH,
    CELL_INSTANCE,
    CELL_MEASUREMENT,
    CELL_SPEC,
    PROJECT,
    RAW_DATA,
    RecordKind,
)
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
from cellframe.server.describing import parameters as of
from cellframe.server.describing.schemas import page, ref, title
from cellframe.server.fields import model_of
from cellframe.server.files import downloads, storage
from cellframe.server.plain import Nothing
from cellframe.server.uploading import envelopes, extend, originals, uploads

if TYPE_CHECKING:
    from collections.abc import Callable

    from pydantic import BaseModel

    from cellframe.server.describing.parameters import Parameter
    from cellframe.server.describing.schemas import Schema

_OBJECT: Schema = {"type": "object"}
_BYTES: Schema = {"type": "string", "format": "binary"}
BODIES = (
    envelopes.InitiateBody,
    envelopes.ConfirmBody,
    tagging.Bulk,
    attaching.Attach,
    batch.Batch,
    Nothing,
)
"""Bodies of requests that are no records."""


@dataclass(frozen=True, slots=True)
class Operation:
    """One handler, from outside.

    Attributes
    ----------
    status : int
        Of success.
    answer : dict or None
        Schema of what is answered; None for no body.
    body : model or None
        What is sent.
    asked : tuple of dict
        Parameters besides those in the path.
    binary : bool
        Whether it answers bytes, or takes them.
    """

    status: int = 200
    answer: Schema | None = None
    body: type[BaseModel] | None = None
    asked: tuple[Parameter, ...] = ()
    binary: bool = False


def _list(kind: RecordKind, asked: tuple[Parameter, ...]) -> Operation:
    return Operation(answer=page(ref(title(kind))), asked=(*asked, of.IF_NONE_MATCH))


def _create(kind: RecordKind) -> Operation:
    return Operation(201, ref(title(kind)), model_of(kind, partial=False))


def _read(kind: RecordKind) -> Operation:
    return Operation(answer=ref(title(kind)), asked=(of.IF_NONE_MATCH,))


def _change(kind: RecordKind) -> Operation:
    body = model_of(kind, partial=True)
    return Operation(answer=ref(title(kind)), body=body, asked=(of.IF_MATCH,))


def _all(kind: RecordKind, module: Any) -> dict[Callable[..., Any], Operation]:
    """Describe the calls on single records, which every kind has."""
    return {
        module.read: _read(kind),
        module.change: _change(kind),
        module.remove: Operation(204, asked=(of.IF_MATCH,)),
    }


_SENT_ON = Operation(303, _OBJECT, asked=(of.IF_NONE_MATCH,))
_DERIVED = Operation(answer=_OBJECT, asked=(of.IF_NONE_MATCH,))
_TEST = ref(title(CELL_MEASUREMENT))
_CONFIRMED: Schema = {
    "allOf": [_TEST, {"properties": {"steps_created": {"type": "integer"}}}],
    "required": ["steps_created"],
}
_SLOTS: Schema = {
    "type": "array",
    "items": {"type": "object", "required": ["filename", "signed_url", "token", "path"]},
}


def _object(**properties: Schema) -> Schema:
    return {"type": "object", "properties": properties, "required": list(properties)}


_ID: Schema = {"type": "string"}
_IDS: Schema = {"type": "array", "items": _ID}
_COUNTED = _object(updated_count={"type": "integer"})
_TAG = _object(tag={"type": "string"}, usage_count={"type": "integer"})
_TARGETS = _object(measurement_id=_ID, uploads=_SLOTS)

OPERATIONS: dict[Callable[..., Any], Operation] = {
    about.health: Operation(answer=_OBJECT),
    about.user: Operation(answer=_OBJECT),
    about.capabilities: Operation(answer=_OBJECT),
    about.schema: Operation(answer=_OBJECT),
    batch.carry_out: Operation(answer=_OBJECT, body=batch.Batch),
    **_all(PROJECT, projects),
    projects.find_all: _list(PROJECT, of.OF_PROJECTS),
    projects.create: _create(PROJECT),
    projects.find_specs: Operation(answer={"type": "array", "items": ref(title(CELL_SPEC))}),
    **_all(CELL_SPEC, specs),
    specs.find_all: _list(CELL_SPEC, of.OF_SPECS),
    specs.create: _create(CELL_SPEC),
    **_all(CELL_INSTANCE, cells),
    cells.find_all: _list(CELL_INSTANCE, of.OF_CELLS),
    cells.find_of_spec: _list(CELL_INSTANCE, of.OF_CELLS),
    cells.create: _create(CELL_INSTANCE),
    **_all(CELL_BATCH, lots),
    lots.read: Operation(answer=ref(title(CELL_BATCH))),  # always sent, for its count
    lots.find_all: _list(CELL_BATCH, of.OF_LOTS),
    lots.create: _create(CELL_BATCH),
    **_all(CELL_MEASUREMENT, tests),
    tests.find_all: _list(CELL_MEASUREMENT, of.OF_ALL_TESTS),
    tests.find_of_cell: _list(CELL_MEASUREMENT, of.OF_TESTS),
    tests.find_of_project: _list(CELL_MEASUREMENT, of.OF_PROJECTS_TESTS),
    tests.create_properties: _create(CELL_MEASUREMENT),
    tagging.find_all: Operation(answer=page(_TAG), asked=of.OF_TAGS),
    tagging.change_many: Operation(answer=_COUNTED, body=tagging.Bulk),
    **_all(RAW_DATA, raw_data),
    raw_data.find_all: _list(RAW_DATA, of.OF_RAW_DATA),
    raw_data.download_url: Operation(answer=_object(url=_ID)),
    raw_data.find_tests: Operation(answer=page(_ID), asked=(of.limit(), of.OFFSET, of.AS_OF)),
    originals.initiate: Operation(
        answer=_object(raw_data_id=_ID, uploads=_SLOTS), body=model_of(RAW_DATA, partial=False)
    ),
    originals.confirm: _create(RAW_DATA),
    attaching.find_all: _list(RAW_DATA, of.OF_LOTS),
    attaching.attach: Operation(answer=_object(raw_data_ids=_IDS), body=attaching.Attach),
    attaching.detach: Operation(204),
    watching.watch: Operation(204, body=Nothing),
    watching.unwatch: Operation(204),
    watching.find_of_project: Operation(answer=_object(measurement_ids=_IDS)),
    uploads.initiate: Operation(answer=_TARGETS, body=envelopes.InitiateBody),
    uploads.confirm: Operation(201, _CONFIRMED, envelopes.ConfirmBody),
    extend.initiate: Operation(answer=_TARGETS, body=Nothing),
    extend.confirm: Operation(answer=_CONFIRMED, body=Nothing),
    downloads.series_file: _SENT_ON,
    downloads.steps_file: _SENT_ON,
    downloads.cycles_file: _SENT_ON,
    downloads.any_file: _SENT_ON,
    downloads.cycles: _DERIVED,
    downloads.steps_and_cycles: _DERIVED,
    downloads.file_names: _DERIVED,
    storage.put: Operation(answer=_OBJECT, binary=True),
    storage.get: Operation(answer=_BYTES, binary=True, asked=(of.RANGE, of.IF_NONE_MATCH)),
}
