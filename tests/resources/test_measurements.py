"""Tests of cells as records: they go up, are found, are read, and go."""

from __future__ import annotations

import os

import pandas as pd
import polars as pl
import pytest
from polars.testing import assert_frame_equal

from cellframe.errors import (
    AmbiguousNameError,
    CellframeError,
    ConfigError,
    ConflictError,
    InvalidRecordError,
    MeasurementError,
    NotFoundError,
    ProcessingError,
    StoreError,
    TransportError,
)
from cellframe.resources import creating
from cellframe.resources.connection import Connection, Settings
from cellframe.resources.uploading import SERIES, drafts
from tests.cycling import cycling, later

RUNNING = {"name": "run", "start_time": "2026-01-05T08:00:00Z"}


def upload(client, cell="c-001", name="aging", series=None, **fields):
    """A test of one cell, uploaded."""
    given = cycling() if series is None else series
    detail = {"measurement": {"name": name, **fields}, "time_series": given}
    return client.cell_measurement.create(cell, detail)


def upload_unchecked(client, series):
    """A test of c-001 called aging, uploaded as a client without our checks would."""
    cell = client.cell_instance.get("c-001")
    with drafts(client._connection, {SERIES: series}) as files:
        test = creating.Prepared({"name": "aging"}, files)
        return creating.create(client._connection, cell.id, test, wait=True)


@pytest.mark.parametrize(
    "form",
    [
        lambda frame: frame,
        lambda frame: frame.lazy(),
        lambda frame: frame.to_pandas(),
        lambda frame: frame.to_pandas(use_pyarrow_extension_array=True),
        lambda frame: frame.to_dict(as_series=False),
        lambda frame: frame.to_arrow(),
    ],
)
def test_a_series_comes_back_as_it_went_up_whatever_it_came_in(client, cells, form):
    made = upload(client, series=form(cycling()))
    assert (made.created, made.processing_status, made.steps_created) == (True, "ready", 6)
    assert_frame_equal(client.cell_measurement.time_series(made), cycling())


def test_what_went_up_says_how_much_it_is(client, cells):
    kept = upload(client).kept
    assert (kept["rows"], kept["steps"], kept["cycles"]) == (30, 6, 3)


def test_steps_and_cycles_are_derived_once_and_say_from_what(client, cells):
    steps, cycles = client.cell_measurement.steps_and_cycles(upload(client))
    assert (
        steps["Step type"].to_list()
        == [
            "Constant current charge",
            "Constant current discharge",
        ]
        * 3
    )
    assert cycles["Discharge capacity [A.h]"].to_list() == pytest.approx([1.1] * 3)
    assert set(cycles["Capacity source"]) == {"integral"}


def test_steps_of_ones_own_stand_in_for_the_derived(client, cells):
    own = pl.DataFrame(
        {"Step count": range(6), "Step type": ["Rest"] * 6, "Operator": list("abcdef")}
    )
    detail = {"measurement": {"name": "own"}, "time_series": cycling(), "steps": own}
    steps = client.cell_measurement.steps(client.cell_measurement.create("c-001", detail))
    assert_frame_equal(steps.select(own.columns), own)


def test_columns_and_rows_of_a_series_are_read_alone(client, cells):
    made = upload(client)
    part = client.cell_measurement.time_series(made, columns=["Voltage [V]"], row_range=(2, 5))
    assert_frame_equal(part, cycling().select("Voltage [V]")[2:5])


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        ({"columns": ["Voltage"]}, r"did you mean 'Voltage \[V\]'\?"),
        ({"columns": "Voltage [V]"}, "give a list of labels"),
        ({"row_range": (5, 2)}, "the end is not included"),
        ({"row_range": (-1, 2)}, "the end is not included"),
    ],
)
def test_a_part_that_there_is_not_is_explained(client, cells, asked, said):
    with pytest.raises(ConfigError, match=said):
        client.cell_measurement.time_series(upload(client), **asked)


def test_a_test_goes_by_its_id_its_name_or_all_names_above_it(client, cells):
    made = upload(client)
    for ref in (made, made.id, "aging", "LFP 18650::c-001::aging"):
        assert client.cell_measurement.get(ref) == client.cell_measurement.get(made.id)
    assert client.cell_measurement.get("aging", cell="c-001").id == made.id
    with pytest.raises(NotFoundError, match="Did you mean 'aging'"):
        client.cell_measurement.get("ageing")


