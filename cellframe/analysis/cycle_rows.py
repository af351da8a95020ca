"""Which cycles has each cell, in order, and which of them are partial, or no cycle of this cell?

What is asked of cycles is asked of what is read here. A partial first cycle (the cell came half
charged) and a cut last one are found beside their neighbours, and so are glitches: the median of
five cycles on either side knows neither of them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import polars as pl

from cellframe.analysis.reading import IDENTITIES, TOLD, back, first_of, given, keys_of, require
from cellframe.contract.series import (
    CHARGE_CAPACITY,
    CHARGE_ENERGY,
    CYCLE,
    CYCLE_FROM_CYCLER,
    DISCHARGE_CAPACITY,
    DISCHARGE_ENERGY,
)
from cellframe.errors import FrameError
from cellframe.frames.columns import parse
from cellframe.frames.faults import Fault, table
from cellframe.frames.other_units import labelled

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from cellframe.frames.backend import AnyFrame

WHO = "\x00who"
"""What tells cells apart in a frame of ours; a name that nobody's column has."""
LABEL = "Label"
"""Where a frame says what a cycle is for, unless another column is named."""
RATED = "Rated capacity [A.h]"
"""The column that says what a cell is rated for."""
NEIGHBOURS = 5
"""Cycles on either side that a cycle is compared with."""
PARTIAL, TOO_MUCH = 0.5, 2.0
"""Of the median of the neighbours: a first or last cycle below is partial, one above is a glitch."""
OTHER_WAY = {
    DISCHARGE_CAPACITY: CHARGE_CAPACITY,
    CHARGE_CAPACITY: DISCHARGE_CAPACITY,
    DISCHARGE_ENERGY: CHARGE_ENERGY,
    CHARGE_ENERGY: DISCHARGE_ENERGY,
}
"""What flows the other way in a cycle."""
_FEWEST = 3
_MANY_TIMES, _ENOUGH = 1.5, 10
"""Rows per cycle of one cell: some are there twice, as a cycler writes them that was restarted."""
_ROW = "\x00row"


def cycle_rows(
    frame: AnyFrame,
    needed: Sequence[str],
    optional: Iterable[str] = (),
    *,
    what: str = "a table of cycles",
) -> pl.DataFrame:
    """Return cycles in order, cells in the order in which they first come.

    Parameters
    ----------
    frame : polars or pandas DataFrame, or LazyFrame
        Rows of cycles, of one cell or of many.
    needed, optional : iterable of str
        Labels that must be there, and labels that are read where they are. Quantities in another
        unit are converted.
    what : str
        What the frame is to be, in an error.

    Returns
    -------
    DataFrame
        `WHO`, the keys, the labels, and beside a counter the one of the other way. A row whose cycle is blank is left out.

    Raises
    ------
    FrameError
        A column is missing, or holds no numbers, or cycles that are not whole.
    """
    optional = (*optional, *(OTHER_WAY[label] for label in needed if label in OTHER_WAY))
    wanted = list(dict.fromkeys((CYCLE, CYCLE_FROM_CYCLER, *needed, *optional)))
    lazy = labelled(given(frame), wanted)
    there = lazy.collect_schema()
    require(there, (CYCLE, *needed), what)
    require(there, [label for label in optional if label in there and parse(label)[1]], what)
    keys = keys_of(there)
    identity = first_of(IDENTITIES, keys)
    who = pl.lit(0) if identity is None else pl.col(identity)
    labels = [label for label in wanted if label in there and label not in keys]
    numbers = [label for label in labels if parse(label)[1]]
    rows = lazy.select(who.alias(WHO), *keys, *labels).with_columns(
        pl.col(numbers).cast(pl.Float64)
    )
    known = rows.filter(pl.col(CYCLE).is_not_null()).collect()
    cycles = _whole(known[CYCLE])
    if identity is None:
        _require_one_cell(cycles, lazy)
    return in_order(known.with_columns(cycles), CYCLE)


def _require_one_cell(cycles: pl.Series, lazy: pl.LazyFrame) -> None:
    """Refuse the cycles of many cells that nothing tells apart.

    Raises
    ------
    FrameError
        Most cycles are there several times.
    """
    if len(cycles) < _ENOUGH or len(cycles) <= _MANY_TIMES * cycles.n_unique():
        return
    there = lazy.collect_schema()
    texts = [label for label in there if there[label] == pl.String]
    name = texts[0] if texts else "barcode"
    message = (
        f"{CYCLE!r} counts {cycles.n_unique()} cycles in {len(cycles)} rows, and no column says which "
        f"row is of which cell: name that column 'cell', as in frame.rename({{{name!r}: 'cell'}})."
    )
    raise FrameError(message, table([Fault(message, rule="cell")]))


def _whole(cycles: pl.Series) -> pl.Series:
    """Return counts as whole numbers with a sign, so that one less than 0 is -1.

    Raises
    ------
    FrameError
        They are not whole, or no numbers.
    """
    if cycles.dtype.is_numeric() or cycles.dtype == pl.Null:
        whole = cycles.cast(pl.Int64, strict=False)
        broken = cycles.filter((whole != cycles).fill_null(value=True))
        if broken.is_empty():
            return whole
        what = f"{broken[0]:.7g} is none"
    else:
        what = f"it holds {cycles.dtype}"
    message = f"{CYCLE!r} should count cycles in whole numbers, and {what}. Correct it."
    raise FrameError(message, table([Fault(message, column=CYCLE, rule="whole")]))


