"""How is a frame written as a file that people open?"""

from __future__ import annotations

import hashlib
import io
from typing import TYPE_CHECKING, NamedTuple

import polars as pl

from cellframe.errors import SheetError, first_few
from cellframe.sheets.putting import Written, put
from cellframe.sheets.rewriting import may_be_lost, may_be_rewritten
from cellframe.sheets.tables import FIRST_ROW, format_of
from cellframe.sheets.texts import guard, in_few_words, is_text, written

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

_MOST_CHARACTERS = 32_767
"""That an Excel cell holds; it cuts the rest off in silence."""


def write_table(frame: pl.DataFrame, path: Path, *, name: str | None = None) -> Written:
    """Write a frame as a file, whole or not at all.

    Parameters
    ----------
    frame : DataFrame
        The table.
    path : Path
        ``.csv``, ``.txt`` (UTF-8 with a byte-order mark, commas, decimal points, ISO dates, lines
        that end with LF), ``.tsv`` (the same with tabs) or ``.parquet`` (as typed).
    name : str, optional
        The column that rows are named by in a refusal.

    Raises
    ------
    SheetError
        The file is open in another program, the folder is missing or not writable, or CSV cannot
        hold a value: every one at once. Whatever was there is as it was.
    """
    form = format_of(path)
    notices: list[str] = []
    if form == "xlsx":
        message = f"{path.name} is a workbook, and this table is written as CSV or parquet."
        raise SheetError(message)
    if form == "csv":
        content = _delimited(frame, path, name)
        notices = [told for kind in _KINDS for told in in_few_words(_notices(frame, kind))]
    else:
        content = _parquet(frame)
    put(path.resolve(), content)
    return Written(hashlib.sha256(content).hexdigest(), tuple(notices))


def _parquet(frame: pl.DataFrame) -> bytes:
    buffer = io.BytesIO()
    frame.write_parquet(buffer, compression="zstd")
    return buffer.getvalue()


def _delimited(frame: pl.DataFrame, path: Path, name: str | None) -> bytes:
    faults = [fault for label in frame.columns for fault in _unfit(frame, label, name)]
    if faults:
        head = f"{path.name} was not written: parquet can hold this table, CSV cannot."
        raise SheetError("\n  ".join([head, *first_few(faults)]))
    texts = frame.select(written(frame[label]) for label in frame.columns)
    texts.columns = guard(pl.Series(frame.columns, dtype=pl.String)).to_list()
    buffer = io.BytesIO()
    separator = "\t" if path.suffix.lower() == ".tsv" else ","
    # The mark makes Excel read UTF-8; without it, it takes the system's old code page.
    texts.write_csv(buffer, include_bom=True, separator=separator)
    return buffer.getvalue()


def _unfit(frame: pl.DataFrame, label: str, name: str | None) -> Iterator[str]:
    """Say which cells no delimited file can hold."""
    values = frame[label]
    if values.dtype.is_nested() or isinstance(values.dtype, pl.Binary | pl.Object):
        yield f"{label!r} holds {values.dtype}, not one value in a cell."
    elif is_text(values.dtype):
        # LibreOffice drops it, and so two texts become one; other control characters survive.
        for row in values.cast(pl.String).str.contains("\0", literal=True).arg_true():
            who = "" if name is None else f" ({frame[name][row]!r})"
            yield f"Row {row + FIRST_ROW}{who}, {label!r}: a NUL character."


def _are_too_long(texts: pl.Series) -> pl.Series:
    return (texts.str.len_chars() > _MOST_CHARACTERS).fill_null(value=False)


class _Kind(NamedTuple):
    """Values of which something is to be known, and what."""

    find: Callable[[pl.Series], pl.Series]
    words: str


_KINDS = (
    _Kind(
        may_be_rewritten,
        "{values} such as {first!r}, which a spreadsheet may rewrite as a number, a date or a truth "
        "when it opens the file. cellframe knows such rewritings, and takes them for no edit.",
    ),
    _Kind(
        may_be_lost,
        "{values} such as {first!r}, which a spreadsheet may make a date or a time of when it opens "
        "the file. Such a cell is refused when it comes back: make the column text as you open the "
        "file.",
    ),
    _Kind(
        _are_too_long,
        f"{{values}} of more than {_MOST_CHARACTERS:,} characters, which Excel cuts off.",
    ),
)


def _notices(frame: pl.DataFrame, kind: _Kind) -> dict[str, str | None]:
    """Return what is to be known of each column of texts."""
    found: dict[str, str | None] = {}
    for label, values in frame.to_dict().items():
        if is_text(values.dtype):
            texts = values.cast(pl.String)
            these = texts.filter(kind.find(texts))
            said = kind.words.format(values=_many(len(these)), first=these[0]) if len(these) else ""
            found[label] = f"{label!r}: {said}" if said else None
    return found


def _many(count: int) -> str:
    return "1 value" if count == 1 else f"{count:,} values"
