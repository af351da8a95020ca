"""Cells with everything measured on them: `detail` as records, `detail_frames` as frames."""

from __future__ import annotations

import datetime as dt
import os
import pickle
import shutil
import warnings
from concurrent.futures import ThreadPoolExecutor

import pandas as pd
import polars as pl
import pytest
from polars.testing import assert_frame_equal

import cellframe as cf
from cellframe.contract.series import CYCLES, STEPS
from cellframe.errors import ConfigError, NotFoundError, PlanError, StoreError, TransportError
from cellframe.frames.long import KEYS
from tests.cycling import cycling, later

SPEC = "LFP 18650"


def upload(client, cell, name, cycles, **fields):
    detail = {"measurement": {"name": name, **fields}, "time_series": cycling(cycles)}
    return client.cell_measurement.create(cell, detail)


@pytest.fixture(scope="module")
def _measured(_twelve_cells, tmp_path_factory):
    """The folder of the fleet, which is made once and copied for each test."""
    folder = tmp_path_factory.mktemp("measured") / "lab"
    shutil.copytree(_twelve_cells, folder)
    with cf.open_local(folder) as client:
        upload(client, "c-000", "formation", 2, end_time="2026-02-01T10:00:00+01:00")
        upload(client, "c-000", "aging", 3, start_time="2026-02-02T00:00:00Z")
        gap = {"gap": {"value": 1, "unit": "mm"}}
        client.cell_measurement.create_properties("c-000", "x-ray", gap)
        upload(client, "c-001", "formation", 1, end_time="2026-01-15T00:00:00Z")
    return folder


@pytest.fixture
def _records(request, _records):
    return request.getfixturevalue("_measured") if "fleet" in request.fixturenames else _records


@pytest.fixture
def fleet(cells):
    """Twelve cells; three tests of c-000, one of c-001, all of them of different lengths."""
    return cells


def damage(client, test):
    """Flip a byte in the middle of the stored series of a test."""
    digest = client.cell_measurement.get(test).kept["sha256"]
    (path,) = (client._wire_folder / "blobs").rglob(digest)
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.chmod(0o600)
    path.write_bytes(content)


@pytest.fixture
def client(client, tmp_path):
    client._wire_folder = tmp_path / "lab"
    return client


def test_detail_is_the_cell_with_its_tests_and_their_frames(client, fleet):
    found = client.cell_instance.detail("c-000")
    assert found.specification_id == found.instance.cell_specification_id
    assert repr(found).endswith(", 3 tests)")
    tests = {test.name: test for test in found.measurements}
    assert set(tests) == {"formation", "aging", "x-ray"}
    assert (tests["aging"].steps.height, tests["aging"].cycles.height) == (6, 3)
    assert_frame_equal(tests["formation"].time_series, cycling(2))
    assert tests["x-ray"].steps is tests["x-ray"].time_series is None


def test_detail_reads_what_was_asked_for_alone(client, fleet):
    found = client.cell_instance.detail("c-001", include_steps=False, include_time_series=False)
    (test,) = found.measurements
    assert (test.steps, test.time_series, test.cycles.height) == (None, None, 1)


def test_detail_asks_for_no_record_twice(client, fleet, monkeypatch):
    asked = []
    send, fetch = client._wire.send, client._wire.fetch
    monkeypatch.setattr(client._wire, "send", lambda r: asked.append(str(r)) or send(r))
    monkeypatch.setattr(client._wire, "fetch", lambda r, f: asked.append(str(r)) or fetch(r, f))
    client.cell_instance.detail(client.cell_instance.get("LFP 18650::c-000"))
    asked = [one for one in asked if "discovery" not in one][-8:]
    assert len(asked) == len(set(asked)) == 8  # a cell, its tests, three files each of two tests


