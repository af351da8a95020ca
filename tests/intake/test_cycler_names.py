"""How cyclers spell their columns: is each understood, and nothing else?"""

from __future__ import annotations

import pytest

from cellframe.contract import series as labels
from cellframe.intake.cycler.mapping import STATE, STEP_CAPACITY, STEP_ENERGY
from cellframe.intake.cycler.names import direction_of, recognise

CYCLE, STEP = labels.CYCLE_FROM_CYCLER, labels.STEP_FROM_CYCLER

KNOWN = [  # header, label, unit
    ("Test_Time(s)", labels.TIME, "s"),
    ("Test (Sec)", labels.TIME, "s"),
    ("Test (Min)", labels.TIME, "min"),
    ("time/s", labels.TIME, "s"),
    ("test_time_second", labels.TIME, "s"),
    ("Time(h:min:s.ms)", labels.TIME, None),
    ("Total Time", labels.TIME, None),
    ("seconds", labels.TIME, "s"),
    ("t", labels.TIME, None),
    ("Testzeit [h]", labels.TIME, "h"),
    ("Time [ms]", labels.TIME, "ms"),
    ("Voltage(V)", labels.VOLTAGE, "V"),
    ("Volts", labels.VOLTAGE, "V"),
    ("Ecell/V", labels.VOLTAGE, "V"),
    ("Ewe/mV", labels.VOLTAGE, "mV"),
    ("voltage_volt", labels.VOLTAGE, "V"),
    ("U [V]", labels.VOLTAGE, "V"),
    ("Spannung (V)", labels.VOLTAGE, "V"),
    ("Current(mA)", labels.CURRENT, "mA"),
    ("Amps", labels.CURRENT, "A"),
    ("I/mA", labels.CURRENT, "mA"),
    ("<I>/mA", labels.CURRENT, "mA"),
    ("current_ampere", labels.CURRENT, "A"),
    ("I", labels.CURRENT, None),
    ("Strom [A]", labels.CURRENT, "A"),
    ("Cycle_Index", CYCLE, None),
    ("Cyc#", CYCLE, None),
    ("cycle number", CYCLE, None),
    ("Zyklus", CYCLE, None),
    ("Step_Index", STEP, None),
    ("Ns", STEP, None),
    ("Step Number", STEP, None),
    ("Schritt", STEP, None),
    ("Discharge_Capacity(Ah)", labels.DISCHARGE_CAPACITY, "A.h"),
    ("DChg. Cap.(Ah)", labels.DISCHARGE_CAPACITY, "A.h"),
    ("Q discharge/mA.h", labels.DISCHARGE_CAPACITY, "mA.h"),
    ("discharging_capacity_ah", labels.DISCHARGE_CAPACITY, "A.h"),
    ("Entladekapazität [Ah]", labels.DISCHARGE_CAPACITY, "A.h"),
    ("Chg. Energy(Wh)", labels.CHARGE_ENERGY, "W.h"),
    ("charge_energy", labels.CHARGE_ENERGY, None),
    ("Q charge/discharge/mA.h", STEP_CAPACITY, "mA.h"),
    ("Amp-hr", STEP_CAPACITY, "A.h"),
    ("AhAccu", STEP_CAPACITY, "A.h"),
    ("Watt-hr", STEP_ENERGY, "W.h"),
    ("Aux_Temperature_1(C)", labels.TEMPERATURE, "degC"),
    ("temperature_t1_celsius", labels.TEMPERATURE, "degC"),
    ("Temperature [K]", labels.TEMPERATURE, "K"),
    ("Power(W)", labels.POWER, "W"),
    ("Re(Z)/Ohm", labels.Z_REAL, "ohm"),
    ("State", STATE, None),
]

UNKNOWN = [
    "Capacity(mAh/g)",
    "Spec. Cap.(mAh/g)",
    "dQ/dV(mAh/V)",
    "-Im(Z)/Ohm",
    "Contact resistance(mO)",
    "DataPoint",
    "Current (V)",
    "Cycle Index (s)",
    "Internal Resistance(Ohm)",
    "dV/dt(V/s)",
    "43374.42",
    "",
]


@pytest.mark.parametrize(("header", "label", "unit"), KNOWN)
def test_a_spelling_is_understood(header, label, unit):
    found = recognise(header)
    assert (found.label, found.unit) == (label, unit)


@pytest.mark.parametrize("header", UNKNOWN)
def test_what_means_something_else_is_not(header):
    assert recognise(header) is None


@pytest.mark.parametrize(("below", "unit"), [("mA", "mA"), ("[A]", "A"), ("", None), ("x", None)])
def test_a_line_of_units_tells_the_unit(below, unit):
    assert recognise("Current", below).unit == unit


@pytest.mark.parametrize(
    ("words", "way"),
    [
        (
            ("C", "CC Chg", "CCCV_Chg", "Charge", "CHA", "Laden", "CC_Chg", "Constant charge"),
            "charge",
        ),
        (("D", "CC DChg", "DCH", "Discharge", "Entladen", "CC_DChg", "CP Dischg"), "discharge"),
        (("R", "P", "Rest", "Pause", "OCV", "O", "Idle"), "rest"),
        (("1", "", "EIS", "Finish"), None),
    ],
)
def test_words_of_a_state_have_a_direction(words, way):
    assert {direction_of(word) for word in words} == {way}
