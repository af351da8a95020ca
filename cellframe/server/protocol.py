"""How long does a connection wait for its client?

Not forever: for the head of a request, for the next request, and for the client to take an answer.
How long a body may take is `receiving`'s.
"""

from __future__ import annotations

import socket
from http import HTTPStatus
from typing import TYPE_CHECKING

import h11
from uvicorn.protocols.http.h11_impl import H11Protocol

from cellframe.contract.problems import Problem
from cellframe.server.asgi import last_words

if TYPE_CHECKING:
    import asyncio

IDLE = 30
"""Seconds between two requests, for a head, and in which a client takes some of an answer."""
_UNSENT = 2**17
"""Bytes that the system holds before they are on their way."""


class Protocol(H11Protocol):
    """HTTP that waits for no client forever, and refuses as every answer does."""

    _waiting: asyncio.TimerHandle | None = None
    _sending: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Begin to wait for a head."""
        super().connection_made(transport)
        # So that we hear as soon as anything waits to be taken, and when nothing does any more.
        transport.set_write_buffer_limits(high=0)
        _keep_little(transport.get_extra_info("socket"))
        self._wait_for_head()

    def data_received(self, data: bytes) -> None:
        """Take what came, and wait for the rest of a head."""
        super().data_received(data)
        self._wait_for_head()

    def connection_lost(self, exc: Exception | None) -> None:
        """Wait for nothing any more."""
        self._stop_waiting()
        self._stop_sending()
        super().connection_lost(exc)

    def pause_writing(self) -> None:
        """Begin to wait for the client to take an answer."""
        super().pause_writing()
        self._wait_for_reader()

    def resume_writing(self) -> None:
        """Hear that all of it was taken."""
        self._stop_sending()
        super().resume_writing()

    def send_400_response(self, msg: str) -> None:
        """Refuse what is no HTTP, as every refusal is written."""
        self._refuse(Problem(400, f"This is no HTTP: {msg}"))

    def _wait_for_head(self) -> None:
        """Start to wait with the first byte; what comes later gives no more time."""
        if self.conn.their_state is not h11.IDLE or self.transport.is_closing():
            self._stop_waiting()
        elif self._waiting is None:
            self._waiting = self.loop.call_later(IDLE, self._give_up)

    def _stop_waiting(self) -> None:
        if self._waiting is not None:
            self._waiting.cancel()
            self._waiting = None

    def _give_up(self) -> None:
        self._refuse(Problem(408, "The head of the request came too slowly."))

    def _wait_for_reader(self) -> None:
        """Look again later whether the client has taken any of what waits."""
        left = self.transport.get_write_buffer_size()
        self._sending = self.loop.call_later(IDLE, self._cut_off, left)

    def _cut_off(self, left: int) -> None:
        # Not closed, which would wait for the client to take the rest.
        if self.transport.get_write_buffer_size() >= left:
            self.transport.abort()
        else:
            self._wait_for_reader()

    def _stop_sending(self) -> None:
        if self._sending is not None:
            self._sending.cancel()
            self._sending = None

    def _refuse(self, problem: Problem) -> None:
        """Write the last answer of this connection, and end it."""
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


def _keep_little(line: socket.socket) -> None:
    """Have the system hold little that is not sent yet.

    It would take megabytes, and ask for more only when a third of them is gone: nobody could
    tell a client that takes its time from one that takes nothing.
    """
    if hasattr(socket, "TCP_NOTSENT_LOWAT"):
        line.setsockopt(socket.IPPROTO_TCP, socket.TCP_NOTSENT_LOWAT, _UNSENT)
