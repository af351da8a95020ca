"""Whatever a cycler calls its columns, and however it counts: is the series the test that was run?"""

from __future__ import annotations

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from polars.testing import assert_frame_equal

from cellframe.contract.series import CAPACITY, CHARGE_CAPACITY, DISCHARGE_CAPACITY
from cellframe.intake import series as intake
from tests.intake.written import SPELLINGS, A, Manner, Q, T, V, truth, write

PRINTED = 1e-9
"""Files are written with twelve digits."""

manners = st.builds(
    Manner,
    spelling=st.sampled_from(list(SPELLINGS)),
    time=st.sampled_from(["s", "min", "h"]),
    voltage=st.sampled_from(["V", "mV"]),
    current=st.sampled_from(["A", "mA"]),
    capacity=st.sampled_from(["Ah", "mAh"]),
    sign=st.sampled_from(["charge positive", "discharge positive", "unsigned"]),
    counters=st.sampled_from(["step", "cycle", "test", "both", "net", "none"]),
    delimiter=st.sampled_from([",", ";", "\t", "|"]),
    decimal=st.sampled_from([".", ","]),
    units_below=st.booleans(),
    head=st.integers(0, 30),
)


@settings(max_examples=settings.default.max_examples // 4)
@given(manner=manners)
def test_any_file_is_found_out_and_read(tmp_path_factory, manner):
    assume(manner.delimiter != manner.decimal)
    series = truth()
    path = write(tmp_path_factory.mktemp("made"), manner, series)
    proposal = intake.propose([path])
    assert proposal.map.current == manner.sign
    assert proposal.doubts == ()
    found = intake.read(path, proposal.map)
    columns = [T, V, A, "Step count", "Cycle count"]
    assert_frame_equal(
        found.select(columns), series.select(columns), rel_tol=PRINTED, abs_tol=PRINTED
    )
    if manner.counters in ("net", "none"):
        assert (CAPACITY in found.columns) == (manner.counters == "net")
        return
    told = {"both": "step"}.get(manner.counters, manner.counters)
    assert proposal.map.counters == told
    for label, sign in ((CHARGE_CAPACITY, -1), (DISCHARGE_CAPACITY, 1)):
        expected = series[Q] * ((series[A].sign() * sign) > 0)
        assert found[label].to_list() == pytest.approx(expected.to_list(), abs=1e-8)
