"""Where does the fade turn steep, if it does?

Two straight lines that meet, by least squares: the plain method, whose answer says over which
window it was made, how far the points are from the lines, and that there is no knee where there
is none.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import polars as pl

from cellframe.analysis.cycle_rows import DEFAULT, WHO, answer, cycle_rows, is_glitch
from cellframe.analysis.reading import DEFINITION, FINDING, keys_of
from cellframe.contract.series import CYCLE
from cellframe.errors import ConfigError
from cellframe.frames.columns import parse
from cellframe.views.words import many

if TYPE_CHECKING:
    from typing import TypeAlias

    from numpy.typing import NDArray

    from cellframe.frames.backend import AnyFrame

    Floats: TypeAlias = NDArray[np.float64]

KNEE, RATIO = "Knee cycle", "Slope ratio"
FEWEST = 8
"""Points that a knee needs, all told."""
LEAST_FADE = 0.05
"""Of what a cell began with: before that much is lost a break is noise, or the first cycles' rise."""
_RISE = 0.25
"""Of the fall after the break: what rises more before it is no fade with a knee."""
LEAST_RATIO = 1.5
"""The fade after a knee is so many times the fade before it."""
LEAST_GAIN = 0.5
"""Two lines leave at most this share of the squares that one line leaves."""
_EITHER_SIDE = 2
_PARALLEL = 1e-12


class TwoLines(NamedTuple):
    """Two lines that meet.

    Attributes
    ----------
    knee, height : float
        Where they meet.
    before, after : float
        Their slopes.
    squares, of_one_line : float
        Sums of squared distances of the points from them, and from one line.
    """

    knee: float
    height: float
    before: float
    after: float
    squares: float
    of_one_line: float


def knee(
    frame: AnyFrame,
    *,
    window: tuple[float | None, float | None] = (None, None),
    above: float | None = None,
    of: str = DEFAULT,
    least_ratio: float = LEAST_RATIO,
    least_fade: float = LEAST_FADE,
) -> Any:
    """Return the knee of each cell's fade, or that it has none.

    Parameters
    ----------
    frame : polars or pandas DataFrame, or LazyFrame
        Cycles of one cell or many: ``Cycle count`` and what fades.
    window : (float or None, float or None)
        First and last ``Cycle count`` to fit.
    above : float, optional
        Fit only points of at least this, in the unit of `of`: the tail after the knee draws the
        second line away from it.
    of : str
        What fades.
    least_ratio : float
        A knee fades at least so many times as fast after it as before.
    least_fade : float
        A cell with a knee has lost at least this share of what it began with, as a ratio.

    Returns
    -------
    DataFrame, shape (n_cells, n_columns)
        Keys, ``Knee cycle``, ``Capacity at knee [A.h]``, ``Fade per cycle before [A.h]``, ``Fade
        per cycle after [A.h]``, ``Slope ratio``, ``Residual [A.h]`` (root of the mean square),
        ``First cycle count``, ``Last cycle count``, ``Points``, ``Finding``, ``Definition``. A cell
        without a knee has no ``Knee cycle``, and a ``Finding`` that says why.

    Raises
    ------
    FrameError
        A column is missing, or holds no numbers.
    ConfigError
        A window ends before it begins.

    Notes
    -----
    Least squares of two lines that meet, the break searched on whole cycles: what Bacon-Watts
    (Fermin-Cueto et al. 2020) becomes when its turn is sharp. The window matters: on the cells of
    Baumhoefer et al. (2014) the mean knee moves from 1038 to 1135 cycles without the points below
    1.0 A.h. CALCE (Energies 12, 2910) uses the ratio of slopes; review: Attia et al. 2022.
    """
    first, last = window
    if first is not None and last is not None and first > last:
        raise ConfigError(f"window={window!r} ends before it begins.")
    rows = cycle_rows(frame, (of,))
    rows = rows.with_columns(is_glitch(of, rows).alias("glitch"))
    inside = pl.lit(value=True)
    if first is not None:
        inside &= pl.col(CYCLE) >= first
    if last is not None:
        inside &= pl.col(CYCLE) <= last
    if above is not None:
        inside &= pl.col(of) >= above
    used = rows.with_columns(
        (inside & pl.col(of).is_not_null() & ~pl.col("glitch")).fill_null(value=False).alias("used")
    )
    keys = keys_of(rows.columns)
    found = [
        {**{key: cell[key][0] for key in keys}, **_answer(cell, of, least_ratio, least_fade)}
        for cell in used.partition_by(WHO, maintain_order=True)
    ]
    unit = parse(of)[1]
    kept = f", points of at least {above:g} {unit or ''}".rstrip() if above is not None else ""
    definition = f"two lines that meet, least squares, slope ratio at least {least_ratio:g}, fade at least {least_fade:g}{kept}"
    types: dict[str, Any] = {key: rows.schema[key] for key in keys} | _types(of)
    made = pl.DataFrame(found, schema=types, orient="row")
    made = made.with_columns(pl.lit(definition).alias(DEFINITION))
    return answer(made, [label for label in _types(of) if label != FINDING], frame)


def _types(of: str) -> dict[str, Any]:
    unit = parse(of)[1]
    word, bracket = "Energy" if "energy" in of.lower() else "Capacity", f" [{unit}]" if unit else ""
    floats = (
        *(KNEE, f"{word} at knee{bracket}"),
        *(f"Fade per cycle before{bracket}", f"Fade per cycle after{bracket}"),
        *(RATIO, f"Residual{bracket}"),
    )
    whole = ("First cycle count", "Last cycle count", "Points")
    return {
        **dict.fromkeys(floats, pl.Float64()),
        **dict.fromkeys(whole, pl.Int64()),
        FINDING: pl.String(),
    }


