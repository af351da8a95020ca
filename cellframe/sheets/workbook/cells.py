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
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl

from cellframe.sheets.kinds import FORMULA, Kind
from cellframe.sheets.workbook.markup import inner_texts, parse, plain, unescaped, without_prefix
from cellframe.sheets.workbook.serials import iso

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

MOST_CELLS = 5 * 10**6
"""Rows times columns of a sheet, and cells in its XML."""
MOST_CHARACTERS = 200 * 1024**2
"""Of all cells together, as often as a text is used."""
MOST_ROWS, MOST_COLUMNS = 1_048_576, 16_384
MOST_MERGED = 100_000
_MOST_COMBINATIONS = 10_000
"""Of the attributes of cells; a workbook has a few dozen."""


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
    if text.count("<c ") > MOST_CELLS:
        raise CellsError(_TOO_MANY)
    found = None if start < 0 or end < 0 else _in_pieces(text[start + 11 : end], book)
    if found is None:
        if text.count("<") > MOST_CELLS:
            raise CellsError(_TOO_MANY)
        found = _values(_tag_by_tag(text), book)
    if text.count("<mergeCell ") > MOST_MERGED:
        raise CellsError(f"more than {MOST_MERGED:,} merged cells")
    merged = re.findall(r'<mergeCell ref="([A-Z0-9:]+)"', text[max(end, 0) :])
    return _grid(found, merged)


_TOO_MANY = f"more than {MOST_CELLS:,} cells"
_PIECE = 2**22
"""Characters of XML that are taken at once: as columns they need ten times as much memory."""


def _in_pieces(body: str, book: Book) -> pl.DataFrame | None:
    """Return the values of cells, where all of their XML is regular."""
    starts = [0]
    while len(body) - starts[-1] > _PIECE:
        at = body.find("</row>", starts[-1] + _PIECE)
        if at < 0:
            break
        starts.append(at)
    found: list[pl.DataFrame] = []
    for start, end in pairwise([*starts, len(body)]):
        piece = _quickly(body[start:end])
        if piece is None:
            return None
        found.append(_values(piece, book))
    return pl.concat(found)


_ROWS = r"(?:</row>|<row(?: [^<>]*)?/?>)*"
_BEFORE = re.compile(_ROWS)
_DIGITS, _LETTERS = "0123456789", "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
_REST = (
    r"(?s)^(?:<f(?: [^<>]*[^/])?>([^<]*)</f>|<f(?: [^<>]*)?/>)?"
    r"(?:<v(?: [^<>]*)?>([^<]*)</v>|<v ?/>|<is>(.*)</is>)?</c>" + f"{_ROWS}$"
)
_ATTRIBUTES = re.compile(r'(?: (\w+)="([^"]*)")*\s*/?')
_VALUE_ENDS = "</v></c>"


def _quickly(body: str) -> pl.DataFrame | None:
    """Return the cells of XML that is as regular as spreadsheets write it; None of any other.

    A cell is mostly ``<c r="B7" s="1" t="s"><v>12</v></c>``: it is cut where its signs stand, which
    takes half the time of an expression.
    """
    parts = pl.Series([body]).str.split("<c ").explode()
    if not _BEFORE.fullmatch(parts[0]):
        return None
    tag, opens, below = parts[1:].str.splitn(">", 3).struct.unnest().get_columns()
    first, at, attributes = tag.str.splitn('"', 3).struct.unnest().get_columns()
    letters = at.str.strip_chars_end(_DIGITS)
    row = at.str.strip_chars_start(_LETTERS).cast(pl.Int32, strict=False)
    kinds = None if attributes.null_count() else _by_attributes(attributes)
    if not (first == "r=").all() or row.null_count() or kinds is None:
        return None
    known = letters.unique()
    if len(known) > MOST_COLUMNS:
        raise CellsError(_BEYOND)
    if not known.str.contains("^[A-Z]{1,3}$").all():
        return None
    value = below.str.strip_suffix(_VALUE_ENDS)
    is_plain = (
        (opens == "<v") & below.str.ends_with(_VALUE_ENDS) & ~value.str.contains("<", literal=True)
    )
    is_plain = is_plain.fill_null(value=False)
    nothing = pl.Series([None], dtype=pl.String).new_from_index(0, len(row))
    formula = inner = nothing
    if not is_plain.all():
        odd = (~is_plain).arg_true()
        more = _otherwise(attributes[odd], opens[odd], below[odd])
        if more is None:
            return None
        value = value.scatter(odd, more["value"])
        formula, inner = (
            nothing.clone().scatter(odd, more["formula"]),
            nothing.clone().scatter(odd, more["inner"]),
        )
    series = (letters, row, *kinds, plain(value), plain(formula), inner)
    return pl.DataFrame([one.alias(label) for one, label in zip(series, _LABELS, strict=True)])


