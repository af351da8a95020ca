"""What JSON stands where in records of one kind?

A typed read wants every key and its type beforehand, and a frame library that guesses them goes
wrong: dates in text become times, and nesting without end ends the process. So they are learned
from records that a strict decoder has read, remembered, and learned again where they do not fit.
"""

from __future__ import annotations

import threading
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from cellframe.contract.records import RecordKind, Type
from cellframe.frames.columns import DEEPEST

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

_MOST_KEYS = 20_000
"""Keys that are remembered of one kind; records with more are read cell by cell."""
_MEASURED = (Type.QUANTITIES, Type.COMPONENT)
_NAMES: dict[type, str] = {str: "text", bool: "truth", int: "whole", float: "number"}


class NoShapeError(Exception):
    """Values of several types stand at one place, or more than a typed read is for."""


@dataclass(slots=True)
class Shape:
    """What was seen at one place.

    Attributes
    ----------
    names : set of str
        Kinds of value: text, truth, whole, number, object, list; null is none.
    keys : dict of str to Shape
        Below an object, in the order in which they were seen.
    item : Shape or None
        Within a list.
    """

    names: set[str] = field(default_factory=set)
    keys: dict[str, Shape] = field(default_factory=dict)
    item: Shape | None = None

    def learn(self, value: Any, depth: int = 0) -> int:
        """Take in one value, and return how many keys were new."""
        if value is None:
            return 0
        if depth > DEEPEST:
            raise NoShapeError
        if isinstance(value, dict):
            self.names.add("object")
            return self._learn_keys(value, depth)
        if isinstance(value, list):
            self.names.add("list")
            within = self.item = self.item or Shape()
            return sum(within.learn(one, depth + 1) for one in value)
        self.names.add(_NAMES[type(value)])
        return 0

    def _learn_keys(self, value: Mapping[str, Any], depth: int) -> int:
        new = 0
        for key, below in value.items():
            known = self.keys.get(key)
            if known is None:
                known = self.keys[key] = Shape()
                new += 1
            new += known.learn(below, depth + 1)
        return new

    def arrow(self, *, measured: bool = False) -> Any:
        """Return the Arrow type that holds every value that was seen here, and no other.

        Parameters
        ----------
        measured : bool
            Whether every number is one of a quantity, and so no whole number.

        Raises
        ------
        NoShapeError
            There is none.
        """
        import pyarrow as pa

        names = " ".join(sorted(self.names))
        if names == "object":
            return pa.struct({key: of.arrow(measured=measured) for key, of in self.keys.items()})
        if names == "list" and self.item is not None:
            return pa.list_(self.item.arrow(measured=measured))
        if names == "whole" and not measured:
            return pa.int64()
        plain = {
            "": pa.null(),
            "text": pa.string(),
            "truth": pa.bool_(),
            "whole": pa.float64(),
            "number": pa.float64(),
            "number whole": pa.float64(),
        }
        if names not in plain:
            raise NoShapeError
        return plain[names]


class Shapes:
    """What was seen in records of one kind so far. Safe to use from several threads."""

    def __init__(self, kind: RecordKind) -> None:
        self.kind = kind
        self._record = Shape({"object"})
        self._size = 0
        self._lock = threading.Lock()
        self._type: Any = None

    @property
    def is_new(self) -> bool:
        """Whether nothing was learned yet."""
        return not self._size

    def learn(self, records: Iterable[Mapping[str, Any]]) -> None:
        """Take in records.

        Raises
        ------
        NoShapeError
            They hold more than a typed read is for.
        """
        with self._lock:
            self._type = None
            for record in records:
                self._size += self._record.learn(record)
                if self._size > _MOST_KEYS:
                    raise NoShapeError

    def of_records(self) -> Any:
        """Return the Arrow type of a record: the fields of the table as it says, others as they were seen.

        Raises
        ------
        NoShapeError
            Values of several types stand at one place.
        """
        import pyarrow as pa

        with self._lock:
            if self._type is None:
                declared = {
                    row.name: found
                    for row in self.kind.fields
                    if not row.is_key_of_object and (found := _declared(row.type)) is not None
                }
                measured = {row.name for row in self.kind.fields if row.type in _MEASURED}
                seen = {
                    key: shape.arrow(measured=key in measured)
                    for key, shape in self._record.keys.items()
                    if key not in declared
                }
                self._type = pa.struct({**declared, **seen})
            return self._type


def _declared(type_: Type) -> Any:
    """Return the one Arrow type that a field has in every record; None where that depends on them."""
    import pyarrow as pa

    return {
        Type.ID: pa.string(),
        Type.NAME: pa.string(),
        Type.TEXT: pa.string(),
        Type.WORD: pa.string(),
        Type.DATE: pa.string(),
        Type.TIME: pa.string(),
        Type.INTEGER: pa.int64(),
        Type.NUMBER: pa.float64(),
        Type.BOOLEAN: pa.bool_(),
        Type.TAGS: pa.list_(pa.string()),
        Type.IDS: pa.list_(pa.string()),
    }.get(type_)
