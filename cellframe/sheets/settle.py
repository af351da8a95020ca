"""Which cells of a file that came back did nobody edit?

What was read is encoded as the file was, and compared text with text: what the codec cannot
carry can then never show up as an edit. A cell that differs is unedited too if a tool is known
to make such a text of the value; it is put back as it was read, and told. All others are
written as `frames.cast` reads them. A cell that may be the one or the other is refused.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, Literal

import polars as pl

from cellframe.frames.decode import dtype_of
from cellframe.frames.faults import Fault, cell_fault
from cellframe.sheets.days import find_days
from cellframe.sheets.judging import Judge
from cellframe.sheets.kinds import FORMULA, Kind, coerced_notice, formula_notice, judged
from cellframe.sheets.numerals import find_numerals
from cellframe.sheets.texts import exact, in_few_words, line_ends, unguard, written
from cellframe.views.clean import cut

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from cellframe.frames.columns import Column


_LONGEST = 40
_MILLISECOND = timedelta(milliseconds=1)


@dataclass(frozen=True, slots=True)
class Settled:
    """What came back, with the cells that nobody edited as they were read.

    Attributes
    ----------
    frame : DataFrame of String
        Ready to be cast: decimal points, ISO dates.
    notices : tuple of str
        How the file was read, and what was put back although it came otherwise.
    faults : list of Fault
        Cells that are refused; null stands in their place. Rows are counted from 0.
    """

    frame: pl.DataFrame
    notices: tuple[str, ...]
    faults: list[Fault]


def settle(
    columns: Mapping[str, Column],
    mine: pl.DataFrame,
    base: pl.DataFrame,
    known: pl.Series,
    *,
    codec: Literal["text", "csv", "xlsx"],
    delimiter: str = "",
    kinds: pl.DataFrame | None = None,
    place: Callable[[int, str], str] | None = None,
) -> Settled:
    """Put the cells that nobody edited back as they were read.

    Parameters
    ----------
    columns : mapping of str to Column
        What each label stands for.
    mine : DataFrame of String
        The texts as they came; the columns in question.
    base : DataFrame
        What was read, with its types, row by row; null where that is not known.
    known : Series of bool
        Rows whose base is known.
    codec : {"text", "csv", "xlsx"}
        How values are written: as delimited text, as such text with guards before texts that a
        spreadsheet would run, or as the cells of a workbook.
    delimiter : str
        Of the file; it tells what a comma within a number can be.
    kinds : DataFrame of UInt8, optional
        What kind of cell of a workbook each value stood in; see `workbook.cells`.
    place : callable, optional
        Says what a cell is called, by row and label.
    """
    cells = {
        label: _Cells(
            dtype_of(column),
            mine[label],
            _known(base, label, column, known),
            codec=codec,
            kinds=None if kinds is None or label not in kinds.columns else kinds[label],
        )
        for label, column in columns.items()
    }
    numerals = find_numerals(_pairs(cells, pl.Float64, pl.Int64), delimiter)
    days = find_days(
        (text, read.date() if isinstance(read, datetime) else read)
        for text, read in _pairs(cells, pl.Date, pl.Datetime)
        if read is not None
    )
    judge = Judge(numerals, days)
    settled = [one.settle(label, judge) for label, one in cells.items()]
    told = in_few_words({label: one.notice(label) for label, one in cells.items()})
    if place is not None:
        found = cells.items()
        told += in_few_words({k: formula_notice(k, one.formulas(), place) for k, one in found})
        told += in_few_words({k: coerced_notice(k, one.coerced, place) for k, one in found})
    notices = [notice for notice in (numerals.notice, days.notice, *told) if notice]
    faults = [fault for one in cells.values() for fault in one.faults]
    return Settled(pl.DataFrame(settled), tuple(notices), faults)


def _known(base: pl.DataFrame, label: str, column: Column, known: pl.Series) -> pl.Series:
    """Return what was read in one column; null in rows of which that is not known."""
    if label not in base.columns:
        return pl.Series([None] * len(known), dtype=dtype_of(column))
    return pl.select(pl.when(known).then(base[label])).to_series()


def _pairs(cells: Mapping[str, _Cells], *dtypes: type[pl.DataType]) -> Iterator[tuple[str, Any]]:
    """Return the texts of columns of some types, and what was read there.

    Cells of a workbook that are numbers or dates say themselves what they are.
    """
    for one in cells.values():
        if any(one.dtype == dtype for dtype in dtypes):
            texts, read = one.texts, one.read
            if one.kinds is not None:
                is_text = one.kinds.is_in([Kind.TEXT, Kind.TEXT + FORMULA])
                texts, read = texts.filter(is_text), read.filter(is_text)
            pairs = zip(texts, read, strict=True)
            yield from ((text, read) for text, read in pairs if text is not None)


class _Cells:
    """One column: as it came, and as it was read."""

    def __init__(
        self,
        dtype: pl.DataType,
        given: pl.Series,
        read: pl.Series,
        *,
        codec: str,
        kinds: pl.Series | None,
    ) -> None:
        self.dtype = dtype
        self.read = read
        self.kinds = kinds
        self.exact = exact(read)
        escaped = codec == "csv"
        if dtype == pl.String:
            as_written = written(read) if escaped else line_ends(self.exact)
            # In a workbook a line ends as it was written, if no spreadsheet saved it again.
            given = line_ends(given) if codec == "xlsx" else given
            self.texts = unguard(given) if escaped else given
        else:
            as_written = written(read)
            given = (unguard(given) if escaped else given).str.strip_chars().replace("", None)
            self.texts = given
        differs = given.ne_missing(as_written)
        if codec == "xlsx":
            differs = _not_saved_so(differs, given, read)
        self.differs = differs.arg_true()
        self.faults: list[Fault] = []
        self.rewritten: list[tuple[str | None, str | None]] = []
        self.put_back: set[int] = set()
        self.coerced: list[tuple[int, str, int]] = []

    def settle(self, label: str, judge: Judge) -> pl.Series:
        """Return the column as it is cast; only the cells that differ need a judge."""
        if not len(self.differs):
            return self.exact.alias(label)
        values = self.exact.to_list()
        verdict_on = judge.of(self.dtype)
        for row in self.differs:
            text, was, kind = self.texts[row], values[row], self._kind(row)
            verdict = judged(kind, text, self.dtype, self.read[row], was)
            verdict = verdict or verdict_on(text, self.read[row], was)
            values[row] = verdict.text
            if verdict.rule:
                self.faults.append(cell_fault(row, None, label, text, verdict.rule, verdict.advice))
            elif verdict.is_rewritten:
                self.rewritten.append((text, was))
                self.put_back.add(row)
            elif self.dtype == pl.String and kind & ~FORMULA > Kind.TEXT and verdict.text != was:
                self.coerced.append((row, str(text), kind))
        return pl.Series(label, values, dtype=pl.String)

    def _kind(self, row: int) -> int:
        return int(Kind.TEXT) if self.kinds is None else int(self.kinds[row] or Kind.EMPTY)

    def formulas(self) -> list[int]:
        """Return the rows whose value a formula gave."""
        if self.kinds is None:
            return []
        is_value = self.kinds.is_between(FORMULA, FORMULA + Kind.TRUTH)
        return [row for row in is_value.arg_true() if row not in self.put_back]

    def notice(self, label: str) -> str | None:
        """Say what was put back although it came otherwise."""
        if not self.rewritten:
            return None
        mine, read = self.rewritten[0]
        count = len(self.rewritten)
        came = "1 value came" if count == 1 else f"{count:,} values came"
        as_what = "empty" if mine is None else f"as {cut(mine, _LONGEST)!r}"
        return (
            f"{label!r}: {came} back as a tool rewrites them, such as {cut(read or '', _LONGEST)!r} {as_what}; "
            "they count as not edited."
        )


def _not_saved_so(differs: pl.Series, given: pl.Series, read: pl.Series) -> pl.Series:
    """Return which values differ from what a workbook keeps of those that were read.

    A number has sixteen digits there, as xlsxwriter writes it, and a time its milliseconds.
    """
    if read.dtype.is_float():
        rows = (differs & given.is_not_null() & read.is_not_null()).arg_true()
        mine = given[rows].cast(pl.Float64, strict=False)
        same = [
            row
            for row, one, was in zip(rows, mine, read[rows], strict=True)
            if one is not None and one in (was, float(f"{was:.16G}"))
        ]
    elif isinstance(read.dtype, pl.Datetime):
        rows = (differs & given.is_not_null() & read.is_not_null()).arg_true()
        format_ = "%Y-%m-%dT%H:%M:%S%.f"
        mine = given[rows].str.to_datetime(format_, time_unit="us", strict=False)
        near = (mine - read[rows]).abs() <= _MILLISECOND
        same = rows.filter(near.fill_null(value=False)).to_list()
    else:
        return differs
    return differs.scatter(same, values=False) if same else differs
