"""What newcomers ran into: each was silent, or ended in somebody else's words."""

from __future__ import annotations

import shutil

import numpy as np
import polars as pl
import pytest

import cellframe as cf
from cellframe.errors import ConfigError, InvalidRecordError, PlanError, StalePlanError
from tests.conftest import with_cell

MASS = "cell.mass [g]"


@pytest.mark.parametrize("name", ["batch", "nam", "colour"])
def test_a_filter_that_there_is_not_is_refused(client, cells, name):
    with pytest.raises(ConfigError, match=f"There is no filter '{name}'"):
        client.cell_instance.to_frame("LFP 18650", **{name: "L1"})


@pytest.mark.parametrize("wish", [{"order_by": "nmae"}, {"order": "ascending"}])
@pytest.mark.parametrize("read", ["list", "to_frame"])
def test_an_order_that_there_is_not_is_refused_with_the_nearest(client, cells, read, wish):
    near = {"order_by": "name", "order": "asc"}[next(iter(wish))]
    with pytest.raises(ConfigError, match=f"Did you mean '{near}'.*There are: {near}, "):
        getattr(client.cell_instance, read)("LFP 18650", **wish)


@pytest.mark.parametrize(
    "terms",
    [
        {"on_conflict": "MINE"},
        {"invalid": "drop"},
        {"on_error": "x"},
        {"workers": 0},
        {"max_updates": "many"},
    ],
)
def test_a_misspelt_choice_never_passes_for_another(client, cells, terms):
    plan = client.cell_instance.plan(with_cell(cells, "c-003", "notes", "x"))
    with pytest.raises(ConfigError, match="Nothing was sent"):
        client.apply(plan, **terms)


def test_an_earlier_apply_of_ones_own_is_shown_as_what_was_read(client, cells):
    client.apply(client.cell_instance.plan(with_cell(cells, "c-003", MASS, 3.0)))
    plan = client.cell_instance.plan(with_cell(cells, "c-003", MASS, 2.0))
    assert plan.to_frame()["you_read", "you_have", "server_now"].row(0) == ("3", "2", "3")


def test_rows_without_a_version_are_noticed(client, colleague, cells):
    colleague.cell_instance.update("c-001", {"batch": "M"})
    frame = cells.drop("instance_version").with_columns(
        pl.lit(None, pl.String).alias("cell.policy")
    )
    plan = client.cell_instance.plan(frame)
    assert plan.summary["update"] == 1
    assert "12 rows (0, 1, 2, 3, 4, 5, 6, 7, …) carry no version that is known here" in " ".join(
        repr(plan).split()
    )


def test_the_column_cell_is_reached_as_an_attribute_in_pandas(client, cells):
    frame = client.cell_instance.to_frame("LFP 18650", backend="pandas")
    assert frame[frame.cell == "c-003"]["cell"].tolist() == ["c-003"]
    assert frame.cell.str.upper().tolist()[0] == "C-000"
    assert (frame.cell != "c-003").sum() == 11
    frame[MASS] = np.where(frame.cell == "c-003", 70.5, frame[MASS])
    assert client.cell_instance.plan(frame).summary["update"] == 1


def test_a_column_of_32_bits_is_no_edit(client, cells):
    assert not client.cell_instance.plan(cells.cast({MASS: pl.Float32}))


def test_a_plan_is_not_sent_to_a_copy_of_its_lab(client, cells, tmp_path):
    plan = client.cell_instance.plan(with_cell(cells, "c-003", "notes", "x"))
    shutil.copytree(tmp_path / "lab", tmp_path / "copy")
    with (
        cf.open_local(tmp_path / "copy") as copy,
        pytest.raises(StalePlanError, match="Plan again"),
    ):
        copy.apply(plan)


def test_the_same_plan_twice_makes_nothing_twice(client, spec):
    new = pl.DataFrame({"instance_id": [None, None], "cell": ["a", "b"], MASS: [1.0, 2.0]})
    plan = client.cell_instance.plan(new, spec=spec)
    assert client.apply(plan).counts == {"ok": 2}
    assert client.apply(plan).counts == {"unchanged": 2}


