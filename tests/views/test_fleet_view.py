"""A fleet in one line."""

from __future__ import annotations

import pytest

from cellframe.views.fleet import FleetParts, size, summary

WHOLE = FleetParts(84, 168, 41_000_000, 1_230_000_000, 0, 0, 0)


def test_a_fleet_says_how_much_it_is_and_what_is_not_here():
    assert summary(WHOLE) == "84 cells, 168 tests, 41 M rows, 1.2 GB not yet downloaded"


@pytest.mark.parametrize(
    ("parts", "said"),
    [
        (FleetParts(1, 1, 1, 0, 1, 1, 0), "1 cell, 1 test, 1 step, 1 cycle, 1 row"),
        (FleetParts(2, 0, 0, 0, 0, 0, 0), "2 cells, 0 tests"),
        (
            FleetParts(2, 2, None, None, 0, 0, 2),
            "2 cells, 2 tests, series not yet downloaded, 2 parts could not be read: see .failures",
        ),
        (
            FleetParts(2, 2, 1_234, 0, 1_000, 3, 0),
            "2 cells, 2 tests, 1,000 steps, 3 cycles, 1,234 rows",
        ),
    ],
)
def test_counts_are_said_as_people_say_them(parts, said):
    assert summary(parts) == said


@pytest.mark.parametrize(
    ("count", "said"), [(12, "12 B"), (1_500, "1.5 kB"), (20_000_000, "20 MB"), (2e9, "2 GB")]
)
def test_bytes_are_said_in_two_digits(count, said):
    assert size(int(count)) == said
