"""``cellframe check``: which cells break a rule, and which records should nobody trust?"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from cellframe.cli.codes import ExitCode, WrongUsageError
from cellframe.cli.connect import connect
from cellframe.cli.options import Data, Json, Profile
from cellframe.cli.out import document, say, show

if TYPE_CHECKING:
    import polars as pl

    from cellframe.client import Client
    from cellframe.resources.records import CellSpec

EXAMPLES = """\b
Examples:
  cellframe check 'LFP 18650'
  cellframe check 'LFP 18650' --rules rules.toml -o findings.csv
  cellframe check 'NCM*' --rules rules.py --json"""
_FORMS = (".csv", ".json", ".xlsx", ".parquet")
_SHOWN = 30


def check(  # noqa: PLR0913 - what a person may say
    specs: Annotated[
        list[str],
        typer.Argument(metavar="SPEC...", help="Names or ids of specs, or patterns: 'NCM*'."),
    ],
    *,
    rules: Annotated[
        Path | None,
        typer.Option("--rules", metavar="FILE", help="Rules of your own: rules.toml or rules.py."),
    ] = None,
    output: Annotated[
        Path | None,
        typer.Option(
            "--output", "-o", metavar="FILE", help="Findings as .csv, .json, .xlsx or .parquet."
        ),
    ] = None,
    quality: Annotated[
        bool, typer.Option(help="Look for what is odd without any rule, too.")
    ] = True,
    series: Annotated[
        bool,
        typer.Option(
            "--series", help="Look into every row of the time series, too: sign, gaps, counters."
        ),
    ] = False,
    by: Annotated[
        str, typer.Option("--by", metavar="COLUMN", help="The column of the cells that makes lots.")
    ] = "batch",
    profile: Profile = None,
    data: Data = None,
    json: Json = False,
) -> ExitCode:
    """Name glitches, odd cells, and whatever breaks your rules.

    Each by cell, test and cycle. Ends with 3 where something is flagged; notes alone end with 0. Nothing is written to the service.
    """
    from cellframe.reports.rules import load_rules

    if output is not None and output.suffix.lower() not in _FORMS:
        raise WrongUsageError(f"{output.name}: findings are written as {', '.join(_FORMS)}.")
    own = load_rules(rules) if rules is not None else None
    with connect(profile, data) as client:
        from cellframe.cli.matching import specs_of

        found = _together(
            [
                _of_spec(client, spec, own, by, quality=quality, series=series)
                for spec in specs_of(client, specs)
            ]
        )
    if output is not None:
        write(found, output)
    return _told(found, output, as_json=json)


def rated_of(spec: CellSpec) -> float | None:
    """Return what cells of a spec are rated for, in A.h; None where it does not say."""
    from cellframe.contract.quantities import UnitError, convert

    rating = (spec.get("ratings") or {}).get("capacity")
    if not isinstance(rating, dict) or rating.get("value") is None:
        return None
    try:
        return float(convert(rating["value"], str(rating.get("unit")), "A.h"))
    except UnitError:
        return None


def _of_spec(
    client: Client, spec: CellSpec, rules: Any, by: str, *, quality: bool, series: bool
) -> pl.DataFrame:
    import polars as pl

    from cellframe.reports import check as findings_of
    from cellframe.reports.results import Terms

    frames = client.cell_instance.detail_frames(
        spec=spec,
        include_steps=True,
        include_cycles=True,
        include_time_series=series,
        backend="polars",
    )
    terms = Terms(rated=rated_of(spec), by=by)
    found = findings_of(frames, rules=rules, quality=quality, series=series, terms=terms)
    return found.select(pl.lit(spec.name).alias("spec"), pl.all())


def _together(parts: list[pl.DataFrame]) -> pl.DataFrame:
    import polars as pl

    return pl.concat(parts).sort("Severity", maintain_order=True)


def write(findings: pl.DataFrame, path: Path) -> None:
    """Write findings to a file, whole or not at all.

    Parameters
    ----------
    findings : DataFrame
        As of `cellframe.check`.
    path : Path
        ``.csv``, ``.json``, ``.xlsx`` or ``.parquet``. A text is a text in each, whatever it begins
        with.
    """
    from cellframe.reports.tables import write_tables
    from cellframe.sheets.writing import write_table
    from cellframe.store.places import write_whole

    kind = path.suffix.lower()
    if kind in (".csv", ".parquet"):
        write_table(findings, path, name="cell")
        return
    made = write_tables({"Findings": findings}) if kind == ".xlsx" else _json(findings)
    write_whole(path.absolute(), made, mode=0o644)


def _json(findings: pl.DataFrame) -> bytes:
    return findings.write_json().encode()


def _told(found: pl.DataFrame, output: Path | None, *, as_json: bool) -> ExitCode:
    import polars as pl

    from cellframe.reports.checking import FLAG
    from cellframe.views.words import many

    flags = found.filter(pl.col("Severity") == FLAG)
    notes = found.height - flags.height
    code = ExitCode.FLAGGED if flags.height else ExitCode.DONE
    if as_json:
        counts = {"flags": flags.height, "notes": notes}
        return document({**counts, "file": output, "findings": found.to_dicts()}, code)
    lines = [line_of(row) for row in found.head(_SHOWN).iter_rows(named=True)]
    left = found.height - _SHOWN
    if left > 0:
        lines.append(f"and {left:,} more{'' if output else ': -o findings.csv has all'}.")
    if lines:
        show("\n".join(lines))
    cells = flags["cell"].n_unique()
    on = f" on {many(cells, 'cell')}" if flags.height else ""
    say(f"{many(flags.height, 'flag')}{on}, {many(notes, 'note')}.")
    if output is not None:
        say(f"{output} has {many(found.height, 'finding')}.")
    return code


def line_of(row: dict[str, Any]) -> str:
    """Say a finding in a line."""
    cycle = "" if row["Cycle count"] is None else f", cycle {row['Cycle count']}"
    test = f", {row['test']}" if row["test"] else ""
    where = row["cell"] or row["spec"]
    return f"{row['Severity']}: {where}{test}{cycle}: {row['Check']}: {row['Finding']}"
