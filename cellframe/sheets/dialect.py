"""Which encoding, which delimiter, and where does the header of this text file stand?

Found from the file, never asked: a German Excel writes semicolons, a Japanese one UTF-16, and
nobody who saves a file knows which.
"""

from __future__ import annotations

import codecs
import csv
import io
import re
from dataclasses import dataclass
from statistics import median
from typing import TYPE_CHECKING, NamedTuple

from cellframe.errors import SheetError

if TYPE_CHECKING:
    from pathlib import Path

DELIMITERS = (",", ";", "\t", "|")
HEAD = 2**18
"""Characters that are looked at for the delimiter, and for the header."""
_MARKS = {
    codecs.BOM_UTF8: "utf-8-sig",
    codecs.BOM_UTF16_LE: "utf-16",
    codecs.BOM_UTF16_BE: "utf-16",
}
_GARBLED_MARK = "ï»¿".encode()
"""The byte-order mark of UTF-8, read as Windows-1252 and saved as UTF-8."""
_DECLARED = re.compile(r"sep=(?P<delimiter>[^\r\n])(\r\n|\n|\r|\Z)", re.IGNORECASE)
"""A first line that Excel writes and obeys, and takes for no row."""
_NUMBER = re.compile(r"\s*[+-]?[\d.,]*\d[\d.,]*(e[+-]?\d+)?\s*", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Dialect:
    """How a text file is written.

    Attributes
    ----------
    encoding : str
        Python's name for it.
    delimiter : str
        One character.
    skip : int
        Lines before the header.
    """

    encoding: str
    delimiter: str
    skip: int = 0

    @property
    def notice(self) -> str | None:
        """What a person should know about it; None where there is nothing to know."""
        if self.encoding != "cp1252":
            return None
        return "The file is no UTF-8 text and is read as Windows-1252: look at letters such as ä, µ and °."


def sniff(path: Path, *, skip: int | None = 0) -> Dialect:
    """Find out how a text file is written.

    Parameters
    ----------
    path : Path
        The file.
    skip : int or None
        Lines before the header, as the exports of cyclers have; None to find the header where
        rows of equal width begin. A first line ``sep=;`` is obeyed, and skipped besides.

    Raises
    ------
    SheetError
        The file cannot be opened, or is no text.
    """
    encoding, text = read_text(path)
    head = text[:HEAD]
    declared = _DECLARED.match(head)
    first = 1 if declared else 0
    below = list(lines_of(head))[first + (skip or 0) :]
    delimiters = (declared["delimiter"],) if declared else DELIMITERS
    if skip is None:
        delimiter, found = _find_header(below, delimiters)
        return Dialect(encoding, delimiter, first + found)
    return Dialect(encoding, _delimiter(below, delimiters), first + skip)


def read_bytes(path: Path) -> bytes:
    """Return a file's content, or say in one sentence why there is none.

    LibreOffice opens a file as Windows-1252 unless it is told otherwise, and saves what it saw;
    the byte-order mark that became letters gives it away, and all letters are put back.

    Raises
    ------
    SheetError
        It is missing, a folder, or may not be read; or its letters cannot be put back.
    """
    try:
        return _put_back(path, path.read_bytes())
    except FileNotFoundError:
        message = f"There is no file {path}. Check the name and the folder."
    except IsADirectoryError:
        message = f"{path} is a folder, not a file. Name a file in it."
    except PermissionError:
        message = f"{path} may not be read. Close it elsewhere, or ask its owner for the right to read it."
    except OSError as fault:
        message = f"{path} cannot be read: {fault.strerror}."
    raise SheetError(message)


def _put_back(path: Path, raw: bytes) -> bytes:
    garbled = raw.removeprefix(codecs.BOM_UTF8)
    if not garbled.startswith(_GARBLED_MARK):
        return raw
    try:
        mended = b"".join(map(_byte_of, garbled.decode("utf-8")))
        mended.decode("utf-8")
    except UnicodeError:
        message = (
            f"{path.name} was opened as Windows-1252 in a spreadsheet, and its letters are garbled. "
            "Open the original again with the character set UTF-8, and repeat the edits there."
        )
        raise SheetError(message) from None
    return mended


def _byte_of(letter: str) -> bytes:
    """Return the byte that was shown as a letter; five of them have none in Windows-1252."""
    return letter.encode("latin-1" if "\x80" <= letter <= "\x9f" else "cp1252")


def decoded(path: Path, raw: bytes, encoding: str) -> str:
    """Return the text of a file.

    Raises
    ------
    SheetError
        Some bytes are no text in this encoding.
    """
    try:
        return raw.decode(encoding)
    except UnicodeDecodeError as fault:
        line = raw.count(b"\n", 0, fault.start) + 1
        name = {"cp1252": "Windows-1252"}.get(encoding, encoding.removesuffix("-sig").upper())
        message = (
            f"{path.name} cannot be read as text: line {line} has bytes that {name} does not have. "
            "Save it again as CSV UTF-8."
        )
        raise SheetError(message) from None


def lines_of(text: str) -> io.StringIO:
    r"""Return the lines of a text as they end in files: at LF, CR and CRLF, and nowhere else.

    `str.splitlines` ends lines at U+0085, U+2028 and form feeds too, which stand in texts.
    """
    return io.StringIO(text, newline="")


class Text(NamedTuple):
    """What a file says, and how it is encoded."""

    encoding: str
    text: str


def read_text(path: Path) -> Text:
    """Read a text file of any encoding.

    Raises
    ------
    SheetError
        The file cannot be opened, or is no text.
    """
    raw = read_bytes(path)
    for mark, encoding in _MARKS.items():
        if raw.startswith(mark):
            return Text(encoding, decoded(path, raw, encoding))
    try:
        return Text("utf-8", raw.decode("utf-8"))
    except UnicodeDecodeError:
        return Text("cp1252", decoded(path, raw, "cp1252"))


def _records(lines: list[str], delimiter: str) -> list[list[str]]:
    """Return the records of some lines; none where a quote is not closed as it should be."""
    try:
        return list(csv.reader(lines, delimiter=delimiter))
    except csv.Error:
        return []


def _delimiter(lines: list[str], candidates: tuple[str, ...]) -> str:
    """Return the delimiter of the header, and of two the one that the rows below agree with."""

    def rank(delimiter: str) -> tuple[bool, int, int]:
        width = max(map(len, _records(lines[:1], delimiter)), default=0)
        rows = _records(lines, delimiter)
        agreeing = sum(width in (len(row), len(row) - (row[-1:] == [""])) for row in rows)
        return width > 1, agreeing, width

    return max(candidates, key=rank)


def _find_header(lines: list[str], candidates: tuple[str, ...]) -> tuple[str, int]:
    """Return the delimiter, and the first line with as many filled cells as most rows have.

    Line by line, since a stray quote in the free text above must not swallow the table; and by
    filled cells, since Excel pads that text with delimiters.
    """
    best: tuple[tuple[bool, int, int], str, int] = ((False, 0, 0), candidates[0], 0)
    for delimiter in candidates:
        rows = [next(iter(_records([line], delimiter)), []) for line in lines]
        filled = [sum(bool(cell.strip()) for cell in row) for row in rows]
        usual = max(median(filled) if filled else 0, 2)
        start = next((n for n, cells in enumerate(filled) if cells >= usual), None)
        if start is not None:
            width = len(rows[start])
            is_text = not any(_NUMBER.fullmatch(cell) for cell in rows[start])
            agreeing = sum(len(row) == width for row in rows)
            best = max(best, ((is_text, agreeing, width), delimiter, start))
    return best[1], best[2]
