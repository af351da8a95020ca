"""Edits that cannot be sent: each is one row's fault, with row, column, value and advice."""

from __future__ import annotations

from datetime import date, datetime

import numpy as np
import polars as pl
import pytest
from writeback_tools import LOADING, MASS, POLICY, edit, new_rows

from cellframe.errors import PlanError
from cellframe.writeback.steps import Action


def said(client, edited, **more) -> str:
    plan = client.cell_instance.plan(edited, **more)
    assert plan.summary.get("invalid"), plan
    return next(step.message for step in plan if step.action is Action.INVALID)


@pytest.mark.rule("W25")
def test_a_text_in_a_number_names_row_column_and_value(client, cells):
    edited = edit(cells.cast({MASS: pl.String}), "c-002", mass="4l.2")
    message = said(client, edited)
    assert all(part in message for part in ("Row 2", "c-002", MASS, "'4l.2'", "is no number"))


@pytest.mark.rule("W25")
@pytest.mark.parametrize("value", ["2026-13-01", "5 Jan 2026", "46000", "2026-01-05T12:00:00"])
def test_a_text_that_is_no_date_is_invalid(client, cells, value):
    edited = edit(cells.cast({"date_manufactured": pl.String}), "c-002", date_manufactured=value)
    assert "is no date" in said(client, edited)


@pytest.mark.law("D8")
def test_a_serial_number_in_a_date_is_invalid(client, cells):
    assert "is no date" in said(client, cells.with_columns(date_manufactured=pl.lit(46027)))


def test_a_day_as_a_time_of_midnight_is_the_day(client, cells):
    moments = cells.with_columns(pl.col("date_manufactured").cast(pl.Datetime("us")))
    assert not client.cell_instance.plan(moments)


def test_a_time_of_day_in_a_date_is_invalid(client, cells):
    moment = datetime(2026, 1, 5, 12)  # noqa: DTZ001
    assert "time of day" in said(client, cells[:1].with_columns(date_manufactured=pl.lit(moment)))


@pytest.mark.law("D8")
@pytest.mark.parametrize("value", [7, 7.5, True])
def test_a_number_in_a_text_column_of_objects_is_refused(client, cells, value):
    frame = cells.to_pandas()
    frame[POLICY] = frame[POLICY].astype(object)
    frame.loc[3, POLICY] = value
    assert "is a number where text belongs" in said(client, frame)


@pytest.mark.law("D8")
def test_numbers_all_through_a_text_column_are_refused(client, cells):
    plan = client.cell_instance.plan(cells.with_columns(pl.lit(7).alias(POLICY)))
    assert plan.summary["invalid"] == 12
    assert "is a number where text belongs" in plan.to_frame()["message"][0]
    assert "number where text" in said(client, cells[:1].with_columns(notes=pl.lit(7)))


def test_a_number_that_is_the_text_that_was_read_is_no_edit(client, cells):
    client.apply(client.cell_instance.plan(edit(cells, "c-000", notes="7")))
    frame = client.cell_instance.to_frame()
    assert not client.cell_instance.plan(frame.with_columns(notes=pl.lit(7.0))[:1])


@pytest.mark.law("D8")
def test_zeros_lost_on_the_way_are_refused(client, cells):
    client.apply(client.cell_instance.plan(edit(cells, "c-000", notes="007")))
    frame = client.cell_instance.to_frame()
    assert "lost zeros" in said(client, frame.with_columns(notes=pl.lit(7))[:1])


@pytest.mark.rule("W16")
@pytest.mark.parametrize("value", [float("inf"), float("-inf")])
def test_an_infinity_is_invalid(client, cells, value):
    assert "is not finite" in said(client, edit(cells, "c-001", mass=value))


@pytest.mark.rule("W25")
def test_a_whole_number_too_large_for_a_float_is_invalid(client, cells):
    edited = cells[:1].with_columns(pl.lit(2**53 + 1).alias(MASS))
    assert "too large" in said(client, edited)


@pytest.mark.rule("W8")
@pytest.mark.rule("W23")
@pytest.mark.parametrize(("label", "word"), [("spec_id", "stays where it is"), ("spec", "stays")])
def test_a_cell_does_not_move_to_another_spec(client, cells, label, word):
    other = client.cell_spec.create({"name": "other"})
    value = other.id if label == "spec_id" else "other"
    assert word in said(client, edit(cells, "c-000", **{label: value}))


@pytest.mark.rule("W23")
def test_a_lots_id_names_the_column_to_edit_instead(client, cells, spec):
    frame = client.cell_instance.to_frame(spec, columns="all")
    assert "Edit 'batch' instead" in said(client, edit(frame, "c-000", batch_id="x"))


