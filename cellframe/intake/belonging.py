"""Which cell is this file of? By its name, its folder, the table, or a column within it.

A name stands in another text when it is not a part of a longer word or number there: ``c-1`` is
in ``c-1_rpt``, and not in ``c-12_rpt`` or ``c-1.5_rpt``. Of several the longest counts; two that
do not contain each other are a question for a person. A name that is a short number, such as
``1``, stands in too many texts: it has to be all of one.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path, PurePath, PurePosixPath
from typing import TYPE_CHECKING
from unicodedata import normalize

from cellframe.intake.mapping import BY_COLUMN, BY_FILE, BY_FOLDER, BY_TABLE

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from cellframe.intake.mapping import FilesMap

_SIGNS = {"+": "\u207a", "-": "\u207b"}
"""A sign at the end of a word belongs to it, as in ``NMC+`` and ``NMC-``; it is kept as these."""
_SIGN = re.compile(r"(?<=[^\W_])[+-](?=[_\s]|$)")
_POINT = re.compile(r"(?<=\d)\.(?=\d)")
_AS_WRITTEN = str.maketrans("\u207a\u207b\u00b7", "+-.")
_IN_WORDS = "\u207a\u207b\u00b7"
_APART = re.compile(rf"(?:[^\w{_IN_WORDS}]|_)+")
_BEFORE, _AFTER = rf"(?<![^\W_])(?<![{_IN_WORDS}])", rf"(?![^\W_]|[{_IN_WORDS}])"
_LONG_NUMBER = 5
"""Digits from which a number is a name of its own, and no count, day or year."""
_MOST_NAMED = 3
_DOUBLE = ".bdf"
UNCLEAR = "the names of "
"""How the reason begins where several cells fit."""


@dataclass(frozen=True, slots=True)
class Owner:
    """Whose file it is.

    Attributes
    ----------
    cell : str
        Name of the cell; empty where it is not known, or stands in a column of the file.
    rest : str
        What the file's name says besides.
    why_not : str
        Why no cell is known; empty where one is.
    """

    cell: str = ""
    rest: str = ""
    why_not: str = ""


class Owners:
    """Finds the cell of a file.

    Parameters
    ----------
    files : FilesMap
        How it is found.
    names : iterable of str
        Cells that there are; empty where the files alone say which.
    by_table : mapping of str to str
        Cell by what the table says of its file.
    """

    def __init__(
        self, files: FilesMap, names: Iterable[str], by_table: Mapping[str, str] | None = None
    ) -> None:
        self._files = files
        self._names = list(names)
        self._spelled = [(_spelled(name), name) for name in self._names]
        self._by_table = {name.casefold(): cell for name, cell in (by_table or {}).items()}

    def of(self, file: str) -> Owner:
        """Return whose file this is.

        Parameters
        ----------
        file : str
            Its path from the folder of the import, with ``/``.
        """
        path = PurePosixPath(file)
        named = self._files.cells.get(file) or self._files.cells.get(path.name)
        way = self._files.cell
        if named:
            return Owner(named, stem_of(path))
        if way.startswith(BY_COLUMN):
            return Owner(rest=stem_of(path))
        if way.startswith(BY_TABLE):
            return self._of_table(path)
        if way == BY_FILE:
            return self._in(stem_of(path), stem_of(path))
        if way == BY_FOLDER:
            return self._of_folder(path)
        return self._of_pattern(way, path)

    def _of_table(self, path: PurePosixPath) -> Owner:
        for spelled in (str(path), path.name, stem_of(path)):
            if spelled.casefold() in self._by_table:
                return Owner(self._by_table[spelled.casefold()], stem_of(path))
        return Owner(why_not="the table names it nowhere")

    def _of_folder(self, path: PurePosixPath) -> Owner:
        if not self._names:
            here = path.parent.name
            return Owner(here, stem_of(path)) if here else Owner(why_not="it is in no folder")
        for part in reversed(path.parts[:-1]):
            found = self._in(part, stem_of(path))
            if found.cell:
                return Owner(found.cell, stem_of(path))
        return Owner(why_not="no folder of it has the name of a cell")

    def _of_pattern(self, pattern: str, path: PurePosixPath) -> Owner:
        text = str(path) if "/" in pattern else path.name
        found = re.fullmatch(_regex(pattern), text)
        if found is None:
            return Owner(why_not=f"its name is not like {pattern!r}")
        cell = found["cell"]
        if self._names and cell not in self._names:
            return Owner(why_not=f"there is no cell {cell!r}")
        return Owner(cell, found.groupdict().get("test") or stem_of(path))

    def _in(self, text: str, stem: str) -> Owner:
        """Return the cell whose name stands in a text."""
        plain = _spelled(text)
        found = [(spelled, name) for spelled, name in self._spelled if _stands_in(spelled, plain)]
        longest = [
            (spelled, name)
            for spelled, name in found
            if not any(spelled != other and _stands_in(spelled, other) for other, _ in found)
        ]
        if len(longest) == 1:
            spelled, name = longest[0]
            return Owner(name, _without(spelled, stem))
        if not longest:
            return Owner(why_not="no cell's name stands in its name")
        cells = " and ".join(repr(name) for _, name in longest[:_MOST_NAMED])
        return Owner(why_not=f"{UNCLEAR}{cells} stand in it")


def stem_of(path: PurePath) -> str:
    """Return the name of a file without its ending, which may be double: ``K-1.bdf.csv``."""
    stem = path.stem
    return stem[: -len(_DOUBLE)] if stem.lower().endswith(_DOUBLE) else stem


def name_of_test(pattern: str, file: str, owner: Owner) -> str:
    """Return the name of the test that a file holds.

    Parameters
    ----------
    pattern : str
        ``{rest}``, ``{stem}``, ``{folder}``, or any text with them.
    file : str
        Its path from the folder of the import.
    owner : Owner
        Whose it is.
    """
    path = PurePosixPath(file)
    values = {
        "stem": stem_of(path),
        "rest": owner.rest or stem_of(path),
        "folder": path.parent.name,
    }
    values |= {"cell": owner.cell, "test": owner.rest or stem_of(path)}
    return re.sub(r"\{(\w+)\}", lambda found: values.get(found[1], found[0]), pattern).strip()


def files_of(root: Path, patterns: Sequence[str]) -> list[str]:
    """Return the files that patterns name, from a folder, in order and each once.

    Parameters
    ----------
    root : Path
        The folder of the import.
    patterns : sequence of str
        Paths, or patterns with ``*``.
    """
    found: dict[str, None] = {}
    for pattern in patterns:
        exact = root / pattern
        paths = [exact] if exact.is_file() else sorted(root.glob(pattern))
        found |= {path.relative_to(root).as_posix(): None for path in paths if path.is_file()}
    return [file for file in found if has_plain_name(Path(file))]


def has_plain_name(path: Path) -> bool:
    """Whether the name of a file is text: Unix takes any bytes, and no record can hold them."""
    return shown(path) == path.as_posix()


def shown(path: Path) -> str:
    """Return a path with ``/``, and with signs for bytes that are no text."""
    return path.as_posix().encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace")


def _spelled(text: str) -> str:
    """Return a text without case, its words joined by one mark."""
    plain = _SIGN.sub(lambda sign: _SIGNS[sign[0]], normalize("NFC", text))
    return _APART.sub("-", _POINT.sub("\u00b7", plain).casefold()).strip("-")


def _stands_in(name: str, text: str) -> bool:
    # A plain search first: a lab has thousands of names, and as many files.
    if not name or name not in text:
        return False
    if name.isdigit() and len(name) < _LONG_NUMBER:
        return name == text
    return re.search(_BEFORE + re.escape(name) + _AFTER, text) is not None


def _without(name: str, stem: str) -> str:
    """Return a file's name without the cell's name, as it is spelled there."""
    stem = normalize("NFC", stem)
    words = r"[\W_]+".join(re.escape(word.translate(_AS_WRITTEN)) for word in name.split("-"))
    found = re.search(rf"(?<![^\W_]){words}(?![^\W_])", stem, flags=re.IGNORECASE)
    if found is None:
        return stem
    ends = (stem[: found.start()], stem[found.end() :])
    return " ".join(bare for end in ends if (bare := re.sub(r"^[\W_]+|[\W_]+$", "", end)))


def _regex(pattern: str) -> str:
    """Return a pattern such as ``{cell}_{test}.csv`` as a regular expression."""
    parts = re.split(r"(\{(?:cell|test|\*)\}|\*)", pattern)
    named = {"{cell}": "(?P<cell>[^/]+?)", "{test}": "(?P<test>[^/]+)", "*": "[^/]*"}
    return "".join(named.get(part, re.escape(part)) for part in parts)
