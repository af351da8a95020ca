"""Law S10: a folder of every earlier version is brought here, whole or not at all."""

from __future__ import annotations

import random
import sqlite3
from contextlib import closing

import pytest
from alembic.config import Config
from alembic.script import ScriptDirectory

from cellframe.errors import StoreError
from cellframe.server import clock, schema
from cellframe.server.answer import Service
from cellframe.server.database import Database
from tests.faults.cuts import cuts
from tests.faults.older import EXPECTED, FILL, make, upto
from tests.faults.powered import Recorder

pytestmark = pytest.mark.law("S10")

EARLIER = sorted(set(FILL) - {schema.HEAD})


def tables(path):
    """Version and logical content of a sound database."""
    with closing(sqlite3.connect(path)) as connection:
        assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        (version,) = connection.execute("SELECT version_num FROM alembic_version").fetchone()
        return version, set(connection.iterdump())


def test_every_version_has_its_records_here():
    config = Config()
    config.set_main_option("script_location", schema._SCRIPTS)
    known = {script.revision for script in ScriptDirectory.from_config(config).walk_revisions()}
    assert known == set(FILL) == set(EXPECTED)


@pytest.mark.parametrize("revision", EARLIER)
def test_an_earlier_version_is_brought_here_with_its_records(opened, folder, revision):
    make(folder, revision)
    call = opened()
    for expected in upto(revision, EXPECTED):
        for path, fields in expected.items():
            body = call("GET", path).body
            assert {name: body[name] for name in fields} == fields
    call.made("/cell_specifications/s/cell_instances", {"name": "c-2", "batch": "L1"})
    assert call("PATCH", "/cell_instances/c", {"notes": None}, if_match='"5"').status == 200


@pytest.mark.parametrize("revision", [one for one in EARLIER if one >= "0002"])
def test_an_upload_under_way_outlives_an_upgrade(opened, folder, clock, revision):
    path = make(folder, revision)
    opened(clock=clock)  # on the day when it was begun
    with closing(sqlite3.connect(path)) as connection:
        found = connection.execute(
            "SELECT uploads.id, cell_instance_id, filename FROM uploads "
            "JOIN upload_files ON upload_id = uploads.id WHERE uploads.id = 'w'"
        )
        assert found.fetchall() == [("w", "c", "b.txt")]


@pytest.fixture
def recorded(tmp_path, monkeypatch):
    """Bring a folder of an earlier version here, and return what was asked of the disk."""

    def upgrade(revision):
        path = make(tmp_path / "lab", revision)
        recorder = Recorder(f"upgrade-{revision}-{id(tmp_path)}")
        recorder.found(path)
        before = tables(path)
        monkeypatch.setattr(sqlite3, "connect", recorder.connect)
        monkeypatch.setattr(sqlite3.dbapi2, "connect", recorder.connect)
        Database(path.parent, clock.now).close()
        monkeypatch.undo()
        recorder.close()
        return recorder.log, before, tables(path)

    return upgrade


class Kept(random.Random):
    """Dice of a process that is killed: the power stays on, and all that was written lasts."""

    def random(self):
        return 0.0

    def randrange(self, *limits):
        return limits[-1] - 1


@pytest.mark.parametrize("dice", [random.Random(1), Kept()], ids=["power cut", "kill"])
@pytest.mark.parametrize("revision", EARLIER)
def test_an_upgrade_that_is_cut_off_is_done_or_not_begun(recorded, tmp_path, revision, dice):
    log, old, new = recorded(revision)
    moments = [2 + (len(log) - 2) * number // 50 for number in range(51)]
    found = [check(remains, tmp_path, old, new) for remains in cuts(log, moments, dice)]
    assert len(found) == 51
    assert set(found) == {old[0], new[0]}


def check(remains, tmp_path, old, new):
    """Open what was left, and say which of the two it is."""
    folder = tmp_path / "left"
    for side in ("", "-wal", "-journal", "-shm"):
        (folder / f"{schema.FILE_NAME}{side}").unlink(missing_ok=True)
    folder.mkdir(exist_ok=True)
    for path, content in remains.files.items():
        (folder / path.rpartition("/")[2]).write_bytes(content)
    version, content = tables(folder / schema.FILE_NAME)
    known = {old[0]: old[1], new[0]: new[1]}
    assert content == known[version]
    return version


def test_a_newer_version_is_refused_in_one_sentence(folder):
    path = make(folder, EARLIER[-1])
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute("UPDATE alembic_version SET version_num = '9999'")
    before = tables(path)
    with pytest.raises(StoreError, match="written by a newer cellframe") as refusal:
        Service(folder)
    assert str(refusal.value).count(". ") == 0
    assert tables(path) == before
