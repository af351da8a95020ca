"""What are the steps and cycles of a time series?

`derive` reads one parquet file and answers both tables. `opening` decides whether a stranger's
file may be decoded at all, `rows` brings its columns to the contract's types, `steps` makes one
row of each run of equal ``Step count``, with `charge` for what flowed and `kinds` for the step's
name, and `cycles` adds the steps up. `supplied` takes the steps that came with a series instead.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING

from cellframe.server.derive import rows
from cellframe.server.derive.cycles import cycles_of
from cellframe.server.derive.opening import Unreadable
from cellframe.server.derive.steps import joined, measured, with_cycle_sums
from cellframe.server.derive.supplied import read_supplied

if TYPE_CHECKING:
    from collections.abc import Iterator
    from concurrent.futures import Future
    from pathlib import Path

    import polars as pl

__all__ = ["Derived", "Unreadable", "derive"]


@dataclass(frozen=True, slots=True)
class Derived:
    """What was derived from one time series.

    Attributes
    ----------
    steps : DataFrame, shape (n_steps, n_columns)
        One row per step, columns as in `cellframe.contract.series.STEPS`; more at the end where
        the steps were supplied.
    cycles : DataFrame, shape (n_cycles, n_columns)
        One row per cycle, columns as in `cellframe.contract.series.CYCLES`.
    rows : int
        Rows of the series.
    """

    steps: pl.DataFrame
    cycles: pl.DataFrame
    rows: int


def derive(
    path: Path, *, rated_capacity: float | None = None, steps: Path | None = None
) -> Derived:
    """Derive the steps and cycles of a time series.

    Parameters
    ----------
    path : Path
        The series as parquet, columns as in `cellframe.contract.series.SERIES`. Current in A,
        positive on discharge.
    rated_capacity : float, optional
        The spec's capacity in A.h, which sets what counts as no current; the series' own largest
        current does where it is not known.
    steps : Path, optional
        Steps that came with the series, as parquet; they are taken instead of derived ones.

    Returns
    -------
    Derived
        Capacities in A.h, energies in W.h, none negative; unknown values are null, never NaN.

    Raises
    ------
    Unreadable
        The data are at fault; the message names every fault found.
    """
    own = joined(_behind(rows.read(path)), rated_capacity)
    told = own if steps is None else read_supplied(steps, own)
    cycles = cycles_of(told)
    return Derived(with_cycle_sums(told, cycles), cycles, own["End index"][-1] + 1)


def _behind(parts: Iterator[pl.DataFrame]) -> Iterator[pl.DataFrame]:
    """Measure each part in a thread while the next is decoded."""
    with ThreadPoolExecutor(1) as pool:
        waiting: Future[pl.DataFrame] | None = None
        for part in parts:
            coming = pool.submit(measured, part)
            if waiting is not None:
                yield waiting.result()
            waiting = coming
        if waiting is not None:
            yield waiting.result()
