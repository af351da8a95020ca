"""A workbook knows what it was made from, and whether somebody saved it since."""

from __future__ import annotations

import zipfile

import openpyxl
import pytest

from cellframe.sheets.companion import Companion
from cellframe.sheets.workbook import hidden

ONE = Companion("cell_instance", "s-1", "lab", ("cell",), "", "0.1", [{"id": "a", "name": "ü"}] * 3)


def test_what_the_sheets_were_made_from_comes_back():
    many = Companion("cell_batch", "s-1", "lab", ("lot",), "", "0.1", [])
    cells = hidden.to_cells({"Cells": ONE, "sheet: Lots": many})
    assert hidden.from_cells([*cells, None]) == ({"Cells": ONE, "sheet: Lots": many}, None)


def test_no_cell_is_longer_than_a_spreadsheet_holds():
    records = [{"id": str(number), "name": str(number**9)} for number in range(20_000)]
    cells = hidden.to_cells({"Cells": Companion("cell_instance", "s", "l", (), "", "0", records)})
    assert max(map(len, cells)) < 32_767
    assert hidden.from_cells(cells)[0]["Cells"].records == records


@pytest.mark.parametrize("place", [0, 1, 2])
def test_damage_is_told_and_nothing_of_it_is_used(place):
    cells = hidden.to_cells({"Cells": ONE})
    cells[place] = "x" + cells[place][1:-1]
    found, damage = hidden.from_cells(cells)
    assert found == {}
    assert "damaged or of another version" in damage


def test_a_program_that_saves_a_workbook_breaks_its_seal(tmp_path):
    path = tmp_path / "cells.xlsx"
    openpyxl.Workbook().save(path)
    assert hidden.kinds_as_written(path) == ()
    path.write_bytes(hidden.sealed(path.read_bytes(), ["cell_instance", "cell_batch"]))
    assert hidden.kinds_as_written(path) == ("cell_instance", "cell_batch")
    openpyxl.load_workbook(path).save(path)
    assert hidden.kinds_as_written(path) == ()


def test_what_is_no_workbook_is_not_as_it_was_written(tmp_path):
    path = tmp_path / "cells.xlsx"
    assert hidden.kinds_as_written(path) == ()
    path.write_bytes(b"PK")
    assert hidden.kinds_as_written(path) == ()


def test_a_seal_holds_for_the_parts_that_it_was_made_for_alone(tmp_path):
    path = tmp_path / "cells.xlsx"
    openpyxl.Workbook().save(path)
    path.write_bytes(hidden.sealed(path.read_bytes(), ["cell_instance"]))
    with zipfile.ZipFile(path, "a") as package:  # The comment stays.
        package.writestr("xl/more.xml", "<more/>")
    assert hidden.kinds_as_written(path) == ()
