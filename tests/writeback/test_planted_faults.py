"""The tests of write-back can fail: each planted fault turns one of them red."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.faults.planted import PLANTS

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "durability.md").read_text("utf-8")
BY_NAME = pytest.mark.parametrize("plant", PLANTS, ids=[plant.what for plant in PLANTS])


def named(plant):
    """The file and the name of a plant's test; of all tests of the file the name is empty."""
    file, _, name = plant.test.partition("::")
    return ROOT / "tests" / file, name


@BY_NAME
def test_a_line_that_keeps_edits_safe_is_there_once_and_told_of(plant):
    source = (ROOT / "cellframe" / plant.file).read_text("utf-8")
    file, name = named(plant)
    assert source.count(plant.line) == 1
    assert f"def {name}" in file.read_text("utf-8")
    assert f"| {plant.what} |" in PAGE


@pytest.fixture
def copied(tmp_path_factory):
    """A copy of the source and its tests, which name the secrets that no test leaves behind."""
    copy = tmp_path_factory.mktemp("copy")
    for folder in ("cellframe", "tests"):
        ignored = shutil.ignore_patterns("__pycache__")
        shutil.copytree(ROOT / folder, copy / folder, ignore=ignored)
    shutil.copy(ROOT / "pyproject.toml", copy)
    return copy


@pytest.mark.nightly
@pytest.mark.timeout(300)
@BY_NAME
def test_a_planted_fault_turns_its_test_red(plant, copied):
    file, name = named(plant)
    test = copied / file.relative_to(ROOT)
    assert ran(copied, test, name) == pytest.ExitCode.OK
    planted = copied / "cellframe" / plant.file
    source = planted.read_text("utf-8")
    planted.write_text(source.replace(plant.line, plant.instead), "utf-8")
    assert ran(copied, test, name) == pytest.ExitCode.TESTS_FAILED


def ran(folder, test, name):
    """Run the tests of one name in a copy of the project; return how they ended."""
    command = [sys.executable, "-m", "pytest", str(test), "-k", name, "-n", "0", "-x", "-q"]
    path = {**os.environ, "PYTHONPATH": str(folder)}
    return subprocess.run(
        command, cwd=folder, env=path, capture_output=True, check=False
    ).returncode
