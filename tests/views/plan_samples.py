"""Plans and receipts of a battery lab, as the write-back path would hand them over."""

from __future__ import annotations

from dataclasses import replace

import polars as pl

from cellframe.views.parts import PlanParts, ReceiptParts

CHANGES = {
    "row": pl.Int64,
    "action": pl.String,
    "record": pl.String,
    "id": pl.String,
    "name": pl.String,
    "column": pl.String,
    "class": pl.String,
    "you_read": pl.String,
    "you_have": pl.String,
    "server_now": pl.String,
    "message": pl.String,
}
RESULTS = {
    "row": pl.Int64,
    "record": pl.String,
    "name": pl.String,
    "id": pl.String,
    "action": pl.String,
    "outcome": pl.String,
    "status": pl.Int64,
    "code": pl.String,
    "message": pl.String,
    "guard": pl.String,
    "attempts": pl.Int64,
    "request_id": pl.String,
    "seconds": pl.Float64,
}
MASS, LOADING = "cell.mass [g]", "cathode.loading [mg/cm**2]"


def change(row=0, action="update", name="EL150800460486", column=MASS, **more):
    """One line of a plan; `more` overrides any column."""
    line = {
        "row": row,
        "action": action,
        "record": "cell",
        "id": None if row is None else f"c-{row}",
    }
    values = {"class": "change", "you_read": "41", "you_have": "41.2", "server_now": "41"}
    line |= values | {"name": name, "column": column, "message": ""}
    return line | {key.rstrip("_"): value for key, value in more.items()}


def plan_of(*lines, counts=None, notices=(), origin="lab/", sendable=True):
    """A plan of these lines; counts by action where none are given."""
    if counts is None:
        rows = {(line["row"], line["action"]) for line in lines if line["row"] is not None}
        actions = [action for _, action in rows]
        counts = {action: actions.count(action) for action in actions}
    frame = pl.DataFrame(list(lines), schema=CHANGES)
    return PlanParts("cell", origin, counts, frame, notices, sendable)


def clean_lines():
    """Two updates, a clear, a create and a lot: nothing to decide."""
    empty = {"you_read": None, "server_now": None, "id": None}
    return [
        change(
            None,
            "create",
            "BATCH-2024-002",
            "",
            id=None,
            message="The nearest existing lot is BATCH-2024-001.",
        ),
        change(3),
        change(3, column="batch", you_read=None, you_have="BATCH-2024-002", server_now=None),
        change(
            7,
            name="EL150800460490",
            column="batch",
            class_="clear",
            you_read="BATCH-2024-001",
            you_have=None,
        ),
        change(84, "create", "EL150800460570", "batch", **empty | {"you_have": "BATCH-2024-002"}),
        change(84, "create", "EL150800460570", MASS, **empty | {"you_have": "41.35"}),
        change(84, "create", "EL150800460570", LOADING, **empty | {"you_have": "12.41"}),
        change(
            84,
            "create",
            "EL150800460570",
            "date_manufactured",
            **empty | {"you_have": "2024-03-01"},
        ),
    ]


def clean_plan():
    counts = {"update": 2, "create": 1, "unchanged": 82, "lots_created": 1, "cells_cleared": 1}
    return plan_of(*clean_lines(), counts=counts)


def conflict():
    who = "changed by M. Ito on 2024-05-14 09:12 UTC"
    return change(
        12,
        "conflict",
        "EL150800460498",
        LOADING,
        class_="conflict",
        you_read="12.1",
        you_have="12.41",
        server_now="12.38",
        message=who,
    )


def invalid():
    rule = "'date_manufactured', row 15 ('EL150800460501'): '2024-13-01' is not a date. Write it as 2024-03-01."
    values = {"you_read": "2024-03-01", "you_have": "2024-13-01", "server_now": "2024-03-01"}
    return change(
        15,
        "invalid",
        "EL150800460501",
        "date_manufactured",
        class_="invalid",
        message=rule,
        **values,
    )


