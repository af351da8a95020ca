"""What may a profile be made of?

A name, an address without a credential, and the name of a variable, never a key: what might be
one is refused without being repeated.
"""

from __future__ import annotations

import os
import re
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from cellframe.cli.codes import WrongUsageError
from cellframe.cli.profiles import export_line

if TYPE_CHECKING:
    from urllib.parse import SplitResult

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")
_VARIABLE = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_LONGEST_VARIABLE = 40
_MOST_DIGITS, _LONGEST_NUMBER = 3, 8


def profile_name(name: str) -> str:
    """Return a name that a profile can have.

    Raises
    ------
    WrongUsageError
        It can not.
    """
    if not _NAME.fullmatch(name):
        message = (
            f"{name!r} is no name for a profile. Take letters, digits, dots, dashes and "
            "underscores, such as lab-2."
        )
        raise WrongUsageError(message)
    return name


def address(url: str, *, allow_http: bool) -> str:
    """Return the address of a service.

    Raises
    ------
    WrongUsageError
        It is none, holds a credential, or would have the key sent in clear text.
    """
    from cellframe.transport.policy import is_loopback

    url = url.strip()
    if any(mark in url for mark in "@?#"):
        message = (
            "--url is scheme, host and path alone, such as https://cells.example.org. A key goes "
            "into an environment variable, and the variable's name to --key-env."
        )
        raise WrongUsageError(message)
    parts = _parts(url)
    if parts is None:
        message = f"--url {url!r} is no address: it should look like https://cells.example.org"
        raise WrongUsageError(message)
    if parts.scheme == "http" and not (allow_http or is_loopback(parts.hostname or "")):
        message = (
            f"{url} would send the key in clear text. Use https://, or add --allow-http where "
            "the network between is trusted."
        )
        raise WrongUsageError(message)
    return url.rstrip("/")


def variable(name: str) -> str:
    """Return the name of an environment variable.

    Raises
    ------
    WrongUsageError
        It is none, or may be the key itself. A key can be spelled like a variable, so one that is
        not set counts as a variable only where it is spelled as people spell them.
    """
    usual = name == name.upper() and len(name) <= _LONGEST_VARIABLE and not _random(name)
    if not _VARIABLE.fullmatch(name) or not (usual or name in os.environ):
        message = (
            "--key-env takes the name of an environment variable, such as LAB_KEY, and not the key "
            f"itself. Put the key into the variable, {export_line('LAB_KEY')} , and give "
            "--key-env LAB_KEY. Nothing was written."
        )
        raise WrongUsageError(message)
    return name


def _parts(url: str) -> SplitResult | None:
    try:
        parts = urlsplit(url)
        is_one = parts.scheme in ("http", "https") and parts.hostname and parts.port != 0
    except ValueError:
        return None
    return parts if is_one and not any(map(str.isspace, url)) else None


def _random(name: str) -> bool:
    """Whether a part of it is digits and letters in turn, as in a key."""
    return any(
        len(part) > _LONGEST_NUMBER and sum(map(str.isdigit, part)) > _MOST_DIGITS
        for part in name.split("_")
    )
