"""Is the answer to a change what a reader of the record is given?"""

from __future__ import annotations

import pytest

QUANTITY = {"cell": {"mass": {"value": 5, "unit": "g"}}}
CHANGES = [
    {"notes": "é", "measured_properties": QUANTITY},
    {"date_manufactured": "2025-10-28"},
    {"batch": "L-1"},
    {"batch": "L-1", "notes": "in a lot"},
    {"batch_id": None},
    {"name": "another"},
    {},
]


@pytest.mark.parametrize("before", [{}, {"batch": "L-0", "date_manufactured": "2025-01-01"}])
@pytest.mark.parametrize("body", CHANGES)
def test_a_change_of_a_cell_is_answered_as_it_is_read(call, cell_path, before, body):
    call("PATCH", cell_path, before)
    told = call("PATCH", cell_path, body)
    assert told.status == 200
    assert told.body == call("GET", cell_path).body
