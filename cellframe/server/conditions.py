"""Which version does the caller hold?

Entity tags as RFC 9110 writes them: ``"7"`` on a record is its version; on a list a digest of
what is in it, beside the state of the records that it was read from.
"""

from __future__ import annotations

import re
from hashlib import blake2b
from typing import TYPE_CHECKING

from cellframe.contract.problems import Problem
from cellframe.server.refusals import Refusal, refuse

if TYPE_CHECKING:
    from collections.abc import Callable

ANY = "*"
_TAG = r'(?:W/)?"[\x21\x23-\x7e\x80-\xff]*"'
_LIST = re.compile(rf"[ \t]*(?:,[ \t]*)*{_TAG}(?:[ \t]*,(?:[ \t]*{_TAG})?)*[ \t]*")
_WEAK = "W/"


def tag(version: int) -> str:
    """Write a record's version as an entity tag."""
    return f'"{version}"'


def digest(content: bytes) -> str:
    """Write a content that has no version as an entity tag."""
    return f'"c-{blake2b(content, digest_size=12).hexdigest()}"'


def tag_of_list(state: str, content: bytes) -> str:
    """Write what a list says, and the state of the records that it was read from.

    It is weak: of two that say the same, ``as_of`` may differ.
    """
    return f'W/"l-{state}-{blake2b(content, digest_size=12).hexdigest()}"'


def of_same_state(header: str | None, state: str) -> str | None:
    """Find the tag of this list that the caller holds, if nothing has changed since."""
    tags = parse(header) if header is not None else None
    return next((held for held in tags or () if held.startswith(f'W/"l-{state}-')), None)


def is_same_list(header: str | None, etag: str) -> bool:
    """Tell whether the caller holds a list that says the same, whenever it was read."""
    tags = parse(header) if header is not None else None
    said = etag.rpartition("-")[2]
    return bool(tags) and (
        ANY in tags or any(held.startswith('W/"l-') and held.endswith(f"-{said}") for held in tags)
    )


def parse(header: str) -> list[str] | None:
    """Read a list of entity tags; None where it is none."""
    if header.strip() == ANY:
        return [ANY]
    return re.findall(_TAG, header) if _LIST.fullmatch(header) else None


def check_match(header: str | None, version: int, current: Callable[[], dict[str, object]]) -> None:
    """Refuse a write to a record that is no longer what its caller read.

    Parameters
    ----------
    header : str or None
        ``If-Match`` as sent.
    version : int
        Of the record as it is now.
    current : callable
        Reads that record, for a refusal.

    Raises
    ------
    Refusal
        400 where the header cannot be read, 412 with the record where no tag fits.
    """
    if header is None:
        return
    tags = parse(header)
    if tags is None:
        raise refuse(400, 'If-Match cannot be read; send If-Match: "<version>" or *.')
    # A weak tag never matches here: the comparison is the strong one.
    if ANY not in tags and tag(version) not in tags:
        message = f"The record has changed since it was read; it is at version {version} now."
        problem = Problem(412, message, {"current": current()})  # type: ignore[dict-item]
        raise Refusal(problem, {"etag": tag(version)})


def is_unchanged(header: str | None, etag: str) -> bool:
    """Tell whether the caller already holds this; a header that cannot be read holds nothing."""
    tags = parse(header) if header is not None else None
    return bool(tags) and (ANY in tags or etag in [held.removeprefix(_WEAK) for held in tags])


def is_same(header: str | None, etag: str) -> bool:
    """Tell whether ``If-Range`` allows a range; without the header it is allowed."""
    return header is None or header.strip() == etag
