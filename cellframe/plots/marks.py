"""How does resistance depend on the state of charge, and capacity on the rate?"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import polars as pl

from cellframe.analysis.pulses import APPLICATION, EVENT, POINT, RESISTANCE
from cellframe.analysis.reading import CELLS, first_of, given, require
from cellframe.contract.series import CYCLE, DISCHARGE_CAPACITY, SOC
from cellframe.plots.drawing import (
    HEIGHT,
    WIDTH,
    altair,
    captioned,
    coloured,
    definition_of,
    dressed,
    empty,
    first_label,
    inline,
    lots_of,
)

if TYPE_CHECKING:
    from cellframe.frames.backend import AnyFrame

RATE = "C-rate"
_MANY = 20
_SOC_STEP = 0.05


def resistance(table: AnyFrame, *, title: str | None = None) -> Any:
    """Draw the resistance of pulses against the state of charge, a colour for each time.

    Parameters
    ----------
    table : polars or pandas DataFrame
        What `cellframe.analysis.resistance` answered.
    title : str, optional
        Above the chart.

    Returns
    -------
    altair chart
        A mark per pulse on application; of more than 20 cells the median and the middle half in
        steps of 5 % of charge. Over the pulses' cycles where the state of charge is not known.

    Raises
    ------
    FrameError
        The frame is no such answer.
    ConfigError
        altair is not installed.
    """
    rows = given(table).collect()
    require(rows.schema, (RESISTANCE, EVENT, POINT), "an answer of resistance")
    head = title or "DC resistance of pulses"
    known = rows.filter(pl.col(EVENT) == APPLICATION).drop_nulls(RESISTANCE)
    if known.is_empty():
        return empty(head, "No pulse has a resistance.")
    by_soc = SOC in known.columns and known[SOC].count() > 0
    x = SOC if by_soc else (first_label([CYCLE], known.columns) or "pulse")
    if x == "pulse":
        known = known.with_row_index("pulse")
    ohm = float(known[RESISTANCE].median() or 0.0) >= 1.0  # type: ignore[arg-type] - numbers
    unit, factor = ("ohm", 1.0) if ohm else ("mohm", 1000.0)
    missing = known[x].null_count()
    points = known.drop_nulls(x).select(
        _cell_of(known).alias("cell"),
        pl.col(x).cast(pl.Float64).alias("x"),
        (pl.col(RESISTANCE) * factor).alias("y"),
        pl.col(POINT).cast(pl.String).alias("lot"),
    )
    lots, points, note = lots_of(points, "lot")
    gone = f"{missing} pulses whose state of charge is not known are left out." if missing else None
    caption = captioned(head, note, gone, definition_of(known))
    title_x = "State of charge" if by_soc else "Cycle" if x == CYCLE else "Pulse"
    axes = (title_x, f"Resistance [{unit}]", "Time after the origin [s]")
    step = _SOC_STEP if by_soc else 1.0
    return _spread_or_lines(points, lots, axes, caption, step=step)


def rate_capability(table: AnyFrame, *, by: str | None = None, title: str | None = None) -> Any:
    """Draw the capacity of constant-current steps against their rate.

    Parameters
    ----------
    table : polars or pandas DataFrame
        What `cellframe.analysis.rate_capability` answered.
    by : str, optional
        A column that makes lots.
    title : str, optional
        Above the chart.

    Returns
    -------
    altair chart
        A line per cell over the rate in C (logarithmic); of more than 20 cells, medians with the
        middle half.

    Raises
    ------
    FrameError
        The frame is no such answer.
    ConfigError
        altair is not installed.
    """
    rows = given(table).collect()
    moved = first_label([DISCHARGE_CAPACITY, "Charge capacity [A.h]"], rows.columns)
    label = moved or DISCHARGE_CAPACITY
    groups = {by: pl.Null()} if by in rows.columns else {}
    needed = (RATE, label, *([by] if by else []))
    require({**rows.schema, **groups}, needed, "an answer of rate_capability")
    head = title or "Capacity against rate"
    known = rows.drop_nulls([RATE, label]).filter(pl.col(RATE) > 0)
    if known.is_empty():
        return empty(head, "No step at constant current has a rate: say capacity=, in A.h.")
    points = known.select(
        _cell_of(known).alias("cell"),
        pl.col(RATE).round_sig_figs(2).alias("x"),
        pl.col(label).alias("y"),
        (pl.lit("all") if by is None else pl.col(by)).alias("lot"),
    )
    lots, points, note = lots_of(points, "lot")
    caption = captioned(head, note, definition_of(known))
    axes = ("Rate [C], two digits", label, by or "")
    return _spread_or_lines(points, lots, axes, caption, log=True)


def _cell_of(rows: pl.DataFrame) -> pl.Expr:
    cell = first_of(CELLS, rows.columns)
    name = "cell" if "cell" in rows.columns else cell
    return pl.lit("cell") if name is None else pl.col(name).cast(pl.String)


def _spread_or_lines(
    points: pl.DataFrame,
    lots: list[str],
    axes: tuple[str, str, str],
    caption: dict[str, Any],
    *,
    log: bool = False,
    step: float | None = None,
) -> Any:
    alt = altair()
    scale = (
        alt.Scale(type="log", nice=False, padding=20) if log else alt.Scale(zero=False, nice=True)
    )
    x = alt.X("x:Q", title=axes[0], scale=scale)
    colour = coloured(lots, axes[2])
    y = alt.Y("y:Q", title=axes[1], scale=alt.Scale(zero=False))
    cells = points["cell"].n_unique()
    if cells <= _MANY:
        # One line through the median where a cell has several values at one place.
        line = (
            points.group_by("cell", "lot", "x").agg(pl.col("y").median()).sort("cell", "lot", "x")
        )
        base = alt.Chart(inline(line)).mark_line(strokeWidth=1.2, opacity=0.7)
        drawn = base.encode(x=x, y=y, color=colour, detail=["cell:N"])
        marks = alt.Chart(inline(points)).mark_circle(size=40, opacity=0.8)
        told = marks.encode(x=x, y=y, color=colour, tooltip=["cell:N", "lot:N", "x:Q", "y:Q"])
        layers = [drawn, told]
    else:
        place = pl.col("x") if step is None else (pl.col("x") / step).round() * step
        bands = (
            points.group_by("lot", place.alias("x"))
            .agg(
                pl.col("y").median(),
                pl.col("y").quantile(0.25, "linear").alias("low"),
                pl.col("y").quantile(0.75, "linear").alias("high"),
            )
            .sort("lot", "x")
        )
        data = inline(bands)
        low = alt.Y("low:Q", title=axes[1], scale=alt.Scale(zero=False))
        layers = [
            alt.Chart(data).mark_area(opacity=0.22).encode(x=x, y=low, y2="high:Q", color=colour),
            alt.Chart(data).mark_line(point=True).encode(x=x, y=y, color=colour),
        ]
        caption = captioned(
            caption["text"], f"Median and middle half of {cells} cells.", *caption["subtitle"]
        )
    return dressed(alt.layer(*layers).properties(width=WIDTH, height=HEIGHT, title=caption))
