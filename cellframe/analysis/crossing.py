"""When does the capacity fall below x %?"""

from __future__ import annotations

from numbers import Real
from typing import TYPE_CHECKING, Any

import polars as pl

from cellframe.analysis.cycle_rows import (
    DEFAULT,
    LABEL,
    WHO,
    answer,
    in_order,
    is_glitch,
    said,
    short,
)
from cellframe.analysis.fading import ABOUT, DOUBT, REFERENCE, labels_of, retained
from cellframe.analysis.reading import DEFINITION, FINDING, keys_of
from cellframe.contract.series import CYCLE
from cellframe.errors import ConfigError
from cellframe.frames.columns import parse

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from cellframe.analysis.fading import Reference
    from cellframe.frames.backend import AnyFrame

CROSSED, LEVEL = "Cycles to threshold", "Threshold"
LAST_CYCLE, LAST = "Last cycle count", "Last retention"
_LIMIT, _IS_BELOW, _FROM, _AT = "\x00limit", "\x00below", "\x00from", "\x00at"


def cycles_to(  # noqa: PLR0913 - what a person may ask for
    frame: AnyFrame,
    to: float | Sequence[float] = 0.8,
    *,
    below: float | None = None,
    reference: Reference = "first",
    capacity: float | None = None,
    of: str = DEFAULT,
    check_ups: str | Collection[str] | None = None,
    label: str = LABEL,
    min_consecutive: int = 2,
) -> Any:
    """Return the cycle at which each cell falls below a share of its reference.

    Parameters
    ----------
    frame : polars or pandas DataFrame, or LazyFrame
        Cycles of one cell or many: ``Cycle count`` and what fades.
    to : float or sequence of float
        Shares of the reference, as ratios: 0.8 is 80 %.
    below : float, optional
        A limit in the unit of `of` instead, as 0.88 A.h; retention is relative to it then.
    reference, capacity, of, check_ups, label
        As in `retention`.
    min_consecutive : int
        So many known cycles in a row must be below, the first one counted: one bad point is no
        end of life.

    Returns
    -------
    DataFrame, shape (n_cells * n_levels, n_columns)
        Keys, ``Threshold``, ``Cycles to threshold`` (linear between the cycle above and the first
        one below; null if not reached), ``Last cycle count``, ``Last retention``, ``Reference
        capacity [A.h]``, ``Finding``, ``Definition``.

    Raises
    ------
    FrameError
        A column is missing, or holds no numbers.
    ConfigError
        A share is no ratio, or as in `retention`.

    Notes
    -----
    Others count otherwise: BEEP takes the first cycle strictly below, and one more than the last
    cycle where there is none; Severson et al. (2019) the first cycle below 0.88 A.h; fast-formation
    the last cycle tested where there is none; Aurora wants one more of the next two below. Here no
    number stands for "not reached". Of a cycle that is there twice the last row counts, a
    glitch does not.
    """
    levels = [1.0] if below is not None else _ratios(to)
    if min_consecutive < 1:
        raise ConfigError(f"min_consecutive={min_consecutive!r} should be 1 or more.")
    if below is None:
        made = retained(frame, reference, capacity, of, check_ups, label)
    else:
        made = retained(frame, "rated", below, of, check_ups, label)
    points = _points(made, of)
    unit = parse(of)[1] or ""
    limit = f"{below:g} {unit}".strip() if below is not None else None
    parts = [_crossing(points, level, of, min_consecutive, limit) for level in levels]
    found = pl.concat(parts)
    found = in_order(found.with_row_index(_AT + "row"), _AT + "row")
    columns = [LEVEL, CROSSED, LAST_CYCLE, LAST, labels_of(of)[3]]
    return answer(found, columns, frame)


def _ratios(to: float | Sequence[float]) -> list[float]:
    levels = [float(to)] if isinstance(to, int | float | Real) else [float(one) for one in to]
    for level in levels:
        if not 0 < level <= 1:
            message = f"to={level:g} is no share of the reference: 80 % is 0.8."
            raise ConfigError(message)
    return levels


