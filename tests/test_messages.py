"""The list of messages in the documentation, against what is raised."""

from __future__ import annotations

import ast
import re
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
OTHERS = ("demo", "serve")
"""Commands that have pages of their own."""
VARIES = "…"
WORDS = 4
"""What has fewer cannot be found again."""
CAUGHT = ("ValueError", "TypeError", "MarkupError", "CellsError")
"""Raised from one place of a file to another."""
JOURNEYS = [
    *(path for path in (ROOT / "cellframe" / "cli").glob("*.py") if path.stem not in OTHERS),
    *(ROOT / "cellframe" / "sheets").rglob("*.py"),
    *(ROOT / "cellframe" / "intake").glob("*.py"),
    *(ROOT / "cellframe" / "reports").glob("[a-z]*.py"),
    *(
        ROOT / "cellframe" / "resources" / f"{name}.py"
        for name in ("sheets", "returned", "building")
    ),
    *(ROOT / "cellframe" / "writeback" / f"{name}.py" for name in ("saved", "choices")),
]
"""Where the messages of people's files are raised."""


def quoted() -> list[str]:
    """The messages that the page quotes: with an explanation, or in a list."""
    page = (ROOT / "docs" / "messages.md").read_text("utf-8")
    return re.findall(r"^(?:- )?`(.+)`$", page, re.MULTILINE)


def words_in(text: str) -> int:
    return len(re.findall(r"\w+", text))


def text_of(node: ast.AST) -> str:
    """A text of the source, with … for what is filled in; nothing where it is none."""
    if isinstance(node, ast.JoinedStr):
        return "".join(map(text_of, node.values))
    if isinstance(node, ast.FormattedValue):
        return VARIES
    is_text = isinstance(node, ast.Constant) and isinstance(node.value, str)
    return node.value if is_text else ""


def texts(path: Path) -> list[str]:
    """Every text in a file of the source but docstrings."""
    nodes = list(ast.walk(ast.parse(path.read_text("utf-8"))))
    docstrings = {node.value for node in nodes if isinstance(node, ast.Expr)}
    return [text_of(node) for node in nodes if node not in docstrings and text_of(node)]


def raised(path: Path) -> list[str]:
    """Every text that a file of the source raises."""
    given: list[ast.AST] = []
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Raise) and isinstance(node.exc, ast.Call):
            given += [] if ast.unparse(node.exc.func) in CAUGHT else node.exc.args
        is_message = isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "message"
        given += [node.value] if is_message else []
    return [text for text in map(text_of, given) if words_in(text) >= WORDS]


@cache
def source() -> list[str]:
    return [text for path in sorted((ROOT / "cellframe").rglob("*.py")) for text in texts(path)]


def is_said(message: str, text: str) -> bool:
    """Whether the fixed words of a message stand in a text, in their order."""
    place = 0
    for words in message.split(VARIES):
        place = text.find(words.strip(), place)
        if place < 0:
            return False
    return True


@pytest.mark.parametrize("message", quoted())
def test_what_the_page_quotes_is_said(message):
    assert words_in(message) >= WORDS - 1
    assert any(is_said(message, text) for text in source())


def test_no_message_is_listed_twice():
    assert len(quoted()) == len(set(quoted())) > 50


@pytest.mark.parametrize(
    "path", sorted(JOURNEYS), ids=lambda path: f"{path.parent.name}-{path.stem}"
)
def test_what_is_raised_is_on_the_page(path):
    page = quoted()
    assert [text for text in raised(path) if not any(is_said(one, text) for one in page)] == []
