"""Completion: the script for a shell, and the answers to it."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from cellframe.cli.profiles import Profile, config_file, save

SHELLS = ["bash", "zsh", "fish", "powershell"]


@pytest.mark.parametrize("shell", SHELLS)
def test_there_is_a_script_for(call, shell):
    ran = call("completion", shell)
    assert (ran.code, ran.err) == (0, "")
    assert "_CELLFRAME_COMPLETE" in ran.out
    assert f"complete_{shell}" in ran.out


def test_another_shell_is_wrong_usage_and_the_known_ones_are_named(call):
    ran = call("completion", "tcsh")
    assert ran.code == 64
    assert all(shell in ran.err for shell in SHELLS)


@pytest.mark.parametrize(
    ("line", "offered"),
    [
        ("cellframe dem", {"demo"}),
        ("cellframe config re", {"remove"}),
        ("cellframe doctor --pro", {"--profile"}),
        ("cellframe doctor --profile ", {"lab", "lion"}),
        ("cellframe config remove li", {"lion"}),
    ],
)
def test_bash_is_offered(run, line, offered):
    for name in ("lab", "lion"):
        save(config_file(), Profile(name, data="x"), name, None)
    words = line.split(" ")
    asked = {"COMP_WORDS": line, "COMP_CWORD": str(len(words) - 1)}
    ran = run(_CELLFRAME_COMPLETE="complete_bash", **asked)
    assert (ran.code, ran.err) == (0, "")
    assert set(ran.out.split()) == offered


@pytest.mark.skipif(shutil.which("bash") is None, reason="needs bash")
def test_bash_accepts_the_script_and_completes_by_it(call, tmp_path):
    script = tmp_path / "cellframe.sh"
    script.write_text(call("completion", "bash").out, "utf-8")
    program = tmp_path / "cellframe"
    program.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m cellframe "$@"\n', "utf-8")
    program.chmod(0o755)
    ask = f"source {script}; COMP_WORDS=({program} conf); COMP_CWORD=1; _cellframe_completion {program}; echo ${{COMPREPLY[@]}}"
    ran = subprocess.run(["bash", "-c", ask], capture_output=True, text=True, check=True)
    assert ran.stdout.strip() == "config"


def test_no_folder_of_this_machine_is_in_a_script(call):
    assert str(Path.home()) not in call("completion", "zsh").out
