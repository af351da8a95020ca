"""Law U4: whenever the power is cut, what the database refers to is whole on the disk."""

from __future__ import annotations

import errno

import pytest
from faulty_disks import RecordingDisk, crash_states, failing_at
from upload_tools import (
    SERIES,
    blobs,
    confirm,
    initiate,
    parquet,
    path_of,
    put,
    read_frame,
    staged,
    upload,
    upload_files,
)

DAY = 24 * 3600 * 1_000_000


@pytest.fixture
def recorded(opened, clock, spec, cell_path):
    """What is asked of the disk by uploads, deletions and the collector."""
    disk = RecordingDisk()
    call = opened(file_system=disk, clock=clock)
    disk.watch(call.service)
    first = upload(call, cell_path, "a")
    upload(call, cell_path, "b")
    files = {f"f{number}": b"%d" % number for number in range(6)}
    gone = upload_files(call, cell_path, files)
    call("DELETE", path_of(first))
    call("DELETE", gone)
    for _ in range(2):
        call.service._collector.run()
        clock.now += DAY
    upload_files(call, cell_path, files, "again")
    return disk.steps


@pytest.mark.law("U4")
def test_no_power_cut_leaves_a_reference_to_nothing(recorded):
    sound = [referenced <= whole for referenced, whole in crash_states(recorded)]
    assert len(sound) > 2000
    assert all(sound)


@pytest.mark.law("U4")
@pytest.mark.parametrize("left_out", ["fsync", "fsync_dir"])
def test_without_a_flush_the_law_would_be_broken(recorded, left_out):
    steps = [step for step in recorded if step.word != left_out]
    assert not all(referenced <= whole for referenced, whole in crash_states(steps))


@pytest.mark.law("U4")
def test_a_content_that_was_brought_back_is_flushed_before_it_counts(opened, cell_path):
    disk = RecordingDisk()
    call = opened(file_system=disk)
    made = upload(call, cell_path, "a")
    lying = call.service._blobs.path(made["file_metadata"]["sha256"])
    lying.write_bytes(parquet())
    disk.steps.clear()
    upload(call, cell_path, "b")
    assert ("fsync", lying) in [(step.word, step.path) for step in disk.steps]


@pytest.mark.law("U4")
@pytest.mark.parametrize("word", ["fsync", "fsync_dir"])
def test_a_failed_flush_is_final(opened, cell_path, folder, word):
    call = opened(file_system=failing_at(0, errno.EIO, word))
    kept = upload_or_refused(call, cell_path)
    assert kept == 503
    assert call("GET", "/cell_measurements").body["total"] == 0
    refused = call("POST", f"{cell_path}/cell_measurements/initiate-upload", NAMED)
    assert refused.status == 503
    assert "started again" in refused.message
    assert call("GET", cell_path).status == 200
    assert upload(opened(), cell_path)["processing_status"] == "ready"


NAMED = {"measurement": {"name": "t"}}


def upload_or_refused(call, cell_path):
    """Upload, and return the status of the first refusal, or of the confirm."""
    begun = initiate(call, cell_path)
    answer = put(call, begun)
    return confirm(call, cell_path, begun).status if answer.status == 200 else answer.status


WRITING = ("make_dir", "write", "write, half", "fsync", "rename", "fsync_dir", "commit")


@pytest.mark.law("S5")
@pytest.mark.parametrize("number", range(16))
def test_a_full_disk_keeps_nothing_half(opened, cell_path, folder, number):
    opened()
    disk = failing_at(number, errno.ENOSPC, *WRITING)
    call = opened(file_system=disk)
    status = upload_or_refused(call, cell_path)
    assert status in {201, 507}, status
    total = call("GET", "/cell_measurements").body["total"]
    assert total == (status == 201)
    again = opened()
    if not total:
        assert upload(again, cell_path)["processing_status"] == "ready"
    (test,) = again("GET", "/cell_measurements").body["items"]
    assert read_frame(again, f"{path_of(test)}/time_series/download").equals(SERIES)


@pytest.mark.law("U6")
def test_equal_contents_lie_once(call, cell_path, folder):
    first, second = upload(call, cell_path, "a"), upload(call, cell_path, "b")
    assert len(blobs(folder)) == 3
    call("DELETE", path_of(first))
    call.service._collector.run()
    assert read_frame(call, f"{path_of(second)}/time_series/download").equals(SERIES)


@pytest.mark.law("U6")
def test_a_damaged_content_is_healed_by_the_same_upload(call, cell_path):
    made = upload(call, cell_path, "a")
    lying = call.service._blobs.path(made["file_metadata"]["sha256"])
    lying.write_bytes(parquet()[:-1])
    upload(call, cell_path, "b")
    assert read_frame(call, f"{path_of(made)}/time_series/download").equals(SERIES)


@pytest.mark.law("X11")
def test_stored_files_are_their_owners_alone(call, cell_path, folder):
    upload(call, cell_path)
    put(call, initiate(call, cell_path, "u"))
    for path in folder.rglob("*"):
        assert path.stat().st_mode & 0o777 == (0o700 if path.is_dir() else 0o600), path
    assert len(staged(folder)) == 1
