"""Is what a service sent JSON, of which there is only one reading?

JSON with a key twice has two readings, and decoders differ in which they take: in a record that
is compared with an edited one, that would be an edit nobody made.
"""

from __future__ import annotations

import re
from typing import Any

import orjson

_STRING = re.compile(rb'"[^"\\]*(?:\\.[^"\\]*)*"(\s*:)?')
_UNUSUAL = (b"\\", b'" ', b'"\t', b'"\r', b'"\n')
"""What keeps a plain count of ``":`` from being the number of keys."""


def decoded(content: bytes) -> Any:
    """Return what JSON says.

    Raises
    ------
    ValueError
        It is none, or holds a key twice; with the reason.
    """
    try:
        found = orjson.loads(content)
    except orjson.JSONDecodeError as fault:
        raise ValueError(fault.msg) from None
    if _has_lost_a_key(content, found):
        message = "a key stands twice in one object"
        raise ValueError(message)
    return found


def _has_lost_a_key(content: bytes, found: Any) -> bool:
    """Whether more keys were written than were kept."""
    if any(sign in content for sign in _UNUSUAL):
        return sum(1 for match in _STRING.finditer(content) if match[1]) != _keys_in(found)
    try:
        kept = orjson.dumps(found).count(b'":')
    except orjson.JSONEncodeError:  # It reads deeper than it writes.
        kept = _keys_in(found)
    return content.count(b'":') != kept


def _keys_in(value: Any) -> int:
    """Count the keys of all objects, however deep they lie."""
    count, left = 0, [value]
    while left:
        one = left.pop()
        if isinstance(one, dict):
            count += len(one)
            left += one.values()
        elif isinstance(one, list):
            left += one
    return count