def _points(made: pl.DataFrame, of: str) -> pl.DataFrame:
    """Return one point for each cell and cycle, and a bare row of a cell that has none."""
    keys = keys_of(made.columns)
    known = pl.col(of).is_not_null() & ~is_glitch(of, made)
    marked = made.with_columns(
        known.alias(_AT), pl.col(CYCLE).is_duplicated().over(WHO).alias("twice")
    )
    value = pl.col(of).filter(pl.col(_AT)).last()
    same = [pl.col(one).first() for one in (*keys, REFERENCE, ABOUT, DOUBT, labels_of(of)[3])]
    more = [
        pl.col(DEFINITION).first(),
        (pl.col("twice") & pl.col(_AT)).any().alias("twice"),
        (~pl.col(_AT) & pl.col(of).is_not_null()).sum().alias("glitches"),
    ]
    return (
        made.select(WHO, CYCLE)
        .unique(maintain_order=True)
        .join(
            marked.group_by(WHO, CYCLE, maintain_order=True).agg(value, *same, *more),
            on=[WHO, CYCLE],
            nulls_equal=True,
            maintain_order="left",
        )
    )


def _crossing(
    points: pl.DataFrame, level: float, of: str, least: int, limit: str | None
) -> pl.DataFrame:
    """Find the crossing of one level in every cell."""
    keys = keys_of(points.columns)
    referred = labels_of(of)[3]
    known = points.filter(pl.col(of).is_not_null()).with_columns(
        (pl.col(of) < level * pl.col(REFERENCE)).fill_null(value=False).alias(_IS_BELOW)
    )
    ahead = [pl.col(_IS_BELOW).shift(-n).over(WHO) for n in range(least)]
    lasting = pl.all_horizontal(one.fill_null(value=False) for one in ahead)
    step = (pl.col(CYCLE) - pl.col(CYCLE).shift(1)).over(WHO)
    fall = (pl.col(of).shift(1) - pl.col(of)).over(WHO)
    over = pl.col(of).shift(1).over(WHO) - level * pl.col(REFERENCE)
    at = pl.col(CYCLE).shift(1).over(WHO) + step * over / fall
    # The first of the lasting ones follows one above, so the line between them crosses.
    marked = known.with_columns(lasting.alias("lasting"), at.alias(_AT))
    per_cell = marked.group_by(WHO, maintain_order=True).agg(
        pl.col(_AT).filter(pl.col("lasting")).first(),
        pl.col("lasting").any(),
        pl.col("lasting").first().alias("from the first"),
        pl.col(CYCLE).last().alias(LAST_CYCLE),
        (pl.col(of) / pl.col(REFERENCE)).last().alias(LAST),
        pl.col(_IS_BELOW).last().alias("ends below"),
    )
    cells = points.group_by(WHO, maintain_order=True).agg(
        *(pl.col(key).first() for key in (*keys, REFERENCE, DOUBT, DEFINITION, referred)),
        pl.col("twice").any(),
        pl.col("glitches").sum(),
    )
    found = cells.join(per_cell, on=WHO, how="left", maintain_order="left", nulls_equal=True)
    of_level = f"below {limit}" if limit else f"below {level:g} of the reference"
    rule = (
        f"first of {least} cycles in a row {of_level}" if least > 1 else f"first cycle {of_level}"
    )
    told = said(
        (pl.col("from the first"), "below from the first cycle"),
        (pl.col("ends below") & ~pl.col("lasting"), f"below at the end, but not {least} in a row"),
        (
            ~pl.col("lasting") & pl.col(LAST).is_not_null(),
            pl.format(
                "not reached; last retention {} at cycle {}", short(pl.col(LAST)), LAST_CYCLE
            ),
        ),
        (
            pl.col("lasting") & (pl.col(LAST) >= level),
            pl.format("above again at the end: {} at cycle {}", short(pl.col(LAST)), LAST_CYCLE),
        ),
        (pl.col("twice"), "of cycles that are there twice the last row counts"),
        (pl.col("glitches") == 1, pl.lit("1 glitch left out")),
        (pl.col("glitches") > 1, pl.format("{} glitches left out", "glitches")),
        (pl.col(DOUBT).is_not_null(), pl.col(DOUBT)),
    )
    return found.with_columns(
        pl.lit(level).alias(LEVEL),
        pl.col(_AT).alias(CROSSED),
        told.alias(FINDING),
        pl.format(f"{rule}, linear from the cycle before; {{}}", DEFINITION).alias(DEFINITION),
    )
