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


def series(capacities: np.ndarray) -> pl.DataFrame:
    """A series that has these capacities, two rows a cycle: all that a summary leaves of one."""
    cycle = np.repeat(np.arange(len(capacities)), 2)
    capacity = np.stack([np.zeros(len(capacities)), capacities], axis=1).ravel()
    return pl.DataFrame(
        {
            "Cycle count": cycle,
            "Step count": cycle,
            "Voltage [V]": np.tile([3.6, 2.0], len(capacities)),
            Q: capacity,
            "Capacity [A.h]": capacity,
        }
    )


def age(client, cells: list[str], cycles: int = 20, fade: float = 1e-3) -> None:
    """Give cells of a lab a test each; the later a cell, the faster it fades."""
    for n, cell in enumerate(cells):
        capacities = 1.1 * (1 - fade * (1 + n / 10) * np.arange(cycles))
        detail = {"measurement": {"name": "ageing", "data_type": "ocp"}}
        client.cell_measurement.create(cell, {**detail, "time_series": series(capacities)})
