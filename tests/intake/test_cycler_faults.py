"""What is a person told of a file that cannot become a series, or of a mapping that cannot be?"""

from __future__ import annotations

from dataclasses import replace
from itertools import combinations
from typing import get_args

import polars as pl
import pytest

from cellframe.errors import IntakeError
from cellframe.intake import series as intake
from cellframe.intake.cycler.mapping import Repair
from tests.intake.written import Manner, truth, write
from tests.journeys.conftest import need

HEAD = "Time/s;U [V];I [A];Step;Cycle"
ROWS = [f"{10 * at};{3 + at / 100};{-1.0};1;1" for at in range(6)]


def made(folder, rows=ROWS, head=HEAD):
    """A small file of a charge."""
    path = folder / "x.csv"
    path.write_text("\n".join([head, *rows, ""]))
    return path


@pytest.fixture
def mapping(tmp_path):
    """The mapping of that file."""
    return intake.propose([made(tmp_path)]).map


def failures(path, mapping):
    """What is told: the messages, and lines and columns."""
    with pytest.raises(IntakeError) as caught:
        intake.read(path, mapping)
    found = caught.value.failures
    return found["message"].to_list(), found.select("row", "column").rows()


@pytest.mark.parametrize(
    ("fault", "said", "where"),
    [
        ("missing_column", "There is no column 'voltage'", (None, "voltage")),
        (
            "nan_inf",
            "'voltage' (Voltage [V]) is not a finite number in lines 28, 32",
            (28, "voltage"),
        ),
        ("truncated", "Line 80 has 5 cells where the header has 10", (80, None)),
    ],
)
def test_each_broken_file_is_told_by_its_defect(fault, said, where):
    good = intake.propose([need("cellpy-bad", "custom_good_small.csv")]).map
    messages, places = failures(need("cellpy-bad", f"custom_{fault}.csv"), good)
    assert said in messages[0]
    assert places[0] == where


def test_a_file_that_ends_within_a_line_was_cut_off():
    good = intake.propose([need("cellpy-bad", "custom_good_small.csv")]).map
    messages, _ = failures(need("cellpy-bad", "custom_truncated.csv"), good)
    assert "was cut off while it was written" in messages[1]


def test_a_cycle_that_is_missing_is_told_on_upload():
    path = need("cellpy-bad", "custom_missing_cycle.csv")
    series = intake.read(path, intake.propose([path]).map)
    assert series["Cycle from cycler"].unique().to_list() == [1, 3]


def test_a_file_without_a_direction_is_doubted():
    proposal = intake.propose([need("cellpy-bad", "custom_good_small.csv")])
    units, sign = proposal.doubts
    assert "taken as 'test_time' in s, 'current' in A, 'voltage' in V" in units
    assert "Nothing tells which way the current flows: no counter rises" in sign


def test_words_among_numbers_are_named_by_line(tmp_path, mapping):
    rows = [*ROWS[:2], "20;n.A.;-1;1;1", "30;ERR;-1;1;x", *ROWS[4:]]
    messages, places = failures(made(tmp_path, rows), mapping)
    assert messages[0].startswith("'U [V]' is 'n.A.' in lines 4, 5, which is no number.")
    assert places == [(4, "U [V]"), (5, "Cycle")]


@pytest.mark.parametrize("word", ["", "NaN", "-", " n/a "])
def test_words_for_nothing_are_gaps(tmp_path, mapping, word):
    path = made(
        tmp_path, [row + ";25" for row in ROWS[:5]] + [f"50;3.05;-1;1;1;{word}"], HEAD + ";T1 (C)"
    )
    columns = {**mapping.columns, "T1 (C)": "Temperature [degC]"}
    series = intake.read(path, replace(mapping, columns=columns))
    assert series["Temperature [degC]"].to_list() == [25, 25, 25, 25, 25, None]


def test_decimal_commas_nobody_told_of_are_named(tmp_path, mapping):
    messages, _ = failures(made(tmp_path, [row.replace(".", ",") for row in ROWS]), mapping)
    assert "If the file has decimal commas, write decimal = ','." in messages[0]


def test_points_are_no_decimals_where_commas_are(tmp_path, mapping):
    messages, _ = failures(made(tmp_path), replace(mapping, decimal=","))
    assert "If points are, write decimal = '.'." in messages[0]


def test_a_renamed_column_is_suggested(tmp_path, mapping):
    path = made(tmp_path, head=HEAD.replace("U [V]", "Voltage (V)"))
    messages, _ = failures(path, mapping)
    (message,) = messages
    assert message.startswith("There is no column 'U [V]', which the mapping takes for")
    assert message.endswith("Did you mean 'Voltage (V)'?")


