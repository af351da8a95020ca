"""What is a cycler's own file, as a time series?

`propose` reads a mapping off a file and says why; a person confirms it; `read` makes the series
of every file like it. Text or parquet.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from cellframe.errors import IntakeError, SheetError
from cellframe.frames.faults import Fault
from cellframe.intake.cycler.building import MISSING, build
from cellframe.intake.cycler.checking import check_units, contradictions
from cellframe.intake.cycler.evidence import NEEDED, plain_map, propose_for
from cellframe.intake.cycler.faults import fit, of_sheet, refusal
from cellframe.intake.cycler.mapping import Proposal, SeriesMap, check_map
from cellframe.intake.cycler.text import PLACE, Rows, layout_of, load, split

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    import polars as pl

__all__ = ["Proposal", "SeriesMap", "alike", "check_map", "lacks", "parts", "propose", "read"]

_NEEDED = dict(zip(NEEDED, ("time", "voltage", "current"), strict=True))


def propose(paths: Sequence[Path | str], by: Sequence[str] = ()) -> Proposal | None:
    """Read off files of one kind how they become time series.

    Parameters
    ----------
    paths : sequence of Path
        Files with the same columns, as `alike` groups them; all rows of the first are looked at.
    by : sequence of str
        Headers that tell the tests of one file apart, as `parts` takes them; of these the first
        test is looked at.

    Returns
    -------
    Proposal or None
        None where the first one is no time series: no time, no voltage or no current. `lacks`
        says which.

    Raises
    ------
    SheetError
        The first file cannot be read as a table.
    """
    path = Path(paths[0])
    layout = layout_of(path)
    if not {*_NEEDED} <= {one.label for one in layout.known}:
        return None
    rows = load(path, plain_map(layout))
    _, first = next(split(rows, by), ((), rows))
    return _with_others(propose_for(first, layout), rows.frame.columns, by)


def _with_others(
    found: Proposal | None, headers: Sequence[str], by: Sequence[str]
) -> Proposal | None:
    """Return a proposal that says which columns it leaves under their own names."""
    if found is None:
        return None
    ours = (*found.map.columns, *by, PLACE)
    others = [repr(header) for header in headers if header not in ours]
    said = [f"Kept under their own names: {', '.join(others)}."] if others else []
    return replace(found, evidence=(*found.evidence, *said))


def read(path: Path | str, series: SeriesMap) -> pl.DataFrame:
    """Read a cycler's file by a mapping.

    Parameters
    ----------
    path : Path
        Text or parquet.
    series : SeriesMap
        As somebody confirmed it.

    Returns
    -------
    DataFrame, shape (n_samples, n_columns)
        As `client.cell_measurement.create` takes it: time in s from 0, voltage in V, current in
        A, positive on discharge, steps and cycles counted from 0, counters in A.h and W.h from 0
        in each step. Columns that mean nothing here are kept under their own names.

    Raises
    ------
    IntakeError
        With every fault: a mapping that cannot be, columns that are missing, values that are no
        numbers, a series that is not fit to upload. Rows are named as the file counts its lines
        (parquet: rows from 0).
    """
    path = Path(path)
    return _made(path.name, _loaded(path, series), series)


def parts(
    path: Path | str, series: SeriesMap, by: Sequence[str]
) -> Iterator[tuple[tuple[str, ...], pl.DataFrame | IntakeError]]:
    """Read a file that holds the tests of several cells, one below the other.

    Parameters
    ----------
    path, series : as in `read`
    by : sequence of str
        Headers of the columns that tell the tests apart; they are no columns of the series.

    Yields
    ------
    tuple of str, DataFrame or IntakeError
        What stands in those columns, and the series; the error of one that cannot be read, so
        that the others can.

    Raises
    ------
    IntakeError
        Nothing of the file can be read, or it has no such column.
    """
    path = Path(path)
    rows = _loaded(path, series)
    missing = [
        Fault(f"There is no column {name!r}.", column=name, rule=MISSING)
        for name in by
        if name not in rows.frame.columns
    ]
    if missing:
        raise refusal(path.name, missing)
    for key, part in split(rows, by):
        try:
            yield key, _made(f"{path.name} ({', '.join(key)})", part, series)
        except IntakeError as fault:
            yield key, fault


def _loaded(path: Path, series: SeriesMap) -> Rows:
    faults = check_map(series)
    if faults:
        raise refusal(path.name, faults)
    try:
        rows = load(path, series)
    except SheetError as fault:
        raise refusal(path.name, of_sheet(str(fault))) from fault
    others = check_units(rows, series)
    if others:
        raise refusal(path.name, others)
    return rows


def _made(name: str, rows: Rows, series: SeriesMap) -> pl.DataFrame:
    built = build(rows, series)
    if any(fault.rule == MISSING for fault in built.faults):
        raise refusal(name, built.faults)
    frame, found = fit(built.frame, series, rows.word)
    told = {fault.column for fault in built.faults}
    faults = [*built.faults, *(fault for fault in found if fault.column not in told)]
    faults = faults or contradictions(built, frame, series)
    if faults:
        raise refusal(name, faults)
    return frame


def lacks(path: Path | str) -> str:
    """Say in a sentence why a file is no time series.

    Parameters
    ----------
    path : Path
        A file for which `propose` has no mapping.
    """
    path = Path(path)
    try:
        known = {one.label for one in layout_of(path).known}
    except SheetError as fault:
        return str(fault)
    if {*_NEEDED} <= known:
        return f"{path.name} has columns of time, voltage and current, but no row has all three."
    there = [word for label, word in _NEEDED.items() if label in known]
    missing = [word for label, word in _NEEDED.items() if label not in known]
    has = f"has {' and '.join(there)}, but " if there else "has "
    return f"{path.name} {has}no column of {' or '.join(missing)} that is known here."


def alike(paths: Iterable[Path | str]) -> list[tuple[Path, ...]]:
    """Group files that have the same columns in the same layout.

    Parameters
    ----------
    paths : iterable of Path
        Time series and other files.

    Returns
    -------
    list of tuple of Path
        In the order given. Units are part of the layout, also those below the header. A file that
        cannot be read is alone.
    """
    groups: dict[object, list[Path]] = {}
    for given in paths:
        path = Path(given)
        try:
            layout = layout_of(path)
            key: object = (layout.headers, layout.skip, layout.delimiter, layout.known)
        except SheetError:
            key = path
        groups.setdefault(key, []).append(path)
    return [tuple(group) for group in groups.values()]
