"""How does somebody without a key come in? By a link that opens once.

Only a digest of a link is on the disk, as the name of a small file. Whoever takes that file away
has come in: of two at once, one.
"""

from __future__ import annotations

import json
import secrets
import time
from contextlib import suppress
from dataclasses import dataclass
from hashlib import sha256
from typing import TYPE_CHECKING

from cellframe.errors import ConfigError
from cellframe.store.places import private, write_whole

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

LASTS = 3600.0
"""Seconds in which a link opens."""
ADDRESS = "address"
"""File beside the links: where the page was last served."""
_FOLDER = "links"
_LONGEST = 200


@dataclass(frozen=True, slots=True)
class Guest:
    """Somebody who comes by a link.

    Attributes
    ----------
    name : str
        What they were called when they were invited; may be empty.
    """

    name: str


def invitation(folder: Path, name: str, url: str) -> str:
    """Return a new link to the page of a folder of records.

    Parameters
    ----------
    folder : Path
        Where the records are kept.
    name : str
        Whose it is; may be empty.
    url : str
        Where they reach the page; empty for where it was last served.

    Raises
    ------
    ConfigError
        Nobody serves the folder, or the address is none.
    """
    desk = folder / ".cellframe" / "desk"
    with suppress(OSError):
        url = url or (desk / ADDRESS).read_text()
    if not url:
        message = (
            f"No page of {folder} was served yet. Start it first: cellframe serve --data {folder}"
        )
        raise ConfigError(message)
    if not url.startswith(("http://", "https://")):
        message = f"{url!r} is no address; it begins with https:// or http://."
        raise ConfigError(message)
    return f"{url.rstrip('/')}/desk/enter?link={Links(desk).make(name)}"


class Links:
    """The links of one folder of records; several processes may make and open them.

    Parameters
    ----------
    folder : Path
        The desk's.
    now : callable
        Tells the time in seconds since 1970.
    """

    def __init__(self, folder: Path, now: Callable[[], float] = time.time) -> None:
        self._folder = folder / _FOLDER
        self._now = now

    def make(self, name: str = "") -> str:
        """Return the secret of a new link."""
        secret = secrets.token_urlsafe(32)
        private(self._folder)
        self._sweep()
        told = {"name": name[:_LONGEST], "until": self._now() + LASTS}
        write_whole(self._place(secret), json.dumps(told).encode())
        return secret

    def use(self, secret: str) -> Guest | None:
        """Open a link, which nobody can do again; None where it is used, too old or unknown."""
        place = self._place(secret)
        try:
            told = json.loads(place.read_bytes())
            # Whoever removes the file is the one who came in.
            place.unlink()
            guest, until = Guest(str(told["name"])), float(told["until"])
        except (OSError, ValueError, KeyError, TypeError):
            return None
        return guest if self._now() < until else None

    def _place(self, secret: str) -> Path:
        return self._folder / sha256(secret.encode("utf-8", "replace")).hexdigest()

    def _sweep(self) -> None:
        """Remove what nobody used in time."""
        oldest = self._now() - LASTS
        for path in self._folder.iterdir():
            with suppress(OSError):
                if path.stat().st_mtime < oldest:
                    path.unlink()
