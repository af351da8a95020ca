"""Does a body fit its kind of record?

The models that check bodies are made from the contract's tables: a field added there is
accepted here.
"""

from __future__ import annotations

from functools import cache
from itertools import islice
from typing import TYPE_CHECKING, Annotated, Any, Literal

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    NonNegativeInt,
    TypeAdapter,
    ValidationError,
    WithJsonSchema,
    create_model,
)
from pydantic_core import InitErrorDetails, PydanticCustomError

from cellframe.contract.names import name_fault
from cellframe.contract.records import COMPONENTS, NAME_LENGTH, Field, RecordKind, Type
from cellframe.server.clock import read_date, read_time, written
from cellframe.server.quantity import quantity_faults
from cellframe.server.refusals import MOST_LISTED, Fault, invalid, printable

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

_MODEL = ConfigDict(strict=True, extra="forbid")
_STRICT = ConfigDict(strict=True)
_LEVELS = {"ratings": 0, "measured_properties": 1}
"""Groups around a quantity, where the contract counts them."""
_MOST_FIELDS = 100
_CROWDED = (*COMPONENTS, "material")
_SET_BY_SERVICE = {"version"}
_NAMED_LIKE_A_RECORD = {"batch"}
"""Texts that become the name of a record of their own."""


def check_fields(
    kind: RecordKind, body: Mapping[str, Any], *, partial: bool, where: tuple[str, ...] = ()
) -> dict[str, Any]:
    """Check the fields that a create or an update sets.

    Parameters
    ----------
    kind : RecordKind
        What is created or updated.
    body : mapping
        As read.
    partial : bool
        Whether this is an update.
    where : tuple of str
        The body's place in the whole.

    Returns
    -------
    dict
        Only the fields that were sent.

    Raises
    ------
    Refusal
        A field does not fit (422, every fault named).
    """
    _refuse_crowd(where, body)
    try:
        checked = model_of(kind, partial=partial).model_validate(body)
    except ValidationError as fault:
        raise invalid([_fault(kind, where, item) for item in _errors(fault)]) from None
    return checked.model_dump(exclude_unset=True)


def _refuse_crowd(where: tuple[str, ...], body: Mapping[str, object]) -> None:
    """Refuse an object of hundreds of fields before each is reported on its own."""
    if len(body) > _MOST_FIELDS:
        raise invalid([Fault(where, f"{len(body)} fields are more than any record has")])
    for name in _CROWDED:
        part = body.get(name)
        if isinstance(part, dict):
            _refuse_crowd((*where, name), part)


@cache
def model_of(kind: RecordKind, *, partial: bool) -> type[BaseModel]:
    """Make the model of a create, or of an update, from the kind's table."""
    fields: dict[str, Any] = {}
    for field in kind.fields:
        if not field.is_key_of_object and (field.patchable if partial else field.settable):
            required = field.required and not partial
            fields[field.name] = (
                _annotation(kind, field, partial=partial),
                ... if required else None,
            )
    name = f"{kind.name.title().replace('_', '')}{'Update' if partial else 'Create'}"
    return create_model(name, __config__=_MODEL, **fields)


def _annotation(kind: RecordKind, field: Field, *, partial: bool) -> Any:
    if field.type is Type.QUANTITIES:
        inner = _quantities(field, partial=partial)
    elif field.type is Type.OBJECT:
        inner = _object(kind, field)
    else:
        inner = _plain(field)
    return inner if field.required else inner | None


def _plain(field: Field) -> Any:
    if field.name in _NAMED_LIKE_A_RECORD:
        return NameText
    return Literal[field.words] if field.type is Type.WORD else _TYPES[field.type]


def _object(kind: RecordKind, field: Field) -> Any:
    """Check the keys that are columns of their own; any other key is kept as it is."""
    inner = f"{field.name}."
    keys = [row for row in kind.fields if row.name.startswith(inner)]
    if not keys:
        return dict[str, Any]
    types: dict[str, Any] = {row.name.removeprefix(inner): _plain(row) | None for row in keys}
    adapters = {name: TypeAdapter(type_, config=_STRICT) for name, type_ in types.items()}

    def check(value: dict[str, Any]) -> dict[str, Any]:
        _raise(field.name, _key_faults(adapters, value))
        return value

    return Annotated[dict[str, Any], AfterValidator(check)]


