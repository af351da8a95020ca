"""Which tables does a workbook hold?"""

from __future__ import annotations

from typing import TYPE_CHECKING

import fastexcel

from cellframe.errors import SheetError
from cellframe.sheets.tables import FIRST_ROW, Table

if TYPE_CHECKING:
    from collections.abc import Collection
    from pathlib import Path

LEFT_ASIDE = ("Read me", "_cellframe", "_lists")
"""Sheets of ours that hold no table."""


def read_workbook(path: Path, *, known: Collection[str] = ()) -> list[Table]:  # noqa: ARG001
    """Read the tables of a workbook; see `tables.read_tables`."""
    if not path.exists():
        raise SheetError(f"There is no file {path}. Check the name and the folder.")
    book = fastexcel.read_excel(path)
    tables: list[Table] = []
    for name in book.sheet_names:
        if name not in LEFT_ASIDE:
            frame = book.load_sheet(name, dtypes="string").to_polars()
            rows = range(FIRST_ROW, FIRST_ROW + frame.height)
            letters = [chr(65 + place) for place in range(frame.width)]
            tables.append(Table(frame, path, "xlsx", (), rows, sheet=name, letters=letters))
    return tables
