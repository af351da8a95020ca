"""How is a file's digest written in a header? As RFC 9530 says."""

from __future__ import annotations

import base64
import binascii
import re

_SHA256 = re.compile(r"sha-256=:([A-Za-z0-9+/=]*):")
_HEADERS = ("content-digest", "repr-digest")


def written(digest: str) -> str:
    """Write a hexadecimal sha256 as a header's value."""
    return f"sha-256=:{base64.b64encode(bytes.fromhex(digest)).decode()}:"


def tag(digest: str) -> str:
    """Write a file's entity tag."""
    return f'"{digest}"'


def differing(headers: dict[str, str], digest: str) -> str | None:
    """Name the header that promises another content; None where none does."""
    for name in _HEADERS:
        promised = _SHA256.findall(headers.get(name, ""))
        if promised and _read(promised[0]) != digest:
            return name
    return None


def _read(text: str) -> str | None:
    try:
        return base64.b64decode(text, validate=True).hex()
    except (binascii.Error, ValueError):
        return None