def test_a_name_that_fits_tests_of_two_cells_is_asked_about(client, cells):
    upload(client), upload(client, "c-002")
    with pytest.raises(AmbiguousNameError) as caught:
        client.cell_measurement.steps("aging")
    names = [name for name, _ in caught.value.matches]
    assert sorted(names) == ["LFP 18650::c-001::aging", "LFP 18650::c-002::aging"]


def test_tests_are_listed_per_cell_per_spec_and_of_the_lab(client, cells):
    upload(client), upload(client, "c-002", tags=["rpt", "25 degC"], start_time="2026-03-01")
    listed = client.cell_measurement.list
    assert (len(listed("c-001")), len(listed(spec="LFP 18650")), len(listed())) == (1, 2, 2)
    assert [test.tags for test in listed(tags_any=["rpt", "x"])] == [["25 degC", "rpt"]]
    assert len(listed(started_after="2026-02-01T00:00:00Z", measurement_type="time_series")) == 1
    assert listed(limit=1).total == 2
    with pytest.raises(ConfigError, match="Did you mean 'tags_any'"):
        listed(tag_any=["rpt"])


def test_create_or_get_leaves_the_test_that_is_there(client, cells):
    first = upload(client)
    detail = {"measurement": {"name": "aging"}, "time_series": cycling(1)}
    again = client.cell_measurement.create_or_get("c-001", detail)
    assert (again.id, again.created) == (first.id, False)
    assert client.cell_measurement.time_series(again).height == 30


def test_metadata_is_changed_and_the_data_stays(client, cells):
    made = upload(client, **{k: v for k, v in RUNNING.items() if k != "name"})
    changed = client.cell_measurement.update(made, {"end_time": "2026-01-06", "tags": ["b", "a"]})
    assert (changed.tags, changed.end_time[:10]) == (["a", "b"], "2026-01-06")
    assert client.cell_measurement.time_series(made).height == 30


def test_a_deleted_test_is_gone_and_so_are_the_tests_of_a_deleted_cell(client, cells):
    made = upload(client)
    client.cell_measurement.delete(made)
    with pytest.raises(NotFoundError):
        client.cell_measurement.time_series(made)
    other = upload(client)
    client.cell_instance.delete("c-001")
    with pytest.raises(NotFoundError):
        client.cell_measurement.get(other.id)


def test_properties_are_a_test_without_a_series(client, cells):
    impedance = {"impedance": {"value": 12.1, "unit": "mohm"}}
    made = client.cell_measurement.create_properties("c-001", "teardown", impedance, notes="dry")
    assert (made.measurement_type, made.properties) == ("properties", impedance)
    frame = client.cell_measurement.to_frame("c-001")
    assert frame["properties.impedance [ohm]"].to_list() == [0.0121]
    with pytest.raises(InvalidRecordError, match="has no steps"):
        client.cell_measurement.steps(made)


def test_files_go_up_and_come_back(client, cells, tmp_path):
    for name, content in {"a b.png": b"\x89PNG", "Übersicht.csv": b"1;2"}.items():
        (tmp_path / name).write_bytes(content)
    paths = [tmp_path / "a b.png", tmp_path / "Übersicht.csv"]
    made = client.cell_measurement.create_file("c-001", "photos", paths, tags=["teardown"])
    assert client.cell_measurement.list_files(made) == ["a b.png", "Übersicht.csv"]
    back = client.cell_measurement.download_files(made, tmp_path / "back")
    assert [path.read_bytes() for path in back] == [b"\x89PNG", b"1;2"]
    assert client.cell_measurement.get_file(made, "a b.png") == b"\x89PNG"
    assert [path.read_bytes() for path in paths] == [b"\x89PNG", b"1;2"]


def test_a_download_never_overwrites(client, cells, tmp_path):
    (tmp_path / "a.txt").write_text("theirs")
    made = client.cell_measurement.create_file("c-001", "notes", [tmp_path / "a.txt"])
    (tmp_path / "a.txt").write_text("mine")
    with pytest.raises(ConfigError, match=r"already. Nothing was written"):
        client.cell_measurement.download_files(made, tmp_path)
    assert (tmp_path / "a.txt").read_text() == "mine"


