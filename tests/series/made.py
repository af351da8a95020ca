"""Tests of cells that were never run: a model cell, taken through random steps."""

from __future__ import annotations

import numpy as np
import polars as pl

from cellframe.contract.series import (
    CHARGE_CAPACITY,
    CHARGE_ENERGY,
    CURRENT,
    CYCLE,
    DISCHARGE_CAPACITY,
    DISCHARGE_ENERGY,
    STEP,
    TEMPERATURE,
    TIME,
    VOLTAGE,
)

CAPACITY = 3.0
"""A.h of the model cell at scale 1."""


def made_test(seed: int = 0, *, scale: float = 1.0, steps: int = 8) -> pl.DataFrame:
    """Return a test of a model cell: discharges, charges, holds, pulses and rests.

    Open-circuit voltage rises with the charge; there is a resistance, a slow one behind it, and
    noise. Every counter restarts with its step and is the exact trapezoid of the current.
    """
    rng = np.random.default_rng(seed)
    soc, slow, clock, rows = rng.uniform(0.4, 0.6), 0.0, 0.0, []
    for step in range(steps):
        kind = ("discharge", "rest", "charge", "hold", "pulse")[rng.integers(5)] if step else "rest"
        kind = "charge" if soc < 0.25 else "discharge" if soc > 0.8 or step == 1 else kind
        length, rate = int(rng.integers(20, 120)), rng.uniform(0.2, 1.0)
        dt = rng.uniform(0.5, 1.5) * 0.25 * 3600 / length
        for sample in range(length):
            # No cycler holds a current exactly.
            held = rate * rng.normal(1, 1e-3)
            current = _current(kind, held, sample / length) * CAPACITY
            clock += dt if rows else 0.0
            soc -= current * dt / 3600 / CAPACITY
            slow += (0.02 * current - slow) * min(1.0, dt / 60)
            voltage = 3.0 + 0.9 * soc + 0.1 * np.tanh(8 * (soc - 0.5)) - 0.03 * current - slow
            rows.append((clock, voltage + rng.normal(0, 3e-4), current * scale, step, step // 4))
    frame = pl.DataFrame(rows, [TIME, VOLTAGE, CURRENT, STEP, CYCLE], orient="row")
    return with_counters(frame).with_columns(pl.lit(25.0).alias(TEMPERATURE))


def _current(kind: str, rate: float, progress: float) -> float:
    shapes = {
        "discharge": rate,
        "charge": -rate,
        "hold": -rate * np.exp(-4 * progress),
        "pulse": rate * (1 if progress < 0.5 else -0.5),
        "rest": 0.0,
    }
    return float(shapes[kind])


def with_counters(frame: pl.DataFrame) -> pl.DataFrame:
    """Add the four counters, as trapezoids that restart with each step."""
    power = pl.col(CURRENT) * pl.col(VOLTAGE)
    flows = {
        DISCHARGE_CAPACITY: pl.col(CURRENT).clip(lower_bound=0),
        CHARGE_CAPACITY: (-pl.col(CURRENT)).clip(lower_bound=0),
        DISCHARGE_ENERGY: power.clip(lower_bound=0),
        CHARGE_ENERGY: (-power).clip(lower_bound=0),
    }
    moved = {
        label: ((flow + flow.shift()) / 2 * pl.col(TIME).diff() / 3600).fill_null(0)
        for label, flow in flows.items()
    }
    restarted = {
        label: pl.when(pl.int_range(pl.len()) == 0).then(0.0).otherwise(each).cum_sum().over(STEP)
        for label, each in moved.items()
    }
    return frame.with_columns(**restarted)


def made_spectrum(seed: int = 0, *, resistance: float = 0.02) -> pl.DataFrame:
    """Return a spectrum: a resistance, one arc, and a little inductance at high frequency."""
    rng = np.random.default_rng(seed)
    frequency = np.geomspace(1e4, 1e-2, 40)
    omega = 2 * np.pi * frequency
    arc = resistance / (1 + 1j * omega * 0.02) + 1j * omega * 1e-8
    z = resistance * (1 + rng.uniform(0, 0.01)) + arc
    return pl.DataFrame({"Frequency [Hz]": frequency, "Z_Re [Ohm]": z.real, "Z_Im [Ohm]": z.imag})


def made_steps(frame: pl.DataFrame) -> pl.DataFrame:
    """Return the steps of a series, one row each, as somebody sends them along."""
    current = pl.col(CURRENT)
    kind = (
        pl.when(current.mean() > 1e-3)
        .then(pl.lit("Constant current discharge"))
        .when(current.mean() < -1e-3)
        .then(pl.lit("Constant current charge"))
        .otherwise(pl.lit("Rest"))
    )
    return frame.group_by(STEP, maintain_order=True).agg(
        kind.alias("Step type"),
        (pl.col(TIME).last() - pl.col(TIME).first()).alias("Duration [s]"),
        current.mean().alias("Mean current [A]"),
        current.min().alias("Min current [A]"),
        current.max().alias("Max current [A]"),
        current.std().alias("Std current [A]"),
        *(pl.col(label).last() for label in (DISCHARGE_CAPACITY, CHARGE_CAPACITY)),
        *(pl.col(label).last() for label in (DISCHARGE_ENERGY, CHARGE_ENERGY)),
    )
