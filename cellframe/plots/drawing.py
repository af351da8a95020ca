"""What have all charts in common: colours, captions, axes that no glitch squashes, and ways out?

A chart's own columns are called ``x``, ``y``, ``lot``: labels of frames stand in titles alone, where
brackets, dots and quotes mean nothing. Values beyond an axis are drawn at its edge and counted.
"""

from __future__ import annotations

import re
from hashlib import sha256
from importlib import import_module
from pathlib import Path
from textwrap import wrap
from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl

from cellframe.analysis.reading import DEFINITION
from cellframe.errors import ConfigError
from cellframe.views.clean import clean

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

WIDTH, HEIGHT = 560, 300
COLOURS = (
    *("#0072B2", "#E69F00", "#009E73", "#CC79A7", "#56B4E9", "#D55E00", "#000000", "#999999"),
)
"""Told apart by everybody: Okabe and Ito (2008), the yellow left out, which white paper swallows."""
DASHES = ([1, 0], [6, 3], [2, 2], [8, 3, 2, 3], [4, 2], [1, 3], [10, 4], [2, 1])
MOST_LOTS = len(COLOURS)
OTHERS = "all others"
POINTS = 400
"""Points of a line; a longer one keeps its shape by MinMaxLTTB."""
_LINE = 92
_REFERENCE = re.compile(r'(="(?:url\(#)?(?:gradient|clip)_?)(\d+)')
"""A name inside a drawing, and where it is used."""
_MARK, _LETTER, _LONGEST = 40, 6, 35
"""Of a legend, in pixels: a symbol with its room, a letter; and letters that are shown."""
_MARGIN = {"left": 5, "top": 5, "right": 20, "bottom": 5}
"""A reader's letters are wider than those that the picture was laid out with."""
_PAD = 0.05
_FLAT = 1e-6
_FEW, _NEAR = 10, 0.05
"""Of fewer values than this nobody knows how far they spread, and only what is twice as large is far."""
EDGE = "\x00edge"


def altair() -> Any:
    """Return the library that draws.

    Raises
    ------
    ConfigError
        It is not installed.
    """
    return _needed("altair")


def _needed(name: str) -> Any:
    try:
        return import_module(name)
    except ImportError as fault:
        message = f'Charts need {name}, which is not installed: pip install "cellframe[plot]".'
        raise ConfigError(message) from fault


def inline(rows: pl.DataFrame) -> Any:
    """Return rows as data of a chart, as many as there are; nothing is fetched."""
    return altair().InlineData(values=rows.to_dicts())


def captioned(title: str, *sentences: str | None) -> dict[str, Any]:
    """Return a title with a caption under it, in lines that fit."""
    lines = [line for text in sentences if text for line in wrap(text, _LINE)]
    return {
        "text": title,
        "subtitle": lines,
        "anchor": "start",
        "subtitleColor": "#555555",
        "subtitlePadding": 4,
        "offset": 10,
    }


def dressed(chart: Any) -> Any:
    """Return a chart with the house's letters and lines."""
    grid = {
        "gridColor": "#e6e6e6",
        "domainColor": "#888888",
        "labelLimit": 240,
        "titleLimit": 400,
        "labelSeparation": 8,
        "labelOverlap": True,
    }
    return (
        chart.configure(background="white", font="sans-serif", padding=_MARGIN)
        .configure_axis(**grid)
        .configure_view(stroke=None)
        .configure_legend(labelLimit=240, titleLimit=240, symbolLimit=MOST_LOTS + 1)
    )


def definition_of(rows: pl.DataFrame) -> str | None:
    """Return what made the numbers, for a caption: ``Definition: …``."""
    if DEFINITION not in rows.columns:
        return None
    told = rows[DEFINITION].drop_nulls().unique(maintain_order=True).cast(pl.String).to_list()
    if not told:
        return None
    more = f"; and {len(told) - 1} more" if len(told) > 1 else ""
    return f"Definition: {told[0]}{more}."