def test_every_long_frame_has_keys_and_names_and_the_declared_columns(client, fleet):
    frames = client.cell_instance.detail_frames(spec=SPEC)
    assert frames.steps.columns == [*KEYS, *STEPS]
    assert frames.cycles.columns == [*KEYS, *CYCLES]
    assert frames.time_series.collect_schema().names() == [*KEYS, *cycling().columns]
    assert (frames.steps.height, frames.cycles.height) == (12, 6)
    assert set(frames.cycles["test"]) == {"formation", "aging"}
    assert set(frames.cycles["spec"]) == {SPEC}


def test_cells_know_their_tests_without_a_request_each(client, fleet, monkeypatch):
    asked = []
    send = client._wire.send
    monkeypatch.setattr(client._wire, "send", lambda r: asked.append(r) or send(r))
    cells = client.cell_instance.detail_frames(spec=SPEC).instances
    assert len(asked) < 8
    rows = {row["cell"]: row for row in cells.iter_rows(named=True)}
    assert [rows[c]["tests"] for c in ("c-000", "c-001", "c-002")] == [3, 1, 0]
    assert [rows[c]["tests_running"] for c in ("c-000", "c-001", "c-002")] == [1, 0, 0]
    assert rows["c-000"]["last_test_end [UTC]"] == dt.datetime(2026, 2, 1, 9)  # noqa: DTZ001
    assert cells.columns[-1] == "instance_version"


def test_cells_of_a_fleet_can_be_edited_and_planned(client, fleet):
    cells = client.cell_instance.detail_frames(spec=SPEC).instances
    assert not client.cell_instance.plan(cells)
    plan = client.cell_instance.plan(cells.with_columns(notes=pl.lit("tested")))
    assert client.apply(plan, max_updates=12).counts == {"ok": 12}


@pytest.mark.rule("W24")
@pytest.mark.parametrize("part", ["time_series", "steps", "cycles"])
@pytest.mark.parametrize("kind", ["cell_instance", "cell_measurement"])
def test_what_was_measured_is_for_reading(client, fleet, part, kind):
    measured = getattr(client.cell_instance.detail_frames(spec=SPEC), part)
    with pytest.raises(PlanError, match="They are for reading") as raised:
        getattr(client, kind).plan(measured)
    assert len(raised.value.failures) == 1


@pytest.mark.rule("W24")
def test_a_series_is_refused_before_its_rows_are_read(client):
    rows = pl.LazyFrame({"measurement_id": ["m"], "Time [s]": [0.0]}).map_batches(pytest.fail)
    with pytest.raises(PlanError, match="They are for reading"):
        client.cell_measurement.plan(rows)


def test_cycles_join_cells_by_key(client, fleet):
    frames = client.cell_instance.detail_frames(spec=SPEC)
    joined = frames.cycles.join(frames.instances, on="instance_id")
    assert joined.group_by("batch").len().row(0) == ("L1", 6)


@pytest.mark.parametrize("backend", ["polars", "pandas"])
def test_both_libraries_get_the_same_rows(client, fleet, backend):
    frames = client.cell_instance.detail_frames(spec=SPEC, backend=backend)
    assert len(frames.steps) == 12
    assert list(frames.cycles["Cycle count"]) == [0, 1, 0, 1, 2, 0]
    assert isinstance(frames.time_series, pl.LazyFrame)
    assert isinstance(frames.time_series_pandas(), pd.DataFrame)
    assert len(frames.time_series_pandas()) == 60


def test_series_are_one_lazy_frame_in_the_order_of_the_tests(client, fleet):
    frames = client.cell_instance.detail_frames(spec=SPEC)
    whole = frames.time_series.collect()
    expected = pl.concat([cycling(2), cycling(3), cycling(1)])
    assert_frame_equal(whole.select(expected.columns), expected)
    aging = frames.time_series.filter(pl.col("test") == "aging").collect()
    assert_frame_equal(aging.select(expected.columns), cycling(3))


