"""``cellframe report``: one page per spec, by hand or every night."""

from __future__ import annotations

import json as jsons
import re
import sys
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from cellframe.cli.check import rated_of
from cellframe.cli.codes import ExitCode, WrongUsageError, code_of
from cellframe.cli.connect import connect
from cellframe.cli.options import Data, Json, Profile
from cellframe.cli.out import document, say, shown
from cellframe.errors import CellframeError, ConfigError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    import polars as pl

    from cellframe.client import Client
    from cellframe.reports.building import Report
    from cellframe.reports.gathering import Fleet
    from cellframe.resources.records import CellSpec

EXAMPLES = """\b
Examples:
  cellframe report 'LFP 18650' -o report.html
  cellframe report 'LFP 18650' -o report.html --rules rules.toml --xlsx report.xlsx
  cellframe report 'LFP 18650' -o report.html --run nightly --write-back
  cellframe report --all -o reports --run nightly --log-json"""
_WORST = (
    ExitCode.LATER,
    ExitCode.PARTLY,
    ExitCode.CONFLICT,
    ExitCode.BAD_INPUT,
    ExitCode.FLAGGED,
)
"""Of several specs the run ends with the first of these that one of them ended with."""
_UNFIT = re.compile(r"[^\w .-]+")
_LONGEST = 80


@dataclass(frozen=True)
class Wish:
    """What a report was asked for."""

    output: Path
    by: str
    reference: Any
    check_ups: list[str] | None
    rules: Any
    series: bool
    xlsx: Path | None
    run: str | None
    write_back: bool
    max_updates: int | None
    every: bool


@dataclass
class Log:
    """What happens, as sentences or as a line of JSON each, on stderr."""

    as_json: bool
    events: list[dict[str, Any]] = field(default_factory=list[dict[str, Any]])

    def tell(self, event: str, words: str, **about: Any) -> None:
        """Tell one event."""
        self.events.append({"event": event, **about})
        if not self.as_json:
            say(words)
            return
        line = {"time": datetime.now(UTC).isoformat(timespec="seconds"), "event": event, **about}
        print(
            jsons.dumps({**line, "message": shown(words)}, default=str), file=sys.stderr, flush=True
        )


def report(  # noqa: PLR0913 - what a person may say
    specs: Annotated[
        list[str] | None,
        typer.Argument(metavar="SPEC", help="Name or id of a spec."),
    ] = None,
    *,
    output: Annotated[
        Path,
        typer.Option(
            "--output", "-o", metavar="FILE", help="The page, .html; with --all a folder."
        ),
    ],
    every: Annotated[
        bool, typer.Option("--all", help="A page for every spec, and an index.")
    ] = False,
    by: Annotated[
        str, typer.Option("--by", metavar="COLUMN", help="The column of the cells that makes lots.")
    ] = "batch",
    reference: Annotated[
        str,
        typer.Option(
            "--reference",
            metavar="WHICH",
            help="SOH relative to what: first, rated, a cycle (3), or a median of cycles (2-40).",
        ),
    ] = "first",
    check_ups: Annotated[
        list[str] | None,
        typer.Option(
            "--check-up",
            metavar="TEST",
            help="Tests that count for SOH, by name or pattern: 'RPT*'.",
        ),
    ] = None,
    rules: Annotated[
        Path | None,
        typer.Option("--rules", metavar="FILE", help="Rules of your own: rules.toml or rules.py."),
    ] = None,
    series: Annotated[
        bool,
        typer.Option(
            "--series",
            help="Look into every row of the time series, too: their findings, pulses, curves.",
        ),
    ] = False,
    xlsx: Annotated[
        Path | None, typer.Option("--xlsx", metavar="FILE", help="All tables, as a workbook.")
    ] = None,
    run: Annotated[
        str | None,
        typer.Option(
            "--run",
            metavar="NAME",
            help="Tell what is new since the last good run of this name. Two do not overlap.",
        ),
    ] = None,
    write_back: Annotated[
        bool,
        typer.Option(
            "--write-back", help="Write SOH, cycles to 80 % and flags to the cells, as properties."
        ),
    ] = False,
    max_updates: Annotated[
        int | None,
        typer.Option("--max-updates", metavar="N", min=0, help="How many cells that may write."),
    ] = None,
    log_json: Annotated[
        bool, typer.Option("--log-json", help="Tell what happens as lines of JSON, on stderr.")
    ] = False,
    profile: Profile = None,
    data: Data = None,
    json: Json = False,
) -> ExitCode:
    """Write a page about cells: flags, lots, plots, results.

    It is one file that needs no network and no script, and the same data make the same bytes. Ends with 3 where
    something is flagged, with 4 where a result collided with somebody's edit, 5 where not everything
    could be read or written, 6 where the service is away or another run is under way. What is new is
    counted from the last run that ended with 0 or 3.
    """
    from cellframe.reports.rules import load_rules

    _check(specs, output, xlsx, every=every, write_back=write_back, most=max_updates)
    wish = Wish(
        *(output, by, _reference(reference), check_ups),
        rules=load_rules(rules) if rules is not None else None,
        series=series,
        xlsx=xlsx,
        run=run,
        write_back=write_back,
        max_updates=max_updates,
        every=every,
    )
    log = Log(log_json)
    with connect(profile, data) as client:
        code = _all(client, wish, log) if every else _named(client, specs or [], wish, log)
    log.tell("ended", f"Ended with {int(code)}.", exit_code=int(code)) if log_json else None
    if json:
        return document({"events": log.events}, code)
    return code


