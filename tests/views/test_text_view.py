"""Plans and receipts as text."""

from __future__ import annotations

import math
import subprocess
import sys
from dataclasses import replace
from datetime import date, datetime

import plan_samples as given
import polars as pl
import pytest

from cellframe.views import text

SEND = "Nothing sent yet. To send: client.apply(plan)"


@pytest.mark.parametrize(
    ("value", "written"),
    [
        (41.2, "41.2"),
        (2160.0, "2160"),
        (0.1 + 0.2, "0.30000000000000004"),
        (1e22, "1e+22"),
        (7, "7"),
        (date(2024, 3, 1), "2024-03-01"),
        (datetime(2024, 3, 1, 9, 30), "2024-03-01T09:30:00"),  # noqa: DTZ001 - frames carry UTC without zone
        ("41.0", "41.0"),
        ("", ""),
        (None, None),
        (math.nan, None),
    ],
)
def test_a_value_is_written_as_people_write_it(value, written):
    assert text.value(value) == written


@pytest.mark.rule("W30")
def test_a_plan_begins_with_its_counts():
    first = text.plan(given.clean_plan()).splitlines()[0]
    assert first == (
        "Plan for 85 cells at lab/: 2 to update, 1 to create, 82 unchanged, 1 lot to create, 1 value to clear"
    )


@pytest.mark.rule("W31")
def test_the_rows_of_the_first_line_are_the_sum_of_its_actions():
    counts = {"update": 3, "conflict": 2, "exists": 1, "lots_created": 9, "cells_cleared": 4}
    first = text.plan(given.plan_of(counts=counts)).splitlines()[0]
    assert first.startswith("Plan for 6 cells at lab/: 3 to update, 2 conflicts, 1 already exists")


def test_a_count_that_nobody_announced_is_said_all_the_same():
    assert "2 put aside" in text.plan(given.plan_of(counts={"put_aside": 2}))


@pytest.mark.rule("W30")
def test_the_last_line_says_how_to_send():
    assert text.plan(given.clean_plan()).splitlines()[-1] == SEND


@pytest.mark.rule("W30")
def test_a_plan_speaks_of_what_would_be():
    written = text.plan(given.clean_plan())
    assert [line for line in written.splitlines() if line.startswith("Would")] == [
        "Would create 1 lot",
        "Would update 2 cells",
        "Would create 1 cell",
    ]


def test_a_change_is_old_arrow_new_beside_the_name():
    written = text.plan(given.clean_plan())
    assert "  ~ EL150800460486  cell.mass [g]: 41 -> 41.2\n" in written
    assert "batch: (empty) -> BATCH-2024-002\n" in written


@pytest.mark.rule("W15")
def test_a_clear_says_so():
    assert "- EL150800460490  batch: BATCH-2024-001 -> (would be cleared)" in text.plan(
        given.clean_plan()
    )


def test_a_new_lot_is_a_line_with_the_nearest_existing_one():
    assert "  + BATCH-2024-002  The nearest existing lot is BATCH-2024-001.\n" in text.plan(
        given.clean_plan()
    )


def test_a_new_cell_lists_what_is_filled():
    written = text.plan(given.clean_plan())
    assert "+ EL150800460570  batch: BATCH-2024-002, cell.mass [g]: 41.35, cathode" in written


@pytest.mark.rule("W9")
def test_a_conflict_shows_all_three_values_under_their_headings():
    lines = text.plan(given.plan_of(given.conflict())).splitlines()
    place = next(i for i, line in enumerate(lines) if "you read  you have  server now" in line)
    assert lines[place + 1].endswith("cathode.loading [mg/cm**2]  12.1      12.41     12.38")
    assert lines[place + 2].strip() == "changed by M. Ito on 2024-05-14 09:12 UTC"


def test_long_values_in_conflict_stand_below_one_another():
    note = "A long remark about the holder of the third channel. "
    values = {"you_read": note, "you_have": note + "Mine.", "server_now": note + "Theirs."}
    written = text.plan(given.plan_of(given.change(1, "conflict", class_="conflict", **values)))
    assert "you have:   A long" in written
    assert "server now: A long" in written


def test_a_row_says_what_is_said_of_all_its_cells_once():
    said = {"action": "exists", "message": "A cell of this name exists: c-77."}
    lines = [given.change(6, column=column, **said) for column in ("batch", "notes")]
    assert text.plan(given.plan_of(*lines)).count("A cell of this name") == 1


def test_a_new_cell_does_not_repeat_its_name_among_its_values():
    named = given.change(
        84, "create", "EL1", "cell", you_read=None, you_have="EL1", server_now=None
    )
    mass = given.change(84, "create", "EL1", you_read=None, server_now=None)
    assert "  + EL1  cell.mass [g]: 41.2\n" in text.plan(given.plan_of(named, mass))


@pytest.mark.parametrize(
    ("line", "decides"),
    [
        (given.conflict(), 'client.apply(plan, on_conflict="skip" | "mine" | "theirs")'),
        (given.invalid(), 'client.apply(plan, invalid="skip")'),
        (given.change(1, "exists"), 'client.apply(plan, on_conflict="skip")'),
    ],
)
@pytest.mark.rule("W10")
def test_what_decides_is_said_before_the_last_line(line, decides):
    *_, before, last = text.plan(given.plan_of(line)).splitlines()
    assert before.endswith(decides)
    assert last == "Nothing sent yet. client.apply(plan) sends nothing until this is decided."


def test_an_invalid_row_shows_its_value_and_its_message():
    written = text.plan(given.plan_of(given.invalid()))
    assert "x EL150800460501  date_manufactured: 2024-13-01" in written
    assert "is not a date." in written


