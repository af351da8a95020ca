"""How does something fade, lot by lot?"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import polars as pl

from cellframe import analysis
from cellframe.analysis.grouping import LIMIT, MIDDLE, NAME, ODD, VALUE, grouped_values
from cellframe.analysis.reading import DEFINITION, given
from cellframe.contract.series import CYCLE, CYCLE_FROM_CYCLER
from cellframe.errors import ConfigError
from cellframe.plots.drawing import (
    EDGE,
    HEIGHT,
    POINTS,
    WIDTH,
    altair,
    at_edge,
    axis_over,
    beyond_told,
    captioned,
    coloured,
    dashed,
    definition_of,
    dressed,
    empty,
    inline,
    lots_of,
    thinned,
    unsquashed,
)

if TYPE_CHECKING:
    from cellframe.analysis.fading import Reference
    from cellframe.frames.backend import AnyFrame

RETENTION = "Capacity retention"
MOST_LINES = 20
"""Cells that are drawn as a line each; of more, the lots are drawn."""
_MOST_NAMED = 6
_NAME_HEIGHT = 12
"""Pixels between the names of two lines."""
_PERSISTING = 0.2
"""Of a cell's cycles: one that is odd in more is drawn by itself; fewer are single glitches."""
_MOST_OF_A_LOT = 0.5
_FEW_POINTS = 60
_MOST_POINTS = 2000
_EFFICIENCIES = ("Coulombic efficiency", "Energy efficiency", "Voltage efficiency")
_X, _Y, _LOT = "x", "y", "lot"


class _Drawn(NamedTuple):
    """The rows of one chart: ``cell``, ``x``, ``y``, ``lot``, odd or not."""

    rows: pl.DataFrame
    lots: list[str]
    by: str | None
    note: str | None
    x_title: str
    definition: str | None


class _Scaled(NamedTuple):
    """The upright axis that all layers share."""

    title: str
    ends: tuple[float, float]

    def of(self, field: str) -> Any:
        """Return it for one column."""
        alt = altair()
        scale = alt.Scale(domain=list(self.ends), nice=False, zero=False)
        return alt.Y(f"{field}:Q", title=self.title, scale=scale)


def fade(
    frame: AnyFrame,
    value: str | None = None,
    *,
    by: str | None = None,
    reference: Reference = "first",
    title: str | None = None,
) -> Any:
    """Draw what is left over the cycles, cell by cell or lot by lot.

    Parameters
    ----------
    frame : polars or pandas DataFrame, or LazyFrame
        Cycles of one cell or many; or what `cellframe.analysis.retention` answered of them.
    value : str, optional
        The column that is drawn. Without it ``Capacity retention``, asked with `reference` where
        the frame has none that says its definition.
    by : str, optional
        A column that makes lots, each in its colour.
    reference : str, int or (int, int)
        Of the retention, as in `cellframe.analysis.retention`.
    title : str, optional
        Above the chart.

    Returns
    -------
    altair chart
        Up to 20 cells have a line each. Of more, each lot has its median and the band that holds
        the middle half; cells that are odd in more than a fifth of their cycles are drawn and
        named. Values that would squash the axis stand at its edge, and the caption counts them.

    Raises
    ------
    FrameError
        A column is missing.
    ConfigError
        altair is not installed.
    """
    label, rows = _values(frame, value, by, reference)
    drawn = _prepared(rows, label, by)
    return _chart(drawn, label, title or f"{label} over cycles")


def efficiencies(frame: AnyFrame, *, by: str | None = None, title: str | None = None) -> Any:
    """Draw coulombic, energy and voltage efficiency over the cycles, as far as they are known.

    Parameters
    ----------
    frame : polars or pandas DataFrame, or LazyFrame
        Cycles of one cell or many; or what `cellframe.analysis.efficiencies` answered of them.
    by : str, optional
        A column that makes lots.
    title : str, optional
        Above the charts.

    Returns
    -------
    altair chart
        One under the other, each as `fade` draws it.

    Raises
    ------
    FrameError
        A column is missing.
    ConfigError
        altair is not installed.
    """
    asked = given(frame).collect()
    told = asked if DEFINITION in asked.columns else _asked(asked, by)
    there = [label for label in _EFFICIENCIES if label in told.columns and told[label].count()]
    head = title or "Efficiencies over cycles"
    if not there:
        return empty(head, "No cycle has both a charge and a discharge.")
    parts = [_layered(_prepared(told, label, by), label, 150) for label in there]
    notes = [text for _, texts in parts for text in texts]
    chart = altair().vconcat(*(part for part, _ in parts), spacing=16)
    caption = captioned(head, *dict.fromkeys(notes), definition_of(told))
    return dressed(chart.properties(title=caption))