@pytest.mark.parametrize(
    ("files", "said"),
    [([], "no file was given"), (["none.txt"], "is no file"), (["a", "sub/a"], "called 'a'")],
)
def test_files_that_cannot_go_up_are_all_named(client, cells, tmp_path, files, said):
    (tmp_path / "sub").mkdir()
    for path in ("a", "sub/a"):
        (tmp_path / path).write_text("x")
    with pytest.raises(ConfigError, match=f"{said}.*Nothing was sent"):
        client.cell_measurement.create_file("c-001", "x", [tmp_path / file for file in files])


def test_a_running_test_is_extended(client, cells):
    made = upload(client, **RUNNING)
    more = later(cycling(2), of=cycling())
    longer = client.cell_measurement.extend(made, more)
    assert (longer.kept["rows"], longer.kept["cycles"]) == (50, 5)
    assert_frame_equal(client.cell_measurement.time_series(made), pl.concat([cycling(), more]))
    assert client.cell_measurement.cycles(made).height == 5


def test_an_extension_that_does_not_fit_leaves_the_test_as_it_was(client, cells):
    made = upload(client, **RUNNING)
    with pytest.raises((InvalidRecordError, ProcessingError), match=r"not extended|cannot use"):
        client.cell_measurement.extend(made, cycling())
    assert client.cell_measurement.time_series(made).height == 30
    client.cell_measurement.update(made, {"end_time": "2026-02-01T00:00:00Z"})
    with pytest.raises(ConflictError):
        client.cell_measurement.extend(made, later(cycling(), of=cycling()))


def bad(frame: pl.DataFrame = cycling()) -> dict[str, tuple[object, str]]:  # noqa: B008
    """Series that are not fit to upload, and a word of what is said of each."""
    volt = pl.col("Voltage [V]")
    return {
        "no steps": (frame.drop("Step count"), "no column 'Step count'"),
        "reversed": (frame.with_columns(-pl.col("Current [A]")), "looks reversed"),
        "time falls": (frame.with_columns(pl.col("Time [s]").reverse()), "goes back"),
        "lengths": ({"Time [s]": [0.0, 1.0], "Voltage [V]": [3.0]}, "not of one length"),
        "nan": (frame.with_columns(volt * float("nan")), "not a finite number"),
        "inf": (frame.with_columns(volt / 0), "not a finite number"),
        "empty": (frame.head(0), "no rows"),
        "label": (frame.rename({"Voltage [V]": "Voltage / V"}), r"did you mean 'Voltage \[V\]'"),
        "no frame": (7, "int"),
    }


@pytest.mark.parametrize("fault", bad())
def test_a_series_that_is_not_fit_is_explained_and_nothing_is_stored(client, cells, fault):
    series, said = bad()[fault]
    with pytest.raises(MeasurementError, match=said) as caught:
        upload(client, series=series)
    assert "nothing was sent" in str(caught.value)
    assert client.cell_measurement.list("c-001").total == 0
    assert not list(client._connection.drafts.iterdir())


def test_every_finding_of_a_series_is_told_at_once(client, cells):
    series = cycling().with_columns(pl.col("Time [s]") + 10, pl.col("Step count") * 2)
    with pytest.raises(MeasurementError) as caught:
        upload(client, series=series)
    codes = {finding.code for finding in caught.value.findings}
    assert {"time_does_not_start_at_zero", "step_count_non_sequential"} <= codes
    assert set(caught.value.failures["code"]) == codes


def test_strict_checks_take_the_rated_capacity_from_the_spec(client, cells):
    huge = cycling(capacity=8.0)
    steps = client.cell_measurement.steps(upload(client, series=huge))
    detail = {"measurement": {"name": "y"}, "time_series": huge, "steps": steps}
    skipped = ["consecutive_same_direction_full_steps", "time_gaps"]
    with pytest.warns(UserWarning, match="rated"):
        client.cell_measurement.create("c-001", detail, strict=True, skip_checks=skipped)


def test_a_check_that_there_is_not_cannot_be_skipped(client, cells):
    detail = {"measurement": {"name": "x"}, "time_series": cycling()}
    with pytest.raises(ConfigError, match="did you mean 'time_gaps'"):
        client.cell_measurement.create("c-001", detail, strict=True, skip_checks=["time_gap"])


