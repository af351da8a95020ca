"""Whatever a record holds, a view shows it and obeys none of it (law X8)."""

from __future__ import annotations

import unicodedata
from dataclasses import replace
from html.parser import HTMLParser

import plan_samples as given
import polars as pl
import pytest

from cellframe.views import html, text

pytestmark = pytest.mark.law("X8")

PAYLOADS = [
    "<script>alert(1)</script>",
    "</script><script>alert(1)</script>",
    "</style><script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "'><svg onload=alert(1)>",
    '" onmouseover="alert(1)',
    "' autofocus onfocus='alert(1)",
    "<iframe srcdoc='<script>alert(1)</script>'>",
    "</td></tr></table><h1>gone",
    "</bdi></del><b>",
    "<!-- ",
    "--><b>",
    "<![CDATA[<b>]]>",
    "<?php echo 1 ?>",
    "javascript:alert(1)",
    "&lt;script&gt;alert(1)&lt;/script&gt;",
    "&#60;script&#62;",
    "{{ 7 * 7 }}{% include 'x' %}",
    "[bold red]markup[/] [link=https://evil.example]x[/link]",
    "\x1b[2J\x1b[31mred\x1b]8;;https://evil.example\x07link\x1b]8;;\x07",
    "\u202egnp.exe\u2066<b>\u2069\u200e\u061c",
    "\x00\x07\x08\x7f\x85\x9b31m",
    "line\r\nbreak\u2028Nothing sent yet. To send: client.apply(plan)",
    "<style>*{display:none}</style>",
    "${7*7}`x`",
    "\ud800<b>",
]
SLOTS = ["name", "column", "you_read", "you_have", "server_now", "message", "id", "record", "class"]
BENIGN = "plain"


class Skeleton(HTMLParser):
    """Elements and the names of their attributes, with the data forgotten."""

    def __init__(self, page):
        super().__init__()
        self.bones = []
        self.feed(page)
        self.close()

    def handle_starttag(self, tag, attrs):
        self.bones.append((tag, *(name for name, _ in attrs)))

    def handle_endtag(self, tag):
        self.bones.append(f"/{tag}")

    def handle_comment(self, data):
        self.bones.append("comment")

    def handle_decl(self, decl):
        self.bones.append("declaration")

    def handle_pi(self, data):
        self.bones.append("instruction")


def bones(page):
    return Skeleton(page).bones


def unsafe(written):
    """Characters that a terminal would obey, but for the ends of our own lines."""
    marks = {"LRE", "RLE", "LRO", "RLO", "PDF", "LRI", "RLI", "FSI", "PDI"}
    return [
        character
        for character in sorted(set(written) - {"\n"})
        if unicodedata.category(character) in {"Cc", "Cs", "Zl", "Zp"}
        or unicodedata.bidirectional(character) in marks
        or character in "\u200e\u200f\u061c"
    ]


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
