"""What changed since a frame or a time, and what is gone: with extensions and without."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pandas as pd
import polars as pl
import pytest

from cellframe.client import Client
from cellframe.contract import routes
from cellframe.contract.records import CELL_INSTANCE
from cellframe.errors import ConfigError
from cellframe.frames.faults import Fault, cell_fault
from cellframe.resources.changes import Changes

both = pytest.mark.parametrize("backend", ["polars", "pandas"])


class OldWire:
    """A service of the first era: no discovery, and filters of time are not heeded."""

    in_place = True

    def __init__(self, wire):
        self._wire = wire
        self.origin = wire.origin
        self.asked = []

    def send(self, request):
        self.asked.append(request)
        if request.path == routes.CAPABILITIES:
            return self._wire.send(replace_path(request, "/nowhere"))
        query = tuple(pair for pair in request.query if pair[0] != "updated_at_gt")
        return self._wire.send(replace_query(request, query))

    def __getattr__(self, name):
        return getattr(self._wire, name)


def replace_path(request, path):
    from dataclasses import replace

    return replace(request, path=path)


def replace_query(request, query):
    from dataclasses import replace

    return replace(request, query=query)


@pytest.fixture(params=["today's service", "an old one"])
def lab(request, client, tmp_path):
    """A client of the lab of `cells`, of a service of either era."""
    if request.param == "today's service":
        return client
    return Client.over(OldWire(client._wire), tmp_path / "old")


def names(frame):
    return list(frame["cell"])


@both
def test_nothing_changed_is_an_empty_frame(lab, cells, spec, backend):
    read = lab.cell_instance.to_frame(spec, backend=backend)
    changed = lab.cell_instance.to_frame(spec, backend=backend, changed_since=read)
    assert len(changed) == 0
    assert list(changed.columns) == list(read.columns)
    assert len(changed.cell.deleted()) == 0


def test_changes_come_in_the_units_that_the_frame_has(lab, client, cells, spec):
    read = lab.cell_instance.to_frame(spec, units={"cell.mass": "mg"})
    mass = {"cell": {"mass": {"value": 40.0, "unit": "g"}, "policy": "5C"}}
    client.cell_instance.update("c-003", {"measured_properties": mass})
    changed = lab.cell_instance.to_frame(spec, changed_since=read)
    assert changed["cell.mass [mg]"].to_list() == [40_000.0]
    assert changed.columns == read.columns


@both
def test_changed_and_new_rows_and_what_is_gone(lab, client, cells, spec, backend):
    read = lab.cell_instance.to_frame(spec, backend=backend)
    client.cell_instance.update("c-003", {"notes": "re-weighed"})
    client.cell_instance.create(spec, {"name": "c-new"})
    client.cell_instance.delete("c-005")
    changed = lab.cell_instance.to_frame(spec, backend=backend, changed_since=read)
    assert names(changed) == ["c-003", "c-new"]
    gone = changed.cell.deleted()
    assert type(gone) is type(read)
    assert list(gone.columns) == ["instance_id", "cell"]
    assert names(gone) == ["c-005"]


@both
def test_what_is_read_later_does_not_hide_what_is_new_since_a_frame(
    lab, client, cells, spec, backend
):
    read = lab.cell_instance.to_frame(spec, backend=backend)
    client.cell_instance.update("c-003", {"notes": "re-weighed"})
    client.cell_instance.create(spec, {"name": "c-new"})
    lab.cell_instance.to_frame(spec)
    for _ in range(2):
        changed = lab.cell_instance.to_frame(spec, backend=backend, changed_since=read)
        assert names(changed) == ["c-003", "c-new"]


def test_a_frame_of_changes_can_be_planned(lab, client, cells, spec):
    read = lab.cell_instance.to_frame(spec)
    client.cell_instance.update("c-003", {"notes": "re-weighed"})
    changed = lab.cell_instance.to_frame(spec, changed_since=read)
    assert not lab.cell_instance.plan(changed)
    plan = lab.cell_instance.plan(changed.with_columns(notes=pl.lit("twice")))
    assert plan.summary["update"] == 1


def test_a_part_of_a_frame_tells_of_its_own_rows_alone_what_is_gone(lab, client, cells, spec):
    read = lab.cell_instance.to_frame(spec).filter(pl.col("cell").is_in(["c-001", "c-002"]))
    client.cell_instance.delete("c-001")
    client.cell_instance.delete("c-005")
    changed = lab.cell_instance.to_frame(spec, changed_since=read)
    assert len(changed) == 0
    assert names(changed.cell.deleted()) == ["c-001"]


def test_parts_of_two_readings_are_each_taken_from_their_own(lab, client, cells, spec):
    first = lab.cell_instance.to_frame(spec)
    client.cell_instance.update("c-001", {"notes": "a"})
    second = lab.cell_instance.to_frame(spec)
    client.cell_instance.update("c-002", {"notes": "b"})
    mixed = pl.concat([first.head(6), second.tail(6)])
    changed = lab.cell_instance.to_frame(spec, changed_since=mixed)
    assert names(changed) == ["c-001", "c-002"]


@pytest.mark.parametrize("form", ["aware", "naive", "text"])
def test_what_changed_since_a_time(lab, client, cells, spec, form):
    now = datetime.now(UTC)
    client.cell_instance.update("c-003", {"notes": "later"})
    forms = {"aware": now, "naive": now.replace(tzinfo=None), "text": now.isoformat()}
    changed = lab.cell_instance.to_frame(spec, changed_since=forms[form])
    assert names(changed) == ["c-003"]
    assert "updated_at [UTC]" not in changed.columns
    assert len(lab.cell_instance.to_frame(spec, changed_since=now + timedelta(1))) == 0
    assert len(lab.cell_instance.to_frame(spec, changed_since=now.date() - timedelta(1))) == 12


def test_the_time_goes_to_the_service(client, cells, spec, tmp_path):
    wire = OldWire(client._wire)
    old = Client.over(wire, tmp_path / "old")
    read = old.cell_instance.to_frame(spec)
    old.cell_instance.to_frame(spec, changed_since=read)
    assert any(name == "updated_at_gt" for one in wire.asked for name, _ in one.query)


def test_a_frame_that_was_never_read_here_is_compared_row_by_row(client, cells, spec, tmp_path):
    elsewhere = Client.over(client._wire, tmp_path / "elsewhere")
    client.cell_instance.update("c-003", {"notes": "re-weighed"})
    changed = elsewhere.cell_instance.to_frame(spec, changed_since=cells)
    assert names(changed) == ["c-003"]


def test_specs_lots_and_tests_have_changes_too(lab, client, cells, spec):
    lab.cell_measurement.create_properties("c-001", "weighing", {"mass": {"value": 1, "unit": "g"}})
    specs, lots = lab.cell_spec.to_frame(), lab.cell_batch.to_frame(spec)
    tests = lab.cell_measurement.to_frame(spec=spec)
    client.cell_spec.update(spec, {"notes": "n"})
    client.cell_batch.update("L1", {"notes": "n"})
    client.cell_measurement.delete(tests["measurement_id"][0])
    assert len(lab.cell_spec.to_frame(changed_since=specs)) == 1
    assert lab.cell_batch.to_frame(spec, changed_since=lots)["lot"].to_list() == ["L1"]
    changed = lab.cell_measurement.to_frame(spec=spec, changed_since=tests)
    assert len(changed) == 0
    assert changed.cell.deleted()["test"].to_list() == ["weighing"]


def test_faults_of_rows_that_did_not_change_are_none(lab, client, cells, spec):
    import pandera.polars as pa

    read = lab.cell_instance.to_frame(spec)
    client.cell_instance.update("c-003", {"notes": "m"})
    rule = pa.DataFrameSchema({"cell": pa.Column(str, pa.Check.ne("c-001"))})
    assert len(lab.cell_instance.to_frame(spec, changed_since=read, schema=rule)) == 1


def test_faults_move_with_the_rows_that_changed(cells):
    read = dict(cells.select("instance_id", "instance_version").iter_rows())
    read[cells["instance_id"][5]] = "v0"
    changes = Changes(None, CELL_INSTANCE, None, cells, read)
    faults = [cell_fault(row, f"c-{row:03}", "notes", "x", "is odd") for row in (4, 5)]
    changed, told = changes.changed(cells, [*faults, Fault("The whole.")], None)
    assert names(changed) == ["c-005"]
    assert [(fault.row, fault.message) for fault in told] == [
        (0, "Row 0 ('c-005'), 'notes': 'x' is odd."),
        (None, "The whole."),
    ]


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ("yesterday", "is no time"),
        (7, "wants a time or a frame"),
        (pd.DataFrame({"cell": ["a"]}), "has no 'instance_id' and no 'instance_version'"),
    ],
)
def test_what_is_neither_is_told(client, cells, spec, given, said):
    with pytest.raises(ConfigError, match=said):
        client.cell_instance.to_frame(spec, changed_since=given)


def test_two_times_are_told(client, cells, spec):
    with pytest.raises(ConfigError, match="two times"):
        client.cell_instance.to_frame(spec, changed_since=cells, updated_after="2026-01-01")