def _check(
    specs: Sequence[str] | None,
    output: Path,
    xlsx: Path | None,
    *,
    every: bool,
    write_back: bool,
    most: int | None,
) -> None:
    if every and specs:
        raise WrongUsageError(f"--all is every spec, {specs[0]!r} among them. Give one of the two.")
    if not every and len(specs or ()) != 1:
        raise WrongUsageError("A report is of one spec: name it, or --all for a page each.")
    if not every and output.suffix.lower() not in (".html", ".htm"):
        raise WrongUsageError(f"{output.name}: a report is a page, report.html.")
    if every and (output.suffix or (output.exists() and not output.is_dir())):
        raise WrongUsageError(f"{output}: --all writes a folder of pages, as in -o reports.")
    if xlsx is not None and (every or xlsx.suffix.lower() != ".xlsx"):
        raise WrongUsageError("--xlsx names one workbook, .xlsx, of one report; --all has none.")
    if most is not None and not write_back:
        raise WrongUsageError("--max-updates is for --write-back, which was not asked for.")


def _reference(words: str) -> Any:
    if words in ("first", "rated"):
        return words
    first, _, last = words.partition("-")
    if first.isdigit() and (last.isdigit() or not last):
        return (int(first), int(last)) if last else int(first)
    message = f"--reference takes first, rated, a cycle (3) or two (2-40), not {words!r}."
    raise WrongUsageError(message)


def _named(client: Client, specs: Sequence[str], wish: Wish, log: Log) -> ExitCode:
    from cellframe.cli.matching import specs_of

    found = specs_of(client, specs)
    if len(found) != 1:
        names = ", ".join(repr(spec.name) for spec in found[:5])
        raise WrongUsageError(f"{specs[0]!r} is {len(found)} specs ({names}): name one, or --all.")
    return _of_spec(client, found[0], wish.output, wish, log)[0]


def _all(client: Client, wish: Wish, log: Log) -> ExitCode:
    """Write a page for each spec; one that fails does not keep the others from theirs."""
    from cellframe.reports.document import index
    from cellframe.store.places import write_whole

    wish.output.mkdir(parents=True, exist_ok=True)
    codes: list[ExitCode] = []
    entries: list[tuple[str, str, str]] = []
    specs = sorted(client.cell_spec.list(), key=lambda spec: (spec.name, spec.id))
    for spec, file in zip(specs, _file_names(specs), strict=True):
        try:
            code, made = _of_spec(client, spec, wish.output / file, wish, log)
            entries.append((file, spec.name, str(made).removeprefix(f"{made.title}: ")))
        except CellframeError as fault:
            code = code_of(fault)
            log.tell("failed", f"{spec.name}: {fault}", spec=spec.name, exit_code=int(code))
            entries.append(("", spec.name, f"No report: {fault}"))
        codes.append(code)
    lead = f"{len(specs)} specs."
    page = index("Reports", lead, entries)
    write_whole((wish.output / "index.html").absolute(), page.encode(), mode=0o644)
    log.tell("index", f"{wish.output / 'index.html'} lists them.", file=wish.output / "index.html")
    return next((code for code in _WORST if code in codes), ExitCode.DONE)


