"""How do voltage and its slope look, cycle by cycle?"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl

from cellframe.analysis.halves import NEEDED, USED, halves
from cellframe.analysis.incremental import DQDV
from cellframe.analysis.reading import (
    DIRECTION,
    FINDING,
    IDENTITIES,
    first_of,
    given,
    keys_of,
    require,
)
from cellframe.contract.series import CYCLE, CYCLE_FROM_CYCLER, VOLTAGE
from cellframe.errors import ConfigError
from cellframe.frames.other_units import labelled
from cellframe.plots.drawing import (
    HEIGHT,
    WIDTH,
    altair,
    captioned,
    definition_of,
    dressed,
    empty,
    inline,
    thinned,
)

if TYPE_CHECKING:
    from collections.abc import Collection

    from cellframe.frames.backend import AnyFrame

MOST_CYCLES = 8
MOST_CELLS = 6
_CHARGE = "Charge passed [A.h]"
_OFFSET = 0.35
"""Of the highest curve: how far the curves of a waterfall stand apart."""


def voltage_curves(
    frame: AnyFrame,
    cycles: Collection[int] | None = None,
    *,
    cells: Collection[str] | None = None,
    title: str | None = None,
) -> Any:
    """Draw voltage over the charge passed, a line for each cycle, charge and discharge.

    Parameters
    ----------
    frame : polars or pandas DataFrame, or LazyFrame
        A time series of one cell or several.
    cycles : collection of int, optional
        Which cycles, as the cycler counts them (``Cycle from cycler``) where that is known, else
        by ``Cycle count``; without it up to 8, evenly from the first to the last.
    cells : collection of str, optional
        Which cells, by name; without it the first six.
    title : str, optional
        Above the charts.

    Returns
    -------
    altair chart
        One pair of axes per cell. Of each cycle the step that moves most, by the cycler's counter
        or the integral of the current; lines keep their shape in 400 points.

    Raises
    ------
    FrameError
        A column is missing.
    ConfigError
        altair is not installed, or a cycle is asked for that no test has.
    """
    lazy, counted = _as_the_lab_counts(labelled(given(frame), USED))
    there = lazy.collect_schema()
    require(there, (*NEEDED, CYCLE), "a time series with cycles")
    who = first_of(("cell", *IDENTITIES), keys_of(there))
    head = title or "Voltage curves"
    if cells is not None and who is not None:
        lazy = lazy.filter(pl.col(who).is_in(list(cells)))
    chosen = _chosen(lazy, who, cycles)
    if chosen.is_empty():
        return empty(head, "There is no cycle with a charge or a discharge.")
    names = chosen[who].unique(maintain_order=True).to_list() if who else [None]
    parts = [part for name in names[:MOST_CELLS] for part in _curves(lazy, who, name, chosen)]
    if not parts:
        return empty(head, "No step of these cycles moves charge.")
    rows = pl.concat(parts)
    left = len(names) - MOST_CELLS
    more = f"{left} more cells are not drawn: name them in cells=." if left > 0 else None
    told = f"{counted} Charge counted from the begin of each half cycle, by counter where the cycler has one, else by integral."
    return _drawn(rows, captioned(head, told, more))


def _as_the_lab_counts(lazy: pl.LazyFrame) -> tuple[pl.LazyFrame, str]:
    """Return a series whose cycles are those of the cycler where it counted them, and say so."""
    if CYCLE_FROM_CYCLER not in lazy.collect_schema():
        return lazy, "Cycles as counted in the data."
    count = pl.col(CYCLE_FROM_CYCLER)
    broken = lazy.select((count.is_null() | (count != count.round())).any()).collect().item()
    if broken:
        return lazy, "Cycles as counted in the data."
    return lazy.with_columns(count.cast(pl.Int64).alias(CYCLE)), "Cycles as the cycler counts."


def _chosen(lazy: pl.LazyFrame, who: str | None, cycles: Collection[int] | None) -> pl.DataFrame:
    keys = [*([who] if who else []), CYCLE]
    there = lazy.select(keys).drop_nulls(CYCLE).unique().collect().sort(keys)
    if cycles is None:
        known = there[CYCLE].unique().sort().to_list()
        places = np.unique(np.linspace(0, len(known) - 1, min(MOST_CYCLES, len(known))).round())
        cycles = [known[int(place)] for place in places] if known else []
    missing = [cycle for cycle in cycles if cycle not in there[CYCLE]]
    if missing and there.height:
        message = f"No test has the cycle {', '.join(map(str, missing))}: {CYCLE!r} goes from {there[CYCLE].min()} to {there[CYCLE].max()}."
        raise ConfigError(message)
    return there.filter(pl.col(CYCLE).is_in(list(cycles)))


def _curves(
    lazy: pl.LazyFrame, who: str | None, name: Any, chosen: pl.DataFrame
) -> list[pl.DataFrame]:
    """Return the half cycles of one cell as thinned lines."""
    wanted = chosen[CYCLE].unique().to_list()
    mine = lazy.filter(pl.col(CYCLE).is_in(wanted))
    rows = (mine if who is None else mine.filter(pl.col(who) == name)).collect()
    tests = (
        rows.partition_by(first_of(IDENTITIES, rows.columns) or [], maintain_order=True)
        if first_of(IDENTITIES, rows.columns)
        else [rows]
    )
    made: list[pl.DataFrame] = []
    for test in tests:
        for half in halves(test):
            line = pl.DataFrame({"x": half.charge, "y": half.voltage})
            about = (
                pl.lit(str(name or "cell")).alias("cell"),
                pl.lit(half.cycle).alias("cycle"),
                pl.lit(half.direction).alias("direction"),
            )
            made.append(thinned(line).with_columns(about))
    return made


def _drawn(rows: pl.DataFrame, caption: dict[str, Any]) -> Any:
    alt = altair()
    cells = rows["cell"].unique(maintain_order=True).to_list()
    cycle = alt.Color(
        "cycle:Q", scale=alt.Scale(scheme="viridis", reverse=True), legend=alt.Legend(title="Cycle")
    )
    charts = [
        alt.Chart(inline(rows.filter(pl.col("cell") == cell)))
        .mark_line(strokeWidth=1.5)
        .encode(
            x=alt.X("x:Q", title=_CHARGE),
            y=alt.Y("y:Q", title=VOLTAGE, scale=alt.Scale(zero=False)),
            color=cycle,
            detail=["cycle:N", "direction:N"],
            strokeDash=alt.StrokeDash(
                "direction:N",
                scale=alt.Scale(domain=["discharge", "charge"], range=[[1, 0], [5, 3]]),
                legend=alt.Legend(title="Direction"),
            ),
            order="x:Q",
        )
        .properties(width=WIDTH if len(cells) == 1 else WIDTH // 2, height=HEIGHT, title=cell)
        for cell in cells
    ]
    grid = alt.concat(*charts, columns=2) if len(charts) > 1 else charts[0]
    return dressed(
        grid.properties(title=caption)
        if len(charts) > 1
        else grid.properties(
            title=captioned(f"{caption['text']} of {cells[0]}", *caption["subtitle"])
        )
    )


def incremental_capacity(curves: AnyFrame, *, title: str | None = None) -> Any:
    """Draw dQ/dV as a waterfall: the cycles of one cell, each a step above the one before.

    Parameters
    ----------
    curves : polars or pandas DataFrame
        What `cellframe.analysis.incremental_capacity` answered.
    title : str, optional
        Above the chart.

    Returns
    -------
    altair chart
        Charge and discharge beside each other; up to 8 cycles, of the first cell where there are
        several. The caption says by how much the curves stand apart.

    Raises
    ------
    FrameError
        The frame is no such answer.
    ConfigError
        altair is not installed.
    """
    rows = given(curves).collect()
    require(rows.schema, (VOLTAGE, DQDV, DIRECTION), "an answer of incremental_capacity")
    head = title or "Incremental capacity"
    known = rows.drop_nulls([VOLTAGE, DQDV])
    if known.is_empty():
        why = rows[FINDING].drop_nulls().head(1).to_list() if FINDING in rows.columns else []
        return empty(head, why[0] if why else "There is no curve.")
    who = first_of(("cell", *IDENTITIES), known.columns)
    cells = known[who].unique(maintain_order=True).to_list() if who else ["cell"]
    mine = known if who is None else known.filter(pl.col(who) == cells[0])
    if CYCLE not in mine.columns:
        mine = mine.with_columns(pl.lit(0).alias(CYCLE))
    apart = _OFFSET * float(mine[DQDV].quantile(0.995) or 1.0)
    shown = mine.filter(pl.col(CYCLE).is_in(_evenly(mine[CYCLE])))
    stepped = shown.select(
        pl.col(VOLTAGE).alias("x"),
        (pl.col(DQDV) + apart * (pl.col(CYCLE).rank("dense") - 1)).alias("y"),
        pl.col(DQDV).alias("value"),
        pl.col(CYCLE).alias("cycle"),
        pl.col(DIRECTION).alias("direction"),
    )
    parts = [
        thinned(part) for _, part in stepped.group_by("cycle", "direction", maintain_order=True)
    ]
    more = f"{len(cells) - 1} more cells are not drawn." if len(cells) > 1 else None
    note = f"Each cycle stands {apart:.3g} A.h/V above the one before."
    caption = captioned(f"{head} of {cells[0]}" if who else head, note, more, definition_of(mine))
    return _waterfall(pl.concat(parts), caption)


def _evenly(cycles: pl.Series) -> list[int]:
    known = cycles.unique().sort().to_list()
    places = np.unique(np.linspace(0, len(known) - 1, min(MOST_CYCLES, len(known))).round())
    return [known[int(place)] for place in places]


def _waterfall(rows: pl.DataFrame, caption: dict[str, Any]) -> Any:
    alt = altair()
    ways = rows["direction"].unique(maintain_order=True).sort().to_list()
    colour = alt.Color(
        "cycle:Q", scale=alt.Scale(scheme="viridis", reverse=True), legend=alt.Legend(title="Cycle")
    )
    width = WIDTH if len(ways) == 1 else WIDTH // 2
    charts = [
        alt.Chart(inline(rows.filter(pl.col("direction") == way)))
        .mark_line(strokeWidth=1.4)
        .encode(
            x=alt.X("x:Q", title=VOLTAGE, scale=alt.Scale(zero=False)),
            y=alt.Y("y:Q", title=f"{DQDV}, stacked"),
            color=colour,
            detail="cycle:N",
            tooltip=["cycle:N", "x:Q", "value:Q"],
        )
        .properties(width=width, height=HEIGHT + 60, title=way)
        for way in ways
    ]
    return dressed(alt.hconcat(*charts, title=caption))
