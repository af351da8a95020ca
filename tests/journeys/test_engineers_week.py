"""An engineer's week with workbooks and the shell: cells are built, weighed, sorted into lots, and agreed upon.

What the engineer does in the spreadsheet is a function each, of a program and a workbook. LibreOffice
is one of the programs, driven as by a person.
"""

from __future__ import annotations

import sys
from datetime import date
from typing import TYPE_CHECKING, Any

import openpyxl
import pytest

import cellframe as cf
from cellframe.cli.ending import ended
from cellframe.cli.main import app
from tests.sheets.resaving_workbooks import LibreOffice, by_openpyxl

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path

    Program = Callable[..., Path]

SPEC = "NCM622-GR"
NAMES = [f"GR-{number:03}" for number in range(1, 7)]
BUILT = date(2026, 11, 16)
MAP = '[columns]\n"Probe" = "cell"\n"Masse (g)" = "cell.mass [g]"\n"Geprüft von" = "_checked_by"\n'


# --- what is done in the spreadsheet


def fill_in_the_build_sheet(program: Program, path: Path) -> None:
    """Monday: what is known of the cells when they are closed."""
    days = [(*at(name), "Date manufactured", BUILT.isoformat()) for name in NAMES]
    loadings = [(*at(name), "Cathode loading [mg/cm²]", 11.5) for name in NAMES]
    program(path, *days, *loadings)


def write_the_masses(program: Program, path: Path, masses: Mapping[str, float]) -> None:
    """Tuesday: from the paper beside the scale, into a column that is new."""
    column = ("Cells", "add_column", "Cell mass [g]")
    program(path, column, *((*at(name), "Cell mass [g]", mass) for name, mass in masses.items()))


def save_what_the_scale_wrote(path: Path, masses: Mapping[str, float]) -> None:
    """Wednesday: the program of the new scale has headers of its own, and no ids."""
    book = openpyxl.Workbook()
    sheet: Any = book.active
    sheet.title = "Waage 3"
    sheet.append(["Probe", "Masse (g)", "Geprüft von"])
    for name, mass in masses.items():
        sheet.append([name, mass, "AB"])
    book.save(path)


def fill_lots_down(program: Program, path: Path, names: Sequence[str], lot: str) -> None:
    """Thursday: cells go into the lot in which they will be cycled."""
    rows = [at(name)[2] for name in names]
    program(path, (*at(names[0]), "Batch", lot), ("Cells", "fill_down", "Batch", rows[0], rows[-1]))


def decide(program: Program, path: Path, choice: str) -> None:
    """Thursday: what the colleague did was a slip."""
    program(path, ("Cells", "type", 2, "_choice", choice))


def at(name: str) -> tuple[str, str, int]:
    """Typing into the row of a cell; the header is row 1."""
    return "Cells", "type", NAMES.index(name) + 2


# --- what is typed


@pytest.fixture
def type_(tmp_path, monkeypatch, capsys):
    """Type a command in the folder of the records; return its exit code and what it said."""
    monkeypatch.chdir(tmp_path)

    def typed(*words: str) -> tuple[int, str]:
        monkeypatch.setattr(sys, "argv", ["cellframe", *words, "--data", "lab"])
        capsys.readouterr()
        code = ended(lambda: app([*words, "--data", "lab"], standalone_mode=False))
        return int(code), "".join(capsys.readouterr())

    return typed


def records(folder: Path) -> dict[str, dict[str, Any]]:
    """What the service has, by cell."""
    with cf.open_local(folder / "lab") as client:
        frame = client.cell_instance.to_frame(SPEC)
    return {row["cell"]: row for row in frame.to_dicts()}


def column(folder: Path, label: str) -> list[Any]:
    found = records(folder)
    return [found[name][label] for name in NAMES]


@pytest.fixture
def lab(tmp_path):
    """A service with one spec, and the map of the headers of the scale."""
    with cf.open_local(tmp_path / "lab") as client:
        quantities = {"loading": {"value": 12.0, "unit": "mg/cm**2"}}
        client.cell_spec.create({"name": SPEC, "cathode": {"properties": quantities}})
    (tmp_path / "map.toml").write_text(MAP, "utf-8")
    return tmp_path


@pytest.fixture(params=["openpyxl", "LibreOffice"])
def program(request, tmp_path_factory):
    """What workbooks are edited with."""
    if request.param == "openpyxl":
        yield by_openpyxl
    else:
        if missing := LibreOffice.why_not():
            pytest.skip(missing)
        office = LibreOffice(tmp_path_factory.mktemp("office"))
        yield office
        office.end()


def test_an_engineers_week(lab, type_, program):
    build = ("new", SPEC, "--count", "6", "--name", "GR-{:03}", "--batch", "W47", "-o")
    assert type_(*build, "build.xlsx")[0] == 0
    fill_in_the_build_sheet(program, lab / "build.xlsx")
    assert type_("push", "build.xlsx", "--yes")[0] == 0
    assert column(lab, "date_manufactured") == [BUILT] * 6
    assert column(lab, "cathode.loading [mg/cm**2]") == [11.5] * 6

    pull = ("pull", SPEC, "-o", "cells.xlsx")
    assert type_(*pull)[0] == 0
    write_the_masses(program, lab / "cells.xlsx", {"GR-001": 41.2, "GR-002": 41.3, "GR-003": 41.1})
    code, said = type_("plan", "cells.xlsx")
    assert (code, "Would update 3 cells" in said) == (0, True)
    assert "GR-001  cell.mass [g]: (empty) -> 41.2" in said
    assert type_("push", "cells.xlsx", "--yes")[0] == 0

    save_what_the_scale_wrote(lab / "scale.xlsx", {"GR-004": 40.9, "GR-005": 41.0, "GR-006": 41.4})
    how = ("--spec", SPEC, "--match", "name", "--map", "map.toml")
    assert type_("push", "scale.xlsx", *how, "--yes")[0] == 0
    masses = [41.2, 41.3, 41.1, 40.9, 41.0, 41.4]
    assert column(lab, "cell.mass [g]") == masses

    assert type_(*pull)[0] == 0
    fill_lots_down(program, lab / "cells.xlsx", NAMES[2:], "W47-cycled")
    with cf.open_local(lab / "lab") as colleague:
        colleague.cell_instance.update("GR-004", {"batch": "set aside"})
    assert type_("push", "cells.xlsx", "--yes")[0] == 4
    code, said = type_("push", "cells.xlsx", "--yes", "--skip-conflicts")
    assert (code, "now in cells.left-over.xlsx: 1 row." in said) == (5, True)
    assert column(lab, "batch") == ["W47", "W47", "W47-cycled", "set aside", *["W47-cycled"] * 2]

    decide(program, lab / "cells.left-over.xlsx", "keep mine")
    assert type_("push", "cells.left-over.xlsx", "--yes")[0] == 0
    assert column(lab, "batch") == ["W47", "W47", *["W47-cycled"] * 4]

    assert type_("undo", "--yes")[0] == 0
    assert column(lab, "batch")[3] == "set aside"
    assert column(lab, "cell.mass [g]") == masses
    code, said = type_(*pull)
    assert (code, "cells.xlsx has edits that are not pushed" in said) == (1, True)
    assert type_("pull", SPEC, "-o", "next.xlsx")[0] == 0
    assert type_("plan", "next.xlsx", "--exit-code")[0] == 0
