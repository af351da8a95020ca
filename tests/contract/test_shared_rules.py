"""Rules that both ends of the wire have from one place."""

from __future__ import annotations

import hashlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cellframe.contract import digests
from cellframe.contract.filenames import filename_fault
from cellframe.contract.names import name_fault
from cellframe.contract.quantities import positive_in

DIGEST = hashlib.sha256(b"x").hexdigest()


@given(st.binary())
def test_a_digest_is_read_back_as_it_was_written(content):
    digest = hashlib.sha256(content).hexdigest()
    assert digests.told({digests.WHOLE: digests.written(digest)}) == {digests.WHOLE: digest}


@pytest.mark.parametrize(
    ("value", "found"),
    [
        (f"md5=:AAAA:, {digests.written(DIGEST)}", {digests.CONTENT: DIGEST}),
        ("sha-256=:A:", {digests.CONTENT: None}),
        ("unsha-256=:AAAA:", {}),
        ("", {}),
    ],
)
def test_a_header_tells_one_digest_or_none(value, found):
    assert digests.told({digests.CONTENT: value}) == found


@pytest.mark.parametrize(
    "name", ["a b.png", "Screenshot 5.42.36\u202fPM.png", ".hidden", "a:b", "Übersicht", "x."]
)
def test_what_systems_call_files_is_a_name(name):
    assert filename_fault(name) is None


@pytest.mark.law("X7")
@pytest.mark.parametrize(
    "name",
    ["", ".", "..", "a/b", "a\\b", "a?b", "a#b", "a\x00b", "a\nb", "gnp\u202e.exe", "x" * 256],
)
def test_what_leads_elsewhere_or_misleads_is_none(name):
    assert filename_fault(name)


@pytest.mark.parametrize("name", ["a", " a", "a/b?", "zero\u200dwidth", "\u05d0-7", "x" * 255])
def test_what_is_read_as_it_is_written_is_a_name(name):
    assert name_fault(name) is None


@pytest.mark.law("X7")
@pytest.mark.parametrize(
    "name", ["", " ", "\u3000\t", "a\tb", "a\x9fb", "a\u2028b", "a\u202eb", "\u2067a", "x" * 256]
)
def test_what_is_blank_or_misread_is_no_name(name):
    assert name_fault(name)


@pytest.mark.parametrize(
    ("quantity", "found"),
    [
        ({"value": 1100, "unit": "mA*h"}, 1.1),
        ({"value": 0, "unit": "A.h"}, None),
        ({"value": 3, "unit": "V"}, None),
        ({"value": "x", "unit": "A.h"}, None),
        ({"value": 1}, None),
        (None, None),
    ],
)
def test_a_rating_is_a_positive_number_of_its_unit_or_nothing(quantity, found):
    assert positive_in("A.h", quantity) == found
