"""How is a property spread, lot by lot?"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl

from cellframe.analysis.grouping import NAME, VALUE, grouped_values
from cellframe.plots.drawing import (
    WIDTH,
    altair,
    captioned,
    coloured,
    dressed,
    empty,
    lots_of,
    unsquashed,
)

if TYPE_CHECKING:
    from cellframe.frames.backend import AnyFrame

_BINS = (8, 40)
_TALL = 220
_FEW = 4
_MOST_NAMED = 6


def histogram(
    cells: AnyFrame, value: str, *, by: str | None = "batch", title: str | None = None
) -> Any:
    """Draw how many cells have which value, a row for each lot.

    Parameters
    ----------
    cells : polars or pandas DataFrame, or LazyFrame
        A row per cell: ``frames.instances``, or an answer.
    value : str
        The column that is drawn.
    by : str, optional
        A column that makes lots; None is one.
    title : str, optional
        Above the chart.

    Returns
    -------
    altair chart
        Bins of one width for all lots (Freedman and Diaconis), the median of each lot as a line.
        Values far from nearly all others do not stretch the axis: the caption names them.

    Raises
    ------
    FrameError
        A column is missing.
    ConfigError
        `value` holds no numbers, or altair is not installed.
    """
    found = grouped_values(cells, value, [by] if by else [], None)
    lot = pl.lit("all") if by is None else pl.col(by)
    rows = found.select(
        pl.col(NAME).alias("cell"), pl.col(VALUE).alias("x"), lot.alias("lot")
    ).drop_nulls("x")
    head = title or f"{value} by {by}" if by else title or value
    missing = found.height - rows.height
    gone = f"{missing} cell{'s have' if missing > 1 else ' has'} no value." if missing else None
    if rows.is_empty():
        return empty(head, f"No cell has a value of {value}.")
    lots, rows, note = lots_of(rows, "lot")
    edges = _edges(unsquashed(rows["x"]).to_numpy())
    inside = rows.filter(pl.col("x").is_between(edges[0], edges[-1]))
    beyond = rows.filter(~pl.col("x").is_between(edges[0], edges[-1]))
    caption = captioned(
        head,
        _sizes(rows, lots),
        _beyond(beyond),
        note,
        gone,
    )
    return _chart(inside, lots, edges, (value, by or ""), caption)


def _edges(values: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    """Return the edges of bins, of the values that are drawn."""
    if np.ptp(values) == 0:
        room = abs(float(values[0])) * 0.01 or 0.5
        return np.linspace(values[0] - room, values[0] + room, 4)
    asked = len(np.histogram_bin_edges(values, "fd")) - 1
    return np.linspace(values.min(), values.max(), int(np.clip(asked, *_BINS)) + 1)


def _sizes(rows: pl.DataFrame, lots: list[str]) -> str:
    counts = dict(rows.group_by("lot").len().iter_rows())
    if len(lots) == 1:
        return f"{rows.height} cells; the line is their median."
    listed = ", ".join(f"{lot}: {counts[lot]}" for lot in lots)
    return f"{rows.height} cells ({listed}); the lines are the medians."


def _beyond(rows: pl.DataFrame) -> str | None:
    if rows.is_empty():
        return None
    named = [
        f"{cell} ({x:.4g})" for cell, x in rows.select("cell", "x").head(_MOST_NAMED).iter_rows()
    ]
    more = f" and {rows.height - _MOST_NAMED} more" if rows.height > _MOST_NAMED else ""
    return f"Far beyond the axis, and not drawn: {', '.join(named)}{more}."


def _chart(
    rows: pl.DataFrame,
    lots: list[str],
    edges: np.ndarray[Any, Any],
    words: tuple[str, str],
    caption: dict[str, Any],
) -> Any:
    alt = altair()
    value, by = words
    bars, medians = [], []
    for lot in lots:
        own = rows.filter(pl.col("lot") == lot)["x"].to_numpy()
        counts, _ = np.histogram(own, edges)
        bars += [
            {"lot": lot, "x": float(a), "x2": float(b), "n": int(n), "zero": 0}
            for a, b, n in zip(edges[:-1], edges[1:], counts, strict=True)
            if n
        ]
        medians += [{"lot": lot, "x": float(np.median(own))}] if len(own) else []
    most = max((bar["n"] for bar in bars), default=1)
    x = alt.X(
        "x:Q",
        title=value,
        scale=alt.Scale(domain=[float(edges[0]), float(edges[-1])], zero=False, nice=False),
    )
    few = {"values": list(range(most + 1))} if most <= _FEW else {"tickCount": 3}
    ticks = alt.Axis(tickMinStep=1, format="d", **few)
    y = alt.Y("n:Q", title="Cells", scale=alt.Scale(domain=[0, most]), axis=ticks)
    colour = coloured(lots, by)
    height = max(50, _TALL // len(lots))
    panels = [
        alt.layer(
            alt.Chart(alt.InlineData(values=[bar for bar in bars if bar["lot"] == lot]))
            .mark_rect(stroke="white", strokeWidth=0.5)
            .encode(
                x=x,
                x2="x2:Q",
                y=y,
                y2="zero:Q",
                color=colour,
                tooltip=["lot:N", "x:Q", "x2:Q", "n:Q"],
            ),
            alt.Chart(alt.InlineData(values=[one for one in medians if one["lot"] == lot]))
            .mark_rule(color="#222222", strokeWidth=1.5)
            .encode(x=x),
        ).properties(width=WIDTH, height=height)
        for lot in lots
    ]
    return dressed(alt.vconcat(*panels, spacing=6, title=caption))