@pytest.mark.parametrize("form", ["one", "names", "records", "frame", "series"])
def test_cells_are_named_in_any_form(client, fleet, form):
    some = fleet.filter(pl.col("cell").is_in(["c-000", "c-001"]))
    given = {
        "one": "c-000",
        "names": ["c-000", "c-001"],
        "records": [client.cell_instance.get(name) for name in ("c-000", "c-001")],
        "frame": some,
        "series": some["instance_id"],
    }[form]
    frames = client.cell_instance.detail_frames(given)
    assert frames.instances.height == (1 if form == "one" else 2)
    assert frames.cycles.height == (5 if form == "one" else 6)


def test_no_spec_is_the_whole_lab(client, fleet):
    other = client.cell_spec.create({"name": "other"})
    client.cell_instance.create(other, {"name": "o-1"})
    upload(client, "o-1", "formation", 1)
    frames = client.cell_instance.detail_frames()
    assert set(frames.cycles["spec"]) == {SPEC, "other"}
    assert frames.instances.height == 13


def test_a_cell_that_there_is_not_and_a_frame_without_keys_are_refused(client, fleet):
    with pytest.raises(NotFoundError, match="Did you mean 'c-000'"):
        client.cell_instance.detail_frames(["c-000", "c-0000"])
    with pytest.raises(ConfigError, match="has a column 'instance_id'"):
        client.cell_instance.detail_frames(fleet.drop("instance_id"))


def test_flags_leave_parts_out(client, fleet):
    frames = client.cell_instance.detail_frames(
        spec=SPEC, include_steps=False, include_time_series=False
    )
    assert (frames.steps.height, frames.cycles.height) == (0, 6)
    assert frames.steps.columns == [*KEYS, *STEPS]
    assert frames.time_series.collect().height == 0


def test_a_lab_without_tests_gives_frames_without_rows(client, cells):
    frames = client.cell_instance.detail_frames(spec=SPEC)
    assert (frames.measurements.height, frames.cycles.height) == (0, 0)
    assert frames.instances["tests"].to_list() == [0] * 12
    assert frames.time_series.collect().height == 0
    assert repr(frames) == "12 cells, 0 tests"


def test_what_cannot_be_read_is_a_failure_and_the_rest_is_there(client, fleet):
    damage(client, "LFP 18650::c-000::aging")
    frames = client.cell_instance.detail_frames(spec=SPEC)
    assert frames.time_series.collect().height == 30
    (row,) = frames.failures.iter_rows(named=True)
    assert (row["test"], row["part"], row["code"]) == ("aging", "time_series", "CORRUPT_DATA")
    assert "aging" in row["message"]
    assert "1 part could not be read: see .failures" in repr(frames)


@pytest.mark.law("U7")
def test_a_damaged_series_is_an_error_that_names_its_test(client, fleet):
    damage(client, "LFP 18650::c-000::aging")
    with pytest.raises(cf.CellframeError, match="aging"):
        client.cell_measurement.time_series("aging")
    assert client.cell_measurement.cycles("aging").height == 3


def test_over_http_series_travel_when_they_are_touched_and_once(remote):
    spec = remote.cell_spec.create({"name": SPEC})
    for number in range(2):
        remote.cell_instance.create(spec, {"name": f"c-{number}"})
        upload(remote, f"c-{number}", "aging", 3)
    frames = remote.cell_instance.detail_frames(spec=spec)
    assert "not yet downloaded" in repr(frames)
    assert frames.time_series.collect().height == 60
    assert "not yet" not in repr(frames)
    again = remote.cell_instance.detail_frames(spec=spec)
    assert "not yet" not in repr(again)
    assert_frame_equal(again.time_series.collect(), frames.time_series.collect())


def test_a_progress_bar_is_shown_where_somebody_looks(client, fleet, capsys, monkeypatch):
    monkeypatch.setattr("cellframe.resources.progress._PATIENCE", 0)
    client.cell_instance.detail_frames(spec=SPEC)
    assert capsys.readouterr().err == ""
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        client.cell_instance.detail_frames(spec=SPEC, progress=True)
    assert "Reading" in capsys.readouterr().err


