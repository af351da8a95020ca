"""Bad input: one or two sentences that say what happened, where, and what to do; nothing is written."""

from __future__ import annotations

import pickle

import polars as pl
import pytest

import cellframe as cf
from cellframe.errors import (
    AmbiguousNameError,
    AuthError,
    ConfigError,
    ConflictError,
    FrameError,
    InvalidRecordError,
    NotFoundError,
    PlanError,
    StalePlanError,
    TransportError,
)
from tests.conftest import CANARY


def test_a_wrong_key_is_named_as_such_and_not_shown(server):
    with pytest.raises(AuthError, match="does not accept this key") as caught:
        cf.Client(server.url, "not-the-key").cell_spec.list()
    assert "CELLFRAME_API_KEY" in str(caught.value)
    assert "not-the-key" not in str(caught.value)


def test_an_unreachable_service_is_named_with_its_address():
    client = cf.Client("http://127.0.0.1:9", "k")
    with pytest.raises(TransportError, match=r"Nothing answers at http://127\.0\.0\.1:9") as caught:
        client.cell_spec.list()
    assert caught.value.sent is False


@pytest.mark.parametrize(
    "address", ["cells.example.org", "ftp://x", "http://", "https://u:p@x.org"]
)
def test_a_wrong_address_is_refused_before_anything_is_sent(address):
    with pytest.raises(ConfigError, match="address"):
        cf.Client(address, "k")


def test_a_key_is_not_sent_in_clear_text_to_another_machine():
    with pytest.raises(ConfigError, match="clear text"):
        cf.Client("http://cells.example.org", "k")


def test_no_address_and_no_key_say_what_to_set(monkeypatch):
    with pytest.raises(ConfigError, match="CELLFRAME_API_URL"):
        cf.Client()
    monkeypatch.setenv("CELLFRAME_API_URL", "http://127.0.0.1:9")
    with pytest.raises(ConfigError, match="CELLFRAME_API_KEY"):
        cf.Client()


def test_an_unknown_record_comes_with_the_names_that_are_near(client, cells):
    with pytest.raises(NotFoundError, match=r"Did you mean 'LFP 18650'?"):
        client.cell_instance.to_frame("LFP 1865")
    with pytest.raises(NotFoundError, match="Did you mean 'c-0"):
        client.cell_instance.get("c-00O")


@pytest.mark.parametrize("ref", ["", "  ", None, 3])
def test_what_is_neither_id_nor_name_nor_record_is_refused(client, ref):
    with pytest.raises(NotFoundError, match="Give an id, a name or a record"):
        client.cell_spec.get(ref)


def test_a_name_that_is_taken_comes_with_the_id_of_its_record(client, spec):
    with pytest.raises(ConflictError, match=f"already exists.*{spec.id}") as caught:
        client.cell_spec.create({"name": spec.name})
    assert caught.value.existing_id == spec.id


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"notes": "x"}, "name: field required"),
        ({"name": "x", "bach": "L1"}, "bach: a cell instance has no field 'bach'"),
        ({"name": "x" * 300}, "name:.*255"),
        (
            {"name": "x", "measured_properties": {"cell": {"mass": 41}}},
            "cell.mass: a number needs a unit",
        ),
        ({"name": "x", "date_manufactured": "5/12/17"}, "date_manufactured:"),
        ({"name": "x", "id": "mine"}, "id:"),
    ],
)
def test_a_record_that_is_wrong_is_refused_by_its_field(client, spec, fields, said):
    with pytest.raises(InvalidRecordError, match=said):
        client.cell_instance.create(spec, fields)
    assert client.cell_instance.list(spec).total == 0


def test_a_number_that_json_cannot_say_is_named_before_it_is_sent(client, spec):
    mass = {"cell": {"mass": {"value": float("nan"), "unit": "g"}}}
    with pytest.raises(InvalidRecordError, match=r"measured_properties\.cell\.mass\.value is nan"):
        client.cell_instance.create(spec, {"name": "x", "measured_properties": mass})


def test_a_name_in_two_specs_is_listed_with_the_names_that_tell_them_apart(client, cells):
    other = client.cell_spec.create({"name": "NMC 21700"})
    twin = client.cell_instance.create(other, {"name": "c-000"})
    with pytest.raises(AmbiguousNameError) as caught:
        client.cell_instance.get("c-000")
    assert {name for name, _ in caught.value.matches} == {"LFP 18650::c-000", "NMC 21700::c-000"}
    assert client.cell_instance.get("NMC 21700::c-000").id == twin.id


def test_an_unknown_column_comes_with_what_was_probably_meant(client, cells):
    with pytest.raises(PlanError, match=r"'bacth' is no column.*Did you mean 'batch'?") as caught:
        client.cell_instance.plan(cells.rename({"batch": "bacth"}))
    assert caught.value.failures["column"].to_list() == ["bacth"]


