"""Which tables does a workbook hold?

One on every sheet that has a column of ours, wherever the sheet went and whatever it is called
now. Nothing is computed or opened beside it, and what cannot be read is named by its address.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from dataclasses import dataclass, field, replace
from posixpath import dirname, join, normpath
from typing import TYPE_CHECKING

import polars as pl

from cellframe.contract.records import KINDS
from cellframe.errors import SheetError
from cellframe.sheets.delimited import is_row_numbers, refuse
from cellframe.sheets.headings import label_of
from cellframe.sheets.tables import Table, without_index
from cellframe.sheets.workbook import hidden
from cellframe.sheets.workbook.cells import (
    Book,
    CellsError,
    Grid,
    letter_of,
    number_of,
    read_cells,
)
from cellframe.sheets.workbook.guarding import Package
from cellframe.sheets.workbook.markup import MarkupError, shared_strings, tags
from cellframe.sheets.workbook.serials import date_styles

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Sequence
    from pathlib import Path

    from cellframe.sheets.companion import Companion

NO_TABLES = ("Read me", "_lists")
"""Sheets of ours that hold none."""
_INDEX = "Unnamed: 0"
"""What pandas calls a column without a header when it reads its own row numbers back."""
_OURS = frozenset(
    {"name"} | {label for kind in KINDS.values() for label in (kind.key, kind.version, kind.noun)}
)
_RANGE = re.compile(r"([A-Z]{1,3})(\d{1,7}):([A-Z]{1,3})(\d{1,7})")


def read_workbook(path: Path, *, known: Collection[str] = ()) -> list[Table]:
    """Read the tables of a workbook; see `tables.read_tables`.

    Raises
    ------
    SheetError
        It is no workbook, has a password or macros, is too large; no sheet holds a table; or a
        sheet that does has headers that stand twice, values without header or merged cells:
        every fault at once.
    """
    package = Package(path)
    try:
        parts, book = _parts(package)
        companions, damage = _companions(package, parts.pop(hidden.SHEET, None), book)
        found = list(_sheets(package, parts, book))
    except MarkupError:
        package.refuse_damage()
    sheets = _with_companions(found, companions)
    ours = [one for one in sheets if one.beside is not None or one.has(known)]
    if not ours:
        ours = _only(path, sheets)
    refuse(path, [fault for one in ours for fault in one.faults])
    first, *others = [one.table(path) for one in ours]
    aside = [
        f"The sheet {one.name!r} has none of cellframe's columns, and is left aside."
        for one in sheets
        if one not in ours
    ]
    notices = (*([damage] if damage else []), *first.notices, *aside)
    return [replace(first, notices=notices), *others]


def _only(path: Path, sheets: Sequence[_Sheet]) -> list[_Sheet]:
    """Return the one sheet that holds anything: its headers may be somebody's own."""
    if len(sheets) == 1:
        return [*sheets]
    if not sheets:
        raise SheetError(f"{path.name} holds no table: all its sheets are empty.")
    names = ", ".join(repr(one.name) for one in sheets)
    message = (
        f"None of the sheets of {path.name} ({names}) has a column of cellframe's. Save the one with "
        "the table in a workbook of its own, or name its columns in a map (--map)."
    )
    raise SheetError(message)


def _parts(package: Package) -> tuple[dict[str, str], Book]:
    """Return the parts of the sheets by their names, and what their cells refer to."""
    main = next(
        (at for type_, at in _related(package, "").values() if type_ == "officeDocument"),
        "xl/workbook.xml",
    )
    text = package.text(main)
    if text is None:
        package.refuse_damage()
    related = _related(package, main)
    parts: dict[str, str] = {}
    from_1904 = False
    for tag in tags(text):
        if tag.name == "sheet":
            type_, at = related.get(tag.attributes.get("id", ""), ("", ""))
            if type_ == "worksheet":
                parts[tag.attributes.get("name", "")] = at
        elif tag.name == "workbookPr":
            from_1904 = tag.attributes.get("date1904", "0") in ("1", "true", "on")
    by_type = dict(related.values())
    strings = package.text(by_type.get("sharedStrings", "xl/sharedStrings.xml"))
    styles = package.text(by_type.get("styles", "xl/styles.xml"))
    return parts, Book(shared_strings(strings), date_styles(styles), from_1904)


def _related(package: Package, part: str) -> dict[str, tuple[str, str]]:
    """Return what a part refers to within the file: types and parts, by id."""
    folder = dirname(part)
    text = package.text(join(folder, "_rels", f"{part.rpartition('/')[2]}.rels"))
    found: dict[str, tuple[str, str]] = {}
    for tag in tags(text):
        given = tag.attributes
        if tag.name == "Relationship" and given.get("TargetMode", "Internal") == "Internal":
            at = normpath(join("/", folder, given.get("Target", ""))).lstrip("/")
            found[given.get("Id", "")] = given.get("Type", "").rpartition("/")[2], at
    return found


def _companions(
    package: Package, part: str | None, book: Book
) -> tuple[dict[str, Companion], str | None]:
    """Return what the sheets were made from, by their names, and what is wrong with that."""
    if part is None:
        return {}, None
    try:
        grid = read_cells(package.text(part) or "", book)
    except (CellsError, MarkupError):
        return hidden.from_cells([None])
    return hidden.from_cells(grid.texts[0].to_list() if grid.texts else [])


