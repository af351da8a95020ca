"""The wire over HTTP: two requests sessions, one policy.

One session carries the credential and goes to the service alone; the other carries none and
goes wherever files lie. Redirects are never followed by themselves, since the credential would
travel along to whatever host the reply names. Only GET is sent again by itself: a POST whose
connection broke may have been carried out.
"""

from __future__ import annotations

import logging
from dataclasses import replace
from typing import TYPE_CHECKING, NoReturn
from urllib.parse import urlsplit

from cellframe.contract.wire import Reply, Request
from cellframe.errors import TransportError
from cellframe.transport.bodies import digest_of, opened, read_whole, receive
from cellframe.transport.faults import Exchange, check_storage
from cellframe.transport.policy import is_loopback
from cellframe.transport.pools import bare_session, fitted, session_of
from cellframe.transport.storage import confined, host_of, unlogged

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    import requests

    from cellframe.contract.wire import FileBody
    from cellframe.transport.policy import Policy

    Take = Callable[[requests.Response], Reply]

log = logging.getLogger(__name__)

_OK, _NOT_MODIFIED, _FIRST_REFUSAL = 200, 304, 400
_REDIRECTS = (301, 302, 303, 307, 308)
_OF_THE_FILE = ("etag", "repr-digest")
_WHOLE_AND_PLAIN = {"Accept": "*/*", "Accept-Encoding": "identity"}


class HttpWire:
    """A wire over HTTP.

    Parameters
    ----------
    policy : Policy
        Address, credential, times, and hosts of storage.
    session : requests.Session, optional
        One that keeps answers, for single records: a GET without ``limit`` goes through it.
        It gets the rules of the policy; pages of lists, files and writes pass it by.
    """

    def __init__(self, policy: Policy, session: requests.Session | None = None) -> None:
        self._policy = policy
        self._session = session_of(policy)
        self._keeping = None if session is None else fitted(session, policy)
        self._bare = bare_session(policy)
        host = urlsplit(policy.address).hostname or ""
        # Clear text is allowed to this machine alone, so no proxy stands between.
        self._proxies = {"no_proxy": host} if is_loopback(host) else None

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
        headers = {"Accept": "application/json", **request.headers}
        if self._keeping is not None and _is_of_one_record(request):
            reply = self._ride(self._keeping, request, headers)
        else:
            reply = self._ask(request, headers, self._policy.read_timeout, self._read)
        log.debug("%s -> %s", request, reply.status)
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
        return self._ask_bare("PUT", address, about, self._read, body)

    def fetch(self, request: Request, folder: Path) -> Reply:
        """Get a file; see `cellframe.contract.wire.Wire`."""

        def received(answer: requests.Response) -> Reply:
            if answer.status_code != _OK:
                return self._read(answer)
            headers = _lower(answer.headers)
            return Reply(_OK, headers, receive(answer.raw, headers, folder))

        headers = {**_WHOLE_AND_PLAIN, **request.headers}
        reply = self._ask(request, headers, self._policy.bulk_timeout, received)
        log.debug("%s -> %s", request, reply.status)
        place = _place_of(reply)
        if place is None:
            return self._file_or_refusal(request, reply)
        address = confined(place, self._policy, request.path)
        file = self._ask_bare("GET", address, _WHOLE_AND_PLAIN, received)
        kept = {name: value for name, value in reply.headers.items() if name in _OF_THE_FILE}
        file = self._file_or_refusal(request, file)
        return replace(file, headers={**kept, **file.headers})

    def _file_or_refusal(self, request: Request, reply: Reply) -> Reply:
        if reply.status in (_OK, _NOT_MODIFIED) or reply.status >= _FIRST_REFUSAL:
            return reply
        message = f"{self.origin} answered {request} with {reply.status}, which is no file."
        raise TransportError(message, request=str(request), sent=True)

    def _read(self, answer: requests.Response) -> Reply:
        content = read_whole(answer.raw, self._policy.read_timeout)
        return Reply(answer.status_code, _lower(answer.headers), content)

    def _ride(
        self, session: requests.Session, request: Request, headers: Mapping[str, str]
    ) -> Reply:
        """Ask the service through the session that keeps answers."""

        def exchange() -> Reply:
            answer = session.get(
                self.origin + request.target,
                headers=dict(headers),
                timeout=(self._policy.connect_timeout, self._policy.read_timeout),
                allow_redirects=False,
                proxies=self._proxies,
            )
            return Reply(answer.status_code, _lower(answer.headers), answer.content)

        return Exchange(str(request), self.origin, self._policy.read_timeout).carried(exchange)

    def _ask(
        self, request: Request, headers: Mapping[str, str], patience: float, take: Take
    ) -> Reply:
        """Ask the service, with the credential."""

        def exchange() -> Reply:
            with opened(request.body) as body:
                asked = self._session.request(
                    request.method,
                    self.origin + request.target,
                    headers=dict(headers),
                    data=body,  # pyright: ignore[reportArgumentType] - read() and len() are enough
                    timeout=(self._policy.connect_timeout, patience),
                    stream=True,
                    proxies=self._proxies,
                )
                with asked as answer:
                    return take(answer)

        return Exchange(str(request), self.origin, patience).carried(exchange)

    def _ask_bare(
        self,
        method: str,
        address: str,
        headers: Mapping[str, str],
        take: Take,
        file: FileBody | None = None,
    ) -> Reply:
        """Ask a storage, without any credential but the one that its address is."""
        host, patience = host_of(address), self._policy.bulk_timeout

        def exchange() -> Reply:
            with unlogged(), opened(file) as body:
                asked = self._bare.request(
                    method,
                    address,
                    headers=dict(headers),
                    data=body,  # pyright: ignore[reportArgumentType] - read() and len() are enough
                    timeout=(self._policy.connect_timeout, patience),
                    stream=True,
                    proxies=self._proxies,
                )
                with asked as answer:
                    check_storage(answer)
                    return take(answer)

        reply = Exchange(f"{method} of a file", host, patience).carried(exchange)
        log.debug("%s of a file at %s -> %s", method, host, reply.status)
        return reply

    def close(self) -> None:
        """Close the connections."""
        if self._keeping is not None:
            self._keeping.close()
        self._session.close()
        self._bare.close()

    def __repr__(self) -> str:
        return f"HttpWire({self.origin!r})"

    def __reduce__(self) -> NoReturn:
        message = "A wire holds a credential and is never pickled or copied."
        raise TypeError(message)


def _is_of_one_record(request: Request) -> bool:
    """Whether a request reads something small, and not a page of a list."""
    return request.method == "GET" and all(name != "limit" for name, _ in request.query)


def _place_of(reply: Reply) -> str | None:
    """Return where a redirect leads."""
    return reply.headers.get("location") if reply.status in _REDIRECTS else None


def _lower(headers: Mapping[str, str]) -> dict[str, str]:
    return {name.lower(): value for name, value in headers.items()}
