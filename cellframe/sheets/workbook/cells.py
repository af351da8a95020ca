"""What stands in the cells of a sheet, and what kind of cell is each?

As text, exactly: a number by the shortest decimals that read back as it, a date as ISO 8601, an
error and a formula without value by what they show, never as nothing. Libraries that read
workbooks as text round numbers, drop errors and refuse whole sheets (measured with fastexcel 0.21:
nine decimals, ``#DIV/0!`` as empty, ``#SPILL!`` as the end of it), so the XML is read here: quickly
where it is written as spreadsheets write it, tag by tag where it is not.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl

from cellframe.sheets.kinds import FORMULA, Kind
from cellframe.sheets.workbook.markup import inner_texts, parse, plain, unescaped, without_prefix
from cellframe.sheets.workbook.serials import iso

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

MOST_CELLS = 10**7
"""Rows times columns of a sheet, and cells in its XML."""
MOST_CHARACTERS = 200 * 1024**2
"""Of all cells together, as often as a text is used."""
MOST_ROWS, MOST_COLUMNS = 1_048_576, 16_384
_LAST_LETTERS = 3


class CellsError(ValueError):
    """The cells of a sheet are too many, or none that a spreadsheet writes."""


@dataclass(frozen=True, slots=True)
class Book:
    """What the cells of all sheets refer to.

    Attributes
    ----------
    strings : Series of String
        Texts by their number.
    dates : set of int
        Styles that show a number as a date.
    from_1904 : bool
        Whether days are counted from 1904.
    """

    strings: pl.Series
    dates: frozenset[int]
    from_1904: bool


@dataclass(frozen=True, slots=True)
class Grid:
    """The cells of a sheet, without rows and columns that are empty.

    Attributes
    ----------
    texts : list of Series of String, shape (n_columns,)(n_rows,)
        What stands there.
    kinds : list of Series of UInt8, shape (n_columns,)(n_rows,)
        What kind of cell it is.
    rows : list of int, shape (n_rows,)
        As the spreadsheet numbers them.
    columns : list of int, shape (n_columns,)
        From 1.
    merged : list of str
        Ranges of cells that are merged.
    """

    texts: list[pl.Series]
    kinds: list[pl.Series]
    rows: list[int]
    columns: list[int]
    merged: list[str]


def letter_of(column: int) -> str:
    """Return what a spreadsheet calls a column, counted from 1."""
    letters = ""
    while column:
        column, rest = divmod(column - 1, 26)
        letters = chr(65 + rest) + letters
    return letters


def number_of(letters: str) -> int:
    """Return the number of a column, counted from 1."""
    number = 0
    for letter in letters:
        number = number * 26 + ord(letter) - 64
    return number


def read_cells(text: str, book: Book) -> Grid:
    """Read the cells of a sheet.

    Parameters
    ----------
    text : str
        Its XML.
    book : Book
        What the cells refer to.

    Raises
    ------
    CellsError, MarkupError
        They are too many, stand nowhere, or are no XML.
    """
    text = without_prefix(text)
    start = text.find("<sheetData>")
    end = text.rfind("</sheetData>")
    found = None if start < 0 or end < 0 else _quickly(text[start + 11 : end])
    if found is None:
        if text.count("<") > MOST_CELLS:
            raise CellsError(_TOO_MANY)
        found = _tag_by_tag(text)
    merged = re.findall(r'<mergeCell ref="([A-Z0-9:]+)"', text[max(end, 0) :])
    return _grid(found, book, merged)


_TOO_MANY = f"more than {MOST_CELLS:,} cells"
_BEFORE = re.compile(r"(?:</row>|<row(?: [^<>]*)?/?>)*")
_CELL = r'(?s)^r="([A-Z]{1,3})([0-9]{1,7})"([^<>]*)>(?:<v>([^<]*)</v></c>)?(.*)$'
_ROWS = r"(?:</row>|<row(?: [^<>]*)?/?>)*"
_REST = (
    r"(?s)^(?:<f(?: [^<>]*[^/])?>([^<]*)</f>|<f(?: [^<>]*)?/>)?"
    r"(?:<v(?: [^<>]*)?>([^<]*)</v>|<v ?/>|<is>(.*)</is>)?</c>" + f"{_ROWS}$"
)
_ATTRIBUTES = re.compile(r'(?: (\w+)="([^"]*)")*\s*/?')


def _quickly(body: str) -> pl.DataFrame | None:
    """Return the cells of XML that is as regular as spreadsheets write it; None of any other."""
    if body.count("<c ") > MOST_CELLS:
        raise CellsError(_TOO_MANY)
    parts = pl.Series([body]).str.split("<c ").explode()
    if not _BEFORE.fullmatch(parts[0]):
        return None
    found = parts[1:].str.extract_groups(_CELL).struct.unnest()
    found.columns = ["letters", "row", "attributes", "value", "rest"]
    if found["rest"].null_count():
        return None
    kinds = _by_attributes(found["attributes"])
    if kinds is None:
        return None
    found = found.with_columns(
        kinds, formula=pl.lit(None, pl.String), inner=pl.lit(None, pl.String)
    )
    whole = found["value"].is_not_null() | found["attributes"].str.ends_with("/")
    only_rows = found["rest"].str.contains(f"^{_ROWS}$")
    odd = (~(whole & only_rows)).arg_true()
    if len(odd):
        if not (found["value"].is_null() | only_rows).all():
            return None
        more = found["rest"][odd].str.extract_groups(_REST).struct.unnest()
        matched = found["rest"][odd].str.contains(_REST)
        if not matched.all():
            return None
        more.columns = ["formula", "value", "inner"]
        has_formula = found["rest"][odd].str.starts_with("<f")
        formulas = pl.select(pl.when(has_formula).then(more["formula"].fill_null(""))).to_series()
        # `<v></v>` is a value, and `<v/>` none: so a formula's empty text is told from no value.
        found = found.with_columns(
            found["formula"].scatter(odd, formulas),
            found["value"].scatter(odd, more["value"]),
            found["inner"].scatter(odd, more["inner"]),
        )
    inner = found["inner"].is_not_null().arg_true()
    if len(inner):
        texts = inner_texts(found["inner"][inner])
        found = found.with_columns(found["inner"].scatter(inner, texts))
    return found.select(
        *("letters", "row", "type", "style"),
        plain(found["value"]),
        plain(found["formula"]),
        "inner",
    )


def _by_attributes(attributes: pl.Series) -> list[pl.Series] | None:
    """Return types and styles of cells; their attributes have few combinations."""
    unique = attributes.unique()
    types: list[str] = []
    styles: list[int] = []
    for text in unique:
        if not _ATTRIBUTES.fullmatch(text):
            return None
        found = dict(re.findall(r'(\w+)="([^"]*)"', text))
        types.append(found.get("t", "n"))
        styles.append(_style(found.get("s", "0")))
    return [
        attributes.replace_strict(unique, types, return_dtype=pl.String).alias("type"),
        attributes.replace_strict(unique, styles, return_dtype=pl.Int32).alias("style"),
    ]


def _style(text: str) -> int:
    return int(text) if text.isdecimal() and len(text) < 7 else -1  # noqa: PLR2004


_LABELS = ("letters", "row", "type", "style", "value", "formula", "inner")
_CELLS = {label: pl.Int32() if label == "style" else pl.String() for label in _LABELS}


def _tag_by_tag(text: str) -> pl.DataFrame:
    """Return the cells of any XML of a sheet."""
    reading = _Reading()
    parse(text, reading.start, reading.end, reading.data)
    found = pl.DataFrame(reading.cells, schema=_CELLS, orient="row")
    return found.with_columns(unescaped(found["inner"]))


class _Reading:
    """The cells of a sheet, as its tags are told."""

    def __init__(self) -> None:
        self.cells: list[tuple[Any, ...]] = []
        self.inside: list[str] = []
        self.row = self.column = 0
        self.cell: dict[str, str] = {}
        self.parts: dict[str, list[str]] = {}

    def start(self, name: str, attributes: Mapping[str, str]) -> None:
        """Note where a row or cell stands: it need not say so itself."""
        self.inside.append(name)
        if name == "row":
            given = attributes.get("r", "")
            self.row = int(given) if given.isdecimal() and len(given) < 9 else self.row + 1  # noqa: PLR2004
            self.column = 0
        elif name == "c":
            self.cell, self.parts = dict(attributes), {}
            given = re.fullmatch(r"([A-Z]{1,3})([0-9]{1,7})", attributes.get("r", ""))
            self.column = number_of(given[1]) if given else self.column + 1
            self.row = int(given[2]) if given else max(self.row, 1)
        elif name in ("v", "f", "is"):
            self.parts.setdefault(name, [])

    def data(self, text: str) -> None:
        """Note a text within a cell."""
        inside = self.inside
        if inside[-1] in ("v", "f"):
            self.parts.get(inside[-1], []).append(text)
        elif inside[-1] == "t" and "rPh" not in inside and "is" in self.parts:
            self.parts["is"].append(text)

    def end(self, name: str) -> None:
        """Keep a cell."""
        self.inside.pop()
        if name == "c":
            value, formula, inner = (self._text(part) for part in ("v", "f", "is"))
            # An empty text is a value where a type says so alone; see `_quickly`.
            value = None if value == "" and "t" not in self.cell else value
            type_, style = self.cell.get("t", "n"), _style(self.cell.get("s", "0"))
            at = letter_of(self.column), str(self.row)
            self.cells.append((*at, type_, style, value, formula, inner))

    def _text(self, part: str) -> str | None:
        found = self.parts.get(part)
        return None if found is None else "".join(found)


def _grid(found: pl.DataFrame, book: Book, merged: list[str]) -> Grid:
    """Return cells as a table, without rows and columns that are empty."""
    texts, kinds = _texts(found, book)
    filled = kinds != Kind.EMPTY
    if not filled.all():
        found, texts, kinds = found.filter(filled), texts.filter(filled), kinds.filter(filled)
    letters = found["letters"].unique()
    at_column = [number_of(text) for text in letters]
    column = found["letters"].replace_strict(letters, at_column, return_dtype=pl.Int32).to_numpy()
    row = found["row"].cast(pl.Int32).to_numpy()
    if found.height and (row.max() > MOST_ROWS or row.min() < 1 or column.max() > MOST_COLUMNS):
        raise CellsError("a cell beyond the last row or column")
    rows, at_row = np.unique(row, return_inverse=True)
    columns, at_column = np.unique(column, return_inverse=True)
    if len(rows) * len(columns) > MOST_CELLS:
        raise CellsError(_TOO_MANY)
    place = at_column.astype(np.int64) * len(rows) + at_row
    return Grid(
        _spread(texts, place, len(rows), len(columns)),
        _spread(kinds, place, len(rows), len(columns)),
        rows.tolist(),
        columns.tolist(),
        merged,
    )


def _spread(
    values: pl.Series, place: NDArray[np.int64], height: int, width: int
) -> list[pl.Series]:
    """Return the columns of a table whose cells were given one by one."""
    taken = np.full(height * width, -1, dtype=np.int64)
    taken[place] = np.arange(len(values))
    if np.count_nonzero(taken >= 0) != len(values):
        raise CellsError("two cells at one place")
    at = pl.Series(taken)
    dense = values.gather(pl.select(pl.when(at >= 0).then(at)).to_series().cast(pl.UInt32))
    return [dense[number * height : (number + 1) * height] for number in range(width)]


def _texts(found: pl.DataFrame, book: Book) -> tuple[pl.Series, pl.Series]:
    """Return what stands in cells as text, and of what kind they are."""
    type_, value, inner = found["type"], found["value"], found["inner"]
    is_number = type_ == "n"
    number = _where(is_number, value.str.strip_chars()).cast(pl.Float64, strict=False)
    number = _where(number.is_finite(), number)
    is_date = is_number & found["style"].is_in(book.dates) if book.dates else None
    shown: dict[str, tuple[Any, pl.Series, int]] = {}
    shown["n"] = (is_number & number.is_not_null(), _decimals(value, number), Kind.NUMBER)
    if is_date is not None and is_date.any():
        days = _where(is_date, number)
        moments = iso(days, from_1904=book.from_1904)
        wrong = days.is_not_null() & moments.is_null()
        shown["wrong"] = (wrong, _decimals(value, number), Kind.ERROR)
        shown["date"] = (is_date & moments.is_not_null(), moments, Kind.DATE)
    if (type_ == "s").any():
        shown["s"] = (*_shared(value, type_ == "s", book.strings), Kind.TEXT)
    others = {
        "inlineStr": (lambda: pl.coalesce(inner, value), Kind.TEXT),
        "str": (lambda: unescaped(value), Kind.TEXT),
        "b": (lambda: value.replace_strict(_TRUTHS, default=None), Kind.TRUTH),
        "d": (lambda: value.str.replace(r"(T00:00:00(\.0+)?)?(Z|\+00:00)?$", ""), Kind.DATE),
        "e": (lambda: value.replace("", None), Kind.ERROR),
    }
    there = set(type_.unique())
    for name, (made, kind) in others.items():
        if name in there:
            texts = pl.select(made()).to_series()
            shown[name] = ((type_ == name) & texts.is_not_null(), texts, kind)
    texts, kinds = _chosen(shown, len(value))
    # What no rule above took has a value that its type cannot have.
    odd = kinds.eq(Kind.EMPTY) & value.is_not_null() & value.ne("")
    if odd.any():
        texts, kinds = _put(texts, odd, value), _put(kinds, odd, Kind.ERROR)
    formula = found["formula"]
    if formula.count():
        has = formula.is_not_null()
        is_text = type_ == "str"
        unsaid = has & (kinds == Kind.EMPTY) & ~(is_text & value.is_not_null())
        texts = _put(texts, unsaid, "=" + formula)
        kinds = _put(kinds + has.cast(pl.UInt8) * FORMULA, unsaid, int(Kind.UNSAID))
    blank = texts.eq("").fill_null(value=False)
    if blank.any():
        kinds = _put(kinds, blank, kinds - Kind.TEXT)
        texts = _put(texts, blank, None)
    return texts, kinds


_TRUTHS = {"1": "TRUE", "0": "FALSE", "true": "TRUE", "false": "FALSE"}


def _where(which: pl.Series, values: pl.Series) -> pl.Series:
    return pl.select(pl.when(which).then(values)).to_series()


def _put(values: pl.Series, which: pl.Series, other: Any) -> pl.Series:
    """Return values, with others in some places."""
    put = pl.when(which).then(other if isinstance(other, pl.Series) else pl.lit(other))
    return pl.select(put.otherwise(values).cast(values.dtype)).to_series()


def _chosen(shown: Mapping[str, tuple[Any, pl.Series, int]], height: int) -> Any:
    texts = pl.Series([None], dtype=pl.String).new_from_index(0, height)
    kinds = pl.Series([0], dtype=pl.UInt8).new_from_index(0, height)
    for which, these, kind in shown.values():
        texts, kinds = _put(texts, which, these), _put(kinds, which, int(kind))
    return texts, kinds


def _decimals(value: pl.Series, number: pl.Series) -> pl.Series:
    """Return numbers as text: whole ones by the digits that stand there."""
    whole = value.str.contains(r"^-?[0-9]+$")
    return pl.select(
        pl.when(whole).then(value).otherwise(number.cast(pl.String).str.strip_suffix(".0"))
    ).to_series()


def _shared(value: pl.Series, which: pl.Series, strings: pl.Series) -> tuple[pl.Series, pl.Series]:
    """Return texts by their numbers, weighed as often as they are used."""
    at = _where(which, value).str.strip_chars().cast(pl.UInt32, strict=False)
    known = at < len(strings)
    if not known.fill_null(value=True).all() or (which & at.is_null() & value.is_not_null()).any():
        raise CellsError("a text that is not there")
    weights = strings.str.len_bytes().cast(pl.Int64).gather(at.drop_nulls())
    if (weights.sum() or 0) > MOST_CHARACTERS:
        raise CellsError(f"more than {MOST_CHARACTERS // 1024**2} million characters")
    return which & at.is_not_null(), strings.gather(at)
