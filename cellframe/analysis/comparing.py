"""Do two lots differ by more than chance, and by how much?"""

from __future__ import annotations

from itertools import combinations
from math import sqrt
from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl

from cellframe.analysis.grouping import (
    CELL,
    LIMIT,
    NAME,
    ODD,
    VALUE,
    grouped_values,
    listed,
    named,
    with_unit,
)
from cellframe.analysis.reading import DEFINITION, FINDING, TOLD, back
from cellframe.contract.series import CYCLE
from cellframe.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cellframe.frames.backend import AnyFrame

_FEWEST = 3
_MOST_PAIRS = 4_000_000
_LOT = "\x00lot"
_P = ("p (Welch)", "p (Mann-Whitney)")


def compare_lots(
    frame: AnyFrame,
    value: str,
    *,
    by: str | Sequence[str] = "batch",
    between: tuple[str, str] | None = None,
    at: int | None = None,
    confidence: float = 0.95,
) -> Any:
    """Return by how much lots differ, with intervals, for each pair of them.

    Parameters
    ----------
    frame : polars or pandas DataFrame, or LazyFrame
        A row per cell, or per cell and cycle with `at`.
    value : str
        The column that is compared.
    by : str or sequence of str
        What makes a lot.
    between : (str, str), optional
        Two lots by name; without it each pair of lots.
    at : int, optional
        Of this ``Cycle count`` alone; needed where cells have several.
    confidence : float
        Of the intervals, between 0 and 1.

    Returns
    -------
    DataFrame, shape (n_pairs, n_columns)
        ``Lot`` and ``Other lot``, ``Column``, ``n`` and ``Other n``, medians of both, in the unit
        of `value` ``Difference of means`` (the other lot minus the lot) with ``from`` and
        ``to``, and ``Shift`` (the median of all differences between their cells, Hodges-Lehmann);
        ``Effect size`` (Hedges' g) with ``from`` and ``to``, ``Cliff's delta``; ``p (Welch)``,
        ``p (Mann-Whitney)``, both after Holm for the number of pairs; ``Finding``,
        ``Definition``. Null where a lot has fewer than 3 values.

    Raises
    ------
    FrameError
        A column is missing.
    ConfigError
        There are fewer than two lots, a lot is not there, or cells have several rows.

    Notes
    -----
    The interval of the difference is Welch's, which does not ask for equal spreads; that of
    Hedges' g is the large-sample one of Hedges and Olkin (1985). Odd cells count, since to leave
    them out is a decision: ``Finding`` names how many there are, and the difference without
    them. Shift, Cliff's delta and Mann-Whitney hardly feel them. Correction: Holm (1979).
    """
    if not 0 < confidence < 1:
        raise ConfigError(f"confidence={confidence!r} should lie between 0 and 1, as 0.95.")
    groups = listed(by)
    rows = grouped_values(frame, value, groups, at).with_columns(named(groups).alias(_LOT))
    _one_row_per_cell(rows, at)
    found = {
        str(lot): part.filter(pl.col(VALUE).is_not_null())
        for (lot,), part in rows.sort(_LOT, maintain_order=True).group_by(_LOT, maintain_order=True)
    }
    pairs = [_pair(between, found)] if between is not None else list(combinations(found, 2))
    if not pairs:
        raise ConfigError(f"{' and '.join(groups)!r} makes {len(found)} lot: two are compared.")
    made = [_compared(one, other, found, confidence, value) for one, other in pairs]
    table = pl.DataFrame(made, schema=_schema(value), orient="row")
    definition = (
        f"the other lot minus the lot; Welch {confidence:.0%} interval of the means, Hedges' g, "
        f"Hodges-Lehmann shift; p after Holm for {len(pairs)} pair{'s' * (len(pairs) > 1)}"
    )
    told = table.with_columns(
        *(pl.Series(label, _holm(table[label].to_list()), pl.Float64) for label in _P),
        pl.col(FINDING).cast(TOLD[FINDING]),
        pl.lit(definition).cast(TOLD[DEFINITION]).alias(DEFINITION),
    )
    return back(told, frame)


def _one_row_per_cell(rows: pl.DataFrame, at: int | None) -> None:
    if at is None and CYCLE in rows.columns and rows[CYCLE].n_unique() > 1:
        low, high = rows[CYCLE].min(), rows[CYCLE].max()
        message = f"The frame has {CYCLE!r} from {low} to {high}: say of which one lots are compared, as in at={high}."
        raise ConfigError(message)
    counted = (
        rows.drop_nulls(VALUE)
        .group_by(CELL, maintain_order=True)
        .agg(pl.col(NAME).first(), pl.len())
    )
    several = counted.filter(pl.col("len") > 1)
    if several.height:
        name, number = several.select(NAME, "len").row(0)
        message = (
            f"{several.height} of {counted.height} cells have several rows ({name!r} has {number}), "
            "and values of one cell are no proof of a difference between lots: take one of each, "
            "as in frame.group_by('cell', 'batch').agg(pl.median(...))."
        )
        raise ConfigError(message)