def _asked(cycles: pl.DataFrame, by: str | None) -> pl.DataFrame:
    found: pl.DataFrame = analysis.efficiencies(cycles)
    return _with_lot(found, cycles, by)


def _with_lot(found: pl.DataFrame, cycles: pl.DataFrame, by: str | None) -> pl.DataFrame:
    """Return an answer with the lot, and the cycle as the lab counts, of what was asked."""
    wanted = [name for name in (by, CYCLE_FROM_CYCLER) if name and name in cycles.columns]
    wanted = [name for name in wanted if name not in found.columns]
    keys = [key for key in found.columns if key in cycles.columns and key in (*_KEYS, CYCLE)]
    if not wanted or not keys:
        return found
    first = cycles.unique(keys, keep="first", maintain_order=True).select(*keys, *wanted)
    return found.join(first, on=keys, how="left", maintain_order="left", nulls_equal=True)


_KEYS = ("measurement_id", "instance_id", "cell")


def _values(
    frame: AnyFrame, value: str | None, by: str | None, reference: Reference
) -> tuple[str, pl.DataFrame]:
    asked = given(frame).collect()
    if value is not None or (RETENTION in asked.columns and DEFINITION in asked.columns):
        return value or RETENTION, asked
    found: pl.DataFrame = analysis.retention(asked, reference=reference)
    return RETENTION, _with_lot(found, asked, by)


def _prepared(rows: pl.DataFrame, label: str, by: str | None) -> _Drawn:
    cycle, x_title = CYCLE, "Cycle (as counted in the data)"
    if CYCLE_FROM_CYCLER in rows.columns and not rows[CYCLE_FROM_CYCLER].null_count():
        cycle, x_title = CYCLE_FROM_CYCLER, "Cycle (as the cycler counts)"
    elif CYCLE not in rows.columns:
        raise ConfigError(f"There is no {CYCLE!r} to draw {label!r} over.")
    counted = rows.with_columns(pl.col(cycle).cast(pl.Int64).alias(CYCLE))
    found = grouped_values(counted, label, [by] if by else [], None, LIMIT)
    lot = pl.lit("all") if by is None else pl.col(by)
    known = found.select(
        pl.col(NAME).alias("cell"),
        pl.col(CYCLE).alias(_X),
        pl.col(VALUE).alias(_Y),
        lot.alias(_LOT),
        ODD,
        MIDDLE,
    )
    drawn = known.drop_nulls([_X, _Y])
    lots, named, note = lots_of(drawn, _LOT)
    gone = known.filter(~pl.col("cell").is_in(drawn["cell"].implode()))["cell"].unique().sort()
    notes = " ".join(text for text in (note, _without(gone.to_list(), label)) if text) or None
    return _Drawn(named, lots, by, notes, x_title, definition_of(rows))


def _without(cells: list[str], label: str) -> str | None:
    if not cells:
        return None
    more = f" and {len(cells) - _MOST_NAMED} more" if len(cells) > _MOST_NAMED else ""
    return f"Not drawn, without a value of {label}: {', '.join(cells[:_MOST_NAMED])}{more}."


def _chart(drawn: _Drawn, label: str, title: str) -> Any:
    if drawn.rows.is_empty():
        return empty(title, f"There is no value of {label}.")
    layers, notes = _layered(drawn, label, HEIGHT)
    return dressed(layers.properties(title=captioned(title, *notes, drawn.definition)))


