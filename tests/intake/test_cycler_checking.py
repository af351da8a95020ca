"""Is each file asked for what the mapping was confirmed for, or is it read as the first one was?"""

from __future__ import annotations

from dataclasses import replace

import polars as pl
import pytest
from polars.testing import assert_frame_equal

from cellframe.contract.series import CURRENT, DISCHARGE_CAPACITY
from cellframe.errors import IntakeError
from cellframe.intake import series as intake
from tests.intake.written import Manner, truth, write

BELOW = Manner(units_below=True)


@pytest.fixture
def first(tmp_path):
    """A file with its units in the line below its header, and the mapping confirmed for it."""
    path = write(tmp_path, BELOW, truth())
    return path, intake.propose([path]).map


def said_below(path, units):
    """The same file as another export, whose second line says other units."""
    header, _, *rows = path.read_text().splitlines()
    other = path.with_name("c-002.csv")
    other.write_text("\n".join([header, *([units] if units is not None else []), *rows, ""]))
    return other


def changed(tmp_path, change, manner=None):
    """A good file's mapping, and a file like it whose columns were changed."""
    path = write(tmp_path, manner or Manner(), truth())
    mapping = intake.propose([path]).map
    other = path.with_name("c-002.csv")
    change(pl.read_csv(path)).write_csv(other)
    return other, mapping


def refused(path, mapping):
    """Why a file is refused; its name is said."""
    with pytest.raises(IntakeError, match=path.name) as caught:
        intake.read(path, mapping)
    return caught.value.failures


def flat(frame):
    """With a voltage that tells nothing of the current's sign."""
    return frame.with_columns(pl.lit(3.3).alias("Voltage(V)"))


def test_another_unit_below_the_header_is_refused_with_both(first):
    path, mapping = first
    units = path.read_text().splitlines()[1]
    found = refused(said_below(path, units.replace("[A]", "[mA]")), mapping)
    assert found.select("row", "column", "value").rows() == [(2, "Current", "mA")]
    assert (
        "'Current' is in mA by line 2 of the file, and in A by the mapping" in found["message"][0]
    )


def test_the_same_unit_in_another_spelling_is_read(first):
    path, mapping = first
    units = path.read_text().splitlines()[1]
    other = said_below(path, units.replace("Ah", "A.h").replace("[V]", "Volts"))
    assert intake.read(other, mapping).equals(intake.read(path, mapping))


def test_units_below_are_part_of_the_layout_of_a_group(first):
    path, mapping = first
    other = write(path.parent, replace(BELOW, current="mA"), truth(), "c-002.csv")
    assert intake.alike([path, other]) == [(path,), (other,)]
    found = intake.read(other, intake.propose([other]).map)
    assert_frame_equal(found, intake.read(path, mapping))


@pytest.mark.parametrize("line", [None, ",,,,,,"])
def test_a_first_row_is_not_dropped_for_a_line_of_units(first, line):
    path, mapping = first
    found = refused(said_below(path, line), mapping)
    assert found["message"][0].startswith("Line 2 holds no units, and by the mapping it does.")


def test_a_current_a_thousand_times_the_counters_is_refused(tmp_path):
    other, mapping = changed(
        tmp_path, lambda frame: frame.with_columns(pl.col("Current(A)") * 1000)
    )
    (message,) = refused(other, mapping)["message"]
    assert "integral of the current is 1000 times larger than the counters" in message
    milli = {**mapping.columns, "Current(A)": "Current [mA]"}
    assert intake.read(other, replace(mapping, columns=milli))[CURRENT].abs().max() > 0


def test_wrong_counters_can_be_left_out(tmp_path):
    other, mapping = changed(
        tmp_path, lambda frame: frame.with_columns(pl.col("Current(A)") * 1000)
    )
    found = intake.read(other, replace(mapping, counters="none"))
    assert DISCHARGE_CAPACITY not in found.columns