def _otherwise(attributes: pl.Series, opens: pl.Series, below: pl.Series) -> pl.DataFrame | None:
    """Return what stands in cells that are empty, the last of their row, or more than a value."""
    rest = pl.select(
        pl.when(opens.is_null()).then(pl.lit("")).otherwise(opens + ">" + below.fill_null(""))
    ).to_series()
    is_empty = attributes.str.ends_with("/")
    fits = pl.select(
        pl.when(is_empty).then(rest.str.contains(f"^{_ROWS}$")).otherwise(rest.str.contains(_REST))
    ).to_series()
    if not fits.all():
        return None
    found = rest.str.extract_groups(_REST).struct.unnest()
    found.columns = ["formula", "value", "inner"]
    # `<v></v>` is a value, and `<v/>` none: so a formula's empty text is told from no value.
    formula = pl.when(rest.str.starts_with("<f")).then(found["formula"].fill_null(""))
    inner = found["inner"]
    filled = inner.is_not_null().arg_true()
    if len(filled):
        inner = inner.scatter(filled, inner_texts(inner[filled]))
    return pl.DataFrame([found["value"], inner]).with_columns(formula=formula)


def _by_attributes(attributes: pl.Series) -> list[pl.Series] | None:
    """Return types and styles of cells; their attributes have few combinations."""
    unique = attributes.unique()
    if len(unique) > _MOST_COMBINATIONS:
        return None
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
_CELLS = {label: pl.Int32() if label in ("row", "style") else pl.String() for label in _LABELS}


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
            if self.row > MOST_ROWS or self.column > MOST_COLUMNS:
                raise CellsError(_BEYOND)
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
            at = letter_of(self.column), self.row
            self.cells.append((*at, type_, style, value, formula, inner))

    def _text(self, part: str) -> str | None:
        found = self.parts.get(part)
        return None if found is None else "".join(found)


def _values(found: pl.DataFrame, book: Book) -> pl.DataFrame:
    """Return the cells that are filled: rows and columns, what stands there, and its kind."""
    parts: list[pl.DataFrame] = []
    for type_ in found["type"].unique():
        part = found.filter(found["type"] == type_)
        texts, kinds = _texts(str(type_), part, book)
        if part["formula"].count():
            texts, kinds = _of_formulas(part, texts, kinds)
        at = part.select("letters", "row").with_columns(text=texts, kind=kinds)
        parts.append(at.filter(kinds != Kind.EMPTY))
    if not parts:
        return pl.DataFrame(schema=_VALUES)
    values = pl.concat(parts)
    letters = values["letters"].unique()
    numbers = [number_of(text) for text in letters]
    columns = values["letters"].replace_strict(letters, numbers, return_dtype=pl.Int32)
    return values.with_columns(columns)


_VALUES = {"letters": pl.Int32, "row": pl.Int32, "text": pl.String, "kind": pl.UInt8}


def _grid(found: pl.DataFrame, merged: list[str]) -> Grid:
    """Return cells as a table, without rows and columns that are empty."""
    row, column = found["row"].to_numpy(), found["letters"].to_numpy()
    if found.height and (row.max() > MOST_ROWS or row.min() < 1 or column.max() > MOST_COLUMNS):
        raise CellsError(_BEYOND)
    if (found["text"].str.len_bytes().cast(pl.Int64).sum() or 0) > MOST_CHARACTERS:
        raise CellsError(_TOO_LONG)
    rows, at_row = np.unique(row, return_inverse=True)
    columns, at_column = np.unique(column, return_inverse=True)
    if len(rows) * len(columns) > MOST_CELLS:
        raise CellsError(_TOO_MANY)
    place = at_column.astype(np.int64) * len(rows) + at_row
    return Grid(
        _spread(found["text"], place, len(rows), len(columns)),
        _spread(found["kind"], place, len(rows), len(columns)),
        rows.tolist(),
        columns.tolist(),
        merged,
    )