@pytest.mark.parametrize(("sign", "counters"), [("unsigned", "both"), ("charge positive", "cycle")])
def test_every_column_that_is_missing_is_named(tmp_path, sign, counters):
    path = write(tmp_path, Manner(sign=sign, counters=counters), truth())
    mapping = replace(intake.propose([path]).map, repairs=get_args(Repair))
    whole = pl.read_csv(path)
    for gone in combinations(mapping.columns, 2):
        whole.drop(gone).write_csv(path)
        _, places = failures(path, mapping)
        assert sorted(places) == sorted((None, header) for header in gone)


def test_a_file_without_rows_is_refused(tmp_path, mapping):
    columns = {name: mapping.columns[name] for name in ("Time/s", "U [V]", "I [A]")}
    path = made(tmp_path, [])
    for known in (mapping, replace(mapping, columns=columns)):
        messages, _ = failures(path, known)
        assert messages == ["The series has no rows."]


def test_a_column_that_is_called_like_a_result_is_refused(tmp_path, mapping):
    path = made(tmp_path, [f"{row};7" for row in ROWS], HEAD + ";Voltage [V]")
    messages, places = failures(path, mapping)
    assert "another one becomes 'Voltage [V]'" in messages[0]
    assert places == [(None, "Voltage [V]")]


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"current": "charg positive"}, "Did you mean 'charge positive'?"),
        ({"counters": "steps"}, "Did you mean 'step'?"),
        ({"decimal": ";"}, "It is one of '.', ','."),
        ({"decimal": ",", "delimiter": ","}, "give two different characters"),
        ({"delimiter": "::"}, "give two different characters"),
        ({"repairs": ("drop rows where times restart",)}, "Did you mean 'drop rows where time"),
        ({"current": "unsigned"}, "needs a column that is 'State'"),
        ({"columns": {"U [V]": "Voltage [V]", "I [A]": "Current [A]"}}, "No column is 'Time [s]'"),
        ({"columns": {"U [V]": "Voltage [A]"}}, "'A' is current, 'V' is voltage"),
        ({"columns": {"U [V]": "Voltage"}}, "Write the one of the file, such as 'Voltage [V]'"),
        ({"columns": {"a": "Time [s]", "b": "Time [min]"}}, "'a' and 'b' are both 'Time [s]'"),
    ],
)
def test_a_mapping_that_cannot_be_is_refused(tmp_path, mapping, change, said):
    messages, _ = failures(made(tmp_path), replace(mapping, **change))
    assert said in "\n".join(messages)


def test_a_state_nobody_mapped_is_named_where_a_current_flows(tmp_path):
    path = write(tmp_path, Manner(sign="unsigned", counters="none"), truth())
    proposal = intake.propose([path])
    messages, places = failures(path, replace(proposal.map, charging=()))
    assert "where the state is 'CC_Chg'. Add the word to charging or to discharging" in messages[0]
    assert places[0] == (2, "State")


def test_the_wrong_sign_is_refused_with_the_right_one(tmp_path, mapping):
    path = write(tmp_path, Manner(counters="none"), truth())
    right = intake.propose([path]).map
    messages, _ = failures(path, replace(right, current="discharge positive"))
    assert messages[0].endswith("Write current = 'charge positive' in the mapping.")


def test_lines_are_counted_from_the_top_of_the_file(tmp_path):
    manner = Manner(head=7, units_below=True, delimiter=";")
    path = write(tmp_path, manner, truth())
    mapping = intake.propose([path]).map
    lines = path.read_text().splitlines()
    lines[19] = lines[19].replace(";", ";x", 1)
    path.write_text("\n".join([*lines, ""]))
    _, places = failures(path, mapping)
    assert places == [(20, "Cycle_Index")]


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("x.parquet", b"PAR1 and no more", "cannot be read as parquet. Is it whole?"),
        ("x.csv", b"", "no column of time or voltage or current"),
        ("x.csv", b"Time/s,Ecell/V,I/mA\n", "but no row has all three"),
        ("x.csv", b"Time/s,Ecell/V,I/mA\n1,,2\n", "but no row has all three"),
        ("x.csv", bytes(range(256)), "cannot be read as text"),
    ],
)
def test_what_a_file_lacks_is_told_in_a_sentence(tmp_path, name, content, said):
    (tmp_path / name).write_bytes(content)
    assert said in intake.lacks(tmp_path / name)


def test_a_shell_is_not_told_of_an_option_of_python(tmp_path):
    path = write(tmp_path, Manner(counters="none"), truth())
    mapping = intake.propose([path]).map
    half = pl.when(pl.col("Step_Index") > 2).then(-1).otherwise(1)
    pl.read_csv(path).with_columns(pl.col("Current(A)") * half).write_csv(path)
    messages, _ = failures(path, mapping)
    assert "is not the same everywhere" in messages[0]
    assert "skip_checks" not in messages[0]
