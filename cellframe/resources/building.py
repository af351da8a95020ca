"""Which cells are about to be built? A frame of new rows, numbered, to be filled in."""

from __future__ import annotations

import re
import string
import unicodedata
from typing import TYPE_CHECKING, Any, NamedTuple

from cellframe.contract.records import CELL_INSTANCE, COMPONENTS, NAME_LENGTH
from cellframe.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    import polars as pl

    from cellframe.frames.columns import Column
    from cellframe.resources.connection import Connection
    from cellframe.resources.records import CellSpec

MOST = 100_000
"""Rows of one build sheet; more is a slip of the keyboard."""
_RATED_AND_MEASURED = ("capacity", "energy")
"""Ratings that are measured on a cell too; the others are limits, which nobody measures."""
_AS = "as in 'NCM622-GR-{:03}'"


class Numbered(NamedTuple):
    """A pattern of names, taken apart at its number.

    Attributes
    ----------
    before, after : str
        What stands around the number.
    digits : int
        Digits at least; shorter numbers are filled up with zeros.
    """

    before: str
    after: str
    digits: int

    def name(self, number: int) -> str:
        """Return the name with this number."""
        return f"{self.before}{number:0{self.digits}}{self.after}"

    def number(self, name: str) -> int | None:
        """Return the number in a name; None where the name is not of this pattern."""
        body = name[len(self.before) : len(name) - len(self.after)]
        if not (body.isascii() and body.isdigit()):
            return None
        return int(body) if self.name(int(body)) == name else None


def numbered(pattern: str) -> Numbered:
    """Read a pattern of names, such as ``NCM622-GR-{:03}``.

    Raises
    ------
    ConfigError
        It has no number, several, or one that is not written as ``{}`` or ``{:03}``.
    """
    try:
        parts = list(string.Formatter().parse(unicodedata.normalize("NFC", pattern)))
    except ValueError:
        raise _pattern_fault(pattern, "has a brace without its partner.") from None
    numbers = [(field, spec, how) for _, field, spec, how in parts if field is not None]
    if not numbers:
        raise _pattern_fault(pattern, "has no place for the number.")
    if len(numbers) > 1:
        raise _pattern_fault(pattern, f"has {len(numbers)} places for a number.")
    (field, spec, how) = numbers[0]
    written = re.fullmatch(r"(?:0(?P<digits>[1-9]\d?))?d?", spec or "")
    if field or how or written is None:
        raise _pattern_fault(pattern, "writes its number in a way that is not known.")
    at = next(place for place, part in enumerate(parts) if part[1] is not None)
    before = "".join(text for text, *_ in parts[: at + 1])
    after = "".join(text for text, *_ in parts[at + 1 :])
    return Numbered(before, after, int(written["digits"] or 1))


def _pattern_fault(pattern: str, what: str) -> ConfigError:
    return ConfigError(
        f"The name {pattern!r} {what} Write the number once, {_AS}, or plainly {{}}."
    )


def names(pattern: str, count: int, taken: Iterable[str], start: int | None) -> list[str]:
    """Return the names of new cells.

    Parameters
    ----------
    pattern : str
        ``NCM622-GR-{:03}``.
    count : int
        How many.
    taken : iterable of str
        Names that there are.
    start : int or None
        The first number; the one after the highest that is taken, where None. A gap is left as
        it is: a number that was given to a cell once may still stand on it.

    Raises
    ------
    ConfigError
        The pattern, the count or the start is not fit, or a name is taken.
    """
    form = numbered(pattern)
    _check_whole("count", count, 1, MOST)
    have = {unicodedata.normalize("NFC", name) for name in taken}
    found = (number for name in have if (number := form.number(name)) is not None)
    first = max(found, default=0) + 1 if start is None else start
    _check_whole("start", first, 0, 10**18)
    made = [form.name(number) for number in range(first, first + count)]
    if len(made[-1]) > NAME_LENGTH:
        message = f"The name {made[-1]!r} has {len(made[-1])} characters, and {NAME_LENGTH} are the most there can be."
        raise ConfigError(message)
    clash = [name for name in made if name in have]
    if clash:
        some = "1 name is" if len(clash) == 1 else f"{len(clash)} names are"
        message = f"{some} taken already, {clash[0]!r} first. Leave out start= to go on after the highest number, or begin higher."
        raise ConfigError(message)
    return made


def _check_whole(what: str, number: int, least: int, most: int) -> None:
    given: Any = number
    if not isinstance(given, int) or isinstance(given, bool) or not least <= given <= most:
        raise ConfigError(f"{what}={given!r} is no whole number from {least} to {most:,}.")


def build_frame(
    connection: Connection,
    spec: CellSpec,
    cells: Sequence[Mapping[str, Any]],
    made: Sequence[str],
    batch: str | None,
) -> pl.DataFrame:
    """Return a frame of new cells; see ``client.cell_instance.build_frame``.

    Parameters
    ----------
    spec : CellSpec
        With its components.
    cells : sequence of mapping
        The records of the cells that it has.
    made : sequence of str
        The names of the new ones.
    batch : str or None
        Their lot.
    """
    import polars as pl

    from cellframe.frames.decode import dtype_of

    columns = _to_fill_in(connection, spec, cells or [as_measured(spec)])
    blank = pl.DataFrame(schema={column.label: dtype_of(column) for column in columns})
    text = pl.String()
    return blank.clear(len(made)).with_columns(
        pl.Series(CELL_INSTANCE.noun, made, dtype=text),
        pl.lit(spec.name, dtype=text).alias(CELL_INSTANCE.parent_noun),
        pl.lit(batch or None, dtype=text).alias("batch"),
    )


def _to_fill_in(
    connection: Connection, spec: CellSpec, cells: Sequence[Mapping[str, Any]]
) -> list[Column]:
    """Return the blank key and version, the name of the spec, and what can be filled in.

    A file with both a key and a version is known again as a sheet of ours: it came as we write it.
    """
    from cellframe.frames.columns import Leaf, arrange, leaf_columns, plain_columns, survey
    from cellframe.frames.units import choose

    kind = CELL_INSTANCE
    seen = survey(kind, cells)
    leaves = leaf_columns(kind, seen, choose(kind, seen, connection.settings.units, spec))
    columns = arrange(kind, plain_columns(kind), leaves)
    ours = (Leaf.PARENT_NAME, Leaf.VERSION)
    return [
        column
        for column in columns
        if column.label == kind.key or column.leaf in ours or column.is_editable
    ]


def as_measured(spec: Mapping[str, Any]) -> dict[str, Any]:
    """Return what a cell of a spec would have, if everything that the spec speaks of were measured.

    Returns
    -------
    dict
        Fields of a cell: the quantities among the spec's properties, those of its components,
        and of its ratings the capacity and the energy.
    """
    ratings = spec.get("ratings") or {}
    rated = {name: ratings[name] for name in _RATED_AND_MEASURED if name in ratings}
    parts = {name: (spec.get(name) or {}).get("properties") for name in COMPONENTS}
    whole = {"cell": {**rated, **(spec.get("properties") or {})}, **parts}
    return {"measured_properties": _quantities(whole)}


def _quantities(below: Any) -> Any:
    """Return the quantities of a nest alone."""
    from cellframe.frames.columns import is_quantity

    if is_quantity(below):
        return below
    if not isinstance(below, dict):
        return None
    found = {key: _quantities(value) for key, value in below.items()}
    return {key: value for key, value in found.items() if value} or None
