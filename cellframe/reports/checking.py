"""Which cells break a rule, and which records should nobody trust?

What `analysis.quality` finds in the cycles, which cells are odd in their lot, and the rules of a
lab: a row per finding, that names cell, test and cycle. Nothing is corrected or left out.
"""

from __future__ import annotations

import sys
from contextlib import redirect_stdout
from difflib import get_close_matches
from os import PathLike
from typing import TYPE_CHECKING, Any

import polars as pl

from cellframe import analysis
from cellframe.analysis.reading import DEFINITION, FINDING
from cellframe.contract.series import CURRENT, CYCLE, TIME
from cellframe.errors import ConfigError, IntakeError
from cellframe.frames.backend import to_polars
from cellframe.frames.check import break_rules
from cellframe.frames.faults import Fault, table
from cellframe.frames.other_units import labelled
from cellframe.reports.gathering import CELL, ID, TEST, Fleet, fleet_of
from cellframe.reports.results import FIRST, SOH, Terms, results_of
from cellframe.reports.rules import Own, Rule, load_rules

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

CHECK, SEVERITY, COLUMN, VALUE = "Check", "Severity", "Column", "Value"
FLAG, NOTE = "flag", "note"
SCHEMA: dict[str, pl.DataType] = {
    **dict.fromkeys((ID, TEST, CELL, "test"), pl.String()),
    CYCLE: pl.Int64(),
    **dict.fromkeys((CHECK, SEVERITY, COLUMN), pl.String()),
    VALUE: pl.Float64(),
    **dict.fromkeys((FINDING, DEFINITION), pl.String()),
}
"""Columns of findings."""
_NOTES = ("first_partial", "last_cut", "cycles_missing", "current_sign_indeterminate")
"""What is usual in good data, and worth knowing."""
_OF_SERIES = (
    *("current_sign_reversed", "current_sign_unsigned", "current_sign_indeterminate"),
    *("time_falls", "gap", "time_thousandfold", "counter_differs", "counter_falls"),
    *("sensor_absent", "cycle_count_broken", "spike", "infinite"),
)
"""What cannot be seen in cycles."""
_UNREAD = "not_read"
_DIGITS = 4


def check(
    frames: Any,
    *,
    rules: str | Path | Sequence[Rule | Own] | None = None,
    quality: bool = True,
    series: bool = False,
    terms: Terms | None = None,
) -> pl.DataFrame:
    """Return everything that is odd about some cells, a row per finding.

    Parameters
    ----------
    frames : DetailFrames, or any object
        With ``instances``, ``cycles`` and as far as there are some ``measurements``, ``steps``.
    rules : str, Path or sequence of Rule or Own, optional
        A file ``.toml`` or ``.py``, or what `load_rules` made of one.
    quality : bool
        Whether to look for what is odd without any rule: glitches, broken counts, efficiencies
        in percent, cells that are odd in their lot, tests that could not be read.
    series : bool
        Whether to look into ``frames.time_series`` as well, which reads every row: reversed sign,
        counters against integrals, gaps, time that falls, absent sensors.
    terms : Terms, optional
        Definitions of the results that rules of ``results`` are put to.

    Returns
    -------
    DataFrame, shape (n_findings, 11)
        ``instance_id``, ``measurement_id``, ``cell``, ``test``, ``Cycle count``, ``Check``,
        ``Severity`` (``flag`` or ``note``), ``Column``, ``Value``, ``Finding`` (a sentence),
        ``Definition`` (the rule); flags first, then by cell.

    Raises
    ------
    IntakeError
        The rules cannot be read, or ask for a column that is not there; `.failures` has each.
    FrameError
        `frames` has no cells, or no time series where they are asked for.
    ConfigError
        The rules are none, or the cells have no column `by`.
    """
    fleet = frames if isinstance(frames, Fleet) else fleet_of(frames, series=series)
    own: Sequence[Any] = ()
    if rules is not None:
        own = load_rules(rules) if isinstance(rules, str | PathLike) else rules
        if not all(isinstance(rule, Rule | Own) for rule in own):
            raise ConfigError("rules is the name of a file, or what load_rules made of one.")
    asked = terms or Terms()
    results = results_of(fleet, asked)
    parts = [*_own(fleet, results, own)]
    if quality:
        parts += [*_of_quality(fleet), *_odd_in_lot(results, asked), *_not_read(fleet)]
    if series and fleet.series is not None:
        parts += _of_series(fleet.series)
    empty = pl.DataFrame(schema=SCHEMA)
    whole = pl.concat([empty, *(_shaped(part) for part in parts)])
    order = pl.col(SEVERITY).replace_strict({FLAG: 0, NOTE: 1}, return_dtype=pl.Int8)
    return whole.unique(maintain_order=True).sort(
        order, CELL, CYCLE, CHECK, nulls_last=True, maintain_order=True
    )


