"""The conventions of the house."""

from __future__ import annotations

import ast
import importlib.util
import json
import keyword
import re
import shlex
import subprocess
import sys
import tomllib
from importlib.metadata import packages_distributions, requires
from pathlib import Path

import pytest
import typer

import cellframe
from cellframe.cli.main import app
from cellframe.cli.menu import HEADINGS
from cellframe.contract.records import CELL_INSTANCE, CELL_MEASUREMENT, CELL_SPEC, Shown
from cellframe.frames.columns import plain_columns

ROOT = Path(__file__).parents[1]
HEAVY = {"polars", "pandas", "pandera", "requests", "cellframe.server", "sqlalchemy"}
NAMES = sorted(name for names in HEADINGS.values() for name in names)
FOLDERS = "work|farm|root|home|tmp|opt|Users"
FORBIDDEN = {
    "a folder of one machine": rf"(?<![\w.~}}])/(?:{FOLDERS})/[\w.]",
    "a package registry's host": r"https?://[^ )\"']*(?:pypi|npmjs|debian)",
}
PROVED = {
    "rule": [f"W{number}" for number in range(1, 50)],
    "law": [
        *(f"D{number}" for number in range(1, 15)),
        *(f"A{number}" for number in range(1, 13)),
        *(f"R{number}" for number in range(1, 11)),
        *(f"X{number}" for number in (1, 2, 3, 4, 5, 6, 8, 12)),
    ],
}
"""Rules of writing back, and laws of reading, comparing, applying, and of what is hostile."""