def _layered(drawn: _Drawn, label: str, height: int) -> tuple[Any, list[str | None]]:
    """Return the layers of one pair of axes, and what their caption says."""
    alt = altair()
    cells = drawn.rows["cell"].n_unique()
    many = cells > MOST_LINES
    ends = axis_over(unsquashed(drawn.rows[_Y]))
    rows = at_edge(drawn.rows, ends)
    x = alt.X(
        "x:Q",
        title=drawn.x_title,
        scale=alt.Scale(nice=False, zero=False),
        axis=alt.Axis(labelFlush=False),
    )
    y = _Scaled(label, ends)
    edge = rows.filter(EDGE)
    if many and rows[_X].n_unique() == 1:
        layers, notes = _points(rows, drawn, x, y)
    else:
        layers, notes = _bands(rows, drawn, x, y, height) if many else _lines(rows, drawn, x, y)
    if edge.height:
        layers.append(_edge_marks(edge, drawn, x, y))
    notes = [*notes, drawn.note, beyond_told(rows)]
    return alt.layer(*layers).properties(width=WIDTH, height=height), notes


def _edge_marks(edge: pl.DataFrame, drawn: _Drawn, x: Any, y: _Scaled) -> Any:
    """Return triangles that point to where the values lie."""
    alt = altair()
    way = pl.when(pl.col("value") > pl.col(_Y)).then(pl.lit("up")).otherwise(pl.lit("down"))
    shown = edge.select("x", "y", "lot", "cell", "value", way.alias("way"))
    shapes = alt.Scale(domain=["up", "down"], range=["triangle-up", "triangle-down"])
    mark = alt.Chart(inline(shown)).mark_point(size=70, filled=True, opacity=1)
    return mark.encode(
        x=x,
        y=y.of("y"),
        color=coloured(drawn.lots, drawn.by or "", lines=True),
        shape=alt.Shape("way:N", scale=shapes, legend=None),
        tooltip=["cell:N", "x:Q", "value:Q"],
    )


def _lines(
    rows: pl.DataFrame, drawn: _Drawn, x: Any, y: _Scaled
) -> tuple[list[Any], list[str | None]]:
    alt = altair()
    order = rows.sort("cell", _X)
    lines = [thinned(line) for _, line in order.group_by("cell", maintain_order=True)]
    shown = pl.concat(lines).select("cell", "x", "y", "lot")
    longest = max(line.height for line in lines)
    base = alt.Chart(inline(shown)).encode(
        x=x,
        y=y.of("y"),
        detail="cell:N",
        color=coloured(drawn.lots, drawn.by or "", lines=True),
        tooltip=["cell:N", "lot:N", "x:Q", "y:Q"],
    )
    layers = [
        base.mark_line(strokeWidth=1.6, opacity=0.85).encode(
            strokeDash=dashed(drawn.lots, drawn.by or "")
        )
    ]
    if longest <= _FEW_POINTS:
        layers.append(base.mark_circle(size=18, opacity=0.9))
    cells = rows["cell"].n_unique()
    note = f"{cells} cells, a line each." if cells > 1 else f"Cell {rows['cell'][0]}."
    return layers, [note]


def _points(rows: pl.DataFrame, drawn: _Drawn, x: Any, y: _Scaled) -> tuple[list[Any], list[Any]]:
    """Return a mark per cell: of one cycle there is no line."""
    shown = inline(rows.select("cell", "x", "y", "lot").head(_MOST_POINTS))
    mark = altair().Chart(shown).mark_circle(size=30, opacity=0.5)
    colour = coloured(drawn.lots, drawn.by or "")
    told = ["cell:N", "lot:N", "y:Q"]
    note = f"{rows['cell'].n_unique()} cells at one cycle."
    return [mark.encode(x=x, y=y.of("y"), color=colour, tooltip=told)], [note]