def _key_faults(
    adapters: Mapping[str, TypeAdapter[Any]], value: Mapping[str, Any]
) -> Iterator[Fault]:
    for name, adapter in adapters.items():
        try:
            adapter.validate_python(value.get(name))
        except ValidationError as fault:
            yield Fault((name,), _errors(fault)[0]["msg"], "key", value[name])


def _quantities(field: Field, *, partial: bool) -> Any:
    blanks = field.merged and partial

    def check(value: dict[str, Any]) -> dict[str, Any]:
        deepest = _LEVELS.get(field.name)
        _raise(field.name, quantity_faults(value, deepest=deepest, blanks=blanks))
        return value

    return Annotated[dict[str, Any], AfterValidator(check)]


def _any_depth(value: dict[str, Any]) -> dict[str, Any]:
    _raise("properties", quantity_faults(value, deepest=None))
    return value


def _raise(title: str, found: Iterator[Fault]) -> None:
    """Hand faults to pydantic so that each keeps its own place below the field."""
    faults = list(islice(found, MOST_LISTED))
    if faults:
        raise ValidationError.from_exception_data(
            title,
            [
                InitErrorDetails(
                    # Braces in the message would be read as places to fill in.
                    type=PydanticCustomError("quantity", "{text}", {"text": fault.message}),
                    loc=fault.where,
                    input=fault.input,
                )
                for fault in faults
            ],
        )


def _name(text: str) -> str:
    reason = name_fault(text)
    if reason:
        raise PydanticCustomError("name", "{text}", {"text": reason})
    return text


def _date(text: str) -> str:
    try:
        return read_date(text).isoformat()
    except ValueError:
        message = "An ISO date is required, such as 2025-10-28"
        raise PydanticCustomError("date", "{text}", {"text": message}) from None


def _time(text: object) -> int:
    try:
        # Anything but a text is no ISO time either, and is told so alike.
        moment = read_time(text if isinstance(text, str) else "")
        # Year 1 in one zone is a year before in another, which no text can hold.
        written(moment)
    except (ValueError, OverflowError):
        message = "An ISO date and time is required, as 2025-10-28T09:30:00Z"
        raise PydanticCustomError("time", "{text}", {"text": message}) from None
    return moment


NameText = Annotated[
    str,
    AfterValidator(_name),
    WithJsonSchema({"type": "string", "minLength": 1, "maxLength": NAME_LENGTH}),
]
"""As `name_fault` says."""


class Material(BaseModel):
    """What a component is made of; found by name, manufacturer and product id, or created."""

    model_config = _MODEL

    name: NameText
    manufacturer: NameText | None = None
    product_id: NameText | None = None
    definition: dict[str, Any] | None = None


class Component(BaseModel):
    """One part of a spec."""

    model_config = _MODEL

    properties: Annotated[dict[str, Any], AfterValidator(_any_depth)] | None = None
    material: Material | None = None


_TYPES: dict[Type, Any] = {
    Type.ID: NameText,
    Type.NAME: NameText,
    Type.TEXT: str,
    Type.DATE: Annotated[str, AfterValidator(_date)],
    Type.COMPONENT: Component,
    Type.TIME: Annotated[
        int, BeforeValidator(_time), WithJsonSchema({"type": "string", "format": "date-time"})
    ],
    Type.INTEGER: NonNegativeInt,
    Type.NUMBER: float,
    Type.BOOLEAN: bool,
    Type.LABEL: str | int | float,
    Type.TAGS: list[str],
}


def _errors(fault: ValidationError) -> list[Mapping[str, Any]]:
    return list(fault.errors(include_url=False, include_context=False))


def _fault(kind: RecordKind, outer: tuple[str, ...], item: Mapping[str, Any]) -> Fault:
    where: tuple[str | int, ...] = tuple(item["loc"])
    message: str = item["msg"]
    if item["type"] == "extra_forbidden":
        message = _unexpected(kind, where)
    return Fault((*outer, *where), message, item["type"], item["input"])


def _unexpected(kind: RecordKind, where: tuple[str | int, ...]) -> str:
    name = str(where[-1])
    if len(where) > 1:
        return f"A part has no field {printable(name)!r} that can be set"
    known = {field.name: field for field in kind.fields}
    if name in known and known[name].settable:
        return "The field is set when the record is created and does not change"
    if name in known or name in _SET_BY_SERVICE:
        return "The field is set by the service; leave it out"
    noun = kind.name.replace("_", " ")
    return f"A {noun} has no field {printable(name)!r}"
