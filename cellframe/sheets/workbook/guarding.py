"""What is refused before anything of a workbook is read?

A workbook is a zip of XML, and both can be made so that a small file fills the memory. Everything
is counted before it is there: the entries, what they inflate to, and the XML in them has no
entities. What runs, such as a macro, is not opened at all.
"""

from __future__ import annotations

import io
import re
import struct
import zipfile
import zlib
from typing import TYPE_CHECKING, NoReturn

from cellframe.errors import SheetError
from cellframe.sheets.dialect import read_bytes

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

MOST_BYTES = 200 * 1024**2
"""Of the file, and of what is read in it once it is inflated."""
MOST_ENTRIES = 1_000
_OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_ZIP = b"PK\x03\x04"
_ENTRY = b"PK\x01\x02"
"""Before every entry of the list at a zip's end."""
_ENCRYPTED = "EncryptedPackage".encode("utf-16-le")
_IS_ENCRYPTED = 0x1
_PACKED = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
_UTF_16 = (b"\xff\xfe", b"\xfe\xff")
_DECLARES = re.compile(r"<!(DOCTYPE|ENTITY)", re.IGNORECASE)
_NO_ZIP = (
    *(zipfile.BadZipFile, zlib.error, struct.error, OSError, EOFError),
    *(ValueError, RuntimeError, OverflowError, IndexError),
)
"""What Python's zipfile raises of files that are damaged; `NotImplementedError` is among them."""


class Package:
    """The parts of a workbook; each is inflated when it is asked for, and counted.

    Parameters
    ----------
    path : Path
        The file.

    Raises
    ------
    SheetError
        It is no workbook without macros and password, or larger than any that people make.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._left = MOST_BYTES
        try:
            large = path.stat().st_size > MOST_BYTES
        except OSError:  # `read_bytes` says what is wrong.
            large = False
        if large:
            self.refuse_size()
        raw = read_bytes(path)
        _refuse_others(path, raw)
        if raw.count(_ENTRY) > MOST_ENTRIES:
            message = f"{path.name} is made of more than {MOST_ENTRIES:,} files, and no workbook is. It is not opened."
            raise SheetError(message)
        try:
            self._zip = zipfile.ZipFile(io.BytesIO(raw))
        except _NO_ZIP:
            self.refuse_damage()
        entries = self._zip.infolist()
        self._entries = {entry.filename.lower().lstrip("/"): entry for entry in entries}
        if len(self._entries) != len(entries):
            self.refuse_damage()
        self._refuse_what_runs()

    def _refuse_what_runs(self) -> None:
        if any(entry.flag_bits & _IS_ENCRYPTED for entry in self._entries.values()):
            raise SheetError(_LOCKED.format(name=self.path.name))
        if any(
            name.endswith("vbaproject.bin") or "/macrosheets/" in name for name in self._entries
        ):
            message = f"{self.path.name} has macros, which are not opened. Save it as Excel workbook (.xlsx), which has none."
            raise SheetError(message)
        if "mimetype" in self._entries:
            message = (
                f"{self.path.name} is an OpenDocument file. Save it as Excel workbook (.xlsx)."
            )
            raise SheetError(message)
        if "xl/workbook.bin" in self._entries:
            message = (
                f"{self.path.name} is a binary workbook (.xlsb). Save it as Excel workbook (.xlsx)."
            )
            raise SheetError(message)

    def names(self) -> Iterator[str]:
        """Yield the names of the parts, in small letters."""
        yield from self._entries

    def text(self, name: str) -> str | None:
        """Return one part as text; None where there is none of that name."""
        entry = self._entries.get(name.lower())
        if entry is None:
            return None
        self._left -= entry.file_size
        if self._left < 0:
            self.refuse_size()
        if entry.compress_type not in _PACKED:
            self.refuse_damage()
        try:
            # Python's reader gives no more than the declared size, and compares the check sum.
            with self._zip.open(entry) as part:
                raw = part.read()
        except _NO_ZIP:
            self.refuse_damage()
        return self._decoded(raw)

    def _decoded(self, raw: bytes) -> str:
        try:
            text = raw.decode("utf-16" if raw.startswith(_UTF_16) else "utf-8-sig")
        except UnicodeError:
            self.refuse_damage()
        if "<!" in text and _DECLARES.search(text):
            message = f"{self.path.name} defines entities of its own, which no spreadsheet does. It is not opened."
            raise SheetError(message)
        if "\r" in text:
            text = text.replace("\r\n", "\n").replace("\r", "\n")
        return text

    def refuse_size(self) -> NoReturn:
        """Raise because the workbook is larger than any that people make."""
        message = f"{self.path.name} unpacks to more than {MOST_BYTES // 1024**2} MB, and is not opened. Save the sheet in a workbook of its own, or as CSV UTF-8."
        raise SheetError(message)

    def refuse_damage(self) -> NoReturn:
        """Raise because the file is no workbook."""
        message = f"{self.path.name} is no workbook, or is damaged. Open it in a spreadsheet and save it again as Excel workbook (.xlsx)."
        raise SheetError(message) from None


_LOCKED = "{name} has a password. Save a copy without one, and give that."


def _refuse_others(path: Path, raw: bytes) -> None:
    """Say what a file is that is no zip."""
    if raw.startswith(_OLE):
        if _ENCRYPTED in raw:
            raise SheetError(_LOCKED.format(name=path.name))
        message = (
            f"{path.name} is a workbook of Excel 97 (.xls). Save it as Excel workbook (.xlsx)."
        )
        raise SheetError(message)
    if not raw.startswith(_ZIP):
        message = f"{path.name} is no workbook, whatever its name says. Save it as Excel workbook (.xlsx), or name it as what it is."
        raise SheetError(message)
