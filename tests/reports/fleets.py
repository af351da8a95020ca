"""Small fleets as `detail_frames` gives them, without a service."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import polars as pl

Q, CHARGED, CYCLE = "Discharge capacity [A.h]", "Charge capacity [A.h]", "Cycle count"


def fleet(
    cells: int = 6,
    cycles: int = 30,
    lots: int = 2,
    fade: float = 1e-3,
    names: list[str] | None = None,
    charge: bool = True,
) -> SimpleNamespace:
    """Cells of some lots, each with one test; the later a cell, the faster it fades."""
    called = names or [f"c-{n}" for n in range(cells)]
    cycle = np.arange(cycles)
    instances = pl.DataFrame(
        {
            "spec": "LFP",
            "instance_id": [f"i-{n}" for n in range(cells)],
            "instance_version": [f"v-{n}" for n in range(cells)],
            "cell": called,
            "batch": [f"W{n % lots:02}" for n in range(cells)],
            "cell.mass [g]": [70.0 + n / 10 for n in range(cells)],
        }
    )
    tests = instances.select(
        pl.col("instance_id").str.replace("i", "m").alias("measurement_id"),
        "instance_id",
        "cell",
        pl.lit("ageing").alias("test"),
        pl.lit("t-1").alias("measurement_version"),
    )
    rows = []
    for n in range(cells):
        capacity = 1.1 * (1 - fade * (1 + n / 10) * cycle)
        rows.append(
            pl.DataFrame(
                {
                    "measurement_id": f"m-{n}",
                    "instance_id": f"i-{n}",
                    "cell": called[n],
                    "test": "ageing",
                    CYCLE: cycle,
                    Q: capacity,
                    **({CHARGED: capacity * 1.0005} if charge else {}),
                }
            )
        )
    table = pl.concat(rows) if rows else pl.DataFrame()
    return SimpleNamespace(instances=instances, measurements=tests, cycles=table)


def with_value(frames: SimpleNamespace, cell: str, cycle: int, value: float) -> SimpleNamespace:
    """The same frames, one capacity of them another."""
    where = (pl.col("cell") == cell) & (pl.col(CYCLE) == cycle)
    changed = frames.cycles.with_columns(pl.when(where).then(value).otherwise(Q).alias(Q))
    return SimpleNamespace(**{**vars(frames), "cycles": changed})
