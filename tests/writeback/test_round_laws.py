"""Laws D1 to D3 and D13 through a service: read, edit, plan, apply, read again."""

from __future__ import annotations

import polars as pl
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from oracle import NUMBERS, TEXTS, numbers, same, texts
from writeback_tools import LOADING, MASS, POLICY, new_rows

import cellframe as cf
from cellframe.writeback.limits import Limits

pytestmark = pytest.mark.law("D1")

CAPACITY = "cell.capacity [A.h]"
ROWS = 10
FREE = Limits(update_share=1.0, clear_share=1.0)
FEW = settings(max_examples=10)
UNITS = ["A*h", "mA.h", "Ah", "mAh", "C"]
# A text property of the service has no line breaks to lose; NUL is refused (see test_refused).
kept = texts.filter(lambda text: "\0" not in text)
sane = numbers.filter(lambda number: abs(number) < 1e300 and (not number or abs(number) > 1e-290))
DRAWN = {
    "batch": st.none()
    | st.sampled_from(["L1", "l1", "L2", "Straße", "STRASSE", "caf\u00e9", "cafe\u0301"]),
    "date_manufactured": st.none() | st.dates(),
    "notes": st.none() | kept,
    MASS: st.none() | sane,
    CAPACITY: st.none() | sane,
    LOADING: st.none() | sane,
    POLICY: st.none() | kept.filter(bool),
}


def _cell(number: int) -> dict:
    unit = UNITS[number % len(UNITS)]
    value = 3000.5 if unit.startswith("m") else 10801.8 if unit == "C" else 3.0005
    return {
        "name": f"c-{number}",
        "batch": f"L{number % 3}",
        "date_manufactured": "2026-02-28",
        "notes": TEXTS[number],
        "measured_properties": {
            "cell": {
                "mass": {"value": NUMBERS[number], "unit": "g"},
                "policy": TEXTS[-1 - number],
                "capacity": {"value": value, "unit": unit, "method": "C/20"},
            },
            "cathode": {"loading": {"value": 11.5, "unit": "mg.cm-2"}},
        },
    }


@pytest.fixture(scope="module")
def lab(tmp_path_factory):
    """A service with ten cells that hold the pool's values in mixed units, for all examples."""
    with cf.open_local(tmp_path_factory.mktemp("law") / "lab", limits=FREE) as client:
        spec = client.cell_spec.create({"name": "s"})
        for number in range(ROWS):
            client.cell_instance.create(spec, _cell(number))
        yield client, spec


def changed(frame: pl.DataFrame, edits: dict) -> pl.DataFrame:
    """The frame with other values, by row and label."""
    made = {label: frame[label].to_list() for label in DRAWN}
    for (row, label), value in edits.items():
        made[label][row] = value
    return frame.with_columns(pl.Series(k, v, dtype=frame.schema[k]) for k, v in made.items())


edits = st.dictionaries(
    st.tuples(st.integers(0, ROWS - 1), st.sampled_from(list(DRAWN))), st.none(), max_size=8
).flatmap(lambda cells: st.fixed_dictionaries({cell: DRAWN[cell[1]] for cell in cells}))


@FEW
@given(st.permutations(range(ROWS)), st.sampled_from(["polars", "pandas"]), st.randoms())
def test_a_shuffled_frame_that_nobody_edited_is_an_empty_plan(lab, order, backend, rng):
    client, spec = lab
    frame = client.cell_instance.to_frame(spec, backend=backend)
    labels = rng.sample(list(frame.columns), len(frame.columns))
    shuffled = frame[list(order)] if backend == "polars" else frame.iloc[list(order)]
    assert not client.cell_instance.plan(shuffled[labels])


@pytest.mark.parametrize("dtype", ["object", "numpy", "nullable"])
def test_other_pandas_types_are_no_edit(lab, dtype):
    client, spec = lab
    frame = client.cell_instance.to_frame(spec, backend="pandas")
    numbers_too = [MASS, CAPACITY, LOADING]
    kinds = {"numpy": "float64", "nullable": "Float64"}
    as_type = dict.fromkeys(numbers_too, kinds[dtype]) if dtype in kinds else object
    assert not client.cell_instance.plan(frame.astype(as_type))


def test_a_frame_that_became_text_is_no_edit(lab):
    client, spec = lab
    frame = client.cell_instance.to_frame(spec)
    assert not client.cell_instance.plan(frame.cast(pl.String))


@pytest.mark.law("D13")
@pytest.mark.parametrize("unit", ["mA.h", "A.h", "C", "kA.h", "uA.h"])
def test_another_unit_of_the_column_is_no_edit(lab, unit):
    client, spec = lab
    frame = client.cell_instance.to_frame(spec, units={"cell.capacity": unit})
    assert f"cell.capacity [{unit}]" in frame.columns
    assert not client.cell_instance.plan(frame)


@pytest.mark.law("D3")
@FEW
@given(edits)
def test_the_plan_holds_exactly_the_edited_cells(lab, cells):
    client, spec = lab
    frame = client.cell_instance.to_frame(spec)
    plan = client.cell_instance.plan(changed(frame, cells))
    wanted = {at for at, value in cells.items() if not same(at[1], value, frame[at[1]][at[0]])}
    assert {(s.row, c.label) for s in plan.rows for c in s.changes} == wanted
    assert len(plan.rows) == len({row for row, _ in wanted})
    assert {s.action.value for s in plan.rows} <= {"update"}


@pytest.mark.law("D2")
@FEW
@given(edits)
@example({(0, MASS): None, (0, POLICY): None, (0, CAPACITY): None, (0, LOADING): None})
@example({(1, "batch"): None, (2, "notes"): "", (4, MASS): 5e-324, (3, CAPACITY): -0.0})
def test_what_was_applied_is_what_the_frame_says(lab, cells):
    client, spec = lab
    edited = changed(client.cell_instance.to_frame(spec), cells)
    receipt = client.apply(client.cell_instance.plan(edited))
    assert receipt, receipt
    assert not client.cell_instance.plan(edited)
    wished = [MASS, CAPACITY, LOADING, POLICY]
    now = client.cell_instance.to_frame(spec, columns=wished, units={"cell.capacity": "A.h"})
    for label in DRAWN:
        pairs = zip(edited[label], now[label], strict=True)
        assert all(same(label, have, stored) for have, stored in pairs), label


@pytest.mark.law("D2")
@pytest.mark.parametrize("name", [t for t in TEXTS if t.strip() == t and t and t.isprintable()])
def test_any_name_that_the_service_takes_is_created_and_found_again(lab, name):
    client, spec = lab
    if len(name) > 255:
        name = name[:255]
    edited = new_rows(cell=[name])
    assert client.apply(client.cell_instance.plan(edited, spec=spec))
    assert not client.cell_instance.plan(edited, spec=spec)
    client.cell_instance.delete(client.cell_instance.list(spec, name_exact=name)[0])
