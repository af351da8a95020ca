"""How is a proxy of the kind SOCKS 5 told where to lead to (RFC 1928, RFC 1929)?

The proxy looks the name up, for ``socks5://`` and ``socks5h://`` alike: in a network that has
such a proxy, it is often the only one who can.
"""

from __future__ import annotations

from ipaddress import ip_address
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from cellframe.transport.meter import Tap
    from cellframe.transport.ways import Place, Proxy

_VERSION, _CONNECT, _RESERVED = 5, 1, 0
_OPEN, _WITH_PASSWORD = 0, 2
_IPV4, _NAME, _IPV6 = 1, 3, 4
_SIZES = {_IPV4: 4, _IPV6: 16}
_REFUSALS = {
    2: "its rules do not allow it",
    3: "the network cannot be reached",
    4: "the host cannot be reached",
    5: "the host refuses",
    6: "the host did not answer in time",
}
_NO_SOCKS = "it does not speak SOCKS 5"
_NOT_LET_IN = "it does not let you in. Are the name and the password in its address right?"


class Refused(Exception):  # noqa: N818 - never leaves the room
    """A proxy does not lead on.

    Attributes
    ----------
    may_pass : bool
        Whether another attempt may succeed.
    """

    def __init__(self, why: str, *, may_pass: bool) -> None:
        super().__init__(why)
        self.may_pass = may_pass


def pass_by_socks(tap: Tap, place: Place, proxy: Proxy) -> None:
    """Have a proxy lead a connection on to a place.

    Raises
    ------
    Refused
        It does not.
    """
    _let_in(tap, proxy.password)
    tap.sendall(bytes([_VERSION, _CONNECT, _RESERVED]) + _address(place))
    version, answer, _, kind = _heard(tap, 4)
    _check(version == _VERSION, _NO_SOCKS)
    if answer:
        raise Refused(_REFUSALS.get(answer, f"it answered {answer}"), may_pass=True)
    # Its own address at the other side, which nobody here needs.
    _heard(tap, (_SIZES[kind] if kind in _SIZES else _heard(tap, 1)[0]) + 2)


def _let_in(tap: Tap, password: str) -> None:
    ways = bytes([_OPEN, _WITH_PASSWORD] if password else [_OPEN])
    tap.sendall(bytes([_VERSION, len(ways)]) + ways)
    version, way = _heard(tap, 2)
    _check(version == _VERSION, _NO_SOCKS)
    _check(way in ways, _NOT_LET_IN)
    if way == _WITH_PASSWORD:
        name, _, word = password.partition(":")
        tap.sendall(b"\x01" + _counted(name.encode()) + _counted(word.encode()))
        _check(_heard(tap, 2)[1] == 0, _NOT_LET_IN)


def _check(holds: bool, why: str) -> None:  # noqa: FBT001
    if not holds:
        raise Refused(why, may_pass=False)


def _address(place: Place) -> bytes:
    try:
        packed = ip_address(place.host).packed
    except ValueError:
        found = bytes([_NAME]) + _counted(place.host.encode("ascii"))
    else:
        found = bytes([_IPV4 if len(packed) == _SIZES[_IPV4] else _IPV6]) + packed
    return found + place.port.to_bytes(2, "big")


def _counted(text: bytes) -> bytes:
    return bytes([len(text)]) + text


def _heard(tap: Tap, size: int) -> bytes:
    """Receive so many bytes, and not one of what follows them."""
    found = bytearray(size)
    view = memoryview(found)
    while view:
        came = tap.receive(view)
        if not came:
            message = "the proxy hung up"
            raise ConnectionError(message)
        view = view[came:]
    return bytes(found)
