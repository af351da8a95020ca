"""Steps and cycles of many tests as one checked frame.

The columns are the contract's. A column that nobody declared is kept; one that is declared and
missing is null; one that holds something else than declared is a fault, never cast in silence.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import polars as pl

from cellframe.errors import FrameError
from cellframe.frames.faults import Fault, table

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from cellframe.contract.series import Held

KEYS = ("measurement_id", "instance_id", "spec_id", "test", "cell", "spec")
"""The first columns of every long frame."""
HELD: dict[Held, pl.DataType] = {"float": pl.Float64(), "int": pl.Int64(), "text": pl.String()}
"""How each declared column is held."""


def apart(labels: Iterable[str]) -> dict[str, str]:
    """Return new names for the columns of a test that are called as a key is: keys win."""
    return {label: f"{label} (own)" for label in labels if label in KEYS}


class Owner(NamedTuple):
    """Whose rows these are: ids and names of the test, its cell and its spec."""

    measurement_id: str
    instance_id: str
    spec_id: str | None
    test: str
    cell: str | None
    spec: str | None


def owners(rows: Sequence[Owner]) -> pl.DataFrame:
    """Return owners as a frame, shape (n_tests, 6)."""
    return pl.DataFrame(rows, schema=dict.fromkeys(KEYS, pl.String), orient="row")


def conform(frame: pl.DataFrame, columns: Mapping[str, Held], name: str) -> pl.DataFrame:
    """Return a frame with the declared columns in their order, and any other after them.

    Parameters
    ----------
    frame : DataFrame
        Steps or cycles of one test, as they came.
    columns : mapping of str to str
        What each declared column holds.
    name : str
        What to call the frame in an error.

    Raises
    ------
    FrameError
        A declared column holds something else; `.failures` has every one.
    """
    declared = [(label, HELD[held]) for label, held in columns.items()]
    if list(frame.schema.items())[: len(declared)] == declared:
        return frame
    made: list[pl.Series] = []
    faults: list[Fault] = []
    present = set(frame.columns)
    for label, held in columns.items():
        if label not in present:
            made.append(_nothing(label, held, frame.height))
            continue
        given = frame[label]
        column = _held(given, held)
        if column is None:
            message = f"{label!r} should hold {_SPOKEN[held]} and holds {given.dtype}."
            faults.append(Fault(message, column=label, rule=held))
        else:
            made.append(column.alias(label))
    if faults:
        raise FrameError(f"The {name} do not fit their schema.", table(faults))
    made += [frame[label] for label in frame.columns if label not in columns]
    return pl.DataFrame(made)


_SPOKEN: dict[Held, str] = {"float": "numbers", "int": "whole numbers", "text": "text"}


_GAPS = {held: pl.Series("", [None], dtype=dtype) for held, dtype in HELD.items()}


def _nothing(label: str, held: Held, height: int) -> pl.Series:
    # Twenty a table: to make a series from a list costs thirty times as much.
    return _GAPS[held].new_from_index(0, height).alias(label)


def _without_nan(given: pl.Series) -> pl.Series:
    # A sum costs a hundredth of a `fill_nan`, which starts an engine for a dozen rows.
    is_whole = not given.dtype.is_float() or given.sum() == given.sum()
    return given if is_whole else given.fill_nan(None)


def _held(given: pl.Series, held: Held) -> pl.Series | None:
    """Return a column as declared; None where that would change a value."""
    dtype = HELD[held]
    plain = _without_nan(given)
    if plain.dtype == dtype:
        return plain
    if plain.null_count() == len(plain):
        return _nothing(given.name, held, len(plain))
    if held == "text" or not plain.dtype.is_numeric():
        return None
    made = plain.cast(dtype, strict=False)
    return made if (made == plain).sum() == len(plain) - plain.null_count() else None


def stack(parts: Sequence[tuple[Owner, pl.DataFrame]], columns: Mapping[str, Held]) -> pl.DataFrame:
    """Return the rows of many tests under each other, each with its keys and names.

    Parameters
    ----------
    parts : sequence of (Owner, DataFrame)
        Conformed frames.
    columns : mapping of str to str
        The declared columns: they are there also where no test has a row.
    """
    empty = pl.DataFrame(schema={label: HELD[held] for label, held in columns.items()})
    frames = [empty, *(frame for _, frame in parts)]
    heights = [frame.height for _, frame in parts]
    whole = pl.concat(frames, how="diagonal_relaxed", rechunk=True)
    whole = whole.rename(apart(whole.columns))
    index = pl.Series("row", range(len(parts)), dtype=pl.UInt32).repeat_by(
        pl.Series(heights, dtype=pl.UInt32)
    )
    rows = index.explode(empty_as_null=False) if parts else pl.Series("row", [], dtype=pl.UInt32)
    keys = owners([owner for owner, _ in parts])[rows]
    # NaN and null are both a gap, in whatever the service holds.
    return pl.concat(
        [keys, whole.with_columns(pl.selectors.float().fill_nan(None))], how="horizontal"
    )
