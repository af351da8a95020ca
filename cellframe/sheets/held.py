"""Who has this file open?

LibreOffice and Excel put a file beside the one they hold; nothing else tells on Linux and macOS,
where a file can be replaced under a program that will overwrite it again.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

_LONGEST = 512


@dataclass(frozen=True, slots=True)
class Holder:
    """A program that holds a file open.

    Attributes
    ----------
    program : str
        Its name.
    user : str
        Who runs it, where the lock file says so.
    lock : Path
        The lock file.
    """

    program: str
    user: str
    lock: Path

    def __str__(self) -> str:
        return f"{self.program} ({self.user})" if self.user else self.program


def find_holder(path: Path) -> Holder | None:
    """Return who has a file open; None where nobody says so."""
    libre = path.with_name(f".~lock.{path.name}#")
    if libre.is_file():
        return Holder("LibreOffice", _libre_user(libre), libre)
    # Excel cuts two characters off a long name, so as to stay within its old limit of eight.
    for name in (f"~${path.name}", f"~${path.name[2:]}"):
        excel = path.with_name(name)
        if excel.is_file():
            return Holder("Excel", _excel_user(excel), excel)
    return None


def _libre_user(lock: Path) -> str:
    """Return the first of the comma-separated fields that is filled: full name, login, host."""
    fields = _head(lock).decode(errors="replace").split(",")[:3]
    return next((field.strip() for field in fields if field.strip()), "")


def _excel_user(lock: Path) -> str:
    """Return the name behind the length byte."""
    head = _head(lock)
    return head[1 : 1 + head[0]].decode("cp1252", errors="replace").strip() if head else ""


def _head(lock: Path) -> bytes:
    try:
        with lock.open("rb") as file:
            return file.read(_LONGEST)
    except OSError:  # A lock that cannot be read is a lock all the same.
        return b""
