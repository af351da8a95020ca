"""In which unit each quantity is shown.

In this order: what the caller asks for, what the client is set to, the unit of the same
property on the spec, the field's usual unit, the unit of the earliest created record. A guess
that does not fit what the records measure is passed over. Never a majority: one more record
must not change every value of a column.
"""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from cellframe.contract.quantities import default_unit, is_convertible, spell
from cellframe.contract.records import COMPONENTS, RecordKind
from cellframe.frames.columns import Path, Place, Seen, label_of
from cellframe.frames.invalid import outside

if TYPE_CHECKING:
    from collections.abc import Iterator


def choose(
    kind: RecordKind,
    seen: Mapping[Place, Seen],
    asked: Mapping[str, str],
    spec: Mapping[str, Any] | None,
) -> dict[Place, str | None]:
    """Return the unit of each place that holds quantities.

    Parameters
    ----------
    kind : RecordKind
        What the records are.
    seen : mapping
        What `columns.survey` found.
    asked : mapping of str to str
        Units by label without unit, ``{"cathode.loading": "mg/cm**2"}``.
    spec : mapping or None
        The spec that the records are built to, where there is one.

    Returns
    -------
    dict of place to str or None
        None where the records' units do not convert into one another; a warning names them.
    """
    chosen: dict[Place, str | None] = {}
    for place, at in seen.items():
        if not at.units:
            continue
        have = list(at.units)
        row = kind.field(place[0])
        label = label_of(row, place[1])
        wanted = asked.get(label)
        if not all(is_convertible(unit, have[0]) for unit in have):
            _warn(label, have)
            chosen[place] = None
        elif wanted is not None and not is_convertible(wanted, have[0]):
            _warn_of_asked(label, have, wanted)
            chosen[place] = None
        else:
            guesses = filter(None, [wanted, *_guesses(place[1], spec), have[0]])
            chosen[place] = next(spell(unit) for unit in guesses if is_convertible(unit, have[0]))
    return chosen


def _guesses(path: Path, spec: Mapping[str, Any] | None) -> Iterator[str | None]:
    if spec is not None:
        yield from _on_spec(path, spec)
    yield default_unit(path)


def _on_spec(path: Path, spec: Mapping[str, Any]) -> Iterator[str | None]:
    """Return the unit of the same property on the spec.

    ``cathode.loading`` is its cathode's loading; ``cell.mass`` stands under its own properties
    or among its ratings.
    """
    head, rest = path[0], path[1:]
    if head in COMPONENTS:
        yield _unit_at(spec, (head, "properties", *rest))
        return
    rest = rest if head == "cell" else path
    yield _unit_at(spec, ("properties", *rest))
    yield _unit_at(spec, ("ratings", *rest))


def _unit_at(record: Mapping[str, Any], path: Path) -> str | None:
    value: Any = record
    for key in path:
        value = value.get(key) if isinstance(value, Mapping) else None
    unit = value.get("unit") if isinstance(value, Mapping) else None
    return unit if isinstance(unit, str) else None


def _warn(label: str, units: list[str]) -> None:
    names = ", ".join(sorted({repr(unit) for unit in units}))
    message = (
        f"The units of {label!r} do not convert into one another ({names}), so it has two columns: "
        f"{label!r} with the values as they are stored, and '{label}.unit'."
    )
    warnings.warn(message, stacklevel=outside())


def _warn_of_asked(label: str, units: list[str], wanted: str) -> None:
    names = " and ".join(repr(unit) for unit in units)
    message = (
        f"units= asks for {label!r} in {wanted!r}, and it is in {names}, which does not convert: it has "
        f"two columns, {label!r} with the values as they are stored, and '{label}.unit'."
    )
    warnings.warn(message, stacklevel=outside())
