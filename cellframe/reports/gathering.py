"""What does a report look at?

Frames of a fleet as `detail_frames` gives them, or any object with the same attributes. The cycles
of a cell with several tests are one life; a cell with one test keeps the count of its lab.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from fnmatch import fnmatchcase
from functools import cached_property
from hashlib import sha256
from typing import TYPE_CHECKING, Any

import polars as pl

from cellframe import analysis
from cellframe.analysis.cycle_rows import LABEL
from cellframe.contract.series import COUNTERS, CYCLE
from cellframe.errors import ConfigError, FrameError
from cellframe.frames.backend import to_polars
from cellframe.frames.faults import Fault, table
from cellframe.frames.long import KEYS
from cellframe.frames.other_units import labelled

if TYPE_CHECKING:
    from collections.abc import Sequence

ID, CELL, TEST = "instance_id", "cell", "measurement_id"
WRITTEN = ("cell.soh [1]", "cell.cycles_to_80_percent [1]", "cell.report_flags")
"""What a report writes back: state of health, cycles to 80 %, which checks flag a cell. It is no news
to the next one."""
_DERIVED = ("instance_version", "tests", "tests_running", "last_test_end [UTC]")
"""What changes with the tests of a cell, and is told there."""
_START = "start_time [UTC]"
_SHORT, _SOME = 12, 10


@dataclass(frozen=True)
class Fleet:
    """The frames of some cells, in polars.

    Attributes
    ----------
    cells : DataFrame, shape (n_cells, n_columns)
        A row per cell.
    tests, steps, cycles : DataFrame
        Of all tests; without rows where they were not read.
    lived : DataFrame
        `cycles`, those of a cell with several tests as one life.
    failures : DataFrame
        What could not be read.
    series : LazyFrame or None
        The time series of all tests; None where they are not looked into.
    """

    cells: pl.DataFrame
    tests: pl.DataFrame
    steps: pl.DataFrame
    cycles: pl.DataFrame
    lived: pl.DataFrame
    failures: pl.DataFrame
    series: pl.LazyFrame | None = None

    @property
    def key(self) -> str:
        """The column that tells cells apart."""
        return ID if ID in self.cells.columns else CELL

    @property
    def specs(self) -> list[str]:
        """Names of the specs of the cells, in order."""
        if "spec" not in self.cells.columns:
            return []
        return self.cells["spec"].drop_nulls().unique().sort().to_list()

    @cached_property
    def digests(self) -> dict[str, str]:
        """A digest of each cell's record, but for what tests or reports change of it."""
        left_out = {*WRITTEN, *_DERIVED}
        wanted = sorted(set(self.cells.columns) - left_out)
        rows = self.cells.select(_as_text(self.cells, wanted)).iter_rows()
        keys = self.cells[self.key].cast(pl.String).to_list()
        return {
            str(key): sha256("\x1f".join(row).encode()).hexdigest()[:_SHORT]
            for key, row in zip(keys, rows, strict=True)
        }

    @cached_property
    def version(self) -> str:
        """What tells this state of the data from any other.

        A digest of the cells' records, of the tests' versions, and of all cycles.
        """
        digest = sha256(repr(sorted(self.digests.items())).encode())
        tests = [name for name in (TEST, "measurement_version") if name in self.tests.columns]
        digest.update(_digest_of(self.tests.select(tests)))
        cycles = [name for name in self.cycles.columns if name != "measurement_version"]
        digest.update(_digest_of(self.cycles.select(cycles)))
        return digest.hexdigest()[:_SHORT]


