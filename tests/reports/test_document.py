"""Numbers on the page are written so that an eye can compare them."""

from __future__ import annotations

import polars as pl
import pytest

from cellframe.reports.document import beside, table_of


def column(*values: float | None) -> list[str]:
    table = table_of(pl.DataFrame({"SOH": values}, schema={"SOH": pl.Float64}))
    return [line.cells[0].text for line in table.rows]


@pytest.mark.parametrize(
    ("values", "written"),
    [
        ((1.0046, 0.99428, 1.001), ["1.0046", "0.9943", "1.0010"]),
        ((49.0, None, 40.0), ["49", "–", "40"]),
        ((31.039, 30.97), ["31.039", "30.970"]),
        ((1.0345, 93.576), ["1.0345", "93.576"]),
        ((0.0, -0.5), ["0.0", "-0.5"]),
        ((4.5e-4, 1.4e-6), ["0.00045", "1.4e-06"]),
        ((1234567.0, 2345678.0), ["1,234,567", "2,345,678"]),
        ((float("nan"), 1.5), ["nan", "1.5"]),
    ],
)
def test_the_points_of_a_column_stand_under_each_other(values, written):
    assert column(*values) == written


@pytest.mark.parametrize(
    ("width", "values", "written"),
    [
        (0.008719, (1.062349, 0.008719), ["1.0623", "0.0087"]),
        (1.1352, (94.8112, 1.1352), ["94.8", "1.1"]),
        (0.017032, (0.98819, 0.017032), ["0.988", "0.017"]),
        (0.0, (1.5, 0.0), ["1.5", "0"]),
        (None, (1.5, None), ["1.5", "–"]),
    ],
)
def test_a_mean_has_the_decimals_that_its_spread_leaves_room_for(width, values, written):
    assert beside(width, *values) == written
