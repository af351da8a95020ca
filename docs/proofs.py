"""Which test proves which rule: read from the markers of the tests, when the docs are built."""

from __future__ import annotations

import ast
import re
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path


class Proof(NamedTuple):
    """One test and the number that it is marked with."""

    number: str
    test: str
    file: str


def table(tests: Path, marker: str) -> str:
    """Write the tests with one marker as a Markdown table, by number.

    Parameters
    ----------
    tests : Path
        Folder of the tests.
    marker : str
        ``rule`` or ``law``.
    """
    found = sorted(set(collect(tests, marker)), key=lambda proof: (_order(proof.number), proof))
    if not found:
        return f"*No test is marked with a {marker} yet.*"
    lines = [f"| {proof.number} | {_words(proof.test)} | `{proof.file}` |" for proof in found]
    return "\n".join(
        [f"| {marker.title()} | What the test says | Where |", "|---|---|---|", *lines]
    )


def collect(tests: Path, marker: str) -> Iterator[Proof]:
    """Find the tests with one marker; a test with two numbers is two proofs."""
    for path in sorted(tests.rglob("test_*.py")):
        tree = ast.parse(path.read_text("utf-8"))
        where = path.relative_to(tests.parent).as_posix()
        everywhere = _numbers(_module_marks(tree), marker)
        for node in ast.walk(tree):
            if isinstance(node, ast.FunctionDef) and node.name.startswith("test_"):
                for number in [*everywhere, *_numbers(node.decorator_list, marker)]:
                    yield Proof(number, node.name, where)


def _module_marks(tree: ast.Module) -> list[ast.expr]:
    """Return what `pytestmark` is set to."""
    return [
        mark
        for node in tree.body
        if isinstance(node, ast.Assign)
        and any(isinstance(t, ast.Name) and t.id == "pytestmark" for t in node.targets)
        for mark in (node.value.elts if isinstance(node.value, ast.List) else [node.value])
    ]


def _numbers(marks: Sequence[ast.expr], marker: str) -> list[str]:
    return [
        str(argument.value)
        for mark in marks
        if isinstance(mark, ast.Call) and ast.unparse(mark.func) == f"pytest.mark.{marker}"
        for argument in mark.args
        if isinstance(argument, ast.Constant)
    ]


def _order(number: str) -> tuple[str, int]:
    letters, digits = re.match(r"(\D*)(\d*)", number).groups()
    return letters, int(digits or 0)


def _words(test: str) -> str:
    return test.removeprefix("test_").replace("_", " ").strip()
