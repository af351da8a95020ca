"""Files as cyclers write them: one test, in any spelling, unit, sign and manner of counting."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import polars as pl

from tests.cycling import cycling

if TYPE_CHECKING:
    from pathlib import Path

T, V, A, Q = "Time [s]", "Voltage [V]", "Current [A]", "Q"

SPELLINGS = {  # time, voltage, current, cycle, step, charge and discharge counter, both, state
    "arbin": (
        "Test_Time({})",
        "Voltage({})",
        "Current({})",
        "Cycle_Index",
        "Step_Index",
        "Charge_Capacity({})",
        "Discharge_Capacity({})",
        "Capacity({})",
        "State",
    ),
    "neware": (
        "Total Time({})",
        "Voltage({})",
        "Current({})",
        "Cycle Index",
        "Step Index",
        "Chg. Cap.({})",
        "DChg. Cap.({})",
        "Capacity({})",
        "Step Type",
    ),
    "maccor": (
        "Test ({})",
        "Volts ({})",
        "Amps ({})",
        "Cyc#",
        "Step",
        "Charge Cap. [{}]",
        "Discharge Cap. [{}]",
        "Amp-hr ({})",
        "State",
    ),
    "biologic": (
        "time/{}",
        "Ecell/{}",
        "I/{}",
        "cycle number",
        "Ns",
        "Q charge/{}",
        "Q discharge/{}",
        "Capacity/{}",
        "Status",
    ),
    "bdf": (
        "test_time_{}",
        "voltage_{}",
        "current_{}",
        "cycle_count",
        "step_count",
        "charging_capacity_{}",
        "discharging_capacity_{}",
        "capacity_{}",
        "state",
    ),
    "german": (
        "Testzeit [{}]",
        "Spannung [{}]",
        "Strom [{}]",
        "Zyklus",
        "Schritt",
        "Ladekapazität [{}]",
        "Entladekapazität [{}]",
        "Kapazität [{}]",
        "Zustand",
    ),
    "plain": (
        "t ({})",
        "U ({})",
        "I ({})",
        "cycle",
        "step",
        "q_charge ({})",
        "q_discharge ({})",
        "Q ({})",
        "status",
    ),
}
UNITS = {"s": 1, "min": 60, "h": 3600, "V": 1, "mV": 1e-3, "A": 1, "mA": 1e-3, "Ah": 1, "mAh": 1e-3}
STATES = ("Rest", "CC_Chg", "CC_DChg")


@dataclass(frozen=True)
class Manner:
    """How a file is written."""

    spelling: str = "arbin"
    time: str = "s"
    voltage: str = "V"
    current: str = "A"
    capacity: str = "Ah"
    sign: str = "charge positive"
    counters: str = "cycle"
    delimiter: str = ","
    decimal: str = "."
    units_below: bool = False
    head: int = 0


def truth(cycles: int = 3) -> pl.DataFrame:
    """The test itself, with what flowed since each step began; it rests at the end."""
    series = cycling(cycles, points=12)
    last = series.tail(1)
    rest = pl.concat([last] * 4).with_columns(
        pl.col(T) + 60.0 * pl.int_range(1, 5),
        pl.col("Step count") + 1,
        pl.lit(0.0).alias(A),
        pl.lit(3.2).alias(V),
    )
    series = pl.concat([series, rest])
    hours = (pl.col(T).diff() / 3600).fill_null(0)
    flowed = (pl.col(A).abs() * hours).cum_sum()
    return series.with_columns(flowed.alias(Q)).with_columns(
        pl.col(Q) - pl.col(Q).first().over("Step count")
    )


def table(manner: Manner, series: pl.DataFrame) -> pl.DataFrame:
    """The columns of a file, in its own units."""
    names = SPELLINGS[manner.spelling]
    unit = {"time": manner.time, "voltage": manner.voltage, "current": manner.current}
    units = [unit["time"], unit["voltage"], unit["current"], *[manner.capacity] * 3]
    time, voltage, current, cycle, step, charge, discharge, both, state = names
    capacity = 1 / UNITS[manner.capacity]
    way = pl.col(A).sign()
    columns = [
        (pl.col(T) / UNITS[units[0]]).alias(time),
        (pl.col("Cycle count") + 1).alias(cycle),
        (pl.col("Step count") % 5 + 1).alias(step),
        (pl.col(V) / UNITS[units[1]]).alias(voltage),
        (_signed(manner.sign) / UNITS[units[2]] + 0.0).alias(current),
    ]
    if manner.sign == "unsigned":
        word = pl.when(way < 0).then(pl.lit(STATES[1])).when(way > 0).then(pl.lit(STATES[2]))
        columns.append(word.otherwise(pl.lit(STATES[0])).alias(state))
    if manner.counters == "both":
        columns.append((pl.col(Q) * capacity).alias(both))
    elif manner.counters == "net":
        net = (pl.col(A) * (pl.col(T).diff() / 3600).fill_null(0)).cum_sum()
        columns.append((2.0 - net).mul(capacity).alias(both))
    elif manner.counters != "none":
        for name, sign in ((charge, -1), (discharge, 1)):
            columns.append((_counted(manner.counters, sign) * capacity).alias(name))
    return series.select(columns)


def _signed(sign: str) -> pl.Expr:
    return {
        "charge positive": -pl.col(A),
        "discharge positive": pl.col(A),
        "unsigned": pl.col(A).abs(),
    }[sign]


def _counted(kind: str, sign: int) -> pl.Expr:
    hours = (pl.col(T).diff() / 3600).fill_null(0)
    flowed = (pl.col(A) * sign).clip(0) * hours
    over = {"step": "Step count", "cycle": "Cycle count"}.get(kind)
    return flowed.cum_sum().over(over) if over else flowed.cum_sum()


def headers(manner: Manner, columns: list[str]) -> tuple[list[str], list[str]]:
    """The header of a file, and the line of units below it if there is one."""
    names = SPELLINGS[manner.spelling]
    units = {
        names[0]: manner.time,
        names[1]: manner.voltage,
        names[2]: manner.current,
        **dict.fromkeys(names[5:8], manner.capacity),
    }
    if manner.units_below:
        bare = [name.partition("{}")[0].strip(" ([/_") for name in columns]
        return bare, [f"[{units[name]}]" if name in units else "" for name in columns]
    return [name.format(units.get(name, "")) for name in columns], []


def write(folder: Path, manner: Manner, series: pl.DataFrame, name: str = "test.csv") -> Path:
    """The file of a test."""
    found = table(manner, series)
    header, below = headers(manner, found.columns)
    rows = [
        [cell if isinstance(cell, str) else _number(cell, manner.decimal) for cell in row]
        for row in found.rows()
    ]
    head = [[f"made by {line}", *[""] * (line % 3)] for line in range(manner.head)]
    lines = [*head, header, *([below] if below else []), *rows]
    path = folder / name
    text = "\n".join(manner.delimiter.join(line) for line in lines) + "\n"
    path.write_text(text, encoding="utf-8")
    return path


def _number(value: float, decimal: str) -> str:
    return f"{value:.12g}".replace(".", decimal)
