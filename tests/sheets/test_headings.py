"""Headings in plain words lead back to the labels that they stand for."""

from __future__ import annotations

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from cellframe.sheets.headings import heading_of, label_of, labels_of

SEEN = {
    "cathode.loading [mg/cm**2]": "Cathode loading [mg/cm²]",
    "cell.mass [g]": "Cell mass [g]",
    "cathode.thickness [um]": "Cathode thickness [µm]",
    "ratings.capacity [A.h]": "Ratings capacity [A·h]",
    "protocol.ambient_temperature [degC]": "Protocol ambient temperature [°C]",
    "start_time [UTC]": "Start time [UTC]",
    "date_manufactured": "Date manufactured",
    "instance_id": "Instance id",
    "cell": "Cell",
}
NAMES = st.from_regex(r"[A-Za-z_# .\\\[]{0,12}", fullmatch=True)
UNITS = st.sampled_from(
    ["", "g", "A.h", "A·h", "Ah", "mg/cm**2", "um", "µm", "1", "UTC", "x**4", "²"]
)


@pytest.mark.parametrize("label", SEEN)
def test_a_heading_is_in_plain_words(label):
    assert heading_of(label) == SEEN[label]
    assert label_of(SEEN[label]) == label


@given(st.sampled_from(["", "cell.", "ratings.", "case."]), NAMES | st.text(max_size=12), UNITS)
def test_a_heading_leads_back_to_its_label(part, name, unit):
    label = f"{part}{name} [{unit}]" if unit else f"{part}{name}"
    assume(not label[:1].isupper())  # No label of ours begins so.
    assert label_of(heading_of(label)) == label


@pytest.mark.parametrize("label", SEEN)
def test_a_label_of_ours_is_its_own(label):
    assert label_of(label) == label


def test_reserved_columns_are_known_in_any_case():
    assert labels_of(["_Action", " _CHOICE", "_action", "_Checked by"]) == {
        "_Action": "_action",
        " _CHOICE": "_choice",
    }


@pytest.mark.parametrize("heading", ["Masse (g)", "Cell no.", "_checked by", "c", "=1+1", ""])
def test_what_is_no_heading_of_ours_stays_as_it_is(heading):
    assert label_of(heading) == heading


@pytest.mark.parametrize("blank", ["\n", "\r\n", "\u00a0", "  "])
def test_a_heading_that_was_wrapped_in_a_spreadsheet_is_still_one(blank):
    assert label_of("Cathode loading [mg/cm²]".replace(" ", blank)) == "cathode.loading [mg/cm**2]"
