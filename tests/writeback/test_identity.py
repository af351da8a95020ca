"""Law D7: which record a row stands for is never guessed."""

from __future__ import annotations

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from writeback_tools import edit, new_rows

from cellframe.errors import PlanError

pytestmark = pytest.mark.law("D7")


def _ids(frame, **new):
    """The frame with other ids, by row."""
    ids = frame["instance_id"].to_list()
    for row, value in new.items():
        ids[int(row[1:])] = value
    return frame.with_columns(pl.Series("instance_id", ids, dtype=pl.String))


def masses(client, spec) -> dict:
    frame = client.cell_instance.to_frame(spec)
    return dict(zip(frame["instance_id"], frame["cell.mass [g]"], strict=True))


@pytest.mark.rule("W7")
def test_two_rows_of_one_id_are_refused_with_both_rows(client, cells):
    doubled = pl.concat([cells, edit(cells[:1], "c-000", notes="x")])
    with pytest.raises(PlanError, match="Rows 0 and 12 have one instance_id") as refused:
        client.cell_instance.plan(doubled)
    assert refused.value.failures["row"].to_list() == [12]


@pytest.mark.rule("W7")
def test_every_doubled_id_is_listed_at_once(client, cells):
    with pytest.raises(PlanError) as refused:
        client.cell_instance.plan(pl.concat([cells, cells]))
    assert refused.value.failures.height == 12


@pytest.mark.rule("W5")
def test_an_unknown_id_is_an_error_and_never_a_create(client, cells):
    plan = client.cell_instance.plan(_ids(cells, r3="no-such-id"))
    assert plan.summary == {"create": 0, "update": 0, "unchanged": 11, "invalid": 1}
    assert "no cell has the id 'no-such-id'" in plan.steps[0].message


def test_ids_that_became_floats_are_refused(client, cells):
    floats = cells.with_columns(instance_id=pl.Series([float(n) for n in range(12)]))
    with pytest.raises(PlanError, match="holds numbers, and an id is text"):
        client.cell_instance.plan(floats)


def test_an_id_that_became_a_float_in_a_mixed_pandas_column_is_invalid(client, cells):
    frame = cells.to_pandas()
    frame["instance_id"] = frame["instance_id"].astype(object)
    frame.loc[0, "instance_id"] = 12.0
    assert client.cell_instance.plan(frame).summary["invalid"] == 1


@pytest.mark.parametrize("blank", ["", "  ", None])
def test_a_blank_id_of_a_known_name_is_not_a_second_cell(client, cells, blank):
    plan = client.cell_instance.plan(edit(_ids(cells, r0=blank), "c-000", mass=40.0))
    assert [step.action.value for step in plan.rows] == ["exists"]
    assert cells["instance_id"][0] in plan.rows[0].message


@pytest.mark.rule("W5")
def test_swapped_rows_are_matched_by_id(client, cells):
    assert not client.cell_instance.plan(cells.reverse())


def test_swapped_ids_write_to_no_row(client, cells, spec):
    before = masses(client, spec)
    first, second = cells["instance_id"][:2]
    plan = client.cell_instance.plan(_ids(cells, r0=second, r1=first))
    client.apply(plan)
    assert masses(client, spec) == before


def test_an_id_of_another_row_in_place_of_its_own_is_refused(client, cells):
    with pytest.raises(PlanError, match="have one instance_id"):
        client.cell_instance.plan(_ids(cells, r0=cells["instance_id"][5]))


@pytest.mark.rule("W7")
def test_two_new_rows_of_one_name_are_refused(client, spec):
    with pytest.raises(PlanError, match="Rows 0 and 2 are both new and named 'n'"):
        client.cell_instance.plan(new_rows(cell=["n", "m", "n"]), spec=spec)


@pytest.mark.rule("W7")
@pytest.mark.parametrize("name", [" n", "n ", "\tn", "\u00a0n"])
def test_a_name_with_a_blank_at_its_end_is_invalid(client, spec, name):
    plan = client.cell_instance.plan(new_rows(cell=[name]), spec=spec)
    assert "starts or ends with a blank" in plan.rows[0].message


def test_a_frame_without_the_key_says_what_to_do(client, cells):
    with pytest.raises(PlanError, match=r"no 'instance_id' column.*to_frame"):
        client.cell_instance.plan(cells.drop("instance_id"))


def test_a_key_in_the_pandas_index_is_found(client, cells):
    assert not client.cell_instance.plan(cells.to_pandas().set_index("instance_id"))


def test_the_pandas_index_is_never_an_identity(client, cells):
    frame = cells.to_pandas(use_pyarrow_extension_array=True)
    frame.index = frame.index[::-1]
    assert not client.cell_instance.plan(frame)


@pytest.mark.rule("W5")
def test_a_new_row_of_an_id_of_another_spec_is_that_cell(client, cells):
    other = client.cell_spec.create({"name": "other"})
    plan = client.cell_instance.plan(edit(cells, "c-001", mass=40.0), spec=other)
    assert client.apply(plan)
    assert client.cell_instance.list(other) == []


@pytest.mark.law("D6")
@settings(max_examples=20)
@given(st.sets(st.integers(0, 11)), st.sets(st.sampled_from(["batch", "notes", "cell.mass [g]"])))
def test_missing_rows_and_columns_are_neither_deleted_nor_cleared(client, cells, rows, labels):
    assert not client.cell_instance.plan(cells[sorted(rows)].drop(labels))


@pytest.mark.law("D6")
@pytest.mark.rule("W45")
def test_a_frame_without_rows_deletes_nothing(client, cells, spec):
    plan = client.cell_instance.plan(cells[:0])
    assert not plan
    assert "The frame has no rows." in plan.notices
    assert client.apply(plan)
    assert len(client.cell_instance.list(spec)) == 12


@pytest.mark.rule("W21")
def test_a_word_that_is_no_action_is_refused(client, cells):
    marked = cells.with_columns(_action=pl.lit("remove"))
    with pytest.raises(PlanError, match="'remove' is no action"):
        client.cell_instance.plan(marked)
