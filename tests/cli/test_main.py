"""The front of the command line: help, version, exit codes."""

from __future__ import annotations

import pytest

import cellframe
from cellframe.cli.main import app

NAMES = sorted(command.callback.__name__ for command in app.registered_commands)


def test_the_version_is_that_of_the_package(run):
    assert run("--version") == (0, f"cellframe {cellframe.__version__}\n", "")


def test_help_lists_every_command_whole(run):
    code, out, _ = run("--help")
    assert code == 0
    assert all(f"\n  {name} " in out for name in NAMES)
    assert "..." not in out.replace("[ARGS]...", "")


@pytest.mark.parametrize("name", NAMES)
def test_the_help_of_a_command_has_an_example(run, name):
    code, out, _ = run(name, "--help")
    assert code == 0
    assert f"  Examples:\n    cellframe {name}" in out


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
    assert "No changes: the frame is as the service has it." in out
