"""What went wrong on the way, in one sentence?

The exceptions of requests and urllib3 hold the request, and the request the key or a signed
address; so a sentence is made of them and raised where they are out of reach.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import requests
from urllib3.exceptions import HTTPError, ReadTimeoutError

from cellframe.errors import TransportError

if TYPE_CHECKING:
    from collections.abc import Callable

    from cellframe.contract.wire import Reply

_FIRST_REDIRECT, _FIRST_REFUSAL = 300, 400


@dataclass(frozen=True, slots=True)
class Exchange:
    """One request and its answer, as it is spoken of.

    Attributes
    ----------
    what : str
        The request, without credentials.
    where : str
        Address of the service, or host of a storage.
    patience : float
        Seconds that were waited at most.
    """

    what: str
    where: str
    patience: float

    def carried(self, exchange: Callable[[], Reply]) -> Reply:
        """Return the answer of an exchange.

        Raises
        ------
        TransportError
            Whatever requests and urllib3 raise.
        """
        try:
            return exchange()
        except TransportError as known:
            fault = self._named(known)
        except (requests.RequestException, HTTPError) as unknown:
            fault = self._spoken(unknown)
        # Raised here, and not where it was caught: what was caught holds the request.
        raise fault

    def _named(self, fault: TransportError) -> TransportError:
        """Say which exchange failed."""
        return TransportError(
            f"{self.what} at {self.where} failed: {fault}.", request=self.what, sent=fault.sent
        )

    def _spoken(self, fault: Exception) -> TransportError:
        seen = repr(fault)
        untrusted = isinstance(fault, requests.exceptions.SSLError)
        never_sent = (
            untrusted
            or isinstance(fault, requests.ConnectTimeout)
            or "NewConnectionError" in seen
            or "NameResolutionError" in seen
        )
        if untrusted:
            spoken = "WRONG_VERSION_NUMBER" in seen or "record layer" in seen
            why = (
                "it does not speak https. Is it http://?"
                if spoken
                else "its certificate could not be verified"
            )
        elif never_sent:
            message = (
                f"Nothing answers at {self.where} ({self.what}). "
                "Is the service running, and is the address right?"
            )
            return TransportError(message, request=self.what)
        elif isinstance(fault, requests.Timeout | ReadTimeoutError):
            why = f"no answer came within {self.patience:g} s"
        else:
            why = f"the connection broke ({type(fault).__name__})"
        message = f"{self.what} to {self.where} failed: {why}"
        return TransportError(message, request=self.what, sent=not never_sent)


def check_storage(answer: requests.Response) -> None:
    """Refuse an answer of a storage that is neither the file nor a service's refusal."""
    status = answer.status_code
    kind = answer.headers.get("content-type", "no content type").split(";")[0]
    if status < _FIRST_REDIRECT or (status >= _FIRST_REFUSAL and kind == "application/json"):
        return
    message = f"the storage answered {status} with {kind!r}; its address may have expired"
    raise TransportError(message, sent=True)