@pytest.mark.parametrize(
    ("detail", "said"),
    [
        ({"measurement": {"name": "x"}}, "'time_series' is missing"),
        ({"timeseries": cycling(), "measurement": {"name": "x"}}, "'timeseries' is none of"),
        ({"measurement": {}, "time_series": cycling()}, "has no name"),
        ([], "not from a list"),
    ],
)
def test_a_detail_that_lacks_something_says_what(client, cells, detail, said):
    with pytest.raises(InvalidRecordError, match=f"{said}.*Nothing was sent"):
        client.cell_measurement.create("c-001", detail)


def test_data_that_the_service_cannot_use_is_kept_and_said(client, cells):
    with pytest.raises(ProcessingError, match="Voltage") as caught:
        upload_unchecked(client, cycling().drop("Voltage [V]"))
    kept = client.cell_measurement.get(caught.value.measurement)
    assert (kept.processing_status, kept.name) == ("failed", "aging")
    assert f"client.cell_measurement.delete('{kept.id}')" in str(caught.value)


def test_pandas_comes_back_where_it_is_asked_for(client, cells):
    made = upload(client)
    found = client.cell_measurement.detail(made, backend="pandas")
    assert all(isinstance(part, pd.DataFrame) for part in (found.steps, found.cycles))
    assert found.time_series["Step count"].tolist() == cycling()["Step count"].to_list()


def test_a_word_is_looked_for_in_the_tests_of_one_cell_too(client, cells):
    upload(client, name="a", notes="after the Move"), upload(client, name="b")
    assert [test.name for test in client.cell_measurement.list("c-001", q="move")] == ["a"]
    assert client.cell_measurement.list("c-002", q="move").total == 0


def test_a_spectrum_is_one_step_and_needs_nothing_else(client, cells):
    frequency = [1e4, 1e2, 1.0]
    eis = {"Frequency [Hz]": frequency, "Z_Re [Ohm]": [0.02] * 3, "Z_Im [Ohm]": [-0.01] * 3}
    steps = client.cell_measurement.steps(upload(client, series=eis, data_type="eis"))
    assert steps.select("Step count", "Step type", "Max frequency [Hz]").row(0) == (0, "EIS", 1e4)


def test_open_circuit_data_needs_no_time(client, cells):
    ocp = {"Voltage [V]": [3.0, 3.5, 4.0], "SOC": [0.0, 0.5, 1.0], "Step count": [0, 0, 0]}
    made = upload(client, series=ocp, data_type="ocp")
    assert client.cell_measurement.steps(made)["End voltage [V]"].to_list() == [4.0]
    assert client.cell_measurement.time_series(made)["SOC"].to_list() == [0.0, 0.5, 1.0]


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"ptotocol": {"name": "x"}}, "'ptotocol' is no field.*did you mean 'protocol'"),
        ({"start_time": "1.1.2026"}, "start_time='1.1.2026' should be an ISO time"),
        ({"tags": "rpt"}, "tags='rpt' should be a list"),
        ({"created_at": "2026-01-01"}, "'created_at' is no field"),
    ],
)
def test_a_field_that_does_not_fit_is_told_before_the_series_goes_up(client, cells, fields, said):
    with pytest.raises(InvalidRecordError, match=f"{said}.*Nothing was sent"):
        upload(client, **fields)


@pytest.mark.parametrize(
    "asked", [{"columns": []}, {"columns": ["Time [s]"] * 2}, {"row_range": 5}]
)
def test_columns_and_rows_are_asked_for_once_and_in_pairs(client, cells, asked):
    with pytest.raises(ConfigError):
        client.cell_measurement.time_series(upload(client), **asked)


@pytest.mark.parametrize("name", [".hidden", "a:b", "x.", "a*b", "Übersicht 1.csv", "..x"])
def test_a_file_that_goes_up_comes_back_whatever_its_name(client, cells, tmp_path, name):
    (tmp_path / name).write_bytes(b"x")
    made = client.cell_measurement.create_file("c-001", "one", [tmp_path / name])
    (back,) = client.cell_measurement.download_files(made, tmp_path / "back")
    assert (back.name, back.read_bytes()) == (name, b"x")


