"""The columns of time series, steps and cycles, as both ends of the wire spell them.

Current is positive on discharge. Counters (capacity and energy) restart at 0 in each step.
"""

from __future__ import annotations

from typing import Literal, TypeAlias

Held: TypeAlias = Literal["float", "int", "text"]
"""What a column holds."""

TIME = "Time [s]"
VOLTAGE = "Voltage [V]"
CURRENT = "Current [A]"
STEP = "Step count"
CYCLE = "Cycle count"
STEP_FROM_CYCLER = "Step from cycler"
CYCLE_FROM_CYCLER = "Cycle from cycler"
TEMPERATURE = "Temperature [degC]"
POWER = "Power [W]"
DISCHARGE_CAPACITY = "Discharge capacity [A.h]"
CHARGE_CAPACITY = "Charge capacity [A.h]"
DISCHARGE_ENERGY = "Discharge energy [W.h]"
CHARGE_ENERGY = "Charge energy [W.h]"
FREQUENCY = "Frequency [Hz]"
Z_REAL = "Z_Re [Ohm]"
Z_IMAGINARY = "Z_Im [Ohm]"
CAPACITY = "Capacity [A.h]"
STOICHIOMETRY = "Stoichiometry"
SOC = "SOC"

COUNTERS = (DISCHARGE_CAPACITY, CHARGE_CAPACITY, DISCHARGE_ENERGY, CHARGE_ENERGY)
X_AXES = (TIME, CAPACITY, STOICHIOMETRY, SOC)
"""One of them is needed, to have steps of anything."""
OCP_AXES = (CAPACITY, STOICHIOMETRY, SOC)
EIS = (FREQUENCY, Z_REAL, Z_IMAGINARY)

SERIES: dict[str, Held] = {
    TIME: "float",
    VOLTAGE: "float",
    CURRENT: "float",
    STEP: "int",
    CYCLE: "int",
    STEP_FROM_CYCLER: "int",
    CYCLE_FROM_CYCLER: "int",
    TEMPERATURE: "float",
    POWER: "float",
    **dict.fromkeys(COUNTERS, "float"),
    **dict.fromkeys(EIS, "float"),
    **dict.fromkeys(OCP_AXES, "float"),
}
"""Columns of a time series that mean something here; any other is kept as it is."""

STEP_TYPE = "Step type"
CAPACITY_SOURCE = "Capacity source"
ENERGY_SOURCE = "Energy source"
COUNTED, INTEGRATED, SPLIT = "counter", "integral", "capacity column"
"""Where a step's capacity or energy comes from: the cycler's counter, our own integral of the
current or the power, or the difference of ``Capacity [A.h]``."""
MIXED = "mixed"
"""The steps of one cycle, or the two directions of one step, have more than one source."""

REST, EIS_STEP, UNKNOWN_STEP = "Rest", "EIS", "Unknown step type"
DIRECTIONS = ("discharge", "charge")
HELD_CONSTANT = ("Constant current", "Constant voltage", "Constant power")

_SPREAD = ("voltage [V]", "current [A]", "power [W]", "frequency [Hz]")

STEPS: dict[str, Held] = {
    STEP: "int",
    CYCLE: "int",
    STEP_FROM_CYCLER: "int",
    CYCLE_FROM_CYCLER: "int",
    STEP_TYPE: "text",
    "Start index": "int",
    "End index": "int",
    "Start time [s]": "float",
    "End time [s]": "float",
    "Duration [s]": "float",
    "Start voltage [V]": "float",
    "End voltage [V]": "float",
    **dict.fromkeys(COUNTERS, "float"),
    CAPACITY_SOURCE: "text",
    ENERGY_SOURCE: "text",
    **{f"{word} {of}": "float" for of in _SPREAD for word in ("Min", "Max", "Mean", "Std")},
    "Cycle discharge capacity [A.h]": "float",
    "Cycle charge capacity [A.h]": "float",
    "Cycle discharge energy [W.h]": "float",
    "Cycle charge energy [W.h]": "float",
}
"""Columns of the steps of a test, one row per step: indices count rows of the series from 0."""

CYCLES: dict[str, Held] = {
    CYCLE: "int",
    **dict.fromkeys(COUNTERS, "float"),
    CAPACITY_SOURCE: "text",
    ENERGY_SOURCE: "text",
    "Coulombic efficiency": "float",
    "Energy efficiency": "float",
    "Capacity retention": "float",
    "Capacity fade": "float",
    "Energy retention": "float",
    "Energy fade": "float",
    "Min voltage [V]": "float",
    "Max voltage [V]": "float",
    "Mean discharge current [A]": "float",
    "Mean charge current [A]": "float",
    "Start time [s]": "float",
    "Cycle duration [s]": "float",
    "Discharge duration [s]": "float",
    "Charge duration [s]": "float",
    "Mean temperature [degC]": "float",
    "Capacity throughput [A.h]": "float",
    "Energy throughput [W.h]": "float",
}
"""Columns of the cycles of a test, one row per cycle. Efficiencies are ratios of discharge to
charge of one cycle; retention is relative to the first cycle's discharge."""
