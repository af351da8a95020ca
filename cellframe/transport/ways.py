"""Which way does a connection take: to what host, past which proxy, trusting whose certificates?"""

from __future__ import annotations

import os
import ssl
from pathlib import Path
from typing import NamedTuple
from urllib.parse import quote, unquote, urlsplit
from urllib.request import getproxies

from cellframe.errors import ConfigError

PORTS = {"https": 443, "http": 80}
_KEPT = "%/:=&?~#+!$,;'@()*[]"
"""What stands in a path as it is."""


class Place(NamedTuple):
    """The host that a connection ends at, and whether a proxy may stand between."""

    scheme: str
    host: str
    port: int
    shown: str
    may_be_proxied: bool


class Proxy(NamedTuple):
    """What stands between, and how it is told who asks."""

    host: str
    port: int
    password: str


def place_of(url: str, *, may_be_proxied: bool) -> Place:
    """Return the place of an address."""
    parts = urlsplit(url)
    host = parts.hostname or ""
    host = host if host.isascii() else host.encode("idna").decode()
    port = parts.port or PORTS[parts.scheme]
    named = f"[{host}]" if ":" in host else host
    shown = named if port == PORTS[parts.scheme] else f"{named}:{port}"
    return Place(parts.scheme, host, port, shown, may_be_proxied)


def target_of(url: str) -> str:
    """Return path and query of an address as a request line has them."""
    parts = urlsplit(url)
    path = quote(parts.path or "/", safe=_KEPT)
    return f"{path}?{quote(parts.query, safe=_KEPT)}" if parts.query else path


def proxy_to(place: Place) -> Proxy | None:
    """Return the proxy that the environment names for a place.

    Raises
    ------
    ConfigError
        It is of a kind that is not spoken here. Nothing was sent.
    """
    if not place.may_be_proxied or not getproxies():
        return None
    from requests.utils import get_environ_proxies, select_proxy

    url = f"{place.scheme}://{place.shown}/"
    named = select_proxy(url, get_environ_proxies(url))
    return _read(named) if named else None


def _read(named: str) -> Proxy:
    parts = urlsplit(named if "//" in named else f"http://{named}")
    if parts.scheme != "http" or not parts.hostname:
        message = (
            f"The environment names a proxy of the kind {parts.scheme}://, and cellframe speaks "
            "to http:// ones alone. Set HTTPS_PROXY to one, or name the service in NO_PROXY."
        )
        raise ConfigError(message)
    who = f"{unquote(parts.username or '')}:{unquote(parts.password or '')}"
    return Proxy(parts.hostname, parts.port or 80, "" if who == ":" else who)


def trusted() -> ssl.SSLContext:
    """Return whose certificates are trusted: the environment's, or those that requests trusts.

    Raises
    ------
    ConfigError
        They cannot be read.
    """
    # A company's own certificates are trusted on every way, unlike its proxy.
    named = os.environ.get("REQUESTS_CA_BUNDLE") or os.environ.get("CURL_CA_BUNDLE")
    if not named:
        import certifi

        named = certifi.where()
    try:
        folder = Path(named).is_dir()
        context = ssl.create_default_context(
            cafile=None if folder else named, capath=named if folder else None
        )
    except OSError as fault:
        message = f"The certificates in {named} (REQUESTS_CA_BUNDLE) cannot be read: {fault}."
        raise ConfigError(message) from fault
    context.set_alpn_protocols(["http/1.1"])
    return context
