"""What may come in as JSON?

The door in front of every body. Python's own reader takes ``NaN``, keeps the last of two equal
keys and makes infinity of ``1e400``; each would be kept, or dropped, without a word. Whatever
passes here is an object that any JSON reader understands alike.
"""

from __future__ import annotations

import json
import math
import re
import zlib
from email.message import Message
from functools import cache, lru_cache
from hashlib import sha256
from itertools import islice
from typing import TYPE_CHECKING, Any

import orjson

from cellframe.contract.wire import FileBody
from cellframe.server.refusals import MOST_LISTED, Fault, invalid, lowered, printable, refuse

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from cellframe.contract.wire import JsonValue

LARGEST_BODY = 10 * 2**20
"""Bytes of a body, before and after inflating."""
DEEPEST = 64
"""Objects and lists inside each other."""
MOST_VALUES = 150_000
"""Values in one body: empty objects take sixty times the memory of their two bytes."""
LONGEST_TEXT = 64 * 2**10
"""Bytes of one text, in UTF-8."""
_INTEGERS = range(-(2**63), 2**63)
_LONGEST_INTEGER = 20
_LARGEST_WIDE = 5 * 2**20
"""Bytes of a body with characters beyond U+FFFF: one makes a text of four bytes for each."""
_WIDE = re.compile(rb"[\xf0-\xff]")
_UNSAFE = re.compile("[\x00\ud800-\udfff]")
_GZIP = 16 + zlib.MAX_WBITS
_MOST_MEMBERS = 16


class _Bad:
    """Stands where a value was that the reader must refuse, until its place is known."""

    __slots__ = ("reason",)

    def __init__(self, reason: str) -> None:
        self.reason = reason


def read_object(
    headers: Mapping[str, str], body: bytes | FileBody | None, *, envelope: int = 0
) -> dict[str, JsonValue]:
    """Read a body as one JSON object.

    Parameters
    ----------
    headers : mapping of str to str
        Names in lower case.
    body : bytes, FileBody or None
        As sent, possibly gzipped.
    envelope : int
        Levels around what one write sends, which count for nothing in its depth.

    Raises
    ------
    Refusal
        400, 413, 415 or 422; where a value is at fault, the message names it.
    """
    if isinstance(body, FileBody):
        if body.size > LARGEST_BODY:
            raise too_large()
        body = body.read()
    if not body:
        raise invalid([Fault((), "An object is required, the body is empty", "missing")])
    _check_type(headers.get("content-type", ""))
    raw = _inflated(body, headers.get("content-encoding", ""))
    if sum(map(raw.count, (b",", b"[", b"{"))) > MOST_VALUES:
        raise refuse(413, f"The body holds more than {MOST_VALUES:,} values; send fewer at once.")
    if len(raw) > _LARGEST_WIDE and _WIDE.search(raw):
        limit = _LARGEST_WIDE >> 20
        raise refuse(413, f"With characters beyond U+FFFF, a body may have {limit} MiB.")
    value = _parse(raw)
    deepest = DEEPEST + envelope
    if not _is_sound(value, deepest):
        raise invalid(list(islice(_faults(value, deepest), MOST_LISTED)))
    if not isinstance(value, dict):
        raise invalid([Fault((), "An object is required, as in {...}", "dict_type")])
    return value  # type: ignore[return-value] - the faults are out


def digest_of(body: object) -> str:
    """Digest a body so that equal content is equal text, whatever the order of its keys."""
    return sha256(orjson.dumps(body, option=orjson.OPT_SORT_KEYS)).hexdigest()


def _check_type(content_type: str) -> None:
    reason = _type_fault(content_type)
    if reason:
        raise refuse(415, reason)


@lru_cache(maxsize=64)
def _type_fault(content_type: str) -> str | None:
    """Say what is wrong with a content type; kept, since taking one apart is slow."""
    head = Message()
    head["content-type"] = content_type.replace("\r", " ").replace("\n", " ")
    if not content_type or head.get_content_type() != "application/json":
        named = printable(content_type) or "no content type"
        return f"Send content-type: application/json, not {named}."
    charset = str(head.get_param("charset", "utf-8")).lower()
    if charset not in {"utf-8", "utf8"}:
        return f"Send the body in UTF-8, not in {printable(charset)}."
    return None


def _inflated(body: bytes, encoding: str) -> bytes:
    if len(body) > LARGEST_BODY:
        raise too_large()
    coding = encoding.strip().lower()
    if coding in {"", "identity"}:
        return body
    if coding not in {"gzip", "x-gzip"}:
        raise refuse(415, f"Content-Encoding {printable(encoding)} is not read here; send gzip.")
    parts: list[bytes] = []
    left = LARGEST_BODY
    while body:
        if len(parts) == _MOST_MEMBERS:
            raise refuse(400, f"The gzip body has more than {_MOST_MEMBERS} parts.")
        member = zlib.decompressobj(_GZIP)
        try:
            parts.append(member.decompress(body, left + 1))
        except zlib.error:
            raise refuse(400, "The body is not the gzip that its Content-Encoding says.") from None
        left -= len(parts[-1])
        if left < 0:
            raise too_large()
        if not member.eof:
            raise refuse(400, "The gzip body ends too early.")
        body = member.unused_data
    return b"".join(parts)


