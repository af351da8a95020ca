"""Command lines that are shown: they work when they are pasted."""

from __future__ import annotations

import shlex
from pathlib import Path

from cellframe.cli.following import Here, typed

NOWHERE = Here(None, None)


def test_a_command_names_the_service_as_it_was_named():
    assert NOWHERE.command("plan", "cells.csv") == "cellframe plan cells.csv"
    assert Here("lab", None).command("plan", "c.csv") == "cellframe plan c.csv --profile lab"
    assert Here(None, Path("lab")).command("plan", "c.csv") == "cellframe plan c.csv --data lab"


def test_words_with_blanks_and_quotes_are_one_word_for_the_shell():
    line = Here(None, Path("Ada's lab")).command("plan", Path("my cells.csv"))
    assert shlex.split(line) == ["cellframe", "plan", "my cells.csv", "--data", "Ada's lab"]


def test_names_stand_behind_the_command():
    line = NOWHERE.command("pull", "-o", "c.csv", names=["LFP 18650", "NCM"])
    assert line == "cellframe pull 'LFP 18650' NCM -o c.csv"


def test_a_name_that_begins_like_an_option_is_none():
    line = Here("lab", None).command("pull", "-o", "c.csv", names=["-20 degC"])
    assert line == "cellframe pull -o c.csv --profile lab -- '-20 degC'"


def test_options_that_were_not_given_are_not_repeated():
    options = {"--spec": "LFP 18650", "--map": None, "--max-updates": 0}
    assert typed(options) == ["--spec", "LFP 18650", "--max-updates", "0"]