def lots_of(rows: pl.DataFrame, lot: str) -> tuple[list[str], pl.DataFrame, str | None]:
    """Return the lots in the order of their names, the rows, and a note where some are together.

    Of more lots than there are colours, those with most rows keep theirs.
    """
    named = rows.with_columns(pl.col(lot).cast(pl.String).fill_null("(none)"))
    counted = named.group_by(lot).len().sort("len", lot, descending=[True, False])
    kept = counted[lot].to_list()
    if len(kept) <= MOST_LOTS:
        return sorted(kept), named, None
    chosen = sorted(kept[: MOST_LOTS - 1])
    together = pl.when(pl.col(lot).is_in(chosen)).then(lot).otherwise(pl.lit(OTHERS))
    note = f"{len(kept) - len(chosen)} smaller groups are drawn as {OTHERS!r}."
    return [*chosen, OTHERS], named.with_columns(together.alias(lot)), note


def coloured(lots: Sequence[str], title: str, *, field: str = "lot", lines: bool = False) -> Any:
    """Return the colours of lots, with a legend where there are several: of lines, or of what is filled."""
    alt = altair()
    scale = alt.Scale(domain=list(lots), range=list(COLOURS[: len(lots)]))
    return alt.Color(
        f"{field}:N", scale=scale, legend=_legend(lots, title, lines=lines), sort=list(lots)
    )


def dashed(lots: Sequence[str], title: str) -> Any:
    """Return the dashes of lots, in the one legend that the colours have too."""
    alt = altair()
    scale = alt.Scale(domain=list(lots), range=[list(one) for one in DASHES[: len(lots)]])
    legend = _legend(lots, title, lines=True)
    return alt.StrokeDash("lot:N", scale=scale, legend=legend, sort=list(lots))


