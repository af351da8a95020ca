"""The other end of a connection: one that deals, and one that hands over what it hears."""

from __future__ import annotations

import contextlib
import re
import select
import socket
import ssl
import threading


class Ends:
    """A listener that deals with one connection after the other.

    It keeps what it heard, says what it is told, and counts the connections.
    """

    def __init__(self, deal):
        self.heard, self.says, self.lines = b"", b"", 0
        self._deal = deal
        self._listening = socket.create_server(("127.0.0.1", 0))
        self.port = self._listening.getsockname()[1]
        self._thread = threading.Thread(target=self._run)
        self._thread.start()

    def _run(self):
        while True:
            try:
                line, _ = self._listening.accept()
            except OSError:
                return
            line.settimeout(5)
            self.lines += 1
            with line, contextlib.suppress(OSError):
                self._deal(self, line)

    def close(self):
        self._listening.shutdown(socket.SHUT_RDWR)
        self._listening.close()
        self._thread.join()


def lead_on(ends, line, port) -> None:
    """Hand over what is said on a line to a port of this machine, and back; keep what goes."""
    with socket.create_connection(("127.0.0.1", port), 5) as onward:
        other = {line: onward, onward: line}
        while True:
            held = isinstance(line, ssl.SSLSocket) and line.pending()
            for source in [line] if held else select.select([line, onward], [], [], 5)[0]:
                piece = source.recv(65536)
                if not piece:
                    return
                ends.heard += piece if source is line else b""
                other[source].sendall(piece)


def hear(line) -> bytes:
    """Return the next request of a line, its body included; nothing where it hung up."""
    heard = b""
    while b"\r\n\r\n" not in heard:
        piece = line.recv(65536)
        if not piece:
            return b""
        heard += piece
    head, _, body = heard.partition(b"\r\n\r\n")
    found = re.search(rb"Content-Length: (\d+)", head)
    while len(body) < int(found[1] if found else 0):
        body += line.recv(65536)
    return head + b"\r\n\r\n" + body
