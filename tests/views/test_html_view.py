"""Plans and receipts as HTML."""

from __future__ import annotations

import re
import time
from base64 import b64encode
from dataclasses import replace
from hashlib import sha256
from html.parser import HTMLParser

import plan_samples as given
import pytest

from cellframe.views import html
from cellframe.views.voice import PAGE


class Reader(HTMLParser):
    """Text and elements of a page, without its style."""

    def __init__(self, page):
        super().__init__()
        self.words, self.tags, self.inside = [], [], []
        self.feed(page)
        self.close()

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))
        if tag != "meta":
            self.inside.append(tag)

    def handle_endtag(self, tag):
        assert self.inside.pop() == tag

    def handle_data(self, data):
        if "style" not in self.inside:
            self.words.append(data)

    @property
    def text(self):
        return " ".join("".join(f" {word} " for word in self.words).split())


def read(page):
    return Reader(page).text


PAGES = [
    html.plan(given.full_plan()),
    html.plan(given.clean_plan()),
    html.plan(given.several_kinds()),
    html.receipt(given.partly_done()),
    html.receipt(given.refused()),
]


@pytest.mark.parametrize("page", PAGES)
def test_every_element_is_closed(page):
    assert Reader(page).inside == []


@pytest.mark.parametrize("page", PAGES)
@pytest.mark.law("X8")
def test_a_fragment_brings_no_script_no_id_and_nothing_from_outside(page):
    tags = Reader(page).tags
    assert not {tag for tag, _ in tags} & {"script", "link", "img", "iframe", "a", "form", "object"}
    assert not {
        name for _, attrs in tags for name in attrs if name in {"id", "src", "href", "style"}
    }
    assert not re.search(r"url\(|@import|https?:", page)


@pytest.mark.parametrize("page", PAGES)
def test_every_style_rule_is_scoped_to_the_root(page):
    css = re.search(r"<style>(.*?)</style>", page, re.DOTALL)[1]
    css = css.replace("@media (prefers-color-scheme: dark) {", "")
    selectors = [part for rule in re.findall(r"([^{}]+)\{", css) for part in rule.split(",")]
    assert len(selectors) > 20
    assert all(".cellframe-view" in part for part in selectors)


def test_counts_are_chips():
    said = read(html.plan(given.clean_plan()))
    assert said.startswith("Plan for 85 cells at lab/ ~ 2 to update + 1 to create · 82 unchanged")


def test_the_old_value_is_struck_through_and_the_new_one_inserted():
    page = html.plan(given.clean_plan())
    assert re.search(r"<del>\s*<bdi>41</bdi>\s*</del>", page)
    assert re.search(r"<ins>\s*<bdi>41.2</bdi>\s*</ins>", page)


@pytest.mark.rule("W9")
def test_a_conflict_has_three_columns():
    said = read(html.plan(given.plan_of(given.conflict())))
    assert "column you read you have server now" in said
    assert said.count("12.1 12.41 12.38") == 1
    assert "changed by M. Ito" in said


@pytest.mark.rule("W15")
def test_a_clear_says_so_in_words():
    assert "∅ clear EL150800460490 batch BATCH-2024-001 → would be cleared" in read(
        html.plan(given.clean_plan())
    )


def test_a_plan_ends_with_how_to_send_it():
    assert read(html.plan(given.clean_plan())).endswith(
        "Nothing sent yet. To send: client.apply(plan)"
    )


def test_a_plan_to_decide_ends_with_what_decides():
    said = read(html.plan(given.full_plan()))
    assert '1 conflict client.apply(plan, on_conflict="skip" | "mine" | "theirs")' in said
    assert '1 invalid client.apply(plan, invalid="skip")' in said
    assert said.endswith("client.apply(plan) sends nothing until this is decided.")


def test_rows_to_decide_come_first():
    said = read(html.plan(given.full_plan()))
    assert said.index("EL150800460498") < said.index("EL150800460486")


def test_an_empty_plan_says_that_nothing_changed():
    page = html.plan(given.plan_of(counts={"unchanged": 84}, sendable=False))
    assert read(page).endswith("No changes: the frame has no edits to send.")
    assert "<table" not in page


def test_a_value_that_is_there_already_is_not_announced_as_sent():
    line = given.change(action="already_there", class_="already_there", server_now="41.2")
    said = read(html.plan(given.plan_of(line, sendable=False)))
    assert "Nothing would be sent" in said
    assert "on the service too: nothing to send" in said