def too_large() -> Exception:
    """Make the refusal of a body over the limit."""
    return refuse(413, f"The body is larger than {LARGEST_BODY >> 20} MiB; send less at once.")


def _parse(raw: bytes) -> object:
    try:
        return _DECODER.decode(raw.decode())
    except UnicodeDecodeError as fault:
        message = f"The body is not UTF-8: byte {fault.start} cannot be read."
        raise refuse(400, message) from None
    except json.JSONDecodeError as fault:
        message = f"The body is not JSON: {fault.msg}, line {fault.lineno} column {fault.colno}."
        raise refuse(400, message) from None
    except RecursionError:
        raise invalid([Fault((), _TOO_DEEP)]) from None


# One of each: a hostile body holds a hundred thousand of them.
_TOO_WIDE = _Bad("A whole number must fit 64 bits")
_TOO_GREAT = _Bad("A number must be finite; this one is too large")


def _integer(text: str) -> object:
    if len(text) <= _LONGEST_INTEGER and int(text) in _INTEGERS:
        return int(text)
    return _TOO_WIDE


def _number(text: str) -> object:
    value = float(text)
    return value if math.isfinite(value) else _TOO_GREAT


@cache
def _constant(text: str) -> object:
    return _Bad(f"{text} is no JSON number; leave the value out, or send null")


def _object(pairs: list[tuple[str, object]]) -> object:
    found = dict(pairs)
    if len(found) == len(pairs):
        return found
    seen: set[str] = set()
    twice = next(key for key, _ in pairs if key in seen or seen.add(key))
    # Kept under its key, so that the walk names the place.
    found[twice] = _Bad("The key is there twice")
    return found


_TOO_DEEP = f"Objects and lists lie more than {DEEPEST} deep"
_DECODER = json.JSONDecoder(
    object_pairs_hook=_object, parse_int=_integer, parse_float=_number, parse_constant=_constant
)


def _is_sound(value: object, deepest: int = DEEPEST) -> bool:
    """Tell whether `_faults` would find nothing, several times as fast as it walks."""
    texts: list[str] = []
    open_: list[tuple[Iterable[Any], int]] = [([value], 0)]
    while open_:
        children, depth = open_.pop()
        if depth > deepest:
            return False
        for child in children:
            kind = type(child)
            if kind is str:
                texts.append(child)
            elif kind is dict:
                texts += child
                open_.append((child.values(), depth + 1))
            elif kind is list:
                open_.append((child, depth + 1))
            elif kind is _Bad:
                return False
    return _are_sound(texts)


def _are_sound(texts: list[str]) -> bool:
    if len(max(texts, key=len, default="")) * 4 > LONGEST_TEXT:
        return not any(map(text_fault, texts))
    return not _UNSAFE.search("".join(texts))


def _faults(value: object, deepest: int = DEEPEST) -> Iterator[Fault]:
    """Walk what the reader made, without recursion, and say what may not stay."""
    if reason := _value_fault(value):
        yield Fault((), reason)
    where: list[str | int] = []
    open_: list[Iterator[tuple[str | int, object]]] = [_children(value)]
    while open_:
        step = next(open_[-1], None)
        if step is None:
            open_.pop()
            del where[-1:]
            continue
        key, child = step
        if isinstance(key, str) and (reason := text_fault(key)):
            yield Fault((*where, key), f"The key is refused: {lowered(reason)}")
        if reason := _value_fault(child):
            yield Fault((*where, key), reason)
        if isinstance(child, (dict, list)):
            if len(open_) >= deepest:
                yield Fault((*where, key), _TOO_DEEP)
                return
            where.append(key)
            open_.append(_children(child))


def _children(value: object) -> Iterator[tuple[str | int, object]]:
    if isinstance(value, dict):
        return iter(value.items())
    return iter(enumerate(value)) if isinstance(value, list) else iter(())


def _value_fault(value: object) -> str | None:
    if isinstance(value, str):
        return text_fault(value)
    return value.reason if isinstance(value, _Bad) else None


def text_fault(text: str) -> str | None:
    """Say what keeps a text from being stored and sent on; None for nothing."""
    if _UNSAFE.search(text):
        return "The text holds U+0000 or half a surrogate pair"
    if len(text) > LONGEST_TEXT or (
        len(text) * 4 > LONGEST_TEXT and len(text.encode()) > LONGEST_TEXT
    ):
        return f"The text is longer than {LONGEST_TEXT >> 10} KiB"
    return None
