"""Uploads: initiate, put, confirm, and what goes wrong between them."""

from __future__ import annotations

import polars as pl
import pytest
from upload_tools import (
    SERIES,
    blobs,
    confirm,
    initiate,
    parquet,
    path_of,
    put,
    read_file,
    read_frame,
    staged,
    upload,
    upload_files,
)

from cellframe.contract.wire import FileBody


def test_a_series_becomes_a_test_with_steps_and_cycles(call, cell, cell_path):
    made = upload(call, cell_path, notes="x")
    assert (made["processing_status"], made["steps_created"]) == ("ready", 2)
    assert made["cell_instance_id"] == cell["id"]
    facts = made["file_metadata"]
    assert (facts["rows"], facts["steps"], facts["cycles"]) == (6, 2, 1)
    del made["steps_created"]
    assert call("GET", path_of(made)).body == made
    assert read_frame(call, f"{path_of(made)}/time_series/download").equals(SERIES)
    steps = read_frame(call, f"{path_of(made)}/steps/download")
    assert steps["Step type"].to_list() == ["Constant current charge", "Constant current discharge"]


def test_the_stored_bytes_are_the_sent_ones(call, cell_path):
    sent = parquet(compression="snappy")
    made = upload(call, cell_path, content=sent)
    assert read_file(call, f"{path_of(made)}/time_series/download") == sent
    assert made["file_metadata"]["size"] == len(sent)


def test_an_initiate_stores_no_test(call, cell_path):
    begun = initiate(call, cell_path)
    assert [target["filename"] for target in begun["uploads"]] == [
        "time_series.parquet",
        "steps.parquet",
    ]
    assert all(target["token"] and target["path"] for target in begun["uploads"])
    assert call("GET", f"/cell_measurements/{begun['measurement_id']}").status == 404
    assert call("GET", "/cell_measurements").body["total"] == 0


def test_the_sender_s_own_steps_win(call, cell_path, folder):
    begun = initiate(call, cell_path)
    own = pl.DataFrame({"Step count": [0, 1], "mine": ["x", "y"]})
    put(call, begun)
    put(call, begun, parquet(own), slot=1)
    answer = confirm(call, cell_path, begun)
    assert answer.body["steps_created"] == 2
    steps = read_frame(call, f"{path_of(answer.body)}/steps/download")
    assert steps["mine"].to_list() == ["x", "y"]
    assert staged(folder) == set()


def test_the_rated_capacity_tells_a_rest_from_a_small_current(call, cells_path, spec_path):
    small = SERIES.with_columns(pl.col("Current [A]") * 5e-4)
    ratings = {"capacity": {"value": 1.0, "unit": "mAh"}}
    assert call("PATCH", spec_path, {"ratings": ratings}).status == 200
    cell = call.made(cells_path, {"name": "coin"})
    made = upload(call, f"/cell_instances/{cell['id']}", content=parquet(small))
    steps = read_frame(call, f"{path_of(made)}/steps/download")
    assert steps["Step type"][0] == "Constant current charge"


@pytest.mark.parametrize("missing", ["Step count", "Voltage [V]", "Time [s]"])
def test_a_series_without_a_needed_column_fails_where_clients_look(call, cell_path, missing):
    begun = initiate(call, cell_path)
    put(call, begun, parquet(SERIES.drop(missing)))
    answer = confirm(call, cell_path, begun)
    assert (answer.status, answer.body["processing_status"]) == (201, "pending")
    assert (answer.body["processing_error"], answer.body["steps_created"]) == (None, 0)
    kept = call("GET", path_of(answer.body)).body
    assert kept["processing_status"] == "failed"
    assert missing in kept["processing_error"]
    steps = call("GET", f"{path_of(kept)}/steps/download")
    assert steps.status == 404
    assert missing in steps.message
    assert read_file(call, f"{path_of(kept)}/time_series/download")


@pytest.mark.parametrize(
    "frame",
    [SERIES.head(0), SERIES.with_columns(pl.lit("x").alias("Voltage [V]"))],
    ids=["no rows", "text for numbers"],
)
def test_data_that_are_none_fail_where_clients_look(call, cell_path, frame):
    begun = initiate(call, cell_path)
    put(call, begun, parquet(frame))
    made = confirm(call, cell_path, begun).body
    assert call("GET", path_of(made)).body["processing_status"] == "failed"


@pytest.mark.parametrize("content", [b"", b"PAR1", b"PAR1PAR1", b"text named .parquet" * 9])
def test_what_is_no_parquet_is_refused_and_may_be_put_again(call, cell_path, folder, content):
    begun = initiate(call, cell_path)
    put(call, begun, content)
    refused = confirm(call, cell_path, begun)
    assert refused.status == 422
    assert "no whole parquet" in refused.message
    assert blobs(folder) == staged(folder) == set()
    assert confirm(call, cell_path, begun).status == 400
    put(call, begun)
    assert confirm(call, cell_path, begun).status == 201


