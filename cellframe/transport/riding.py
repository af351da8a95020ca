"""How does a session of requests that keeps answers ask, where it has none?

Through the same connections as everything else, and without ever seeing the credential: what it
writes down of a request holds none. An answer is whole and within its limits before it is kept.
"""

from __future__ import annotations

from http.cookiejar import DefaultCookiePolicy
from io import BytesIO
from typing import TYPE_CHECKING, Any

from requests import PreparedRequest
from requests.adapters import BaseAdapter, HTTPAdapter
from requests.auth import AuthBase
from requests.cookies import RequestsCookieJar
from urllib3 import HTTPResponse

from cellframe.contract.wire import Reply, Request

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    import requests

_OF_THE_JOURNEY = ("content-encoding", "content-length", "transfer-encoding", "set-cookie")
"""Headers that say nothing of the body as it is handed over."""


class Rider:
    """A session that keeps answers, made to ask through a wire.

    Parameters
    ----------
    session : requests.Session
        Of `requests_cache`, say.
    origin : str
        Address of the service.
    carry : callable
        Asks the service itself: takes a `Request` and returns its `Reply`.
    """

    def __init__(
        self, session: requests.Session, origin: str, carry: Callable[[Request], Reply]
    ) -> None:
        self._session = session
        self._origin = origin
        session.auth = _Nobody()
        session.cookies = RequestsCookieJar(DefaultCookiePolicy(allowed_domains=()))
        session.trust_env = False
        session.headers.clear()
        for scheme in ("http://", "https://"):
            session.mount(scheme, _Carrier(origin, carry))

    def send(self, request: Request) -> Reply:
        """Return an answer, kept or new."""
        answer = self._session.get(
            self._origin + request.target, headers=dict(request.headers), allow_redirects=False
        )
        headers = {name.lower(): value for name, value in answer.headers.items()}
        return Reply(answer.status_code, headers, answer.content)

    def close(self) -> None:
        """Close the session."""
        self._session.close()


class _Nobody(AuthBase):
    """Adds nothing, which keeps requests from adding a password of ``~/.netrc``."""

    def __call__(self, r: requests.PreparedRequest) -> requests.PreparedRequest:
        return r


class _Carrier(BaseAdapter):
    """What requests takes for its way to the network."""

    def __init__(self, origin: str, carry: Callable[[Request], Reply]) -> None:
        super().__init__()
        # As requests writes it, which is what comes back.
        self._above = PreparedRequest()
        self._above.prepare_url(origin, None)
        self._carry = carry
        self._builder = HTTPAdapter()

    def send(self, request: requests.PreparedRequest, *_: Any, **__: Any) -> requests.Response:
        headers = {name.lower(): str(value) for name, value in request.headers.items()}
        target = request.path_url.removeprefix(self._above.path_url.rstrip("/"))
        reply = self._carry(Request(request.method or "GET", target, (), headers))
        raw = HTTPResponse(
            BytesIO(reply.content),
            _of_the_body(reply.headers),
            reply.status,
            preload_content=False,
            request_method=request.method,
        )
        return self._builder.build_response(request, raw)

    def close(self) -> None:
        """There is nothing to close: the connections are the wire's."""


def _of_the_body(headers: Mapping[str, str]) -> dict[str, str]:
    return {name: value for name, value in headers.items() if name not in _OF_THE_JOURNEY}
