"""Whatever a workbook holds that comes back, what is said of it is inert, and so is what is written."""

from __future__ import annotations

import re
import shutil
import sys
import zipfile
from itertools import cycle

import pytest
from markup_writer import Habits, write
from resaving_workbooks import by_openpyxl, values_of
from workbook_edits import CELL, DAY, LOADING, LOT, MASS, on

from cellframe.cli.ending import ended
from cellframe.cli.main import app
from cellframe.sheets.tables import read_tables
from tests.hostile import BENIGN, PAYLOADS, bones, unsafe

pytestmark = pytest.mark.law("X8")
HELD = [payload for payload in PAYLOADS if "\ud800" not in payload]
"""What XML can hold, by its escapes."""
LIVE = re.compile(r"<f[ >]|<hyperlink|TargetMode=.External|<oleObject|<ddeLink")


@pytest.fixture(scope="module")
def rows(pulled):
    """The twelve cells as they were pulled, and what they were made from."""
    return values_of(pulled)


@pytest.fixture
def came_back(rows, tmp_path):
    """A workbook that somebody filled with texts, wherever a text is said again."""

    def came_back_(texts: list[str], *columns: str):
        sheets, states = rows
        header, *cells = [list(row) for row in sheets["Cells"]]
        left = cycle(texts)
        for column in columns:
            for row in cells:
                row[header.index(column)] = next(left)
        others = {f"{number} {in_xml(text)}": [[text], [text]] for number, text in enumerate(texts)}
        path = tmp_path / "cells.xlsx"
        write(path, {**sheets, "Cells": [header, *cells], **others}, Habits(), states)
        return path

    return came_back_


def in_xml(text: str) -> str:
    """A text without what no attribute of XML can hold."""
    return "".join(one for one in text if one.isprintable())


@pytest.fixture
def typed(monkeypatch, capsys, pulled, lab):
    """Type a command, as in a terminal."""
    monkeypatch.chdir(pulled.parent)

    def typed_(*words: object) -> tuple[int, str]:
        arguments = [*map(str, words), "--data", lab._connection.wire.origin]
        monkeypatch.setattr(sys, "argv", ["cellframe", *arguments])
        code = ended(lambda: app(arguments, prog_name="cellframe", standalone_mode=False))
        return int(code), "".join(capsys.readouterr())

    return typed_


def test_a_plan_of_a_hostile_workbook_has_the_elements_of_a_benign_one(lab, came_back):
    columns = (MASS, DAY, LOADING)
    benign = lab.plan_file(came_back([BENIGN] * len(HELD), *columns))
    hostile = lab.plan_file(came_back(HELD, *columns))
    assert hostile.summary["invalid"] == benign.summary["invalid"] == 12
    assert len(hostile.notices) == len(benign.notices) >= len(HELD)
    assert bones(hostile.html()) == bones(benign.html())
    assert unsafe(hostile.html() + str(hostile)) == []


@pytest.mark.parametrize("from_", [0, 12])
def test_a_plan_of_hostile_names_adds_no_element_of_its_own(lab, came_back, from_):
    known = {one[0] for one in bones(lab.plan_file(came_back([BENIGN], LOT, MASS)).html())}
    plan = lab.plan_file(came_back(HELD[from_:], CELL, LOT))
    assert {one[0] for one in bones(plan.html())} <= {*known, "del", "ins"}
    assert unsafe(plan.html() + str(plan)) == []


def test_what_the_shell_says_of_a_hostile_workbook_obeys_none_of_it(typed, came_back):
    code, said = typed("plan", came_back(HELD, MASS, DAY, LOADING))
    assert (code, unsafe(said)) == (0, [])
    assert "alert(1)" in said


def test_a_refusal_of_hostile_headers_and_sheets_obeys_none_of_it(typed, tmp_path, rows):
    sheets, states = rows
    header, *cells = sheets["Cells"]
    path = tmp_path / "cells.xlsx"
    write(path, {**sheets, "Cells": [[*header, *HELD], *cells]}, Habits(), states)
    code, said = typed("plan", path)
    assert (code, unsafe(said), "alert(1)" in said) == (1, [], True)
    others = {f"{number} {in_xml(text)}": [[text], [text]] for number, text in enumerate(HELD)}
    write(path, others, Habits())
    code, said = typed("plan", path)
    assert (code, unsafe(said), "None of the sheets" in said) == (1, [], True)


def test_a_hostile_error_and_a_hostile_formula_are_told_and_not_obeyed(
    lab, typed, pulled, tmp_path
):
    path = tmp_path / "cells.xlsx"
    for payload in HELD[:9:4]:
        shutil.copy(pulled, path)
        as_formula = by_openpyxl(path, *on(("type", 4, MASS, "=" + in_xml(payload))))
        code, said = typed("plan", as_formula)
        assert (code, unsafe(said), "Cells!" in said) == (0, [], True)


def test_the_left_over_workbook_of_hostile_records_runs_nothing(client, colleague, spec, tmp_path):
    stored = [text for text in HELD if "\0" not in text]
    made = [
        client.cell_instance.create(spec, {"name": f"c-{number:02}", "notes": text})
        for number, text in enumerate(stored)
    ]
    path = tmp_path / "cells.xlsx"
    client.cell_instance.to_excel(spec, path)
    for cell in made:
        colleague.cell_instance.update(cell, {"notes": f"{cell.notes}?"})
    notes = [("type", row, "Notes", f"mine {row}") for row in range(2, 2 + len(stored))]
    plan = client.plan_file(by_openpyxl(path, *on(*notes)))
    left = tmp_path / "left-over.xlsx"
    client.write_left_over(client.apply(plan, on_conflict="skip"), left)
    with zipfile.ZipFile(left) as package:
        parts = [package.read(name).decode() for name in package.namelist()]
    assert not [found for part in parts for found in LIVE.findall(part)]
    (table,) = read_tables(left)
    assert table.frame.height == len(stored)
    assert all(
        f"{text}?".replace("\r\n", "\n") in now
        for text, now in zip(stored, table.frame["_server_now"], strict=True)
        if text.isprintable()
    )
