"""What does a workbook know about where it came from?

On a sheet that nobody sees stands, for every sheet of records, what lies beside a CSV as its
companion: the service, the columns, and the records as they were read. So a workbook can come
back on any machine. It holds no credential.
"""

from __future__ import annotations

import base64
import hashlib
import io
import zipfile
from typing import TYPE_CHECKING

from cellframe.sheets import companion

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from pathlib import Path

    from cellframe.sheets.companion import Companion

SHEET = "_cellframe"
_MARK = "cellframe workbook 1"
_BEGINS = "sheet: "
_PIECE = 32_000
"""Characters of a cell; Excel holds 32,767."""
_DAMAGED = (
    "What this workbook was made from (its hidden sheet) is damaged or of another version of "
    "cellframe, and is left aside: it is compared with what is kept on this computer, else with "
    "the service alone."
)


def to_cells(companions: Mapping[str, Companion]) -> list[str]:
    """Return what the hidden sheet holds.

    Parameters
    ----------
    companions : mapping of str to Companion
        By the name of the sheet.

    Returns
    -------
    list of str
        The cells of its first column, from its first row.
    """
    cells = [_MARK]
    for name, one in companions.items():
        text = base64.b64encode(companion.to_bytes(one)).decode()
        cells.append(_BEGINS + name)
        cells += [text[at : at + _PIECE] for at in range(0, len(text), _PIECE)]
    return cells


def from_cells(cells: Sequence[str | None]) -> tuple[dict[str, Companion], str | None]:
    """Return what the hidden sheet holds, and what is wrong with it where it cannot be used.

    Parameters
    ----------
    cells : sequence of str or None
        Its first column.

    Returns
    -------
    companions : dict of str to Companion
        By the name that the sheet was written with.
    damage : str or None
    """
    if not cells or cells[0] != _MARK:
        return {}, _DAMAGED
    pieces: dict[str, list[str]] = {}
    name = ""
    for cell in filter(None, cells[1:]):
        if cell.startswith(_BEGINS):
            name = cell.removeprefix(_BEGINS)
        pieces.setdefault(name, []).append("" if cell.startswith(_BEGINS) else cell)
    try:
        return {name: _whole(texts) for name, texts in pieces.items()}, None
    except companion.DAMAGES:
        return {}, _DAMAGED


def _whole(texts: Sequence[str]) -> Companion:
    return companion.from_bytes(base64.b64decode("".join(texts), validate=True))


def sealed(content: bytes, kinds: Iterable[str]) -> bytes:
    """Return a workbook with a seal, which every program that saves it breaks or drops.

    Parameters
    ----------
    content : bytes
        The workbook.
    kinds : iterable of str
        What its sheets hold.
    """
    buffer = io.BytesIO(content)
    with zipfile.ZipFile(buffer, "a") as package:
        package.comment = _seal(package, " ".join(kinds))
    return buffer.getvalue()


def kinds_as_written(path: Path) -> tuple[str, ...]:
    """Return what the sheets of a workbook hold; nothing where somebody saved it since."""
    try:
        with zipfile.ZipFile(path) as package:
            kinds = package.comment.decode().partition(_SEALED)[2]
            is_whole = bool(kinds) and package.comment == _seal(package, kinds)
    except (OSError, zipfile.BadZipFile, ValueError, NotImplementedError):
        return ()
    return tuple(kinds.split()) if is_whole else ()


_SEALED = " of cellframe: "


def _seal(package: zipfile.ZipFile, kinds: str) -> bytes:
    """Return a digest of the names and check sums of all parts, and what they hold."""
    parts = "\n".join(f"{one.filename} {one.CRC:08x}" for one in package.infolist())
    digest = hashlib.sha256(f"{parts}\n{kinds}".encode()).hexdigest()
    return f"{digest}{_SEALED}{kinds}".encode()
