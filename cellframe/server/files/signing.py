"""Who may put or get a file? Whoever holds its address, while that is valid.

An address ends in a token: what it is for, when it ends, and a keyed digest (HMAC-SHA256) of
both. It works without any other credential, so it is worth as much as one.
"""

from __future__ import annotations

import hmac
from hashlib import sha256
from typing import TYPE_CHECKING

from cellframe.server.refusals import refuse

if TYPE_CHECKING:
    from collections.abc import Iterable

LIFETIME = 3600 * 1_000_000
"""Microseconds for which an address is valid, by the service's clock."""
UPLOAD, FILE = "upload", "file"
_JOINT = "~"
"""Needs no quoting in a path, and is in no part."""


def sign(secret: str, kind: str, parts: Iterable[str], now: int) -> str:
    """Make the token of an address that is valid from now on.

    Parameters
    ----------
    secret : str
        The folder's own.
    kind : {"upload", "file"}
        What it allows.
    parts : iterable of str
        Ids, digests and numbers; none holds a ``~``.
    now : int
        In microseconds.
    """
    text = _JOINT.join([kind, *parts, str(now + LIFETIME)])
    return f"{text}{_JOINT}{_mac(secret, text)}"


def read(secret: str, kind: str, token: str, now: int) -> list[str]:
    """Read the parts of a token.

    Raises
    ------
    Refusal
        403 where this service did not make it, it is for something else, or it has ended.
    """
    text, _, given = token.rpartition(_JOINT)
    genuine = hmac.compare_digest(_mac(secret, text).encode(), given.encode())
    found, *parts = text.split(_JOINT)
    if not genuine or found != kind:
        message = "The address of this file was not given by this service; ask for a new one."
        raise refuse(403, message)
    *parts, ends = parts
    if int(ends) <= now:
        message = (
            "The address of this file has ended, an hour after it was given; ask for a new one."
        )
        raise refuse(403, message)
    return parts


def _mac(secret: str, text: str) -> str:
    return hmac.new(secret.encode(), text.encode(), sha256).hexdigest()
