"""Which texts are a name: one line, more than blanks, and read as it is written?"""

from __future__ import annotations

import re

from cellframe.contract.records import NAME_LENGTH

_MISREAD = re.compile(
    "[\x00-\x1f\x7f-\x9f\ud800-\udfff"
    "\u2028\u2029"  # lines and paragraphs end there
    "\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]"  # what follows is read the other way
)
"""Unicode's categories Cc, Cs, Zl and Zp, and its property Bidi_Control."""


def is_misread(text: str) -> bool:
    r"""Tell whether something that nobody sees changes how a text is read.

    Notes
    -----
    With ``\u202e`` in it, ``gnp.exe`` is read as ``exe.png``. Blanks of any width are fine, and so
    are joiners: scripts and symbols are written with them.
    """
    return _MISREAD.search(text) is not None


def name_fault(name: str) -> str | None:
    """Say why a text cannot be a name; None where it can."""
    if not 1 <= len(name) <= NAME_LENGTH:
        return f"A name has 1 to {NAME_LENGTH} characters, this one has {len(name)}"
    if not name.strip():
        return "A name holds more than blanks"
    if is_misread(name):
        return "A name holds no control characters, such as line breaks or turns of direction"
    return None
