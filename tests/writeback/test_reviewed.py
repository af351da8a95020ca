"""What a review found: each of these lost or misread something without a word."""

from __future__ import annotations

import os
import signal

import polars as pl
import pytest
from writeback_tools import MASS, Once, edit, new_rows

from cellframe.client import Client
from cellframe.errors import StoreError


@pytest.mark.rule("W9")
def test_a_colleagues_value_in_a_row_that_one_wrote_oneself_stays_a_conflict(
    client, colleague, cells
):
    mass = {"cell": {"mass": {"value": 99.0, "unit": "g"}}}
    colleague.cell_instance.update("c-000", {"measured_properties": mass})
    assert client.apply(client.cell_instance.plan(edit(cells, "c-000", notes="mine")))
    plan = client.cell_instance.plan(edit(cells, "c-000", mass=50.0))
    (change,) = plan.rows[0].changes
    assert (change.what.value, change.you_read, change.server_now) == ("conflict", 41.0, 99.0)


@pytest.mark.rule("W9")
def test_a_value_that_one_wrote_before_the_last_time_is_somebody_elses_now(
    client, colleague, cells
):
    for notes in ("a", "b"):
        client.apply(client.cell_instance.plan(edit(cells, "c-000", notes=notes)))
    colleague.cell_instance.update("c-000", {"notes": "a"})
    assert client.cell_instance.plan(edit(cells, "c-000", notes="c")).summary["conflict"] == 1


@pytest.mark.rule("W7")
def test_a_new_row_that_names_two_specs_is_invalid(client, cells):
    client.cell_spec.create({"name": "B"})
    copied = cells.head(1).with_columns(
        cell=pl.lit("copy"), spec=pl.lit("B"), instance_id=pl.lit(None, dtype=pl.String)
    )
    plan = client.cell_instance.plan(pl.concat([cells, copied]))
    assert plan.summary["invalid"] == 1
    assert "names two specs" in plan.rows[0].message


def test_a_copied_row_keeps_to_its_spec(client, cells):
    copied = cells.head(1).with_columns(
        cell=pl.lit("copy"), instance_id=pl.lit(None, dtype=pl.String)
    )
    plan = client.cell_instance.plan(pl.concat([cells, copied]))
    assert client.apply(plan)
    assert client.cell_instance.get("copy").measured_properties["cell"]["mass"]["value"] == 41.0


@pytest.mark.rule("W23")
def test_a_copied_spec_never_loses_its_components_in_silence(client, spec):
    copied = client.cell_spec.to_frame().with_columns(
        spec=pl.lit("copy"), spec_id=pl.lit(None, dtype=pl.String)
    )
    plan = client.cell_spec.plan(copied)
    assert plan.summary["invalid"] == 1
    assert "'cathode.loading [mg/cm**2]'" in plan.rows[0].message
    assert client.apply(client.cell_spec.plan(copied.drop("cathode.loading [mg/cm**2]")))


@pytest.mark.law("A9")
def test_an_interrupted_apply_leaves_a_receipt_that_says_which(tapped, wire, cells):
    plan = tapped.cell_instance.plan(cells.with_columns(notes=pl.lit("x")))
    wire.before = Once("PATCH", lambda: os.kill(os.getpid(), signal.SIGINT))
    with pytest.raises(KeyboardInterrupt):
        tapped.apply(plan, max_updates=12, workers=1)
    counts = tapped.last_receipt.counts
    written = sum(cell.notes == "x" for cell in tapped.cell_instance.list("LFP 18650"))
    assert counts["ok"] == written < 12
    assert sum(counts.values()) == 12
    assert tapped.cell_instance.plan(plan.edited).summary == {
        "create": 0,
        "update": 12 - written,
        "unchanged": 0,
        "already_there": written,
    }


@pytest.mark.law("A12")
def test_a_full_disk_in_between_leaves_a_receipt_too(client, cells, monkeypatch):
    from cellframe.store.journals import Journal

    append, calls = Journal.append, []

    def fails_late(journal, lines):
        calls.append(lines)
        if len(calls) > 2:
            raise StoreError("full")
        append(journal, lines)

    monkeypatch.setattr(Journal, "append", fails_late)
    plan = client.cell_instance.plan(cells.head(3).with_columns(notes=pl.lit("x")))
    with pytest.raises(StoreError):
        client.apply(plan)
    assert client.last_receipt.counts == {"ok": 3}


@pytest.mark.rule("W38")
def test_a_write_whose_answer_was_lost_is_ones_own(tapped, wire, cells):
    from cellframe.errors import TransportError

    def lost(request, reply):
        if wire.methods("PATCH"):
            raise TransportError("gone", sent=True)
        return reply

    plan = tapped.cell_instance.plan(edit(cells, "c-000", notes="x"))
    wire.after = lost
    assert tapped.apply(plan).counts["unknown"] == 1
    wire.after = lambda _request, reply: reply
    assert tapped.cell_instance.plan(edit(cells, "c-000", notes="y")).summary["update"] == 1