def test_counters_that_rise_against_the_sign_are_refused(tmp_path):
    other, mapping = changed(
        tmp_path, lambda frame: flat(frame).with_columns(-pl.col("Current(A)"))
    )
    (message,) = refused(other, mapping)["message"]
    assert message.startswith(
        "The mapping says current = 'charge positive', but in this file the charge counter rises "
        "while the current is negative. Write current = 'discharge positive' for it"
    )
    intake.read(other, replace(mapping, current="discharge positive"))
    intake.read(other, replace(mapping, counters="none"))


def test_counters_that_rise_with_either_sign_are_refused(tmp_path):
    half = pl.when(pl.col("Cycle_Index") == 1).then(-1).otherwise(1)
    other, mapping = changed(
        tmp_path, lambda frame: flat(frame).with_columns(pl.col("Current(A)") * half)
    )
    (message,) = refused(other, mapping)["message"]
    assert "the charge counter rises with positive and with negative current" in message


def test_a_current_that_lost_its_sign_is_refused(tmp_path):
    other, mapping = changed(
        tmp_path, lambda frame: flat(frame).with_columns(pl.col("Current(A)").abs())
    )
    (message,) = refused(other, mapping)["message"]
    assert "the current is never negative, although both counters rise" in message
    assert "Write current = 'unsigned' for it" in message


def test_a_counter_that_trembles_is_no_direction(tmp_path):
    charge = truth().filter(pl.col("Cycle count") == 0).filter(pl.col(CURRENT) <= 0)
    other, mapping = changed(tmp_path, flat)
    path = write(tmp_path, Manner(), charge)
    tremble = (pl.int_range(pl.len()) > pl.len() - 2) * 1e-9
    pl.read_csv(path).with_columns(pl.col("Discharge_Capacity(Ah)") + tremble).write_csv(other)
    assert intake.read(other, mapping)[CURRENT].max() < 0


def test_states_that_contradict_the_sign_are_refused(tmp_path):
    path = write(tmp_path, Manner(sign="unsigned", counters="none"), truth())
    mapping = replace(intake.propose([path]).map, current="charge positive")
    swapped = replace(mapping, charging=mapping.discharging, discharging=mapping.charging)
    way = pl.when(pl.col("State") == "CC_DChg").then(-1).otherwise(1)
    other = path.with_name("c-002.csv")
    flat(pl.read_csv(path)).with_columns(pl.col("Current(A)") * way).write_csv(other)
    intake.read(other, mapping)
    (message,) = refused(other, swapped)["message"]
    assert "but in this file the state is" in message
    assert "or correct charging and discharging" in message


def test_one_test_of_many_is_refused_and_the_others_are_read(tmp_path):
    other, mapping = changed(tmp_path, flat)
    good = pl.read_csv(other).with_columns(pl.lit("a").alias("Cell"))
    bad = good.with_columns(pl.lit("b").alias("Cell"), -pl.col("Current(A)"))
    pl.concat([good, bad]).write_csv(other)
    found = dict(intake.parts(other, mapping, ["Cell"]))
    assert found["a",].height == truth().height
    assert "current = 'discharge positive'" in str(found["b",])


def test_a_sign_where_none_is_expected_does_no_harm(tmp_path):
    other, mapping = changed(tmp_path, flat)
    unsigned = replace(mapping, current="unsigned")
    assert_frame_equal(intake.read(other, unsigned), intake.read(other, mapping))


def small(tmp_path, below):
    """A discharge with a clock, and a unit of the current in the header."""
    path = tmp_path / "c-001.csv"
    rows = [f"00:0{row}:00;{3 - row / 10};1.5" for row in range(6)]
    path.write_text("\n".join(["Time;U;I (A)", below, *rows, ""]))
    return path, replace(intake.propose([path]).map, current="discharge positive")


def test_a_clock_has_no_unit_to_compare(tmp_path):
    path, mapping = small(tmp_path, "h;V;A")
    assert mapping.columns["Time"] == "Time [h:min:s]"
    assert intake.read(path, mapping)["Time [s]"].max() == 300


def test_a_line_of_units_that_is_silent_leaves_it_to_the_mapping(tmp_path):
    path, mapping = small(tmp_path, "h;V;")
    columns = {**mapping.columns, "I (A)": "Current [mA]"}
    assert intake.read(path, replace(mapping, columns=columns))[CURRENT][0] == 0.0015