@pytest.mark.rule("W23")
def test_server_times_are_not_edited(client, cells, spec):
    frame = client.cell_instance.to_frame(spec, columns="all")
    moved = frame.with_columns(pl.lit(datetime(2020, 1, 1)).alias("created_at [UTC]"))  # noqa: DTZ001
    assert not client.cell_instance.plan(frame)
    assert "is not edited here" in said(client, moved)


@pytest.mark.rule("W23")
def test_components_of_a_spec_are_not_edited(client, spec):
    frame = client.cell_spec.to_frame()
    assert not client.cell_spec.plan(frame)
    plan = client.cell_spec.plan(frame.with_columns(pl.lit(1.0).alias(LOADING)))
    assert "is not edited here" in plan.rows[0].changes[0].message


@pytest.mark.rule("W14")
@pytest.mark.rule("W25")
def test_every_fault_of_every_row_is_listed(client, cells):
    edited = edit(cells.cast({MASS: pl.String}), "c-000", mass="x", cell="")
    lines = client.cell_instance.plan(edit(edited, "c-001", mass="y")).to_frame()
    assert lines.filter(action="invalid").height == 3
    assert lines["message"].null_count() == 0


def test_a_bad_value_in_a_new_row_is_that_rows_fault(client, spec):
    edited = new_rows(cell=["a", "b"], **{MASS: ["1.5", "x"]})
    plan = client.cell_instance.plan(edited, spec=spec)
    assert [step.action.value for step in plan.rows] == ["create", "invalid"]


@pytest.mark.rule("W10")
def test_an_invalid_row_keeps_the_others_back_unless_skipped(client, cells):
    edited = edit(edit(cells, "c-000", cell=""), "c-001", mass=50.0)
    plan = client.cell_instance.plan(edited)
    held = client.apply(plan)
    assert held.counts == {"unchanged": 10, "invalid": 1, "not_attempted": 1}
    assert "invalid='skip'" in held.refused
    assert client.apply(plan, invalid="skip").counts == {"ok": 1, "unchanged": 10, "invalid": 1}


@pytest.mark.parametrize("value", ["a\0b", "x" * 70_000])
def test_what_the_service_refuses_is_an_invalid_row(client, cells, value):
    receipt = client.apply(client.cell_instance.plan(edit(cells, "c-000", notes=value)))
    assert receipt.counts == {"unchanged": 11, "invalid": 1}
    assert receipt.failed["_error"][0].startswith("notes: ")


@pytest.mark.parametrize("value", ["a\ud800", "\udfff"])
def test_half_a_surrogate_pair_is_refused_by_row_and_column(client, cells, value):
    frame = cells.to_pandas()
    frame["notes"] = frame["notes"].astype(object)
    frame.loc[4, "notes"] = value
    for given in (frame, frame.to_dict("records")):
        with pytest.raises(PlanError, match="half a surrogate pair") as refused:
            client.cell_instance.plan(given)
        assert refused.value.failures["row", "column"].rows() == [(4, "notes")]


@pytest.mark.parametrize("name", ["a\0b", "a\nb", "\x7f", "x" * 256])
def test_a_name_that_the_service_refuses_is_an_invalid_row(client, cells, name):
    receipt = client.apply(client.cell_instance.plan(edit(cells, "c-000", cell=name)))
    assert receipt.counts["invalid"] == 1


@pytest.mark.parametrize("given", [None, "text", 5, {"a": 1}, [1, 2]])
def test_what_is_no_frame_is_refused_in_one_sentence(client, given):
    with pytest.raises(PlanError, match=r"is no frame|has no"):
        client.cell_instance.plan(given)


def test_arrays_in_a_comment_column_are_passed_over(client, cells):
    frame = cells.to_pandas()
    frame["_trace"] = [np.array([1, 2])] * len(frame)
    assert not client.cell_instance.plan(frame)


def test_two_columns_of_one_name_are_refused(client, cells):
    frame = cells.to_pandas()
    frame.columns = ["notes" if label == POLICY else label for label in frame.columns]
    with pytest.raises(PlanError, match="'notes' is there 2 times"):
        client.cell_instance.plan(frame)


def test_a_name_and_its_alias_are_refused_together(client, cells):
    with pytest.raises(PlanError, match="'name' and 'cell' are the same column"):
        client.cell_instance.plan(cells.with_columns(name=pl.col("cell")))


@pytest.mark.rule("W13")
def test_a_date_is_compared_as_a_day(client, cells):
    texts = cells.with_columns(date_manufactured=pl.lit("2026-01-05T00:00:00Z"))
    assert not client.cell_instance.plan(texts)
    assert client.cell_instance.plan(edit(cells, "c-000", date_manufactured=date(2026, 1, 6)))
