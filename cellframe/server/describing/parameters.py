"""What may be asked of a list, and which headers are heeded?"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from cellframe.contract.records import COMPONENTS, MEASUREMENT_TYPES
from cellframe.contract.routes import MAX_PAGE

if TYPE_CHECKING:
    from collections.abc import Iterable

Parameter = dict[str, Any]
_IDS = {
    "by-project": "project_id",
    "cell_batches": "cell_batch_id",
    "cell_instances": "cell_instance_id",
    "cell_measurements": "cell_measurement_id",
    "cell_specifications": "cell_specification_id",
    "files": "file",
    "projects": "project_id",
    "raw_data": "raw_data_id",
    "schemas": "schema",
    "uploads": "token",
}
_OPERATORS = "Exact, or after eq.; ilike.%part% in any case, like.%part% in this case."


def in_path(after: str) -> Parameter:
    """Describe the id that follows a step of a path."""
    given = {"type": "string", "minLength": 1}
    return {"name": _IDS[after], "in": "path", "required": True, "schema": given}


def _asked(name: str, schema: dict[str, Any], description: str = "") -> Parameter:
    told = {"description": description} if description else {}
    return {"name": name, "in": "query", "schema": schema, **told}


def _texts(names: Iterable[str], description: str = "") -> tuple[Parameter, ...]:
    return tuple(_asked(name, {"type": "string"}, description) for name in names)


def _several(*names: str) -> tuple[Parameter, ...]:
    texts = {"type": "array", "items": {"type": "string"}}
    return tuple(_asked(name, texts) for name in names)


def _between(name: str) -> tuple[Parameter, ...]:
    time = {"type": "string", "format": "date-time"}
    return (_asked(f"{name}_gt", time, "After."), _asked(f"{name}_lt", time, "Before."))


def limit(most: int = MAX_PAGE) -> Parameter:
    """Describe how many are wanted at most."""
    return _asked("limit", {"type": "integer", "minimum": 1, "maximum": most})


OFFSET = _asked("offset", {"type": "integer", "minimum": 0})


AS_OF = _asked(
    "as_of", {"type": "integer", "minimum": 0}, "A later page of the list that answered with it."
)


def _page(*orders: str) -> tuple[Parameter, ...]:
    order = _asked("order", {"type": "string", "enum": ["asc", "desc"], "default": "desc"})
    by = {"type": "string", "enum": ["name", "created_at", "updated_at", *orders]}
    return (limit(), OFFSET, _asked("order_by", {**by, "default": "created_at"}), order, AS_OF)


_COMMON = (
    *_texts(["name", "created_by_email"], _OPERATORS),
    *_between("created_at"),
    *_between("updated_at"),
)
OF_PROJECTS = OF_LOTS = (*_page(), *_COMMON)
OF_CELLS = (*_page(), *_COMMON, *_texts(["batch_id"]))
OF_RAW_DATA = (*_page(), *_COMMON, *_texts(["project_id"]))
OF_SPECS = (
    *_page(),
    *_COMMON,
    *_texts(["form_factor"], _OPERATORS),
    *_texts(["project_id", "material_id"]),
    *_several("material_ids", "exclude_cell_spec_id"),
    *_several(*(f"{slot}_material_id" for slot in COMPONENTS)),
    _asked("full", {"type": "boolean"}, "With the parts of each spec."),
)
OF_TESTS = (
    *_page("start_time"),
    *_COMMON,
    *_between("start_time"),
    _asked("measurement_type", {"type": "string", "enum": list(MEASUREMENT_TYPES)}),
    *_several("tags_all", "tags_any"),
)
OF_PROJECTS_TESTS = (*OF_TESTS, *_texts(["q", "cell_specification_id", "cell_instance_id"]))
OF_ALL_TESTS = (*OF_PROJECTS_TESTS, *_texts(["project_id"]))
_PROJECT = {**_texts(["project_id"])[0], "required": True}
OF_TAGS = (_PROJECT, *_texts(["q"], "Part of the tag, in any case."), limit(), AS_OF)


def _header(name: str, description: str) -> Parameter:
    return {"name": name, "in": "header", "schema": {"type": "string"}, "description": description}


IF_MATCH = _header("If-Match", "The version that the caller read; 412 where it is another.")
IF_NONE_MATCH = _header("If-None-Match", "What the caller holds; 304 where it is the same.")
RANGE = _header("Range", "Which of the bytes; 206 with them alone, 416 where there are no such.")
OF_WRITES = (
    _asked("dry_run", {"type": "boolean"}, "Answer as ever, and keep nothing."),
    _header("Idempotency-Key", "Under one key a request is carried out once."),
)
