"""One public client in a process of its own, for many pieces of code: it takes long to import."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

PEERS = Path(os.environ.get("CELLFRAME_PEERS", Path(__file__).parents[2] / ".peers"))
PEER_VERSIONS = ("0.36.0", "0.38.0")
"""The last of each era."""
_LOOP = """
import json, sys, traceback
answers, sys.stdout = sys.stdout, sys.stderr  # the client prints when it is refused
for line in sys.stdin:
    try:
        exec(json.loads(line), {"__name__": "peer"})
        fault = None
    except BaseException:
        fault = traceback.format_exc()
    print(json.dumps(fault), file=answers, flush=True)
"""


def installed(version: str) -> Path:
    """Where one version of the client is; the test is skipped, visibly, where it is not."""
    folder = PEERS / version
    if not (folder / "ionworks").is_dir():
        pytest.skip(f"no public client {version} in {PEERS}; set CELLFRAME_PEERS")
    return folder


class Worker:
    """Runs code with one version of the client.

    Parameters
    ----------
    version : str
        Of the client.
    folder : Path
        Where it is installed.
    arguments : str
        What the code finds in `sys.argv`.
    """

    def __init__(self, version: str, folder: Path, *arguments: str) -> None:
        self.version = version
        kept = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
        self._process = subprocess.Popen(
            [sys.executable, "-c", _LOOP, *arguments],
            env={**kept, "PYTHONPATH": str(folder)},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        )

    def __call__(self, code: str) -> None:
        """Run one piece of code, in a namespace of its own."""
        self._process.stdin.write(json.dumps(code) + "\n")
        self._process.stdin.flush()
        fault = json.loads(self._process.stdout.readline())
        assert fault is None, fault

    def close(self) -> None:
        self._process.kill()
        self._process.communicate()


SERIES = """
import tempfile
import numpy as np
import pandas as pd
import polars as pl
import requests
from pathlib import Path
from ionworks import MeasurementProcessingError, MeasurementValidationError
from ionworks import set_cache_directory, set_dataframe_backend

held = tempfile.TemporaryDirectory()
folder = Path(held.name)
set_cache_directory(folder / "cache")
set_dataframe_backend("polars")
cell = client.cell_instance.create(spec.id, {"name": "c"})
tests = client.cell_measurement

def part(number, current, start, rows=20):
    seconds = 10.0 * np.arange(rows)
    voltage = 3.6 - 0.2 * np.sign(current) * (0.1 + seconds / seconds[-1])
    return pl.DataFrame({
        "Time [s]": start + seconds, "Voltage [V]": voltage, "Current [A]": np.full(rows, current),
        "Step count": np.full(rows, number), "Cycle count": np.zeros(rows, dtype=np.int64)})

def series(cycles=1):
    currents = [0.0, -1.0, 0.0, 1.0] * cycles
    return pl.concat([part(n, current, n * 200.0) for n, current in enumerate(currents)])

def make(name="t", data=None, **fields):
    data = series() if data is None else data
    return tests.create(cell.id, {"measurement": {"name": name, **fields}, "time_series": data})

def put_unchecked(name, frame):
    begun = client.post(f"/cell_instances/{cell.id}/cell_measurements/initiate-upload",
                        {"measurement": {"name": name}})
    frame.write_parquet(folder / "unchecked.parquet")
    content = (folder / "unchecked.parquet").read_bytes()
    target = begun["uploads"][0]["signed_url"]
    assert requests.put(target, data=content, timeout=10).status_code < 300
    return client.post(f"/cell_measurements/{begun['measurement_id']}/confirm-upload", {
        "cell_instance_id": cell.id, "measurement": {"name": name},
        "measurement_type": "time_series"})
"""
"""A cell, a series that the client's own checks let pass, and ways to make measurements of it."""