@pytest.mark.parametrize("paths", [None, [5], ["bidi\u202ename"], ["a?b"]])
def test_what_is_no_file_or_has_no_fit_name_is_told(client, cells, tmp_path, paths):
    given = paths
    if isinstance(paths, list) and isinstance(paths[0], str):
        given = [tmp_path / paths[0]]
        given[0].write_bytes(b"x")
    with pytest.raises(ConfigError, match="Nothing was sent"):
        client.cell_measurement.create_file("c-001", "one", given)


def test_a_download_that_fails_half_way_leaves_nothing_and_can_be_repeated(client, cells, tmp_path):
    paths = [tmp_path / name for name in ("a", "b")]
    for path in paths:
        path.write_text(path.name * 100)
    made = client.cell_measurement.create_file("c-001", "two", paths)
    digest = made.kept["files"][1]["sha256"]
    (blob,) = (tmp_path / "lab" / "blobs").rglob(digest)
    whole = blob.read_bytes()
    blob.write_bytes(whole[:-1])
    with pytest.raises(CellframeError, match="damaged"):
        client.cell_measurement.download_files(made, tmp_path / "back")
    assert list((tmp_path / "back").iterdir()) == []
    blob.write_bytes(whole)
    assert len(client.cell_measurement.download_files(made, tmp_path / "back")) == 2


def test_a_download_never_writes_through_a_link(client, cells, tmp_path):
    (tmp_path / "a").write_text("x")
    made = client.cell_measurement.create_file("c-001", "one", [tmp_path / "a"])
    (tmp_path / "back").mkdir()
    (tmp_path / "back" / "a").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(ConfigError, match="already"):
        client.cell_measurement.download_files(made, tmp_path / "back")
    assert not (tmp_path / "elsewhere").exists()


def test_names_may_hold_the_mark_that_joins_names(client):
    spec = client.cell_spec.create({"name": "a::b"})
    client.cell_instance.create(spec, {"name": "c::d"})
    made = upload(client, "a::b::c::d", "x::y")
    assert client.cell_measurement.get("a::b::c::d::x::y").id == made.id


def test_what_a_killed_process_left_on_its_way_is_swept_after_a_day(client, cells):
    folder = client._connection.drafts
    old, young = folder / "old.parquet", folder / "young.parquet"
    for path in (old, young):
        path.write_bytes(b"PAR1")
    os.utime(old, (0, 0))
    connection = Connection(client._wire, folder.parents[1], Settings())
    assert connection.drafts == folder
    assert (old.exists(), young.exists()) == (False, True)


def test_a_place_that_cannot_be_written_is_told(client, cells, monkeypatch):
    folder = client._connection.drafts
    folder.rmdir()
    folder.write_text("a file where the folder should be")
    with pytest.raises(StoreError, match="Nothing was sent"):
        upload(client)


@pytest.mark.parametrize("call", ["create", "create_or_get"])
def test_a_doubt_is_a_warning_at_the_line_that_uploads(client, cells, call):
    detail = {"measurement": {"name": "x", "end_time": "2999-01-01T00:00:00Z"}}
    with pytest.warns(UserWarning, match="in the future") as caught:
        getattr(client.cell_measurement, call)("c-001", {**detail, "time_series": cycling()})
    assert caught[0].filename == __file__


def test_an_option_that_there_is_not_is_refused(client, cells):
    detail = {"measurement": {"name": "x"}, "time_series": cycling()}
    with pytest.raises(ConfigError, match=r"no option of an upload 'skip_check'.*'skip_checks'"):
        client.cell_measurement.create_or_get("c-001", detail, skip_check=["time_gaps"])


@pytest.mark.law("X7")
@pytest.mark.parametrize("name", ["../out", "/etc/out", "a\\b", "..", "gnp\u202e.exe"])
def test_a_name_of_a_hostile_service_leads_nowhere(client, cells, tmp_path, monkeypatch, name):
    (tmp_path / "a").write_text("x")
    made = client.cell_measurement.create_file("c-001", "one", [tmp_path / "a"])
    monkeypatch.setattr("cellframe.resources.data.filenames", lambda *_: ["a", name])
    with pytest.raises(TransportError, match=r"no plain file name. Nothing was written"):
        client.cell_measurement.download_files(made, tmp_path / "back")
    assert not (tmp_path / "back").exists()
