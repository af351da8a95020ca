"""What one caller does while another's file is written or looked at."""

from __future__ import annotations

import os
import sqlite3
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing

import polars as pl
import pytest
from faulty_disks import CountingDisk
from upload_tools import (
    MORE,
    SERIES,
    confirm,
    initiate,
    parquet,
    path_of,
    put,
    read_frame,
    staged,
    upload,
)

from cellframe.contract.wire import Request


@pytest.fixture
def meanwhile(opened):
    """Open the folder on a disk that does something else first, at its n-th such operation."""

    def open_(word, act, at=0):
        left = iter(range(at, -1, -1))

        def strike(found):
            if found == word and next(left, None) == 0:
                act()

        return opened(file_system=CountingDisk(strike))

    return open_


@pytest.mark.parametrize(("flush", "status"), [(0, 422), (1, 409), (2, 409)])
def test_a_put_in_the_middle_of_a_confirm_is_not_mixed_in(
    call, meanwhile, cell_path, flush, status
):
    begun = initiate(call, cell_path)
    put(call, begun)
    slow = meanwhile("fsync", lambda: put(call, begun, parquet(SERIES.head(4))), flush)
    assert confirm(slow, cell_path, begun).status == status
    made = confirm(call, cell_path, begun).body
    assert read_frame(call, f"{path_of(made)}/time_series/download").height == 4


def test_a_refused_confirm_takes_no_file_away_that_still_counts(call, meanwhile, cell_path):
    own = parquet(pl.DataFrame({"Step count": [0, 1]}))
    begun = initiate(call, cell_path)
    put(call, begun)
    put(call, begun, own, slot=1)
    slow = meanwhile("fsync", lambda: put(call, begun, own, slot=1))
    assert confirm(slow, cell_path, begun).status == 422
    assert confirm(call, cell_path, begun).status == 201


@pytest.mark.law("U3")
def test_a_confirm_in_the_middle_of_a_put_is_final(call, meanwhile, cell_path, folder):
    begun = initiate(call, cell_path)
    put(call, begun)
    slow = meanwhile("write", lambda: confirm(call, cell_path, begun))
    assert put(slow, begun, parquet(SERIES.head(4))).status == 409
    assert staged(folder) == set()
    made = confirm(call, cell_path, begun).body
    assert read_frame(call, f"{path_of(made)}/time_series/download").equals(SERIES)


def test_an_upload_that_is_gone_in_the_middle_of_a_put_takes_nothing(
    call, meanwhile, cell_path, folder
):
    begun = initiate(call, cell_path)
    slow = meanwhile("write", lambda: call("DELETE", cell_path))
    assert put(slow, begun).status == 404
    assert staged(folder) == set()


def test_an_end_in_the_middle_of_an_extension_is_seen(call, meanwhile, cell_path):
    made = upload(call, cell_path)
    path = path_of(made)
    put(call, call("POST", f"{path}/initiate-extend", {}).body, parquet(MORE))
    ended = {"end_time": "2026-01-01T00:00:00Z"}
    slow = meanwhile("fsync", lambda: call("PATCH", path, ended))
    assert slow("POST", f"{path}/confirm-extend", {}).status == 409
    assert read_frame(call, f"{path}/time_series/download").equals(SERIES)


@pytest.fixture
def extending(call, cell_path):
    """A test with an extension that can be confirmed."""
    made = upload(call, cell_path)
    put(call, call("POST", f"{path_of(made)}/initiate-extend", {}).body, parquet(MORE))
    return made


READS = {
    "time_series": [("GET", "time_series/download"), ("GET", None), ("POST", "confirm-extend")],
    "cycles": [("GET", "cycles"), ("GET", "steps_and_cycles")],
}


@pytest.fixture(params=[(part, *read) for part in READS for read in READS[part]])
def reading(request, call, extending):
    """A request that reads a file whole, which is a pipe until it is fed; and that pipe."""
    part, method, below = request.param
    sent = call("GET", f"{path_of(extending)}/{part}/download").headers
    path = call.service._blobs.path(sent["etag"].strip('"'))
    path.unlink()
    os.mkfifo(path, 0o600)
    target = f"{path_of(extending)}/{below}" if below else sent["location"]
    headers = {"x-api-key": "k", "content-type": "application/json"}
    asked = Request(method, target, (), headers, b"{}" if method == "POST" else None)
    with ThreadPoolExecutor(1) as pool:
        yield pool.submit(call.service.answer, asked), path


needs_pipes = pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="a slow file is a pipe")


@needs_pipes
@pytest.mark.law("U7")
def test_a_file_that_is_read_holds_the_database_s_log_in_no_place(call, folder, reading):
    answer, pipe = reading
    with pipe.open("wb") as feed, closing(sqlite3.connect(folder / "cellframe.sqlite")) as other:
        call.made("/cell_specifications", {"name": "written meanwhile"})
        (busy, *_) = other.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
        feed.write(b"damaged")
    assert busy == 0
    assert answer.result().status == 500


@needs_pipes
def test_a_file_whose_test_goes_while_it_is_read_is_not_found(call, extending, reading):
    answer, pipe = reading
    with pipe.open("wb") as feed:
        assert call("DELETE", path_of(extending)).status == 204
        feed.write(b"damaged")
    assert answer.result().status == 404
