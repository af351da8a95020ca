"""Laws D1 to D3 and D6 of the pure diff, against a reference in plain Python."""

from __future__ import annotations

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from oracle import COLUMNS, reference, rows, same, values

from cellframe.frames.backend import to_polars
from cellframe.frames.cast import cast
from cellframe.frames.decode import dtype_of
from cellframe.writeback.diff import diff

SCHEMA = {label: dtype_of(column) for label, column in COLUMNS.items()}
tables = st.lists(rows, max_size=4)
FEWER = settings(max_examples=60)


@st.composite
def edits(draw):
    """A table, and the same with some cells drawn anew."""
    base = draw(tables)
    cells = [(row, label) for row in range(len(base)) for label in COLUMNS]
    chosen = draw(st.lists(st.sampled_from(cells), unique=True, max_size=6)) if cells else []
    mine = [dict(row) for row in base]
    for row, label in chosen:
        mine[row][label] = draw(values[label])
    return base, mine


@st.composite
def one_column(draw):
    """A table of one column, and the same with some cells drawn anew: the same law, in less time."""
    label = draw(st.sampled_from(list(COLUMNS)))
    cell = st.tuples(values[label], values[label], st.booleans())
    cells = draw(st.lists(cell, max_size=6))
    base = [{label: read} for read, _, _ in cells]
    return label, base, [{label: have if edited else read} for read, have, edited in cells]


def framed(table, labels=tuple(COLUMNS)) -> pl.DataFrame:
    return pl.DataFrame(table, schema={label: SCHEMA[label] for label in labels})


def found(base, mine, theirs, known=None, labels=tuple(COLUMNS)) -> set:
    known = [True] * len(base) if known is None else known
    whether = pl.Series(known, dtype=pl.Boolean)
    columns = {label: COLUMNS[label] for label in labels}
    frames = (framed(table, labels) for table in (base, mine, theirs))
    cells = diff(columns, *frames, whether)
    assert not cells.select("row", "label").is_duplicated().any()
    return set(cells.iter_rows())


@pytest.mark.law("D1")
@settings(max_examples=300)
@given(one_column())
def test_no_edit_is_no_change(drawn):
    label, table, _ = drawn
    assert found(table, table, table, labels=[label]) == set()


@pytest.mark.law("D1")
@FEWER
@given(tables, tables)
def test_what_nobody_edited_is_no_change_whatever_the_service_has(base, theirs):
    height = min(len(base), len(theirs))
    assert found(base[:height], base[:height], theirs[:height]) == set()


@pytest.mark.law("D2")
@settings(max_examples=300)
@given(one_column())
def test_an_applied_edit_leaves_nothing_to_do(drawn):
    label, base, mine = drawn
    after = [dict(row) for row in base]
    for row, _, _ in found(base, mine, base, labels=[label]):
        after[row] = mine[row]
    assert found(after, mine, after, labels=[label]) == set()
    assert all(same(label, after[n][label], row[label]) for n, row in enumerate(mine))


@pytest.mark.law("D3")
@FEWER
@given(edits())
def test_exactly_the_edited_cells_are_found(pair):
    base, mine = pair
    assert found(base, mine, base) == reference(base, mine, base, [True] * len(base))


@pytest.mark.law("D3")
@pytest.mark.rule("W9")
@FEWER
@given(st.lists(st.tuples(rows, rows, rows, st.booleans()), max_size=3))
def test_three_ways_agree_with_the_reference(drawn):
    base, mine, theirs, known = ([row[n] for row in drawn] for n in range(4))
    assert found(base, mine, theirs, known) == reference(base, mine, theirs, known)


@pytest.mark.rule("W9")
@FEWER
@given(edits(), edits())
def test_few_edits_on_both_sides_agree_with_the_reference(mine, theirs):
    (base, have), (_, now) = mine, theirs
    now = [(now[n] if n < len(now) and n % 2 else row) for n, row in enumerate(base)]
    known = [n % 3 != 2 for n in range(len(base))]
    assert found(base, have, now, known) == reference(base, have, now, known)


