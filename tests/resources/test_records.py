"""The service's own calls, in a folder and over HTTP."""

from __future__ import annotations

import pytest

from cellframe.errors import NotFoundError
from cellframe.resources.records import CellInstance, CellSpec


def test_a_record_keeps_what_the_service_sent(client, spec):
    assert spec.created
    assert spec.ratings["capacity"]["value"] == 1.1
    assert client.cell_spec.get(spec.id) == client.cell_spec.get("LFP 18650")
    assert CellSpec({"id": "x", "name": "n", "colour": "red"}).colour == "red"


def test_a_missing_field_is_told_with_those_that_are_there(spec):
    with pytest.raises(AttributeError, match=r"no 'nme'. It has: .*name"):
        spec.nme  # noqa: B018


def test_create_or_get_tells_which_and_warns_where_they_differ(client, spec):
    made = client.cell_instance.create_or_get(
        spec, {"name": "c-1", "date_manufactured": "2026-01-05"}
    )
    assert made.created
    same = client.cell_instance.create_or_get(
        spec, {"name": "c-1", "date_manufactured": "2026-01-05"}
    )
    assert (same.created, same.id) == (False, made.id)
    with pytest.warns(UserWarning, match="exists already, with another notes"):
        found = client.cell_instance.create_or_get(spec, {"name": "c-1", "notes": "new"})
    assert found.notes is None


def test_a_record_or_a_name_goes_wherever_an_id_goes(client, spec, cells):
    cell = client.cell_instance.get("c-003")
    assert (
        client.cell_instance.list(spec).total == client.cell_instance.list("LFP 18650").total == 12
    )
    assert client.cell_instance.update(cell, {"notes": "a"}).notes == "a"
    assert client.cell_instance.update("c-003", {"notes": None}).notes is None
    client.cell_instance.delete("LFP 18650::c-003")
    with pytest.raises(NotFoundError):
        client.cell_instance.get(cell)


def test_a_list_walks_every_page_and_one_page_on_request(client, spec, cells):
    assert len(client.cell_instance.list(spec)) == 12
    page = client.cell_instance.list(spec, limit=5, offset=10)
    assert (len(page), page.total) == (2, 12)


def test_filters_go_to_the_service(client, spec, cells):
    found = client.cell_instance.list(spec, name="C-00", order_by="name", order="asc", limit=3)
    assert [cell.name for cell in found] == ["c-000", "c-001", "c-002"]
    assert client.cell_instance.list(name_exact="c-007").total == 1
    lot = client.cell_instance.get("c-011").batch_id
    assert client.cell_instance.list(batch_id=lot).total == 6
    assert client.cell_spec.list(form_factor="18650").total == 1


def test_a_name_with_a_slash_and_dots_is_one_name(client, spec):
    for name in ("a/b", "..", "a?b#c", "ü %2F"):
        made = client.cell_instance.create(spec, {"name": name})
        assert client.cell_instance.get(name).id == made.id


@pytest.mark.law("X7")
def test_a_name_of_dots_is_found_and_deleted_over_http(remote):
    # requests folds . and .. away in a path, so neither is ever sent as an id.
    spec = remote.cell_spec.create({"name": "dots"})
    for name in (".", ".."):
        made = remote.cell_instance.create(spec, {"name": name})
        assert remote.cell_instance.get(name).id == made.id
        remote.cell_instance.delete(name)
    assert remote.cell_instance.list(spec).total == 0


def test_the_same_calls_work_over_http(remote):
    spec = remote.cell_spec.create({"name": "HTTP"})
    made = remote.cell_instance.create("HTTP", {"name": "c", "batch": "L"})
    assert isinstance(made, CellInstance)
    frame = remote.cell_instance.to_frame(spec)
    plan = remote.cell_instance.plan(frame.with_columns(notes=frame["cell"]))
    receipt = remote.apply(plan)
    assert receipt.to_frame()["guard"].to_list() == ["if_match"]
    assert remote.cell_instance.get(made).notes == "c"
    assert remote.whoami()["id"]
    assert remote.health_check()


def test_the_key_is_in_no_repr(remote):
    from tests.conftest import CANARY

    cached = remote._wire
    http = cached._wire
    shown = repr([remote, remote.__dict__, cached.__dict__, http.__dict__, http._policy])
    assert CANARY not in shown
