"""What does a report of a fleet say, and in which order?

First what a person has to act on: what is new, which cells are flagged. Then the lots, the pictures,
every cell, and by which definitions all of it was made.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import polars as pl

from cellframe import analysis
from cellframe.analysis.reading import DEFINITION, FINDING
from cellframe.contract.series import CYCLE
from cellframe.errors import ConfigError
from cellframe.reports.checking import CHECK, FLAG, NOTE, SEVERITY, check
from cellframe.reports.document import Page, Plot, Section, html, table_of, written
from cellframe.reports.gathering import CELL, ID, Fleet, fleet_of
from cellframe.reports.results import (
    FIRST,
    FULL,
    LAST_CYCLE,
    SOH,
    TO_80,
    Terms,
    results_of,
)
from cellframe.reports.tables import write_tables
from cellframe.store.places import write_whole
from cellframe.views.words import many

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from cellframe.analysis.fading import Reference
    from cellframe.reports.rules import Own, Rule

_COMPARED = (FIRST, SOH, TO_80, FULL)
_FEWEST_TO_COMPARE = 3
_READABLE = 0o644
_FEW, _SOME = 3, 20


@dataclass(frozen=True)
class Report:
    """A report of a fleet.

    Attributes
    ----------
    title : str
        Of the page.
    fleet : Fleet
        What it is of.
    terms : Terms
        Its definitions.
    findings : DataFrame
        As of `cellframe.check`.
    news : DataFrame or None
        What is new since the last good run; None where it is not asked.
    results : DataFrame, shape (n_cells, n_columns)
        A row per cell: capacity, SOH, cycles to 80 %, knee, efficiency, full cycles.
    """

    title: str
    fleet: Fleet
    terms: Terms
    findings: pl.DataFrame
    news: pl.DataFrame | None = None

    @cached_property
    def results(self) -> pl.DataFrame:
        """The result of each cell."""
        return results_of(self.fleet, self.terms)

    @cached_property
    def tables(self) -> dict[str, pl.DataFrame]:
        """Every table of the report by name, as polars frames."""
        news = {} if self.news is None else {"Since the last run": self.news}
        lots = {"Lots": self._lots, "Lots compared": self._compared} if self._by else {}
        return {
            **news,
            "Findings": self.findings,
            **lots,
            "Cells": self._cells,
            "Definitions": self._definitions,
        }

    @cached_property
    def html(self) -> str:
        """The page: one HTML document without script, that fetches nothing."""
        return html(self._page)

    @property
    def flagged(self) -> int:
        """How many cells are flagged."""
        flags = self.findings.filter(pl.col(SEVERITY) == FLAG)
        return flags[CELL].n_unique() if flags.height else 0

    def save(self, path: str | Path) -> Path:
        """Write the page to a file, whole or not at all.

        Raises
        ------
        ConfigError
            The name does not end with ``.html``.
        OSError
            It cannot be written there.
        """
        place = Path(path)
        if place.suffix.lower() not in (".html", ".htm"):
            raise ConfigError(f"{place.name!r}: a report is written as .html.")
        write_whole(place.absolute(), self.html.encode(), mode=_READABLE)
        return place

    def to_excel(self, path: str | Path) -> Path:
        """Write all tables to a workbook, a sheet each.

        Raises
        ------
        ConfigError
            The name does not end with ``.xlsx``.
        OSError
            It cannot be written there.
        """
        place = Path(path)
        if place.suffix.lower() != ".xlsx":
            raise ConfigError(f"{place.name!r}: the tables of a report are written as .xlsx.")
        write_whole(place.absolute(), write_tables(self.tables), mode=_READABLE)
        return place

    def __str__(self) -> str:
        """Say in a line what it found."""
        return f"{self.title}: {self._lead} {self._flags_told}"

    def _repr_html_(self) -> str:
        from html import escape

        page = escape(self.html, quote=True)
        style = "width: 100%; height: 80vh; border: 1px solid #ccc"
        return f'<iframe srcdoc="{page}" style="{style}" sandbox title="Report"></iframe>'

    @property
    def _by(self) -> str | None:
        return self.terms.by if self.terms.by in self.results.columns else None

    @property
    def _lead(self) -> str:
        cells = many(self.fleet.cells.height, "cell")
        lots = f" in {many(self.results[self._by].n_unique(), 'lot')}" if self._by else ""
        tests, cycles = self.fleet.tests.height, self.fleet.cycles.height
        return f"{cells}{lots}, {many(tests, 'test')}, {many(cycles, 'cycle')}."

    @property
    def _flags_told(self) -> str:
        flags = self.findings.filter(pl.col(SEVERITY) == FLAG).height
        if not flags:
            return "Nothing is flagged."
        return f"{many(flags, 'flag')} on {many(self.flagged, 'cell')}."

    @cached_property
    def _known(self) -> list[str]:
        """Results that enough cells have to be compared by."""
        return [label for label in _COMPARED if self.results[label].count() > 0]

    @cached_property
    def _lots(self) -> pl.DataFrame:
        found = [
            analysis.lots(self.results, label, by=self._by)
            .rename(_bare)
            .with_columns(pl.col(FINDING, DEFINITION).cast(pl.String))
            for label in self._known
        ]
        return pl.concat(found) if found else pl.DataFrame()

    @cached_property
    def _compared(self) -> pl.DataFrame:
        by = self._by
        if by is None:
            return pl.DataFrame()
        made: list[pl.DataFrame] = []
        for label in self._known:
            known = self.results.drop_nulls([label, by])
            sizes = known.group_by(by).len().filter(pl.col("len") >= _FEWEST_TO_COMPARE)
            if sizes.height > 1:
                kept = known.filter(pl.col(by).is_in(sizes[by].implode()))
                found: pl.DataFrame = analysis.compare_lots(kept, label, by=by)
                made.append(
                    found.rename(_bare).with_columns(pl.col(FINDING, DEFINITION).cast(pl.String))
                )
        return pl.concat(made) if made else pl.DataFrame()

    @cached_property
    def _cells(self) -> pl.DataFrame:
        key = self.fleet.key
        flags = (
            self.findings.filter((pl.col(SEVERITY) == FLAG) & pl.col(key).is_not_null())
            .group_by(key)
            .agg(pl.col(CHECK).unique().sort().str.join(", ").alias("Flags"))
        )
        joined = self.results.join(flags, on=key, how="left", maintain_order="left")
        lot = [self._by] if self._by else []
        return joined.select(
            *[name for name in (ID, CELL, *lot) if name in joined.columns],
            "Flags",
            *[n for n in joined.columns if n not in (ID, CELL, *lot, "Flags", DEFINITION)],
        ).sort(*lot, CELL, nulls_last=True)

    @cached_property
    def _definitions(self) -> pl.DataFrame:
        rows: list[tuple[str, str]] = []
        for told in self.results[DEFINITION].drop_nulls().unique(maintain_order=True):
            rows += _of_health(told)
        for frame, name in ((self._lots, "Lots"), (self._compared, "Lots compared")):
            if DEFINITION in frame.columns:
                rows += [(name, text) for text in frame[DEFINITION].unique(maintain_order=True)]
        checks = self.findings.select(CHECK, DEFINITION).drop_nulls().unique(maintain_order=True)
        rows += list(checks.sort(CHECK, DEFINITION).iter_rows())
        kept = dict.fromkeys(rows)
        return pl.DataFrame(
            list(kept), schema={"Of": pl.String, DEFINITION: pl.String}, orient="row"
        )

    @cached_property
    def _page(self) -> Page:
        return Page(
            title=self.title,
            lead=f"{self._lead} {self._flags_told}",
            facts=list(self._facts()),
            sections=[section for section in self._sections() if section is not None],
            footer=f"Data version {self.fleet.version}: the same data make the same page. Made by cellframe.",
        )

    def _facts(self) -> Iterator[tuple[str, str, str]]:
        cells = self.fleet.cells.height
        tested = self.results.filter(pl.col("Cycles") > 0).height
        yield "Cells", f"{cells:,}", f"{tested:,} with cycles"
        yield (
            "Flagged cells",
            f"{self.flagged:,}",
            f"{self.findings.filter(pl.col(SEVERITY) == NOTE).height:,} notes besides",
        )
        known = self.results[SOH].drop_nulls()
        if known.len():
            low, high = (written(end, 4) for end in (_number(known.min()), _number(known.max())))
            yield (
                "Median SOH",
                written(_number(known.median()), 4),
                f"{low} to {high}; {self._soh_of}",
            )
        reached = self.results[TO_80].count()
        if tested:
            middle = self.results[TO_80].median()
            told = (
                f"median {written(_number(middle), 4)} cycles" if reached else "of their reference"
            )
            yield "Below 80 %", f"{reached:,} of {tested:,}", told
        last = _number(self.results[LAST_CYCLE].max())
        if last is not None:
            yield "Last cycle", f"{last:,.0f}", "the highest of all cells"
        if self.news is not None:
            yield "News", f"{self.news.height:,}", "since the last good run"

    @property
    def _soh_of(self) -> str:
        reference = self.terms.reference
        if reference == "rated":
            return f"of rated {self.terms.rated:g} A.h" if self.terms.rated else "of rated"
        if reference == "first":
            return "of the first cycle"
        return f"of {reference!r}" if isinstance(reference, str) else f"of cycle {reference}"

    def _sections(self) -> Iterator[Section | None]:
        if self.news is not None:
            yield self._of_news(self.news)
        yield self._of_findings()
        yield self._of_lots()
        yield self._of_plots()
        yield Section(
            "cells",
            "Cells",
            [
                "A row per cell. A dash is a number that is not known or not reached; Finding says why."
            ],
            tables=[
                table_of(
                    self._cells.with_columns(pl.col("Flags").is_not_null().alias("\x00flag")),
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
            tables=[table_of(self._definitions)],
        )
        yield self._of_data()

    def _of_news(self, news: pl.DataFrame) -> Section:
        title = "Since the last good run"
        if news.is_empty():
            return Section("news", title, ["Nothing is new, finished, changed or gone."])
        counts = news.group_by("News", maintain_order=True).len()
        told = ", ".join(f"{n:,} {kind}" for kind, n in counts.iter_rows())
        return Section("news", title, [f"{told}."], tables=[table_of(news)])

    def _of_findings(self) -> Section:
        flags = self.findings.filter(pl.col(SEVERITY) == FLAG).drop(SEVERITY, DEFINITION)
        notes = self.findings.filter(pl.col(SEVERITY) == NOTE).drop(SEVERITY, DEFINITION)
        tables = [table_of(flags)] if flags.height else []
        if notes.height:
            tables.append(
                table_of(
                    notes,
                    f"{many(notes.height, 'note')}: usual in good data, or odd in a lot",
                    folded=True,
                )
            )
        checked = "What was looked for: glitches and dips of capacity, partial and missing cycles, cycles that are there twice, negative and percent values, tests that could not be read, cells that are odd in their lot, and the rules of the lab where some were given."
        return Section("flags", "Flagged cells", [self._flags_told, checked], tables=tables)

    def _of_lots(self) -> Section | None:
        if self._by is None or self._lots.is_empty():
            return None
        texts = [
            "Mean and standard deviation count every cell; the median hardly feels the odd ones, which are named. Values are in the unit of their column's name."
        ]
        tables = [table_of(_narrow(self._lots))]
        if self._compared.height:
            differs = "Lots compared in pairs: the other lot minus the lot, with 95 % intervals"
            tables.append(table_of(_intervals(self._compared), differs))
        else:
            texts.append("There are not two lots with three values each, so none are compared.")
        return Section("lots", "Lots", texts, tables=tables)

    def _of_plots(self) -> Section | None:
        if self.results[FIRST].count() == 0:
            return None
        from markupsafe import Markup

        from cellframe import plots

        named = [plots.svg(chart) for chart in self._charts()]
        pictures = [Plot("Plot", Markup(svg)) for svg in named]  # noqa: S704 - drawn by us, texts escaped
        return Section("plots", "Plots", plots=pictures)

    def _charts(self) -> Iterator[Any]:
        from cellframe import plots

        terms, by = self.terms, self._by
        known = self.fleet.lived.filter(pl.col(CYCLE).is_not_null())
        kept: pl.DataFrame = analysis.retention(
            known,
            reference=terms.reference,
            capacity=terms.rated if terms.reference == "rated" else None,
            check_ups=terms.check_ups,
        )
        with_lot = analysis.with_cells(kept, self.fleet.cells, by) if by else kept
        yield plots.fade(with_lot, by=by)
        if self.results["Median coulombic efficiency"].count():
            both: pl.DataFrame = analysis.efficiencies(known)
            told = analysis.with_cells(both, self.fleet.cells, by) if by else both
            yield plots.efficiencies(told, by=by)
        for label in (FIRST, SOH, TO_80):
            if self.results[label].count() >= _FEWEST_TO_COMPARE:
                yield plots.histogram(self.results, label, by=by)

    def _of_data(self) -> Section:
        specs = _specs(self.fleet)
        untested = self.results.filter(pl.col("Cycles") == 0)[CELL].drop_nulls().to_list()
        unread = self.fleet.failures.height
        more = " and more" if len(untested) > _SOME else ""
        texts = [f"Cells of {', '.join(specs)}."] if specs else []
        if untested:
            listed = ", ".join(untested[:_SOME])
            texts.append(f"Without cycles, and so without results: {listed}{more}.")
        if unread:
            texts.append(f"Could not be read: {many(unread, 'part')}; they are among the flags.")
        texts.append(
            f"Data version {self.fleet.version}: a digest over the versions of cells and tests, and "
            "over all their cycles."
        )
        return Section("data", "Data", texts)


def _bare(label: str) -> str:
    """Return a label without its unit: lots of several columns stand in one table."""
    return label.partition(" [")[0]


def _number(value: Any) -> float | None:
    """Return what polars says of a column as a number."""
    return None if value is None else float(value)


_ON_PAGE = ("Standard deviation", "Robust spread", "Lower quartile", "Upper quartile", "Cells")


def _narrow(lots: pl.DataFrame) -> pl.DataFrame:
    """Return the lots as the page has room for; the workbook has them whole."""
    spread = pl.format("{} ± {}", _short("Mean"), _short("Standard deviation"))
    robust = pl.format("{} ± {}", _short("Median"), _short("Robust spread"))
    made = lots.with_columns(
        spread.alias("Mean"),
        robust.alias("Median"),
        pl.col("Mean without odd").alias("Mean without odd"),
    ).rename({"Mean": "Mean ± sd", "Median": "Median ± robust spread"})
    return made.drop(*_ON_PAGE, DEFINITION, FINDING)


def _short(label: str) -> pl.Expr:
    return pl.col(label).round_sig_figs(4).cast(pl.String).fill_null("\N{EN DASH}")


def _intervals(compared: pl.DataFrame) -> pl.DataFrame:
    """Return comparisons with each interval in one column."""

    def one(label: str) -> pl.Expr:
        ends = (_short(label), _short(f"{label} from"), _short(f"{label} to"))
        known = pl.col(label).is_not_null()
        return pl.when(known).then(pl.format("{} ({} to {})", *ends)).alias(label)

    kept = ("Lot", "Other lot", "Column", "n", "Other n")
    return compared.select(
        *kept,
        one("Difference of means"),
        "Shift",
        one("Effect size"),
        "p (Welch)",
        "p (Mann-Whitney)",
        FINDING,
    )


def _of_health(part: str) -> list[tuple[str, str]]:
    health, _, life = part.partition("; cycles to 80 %: ")
    return [(SOH, health.removeprefix("SOH: ")), (TO_80, life)]


def report(
    frames: Any,
    path: str | Path | None = None,
    *,
    title: str | None = None,
    by: str | None = "batch",
    reference: Reference = "first",
    rated: float | None = None,
    check_ups: str | Sequence[str] | None = None,
    rules: str | Path | Sequence[Rule | Own] | None = None,
) -> Report:
    """Return a report of some cells: one page to send, and the tables behind it.

    Parameters
    ----------
    frames : DetailFrames, or any object
        Of ``detail_frames(spec=...)``: with ``instances``, ``measurements``, ``cycles``.
    path : str or Path, optional
        Where the page is written, ``.html``.
    title : str, optional
        Of the page; else the names of the specs.
    by : str, optional
        The column of the cells that makes lots.
    reference : str, int or (int, int)
        Of the state of health, as in `cellframe.analysis.retention`.
    rated : float, optional
        What the cells are rated for, in A.h: of reference ``"rated"``, and of full cycles.
    check_ups : str or sequence of str, optional
        Labels of the cycles that count for the state of health.
    rules : str, Path or sequence, optional
        Rules of the lab, as in `cellframe.check`.

    Returns
    -------
    Report
        ``.html``, ``.tables``, ``.findings``, ``.results``; ``.save(path)``, ``.to_excel(path)``. In
        a notebook it shows itself.

    Raises
    ------
    FrameError
        `frames` has no cells.
    IntakeError
        The rules cannot be used.
    ConfigError
        A definition cannot be, the file is no ``.html``, or the plots are not installed: they
        come with ``pip install "cellframe[plot]"``.
    """
    fleet = frames if isinstance(frames, Fleet) else fleet_of(frames)
    terms = Terms(reference, rated, check_ups, by)
    findings = check(fleet, rules=rules, terms=terms)
    made = Report(title or title_of(fleet), fleet, terms, findings)
    if path is not None:
        made.save(path)
    return made


def title_of(fleet: Fleet) -> str:
    """Return what a report is called, after the specs of its cells."""
    specs = _specs(fleet)
    if not specs:
        return "Report of cells"
    return f"Report of {', '.join(specs[:_FEW])}{' and more' if len(specs) > _FEW else ''}"


def _specs(fleet: Fleet) -> list[str]:
    if "spec" not in fleet.cells.columns:
        return []
    return fleet.cells["spec"].drop_nulls().unique().sort().to_list()
