"""How does a connection come about: straight, or past a proxy?

All of it has one limit: the addresses, what a proxy says, and the handshakes. How long a name is
looked up is the system's to say, since `getaddrinfo` takes no limit. Python's `ssl` wraps no
connection that is TLS already, as one through an ``https://`` proxy is, and what urllib3 has for
that waits anew for every byte; so `Nested` stands on the metered socket itself.
"""

from __future__ import annotations

import socket
import ssl
from http.client import HTTPException, HTTPResponse
from typing import TYPE_CHECKING, Any, TypeVar, cast

from cellframe.transport.meter import Late, Meter, Tap
from cellframe.transport.socks import Refused, pass_by_socks
from cellframe.transport.ways import SOCKS, password_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from _typeshed import ReadableBuffer, WriteableBuffer

    from cellframe.transport.ways import Place, Proxy

    Trust = Callable[[], ssl.SSLContext]

T = TypeVar("T")

_MOST_SAID = 1024**2
"""Bytes that proxies and handshakes may take."""
_PIECE = 16 * 1024
"""Bytes of content in a record of TLS (RFC 8446, 5.1)."""
_ALLOWED, _REFUSED, _FAILED = 200, 300, 500


class Undialled(Exception):  # noqa: N818 - never leaves the room
    """No connection came about; nothing was sent.

    Attributes
    ----------
    why : str
        What was said; empty where nobody answered.
    through : str
        The proxy that was to lead there; empty where there is none.
    may_pass : bool
        Whether another attempt may succeed.
    """

    def __init__(self, why: str = "", through: str = "", *, may_pass: bool = True) -> None:
        super().__init__()
        self.why, self.through, self.may_pass = why, through, may_pass


def dialled(place: Place, proxy: Proxy | None, seconds: float, trust: Trust) -> Tap:
    """Return a connection to a place.

    Parameters
    ----------
    seconds : float
        For all of it.
    trust : callable
        Returns whose certificates are trusted.

    Raises
    ------
    Undialled
        None came about.
    """
    meter = Meter(seconds, _MOST_SAID)
    try:
        tap = Tap(_reached(*(proxy or place)[1:3], meter), meter)
        if proxy is not None:
            tap = _led_on(tap, place, proxy, trust)
        return _secured(tap, place.host, trust) if place.scheme == "https" else tap
    except (OSError, HTTPException, UnicodeError, Late):
        raise Undialled(through=_shown(proxy)) from None


def _shown(proxy: Proxy | None) -> str:
    return f"the proxy {proxy.host}:{proxy.port}" if proxy else ""


def _reached(host: str, port: int, meter: Meter) -> socket.socket:
    """Connect to the first address that answers."""
    fault: OSError = OSError("the name has no address")
    for family, kind, protocol, _, address in socket.getaddrinfo(host, port, 0, socket.SOCK_STREAM):
        line = socket.socket(family, kind, protocol)
        try:
            line.settimeout(meter.left())
            line.connect(address)
            line.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        except OSError as failed:
            line.close()
            fault = failed
        except BaseException:
            line.close()
            raise
        else:
            return line
    raise fault


def _led_on(tap: Tap, place: Place, proxy: Proxy, trust: Trust) -> Tap:
    """Have a proxy lead a connection on."""
    try:
        if proxy.scheme == "https":
            tap = _secured(tap, proxy.host, trust)
        if proxy.scheme == SOCKS:
            pass_by_socks(tap, place, proxy)
        elif place.scheme == "https":
            _tunnel(tap, place, proxy)
    except Refused as refusal:
        tap.close()
        raise Undialled(str(refusal), _shown(proxy), may_pass=refusal.may_pass) from None
    except Undialled as fault:
        fault.through = _shown(proxy)
        raise
    except BaseException:
        tap.close()
        raise
    return tap


def _tunnel(tap: Tap, place: Place, proxy: Proxy) -> None:
    """Ask a proxy for a way (RFC 9110, 9.3.6)."""
    named = f"[{place.host}]" if ":" in place.host else place.host
    about = {"Host": f"{named}:{place.port}", **password_of(proxy)}
    lines = [f"CONNECT {named}:{place.port} HTTP/1.1", *(f"{n}: {v}" for n, v in about.items())]
    tap.sendall("\r\n".join([*lines, "", ""]).encode("ascii"))
    answer = HTTPResponse(cast("Any", tap), method="CONNECT")
    try:
        answer.begin()
    finally:
        answer.close()
    if not _ALLOWED <= answer.status < _REFUSED:
        raise Refused(f"it answered {answer.status}", may_pass=answer.status >= _FAILED)


def _secured(tap: Tap, host: str, trust: Trust) -> Tap:
    """Speak TLS from here on."""
    try:
        if isinstance(tap.line, ssl.SSLSocket):
            return Nested(tap.line, tap.meter, trust(), host)
        tap.line.settimeout(tap.meter.left())
        return Tap(trust().wrap_socket(tap.line, server_hostname=host), tap.meter)
    except BaseException as fault:
        tap.close()
        if isinstance(fault, ssl.SSLError):
            raise Undialled(_of_tls(str(fault)), may_pass=False) from None
        raise


def _of_tls(said: str) -> str:
    if "WRONG_VERSION_NUMBER" in said or "RECORD_LAYER_FAILURE" in said:
        return "it does not speak https. Is it http://?"
    return "its certificate could not be verified"


class Nested(Tap):
    """TLS inside of a connection that is TLS already.

    Parameters
    ----------
    line : SSLSocket
        The outer one.
    meter : Meter
        Of both: it counts what the outer one carries.
    trust : SSLContext
        Whose certificates are trusted.
    host : str
        Whom a certificate has to name.
    """

    def __init__(self, line: ssl.SSLSocket, meter: Meter, trust: ssl.SSLContext, host: str) -> None:
        super().__init__(line, meter)
        self._came, self._goes = ssl.MemoryBIO(), ssl.MemoryBIO()
        self._tls = trust.wrap_bio(self._came, self._goes, server_hostname=host)
        self._carried(self._tls.do_handshake)

    def sendall(self, data: ReadableBuffer) -> None:
        """Send everything, in the time that there is."""
        view = memoryview(data).cast("B")
        while view:
            piece = view[:_PIECE]
            view = view[self._carried(lambda piece=piece: self._tls.write(piece)) :]

    def receive(self, space: WriteableBuffer) -> int:
        """Receive what is there, and wait for it where nothing is."""
        view = memoryview(space).cast("B")
        return self._carried(lambda: cast("int", self._tls.read(len(view), view)))

    def _carried(self, step: Callable[[], T]) -> T:
        """Take a step of TLS; what it wants to send goes, and what it waits for comes."""
        while True:
            try:
                found = step()
            except ssl.SSLWantReadError:
                super().sendall(self._goes.read())
                self._came_in()
            else:
                super().sendall(self._goes.read())
                return found

    def _came_in(self) -> None:
        space = bytearray(_PIECE)
        size = super().receive(space)
        if size:
            self._came.write(space[:size])
        else:
            self._came.write_eof()