def test_5000_changes_are_a_small_page_made_quickly():
    began = time.perf_counter()
    page = html.plan(given.large_plan())
    assert time.perf_counter() - began < 5
    assert len(page.encode()) < 1_000_000
    assert page.count("<tbody>") == 501
    assert "and 4,500 more: plan.to_frame() has all" in read(page)


def test_a_long_plan_is_counted_by_column_first():
    said = read(html.plan(given.large_plan()))
    assert said.index("By column") < said.index("Would be sent")
    assert "cell.mass [g] ~ 5,000 changes 41 → 41.0000" in said
    assert "By column" not in read(html.plan(given.clean_plan()))


def test_the_tails_of_a_long_plan_are_folded_without_script():
    page = html.plan(given.several_kinds())
    folded = re.findall(r"<summary>(.*?)</summary>", page)
    assert folded == ["42 more conflicts", "54 more to update"]
    assert "<details" not in html.plan(given.full_plan())


def test_a_plan_of_several_kinds_says_what_each_row_is():
    said = read(html.plan(given.several_kinds()))
    assert said.startswith("Plan for 1 spec, 111 cells and 1 test at lab/")
    assert "~ change spec LFP 18650 ratings.capacity [A.h]" in said
    assert "test protocol.name ~ 1 change" in said


@pytest.mark.rule("W46")
def test_what_would_be_deleted_stands_first_with_what_goes_with_it():
    said = read(html.plan(given.several_kinds()))
    sent = said.split("Would be sent")[1]
    assert sent.index("− delete cell GONE 2 tests go with it") < sent.index(
        "+ new lot BATCH-2024-002 The nearest existing lot is BATCH-2024-001."
    )


def test_500_rows_of_hostile_length_stay_below_three_megabytes():
    longest = dict.fromkeys(("name", "column", "you_read", "message"), "&" * 10_000)
    lines = [given.change(row, you_have="<" * 10_001, **longest) for row in range(600)]
    assert len(html.plan(given.plan_of(*lines)).encode()) < 3_000_000


def test_a_value_of_10000_characters_is_cut_with_its_length():
    page = html.plan(given.plan_of(given.change(you_have="x" * 10_000)))
    assert "x… (10,000 characters)" in page
    assert len(page) < 20_000


def test_a_receipt_shows_what_is_not_ok_and_what_to_do():
    said = read(html.receipt(given.partly_done()))
    assert said.startswith("Applied to lab/ ✓ 3 ok · 80 unchanged ! 1 conflict ? 1 unknown")
    assert "an apply is not atomic" in said
    assert "To finish: client.resume()" in said
    assert "History: lab/.cellframe/journals/2024-05-14T0915.jsonl" in said


def test_a_refused_receipt_says_why():
    said = read(html.receipt(given.refused()))
    assert said.startswith("Nothing sent to lab/ ! 1 conflict")
    assert "Refused 1 conflict: the service has changed" in said


def test_a_long_receipt_is_cut_at_500_rows():
    lines = [given.result(row, "failed", message="503") for row in range(700)]
    assert "and 200 more: receipt.to_frame() has all" in read(
        html.receipt(given.receipt_of(*lines))
    )


@pytest.mark.law("X8")
def test_a_document_holds_its_fragments_under_a_policy_without_script():
    page = html.document("Plan <b>", PAGES[0], PAGES[3])
    policy = next(a["content"] for tag, a in Reader(page).tags if "http-equiv" in a)
    assert policy.startswith("default-src 'none'")
    assert "script" not in policy
    assert "<title>Plan &lt;b&gt;</title>" in page
    assert page.count('<div class="cellframe-view">') == 2


def test_a_page_can_allow_the_style_of_plans_and_receipts_and_no_other():
    for fragment in (html.plan(given.full_plan()), html.receipt(given.partly_done())):
        _, _, rest = fragment.partition("<style>")
        style, _, _ = rest.partition("</style>")
        digest = b64encode(sha256(style.encode()).digest()).decode()
        assert html.style_hash() == f"'sha256-{digest}'"
        assert fragment.count("<style") == 1
        assert " style=" not in fragment


def test_a_page_that_asks_by_itself_is_told_of_no_call_and_no_journal():
    plan = replace(given.full_plan(), voice=PAGE, closing=False)
    receipt = replace(given.partly_done(), voice=PAGE, closing=False)
    for said in (read(html.plan(plan)), read(html.receipt(receipt))):
        assert "client." not in said
        assert "Nothing sent yet" not in said
    assert receipt.journal
    assert receipt.journal not in html.receipt(receipt)
