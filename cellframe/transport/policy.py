"""One set of rules for every request: whose credential, to which address, how long."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from ipaddress import ip_address
from typing import TYPE_CHECKING, Any, NoReturn
from urllib.parse import urlsplit

from cellframe.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Sequence

HOSTED = "https://api.ionworks.com"
"""The hosted service; used where its credential is set and no address is."""

_URL_VARIABLES = ("CELLFRAME_API_URL", "IONWORKS_API_URL")
_HOSTED_KEYS = ("IONWORKS_API_KEY",)
_KEY_VARIABLES = ("CELLFRAME_API_KEY", *_HOSTED_KEYS)
_TOKEN_VARIABLES = ("IONWORKS_API_TOKEN",)
_ORGANIZATION_VARIABLES = ("CELLFRAME_ORGANIZATION_ID", "IONWORKS_ORGANIZATION_ID")
_PROJECT_VARIABLES = ("CELLFRAME_PROJECT_ID", "IONWORKS_PROJECT_ID")
STORAGE_VARIABLE = "CELLFRAME_STORAGE_HOSTS"
PROXY_VARIABLE = "CELLFRAME_STORAGE_PROXY"
_HOST = re.compile(r"([a-z0-9][a-z0-9._-]*|\[[0-9a-f:.]+\])(:[0-9]{1,5})?")


class Secret:
    """A credential that shows itself to nobody: not in a repr, a log, a traceback or a pickle."""

    __slots__ = ("__value",)

    def __init__(self, value: str) -> None:
        self.__value = value

    def reveal(self) -> str:
        """Return the credential, for the header of a request."""
        return self.__value

    def __repr__(self) -> str:
        return "Secret(…)"

    def __reduce__(self) -> NoReturn:
        message = "A credential is never pickled or copied; make a new Client where you need one."
        raise TypeError(message)


@dataclass(frozen=True, slots=True)
class Policy:
    """Where requests go and what they carry.

    Attributes
    ----------
    address : str
        Scheme, host and path prefix, no trailing slash.
    key, token : Secret or None
        API key, or bearer token; the token wins.
    organization_id : str or None
        Sent with every request where set.
    project_id : str or None
        Project under which new specs are filed.
    connect_timeout : float
        Seconds until a connection is there.
    read_timeout : float
        Seconds for a whole call, its repetitions included.
    bulk_timeout : float
        The same for a file, again and again as long as 1 kB/s travels: a file of n bytes is
        there or given up after ``bulk_timeout + n / 1024`` seconds.
    most_json, most_file : int
        Bytes of an answer that is read into memory, unpacked; and of a file.
    storage_hosts : tuple of str
        ``host`` or ``host:port`` of storage that files may come from and go to, beside the
        service itself.
    storage_proxy : bool
        Whether the proxies of the environment are used on the way to storage.
    """

    address: str
    key: Secret | None = None
    token: Secret | None = None
    organization_id: str | None = None
    project_id: str | None = None
    connect_timeout: float = 10.0
    read_timeout: float = 30.0
    bulk_timeout: float = 300.0
    most_json: int = 64 * 1024**2
    most_file: int = 64 * 1024**3
    storage_hosts: tuple[str, ...] = ()
    storage_proxy: bool = False

    def headers(self) -> dict[str, str]:
        """Headers of identity, credential included: for the wire alone."""
        who = {"X-Organization-Id": self.organization_id} if self.organization_id else {}
        if self.token is not None:
            return {**who, "Authorization": f"Bearer {self.token.reveal()}"}
        return {**who, "X-API-Key": self.key.reveal()} if self.key is not None else who


def from_settings(
    api_url: str | None,
    api_key: str | None,
    api_token: str | None,
    organization_id: str | None,
    project_id: str | None,
    timeout: float,
    *,
    allow_http: bool,
    storage_hosts: Sequence[str] | None = None,
) -> Policy:
    """Return the policy that arguments and environment variables ask for; arguments win.

    Raises
    ------
    ConfigError
        The address or the credential is missing or unusable. Nothing was sent.
    """
    address = api_url or _first(_URL_VARIABLES)
    keys = _KEY_VARIABLES
    if not address and _first((*_HOSTED_KEYS, *_TOKEN_VARIABLES)):
        # Only its own credential goes to the hosted service; a team's key stays at home.
        address, keys = HOSTED, _HOSTED_KEYS
    given = api_key or api_token
    key = api_key or (None if given else _first(keys))
    token = api_token or (None if given or key else _first(_TOKEN_VARIABLES))
    if not address:
        message = (
            "No service address: pass api_url= or set CELLFRAME_API_URL. "
            "To work without a service, use cellframe.open_local(FOLDER)."
        )
        raise ConfigError(message)
    if not (key or token):
        message = f"No key for {address}: pass api_key= or set CELLFRAME_API_KEY."
        raise ConfigError(message)
    return Policy(
        address=_checked(address, allow_http=allow_http),
        key=_sendable(key),
        token=_sendable(token),
        organization_id=_plain(
            "organization_id", organization_id or _first(_ORGANIZATION_VARIABLES)
        ),
        project_id=project_id or _first(_PROJECT_VARIABLES),
        read_timeout=_seconds(timeout),
        storage_hosts=_hosts(storage_hosts),
        storage_proxy=os.environ.get(PROXY_VARIABLE, "") not in ("", "0"),
    )


def _first(names: tuple[str, ...]) -> str | None:
    return next((os.environ[name] for name in names if os.environ.get(name)), None)


def _plain(name: str, text: str | None) -> str | None:
    """Check text that travels as a header."""
    if text is not None and not (text.isascii() and text.isprintable()):
        message = (
            f"{name}={text!r} holds what no header can: a control character, or one outside ASCII."
        )
        raise ConfigError(message)
    return text


def _hosts(given: Sequence[str] | None) -> tuple[str, ...]:
    """Check the hosts of storage, of the argument or else of the variable."""
    if given is None:
        given = os.environ.get(STORAGE_VARIABLE, "").split(",")
    # One name alone is meant as such, and not as its letters.
    named = [given] if isinstance(given, str) else given
    hosts = tuple(host.strip().lower() for host in named if host.strip())
    wrong = [host for host in hosts if not _HOST.fullmatch(host)]
    if wrong:
        message = (
            f"storage_hosts= and {STORAGE_VARIABLE} hold names such as files.example.org or "
            f"files.example.org:9000, not {', '.join(map(repr, wrong))}."
        )
        raise ConfigError(message)
    return hosts


def _seconds(timeout: float) -> float:
    given: Any = timeout
    if not isinstance(given, int | float) or not 0 < given < float("inf"):
        message = f"timeout={timeout!r} is no number of seconds above 0."
        raise ConfigError(message)
    return float(timeout)


def _sendable(text: str | None) -> Secret | None:
    if text is None:
        return None
    if not text.isascii() or not text.isprintable() or text != text.strip():
        message = (
            "The key holds a blank, a line end or a character outside ASCII, which no key does: "
            "was more than the key copied?"
        )
        raise ConfigError(message)
    return Secret(text)


def _checked(address: str, *, allow_http: bool) -> str:
    address = address.strip()
    # What stands before an @ may be a password: such an address is not repeated.
    shown = "What was given" if "@" in address else repr(address)
    malformed = f"{shown} is no address: it should look like https://cells.example.org"
    try:
        parts = urlsplit(address)
        port_is_fine = parts.port != 0
    except ValueError:
        raise ConfigError(malformed) from None
    is_one_word = not any(map(str.isspace, address))
    is_web = parts.scheme in ("http", "https")
    if not (is_web and parts.hostname and port_is_fine and is_one_word):
        raise ConfigError(malformed)
    if "@" in parts.netloc or parts.query or parts.fragment:
        message = "The address holds more than scheme, host and path; pass the key as api_key=."
        raise ConfigError(message)
    if parts.scheme == "http" and not (allow_http or is_loopback(parts.hostname)):
        message = (
            f"{address} would send the key in clear text. Use https://, or pass allow_http=True "
            "where the network between is trusted."
        )
        raise ConfigError(message)
    return f"{parts.scheme}://{parts.netloc}{parts.path}".rstrip("/")


def is_loopback(host: str) -> bool:
    """Whether a host name or address is this machine itself."""
    try:
        return host == "localhost" or ip_address(host).is_loopback
    except ValueError:
        return False
