"""When are two names the same?"""

from __future__ import annotations

from unicodedata import normalize


def folded(name: str) -> str:
    """Fold a name so that it equals its spellings in other letters' case and composition."""
    return normalize("NFC", normalize("NFC", name).casefold())
