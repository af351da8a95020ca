"""What was read: kept once, found again, and a damaged file is never taken for a value."""

from __future__ import annotations

import os
import stat
import subprocess
import sys
import time
import warnings
from dataclasses import replace

import orjson
import polars as pl
import pytest

from cellframe.store import versions
from cellframe.store.versions import Pull, Versions

NOW = time.time()
PULL = Pull("cell_instance", "s", True, {}, ("cell",), NOW, "0")


def page(*numbers, version=1):
    return [{"id": f"i{n}", "version": version, "name": f"c{n}"} for n in numbers]


def keep(store, *pages, **more):
    rows = [(r["id"], f"v{r['version']}", n) for n, page in enumerate(pages) for r in page]
    schema = {"id": pl.String, "version": pl.String, "page": pl.Int32}
    index = pl.DataFrame(rows, schema=schema, orient="row")
    return store.keep(replace(PULL, **more), [orjson.dumps(page) for page in pages], index)


@pytest.fixture
def store(tmp_path):
    return Versions(tmp_path / "versions")


def files(store, pattern):
    return sorted(store.folder.rglob(pattern))


@pytest.mark.rule("W1")
def test_a_record_is_found_by_id_and_version(store):
    keep(store, page(1, 2), page(3))
    keep(store, page(1, version=2), fetched_at=NOW + 1)
    found = store.find("cell_instance", ["i1", "i3", "i9"], ["v1", "v1", "v1"])
    assert {id_: read.record["version"] for id_, read in found.items()} == {"i1": 1, "i3": 1}


@pytest.mark.rule("W1")
def test_kinds_are_kept_apart(store):
    keep(store, page(1))
    assert store.find("cell_specification", ["i1"], ["v1"]) == {}


@pytest.mark.rule("W2")
def test_a_record_comes_back_with_every_key_as_it_came(store):
    record = {"id": "i1", "version": 1, "unknown": {"b": [None, 1e-300]}, "a": None}
    keep(store, [record])
    assert store.find("cell_instance", ["i1"], ["v1"])["i1"].record == record


def test_a_page_that_did_not_change_is_kept_once(store):
    keep(store, page(1, 2), page(3))
    keep(store, page(1, 2), page(3, 4), fetched_at=NOW + 1)
    assert len(files(store, "pages/*.json")) == 3
    assert len(store.pulls("cell_instance")) == 2


def test_the_same_pull_twice_is_kept_once(store):
    keep(store, page(1))
    keep(store, page(1), fetched_at=NOW + 1)
    (pull,) = store.pulls("cell_instance")
    assert pull.fetched_at == NOW + 1


def test_the_newest_pull_of_a_version_says_how_it_was_shown(store):
    keep(store, page(1), labels=("cell.mass [g]",))
    keep(store, page(1), labels=("cell.mass [mg]",), fetched_at=NOW + 1)
    read = store.find("cell_instance", ["i1"], ["v1"])["i1"]
    assert list(read.pull.labels) == ["cell.mass [mg]"]


def test_another_process_finds_what_was_read(store):
    keep(store, page(1))
    code = (
        "import sys, pathlib\nfrom cellframe.store.versions import Versions\n"
        "found = Versions(pathlib.Path(sys.argv[1])).find('cell_instance', ['i1'], ['v1'])\n"
        "print(found['i1'].record['name'])"
    )
    command = [sys.executable, "-c", code, str(store.folder)]
    assert subprocess.check_output(command, text=True).strip() == "c1"


DAMAGE = {
    "cut": lambda body: body[:-7],
    "empty": lambda _: b"",
    "flipped": lambda body: bytes([body[0] ^ 1]) + body[1:],
    "other": lambda _: b'[{"id": "i1", "version": 1, "name": "evil"}]',
    "no JSON": lambda _: b"\xff\xfe",
}
# An index is no part of what is compared: it leads to pages, which are checked by their digest.
DAMAGED = [(what, how) for what in ("pages/*.json", "pulls/*.json") for how in DAMAGE]
DAMAGED += [("pulls/*.parquet", how) for how in ("cut", "empty", "no JSON")]


@pytest.mark.law("R6")
@pytest.mark.parametrize(("what", "how"), DAMAGED)
def test_a_damaged_file_is_a_warning_and_no_record(store, how, what):
    keep(store, page(1))
    (path,) = files(store, what)
    path.write_bytes(DAMAGE[how](path.read_bytes()))
    with pytest.warns(UserWarning, match="is damaged"):
        assert store.find("cell_instance", ["i1"], ["v1"]) == {}


