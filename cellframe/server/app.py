"""How is the service put on a socket?"""

from __future__ import annotations

import ipaddress
import signal
import socket
import threading
from contextlib import ExitStack, closing, contextmanager
from typing import TYPE_CHECKING, Any, Protocol

import uvicorn

from cellframe.errors import ConfigError
from cellframe.server import protocol
from cellframe.server.answer import Service
from cellframe.server.asgi import Pages, Publisher

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Generator, Sequence
    from pathlib import Path

    from cellframe.contract.wire import Answer

_GRACE = 6
"""Seconds in which requests under way may finish after a signal."""
_BACKLOG = 2048


class Opened(Pages, Protocol):
    """Pages that are closed when the service ends."""

    def close(self) -> None:
        """Forget everyone who is there."""
        ...


def serve(
    folder: Path,
    *,
    host: str = "127.0.0.1",
    port: int = 8765,
    keys: Sequence[str] | None = None,
    public_url: str = "",
    without: Collection[str] = (),
    pages: Callable[[Answer, str], Opened] | None = None,
    ready: Callable[[str], None],
) -> None:
    """Serve one folder until a SIGTERM or SIGINT; requests under way are finished.

    Parameters
    ----------
    folder : Path
        Where the records are kept; made where there is none.
    host : str
        Address to listen on.
    port : int
        Port to listen on; 0 for any free one.
    keys : sequence of str, optional
        The only keys accepted; required for any address but this machine's own.
    public_url : str, optional
        Where clients reach the service, for one behind a proxy.
    without : collection of str
        Extensions that are left out; see `cellframe.server.answer.Service`.
    pages : callable, optional
        Makes what answers people, of the service and its address; see
        `cellframe.server.asgi.Pages`.
    ready : callable
        Called once with the service's address, as soon as it accepts connections.

    Raises
    ------
    ConfigError
        The address cannot be used, or is reachable from elsewhere and no key is set; or what is
        to be left out cannot be.
    StoreError
        The folder cannot be used, or a newer cellframe wrote its records.
    """
    loopback, family, address = _resolve(host, port)
    if not loopback and keys is None:
        message = (
            f"{host} can be reached from other machines, and no key is set; name the environment "
            "variable that holds one (--key-env NAME), or serve on 127.0.0.1."
        )
        raise ConfigError(message)
    with (
        _listen(family, address, host) as listener,
        closing(Service(folder, keys=keys, public_url=public_url, without=without)) as service,
    ):
        url = _url(host, listener)
        with ExitStack() as stack:
            opened = pages and stack.enter_context(closing(pages(service.answer, url)))
            app = Publisher(service, loopback_only=loopback, pages=opened)
            server = _Server(_config(app), lambda: ready(url))
            with _stopping(server):
                server.run(sockets=[listener])


def _config(app: Publisher) -> uvicorn.Config:
    return uvicorn.Config(
        app,
        http=protocol.Protocol,
        ws="none",
        loop="asyncio",
        lifespan="off",
        log_config=None,
        access_log=False,
        server_header=False,
        proxy_headers=False,
        timeout_keep_alive=protocol.IDLE,
        timeout_graceful_shutdown=_GRACE,
    )


class _Server(uvicorn.Server):
    """A server that tells when it accepts, and leaves signals to `_stopping`."""

    def __init__(self, config: uvicorn.Config, accepting: Callable[[], None]) -> None:
        super().__init__(config)
        self._accepting = accepting

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        if self.started:
            self._accepting()

    @contextmanager
    def capture_signals(self) -> Generator[None]:
        # uvicorn's own way raises the signal again when all is done, and the exit code
        # would say that the service was killed.
        yield


@contextmanager
def _stopping(server: uvicorn.Server) -> Generator[None]:
    """Let the signals that end a process end the server, cleanly."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return

    def stop(*_: object) -> None:
        # A second signal means: at once.
        server.force_exit = server.should_exit
        server.should_exit = True

    names = ("SIGINT", "SIGTERM", "SIGBREAK")
    known = [getattr(signal, name) for name in names if hasattr(signal, name)]
    before = {number: signal.signal(number, stop) for number in known}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _resolve(host: str, port: int) -> tuple[bool, socket.AddressFamily, tuple[Any, ...]]:
    """Tell whether an address is this machine's own, its family and how to bind it."""
    if not 0 <= port <= 65535:  # noqa: PLR2004 - the ports there are
        message = f"{port} is no port; choose one from 1 to 65535, or 0 for any free one."
        raise ConfigError(message)
    try:
        found = socket.getaddrinfo(
            host or None, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )
    except (OSError, UnicodeError) as fault:
        message = f"{host!r} is no address of this machine; use 127.0.0.1."
        raise ConfigError(message) from fault
    loopback = all(ipaddress.ip_address(entry[4][0]).is_loopback for entry in found)
    family, _, _, _, address = min(found, key=lambda entry: entry[0] != socket.AF_INET)
    return loopback, family, address


@contextmanager
def _listen(
    family: socket.AddressFamily, address: tuple[Any, ...], host: str
) -> Generator[socket.socket]:
    # With the protocol named, asyncio switches off Nagle's algorithm, which would hold back
    # the second half of every reply for 40 ms.
    with socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP) as listener:
        if hasattr(signal, "SIGKILL"):  # on Windows the option would let two servers share a port
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listener.bind(address)
            # Two servers may bind one port, and only the second to listen would be told.
            listener.listen(_BACKLOG)
        except OSError as fault:
            reason = (fault.strerror or str(fault)).lower()
            message = (
                f"Cannot listen on {host} port {address[1]}: {reason}. "
                "Choose another with --port, or --port 0 for any free one."
            )
            raise ConfigError(message) from fault
        yield listener


def _url(host: str, listener: socket.socket) -> str:
    port = listener.getsockname()[1]
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"
