"""What went wrong on the way, in one sentence?

What sockets and `http.client` raise is caught where it is raised, and a sentence is made of it
and raised where the caught one is out of reach: its frames hold the key or a signed address.
"""

from __future__ import annotations

from dataclasses import dataclass
from http.client import HTTPException
from typing import TYPE_CHECKING

from cellframe.errors import CellframeError, TransportError
from cellframe.transport.dialling import Undialled
from cellframe.transport.meter import Late

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from cellframe.contract.wire import Reply
    from cellframe.transport.meter import Meter

_FIRST_REDIRECT, _FIRST_REFUSAL = 300, 400


class Passing(Exception):  # noqa: N818 - never leaves the room
    """A fault that another attempt may not meet."""

    def __init__(self, fault: TransportError) -> None:
        super().__init__()
        self.fault = fault


@dataclass(frozen=True, slots=True)
class Told:
    """One request, as it is spoken of.

    Attributes
    ----------
    what : str
        The request, without credentials.
    where : str
        Address of the service, or host of a storage.
    """

    what: str
    where: str

    def carried(self, attempt: Callable[[], Reply], meter: Meter) -> Reply:
        """Return the answer of an attempt.

        Raises
        ------
        TransportError
            There is none.
        Passing
            There is none, and another attempt may bring one.
        """
        fault: TransportError | Passing
        try:
            return attempt()
        except TransportError as known:
            fault = self._named(known)
        except CellframeError:
            raise
        except Undialled as refused:
            fault = self._not_reached(refused)
        except Late:
            fault = self._late(meter)
        except (OSError, HTTPException) as broken:
            fault = Passing(self._failed(f"the connection broke ({type(broken).__name__})"))
        except ValueError:
            fault = self._failed("it holds what no request can", sent=False)
        # Raised here, and not where it was caught: what was caught holds the request.
        raise fault

    def _failed(self, why: str, *, sent: bool = True) -> TransportError:
        message = f"{self.what} to {self.where} failed: {why}"
        return TransportError(message, request=self.what, sent=sent)

    def _named(self, fault: TransportError) -> TransportError:
        """Say which request a fault belongs to."""
        message = f"{self.what} at {self.where} failed: {fault}."
        return TransportError(message, request=self.what, sent=fault.sent)

    def _late(self, meter: Meter) -> TransportError:
        seconds = f"{meter.seconds:g} s"
        if meter.has_received:
            why = f"the answer was not whole after {seconds}"
        else:
            why = f"no answer came within {seconds}"
        return self._failed(why)

    def _not_reached(self, refused: Undialled) -> TransportError | Passing:
        if refused.through:
            why = refused.why or "nothing answers"
            fault = self._failed(f"{refused.through} does not lead there: {why}", sent=False)
        elif refused.why:
            fault = self._failed(refused.why, sent=False)
        else:
            message = (
                f"Nothing answers at {self.where} ({self.what}). "
                "Is the service running, and is the address right?"
            )
            fault = TransportError(message, request=self.what)
        return Passing(fault) if refused.may_pass else fault


def check_storage(status: int, headers: Mapping[str, str]) -> None:
    """Refuse an answer of a storage that is neither the file nor a service's refusal."""
    kind = headers.get("content-type", "no content type").split(";")[0]
    if status < _FIRST_REDIRECT or (status >= _FIRST_REFUSAL and kind == "application/json"):
        return
    message = f"the storage answered {status} with {kind!r}; its address may have expired"
    raise TransportError(message, sent=True)
