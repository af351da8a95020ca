"""Does the service answer, take the key, and agree about the time?"""

from __future__ import annotations

import socket
import time
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from cellframe.cli.checks.finding import Finding, State
from cellframe.contract import routes
from cellframe.errors import AuthError, CellframeError, NotFoundError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from cellframe.contract.wire import Wire

_MOST_SKEW = 60.0
"""Seconds: changes are found by time, and a signed address expires by it."""
_SLOW = 2.0
_REFUSAL, _UNKNOWN_KEY, _FORBIDDEN = 400, 401, 403
_GUARDS = {
    "if_match": "each write is guarded by the version that was read",
    "cell_list": "cells of all specs come in one list",
    "cycles_download": "cycles can be downloaded",
}


def service(wire: Wire, key_from: str) -> Iterator[Finding]:
    """Look at a service.

    Parameters
    ----------
    wire : Wire
        To the service.
    key_from : str
        The environment variable that holds the key.
    """
    began = time.time()
    try:
        date = _date_of_an_answer(wire)
    except CellframeError as fault:
        yield Finding("Address", str(fault), State.AWAY, _way_on(wire.origin))
        return
    took = time.time() - began
    yield _address(wire.origin, took)
    yield _clock(date, began + took / 2)
    key = _key(wire, key_from)
    yield key
    if key.state is State.OK:
        yield _abilities(wire)


def _date_of_an_answer(wire: Wire) -> str:
    """Ask whether the service is there, and return what its answer is dated."""
    from cellframe.transport.replies import make_request, read

    request = make_request("GET", routes.HEALTH)
    reply = wire.send(request)
    # Whether it wants a key is looked at next.
    if reply.status >= _REFUSAL and reply.status not in (_UNKNOWN_KEY, _FORBIDDEN):
        read(request, reply, wire.origin)
    return reply.headers.get("date", "")


def _way_on(origin: str) -> str:
    """Say what to do about a service that does not answer."""
    host = urlsplit(origin).hostname or origin
    try:
        socket.getaddrinfo(host, None)
    except OSError:
        return (
            f"The name {host} leads nowhere from here. Is it spelled right, and is this computer "
            "in the network, or in the VPN, that knows it?"
        )
    return f"The name {host} is known here, so it is the port, or the service itself, that is not."


def _address(origin: str, seconds: float) -> Finding:
    words = f"{origin} answers in {seconds * 1000:.0f} ms"
    if seconds > _SLOW:
        return Finding("Address", words, State.ATTENTION, "It is slow, or the way to it is.")
    return Finding("Address", words)


def _clock(date: str, now: float) -> Finding:
    try:
        theirs = parsedate_to_datetime(date).timestamp()
    except ValueError:
        return Finding("Clock", "the service does not tell the time")
    skew = now - theirs
    if abs(skew) <= _MOST_SKEW:
        return Finding("Clock", "agrees with the service's")
    order = "ahead of" if skew > 0 else "behind"
    words = f"this computer's is {abs(skew):.0f} s {order} the service's"
    return Finding("Clock", words, State.FAULT, "Let this computer set its clock by the network.")


def _key(wire: Wire, key_from: str) -> Finding:
    from cellframe.transport.replies import ask

    try:
        who = ask(wire, "GET", routes.WHO_AM_I)
    except AuthError as fault:
        advice = f"Ask whoever runs the service for a key that it knows, and set {key_from} to it."
        said = f"{wire.origin} does not accept the key that {key_from} holds"
        words = said if fault.status == _UNKNOWN_KEY else str(fault)
        return Finding("Key", words, State.FAULT, advice)
    except CellframeError as fault:
        return Finding("Key", str(fault), State.AWAY, "Try again later.")
    return Finding("Key", f"accepted, as {_name(who)}")


def _name(who: Any) -> str:
    """Say whom the service takes us for."""
    if not isinstance(who, dict):
        return "somebody without a name"
    organization = who.get("authorized_organization")
    of = organization.get("name") if isinstance(organization, dict) else None
    name = str(who.get("email") or who.get("id") or "somebody without a name")
    return f"{name} of {of}" if of else name


def _abilities(wire: Wire) -> Finding:
    """Say what the service can do beyond the contract."""
    from cellframe.transport.replies import ask

    try:
        said = ask(wire, "GET", routes.CAPABILITIES)
    except NotFoundError:
        said = {}
    except CellframeError as fault:
        return Finding("Abilities", str(fault), State.AWAY, "Try again later.")
    extensions = said.get("extensions") if isinstance(said, dict) else None
    offered = extensions if isinstance(extensions, dict) else {}
    if not offered.get("if_match"):
        return Finding(
            "Abilities",
            "the service does not guard writes by version",
            State.ATTENTION,
            "cellframe compares each record right before it writes it. Two people had better not "
            "push the same cells in the same second.",
        )
    return Finding(
        "Abilities", "; ".join(words for name, words in _GUARDS.items() if offered.get(name))
    )
