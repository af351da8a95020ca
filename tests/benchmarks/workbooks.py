"""What does a workbook of 5,000 cells and 40 columns cost, out and in?

Beside xlsxwriter, which writes the values alone, and fastexcel, which reads them as text (and
rounds the numbers); interleaved, medians. Ours has its drop-downs, its colours, the page that
explains it and all that was read; what comes back is settled against that.
"""

from __future__ import annotations

import random
import tempfile
import time
from datetime import date, timedelta
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING, Any

import fastexcel
import polars as pl
from xlsxwriter import Workbook

from cellframe.contract.records import CELL_INSTANCE
from cellframe.frames.columns import Column, Leaf
from cellframe.sheets.companion import Companion
from cellframe.sheets.headings import heading_of
from cellframe.sheets.settle import settle
from cellframe.sheets.tables import read_table
from cellframe.sheets.workbook.sheet import Sheet
from cellframe.sheets.workbook.writing import write_workbook

if TYPE_CHECKING:
    from collections.abc import Callable

ROWS, QUANTITIES, TIMES = 5_000, 33, 9
PROPERTIES = CELL_INSTANCE.field("measured_properties")
LOTS = [f"2026-W{week:02}" for week in range(1, 53)]


def columns() -> dict[str, Column]:
    """What a spec with many properties has: 40 columns."""
    found = {
        "instance_id": Column("instance_id", field=CELL_INSTANCE.field("id")),
        "cell": Column("cell", field=CELL_INSTANCE.field("name")),
        "batch": Column("batch", field=CELL_INSTANCE.field("batch")),
        "date_manufactured": Column(
            "date_manufactured", field=CELL_INSTANCE.field("date_manufactured")
        ),
        "cell.policy": Column("cell.policy", Leaf.TEXT, PROPERTIES, ("cell", "policy")),
        "notes": Column("notes", field=CELL_INSTANCE.field("notes")),
        "instance_version": Column("instance_version", Leaf.VERSION),
    }
    for number in range(QUANTITIES):
        label, path = f"cell.p{number} [g]", ("cell", f"p{number}")
        found[label] = Column(label, Leaf.QUANTITY, PROPERTIES, path, "g")
    return found


def made() -> pl.DataFrame:
    """Such cells."""
    rng = random.Random(1)
    texts: dict[str, Any] = {
        "instance_id": [f"{rng.getrandbits(128):032x}" for _ in range(ROWS)],
        "cell": [f"c-{row:05}" for row in range(ROWS)],
        "batch": [LOTS[row % 52] for row in range(ROWS)],
        "date_manufactured": [date(2026, 1, 1) + timedelta(row % 300) for row in range(ROWS)],
        "cell.policy": [f"{row % 7}C" for row in range(ROWS)],
        "notes": [f"weighed by AB, tray {row}" for row in range(ROWS)],
        "instance_version": [f"v{row % 4 + 1}" for row in range(ROWS)],
    }
    labels = (label for label in columns() if label not in texts)
    return pl.DataFrame(
        texts | {label: [rng.gauss(41, 1) for _ in range(ROWS)] for label in labels}
    )


def records(frame: pl.DataFrame) -> list[dict[str, Any]]:
    """The records behind them."""
    quantities = {label: label[5:-4] for label in frame.columns if label.endswith(" [g]")}
    return [
        {
            "id": row["instance_id"],
            "name": row["cell"],
            "notes": row["notes"],
            "measured_properties": {
                "cell": {key: {"value": row[at], "unit": "g"} for at, key in quantities.items()}
            },
        }
        for row in frame.iter_rows(named=True)
    ]


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
    frame, known = made(), columns()
    companion = Companion(
        "cell_instance", "s-1", "lab", tuple(frame.columns), "", "0", records(frame)
    )
    sheet = Sheet("Cells", frame, CELL_INSTANCE, known, companion, {"batch": LOTS})
    of_base = pl.Series([True]).new_from_index(0, ROWS)
    with tempfile.TemporaryDirectory() as folder:
        ours, bare = Path(folder) / "ours.xlsx", Path(folder) / "bare.xlsx"

        def back() -> None:
            table = read_table(ours)
            labels = {heading_of(label): label for label in frame.columns}
            mine, kinds = table.frame.rename(labels), table.kinds
            assert kinds is not None
            found = settle(
                known,
                mine.select(list(known)),
                frame,
                of_base,
                codec="xlsx",
                kinds=kinds.rename(labels, strict=False),
                place=lambda row, label: f"{label}{row}",
            )
            assert not found.notices
            assert not found.faults

        runs: dict[str, Callable[[], object]] = {
            "xlsxwriter, out": lambda: barely(frame, bare),
            "ours, out": lambda: write_workbook([sheet], ours),
            "fastexcel, in": lambda: (
                fastexcel.read_excel(bare).load_sheet(0, dtypes="string").to_polars()
            ),
            "ours, in and settled": back,
        }
        took: dict[str, list[float]] = {name: [] for name in runs}
        for _ in range(TIMES):
            for name, run in runs.items():
                took[name].append(timed(run))
    told = {name: median(times) for name, times in took.items()}
    print(f"{ROWS:,} rows of {frame.width} columns")
    for name, seconds in told.items():
        print(f"{name:22} {seconds:.3f} s")
    out, out_ours, back_, back_ours = told.values()
    print(f"out {out_ours / out:.2f}, in {back_ours / back_:.2f}, ", end="")
    print(f"both {(out_ours + back_ours) / (out + back_):.2f}")


if __name__ == "__main__":
    main()
