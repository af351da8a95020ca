"""How do the tables of a report become a workbook?"""

from __future__ import annotations

from datetime import UTC, datetime
from io import BytesIO
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    import polars as pl

_SOME_DAY = datetime(2000, 1, 1, tzinfo=UTC)
"""The workbook says this day of its making, so that the same tables make the same bytes."""
_LONGEST = 31


def write_tables(tables: Mapping[str, pl.DataFrame]) -> bytes:
    """Return a workbook with a sheet per table.

    Parameters
    ----------
    tables : mapping of str to DataFrame
        By the name of the sheet. One without columns is left out.

    Returns
    -------
    bytes
        Of an ``.xlsx``: texts are texts, whatever they begin with; xlsxwriter cuts them where a cell
        of Excel ends.
    """
    from xlsxwriter import Workbook

    target = BytesIO()
    options = {
        "in_memory": True,
        "strings_to_formulas": False,
        "strings_to_urls": False,
        "strings_to_numbers": False,
        "nan_inf_to_errors": True,
    }
    with Workbook(target, options) as book:
        book.set_properties({"created": _SOME_DAY.replace(tzinfo=None)})
        for name, frame in tables.items():
            if frame.width:
                frame.write_excel(
                    book, name[:_LONGEST], autofit=True, freeze_panes=(1, 0), autofilter=True
                )
    return target.getvalue()