@pytest.mark.parametrize(
    ("label", "said"),
    [
        ("score", r"'cell\.score \[UNIT\]'"),
        ("cell.mass (g)", r"Name the column 'cell\.mass \[g\]'"),
        ("cell.mass [g]_x", "a merge made two columns of 'cell.mass"),
        ("Unnamed: 0", "index=False"),
    ],
)
def test_a_header_that_is_not_understood_comes_with_the_way_out(client, cells, label, said):
    with pytest.raises(PlanError, match=said):
        client.cell_instance.plan(cells.with_columns(pl.lit(1.0).alias(label)))


def test_a_frame_of_cells_is_not_planned_as_specs(client, cells):
    with pytest.raises(PlanError, match=r"frame of cells.*drop that column to plan the specs"):
        client.cell_spec.plan(cells)


def test_what_came_in_pandas_goes_out_in_pandas(client, cells):
    frame = client.cell_instance.to_frame("LFP 18650", backend="pandas")
    frame[MASS] = frame[MASS].astype(object)
    frame.loc[2, MASS] = "heavy"
    receipt = client.apply(client.cell_instance.plan(frame))
    fixed = receipt.failed
    fixed[MASS] = 41.25
    assert client.apply(client.cell_instance.plan(fixed)).counts == {"ok": 1}


def test_a_unit_that_is_none_and_a_label_that_is_none_are_told_apart(client, cells):
    with pytest.raises(ConfigError, match="'kgg' is not a unit"):
        client.cell_instance.to_frame("LFP 18650", units={"cell.mass": "kgg"})
    with pytest.warns(UserWarning, match=r"Did you mean 'cell\.mass'") as caught:
        client.cell_instance.to_frame("LFP 18650", units={"cell.mas": "kg"})
    assert caught[0].filename == __file__


def test_a_number_without_a_unit_is_asked_for_the_unit_of_its_values(client, cells):
    other = {"cell": {"mass": {"value": 39_000.0, "unit": "mg"}}}
    client.cell_instance.update("c-001", {"measured_properties": other})
    frame = client.cell_instance.to_frame("LFP 18650").rename({MASS: "cell.mass"})
    with pytest.raises(PlanError, match=r"Name it 'cell.mass \[UNIT\]'.*have g and mg"):
        client.cell_instance.plan(frame)


def test_a_record_is_made_from_a_dict(client):
    with pytest.raises(InvalidRecordError, match="made from a dict of fields"):
        client.cell_spec.create("LFP")


def test_a_number_in_the_coat_of_numpy_is_a_number(client, cells):
    properties = {"cell": {"mass": {"value": np.float64(3.5), "unit": "g"}}}
    found = client.cell_instance.update("c-003", {"measured_properties": properties})
    assert found.measured_properties["cell"]["mass"]["value"] == 3.5


def test_an_address_is_not_a_folder():
    with pytest.raises(ConfigError, match=r"use cellframe\.Client"):
        cf.open_local("http://127.0.0.1:1")


@pytest.mark.law("D3")
def test_a_text_never_pushes_out_a_number_unseen(client, spec, cells):
    client.cell_instance.create(
        spec, {"name": "other", "measured_properties": {"cell": {"mass": "heavy"}}}
    )
    frame = client.cell_instance.to_frame(spec)
    plan = client.cell_instance.plan(with_cell(frame, "c-003", "cell.mass", "words"))
    assert plan.summary["invalid"] == 1
    assert "would take the place of a number" in plan.to_frame()["message"][0]
    both = with_cell(with_cell(frame, "c-003", "cell.mass", "words"), "c-003", MASS, None)
    assert client.apply(client.cell_instance.plan(both)).counts["ok"] == 1
    assert client.cell_instance.get("c-003").measured_properties["cell"]["mass"] == "words"


@pytest.mark.law("D3")
def test_a_number_never_pushes_out_a_group_unseen(client):
    gram = {"value": 1.0, "unit": "g"}
    spec = client.cell_spec.create({"name": "groups"})
    client.cell_instance.create(spec, {"name": "a", "measured_properties": {"m": gram}})
    client.cell_instance.create(spec, {"name": "b", "measured_properties": {"m": {"inner": "x"}}})
    frame = client.cell_instance.to_frame(spec).with_columns(pl.lit(2.0).alias("m [g]"))
    plan = client.cell_instance.plan(frame)
    assert plan.summary == {"create": 0, "update": 1, "unchanged": 0, "invalid": 1}
    assert "a group of properties" in plan.to_frame().filter(name="b")["message"][0]
