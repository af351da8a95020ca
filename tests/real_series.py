"""How do public cycler files become time series of the contract?

One function per file of the shared data, each a mapping that its README states. Current is
positive on discharge, ``Step count`` counts runs of (cycle, step) in record order, counters start
at 0 in each step, time starts at 0.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from tests.journeys.conftest import need

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

COUNTERS = (
    "Discharge capacity [A.h]",
    "Charge capacity [A.h]",
    "Discharge energy [W.h]",
    "Charge energy [W.h]",
)
_FLIPPED = "current, positive on charge"


def arbin_half_cell() -> pl.DataFrame:
    """A silicon half cell of 0.3 mA, 18 cycles (cellpy)."""
    names = {
        "test_time": "Time [s]",
        "voltage": "Voltage [V]",
        "current": _FLIPPED,
        "cycle_index": "Cycle from cycler",
        "step_index": "Step from cycler",
    }
    raw = pl.read_parquet(need("cellpy-arbin", "raw.parquet"))
    return _series(raw, {**names, **_counters("{}_{}")})


def ife_full_cell() -> pl.DataFrame:
    """A full cell of 0.5 A, 20 cycles, with one-second stamps, counters by step (cellpy)."""
    raw = pl.read_parquet(need("cellpy-neware", "ife_records.parquet"))
    flow = pl.col("Current(A)").sum().over("Cycle", "Step Number").sign()
    raw = raw.with_columns(
        pl.when(flow == sign).then(pl.col(of)).otherwise(0.0).alias(f"{way} {of}")
        for way, sign in (("Discharge", -1), ("Charge", 1))
        for of in ("Capacity(Ah)", "Energy(Wh)")
    )
    names = {
        "Total Time [s]": "Time [s]",
        "Voltage(V)": "Voltage [V]",
        "Current(A)": _FLIPPED,
        "Cycle": "Cycle from cycler",
        "Step Number": "Step from cycler",
        "Discharge Capacity(Ah)": COUNTERS[0],
        "Charge Capacity(Ah)": COUNTERS[1],
        "Discharge Energy(Wh)": COUNTERS[2],
        "Charge Energy(Wh)": COUNTERS[3],
    }
    return _series(raw, names)


def neware_half_cell() -> pl.DataFrame:
    """A half cell of the 1 mA class with several discharges in a cycle (cellpy)."""
    raw = pl.read_csv(need("cellpy-neware", "neware_uio.csv"), infer_schema_length=None)
    names = {
        "seconds": "Time [s]",
        "Voltage(V)": "Voltage [V]",
        "Current(A)": _FLIPPED,
        "Cycle Index": "Cycle from cycler",
        "Step Index": "Step from cycler",
        "DChg. Cap.(Ah)": COUNTERS[0],
        "Chg. Cap.(Ah)": COUNTERS[1],
        "DChg. Energy(Wh)": COUNTERS[2],
        "Chg. Energy(Wh)": COUNTERS[3],
    }
    parts = pl.col("Cumulative Time").str.split(":").cast(pl.List(pl.Float64))
    seconds = parts.list.get(0) * 3600 + parts.list.get(1) * 60 + parts.list.get(2)
    return _series(raw.with_columns(seconds=seconds), names)


def lgm50_check_up() -> pl.DataFrame:
    """A C/10 check-up of an LG M50 with the running net capacity of its cycler (PyProBE)."""
    raw = pl.read_parquet(need("pyprobe-lgm50", "LGM50_RPT0.parquet"))
    return raw.select(
        "Time [s]",
        "Voltage [V]",
        -pl.col("Current [A]"),
        pl.col("Event").cast(pl.Int64).alias("Step count"),
        pl.lit(0).alias("Cycle count"),
        pl.col("Step").cast(pl.Int64).alias("Step from cycler"),
        pl.col("Temperature [C]").alias("Temperature [degC]"),
        pl.col("Capacity [Ah]").alias("Capacity [A.h]"),
    )


def pouch_cell() -> pl.DataFrame:
    """Nine cycles of a pouch cell of 0.037 A.h, thinned, with a sweep of impedance (battdat)."""
    path = need("battdat", "p492-13-raw.csv")
    raw = pl.read_csv(path, infer_schema_length=None)
    names = {
        "Time_s": "Time [s]",
        "Voltage_V": "Voltage [V]",
        "Current_A": _FLIPPED,
        "Cycle_Index": "Cycle from cycler",
        "Step": "Step from cycler",
        "Cell_Temperature_C": "Temperature [degC]",
        "Frequency_Hz": "Frequency [Hz]",
        "Z_Real_Ohm": "Z_Re [Ohm]",
        "Z_Imag_Ohm": "Z_Im [Ohm]",
        **{
            f"{way}_{of}h": f"{way} {long} [{unit}]"
            for way in ("Discharge", "Charge")
            for of, long, unit in (
                ("Capacity_A", "capacity", "A.h"),
                ("Energy_W", "energy", "W.h"),
            )
        },
    }
    floats = pl.col(pl.Float64)
    return _series(raw.with_columns(pl.when(floats.is_not_nan()).then(floats)), names)


def resistor_pulse() -> pl.DataFrame:
    """Pulses on a cell of 1 A.h and 0.1 ohm, made by a formula (battdat)."""
    raw = pl.read_parquet(need("battdat", "single_resistor_pulse.parquet"))
    step = pl.col("current").rle_id()
    names = {"test_time": "Time [s]", "voltage": "Voltage [V]", "current": _FLIPPED}
    cycle = {"cycle_number": "Cycle from cycler", "step": "Step from cycler"}
    return _series(raw.with_columns(step=step), {**names, **cycle})


def rate_test_repaired() -> pl.DataFrame:
    """A rate test of a 7 A.h cell without the 19 rows whose time starts again (BDF)."""
    raw = pl.read_csv(_bdf("SLPBA842124HV", "Rate"), infer_schema_length=None)
    again = (pl.col("test_time_second") == 0) & (pl.int_range(pl.len()) > 0)
    names = {
        "test_time_second": "Time [s]",
        "voltage_volt": "Voltage [V]",
        "current_ampere": _FLIPPED,
        "cycle_count": "Cycle from cycler",
        "step_index": "Step from cycler",
        "temperature_t1_celsius": "Temperature [degC]",
    }
    return _series(raw.filter(~again), names)


def slow_cycle_repaired() -> pl.DataFrame:
    """One cycle at C/30 whose cycle count, 2 pi in every row, is left out (BDF)."""
    raw = pl.read_csv(_bdf("G20M7", "C30"), infer_schema_length=None)
    names = {
        "test_time_second": "Time [s]",
        "voltage_volt": "Voltage [V]",
        "current_ampere": _FLIPPED,
        "cycle": "Cycle from cycler",
        "step_count": "Step from cycler",
        **_counters("{}_{}_{}h", {"Discharge": "discharging", "Charge": "charging"}),
    }
    return _series(raw.with_columns(cycle=pl.lit(1)), names)


def maccor_cycles() -> pl.DataFrame:
    """Cycles 86 to 89 of a fast-charged cell; the first and the last one are cut (BEEP)."""
    name = "BEEPDatapath_maccor_parameterized_memloaded.csv"
    return _maccor(pl.read_csv(need("beep", name), infer_schema_length=None))


def maccor_paused() -> pl.DataFrame:
    """Three seconds of cycle 37 of a test that was paused (BEEP)."""
    name = "BEEPDatapath_maccor_paused_memloaded.csv"
    return _maccor(pl.read_csv(need("beep", name), infer_schema_length=None))


def rate_of_lgm50(label: str) -> pl.DataFrame:
    """One discharge of an LG M50 and its recharge, e.g. ``cRate_1C``: one step per direction."""
    raw = pl.read_parquet(need("lgm50-pulse-rate", "rate_25degC.parquet"))
    raw = raw.filter(pl.col("C-rate label") == label)
    flow = pl.col("Current [A]").sign().rle_id()
    names = {"Time [s]": "Time [s]", "Voltage [V]": "Voltage [V]", "Current [A]": _FLIPPED}
    names |= {"Temperature [degC]": "Temperature [degC]"}
    own = {"cycle": "Cycle from cycler", "flow": "Step from cycler"}
    return _series(raw.with_columns(flow=flow, cycle=pl.lit(1)), {**names, **own})


def pulse_of_lgm50(cell: str, charge: str) -> pl.DataFrame:
    """One 7.5 A discharge pulse of an LG M50 cell, e.g. of ``Cell1`` at ``SoC5``."""
    raw = pl.read_parquet(need("lgm50-pulse-rate", "pulses_25degC.parquet"))
    raw = raw.filter((pl.col("Cell") == cell) & (pl.col("SoC label") == charge))
    names = {"Time [s]": "Time [s]", "Voltage [V]": "Voltage [V]", "Current [A]": _FLIPPED}
    own = {"cycle": "Cycle from cycler", "Step": "Step from cycler"}
    return _series(raw.with_columns(cycle=pl.lit(1)), {**names, **own})


def _maccor(raw: pl.DataFrame) -> pl.DataFrame:
    names = {
        "test_time": "Time [s]",
        "voltage": "Voltage [V]",
        "current": _FLIPPED,
        "cycle_index": "Cycle from cycler",
        "step_index": "Step from cycler",
    }
    return _series(raw, {**names, **_counters("{}_{}")})


def _bdf(*parts: str) -> Path:
    folder = need("bdf-reference")
    (path,) = (path for path in folder.iterdir() if all(part in path.name for part in parts))
    return path


def _counters(spelled: str, ways: Mapping[str, str] | None = None) -> dict[str, str]:
    ways = ways or {"Discharge": "discharge", "Charge": "charge"}
    units = {"capacity": ("A.h", "a"), "energy": ("W.h", "w")}
    return {
        spelled.format(word, of, short): f"{way} {of} [{unit}]"
        for way, word in ways.items()
        for of, (unit, short) in units.items()
    }


def _series(raw: pl.DataFrame, names: Mapping[str, str]) -> pl.DataFrame:
    """Rename, flip the current, count steps and cycles from 0, restart counters and the time."""
    cycle, step = "Cycle from cycler", "Step from cycler"
    series = raw.select(pl.col(old).alias(new) for old, new in names.items()).with_columns(
        pl.col("Time [s]") - pl.col("Time [s]").drop_nulls().first(),
        pl.struct(cycle, step).rle_id().cast(pl.Int64).alias("Step count"),
        pl.col(cycle).rle_id().cast(pl.Int64).alias("Cycle count"),
        (0.0 - pl.col(_FLIPPED)).alias("Current [A]"),
    )
    counters = [pl.col(name) for name in COUNTERS if name in series.columns]
    restarted = (counter - counter.first().over("Step count") for counter in counters)
    return series.drop(_FLIPPED).with_columns(restarted)
