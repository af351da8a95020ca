"""What the README and the documentation print as Python runs, and prints what they say."""

from __future__ import annotations

import contextlib
import doctest
import importlib
import io
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text("utf-8")
PAGES = ["tutorial", "editing", "measurements"]
WITH_EXAMPLES = [
    ".".join(path.relative_to(ROOT).with_suffix("").parts)
    for path in sorted((ROOT / "cellframe").rglob("*.py"))
    if ">>> " in path.read_text("utf-8") and path.parent.name != "cli"
]


def blocks(text: str, language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```$", text, re.DOTALL | re.MULTILINE)


def test_the_eight_lines_are_eight_and_run_twice_in_an_empty_folder(tmp_path):
    lines = blocks(README, "python")[0]
    assert len(lines.splitlines()) == 8
    for _ in range(2):
        ran = subprocess.run(
            [sys.executable, "-W", "error", "-c", lines],
            cwd=tmp_path,
            capture_output=True,
            text=True,
            check=False,
        )
        assert ran.returncode == 0, ran.stderr
        assert "~ c-1  batch: (empty) -> 2026-W05" in ran.stdout
        assert ran.stdout.endswith("Nothing sent yet. To send: client.apply(plan)\n")


def test_both_set_up_commands_are_one_line_each():
    commands = blocks(README, "sh")
    assert [len(command.splitlines()) for command in commands] == [1, 1]
    assert commands[0].endswith("cellframe demo\n")
    assert commands[1].endswith("pytest\n")


def test_every_file_that_the_readme_names_is_there():
    links = re.findall(r"\]\(((?!http)[^)#]+)\)|(?:src|srcset)=\"([^\"]+)\"", README)
    assert links
    assert all((ROOT / (link or source)).is_file() for link, source in links)


@pytest.mark.parametrize("page", PAGES)
def test_a_page_runs_and_prints_what_it_says(tmp_path, monkeypatch, page):
    monkeypatch.chdir(tmp_path)
    text = (ROOT / "docs" / f"{page}.md").read_text("utf-8")
    names: dict[str, object] = {}
    printed = ""
    for language, block in re.findall(
        r"^```(python|text)\n(.*?)^```$", text, re.MULTILINE | re.DOTALL
    ):
        if language == "text":
            assert block.strip() in printed
            continue
        with contextlib.redirect_stdout(io.StringIO()) as out:
            exec(block, names)
        printed = out.getvalue()
    for name in {"client", "colleague"} & set(names):
        names[name].close()


@pytest.mark.parametrize("module", WITH_EXAMPLES)
def test_the_examples_of_a_docstring_are_right(module):
    outcome = doctest.testmod(importlib.import_module(module))
    assert outcome.failed == 0
    assert outcome.attempted
