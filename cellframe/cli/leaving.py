"""Where do rows go that were not written?"""

from __future__ import annotations

import re
from itertools import count
from typing import TYPE_CHECKING

from cellframe.cli.plan import SAVED
from cellframe.errors import SheetError
from cellframe.sheets.tables import format_of
from cellframe.writeback.receipt import GOOD

if TYPE_CHECKING:
    from pathlib import Path

    from cellframe.client import Client
    from cellframe.resources.sheets import SheetReport
    from cellframe.writeback.plan import Plan
    from cellframe.writeback.receipt import Receipt

_MARK = ".left-over"


class LeftOver:
    """The file of the rows that a push does not write.

    Parameters
    ----------
    client : Client
        Of the push.
    file : Path
        What is pushed.
    output : Path or None
        The name that the person chose.
    """

    def __init__(self, client: Client, file: Path, output: Path | None) -> None:
        self._client = client
        self._file = file
        self._output = output

    def check(self, plan: Plan) -> None:
        """Refuse a name that cannot be used, while nothing has been sent.

        Raises
        ------
        SheetError
            The file is there already: somebody may be deciding in it. Or it is no table's name,
            or that of one table for rows of several kinds.
        """
        if self._output is None:
            return
        if format_of(self._output) != "xlsx" and len(plan.parts) > 1:
            message = f"{self._output.name} has place for one table, and these are {plan.noun}s of several kinds. Name a workbook, {self._output.stem}.xlsx. Nothing was sent."
            raise SheetError(message)
        if self._output.exists():
            message = f"{self._output} is there already, perhaps with decisions in it. Push it first, or name another file. Nothing was sent."
            raise SheetError(message)
        if not self._output.parent.is_dir():
            message = f"There is no folder {self._output.parent} for {self._output.name}. Nothing was sent."
            raise SheetError(message)

    def write(self, receipt: Receipt) -> SheetReport | None:
        """Write the rows that were not written, where there are any.

        Raises
        ------
        SheetError
            The file cannot be written.
        """
        if all(one.outcome in GOOD for one in receipt.results if one.row is not None):
            return None
        is_several = len(receipt.plan.parts) > 1
        name = self._output or free_name(self._file, ".xlsx" if is_several else ".csv")
        return self._client.write_left_over(receipt, name)


def free_name(file: Path, of_plan: str = ".csv") -> Path:
    """Return a name that no file has: ``cells.left-over.csv`` for ``cells.csv``, then ``-2``.

    A plan that was kept has no table's name of its own: its rows go into a file `of_plan`.
    """
    stem = whole_of(file).stem
    suffix = of_plan if file.suffix.lower() == SAVED else file.suffix
    numbers = ("" if number == 1 else f"-{number}" for number in count(1))
    names = (file.with_name(f"{stem}{_MARK}{number}{suffix}") for number in numbers)
    return next(name for name in names if not name.exists())


def whole_of(file: Path) -> Path:
    """Return the sheet that a left-over file is a part of, by its name; itself for any other."""
    stem = re.sub(rf"{re.escape(_MARK)}(-\d+)?$", "", file.stem)
    return file.with_name(f"{stem}{file.suffix}")
