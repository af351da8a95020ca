"""What people do with a workbook of twelve cells, in steps, and what of it is an edit."""

from __future__ import annotations

from typing import NamedTuple

from cellframe.writeback.steps import Action

SHEET = "Cells"
CELL, LOT, MASS, LOADING, DAY = (
    "Cell",
    "Batch",
    "Cell mass [g]",
    "Cathode loading [mg/cm²]",
    "Date manufactured",
)
ID, VERSION = "Instance id", "Instance version"


class Did(NamedTuple):
    """Steps, and the edits that they are: name of the cell, our label, the new value."""

    steps: list[tuple]
    edits: set[tuple] = frozenset()


def on(*steps: tuple) -> list[tuple]:
    """Steps on the sheet of cells."""
    return [(SHEET, *step) for step in steps]


NEW = [("type", 14, CELL, "c-new"), ("type", 14, MASS, 40.5), ("type", 14, LOT, "L2")]
AS_NEW = [("empty", 4, ID), ("empty", 4, VERSION), ("type", 4, CELL, "c-new")]
NOT_EDITS = {
    "sorted": on(("sort", MASS, False)),
    "sorted by lot": on(("sort", LOT, False)),
    "filtered": on(("filter", LOT, "L2")),
    "rows inserted": on(("insert_rows", 4, 2), ("insert_rows", 2, 1)),
    "rows deleted": on(("delete_rows", 5, 3)),
    "filtered rows deleted": on(("filter", LOT, "L1"), ("delete_rows", 8, 6)),
    "a column moved": on(("move_column", MASS, CELL)),
    "a key moved to the front": on(("move_column", ID, CELL)),
    "a column hidden": on(("hide_column", MASS)),
    "all columns shown": on(("show_columns",)),
    "a column deleted": on(("delete_column", LOADING)),
    "a column of one's own added": on(("add_column", "_seen by"), ("type", 4, "_seen by", "Ada")),
    "headers named as in frames": on(
        ("name_column", MASS, "cell.mass [g]"),
        ("name_column", LOADING, "cathode.loading [mg/cm**2]"),
        ("name_column", ID, "instance_id"),
        ("name_column", DAY, "date_manufactured"),
    ),
    "the sheet renamed": on(("rename", "Zellen")),
    "the readme deleted": [("Read me", "remove")],
    "the readme to the front": [(SHEET, "to_the_end")],
    "pasted into another workbook": on(("paste_into_another",)),
    "the same typed again": on(("type", 4, MASS, 41.2), ("type", 4, DAY, "2026-01-05")),
}
"""Steps after which nothing is to be sent."""
EDITS = {
    "a number": Did(on(("type", 4, MASS, 41.9)), {("c-002", "cell.mass [g]", 41.9)}),
    "a number typed": Did(on(("type", 4, MASS, 7)), {("c-002", "cell.mass [g]", 7.0)}),
    "a text like a number": Did(on(("type", 4, LOT, "007")), {("c-002", "batch", "007")}),
    "a text like a formula": Did(on(("type", 4, LOT, "'x")), {("c-002", "batch", "'x")}),
    "a cell emptied": Did(on(("empty", 5, MASS)), {("c-003", "cell.mass [g]", None)}),
    "filled down": Did(
        on(("fill_down", LOT, 7, 9)), {("c-006", "batch", "L1"), ("c-007", "batch", "L1")}
    ),
    "sorted, and edited": Did(
        on(("sort", MASS, False), ("type", 2, MASS, 50.5)), {("c-011", "cell.mass [g]", 50.5)}
    ),
    "moved, and edited": Did(
        on(("move_column", MASS, CELL), ("insert_rows", 2, 1), ("type", 3, MASS, 50.5)),
        {("c-000", "cell.mass [g]", 50.5)},
    ),
    "edited where nobody sees it": Did(
        on(("type", 4, MASS, 41.9), ("filter", LOT, "L2"), ("hide_column", MASS)),
        {("c-002", "cell.mass [g]", 41.9)},
    ),
    "a name": Did(on(("type", 4, CELL, "c-2b")), {("c-2b", "cell", "c-2b")}),
    "pasted elsewhere and edited": Did(
        [*on(("type", 4, MASS, 41.9)), *on(("paste_into_another",))],
        {("c-002", "cell.mass [g]", 41.9)},
    ),
    "a row below": Did(
        on(*NEW),
        {("c-new", "cell", "c-new"), ("c-new", "cell.mass [g]", 40.5), ("c-new", "batch", "L2")},
    ),
    "a row between": Did(
        on(("insert_rows", 4, 1), ("type", 4, CELL, "c-new"), ("type", 4, MASS, 40.5)),
        {("c-new", "cell", "c-new"), ("c-new", "cell.mass [g]", 40.5)},
    ),
}


def edits_of(plan) -> set:
    """What would be sent: name of the cell, label, value."""
    sent = [step for step in plan.rows if step.action in (Action.UPDATE, Action.CREATE)]
    return {(step.name, change.label, change.you_have) for step in sent for change in step.changes}