def full_plan():
    counts = {"update": 2, "create": 1, "unchanged": 80, "conflict": 1, "invalid": 1}
    notices = (
        "The lots 'batch-2024-001' and 'BATCH-2024-001' differ in case only.",
        "1 value of 'batch' would be cleared: EL150800460490.",
    )
    return plan_of(
        *clean_lines(),
        conflict(),
        invalid(),
        notices=notices,
        counts=counts | {"lots_created": 1, "cells_cleared": 1},
    )


def large_plan(rows=5000):
    lines = [
        change(row, name=f"EL1508{row:08d}", you_have=f"{41 + row / 1e4:.4f}")
        for row in range(rows)
    ]
    return plan_of(*lines, counts={"update": rows})


def several_kinds(rows=60):
    """A spec, a lot, cells in every state and a test in one plan, long enough to be folded."""
    gone = {"class_": None, "you_read": None, "you_have": None, "server_now": None}
    below = gone | {"message": "2 tests go with it: formation, EIS."}
    lines = [
        change(0, name="LFP 18650", column="ratings.capacity [A.h]", record="spec"),
        *clean_lines()[:1],
        *(change(row, name=f"EL{row:04d}") for row in range(1, rows)),
        change(rows, name="CLEARED", column="batch", class_="clear", you_have=None),
        change(rows + 1, "delete", "GONE", "", **below),
        *(
            change(row, "conflict", f"C{row}", class_="conflict", server_now="40")
            for row in range(100, 150)
        ),
        change(0, name="1C discharge", column="protocol.name", record="test"),
    ]
    return replace(plan_of(*lines), noun="record", rows={"spec": 1, "cell": rows + 51, "test": 1})


def result(row=0, outcome="ok", name="EL150800460486", **more):
    """One line of a receipt; `more` overrides any column."""
    line = {
        "row": row,
        "record": "cell",
        "name": name,
        "id": f"c-{row}",
        "action": "update",
        "outcome": outcome,
    }
    rest = {"status": 200, "code": "", "message": "", "guard": "if_match", "attempts": 1}
    return line | rest | {"request_id": f"req-{row}", "seconds": 0.1} | more


def receipt_of(
    *lines,
    counts=None,
    refused="",
    journal="lab/.cellframe/journals/2024-05-14T0915.jsonl",
    origin="lab/",
):
    """A receipt of these lines; counts by outcome where none are given."""
    outcomes = [line["outcome"] for line in lines]
    counts = (
        {outcome: outcomes.count(outcome) for outcome in outcomes} if counts is None else counts
    )
    return ReceiptParts(
        "cell", origin, counts, pl.DataFrame(list(lines), schema=RESULTS), refused, journal
    )


def partly_done():
    return receipt_of(
        result(3),
        result(7, message="The service wrote 'batch' as 'BATCH-2024-001', not as it was sent."),
        result(84, action="create", guard="compare"),
        result(
            12,
            "conflict",
            "EL150800460498",
            status=412,
            code="version_mismatch",
            message="'cathode.loading [mg/cm**2]': you read 12.1, you have 12.41, server now 12.38.",
        ),
        result(
            15,
            "unknown",
            "EL150800460501",
            status=None,
            code="read_timeout",
            message="No answer within 30 s: it may have been written.",
            guard="compare",
        ),
        counts={"ok": 3, "unchanged": 80, "conflict": 1, "unknown": 1},
    )


def refused():
    return receipt_of(
        result(
            12,
            "conflict",
            "EL150800460498",
            status=None,
            guard=None,
            message="you read 12.1, you have 12.41",
        ),
        result(3, "not_attempted", status=None, guard=None),
        refused='1 conflict: the service has changed since you read it. client.apply(plan, on_conflict="skip" | "mine" | "theirs") decides it.',
        journal="",
    )
