"""``cellframe cache``: the four things in plain words."""

from __future__ import annotations

import json
import os
from pathlib import Path

from cellframe.store.places import write_whole


def test_info_tells_what_is_kept_and_where(call):
    ran = call("cache", "info")
    assert ran.code == 0
    assert [line.split()[2] for line in ran.out.splitlines()[::2]] == [
        "answers", "downloads", "read", "history",
    ]  # fmt: skip
    assert str(Path(os.environ["CELLFRAME_HOME"], "cache", "answers")) in ran.out


def test_clear_says_what_it_freed_and_what_it_left(call):
    home = Path(os.environ["CELLFRAME_HOME"])
    write_whole(home / "cache" / "downloads" / "ab" / f"{'ab' * 32}.parquet", b"x" * 2000)
    write_whole(home / "state" / "s" / "versions" / "page.json", b"y" * 3000)
    ran = call("cache", "clear")
    assert "Freed 2 kB." in ran.out
    assert "Left as it was: what you have read, which edits are compared with (3 kB)." in ran.out
    assert (home / "state" / "s" / "versions" / "page.json").exists()


def test_verify_ends_with_one_where_something_was_damaged(call):
    assert call("cache", "verify").code == 0
    home = Path(os.environ["CELLFRAME_HOME"])
    write_whole(home / "cache" / "downloads" / "ab" / f"{'ab' * 32}.parquet", b"x" * 2000)
    ran = call("cache", "verify", "--json")
    assert ran.code == 1
    assert "damaged" in json.loads(ran.out)["downloads"][0]


def test_offline_is_said_before_the_command(call, monkeypatch):
    monkeypatch.setenv("CELLFRAME_OFFLINE", "")
    monkeypatch.setenv("CELLFRAME_API_URL", "https://nowhere.example.org")
    monkeypatch.setenv("CELLFRAME_API_KEY", "k")
    ran = call("--offline", "pull", "LFP 18650", "-o", "cells.csv")
    assert ran.code == 1
    assert "Offline: the answer of https://nowhere.example.org to GET /" in ran.err
