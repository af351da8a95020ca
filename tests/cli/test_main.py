"""The front of the command line: help, version, exit codes."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
import typer

import cellframe
from cellframe.cli.main import app
from cellframe.cli.menu import HEADINGS

ROOT = Path(__file__).parents[2]
TOP = typer.main.get_command(app)
LEAVES = sorted(
    (name, *([leaf] if leaf else []))
    for name, command in TOP.commands.items()
    for leaf in getattr(command, "commands", [""])
)


def test_the_version_is_that_of_the_package(run):
    assert run("--version") == (0, f"cellframe {cellframe.__version__}\n", "")


def test_help_lists_every_command_whole_and_under_its_heading(run):
    code, out, _ = run("--help")
    assert code == 0
    assert "..." not in out.replace("[ARGS]...", "")
    for heading, names in HEADINGS.items():
        (section,) = [part for part in out.split("\n\n") if part.startswith(f"{heading}:")]
        listed = [line.split()[0] for line in section.splitlines()[1:]]
        assert listed == list(names)


def test_every_command_is_under_a_heading():
    named = [name for names in HEADINGS.values() for name in names]
    assert sorted(TOP.commands) == sorted(named)


@pytest.mark.parametrize("leaf", LEAVES, ids=" ".join)
def test_the_help_of_a_command_has_an_example(call, leaf):
    code, out, _ = call(*leaf, "--help")
    assert code == 0
    assert f"  Examples:\n    cellframe {' '.join(leaf)}" in out


@pytest.mark.parametrize(
    ("arguments", "meant"),
    [
        (["dmo"], "'demo'"),
        (["sever"], "'server'"),
        (["config", "ad"], "'add'"),
        (["serve", "--dta", "lab"], "--data"),
        (["doctor", "--profil", "lab"], "--profile"),
    ],
)
def test_a_slip_is_told_what_was_meant(call, arguments, meant):
    code, out, err = call(*arguments)
    assert (code, out) == (64, "")
    assert meant in err


@pytest.mark.parametrize(
    "arguments",
    [[], ["nope"], ["serve"], ["demo", "--wrong"], ["serve", "--data", "lab", "--port", "x"]],
)
def test_wrong_usage_ends_with_64_and_says_what_is_right(run, arguments):
    code, out, err = run(*arguments)
    assert code == 64
    assert "Usage: cellframe" in out + err
    assert "Traceback" not in err


def test_a_fault_of_ours_is_one_sentence_on_stderr_and_1(run, tmp_path):
    (tmp_path / "lab").write_text("a file")
    code, out, err = run("serve", "--data", "lab", "--port", "0")
    assert (code, out) == (1, "")
    assert err.startswith("Error: ")
    assert "Traceback" not in err


def test_a_terminal_that_knows_no_boxes_still_gets_the_demo(run):
    code, out, err = run("demo", PYTHONIOENCODING="ascii")
    assert (code, err) == (0, "")
    assert "5. Apply" in out


def test_a_terminal_has_colour_unless_it_is_unwanted(tmp_path):
    pty = pytest.importorskip("pty")
    show = "from cellframe.cli.out import console; console().print('x', style='bold red')"
    shown = []
    for setting in ({}, {"NO_COLOR": "1"}):
        main, terminal = pty.openpty()
        environment = {"PATH": "", "TERM": "xterm", **setting}
        command = [sys.executable, "-c", show]
        subprocess.run(command, stdout=terminal, env=environment, cwd=ROOT, check=True)
        os.close(terminal)
        shown.append(os.read(main, 100))
        os.close(main)
    assert b"\x1b[1;31m" in shown[0]
    assert b"31m" not in shown[1]


@pytest.mark.parametrize(("columns", "width"), [("60", 60), ("200", 100)])
def test_a_page_is_as_wide_as_the_terminal_up_to_100_columns(columns, width):
    pty = pytest.importorskip("pty")
    main, terminal = pty.openpty()
    show = "from cellframe.cli.out import console; print(console().width)"
    command = [sys.executable, "-c", show]
    environment = {"PATH": "", "TERM": "xterm", "COLUMNS": columns, "LINES": "20"}
    subprocess.run(command, stdout=terminal, env=environment, cwd=ROOT, check=True)
    os.close(terminal)
    assert int(os.read(main, 100)) == width
    os.close(main)
