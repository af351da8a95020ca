"""Which texts are the name of a file, and nothing more."""

from __future__ import annotations

from cellframe.contract.names import is_misread
from cellframe.contract.records import NAME_LENGTH

_UNFIT = set("/\\?#")
"""They lead into a folder, or end a path in an address."""


def filename_fault(name: str) -> str | None:
    """Say why a text is no file's name; None where it is one.

    Notes
    -----
    Blanks of any width are fine: some systems put narrow ones into the names of screenshots.
    """
    if not 1 <= len(name) <= NAME_LENGTH:
        return f"A file's name has 1 to {NAME_LENGTH} characters"
    if name in {".", ".."} or _UNFIT & set(name):
        return r"A file's name holds none of / \ ? #, and is not . or .."
    if is_misread(name):
        return "A file's name holds no control characters"
    return None