def _pair(between: tuple[str, str], found: dict[str, pl.DataFrame]) -> tuple[str, str]:
    one, other = (str(lot) for lot in between)
    missing = [lot for lot in (one, other) if lot not in found]
    if missing:
        message = f"There is no lot {' and no lot '.join(map(repr, missing))}. There are: {', '.join(map(repr, found))}."
        raise ConfigError(message)
    return one, other


def _schema(value: str) -> dict[str, Any]:
    unit = [with_unit(word, value) for word in ("Median", "Other median")]
    means = [with_unit(f"Difference of means{end}", value) for end in ("", " from", " to")]
    numbers = [*unit, *means, with_unit("Shift", value)]
    sizes = ["Effect size", "Effect size from", "Effect size to", "Cliff's delta", *_P]
    return {
        **dict.fromkeys(("Lot", "Other lot", "Column"), pl.String()),
        **dict.fromkeys(("n", "Other n"), pl.Int64()),
        **dict.fromkeys([*numbers, *sizes], pl.Float64()),
        FINDING: pl.String(),
    }


def _compared(
    one: str, other: str, found: dict[str, pl.DataFrame], confidence: float, value: str
) -> tuple[Any, ...]:
    a, b = (found[lot][VALUE].to_numpy() for lot in (one, other))
    head = (one, other, value, len(a), len(b))
    if min(len(a), len(b)) < _FEWEST:
        few = f"{min(len(a), len(b))} values in a lot: fewer than {_FEWEST} tell nothing of chance"
        medians = (float(np.median(x)) if len(x) else None for x in (a, b))
        return (*head, *medians, *[None] * 10, few)
    numbers = (
        *_of_means(a, b, confidence),
        _shift(a, b),
        *_effect(a, b, confidence),
        *_ranks(a, b),
    )
    medians = (float(np.median(a)), float(np.median(b)))
    p_welch = _welch_p(a, b)
    return (*head, *medians, *numbers[:-1], p_welch, numbers[-1], _about_odd(found, one, other))


def _of_means(a: Any, b: Any, confidence: float) -> tuple[float, float | None, float | None]:
    from scipy.stats import ttest_ind

    difference = float(np.mean(b) - np.mean(a))
    if np.ptp(a) == np.ptp(b) == 0:
        return difference, None, None
    interval = ttest_ind(b, a, equal_var=False).confidence_interval(confidence)
    return difference, float(interval.low), float(interval.high)


def _welch_p(a: Any, b: Any) -> float | None:
    from scipy.stats import ttest_ind

    if np.ptp(a) == np.ptp(b) == 0:
        return None
    tested: Any = ttest_ind(b, a, equal_var=False)
    return float(tested.pvalue)


def _shift(a: Any, b: Any) -> float | None:
    if len(a) * len(b) > _MOST_PAIRS:
        return None
    return float(np.median(np.subtract.outer(b, a)))


def _effect(a: Any, b: Any, confidence: float) -> tuple[float | None, ...]:
    """Return Hedges' g and its large-sample interval."""
    from scipy.stats import norm

    n, m = len(a), len(b)
    pooled = sqrt(((n - 1) * np.var(a, ddof=1) + (m - 1) * np.var(b, ddof=1)) / (n + m - 2))
    if pooled == 0:
        return None, None, None
    small = 1 - 3 / (4 * (n + m - 2) - 1)
    g = float(small * (np.mean(b) - np.mean(a)) / pooled)
    half = norm.ppf(0.5 + confidence / 2) * sqrt((n + m) / (n * m) + g * g / (2 * (n + m)))
    return g, float(g - half), float(g + half)


def _ranks(a: Any, b: Any) -> tuple[float, float]:
    """Return Cliff's delta and the p of Mann and Whitney."""
    from scipy.stats import mannwhitneyu

    found = mannwhitneyu(b, a, alternative="two-sided")
    return float(2 * found.statistic / (len(a) * len(b)) - 1), float(found.pvalue)


def _about_odd(found: dict[str, pl.DataFrame], one: str, other: str) -> str | None:
    counts = {lot: int(found[lot][ODD].sum()) for lot in (one, other)}
    if not any(counts.values()):
        return None
    usual = [found[lot].filter(~pl.col(ODD))[VALUE].mean() for lot in (one, other)]
    where = " and ".join(f"{count} in {lot!r}" for lot, count in counts.items() if count)
    without = float(usual[1]) - float(usual[0])  # type: ignore[arg-type] - most values are not odd
    return f"odd cells count ({where}, beyond {LIMIT:g} robust spreads); the difference of means without them is {without:.4g}"


def _holm(values: list[float | None]) -> list[float | None]:
    """Correct several p values at once, Holm's way."""
    known = sorted((p, place) for place, p in enumerate(values) if p is not None)
    made: list[float | None] = [None] * len(values)
    highest = 0.0
    for rank, (p, place) in enumerate(known):
        highest = max(highest, min(1.0, p * (len(known) - rank)))
        made[place] = highest
    return made
