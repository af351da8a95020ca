"""Is 3.799 less than four, or nearly four thousand? What a file does not tell is asked."""

from __future__ import annotations

import pytest

from cellframe.intake import series as intake

VOLTS = [3799 - 10 * row for row in range(8)]


def doubts(folder, rows, head="Zeit[s];I[A];U[mV]"):
    """What is doubted of the separators in a file."""
    path = folder / "c-001.csv"
    path.write_text("\n".join([head, *rows, ""]))
    return [one for one in intake.propose([path]).doubts if "nothing in the file tells" in one]


def rows(mark, time="{}", current="1"):
    """A discharge whose mV have thousands set off, or V written with a mark."""
    return [
        f"{time.format(60 * at)};{current};{volt // 1000}{mark}{volt % 1000:03}"
        for at, volt in enumerate(VOLTS)
    ]


@pytest.mark.parametrize("mark", [".", ","])
def test_a_column_that_can_be_read_either_way_is_doubted(tmp_path, mark):
    (doubt,) = doubts(tmp_path, rows(mark))
    assert doubt.startswith(f"'U[mV]' is '3{mark}799', which is less than a thousand or 3799")
    assert f"decimal = {mark!r}" in doubt


def test_a_value_below_a_thousand_does_not_settle_it(tmp_path):
    assert len(doubts(tmp_path, [*rows("."), "480;1;999", "540;1;", "600;1;n/a"])) == 1


def test_no_cell_has_thousands_of_volts(tmp_path):
    assert doubts(tmp_path, rows("."), "Zeit[s];I[A];U[V]") == []


@pytest.mark.parametrize(
    ("time", "current"), [("{}.5", "1"), ("{}", "0.125"), ("{}", "1.25"), ("{}", "1.2e-1")]
)
def test_one_decimal_settles_the_file(tmp_path, time, current):
    assert doubts(tmp_path, rows(".", time, current)) == []


def test_a_whole_number_of_four_digits_settles_its_column(tmp_path):
    assert doubts(tmp_path, [*rows("."), "480;1;3700"]) == []
    assert len(doubts(tmp_path, rows(".", "1{:04}"))) == 1


def test_dates_settle_nothing(tmp_path):
    dated = rows(".", "05.01.2026 10:00:{:02}")
    assert len(doubts(tmp_path, dated[:1], "Datum;I[A];U[mV]")) == 1
