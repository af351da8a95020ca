"""What is the result of each cell: how much is left, how long did it live, how does it stand?"""

from __future__ import annotations

from dataclasses import dataclass
from difflib import get_close_matches
from typing import TYPE_CHECKING

import polars as pl

from cellframe import analysis
from cellframe.analysis.reading import DEFINITION, FINDING
from cellframe.contract.series import CHARGE_CAPACITY, CYCLE, DISCHARGE_CAPACITY
from cellframe.errors import ConfigError
from cellframe.reports.gathering import CELL, ID

if TYPE_CHECKING:
    from collections.abc import Collection

    from cellframe.analysis.fading import Reference
    from cellframe.reports.gathering import Fleet

SOH, TO_80, EFFICIENCY = "SOH", "Cycles to 80 %", "Median coulombic efficiency"
LAST, FIRST = "Last capacity [A.h]", "Reference capacity [A.h]"
KNEE, FULL = "Knee cycle", "Equivalent full cycles"
TESTS, CYCLES, LAST_CYCLE = "Tests", "Cycles", "Last cycle"
BATCH = "batch"
"""What makes lots unless somebody says; cells without it are one."""
NUMBERS = (FIRST, LAST, SOH, TO_80, KNEE, EFFICIENCY, FULL)
"""Columns of results that lots are compared by, and rules can be of."""
_UNUSABLE = ("glitch", "dip", "first_partial", "last_cut", "negative")
_FEWEST_FOR_A_KNEE = 8


@dataclass(frozen=True)
class Terms:
    """By which definitions results are made.

    Attributes
    ----------
    reference : str, int or (int, int)
        Of the state of health, as in `cellframe.analysis.retention`.
    rated : float or None
        What the cells are rated for, in A.h: of reference ``"rated"``, and of full cycles.
    check_ups : str, collection of str or None
        Labels of the cycles that count for the state of health.
    by : str or None
        The column that makes lots.
    """

    reference: Reference = "first"
    rated: float | None = None
    check_ups: str | Collection[str] | None = None
    by: str | None = BATCH


def results_of(fleet: Fleet, terms: Terms) -> pl.DataFrame:
    """Return the results of each cell.

    Parameters
    ----------
    fleet : Fleet
        What is looked at.
    terms : Terms
        Definitions.

    Returns
    -------
    DataFrame, shape (n_cells, n_columns)
        Id, ``cell``, `by`, ``Tests``, ``Cycles``, ``Last cycle``, ``Reference capacity [A.h]``,
        ``Last capacity [A.h]``, ``SOH`` (their ratio, of the last cycle that is neither cut nor
        a glitch), ``Cycles to 80 %``, ``Knee cycle``, ``Median coulombic efficiency``,
        ``Equivalent full cycles``, ``Finding``, ``Definition``. Null where there is no number.

    Raises
    ------
    ConfigError
        The cells have no column `by`.
    """
    lot = _lot(fleet, terms)
    about = [name for name in (ID, CELL, *lot) if name in fleet.cells.columns]
    made = fleet.cells.select(about)
    made = made.join(_tests(fleet), on=fleet.key, how="left", maintain_order="left")
    if not _has_capacity(fleet):
        nothing = {label: pl.lit(None, pl.Float64) for label in NUMBERS}
        return made.with_columns(
            pl.lit(0, pl.Int64).alias(CYCLES),
            pl.lit(None, pl.Int64).alias(LAST_CYCLE),
            *(value.alias(label) for label, value in nothing.items()),
            pl.lit("no cycles").alias(FINDING),
            pl.lit(None, pl.String).alias(DEFINITION),
        ).select(*about, TESTS, CYCLES, LAST_CYCLE, *NUMBERS, FINDING, DEFINITION)
    for part in _parts(fleet, terms):
        made = made.join(part, on=fleet.key, how="left", maintain_order="left")
    untested = pl.when(pl.col(CYCLES).is_null()).then(pl.lit("no cycles"))
    return made.with_columns(
        pl.col(CYCLES).fill_null(0), pl.coalesce(untested, FINDING).alias(FINDING)
    ).select(*about, TESTS, CYCLES, LAST_CYCLE, *NUMBERS, FINDING, DEFINITION)


def _lot(fleet: Fleet, terms: Terms) -> list[str]:
    """Return the column that makes lots, if the cells have it.

    Raises
    ------
    ConfigError
        They have no such column, and one was asked for; or it holds lists.
    """
    if terms.by is None:
        return []
    there = fleet.cells.schema
    if terms.by in there and there[terms.by].is_nested():
        raise ConfigError(f"by={terms.by!r} holds lists, and a lot is one value.")
    if terms.by in there or terms.by == BATCH:
        return [terms.by] if terms.by in there else []
    near = get_close_matches(terms.by, there, n=2, cutoff=0.5)
    advice = (
        f"Did you mean {' or '.join(map(repr, near))}?"
        if near
        else f"They have {', '.join(there)}."
    )
    raise ConfigError(f"The cells have no column {terms.by!r} to make lots of. {advice}")