def test_a_confirm_before_the_put_is_refused(call, cell_path):
    begun = initiate(call, cell_path)
    answer = confirm(call, cell_path, begun)
    assert answer.status == 400
    assert "time_series.parquet" in answer.message
    put(call, begun, slot=1)
    assert confirm(call, cell_path, begun).status == 400


def test_a_second_put_replaces_the_first(call, cell_path, folder):
    begun = initiate(call, cell_path)
    put(call, begun, b"first")
    put(call, begun)
    assert len(staged(folder)) == 1
    assert confirm(call, cell_path, begun).status == 201
    assert staged(folder) == set()


@pytest.mark.law("U3")
def test_the_same_confirm_again_gets_the_same_answer(call, cell_path):
    begun = initiate(call, cell_path)
    put(call, begun)
    first = confirm(call, cell_path, begun, fields={"tags": ["a"], "notes": "x"})
    call("PATCH", path_of(first.body), {"notes": "changed since"})
    again = confirm(call, cell_path, begun, fields={"notes": "x", "tags": ["a"]})
    assert (again.status, again.body) == (201, first.body)


@pytest.mark.law("U3")
def test_another_confirm_meets_the_test_that_is_there(call, cell_path):
    begun = initiate(call, cell_path)
    put(call, begun)
    made = confirm(call, cell_path, begun).body
    answer = confirm(call, cell_path, begun, fields={"notes": "x"})
    assert (answer.status, answer.body["detail"]["existing_id"]) == (409, made["id"])


@pytest.mark.law("U3")
def test_a_put_after_the_confirm_changes_nothing(call, cell_path):
    begun = initiate(call, cell_path)
    put(call, begun)
    made = confirm(call, cell_path, begun).body
    before = read_file(call, f"{path_of(made)}/time_series/download")
    assert put(call, begun, parquet(SERIES.head(3))).status == 409
    assert read_file(call, f"{path_of(made)}/time_series/download") == before


def test_a_deleted_test_is_not_confirmed_again(call, cell_path):
    begun = initiate(call, cell_path)
    put(call, begun)
    made = confirm(call, cell_path, begun).body
    call("DELETE", path_of(made))
    assert confirm(call, cell_path, begun).status == 404


@pytest.mark.parametrize("when", ["initiate", "put", "confirm"])
def test_nothing_goes_to_a_deleted_cell(call, cell_path, when):
    begun = initiate(call, cell_path)
    if when != "put":
        put(call, begun)
    call("DELETE", cell_path)
    if when == "initiate":
        body = {"measurement": {"name": "t"}}
        target = f"{cell_path}/cell_measurements/initiate-upload"
        assert call("POST", target, body).status == 404
    else:
        late = put(call, begun) if when == "put" else confirm(call, cell_path, begun)
        assert late.status == 404


def test_a_confirm_for_another_cell_is_refused(call, cell_path, cells_path):
    other = call.made(cells_path, {"name": "c-2"})
    begun = initiate(call, cell_path)
    put(call, begun)
    answer = confirm(call, f"/cell_instances/{other['id']}", begun)
    assert answer.status == 400
    assert "another cell" in answer.message


def test_an_upload_that_never_was_is_not_found(call, cell_path):
    assert confirm(call, cell_path, {"measurement_id": "none"}).status == 404


def test_a_taken_name_is_refused_before_and_after_the_put(call, cell_path):
    begun = initiate(call, cell_path)
    put(call, begun)
    made = upload(call, cell_path)
    body = {"measurement": {"name": "t"}}
    early = call("POST", f"{cell_path}/cell_measurements/initiate-upload", body)
    late = confirm(call, cell_path, begun)
    for answer in (early, late):
        assert (answer.status, answer.body["detail"]["existing_id"]) == (409, made["id"])
    assert confirm(call, cell_path, begun, "another name").status == 201


def test_a_forgotten_upload_is_not_confirmed(timed, clock):
    call = timed
    spec = call.made("/cell_specifications", {"name": "s"})
    made = call.made(f"/cell_specifications/{spec['id']}/cell_instances", {"name": "c"})
    cell = f"/cell_instances/{made['id']}"
    begun, done = initiate(call, cell), initiate(call, cell, "u")
    put(call, begun)
    put(call, done)
    assert confirm(call, cell, done, "u").status == 201
    clock.now += 24 * 3600 * 1_000_000
    forgotten = confirm(call, cell, begun)
    assert (forgotten.status, "a day has passed" in forgotten.message) == (404, True)
    assert confirm(call, cell, done, "u").status == 409


