"""What time is it, and how is it written?

Times are kept as whole microseconds since 1970, UTC, and written as RFC 3339.
"""

from __future__ import annotations

import re
import time
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)
_ISO = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}(?:[T ].+)?", re.ASCII)


def now() -> int:
    """Tell the wall clock's time, in microseconds."""
    return time.time_ns() // 1000


def after(last: int, present: int) -> int:
    """Tell the time of a change so that it is later than the last one, whatever the clock says."""
    return max(present, last + 1)


def written(moment: int) -> str:
    """Write a time: always microseconds, always ``Z``."""
    second, fraction = divmod(moment, 1_000_000)
    return f"{_second(second)}.{fraction:06}Z"


@lru_cache(maxsize=1024)
def _second(second: int) -> str:
    # Records of one import share theirs, and a page of a list has two thousand to write.
    return (_EPOCH + timedelta(seconds=second)).isoformat().removesuffix("+00:00")


def read_time(text: str) -> int:
    """Read an ISO time; without an offset it is UTC.

    Raises
    ------
    ValueError
        The text is no time.
    """
    moment = _moment(text)
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    return (moment - _EPOCH) // _MICROSECOND


def read_date(text: str) -> date:
    """Read the calendar date of an ISO date or time, as written: no offset moves it.

    Raises
    ------
    ValueError
        The text is no date.
    """
    return _moment(text).date()


def _moment(text: str) -> datetime:
    # Python also reads week dates such as 2025-W44-2, which no other reader here does.
    if not _ISO.fullmatch(text):
        message = f"{text[:40]!r} is no ISO date"
        raise ValueError(message)
    return datetime.fromisoformat(text)
