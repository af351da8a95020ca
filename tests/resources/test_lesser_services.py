"""Services that offer less: no discovery, no versions, no lab-wide list, lots as text."""

from __future__ import annotations

from uuid import uuid4

import orjson
import polars as pl
import pytest

from cellframe.client import Client
from cellframe.contract.wire import FileBody, Reply
from cellframe.errors import LimitExceededError, NotFoundError
from tests.conftest import with_cell
from tests.cycling import cycling

NEWER = ("batch_id", "batch_name")
MISSING = ("/discovery/capabilities", "/cell_instances", "/cell_measurements")


class LesserWire:
    """The embedded service without what it offers beyond the contract, in either era."""

    def __init__(self, wire, *, era: str) -> None:
        self.wire = wire
        self.origin = "lesser"
        self.hidden = {"version", "file_metadata", *(NEWER if era == "older" else ("batch",))}
        self.era = era
        self.asked: list[str] = []

    def send(self, request):
        self.asked.append(str(request))
        lots = request.path.endswith("/cell_batches")
        if request.path in MISSING or (lots and self.era == "older"):
            return Reply(404, {}, b'{"error_code": "NOT_FOUND", "message": "no", "detail": null}')
        assert "if-match" not in request.headers
        if self.era == "newer" and request.body and "cell_instances" in request.path:
            assert "batch" not in orjson.loads(request.body)
        reply = self.wire.send(request)
        body = orjson.loads(reply.content) if reply.content else None
        return Reply(reply.status, reply.headers, orjson.dumps(self._less(body)))

    in_place = False

    def put(self, url, body, headers):
        return self.wire.put(url, body, headers)

    def fetch(self, request, folder):
        assert not request.path.endswith("/cycles/download")
        reply = self.wire.fetch(request, folder)
        if reply.status != 200:
            return reply
        copy = folder / uuid4().hex
        copy.write_bytes(reply.content)
        return Reply(200, {}, FileBody(copy, movable=True))

    def _less(self, body):
        if isinstance(body, list):
            return [self._less(one) for one in body]
        if isinstance(body, dict):
            return {key: self._less(value) for key, value in body.items() if key not in self.hidden}
        return body

    def close(self):
        """Nothing is open."""


@pytest.fixture(params=["older", "newer"])
def lesser(request, client, cells, tmp_path):
    """A client of such a service, with the twelve cells."""
    return Client.over(LesserWire(client._wire, era=request.param), tmp_path / "lesser")


def test_a_frame_is_the_same_but_for_its_versions(lesser, cells):
    frame = lesser.cell_instance.to_frame("LFP 18650")
    assert frame.columns == cells.columns
    assert frame.drop("instance_version").equals(cells.drop("instance_version"))
    assert frame["instance_version"].str.starts_with("t").all()


def test_the_cells_of_the_lab_are_walked_spec_by_spec(lesser):
    assert lesser.cell_instance.to_frame().height == 12
    assert len(lesser.cell_instance.list()) == 12
    assert lesser.cell_instance.get("LFP 18650::c-003").name == "c-003"


def test_an_edit_is_written_after_one_more_look(lesser):
    frame = lesser.cell_instance.to_frame("LFP 18650")
    plan = lesser.cell_instance.plan(with_cell(frame, "c-003", "batch", "L3"))
    receipt = lesser.apply(plan)
    assert receipt.counts == {"ok": 1, "unchanged": 11}
    assert set(receipt.to_frame().filter(record="cell")["guard"]) == {"compare"}
    assert lesser.cell_instance.to_frame("LFP 18650")["batch"][3] == "L3"


def test_a_colleague_in_between_is_a_conflict_without_versions_too(lesser, colleague):
    frame = lesser.cell_instance.to_frame("LFP 18650")
    plan = lesser.cell_instance.plan(with_cell(frame, "c-003", "notes", "mine"))
    colleague.cell_instance.update("c-003", {"notes": "theirs"})
    assert lesser.apply(plan).counts == {"unchanged": 11, "conflict": 1}
    assert colleague.cell_instance.get("c-003").notes == "theirs"


