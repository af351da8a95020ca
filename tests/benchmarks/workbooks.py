"""What does it take to write a workbook of 5,000 cells and 40 columns?

Beside xlsxwriter, which writes the same table barely; interleaved, medians. Reading is measured
in `workbooks_in.py`.
"""

from __future__ import annotations

import tempfile
import time
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING

import polars as pl
from workbooks_in import COLUMNS, ROWS, column_of, made
from xlsxwriter import Workbook

from cellframe.contract.records import CELL_INSTANCE
from cellframe.frames.columns import Column
from cellframe.sheets.companion import Companion
from cellframe.sheets.workbook.sheet import Sheet
from cellframe.sheets.workbook.writing import write_workbook

if TYPE_CHECKING:
    from collections.abc import Callable

TIMES = 7


def barely(frame: pl.DataFrame, path: Path) -> None:
    """Write the values alone, as the library's own loop does."""
    with Workbook(path, {"in_memory": True}) as book:
        sheet = book.add_worksheet("Cells")
        day = book.add_format({"num_format": "yyyy-mm-dd"})
        sheet.write_row(0, 0, frame.columns)
        for at, label in enumerate(frame.columns):
            form = day if frame[label].dtype == pl.Date else None
            sheet.write_column(1, at, frame[label].to_list(), form)


def timed(run: Callable[[], object]) -> float:
    start = time.perf_counter()
    run()
    return time.perf_counter() - start


def main() -> None:
    """Print the ratios."""
    frame = made().rename({"c1": "cell"})
    columns = {label: column_of(label, dtype) for label, dtype in frame.schema.items()}
    columns["cell"] = Column("cell", field=CELL_INSTANCE.field("name"))
    records = [
        {"id": f"id-{row:05}", "name": row_["cell"], "notes": row_["c3"]}
        for row, row_ in enumerate(frame.iter_rows(named=True))
    ]
    companion = Companion("cell_instance", "s-1", "lab", (), "", "0.1", records)
    lists = {"c3": [f"lot {number}" for number in range(50)]}
    sheet = Sheet("Cells", frame, CELL_INSTANCE, columns, companion, lists)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "cells.xlsx"
        runs = {
            "xlsxwriter": lambda: barely(frame, path),
            "polars": lambda: frame.write_excel(path),
            "cellframe": lambda: write_workbook([sheet], path),
        }
        took: dict[str, list[float]] = {name: [] for name in runs}
        for _ in range(TIMES):
            for name, run in runs.items():
                took[name].append(timed(run))
    base = median(took["xlsxwriter"])
    print(f"{ROWS:,} rows of {COLUMNS} columns")
    for name, times in took.items():
        print(f"{name:10} {median(times):.3f} s  {median(times) / base:.2f} x xlsxwriter")


if __name__ == "__main__":
    main()
