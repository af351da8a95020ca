"""What is new since the last good run, and is another one under way?"""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from contextlib import suppress

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cellframe.errors import ConfigError, CorruptStoreError, RunLockedError
from cellframe.reports.gathering import fleet_of
from cellframe.reports.runs import Run, news_since, seen_in
from tests.reports.fleets import fleet, with_value

HOLDER = """
import sys
from pathlib import Path
from cellframe.reports.runs import Run
with Run(sys.argv[2], Path(sys.argv[1])) as run:
    print("held", flush=True)
    sys.stdin.read()
"""


def seen(frames) -> dict:
    return seen_in(fleet_of(frames))


def news(before, now) -> list[tuple]:
    return news_since(seen(before), seen(now)).select("News", "cell", "What").rows()


def test_the_first_run_calls_nothing_new():
    assert news_since(None, seen(fleet())).height == 0


def test_the_same_data_have_no_news_in_any_order():
    frames = fleet()
    frames.cycles = frames.cycles.sample(fraction=1, shuffle=True, seed=3)
    frames.instances = frames.instances.reverse()
    assert news(fleet(), frames) == []


def test_cells_and_tests_are_new_and_gone():
    more = fleet(cells=8)
    more.measurements = more.measurements.filter(pl.col("cell") != "c-7")
    assert news(fleet(cells=6), more) == [("new", "c-6", "the cell"), ("new", "c-7", "the cell")]
    assert news(more, fleet(cells=6)) == [("gone", "c-6", "the cell"), ("gone", "c-7", "the cell")]
    fewer = fleet()
    fewer.measurements = fewer.measurements.filter(pl.col("cell") != "c-2")
    assert news(fleet(), fewer) == [("gone", "c-2", "test 'ageing'")]
    assert news(fewer, fleet()) == [("new", "c-2", "test 'ageing'")]


def test_a_test_that_was_running_and_is_not_any_more_is_finished():
    def running(end):
        frames = fleet(cells=1)
        frames.measurements = frames.measurements.with_columns(
            pl.lit("2026-01-01").alias("start_time [UTC]"),
            pl.lit(end, pl.String).alias("end_time [UTC]"),
        )
        return frames

    assert news(running(None), running("2026-02-01")) == [("finished", "c-0", "test 'ageing'")]
    assert news(running("2026-02-01"), running("2026-02-01")) == []


def test_more_cycles_and_another_record_are_changes():
    longer = fleet(cells=2, cycles=40)
    assert news(fleet(cells=2), longer) == [
        ("changed", "c-0", "test 'ageing', +10 cycles"),
        ("changed", "c-1", "test 'ageing', +10 cycles"),
    ]
    heavier = fleet(cells=2)
    heavier.instances = heavier.instances.with_columns(pl.col("cell.mass [g]") + 1)
    assert news(fleet(cells=2), heavier) == [
        ("changed", "c-0", "the record of the cell"),
        ("changed", "c-1", "the record of the cell"),
    ]


def test_what_a_report_wrote_back_is_no_news_to_the_next_one():
    written = fleet(cells=2)
    written.instances = written.instances.with_columns(
        pl.lit(0.9).alias("cell.soh [1]"),
        pl.lit("glitch").alias("cell.report_flags"),
        pl.lit("another").alias("instance_version"),
    )
    assert news(fleet(cells=2), written) == []


@given(st.sets(st.integers(0, 5)), st.sets(st.integers(0, 5)))
def test_what_is_new_one_way_is_gone_the_other_way(before, now):
    def of(numbers):
        frames = fleet(cells=6, cycles=2)
        names = [f"c-{n}" for n in numbers]
        for name, frame in vars(frames).items():
            setattr(frames, name, frame.filter(pl.col("cell").is_in(names)))
        return frames

    forth, back = news(of(before), of(now)), news(of(now), of(before))
    turned = {"new": "gone", "gone": "new"}
    assert sorted((turned[kind], *rest) for kind, *rest in forth) == sorted(back)
    assert {row[1] for row in forth if row[0] == "new"} == {f"c-{n}" for n in now - before}


def test_what_a_run_saw_is_kept_only_when_it_finished(tmp_path):
    with Run("nightly", tmp_path) as run:
        assert run.last is None
        run.finish(seen(fleet()))
    kept = (tmp_path / "nightly.json").read_bytes()
    with suppress(ZeroDivisionError), Run("nightly", tmp_path) as run:
        assert news_since(run.last, seen(fleet(cells=7))).height == 1
        raise ZeroDivisionError
    assert (tmp_path / "nightly.json").read_bytes() == kept
    with Run("nightly", tmp_path) as run:
        assert news_since(run.last, seen(fleet())).height == 0


def test_two_runs_of_one_name_do_not_overlap_and_of_two_names_do(tmp_path):
    with Run("nightly", tmp_path):
        with pytest.raises(RunLockedError, match="Nothing was done; try again"):
            Run("nightly", tmp_path).__enter__()
        with Run("weekly", tmp_path) as other:
            assert other.last is None
    with Run("nightly", tmp_path) as again:
        assert again.last is None


def test_another_process_is_kept_out_and_one_that_was_killed_holds_nothing(tmp_path):
    with subprocess.Popen(
        [sys.executable, "-c", HOLDER, str(tmp_path), "nightly"],
        stdout=subprocess.PIPE,
        stdin=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout.readline() == "held\n"
        with pytest.raises(RunLockedError):
            Run("nightly", tmp_path).__enter__()
        process.send_signal(signal.SIGKILL)
        process.wait(10)
        with Run("nightly", tmp_path) as run:
            assert run.last is None


@pytest.mark.parametrize("text", ["", "{", "[]", '{"format": 99}', '{"format": 1}', "null"])
def test_what_was_kept_and_is_damaged_is_told_and_left_as_it_is(tmp_path, text):
    (tmp_path / "nightly.json").write_text(text)
    with pytest.raises(CorruptStoreError, match="Remove the file to begin anew"):
        Run("nightly", tmp_path).__enter__()
    assert (tmp_path / "nightly.json").read_text() == text
    (tmp_path / "nightly.json").unlink()
    with Run("nightly", tmp_path) as run:
        assert run.last is None


@pytest.mark.parametrize("name", ["", "../x", "a/b", ".", "x" * 81, "a\n", "night. "])
def test_a_name_that_is_no_name_of_a_file_is_refused(tmp_path, name):
    with pytest.raises(ConfigError, match="A run cannot be called"):
        Run(name, tmp_path)


def test_what_is_kept_is_for_its_owner(tmp_path):
    with Run("nightly", tmp_path / "runs") as run:
        run.finish(seen(fleet()))
    assert (tmp_path / "runs").stat().st_mode & 0o077 == 0
    kept = json.loads((tmp_path / "runs" / "nightly.json").read_text())
    assert kept["cells"].keys() == {f"i-{n}" for n in range(6)}


def test_a_glitch_that_appeared_changes_the_version_of_the_data():
    before, now = seen(fleet()), seen(with_value(fleet(), "c-3", 12, 31.0))
    assert before["version"] != now["version"]