def test_notices_are_shown():
    assert "Note: The lots 'batch-2024-001' and 'BATCH-2024-001'" in text.plan(given.full_plan())


def test_an_empty_plan_says_that_nothing_changed():
    written = text.plan(given.plan_of(counts={"unchanged": 84}, sendable=False))
    assert written.startswith("Plan for 84 cells at lab/: 84 unchanged")
    assert written.endswith("No changes: the frame has no edits to send.")


def test_a_plan_without_rows_can_be_shown():
    assert text.plan(given.plan_of(counts={}, sendable=False)).startswith("Plan for 0 cells")


def test_a_long_plan_shows_36_rows_and_says_how_many_more():
    written = text.plan(given.large_plan())
    assert written.count(" -> ") == 36
    assert "  cell.mass [g]  5,000 changes\n" in written
    assert "and 4,964 more: plan.to_frame() has all" in written.splitlines()


def test_a_long_plan_of_several_kinds_is_counted_by_kind_and_column():
    written = text.plan(given.several_kinds())
    assert written.startswith("Plan for 1 spec, 111 cells and 1 test at lab/: ")
    assert "  cell cell.mass [g]           59 changes, 50 conflicts\n" in written
    assert "  ~ spec LFP 18650" in written


@pytest.mark.rule("W46")
def test_what_would_be_deleted_is_told_beside_many_conflicts():
    lines = [given.change(row, "delete", f"D{row}", "", class_=None) for row in range(12)]
    held = [given.change(row, "conflict", class_="conflict") for row in range(50, 250)]
    written = text.plan(given.plan_of(*lines, *held))
    assert sum(line.startswith("  - D") for line in written.splitlines()) == 12


def test_a_conflict_at_the_end_of_a_long_plan_is_shown():
    lines = [given.change(row) for row in range(200)]
    assert "12.1      12.41     12.38" in text.plan(given.plan_of(*lines, given.conflict()))


def test_two_rows_of_one_name_are_told_apart():
    written = text.plan(given.plan_of(given.change(3), given.change(8)))
    assert "EL150800460486 (row 3)" in written
    assert "EL150800460486 (row 8)" in written


def test_a_row_without_a_name_is_called_by_its_id():
    assert "~ c-3  cell.mass" in text.plan(given.plan_of(given.change(3, name=None)))


def test_without_a_known_base_the_old_value_is_that_of_the_service():
    assert "38 -> 41.2" in text.plan(given.plan_of(given.change(you_read=None, server_now="38")))


def test_sentences_keep_to_the_width_and_calls_stay_whole():
    notice = "word " * 40 + "client.apply(plan, max_updates=40) " + "word " * 9
    written = text.plan(given.plan_of(given.change(), notices=[notice]), width=72)
    assert max(map(len, written.splitlines())) <= 72
    assert "client.apply(plan, max_updates=40)" in written


def test_colour_changes_no_character():
    assert text.plan_rich(given.full_plan()).plain == text.plan(given.full_plan())
    assert text.plan_rich(given.full_plan()).spans
    assert text.receipt_rich(given.partly_done()).plain == text.receipt(given.partly_done())


@pytest.mark.rule("W47")
def test_a_receipt_begins_with_its_counts():
    first = text.receipt(given.partly_done()).splitlines()[0]
    assert first == "Applied to lab/: 3 ok, 80 unchanged, 1 conflict, 1 unknown"


@pytest.mark.rule("W39")
def test_only_a_partly_done_receipt_says_that_an_apply_is_not_atomic():
    assert text.receipt(given.partly_done()).count("not atomic") == 1
    assert "atomic" not in text.receipt(given.receipt_of(given.result()))
    assert "atomic" not in text.receipt(given.refused())


@pytest.mark.rule("W47")
def test_a_receipt_shows_rows_that_are_not_ok_with_their_message():
    written = text.receipt(given.partly_done())
    assert "  conflict  EL150800460498  412 version_mismatch\n" in written
    assert "No answer within 30 s: it may have been written." in written


@pytest.mark.rule("W40")
def test_a_note_of_the_service_on_a_row_that_is_ok_is_shown():
    assert "The service wrote 'batch' as" in text.receipt(given.partly_done())


@pytest.mark.rule("W35")
def test_a_receipt_says_which_guard_held_for_rows_that_were_sent():
    assert "Guard: if_match (3), compare (2)" in text.receipt(given.partly_done())
    assert "Guard" not in text.receipt(given.refused())


@pytest.mark.rule("W35")
def test_a_receipt_of_creates_says_nothing_of_guards():
    parts = given.partly_done()
    creates = parts.results.with_columns(guard=pl.lit("none"))
    assert "Guard" not in text.receipt(replace(parts, results=creates))


def test_a_receipt_says_where_the_history_is_and_how_to_finish():
    lines = text.receipt(given.partly_done()).splitlines()
    assert "History: lab/.cellframe/journals/2024-05-14T0915.jsonl" in lines
    assert "To finish: client.resume()" in lines


def test_a_refused_receipt_says_why():
    written = text.receipt(given.refused())
    assert written.startswith("Nothing sent to lab/: 1 conflict, 1 not attempted\n1 conflict: the")
    assert "resume" not in written


def test_a_long_receipt_shows_36_rows():
    lines = [given.result(row, "failed", message="503") for row in range(100)]
    assert "and 64 more: receipt.to_frame() has all" in text.receipt(given.receipt_of(*lines))


def test_importing_the_views_brings_in_no_heavy_library():
    heavy = "pandas", "polars", "rich", "jinja2"
    code = (
        "import sys, cellframe.views.text, cellframe.views.html;"
        f"sys.exit(str([name for name in {heavy} if name in sys.modules] or ''))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.stderr.strip() == ""
