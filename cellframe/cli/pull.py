"""``cellframe pull``: cells, or what was measured on them, as a file."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from cellframe.cli.codes import ExitCode, WrongUsageError
from cellframe.cli.connect import connect
from cellframe.cli.following import Here
from cellframe.cli.options import Data, Json, Profile
from cellframe.cli.out import document, say
from cellframe.cli.schema import faults_of, load_schema, say_faults

if TYPE_CHECKING:
    from collections.abc import Sequence

    import polars as pl

    from cellframe.client import Client
    from cellframe.resources.records import CellSpec

    Specs = Sequence[CellSpec] | None

EXAMPLES = """\b
Examples:
  cellframe pull NCM622-GR -o cells.xlsx
  cellframe pull NCM622-GR -o lab.xlsx --with tests --with lots
  cellframe pull 'NCM*' LFP -o cells.parquet
  cellframe pull --all --cycles -o cycles.parquet
  cellframe pull NCM622-GR -o cells.csv --merge
  cellframe pull NCM622-GR -o cells.csv --schema rules.py:CellRules"""

Measured = Literal["tests", "steps", "cycles"]


class Also(StrEnum):
    """What belongs to cells, and has a sheet of its own in a workbook."""

    tests = "tests"
    lots = "lots"


def pull(  # noqa: PLR0913 - what a person may say
    specs: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="SPEC...", help="Names or ids of specs, or patterns of names: 'NCM*'."
        ),
    ] = None,
    *,
    output: Annotated[
        Path,
        typer.Option("--output", "-o", metavar="FILE", help="The file: .xlsx, .csv or .parquet."),
    ],
    also: Annotated[
        list[Also] | None,
        typer.Option(
            "--with", help="What else of these cells has a sheet in a workbook. May be repeated."
        ),
    ] = None,
    every: Annotated[bool, typer.Option("--all", help="Every spec of the lab.")] = False,
    tests: Annotated[
        bool, typer.Option("--tests", help="A row per test instead of one per cell.")
    ] = False,
    steps: Annotated[bool, typer.Option("--steps", help="A row per step of every test.")] = False,
    cycles: Annotated[
        bool, typer.Option("--cycles", help="A row per cycle of every test.")
    ] = False,
    merge: Annotated[
        bool,
        typer.Option(
            "--merge", help="Carry the edits of the file that were not pushed into the new one."
        ),
    ] = False,
    schema: Annotated[
        str | None,
        typer.Option(
            metavar="FILE.py:NAME",
            help="Rules of your own, a schema of pandera. The file is written all the same; where "
            "rows break a rule, they are told and the command ends with 3.",
        ),
    ] = None,
    profile: Profile = None,
    data: Data = None,
    json: Json = False,
) -> ExitCode:
    """Write cells to a sheet to edit, or what was measured to a table.

    A sheet of cells remembers what was read: edit it anywhere, then plan and push it. A file with
    edits that were not pushed is left as it is. Steps and cycles are for reading.
    """
    rules = load_schema(schema)
    measured = _measured(tests=tests, steps=steps, cycles=cycles)
    _check(specs, every=every, merge=merge, measured=measured)
    _check_with(also or [], output, measured)
    with connect(profile, data) as client:
        from cellframe.cli.matching import specs_of

        found = None if every else specs_of(client, specs or [])
        if measured is not None:
            return _table(client, measured, found, output, rules, as_json=json)
        here = Here(profile, data)
        return _sheet(client, found, output, here, rules, also or [], merge=merge, as_json=json)


def _measured(**asked: bool) -> Measured | None:
    chosen: list[Any] = [name for name, wanted in asked.items() if wanted]
    if len(chosen) > 1:
        message = (
            f"--{' and --'.join(chosen)} are different tables. Pull each into a file of its own."
        )
        raise WrongUsageError(message)
    return chosen[0] if chosen else None


def _check(
    specs: Sequence[str] | None, *, every: bool, merge: bool, measured: Measured | None
) -> None:
    if every and specs:
        raise WrongUsageError(f"--all is every spec, {specs[0]!r} among them. Give one of the two.")
    if not every and not specs:
        raise WrongUsageError(
            "Which spec? Name one or several, 'NCM*' for all that begin so, or --all."
        )
    if merge and measured:
        message = f"--merge carries edits of cells; --{measured} are for reading, and have none."
        raise WrongUsageError(message)


def _check_with(also: Sequence[Also], output: Path, measured: Measured | None) -> None:
    if also and measured:
        message = f"--with adds sheets to one of cells, and --{measured} is another table."
        raise WrongUsageError(message)
    if also and output.suffix.lower() != ".xlsx":
        message = f"{output.name} has place for one table. For --with {also[0]} name a workbook, {output.stem}.xlsx."
        raise WrongUsageError(message)


def _sheet(
    client: Client,
    specs: Specs,
    output: Path,
    here: Here,
    rules: Any,
    also: Sequence[Also],
    *,
    merge: bool,
    as_json: bool,
) -> ExitCode:
    """Write the sheet of cells."""
    from cellframe.frames.faults import table
    from cellframe.views.words import many

    report = (
        client.cell_instance.to_excel(
            specs,
            output,
            include_tests=Also.tests in also,
            include_lots=Also.lots in also,
            merge=merge,
            schema=rules,
        )
        if also
        else client.cell_instance.to_file(specs, output, merge=merge, schema=rules)
    )
    faults = table(report.faults)
    code = ExitCode.CONFLICT if report.held else _flagged(faults)
    if as_json:
        counts = {
            "rows": report.rows,
            "columns": report.columns,
            "carried": report.carried,
            "held": report.held,
        }
        about = {"file": output, "table": "cells", **counts, "notices": report.notices}
        about |= {"sheets": report.others} if report.others else {}
        return document({**about, "faults": faults.to_dicts()}, code)
    others = [many(rows, what.removesuffix("s")) for what, rows in report.others.items()]
    say(f"{output} has {' and '.join([many(report.rows, 'cell'), *others])}.")
    if merge:
        say(f"Carried over: {many(report.carried, 'edit')}.")
    for notice in report.notices:
        say(f"Note: {notice}")
    say_faults(faults)
    say(f"Edit it, then: {here.command('plan', output)}")
    return code


def _table(
    client: Client, measured: Measured, specs: Specs, output: Path, rules: Any, *, as_json: bool
) -> ExitCode:
    """Write what was measured; what could not be read is told, and makes it partly done."""
    from cellframe.frames.faults import table
    from cellframe.resources.sheets import write_for_reading
    from cellframe.views.words import many

    failures: list[dict[str, Any]] = []
    if measured == "tests":
        report = client.cell_measurement.to_file(output, specs, schema=rules)
        faults = table(report.faults)
    else:
        frame, failures = _read(client, measured, specs)
        report = write_for_reading(frame, output, measured)
        faults = faults_of(frame, rules, "test")
    code = ExitCode.PARTLY if failures else _flagged(faults)
    if as_json:
        about = {"file": output, "table": measured, "rows": report.rows, "columns": report.columns}
        more = {"failures": failures, "notices": report.notices, "faults": faults.to_dicts()}
        return document({**about, **more}, code)
    say(f"{output} has {many(report.rows, measured.removesuffix('s'))}.")
    for failure in failures:
        say(
            f"Left out: {failure['cell']}, {failure['test']}, {failure['part']}: {failure['message']}"
        )
    for notice in report.notices:
        say(f"Note: {notice}")
    say_faults(faults)
    return code


def _flagged(faults: pl.DataFrame) -> ExitCode:
    return ExitCode.FLAGGED if faults.height else ExitCode.DONE


def _read(
    client: Client, measured: Measured, specs: Specs
) -> tuple[pl.DataFrame, list[dict[str, Any]]]:
    """Return the table of all specs, and what could not be read."""
    import polars as pl

    frames: list[pl.DataFrame] = []
    failures: list[dict[str, Any]] = []
    for spec in [None] if specs is None else specs:
        details = client.cell_instance.detail_frames(
            spec=spec,
            include_steps=measured == "steps",
            include_cycles=measured == "cycles",
            include_time_series=False,
            backend="polars",
        )
        frames.append(getattr(details, measured))
        failures += details.failures.to_dicts()
    return pl.concat(frames, how="diagonal_relaxed"), failures
