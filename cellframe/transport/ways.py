"""Which way does a connection take: to what host, past which proxy, trusting whose certificates?"""

from __future__ import annotations

import os
import ssl
from base64 import b64encode
from pathlib import Path
from typing import NamedTuple
from urllib.parse import quote, unquote, urlsplit
from urllib.request import getproxies

from cellframe.errors import ConfigError

PORTS = {"https": 443, "http": 80}
SOCKS = "socks5"
_PROXIES = {"http": 80, "https": 443, SOCKS: 1080, "socks5h": 1080}
"""The port of each kind of proxy, where its address names none."""
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

    scheme: str
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
    if parts.scheme not in _PROXIES or not parts.hostname:
        message = (
            f"The environment names a proxy of the kind {parts.scheme}://, and cellframe speaks "
            "to http://, https:// and socks5:// ones. Set HTTPS_PROXY to one, or name the service "
            "in NO_PROXY."
        )
        raise ConfigError(message)
    who = f"{unquote(parts.username or '')}:{unquote(parts.password or '')}"
    scheme = SOCKS if parts.scheme.startswith(SOCKS) else parts.scheme
    port = parts.port or _PROXIES[parts.scheme]
    return Proxy(scheme, parts.hostname, port, "" if who == ":" else who)


def password_of(proxy: Proxy) -> dict[str, str]:
    """Return the header that tells a proxy who asks."""
    if not proxy.password:
        return {}
    return {"Proxy-Authorization": f"Basic {b64encode(proxy.password.encode()).decode()}"}


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
