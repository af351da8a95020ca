"""Start and end of a test: doubts are warnings."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

START = datetime(2026, 1, 5, 8, tzinfo=UTC)


def seconds(whole):
    return whole["Time [s]"].max()


@pytest.mark.parametrize(("off", "fires"), [(1.04, False), (1.06, True), (0.94, True)])
def test_a_duration_may_differ_by_five_percent(whole, find, off, fires):
    end = START + timedelta(seconds=off * seconds(whole))
    found = find(whole, start_time=START, end_time=end.isoformat())
    assert set(found) == ({"duration_mismatch"} if fires else set())


def test_a_short_test_may_differ_by_a_minute(whole, find):
    short = whole.head(3)
    end = START + timedelta(seconds=seconds(short) + 59)
    assert find(short, start_time=START, end_time=end) == {}


def test_an_end_before_the_start_and_times_to_come_are_warnings(whole, find):
    future = datetime.now(UTC) + timedelta(days=2)
    found = find(whole, start_time=future, end_time=future - timedelta(hours=1))
    assert set(found) == {
        "start_time_in_future",
        "end_time_in_future",
        "end_time_before_start_time",
    }
    assert {finding.severity for finding in found.values()} == {"warning"}


def test_times_with_and_without_a_zone_are_not_compared(whole, find):
    assert find(whole, start_time="2026-01-05T08:00", end_time="2020-01-01T00:00Z") == {}


def test_a_running_test_and_a_text_that_is_no_time_are_left_alone(whole, find):
    assert find(whole, start_time=START) == {}
    assert find(whole, start_time="yesterday", end_time=START) == {}
