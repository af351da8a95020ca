"""How is a record, or a body that asks for one, written as JSON Schema?"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from cellframe.contract.records import COMPONENTS, Field, RecordKind, Type
from cellframe.server.fields import model_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from pydantic import BaseModel

Schema = dict[str, Any]
_AT = "#/components/schemas/"
_TEXT: Schema = {"type": "string"}
_TIME: Schema = {"type": "string", "format": "date-time"}
_OBJECT: Schema = {"type": "object"}
_TYPES: Mapping[Type, Schema] = {
    Type.TIME: _TIME,
    Type.INTEGER: {"type": "integer"},
    Type.NUMBER: {"type": "number"},
    Type.BOOLEAN: {"type": "boolean"},
    Type.LABEL: {"type": ["string", "number"]},
    Type.TAGS: {"type": "array", "items": _TEXT},
    Type.IDS: {"type": "array", "items": _TEXT},
    Type.QUANTITIES: _OBJECT,
    Type.OBJECT: _OBJECT,
}
_NEVER_NULL = {Type.TAGS, Type.INTEGER, Type.WORD, Type.BOOLEAN}


def ref(name: str) -> Schema:
    """Point to a schema of the document."""
    return {"$ref": f"{_AT}{name}"}


def title(kind: RecordKind) -> str:
    """Name a kind's schema: ``CellInstance``."""
    return kind.name.title().replace("_", "")


def record(kind: RecordKind) -> Schema:
    """Describe a record as it is answered: every field, null where unset, and its version."""
    fields = [field for field in kind.fields if not field.is_key_of_object]
    properties = {field.name: _answered(kind, field) for field in fields}
    properties["version"] = {"type": "integer", "minimum": 1}
    # Parts are in single records, and in lists that ask for them.
    always = [field.name for field in fields if field.type is not Type.COMPONENT]
    return _object(properties, [*always, "version"])


def _answered(kind: RecordKind, field: Field) -> Schema:
    if field.type is Type.COMPONENT:
        return {"anyOf": [ref("Part"), {"type": "null"}]}
    schema = _below(kind, field) or _of(field)
    never = field.required or field.type in _NEVER_NULL
    return schema if never else {"anyOf": [schema, {"type": "null"}]}


def _below(kind: RecordKind, field: Field) -> Schema | None:
    """Describe an object of which some keys are declared; None for any other field."""
    inner = f"{field.name}."
    keys = [row for row in kind.fields if row.name.startswith(inner)]
    if not keys:
        return None
    nullable = {
        row.name.removeprefix(inner): {"anyOf": [_of(row), {"type": "null"}]} for row in keys
    }
    return _object(nullable, [])


def object_of(kind: RecordKind, name: str, description: str) -> Schema:
    """Describe an object field by the keys that its kind declares."""
    found = _below(kind, kind.field(name)) or _OBJECT
    return {"title": name.title(), "description": description, **found}


def _of(field: Field) -> Schema:
    if field.type is Type.WORD:
        return {"type": "string", "enum": list(field.words)}
    return _TYPES.get(field.type, _TEXT)


def part() -> Schema:
    """Describe a part of a spec, as it is answered."""
    times = {"created_at": _TIME, "updated_at": _TIME}
    text_or_null = {"type": ["string", "null"]}
    object_or_null = {"type": ["object", "null"]}
    common = {"id": _TEXT, "organization_id": _TEXT, **times}
    names = {"name": _TEXT, "manufacturer": text_or_null, "product_id": text_or_null}
    material = {**common, **names, "definition": object_or_null}
    of_part = {
        **common,
        "component_type": {"type": "string", "enum": list(COMPONENTS)},
        "material_id": text_or_null,
        "properties": object_or_null,
        "material": {"anyOf": [_object(material, material), {"type": "null"}]},
    }
    return _object(of_part, of_part)


def page(items: Schema) -> Schema:
    """Describe one page of a list."""
    counts = {name: {"type": "integer"} for name in ("count", "total", "as_of")}
    listed = {"items": {"type": "array", "items": items}, **counts}
    return _object(listed, listed)


def problem() -> Schema:
    """Describe a refusal."""
    body = {"error_code": _TEXT, "message": _TEXT, "detail": {}}
    return _object(body, body)


def _object(properties: Mapping[str, Any], required: Iterable[str]) -> Schema:
    return {"type": "object", "properties": dict(properties), "required": list(required)}


def requests(kinds: Iterable[RecordKind], others: Iterable[type[BaseModel]]) -> dict[str, Schema]:
    """Describe the bodies of requests by name: creates, updates, and those that are no record."""
    found: dict[str, Schema] = {}
    updates = [model_of(kind, partial=partial) for kind in kinds for partial in (False, True)]
    for model in (*updates, *others):
        schema = _without_nulls(model.model_json_schema(ref_template=_AT + "{model}"))
        found |= schema.pop("$defs", {})
        found[model.__name__] = schema
    return found


def _without_nulls(schema: Any) -> Any:
    """Drop the defaults that only say "not sent": null itself may be refused."""
    if isinstance(schema, list):
        return [_without_nulls(one) for one in schema]
    if not isinstance(schema, dict):
        return schema
    kept = {name: value for name, value in schema.items() if name != "default" or value is not None}
    return {name: _without_nulls(value) for name, value in kept.items()}
