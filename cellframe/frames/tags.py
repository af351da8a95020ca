r"""Tags as one text: ``a; b``, with ``\;`` for a semicolon inside a tag."""

from __future__ import annotations

import re
import unicodedata
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable


def join_tags(tags: Iterable[str]) -> str:
    r"""Return tags as one text; ``\`` and ``;`` inside a tag are escaped."""
    return "; ".join(re.sub(r"([\\;])", r"\\\1", tag) for tag in tags)


def split_tags(text: str | None) -> list[str]:
    """Return the tags of one text: the inverse of `join_tags`; blanks around a tag do not count."""
    # Each piece is a run of escaped pairs and of anything but a semicolon.
    pieces = re.findall(r"(?:\\.|[^;\\]|\\$)+", text or "", re.DOTALL)
    tags = (re.sub(r"\\(.)", r"\1", piece.strip(), flags=re.DOTALL) for piece in pieces)
    return [tag for tag in tags if tag]


def as_set(text: str) -> str:
    """Return the tags of one text as they are compared: in no order, in no case, each once."""
    return join_tags(sorted({_fold(tag) for tag in split_tags(text)}))


def merged(read: str | None, have: str | None, now: str | None) -> str | None:
    """Return what the service has, with the tags that an editor added, without those removed.

    Parameters
    ----------
    read, have, now : str or None
        Tags as one text: as they were read, as they were edited, as they are now.
    """
    before, after = ({_fold(tag): tag for tag in split_tags(text)} for text in (read, have))
    kept = {_fold(tag): tag for tag in split_tags(now) if _fold(tag) not in before.keys() - after}
    added = {key: tag for key, tag in after.items() if key not in before}
    return join_tags({**added, **kept}.values()) or None


def _fold(tag: str) -> str:
    return unicodedata.normalize("NFC", tag).casefold()
