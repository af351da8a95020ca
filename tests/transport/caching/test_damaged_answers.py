"""Laws R6 and X4: a broken cache is never worse than none, and nothing in it is run."""

from __future__ import annotations

import random
import shutil
import signal
import sqlite3
import subprocess
import sys
import time
import warnings

import pytest

from cellframe.store import damaged
from cellframe.store.changes import Changes
from cellframe.transport.caching import tables
from cellframe.transport.caching.answers import FILE, Answers
from cellframe.transport.caching.tables import UNWRITTEN, Kept
from tests.transport.shelf import Shelf, get, opened, write

NAMES = [f"/cell_instances/{number}" for number in range(5)]
BUSY = 0.05


@pytest.fixture(autouse=True)
def _untold(monkeypatch):
    """As in a process that was told nothing yet, and with little patience."""
    damaged._told.clear()
    monkeypatch.setattr(tables, "_BUSY", BUSY)
    monkeypatch.setattr(Changes, "seen", unchanged)


def unchanged(_):
    """A copied folder has another file of changes; here it is taken for the same."""
    return "unchanged"


def true(name):
    return "true " * 60 + name


@pytest.fixture(scope="module")
def filled(tmp_path_factory):
    """A folder of answers, whose service has moved on since but for its tags."""
    folder, shelf = tmp_path_factory.mktemp("filled"), Shelf()
    for name in NAMES:
        write(shelf, name, notes=true(name))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Changes, "seen", unchanged)
        wire = opened(shelf, folder)
        for name in NAMES:
            get(wire, name)
        wire.close()
    return folder, shelf


def overwritten(path, chance):
    with path.open("r+b") as file:
        file.seek(chance.randrange(path.stat().st_size))
        file.write(chance.randbytes(4096))


