"""How long a plan takes to be shown, and how large its page is.

    python tests/benchmarks/plan_views.py [CHANGES ...]

Plans of that many edited cells in five columns, one in fifty in conflict; as text and as HTML.
Beside it what a notebook does with the same lines where nobody thought of it: `to_html` of pandas,
of all of them. Medians of five, interleaved. Aim: 5,000 changes below 0.3 s.
"""

from __future__ import annotations

import statistics
import sys
import time
from functools import partial
from typing import TYPE_CHECKING

import polars as pl

from cellframe.views import html, text
from cellframe.views.parts import PlanParts

if TYPE_CHECKING:
    from collections.abc import Callable

ROUNDS = 5


def parts(changes: int) -> PlanParts:
    """Return a plan of so many edited cells."""
    at = pl.int_range(changes, eager=True)
    held = at % 50 == 7
    lines = pl.DataFrame({"row": at // 5}).with_columns(
        action=pl.when(held).then(pl.lit("conflict")).otherwise(pl.lit("update")),
        record=pl.lit("cell"),
        id="c-" + (at // 5).cast(pl.String),
        name="EL1508" + (at // 5).cast(pl.String).str.zfill(8),
        column="cell.p" + (at % 5).cast(pl.String) + " [g]",
        **{"class": pl.when(held).then(pl.lit("conflict")).otherwise(pl.lit("change"))},
        you_read=pl.lit("41"),
        you_have=(41 + at / 1e4).cast(pl.String),
        server_now=pl.when(held).then(pl.lit("40")).otherwise(pl.lit("41")),
        message=pl.lit(None, dtype=pl.String),
    )
    counts = {"update": changes // 5}
    return PlanParts("cell", "lab/", counts, lines, (), sendable=True)


def median_of(ways: dict[str, Callable[[], str]]) -> dict[str, tuple[float, int]]:
    """Return seconds and bytes of each way, run in turn."""
    seconds: dict[str, list[float]] = {name: [] for name in ways}
    sizes: dict[str, int] = {}
    for _ in range(ROUNDS):
        for name, way in ways.items():
            began = time.perf_counter()
            sizes[name] = len(way().encode())
            seconds[name].append(time.perf_counter() - began)
    return {name: (statistics.median(seconds[name]), sizes[name]) for name in ways}


def main(sizes: list[int]) -> None:
    """Print a line for each size."""
    print(f"{'changes':>9} {'text':>18} {'html':>18} {'pandas to_html':>20} {'html/pandas':>12}")
    for changes in sizes:
        plan = parts(changes)
        frame = plan.changes.to_pandas()
        ways = {
            "text": partial(text.plan, plan),
            "html": partial(html.plan, plan),
            "pandas": frame.to_html,
        }
        found = median_of(ways)
        cells = [f"{spent:.3f} s {size / 1e3:,.0f} kB" for spent, size in found.values()]
        ratio = found["html"][0] / found["pandas"][0]
        print(f"{changes:>9,} {cells[0]:>18} {cells[1]:>18} {cells[2]:>20} {ratio:>12.2f}")


if __name__ == "__main__":
    main([int(one) for one in sys.argv[1:]] or [5, 500, 5_000, 100_000])