def _bands(
    rows: pl.DataFrame, drawn: _Drawn, x: Any, y: _Scaled, height: int
) -> tuple[list[Any], list[str | None]]:
    alt = altair()
    shared, between = _on_shared_cycles(rows)
    summed = (
        shared.group_by(_LOT, _X)
        .agg(
            pl.col(_Y).median(),
            pl.col(_Y).quantile(0.25, "linear").alias("low"),
            pl.col(_Y).quantile(0.75, "linear").alias("high"),
            pl.len().alias("n"),
        )
        .sort(_LOT, _X)
    )
    parts = [thinned(part) for _, part in summed.group_by(_LOT, maintain_order=True)]
    data = inline(pl.concat(parts))
    colour = coloured(drawn.lots, drawn.by or "", lines=True)
    band = (
        alt.Chart(data)
        .mark_area(opacity=0.22)
        .encode(x=x, y=y.of("low"), y2="high:Q", color=colour)
    )
    middle = (
        alt.Chart(data)
        .mark_line(strokeWidth=2.2)
        .encode(
            x=x,
            y=y.of("y"),
            color=colour,
            strokeDash=dashed(drawn.lots, drawn.by or ""),
            tooltip=["lot:N", "x:Q", "y:Q", "low:Q", "high:Q", "n:Q"],
        )
    )
    layers, note = [band, middle], None
    odd = _persisting(rows)
    if odd:
        own = rows.filter(pl.col("cell").is_in(odd)).sort("cell", _X)
        lines = [thinned(line) for _, line in own.group_by("cell", maintain_order=True)]
        shown = pl.concat(lines).select("cell", "x", "y", "lot")
        line = alt.Chart(inline(shown)).mark_line(strokeWidth=1, opacity=0.9)
        layers.append(line.encode(x=x, y=y.of("y"), detail="cell:N", color=colour))
        places = inline(_name_places(lines, y.ends, height))
        name = alt.Chart(places).mark_text(dx=5, fontSize=10, align="left", baseline="middle")
        layers.append(name.encode(x=x, y=y.of("y"), text="cell:N", color=colour))
        note = f"Drawn by themselves, odd in their lot for more than a fifth of their cycles: {', '.join(odd)}."
    counts = rows.group_by(_LOT).agg(pl.col("cell").n_unique()).sort(_LOT)
    sizes = (
        ", ".join(f"{lot}: {n}" for lot, n in counts.iter_rows())
        if drawn.by
        else str(counts["cell"][0])
    )
    told = f"Median and middle half of the cells ({sizes})."
    return layers, [told, between, note]


def _on_shared_cycles(rows: pl.DataFrame) -> tuple[pl.DataFrame, str | None]:
    """Return values at cycles that most cells of a lot have, and what was done for it.

    Cells that are looked at now and then, each at cycles of its own, share hardly any: a median at
    each would jump from some cells to others.
    """
    cells = pl.col("cell").n_unique()
    of_lot = rows.group_by(_LOT).agg(cells.alias("all"))
    there = rows.group_by(_LOT, _X).agg(cells.alias("here")).join(of_lot, on=_LOT)
    if there.select((pl.col("here") / pl.col("all")).median()).item() >= _MOST_OF_A_LOT:
        return rows, None
    parts: list[pl.DataFrame] = []
    for (lot,), part in rows.sort(_LOT, "cell", _X).group_by(_LOT, maintain_order=True):
        grid = np.unique(part[_X].to_numpy())
        grid = grid[np.unique(np.linspace(0, len(grid) - 1, POINTS).round().astype(int))]
        for _, line in part.group_by("cell", maintain_order=True):
            x, y = line[_X].to_numpy(), line[_Y].to_numpy()
            own = grid[(grid >= x[0]) & (grid <= x[-1])]
            parts.append(
                pl.DataFrame({_X: own, _Y: np.interp(own, x, y)}).with_columns(
                    pl.lit(lot).alias(_LOT)
                )
            )
    return pl.concat(parts), "Cells have cycles of their own; between them, straight lines."


def _persisting(rows: pl.DataFrame) -> list[str]:
    """Return the cells that are odd most often, worst first, then by name."""
    share = rows.group_by("cell").agg(pl.col(ODD).mean().alias("share"))
    found = share.filter(pl.col("share") > _PERSISTING).sort(
        "share", "cell", descending=[True, False]
    )
    return sorted(found["cell"].head(_MOST_NAMED).to_list())


def _name_places(lines: list[pl.DataFrame], ends: tuple[float, float], height: int) -> pl.DataFrame:
    """Return a place at the end of each line for its name, moved up or down where two would meet."""
    low, high = ends
    apart = _NAME_HEIGHT * (high - low) / height
    places: list[dict[str, Any]] = []
    for last in sorted((line.row(-1, named=True) for line in lines), key=lambda row: row[_Y]):
        under = places[-1][_Y] + apart if places else low
        places.append({**last, _Y: max(last[_Y], under)})
    ceiling = high
    for place in reversed(places):
        place[_Y] = min(place[_Y], ceiling)
        ceiling = place[_Y] - apart
    return pl.DataFrame(places).select("cell", "x", "y", "lot")
