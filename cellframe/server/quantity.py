"""Is this an object of quantities?

A number on a record carries its unit: ``{"value": 3.2, "unit": "g"}``. What is accepted is kept
as it came, further keys and spelling included.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from cellframe.contract.names import name_fault
from cellframe.server.refusals import Fault

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

HINT = 'A number needs a unit: {"value": 3.2, "unit": "g"}'
_WANTED = 'A quantity {"value": 3.2, "unit": "g"} or a text is required'


def quantity_faults(
    properties: Mapping[str, object], *, deepest: int | None, blanks: bool = False
) -> Iterator[Fault]:
    """Say what in an object of properties is neither a quantity nor a text.

    Parameters
    ----------
    properties : mapping
        As read by the strict door: numbers are finite already.
    deepest : int or None
        Levels of groups that quantities may lie in; None for any.
    blanks : bool
        Whether null stands for "remove this key" at the first level.
    """
    for key, value in properties.items():
        reason = name_fault(key)
        if reason:
            yield Fault((key,), reason)
        elif value is not None or not blanks:
            yield from _value_faults(key, value, deepest)


def _value_faults(key: str, value: object, deepest: int | None) -> Iterator[Fault]:
    if isinstance(value, str):
        return
    if not isinstance(value, dict):
        yield Fault((key,), HINT, "quantity", value)
    elif "value" in value or "unit" in value or deepest == 0:
        yield from _below(key, _parts_faults(value))
    else:
        further = None if deepest is None else deepest - 1
        yield from _below(key, quantity_faults(value, deepest=further))


def _parts_faults(quantity: Mapping[str, object]) -> Iterator[Fault]:
    if "value" not in quantity and "unit" not in quantity:
        yield Fault((), _WANTED, "quantity", quantity)
        return
    value, unit = quantity.get("value"), quantity.get("unit")
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        yield Fault(("value",), "A number is required", "quantity", value)
    if not isinstance(unit, str):
        yield Fault(("unit",), f"A unit is required as text. {HINT}", "quantity", unit)


def _below(key: str, faults: Iterator[Fault]) -> Iterator[Fault]:
    for fault in faults:
        yield Fault((key, *fault.where), fault.message, fault.type, fault.input)
