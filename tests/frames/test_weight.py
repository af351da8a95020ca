"""Law X6: a small file that would become a large frame is refused before it is decoded."""

from __future__ import annotations

import subprocess
import sys
import time

import numpy as np
import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from cellframe.errors import ConfigError, LimitExceededError
from cellframe.frames.weight import check_weight


def bomb(path, values: int, kind: str):
    """A file of one value again and again, written a little at a time."""
    zeros = np.zeros(2_500_000)
    block = pa.array(zeros) if kind == "number" else pa.array([zeros])
    table = pa.table({"a": block})
    with pq.ParquetWriter(path, table.schema, compression="zstd") as file:
        for _ in range(values // 2_500_000):
            file.write_table(table, row_group_size=2_500_000)
    return path


@pytest.mark.law("X6")
@pytest.mark.parametrize("kind", ["number", "list"])
def test_a_bomb_is_refused_before_it_is_decoded(tmp_path, monkeypatch, kind):
    monkeypatch.setenv("CELLFRAME_MAX_CELLS", "7000000")
    path = bomb(tmp_path / "bomb", 7_500_000, kind)
    assert path.stat().st_size < 200_000
    started = time.monotonic()
    with pytest.raises(LimitExceededError, match=r"The series has 7,500,000 values.*CELLFRAME_MAX"):
        check_weight(path, "The series")
    assert time.monotonic() - started < 2


def of_one_text(path, kind: str):
    """A file of 800 kB whose footer says as much, and which is 1.6 GB with a text in every row."""
    letters = np.random.default_rng(0).integers(33, 123, 800_000, np.uint8).tobytes().decode()
    texts = pa.DictionaryArray.from_arrays(np.zeros(2000, np.int32), [letters])
    column = texts if kind != "list of texts" else pa.ListArray.from_arrays([0, 1000, 2000], texts)
    pq.write_table(
        pa.table({"a": column}),
        path,
        store_schema=kind == "category",
        dictionary_pagesize_limit=10**8,
    )


_CHILD = """
import resource, sys, time
from pathlib import Path
import polars as pl
from cellframe.errors import LimitExceededError
from cellframe.frames.weight import check_weight
small, bomb = map(Path, sys.argv[1:])
check_weight(small, "A small one")
size = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
resource.setrlimit(resource.RLIMIT_AS, (size + 256 * 2**20,) * 2)
started = time.monotonic()
try:
    check_weight(bomb, "The series")
except LimitExceededError as fault:
    print(time.monotonic() - started)
"""


@pytest.mark.law("X6")
@pytest.mark.skipif(sys.platform != "linux", reason="the memory of a process is read from /proc")
@pytest.mark.parametrize("kind", ["number", "text", "category", "list of texts"])
def test_a_bomb_takes_little_time_and_memory(tmp_path, monkeypatch, kind):
    small, path = tmp_path / "small", tmp_path / "bomb"
    pl.DataFrame({"a": ["b"], "c": [["d"]]}).write_parquet(small)
    if kind == "number":
        monkeypatch.setenv("CELLFRAME_MAX_GIB", "0.05")
        bomb(path, 7_500_000, kind)
    else:
        monkeypatch.setenv("CELLFRAME_MAX_GIB", "1")
        of_one_text(path, kind)
    command = [sys.executable, "-c", _CHILD, str(small), str(path)]
    ran = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (ran.returncode, ran.stderr) == (0, "")
    assert float(ran.stdout) < 2


@pytest.mark.law("X6")
def test_what_would_take_too_much_memory_is_refused(tmp_path, monkeypatch):
    monkeypatch.setenv("CELLFRAME_MAX_GIB", "0.05")
    with pytest.raises(LimitExceededError, match=r"0\.1 GiB once they are read.* 0\.05 GiB"):
        check_weight(bomb(tmp_path / "bomb", 7_500_000, "number"), "The series")


def test_an_honest_file_is_let_by(tmp_path):
    pl.DataFrame({"Time [s]": np.arange(1e6), "note": ["a"] * 1_000_000}).write_parquet(
        tmp_path / "a"
    )
    check_weight(tmp_path / "a", "The series")


def test_what_is_no_parquet_is_left_to_whoever_reads_it(tmp_path):
    (tmp_path / "a").write_bytes(b"PAR1 and nothing else PAR1")
    check_weight(tmp_path / "a", "The series")


@pytest.mark.parametrize("text", ["many", "0", "-1", "nan"])
def test_a_limit_that_is_no_number_is_said(tmp_path, monkeypatch, text):
    monkeypatch.setenv("CELLFRAME_MAX_CELLS", text)
    pl.DataFrame({"a": [1]}).write_parquet(tmp_path / "a")
    with pytest.raises(ConfigError, match="CELLFRAME_MAX_CELLS"):
        check_weight(tmp_path / "a", "The series")
