"""Rule 34 and law D12: a large change is asked for by its count."""

from __future__ import annotations

import polars as pl
import pytest
from writeback_tools import MASS, mass, new_rows

from cellframe.client import Client
from cellframe.errors import RefusedError
from cellframe.writeback.limits import Limits

pytestmark = [pytest.mark.rule("W34"), pytest.mark.law("D12")]


@pytest.fixture
def forty(client, spec):
    """The frame of forty cells with a mass: twelve are thirty percent, four are ten."""
    for number in range(40):
        client.cell_instance.create(spec, {"name": f"n-{number:02}", **mass(40.0)})
    return client.cell_instance.to_frame(spec)


def first(frame, count, label, value):
    """The frame with one value in its first rows."""
    new = pl.lit(value, dtype=frame.schema[label])
    rows = pl.int_range(pl.len()) < count
    return frame.with_columns(pl.when(rows).then(new).otherwise(label).alias(label))


@pytest.mark.parametrize(("count", "passes"), [(11, True), (12, True), (13, False)])
def test_more_updates_than_the_share_are_refused(client, forty, count, passes):
    receipt = client.apply(client.cell_instance.plan(first(forty, count, "notes", "x")))
    assert bool(receipt) is passes
    assert (f"max_updates={count}" in receipt.refused) is not passes


@pytest.mark.parametrize(("count", "passes"), [(12, False), (13, True), (14, True)])
def test_the_count_that_is_meant_lets_updates_pass(client, forty, count, passes):
    plan = client.cell_instance.plan(first(forty, 13, "notes", "x"))
    assert bool(client.apply(plan, max_updates=count)) is passes


def test_a_count_below_the_share_holds_too(client, forty):
    plan = client.cell_instance.plan(first(forty, 2, "notes", "x"))
    assert "more than the 1 that are meant" in client.apply(plan, max_updates=1).refused


@pytest.mark.parametrize(("count", "passes"), [(9, True), (10, False), (11, False)])
def test_few_clears_pass_and_more_than_the_share_are_refused(client, forty, count, passes):
    receipt = client.apply(client.cell_instance.plan(first(forty, count, MASS, None)))
    assert bool(receipt) is passes
    assert (f"max_clears={count}" in receipt.refused) is not passes
    filled = client.cell_instance.to_frame(columns=[MASS])[MASS].count()
    assert filled == (40 - count if passes else 40)


@pytest.mark.parametrize(("count", "passes"), [(9, False), (10, True), (11, True)])
def test_the_count_that_is_meant_lets_clears_pass(client, forty, count, passes):
    plan = client.cell_instance.plan(first(forty, 10, MASS, None))
    assert bool(client.apply(plan, max_clears=count)) is passes


def test_a_part_of_the_frame_is_measured_against_all_that_was_read(client, forty):
    plan = client.cell_instance.plan(first(forty, 12, "notes", "x")[:12])
    assert plan.part.base_rows == 40
    assert client.apply(plan)


def test_a_filtered_clear_is_measured_against_all_that_was_read(client, forty):
    plan = client.cell_instance.plan(first(forty, 10, MASS, None)[:10])
    assert plan.part.base_filled == {MASS: 40}
    assert client.apply(plan).refused


def test_below_ten_rows_no_share_counts(client, cells):
    edited = first(cells, 9, "notes", "x")
    assert client.apply(client.cell_instance.plan(edited))


def test_creates_are_not_limited(client, spec):
    plan = client.cell_instance.plan(new_rows(cell=[f"n{n}" for n in range(30)]), spec=spec)
    assert client.apply(plan).counts == {"ok": 30}


def test_limits_are_the_clients_to_set(client, forty, tmp_path):
    lax = Client.over(
        client._wire, tmp_path / "lab" / ".cellframe", limits=Limits(update_share=0.5)
    )
    assert lax.apply(lax.cell_instance.plan(first(forty, 13, "notes", "x")))


def test_a_plan_that_passes_a_limit_says_so_with_its_override(client, forty):
    plan = client.cell_instance.plan(first(forty, 13, "notes", "x"))
    assert "13 of the 40 rows you read would be updated" in repr(plan)
    assert "client.apply(plan, max_updates=13)" in repr(plan)
    assert client.apply(plan, max_updates=13)


@pytest.mark.parametrize("value", ["x", None])
def test_conflicts_decided_for_mine_count_as_the_updates_and_clears_they_are(
    client, colleague, forty, value
):
    client.apply(client.cell_instance.plan(forty.with_columns(notes=pl.lit("a"))), max_updates=40)
    read = client.cell_instance.to_frame()
    for id_ in read["instance_id"]:
        colleague.cell_instance.update(id_, {"notes": "b"})
    edited = read.with_columns(notes=pl.lit(value, dtype=pl.String))
    client._connection.journals.folder.rename(client._connection.journals.folder.with_name("old"))
    receipt = client.apply(client.cell_instance.plan(edited), on_conflict="mine")
    assert "max_updates=40" in receipt.refused
    assert {cell.notes for cell in client.cell_instance.list()} == {"b"}


def test_a_refusal_sends_nothing_and_names_every_reason(client, forty):
    edited = first(first(forty, 13, "notes", "x"), 11, MASS, None)
    receipt = client.apply(client.cell_instance.plan(edited))
    assert "max_updates=13" in receipt.refused
    assert "max_clears=11" in receipt.refused
    assert receipt.counts == {"not_attempted": 13, "unchanged": 27}
    assert receipt.journal is None


def test_a_plan_is_checked_without_a_service(client, forty):
    plan = client.cell_instance.plan(first(forty, 13, "notes", "x"))
    with pytest.raises(
        RefusedError, match=r"13 of the 40 rows.*client.apply\(plan, max_updates=13"
    ):
        plan.check()
    assert plan.check(max_updates=13) is plan.check(Limits(update_share=0.5)) is plan
    with pytest.raises(RefusedError, match="more than the 12 that are meant"):
        plan.check(max_updates=12)


def test_a_plan_that_is_filtered_is_measured_against_all_that_was_read(client, forty):
    plan = client.cell_instance.plan(first(forty, 13, "notes", "x"))
    assert plan.filter([True] * 12 + [False]).check()
    assert plan.filter([True] * 13).digest == plan.digest
