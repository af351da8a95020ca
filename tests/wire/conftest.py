"""The service on a socket, in a process of its own."""

from __future__ import annotations

import subprocess
import sys
from contextlib import ExitStack
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import pytest

from tests.wire.peer_worker import PEER_VERSIONS, SERIES, Worker, installed

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

ROOT = Path(__file__).parents[2]
SERVE = """
import sys
from pathlib import Path
from cellframe.server.app import serve
keys = sys.argv[3].split(",") if len(sys.argv) > 3 else None
ready = lambda url: print(url, flush=True)
public = sys.argv[4] if len(sys.argv) > 4 else ""
serve(Path(sys.argv[1]), port=int(sys.argv[2]), keys=keys, public_url=public, ready=ready)
"""


class Served(NamedTuple):
    """A running service."""

    url: str
    process: subprocess.Popen[str]

    @property
    def port(self) -> int:
        return int(self.url.rpartition(":")[2])


def start(folder: Path, *arguments: object) -> Served:
    process = subprocess.Popen(
        [sys.executable, "-W", "error", "-c", SERVE, str(folder), *map(str, arguments or (0,))],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    return Served(process.stdout.readline().strip(), process)


def stop(served: Served) -> None:
    served.process.kill()
    served.process.communicate()


@pytest.fixture
def serving(tmp_path: Path) -> Iterator[Callable[..., Served]]:
    """Start services on one folder; they are ended with the test."""
    started: list[Served] = []

    def serve_(*arguments: object) -> Served:
        started.append(start(tmp_path / "lab", *arguments))
        return started[-1]

    yield serve_
    for served in started:
        stop(served)


@pytest.fixture
def served(serving: Callable[..., Served]) -> Served:
    return serving()


@pytest.fixture(scope="session")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """One service for all tests that each use records of their own."""
    served = start(tmp_path_factory.mktemp("shared") / "lab")
    yield served
    stop(served)


@pytest.fixture(scope="session")
def workers(shared: Served) -> Iterator[Callable[[str], Worker]]:
    """One process for each version of the public client, started when it is asked for."""
    with ExitStack() as stack:

        @cache
        def worker(version: str) -> Worker:
            started = Worker(version, installed(version), shared.url)
            stack.callback(started.close)
            return started

        yield worker


@pytest.fixture(params=PEER_VERSIONS)
def peer(request: pytest.FixtureRequest, workers: Callable[[str], Worker]) -> Peer:
    """Run code with one version of the public client, named `client`."""
    return Peer(workers(request.param), _PREAMBLE)


@pytest.fixture(params=PEER_VERSIONS)
def measure(request: pytest.FixtureRequest, workers: Callable[[str], Worker]) -> Peer:
    """The same, on a cell and with a series at hand."""
    return Peer(workers(request.param), _PREAMBLE + SERIES)


class Peer(NamedTuple):
    """One version of the public client, and what comes before every piece of code for it."""

    worker: Worker
    preamble: str

    @property
    def version(self) -> str:
        return self.worker.version

    def __call__(self, code: str) -> None:
        self.worker(self.preamble + code)


_PREAMBLE = """
import sys
import uuid
from ionworks import Ionworks
from ionworks.errors import IonworksError
client = Ionworks(api_key="k", api_url=sys.argv[1], project_id="p", max_retries=0)

def unique(word):
    return f"{word} {uuid.uuid4()}"

def refused(call, *arguments, **options):
    try:
        call(*arguments, **options)
    except IonworksError as refusal:
        return refusal
    raise AssertionError("not refused")

MASS = {"cell": {"mass": {"value": 41.35, "unit": "g"}}}
spec = client.cell_spec.create({"name": unique("spec")})
"""
