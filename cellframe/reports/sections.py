"""In which order does a report say what, and what is drawn?

First what a person has to act on: what is new, which cells are flagged. Then the lots, the pictures,
every cell, and by which definitions all of it was made.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import polars as pl

from cellframe import analysis
from cellframe.analysis.reading import DEFINITION, FINDING
from cellframe.contract.series import CYCLE, DISCHARGE_CAPACITY
from cellframe.reports import inside
from cellframe.reports.checking import FLAG, NOTE, SEVERITY
from cellframe.reports.document import Page, Plot, Section, beside, table_of, written
from cellframe.reports.gathering import CELL
from cellframe.reports.results import EFFICIENCY, FIRST, LAST_CYCLE, SOH, TO_80
from cellframe.views.words import many

if TYPE_CHECKING:
    from collections.abc import Iterator

    from cellframe.reports.building import Report

_FEWEST_DRAWN, _FEWEST_COUNTED = 3, 5
"""Rates that make a line, and values that make a histogram."""
_SOME = 20
_OF_STEPS = {"Step type", "Mean current [A]", DISCHARGE_CAPACITY}
_LEAST_P = 1e-4
_ON_PAGE = ("Standard deviation", "Robust spread", "Lower quartile", "Upper quartile", "Cells")


def page_of(report: Report) -> Page:
    """Return what the page of a report says.

    Parameters
    ----------
    report : Report
        With its tables.
    """
    return Page(
        title=report.title,
        lead=f"{report.lead} {report.flags_told}",
        facts=list(_facts(report)),
        sections=[section for section in _sections(report) if section is not None],
        footer=f"Data version {report.fleet.version}: the same data make the same page. Made by cellframe.",
    )


def _facts(report: Report) -> Iterator[tuple[str, str, str]]:
    cells = report.fleet.cells.height
    tested = report.results.filter(pl.col("Cycles") > 0).height
    yield "Cells", f"{cells:,}", f"{tested:,} with cycles"
    yield (
        "Flagged cells",
        f"{report.flagged:,}",
        f"{report.findings.filter(pl.col(SEVERITY) == NOTE).height:,} notes besides",
    )
    known = report.results[SOH].drop_nulls()
    if known.len():
        low, high = (written(end, 4) for end in (_number(known.min()), _number(known.max())))
        yield (
            "Median SOH",
            written(_number(known.median()), 4),
            f"{low} to {high}; {_soh_of(report)}",
        )
    reached = report.results[TO_80].count()
    if tested:
        middle = report.results[TO_80].median()
        told = f"median {written(_number(middle), 4)} cycles" if reached else "of their reference"
        yield "Below 80 %", f"{reached:,} of {tested:,}", told
    last = _number(report.results[LAST_CYCLE].max())
    if last is not None:
        yield "Last cycle", f"{last:,.0f}", "the highest of all cells"
    if report.news is not None:
        yield "News", f"{report.news.height:,}", "since the last good run"


def _soh_of(report: Report) -> str:
    reference = report.terms.reference
    if reference == "rated":
        return f"of rated {report.terms.rated:g} A.h" if report.terms.rated else "of rated"
    if reference == "first":
        return "of the first cycle"
    return f"of {reference!r}" if isinstance(reference, str) else f"of cycle {reference}"


def _sections(report: Report) -> Iterator[Section | None]:
    if report.news is not None:
        yield _of_news(report.news)
    yield _of_findings(report)
    yield _of_lots(report)
    yield _of_plots(report)
    yield Section(
        "cells",
        "Cells",
        ["A row per cell. A dash is a number that is not known or not reached; Finding says why."],
        tables=[
            table_of(
                report.cells.with_columns(pl.col("Flags").is_not_null().alias("\x00flag")),
                mark="\x00flag",
            )
        ],
    )
    yield Section(
        "definitions",
        "Definitions",
        [
            "Every number above was made by one of these. Ratios are ratios, never percent; positive current is discharge.",
        ],
        tables=[table_of(report.definitions)],
    )
    yield _of_data(report)


def _of_news(news: pl.DataFrame) -> Section:
    title = "Since the last good run"
    if news.is_empty():
        return Section("news", title, ["Nothing is new, finished, changed or gone."])
    counts = news.group_by("News", maintain_order=True).len()
    told = ", ".join(f"{n:,} {kind}" for kind, n in counts.iter_rows())
    return Section("news", title, [f"{told}."], tables=[table_of(news)])


def _of_findings(report: Report) -> Section:
    flags = report.findings.filter(pl.col(SEVERITY) == FLAG).drop(SEVERITY, DEFINITION)
    notes = report.findings.filter(pl.col(SEVERITY) == NOTE).drop(SEVERITY, DEFINITION)
    tables = [table_of(flags)] if flags.height else []
    if notes.height:
        tables.append(
            table_of(
                notes,
                f"{many(notes.height, 'note')}: usual in good data, or odd in a lot",
                folded=True,
            )
        )
    rows = (
        "current with the wrong sign, gaps, time that falls, counters that differ from the integral, single samples that jump, absent sensors, "
        if report.fleet.series is not None
        else ""
    )
    checked = f"What was looked for: glitches and dips of capacity, partial and missing cycles, cycles that are there twice, negative and percent values, {rows}tests that could not be read, cells that are odd in their lot, and the rules of the lab where some were given."
    return Section("flags", "Flagged cells", [report.flags_told, checked], tables=tables)


def _of_lots(report: Report) -> Section | None:
    if report.by is None or report.lots.is_empty():
        return None
    texts = [
        "Mean and standard deviation count every cell; the median hardly feels the odd ones, which are named. Values are in the unit of their column's name."
    ]
    tables = [table_of(_narrow(report.lots))]
    if report.lots_compared.height:
        differs = "Lots compared in pairs, with 95 % intervals"
        tables.append(table_of(_intervals(report.lots_compared), differs))
    else:
        texts.append("There are not two lots with three values each, so none are compared.")
    return Section("lots", "Lots", texts, tables=tables)


def _of_plots(report: Report) -> Section | None:
    if report.results[FIRST].count() == 0:
        return None
    from markupsafe import Markup

    from cellframe import plots

    named = [plots.svg(chart) for chart in _charts(report)]
    pictures = [Plot("Plot", Markup(svg)) for svg in named]  # noqa: S704 - drawn by us, texts escaped
    return Section("plots", "Plots", plots=pictures)


def _charts(report: Report) -> Iterator[Any]:
    from cellframe import plots

    terms, by = report.terms, report.by
    known = report.fleet.lived.filter(pl.col(CYCLE).is_not_null())
    kept: pl.DataFrame = analysis.retention(
        known,
        reference=terms.reference,
        capacity=terms.rated if terms.reference == "rated" else None,
        check_ups=terms.check_ups,
    )
    with_lot = analysis.with_cells(kept, report.fleet.cells, by) if by else kept
    yield plots.fade(with_lot, by=by)
    if report.results[EFFICIENCY].count():
        both: pl.DataFrame = analysis.efficiencies(known)
        told = analysis.with_cells(both, report.fleet.cells, by) if by else both
        yield plots.efficiencies(told, by=by)
    rates = _rates(report)
    if rates is not None:
        yield plots.rate_capability(rates, by=by)
    for label in (FIRST, SOH, TO_80):
        if report.results[label].count() >= _FEWEST_COUNTED:
            yield plots.histogram(report.results, label, by=by)
    yield from inside.charts(report)


def _rates(report: Report) -> pl.DataFrame | None:
    """Return capacities by rate, where a cell was asked for three rates at least."""
    steps = report.fleet.steps
    if not set(steps.columns) >= _OF_STEPS:
        return None
    found: pl.DataFrame = analysis.rate_capability(steps, capacity=report.terms.rated)
    key = report.fleet.key
    rate = pl.col("C-rate").round_sig_figs(1)
    asked = found.group_by(key).agg(rate.n_unique()).filter(pl.col("C-rate") >= _FEWEST_DRAWN)
    kept = found.join(asked, on=key, how="semi", maintain_order="left")
    if kept.is_empty():
        return None
    by = report.by
    return analysis.with_cells(kept, report.fleet.cells, by) if by else kept


def _of_data(report: Report) -> Section:
    specs = report.fleet.specs
    untested = report.results.filter(pl.col("Cycles") == 0)[CELL].drop_nulls().to_list()
    unread = report.fleet.failures.height
    more = " and more" if len(untested) > _SOME else ""
    texts = [f"Cells of {', '.join(specs)}."] if specs else []
    if untested:
        listed = ", ".join(untested[:_SOME])
        texts.append(f"Without cycles, and so without results: {listed}{more}.")
    if unread:
        texts.append(f"Could not be read: {many(unread, 'part')}; they are among the flags.")
    texts.append(
        f"Data version {report.fleet.version}: a digest over the versions of cells and tests, and "
        "over all their cycles."
    )
    return Section("data", "Data", texts)


def _number(value: Any) -> float | None:
    """Return what polars says of a column as a number."""
    return None if value is None else float(value)


def _narrow(lots: pl.DataFrame) -> pl.DataFrame:
    """Return the lots as the page has room for; the workbook has them whole."""
    made = lots.with_columns(
        _with_spread("Mean", "Standard deviation"), _with_spread("Median", "Robust spread")
    ).rename({"Mean": "Mean ± sd", "Median": "Median ± robust spread"})
    return made.drop(*_ON_PAGE, DEFINITION, FINDING)


def _with_spread(label: str, spread: str) -> pl.Expr:
    def one(row: dict[str, Any]) -> str:
        both = beside(row[spread], row[label], row[spread])
        return both[0] if row[spread] is None else " ± ".join(both)

    return pl.struct(label, spread).map_elements(one, pl.String).alias(label)


def _p(label: str) -> pl.Expr:
    two = pl.col(label).round_sig_figs(2).cast(pl.String)
    few = pl.lit(f"< {_LEAST_P:.4f}")
    return pl.when(pl.col(label) < _LEAST_P).then(few).otherwise(two).alias(label)


def _intervals(compared: pl.DataFrame) -> pl.DataFrame:
    """Return comparisons with each interval in one column."""

    def one(label: str) -> pl.Expr:
        ends = [label, f"{label} from", f"{label} to"]

        def told(row: dict[str, Any]) -> str | None:
            middle, low, high = (row[end] for end in ends)
            if middle is None:
                return None
            if low is None or high is None:
                return written(middle, 4)
            return "{} ({} to {})".format(*beside((high - low) / 2, middle, low, high))

        return pl.struct(ends).map_elements(told, pl.String).alias(label)

    lots = pl.format("{} ({}) minus {} ({})", "Other lot", "Other n", "Lot", "n")
    return compared.select(
        "Column",
        lots.alias("Lots, with n"),
        one("Difference of means"),
        pl.col("Shift").round_sig_figs(3).alias("Shift (Hodges-Lehmann)"),
        one("Effect size"),
        _p("p (Welch)"),
        _p("p (Mann-Whitney)"),
        FINDING,
    )
