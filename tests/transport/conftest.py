"""A small HTTP listener that answers as it is told, and writes down what it was asked."""

from __future__ import annotations

import contextlib
import shutil
import socket
import ssl
import subprocess
import threading
import time
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from tests.transport.ends import Ends, hear


@dataclass
class Listener:
    """What to answer, one answer after the other; the last one stays."""

    url: str
    answers: list[dict[str, Any]] = field(default_factory=list)
    asked: list[tuple[str, str, dict[str, str], bytes]] = field(default_factory=list)

    def will(
        self, status=200, body=b"{}", kind="application/json", pause=0.0, cut=False, **headers
    ):
        """Add an answer; `cut` ends the connection without one."""
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        about = {"status": status, "body": body, "pause": pause, "cut": cut}
        self.answers.append({**about, "headers": {"Content-Type": kind, **named}})
        return self

    @property
    def methods(self) -> list[str]:
        return [method for method, *_ in self.asked]

    @property
    def words(self) -> str:
        return repr(self.asked)


def _serve(listener: Listener) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def answer(self):
            length = int(self.headers.get("Content-Length") or 0)
            listener.asked.append(
                (self.command, self.path, dict(self.headers), self.rfile.read(length))
            )
            told = listener.answers.pop(0) if len(listener.answers) > 1 else listener.answers[0]
            time.sleep(told["pause"])
            self.close_connection = True
            if told["cut"]:
                return
            self.send_response(told["status"])
            for name, value in told["headers"].items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(told["body"])))
            self.send_header("Connection", "close")
            with contextlib.suppress(OSError):  # the client may have given up
                self.end_headers()
                self.wfile.write(told["body"])

        do_GET = do_PUT = do_POST = do_PATCH = do_DELETE = do_CONNECT = answer  # noqa: N815

        def log_message(self, *_):
            pass

    return Handler


def _listening():
    listener = Listener("")
    server = ThreadingHTTPServer(("127.0.0.1", 0), _serve(listener))
    server.daemon_threads = True
    listener.url = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, args=(0.02,))
    thread.start()
    yield listener
    server.shutdown()
    server.server_close()
    thread.join()


class Stub:
    """A listener that answers with bytes, just so, and hangs up: what a broken line looks like."""

    def __init__(self):
        self._listening = socket.create_server(("127.0.0.1", 0), backlog=64)
        self.url = f"http://127.0.0.1:{self._listening.getsockname()[1]}"
        self.says = b""
        self.trickles = False
        self.calls = 0
        self._thread = threading.Thread(target=self._run)
        self._thread.start()

    def _run(self):
        while True:
            try:
                line, _ = self._listening.accept()
            except OSError:
                return
            with line, contextlib.suppress(OSError):
                self.calls += 1
                asked = line.recv(65536)
                for start in range(0, len(self.says) if asked else 0, self._size):
                    line.sendall(self.says[start : start + self._size])
                    time.sleep(0.05 if self.trickles else 0)

    @property
    def _size(self):
        return 60 if self.trickles else 1_000_000

    def close(self):
        self._listening.shutdown(socket.SHUT_RDWR)
        self._listening.close()
        self._thread.join()


@pytest.fixture
def stub():
    """A service whose every byte is told."""
    found = Stub()
    yield found
    found.close()


@pytest.fixture
def service():
    """The service that a client speaks to."""
    yield from _listening()


@pytest.fixture
def stranger():
    """Another machine, which must never see the key."""
    found = _listening()
    listener = next(found)
    yield listener.will()
    next(found, None)


@pytest.fixture(scope="session")
def certificate(tmp_path_factory):
    """The certificate of a lab that nobody knows, and its key."""
    if not shutil.which("openssl"):
        pytest.skip("no openssl to make a certificate with")
    folder = tmp_path_factory.mktemp("lab")
    key, signed = folder / "key.pem", folder / "lab.pem"
    command = ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256"]
    command += ["-nodes", "-keyout", key, "-out", signed, "-days", "2", "-subj", "/CN=lab.test"]
    subprocess.run(
        [*command, "-addext", "subjectAltName=DNS:lab.test,IP:127.0.0.1"],
        check=True,
        capture_output=True,
    )
    return signed, key


@pytest.fixture(scope="session")
def lab_context(certificate):
    """How somebody with that certificate greets."""
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(*certificate)
    return context


@pytest.fixture
def lab(lab_context):
    """A service with that certificate."""

    def deal(ends, line):
        with lab_context.wrap_socket(line, server_side=True) as safe:
            while heard := hear(safe):
                ends.heard += heard
                safe.sendall(ends.says)
                if b"Connection: close" in ends.says:
                    return

    ends = Ends(deal)
    ends.says = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\n{}"
    yield ends
    ends.close()
