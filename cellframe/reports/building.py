"""What is a report of a fleet, and how does it become files?

A report is tables: findings, lots, a row per cell, definitions. One page shows them (`sections`,
`document`), a workbook carries them.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import polars as pl

from cellframe import analysis
from cellframe.analysis.reading import DEFINITION, FINDING
from cellframe.errors import ConfigError
from cellframe.reports.checking import CHECK, FLAG, SEVERITY, check
from cellframe.reports.document import html
from cellframe.reports.gathering import CELL, ID, Fleet, fleet_of
from cellframe.reports.inside import resistances
from cellframe.reports.results import (
    FIRST,
    FULL,
    SOH,
    TO_80,
    Terms,
    results_of,
)
from cellframe.reports.tables import write_tables
from cellframe.store.places import write_whole
from cellframe.views.words import many

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cellframe.analysis.fading import Reference
    from cellframe.client import Client
    from cellframe.reports.rules import Own, Rule
    from cellframe.writeback.plan import Plan

_COMPARED = (FIRST, SOH, TO_80, FULL)
_FEWEST_TO_COMPARE = 3
_READABLE = 0o644
_FEW, _SOME = 3, 20


@dataclass(frozen=True, repr=False)
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
    def resistances(self) -> pl.DataFrame:
        """The resistance of every pulse; without rows where series are not looked into."""
        return resistances(self.fleet)

    @cached_property
    def tables(self) -> dict[str, pl.DataFrame]:
        """Every table of the report by name, as polars frames."""
        news = {} if self.news is None else {"Since the last run": self.news}
        lots = {"Lots": self.lots, "Lots compared": self.lots_compared} if self.by else {}
        pulses = {"Resistances": self.resistances} if self.resistances.height else {}
        return {
            **news,
            "Findings": self.findings,
            **lots,
            "Cells": self.cells,
            **pulses,
            "Definitions": self.definitions,
        }

    @cached_property
    def html(self) -> str:
        """The page: one HTML document without script, that fetches nothing."""
        from cellframe.reports.sections import page_of

        return html(page_of(self))

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

    def plan(self, client: Client) -> Plan:
        """Return the plan that gives cells their results as properties; nothing is sent.

        Parameters
        ----------
        client : Client
            Of the service that the cells were read from.

        Returns
        -------
        Plan
            For ``client.apply``: ``cell.soh [1]``, ``cell.cycles_to_80_percent [1]`` and
            ``cell.report_flags`` of each cell that does not have them yet, and nothing else.

        Raises
        ------
        FrameError
            The cells were not read from a service.
        """
        from cellframe.reports.writing_back import planned

        return planned(client, self)

    def __str__(self) -> str:
        """Say in a line what it found."""
        return f"{self.title}: {self.lead} {self.flags_told}"

    __repr__ = __str__

    def _repr_html_(self) -> str:
        from html import escape

        page = escape(self.html, quote=True)
        style = "width: 100%; height: 80vh; border: 1px solid #ccc"
        return f'<iframe srcdoc="{page}" style="{style}" sandbox title="Report"></iframe>'

    @property
    def by(self) -> str | None:
        """The column that makes lots; None where the cells have none."""
        return self.terms.by if self.terms.by in self.results.columns else None

    @property
    def lead(self) -> str:
        """How much it is of, in a sentence."""
        cells = many(self.fleet.cells.height, "cell")
        lots = f" in {many(self.results[self.by].n_unique(), 'lot')}" if self.by else ""
        told = f", {many(self.fleet.tests.height, 'test')}" if self.fleet.tests.width else ""
        return f"{cells}{lots}{told}, {many(self.fleet.cycles.height, 'cycle')}."

    @property
    def flags_told(self) -> str:
        """How much is flagged, in a sentence."""
        flags = self.findings.filter(pl.col(SEVERITY) == FLAG).height
        if not flags:
            return "Nothing is flagged."
        return f"{many(flags, 'flag')} on {many(self.flagged, 'cell')}."

    @cached_property
    def _known(self) -> list[str]:
        """Results that enough cells have to be compared by."""
        return [label for label in _COMPARED if self.results[label].count() > 0]

    @cached_property
    def lots(self) -> pl.DataFrame:
        """How the results of each lot compare; without rows where there are no lots."""
        found = [
            analysis.lots(self.results, label, by=self.by)
            .rename(_bare)
            .with_columns(pl.col(FINDING, DEFINITION).cast(pl.String))
            for label in self._known
        ]
        return pl.concat(found) if found else pl.DataFrame()

    @cached_property
    def lots_compared(self) -> pl.DataFrame:
        """Lots in pairs, where there are two of three values each."""
        by = self.by
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
    def cells(self) -> pl.DataFrame:
        """The results, beside which checks flag a cell, lot by lot."""
        key = self.fleet.key
        flags = (
            self.findings.filter((pl.col(SEVERITY) == FLAG) & pl.col(key).is_not_null())
            .group_by(key)
            .agg(pl.col(CHECK).unique().sort().str.join(", ").alias("Flags"))
        )
        joined = self.results.join(flags, on=key, how="left", maintain_order="left")
        lot = [self.by] if self.by else []
        return joined.select(
            *[name for name in (ID, CELL, *lot) if name in joined.columns],
            "Flags",
            *[n for n in joined.columns if n not in (ID, CELL, *lot, "Flags", DEFINITION)],
        ).sort(*lot, CELL, nulls_last=True)

    @cached_property
    def definitions(self) -> pl.DataFrame:
        """By which definitions all numbers were made."""
        rows: list[tuple[str, str]] = []
        for told in self.results[DEFINITION].drop_nulls().unique(maintain_order=True):
            rows += _of_health(told)
        for frame, name in ((self.lots, "Lots"), (self.lots_compared, "Lots compared")):
            if DEFINITION in frame.columns:
                rows += [(name, text) for text in frame[DEFINITION].unique(maintain_order=True)]
        if self.resistances.height:
            told = self.resistances[DEFINITION].cast(pl.String).drop_nulls()
            rows += [("Resistance", text) for text in told.unique(maintain_order=True)]
        checks = self.findings.select(CHECK, DEFINITION).drop_nulls().unique(maintain_order=True)
        rows += list(checks.sort(CHECK, DEFINITION).iter_rows())
        kept = dict.fromkeys(rows)
        return pl.DataFrame(
            list(kept), schema={"Of": pl.String, DEFINITION: pl.String}, orient="row"
        )


def _bare(label: str) -> str:
    """Return a label without its unit: lots of several columns stand in one table."""
    return label.partition(" [")[0]


def _of_health(part: str) -> list[tuple[str, str]]:
    health, _, life = part.partition("; cycles to 80 %: ")
    return [(SOH, health.removeprefix("SOH: ")), (TO_80, life)]


def report(  # noqa: PLR0913 - what a person may say
    frames: Any,
    path: str | Path | None = None,
    *,
    title: str | None = None,
    by: str | None = "batch",
    reference: Reference = "first",
    rated: float | None = None,
    check_ups: str | Sequence[str] | None = None,
    rules: str | Path | Sequence[Rule | Own] | None = None,
    series: bool = False,
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
    series : bool
        Whether to look into ``frames.time_series`` as well, which reads every row: what `check`
        finds there, the resistance of pulses, and voltage curves and dQ/dV of some cells.

    Returns
    -------
    Report
        ``.html``, ``.tables``, ``.findings``, ``.results``; ``.save(path)``, ``.to_excel(path)``. In
        a notebook it shows itself.

    Raises
    ------
    FrameError
        `frames` has no cells, or no time series where they are asked for.
    IntakeError
        The rules cannot be used.
    ConfigError
        A definition cannot be, the file is no ``.html``, or the plots are not installed: they
        come with ``pip install "cellframe[plot]"``.
    """
    fleet = frames if isinstance(frames, Fleet) else fleet_of(frames, series=series)
    terms = Terms(reference, rated, check_ups, by)
    findings = check(fleet, rules=rules, series=series, terms=terms)
    made = Report(title or title_of(fleet), fleet, terms, findings)
    if path is not None:
        made.save(path)
    return made


def title_of(fleet: Fleet) -> str:
    """Return what a report is called, after the specs of its cells."""
    specs = fleet.specs
    if not specs:
        return "Report of cells"
    return f"Report of {', '.join(specs[:_FEW])}{' and more' if len(specs) > _FEW else ''}"