def _has_capacity(fleet: Fleet) -> bool:
    there = fleet.lived.columns
    usable = {CYCLE, DISCHARGE_CAPACITY, fleet.key} <= set(there)
    return usable and fleet.lived[DISCHARGE_CAPACITY].count() > 0


def _tests(fleet: Fleet) -> pl.DataFrame:
    if fleet.key not in fleet.tests.columns:
        empty = {fleet.key: fleet.cells.schema[fleet.key], TESTS: pl.Int64()}
        return pl.DataFrame(schema=empty)
    return fleet.tests.group_by(fleet.key).agg(pl.len().cast(pl.Int64).alias(TESTS))


def _parts(fleet: Fleet, terms: Terms) -> list[pl.DataFrame]:
    """Return what is asked of the cycles, a row per cell each."""
    key, lived = fleet.key, fleet.lived.filter(pl.col(CYCLE).is_not_null())
    health = _health(lived, terms, key)
    crossed: pl.DataFrame = analysis.cycles_to(
        lived, 0.8, reference=terms.reference, capacity=_capacity(terms), check_ups=terms.check_ups
    )
    knees: pl.DataFrame = analysis.knee(lived)
    life = crossed.select(
        key,
        pl.col("Cycles to threshold").alias(TO_80),
        # The last retention is the SOH beside it.
        pl.col(FINDING).str.replace("; last retention [^;]*", "").alias("\x00life"),
        pl.col(DEFINITION).cast(pl.String).alias("\x00life definition"),
    )
    counted = lived.group_by(key, maintain_order=True).agg(
        pl.len().cast(pl.Int64).alias(CYCLES), pl.col(CYCLE).max().alias(LAST_CYCLE)
    )
    told = (
        health.join(life, on=key, how="left")
        .with_columns(
            pl.concat_str(
                pl.col(FINDING),
                pl.format("80 %: {}", "\x00life"),
                separator="; ",
                ignore_nulls=True,
            ).alias(FINDING),
            pl.format("SOH: {}; cycles to 80 %: {}", DEFINITION, "\x00life definition").alias(
                DEFINITION
            ),
        )
        .drop("\x00life", "\x00life definition")
        .with_columns(pl.when(pl.col(FINDING) != "").then(FINDING).alias(FINDING))
    )
    return [counted, told, knees.select(key, KNEE), *_passed(lived, terms, key)]


def _capacity(terms: Terms) -> float | None:
    return terms.rated if terms.reference == "rated" else None


def _health(lived: pl.DataFrame, terms: Terms, key: str) -> pl.DataFrame:
    kept: pl.DataFrame = analysis.retention(
        lived, reference=terms.reference, capacity=_capacity(terms), check_ups=terms.check_ups
    )
    doubtful: pl.DataFrame = analysis.quality(lived)
    unusable = doubtful.filter(
        pl.col("Check").is_in(_UNUSABLE) & (pl.col("Column") == DISCHARGE_CAPACITY)
    ).select(key, CYCLE)
    usable = kept.join(unusable.unique(), on=(key, CYCLE), how="anti", maintain_order="left")
    known = usable.drop_nulls(DISCHARGE_CAPACITY)
    return known.group_by(key, maintain_order=True).agg(
        pl.col("Reference capacity [A.h]").last().alias(FIRST),
        pl.col(DISCHARGE_CAPACITY).last().alias(LAST),
        pl.col("Capacity retention").last().alias(SOH),
        pl.col(FINDING).last(),
        pl.col(DEFINITION).last().cast(pl.String),
    )


def _passed(lived: pl.DataFrame, terms: Terms, key: str) -> list[pl.DataFrame]:
    """Return full cycles, and the efficiency; null where the charge is not known."""
    found: pl.DataFrame = analysis.quality(lived)
    glitches = found.filter(pl.col("Check") == "glitch").select(key, CYCLE).unique()
    whole = lived.join(glitches, on=(key, CYCLE), how="anti", maintain_order="left")
    flowed: pl.DataFrame = analysis.throughput(whole, capacity=terms.rated)
    made = [flowed.group_by(key, maintain_order=True).agg(pl.col(FULL).last())]
    if CHARGE_CAPACITY not in lived.columns:
        unknown = pl.lit(None, pl.Float64).alias(EFFICIENCY)
        return [*made, lived.select(key).unique(maintain_order=True).with_columns(unknown)]
    both: pl.DataFrame = analysis.efficiencies(lived)
    middle = pl.col("Coulombic efficiency").median().alias(EFFICIENCY)
    return [*made, both.group_by(key, maintain_order=True).agg(middle)]
