"""The wire over HTTP: one requests session, one policy.

Redirects are never followed, since the session would carry the key along to whatever host the
reply names. Only GET is sent again by itself: a POST whose connection broke may have been
carried out.
"""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any, NoReturn, Self
from urllib.parse import urlsplit

import requests
from requests.adapters import HTTPAdapter
from requests.auth import AuthBase
from urllib3.exceptions import ReadTimeoutError
from urllib3.util.retry import Retry

from cellframe.contract.wire import Reply, Request
from cellframe.errors import TransportError
from cellframe.transport.policy import is_loopback

if TYPE_CHECKING:
    from cellframe.transport.policy import Policy

log = logging.getLogger(__name__)

_POOL = 16
_RETRIES = 2
_RETRIED_STATUSES = (502, 503, 504)


class _Identity(AuthBase):
    """Adds the credential at the last moment, so that it stands in no variable on the way.

    It also keeps requests from adding a password of ``~/.netrc``.
    """

    def __init__(self, policy: Policy) -> None:
        self._policy = policy

    def __call__(self, r: requests.PreparedRequest) -> requests.PreparedRequest:
        r.headers.update(self._policy.headers())
        return r


class _RetryUnlessLate(Retry):
    """A GET whose connection broke is sent again; one that waited its whole time is not."""

    def increment(self, *args: Any, **kwargs: Any) -> Self:
        error = kwargs.get("error")
        if isinstance(error, ReadTimeoutError):
            raise error
        return super().increment(*args, **kwargs)


class HttpWire:
    """A wire over HTTP.

    Parameters
    ----------
    policy : Policy
        Address, credential and times.
    """

    def __init__(self, policy: Policy) -> None:
        self._policy = policy
        self._session = requests.Session()
        self._session.auth = _Identity(policy)
        host = urlsplit(policy.address).hostname or ""
        # Clear text is allowed to this machine alone, so no proxy stands between.
        self._proxies = {"no_proxy": host} if is_loopback(host) else None
        retry = _RetryUnlessLate(
            total=_RETRIES,
            status=_RETRIES,
            allowed_methods=frozenset({"GET"}),
            status_forcelist=_RETRIED_STATUSES,
            backoff_factor=0.2,
            raise_on_status=False,
            respect_retry_after_header=False,
        )
        for scheme in ("http://", "https://"):
            self._session.mount(scheme, HTTPAdapter(max_retries=retry, pool_maxsize=_POOL))

    @property
    def origin(self) -> str:
        """Address of the service."""
        return self._policy.address

    def send(self, request: Request) -> Reply:
        """Carry one request; see `cellframe.contract.wire.Wire`."""
        answer = self._answer(request)
        if isinstance(answer, TransportError):
            # Raised here, and not where it was caught: what was caught holds the request, and
            # the request the key.
            raise answer
        log.debug("%s -> %s", request, answer.status_code)
        if answer.is_redirect:
            message = (
                f"{self.origin} answered {request} with a redirect, which is not followed, since "
                "the key would travel along. Use the address that it stands for as api_url=."
            )
            raise TransportError(message, request=str(request))
        found = {name.lower(): value for name, value in answer.headers.items()}
        return Reply(answer.status_code, found, answer.content)

    def _answer(self, request: Request) -> requests.Response | TransportError:
        try:
            return self._session.request(
                request.method,
                self.origin + request.target,
                headers={"Accept": "application/json", **request.headers},
                data=request.body,
                timeout=(self._policy.connect_timeout, self._policy.read_timeout),
                allow_redirects=False,
                proxies=self._proxies,
            )
        except requests.RequestException as fault:
            return self._failure(request, fault)

    def close(self) -> None:
        """Close the connections."""
        self._session.close()

    def _failure(self, request: Request, fault: requests.RequestException) -> TransportError:
        """Say in one sentence what went wrong; `requests` writes a URL and an object address."""
        never_sent = isinstance(fault, requests.ConnectTimeout | requests.exceptions.SSLError) or (
            "NewConnectionError" in repr(fault) or "NameResolutionError" in repr(fault)
        )
        if isinstance(fault, requests.exceptions.SSLError):
            spoken = "WRONG_VERSION_NUMBER" in repr(fault) or "record layer" in repr(fault)
            why = (
                "it does not speak https. Is it http://?"
                if spoken
                else "its certificate could not be verified"
            )
        elif never_sent:
            message = f"Nothing answers at {self.origin} ({request}). Is the service running, and is the address right?"
            return TransportError(message, request=str(request))
        elif isinstance(fault, requests.Timeout):
            why = f"no answer came within {self._policy.read_timeout:g} s"
        else:
            why = f"the connection broke ({type(fault).__name__})"
        message = f"{request} to {self.origin} failed: {why}"
        return TransportError(message, request=str(request), sent=not never_sent)

    def __repr__(self) -> str:
        return f"HttpWire({self.origin!r})"

    def __reduce__(self) -> NoReturn:
        message = "A wire holds a credential and is never pickled or copied."
        raise TypeError(message)