def _legend(lots: Sequence[str], title: str, *, lines: bool) -> Any:
    """Return a legend under the chart, in as many columns as its width has room for."""
    if len(lots) < 2:  # noqa: PLR2004 - one lot needs none
        return None
    wide = _MARK + _LETTER * min(max(map(len, lots)), _LONGEST)
    columns = max(1, min(len(lots), WIDTH // wide))
    drawn = {"symbolType": "stroke", "symbolStrokeWidth": 2} if lines else {}
    return altair().Legend(
        title=title,
        orient="bottom",
        direction="horizontal",
        columns=columns,
        titleAnchor="start",
        symbolOpacity=1,
        **drawn,
    )


def axis_over(usual: pl.Series) -> tuple[float, float]:
    """Return the ends of an axis that shows these values, with some room."""
    known = usual.drop_nulls().drop_nans()
    known = known.filter(known.is_finite())
    if known.is_empty():
        return 0.0, 1.0
    low, high = float(known.min()), float(known.max())  # type: ignore[arg-type] - numbers
    # Of what differs by rounding alone, no axis has labels.
    flat = high - low <= _FLAT * max(abs(high), abs(low))
    room = (abs(high) * _PAD or 1.0) if flat else (high - low) * _PAD
    return low - room, high + room


def unsquashed(values: pl.Series) -> pl.Series:
    """Return the values but for those that lie far above or below nearly all others."""
    # Inwards, so that of few values a single glitch is not reached by halves.
    ends = (values.quantile(0.05, "higher"), values.quantile(0.95, "lower"))
    low, high = (float(end or 0.0) for end in ends)
    near = _NEAR if len(values) >= _FEW else 1.0
    room = 3 * (high - low) + near * max(abs(high), abs(low))
    return values.filter(values.is_between(low - room, high + room))


def at_edge(rows: pl.DataFrame, ends: tuple[float, float]) -> pl.DataFrame:
    """Return rows with ``y`` within the axis, and `EDGE` where it is not so by itself."""
    beyond = ~pl.col("y").is_between(*ends)
    return rows.with_columns(
        beyond.fill_null(value=False).alias(EDGE),
        pl.col("y").clip(*ends),
        pl.col("y").alias("value"),
    )


def beyond_told(rows: pl.DataFrame, most: int = 4) -> str | None:
    """Say which values lie beyond the axis: cell, cycle and number."""
    found = rows.filter(EDGE)
    if found.is_empty():
        return None
    named = [
        f"{row['cell']} at {row['x']:g} ({row['value']:.4g})" for row in found.head(most).to_dicts()
    ]
    more = f" and {found.height - most} more" if found.height > most else ""
    return f"{_counted(found.height)} beyond the axis, drawn at its edge: {', '.join(named)}{more}."


def _counted(number: int) -> str:
    return "1 value is" if number == 1 else f"{number} values are"


def thinned(line: pl.DataFrame, points: int = POINTS) -> pl.DataFrame:
    """Return a line of ``x`` and ``y`` with fewer points and the same shape."""
    if line.height <= points:
        return line
    shape = _needed("tsdownsample").MinMaxLTTBDownsampler()
    x, y = (np.ascontiguousarray(line[name].to_numpy(), dtype=np.float64) for name in "xy")
    kept = shape.downsample(x, np.nan_to_num(y), n_out=points)
    return line[np.unique(kept).tolist()]


def svg(chart: Any) -> str:
    """Return a chart as SVG, drawn without a browser.

    Parameters
    ----------
    chart : altair chart
        Of this room, or any other.

    Returns
    -------
    str
        The same text for the same chart.

    Raises
    ------
    ConfigError
        vl-convert is not installed.
    """
    return _named_by_content(str(_needed("vl_convert").vegalite_to_svg(_drawable(chart))))


def _named_by_content(drawn: str) -> str:
    """Return a drawing whose colour bars are named after it.

    vl-convert counts them over all that a process draws: the same chart would be another text, and
    two charts on a page could have the same names.
    """
    numbers: dict[str, int] = {}

    def numbered(found: re.Match[str]) -> str:
        return f"{found[1]}{numbers.setdefault(found[2], len(numbers))}"

    own = _REFERENCE.sub(numbered, drawn)
    digest = sha256(own.encode()).hexdigest()[:8]
    return _REFERENCE.sub(rf"\g<1>{digest}_\g<2>", own)


def _drawable(chart: Any) -> Any:
    """Return a chart as Vega-Lite, without the characters that end vl-convert and its process.

    It is written in Rust and aborts at a NUL or an escape in a text, and refuses a line separator.
    """
    return _without_controls(chart.to_dict())


def _without_controls(part: Any) -> Any:
    if isinstance(part, str):
        return clean(part)
    if isinstance(part, dict):
        return {clean(str(key)): _without_controls(value) for key, value in part.items()}
    if isinstance(part, list):
        return [_without_controls(value) for value in part]
    return part


def save(chart: Any, path: str | Path) -> Path:
    """Write a chart to a file, without a browser and without a network.

    Parameters
    ----------
    chart : altair chart
        Of this room, or any other.
    path : str or Path
        ``.svg``, ``.png`` (at twice the size, for slides), ``.html`` (one file that needs no
        network) or ``.json`` (Vega-Lite).

    Returns
    -------
    Path
        Where it is.

    Raises
    ------
    ConfigError
        The name ends with something else.
    ConfigError
        vl-convert is not installed.
    """
    place = Path(path)
    kind = place.suffix.lower().removeprefix(".")
    if kind not in ("svg", "png", "html", "json"):
        message = f"{place.name!r}: a chart is written as .svg, .png, .html or .json."
        raise ConfigError(message)
    if kind == "svg":
        place.write_text(svg(chart), "utf-8")
    elif kind == "png":
        place.write_bytes(_needed("vl_convert").vegalite_to_png(_drawable(chart), scale=2))
    elif kind == "html":
        page = _needed("vl_convert").vegalite_to_html(_drawable(chart), bundle=True)
        place.write_text(page, "utf-8")
    else:
        place.write_text(chart.to_json(), "utf-8")
    return place


def empty(title: str, why: str) -> Any:
    """Return a chart that says why there is nothing to draw."""
    alt = altair()
    said = pl.DataFrame({"text": [why]})
    mark = alt.Chart(inline(said)).mark_text(align="left", fontSize=13, color="#555555")
    drawn = mark.encode(text="text:N", x=alt.value(0), y=alt.value(20))
    return dressed(drawn.properties(width=WIDTH, height=40, title=captioned(title)))


def first_label(names: Iterable[str], there: Iterable[str]) -> str | None:
    """Return the first of some labels that a frame has."""
    have = set(there)
    return next((name for name in names if name in have), None)