def cut(path, chance):
    content = path.read_bytes()
    path.write_bytes(content[: 512 * chance.randrange(len(content) // 512)])


def flipped(path, chance):
    content = bytearray(path.read_bytes())
    content[chance.randrange(len(content))] ^= 1 << chance.randrange(8)
    path.write_bytes(content)


def emptied(path, _):
    path.write_bytes(b"")


def folder_instead(path, _):
    path.unlink()
    (path / "x").mkdir(parents=True)


def bad_rows(path, chance):
    with sqlite3.connect(path) as line:
        rows = [b"{", b"", "text", 7, None, b"\x80\x04]q\x00." * 9, chance.randbytes(200)]
        for table in ("heads", "bodies"):
            line.execute(f"UPDATE {table} SET value = ?", (chance.choice(rows),))
    line.close()


def swapped(path, _):
    """Rows that are whole, each under another's name."""
    with sqlite3.connect(path) as line:
        (one, first), (two, second) = line.execute(
            "SELECT key, value FROM heads LIMIT 2"
        ).fetchall()
        line.executemany("UPDATE heads SET value = ? WHERE key = ?", [(second, one), (first, two)])
    line.close()


def other_format(path, _):
    with sqlite3.connect(path) as line:
        line.execute("DROP TABLE heads")
        line.execute("CREATE TABLE heads (id INTEGER, note TEXT)")
    line.close()


def garbled_schema(path, _):
    with sqlite3.connect(path) as line:
        line.execute("PRAGMA writable_schema=ON")
        line.execute(
            "UPDATE sqlite_master SET sql = CAST(X'43524541F8F8' AS TEXT), name = CAST(X'F8' AS TEXT)"
        )
    line.close()


def read_only(path, _):
    path.chmod(0o400)
    path.parent.chmod(0o500)


FAULTS = [
    overwritten, cut, flipped, emptied, folder_instead, bad_rows, swapped, other_format, garbled_schema, read_only,
]  # fmt: skip
RARE = (swapped, emptied, folder_instead, other_format, garbled_schema, read_only)


def survived(filled, folder, fault, seed):
    """Damage a copy, and read all of it, by its tags and from memory; every answer is true."""
    source, shelf = filled
    shutil.copytree(source, folder)
    fault(folder / "answers" / "me" / FILE, random.Random(seed))
    try:
        for age in (1e9, 0.0):
            wire = opened(shelf, folder, max_age=age)
            for name in NAMES:
                began = time.monotonic()
                assert get(wire, name)["notes"] == true(name)
                assert time.monotonic() - began < 2
            wire.close()
    finally:
        (folder / "answers" / "me").chmod(0o700)


def damage(filled, tmp_path, fault, count):
    with warnings.catch_warnings(record=True) as told:
        warnings.simplefilter("always")
        for seed in range(count):
            survived(filled, tmp_path / str(seed), fault, seed)
            shutil.rmtree(tmp_path / str(seed))
    assert len([one for one in told if "asked instead" in str(one.message)]) <= 1


@pytest.mark.law("R6")
@pytest.mark.parametrize("fault", FAULTS)
def test_damage_of_every_kind_gives_the_services_answer(filled, tmp_path, fault):
    damage(filled, tmp_path, fault, 4 if fault in RARE else 44)


@pytest.mark.law("R6")
@pytest.mark.nightly
@pytest.mark.parametrize("fault", FAULTS)
def test_much_damage_of_every_kind_gives_the_services_answer(filled, tmp_path, fault):
    damage(filled, tmp_path, fault, 20 if fault in RARE else 400)


@pytest.mark.law("R6")
def test_a_damaged_file_is_kept_aside_and_told_of(filled, tmp_path):
    source, shelf = filled
    folder = tmp_path / "copy"
    shutil.copytree(source, folder)
    path = folder / "answers" / "me" / FILE
    path.write_bytes(b"no database" * 1000)
    wire = opened(shelf, folder, max_age=1e9)
    with pytest.warns(UserWarning, match="was damaged, and is put aside as"):
        assert get(wire, NAMES[0])["notes"].startswith("true")
    wire.close()
    (aside,) = (path.parent / "damaged").iterdir()
    assert aside.read_bytes() == b"no database" * 1000
    assert sqlite3.connect(path).execute("SELECT count(*) FROM heads").fetchone() == (1,)


@pytest.mark.law("R6")
def test_a_tampered_body_is_not_given(filled, tmp_path):
    """A row that says something else, and nothing is wrong with it as a row."""
    source, shelf = filled
    folder = tmp_path / "copy"
    shutil.copytree(source, folder)
    with sqlite3.connect(folder / "answers" / "me" / FILE) as line:
        line.execute("UPDATE bodies SET value = replace(value, 'true', 'fake')")
    line.close()
    wire = opened(shelf, folder, max_age=1e9)
    assert all(get(wire, name)["notes"].startswith("true") for name in NAMES)
    wire.close()


@pytest.mark.law("R6")
def test_an_answer_that_points_at_anothers_body_is_not_given(filled, tmp_path):
    source, shelf = filled
    folder = tmp_path / "copy"
    shutil.copytree(source, folder)
    wire = opened(shelf, folder, max_age=1e9)
    one, other = (wire._answers.find(name).digest for name in NAMES[:2])
    with sqlite3.connect(folder / "answers" / "me" / FILE) as line:
        line.execute("UPDATE heads SET value = CAST(replace(value, ?, ?) AS BLOB)", (one, other))
    line.close()
    assert [get(wire, name)["notes"] for name in NAMES] == [true(name) for name in NAMES]
    wire.close()


_HOLDS = """
import sqlite3, sys, time
line = sqlite3.connect(sys.argv[1], isolation_level=None)
line.execute("PRAGMA locking_mode=EXCLUSIVE")
line.execute("BEGIN EXCLUSIVE")
line.execute("UPDATE heads SET expires = 0")
print("held", flush=True)
time.sleep(60)
"""


@pytest.mark.law("R6")
@pytest.mark.filterwarnings("ignore:.*cannot be used")
def test_a_lock_of_a_process_that_was_stopped_is_waited_for_so_long(filled, tmp_path):
    source, shelf = filled
    folder = tmp_path / "copy"
    shutil.copytree(source, folder)
    path = folder / "answers" / "me" / FILE
    with subprocess.Popen([sys.executable, "-c", _HOLDS, path], stdout=subprocess.PIPE) as holder:
        try:
            assert holder.stdout.readline() == b"held\n"
            holder.send_signal(signal.SIGSTOP)
            wire = opened(shelf, folder, max_age=1e9)
            began = time.monotonic()
            assert all(get(wire, name)["notes"].startswith("true") for name in NAMES)
            wire.close()
            assert time.monotonic() - began < 2
        finally:
            holder.kill()


@pytest.mark.law("R6")
@pytest.mark.filterwarnings("ignore:.*cannot be used")
@pytest.mark.parametrize("pragma", ["max_page_count=6", "query_only=1"])
def test_a_disk_that_is_full_or_takes_nothing_harms_nothing(tmp_path, monkeypatch, pragma):
    shelf = Shelf()
    write(shelf, notes="true")
    execute = tables._Connection.execute

    def small(line, sql, *given):
        found = execute(line, sql, *given)
        if sql.startswith("PRAGMA busy"):
            execute(line, f"PRAGMA {pragma}")
        return found

    monkeypatch.setattr(tables._Connection, "execute", small)
    wire = opened(shelf, tmp_path, max_age=1e9)
    for number in range(40):
        write(shelf, f"/x/{number}", notes="long " * 2000)
        assert get(wire, f"/x/{number}")["notes"] == "long " * 2000
    wire.close()


_pickles: list[str] = []


def _audit(event: str, _: object) -> None:
    if event in ("pickle.find_class", "exec", "subprocess.Popen"):
        _pickles.append(event)


@pytest.mark.law("X4")
def test_reading_what_is_kept_runs_nothing(filled, tmp_path):
    source, shelf = filled
    folder = tmp_path / "copy"
    shutil.copytree(source, folder)
    hostile = b"cos\nsystem\n(S'touch ran'\ntR."
    with sqlite3.connect(folder / "answers" / "me" / FILE) as line:
        line.execute("UPDATE heads SET value = ? WHERE rowid < 3", (hostile,))
        line.execute("UPDATE bodies SET value = ? WHERE rowid > 2", (hostile,))
    line.close()
    wire = opened(shelf, folder, max_age=1e9)
    get(wire, NAMES[0])
    sys.addaudithook(_audit)
    _pickles.clear()
    assert all(get(wire, name)["notes"].startswith("true") for name in NAMES)
    wire.close()
    assert _pickles == []


TAKES_THE_FILE = """
import fcntl, sys
with open(sys.argv[1], "r+b") as file:
    fcntl.lockf(file, fcntl.LOCK_EX | fcntl.LOCK_NB, 510, 0x40000002)  # What SQLite shares.
"""


@pytest.mark.law("R6")
def test_a_second_client_of_a_process_leaves_the_first_ones_lock_alone(tmp_path):
    pytest.importorskip("fcntl")
    both = Answers(tmp_path, most=10**6), Answers(tmp_path, most=10**6)
    for answers in both:
        answers.keep(Kept("/a", UNWRITTEN, None, 0.0, 0.0, "", "", 200, {}), b"a")
        answers.settle()
    taken = [sys.executable, "-c", TAKES_THE_FILE, both[0].path]
    said = subprocess.run(taken, check=False, capture_output=True, text=True).stderr
    assert "BlockingIOError" in said
    for answers in both:
        answers.close()
