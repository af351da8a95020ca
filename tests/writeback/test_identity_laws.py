"""Laws D6 and D7 through the service: what is missing is left alone, and no row is taken for another."""

from __future__ import annotations

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

import cellframe as cf
from cellframe.errors import PlanError

KEYS = ("instance_id", "instance_version")
LIBRARIES = st.sampled_from(["polars", "arrow", "numpy", "rows"])


@pytest.fixture(scope="module")
def lab(tmp_path_factory):
    """A client, and the frame of twelve cells; no example writes to them."""
    with cf.open_local(tmp_path_factory.mktemp("laws") / "lab") as client:
        spec = client.cell_spec.create({"name": "S"})
        for number in range(12):
            mass = {"value": 40.0 + number, "unit": ("g", "mg")[number % 2]}
            properties = {"cell": {"mass": mass, "op": f"o{number % 3}"}}
            fields = {
                "name": f"c{number}",
                "batch": f"L{number % 2}",
                "measured_properties": properties,
            }
            client.cell_instance.create(spec, fields if number % 4 else {"name": f"c{number}"})
        yield client, client.cell_instance.to_frame(spec)


def given_in(frame: pl.DataFrame, library: str):
    """The frame as another library has it."""
    if library == "rows":
        return frame.to_dicts()
    if library == "polars":
        return frame
    return frame.to_pandas(use_pyarrow_extension_array=library == "arrow")


@pytest.mark.law("D6")
@given(st.data(), LIBRARIES)
def test_what_is_missing_or_moved_is_no_edit(lab, data, library):
    client, cells = lab
    rows = data.draw(st.lists(st.sampled_from(range(cells.height)), unique=True, min_size=1))
    others = [label for label in cells.columns if label not in KEYS]
    labels = data.draw(
        st.permutations([*KEYS, *data.draw(st.lists(st.sampled_from(others), unique=True))])
    )
    plan = client.cell_instance.plan(given_in(cells[rows].select(labels), library))
    assert not plan
    assert plan.summary == {"create": 0, "update": 0, "unchanged": len(rows)}


def twice(cells, one, _other):
    return pl.concat([cells, cells[[one]]])


def unknown(cells, one, _other):
    row = pl.int_range(pl.len()) == one
    return cells.with_columns(
        pl.when(row).then(pl.col("instance_id") + "x").otherwise("instance_id")
    )


def as_numbers(cells, one, _other):
    return cells.with_columns(instance_id=pl.lit(float(one)))


def swapped(cells, one, other):
    order = list(range(cells.height))
    order[one], order[other] = other, one
    return cells.with_columns(cells.select(KEYS)[order])


def blanked(cells, one, _other):
    row = pl.int_range(pl.len()) == one
    return cells.with_columns(pl.when(row).then(None).otherwise("instance_id").alias("instance_id"))


@pytest.mark.law("D7")
@given(
    st.sampled_from([twice, unknown, as_numbers, swapped, blanked]),
    st.lists(st.integers(0, 11), min_size=2, max_size=2, unique=True),
    LIBRARIES,
)
def test_a_row_is_never_taken_for_another(lab, wrong, rows, library):
    client, cells = lab
    frame = given_in(wrong(cells, *rows), library)
    try:
        plan = client.cell_instance.plan(frame)
    except PlanError:
        return
    assert wrong in (unknown, swapped, blanked)
    receipt = client.apply(plan)
    assert receipt.refused or set(receipt.counts) == {"unchanged"}
    assert client.cell_instance.to_frame("S").equals(cells)
