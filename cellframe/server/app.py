"""How is the service put on a socket?"""

from __future__ import annotations

import ipaddress
import signal
import socket
import threading
from contextlib import closing, contextmanager
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

import h11
import uvicorn
from fastapi import FastAPI
from uvicorn.protocols.http.h11_impl import H11Protocol

from cellframe.contract.problems import Problem
from cellframe.errors import ConfigError
from cellframe.server.answer import Service
from cellframe.server.asgi import Publisher, last_words

if TYPE_CHECKING:
    import asyncio
    from collections.abc import Callable, Generator, Sequence
    from pathlib import Path

_QUIET = {"tracing": False, "metrics": False, "logs": False, "auto_configure": False}
_GRACE = 6
"""Seconds in which requests under way may finish after a signal."""
_IDLE = 30
"""Seconds that a connection stays open between two requests, and that a head may take."""
_BACKLOG = 2048


def create_app(
    service: Service, *, loopback_only: bool = True, largest_file: int | None = None
) -> FastAPI:
    """Publish a service as a web application.

    Parameters
    ----------
    service : Service
        What answers.
    loopback_only : bool
        Whether only ``localhost``, ``127.0.0.1`` and ``[::1]`` are accepted as ``Host``.
    largest_file : int, optional
        Bytes of one uploaded file; as many as the disk holds by default.

    Returns
    -------
    FastAPI
        Without pages of its own: no docs, no redirects, no CORS, no telemetry.
    """
    app = FastAPI(
        docs_url=None,
        redoc_url=None,
        openapi_url=None,
        redirect_slashes=False,
        telemetry=_QUIET,  # type: ignore[arg-type]
    )
    # In the place of "not found", since a route would first decode the path, and lose %2F.
    app.router.default = Publisher(service, loopback_only=loopback_only, largest_file=largest_file)
    return app


def serve(
    folder: Path,
    *,
    host: str = "127.0.0.1",
    port: int = 8765,
    keys: Sequence[str] | None = None,
    public_url: str = "",
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
    ready : callable
        Called once with the service's address, as soon as it accepts connections.

    Raises
    ------
    ConfigError
        The address cannot be used, or is reachable from elsewhere and no key is set.
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
        closing(Service(folder, keys=keys, public_url=public_url)) as service,
    ):
        app = create_app(service, loopback_only=loopback)
        server = _Server(_config(app), lambda: ready(_url(host, listener)))
        with _stopping(server):
            server.run(sockets=[listener])


def _config(app: FastAPI) -> uvicorn.Config:
    return uvicorn.Config(
        app,
        http=_Protocol,
        ws="none",
        loop="asyncio",
        lifespan="off",
        log_config=None,
        access_log=False,
        server_header=False,
        proxy_headers=False,
        timeout_keep_alive=_IDLE,
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


class _Protocol(H11Protocol):
    """HTTP that waits for no head of a request forever, and refuses as every answer does."""

    _waiting: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self._wait_for_head()

    def data_received(self, data: bytes) -> None:
        super().data_received(data)
        self._wait_for_head()

    def connection_lost(self, exc: Exception | None) -> None:
        self._stop_waiting()
        super().connection_lost(exc)

    def send_400_response(self, msg: str) -> None:
        self._refuse(Problem(400, f"This is no HTTP: {msg}"))

    def _wait_for_head(self) -> None:
        """Start to wait with the first byte; what comes later gives no more time."""
        if self.conn.their_state is not h11.IDLE or self.transport.is_closing():
            self._stop_waiting()
        elif self._waiting is None:
            self._waiting = self.loop.call_later(_IDLE, self._give_up)

    def _stop_waiting(self) -> None:
        if self._waiting is not None:
            self._waiting.cancel()
            self._waiting = None

    def _give_up(self) -> None:
        self._refuse(Problem(408, "The head of the request came too slowly."))

    def _refuse(self, problem: Problem) -> None:
        if self.conn.our_state not in {h11.IDLE, h11.SEND_RESPONSE}:
            self.transport.close()
            return
        reply = last_words(problem)
        headers = {**reply.headers, "content-length": str(len(reply.content))}
        pairs = [(name.encode(), value.encode()) for name, value in headers.items()]
        reason = HTTPStatus(problem.status).phrase.encode()
        response = h11.Response(status_code=problem.status, headers=pairs, reason=reason)
        for event in (response, h11.Data(data=reply.content), h11.EndOfMessage()):
            self.transport.write(self.conn.send(event) or b"")
        if self.cycle:
            # Its answer, if it still makes one, has nowhere to go.
            self.cycle.disconnected = True
        self.transport.close()


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
