"""Where in an answer do the records stand?

A list is answered in pages: ``{"items": […], "count": …, "total": …}``, its keys in any order, or
a bare array. The records are cut out as the bytes that came, since a page is kept, hashed and read
by column as such: what is not decoded here is not decoded twice.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any

import orjson

from cellframe.contract.decoding import decoded

if TYPE_CHECKING:
    from collections.abc import Mapping

_BLANKS = b" \t\r\n"
_PLAIN = rb'\s*"[A-Za-z_]+"\s*:\s*(?:[^\s,"\[\]{}]+|"[^"\\]*")\s*,'
# Before the records stand names and plain values only; anything else is read the slow way.
_HEAD = re.compile(rb'\s*\{((?:%s)*)\s*"items"\s*:\s*(?=\[)' % _PLAIN)
# A list of objects beside the records may be what the last bracket ends.
_SECOND_LIST = re.compile(rb'\]\s*,(?:%s)*\s*"[A-Za-z_]+"\s*:\s*\[\s*\{' % _PLAIN)


class NoPageError(ValueError):
    """What came is no list of records."""


@dataclass(frozen=True)
class Page:
    """One page of a list.

    Attributes
    ----------
    items : bytes
        The JSON array of the records, as it came.
    about : mapping
        What the envelope says besides; empty for a bare array.
    is_bare : bool
        Whether the array came without an envelope.
    """

    items: bytes = field(repr=False)
    about: Mapping[str, Any]
    is_bare: bool = False

    @property
    def total(self) -> int | None:
        """Records of the whole list, where the service says so."""
        return _counted(self.about.get("total"))

    @property
    def as_of(self) -> int | None:
        """The change that the service saw, for later pages of the same state."""
        return _counted(self.about.get("as_of"))

    @property
    def said(self) -> int | None:
        """Records of this page, where the service says so."""
        return _counted(self.about.get("count"))

    @cached_property
    def count(self) -> int:
        """Records of this page, counted.

        Raises
        ------
        NoPageError
            They are no JSON array.
        """
        return len(records_of(self.items))


def _counted(value: object) -> int | None:
    return value if isinstance(value, int) and not isinstance(value, bool) and value >= 0 else None


def cut(body: bytes) -> Page:
    """Cut the records out of one answer.

    Parameters
    ----------
    body : bytes
        The JSON of the answer.

    Raises
    ------
    NoPageError
        It is no list of records in either form. Records that are no JSON are found later, by
        whoever reads them.
    """
    return _bare(body) or _cut_out(body) or _decoded(body)


def _bare(body: bytes) -> Page | None:
    text = body.strip(_BLANKS)
    return Page(text, {}, is_bare=True) if text.startswith(b"[") else None


def _cut_out(body: bytes) -> Page | None:
    """Cut by the first and the last bracket; None where the envelope holds lists of its own."""
    head = _HEAD.match(body)
    end = body.rfind(b"]") + 1
    if head is None or not _is_one_list(body, head.end(), end):
        return None
    before = head[1].rstrip(_BLANKS).rstrip(b",")
    after = body[end:].strip(_BLANKS).removesuffix(b"}").strip(_BLANKS).removeprefix(b",")
    try:
        about = orjson.loads(b"{%s}" % b",".join(filter(None, (before, after))))
    except orjson.JSONDecodeError:
        return None
    if "items" in about or any(isinstance(value, dict | list) for value in about.values()):
        return None
    return Page(body[head.end() : end], about)


def _is_one_list(body: bytes, start: int, end: int) -> bool:
    """Whether what is between two brackets looks like one list of objects."""
    if end <= start + 2:
        return body[start:end] == b"[]"
    if body[end - 2 : end] != b"}]":
        return False
    return body.find(b"]", start, end - 1) < 0 or _SECOND_LIST.search(body, start, end) is None


def _decoded(body: bytes) -> Page:
    """Cut an envelope of another form; its records are written anew."""
    try:
        found = decoded(body)
    except ValueError as fault:
        raise NoPageError(str(fault)) from None
    items = found.get("items") if isinstance(found, dict) else None
    if not isinstance(items, list):
        message = "there are no items"
        raise NoPageError(message)
    about = {key: value for key, value in found.items() if key != "items"}
    return Page(orjson.dumps(items), about)


def records_of(items: bytes) -> list[dict[str, Any]]:
    """Decode the records of a page.

    Raises
    ------
    NoPageError
        They are no JSON array of objects that have an id.
    """
    try:
        found = decoded(items)
    except ValueError as fault:
        raise NoPageError(str(fault)) from None
    if not isinstance(found, list) or not all(map(_is_record, found)):
        message = "an item is no record with an id"
        raise NoPageError(message)
    return found


def _is_record(item: object) -> bool:
    return isinstance(item, dict) and isinstance(item.get("id"), str)
