"""How long from ``cellframe serve`` to the first answer, in a new folder and in one of records.

    python tests/benchmarks/service_start.py

Aim for 1.5 s. Each start is a process of its own; interleaved with starts of a bare Python that
imports the web framework and SQLAlchemy, which no start here can be without. Medians, and the
seconds of processor that a start takes, which a busy machine does not stretch.
"""

from __future__ import annotations

import os
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from urllib.request import urlopen

ROUNDS = 9
BARE = "import uvicorn, sqlalchemy"


def spent() -> float:
    """Seconds of processor of every child that has ended."""
    times = os.times()
    return times.children_user + times.children_system


def bare() -> float:
    start = time.perf_counter()
    subprocess.run([sys.executable, "-c", BARE], check=True)
    return time.perf_counter() - start


def served(folder: Path) -> float:
    start = time.perf_counter()
    command = ["-m", "cellframe", "serve", "--data", str(folder), "--port", "0"]
    with subprocess.Popen([sys.executable, *command], stdout=subprocess.PIPE, text=True) as child:
        address = child.stdout.readline().split()[-1]
        with urlopen(f"{address}/healthz") as answer:
            assert answer.status == 200
        took = time.perf_counter() - start
        child.send_signal(signal.SIGTERM)
    return took


def measured(call, *arguments: object) -> tuple[float, float]:
    before = spent()
    return call(*arguments), spent() - before


def main() -> None:
    found: dict[str, list[tuple[float, float]]] = {"bare imports": [], "new": [], "again": []}
    with tempfile.TemporaryDirectory() as folder:
        for number in range(ROUNDS):
            lab = Path(folder) / str(number)
            found["bare imports"].append(measured(bare))
            found["new"].append(measured(served, lab))
            found["again"].append(measured(served, lab))
    for name, times in found.items():
        wall, processor = (statistics.median(column) for column in zip(*times, strict=True))
        print(f"{name}: {wall:.2f} s, of them {processor:.2f} s of processor")


if __name__ == "__main__":
    main()