@pytest.mark.rule("W20")
def test_mine_stands_also_where_a_colleague_changed_what_is_measured(client, colleague, cells):
    plan = client.cell_instance.plan(edit(cells, "c-000", mass=5.0))
    volts = {"cell": {"mass": {"value": 3.0, "unit": "V"}}}
    colleague.cell_instance.update("c-000", {"measured_properties": volts})
    assert client.apply(plan, on_conflict="mine")
    stored = client.cell_instance.get("c-000").measured_properties["cell"]["mass"]
    assert stored == {"value": 5.0, "unit": "g"}


@pytest.mark.law("D8")
@pytest.mark.parametrize("text", ["25-11-03", "-2025-11-03", "0000-01-01", "12025-11-03"])
def test_a_year_of_other_than_four_digits_is_no_date(client, cells, text):
    frame = cells.cast({"date_manufactured": pl.String})
    plan = client.cell_instance.plan(edit(frame, "c-000", date_manufactured=text))
    assert plan.summary["invalid"] == 1


@pytest.mark.law("D8")
def test_a_day_beyond_the_calendar_is_no_date(client, cells):
    plan = client.cell_instance.plan(
        cells.with_columns(date_manufactured=pl.lit(9_000_000).cast(pl.Date))
    )
    assert plan.summary["invalid"] == 12


@pytest.mark.rule("W18")
def test_a_relabelled_unit_is_seen_where_nothing_was_read_here(client, cells, tmp_path):
    stranger = Client.over(client._wire, tmp_path / "stranger")
    plan = stranger.cell_instance.plan(cells.rename({MASS: "cell.mass [kg]"}))
    assert plan.summary["invalid"] == 12


@pytest.mark.rule("W18")
def test_a_unit_of_its_own_column_is_not_edited_without_its_number(client):
    spec = client.cell_spec.create({"name": "clash"})
    for name, unit in (("a", "g"), ("b", "V")):
        properties = {"cell": {"m": {"value": 3.0, "unit": unit}}}
        client.cell_instance.create(spec, {"name": name, "measured_properties": properties})
    with pytest.warns(UserWarning, match="two columns"):
        frame = client.cell_instance.to_frame(spec)
    plan = client.cell_instance.plan(edit(frame, "a", **{"cell.m.unit": "kg"}))
    assert "a number that was not edited" in plan.rows[0].message
    both = edit(frame, "a", **{"cell.m.unit": "kg", "cell.m": 0.003})
    assert client.apply(client.cell_instance.plan(both))


@pytest.mark.rule("W34")
def test_a_wider_reading_in_between_does_not_loosen_a_limit(client, spec, cells):
    other = client.cell_spec.create({"name": "other"})
    many = new_rows(cell=[f"n{number}" for number in range(60)])
    client.apply(client.cell_instance.plan(many, spec=other))
    assert client.cell_instance.to_frame().height == 72
    assert client.apply(client.cell_instance.plan(cells.with_columns(notes=pl.lit("x")))).refused


def test_a_whole_number_too_long_to_be_exact_is_refused_as_text_too(client, cells):
    frame = cells.cast({MASS: pl.String})
    plan = client.cell_instance.plan(edit(frame, "c-000", mass="9007199254740993"))
    assert plan.summary["invalid"] == 1


def test_what_a_service_says_reaches_no_terminal_as_commands(tapped, wire):
    from cellframe.contract.wire import Reply

    wire.before = lambda _request: Reply(400, {}, b'{"message": "\\u001b[2J gone"}')
    with pytest.raises(ValueError, match="gone") as caught:
        tapped.health_check()
    assert "\x1b" not in str(caught.value)


@pytest.mark.rule("W35")
def test_a_text_that_a_colleague_put_where_a_number_goes_is_a_conflict_on_the_way(
    client, colleague, spec
):
    for name, value in (("a", {"value": 1.0, "unit": "g"}), ("b", None)):
        properties = {"cell": {"m": value}} if value else {}
        client.cell_instance.create(spec, {"name": name, "measured_properties": properties})
    frame = client.cell_instance.to_frame(spec)
    plan = client.cell_instance.plan(edit(frame, "b", **{"cell.m [g]": 2.0}))
    colleague.cell_instance.update("b", {"measured_properties": {"cell": {"m": "heavy"}}})
    assert client.apply(plan).counts == {"unchanged": 1, "conflict": 1}
    assert client.cell_instance.get("b").measured_properties == {"cell": {"m": "heavy"}}
