"""May this request be heard at all, and what may a browser do with the answer?"""

from __future__ import annotations

import hmac
import ipaddress
import socket
import time
from collections import OrderedDict, deque
from dataclasses import dataclass, field
from threading import Lock
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from cellframe.contract.wire import Reply

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

MOST_FAILURES = 20
"""Wrong keys and links of one source in a minute; then it waits."""
_MINUTE = 60.0
_MOST_SOURCES = 1000
_NETWORK = 64
"""Bits of an IPv6 address that one customer has."""
FOREVER = "private, max-age=31536000, immutable"


class Refused(Exception):  # noqa: N818 - an answer, and no fault of ours
    """What was asked is not done.

    Parameters
    ----------
    status : int
        Of the answer.
    message : str
        What a page says of it.
    wait : int
        Seconds after which to try again; 0 where waiting does not help.
    """

    def __init__(self, status: int, message: str, wait: int = 0) -> None:
        super().__init__(message)
        self.status, self.message, self.wait = status, message, wait


@dataclass(frozen=True, slots=True)
class Names:
    """The names under which the page may be asked for.

    A web page elsewhere can point a name of its own at this address (DNS rebinding), but never
    one of these, and no address of numbers.

    Attributes
    ----------
    public : str
        Where people reach the service, for one behind a proxy; empty otherwise.
    known : frozenset of str
        Names beside those of every machine: its own, and the one that it listens on.
    """

    public: str = ""
    known: frozenset[str] = field(default_factory=frozenset)

    @classmethod
    def of(cls, public: str, listened: str) -> Names:
        """Return the names of a service on this machine."""
        machine = socket.gethostname().lower()
        return cls(public.rstrip("/"), frozenset({"localhost", machine, listened.lower()} - {""}))

    def check(self, headers: Mapping[str, str]) -> None:
        """Refuse a request under another name."""
        host = headers.get("host", "").lower()
        if host and host == urlsplit(self.public).netloc.lower():
            return
        name = _name(host)
        if name is None or not (name in self.known or _is_number(name)):
            raise Refused(
                400,
                "This page is not known under the name in the address. Open it as its service "
                "says when it starts; --public-url gives it another name.",
            )

    def check_origin(self, headers: Mapping[str, str]) -> None:
        """Refuse a form that another page sent: a browser always says which one did."""
        site, origin = headers.get("sec-fetch-site"), headers.get("origin")
        is_ours = origin is None or origin.lower() in self._origins(headers)
        if (site is None and origin is None) or not is_ours or site not in (None, "same-origin"):
            raise Refused(403, "This came from another page. Open the page here, and press there.")

    def is_encrypted(self, headers: Mapping[str, str]) -> bool:
        """Whether the browser reached us over https."""
        return headers.get("origin", self.public).lower().startswith("https://")

    def _origins(self, headers: Mapping[str, str]) -> set[str]:
        parts = urlsplit(self.public.lower())
        # The service itself speaks no https; a proxy that does is the public address.
        return {f"http://{headers.get('host', '').lower()}", f"{parts.scheme}://{parts.netloc}"}


class Failures:
    """How often did a source say a wrong key?

    Parameters
    ----------
    now : callable
        Tells the time in seconds; the default never goes back.
    """

    def __init__(self, now: Callable[[], float] = time.monotonic) -> None:
        self._now = now
        self._turn = Lock()
        self._held: OrderedDict[str, deque[float]] = OrderedDict()

    def begin(self, source: str) -> Callable[[], None]:
        """Count an attempt as a failure, until what is returned is called: it was none.

        Counted before the key is looked at, so that many at once get no more attempts.

        Raises
        ------
        Refused
            There were too many.
        """
        now, name = self._now(), _source(source)
        with self._turn:
            tried = self._held.setdefault(name, deque())
            self._held.move_to_end(name)
            while tried and tried[0] <= now - _MINUTE:
                tried.popleft()
            if len(tried) >= MOST_FAILURES:
                raise Refused(
                    429, "Too many wrong keys came from here. Wait a minute, then try again.", 60
                )
            tried.append(now)
            while len(self._held) > _MOST_SOURCES:
                self._held.popitem(last=False)

        def forget() -> None:
            with self._turn:
                if now in tried:
                    tried.remove(now)

        return forget


def same(given: str, known: str) -> bool:
    """Compare two secrets in a time that tells nothing of them."""
    return bool(known) and hmac.compare_digest(given.encode("utf-8", "replace"), known.encode())


def sealed(reply: Reply, *, is_static: bool = False) -> Reply:
    """Return an answer with everything that keeps a browser from doing more than show it."""
    headers = {
        "content-type": "text/plain; charset=utf-8",
        "content-security-policy": _policy(),
        "x-content-type-options": "nosniff",
        # Not no-referrer, under which browsers say of their own forms that they come from nowhere.
        "referrer-policy": "same-origin",
        "x-frame-options": "DENY",
        "cross-origin-opener-policy": "same-origin",
        "cross-origin-resource-policy": "same-origin",
        "permissions-policy": "camera=(), geolocation=(), microphone=()",
        "cache-control": FOREVER if is_static else "no-store",
    }
    return Reply(reply.status, {**reply.headers, **_kept(headers, reply.headers)}, reply.body)


def _kept(headers: dict[str, str], given: Mapping[str, str]) -> dict[str, str]:
    """Leave a page its content type, and nothing else that it says itself."""
    return {**headers, "content-type": given.get("content-type", headers["content-type"])}


def _policy() -> str:
    from cellframe.views.html import style_hash

    return (
        f"default-src 'none'; style-src 'self' {style_hash()}; script-src 'self'; "
        "img-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'"
    )


def _name(host: str) -> str | None:
    """Return the name in a ``Host`` header; None where it is no name with a port."""
    name, colon, port = host.rpartition(":")
    if not colon or host.endswith("]"):
        name, port = host, ""
    fit = name and (not port or (port.isascii() and port.isdigit()))
    return name.removeprefix("[").removesuffix("]") if fit else None


def _is_number(name: str) -> bool:
    try:
        ipaddress.ip_address(name)
    except ValueError:
        return False
    return True


def _source(address: str) -> str:
    """Return what counts as one source: an address, or the network of a newer one."""
    try:
        found = ipaddress.ip_address(address)
    except ValueError:
        return ""
    if found.version == 4:  # noqa: PLR2004 - the older addresses
        return str(found)
    return str(ipaddress.ip_network((int(found), _NETWORK), strict=False))


def once(values: Iterable[str]) -> str:
    """Return the only value; empty where there is none, or nobody can say which is meant."""
    found = list(values)
    return found[0] if len(found) == 1 else ""