def test_disjoint_edits_of_one_object_both_survive(lesser, colleague):
    frame = lesser.cell_instance.to_frame("LFP 18650")
    plan = lesser.cell_instance.plan(with_cell(frame, "c-003", "cell.mass [g]", 40.0))
    theirs = dict(colleague.cell_instance.get("c-003").measured_properties)
    theirs["cell"] = {**theirs["cell"], "ocv": {"value": 3.3, "unit": "V"}}
    colleague.cell_instance.update("c-003", {"measured_properties": theirs})
    assert lesser.apply(plan)
    cell = colleague.cell_instance.get("c-003").measured_properties["cell"]
    assert (cell["mass"]["value"], cell["ocv"]["value"]) == (40.0, 3.3)


def test_a_frame_planned_again_after_its_apply_has_nothing_to_do(lesser):
    frame = lesser.cell_instance.to_frame("LFP 18650")
    edited = with_cell(frame, "c-003", "batch", "L3")
    assert lesser.apply(lesser.cell_instance.plan(edited))
    assert not lesser.cell_instance.plan(edited)
    again = lesser.cell_instance.plan(with_cell(edited, "c-003", "batch", "L4"))
    assert again.summary["update"] == 1


def test_new_cells_find_or_make_their_lot(lesser):
    new = pl.DataFrame({"instance_id": [None, None], "cell": ["n-1", "n-2"], "batch": ["l1", "L7"]})
    receipt = lesser.apply(lesser.cell_instance.plan(new, spec="LFP 18650"))
    assert receipt
    assert lesser.cell_instance.to_frame("LFP 18650")["batch"][-2:].to_list() == ["L1", "L7"]


def test_an_untouched_frame_asks_for_no_record(lesser):
    frame = lesser.cell_instance.to_frame("LFP 18650")
    wire = lesser._wire
    wire.asked.clear()
    assert not lesser.cell_instance.plan(frame)
    assert not [line for line in wire.asked if "cell_instances" in line]


def test_tests_go_up_and_are_read_without_any_extension(lesser, cells):
    for cell in ("LFP 18650::c-000", "LFP 18650::c-001"):
        detail = {"measurement": {"name": "aging"}, "time_series": cycling()}
        lesser.cell_measurement.create(cell, detail)
    frames = lesser.cell_instance.detail_frames(spec="LFP 18650")
    assert (frames.cycles.height, frames.steps.height) == (6, 12)
    assert "series not yet downloaded" in repr(frames)
    assert frames.time_series.collect().height == 60
    assert len(lesser.cell_measurement.list(spec="LFP 18650")) == 2


def test_without_a_lab_wide_list_a_test_goes_by_its_whole_name(lesser, cells):
    detail = {"measurement": {"name": "aging"}, "time_series": cycling()}
    lesser.cell_measurement.create("LFP 18650::c-000", detail)
    assert lesser.cell_measurement.cycles("LFP 18650::c-000::aging").height == 3
    with pytest.raises(NotFoundError):
        lesser.cell_measurement.cycles("aging")


@pytest.mark.law("X6")
def test_a_series_that_would_become_too_large_is_not_kept(client, cells, tmp_path, monkeypatch):
    far = Client.over(LesserWire(client._wire, era="newer"), tmp_path / "far")
    detail = {"measurement": {"name": "aging"}, "time_series": cycling()}
    test = client.cell_measurement.create("c-001", detail)
    monkeypatch.setenv("CELLFRAME_MAX_CELLS", "100")
    with pytest.raises(LimitExceededError, match="CELLFRAME_MAX_CELLS"):
        far.cell_measurement.time_series(test)
    assert not list((tmp_path / "far").rglob("*.parquet"))
    assert not list((tmp_path / "far").rglob("drafts/*"))
