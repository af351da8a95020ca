"""How long may a kept answer be used, how much is kept, and is anything asked at all?"""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from typing import Any

from cellframe.errors import ConfigError

OFFLINE_VARIABLE = "CELLFRAME_OFFLINE"
SIZE_VARIABLE = "CELLFRAME_CACHE_SIZE"
DEFAULT_SIZE = 10 * 10**9
_SIZE = re.compile(r"\s*(\d+(?:\.\d+)?)\s*(?:([kMGT])?B)?\s*", re.IGNORECASE)
_SCALES = {"": 1, "k": 10**3, "m": 10**6, "g": 10**9, "t": 10**12}


@dataclass(frozen=True, slots=True)
class Keeping:
    """What a client does with answers that it has had before.

    Attributes
    ----------
    max_age : float
        Seconds in which an answer is used again without asking; 0 asks each time, and a service
        that has entity tags says in a word that nothing changed.
    offline : bool
        Whether the service is never asked.
    most : int
        Bytes of answers and downloads; 0 keeps none.
    """

    max_age: float = 0.0
    offline: bool = False
    most: int = DEFAULT_SIZE


def from_settings(
    max_age: float, *, offline: bool | None = None, cache_size: float | str | None = None
) -> Keeping:
    """Return what arguments and environment variables ask for; arguments win.

    Raises
    ------
    ConfigError
        One of them cannot be used, or nothing is kept that could be read offline.
    """
    if offline is None:
        offline = os.environ.get(OFFLINE_VARIABLE, "") not in ("", "0")
    found = Keeping(_seconds(max_age), bool(offline), _bytes(cache_size))
    if found.offline and not found.most:
        message = "Offline, only what is kept here can be read, and cache_size=0 keeps nothing."
        raise ConfigError(message)
    return found


def _seconds(given: Any) -> float:
    is_number = isinstance(given, int | float) and not isinstance(given, bool)
    if not is_number or not 0 <= given < float("inf"):
        message = f"max_age={given!r} is no number of seconds from 0 up."
        raise ConfigError(message)
    return float(given)


def _bytes(given: float | str | None) -> int:
    asked = os.environ.get(SIZE_VARIABLE) or DEFAULT_SIZE if given is None else given
    found = None if isinstance(asked, bool) else _SIZE.fullmatch(str(asked))
    if found is None:
        message = (
            f"cache_size= and {SIZE_VARIABLE} take a size such as '20 GB', or 0 to keep nothing, "
            f"not {asked!r}."
        )
        raise ConfigError(message)
    return round(float(found[1]) * _SCALES[(found[2] or "").lower()])
