"""`batch` is a lot's name: lots are found without case, or made, before the rows that name them."""

from __future__ import annotations

import orjson
import pytest
from writeback_tools import Once, edit, new_rows

from cellframe.contract.wire import Reply
from cellframe.writeback.lots import fold


def lots(wire, spec) -> list[str]:
    from cellframe.transport.replies import ask

    return [
        lot["name"]
        for lot in ask(wire, "GET", f"/cell_specifications/{spec.id}/cell_batches")["items"]
    ]


def test_a_lot_that_is_there_is_found_by_its_name(tapped, wire, cells, spec):
    assert tapped.apply(tapped.cell_instance.plan(edit(cells, "c-000", batch="L2")))
    assert "batch_id" in orjson.loads(wire.methods("PATCH")[0].body)
    assert sorted(lots(wire, spec)) == ["L1", "L2"]
    assert tapped.cell_instance.get("c-000").batch_name == "L2"


@pytest.mark.parametrize("name", ["l1", "L1"])
def test_the_same_lot_in_another_case_is_no_edit(client, cells, name):
    assert not client.cell_instance.plan(edit(cells, "c-000", batch=name))


def test_a_lot_in_another_case_is_the_lot_that_is_there(client, wire, cells, spec):
    plan = client.cell_instance.plan(edit(cells, "c-000", batch="l2"))
    assert plan.new_lots == []
    assert client.apply(plan)
    assert client.cell_instance.get("c-000").batch_name == "L2"


@pytest.mark.law("D14")
@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("caf\u00e9", "CAFE\u0301"),
        ("Straße", "STRASSE"),
        ("ﬁ", "FI"),
        ("\u01f0", "J\u030c"),
        ("ß", "ẞ"),
    ],
)
def test_spellings_of_one_lot_fold_alike(client, one, other, cells):
    assert fold(one) == fold(other)
    client.apply(client.cell_instance.plan(edit(cells, "c-000", batch=one)))
    assert not client.cell_instance.plan(
        edit(client.cell_instance.to_frame(), "c-000", batch=other)
    )


def test_a_new_lot_is_a_line_of_the_plan_with_the_nearest_name(client, cells):
    plan = client.cell_instance.plan(edit(cells, "c-000", batch="L11"))
    (lot,) = plan.new_lots
    assert (lot.action.value, lot.name, lot.row) == ("create", "L11", None)
    assert "nearest existing lot: 'L1'" in lot.message
    assert plan.summary["lots_created"] == 1


def test_a_new_lot_is_made_once_for_all_its_rows(tapped, wire, cells, spec):
    edited = edit(
        edit(edit(cells, "c-000", batch="New"), "c-001", batch="new"), "c-002", batch="NEW"
    )
    assert tapped.apply(tapped.cell_instance.plan(edited))
    assert len(wire.methods("POST")) == 1
    assert sorted(lots(wire, spec)) == ["L1", "L2", "New"]


def test_lots_come_before_their_rows(tapped, wire, cells):
    tapped.apply(tapped.cell_instance.plan(edit(cells, "c-000", batch="L9")))
    assert [r.method for r in wire.sent if r.method != "GET"] == ["POST", "PATCH"]


def test_a_row_that_is_skipped_takes_its_lot_with_it(client, colleague, wire, cells, spec):
    colleague.cell_instance.update("c-000", {"batch": "L2"})
    plan = client.cell_instance.plan(edit(edit(cells, "c-000", batch="L9"), "c-001", notes="x"))
    receipt = client.apply(plan, on_conflict="skip")
    assert receipt.counts == {"ok": 1, "conflict": 1, "unchanged": 10}
    assert sorted(lots(wire, spec)) == ["L1", "L2"]


def test_a_lot_that_a_colleague_makes_on_the_way_is_used(tapped, wire, colleague, cells, spec):
    plan = tapped.cell_instance.plan(edit(cells, "c-000", batch="L9"))
    make = lambda: colleague.cell_instance.update("c-005", {"batch": "l9"})  # noqa: E731
    wire.before = Once("POST", make)
    assert tapped.apply(plan)
    assert tapped.cell_instance.get("c-000").batch_name == "l9"


def test_a_lot_that_cannot_be_made_keeps_its_rows_back_and_no_others(tapped, wire, cells):
    plan = tapped.cell_instance.plan(edit(edit(cells, "c-000", batch="L9"), "c-001", notes="x"))
    no = Reply(422, {}, b'{"error_code": "X", "message": "no", "detail": null}')
    wire.before = lambda request: no if request.method == "POST" else None
    receipt = tapped.apply(plan)
    assert receipt.counts == {"ok": 1, "not_attempted": 1, "unchanged": 10}
    assert "the lot 'L9' is not known to exist" in receipt.failed["_error"][0]


def test_a_cleared_lot_belongs_to_none(client, cells):
    assert client.apply(client.cell_instance.plan(edit(cells, "c-000", batch=None)))
    assert client.cell_instance.get("c-000").batch_id is None


def test_a_lot_is_cleared_and_another_set_in_one_plan(client, cells):
    edited = edit(edit(cells, "c-000", batch=""), "c-001", batch="L2")
    assert client.apply(client.cell_instance.plan(edited))
    assert client.cell_instance.get("c-000").batch_id is None
    assert client.cell_instance.get("c-001").batch_name == "L2"


def test_a_service_without_lots_gets_the_text(tapped, wire, spec):
    missing = Reply(404, {}, b'{"error_code": "NOT_FOUND", "message": "no", "detail": null}')
    wire.before = lambda request: missing if "cell_batches" in request.path else None
    plan = tapped.cell_instance.plan(new_rows(cell=["n"], batch=["L9"]), spec=spec)
    assert plan.new_lots == []
    tapped.apply(plan)
    assert orjson.loads(wire.methods("POST")[0].body) == {"name": "n", "batch": "L9"}


def test_lots_of_two_specs_are_kept_apart(client, cells, wire, spec):
    other = client.cell_spec.create({"name": "other"})
    edited = new_rows(cell=["n", "m"], batch=["L1", "L9"], spec=["other", "LFP 18650"])
    plan = client.cell_instance.plan(edited)
    assert {(lot.parent_id, lot.name) for lot in plan.new_lots} == {
        (other.id, "L1"),
        (spec.id, "L9"),
    }
    assert client.apply(plan)
    assert lots(wire, other) == ["L1"]