def _file_names(specs: Sequence[CellSpec]) -> list[str]:
    """Return a name for each page: that of its spec as far as any disk takes it, none twice."""
    taken: set[str] = {"index"}
    made: list[str] = []
    for spec in specs:
        name = _UNFIT.sub("-", spec.name).strip(" .-")[:_LONGEST] or "spec"
        while name.casefold() in taken:
            name = f"{name}-{spec.id[:8]}"
        taken.add(name.casefold())
        made.append(f"{name}.html")
    return made


def _of_spec(
    client: Client, spec: CellSpec, output: Path, wish: Wish, log: Log
) -> tuple[ExitCode, Report]:
    """Write the page of a spec, within its run where there is one."""
    if wish.run is None:
        made = _made(client, spec, output, None, wish, log)
        return _written_back(client, made, wish, log), made
    from cellframe.reports.runs import Run, news_since, seen_in

    with Run(wish.run, client.state_folder / "runs" / spec.id) as run:

        def news(fleet: Fleet) -> pl.DataFrame:
            return news_since(run.last, seen_in(fleet))

        made = _made(client, spec, output, news, wish, log)
        code = _written_back(client, made, wish, log)
        if code in (ExitCode.DONE, ExitCode.FLAGGED):
            run.finish(seen_in(made.fleet))
            log.tell("finished", f"The run {wish.run!r} has seen it all.", spec=spec.name)
        else:
            log.tell(
                "not_finished",
                f"The run {wish.run!r} did not end well: the next one tells the same news again.",
                spec=spec.name,
            )
    return code, made


def _made(
    client: Client,
    spec: CellSpec,
    output: Path,
    news: Callable[[Fleet], pl.DataFrame] | None,
    wish: Wish,
    log: Log,
) -> Report:
    from cellframe.reports.building import Report, title_of
    from cellframe.reports.checking import check
    from cellframe.reports.gathering import fleet_of, with_check_ups
    from cellframe.reports.results import Terms

    frames = client.cell_instance.detail_frames(
        spec=spec,
        include_steps=True,
        include_cycles=True,
        include_time_series=wish.series,
        backend="polars",
    )
    fleet = fleet_of(frames, series=wish.series)
    counts = {
        "cells": fleet.cells.height,
        "tests": fleet.tests.height,
        "cycles": fleet.cycles.height,
    }
    told = ", ".join(f"{number:,} {what}" for what, number in counts.items())
    log.tell("read", f"{spec.name}: {told}.", spec=spec.name, **counts)
    rated = rated_of(spec)
    if wish.reference == "rated" and rated is None:
        raise ConfigError(
            f"{spec.name} says no rated capacity: set its rating, or take another --reference."
        )
    named = wish.check_ups
    if named and fleet.cells.height:
        fleet, named = with_check_ups(fleet, named)
    terms = Terms(wish.reference, rated, named, wish.by)
    findings = check(fleet, rules=wish.rules, series=wish.series, terms=terms)
    title = title_of(fleet) if fleet.cells.height else f"Report of {spec.name}"
    made = Report(title, fleet, terms, findings, news(fleet) if news else None)
    made.save(output)
    log.tell(
        "written",
        f"{output}: {str(made).removeprefix(f'{made.title}: ')}",
        file=output,
        data_version=fleet.version,
        flagged=made.flagged,
        news=None if made.news is None else made.news.height,
    )
    if wish.xlsx is not None:
        made.to_excel(wish.xlsx)
        log.tell("written", f"{wish.xlsx} has its tables.", file=wish.xlsx)
    return made


def _written_back(client: Client, made: Report, wish: Wish, log: Log) -> ExitCode:
    """Write results to the cells, and return what the report ends with."""
    unread = made.fleet.failures.height
    if unread:
        log.tell("unread", f"{unread} parts could not be read; see the flags.", parts=unread)
    code = ExitCode.PARTLY if unread else ExitCode.FLAGGED if made.flagged else ExitCode.DONE
    if not wish.write_back or made.fleet.cells.height == 0:
        return code
    from cellframe.cli.judging import came_of

    plan = made.plan(client)
    if not plan:
        log.tell("written_back", "The cells have these results already.", cells=0)
        return code
    most = made.fleet.cells.height if wish.max_updates is None else wish.max_updates
    note = f"results of the report of data version {made.fleet.version}"
    receipt = client.apply(plan, note=note, max_updates=most)
    counts = dict(receipt.counts)
    told = ", ".join(f"{number:,} {what}" for what, number in counts.items() if number)
    log.tell("written_back", f"Results on cells: {told}.", **counts)
    wrote = came_of(receipt)
    return code if wrote is ExitCode.DONE else wrote