def in_order(rows: pl.DataFrame, cycle: str, who: Sequence[str] = (WHO,)) -> pl.DataFrame:
    """Sort by cycle, cells in the order in which they first come."""
    if not who:
        return rows.sort(cycle, maintain_order=True)
    first = pl.col(_ROW).min().over(who)
    return rows.with_row_index(_ROW).sort(first, cycle, maintain_order=True).drop(_ROW)


def answer(made: pl.DataFrame, columns: Sequence[str], frame: AnyFrame) -> Any:
    """Return an answer: keys, columns, and what is told of them, in the library of the question."""
    told = [label for label in TOLD if label in made.columns]
    # As the lab counts stands beside as the data count, where it is known.
    lab = [CYCLE_FROM_CYCLER] if {CYCLE, CYCLE_FROM_CYCLER} <= set(made.columns) else []
    place = list(columns).index(CYCLE) + 1 if lab and CYCLE in columns else 0
    chosen = [*keys_of(made.columns), *columns[:place], *lab[:place], *columns[place:], *told]
    return back(made.select(chosen).with_columns(_held(label) for label in told), frame)


def _held(label: str) -> pl.Expr:
    return pl.col(label).cast(TOLD[label])


def said(*findings: tuple[pl.Expr, str | pl.Expr]) -> pl.Expr:
    """Return what is to be said of a row: the texts whose condition holds, in their order."""
    texts = [
        pl.when(where).then(pl.lit(text) if isinstance(text, str) else text)
        for where, text in findings
    ]
    whole = pl.concat_str(texts, separator="; ", ignore_nulls=True)
    return pl.when(whole != "").then(whole)


def short(number: pl.Expr, digits: int = 4) -> pl.Expr:
    """Write a number in a few digits."""
    return number.round_sig_figs(digits).cast(pl.String)


def before(label: str) -> pl.Expr:
    """Return the median of the cycles before each one."""
    middle = pl.col(label).rolling_median(NEIGHBOURS, min_samples=1)
    return middle.shift(1).over(WHO)


def after(label: str) -> pl.Expr:
    """Return the median of the cycles after each one."""
    middle = pl.col(label).reverse().rolling_median(NEIGHBOURS, min_samples=1)
    return middle.shift(1).reverse().over(WHO)


def is_first() -> pl.Expr:
    """Whether a row is the first of its cell."""
    return pl.int_range(pl.len()).over(WHO) == 0


def is_last() -> pl.Expr:
    """Whether a row is the last of its cell."""
    return pl.int_range(pl.len()).over(WHO) == pl.len().over(WHO) - 1


def is_partial_first(label: str) -> pl.Expr:
    """Whether a cycle is the first one and moves less than half of what the next ones do."""
    small = pl.col(label) < PARTIAL * after(label)
    return (is_first() & (pl.len().over(WHO) >= _FEWEST) & small).fill_null(value=False)


def is_cut_last(label: str, other: str) -> pl.Expr:
    """Whether a cycle is the last one, moves less than half, and the other way is not as little.

    A cell that fails moves little both ways; a cycle that was cut lacks part of one of them.
    """
    one, both = pl.col(label).fill_null(0.0), pl.max_horizontal(label, other)
    uneven = (one < PARTIAL * before(label)) & (pl.min_horizontal(one, other) < PARTIAL * both)
    return (is_last() & (pl.len().over(WHO) >= _FEWEST) & uneven).fill_null(value=False)


def is_small_last(label: str) -> pl.Expr:
    """Whether a cycle is the last one, and moves less than half of what those before did."""
    small = pl.col(label) < PARTIAL * before(label)
    return (is_last() & (pl.len().over(WHO) >= _FEWEST) & small).fill_null(value=False)


def is_glitch(label: str, rows: pl.DataFrame) -> pl.Expr:
    """Whether a cycle moves more than the cell did before it and does after it, and the other way.

    A fade, however steep, is never one: what is less than before is compared with what was before.
    Nor is a whole cycle among diagnostics that move next to nothing: as much goes the other way.
    """
    found = pl.col(label) > TOO_MUCH * _usual(label)
    other = OTHER_WAY.get(label)
    if other in rows.columns:
        around = [pl.col(other).shift(n).over(WHO) for n in (1, 0, -1)]
        found &= (pl.col(label) > TOO_MUCH * pl.max_horizontal(around)).fill_null(value=True)
    return found.fill_null(value=False)


def _usual(label: str) -> pl.Expr:
    return pl.max_horizontal(before(label), after(label), pl.col(label).median().over(WHO))


def glitch_told(label: str) -> pl.Expr:
    """Say how far a glitch is from its neighbours."""
    unit = parse(label)[1]
    number = f"{{}} {unit}" if unit else "{}"
    times = short(pl.col(label) / _usual(label), 3)
    text = f"{number} is a glitch: {{}} times the median of its neighbours"
    return pl.format(text, short(pl.col(label)), times)


def is_dip(label: str) -> pl.Expr:
    """Whether a cycle between others moves less than half of what the cell did before and does after."""
    least = pl.min_horizontal(before(label), after(label))
    inner = ~is_first() & ~is_last()
    return (inner & (pl.col(label).fill_null(0.0) < PARTIAL * least)).fill_null(value=False)


def source_of(rows: pl.DataFrame, column: str) -> pl.Expr:
    """Return what made a number, as far as the frame says: ``; capacity from counter``."""
    if column not in rows.columns:
        return pl.lit("")
    word = column.split(maxsplit=1)[0].lower()
    told = pl.format(f"; {word} from {{}}", pl.col(column))
    return told.fill_null("")


DEFAULT = DISCHARGE_CAPACITY
"""What fades, unless another quantity is named."""