def _answer(cell: pl.DataFrame, of: str, least_ratio: float, least_fade: float) -> dict[str, Any]:
    """Return one cell's row, but for its keys."""
    points = cell.filter("used")
    x, y = (points[label].cast(pl.Float64).to_numpy() for label in (CYCLE, of))
    floats = [label for label, dtype in _types(of).items() if dtype == pl.Float64]
    blank: dict[str, Any] = dict.fromkeys(floats)
    ends = (int(x.min()), int(x.max())) if len(x) else (None, None)
    blank |= dict(
        zip(("First cycle count", "Last cycle count", "Points"), (*ends, len(x)), strict=True)
    )
    left_out = int(cell["glitch"].sum())
    told = [f"{many(left_out, 'glitch')} left out"] if left_out else []
    if len(x) < FEWEST:
        return blank | {
            FINDING: "; ".join([f"no knee: {len(x)} points, {FEWEST} are needed", *told])
        }
    fit = two_lines(x, y)
    if fit is None:
        return blank | {FINDING: "; ".join(["no knee: the points have no break", *told])}
    ratio = fit.after / fit.before if abs(fit.before) > _PARALLEL else None
    values = (
        *(fit.knee, fit.height, -fit.before, -fit.after),
        *(ratio, float(np.sqrt(fit.squares / len(x)))),
    )
    blank |= dict(zip(floats, values, strict=True))
    why = _why_not(fit, ratio, least_ratio) or _too_little(fit, ends, least_fade)
    if why is not None:
        blank[KNEE] = blank[floats[1]] = None
        told.insert(0, f"no knee: {why}")
    return blank | {FINDING: "; ".join(told) or None}


def _why_not(fit: TwoLines, ratio: float | None, least_ratio: float) -> str | None:
    if fit.after >= 0:
        return "the capacity does not fall after the break"
    if fit.after > fit.before:
        shown = f"slope ratio {ratio:.3g}" if ratio is not None else "the fade"
        return f"{shown}, the fade becomes slower"
    if ratio is not None and 0 < ratio < least_ratio:
        return f"slope ratio {ratio:.3g}"
    if fit.squares > LEAST_GAIN * fit.of_one_line:
        return "two lines fit hardly better than one"
    return None


def _too_little(fit: TwoLines, ends: tuple[Any, Any], least_fade: float) -> str | None:
    """Say why a break is none in the life of a cell: it rises first, or has hardly faded."""
    first, last = ends
    begin = fit.height - fit.before * (fit.knee - first)
    end = fit.height + fit.after * (last - fit.knee)
    if fit.height - begin > _RISE * (fit.height - end):
        return "the capacity rises before the break"
    lost = (begin - end) / begin if begin > 0 else 1.0
    return (
        f"{lost:.2g} of the capacity was lost, {least_fade:g} is needed"
        if lost < least_fade
        else None
    )


def two_lines(x: Floats, y: Floats) -> TwoLines | None:
    """Fit two lines that meet at a whole number, by least squares.

    Parameters
    ----------
    x, y : array, shape (n_points,)
        In ascending order of x.

    Returns
    -------
    TwoLines or None
        None where there is no whole number with two different x on either side.
    """
    different = np.unique(x)
    if len(different) < 2 * _EITHER_SIDE:
        return None
    lowest = np.floor(different[_EITHER_SIDE - 1])
    highest = np.ceil(different[-_EITHER_SIDE])
    breaks = np.arange(lowest, highest + 1)
    middle = x.mean()
    # y = a + b (x - mean) + c h, with h = max(x - break, 0): with y and h freed of the first two
    # terms, c is their product over the square of h, for all breaks at once from running sums.
    t, u = x - middle, y - y.mean()
    tt = float(t @ t)
    slope = float(t @ u) / tt
    rest = u - slope * t
    at = breaks - middle
    begin = np.searchsorted(t, at, side="right")
    n, s1, s2, r0, r1 = (
        _from(values)[begin] for values in (np.ones_like(t), t, t * t, rest, rest * t)
    )
    h_sum, h_t = s1 - at * n, s2 - at * s1
    h_h = s2 - 2 * at * s1 + at * at * n
    h_rest = r1 - at * r0
    square = h_h - h_sum**2 / len(x) - h_t**2 / tt
    is_bent = square > _PARALLEL * tt
    if not is_bent.any():
        return None
    gained = np.where(is_bent, h_rest**2 / np.where(is_bent, square, 1.0), -1.0)
    best = int(gained.argmax())
    bend = float(h_rest[best] / square[best])
    before = slope - bend * float(h_t[best]) / tt
    level = float(y.mean()) - bend * float(h_sum[best]) / len(x)
    one_line = float(rest @ rest)
    return TwoLines(
        knee=float(breaks[best]),
        height=level + before * float(at[best]),
        before=before,
        after=before + bend,
        squares=max(one_line - float(gained[best]), 0.0),
        of_one_line=one_line,
    )


def _from(values: Floats) -> Floats:
    """Return the sums of the values from each place to the end, and 0 behind it."""
    return np.concatenate([np.cumsum(values[::-1])[::-1], [0.0]])
