"""A folder is copied while it is in use, and brought back (law S11)."""

from __future__ import annotations

import errno
import os
import shutil
import sqlite3
import threading
from contextlib import closing
from pathlib import Path

import pytest

from cellframe.cli import server
from cellframe.cli.codes import ExitCode
from cellframe.errors import StoreError
from cellframe.server.copying.backup import backup, restore
from cellframe.server.verifying.verify import verify
from tests.cli.damaged_lab import DATABASE, Lab
from tests.server.upload_tools import initiate, put, upload

pytestmark = pytest.mark.law("S11")


@pytest.fixture(scope="module")
def template(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("backup") / "lab"
    Lab(folder).fill()
    return folder


@pytest.fixture
def lab(template, tmp_path) -> Lab:
    return Lab(Path(shutil.copytree(template, tmp_path / "lab")))


def dump(folder):
    """Every row but the id of the service, as text."""
    with closing(sqlite3.connect(folder / DATABASE)) as connection:
        return [line for line in connection.iterdump() if "'server_id'" not in line]


def contents(folder):
    return {path.name: path.read_bytes() for path in (folder / "blobs").glob("*/*")}


class Busy(threading.Thread):
    """Somebody who creates cells and uploads series until told to stop."""

    def __init__(self, call) -> None:
        super().__init__()
        self.call, self.made, self.enough = call, [], threading.Event()

    def run(self):
        spec = self.call.made("/cell_specifications", {"name": "busy"})
        cells = f"/cell_specifications/{spec['id']}/cell_instances"
        while not self.enough.is_set():
            cell = self.call.made(cells, {"name": f"b{len(self.made)}"})
            self.made.append(upload(self.call, f"/cell_instances/{cell['id']}")["id"])


@pytest.mark.parametrize("runs", [2, pytest.param(20, marks=pytest.mark.nightly)])
def test_a_backup_during_writes_holds_what_was_acknowledged_before(lab, tmp_path, runs):
    with lab.served() as call:
        busy = Busy(call)
        busy.start()
        for number in range(runs):
            known, before = list(busy.made), verify(lab.folder).tests
            copy = tmp_path / f"copy-{number}"
            assert backup(lab.folder, copy).faults == []
            back = tmp_path / f"back-{number}"
            found = restore(copy, back)
            assert (found.faults, found.notes) == ([], [])
            assert found.tests >= before
            ids = Lab(back).tell("SELECT id FROM cell_measurements")
            assert set(known) <= {record for (record,) in ids}
        busy.enough.set()
        busy.join()
    assert busy.made


def test_what_is_restored_is_what_was_there(lab, tmp_path):
    backup(lab.folder, tmp_path / "copy")
    shutil.rmtree(lab.folder)
    restore(tmp_path / "copy", lab.folder)
    assert dump(lab.folder) == dump(tmp_path / "copy")
    assert contents(lab.folder) == contents(tmp_path / "copy") != {}
    with lab.served() as call:
        assert call("GET", "/cell_measurements").body["total"] == 9


def test_restored_records_are_not_taken_for_those_that_clients_know(lab, tmp_path):
    with lab.served() as call:
        before = call.service.server_id
        backup(lab.folder, tmp_path / "copy")
    restore(tmp_path / "copy", tmp_path / "back")
    with Lab(tmp_path / "copy").served() as copy, Lab(tmp_path / "back").served() as back:
        assert copy.service.server_id == before != back.service.server_id


def test_a_copy_is_its_owners_alone(lab, tmp_path):
    before = os.umask(0)
    try:
        backup(lab.folder, tmp_path / "copy")
    finally:
        os.umask(before)
    for path in [tmp_path / "copy", *tmp_path.joinpath("copy").rglob("*")]:
        assert path.stat().st_mode & 0o777 == (0o700 if path.is_dir() else 0o600), path


@pytest.mark.parametrize("link", [False, True])
def test_files_are_copied_or_linked(lab, tmp_path, link):
    backup(lab.folder, tmp_path / "copy", link=link)
    found = [path for path in (tmp_path / "copy" / "blobs").glob("*/*") if path.is_file()]
    assert {path.stat().st_nlink for path in found} == {2 if link else 1}


def test_where_files_cannot_be_linked_they_are_copied(lab, tmp_path, monkeypatch):
    def refuse(*_):
        raise OSError(errno.EXDEV, os.strerror(errno.EXDEV))

    monkeypatch.setattr(os, "link", refuse)
    assert backup(lab.folder, tmp_path / "copy", link=True).faults == []
    assert contents(tmp_path / "copy") == contents(lab.folder)


def test_an_upload_under_way_is_put_again_after_a_restore(lab, tmp_path):
    with lab.served() as call:
        (cell,) = lab.tell("SELECT id FROM cell_instances LIMIT 1")[0]
        begun = initiate(call, f"/cell_instances/{cell}", "waiting")
        put(call, begun)
        assert backup(lab.folder, tmp_path / "copy").notes == []
    with Lab(tmp_path / "copy").served() as call:
        assert put(call, begun).status == 200


def test_a_damaged_file_is_copied_and_told_of(lab, tmp_path):
    lab.file("steps").unlink()
    lab.file("time_series", "RPT 2").write_bytes(b"x")
    found = backup(lab.folder, tmp_path / "copy")
    assert len(found.faults) == 2
    assert "steps.parquet of test 'RPT 1'" in found.faults[0]
    assert len(contents(tmp_path / "copy")) == len(contents(lab.folder))


REFUSED = {
    "no records": ("elsewhere", "copy", "holds no records: it has no cellframe.sqlite"),
    "records there": ("lab", "lab", "holds records already. Nothing was changed"),
    "something there": ("lab", "something", "There is something at"),
    "within": ("lab", "lab/copy", "lies within"),
}


@pytest.mark.parametrize("case", REFUSED)
@pytest.mark.parametrize("copy", [backup, restore])
def test_a_place_that_is_none_is_refused_and_left(lab, tmp_path, case, copy):
    source, target, said = REFUSED[case]
    (tmp_path / "something").mkdir()
    before = sorted(tmp_path.rglob("*"))
    with pytest.raises(StoreError, match=said):
        copy(tmp_path / source, tmp_path / target)
    assert sorted(tmp_path.rglob("*")) == before


def test_an_older_folder_is_not_copied_half_known(lab, tmp_path):
    lab.tell("UPDATE alembic_version SET version_num = '0001'")
    with pytest.raises(StoreError, match="serve it once with this one"):
        backup(lab.folder, tmp_path / "copy")
    assert not list(tmp_path.glob("copy*"))


def test_a_copy_that_was_cut_off_is_not_taken_for_one(lab, tmp_path):
    (tmp_path / "copy.part").mkdir()
    with pytest.raises(StoreError, match=r"copy\.part is left of a copy"):
        backup(lab.folder, tmp_path / "copy")
    assert (tmp_path / "copy.part").exists()


def test_a_disk_that_fails_leaves_nothing(lab, tmp_path, monkeypatch):
    def fail(*_):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(os, "fsync", fail)
    with pytest.raises(StoreError, match=r"No space left on device\. Nothing was kept"):
        backup(lab.folder, tmp_path / "copy")
    assert not list(tmp_path.glob("copy*"))


@pytest.fixture
def flushed(monkeypatch):
    """Inodes of the files and folders that were flushed."""
    found, real = set(), os.fsync

    def fsync(number):
        found.add(os.fstat(number).st_ino)
        real(number)

    monkeypatch.setattr(os, "fsync", fsync)
    return found


@pytest.mark.parametrize("what", ["copy", "copy/blobs", "copy/cellframe.sqlite", "."])
def test_every_name_of_a_copy_is_flushed(lab, tmp_path, flushed, what):
    backup(lab.folder, tmp_path / "copy")
    assert (tmp_path / what).stat().st_ino in flushed
    assert {path.stat().st_ino for path in (tmp_path / "copy/blobs").rglob("*")} <= flushed


def test_a_copy_without_files_is_flushed_too(tmp_path, flushed):
    with Lab(tmp_path / "new").served():
        backup(tmp_path / "new", tmp_path / "copy")
    assert (tmp_path / "copy").stat().st_ino in flushed


def test_what_is_done_is_said(lab, tmp_path, capsys):
    assert server.backup(lab.folder, tmp_path / "copy") == ExitCode.DONE
    assert server.restore(tmp_path / "copy", tmp_path / "back") == ExitCode.DONE
    first, second = capsys.readouterr().out.splitlines()
    assert first.startswith(f"{tmp_path / 'copy'}: 0 faults, 0 notes; looked at 9 tests and ")
    assert second.startswith(f"{tmp_path / 'back'}: 0 faults")
    lab.file("steps").unlink()
    assert server.backup(lab.folder, tmp_path / "second") == ExitCode.BAD_INPUT
