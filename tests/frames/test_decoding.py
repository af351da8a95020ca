"""Records of any service: nulls, bare lists, odd values; every fault at once, by row and column."""

from __future__ import annotations

import orjson
import pandera.polars as pa
import polars as pl
import pytest

from cellframe.client import Client
from cellframe.contract.records import CELL_INSTANCE
from cellframe.contract.wire import Reply
from cellframe.errors import ConfigError, FrameError, TransportError
from cellframe.frames.columns import leaf_columns, plain_columns, survey
from cellframe.frames.decode import decode
from cellframe.frames.units import choose


def decoded(*records):
    seen = survey(CELL_INSTANCE, records)
    leaves = leaf_columns(CELL_INSTANCE, seen, choose(CELL_INSTANCE, seen, {}, None))
    return decode(CELL_INSTANCE, records, [*plain_columns(CELL_INSTANCE), *leaves], {})


def measured(**cell):
    return {"id": "i", "name": "c", "measured_properties": {"cell": cell}}


class Scripted:
    """A service that answers from a table."""

    origin, in_place = "https://lab", False

    def __init__(self, answers):
        self.answers = answers

    def send(self, request):
        body = self.answers.get(request.path)
        if body is None:
            return Reply(404, {}, b'{"error_code": "NOT_FOUND", "message": "no", "detail": null}')
        return Reply(200, {}, orjson.dumps(body))

    def close(self):
        pass


def cell(number, **more):
    base = {"id": f"i{number}", "cell_specification_id": "s", "name": f"c{number}", "batch": None}
    return {
        **base,
        "measured_properties": None,
        "updated_at": f"2026-01-0{number}T00:00:00Z",
        **more,
    }


def lab(tmp_path, cells):
    path = "/cell_specifications/s/cell_instances"
    answers = {"/cell_specifications/s": {"id": "s", "name": "S"}, path: cells}
    return Client.over(Scripted(answers), tmp_path / "state")


def test_a_null_value_is_null_and_its_unit_is_kept_for_the_label():
    frame, faults = decoded(measured(mass={"value": None, "unit": "g"}))
    assert (frame["cell.mass [g]"].to_list(), faults) == ([None], [])


@pytest.mark.parametrize("odd", [None, {}, {"cell": None}, {"cell": {}}, []])
def test_nothing_measured_is_no_column(odd):
    frame, faults = decoded({"id": "i", "measured_properties": odd})
    assert frame.width == len(plain_columns(CELL_INSTANCE)) + (odd == [])
    assert not faults


@pytest.mark.parametrize(
    "odd", [[1, 2], True, 5, {"value": "x", "unit": "g"}, {"value": True}, {"value": []}]
)
def test_what_is_no_quantity_is_json(odd):
    frame, faults = decoded(measured(thing=odd))
    assert orjson.loads(frame["cell.thing"][0]) == odd
    assert not faults


def test_a_key_of_the_last_record_among_many_is_a_column():
    records = [measured(a={"value": n, "unit": "g"}) for n in range(300)]
    frame, _ = decoded(*records, measured(b="x"))
    assert frame["cell.b"].to_list() == [None] * 300 + ["x"]


def test_a_half_after_many_whole_numbers_stays_a_half():
    records = [measured(a={"value": n, "unit": "g"}) for n in (*range(200), 1.5)]
    assert decoded(*records)[0]["cell.a [g]"][-1] == 1.5


def test_a_bare_list_is_a_whole_list(tmp_path):
    frame = lab(tmp_path, [cell(1), cell(2)]).cell_instance.to_frame("s")
    assert frame["cell"].to_list() == ["c1", "c2"]
    assert frame["instance_version"].to_list() == ["t2026-01-01T00:00:00Z", "t2026-01-02T00:00:00Z"]


def test_records_without_a_version_are_read_and_have_none(tmp_path):
    client = lab(tmp_path, [cell(1, updated_at=None)])
    frame = client.cell_instance.to_frame("s")
    assert frame["instance_version"].to_list() == [None]


@pytest.mark.law("R9")
def test_every_fault_is_listed_by_row_name_column_value_and_rule(tmp_path):
    bad = [cell(1, notes=5), cell(2, date_manufactured="soon"), cell(3, name=""), cell(4)]
    with pytest.raises(FrameError, match="3 faults") as refused:
        lab(tmp_path, bad).cell_instance.to_frame("s")
    found = refused.value.failures["row", "name", "column", "value"].rows()
    assert set(found) == {
        (0, "c1", "notes", "5"),
        (1, "c2", "date_manufactured", "soon"),
        (2, "", "cell", ""),
    }
    assert refused.value.failures["rule"].null_count() == 0


@pytest.mark.law("R9")
def test_a_record_without_an_id_is_never_a_row(tmp_path):
    with pytest.raises((FrameError, TransportError, KeyError)):
        lab(tmp_path, [{**cell(1), "id": None}]).cell_instance.to_frame("s")


@pytest.mark.law("R7")
def test_a_list_with_one_record_twice_is_refused(tmp_path):
    with pytest.raises(TransportError, match="kept changing"):
        lab(tmp_path, [cell(1), cell(1)]).cell_instance.to_frame("s")


@pytest.mark.law("R7")
def test_a_list_that_is_shorter_than_its_total_is_refused(tmp_path):
    page = {"items": [cell(1)], "total": 2}
    with pytest.raises(TransportError, match="kept changing"):
        lab(tmp_path, page).cell_instance.to_frame("s")


def test_the_callers_own_rules_are_added(client, cells, spec):
    mine = pa.DataFrameSchema(
        {"cell.mass [g]": pa.Column(pl.Float64, pa.Check.lt(42, error="is heavy"))}
    )
    with pytest.raises(FrameError) as refused:
        client.cell_instance.to_frame(spec, schema=mine)
    lines = refused.value.failures["row", "name", "column", "value", "rule"].rows()
    assert lines == [
        (n, f"c-{n:03}", "cell.mass [g]", f"{41 + n / 10}", "is heavy") for n in (10, 11)
    ]


def test_a_column_that_the_callers_rules_need_is_named(client, cells, spec):
    mine = pa.DataFrameSchema({"cell.width [mm]": pa.Column(pl.Float64)})
    with pytest.raises(FrameError, match=r"'cell.width \[mm\]' is missing from the frame"):
        client.cell_instance.to_frame(spec, schema=mine)


def test_what_is_no_schema_is_refused(client, cells, spec):
    with pytest.raises(ConfigError, match="is no table"):
        client.cell_instance.to_frame(spec, schema={"a": 1})


def test_a_frame_of_many_faults_shows_some_and_has_all(tmp_path):
    bad = [cell(1, id=f"i{n}", notes=n) for n in range(30)]
    with pytest.raises(FrameError, match=r"and 10 more: see \.failures") as refused:
        lab(tmp_path, bad).cell_instance.to_frame("s")
    assert refused.value.failures.height == 30
