"""Texts of records, made safe to show."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cellframe.views.clean import clean, cut, window

BIDI = {"LRE", "RLE", "LRO", "RLO", "PDF", "LRI", "RLI", "FSI", "PDI"}


@pytest.mark.law("X8")
@given(st.text())
def test_no_control_or_bidi_character_is_left(text):
    left = clean(text)
    assert not any(unicodedata.category(c) in {"Cc", "Cs", "Zl", "Zp"} for c in left)
    assert not any(unicodedata.bidirectional(c) in BIDI for c in left)
    assert len(left) == len(text)


@pytest.mark.parametrize("text", ["ÅΩ 電池 ±5 °C", "می‌خواهم", "👩‍🔬", "חיפה", "e\u0301", "B–7′"])
def test_ordinary_writing_stays_as_it_is(text):
    assert clean(text) == text


def test_a_removed_character_leaves_a_sign():
    assert clean("A\u202eB\u200bC\x1b[31m\nD") == "A�B�C␛[31m⏎D"


def test_a_long_text_is_cut_with_its_length():
    assert cut("x" * 10_000, 5) == "xxxxx… (10,000 characters)"


def test_long_values_are_cut_to_where_they_differ():
    read, have, now = window("x" * 9000 + "A", "x" * 9000 + "B", None, 60)
    assert read == "…" + "x" * 20 + "A (9,001 characters)"
    assert have == "…" + "x" * 20 + "B (9,001 characters)"
    assert now is None


@pytest.mark.parametrize("text", ["", " ", "A ", "(empty)", "41 -> 42"])
def test_a_value_that_could_be_mistaken_is_in_quotes(text):
    assert window(text, None, None, 60)[0] == f'"{text}"'


@pytest.mark.parametrize(
    ("read", "have"), [("A", "A "), ("A", "A\u200b"), ("", None), ("A\nB", "A B")]
)
def test_two_different_values_never_look_alike(read, have):
    shown = window(read, have, read, 60)
    assert shown[0] != shown[1]
