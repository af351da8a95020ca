"""Whatever a record holds, a view shows it and obeys none of it (law X8)."""

from __future__ import annotations

from dataclasses import replace

import plan_samples as given
import polars as pl
import pytest

from cellframe.views import html, text
from tests.hostile import BENIGN, PAYLOADS, bones, unsafe

pytestmark = pytest.mark.law("X8")

SLOTS = ["name", "column", "you_read", "you_have", "server_now", "message", "id", "record", "class"]


def of_polars(payload):
    """A frame holds no half of a surrogate pair; notices and addresses may."""
    return payload.replace("\ud800", "")


def plan_with(slot, payload, plan=None):
    plan = plan or given.full_plan()
    if slot in plan.changes.columns:
        filled = pl.col(slot).is_not_null() & (pl.col(slot) != "")
        value = pl.when(filled).then(pl.lit(of_polars(payload))).otherwise(pl.col(slot))
        return replace(plan, changes=plan.changes.with_columns(value.alias(slot)))
    return replace(plan, **{slot: (payload,) if slot == "notices" else payload})


def receipt_with(slot, payload):
    receipt = given.partly_done() if slot != "refused" else given.refused()
    if slot in receipt.results.columns:
        filled = pl.col(slot).is_not_null() & (pl.col(slot) != "")
        value = pl.when(filled).then(pl.lit(of_polars(payload))).otherwise(pl.col(slot))
        return replace(receipt, results=receipt.results.with_columns(value.alias(slot)))
    return replace(receipt, **{slot: payload})


@pytest.mark.parametrize("slot", [*SLOTS, "notices", "origin", "noun"])
def test_a_hostile_plan_has_the_elements_of_a_benign_one(slot):
    expected = bones(html.plan(plan_with(slot, BENIGN)))
    for payload in PAYLOADS:
        assert bones(html.plan(plan_with(slot, payload))) == expected, payload


@pytest.mark.parametrize("slot", SLOTS)
def test_a_long_hostile_plan_of_several_kinds_has_the_elements_of_a_benign_one(slot):
    expected = bones(html.plan(plan_with(slot, BENIGN, given.several_kinds())))
    for payload in PAYLOADS[::6]:
        page = html.plan(plan_with(slot, payload, given.several_kinds()))
        assert (bones(page), unsafe(page)) == (expected, []), payload


def test_a_hostile_kind_in_the_title_is_text():
    def titled(payload):
        return replace(given.clean_plan(), rows={payload: 1, "cell": 2})

    expected = bones(html.plan(titled(BENIGN)))
    for payload in PAYLOADS:
        assert bones(html.plan(titled(payload))) == expected, payload
        assert unsafe(text.plan(titled(payload))) == [], payload


@pytest.mark.parametrize("slot", [*SLOTS, "notices", "origin", "noun"])
def test_a_hostile_plan_has_no_control_character(slot):
    for payload in PAYLOADS:
        assert unsafe(text.plan(plan_with(slot, payload))) == [], payload
        assert unsafe(html.plan(plan_with(slot, payload))) == [], payload


RECEIPT_SLOTS = ["name", "id", "message", "code", "request_id", "guard", "outcome"]


@pytest.mark.parametrize("slot", [*RECEIPT_SLOTS, "refused", "origin", "journal", "noun"])
def test_a_hostile_receipt_has_the_elements_of_a_benign_one(slot):
    expected = bones(html.receipt(receipt_with(slot, BENIGN)))
    for payload in PAYLOADS:
        hostile = receipt_with(slot, payload)
        assert bones(html.receipt(hostile)) == expected, payload
        assert unsafe(html.receipt(hostile) + text.receipt(hostile)) == [], payload


@pytest.mark.parametrize("payload", PAYLOADS)
def test_a_name_cannot_write_a_line_of_its_own(payload):
    as_long = "p" * len(of_polars(payload).strip())
    plain = text.plan(plan_with("name", as_long)).count("\n")
    assert text.plan(plan_with("name", payload)).count("\n") == plain


@pytest.mark.parametrize("payload", PAYLOADS)
def test_a_title_cannot_open_an_element(payload):
    assert bones(html.document(payload)) == bones(html.document(BENIGN))


def test_what_a_record_holds_is_shown_as_it_is_written():
    page = html.plan(plan_with("name", "<script>alert(1)</script>"))
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in page


def test_markup_of_the_terminal_library_stays_text():
    assert "[bold red]markup[/]" in text.plan(plan_with("you_have", PAYLOADS[18]))
    assert not any("bold red" in str(s.style) for s in text.plan_rich(given.clean_plan()).spans)


def test_every_view_can_be_encoded():
    for payload in PAYLOADS:
        plan = plan_with("notices", payload)
        assert (text.plan(plan) + html.plan(plan)).encode()