_BEYOND = "a cell beyond the last row or column"
_TOO_LONG = f"more than {MOST_CHARACTERS // 1024**2} million characters"


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


def _texts(type_: str, found: pl.DataFrame, book: Book) -> tuple[pl.Series, pl.Series]:
    """Return what stands in cells of one type as text, and of what kind they are."""
    value = found["value"]
    if type_ == "n":
        return _numbers(value.str.strip_chars(), found["style"], book)
    if type_ == "s":
        texts, kind = _shared(value, book.strings), Kind.TEXT
    elif type_ in ("inlineStr", "str"):
        texts, kind = pl.coalesce(found["inner"], unescaped(value)), Kind.TEXT
    elif type_ == "b":
        texts, kind = (
            value.replace_strict(_TRUTHS, default=None, return_dtype=pl.String),
            Kind.TRUTH,
        )
    elif type_ == "d":
        texts, kind = value.str.replace(r"(T00:00:00(\.0+)?)?(Z|\+00:00)?$", ""), Kind.DATE
    else:
        texts, kind = value, Kind.ERROR
    return _filled(pl.select(texts).to_series(), value, kind)


_TRUTHS = {"1": "TRUE", "0": "FALSE", "true": "TRUE", "false": "FALSE"}


def _filled(texts: pl.Series, value: pl.Series, kind: int) -> tuple[pl.Series, pl.Series]:
    """Return texts and their kinds; a value that has no text of its type is an error, not nothing."""
    made = pl.when(texts != "").then(texts)
    wrong = texts.is_null() & value.ne("")
    kinds = pl.when(wrong).then(int(Kind.ERROR)).when(texts != "").then(int(kind))
    texts = pl.select(pl.when(wrong).then(value).otherwise(made)).to_series()
    return texts, pl.select(kinds.otherwise(int(Kind.EMPTY)).cast(pl.UInt8)).to_series()


def _numbers(value: pl.Series, styles: pl.Series, book: Book) -> tuple[pl.Series, pl.Series]:
    """Return numbers by the shortest decimals that read back as them, and dates by ISO 8601."""
    number = value.cast(pl.Float64, strict=False)
    whole = value.str.contains(r"^-?[0-9]+$")
    shown = pl.when(number.is_finite()).then(
        pl.when(whole).then(value).otherwise(number.cast(pl.String).str.strip_suffix(".0"))
    )
    texts, kinds = _filled(pl.select(shown).to_series(), value, Kind.NUMBER)
    dates = (styles.is_in(book.dates) & (kinds == Kind.NUMBER)).arg_true()
    if len(dates):
        moments = iso(number[dates], from_1904=book.from_1904)
        days = _filled(moments, value[dates], Kind.DATE)
        texts, kinds = texts.scatter(dates, days[0]), kinds.scatter(dates, days[1])
    return texts, kinds


def _of_formulas(
    found: pl.DataFrame, texts: pl.Series, kinds: pl.Series
) -> tuple[pl.Series, pl.Series]:
    """Return texts and kinds where formulas stand: with their value, else as themselves."""
    has = found["formula"].is_not_null()
    # The type of a text says that an empty one was calculated.
    unsaid = has & (kinds == Kind.EMPTY) & ((found["type"] != "str") | found["value"].is_null())
    texts = pl.select(pl.when(unsaid).then("=" + found["formula"]).otherwise(texts)).to_series()
    said = pl.select(kinds + has.cast(pl.UInt8) * FORMULA).to_series()
    chosen = pl.when(unsaid).then(pl.lit(int(Kind.UNSAID), pl.UInt8)).otherwise(said)
    return texts, pl.select(chosen.cast(pl.UInt8)).to_series()


def _shared(value: pl.Series, strings: pl.Series) -> pl.Series:
    """Return texts by their numbers; polars keeps each once, and `_grid` weighs every use."""
    at = value.str.strip_chars().cast(pl.UInt32, strict=False)
    if not (at < len(strings)).fill_null(value=True).all() or at.null_count() > value.null_count():
        raise CellsError("a text that is not there")
    return strings.gather(at)
