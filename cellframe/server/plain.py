"""Does a body fit that asks for something, and is no record?"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeVar

from pydantic import BaseModel, ConfigDict, ValidationError

from cellframe.server.refusals import Fault, invalid

if TYPE_CHECKING:
    from collections.abc import Mapping

_Model = TypeVar("_Model", bound=BaseModel)
PLAIN = ConfigDict(strict=True, extra="forbid")
"""How such a body is read: no other fields, no other types."""


class Nothing(BaseModel):
    """A body that says nothing: the path says it all."""

    model_config = PLAIN


def check_model(model: type[_Model], body: Mapping[str, Any], noun: str) -> _Model:
    """Check a body.

    Parameters
    ----------
    noun : str
        What people call it.

    Raises
    ------
    Refusal
        A field does not fit (422, every fault named).
    """
    try:
        return model.model_validate(body)
    except ValidationError as fault:
        items = fault.errors(include_url=False, include_context=False)
        raise invalid([_fault(noun, item) for item in items]) from None


def _fault(noun: str, item: Mapping[str, Any]) -> Fault:
    unknown = item["type"] == "extra_forbidden"
    message = f"This {noun} has no such field" if unknown else item["msg"]
    return Fault(tuple(item["loc"]), message, item["type"], item["input"])