@pytest.mark.parametrize(
    ("more", "where"),
    [
        ({"measurement_type": "properties"}, "measurement_type"),
        ({"filenames": ["a"]}, "filenames"),
        ({"measurement_type": "file"}, "filenames"),
        ({"measurement_type": "file", "filenames": []}, "filenames"),
        ({"measurement_type": "file", "filenames": ["a", "a"]}, "filenames"),
        ({"measurement_type": "file", "filenames": ["a"] * 101}, "filenames"),
        ({"steps": {}}, "steps"),
        ({"measurement": {"name": ""}}, "measurement.name"),
        ({"measurement": {}}, "measurement.name"),
        ({"measurement": {"name": "t", "x": 1}}, "measurement.x"),
        ({"measurement": {"name": "t", "properties": {}}}, "properties"),
    ],
)
def test_an_initiate_that_does_not_fit_names_the_place(call, cell_path, more, where):
    body = {"measurement": {"name": "t"}, **more}
    answer = call("POST", f"{cell_path}/cell_measurements/initiate-upload", body)
    assert (answer.status, answer.message.startswith(where)) == (422, True), answer.message


@pytest.mark.law("X7")
@pytest.mark.parametrize(
    "name", ["../x", "a/b", "a\\b", ".", "..", "a?b", "a#b", "a\nb", "", "x" * 256]
)
def test_a_file_name_that_could_be_a_path_is_refused(call, cell_path, name):
    body = {"measurement": {"name": "t"}, "measurement_type": "file", "filenames": [name]}
    answer = call("POST", f"{cell_path}/cell_measurements/initiate-upload", body)
    assert answer.status == 422
    assert "filenames.0" in answer.message


def test_what_only_the_sender_s_checks_look_at_is_left_out(call, cell_path):
    assert upload(call, cell_path, data_type="ocp")["measurement_type"] == "time_series"


def test_files_come_back_by_name_in_their_order(call, cell_path):
    sent = {"b.png": b"\x89PNG", "a ü%.csv": b"1,2", "empty": b""}
    path = upload_files(call, cell_path, sent)
    assert call("GET", f"{path}/files").body == {"filenames": list(sent)}
    assert read_file(call, f"{path}/files/b.png") == b"\x89PNG"
    assert read_file(call, f"{path}/files/a%20%C3%BC%25.csv") == b"1,2"
    assert read_file(call, f"{path}/files/empty") == b""
    assert call("GET", f"{path}/files/none").status == 404
    record = call("GET", path).body
    assert [one["filename"] for one in record["file_metadata"]["files"]] == list(sent)


def test_a_confirm_of_other_files_is_refused(call, cell_path):
    kind = {"measurement_type": "file", "filenames": ["a", "b"]}
    begun = initiate(call, cell_path, **kind)
    put(call, begun, b"x")
    early = confirm(call, cell_path, begun, **kind)
    assert early.status == 400
    assert "b" in early.message
    put(call, begun, b"y", slot=1)
    for wrong in ({"filenames": ["b", "a"]}, {"measurement_type": "time_series"}):
        assert confirm(call, cell_path, begun, **{**kind, **wrong}).status in {400, 422}
    assert confirm(call, cell_path, begun, **kind).status == 201


def test_a_file_that_may_move_is_not_copied(call, cell_path, tmp_path):
    begun = initiate(call, cell_path)
    source = tmp_path / "series.parquet"
    source.write_bytes(parquet())
    inode = source.stat().st_ino
    assert put(call, begun, FileBody(source, movable=True)).status == 200
    assert not source.exists()
    made = confirm(call, cell_path, begun).body
    lying = call.service._blobs.path(made["file_metadata"]["sha256"])
    assert (lying.stat().st_ino, lying.stat().st_mode & 0o777) == (inode, 0o600)


def test_a_file_that_may_not_move_stays(call, cell_path, tmp_path):
    begun = initiate(call, cell_path)
    source = tmp_path / "series.parquet"
    source.write_bytes(b"head" + parquet() + b"tail")
    part = FileBody(source, 4, source.stat().st_size - 4)
    assert put(call, begun, part).status == 200
    assert confirm(call, cell_path, begun).status == 201
    assert source.read_bytes().startswith(b"head")


def test_a_link_that_may_move_is_read_and_stays(call, cell_path, tmp_path, folder):
    begun = initiate(call, cell_path)
    source, link = tmp_path / "series.parquet", tmp_path / "link.parquet"
    source.write_bytes(parquet())
    link.symlink_to(source)
    assert put(call, begun, FileBody(link, movable=True)).status == 200
    assert [path.is_symlink() for path in (folder / "staging").iterdir()] == [False]
    assert (link.is_symlink(), source.read_bytes()) == (True, parquet())


def test_a_file_that_changed_on_the_disk_is_refused(call, cell_path, folder):
    begun = initiate(call, cell_path)
    put(call, begun)
    (waiting,) = (folder / "staging").iterdir()
    waiting.write_bytes(parquet(SERIES.head(2)))
    assert confirm(call, cell_path, begun).status == 422
    assert blobs(folder) == set()
