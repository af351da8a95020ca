"""What do the bodies around an upload say?"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel
from pydantic_core import PydanticCustomError

from cellframe.contract.filenames import filename_fault
from cellframe.contract.records import CELL_MEASUREMENT, FILES, TIME_SERIES
from cellframe.server.fields import NameText, check_fields
from cellframe.server.plain import PLAIN, Nothing, check_model
from cellframe.server.refusals import Fault, invalid
from cellframe.server.strict import digest_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from cellframe.contract.wire import JsonValue

_NOUN = "upload"
_MOST_FILES = 100
_SENDERS_OWN = "data_type"
"""Tells the sender's own checks what they look at; some send it along."""


@dataclass(frozen=True, slots=True)
class Initiate:
    """What an initiate announces.

    Attributes
    ----------
    fields : dict
        Of the test, checked.
    measurement_type : {"time_series", "file"}
    filenames : list of str or None
        Of the files, for the type ``file``.
    """

    fields: dict[str, Any]
    measurement_type: str
    filenames: list[str] | None


@dataclass(frozen=True, slots=True)
class Confirm(Initiate):
    """What a confirm says: the same, the cell, and the digest of its whole body."""

    cell_instance_id: str
    digest: str


def read_initiate(body: Mapping[str, JsonValue]) -> Initiate:
    """Read the body of an initiate; 4xx where it does not fit."""
    given = check_model(InitiateBody, body, _NOUN)
    if (given.measurement_type == FILES) != (given.filenames is not None):
        message = "Names of files are sent with measurement_type 'file', and only then"
        raise invalid([Fault(("filenames",), message)])
    return Initiate(*_common(given))


def read_confirm(body: Mapping[str, JsonValue]) -> Confirm:
    """Read the body of a confirm; 4xx where it does not fit."""
    given = check_model(ConfirmBody, body, _NOUN)
    return Confirm(*_common(given), given.cell_instance_id, digest_of(body))


def read_nothing(body: Mapping[str, JsonValue]) -> str:
    """Read a body that says nothing, ``{}``; return its digest."""
    check_model(Nothing, body, _NOUN)
    return digest_of(body)


def _common(given: InitiateBody) -> tuple[dict[str, Any], str, list[str] | None]:
    sent = {name: value for name, value in given.measurement.items() if name != _SENDERS_OWN}
    fields = check_fields(CELL_MEASUREMENT, sent, partial=False, where=("measurement",))
    kind = given.measurement_type or TIME_SERIES
    if fields.get("measurement_type") not in {None, kind}:
        message = f"The upload is of type {kind!r}"
        raise invalid([Fault(("measurement", "measurement_type"), message)])
    return fields, kind, given.filenames


def _filenames(names: list[str]) -> list[str]:
    if not 1 <= len(names) <= _MOST_FILES:
        raise _custom(f"A test has 1 to {_MOST_FILES} files, these are {len(names)}")
    if len(set(names)) < len(names):
        raise _custom("Each file needs a name of its own")
    return names


def _filename(name: str) -> str:
    fault = filename_fault(name)
    if fault:
        raise _custom(fault)
    return name


def _custom(text: str) -> PydanticCustomError:
    return PydanticCustomError("filename", "{text}", {"text": text})


class InitiateBody(BaseModel):
    """An upload that is to begin."""

    model_config = PLAIN

    measurement: dict[str, Any]
    measurement_type: Literal["time_series", "file"] | None = None
    filenames: (
        Annotated[list[Annotated[str, AfterValidator(_filename)]], AfterValidator(_filenames)]
        | None
    ) = None


class ConfirmBody(InitiateBody):
    """An upload that has come."""

    cell_instance_id: NameText
