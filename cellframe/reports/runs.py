"""What did the last good run see, and is another one under way?

A run has a name. What it saw is kept when it ended well, and only then: a run that fails, or is
killed, leaves what the last good one saw, so that nothing new is missed. Two runs of one name do
not overlap; the lock is the system's own, and ends with the process that holds it.
"""

from __future__ import annotations

import json
import os
import re
from contextlib import AbstractContextManager
from typing import TYPE_CHECKING, Any, Self

import polars as pl

from cellframe.contract.series import CYCLE
from cellframe.errors import ConfigError, CorruptStoreError, RunLockedError
from cellframe.reports.gathering import CELL, ID, TEST
from cellframe.store.places import private, write_whole
from cellframe.store.turns import take

if TYPE_CHECKING:
    from pathlib import Path
    from types import TracebackType

    from cellframe.reports.gathering import Fleet

_NAME = re.compile(r"[\w][\w .-]{0,79}")
_FORMAT = 1
NEW, FINISHED, CHANGED, GONE = "new", "finished", "changed", "gone"
NEWS: dict[str, pl.DataType] = {
    "News": pl.String(),
    ID: pl.String(),
    CELL: pl.String(),
    "What": pl.String(),
}


class Run(AbstractContextManager["Run"]):
    """One run of a report, under a name.

    Parameters
    ----------
    name : str
        Letters, digits, blanks, ``_``, ``.`` and ``-``.
    folder : Path
        Where runs are kept; made where it is not there.

    Raises
    ------
    ConfigError
        The name cannot be one of a file.
    RunLockedError
        On entering: another process is in a run of this name.
    CorruptStoreError
        On entering: what the last run kept cannot be read.
    """

    def __init__(self, name: str, folder: Path) -> None:
        if not _NAME.fullmatch(name) or name.endswith((".", " ")):
            message = (
                f"A run cannot be called {name!r}: letters, digits, blanks, _, . and -, 80 at most."
            )
            raise ConfigError(message)
        self.name = name
        self._kept = folder / f"{name}.json"
        self._lock = folder / f"{name}.lock"
        self._handle: int | None = None
        self.last: dict[str, Any] | None = None

    def __enter__(self) -> Self:
        private(self._lock.parent)
        handle = os.open(self._lock, os.O_RDWR | os.O_CREAT, 0o600)
        if not take(handle, 0.0):
            os.close(handle)
            message = f"Another process is in the run {self.name!r}. Nothing was done; try again when it has ended."
            raise RunLockedError(message)
        self._handle = handle
        try:
            self.last = self._read()
        except BaseException:
            self.__exit__(None, None, None)
            raise
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        fault: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._handle is not None:
            os.close(self._handle)
            self._handle = None

    def finish(self, seen: dict[str, Any]) -> None:
        """Keep what this run saw, in the place of what the last good one did.

        Parameters
        ----------
        seen : dict
            Of `seen_in`.
        """
        text = json.dumps({"format": _FORMAT, **seen}, sort_keys=True)
        write_whole(self._kept, text.encode(), sync=True)

    def _read(self) -> dict[str, Any] | None:
        try:
            found = json.loads(self._kept.read_bytes())
        except FileNotFoundError:
            return None
        except ValueError as fault:
            raise self._damaged() from fault
        if not isinstance(found, dict) or found.get("format") != _FORMAT or "cells" not in found:
            raise self._damaged()
        return found

    def _damaged(self) -> CorruptStoreError:
        return CorruptStoreError(
            f"What the last run of {self.name!r} kept cannot be read: {self._kept}. Remove the file to "
            "begin anew; the next report then calls nothing new."
        )


def seen_in(fleet: Fleet) -> dict[str, Any]:
    """Return what a run saw: enough to tell the next one what is new.

    Parameters
    ----------
    fleet : Fleet
        What is looked at.

    Returns
    -------
    dict
        Version of the data; of each cell its name, version, and tests with version, state and
        cycles.
    """
    cells: dict[str, dict[str, Any]] = {
        str(row[fleet.key]): {
            "name": str(row.get(CELL) or row[fleet.key]),
            "version": fleet.digests[str(row[fleet.key])],
            "tests": {},
        }
        for row in fleet.cells.to_dicts()
    }
    counts: dict[str, int] = {}
    if {TEST, CYCLE} <= set(fleet.cycles.columns):
        counts = {str(key): n for key, n in fleet.cycles.group_by(TEST).len().iter_rows()}
    for row in fleet.tests.to_dicts():
        cell = cells.get(str(row.get(fleet.key)))
        if cell is not None:
            cell["tests"][str(row[TEST])] = {
                "name": row.get("test"),
                "version": row.get("measurement_version"),
                "running": bool(row.get("start_time [UTC]")) and not row.get("end_time [UTC]"),
                "cycles": counts.get(str(row[TEST]), 0),
            }
    return {"version": fleet.version, "cells": cells}


def news_since(last: dict[str, Any] | None, seen: dict[str, Any]) -> pl.DataFrame:
    """Return what is new, finished, changed or gone since the last good run.

    Parameters
    ----------
    last : dict or None
        What it saw; None where there was none, and nothing is news.
    seen : dict
        What this run sees.

    Returns
    -------
    DataFrame, shape (n_news, 4)
        ``News`` (``new``, ``finished``, ``changed``, ``gone``), ``instance_id``, ``cell``, ``What``.
    """
    if last is None:
        return pl.DataFrame(schema=NEWS)
    before, now = last["cells"], seen["cells"]
    rows: list[tuple[str, str, str, str]] = []
    for key, cell in now.items():
        if key not in before:
            rows.append((NEW, key, cell["name"], "the cell"))
            continue
        rows += [(kind, key, cell["name"], what) for kind, what in _of_cell(before[key], cell)]
    rows += [
        (GONE, key, cell["name"], "the cell") for key, cell in before.items() if key not in now
    ]
    order = {kind: place for place, kind in enumerate((NEW, FINISHED, CHANGED, GONE))}
    rows.sort(key=lambda row: (order[row[0]], row[2], row[3]))
    return pl.DataFrame(rows, schema=NEWS, orient="row")


def _of_cell(before: dict[str, Any], now: dict[str, Any]) -> list[tuple[str, str]]:
    made: list[tuple[str, str]] = []
    if before["version"] != now["version"]:
        made.append((CHANGED, "the record of the cell"))
    for key, test in now["tests"].items():
        old = before["tests"].get(key)
        named = f"test {test['name']!r}"
        if old is None:
            made.append((NEW, named))
        elif old["running"] and not test["running"]:
            made.append((FINISHED, named))
        elif old != test:
            more = test["cycles"] - old["cycles"]
            made.append((CHANGED, f"{named}, {more:+d} cycles" if more else named))
    gone = [test for key, test in before["tests"].items() if key not in now["tests"]]
    return [*made, *((GONE, f"test {test['name']!r}") for test in gone)]
