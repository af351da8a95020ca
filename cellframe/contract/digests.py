"""How a file's SHA-256 is written in a header: as RFC 9530 says."""

from __future__ import annotations

import base64
import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

CONTENT, WHOLE = "content-digest", "repr-digest"
"""Headers: of what travels, and of the whole file that a part may be of."""
_SHA256 = re.compile(r"(?:^|,)\s*sha-256=:([A-Za-z0-9+/=]*):")


def written(digest: str) -> str:
    """Write a hexadecimal SHA-256 as a header's value."""
    return f"sha-256=:{base64.b64encode(bytes.fromhex(digest)).decode()}:"


def told(headers: Mapping[str, str]) -> dict[str, str | None]:
    """Read the SHA-256 that each header tells, hexadecimal; None where it cannot be read.

    Parameters
    ----------
    headers : mapping of str to str
        Names in lower case. One that names no SHA-256 is left out.
    """
    found = {name: _SHA256.search(headers.get(name, "")) for name in (CONTENT, WHOLE)}
    return {name: _read(match[1]) for name, match in found.items() if match}


def _read(text: str) -> str | None:
    try:
        return base64.b64decode(text, validate=True).hex()
    except ValueError:
        return None