def test_tests_are_a_checked_frame(client, fleet):
    tests = client.cell_measurement.to_frame(spec=SPEC)
    assert tests.columns[:6] == list(KEYS)
    assert tests["test"].to_list() == ["formation", "aging", "x-ray", "formation"]
    assert tests["cell"].to_list() == ["c-000"] * 3 + ["c-001"]
    assert tests["end_time [UTC]"][0] == dt.datetime(2026, 2, 1, 9)  # noqa: DTZ001
    assert client.cell_measurement.to_frame("c-001").height == 1
    assert client.cell_measurement.to_frame(tags_all=["none"]).height == 0


def test_tests_have_their_setup_and_tags_as_columns(client, cells):
    about = {
        "tags": ["rpt; 2nd", "25 degC"],
        "protocol": {"name": "C/10", "ambient_temperature_degc": 25},
        "test_setup": {"cycler": "A", "channel_number": 7},
    }
    upload(client, "c-000", "rpt", 1, **about)
    (row,) = client.cell_measurement.to_frame("c-000").iter_rows(named=True)
    assert row["tags"] == r"25 degC; rpt\; 2nd"
    assert (row["protocol.name"], row["protocol.ambient_temperature [degC]"]) == ("C/10", 25.0)
    assert (row["test_setup.cycler"], row["test_setup.channel_number"]) == ("A", "7")


def test_a_frame_of_tests_has_its_tags_as_lists(client, cells):
    upload(client, "c-000", "rpt", 1, tags=["a;b", "c"])
    upload(client, "c-001", "rpt", 1)
    assert client.cell_measurement.to_frame().cell.tags().to_list() == [["a;b", "c"], []]
    frame = client.cell_measurement.to_frame(backend="pandas")
    assert list(map(list, frame.cell.tags())) == [["a;b", "c"], []]


def test_a_service_that_sends_a_short_file_is_not_believed(client, fleet, monkeypatch, tmp_path):
    from cellframe.contract.wire import FileBody, Reply

    short = tmp_path / "short.parquet"
    short.write_bytes(b"PAR1 and no more")
    monkeypatch.setattr(client._wire, "fetch", lambda *_: Reply(200, {}, FileBody(short)))
    with pytest.raises(TransportError, match="cannot be read"):
        client.cell_measurement.time_series("aging")


def test_keys_win_over_columns_of_a_series_with_their_names(client, cells):
    own = cycling(1).with_columns(cell=pl.lit("slot 3"), spec=pl.lit(7))
    client.cell_measurement.create("c-000", {"measurement": {"name": "a"}, "time_series": own})
    upload(client, "c-001", "b", 1)
    series = client.cell_instance.detail_frames(spec=SPEC).time_series.collect()
    assert set(series["cell"]) == {"c-000", "c-001"}
    assert series["cell (own)"].to_list()[:1] == ["slot 3"]
    assert series.filter(pl.col("spec") == SPEC).height == 20


def test_an_extension_meanwhile_is_a_failure_and_no_mixture(client, cells):
    made = upload(client, "c-000", "run", 1, start_time="2026-01-01T00:00:00Z")
    upload(client, "c-001", "b", 1)
    frames = client.cell_instance.detail_frames(spec=SPEC)
    client.cell_measurement.extend(made, later(cycling(1), of=cycling(1)))
    assert set(frames.time_series.collect()["test"]) == {"b"}
    assert frames.failures["code"].to_list() == ["CHANGED"]
    assert "extended" in frames.failures["message"][0]


