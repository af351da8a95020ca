"""`open_local`: client and service in one process, records in a folder."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from cellframe.client import Client
from cellframe.errors import ConfigError
from cellframe.server.answer import Service
from cellframe.transport.inprocess import InProcessWire

if TYPE_CHECKING:
    from collections.abc import Mapping
    from os import PathLike

    from cellframe.frames.backend import Backend
    from cellframe.writeback.limits import Limits


def open_local(
    folder: str | PathLike[str],
    *,
    backend: Backend = "polars",
    units: Mapping[str, str] | None = None,
    limits: Limits | None = None,
    schema: Any = None,
) -> Client:
    """Open a folder of cell records: no account, no server process, no socket.

    Several processes may have one folder open, `cellframe serve` among them.

    Parameters
    ----------
    folder : path
        Made where it is missing. What this client read and wrote is kept in
        ``folder/.cellframe``.
    backend, units, limits, schema
        As of `Client`.

    Returns
    -------
    Client

    Raises
    ------
    ConfigError, StoreError
        The folder cannot be used; the message says why.
    """
    if "://" in str(folder):
        message = (
            f"{folder} is an address, not a folder: use cellframe.Client({str(folder)!r}, KEY)."
        )
        raise ConfigError(message)
    place = Path(folder).expanduser().resolve()
    service = Service(place, open_door=True)
    wire = InProcessWire(service.answer, str(place), service.close)
    return Client.over(
        wire, place / ".cellframe", backend=backend, units=units, limits=limits, schema=schema
    )