def test_every_fault_of_a_header_is_told_at_once(client, cells):
    frame = cells.rename({"batch": "bacth", "cell.mass [g]": "cell.mass", "notes": "nots"})
    with pytest.raises(PlanError) as caught:
        client.cell_instance.plan(frame)
    assert set(caught.value.failures["column"]) == {"bacth", "cell.mass", "nots"}


def test_a_comment_column_is_passed_over(client, cells):
    assert not client.cell_instance.plan(
        cells.with_columns(_mine=pl.lit(1), **{"# why": pl.lit("x")})
    )


def test_text_in_a_number_column_names_row_column_and_value(client, cells):
    masses = cells["cell.mass [g]"].cast(pl.String).to_list()
    masses[2] = "abc"
    plan = client.cell_instance.plan(cells.with_columns(pl.Series("cell.mass [g]", masses)))
    assert plan.summary == {"create": 0, "update": 0, "unchanged": 11, "invalid": 1}
    message = plan.to_frame()["message"][0]
    assert message.startswith("Row 2 ('c-002'), 'cell.mass [g]': 'abc' is no number.")
    receipt = client.apply(plan)
    assert "invalid='skip'" in receipt.refused
    assert receipt.failed["cell"].to_list() == ["c-002"]


def test_a_frame_without_its_key_column_says_where_to_get_it(client, cells):
    with pytest.raises(PlanError, match=r"no 'instance_id' column. Read it with to_frame()"):
        client.cell_instance.plan(cells.drop("instance_id"))


def test_two_rows_with_one_id_are_both_named(client, cells):
    with pytest.raises(PlanError, match="Rows 0 and 12 have one instance_id") as caught:
        client.cell_instance.plan(pl.concat([cells, cells.head(2)]))
    assert caught.value.failures["row"].to_list() == [12, 13]


def test_an_empty_frame_is_an_empty_plan_that_says_so(client, cells):
    plan = client.cell_instance.plan(cells.head(0))
    assert not plan
    assert "The frame has no rows." in repr(plan)
    assert client.apply(plan).counts == {}


@pytest.mark.parametrize("thing", ["cells.csv", 3, None, {"a": 1}, [1, 2]])
def test_what_is_no_frame_is_refused(client, thing):
    with pytest.raises(PlanError, match="is no frame: give a polars or pandas DataFrame"):
        client.cell_instance.plan(thing)


def test_what_is_no_plan_is_not_sent(client, cells):
    with pytest.raises(PlanError, match="A DataFrame is no plan"):
        client.apply(cells)


def test_a_plan_for_another_service_is_not_sent(client, cells, tmp_path):
    plan = client.cell_instance.plan(cells.with_columns(batch=pl.lit("L9")))
    with (
        cf.open_local(tmp_path / "other") as other,
        pytest.raises(StalePlanError, match="Plan again"),
    ):
        other.apply(plan)


def test_a_new_row_without_name_or_spec_is_told_what_it_lacks(client, cells):
    new = pl.DataFrame(
        {"batch": ["L1"], "cell": [None]}, schema={"batch": pl.String, "cell": pl.String}
    )
    plan = client.cell_instance.plan(pl.concat([cells, new], how="diagonal"))
    said = " ".join(plan.to_frame()["message"].drop_nulls())
    assert "a new cell needs a name in 'cell'" in said
    assert "Pass spec=" in said


def test_a_schema_of_ones_own_names_every_fault_by_cell(client, cells, spec):
    import pandera.polars as pa

    schema = pa.DataFrameSchema(
        {"cell.mass [g]": pa.Column(float, pa.Check.lt(41.15, error="is too heavy"))}
    )
    with pytest.raises(FrameError, match="10 faults") as caught:
        client.cell_instance.to_frame(spec, schema=schema)
    first = caught.value.failures.row(0, named=True)
    assert (first["row"], first["name"], first["column"], first["value"]) == (
        2,
        "c-002",
        "cell.mass [g]",
        "41.2",
    )
    assert first["rule"] == "is too heavy"


def test_a_folder_that_cannot_be_used_is_told_in_one_sentence(tmp_path):
    (tmp_path / "file").write_text("x")
    with pytest.raises(cf.CellframeError, match="Choose another folder"):
        cf.open_local(tmp_path / "file")


def test_a_client_is_never_pickled(client):
    with pytest.raises(TypeError, match="never pickled"):
        pickle.dumps(client)


def test_a_wrong_path_in_the_address_is_told_with_the_address(server):
    with pytest.raises(NotFoundError, match=r"is the service's address right\? \(") as caught:
        cf.Client(f"{server.url}/nope", CANARY).cell_spec.list()
    assert f"{server.url}/nope" in str(caught.value)


@pytest.mark.parametrize("name", ["\ud800", "a\x00b"])
def test_a_name_that_no_text_can_hold_is_refused_in_our_own_words(client, remote, name):
    for lab in (client, remote):
        for asked in (lab.cell_spec.get, lab.cell_instance.to_frame):
            with pytest.raises(InvalidRecordError, match=r"at most 1000 readable|cannot be read"):
                asked(name)
