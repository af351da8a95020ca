"""Units that stand in headers, in every way in which labs write them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cellframe.contract.quantities import is_unit
from cellframe.intake.headers import heading

CERTAIN = {
    "Loading (mg/cm2)": ("Loading", "mg/cm**2"),
    "Loading mg/cm²": ("Loading", "mg/cm**2"),
    "Loading [mg/cm²]": ("Loading", "mg/cm**2"),
    "Loading (mg·cm⁻²)": ("Loading", "mg/cm**2"),
    "Loading (mg*cm^-2)": ("Loading", "mg/cm**2"),
    "loading_mg_per_cm2": ("loading", "mg/cm**2"),
    "mAh cm-2": ("", "mA.h/cm**2"),
    "mass_g": ("mass", "g"),
    "Mass, g": ("Mass", "g"),
    "Masse in g": ("Masse", "g"),
    "Dicke in µm": ("Dicke", "um"),
    "Capacity/mAh": ("Capacity", "mA.h"),
    "Capacity/mAh/g": ("Capacity", "mA.h/g"),
    "Q charge/discharge/mA.h": ("Q charge/discharge", "mA.h"),
    "c (A h)": ("c", "A.h"),
    "I/mA": ("I", "mA"),
    "Ecell/V": ("Ecell", "V"),
    "Test_Time(s)": ("Test_Time", "s"),
    "Ah": ("", "A.h"),
    "Amps": ("", "A"),
    "voltage_volt": ("voltage", "V"),
    "charging_capacity_ah": ("charging_capacity", "A.h"),
    "Test (Sec)": ("Test", "s"),
    "Temp. (°C)": ("Temp.", "degC"),
    "Temp (C)": ("Temp", "degC"),
    "Charge (C)": ("Charge", "C"),
    "ACR (mΩ)": ("ACR", "mohm"),
    "R (Ω·cm²)": ("R", "ohm.cm**2"),
    "Porosity %": ("Porosity", "%"),
    "porosity_pct": ("porosity", "%"),
    "LiPF6 (M)": ("LiPF6", "mol/L"),
    "E/S (µl/mg)": ("E/S", "uL/mg"),
    "rate [mAh/cm²/day]": ("rate", "mA.h/cm**2/day"),
    "Cell Mass (g) wet": ("Cell Mass wet", "g"),
    "Capacity (mAh) @C/10": ("Capacity @C/10", "mA.h"),
}
NONE = (
    "Batch (old)",
    "N/P",
    "N/P ratio",
    "C",
    "C-rate",
    "Life (cycles)",
    "Index in split",
    "Time(h:min:s.ms)",
    "min",
    "day",
    "ID",
    "Name [kurz]",
    "x ()",
    "q (g/)",
    "Loading (mg/cm2/side)",
    "dQ/dV",
    "",
)
MAYBE = ("count_g", "Batch A", "Rate (C)", "Q/V", "m/g", "V")


@pytest.mark.parametrize("header", CERTAIN)
def test_a_unit_is_found_however_it_is_written(header):
    found = heading(header)
    assert (found.name, found.unit) == CERTAIN[header]
    assert found.is_certain


@pytest.mark.parametrize("header", NONE)
def test_words_that_a_library_would_take_for_units_are_none(header):
    assert (heading(header).name, heading(header).unit) == (header, None)


@pytest.mark.parametrize("header", MAYBE)
def test_a_letter_that_may_be_a_word_is_not_certain(header):
    assert heading(header).unit is not None
    assert not heading(header).is_certain


@given(st.text(max_size=30))
def test_any_header_is_read_and_every_unit_is_known(text):
    found = heading(text)
    assert found.unit is None or is_unit(found.unit)


@given(st.sampled_from(sorted({unit for _, unit in CERTAIN.values()})))
def test_a_header_of_ours_keeps_its_unit(unit):
    assert heading(f"cell.x [{unit}]").unit == unit
