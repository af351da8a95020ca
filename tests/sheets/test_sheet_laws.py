"""Laws D4 to D8 over the value pool: written, saved again by some program, settled."""

from __future__ import annotations

import math
from datetime import date

import polars as pl
import pytest
import resaving
from hypothesis import given, settings
from hypothesis import strategies as st
from sheet_tools import COLUMNS, DAY, MASS, TIME, at, back, frame_of

from cellframe.sheets.writing import write_table
from tests.writeback.oracle import NUMBERS, TEXTS

EDITABLE = ("cell", "notes", DAY, TIME, MASS, "count")
ALIKE = ["7", "007", "1.50", "1e5", "42", "12345678901234567", "0.30000000000000004", "+1", "-1"]
POOL = [
    *TEXTS,
    "'tis",
    "'=1",
    "''-",
    "5/12/17",
    "2017-05-12",
    "1/2",
    "12:30",
    "FALSE",
    "TRUE",
    "x" * 32_768,
]
POOL += [
    "\ta\tb",
    "\u202eabc",
    "#REF!",
    "10%",
    "1 000",
    "\ufeffx",
    "inf",
    "-inf",
    "1e400",
    '"',
    '""',
]

held = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=6)
texts = st.sampled_from(POOL) | held
columns_of_text = st.sampled_from(
    [texts, st.sampled_from(ALIKE), st.sampled_from(["true", "FALSE", "NA"])]
)
numbers = st.sampled_from([*NUMBERS, 41.234, 1 / 3, 2.0**60]) | st.floats(
    allow_nan=False, allow_infinity=False, allow_subnormal=False
)
days = st.dates() | st.just(date(2000, 2, 29)) | st.just(date(1899, 12, 31))
times = st.datetimes(min_value=at("1000-01-01"))
whole = st.integers(-(2**53), 2**53)
FEW = settings(max_examples=settings().max_examples // 5)
FEWER = settings(max_examples=settings().max_examples // 10)
VALUES = {DAY: days, TIME: times, MASS: numbers, "count": whole}


@st.composite
def frames(draw) -> pl.DataFrame:
    """A frame of records with values of the pool in every column."""
    height = draw(st.integers(1, 4))
    given_: dict[str, list] = {}
    for label in EDITABLE:
        values = VALUES[label] if label in VALUES else draw(columns_of_text)
        cell = values if label == "cell" else st.none() | values
        given_[label] = draw(st.lists(cell, min_size=height, max_size=height))
    frame = frame_of(**given_)
    return frame.with_columns(pl.col(pl.String).replace("", None))


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A folder for all examples."""
    return tmp_path_factory.mktemp("sheets")


def close(mine, read) -> bool:
    """Whether two values are one: quantities within 1e-12, as in every comparison."""
    if isinstance(mine, float) and isinstance(read, float):
        return mine == read or math.isclose(mine, read, rel_tol=1e-12)
    return mine == read


def edits(found) -> set:
    """What a plan would have as changed."""
    return {
        at for at in found.edits() if not close(found.frame[at[1]][at[0]], found.base[at[1]][at[0]])
    }


@pytest.mark.law("D4")
@pytest.mark.rule("W12")
@pytest.mark.parametrize("resave", resaving.ALL, ids=lambda program: program.__name__)
@FEW
@given(frame=frames())
def test_a_file_that_nobody_edited_has_no_edits(folder, resave, frame):
    path = folder / "cells.csv"
    write_table(frame, path)
    resave(path)
    found = back(path, frame)
    assert (edits(found), found.refused) == (set(), set())


@pytest.mark.law("D4")
@settings(max_examples=settings().max_examples // 2)
@given(frame=frames())
def test_a_file_that_nobody_opened_is_exactly_as_it_was(folder, frame):
    path = folder / "cells.csv"
    write_table(frame, path)
    found = back(path, frame)
    assert (found.edits(), found.refused, found.settled.notices) == (set(), set(), ())


@pytest.mark.law("D6")
@pytest.mark.law("D7")
@pytest.mark.parametrize(
    "resave",
    [resaving.nothing, resaving.pandas_defaults, resaving.polars_as_text],
    ids=lambda program: program.__name__,
)
@FEW
@given(frame=frames(), data=st.data())
def test_rows_and_columns_may_go_come_and_move(folder, resave, frame, data):
    path = folder / "cells.csv"
    order = data.draw(st.permutations(range(frame.height)))[
        : data.draw(st.integers(1, frame.height))
    ]
    labels = ["instance_id", *data.draw(st.permutations(frame.columns[1:]))]
    fewer = labels[: data.draw(st.integers(1, len(labels)))]
    write_table(frame[order].select(fewer).with_columns(_mine=pl.lit("x")), path)
    resave(path)
    found = back(path, frame)
    assert (edits(found), found.refused) == (set(), set())
    assert set(found.frame.columns) == set(fewer) - {"checked"}


NEW = {
    "notes": st.sampled_from(["new", "=2+2", "two\nlines", "né", "-x", "a,b", 'say "no"', None]),
    MASS: st.sampled_from([17.125, 3.0, -2.5, None]),
    DAY: st.sampled_from([date(2031, 7, 8), None]),
    "count": st.sampled_from([77, None]),
}


@pytest.mark.law("D5")
@pytest.mark.parametrize("resave", resaving.ALL, ids=lambda program: program.__name__)
@FEWER
@given(frame=frames(), data=st.data())
def test_exactly_the_edited_cells_are_edits(folder, resave, frame, data):
    path = folder / "cells.csv"
    labels = st.sampled_from(list(NEW))
    places = data.draw(st.sets(st.tuples(st.integers(0, frame.height - 1), labels), max_size=4))
    edited = {label: frame[label].to_list() for label in NEW}
    for row, label in sorted(places):
        edited[label][row] = data.draw(NEW[label])
    changed = frame.with_columns(pl.Series(k, v, dtype=frame.schema[k]) for k, v in edited.items())
    write_table(changed, path)
    resave(path)
    found = back(path, frame)
    want = {(r, c) for r, c in places if not close(edited[c][r], frame[c][r])}
    swallowed = {at for at in want if edited[at[1]][at[0]] is None and at[1] == "notes"}
    assert found.refused <= want
    assert want - swallowed <= edits(found) | found.refused <= want
    kept = [(r, c) for r, c in want if (r, c) in edits(found) and (r, c) not in found.refused]
    assert all(close(found.frame[c][r], edited[c][r]) for r, c in kept)


@pytest.mark.nightly
@pytest.mark.law("D4")
def test_a_sheet_of_ten_thousand_rows_is_settled_in_seconds(tmp_path):
    import time

    height = 10_000
    frame = frame_of(
        mass=[41 + row / 7 for row in range(height)],
        notes=[f"note {row}" for row in range(height)],
        day=[date(2026, 1, 1 + row % 28) for row in range(height)],
    )
    write_table(frame, tmp_path / "cells.csv")
    resaving.pandas_for_a_german_excel(tmp_path / "cells.csv")
    start = time.perf_counter()
    assert not edits(back(tmp_path / "cells.csv", frame))
    assert time.perf_counter() - start < 5


def test_the_laws_look_at_a_column_of_every_type():
    from cellframe.frames.decode import DTYPES, dtype_of

    assert {str(dtype_of(c)) for c in COLUMNS.values()} == {str(d) for d in DTYPES.values()}
