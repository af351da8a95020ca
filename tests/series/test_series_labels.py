"""Labels that are nearly right are told, never renamed."""

from __future__ import annotations

import pandas as pd
import polars as pl
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


@pytest.mark.parametrize("kind", [dict, pd.DataFrame, pl.DataFrame])
@pytest.mark.parametrize("label", ["a\0b", "a\nb", "a\x7f", "\x85"])
def test_a_label_with_a_control_character_is_refused(find, kind, label):
    found = find(kind({"Time [s]": [0.0], label: [1.0]}))
    assert repr(label) in found["label_unfit"].message


def test_a_label_with_half_of_a_character_is_refused(find):
    labels = ["Time [s]", "a\ud800"]
    framed = pd.DataFrame([[0.0, 1.0]], columns=pd.Index(labels, dtype=object))
    for given in ({label: [1.0] for label in labels}, framed):
        assert r"'a\ud800'" in find(given)["label_unfit"].message


def test_a_series_without_current_is_accepted_with_a_warning(whole, find):
    found = find(whole.drop("Current [A]"))
    assert {code: one.severity for code, one in found.items()} == {
        "current_column_missing": "warning"
    }
    assert set(find(whole.rename({"Current [A]": "Current / A"}))) == {"label_misspelled"}


def test_a_misnamed_voltage_is_not_told_as_missing_too(whole, find):
    assert set(find(whole.rename({"Voltage [V]": "Voltage / V"}))) == {"label_misspelled"}


def test_a_series_without_voltage_or_time_is_refused(whole, find):
    found = find(whole.select("Step count"))
    assert set(found) == {"voltage_column_missing", "time_column_missing"}