def _shaped(part: pl.DataFrame) -> pl.DataFrame:
    return part.select(
        (pl.col(name) if name in part.columns else pl.lit(None))
        .cast(dtype, strict=False)
        .alias(name)
        for name, dtype in SCHEMA.items()
    )


def _of_quality(fleet: Fleet) -> Iterator[pl.DataFrame]:
    if CYCLE not in fleet.cycles.columns or fleet.cycles.is_empty():
        return
    yield _judged(analysis.quality(fleet.cycles))


def _judged(found: pl.DataFrame) -> pl.DataFrame:
    severity = pl.when(pl.col(CHECK).is_in(_NOTES)).then(pl.lit(NOTE)).otherwise(pl.lit(FLAG))
    return found.with_columns(severity.alias(SEVERITY))


def _of_series(rows: pl.LazyFrame) -> Iterator[pl.DataFrame]:
    """Yield what the time series alone can show; what their cycles show is told of the cycles."""
    if {TIME, CURRENT} <= set(rows.collect_schema()):
        found: pl.DataFrame = analysis.quality(rows)
        yield _judged(found.filter(pl.col(CHECK).is_in(_OF_SERIES)))


def _odd_in_lot(results: pl.DataFrame, terms: Terms) -> Iterator[pl.DataFrame]:
    """Yield cells whose first capacity or whose health lies far from that of their lot."""
    by = terms.by if terms.by in results.columns else None
    for label in (FIRST, SOH):
        odd: pl.DataFrame = analysis.odd_cells(results, label, by=by)
        at = pl.lit("the cells") if by is None else pl.col(by).fill_null("cells without a lot")
        numbers = (pl.col(one).round_sig_figs(_DIGITS) for one in ("Value", "Group median"))
        value, middle = numbers
        told = pl.format("{} {}, where the median of {} is {}", pl.lit(label), value, at, middle)
        yield odd.with_columns(
            pl.lit("odd_in_lot").alias(CHECK), pl.lit(NOTE).alias(SEVERITY), told.alias(FINDING)
        )


def _not_read(fleet: Fleet) -> Iterator[pl.DataFrame]:
    if {CELL, "message"} <= set(fleet.failures.columns):
        yield fleet.failures.with_columns(
            pl.lit(_UNREAD).alias(CHECK),
            pl.lit(FLAG).alias(SEVERITY),
            pl.format("could not be read: {}", "message").alias(FINDING),
            pl.lit("everything that is there can be read").alias(DEFINITION),
        )


def _own(fleet: Fleet, results: pl.DataFrame, rules: Sequence[Rule | Own]) -> list[pl.DataFrame]:
    """Return what breaks the rules of a lab.

    Raises
    ------
    IntakeError
        A rule asks for what is not there, or a function of somebody's own fails; each is told.
    """
    tables = {
        "cells": fleet.cells,
        "tests": fleet.tests,
        "steps": fleet.steps,
        "cycles": fleet.cycles,
        "results": results,
    }
    made: list[pl.DataFrame] = []
    faults: list[str] = []
    for rule in rules:
        rows = tables[rule.table]
        found = (
            _by_rule(rule, rows, fleet)
            if isinstance(rule, Rule)
            else _by_own(rule, rows, fleet.key)
        )
        if isinstance(found, str):
            faults.append(found)
        else:
            made.append(found)
    if faults:
        told = table(Fault(fault, rule="rules") for fault in faults)
        raise IntakeError("These rules cannot be put to these cells; nothing was checked.", told)
    return made


def _by_rule(rule: Rule, rows: pl.DataFrame, fleet: Fleet) -> pl.DataFrame | str:
    rows = labelled(rows.lazy(), [rule.column]).collect()
    if rule.column not in rows.columns:
        return f"{rule.name}: {rule.table} have no column {rule.column!r}.{_near(rule, rows)}"
    value = pl.col(rule.column)
    if rows.schema[rule.column] == pl.Null:
        rows = rows.with_columns(value.cast(pl.Float64))
    needs_number = rule.min is not None or rule.max is not None or rule.spread is not None
    if needs_number and not rows.schema[rule.column].is_numeric():
        return f"{rule.name}: {rule.column!r} holds {rows.schema[rule.column]}, not numbers."
    parts: list[pl.DataFrame] = []
    if rule.min is not None:
        parts.append(_told(rows.filter(value < rule.min), rule, f"is below {rule.min:g}"))
    if rule.max is not None:
        parts.append(_told(rows.filter(value > rule.max), rule, f"is above {rule.max:g}"))
    if rule.missing:
        blank = value.is_null() | (
            value.is_nan() if rows.schema[rule.column].is_float() else pl.lit(value=False)
        )
        parts.append(_told(rows.filter(blank), rule, "is blank"))
    if rule.spread is not None:
        parts.append(_far(rule, rows, fleet))
    return pl.concat(_shaped(part) for part in parts)


