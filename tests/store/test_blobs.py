"""Downloads are kept by what they hold, whole or not at all."""

from __future__ import annotations

import hashlib
import multiprocessing
import os
import threading
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cellframe.contract.wire import FileBody
from cellframe.errors import CorruptStoreError, StoreError
from cellframe.store.blobs import Blobs
from cellframe.store.places import cache_folder

CONTENT = b"PAR1" + bytes(range(256)) * 10
DIGEST = hashlib.sha256(CONTENT).hexdigest()


@pytest.fixture
def blobs(tmp_path):
    return Blobs(tmp_path / "cache" / "downloads")


@pytest.fixture
def download(tmp_path):
    path = tmp_path / "download"
    path.write_bytes(CONTENT)
    path.chmod(0o644)
    return FileBody(path, movable=True)


def files(blobs) -> list[str]:
    return sorted(path.name for path in blobs.folder.rglob("*") if path.is_file())


def test_a_download_is_moved_in_and_found_by_its_digest(blobs, download):
    assert blobs.path(DIGEST) is None
    assert blobs.take(download, DIGEST) == (DIGEST, blobs.path(DIGEST))
    assert blobs.path(DIGEST).read_bytes() == CONTENT
    assert not download.path.exists()
    assert files(blobs) == [f"{DIGEST}.parquet"]


def test_what_a_killed_process_left_goes_with_the_next_download(blobs, download):
    left, young, kept = (blobs.folder / name for name in (".0f", ".1f", "ab/kept.parquet"))
    for path in (left, young, kept):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"part")
    for path in (left, kept):
        os.utime(path, (0, 0))
    blobs.take(download)
    assert files(blobs) == sorted([young.name, kept.name, f"{DIGEST}.parquet"])


def test_a_file_of_somebody_else_is_copied(blobs, download):
    digest, path = blobs.take(FileBody(download.path))
    assert digest == DIGEST
    assert not path.samefile(download.path)
    assert download.path.exists()


def test_a_part_of_a_file_is_kept_alone(blobs, download):
    _, path = blobs.take(FileBody(download.path, 4, 100, movable=True))
    assert path.read_bytes() == CONTENT[4:100]
    assert not download.path.exists()


def test_it_is_moved_over_a_border_of_file_systems(blobs, download, monkeypatch):
    from pathlib import Path

    whole = Path.replace

    def refuse(path, target):
        if path == download.path:
            raise OSError(18, "Invalid cross-device link")
        return whole(path, target)

    monkeypatch.setattr(Path, "replace", refuse)
    assert blobs.take(download, DIGEST)[1].read_bytes() == CONTENT
    assert not download.path.exists()


@pytest.mark.law("X11")
def test_files_and_folders_are_the_users_alone(blobs, download):
    before = os.umask(0)
    try:
        blobs.take(download)
    finally:
        os.umask(before)
    for path in blobs.folder.parent.rglob("*"):
        assert path.stat().st_mode & 0o777 == (0o700 if path.is_dir() else 0o600)


def test_what_is_not_what_it_should_be_is_not_kept(blobs, download):
    with pytest.raises(CorruptStoreError, match=f"holds {DIGEST}, not {'0' * 64}"):
        blobs.take(download, "0" * 64)
    assert files(blobs) == []


def test_the_same_again_changes_nothing_and_mends_damage(blobs, download, tmp_path):
    _, path = blobs.take(download)
    path.write_bytes(CONTENT[::-1])
    assert blobs.sound(DIGEST) is None
    (tmp_path / "again").write_bytes(CONTENT)
    assert blobs.take(FileBody(tmp_path / "again", movable=True)) == (DIGEST, path)
    assert blobs.sound(DIGEST) == path
    assert len(files(blobs)) == 1


@pytest.mark.parametrize("damage", [CONTENT[:-1], b"", CONTENT + b"x"])
def test_a_file_of_another_length_is_not_sound(blobs, download, damage):
    _, path = blobs.take(download)
    assert blobs.sound(DIGEST) == path
    path.write_bytes(damage)
    assert blobs.sound(DIGEST) is None


def test_a_file_is_read_once_while_it_stays_as_it_is(blobs, download, monkeypatch):
    read = []
    monkeypatch.setattr("cellframe.store.blobs.digest_of", lambda path: read.append(path) or DIGEST)
    _, path = blobs.take(download)
    assert blobs.sound(DIGEST) == blobs.sound(DIGEST) == path
    assert len(read) == 1
    path.touch()
    assert blobs.sound(DIGEST) == Blobs(blobs.folder).sound(DIGEST) == path
    assert len(read) == 3


@pytest.mark.parametrize("movable", [True, False])
def test_a_digest_reckoned_on_the_way_holds_for_a_file_that_is_moved(
    blobs, download, monkeypatch, movable
):
    read = []
    monkeypatch.setattr("cellframe.store.blobs.digest_of", lambda path: read.append(path) or DIGEST)
    blobs.take(replace(download, movable=movable, digest=DIGEST))
    assert len(read) == (0 if movable else 1)


def test_a_file_that_another_process_removes_is_not_there(blobs, download, monkeypatch):
    _, path = blobs.take(download)
    monkeypatch.setattr(Blobs, "path", lambda *_: path)
    path.unlink()
    assert blobs.sound(DIGEST) is None


@pytest.mark.law("X7")
@given(name=st.text(max_size=80) | st.sampled_from(["../" * 30, "/etc/passwd", DIGEST.upper()]))
def test_what_is_no_digest_is_no_name(tmp_path_factory, name):
    blobs = Blobs(tmp_path_factory.getbasetemp())
    assert blobs.path(name) is None
    assert blobs.sound(name) is None


def test_a_folder_that_cannot_be_made_is_a_plain_error(tmp_path, download):
    (tmp_path / "file").touch()
    with pytest.raises(StoreError, match="cannot take a file in"):
        Blobs(tmp_path / "file" / "downloads").take(download)


def test_threads_may_take_the_same_file_at_once(blobs, tmp_path):
    at_once = threading.Barrier(8)

    def take(number):
        path = tmp_path / str(number)
        path.write_bytes(CONTENT)
        at_once.wait()
        return blobs.take(FileBody(path, movable=True), DIGEST)[1].read_bytes()

    with ThreadPoolExecutor(8) as pool:
        assert set(pool.map(take, range(8))) == {CONTENT}
    assert len(files(blobs)) == 1


def _take_in_process(folder, source):
    for _ in range(20):
        Blobs(folder).take(FileBody(source), DIGEST)
    return Blobs(folder).sound(DIGEST) is not None


@pytest.mark.nightly
def test_two_processes_may_take_the_same_file_at_once(blobs, download):
    fresh = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(2, mp_context=fresh) as pool:
        ends = [pool.submit(_take_in_process, blobs.folder, download.path) for _ in range(2)]
        assert all(end.result() for end in ends)
    assert len(files(blobs)) == 2


def test_the_place_of_what_can_be_read_again(monkeypatch, tmp_path):
    monkeypatch.setenv("CELLFRAME_HOME", str(tmp_path))
    assert cache_folder() == tmp_path / "cache"
    monkeypatch.delenv("CELLFRAME_HOME")
    assert cache_folder().name == "cellframe"
