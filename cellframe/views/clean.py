"""Text of a record is made safe to show: one visible line, of bounded length."""

from __future__ import annotations

import re
from os.path import commonprefix

EMPTY = "(empty)"
CLEARED = "(would be cleared)"

# Joiners (200C, 200D) stay: Persian words and family emoji are made of them. The rest has no
# picture of its own: controls, line separators, marks and overrides of direction, invisible
# operators and tags, halves of surrogate pairs.
_UNSEEN = re.compile(
    "[\x00-\x1f\x7f-\x9f\u00ad\u061c\u180e\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f"
    "\ufeff\ufff9-\ufffb\ud800-\udfff\U000e0000-\U000e007f]"
)
_PICTURES = 0x2400
_SPACE = 0x20


def clean(text: str) -> str:
    """Replace what a terminal would obey, or an eye would miss, by a visible sign.

    Parameters
    ----------
    text : str
        Any text.

    Returns
    -------
    str
        As many characters as before. A line break becomes ``⏎``, another control character its
        picture (``␛``), a bidi or invisible character ``�``: removed without a trace, two
        different values would look alike.
    """
    return _UNSEEN.sub(_sign, text)


def cut(text: str, longest: int) -> str:
    """Clean a text and shorten it, with the length it had.

    Parameters
    ----------
    text : str
        Any text.
    longest : int
        Characters that are kept.
    """
    return _piece(clean(text), 0, longest)


def window(read: str | None, have: str | None, now: str | None, longest: int) -> list[str | None]:
    """Shorten the values of one cell to the part where they differ.

    Parameters
    ----------
    read, have, now : str or None
        As the user read it, as the user has it, as the service has it now.
    longest : int
        Characters of each that are kept.

    Returns
    -------
    list of str or None
        The three, cleaned; text that could be mistaken, by its spaces say, is put in quotes.
    """
    texts = [None if value is None else clean(value) for value in (read, have, now)]
    was, mine, theirs = texts
    others = (mine, theirs if was is None else was, mine)
    return [
        None if text is None else _quoted(_piece(text, _start(text, other, longest), longest))
        for text, other in zip(texts, others, strict=True)
    ]


def _start(text: str, other: str | None, longest: int) -> int:
    """Where to begin, so that the first difference is in sight."""
    if other is None or other == text or max(len(text), len(other)) <= longest:
        return 0
    same = commonprefix((text, other))  # noqa: RUF071 - of characters: these are no paths
    return max(0, len(same) - longest // 3)


def _sign(match: re.Match[str]) -> str:
    character = match[0]
    if character == "\n":
        return "⏎"
    return (
        chr(_PICTURES + ord(character)) if ord(character) < _SPACE else "\N{REPLACEMENT CHARACTER}"
    )


def _piece(text: str, start: int, longest: int) -> str:
    if start == 0 and len(text) <= longest:
        return text
    piece = text[start : start + longest]
    before = "…" if start else ""
    after = "…" if start + longest < len(text) else ""
    return f"{before}{piece}{after} ({len(text):,} characters)"


def _quoted(text: str) -> str:
    mistakable = text != text.strip() or not text or text in {EMPTY, CLEARED} or " -> " in text
    return f'"{text}"' if mistakable else text
