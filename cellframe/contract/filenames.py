"""Which texts are the name of a file, and nothing more."""

from __future__ import annotations

import unicodedata

from cellframe.contract.records import NAME_LENGTH

_UNFIT = set("/\\?#")
"""They lead into a folder, or end a path in an address."""
_TURNING = set("\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
"""They turn the direction of what follows, so that ``gnp.exe`` is read as ``exe.png``."""


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
    unseen = {"Cc", "Cs"} & {unicodedata.category(letter) for letter in name}
    if unseen or _TURNING & set(name):
        return "A file's name holds no control characters"
    return None
