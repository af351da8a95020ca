"""The quick look at a body sees whatever the walk, which names the places, would find."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cellframe.server import strict

pytestmark = pytest.mark.law("S6")

LONG = "x" * (strict.LONGEST_TEXT + 1)
BAD = {
    "a number that is none": "NaN",
    "a number too large": "1e400",
    "an integer too wide": str(2**63),
    "half a surrogate": r'"\ud800"',
    "NUL": r'"\u0000"',
    "a text too long": json.dumps(LONG),
    "a text too long in UTF-8": json.dumps("é" * (strict.LONGEST_TEXT // 2 + 1)),
    "a key of NUL": r'{"\u0000": 1}',
    "a key too long": json.dumps({LONG: 1}),
    "a key there twice": '{"a": 1, "a": 1}',
    "too deep": "[" * (strict.DEEPEST + 1) + "]" * (strict.DEEPEST + 1),
}
GOOD = {
    "a text as long as may be": json.dumps(LONG[1:]),
    "as deep as may be": "[" * strict.DEEPEST + "1" + "]" * strict.DEEPEST,
    "a pair of surrogates": r'"\ud83d\ude00"',
}
LEAVES = st.sampled_from(["1", "1.5", "null", "true", '"a"', "NaN", "1e400", r'"\ud800"', r'"\0"'])
TEXTS = st.recursive(
    LEAVES.map(lambda leaf: leaf.replace(r"\0", r"\u0000")),
    lambda inner: (
        st.lists(inner, max_size=3).map(lambda found: f"[{','.join(found)}]")
        | st.lists(st.tuples(st.sampled_from(["a", "b", r"\ud800"]), inner), max_size=3).map(
            lambda pairs: "{" + ",".join(f'"{key}":{value}' for key, value in pairs) + "}"
        )
    ),
    max_leaves=10,
)


@given(text=TEXTS)
def test_the_quick_look_and_the_walk_agree(text):
    value = strict._parse(text.encode())
    assert strict._is_sound(value) == (not list(strict._faults(value)))


@pytest.mark.parametrize("text", BAD.values(), ids=BAD)
@pytest.mark.parametrize("around", ["%s", "[%s]", '{"a": [1, "a", %s]}'])
def test_the_quick_look_sees_each_fault(text, around):
    assert not strict._is_sound(strict._parse((around % text).encode()))


@pytest.mark.parametrize("text", GOOD.values(), ids=GOOD)
def test_the_quick_look_passes_what_is_just_allowed(text):
    assert strict._is_sound(strict._parse(text.encode()))
