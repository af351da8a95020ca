"""What the tests of sheets share: a frame with a column of every type, and its way back."""

from __future__ import annotations

from datetime import date, datetime
from typing import TYPE_CHECKING, Any, NamedTuple

import polars as pl

from cellframe.contract.records import CELL_INSTANCE, CELL_MEASUREMENT, Field, Type
from cellframe.frames.cast import cast
from cellframe.frames.columns import Column, Leaf
from cellframe.frames.decode import dtype_of
from cellframe.sheets.headings import label_of
from cellframe.sheets.settle import Settled, settle
from cellframe.sheets.tables import read_table

if TYPE_CHECKING:
    from pathlib import Path

PROPERTIES = CELL_INSTANCE.field("measured_properties")
MASS, DAY, TIME = "cell.mass [g]", "date_manufactured", "start_time [UTC]"
COLUMNS = {
    "instance_id": Column("instance_id", field=CELL_INSTANCE.field("id")),
    "cell": Column("cell", field=CELL_INSTANCE.field("name")),
    "notes": Column("notes", field=CELL_INSTANCE.field("notes")),
    DAY: Column(DAY, field=CELL_INSTANCE.field("date_manufactured")),
    TIME: Column(TIME, field=CELL_MEASUREMENT.field("start_time")),
    MASS: Column(MASS, Leaf.QUANTITY, PROPERTIES, ("cell", "mass"), "g"),
    "count": Column("count", field=Field("count", Type.INTEGER)),
    "checked": Column("checked", field=Field("checked", Type.BOOLEAN)),
    "instance_version": Column("instance_version", Leaf.VERSION),
}
"""One column of every type."""


def frame_of(**columns: list) -> pl.DataFrame:
    """A typed frame with ids and versions; labels that are not named are empty."""
    height = len(next(iter(columns.values())))
    given: dict[str, list] = {
        "instance_id": [f"id-{row:04}" for row in range(height)],
        "cell": [f"c-{row:03}" for row in range(height)],
        "instance_version": [f"v{row % 3 + 1}" for row in range(height)],
        **{{"mass": MASS, "day": DAY, "time": TIME}.get(k, k): v for k, v in columns.items()},
    }
    return pl.DataFrame(
        [
            pl.Series(label, given.get(label, [None] * height), dtype=dtype_of(column))
            for label, column in COLUMNS.items()
        ]
    )


at = datetime.fromisoformat
"""A time in UTC without a zone, as frames have them."""


def usual() -> pl.DataFrame:
    """A frame of cells as a lab has them."""
    return frame_of(
        mass=[41.2, 41.0, None, 40.987654321, 1234.5],
        day=[date(2026, 1, 5), date(2025, 11, 23), None, date(2024, 2, 29), date(2026, 3, 4)],
        time=[at("2025-11-03T14:30"), None, at("2025-11-03T02:05:09"), None, None],
        notes=["first", None, "dent, left", 'a "good" one', "two\nlines"],
        count=[1, None, 3, 4, 5],
    )


class Back(NamedTuple):
    """A file that came back, beside what was read."""

    frame: pl.DataFrame
    base: pl.DataFrame
    settled: Settled
    refused: set[tuple[int, str]]

    def edits(self) -> set[tuple[int, str]]:
        """Every cell that is not as it was read, by row and label."""
        pairs = {
            label: zip(self.frame[label], self.base[label], strict=True)
            for label in self.frame.columns
        }
        return {
            (row, label)
            for label, values in pairs.items()
            for row, (mine, read) in enumerate(values)
            if mine != read
        }


def back(path: Path, base: pl.DataFrame, *, codec: str = "csv") -> Back:
    """Read a file that came back, and settle it by what was read."""
    table = read_table(path)
    labels = {header: label_of(header) for header in table.frame.columns}
    frame = table.frame.rename(labels)
    columns = {label: column for label, column in COLUMNS.items() if label in frame.columns}
    read = frame.select("instance_id").join(
        base, on="instance_id", how="left", maintain_order="left"
    )
    known = read["instance_version"].is_not_null()
    letters = dict(zip(frame.columns, table.letters, strict=False))
    settled = settle(
        columns,
        frame.select(list(columns)),
        read,
        known,
        codec="xlsx" if table.format == "xlsx" else codec,
        delimiter=table.delimiter,
        kinds=None if table.kinds is None else table.kinds.rename(labels),
        place=lambda row, label: f"{table.sheet}!{letters[label]}{table.rows[row]}",
    )
    cast_ones = {label: column for label, column in columns.items() if label != "checked"}
    made = cast(settled.frame.select(list(cast_ones)), cast_ones, [None] * len(known), {})
    refused = {(int(f.row or 0), str(f.column)) for f in [*settled.faults, *made.faults]}
    return Back(made.frame, read.select(made.frame.columns), settled, refused)


def one(label: str, read: Any, mine: str | None, *, delimiter: str = ",") -> Settled:
    """Settle one cell."""
    base = pl.DataFrame([pl.Series(label, [read], dtype=dtype_of(COLUMNS[label]))])
    given = pl.DataFrame({label: pl.Series([mine], dtype=pl.String)})
    known = pl.Series([True])
    columns = {label: COLUMNS[label]}
    return settle(columns, given, base, known, codec="csv", delimiter=delimiter)


def value(label: str, read: Any, mine: str | None, **more: str) -> tuple[str | None, Settled]:
    """The text that one cell is settled as, and what was told."""
    settled = one(label, read, mine, **more)
    return settled.frame[label][0], settled
