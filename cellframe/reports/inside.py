"""What do the time series add to a report: how the voltage runs, its slope, resistance?

Thousands of curves are no picture. Drawn are the cells that stand for their lots, and the one that
lost most; every pulse of every cell is looked at for its resistance.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import polars as pl

from cellframe import analysis
from cellframe.analysis.halves import NEEDED
from cellframe.analysis.pulses import APPLICATION, EVENT, RESISTANCE
from cellframe.contract.series import CURRENT, CYCLE, STEP, TIME, VOLTAGE
from cellframe.reports.gathering import CELL, TEST
from cellframe.reports.results import CYCLES, SOH

if TYPE_CHECKING:
    from collections.abc import Iterator

    from cellframe.reports.building import Report
    from cellframe.reports.gathering import Fleet

_MOST_LOTS = 4
_CURVES = {*NEEDED, CYCLE, TEST}
_PULSES = {TIME, VOLTAGE, CURRENT, STEP}


def resistances(fleet: Fleet) -> pl.DataFrame:
    """Return the resistance of every pulse, as `cellframe.analysis.resistance` gives it.

    Parameters
    ----------
    fleet : Fleet
        With its series.

    Returns
    -------
    DataFrame
        Without rows where there are no series, or no pulses in them.
    """
    if fleet.series is None or not set(fleet.series.collect_schema()) >= _PULSES:
        return pl.DataFrame()
    found: pl.DataFrame = analysis.resistance(fleet.series)
    known = found.filter(pl.col(RESISTANCE).is_not_null())
    order = [name for name in (CELL, TEST, STEP, EVENT) if name in known.columns]
    return known.sort(order, maintain_order=True)


def charts(report: Report) -> Iterator[Any]:
    """Yield the charts that only time series can make.

    Parameters
    ----------
    report : Report
        Of a fleet with its series.
    """
    from cellframe import plots

    series = report.fleet.series
    if series is None:
        return
    pulses = report.resistances
    if pulses.height and (pulses[EVENT] == APPLICATION).any():
        yield plots.resistance(pulses)
    if not set(series.collect_schema()) >= _CURVES:
        return
    shown = _examples(report)
    tests = _longest(report.fleet, shown)
    if not tests:
        return
    rows = series.filter(pl.col(TEST).is_in(list(tests.values())))
    yield plots.voltage_curves(rows, title=_title(report, len(tests)))
    last = shown[-1] if shown[-1] in tests else next(iter(tests))
    curves: pl.DataFrame = analysis.incremental_capacity(series.filter(pl.col(TEST) == tests[last]))
    if curves.height:
        yield plots.incremental_capacity(curves)


def _title(report: Report, cells: int) -> str:
    if cells == 1:
        return "Voltage curves"
    of = "the cell in the middle of each lot" if report.by else "the cell in the middle"
    return f"Voltage curves: {of} by SOH, and the one that lost most"


def _examples(report: Report) -> list[str]:
    """Return the keys of the cells that are drawn: in the middle of each lot, and lowest of all."""
    key, lot = report.fleet.key, [report.by] if report.by else []
    known = report.results.filter(pl.col(CYCLES) > 0)
    # Without a state of health, whoever comes first by name.
    ordered = known.sort(
        pl.col(SOH).fill_nan(None), CELL, descending=[True, False], nulls_last=True
    )
    if ordered.is_empty():
        return []
    parts = ordered.partition_by(lot, maintain_order=True) if lot else [ordered]
    largest = sorted(parts, key=lambda part: -part.height)[:_MOST_LOTS]
    middle = [str(part[key][part.height // 2]) for part in largest]
    healthy = ordered.drop_nulls(SOH)
    lowest = str((healthy if healthy.height else ordered)[key][-1])
    return [*(one for one in dict.fromkeys(middle) if one != lowest), lowest]


def _longest(fleet: Fleet, cells: list[str]) -> dict[str, str]:
    """Return of each cell the test with most cycles."""
    counted = (
        fleet.cycles.group_by(fleet.key, TEST).agg(pl.len()).sort("len", TEST, descending=True)
    )
    tests = dict(reversed(list(counted.select(fleet.key, TEST).iter_rows())))
    return {cell: tests[cell] for cell in cells if cell in tests}
