"""What does it take to read a workbook of 5,000 cells and 40 columns, and to settle it?

Beside fastexcel, which reads the same file as text (and rounds its numbers); interleaved, medians.
"""

from __future__ import annotations

import random
import tempfile
import time
from datetime import date, timedelta
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING

import fastexcel
import polars as pl
from xlsxwriter import Workbook

from cellframe.contract.records import CELL_INSTANCE
from cellframe.frames.columns import Column, Leaf
from cellframe.sheets.settle import settle
from cellframe.sheets.tables import read_table

if TYPE_CHECKING:
    from collections.abc import Callable

ROWS, COLUMNS, TIMES = 5_000, 40, 15
PROPERTIES = CELL_INSTANCE.field("measured_properties")


def made() -> pl.DataFrame:
    """A frame of cells: numbers, texts that repeat, days, texts that do not."""
    rng = random.Random(1)
    values = (
        lambda _column: [rng.gauss(41, 1) for _ in range(ROWS)],
        lambda column: [f"text {row * column % 997}" for row in range(ROWS)],
        lambda _column: [date(2026, 1, 1) + timedelta(row % 300) for row in range(ROWS)],
        lambda column: [f"note of {row} in {column}" for row in range(ROWS)],
    )
    return pl.DataFrame({f"c{n}": values[n % len(values)](n) for n in range(COLUMNS)})


def write(frame: pl.DataFrame, path: Path) -> None:
    """Write it as a workbook, barely."""
    with Workbook(path) as book:
        frame.write_excel(book, "cells", dtype_formats={pl.Date: "yyyy-mm-dd"})


def column_of(label: str, dtype: pl.DataType) -> Column:
    """What a label stands for."""
    if dtype.is_float():
        return Column(label, Leaf.QUANTITY, PROPERTIES, ("cell", label), "g")
    name = "date_manufactured" if dtype == pl.Date else "notes"
    return Column(label, field=CELL_INSTANCE.field(name))


def timed(run: Callable[[], object]) -> float:
    start = time.perf_counter()
    run()
    return time.perf_counter() - start


def main() -> None:
    """Print the ratios."""
    frame = made()
    columns = {label: column_of(label, dtype) for label, dtype in frame.schema.items()}
    known = pl.Series([True]).new_from_index(0, ROWS)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "cells.xlsx"
        write(frame, path)

        def bare() -> pl.DataFrame:
            return fastexcel.read_excel(path).load_sheet(0, dtypes="string").to_polars()

        def read_and_settled() -> None:
            table = read_table(path)
            place = lambda row, label: f"{label}{row}"  # noqa: E731
            found = settle(
                columns, table.frame, frame, known, codec="xlsx", kinds=table.kinds, place=place
            )
            assert not found.notices
            assert not found.faults

        runs = {"fastexcel": bare, "read": lambda: read_table(path), "settled": read_and_settled}
        took: dict[str, list[float]] = {name: [] for name in runs}
        for _ in range(TIMES):
            for name, run in runs.items():
                took[name].append(timed(run))
    base = median(took["fastexcel"])
    for name, times in took.items():
        print(f"{name:10} {median(times):.3f} s  {median(times) / base:.2f} x fastexcel")


if __name__ == "__main__":
    main()