def _sheets(package: Package, parts: dict[str, str], book: Book) -> Iterator[_Sheet]:
    """Yield the sheets that hold anything."""
    for name, part in parts.items():
        if name in NO_TABLES:
            continue
        text = package.text(part)
        if text is None:
            package.refuse_damage()
        try:
            grid = read_cells(text, book)
        except CellsError as fault:
            message = f"{package.path.name}: the sheet {name!r} has {fault}, and is not read."
            raise SheetError(message) from None
        if grid.rows:
            yield _Sheet.of(name, grid)


def _with_companions(sheets: Sequence[_Sheet], companions: dict[str, Companion]) -> list[_Sheet]:
    """Give each sheet what it was made from: by its name, else by its columns."""
    left = {name: one for name, one in companions.items() if all(name != s.name for s in sheets)}
    found: list[_Sheet] = []
    for sheet in sheets:
        beside = companions.get(sheet.name)
        if beside is None:
            name = next((name for name, one in left.items() if sheet.is_like(one)), None)
            beside = None if name is None else left.pop(name)
        found.append(replace(sheet, beside=beside))
    return found


@dataclass(frozen=True, slots=True)
class _Sheet:
    """A sheet, with its header found."""

    name: str
    grid: Grid
    headers: dict[int, str]
    """By place among the columns of the grid."""
    faults: list[str] = field(default_factory=list)
    beside: Companion | None = None

    @classmethod
    def of(cls, name: str, grid: Grid) -> _Sheet:
        """Read the header of a sheet: its first row."""
        sheet = cls(name, grid, {})
        first = [texts[0] for texts in grid.texts]
        if sum(text is not None and bool(text.strip()) for text in first) == 1 < len(first):
            at = next(place for place, text in enumerate(first) if text is not None)
            sheet.faults.append(
                f"{sheet.address(at, 0)}: the first row holds one cell alone, and so no header. Delete "
                "the rows above the header."
            )
            return sheet
        for place, text in enumerate(first):
            if text is not None and text.strip():
                sheet.headers[place] = text
            elif place == 0 and is_row_numbers(grid.texts[0][1:]):
                sheet.headers[place] = f"{_INDEX}.1" if _INDEX in first else _INDEX
            elif grid.texts[place].count():
                sheet.faults.append(sheet.headless(place))
        sheet.faults.extend([*sheet.doubles(), *sheet.merged()])
        return sheet

    def address(self, place: int, row: int) -> str:
        """Return the address of a cell of the grid."""
        return f"{self.name}!{letter_of(self.grid.columns[place])}{self.grid.rows[row]}"

    def headless(self, place: int) -> str:
        """Say that a column has no header."""
        row = int(self.grid.texts[place].is_not_null().arg_max() or 0)
        first = self.grid.texts[place][row]
        letter = letter_of(self.grid.columns[place])
        return f"{self.address(place, row)} is {first!r}, and column {letter} has no header. Give it one, or empty it."

    def doubles(self) -> Iterator[str]:
        """Say which headers stand twice."""
        places: dict[str, list[int]] = {}
        for place, header in self.headers.items():
            places.setdefault(header, []).append(place)
        for header, found in places.items():
            if len(found) > 1:
                letters = [letter_of(self.grid.columns[place]) for place in found]
                columns = ", ".join(letters[:-1]) + f" and {letters[-1]}"
                yield f"{self.name}: {header!r} is the header of columns {columns}. Give each a name of its own."

    def merged(self) -> Iterator[str]:
        """Say which rows share cells, so that a value belongs to none of them."""
        rows, columns = self.grid.rows[1:], self.grid.columns
        for text in self.grid.merged:
            found = _RANGE.fullmatch(text)
            if found is None or found[1] + found[2] == found[3] + found[4]:
                continue
            within = _any_within(rows, int(found[2]), int(found[4]))
            if within and _any_within(columns, number_of(found[1]), number_of(found[3])):
                yield f"{self.name}!{text} are merged into one cell. Unmerge them, and write into each what belongs there."

    def has(self, known: Collection[str]) -> bool:
        """Whether a column means something here."""
        return any(header in known or label_of(header) in _OURS for header in self.headers.values())

    def is_like(self, beside: Companion) -> bool:
        """Whether the columns are those of a sheet that was written."""
        labels = {label_of(header) for header in self.headers.values()}
        keys = {kind.key for kind in KINDS.values()}
        return (
            bool(labels & keys)
            and labels & keys <= {*beside.labels}
            and (len(labels & {*beside.labels}) * 2 > len(beside.labels))
        )

    def table(self, path: Path) -> Table:
        """Return the rows below the header."""
        notices: list[str] = []
        frame = self._frame(self.grid.texts)
        shown = without_index(frame, notices)
        filled = shown.select(pl.any_horizontal(pl.all().is_not_null())).to_series()
        kinds = self._frame(self.grid.kinds).select(shown.columns)
        rows: Sequence[int] = self.grid.rows[1:]
        if not filled.all():
            rows = [rows[row] for row in filled.arg_true()]
            shown, kinds = shown.filter(filled), kinds.filter(filled)
        letters = [
            letter_of(self.grid.columns[place])
            for place, header in self.headers.items()
            if header in shown.columns
        ]
        return Table(
            shown,
            path,
            "xlsx",
            tuple(notices),
            rows,
            beside=self.beside,
            sheet=self.name,
            letters=letters,
            kinds=kinds,
        )

    def _frame(self, columns: Sequence[pl.Series]) -> pl.DataFrame:
        return pl.DataFrame(
            [columns[place][1:].alias(header) for place, header in self.headers.items()]
        )


def _any_within(numbers: Sequence[int], first: int, last: int) -> bool:
    """Whether any of some rising numbers lies between two."""
    place = bisect_left(numbers, first)
    return place < len(numbers) and numbers[place] <= last
