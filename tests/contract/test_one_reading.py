"""JSON of a service is read in one way, or not at all."""

from __future__ import annotations

import json

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cellframe.contract.decoding import decoded
from cellframe.contract.wire import Reply, Request
from cellframe.errors import TransportError
from cellframe.transport.replies import read

GET = Request("GET", "/cell_instances/i")
BROKEN = {
    "NaN": b'{"mass": NaN}',
    "infinity": b'{"mass": Infinity}',
    "minus infinity": b"[-Infinity]",
    "too large a number": b'{"mass": 1e999}',
    "latin": b'{"name": "\xe9"}',
    "half a letter": b'{"name": "\xc3"}',
    "a surrogate": b'{"name": "\xed\xa0\x80"}',
    "deep lists": b"[" * 100_000 + b"]" * 100_000,
    "deep objects": b'{"a":' * 5000 + b"1" + b"}" * 5000,
    "half": b'{"name": "a',
    "more": b'{"name": "a"} {}',
    "a comment": b'{"name": "a"} // x',
    "a key twice": b'{"id": "a", "id": "b"}',
    "a key twice, deep down": b'[{"a": {"b": 1, "c": 2, "b": 1}}]',
    "a key twice, below three hundred objects": b'{"a":' * 300 + b'{"b":1,"b":1}' + b"}" * 300,
    "a key twice, in two spellings": b'{"id": 1, "\\u0069d": 2}',
    "a key twice, spaced": b'{"a" :1,"a"\n:2}',
}


@pytest.mark.law("X6")
@pytest.mark.law("X12")
@pytest.mark.parametrize("name", BROKEN)
def test_json_that_cannot_be_read_names_the_request(name):
    reply = Reply(200, {"content-type": "application/json"}, BROKEN[name])
    with pytest.raises(TransportError, match=r"JSON that cannot be read: .+") as fault:
        read(GET, reply, "https://lab")
    assert "https://lab answered GET /cell_instances/i" in str(fault.value)
    assert fault.value.request == "GET /cell_instances/i"
    assert len(str(fault.value)) < 400


TREES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**53), 2**53)
    | st.text('ab":\\ \n{}[],', max_size=6),
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(st.text('ab": \\', max_size=3), inner)
    ),
    max_leaves=8,
)


@given(TREES, st.sampled_from([None, 1]), st.sampled_from([(",", ":"), (" , ", " : ")]))
def test_whatever_json_says_once_is_read(tree, indent, separators):
    assert decoded(json.dumps(tree, indent=indent, separators=separators).encode()) == tree


@given(
    st.dictionaries(st.text('ab": \\', max_size=3), st.text('":\\ ', max_size=3), min_size=1),
    st.sampled_from([b":", b" :", b"\t:"]),
)
def test_a_key_that_stands_twice_is_found_wherever_it_is(tree, colon):
    again = b"{" + orjson.dumps(min(tree)) + colon + b"1,"
    with pytest.raises(ValueError, match="twice"):
        decoded(b'[{"a":"' + b'"},' + again + orjson.dumps(tree)[1:] + b"]")