def _told(rows: pl.DataFrame, rule: Rule, what: str) -> pl.DataFrame:
    is_number = rows.schema[rule.column].is_numeric()
    value = pl.col(rule.column).cast(pl.Float64) if is_number else pl.lit(None, pl.Float64)
    shown = (
        pl.col(rule.column).cast(pl.Float64).round_sig_figs(6).cast(pl.String)
        if is_number
        else pl.lit("")
    )
    number = pl.when(value.is_not_null()).then(pl.format(" {}", shown)).otherwise(pl.lit(""))
    return rows.with_columns(
        pl.lit(rule.name).alias(CHECK),
        pl.lit(rule.severity).alias(SEVERITY),
        pl.lit(rule.column).alias(COLUMN),
        value.alias(VALUE),
        pl.format("{}{} {}", pl.lit(rule.column), number, pl.lit(what)).alias(FINDING),
        pl.lit(rule.words).alias(DEFINITION),
    )


def _far(rule: Rule, rows: pl.DataFrame, fleet: Fleet) -> pl.DataFrame:
    known = rows if rule.by in rows.columns else analysis.with_cells(rows, fleet.cells, rule.by)
    odd: pl.DataFrame = analysis.odd_cells(known, rule.column, by=rule.by, limit=rule.spread or 1)
    return odd.with_columns(
        pl.lit(rule.name).alias(CHECK),
        pl.lit(rule.severity).alias(SEVERITY),
        pl.lit(rule.words).alias(DEFINITION),
    )


def _near(rule: Rule, rows: pl.DataFrame) -> str:
    near = get_close_matches(rule.column, rows.columns, n=2, cutoff=0.5)
    if not rows.columns:
        return " There are no rows of them."
    return f" Did you mean {' or '.join(map(repr, near))}?" if near else ""


def _by_own(rule: Own, rows: pl.DataFrame, key: str) -> pl.DataFrame | str:
    with redirect_stdout(sys.stderr):
        try:
            return _broken(rule, rows) if rule.function is None else _returned(rule, rows, key)
        except (Exception, SystemExit) as fault:  # noqa: BLE001 - whatever somebody's own code raises
            said = str(fault).strip().split("\n", 1)[0] or "no words"
            return f"{rule.name} ended with {type(fault).__name__}: {said}"


def _broken(rule: Own, rows: pl.DataFrame) -> pl.DataFrame:
    """Return the faults that a schema finds, each beside the keys of its row."""
    found = break_rules(rows, [rule.schema], CELL if CELL in rows.columns else "")
    keys = [name for name in (ID, TEST, CELL, "test", CYCLE) if name in rows.columns]
    told: list[dict[str, Any]] = []
    for fault in found:
        whose = rows.row(fault.row, named=True) if fault.row is not None else {}
        told.append(
            {
                **{name: whose.get(name) for name in keys},
                CHECK: rule.name,
                SEVERITY: FLAG,
                COLUMN: fault.column,
                VALUE: _number(whose.get(fault.column or "")),
                FINDING: fault.message,
                DEFINITION: fault.rule,
            }
        )
    return (
        pl.DataFrame(told, schema={name: SCHEMA[name] for name in SCHEMA})
        if told
        else pl.DataFrame(schema=SCHEMA)
    )


def _number(value: Any) -> float | None:
    return float(value) if isinstance(value, int | float) and not isinstance(value, bool) else None


def _returned(rule: Own, rows: pl.DataFrame, key: str) -> pl.DataFrame:
    """Return what a function returned as findings.

    Raises
    ------
    TypeError
        It returned no frame, or one without the cells' key.
    """
    given = rule.function(rows) if rule.function else None
    if given is None:
        return pl.DataFrame(schema=SCHEMA)
    if not hasattr(given, "columns"):
        raise TypeError(f"it returned {type(given).__name__}, not the rows that break it.")
    found = given.collect() if isinstance(given, pl.LazyFrame) else to_polars(given).frame
    if key not in found.columns:
        raise TypeError(f"what it returned has no column {key!r}, so nobody knows whose it is.")
    said = (
        pl.col(FINDING).cast(pl.String)
        if FINDING in found.columns
        else pl.lit(f"breaks {rule.name}")
    )
    own = {
        CHECK: rule.name,
        DEFINITION: (rule.function.__doc__ or rule.name).strip().splitlines()[0]
        if rule.function
        else rule.name,
    }
    severity = pl.col(SEVERITY).cast(pl.String) if SEVERITY in found.columns else pl.lit(FLAG)
    unknown = found.select(severity.alias(SEVERITY)).filter(
        ~pl.col(SEVERITY).is_in([FLAG, NOTE]).fill_null(value=False)
    )
    if unknown.height:
        raise TypeError(f"it returned the severity {unknown[SEVERITY][0]!r}, not flag or note.")
    return found.with_columns(
        said.alias(FINDING),
        severity.alias(SEVERITY),
        *(pl.lit(text).alias(name) for name, text in own.items()),
    )
