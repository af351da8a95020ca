"""How much charge is lost in the first cycles, and when has it settled?"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

import polars as pl

from cellframe.analysis.cycle_rows import WHO, answer, cycle_rows, is_partial_first, said, short
from cellframe.analysis.reading import DEFINITION, FINDING
from cellframe.contract.series import (
    CAPACITY_SOURCE,
    CHARGE_CAPACITY,
    CYCLE,
    DIRECTIONS,
    DISCHARGE_CAPACITY,
)
from cellframe.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from cellframe.frames.backend import AnyFrame

FIRST, LAST = "First cycle", "Last formation cycle"
FIRST_EFFICIENCY, FIRST_LOSS = (
    "First-cycle efficiency",
    "First-cycle irreversible capacity [A.h]",
)
LOSS, AFTER = "Irreversible capacity [A.h]", "Capacity after formation [A.h]"
_RESULTS = (FIRST, FIRST_EFFICIENCY, FIRST_LOSS, LAST, LOSS, AFTER)
_IN, _OUT, _EFFICIENCY = "\x00in", "\x00out", "\x00efficiency"
_STEADY, _PARTIAL, _LATEST = "\x00steady", "\x00partial", "\x00latest"
_FOLLOWING = 2
"""Cycles whose efficiency must be as that of the cycle before: one alone may be so by chance."""


def formation(
    frame: AnyFrame,
    *,
    first: Literal["charge", "discharge"] = "charge",
    until: int | None = None,
    steady: float = 0.005,
) -> Any:
    """Return what the first cycles cost, a row for each cell.

    Parameters
    ----------
    frame : polars or pandas DataFrame, or LazyFrame
        A table of cycles, of one cell or many: ``Cycle count``, ``Charge capacity [A.h]``,
        ``Discharge capacity [A.h]``.
    first : {"charge", "discharge"}
        What a cycle begins with: a full cell is charged first, a half cell against lithium whose
        electrode takes lithium up first is discharged first.
    until : int, optional
        ``Cycle count`` of the last cycle of formation, where the protocol says so; else the cell
        tells.
    steady : float
        The first cycle whose efficiency differs by less than this from each of the next two is
        the last one of formation.

    Returns
    -------
    DataFrame, shape (n_cells, n_columns)
        Keys, ``First cycle``, ``First-cycle efficiency`` (a ratio), ``First-cycle irreversible
        capacity [A.h]``, ``Last formation cycle``, ``Irreversible capacity [A.h]`` from the first
        to that one, ``Capacity after formation [A.h]`` (what came back in it), ``Finding``,
        ``Definition``. Where the efficiency does not settle the last three are null.

    Raises
    ------
    FrameError
        The frame is no table of cycles.
    ConfigError
        A word or a number means nothing here.

    Notes
    -----
    Efficiency is what comes back over what went in first, of the same cycle: discharge over charge
    for a full cell (ionworks, BEEP, Aurora), charge over discharge for such a half cell (cellpy's
    anode mode). Irreversible capacity is the difference. A first cycle that moves less than half
    of what the next ones do, as after a top-up charge, has no efficiency.
    """
    if first not in DIRECTIONS:
        raise ConfigError(f"first={first!r} is neither 'charge' nor 'discharge'.")
    if not steady > 0:
        raise ConfigError(f"steady={steady} is a difference of efficiencies, above 0.")
    into, back = CHARGE_CAPACITY, DISCHARGE_CAPACITY
    if first == DIRECTIONS[0]:
        into, back = back, into
    rows = cycle_rows(frame, (into, back), (CAPACITY_SOURCE,))
    known = rows.with_columns(
        pl.col(into).alias(_IN),
        pl.col(back).alias(_OUT),
        pl.when(pl.col(into) > 0).then(pl.col(back) / pl.col(into)).alias(_EFFICIENCY),
        is_partial_first(into).alias(_PARTIAL),
    )
    ends = known.with_columns(_is_last(until, steady).alias(_STEADY))
    keys = [label for label in rows.columns if label not in {into, back, CYCLE, CAPACITY_SOURCE}]
    made = ends.group_by(keys, maintain_order=True).agg(*_row()).with_columns(_finding())
    words = f"{back.split(maxsplit=1)[0].lower()} over {first} of the first cycle"
    rule = (
        f"formation until cycle {until} as given"
        if until is not None
        else f"formation until the first cycle whose efficiency is within {steady:g} of the next {_FOLLOWING}"
    )
    definition = f"{words}; irreversible: {first} minus what came back; {rule}"
    told = made.with_columns(pl.lit(definition).alias(DEFINITION))
    return answer(told, _RESULTS, frame)


def _is_last(until: int | None, steady: float) -> pl.Expr:
    """Whether a cycle ends the formation, were it the first that does."""
    if until is not None:
        return pl.col(CYCLE) == until
    value = pl.col(_EFFICIENCY)
    near = [((value - value.shift(-n)).abs() < steady).over(WHO) for n in range(1, _FOLLOWING + 1)]
    return (pl.all_horizontal(near) & ~pl.col(_PARTIAL)).fill_null(value=False)


def _row() -> Iterator[pl.Expr]:
    is_whole = ~pl.col(_PARTIAL).first()
    lost = pl.col(_IN) - pl.col(_OUT)
    yield pl.col(CYCLE).first().alias(FIRST)
    yield pl.when(is_whole).then(pl.col(_EFFICIENCY).first()).alias(FIRST_EFFICIENCY)
    yield pl.when(is_whole & (pl.col(_IN).first() > 0)).then(lost.first()).alias(FIRST_LOSS)
    last = pl.col(CYCLE).filter(_STEADY).first()
    formed = pl.col(CYCLE) <= last
    yield last.alias(LAST)
    yield pl.when(is_whole & last.is_not_null()).then(lost.filter(formed).sum()).alias(LOSS)
    yield pl.col(_OUT).filter(_STEADY).first().alias(AFTER)
    yield pl.col(_PARTIAL).first()
    yield pl.col(_IN).first()
    yield pl.col(CYCLE).last().alias(_LATEST)
    yield pl.col(_EFFICIENCY).last()


def _finding() -> pl.Expr:
    partial = pl.format("the first cycle is partial: {} A.h went in", short(pl.col(_IN)))
    unsettled = pl.format(
        "not settled by cycle {}, whose efficiency is {}",
        pl.col(_LATEST),
        short(pl.col(_EFFICIENCY)).fill_null("not known"),
    )
    more = pl.col(FIRST_EFFICIENCY) > 1
    return said(
        (pl.col(_PARTIAL), partial),
        (~pl.col(_PARTIAL) & pl.col(FIRST_EFFICIENCY).is_null(), "nothing went in first"),
        (more, "more came back than went in: which direction comes first?"),
        (pl.col(LAST).is_null(), unsettled),
    ).alias(FINDING)
