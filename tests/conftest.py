"""Things that tests are given: a service in a folder, a server process, a few cells."""

from __future__ import annotations

import base64
import gc
import logging
import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

import polars as pl
import pytest
from alembic import command
from hypothesis import HealthCheck, settings

import cellframe as cf
from cellframe.errors import CellframeError
from tests.migrating_once import MigratingOnce

CANARY = "canary/key+5f1c09d2"
"""The key of every client here."""
SIGNATURE = "canary-signature/77+aa01"
"""What stands in every signed address of a storage."""
COOKIE = "canary-cookie/3b+90c4"
"""What a service or a storage would have sent back."""
CANARIES = (CANARY, SIGNATURE, COOKIE)
"""They must turn up nowhere (law X3)."""
SHARED = Path(__file__).parents[2] / "shared"
"""Real data, where it lies beside the project."""

# Hundreds of processes are started here; without their bytecode each would compile the package.
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)

_COMMON = {"deadline": None, "derandomize": True, "suppress_health_check": list(HealthCheck)}
settings.register_profile("default", max_examples=100, **_COMMON)
settings.register_profile("nightly", max_examples=2000, **_COMMON)
settings.load_profile(os.environ.get("CELLFRAME_PROFILE", "default"))

_SETTINGS = tuple(f"CELLFRAME_{name}" for name in ("API", "ORG", "PROJECT", "STORAGE"))
_SETTINGS += ("IONWORKS_",)


def _spellings(secret: str) -> list[bytes]:
    raw = secret.encode()
    quoted = [quote(secret, safe=kept).encode() for kept in ("", "/", "/+")]
    return [raw, *quoted, base64.b64encode(raw), base64.urlsafe_b64encode(raw), raw.hex().encode()]


def pytest_collection_finish():
    """Keep what was imported out of every later collection, which is a tenth of a run's work."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 20, 50)


@pytest.fixture(autouse=True)
def _private_state(tmp_path_factory, monkeypatch):
    """Keep what tests read and write out of the user's own folders, and settings out of tests."""
    for name in list(os.environ):
        if name.startswith(_SETTINGS):
            monkeypatch.delenv(name)
    home = tmp_path_factory.mktemp("home")
    monkeypatch.setenv("CELLFRAME_HOME", str(home))
    return home


_UPGRADE = MigratingOnce(command.upgrade)


@pytest.fixture(autouse=True)
def _migrating_once(monkeypatch):
    """Give new folders the tables that the first one's migrations made."""
    monkeypatch.setattr(command, "upgrade", _UPGRADE)


@pytest.fixture
def _said(monkeypatch):
    """Everything that an error of ours was made with."""
    said = []

    def noted(self, *args):
        said.append(repr(args))
        super(CellframeError, self).__init__(*args)

    monkeypatch.setattr(CellframeError, "__init__", noted)
    return said


_PRINTED = pytest.StashKey[str]()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item, call):
    """Remember what a test, and the processes it started, printed."""
    report = yield
    if call.when == "call":
        item.stash[_PRINTED] = report.capstdout + report.capstderr
    return report


@pytest.fixture(autouse=True)
def _canaries_stay_hidden(request, caplog, tmp_path, _private_state, _said):
    """Law X3: no secret is printed, in a log line, in an error, or in a file that is left behind."""
    caplog.set_level(logging.DEBUG)
    yield
    lines = [record.getMessage() for record in caplog.get_records("call")]
    printed = request.node.stash.get(_PRINTED, "")
    text = "".join([*lines, *_said, printed]).encode()
    files = [
        path for home in (tmp_path, _private_state) for path in home.rglob("*") if path.is_file()
    ]
    held = [path.read_bytes() for path in files]
    for spelling in (spelling for secret in CANARIES for spelling in _spellings(secret)):
        assert spelling not in text
        assert not [path for path, bytes_ in zip(files, held, strict=True) if spelling in bytes_]


SPEC = {
    "name": "LFP 18650",
    "form_factor": "18650",
    "ratings": {
        "capacity": {"value": 1.1, "unit": "A*h"},
        "voltage_max": {"value": 3.6, "unit": "V"},
    },
    "cathode": {"properties": {"loading": {"value": 12.0, "unit": "mg/cm**2"}}},
}


@pytest.fixture(scope="session")
def _twelve_cells(tmp_path_factory):
    """The folder of a spec and twelve cells, which is made once and copied for each test."""
    folder = tmp_path_factory.mktemp("twelve") / "lab"
    with cf.open_local(folder) as client:
        spec = client.cell_spec.create(SPEC)
        for number in range(12):
            client.cell_instance.create(spec, _cell(number))
    return folder


def _cell(number: int) -> dict[str, object]:
    return {
        "name": f"c-{number:03}",
        "batch": "L1" if number < 6 else "L2",
        "date_manufactured": "2026-01-05",
        "measured_properties": {
            "cell": {"mass": {"value": 41.0 + number / 10, "unit": "g"}, "policy": "4C"},
            "cathode": {"loading": {"value": 11.5, "unit": "mg.cm-2"}},
        },
    }


@pytest.fixture
def _records(request):
    """The folder that a test begins with a copy of, if any."""
    return request.getfixturevalue("_twelve_cells") if "cells" in request.fixturenames else None


@pytest.fixture
def client(_records, tmp_path):
    """A client of a service in a folder, which is empty but for the cells that a test asks for."""
    if _records is not None:
        shutil.copytree(_records, tmp_path / "lab")
    with cf.open_local(tmp_path / "lab") as local:
        yield local


@pytest.fixture
def colleague(client, tmp_path):
    """Somebody else who works on the same records, with a memory of their own."""
    from cellframe.client import Client

    return Client.over(client._wire, tmp_path / "colleague")


@pytest.fixture
def spec(request, client):
    """A spec with two ratings and a loading."""
    if "cells" in request.fixturenames:
        return client.cell_spec.get(SPEC["name"])
    return client.cell_spec.create(SPEC)


@pytest.fixture
def cells(client, spec) -> pl.DataFrame:
    """The frame of twelve cells in two lots, with a mass, a loading and a policy."""
    return client.cell_instance.to_frame(spec)


@dataclass(frozen=True)
class Server:
    """A running ``cellframe serve``."""

    url: str
    folder: Path


@pytest.fixture
def server(tmp_path, monkeypatch):
    """A service in a process of its own, which accepts the canary key alone."""
    folder = tmp_path / "served"
    environment = {**os.environ, "LAB_KEY": CANARY}
    command = [sys.executable, "-m", "cellframe", "serve", "--port", "0", "--data", str(folder)]
    command += ["--key-env", "LAB_KEY"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, env=environment, text=True) as process:
        assert process.stdout is not None
        try:
            line = process.stdout.readline()
            assert line.startswith("cellframe is serving "), line
            yield Server(line.rsplit(" at ", 1)[1].strip(), folder)
        finally:
            process.terminate()
        assert process.wait(15) == 0


@pytest.fixture
def remote(server):
    """A client over HTTP."""
    with cf.Client(server.url, CANARY) as found:
        yield found


def with_cell(frame: pl.DataFrame, cell: str, label: str, value: object) -> pl.DataFrame:
    """A frame in which one cell of the lab has another value in one column."""
    new = pl.lit(value, dtype=frame.schema.get(label))
    return frame.with_columns(
        pl.when(pl.col("cell") == cell).then(new).otherwise(pl.col(label)).alias(label)
    )