@pytest.mark.law("D6")
@FEWER
@given(tables)
def test_an_empty_cell_is_no_edit_where_the_base_is_unknown(table):
    emptied = [dict.fromkeys(row) for row in table]
    assert found(table, emptied, table, [False] * len(table)) == set()


@pytest.mark.law("D6")
@FEWER
@given(edits())
def test_a_column_that_is_missing_is_no_edit(pair):
    base, mine = pair
    kept = {label: column for label, column in COLUMNS.items() if label != "notes"}
    known = pl.Series([True] * len(base), dtype=pl.Boolean)
    cells = diff(kept, framed(base), framed(mine).drop("notes"), framed(base), known)
    assert "notes" not in cells["label"]


def _numpy(frame):
    return frame.astype({label: "float64" for label in frame if label == "cell.mass [g]"})


PANDAS = {
    "arrow": lambda frame: frame,
    "object": lambda frame: frame.astype(object),
    "numpy": _numpy,
    "nullable": lambda frame: frame.astype({"cell.mass [g]": "Float64", "notes": "string"}),
    "str": lambda frame: frame.astype({"notes": "str", "batch": "str"}),
    "category": lambda frame: frame.astype({"batch": "category"}),
    "shuffled": lambda frame: frame.iloc[:, ::-1],
}


@pytest.mark.law("D1")
@pytest.mark.rule("W25")
@pytest.mark.parametrize("kind", PANDAS)
@settings(max_examples=15)
@given(tables)
def test_no_edit_is_no_change_through_pandas(kind, table):
    base = framed(table)
    given_back = PANDAS[kind](base.to_pandas(use_pyarrow_extension_array=True))
    incoming = to_polars(given_back)
    typed = cast(incoming.frame, COLUMNS, [None] * base.height, incoming.numbers)
    assert not typed.faults
    known = pl.Series([True] * base.height, dtype=pl.Boolean)
    assert diff(COLUMNS, base, typed.frame, base, known).is_empty()


@pytest.mark.law("D1")
@FEWER
@given(tables)
def test_no_edit_is_no_change_through_a_list_of_dicts(table):
    base = framed(table)
    incoming = to_polars([dict.fromkeys(COLUMNS), *base.to_dicts()])
    typed = cast(incoming.frame, COLUMNS, [None] * (base.height + 1), incoming.numbers)
    known = pl.Series([True] * base.height, dtype=pl.Boolean)
    assert diff(COLUMNS, base, typed.frame[1:], base, known).is_empty()


@pytest.mark.law("D1")
@pytest.mark.parametrize("gap", [None, float("nan")])
def test_a_gap_is_a_gap_as_null_and_as_nan(gap):
    frame = pl.DataFrame({"cell.mass [g]": [gap]}, schema={"cell.mass [g]": pl.Float64})
    typed = cast(frame, {"cell.mass [g]": COLUMNS["cell.mass [g]"]}, [None], {})
    assert typed.frame["cell.mass [g]"].to_list() == [None]
    assert not typed.faults


@pytest.mark.rule("W16")
@pytest.mark.parametrize("value", [float("inf"), float("-inf"), "inf", "1e999"])
def test_an_infinity_is_a_fault(value):
    label = "cell.mass [g]"
    typed = cast(pl.DataFrame({label: [value]}), {label: COLUMNS[label]}, ["c-1"], {})
    assert [(fault.row, fault.name, fault.column) for fault in typed.faults] == [(0, "c-1", label)]


@pytest.mark.law("D14")
@pytest.mark.rule("W13")
@pytest.mark.parametrize(("label", "is_same"), [("notes", False), ("batch", True)])
def test_two_ways_to_write_one_letter_are_one_and_case_counts_except_in_lots(label, is_same):
    read, composed, louder = ([{label: text}] for text in ("caf\u00e9", "cafe\u0301", "CAFE\u0301"))
    assert found(read, composed, read, labels=[label]) == set()
    assert (found(read, louder, read, labels=[label]) == set()) is is_same
