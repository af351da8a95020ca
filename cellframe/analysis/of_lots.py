"""How do the lots stand, and which of their cells are odd?"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import polars as pl

from cellframe.analysis.cycle_rows import said, short
from cellframe.analysis.grouping import (
    AWAY,
    CELL,
    FEWEST,
    LIMIT,
    MIDDLE,
    NAME,
    ODD,
    SPREAD,
    VALUE,
    grouped_values,
    in_words,
    listed,
    named,
    rule_of,
    with_unit,
)
from cellframe.analysis.reading import DEFINITION, FINDING, TOLD, back
from cellframe.contract.series import CYCLE

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from cellframe.frames.backend import AnyFrame

COLUMN = "Column"
_FEW_NAMES = 8


def lots(
    frame: AnyFrame,
    value: str,
    *,
    by: str | Sequence[str] | None = "batch",
    at: int | Collection[int] | None = None,
    limit: float = LIMIT,
) -> Any:
    """Return how many, where the middle is and how far they spread, for each lot.

    Parameters
    ----------
    frame : polars or pandas DataFrame, or LazyFrame
        A row per cell, or per cell and cycle, with the columns that make lots; `with_cells` joins
        them to an answer.
    value : str
        The column that is compared: ``"cell.mass [g]"``, ``"Capacity retention"``.
    by : str or sequence of str, optional
        What makes a lot: any columns. None is one group.
    at : int or collection of int, optional
        Of these ``Cycle count`` alone. Without it each cycle has its row per lot.
    limit : float
        Robust spreads from the median, beyond which a cell is odd.

    Returns
    -------
    DataFrame, shape (n_lots or n_lots * n_cycles, n_columns)
        `by`, ``Cycle count`` where there is one, ``Column``, ``Cells``, ``Missing`` (cells of
        the lot without a value there), ``n`` values; ``Mean``, ``Standard deviation`` (n - 1),
        ``Median``, ``Robust spread`` (1.4826 times the median deviation from the median), ``Lower
        quartile``, ``Upper quartile``, ``Lowest``, ``Highest``, ``Mean without odd``, all in the
        unit of `value`; ``Odd values``, ``Odd cells`` (their names and values), ``Finding``,
        ``Definition``.

    Raises
    ------
    FrameError
        A column is missing.
    ConfigError
        `value` holds no numbers, or no cell has the cycle.

    Notes
    -----
    Mean and standard deviation are of all values; beside them stands the mean without the odd
    ones, which are named. Four cells of 84 whose cycler wrote 31 A.h once (Severson et al. 2019)
    move the mean of that cycle from 1.06 to 1.77 A.h, and the median not at all. The limit of 3.5
    is that of Iglewicz and Hoaglin (1993).
    """
    groups = listed(by)
    rows = grouped_values(frame, value, groups, at, limit)
    cycle = [CYCLE] if CYCLE in rows.columns and CYCLE not in groups else []
    keys = [*groups, *cycle]
    everyone = pl.col(CELL).n_unique().over(groups or [pl.lit(0)])
    table = _table(rows.with_columns(everyone.alias("Cells")), keys, value)
    joined = table.with_columns((pl.col("Cells") - pl.col("\x00known")).alias("Missing"))
    made = joined.sort(keys, maintain_order=True, nulls_last=True) if keys else joined
    definition = f"all values counted, mean and sd (n - 1) too; {rule_of(limit)}"
    return _answer(made, keys, value, definition, frame)


def _table(rows: pl.DataFrame, keys: list[str], value: str) -> pl.DataFrame:
    known = pl.col(VALUE).is_not_null()
    here, usual = pl.col(VALUE), pl.col(VALUE).filter(~pl.col(ODD))
    names = pl.format("{} ({})", NAME, in_words(value)).filter(pl.col(ODD))
    return rows.group_by(keys or [pl.lit(0).alias("\x00all")], maintain_order=True).agg(
        pl.col("Cells").first(),
        pl.col(CELL).filter(known).n_unique().alias("\x00known"),
        here.count().cast(pl.Int64).alias("n"),
        here.mean().alias("Mean"),
        here.std().alias("Standard deviation"),
        here.median().alias("Median"),
        pl.col(SPREAD).drop_nulls().first().alias("Robust spread"),
        here.quantile(0.25, "linear").alias("Lower quartile"),
        here.quantile(0.75, "linear").alias("Upper quartile"),
        here.min().alias("Lowest"),
        here.max().alias("Highest"),
        usual.mean().alias("Mean without odd"),
        pl.col(ODD).sum().cast(pl.Int64).alias("Odd values"),
        names.head(_FEW_NAMES).str.join(", ").alias("Odd cells"),
    )


_NUMBERS = (
    *("Mean", "Standard deviation", "Median", "Robust spread", "Lower quartile"),
    *("Upper quartile", "Lowest", "Highest", "Mean without odd"),
)


def _answer(
    made: pl.DataFrame, keys: list[str], value: str, definition: str, frame: AnyFrame
) -> Any:
    more = pl.col("Odd values") - _FEW_NAMES
    names = (
        pl.when(more > 0)
        .then(pl.format("{} and {} more", "Odd cells", more))
        .otherwise("Odd cells")
    )
    doubled = pl.col("n") - pl.col("\x00known")
    finding = said(
        (pl.col("n") == 0, "nothing is known"),
        (
            pl.col("n").is_between(1, FEWEST - 1),
            pl.format(f"{{}} of at least {FEWEST} values: none is called odd", "n"),
        ),
        (doubled > 0, pl.format("{} values more than cells: some have several rows", doubled)),
        (
            pl.col("Odd values") > 0,
            pl.format(
                "{} of {} values are odd; the mean without them is {}",
                *("Odd values", "n", short(pl.col("Mean without odd"))),
            ),
        ),
    )
    told = made.with_columns(
        pl.lit(value).alias(COLUMN),
        pl.col("Cells", "Missing").cast(pl.Int64),
        pl.when(pl.col("Odd values") > 0).then(names).alias("Odd cells"),
        finding.cast(TOLD[FINDING]).alias(FINDING),
        pl.lit(definition).cast(TOLD[DEFINITION]).alias(DEFINITION),
    )
    labelled = [pl.col(word).alias(with_unit(word, value)) for word in _NUMBERS]
    counts = [COLUMN, "Cells", "Missing", "n"]
    chosen = told.select(*keys, *counts, *labelled, "Odd values", "Odd cells", FINDING, DEFINITION)
    return back(chosen, frame)


def odd_cells(
    frame: AnyFrame,
    value: str,
    *,
    by: str | Sequence[str] | None = "batch",
    at: int | Collection[int] | None = None,
    limit: float = LIMIT,
) -> Any:
    """Return the values that are odd in their lot, a row for each.

    Parameters
    ----------
    frame, value, by, at, limit
        As of `lots`.

    Returns
    -------
    DataFrame, shape (n_odd, n_columns)
        Keys, `by`, ``Cycle count`` where there is one, ``Column``, ``Value``, ``Group median``,
        ``Robust spreads away``, ``Finding`` (a sentence), ``Definition``. No row where none is.

    Raises
    ------
    FrameError
        A column is missing.
    ConfigError
        `value` holds no numbers, or no cell has the cycle.
    """
    groups = listed(by)
    rows = grouped_values(frame, value, groups, at, limit).filter(ODD)
    cycle = [CYCLE] if CYCLE in rows.columns and CYCLE not in groups else []
    when = pl.format(" at cycle {}", CYCLE) if cycle else pl.lit("")
    told = pl.format(
        "{}: {}{}, where the median of {} is {}",
        *(NAME, in_words(value), when, named(groups), short(pl.col(MIDDLE))),
    )
    keys = [column for column in rows.columns if not column.startswith("\x00")]
    made = rows.select(
        *keys,
        pl.lit(value).alias(COLUMN),
        pl.col(VALUE).alias("Value"),
        pl.col(MIDDLE).alias("Group median"),
        pl.col(AWAY).alias("Robust spreads away"),
        told.cast(TOLD[FINDING]).alias(FINDING),
        pl.lit(rule_of(limit)).cast(TOLD[DEFINITION]).alias(DEFINITION),
    )
    return back(made, frame)
