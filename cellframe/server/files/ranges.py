"""Which bytes of a file are asked for? One range, as RFC 9110 writes it."""

from __future__ import annotations

import re

_ONE = re.compile(r"[ \t]*bytes[ \t]*=[ \t]*([0-9]{0,18})-([0-9]{0,18})[ \t]*", re.IGNORECASE)


def read(header: str | None, size: int) -> tuple[int, int] | None:
    """Read a ``Range`` header.

    Parameters
    ----------
    header : str or None
        ``bytes=0-9``, ``bytes=10-`` or, for the last ones, ``bytes=-10``.
    size : int
        Of the file.

    Returns
    -------
    tuple of int or None
        First byte, and the one after the last. None for the whole file: no range is asked for,
        or none that is understood here, such as two at once.

    Raises
    ------
    ValueError
        There is no such byte.
    """
    asked = _ONE.fullmatch(header or "")
    if asked is None or asked.groups() == ("", ""):
        return None
    first, last = asked.groups()
    if not first:
        start, stop = max(0, size - int(last)), size
    elif last and int(last) < int(first):
        return None
    else:
        start, stop = int(first), min(size, int(last) + 1 if last else size)
    if start >= stop:
        message = f"the file has {size} bytes"
        raise ValueError(message)
    return start, stop
