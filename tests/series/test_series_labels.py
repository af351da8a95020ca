"""Labels that are nearly right are told, never renamed."""

from __future__ import annotations

import pytest

from cellframe.series.labels import misnamed


@pytest.mark.parametrize(
    ("label", "meant"),
    [
        ("Voltage / V", "Voltage [V]"),
        ("voltage", "Voltage [V]"),
        ("Votage [V]", "Voltage [V]"),
        ("Current (A)", "Current [A]"),
        ("Current_A", "Current [A]"),
        ("Time_s", "Time [s]"),
        ("step_count", "Step count"),
        ("Discharge capacity [Ah]", "Discharge capacity [A.h]"),
        ("Temperature (°C)", "Temperature [degC]"),
        ("Cycle Count", "Cycle count"),
    ],
)
def test_a_near_label_is_told_with_the_one_that_is_meant(label, meant):
    (found,) = misnamed([label], None)
    assert (found.code, found.column) == ("label_misspelled", label)
    assert f"did you mean {meant!r}" in found.message


@pytest.mark.parametrize(
    ("label", "how"),
    [
        ("Current [mA]", "Multiply by 0.001"),
        ("Voltage_mV", "Multiply by 0.001"),
        ("Votage [mV]", "Multiply by 0.001"),
        ("Time [h]", "Multiply by 3600"),
        ("Time (min)", "Multiply by 60"),
        ("Temperature [K]", "Multiply by 1 and add -273.15"),
        ("Charge capacity [mAh]", "Multiply by 0.001"),
        ("Current [C-rate]", "Convert the values"),
    ],
)
def test_another_unit_is_told_with_how_to_convert_it(label, how):
    (found,) = misnamed([label], None)
    assert found.code == "unit_differs"
    assert how in found.message


@pytest.mark.parametrize(
    "label", ["Step time [s]", "SOC [%]", "Capacity [mAh]", "Pressure [bar]", "Voltage 2 [V]", "ir"]
)
def test_a_column_of_ones_own_is_left_alone(label):
    assert misnamed([label], None) == []


def test_a_near_label_beside_the_right_one_is_a_column_of_ones_own():
    assert misnamed(["Voltage [V]", "Voltage [mV]", "voltage"], None) == []


def test_the_axes_of_open_circuit_data_are_read_there_alone():
    (found,) = misnamed(["SOC [%]"], "ocp")
    assert "Multiply by 0.01" in found.message
    (found,) = misnamed(["Z_re"], "eis")
    assert "did you mean 'Z_Re [Ohm]'" in found.message


def test_a_misnamed_voltage_is_not_told_as_missing_too(whole, find):
    assert set(find(whole.rename({"Voltage [V]": "Voltage / V"}))) == {"label_misspelled"}


def test_a_series_without_voltage_or_time_is_refused(whole, find):
    found = find(whole.select("Step count"))
    assert set(found) == {"voltage_column_missing", "time_column_missing"}