def fleet_of(frames: Any, *, series: bool = False) -> Fleet:
    """Return the frames of a fleet.

    Parameters
    ----------
    frames : DetailFrames, or any object
        With the attributes ``instances`` and ``cycles``; ``measurements``, ``steps`` and
        ``failures`` where there are some. In polars or pandas.
    series : bool
        Whether ``time_series`` is looked into, too.

    Raises
    ------
    FrameError
        It has no cells, or no time series where they are asked for.
    """
    cells = _read(frames, "instances")
    if cells.width == 0:
        message = "There are no cells to report on: frames.instances is what detail_frames gives."
        raise FrameError(message, table([Fault(message, rule="cells")]))
    tests, cycles = _read(frames, "measurements"), _plain_cycles(_read(frames, "cycles"))
    lived = cycles
    if {TEST, ID, CYCLE} <= set(cycles.columns) and {TEST, _START} <= set(tests.columns):
        lived = analysis.life(cycles, tests)
    # Series are fetched as they are touched, and what cannot be read is told after that.
    rows = _series_of(frames) if series else None
    failures = _read(frames, "failures")
    return Fleet(cells, tests, _read(frames, "steps"), cycles, lived, failures, rows)


def _series_of(frames: Any) -> pl.LazyFrame:
    rows = getattr(frames, "time_series", None)
    if rows is not None:
        lazy = rows if isinstance(rows, pl.LazyFrame) else to_polars(rows).frame.lazy()
        if _read(frames, "cycles").is_empty() or set(lazy.collect_schema()) - set(KEYS):
            return lazy
    message = (
        "There are no time series to look into: read the cells with "
        "detail_frames(include_time_series=True)."
    )
    raise FrameError(message, table([Fault(message, rule="series")]))


def with_check_ups(fleet: Fleet, patterns: Sequence[str]) -> tuple[Fleet, list[str]]:
    """Say of each cycle by which test it is, so that some tests can be the check-ups.

    Parameters
    ----------
    fleet : Fleet
        Of a service, whose cycles have no labels of their own.
    patterns : sequence of str
        Names of tests, or patterns: ``RPT*``.

    Returns
    -------
    Fleet
        Its cycles with a label: the name of their test.
    list of str
        The names that fit.

    Raises
    ------
    ConfigError
        A pattern fits no test.
    """
    names = (
        fleet.tests["test"].drop_nulls().unique().sort() if "test" in fleet.tests.columns else []
    )
    found = {one: [name for name in names if fnmatchcase(name, one)] for one in patterns}
    unmet = [one for one, fitting in found.items() if not fitting]
    if unmet:
        some = ", ".join(map(repr, list(names)[:_SOME])) or "none"
        raise ConfigError(f"No test is called {unmet[0]!r}. The tests here: {some}.")
    label = pl.col("test").alias(LABEL)
    own = replace(fleet, lived=fleet.lived.with_columns(label))
    return own, sorted({name for fitting in found.values() for name in fitting})


def _plain_cycles(cycles: pl.DataFrame) -> pl.DataFrame:
    """Return cycles as results are made of them: in A.h, counted in whole numbers, without infinities."""
    floats = pl.selectors.float()
    made = labelled(cycles.lazy(), COUNTERS).with_columns(
        pl.when(floats.is_finite()).then(floats).name.keep()
    )
    whole = made.collect()
    if CYCLE in whole.columns and whole.schema[CYCLE].is_float():
        counted = whole[CYCLE].cast(pl.Int64, strict=False)
        # One that is not whole is told by the first analysis that is asked.
        return whole if (counted != whole[CYCLE]).any() else whole.with_columns(counted)
    return whole


def _read(frames: Any, name: str) -> pl.DataFrame:
    found = getattr(frames, name, None)
    if found is None:
        return pl.DataFrame()
    if isinstance(found, pl.LazyFrame):
        found = found.collect()
    return to_polars(found).frame


def _as_text(frame: pl.DataFrame, names: Sequence[str]) -> list[pl.Expr]:
    """Return columns as text, lists too."""
    return [
        pl.col(name).cast(pl.List(pl.String)).list.join(";").fill_null("")
        if isinstance(frame.schema[name], pl.List)
        else pl.col(name).cast(pl.String).fill_null("")
        for name in names
    ]


def _digest_of(frame: pl.DataFrame) -> bytes:
    """Return a digest of the rows, in whatever order they came."""
    lines = sorted(
        "\x1f".join(row) for row in frame.select(_as_text(frame, frame.columns)).iter_rows()
    )
    return sha256("\x1e".join(lines).encode()).digest()
