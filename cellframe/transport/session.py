"""The wire over HTTP: one way onto the network, one policy.

Redirects are never followed by themselves, since the credential would travel along to whatever
host the reply names. A file goes where the service says, without any credential.
"""

from __future__ import annotations

import logging
import time
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, NoReturn
from urllib.parse import urlsplit

from cellframe.contract.wire import Reply, Request
from cellframe.errors import TransportError
from cellframe.transport.answers import read_whole, receive
from cellframe.transport.bodies import digest_of
from cellframe.transport.calls import Call, call, headers_of
from cellframe.transport.faults import Told, check_storage
from cellframe.transport.lines import Lines
from cellframe.transport.meter import Meter
from cellframe.transport.policy import is_loopback
from cellframe.transport.storage import confined, host_of
from cellframe.transport.waits import repeated
from cellframe.transport.ways import place_of
from cellframe.version import __version__

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from http.client import HTTPResponse
    from pathlib import Path

    from cellframe.contract.wire import FileBody
    from cellframe.transport.policy import Policy

    Take = Callable[[HTTPResponse], Reply]

log = logging.getLogger(__name__)

_OK, _NOT_MODIFIED, _FIRST_REFUSAL = 200, 304, 400
_REDIRECTS = (301, 302, 303, 307, 308)
_OF_THE_FILE = ("etag", "repr-digest")
_JSON = {"accept": "application/json", "accept-encoding": "gzip"}
_WHO = f"cellframe/{__version__}"
_WHOLE_AND_PLAIN = {"accept": "*/*", "accept-encoding": "identity"}


class HttpWire:
    """A wire over HTTP.

    Parameters
    ----------
    policy : Policy
        Address, credential, times, limits, and hosts of storage.
    sleep : callable
        Waits for a number of seconds, before a GET is sent again.
    """

    def __init__(self, policy: Policy, sleep: Callable[[float], None] = time.sleep) -> None:
        self._policy = policy
        self._sleep = sleep
        self._lines = Lines(policy.connect_timeout)
        # Clear text is allowed to this machine alone, so no proxy stands between.
        is_near = is_loopback(urlsplit(policy.address).hostname or "")
        self._place = place_of(policy.address, may_be_proxied=not is_near)

    @property
    def origin(self) -> str:
        """Address of the service."""
        return self._policy.address

    @property
    def in_place(self) -> bool:
        """Whatever is fetched travels."""
        return False

    def send(self, request: Request) -> Reply:
        """Carry one request; see `cellframe.contract.wire.Wire`."""
        meter = Meter(self._policy.read_timeout, self._policy.most_json)
        reply = self._ask(request, _JSON, meter, partial(self._read, meter))
        if _place_of(reply) is not None:
            message = (
                f"{self.origin} answered {request} with a redirect, which is not followed, since "
                "the key would travel along. Use the address that it stands for as api_url=."
            )
            raise TransportError(message, request=str(request))
        return reply

    def put(self, url: str, body: FileBody, headers: Mapping[str, str]) -> Reply:
        """Put a file where a service said to; see `cellframe.contract.wire.Wire`."""
        address = confined(url, self._policy)
        about = {"content-type": "application/octet-stream", **headers}
        if "content-digest" not in about:
            about["content-digest"] = digest_of(body)
        meter = Meter(self._policy.bulk_timeout, self._policy.most_json)
        return self._ask_bare("PUT", address, about, meter, partial(self._read, meter), body)

    def fetch(self, request: Request, folder: Path) -> Reply:
        """Get a file; see `cellframe.contract.wire.Wire`."""
        reply = self._ask(request, _WHOLE_AND_PLAIN, *self._for_file(folder))
        place = _place_of(reply)
        if place is None:
            return self._file_or_refusal(request, reply)
        address = confined(place, self._policy, request.path)
        file = self._ask_bare("GET", address, _WHOLE_AND_PLAIN, *self._for_file(folder))
        kept = {name: value for name, value in reply.headers.items() if name in _OF_THE_FILE}
        file = self._file_or_refusal(request, file)
        return replace(file, headers={**kept, **file.headers})

    def _file_or_refusal(self, request: Request, reply: Reply) -> Reply:
        if reply.status in (_OK, _NOT_MODIFIED) or reply.status >= _FIRST_REFUSAL:
            return reply
        message = f"{self.origin} answered {request} with {reply.status}, which is no file."
        raise TransportError(message, request=str(request), sent=True)

    def _for_file(self, folder: Path) -> tuple[Meter, Take]:
        """Return the meter of a file, and what takes one from an answer."""
        meter = Meter(self._policy.bulk_timeout, self._policy.most_file)
        return meter, partial(self._file, meter, folder)

    def _file(self, meter: Meter, folder: Path, answer: HTTPResponse) -> Reply:
        """Take a file, or what was said instead of one."""
        if answer.status != _OK:
            return self._read(meter, answer)
        meter.endure()
        headers = headers_of(answer)
        return Reply(_OK, headers, receive(answer, headers, folder, meter))

    def _read(self, meter: Meter, answer: HTTPResponse) -> Reply:
        """Take what is small, and has no right to the time of a file."""
        meter.hurry(self._policy.read_timeout, self._policy.most_json)
        headers = headers_of(answer)
        return Reply(answer.status, headers, read_whole(answer, headers, meter))

    def _carried(
        self, told: Told, asked: Call, meter: Meter, take: Take, *, once: bool = False
    ) -> Reply:
        def attempt() -> Reply:
            return told.carried(lambda: call(self._lines, asked, meter, take), meter)

        return repeated(attempt, meter, self._sleep, is_read=asked.method == "GET", once=once)

    def _ask(
        self, request: Request, accepted: Mapping[str, str], meter: Meter, take: Take
    ) -> Reply:
        """Ask the service, with the credential."""
        headers = {**accepted, **request.headers, "user-agent": _WHO, **self._policy.headers()}
        told = Told(str(request), self.origin)
        url = self.origin + request.target
        asked = Call(request.method, url, self._place, headers, request.body)
        reply = self._carried(told, asked, meter, take, once=request.once)
        log.debug("%s -> %s", request, reply.status)
        return reply

    def _ask_bare(
        self,
        method: str,
        address: str,
        headers: Mapping[str, str],
        meter: Meter,
        take: Take,
        file: FileBody | None = None,
    ) -> Reply:
        """Ask a storage, without any credential but the one that its address is."""

        def checked(answer: HTTPResponse) -> Reply:
            check_storage(answer.status, headers_of(answer))
            return take(answer)

        headers = {**headers, "user-agent": _WHO}
        told = Told(f"{method} of a file", host_of(address))
        place = place_of(address, may_be_proxied=self._policy.storage_proxy)
        asked = Call(method, address, place, headers, file)
        reply = self._carried(told, asked, meter, checked)
        log.debug("%s of a file at %s -> %s", method, told.where, reply.status)
        return reply

    def close(self) -> None:
        """Close the connections."""
        self._lines.close()

    def __repr__(self) -> str:
        return f"HttpWire({self.origin!r})"

    def __reduce__(self) -> NoReturn:
        message = "A wire holds a credential and is never pickled or copied."
        raise TypeError(message)


def _place_of(reply: Reply) -> str | None:
    """Return where a redirect leads."""
    return reply.headers.get("location") if reply.status in _REDIRECTS else None
