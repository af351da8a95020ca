"""Where may a file come from and go to?

A service says where a file lies, and a service may be hostile: the address is used only where
it is the service itself or a host that the user named. It often carries its own credential, in
the path or in the query, so nothing but its host is ever repeated.
"""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import SplitResult, urljoin, urlsplit, urlunsplit

from cellframe.errors import TransportError
from cellframe.transport.policy import STORAGE_VARIABLE, is_loopback
from cellframe.transport.ways import PORTS

if TYPE_CHECKING:
    from cellframe.transport.policy import Policy


def confined(url: str, policy: Policy, seen_at: str = "") -> str:
    """Return the address to use, or refuse it.

    Parameters
    ----------
    url : str
        An absolute address, or a path of the service.
    seen_at : str
        Path of the service that redirects there; its other forms are read from there on.

    Returns
    -------
    str
        Absolute, without a fragment, written anew from the parts that were checked, so that
        no other reading of it reaches another host.

    Raises
    ------
    TransportError
        It is none that may be used. Nothing was sent.
    """
    parts = _parts(url, policy.address, seen_at)
    place, own = _place(parts), _place(urlsplit(policy.address))
    if place != own:
        _check_named(parts, policy)
    _, host, port = place
    shown = f"[{host}]" if ":" in host else host
    netloc = shown if port == PORTS[parts.scheme] else f"{shown}:{port}"
    return urlunsplit((parts.scheme, netloc, parts.path or "/", parts.query, ""))


def host_of(url: str) -> str:
    """Return the one part of a signed address that may be shown."""
    return urlsplit(url).netloc


def _parts(url: str, origin: str, seen_at: str) -> SplitResult:
    """Take an address apart; one that can be read in two ways is none."""
    malformed = (
        f"{origin} names a place for a file that is no https:// address. Nothing was sent there."
    )
    if not url.isascii() or not url.isprintable() or any(letter in " \\" for letter in url):
        raise TransportError(malformed)
    try:
        if seen_at:
            url = urljoin(origin + seen_at, url)
        elif url.startswith("/") and not url.startswith("//"):
            url = origin + url
        parts = urlsplit(url)
        usable = parts.scheme in PORTS and bool(parts.hostname) and parts.port != 0
    except ValueError:
        raise TransportError(malformed) from None
    if not usable or "@" in parts.netloc or "%" in parts.netloc:
        raise TransportError(malformed)
    return parts


def _place(parts: SplitResult) -> tuple[str, str, int]:
    return parts.scheme, parts.hostname or "", parts.port or PORTS[parts.scheme]


def _check_named(parts: SplitResult, policy: Policy) -> None:
    """Refuse storage that the user did not name, and clear text to another machine."""
    scheme, host, port = _place(parts)
    shown = f"[{host}]" if ":" in host else host
    spelled = {f"{shown}:{port}"} | ({shown} if port == PORTS[scheme] else set())
    if spelled.isdisjoint(policy.storage_hosts):
        name = shown if port == PORTS[scheme] else f"{shown}:{port}"
        message = (
            f"{policy.address} keeps files at {name}, which is neither that service nor a host "
            f"you named. Where you trust it, pass storage_hosts=[{name!r}] or set "
            f"{STORAGE_VARIABLE}={name}. Nothing was sent there."
        )
        raise TransportError(message)
    if scheme == "http" and not is_loopback(host):
        message = (
            f"{policy.address} keeps files at http://{host}, where they would travel in clear "
            "text. The storage must have an https:// address. Nothing was sent there."
        )
        raise TransportError(message)
