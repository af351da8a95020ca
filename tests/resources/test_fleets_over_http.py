"""A fleet over HTTP: what is here is never fetched again, whatever became of the run before."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys

import polars as pl
import pytest

import cellframe as cf
from cellframe.store.blobs import digest_of
from tests.conftest import CANARY
from tests.cycling import cycling

TESTS = 24
"""More than are under way at once."""
FETCHING = """
import logging, os, signal, sys, time
import cellframe as cf

class Ending(logging.Handler):
    seen = 0

    def emit(self, record):
        is_file = "GET of a file" in record.getMessage()
        Ending.seen += is_file
        if is_file and Ending.seen == int(sys.argv[3]):
            os.kill(os.getpid(), getattr(signal, sys.argv[4]))
            time.sleep(0.5)  # Nobody else fetches meanwhile: all of them have to log it first.

client = cf.Client(sys.argv[1], sys.argv[2])
frames = client.cell_instance.detail_frames(include_steps=False, include_cycles=False)
logging.getLogger("cellframe").addHandler(Ending())
logging.getLogger("cellframe").setLevel(logging.DEBUG)
frames.time_series
"""


@pytest.fixture(scope="module")
def _measured(tmp_path_factory):
    """The folder of two cells with many tests, each of which has a series of its own."""
    folder = tmp_path_factory.mktemp("measured") / "lab"
    with cf.open_local(folder) as client:
        spec = client.cell_spec.create({"name": "LFP 18650"})
        cells = [client.cell_instance.create(spec, {"name": name}) for name in ("c-0", "c-1")]
        for number in range(TESTS):
            own = cycling(1).with_columns(pl.lit(float(number)).alias("Temperature [degC]"))
            detail = {"measurement": {"name": f"t-{number}"}, "time_series": own}
            client.cell_measurement.create(cells[number % 2], detail)
    return folder


@pytest.fixture
def fleet(request, tmp_path, _measured):
    """A client of a service with the fleet, of which nothing is here yet."""
    shutil.copytree(_measured, tmp_path / "served")
    return request.getfixturevalue("remote")


def asked_for_files(caplog) -> int:
    found = sum("GET of a file" in record.getMessage() for record in caplog.records)
    caplog.clear()
    return found


def ended(url: str, seen: int, how: str) -> int:
    """Read the fleet in a process that is sent a signal when it has seen so many files."""
    command = [sys.executable, "-c", FETCHING, url, CANARY, str(seen), how]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    return subprocess.run(command, capture_output=True, check=False, env=environment).returncode


def read_again(fleet, caplog) -> int:
    caplog.clear()
    frames = fleet.cell_instance.detail_frames(include_steps=False, include_cycles=False)
    assert frames.time_series.collect().height == TESTS * cycling(1).height
    return asked_for_files(caplog)


@pytest.mark.law("R8")
@pytest.mark.skipif(os.name == "nt", reason="processes are ended in another way")
# Killed when some were kept for certain; interrupted while many were waiting for their turn.
@pytest.mark.parametrize(("how", "seen"), [("SIGKILL", 20), ("SIGINT", 1)])
def test_a_run_that_was_ended_goes_on_with_what_it_had(fleet, server, caplog, how, seen):
    assert ended(server.url, seen, how) != 0
    here = list(fleet._connection.downloads.all())
    assert 0 < len(here) < TESTS
    assert all(digest_of(path) == path.stem for path in here)
    if how == "SIGINT":
        assert list(fleet._connection.drafts.iterdir()) == []
        assert not list(fleet._connection.downloads.folder.glob(".*"))
    assert read_again(fleet, caplog) == TESTS - len(here)


def test_a_second_reading_fetches_no_file_and_asks_for_no_series(fleet, caplog):
    first = fleet.cell_instance.detail_frames()
    whole = first.time_series.collect()
    assert asked_for_files(caplog) > TESTS
    again = fleet.cell_instance.detail_frames()
    assert again.time_series.collect().equals(whole)
    assert again.cycles.equals(first.cycles)
    said = [record.getMessage() for record in caplog.records]
    of_tests = [
        one for one in said if "/download" in one or "GET of a file" in one or "time_series" in one
    ]
    assert not of_tests


def test_a_table_that_was_damaged_here_is_fetched_again(fleet, caplog):
    first = fleet.cell_instance.detail_frames(include_time_series=False)
    kept = list(fleet._connection.downloads.all())
    kept[0].write_bytes(kept[0].read_bytes()[:-4] + b"????")
    again = fleet.cell_instance.detail_frames(include_time_series=False)
    assert again.failures.is_empty()
    assert again.steps.equals(first.steps)
    assert again.cycles.equals(first.cycles)
