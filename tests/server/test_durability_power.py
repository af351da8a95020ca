"""Law S2: what was acknowledged is there after the power was cut, at any moment.

The service itself is driven: its requests, its SQLAlchemy, its pragmas, on a VFS that remembers
what SQLite wrote and flushed. What a cut leaves is opened by the stock SQLite.
"""

from __future__ import annotations

import os
import random
import sqlite3
from contextlib import closing
from hashlib import sha256
from itertools import count

import pytest
from upload_tools import MORE, parquet, path_of, upload, upload_raw

from cellframe.server import database
from cellframe.server.answer import Service
from cellframe.server.files.blobs import BLOBS
from cellframe.server.schema import FILE_NAME
from tests.faults.cuts import cuts
from tests.faults.powered import Recorder
from tests.server.conftest import Caller

pytestmark = pytest.mark.law("S2")

CUTS = [
    pytest.param(300),
    pytest.param(3000, marks=[pytest.mark.nightly, pytest.mark.timeout(600)]),
]
FULL = database._PRAGMAS
NAMES = count()
GONE, UNSURE = None, 0
REFERRED = "SELECT digest FROM files UNION SELECT digest FROM raw_data"
SIDES = ("", "-wal", "-journal", "-shm")
TABLES = {
    "spec": "cell_specifications",
    "cell": "cell_instances",
    "test": "cell_measurements",
    "raw": "raw_data",
}


@pytest.fixture
def recorded(tmp_path, monkeypatch):
    """Run the requests of a busy hour, and return what was asked of the disk; `how` replaces FULL."""

    def run(how="FULL"):
        recorder = Recorder(f"power-{next(NAMES)}")
        monkeypatch.setattr(sqlite3, "connect", recorder.connect)
        monkeypatch.setattr(sqlite3.dbapi2, "connect", recorder.connect)
        pragmas = tuple(pragma.replace("FULL", how) for pragma in FULL)
        # Checkpoints come ten times as often as by themselves: more moments to meet one.
        pragmas += ("PRAGMA wal_autocheckpoint=100",)
        monkeypatch.setattr(database, "_PRAGMAS", pragmas)
        service = Service(tmp_path / "lab", open_door=True, file_system=recorder.files())
        busy_hour(Caller(service), recorder)
        service.close()
        monkeypatch.undo()
        recorder.close()
        return recorder.log

    return run


def busy_hour(call, recorder):
    """Create, change, delete and upload."""

    def told(kind, answer):
        assert answer.status < 300, answer.content
        recorder.answered((kind, answer.body["id"], answer.body["version"]))
        return answer.body

    dice = random.Random(2)
    for number in range(10):
        spec = told("spec", call("POST", "/cell_specifications", {"name": f"s{number}"}))
        cells = f"/cell_specifications/{spec['id']}/cell_instances"
        for name in "abc":
            notes = {"notes": "x" * dice.randrange(9_000)}
            cell = told("cell", call("POST", cells, {"name": name, "batch": "L", **notes}))
            path = f"/cell_instances/{cell['id']}"
            told("cell", call("PATCH", path, {"notes": "y" * dice.randrange(9_000)}))
        made = upload(call, path, "t", parquet(MORE.with_columns(own=number)))
        told("test", call("GET", path_of(made)))
        made = upload_raw(call, b"Time;Voltage;%d" % number)
        told("raw", call("GET", f"/raw_data/{made['id']}"))
        gone = {"name": "gone"}
        cell = told("cell", call("POST", cells, gone))
        recorder.answered(("cell", cell["id"], UNSURE))
        assert call("DELETE", f"/cell_instances/{cell['id']}").status == 204
        recorder.answered(("cell", cell["id"], GONE))


def lost(connection, answers):
    """Answers that are not true any more."""
    known = {}
    for kind, table in TABLES.items():
        rows = connection.execute(f"SELECT id, version FROM {table}")
        known.update({(kind, record): version for record, version in rows})
    last = {(kind, record): version for kind, record, version in answers}
    for key, version in last.items():
        if key in known if version is GONE else known.get(key, 0) < version:
            yield key


def check(remains, lab, place):
    """Open what a cut left; return how many answers were lost, and whether anything is broken."""
    for side in SIDES:
        place.with_name(FILE_NAME + side).unlink(missing_ok=True)
        if content := remains.files.get(f"{lab / FILE_NAME}{side}"):
            place.with_name(FILE_NAME + side).write_bytes(content)
    whole = {sha256(content).hexdigest() for content in remains.below(lab / BLOBS)}
    with closing(sqlite3.connect(place.with_name(FILE_NAME))) as connection:
        try:
            connection.execute("PRAGMA synchronous=OFF")  # nobody cuts the power from this one
            if connection.execute("PRAGMA integrity_check").fetchall() != [("ok",)]:
                return len(remains.answers), True
            gone = len(list(lost(connection, remains.answers))) if remains.answers else 0
            digests = connection.execute(REFERRED) if remains.answers else ()
            return gone, any(digest not in whole for (digest,) in digests)
        except sqlite3.OperationalError:  # not even the tables are there
            return len(remains.answers), False
        except sqlite3.DatabaseError:
            return len(remains.answers), True


def after_cuts(log, number, tmp_path):
    """Cut the power as often, at random moments; a third of them while pages are moved."""
    dice = random.Random(number)
    moved = [n for n, asked in enumerate(log) if asked.path.endswith(FILE_NAME)]
    moments = [dice.randrange(len(log)) for _ in range(number - number // 3)]
    moments += [dice.choice(moved) for _ in range(number // 3)]
    for remains in cuts(log, moments, dice):
        yield check(remains, tmp_path / "lab", tmp_path / FILE_NAME)


@pytest.mark.parametrize("number", CUTS)
def test_no_power_cut_loses_what_was_acknowledged(recorded, tmp_path, number):
    found = list(after_cuts(recorded(), number, tmp_path))
    assert len(found) == number
    assert [one for one in found if one != (0, False)] == []


@pytest.mark.parametrize("how", ["NORMAL", "OFF"])
def test_with_fewer_flushes_the_law_would_be_broken(recorded, tmp_path, how):
    found = list(after_cuts(recorded(how), 60, tmp_path))
    assert any(gone for gone, _ in found)
    assert any(broken for _, broken in found) is (how == "OFF")


def test_a_new_folder_outlasts_the_power_cut_too(tmp_path, monkeypatch):
    flushed, real = set(), os.fsync

    def fsync(number):
        flushed.add(os.fstat(number).st_ino)
        real(number)

    monkeypatch.setattr(os, "fsync", fsync)
    Service(tmp_path / "new" / "lab").close()
    assert {path.stat().st_ino for path in (tmp_path, tmp_path / "new")} <= flushed
