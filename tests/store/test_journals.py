"""Journals: appended, synced, checked by line, without a credential."""

from __future__ import annotations

import errno
import os
import stat
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cellframe.errors import CorruptStoreError, StoreError
from cellframe.store.journals import Journals, read
from cellframe.store.places import service_folder, state_folder, write_whole

pytestmark = pytest.mark.rule("W41")
OUTCOME = {"type": "outcome", "id": "i1", "outcome": "ok", "after": {"id": "i1", "notes": "x"}}


@pytest.fixture
def journals(tmp_path):
    return Journals(tmp_path / "j")


@pytest.fixture
def path(journals):
    """A journal of a header and three lines."""
    with journals.open_new({"plan": "p"}) as journal:
        journal.append([{"n": 1}, {"n": 2}])
        journal.append([{"n": 3}])
    return journal.path


def numbers(path):
    return [line["n"] for line in read(path) if "n" in line]


def test_lines_come_back_in_order_after_the_header(path):
    header, *lines = read(path)
    assert (header["type"], header["plan"]) == ("plan", "p")
    assert {"at", "user"} <= set(header)
    assert [line["n"] for line in lines] == [1, 2, 3]


@pytest.mark.law("A3")
def test_a_last_line_torn_anywhere_is_left_out(path):
    whole = path.read_bytes()
    last = whole.rstrip(b"\n").rfind(b"\n") + 1
    for length in range(last, len(whole) - 1):
        path.write_bytes(whole[:length])
        assert numbers(path) == [1, 2]
    path.write_bytes(whole[:-1])
    assert numbers(path) == [1, 2, 3]


@pytest.mark.law("A3")
def test_a_damaged_line_before_the_last_is_a_typed_error(path):
    rows = path.read_bytes().split(b"\n")
    path.write_bytes(b"\n".join([rows[0], rows[1].replace(b'"n":1', b'"n":7'), *rows[2:]]))
    with pytest.raises(CorruptStoreError, match=r"Line 2 of .* is damaged"):
        list(read(path))


@pytest.mark.law("A3")
def test_any_flipped_bit_is_found(path):
    whole = path.read_bytes()
    end = whole.find(b"\n", whole.find(b'"n":1'))
    for place in range(whole.find(b'{"crc"', 1), end):
        path.write_bytes(whole[:place] + bytes([whole[place] ^ 2]) + whole[place + 1 :])
        with pytest.raises(CorruptStoreError):
            list(read(path))


@given(st.binary(max_size=80))
def test_garbage_is_a_typed_error_or_nothing(tmp_path, garbage):
    path = tmp_path / "garbage.jsonl"
    path.write_bytes(garbage)
    try:
        assert list(read(path)) == []
    except CorruptStoreError as fault:
        assert "is damaged" in str(fault)  # noqa: PT017


def test_dates_and_odd_texts_are_written(journals):
    line = {"a": date(2026, 1, 5), "b": "x\ny\u2028z\0", "c": [None, 5e-324]}
    with journals.open_new({}) as journal:
        journal.append([line])
    assert list(read(journal.path))[1] == {**line, "a": "2026-01-05"}


@pytest.mark.law("X11")
def test_a_journal_is_for_this_user_alone(tmp_path):
    before = os.umask(0)
    try:
        with Journals(tmp_path / "a" / "j").open_new({}) as journal:
            path = journal.path
    finally:
        os.umask(before)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700


def test_journals_sort_by_time(journals):
    paths = []
    for _ in range(5):
        with journals.open_new({}) as journal:
            paths.append(journal.path)
    assert sorted(paths) == paths
    assert len(set(paths)) == 5


@pytest.mark.parametrize("what", ["write", "fsync"])
def test_a_line_that_cannot_be_written_is_a_store_error(journals, monkeypatch, what):
    with journals.open_new({}) as journal:

        def fails(*_):
            raise OSError(errno.ENOSPC, "No space left on device")

        with monkeypatch.context() as full:
            full.setattr(os, what, fails)
            with pytest.raises(StoreError, match="No space left on device"):
                journal.append([{"n": 1}])


def test_a_short_write_is_finished(journals, monkeypatch):
    write = os.write
    with journals.open_new({}) as journal:
        monkeypatch.setattr(os, "write", lambda handle, text: write(handle, text[:5]))
        journal.append([{"n": 1}])
    assert numbers(journal.path) == [1]


INTENT = {"type": "intent", "id": "i1", "body": {"notes": "x"}, "places": [["notes", []]]}


def test_own_writes_are_newest_first_with_what_was_sent(journals):
    for notes in ("x", "y"):
        with journals.open_new({}) as journal:
            after = {**OUTCOME["after"], "notes": notes}
            journal.append([INTENT, {**OUTCOME, "type": "outcome", "after": after}])
    found = journals.own_writes({"i1"})["i1"]
    assert [written.record["notes"] for written in found] == ["y", "x"]
    assert found[0].places == [("notes", ())]


@pytest.mark.parametrize(
    ("outcome", "known"), [("unknown", True), ("conflict", False), (None, True)]
)
def test_a_write_whose_answer_was_lost_counts_with_what_was_sent(journals, outcome, known):
    told = [{**OUTCOME, "type": "outcome", "outcome": outcome, "after": None}] if outcome else []
    with journals.open_new({}) as journal:
        journal.append([INTENT, *told])
    found = journals.own_writes({"i1"}).get("i1", [])
    assert [written.record for written in found] == ([{"notes": "x"}] if known else [])


def test_what_somebody_else_wrote_from_a_shared_folder_is_not_own(journals):
    with journals.open_new({"user": "somebody else"}) as journal:
        journal.append([INTENT])
    assert journals.own_writes({"i1"}) == {}


def test_no_journal_is_no_write(journals):
    assert journals.own_writes({"i1"}) == {}


def test_a_file_is_written_whole_or_not_at_all(tmp_path, monkeypatch):
    path = tmp_path / "f"
    write_whole(path, b"old")

    def torn(*_):
        raise OSError(errno.EIO, "I/O error")

    monkeypatch.setattr(type(path), "replace", torn)
    with pytest.raises(OSError, match="I/O error"):
        write_whole(path, b"new")
    assert [file.name for file in tmp_path.iterdir() if file.is_file()] == ["f"]
    assert path.read_bytes() == b"old"


def test_state_lies_where_the_user_says(monkeypatch, tmp_path):
    monkeypatch.setenv("CELLFRAME_HOME", str(tmp_path))
    assert state_folder() == tmp_path / "state"


@pytest.mark.law("X7")
@pytest.mark.parametrize("identity", ["../../x", "/etc", "a" * 5000, "C:\\x", ""])
def test_a_service_is_a_folder_whatever_it_calls_itself(tmp_path, identity):
    assert service_folder(tmp_path, identity).parent == tmp_path