def files_of_the_project() -> list[Path]:
    """Every file that is, or would be, part of the project."""
    listed = subprocess.run(
        ["git", "-c", f"safe.directory={ROOT}", "ls-files", "-co", "--exclude-standard", "-z"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    return [ROOT / name for name in listed.stdout.split("\0") if name and (ROOT / name).is_file()]


def loaded_after(code: str) -> set[str]:
    """Modules that are loaded after some code, in a fresh process."""
    report = "; import json, sys; print(json.dumps(sorted(sys.modules)))"
    ran = subprocess.run(
        [sys.executable, "-c", code + report], capture_output=True, text=True, check=True
    )
    return set(json.loads(ran.stdout))


def names_of(requirements) -> set[str]:
    return {re.split(r"[^\w.-]", one)[0].lower().replace("_", "-") for one in requirements}


def imported() -> set[str]:
    """First names of everything that our files import from elsewhere."""
    found: set[str] = set()
    for path in (ROOT / "cellframe").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.Import):
                found.update(alias.name for alias in node.names)
            elif isinstance(node, ast.ImportFrom):
                found.add(node.module or "cellframe")
    ours_or_pythons = {"cellframe", "_typeshed", *sys.stdlib_module_names}
    return {name.partition(".")[0] for name in found} - ours_or_pythons


def test_what_is_imported_is_installed_with_us():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    needed = names_of(project["dependencies"])
    theirs = [one for name in needed for one in requires(name) or () if "extra ==" not in one]
    installed = needed | names_of(theirs)
    packages = packages_distributions()
    assert [name for name in imported() if not names_of(packages[name]) & installed] == []


def test_the_front_door_has_ten_names_at_most_and_all_are_there():
    assert len(cellframe.__all__) <= 10
    assert all(getattr(cellframe, name) is not None for name in cellframe.__all__)
    assert set(cellframe.__all__) <= set(dir(cellframe))


def test_a_name_that_is_not_there_is_an_attribute_error():
    with pytest.raises(AttributeError, match="no attribute 'Clint'"):
        _ = cellframe.Clint


def test_importing_cellframe_loads_nothing_heavy_and_nothing_else_of_ours():
    loaded = loaded_after("import cellframe")
    assert not loaded & HEAVY
    ours = {name for name in loaded if name.startswith("cellframe")}
    assert ours <= {"cellframe", "cellframe.version"}


def test_asking_for_help_loads_no_frames_and_no_service():
    assert not loaded_after("import cellframe.cli.main") & HEAVY


def test_a_client_loads_no_service():
    loaded = loaded_after("from cellframe import Client")
    assert not [name for name in loaded if name.startswith("cellframe.server")]


def test_a_first_frame_loads_neither_pandas_nor_pandera(tmp_path):
    code = f"import cellframe as cf; lab = cf.open_local({str(tmp_path)!r}); "
    code += "spec = lab.cell_spec.create({'name': 's'}); lab.cell_instance.create(spec, {'name': 'c'}); "
    code += "assert lab.cell_instance.to_frame(spec).height == 1"
    assert not loaded_after(code) & {"pandas", "pandera", "requests_cache", "altair"}


@pytest.mark.parametrize("name", [name for name in cellframe.__all__ if name[0] != "_"])
def test_every_public_name_is_in_the_reference(name):
    reference = (ROOT / "docs" / "reference.md").read_text("utf-8")
    assert re.search(rf"\bcellframe\.(\w+:: )?{name}\b|`cf\.{name}`", reference)


@pytest.mark.parametrize("name", NAMES)
def test_every_command_is_in_the_reference_with_a_file_of_its_own(name):
    reference = (ROOT / "docs" / "reference.md").read_text("utf-8")
    assert f"\n`cellframe {name} " in reference
    file = f"{name}_.py" if keyword.iskeyword(name) else f"{name}.py"
    assert (ROOT / "cellframe" / "cli" / file).is_file()


def command_lines() -> list[tuple[str, str]]:
    """Every command of ours that a page tells people to type, with the page."""
    pages = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
    return [
        (page.name, line.strip().removeprefix("if ").removeprefix("$ ").split(" #")[0])
        for page in pages
        for block in re.findall(r"```sh\n(.*?)```", page.read_text("utf-8"), re.DOTALL)
        for line in block.replace("\\\n", " ").splitlines()
        if re.match(r"\s*(if |\$ )?cellframe ", line)
    ]


@pytest.mark.parametrize(("page", "line"), command_lines())
def test_every_command_that_a_page_shows_can_be_typed(page, line):
    command = typer.main.get_command(app)
    words = [word for word in shlex.split(line)[1:] if word != "--offline"]
    while words and words[0] in getattr(command, "commands", {}):
        command = command.commands[words.pop(0)]
    assert not hasattr(command, "commands") or words in (["--help"], ["--version"])
    # What follows is the shell's.
    words = words[
        : next((at for at, word in enumerate(words) if word in {">", "||", "|", "<"}), None)
    ]
    known = {option for parameter in command.params for option in parameter.opts} | {"--help", "-h"}
    assert {word for word in words if word.startswith("-")} <= known


@pytest.mark.parametrize(
    ("kind", "page"),
    [(CELL_SPEC, "columns"), (CELL_INSTANCE, "columns"), (CELL_MEASUREMENT, "measurements")],
    ids=["specs", "cells", "tests"],
)
def test_the_documented_columns_are_those_of_a_frame(kind, page):
    page = (ROOT / "docs" / f"{page}.md").read_text("utf-8")
    nested = {"ratings", "properties"}
    labels = [column.label for column in plain_columns(kind, everything=False)]
    assert [label for label in labels if label not in nested and f"`{label}`" not in page] == []


@pytest.mark.parametrize("kind", [CELL_SPEC, CELL_INSTANCE], ids=["specs", "cells"])
def test_what_is_editable_is_shown_and_accepted_by_the_service(kind):
    for field in kind.fields:
        if field.editable:
            assert field.shown is not Shown.NEVER
            assert field.patchable or field.sent_as


@pytest.mark.parametrize("what", FORBIDDEN)
def test_no_file_names(what):
    named = []
    for path in files_of_the_project():
        try:
            text = path.read_text("utf-8")
        except UnicodeDecodeError:
            continue
        named += [
            f"{path.relative_to(ROOT)}: {hit[0]}" for hit in re.finditer(FORBIDDEN[what], text)
        ]
    assert named == []


def test_every_room_says_which_question_it_answers():
    rooms = [path for path in (ROOT / "cellframe").iterdir() if (path / "__init__.py").is_file()]
    for room in rooms:
        prose = (room / "__init__.py").read_text("utf-8").strip()
        assert prose.startswith('"""'), room.name
        assert prose.splitlines()[0].endswith("?"), room.name


def test_every_room_is_in_the_page_on_the_house():
    page = (ROOT / "docs" / "house.md").read_text("utf-8")
    rooms = [
        path.name for path in (ROOT / "cellframe").iterdir() if (path / "__init__.py").is_file()
    ]
    assert [room for room in rooms if f"| `{room}/` |" not in page] == []


def test_every_file_that_the_page_on_the_house_names_is_there():
    page = (ROOT / "docs" / "house.md").read_text("utf-8")
    named = set(re.findall(r"`([\w/]+\.py)`", page))
    there = [f"/{path.relative_to(ROOT)}" for path in (ROOT / "cellframe").rglob("*.py")]
    assert [name for name in named if not any(path.endswith(f"/{name}") for path in there)] == []


@pytest.mark.parametrize("marker", PROVED)
def test_every_rule_and_law_has_its_test(marker):
    spec = importlib.util.spec_from_file_location("proofs", ROOT / "docs" / "proofs.py")
    proofs = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(proofs)
    proved = {proof.number for proof in proofs.collect(ROOT / "tests", marker)}
    assert [number for number in PROVED[marker] if number not in proved] == []
