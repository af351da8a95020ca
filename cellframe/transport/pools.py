"""Which connections are kept open, and who is on them?

A session with the credential for the service; a bare one for storage: no key, no organization,
no cookie, no password of ``~/.netrc``, and no proxy unless it was asked for.
"""

from __future__ import annotations

import os
from http.cookiejar import DefaultCookiePolicy
from typing import TYPE_CHECKING, Any, Self

import requests
from requests.adapters import HTTPAdapter
from requests.auth import AuthBase
from requests.cookies import RequestsCookieJar
from urllib3.exceptions import ReadTimeoutError
from urllib3.util.retry import Retry

if TYPE_CHECKING:
    from cellframe.transport.policy import Policy

POOL = 32
"""Connections kept per host: a detail view has twenty requests under way."""
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


class _Nobody(AuthBase):
    """Adds nothing, which keeps requests from adding a password of ``~/.netrc``."""

    def __call__(self, r: requests.PreparedRequest) -> requests.PreparedRequest:
        return r


class _RetryUnlessLate(Retry):
    """A GET whose connection broke is sent again; one that waited its whole time is not."""

    def increment(self, *args: Any, **kwargs: Any) -> Self:
        error = kwargs.get("error")
        if isinstance(error, ReadTimeoutError):
            raise error
        return super().increment(*args, **kwargs)


class _Session(requests.Session):
    """A session that follows no redirect.

    Told so by an argument alone, requests would still read the body of a redirect into memory.
    """

    def get_redirect_target(self, resp: requests.Response) -> None:  # noqa: ARG002 - as requests calls it
        return None


def session_of(policy: Policy) -> requests.Session:
    """Return the session that goes to the service, with its credential."""
    session = _pooled()
    session.auth = _Identity(policy)
    return session


def fitted(session: requests.Session, policy: Policy) -> requests.Session:
    """Return a session of somebody else's making, under the same rules as `session_of`."""
    session.auth = _Identity(policy)
    _mount(session)
    return session


def bare_session(policy: Policy) -> requests.Session:
    """Return the session that goes to storage, as nobody."""
    session = _pooled()
    session.auth = _Nobody()
    session.cookies = RequestsCookieJar(DefaultCookiePolicy(allowed_domains=()))
    session.trust_env = policy.storage_proxy
    # A company's own certificates are trusted on both ways, unlike its proxy.
    session.verify = _certificates() or True
    return session


def _pooled() -> requests.Session:
    session = _Session()
    _mount(session)
    return session


def _mount(session: requests.Session) -> None:
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
        session.mount(scheme, HTTPAdapter(max_retries=retry, pool_maxsize=POOL))


def _certificates() -> str | None:
    return os.environ.get("REQUESTS_CA_BUNDLE") or os.environ.get("CURL_CA_BUNDLE")