@pytest.mark.law("R6")
def test_a_damaged_file_hides_no_other_pull(store):
    keep(store, page(1))
    keep(store, page(1, 2), fetched_at=NOW + 1)
    newest = store.pulls("cell_instance")[0]
    store._page_path(newest.pages[0]).write_bytes(b"")
    with pytest.warns(UserWarning, match="is damaged"):
        assert "i1" in store.find("cell_instance", ["i1"], ["v1"])


@pytest.mark.law("R6")
@pytest.mark.parametrize("what", ["pages/*.json", "pulls/*.parquet"])
def test_what_was_damaged_is_mended_by_reading_again(store, what):
    keep(store, page(1))
    (path,) = files(store, what)
    path.write_bytes(b"")
    keep(store, page(1))
    assert "i1" in store.find("cell_instance", ["i1"], ["v1"])


def test_a_pull_that_another_process_drops_meanwhile_is_passed_over(store):
    keep(store, page(1))
    (index,) = files(store, "pulls/*.parquet")
    index.unlink()
    assert store.find("cell_instance", ["i1"], ["v1"]) == {}
    assert store.covering("cell_instance", ["i1"]) is None


def test_old_pulls_are_dropped_and_never_the_newest_of_a_spec(store):
    old = NOW - versions.MOST_AGE - 60
    keep(store, page(1), fetched_at=old - 1)
    keep(store, page(2), fetched_at=old)
    keep(store, page(3), fetched_at=old, scope="other")
    keep(store, page(4), fetched_at=NOW, scope="third")
    assert {pull.scope for pull in store.pulls("cell_instance")} == {"s", "other", "third"}
    assert store.find("cell_instance", ["i1"], ["v1"]) == {}
    assert "i2" in store.find("cell_instance", ["i2"], ["v1"])


def test_large_pulls_are_dropped_oldest_first(store, monkeypatch):
    monkeypatch.setattr(versions, "MOST_BYTES", 250)
    for number in range(6):
        keep(store, page(number, number + 100), fetched_at=NOW + number)
    kept = {round(pull.fetched_at - NOW) for pull in store.pulls("cell_instance")}
    assert 5 in kept
    assert 0 not in kept


def test_a_page_of_a_dropped_pull_goes_when_it_has_settled(store, monkeypatch):
    keep(store, page(1), page(2), fetched_at=NOW - versions.MOST_AGE - 60)
    monkeypatch.setattr(versions, "_SETTLING", -1.0)
    keep(store, page(1), page(3))
    names = {path.stem for path in files(store, "pages/*.json")}
    assert names == set(store.pulls("cell_instance")[0].pages)


@pytest.mark.law("X11")
@pytest.mark.parametrize("mask", [0o000, 0o022])
def test_files_and_folders_are_for_this_user_alone(tmp_path, mask):
    before = os.umask(mask)
    try:
        store = Versions(tmp_path / "a" / "versions")
        keep(store, page(1))
    finally:
        os.umask(before)
    modes = {path: stat.S_IMODE(path.stat().st_mode) for path in (tmp_path / "a").rglob("*")}
    assert {mode for path, mode in modes.items() if path.is_dir()} == {0o700}
    assert {mode for path, mode in modes.items() if path.is_file()} == {0o600}
    assert stat.S_IMODE((tmp_path / "a").stat().st_mode) == 0o700


def test_two_processes_that_write_at_once_lose_nothing(store):
    code = (
        "import sys, pathlib\nsys.path.insert(0, sys.argv[3])\n"
        "from test_versions import NOW, Versions, keep, page\n"
        "store = Versions(pathlib.Path(sys.argv[1]))\nwho = int(sys.argv[2])\n"
        "for n in range(15):\n"
        "    keep(store, page(0), page(1000 * who + n), fetched_at=NOW + n)\n"
        "    assert store.find('cell_instance', ['i0'], ['v1'])\n"
    )
    here = os.path.dirname(__file__)  # noqa: PTH120
    command = [sys.executable, "-W", "error", "-c", code, str(store.folder)]
    both = [subprocess.Popen([*command, who, here]) for who in ("1", "2")]
    assert [process.wait(40) for process in both] == [0, 0]
    ids = [f"i{1000 * who + n}" for who in (1, 2) for n in range(15)]
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert len(store.find("cell_instance", ids, ["v1"] * 30)) == 30
    assert files(store, ".*") == []
