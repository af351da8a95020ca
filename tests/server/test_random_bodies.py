"""Whatever comes in, the service does not fail."""

from __future__ import annotations

import json

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from cellframe.contract.records import KINDS

pytestmark = pytest.mark.law("S7")

KEYS = sorted({field.name for kind in KINDS.values() for field in kind.fields})
TEXT = st.text(max_size=20) | st.sampled_from(["2025-01-01", "\ud800", "\x00", "g", ""])
LEAVES = st.none() | st.booleans() | st.integers() | st.floats() | TEXT
QUANTITY = st.fixed_dictionaries({"value": LEAVES, "unit": LEAVES})
VALUES = st.recursive(
    LEAVES | QUANTITY,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXT, inner, max_size=3),
    max_leaves=8,
)
BODIES = st.dictionaries(st.sampled_from(KEYS) | TEXT, VALUES, max_size=5)
VALID = json.dumps(
    {
        "name": "a",
        "batch": "L",
        "date_manufactured": "2025-01-01",
        "measured_properties": {"cell": {"mass": {"value": 1.5, "unit": "g"}}},
    }
).encode()
SHARED = settings(
    max_examples=60,
    deadline=None,
    database=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)


def targets(spec_path, cell_path):
    return [
        ("POST", "/cell_specifications"),
        ("POST", f"{spec_path}/cell_instances"),
        ("POST", f"{spec_path}/cell_batches"),
        ("PATCH", spec_path),
        ("PATCH", cell_path),
    ]


@SHARED
@given(body=BODIES)
def test_random_objects_are_stored_or_refused(call, spec_path, cell_path, body):
    for method, path in targets(spec_path, cell_path):
        answer = call(method, path, body)
        assert answer.status < 500, answer.content
        assert answer.status < 400 or set(answer.body) == {"error_code", "message", "detail"}


@SHARED
@given(cut=st.integers(0, len(VALID)), piece=st.binary(max_size=6), gone=st.integers(0, 6))
def test_damaged_bytes_are_stored_or_refused(call, spec_path, cell_path, cut, piece, gone):
    body = VALID[:cut] + piece + VALID[cut + gone :]
    for method, path in targets(spec_path, cell_path):
        assert call(method, path, body).status < 500


@SHARED
@given(
    name=st.sampled_from(["name", "limit", "offset", "order_by", "created_at_gt", "material_ids"]),
    value=st.text(max_size=30),
    header=st.text(st.characters(max_codepoint=255), max_size=20),
)
def test_random_queries_and_tags_are_answered(call, cell_path, name, value, header):
    from cellframe.contract.wire import Request

    for path in ("/cell_specifications", "/cell_instances", cell_path):
        headers = {"x-api-key": "k", "if-none-match": header, "if-match": header}
        request = Request("GET", path, ((name, value),), headers)
        assert call.service.answer(request).status < 500
