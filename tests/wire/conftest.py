"""The service on a socket, in a process of its own."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import pytest

from tests.wire.peer_worker import SERIES, Worker

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

ROOT = Path(__file__).parents[2]
PEERS = Path(os.environ.get("CELLFRAME_PEERS", ROOT / ".peers"))
PEER_VERSIONS = ("0.36.0", "0.38.0")
"""The last of each era."""
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


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """One service for a module, whose tests each use records of their own."""
    served = start(tmp_path_factory.mktemp("shared") / "lab")
    yield served
    stop(served)


@pytest.fixture(params=PEER_VERSIONS)
def peer(request: pytest.FixtureRequest, shared: Served) -> Callable[[str], str]:
    """Run code with one version of the public client, named `client`, in a process of its own."""
    return _Peer(request.param, _installed(request.param), shared.url)


@pytest.fixture(scope="module", params=PEER_VERSIONS)
def measure(request: pytest.FixtureRequest, shared: Served) -> Iterator[Worker]:
    """Run code with one version of the public client, on a cell and with a series at hand."""
    worker = Worker(request.param, _installed(request.param), shared.url, _PREAMBLE + SERIES)
    yield worker
    worker.close()


def _installed(version: str) -> Path:
    folder = PEERS / version
    if not (folder / "ionworks").is_dir():
        pytest.skip(f"no public client {version} in {PEERS}; set CELLFRAME_PEERS")
    return folder


class _Peer:
    def __init__(self, version: str, folder: Path, url: str) -> None:
        self.version = version
        self._folder = folder
        self._url = url

    def __call__(self, code: str) -> str:
        kept = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
        ran = subprocess.run(
            [sys.executable, "-c", _PREAMBLE + code, self._url],
            env={**kept, "PYTHONPATH": str(self._folder)},
            capture_output=True,
            text=True,
            timeout=30,
            check=False,
        )
        assert ran.returncode == 0, ran.stderr[-2000:]
        return ran.stdout


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
