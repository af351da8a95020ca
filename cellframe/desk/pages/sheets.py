"""Which files does the page give out?"""

from __future__ import annotations

import secrets
from typing import TYPE_CHECKING

from cellframe.desk.pages.asked import download
from cellframe.sheets.tables import FORMATS

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from cellframe.contract.wire import Reply

SUFFIX = ".xlsx"
ACCEPTED = ",".join(FORMATS)
_KIND = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
_LONGEST = 80
_UNFIT = frozenset('<>:"/\\|?*')


def given(folder: Path, name: str, write: Callable[[Path], object]) -> Reply:
    """Answer with a file that `write` makes; nothing of it stays here.

    Parameters
    ----------
    folder : Path
        The visitor's.
    name : str
        What the browser is to call it, without an ending; any text of a record.
    """
    place = folder / secrets.token_hex(8)
    place.mkdir(mode=0o700)
    path = place / f"file{SUFFIX}"
    try:
        write(path)
        return download(path.read_bytes(), f"{filename(name)}{SUFFIX}", _KIND)
    finally:
        for left in place.iterdir():
            left.unlink()
        place.rmdir()


def filename(name: str) -> str:
    """Return what any system takes for a file's name: of a text, what it can have."""
    kept = "".join("-" if c in _UNFIT or not c.isprintable() else c for c in name)
    return kept.strip(" .-")[:_LONGEST].rstrip(" .") or "cells"
