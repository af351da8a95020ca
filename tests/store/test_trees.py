"""The files of a fleet, laid out so that their paths say whose they are."""

from __future__ import annotations

import os
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from urllib.parse import unquote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cellframe.errors import StoreError
from cellframe.store import trees
from cellframe.store.trees import MOST_AGE, Leaf, grow


def leaf(cell, test, path):
    return Leaf({"instance_id": cell, "measurement_id": test}, path)


@pytest.fixture
def leaves(tmp_path):
    found = []
    for number in range(3):
        path = tmp_path / f"kept-{number}"
        path.write_bytes(b"%d" % number)
        found.append(leaf(f"cell-{2 - number}", f"test-{number}", path))
    return found


@pytest.fixture
def folder(tmp_path):
    return tmp_path / "trees"


def ids(path: Path) -> tuple[str, str]:
    cell, test = path.parts[-3:-1]
    return unquote(cell.removeprefix("instance_id=")), unquote(test.removeprefix("measurement_id="))


def test_a_path_says_whose_the_file_is_in_the_order_given(folder, leaves):
    paths = grow(folder, leaves)
    assert [ids(path) for path in paths] == [tuple(one.said.values()) for one in leaves]
    assert [path.read_bytes() for path in paths] == [b"0", b"1", b"2"]
    assert all(path.samefile(leaf.path) for path, leaf in zip(paths, leaves, strict=True))


def test_the_same_leaves_give_the_same_tree(folder, leaves):
    paths = grow(folder, leaves)
    before = [path.stat().st_ctime_ns for path in paths]
    assert grow(folder, leaves[::-1]) == paths[::-1]
    assert [path.stat().st_ctime_ns for path in paths] == before
    assert len(list(folder.iterdir())) == 1


def test_other_leaves_give_another_tree(folder, leaves):
    grow(folder, leaves)
    grow(folder, leaves[:2])
    assert len(list(folder.iterdir())) == 2


def test_no_leaves_are_no_paths(folder):
    assert grow(folder, []) == []


@pytest.mark.parametrize("damage", [Path.unlink, lambda path: path.write_bytes(b"wrong")])
def test_a_damaged_tree_is_repaired(folder, leaves, damage):
    path = grow(folder, leaves)[1]
    path.unlink()
    path.write_bytes(b"x")
    damage(path)
    assert grow(folder, leaves)[1].read_bytes() == b"1"


def test_a_kept_file_that_was_mended_is_linked_anew(folder, leaves):
    grow(folder, leaves)
    again = leaves[0].path.with_name("again")
    again.write_bytes(b"9")
    again.replace(leaves[0].path)
    assert grow(folder, leaves)[0].read_bytes() == b"9"


def refuse(*_, **__):
    raise OSError(1, "Operation not permitted")


def test_where_hard_links_are_refused_there_are_symlinks(folder, leaves, monkeypatch):
    monkeypatch.setattr(os, "link", refuse)
    paths = grow(folder, leaves)
    assert all(path.is_symlink() for path in paths)
    assert grow(folder, leaves)[2].read_bytes() == b"2"


def test_where_every_link_is_refused_there_are_copies(folder, leaves, monkeypatch):
    monkeypatch.setattr(os, "link", refuse)
    monkeypatch.setattr(Path, "symlink_to", refuse)
    paths = grow(folder, leaves)
    before = [path.stat().st_ino for path in paths]
    assert [path.read_bytes() for path in paths] == [b"0", b"1", b"2"]
    assert [path.stat().st_ino for path in grow(folder, leaves)] == before


def test_a_tree_that_nobody_asks_for_goes_and_the_kept_files_stay(folder, leaves):
    old, new = grow(folder, leaves[:1])[0], grow(folder, leaves[1:2])[0]
    past = time.time() - MOST_AGE - 60
    os.utime(old.parents[2], (past, past))
    grow(folder, leaves)
    assert (old.exists(), new.exists(), leaves[0].path.exists()) == (False, True, True)
    assert len(list(folder.iterdir())) == 2


def test_asking_for_an_old_tree_keeps_it(folder, leaves):
    (path,) = grow(folder, leaves[:1])
    past = time.time() - MOST_AGE - 60
    os.utime(path.parents[2], (past, past))
    assert grow(folder, leaves[:1])[0].exists()


@pytest.mark.law("X7")
@given(id_=st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=20))
def test_any_id_is_one_folder_and_can_be_read_back(id_):
    name = trees._encoded(id_)
    assert unquote(name) == id_
    assert set(name) <= set("abcdefghijklmnopqrstuvwxyz0123456789-_%ABCDEF")
    assert name == name.lower() or "%" in name


def test_ids_that_differ_in_case_alone_are_two_folders_on_any_disk(folder, leaves):
    path = leaves[0].path
    paths = grow(folder, [leaf("a", "x", path), leaf("A", "x", path)])
    assert len({str(one).lower() for one in paths}) == 2


@pytest.mark.parametrize("id_", ["", "__HIVE_DEFAULT_PARTITION__", "a" * 300, "\u00e9" * 90])
def test_an_id_that_no_folder_can_be_named_by_is_refused(folder, leaves, id_):
    with pytest.raises(StoreError, match="cannot name a folder"):
        grow(folder, [leaf("cell", id_, leaves[0].path)])


def test_a_pair_of_ids_is_there_once(folder, leaves):
    with pytest.raises(StoreError, match="there twice"):
        grow(folder, [leaves[0], leaves[0]])


def test_a_file_that_is_gone_is_named(folder, leaves):
    leaves[1].path.unlink()
    with pytest.raises(StoreError, match=f"No such file or directory: {leaves[1].path}"):
        grow(folder, leaves)


def test_the_same_tree_may_grow_many_times_at_once(folder, leaves):
    at_once = threading.Barrier(8)

    def one(_):
        at_once.wait()
        return [path.read_bytes() for path in grow(folder, leaves)]

    with ThreadPoolExecutor(8) as pool:
        assert list(pool.map(one, range(8))) == [[b"0", b"1", b"2"]] * 8
    assert len([path for path in folder.rglob("*") if path.is_file()]) == 3
