r"""Tags as one text: ``a; b``, with ``\;`` for a semicolon inside a tag."""

from __future__ import annotations

import re
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