def test_a_damaged_download_is_fetched_again(remote, tmp_path):
    spec = remote.cell_spec.create({"name": SPEC})
    remote.cell_instance.create(spec, {"name": "c-0"})
    made = upload(remote, "c-0", "aging", 3)
    whole = remote.cell_measurement.time_series(made)
    (path,) = remote._connection.downloads.folder.rglob("*.parquet")
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)
    assert_frame_equal(remote.cell_measurement.time_series(made), whole)


def test_series_that_were_cleared_from_under_an_open_fleet_are_fetched_again(remote):
    spec = remote.cell_spec.create({"name": SPEC})
    remote.cell_instance.create(spec, {"name": "c-0"})
    upload(remote, "c-0", "aging", 3)
    frames = remote.cell_instance.detail_frames(spec=spec)
    whole = frames.time_series.collect()
    (tree,) = remote._connection.trees.iterdir()
    os.utime(tree, (0, 0))
    remote.cache.clear()
    assert_frame_equal(frames.time_series.collect(), whole)


def test_a_copy_of_the_folder_is_no_larger_for_its_fleets(client, fleet, tmp_path):
    frames = client.cell_instance.detail_frames(spec=SPEC)
    assert frames.time_series.collect().height == 60
    leaves = list((tmp_path / "lab" / ".cellframe").rglob("part.parquet"))
    assert len(leaves) == 3
    assert all(leaf.is_symlink() for leaf in leaves)


def test_what_a_service_says_of_its_files_is_not_believed(client, fleet, monkeypatch):
    frames = client.cell_instance.detail_frames(spec=SPEC)
    frames._tests[0]._body["file_metadata"] = {"rows": "many", "size": -5, "sha256": "../x"}
    assert repr(frames) == "12 cells, 4 tests, 12 steps, 6 cycles"
    with pytest.raises(TypeError, match="never pickled"):
        pickle.dumps(frames)


def test_a_failure_is_told_once_however_often_series_are_touched(client, fleet, monkeypatch):
    damage(client, "LFP 18650::c-000::aging")
    frames = client.cell_instance.detail_frames(spec=SPEC)

    def refuse(*_, **__):
        raise StoreError("no room for links")

    with monkeypatch.context() as patched:
        patched.setattr("cellframe.store.trees.grow", refuse)
        for _ in range(3):
            with pytest.raises(StoreError):
                _ = frames.time_series
    assert frames.time_series.collect().height == 30
    assert frames.failures.height == 1


def test_threads_that_touch_the_series_fetch_them_once(client, fleet, monkeypatch):
    asked = []
    fetch = client._wire.fetch
    frames = client.cell_instance.detail_frames(spec=SPEC)
    monkeypatch.setattr(client._wire, "fetch", lambda r, f: asked.append(r.path) or fetch(r, f))
    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(lambda _: frames.time_series, range(8)))
    assert len(asked) == 3
    assert all(one is found[0] for one in found)


ODD = ["07", "a/b=c%2F", "Zelle Ä\u0301 №1", "__HIVE_DEFAULT_PARTITION__", "…" * 90, "NaN", ".."]


@pytest.mark.parametrize("name", ODD, ids=range(len(ODD)))
def test_series_carry_the_names_of_their_tests_whatever_these_are(client, fleet, name):
    upload(client, "c-002", name, 2)
    rows = client.cell_instance.detail_frames(spec=SPEC).time_series.collect()
    assert rows.columns[: len(KEYS)] == list(KEYS)
    assert set(rows.filter(cell="c-002")["test"]) == {name}
    assert set(rows["test"]) == {"formation", "aging", name}
    assert set(rows["spec"]) == {SPEC}


def test_a_filter_on_a_name_opens_the_files_of_that_name_alone(client, fleet):
    frames = client.cell_instance.detail_frames(spec=SPEC)
    lazy = frames.time_series
    wanted = lazy.filter(pl.col("cell") == "c-001")
    before = wanted.collect()
    for path in frames._files:
        if "c-000" in str(path):
            path.unlink()
    assert_frame_equal(wanted.collect(), before)
    assert before.height
