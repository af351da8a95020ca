"""How long ``import cellframe`` takes, against ``import http.client``: aim for at most twice.

    python tests/benchmarks/import_time.py

Interleaved, in fresh processes, each timing its own import; medians.
"""

from __future__ import annotations

import statistics
import subprocess
import sys

ROUNDS = 41
MODULES = ("http.client", "cellframe")
CODE = "import time; t = time.perf_counter(); import {}; print(time.perf_counter() - t)"


def seconds(module: str) -> float:
    ran = subprocess.run(
        [sys.executable, "-c", CODE.format(module)], capture_output=True, text=True, check=True
    )
    return float(ran.stdout)


def compare(modules: tuple[str, ...], rounds: int) -> dict[str, float]:
    """Return the medians in seconds, after one import of each that does not count."""
    times = {module: [] for module in modules}
    for number in range(rounds + 1):
        for module in modules:
            took = seconds(module)
            if number:
                times[module].append(took)
    return {module: statistics.median(found) for module, found in times.items()}


def main() -> None:
    medians = compare(MODULES, ROUNDS)
    for module, median in medians.items():
        print(f"import {module}: {median * 1000:.2f} ms")
    print(f"ratio: {medians['cellframe'] / medians['http.client']:.2f}")


if __name__ == "__main__":
    main()
