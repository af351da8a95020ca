"""A test that still runs gets more of its series."""

from __future__ import annotations

import polars as pl
import pytest
from upload_tools import MORE, SERIES, blobs, parquet, path_of, put, read_frame, staged, upload


@pytest.fixture
def made(call, cell_path):
    return upload(call, cell_path)


def begin(call, made):
    return call("POST", f"{path_of(made)}/initiate-extend", {})


def finish(call, made):
    return call("POST", f"{path_of(made)}/confirm-extend", {})


def extend(call, made, frame=MORE):
    begun = begin(call, made)
    assert begun.status == 200, begun.content
    assert put(call, begun.body, parquet(frame)).status == 200
    return finish(call, made)


def test_the_series_is_one_and_its_steps_are_derived_anew(call, made):
    answer = extend(call, made)
    assert (answer.status, answer.body["steps_created"]) == (200, 4)
    assert answer.body["file_metadata"]["rows"] == 12
    assert (answer.body["version"], answer.body["processing_error"]) == (2, None)
    series = read_frame(call, f"{path_of(made)}/time_series/download")
    assert series.equals(pl.concat([SERIES, MORE]))
    assert read_frame(call, f"{path_of(made)}/steps/download").height == 4


def test_the_target_is_named_as_clients_look_for_it(call, made):
    body = begin(call, made).body
    assert body["measurement_id"] == made["id"]
    assert [one["filename"] for one in body["uploads"]] == ["time_series_extend.parquet"]


def test_it_goes_on_and_on(call, made):
    later = MORE.with_columns(pl.col("Time [s]") + 100, pl.col("Step count") + 2)
    assert extend(call, made).status == 200
    assert extend(call, made, later).body["steps_created"] == 6


def test_columns_may_come_in_another_order_and_type(call, made):
    other = MORE.select(reversed(MORE.columns)).with_columns(pl.col("Step count").cast(pl.Float64))
    assert extend(call, made, other).status == 200
    series = read_frame(call, f"{path_of(made)}/time_series/download")
    assert series.schema == SERIES.schema


@pytest.mark.parametrize(
    ("frame", "said"),
    [
        (MORE.drop("Current [A]"), "lacks 'Current [A]'"),
        (MORE.with_columns(pl.lit(1).alias("x")), "adds 'x'"),
        (MORE.with_columns(pl.col("Time [s]") - 10), "begins at 50.0 s, but the stored"),
        (MORE.with_columns(pl.lit(None, pl.Float64).alias("Time [s]")), "no row"),
        (MORE.head(0), "no row"),
        (MORE.with_columns(pl.lit("x").alias("Voltage [V]")), "does not go with"),
        (MORE.with_columns(pl.col("Step count") - 2), "Step count"),
    ],
    ids=["lacks", "adds", "overlaps", "no times", "empty", "text", "falls"],
)
def test_what_does_not_go_on_is_refused_and_changes_nothing(call, made, folder, frame, said):
    before, kept = call("GET", path_of(made)).body, blobs(folder)
    refused = extend(call, made, frame)
    assert (refused.status, said in refused.message) == (422, True), refused.message
    assert call("GET", path_of(made)).body == before
    assert (blobs(folder), staged(folder)) == (kept, set())
    assert extend(call, made).status == 200


def test_an_ended_test_is_not_extended(call, made):
    call("PATCH", path_of(made), {"end_time": "2026-01-01T00:00:00Z"})
    assert begin(call, made).status == 409


def test_only_a_ready_series_is_extended(call, cell_path):
    failed = upload(call, cell_path, content=parquet(SERIES.drop("Step count")))
    assert begin(call, failed).status == 409
    body = {"name": "p", "properties": {"r": {"value": 1, "unit": "ohm"}}}
    properties = call.made(f"{cell_path}/cell_measurements/create", body)
    assert begin(call, properties).status == 400
    assert begin(call, {"id": "none"}).status == finish(call, {"id": "none"}).status == 404


def test_one_extension_at_a_time(call, made):
    first = begin(call, made).body
    put(call, first, parquet(MORE))
    assert begin(call, made).status == 409
    assert finish(call, made).status == 200
    assert begin(call, made).status == 200


def test_one_whose_caller_died_before_it_put_makes_way(call, made):
    dead = begin(call, made).body
    assert extend(call, made).status == 200
    assert put(call, dead, parquet(MORE)).status == 404


def test_one_whose_caller_died_after_it_put_makes_way_in_an_hour(opened, clock, cell_path):
    call = opened(clock=clock)
    made = upload(call, cell_path)
    put(call, begin(call, made).body, parquet(MORE))
    clock.now += 3600 * 1_000_000 - 1
    assert begin(call, made).status == 409
    clock.now += 1
    assert extend(call, made).status == 200


def test_a_confirm_needs_a_put_and_an_initiate(call, made):
    assert finish(call, made).status == 404
    begin(call, made)
    assert finish(call, made).status == 400


@pytest.mark.law("U3")
def test_the_same_confirm_again_gets_the_same_answer(call, made):
    first = extend(call, made)
    again = finish(call, made)
    assert (again.status, again.body) == (200, first.body)
    assert read_frame(call, f"{path_of(made)}/time_series/download").height == 12


def test_an_end_that_came_meanwhile_is_seen(call, made):
    put(call, begin(call, made).body, parquet(MORE))
    call("PATCH", path_of(made), {"end_time": "2026-01-01T00:00:00Z"})
    assert finish(call, made).status == 409
