"""How long the cycle summary of one cell takes, beside cellpy and PyProBE.

    python tests/benchmarks/other_tools.py [--cellpy PYTHON] [--pyprobe PYTHON] [ROWS]

Each tool runs in an interpreter that has it, on the same series in memory (PyProBE: in its own file,
which it scans), after one round to warm up; median of five. They do not do the same: cellpy makes steps
and 60 columns from the counters; PyProBE takes the span of the net capacity of each cycle; ours gives
counters, integrals and their ratio.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
from pathlib import Path

import polars as pl
from cycle_summaries import series

TIMED = """
import statistics, time
run()
took = []
for _ in range(5):
    begun = time.perf_counter()
    found = run()
    took.append(time.perf_counter() - begun)
print(f"{name:10} {statistics.median(took) * 1000:7.1f} ms, {len(found)} cycles")
"""
OURS = """
import sys
import polars as pl
from cellframe import analysis

name, rows = "ours", pl.read_parquet(sys.argv[1])
run = lambda: analysis.cycle_summary(rows)
"""
CELLPY = """
import logging, sys, warnings
warnings.simplefilter("ignore")
logging.disable(logging.CRITICAL)
import pandas as pd
from cellpy.readers.cellreader import CellpyCell
from cellpy.readers.core import Data

name, rows = "cellpy", pd.read_parquet(sys.argv[1])
time_of = rows["Time [s]"]
raw = pd.DataFrame({
    "data_point": range(1, len(rows) + 1),
    "test_time": time_of,
    "date_time": pd.Timestamp("2026-01-01") + pd.to_timedelta(time_of, unit="s"),
    "step_time": time_of - time_of.groupby(rows["Step count"]).transform("first"),
    "cycle_index": rows["Cycle count"] + 1,
    "step_index": rows["Step count"] % 2 + 1,
    "current": -rows["Current [A]"],
    "voltage": rows["Voltage [V]"],
    "charge_capacity": rows["Charge capacity [A.h]"],
    "discharge_capacity": rows["Discharge capacity [A.h]"],
    "charge_energy": rows["Charge energy [W.h]"],
    "discharge_energy": rows["Discharge energy [W.h]"],
})

def run():
    data = Data()
    data.raw, data.nom_cap, data.mass = raw.copy(), 1.1, 1000.0
    cell = CellpyCell(initialize=True)
    cell._data = data
    cell.make_step_table()
    cell.make_summary(find_ir=False)
    return cell.data.summary
"""
PYPROBE = """
import sys
import pyprobe
from pyprobe.analysis import cycling

pyprobe.set_log_level("ERROR")
name, cell = "PyProBE", pyprobe.Cell(info={"Name": "a"})
cell.import_data("p", data_path=sys.argv[2])
run = lambda: cycling.summary(cell.procedure["p"], dchg_before_chg=False).data
"""


def for_pyprobe(rows: pl.DataFrame) -> pl.DataFrame:
    current = 0.0 - pl.col("Current [A]")
    moved = current * pl.col("Time [s]").diff().fill_null(0) / 3600
    return rows.select(
        "Time [s]",
        pl.col("Step count").alias("Event"),
        (pl.col("Step count") % 2).alias("Step"),
        current.alias("Current [A]"),
        "Voltage [V]",
        moved.cum_sum().alias("Capacity [Ah]"),
    )


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--cellpy")
    parser.add_argument("--pyprobe")
    parser.add_argument("rows", nargs="?", type=int, default=100_000)
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        rows = series(asked.rows, 1)
        plain, theirs = Path(folder, "series.parquet"), Path(folder, "pyprobe.parquet")
        rows.write_parquet(plain)
        for_pyprobe(rows).write_parquet(theirs)
        ways = ((sys.executable, OURS), (asked.cellpy, CELLPY), (asked.pyprobe, PYPROBE))
        for python, code in ways:
            if python:
                command = [python, "-W", "ignore", "-c", code + TIMED, plain, theirs]
                subprocess.run(command, check=True, stderr=subprocess.DEVNULL)


if __name__ == "__main__":
    main()
