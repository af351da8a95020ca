"""One request, one reply, and the protocol every carrier of them follows.

The client side sends a `Request` over a `Wire`; the service is a plain function
``answer(request) -> Reply`` on the same two types. A socket is optional.
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass, field
from functools import lru_cache
from types import MappingProxyType
from typing import TYPE_CHECKING, Protocol, TypeAlias
from urllib.parse import urlencode

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

FROM = ":from"
"""Who speaks to the socket, beside the headers: none of those can begin with a colon."""
NO_HEADERS: Mapping[str, str] = MappingProxyType({})

JsonValue: TypeAlias = "str | int | float | bool | list[JsonValue] | dict[str, JsonValue] | None"


@dataclass(frozen=True, slots=True)
class FileBody:
    """A body that lies in a file: a large one is never read into memory on the way.

    Attributes
    ----------
    path : Path
        The file.
    start, stop : int, int or None
        Bytes of it that are the body; all of them by default.
    movable : bool
        Whether whoever gets the body may take the file away instead of copying it.
    digest : str or None
        SHA-256 of a movable file, 64 hexadecimal digits, where it was reckoned as the file was
        written and nobody else had it since.
    """

    path: Path
    start: int = 0
    stop: int | None = None
    movable: bool = False
    digest: str | None = field(default=None, compare=False)

    @property
    def size(self) -> int:
        """Bytes of the body."""
        stop = self.path.stat().st_size if self.stop is None else self.stop
        return stop - self.start

    def read(self) -> bytes:
        """Return the bytes."""
        with self.path.open("rb") as file:
            file.seek(self.start)
            return file.read(self.size)


@dataclass(slots=True)
class Walk:
    """One reading of a list, page after page: kept pages are given out together or not at all.

    Attributes
    ----------
    name : str
        Of this walk, under which its pages are kept.
    follows : str or None
        The kept walk that its first page was given from; empty where the service was asked for
        it, None before.
    """

    name: str = field(default_factory=lambda: secrets.token_hex(8))
    follows: str | None = None


@dataclass(frozen=True, slots=True)
class Request:
    """One call, before any credential is added to it.

    Attributes
    ----------
    method : str
        Upper case HTTP method.
    path : str
        Path below the service's address, each segment percent-encoded, e.g.
        ``/cell_specifications/a%2Fb``.
    query : tuple of (str, str)
        Query parameters in order, not encoded; a name may repeat.
    headers : mapping of str to str
        Header names in lower case.
    body : bytes, FileBody or None
        The body as sent, or None for no body.
    max_age : float or None
        Seconds that a kept answer may be old; 0 asks the service, None is as the client was set
        up. What a plan compares with is asked for with 0.
    walk : Walk or None
        The reading that a page of a list belongs to. A later page without one is never kept.
    once : bool
        Whether whoever asks sends it again himself, where that is right.
    """

    method: str
    path: str
    query: tuple[tuple[str, str], ...] = ()
    headers: Mapping[str, str] = field(default_factory=lambda: NO_HEADERS)
    body: bytes | FileBody | None = field(default=None, repr=False)
    max_age: float | None = None
    walk: Walk | None = field(default=None, repr=False, compare=False)
    once: bool = field(default=False, repr=False, compare=False)

    @property
    def target(self) -> str:
        """Path and query as they stand in a request line."""
        return target_of(self.path, self.query)

    def __str__(self) -> str:
        return f"{self.method} {self.target}"


@lru_cache(maxsize=256)
def target_of(path: str, query: tuple[tuple[str, str], ...]) -> str:
    """Return path and query as they stand in a request line; each is asked for several times."""
    # Half a surrogate pair goes as it stands, for a service to refuse as any other bad name.
    return path + "?" + urlencode(query, errors="surrogatepass") if query else path


@dataclass(frozen=True, slots=True)
class Reply:
    """The answer to one request.

    Attributes
    ----------
    status : int
        HTTP status code.
    headers : mapping of str to str
        Header names in lower case.
    body : bytes or FileBody
        The body, or the file that holds it.
    """

    status: int
    headers: Mapping[str, str] = field(default_factory=lambda: NO_HEADERS)
    body: bytes | FileBody = field(default=b"", repr=False)

    @property
    def content(self) -> bytes:
        """The body's bytes, read from its file where it is one."""
        return self.body if isinstance(self.body, bytes) else self.body.read()


class Wire(Protocol):
    """What carries requests to one service. Safe to use from several threads."""

    @property
    def origin(self) -> str:
        """Address of the service, without credentials; shown to people and kept in journals."""
        ...

    @property
    def in_place(self) -> bool:
        """Whether files of the service lie on this machine, and are given where they lie."""
        ...

    def send(self, request: Request) -> Reply:
        """Carry one request and return whatever the service answered, refusals included.

        Raises
        ------
        TransportError
            No usable answer came back.
        """
        ...

    def put(self, url: str, body: FileBody, headers: Mapping[str, str]) -> Reply:
        """Put a file where a service said to, without any credential.

        Parameters
        ----------
        url : str
            The signed address, which is a credential itself; or a path of this service.

        Raises
        ------
        TransportError
            No usable answer came back, or the address is none that may be used.
        """
        ...

    def fetch(self, request: Request, folder: Path) -> Reply:
        """Get a file, from wherever the service sends one on to, without any credential there.

        Parameters
        ----------
        folder : Path
            Where a file that has to travel is put.

        Returns
        -------
        Reply
            A `FileBody` where the status is 200; complete, or an error was raised. One that lies
            on this machine already is given in place, and is not `movable`.

        Raises
        ------
        TransportError
            No usable answer came back, or only a part of it.
        """
        ...

    def close(self) -> None:
        """Give back connections and files."""
        ...


if TYPE_CHECKING:
    Answer = Callable[[Request], Reply]
    """The service: a plain function."""
