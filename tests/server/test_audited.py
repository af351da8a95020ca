"""What an audit against the contract found, one by one."""

from __future__ import annotations

from datetime import timedelta

import polars as pl
from upload_tools import MORE, SERIES, confirm, initiate, parquet, path_of, put, upload

HOUR = 3_600_000_000
BAD = parquet(SERIES.drop("Voltage [V]"))


def extend(call, made, frame):
    begun = call("POST", f"{path_of(made)}/initiate-extend", {}).body
    put(call, begun, parquet(frame))
    return call("POST", f"{path_of(made)}/confirm-extend", {})


def test_a_clock_that_steps_back_keeps_no_extension_from_being_stored(timed, clock):
    spec = timed.made("/cell_specifications", {"name": "s"})
    cell = timed.made(f"/cell_specifications/{spec['id']}/cell_instances", {"name": "c"})
    made = upload(timed, f"/cell_instances/{cell['id']}")
    assert extend(timed, made, MORE).body["file_metadata"]["rows"] == 12
    clock.now -= HOUR // 6
    later = MORE.with_columns(pl.col("Time [s]") + 60, pl.col("Step count") + 2)
    assert extend(timed, made, later).body["file_metadata"]["rows"] == 18


def test_a_test_that_failed_keeps_no_client_from_the_others(call, cell_path):
    made = upload(call, cell_path, content=BAD)
    answer = call("GET", f"{path_of(made)}/steps_and_cycles")
    assert (answer.status, answer.body) == (200, {"steps": {}, "cycles": None})
    assert call("GET", f"{path_of(made)}/cycles").status == 404
    assert call("GET", "/cell_measurements/none/steps_and_cycles").status == 404


def test_a_failure_is_another_version_than_what_was_told_before(call, cell_path):
    begun = initiate(call, cell_path)
    put(call, begun, BAD)
    told = confirm(call, cell_path, begun)
    now = call("GET", path_of(told.body), if_none_match=told.headers["etag"])
    assert (told.body["processing_status"], now.status) == ("pending", 200)
    assert (now.body["processing_status"], now.body["version"]) == ("failed", 2)


def test_a_confirm_says_which_version_it_made(call, cell_path):
    begun = initiate(call, cell_path)
    put(call, begun)
    made = confirm(call, cell_path, begun)
    assert made.headers["etag"] == '"1"'
    assert confirm(call, cell_path, begun).headers["etag"] == '"1"'
    assert extend(call, made.body, MORE).headers["etag"] == '"2"'


def test_columns_of_the_senders_own_that_json_has_no_word_for_are_text(call, cell_path):
    took = pl.Series("Took", [timedelta(seconds=90), None])
    own = pl.DataFrame({"Step count": [0, 1], "Price": ["1.50", None]}).with_columns(
        pl.col("Price").cast(pl.Decimal(10, 2)), took
    )
    begun = initiate(call, cell_path)
    put(call, begun)
    put(call, begun, parquet(own), slot=1)
    made = confirm(call, cell_path, begun).body
    steps = call("GET", f"{path_of(made)}/steps_and_cycles").body["steps"]
    assert (steps["Price"], steps["Took"]) == (["1.50", None], ["0:01:30", None])
