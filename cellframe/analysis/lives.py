"""What has a cell been through, over all its tests, and what is known of it besides?"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import polars as pl

from cellframe.analysis.cycle_rows import said
from cellframe.analysis.reading import FINDING, TOLD, back, given, require
from cellframe.contract.series import CYCLE
from cellframe.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cellframe.frames.backend import AnyFrame

OF_TEST = "Cycle count of test"
_START, _END, _ID, _CELL = "start_time [UTC]", "end_time [UTC]", "measurement_id", "instance_id"
_JOINS = (_CELL, "cell")


def with_cells(frame: AnyFrame, cells: AnyFrame, columns: str | Sequence[str] | None = None) -> Any:
    """Return an answer, or any long frame, with what is known of its cells.

    Parameters
    ----------
    frame : polars or pandas DataFrame, or LazyFrame
        With ``instance_id``, else ``cell``.
    cells : polars or pandas DataFrame
        ``frames.instances``, or any table with a row per cell.
    columns : str or sequence of str, optional
        Of `cells`; without it all that `frame` has not.

    Returns
    -------
    DataFrame
        The rows of `frame` in their order, none more and none less, and the columns behind its own.

    Raises
    ------
    FrameError
        `cells` lacks a column.
    ConfigError
        The two have no key in common, or a cell is there twice.
    """
    long, known = given(frame, finite=False), given(cells, finite=False).collect()
    there = long.collect_schema()
    key = next((one for one in _JOINS if one in there and one in known.columns), None)
    if key is None:
        message = f"Neither {' nor '.join(map(repr, _JOINS))} is in both frames: there is nothing to join them by."
        raise ConfigError(message)
    if there[key] != known.schema[key]:
        message = (
            f"{key!r} holds {there[key]} here and {known.schema[key]} there: cast one of them."
        )
        raise ConfigError(message)
    twice = known.filter(pl.col(key).is_duplicated() & pl.col(key).is_not_null())[key].unique()
    if twice.len():
        shown = ", ".join(map(repr, twice.sort().head(5)))
        raise ConfigError(f"{key!r} should be there once per cell; {shown} is there several times.")
    names = [columns] if isinstance(columns, str) else columns
    if names is not None:
        require(known.schema, names, "a table of cells")
    wanted = [name for name in (names or known.columns) if name not in there]
    joined = long.join(known.lazy().select(key, *wanted), on=key, how="left", maintain_order="left")
    return back(joined.collect(), frame)


def life(cycles: AnyFrame, tests: AnyFrame) -> Any:
    """Return the cycles of each cell over all its tests, counted on from test to test.

    Parameters
    ----------
    cycles : polars or pandas DataFrame, or LazyFrame
        ``frames.cycles``: with ``measurement_id``, ``instance_id`` and ``Cycle count``.
    tests : polars or pandas DataFrame
        ``frames.measurements``: ``measurement_id`` and ``start_time [UTC]``.

    Returns
    -------
    DataFrame, shape (n_cycles, n_columns)
        As `cycles`, cell by cell and test by test in the order in which they began. ``Cycle
        count`` begins as the first test of the cell counts, and goes on where a test ended; ``Cycle
        count of test`` is what it was, and there is no ``measurement_id``: so every question sees
        one cell, not its tests.
        ``Finding`` names what is doubtful. Tests of unknown begin, where a cell has several,
        have no ``Cycle count``, and no question counts them.

    Raises
    ------
    FrameError
        A column is missing.

    Notes
    -----
    A cycle that a test resumed counts again: nothing tells where the one ended and the other
    began. Check-ups of other rates are cycles as well: give them a label, and ask for it.
    """
    rows, told = given(cycles, finite=False).collect(), given(tests).collect()
    require(rows.schema, (_ID, _CELL, CYCLE), "a table of cycles of tests")
    require(told.schema, (_ID, _START), "a table of tests")
    ends = [_END] if _END in told.columns else []
    when = told.select(_ID, _START, *ends).unique(_ID, keep="first", maintain_order=True)
    placed = rows.with_row_index("\x00row").join(when, on=_ID, how="left", maintain_order="left")
    first = pl.col("\x00row").min().over(_CELL)
    several = pl.col(_ID).n_unique().over(_CELL) > 1
    unknown = (pl.col(_START).is_null() & several).alias("\x00unknown")
    ordered = placed.with_columns(unknown).sort(
        first, "\x00unknown", _START, pl.col("\x00row").min().over(_ID), CYCLE, maintain_order=True
    )
    early = _begins_early(ordered, has_ends=bool(ends))
    counted = ordered.with_columns(
        pl.col(CYCLE).alias(OF_TEST),
        _counted_on(ordered).alias(CYCLE),
        said(
            (pl.col("\x00unknown"), f"{_START!r} of this test is not known, so it has no place"),
            (pl.col(_ID).is_in(early), "this test began before the one before it ended"),
        )
        .cast(TOLD[FINDING])
        .alias(FINDING),
    )
    kept = [label for label in rows.columns if label not in (_ID, CYCLE, FINDING)]
    place = rows.drop(_ID).columns.index(CYCLE)
    order = [*kept[:place], CYCLE, OF_TEST, *kept[place:], FINDING]
    return back(counted.select(order), cycles)


def _counted_on(rows: pl.DataFrame) -> pl.Series:
    """Return the cycle of each row's cell, each test counting on from where the last one ended."""
    known = rows.with_row_index("\x00place").filter(~pl.col("\x00unknown"))
    tests = known.group_by(_CELL, _ID, maintain_order=True).agg(
        pl.col(CYCLE).min().alias("first"), pl.col(CYCLE).max().alias("last")
    )
    length = (pl.col("last") - pl.col("first") + 1).fill_null(0)
    start = pl.col("first").first().over(_CELL) + length.cum_sum().over(_CELL) - length
    offsets = tests.select(_CELL, _ID, (start - pl.col("first")).alias("offset"))
    made = known.join(offsets, on=(_CELL, _ID), how="left", maintain_order="left", nulls_equal=True)
    counts = made.select(
        "\x00place", (pl.col(CYCLE) + pl.col("offset")).cast(pl.Int64).alias(CYCLE)
    )
    places = rows.select(pl.int_range(pl.len(), dtype=pl.UInt32).alias("\x00place"))
    return places.join(counts, on="\x00place", how="left", maintain_order="left")[CYCLE]


def _begins_early(rows: pl.DataFrame, *, has_ends: bool) -> list[str]:
    """Return the tests that begin before the latest end of those before them."""
    if not has_ends:
        return []
    tests = rows.filter(pl.col(_START).is_not_null()).unique(_ID, keep="first", maintain_order=True)
    before = pl.col(_END).cum_max().forward_fill().shift(1).over(_CELL)
    return tests.filter(pl.col(_START) < before)[_ID].to_list()
