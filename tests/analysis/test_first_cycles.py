from __future__ import annotations

import polars as pl
import pytest

from cellframe import analysis
from cellframe.errors import ConfigError, FrameError
from tests import real_series
from tests.analysis.steps_of import derived
from tests.journeys.conftest import need

CYCLE, IN, OUT = "Cycle count", "Charge capacity [A.h]", "Discharge capacity [A.h]"
FIRST, LOST = "First-cycle efficiency", "First-cycle irreversible capacity [A.h]"
LAST, ALL_LOST = "Last formation cycle", "Irreversible capacity [A.h]"


def cell(*pairs: tuple[float | None, float | None], name: str | None = None) -> pl.DataFrame:
    """Cycles of (charge, discharge) in A.h."""
    frame = pl.DataFrame(pairs, schema={IN: pl.Float64, OUT: pl.Float64}, orient="row")
    frame = frame.with_row_index(CYCLE).with_columns(pl.col(CYCLE).cast(pl.Int64))
    return frame if name is None else frame.with_columns(cell=pl.lit(name))


FULL = ((1.2, 1.0), (1.02, 1.0), (1.001, 1.0), (1.001, 1.0), (1.001, 1.0))


def only(frame: pl.DataFrame, **settings) -> dict:
    (row,) = analysis.formation(frame, **settings).rows(named=True)
    return row


def test_a_full_cell_loses_in_its_first_cycles_and_settles():
    row = only(cell(*FULL))
    assert (row[FIRST], row[LOST]) == pytest.approx((1 / 1.2, 0.2))
    assert row[LAST] == 2
    assert row[ALL_LOST] == pytest.approx(0.2 + 0.02 + 0.001)
    assert row["Capacity after formation [A.h]"] == 1.0
    assert row["Finding"] is None
    assert row["Definition"].startswith("discharge over charge of the first cycle")


def test_the_protocol_may_say_when_formation_ends():
    row = only(cell(*FULL), until=1)
    assert (row[LAST], row[ALL_LOST]) == (1, pytest.approx(0.22))
    assert "until cycle 1 as given" in row["Definition"]


def test_a_silicon_half_cell_is_as_its_own_tool_says():
    cycles = derived(real_series.arbin_half_cell(), 0.0016).cycles
    row = only(cycles, first="discharge")
    reference = pl.read_parquet(need("cellpy-arbin", "reference_summary.parquet"))
    assert row[FIRST] * 100 == pytest.approx(reference["coulombic_efficiency"][0], abs=1e-4)
    assert row[FIRST] == pytest.approx(0.92610791, abs=1e-6)
    assert row[LOST] == pytest.approx(0.001755093529 - 0.001625405999, rel=1e-3)
    assert row["Definition"].startswith("charge over discharge")


def test_more_back_than_in_asks_which_direction_is_first():
    row = only(derived(real_series.arbin_half_cell(), 0.0016).cycles)
    assert row[FIRST] == pytest.approx(1.07978778, abs=1e-6)
    assert "which direction comes first?" in row["Finding"]


def test_a_top_up_before_the_first_discharge_has_no_efficiency():
    cycles = derived(real_series.ife_full_cell()).cycles  # 1465 % by its cycler
    row = only(cycles)
    assert (row[FIRST], row[LOST], row[ALL_LOST]) == (None, None, None)
    assert row["Finding"].startswith("the first cycle is partial: 0.02256 A.h went in")


def test_the_partial_first_cycle_of_a_lab_summary_has_no_efficiency():
    raw = pl.read_csv(need("battdat", "p492-13-summary.csv"), infer_schema_length=None)
    names = {"Cycle_Index": CYCLE, "Q_chg": IN, "Q_dis": OUT}
    row = only(raw.select(pl.col(old).alias(new) for old, new in names.items()), first="discharge")
    assert row[FIRST] is None
    assert "the first cycle is partial" in row["Finding"]


def test_a_cell_that_does_not_settle_has_no_last_cycle():
    row = only(cell((1.2, 1.0), (1.1, 1.0), (1.05, 1.0)))
    assert (row[LAST], row[ALL_LOST]) == (None, None)
    assert row["Finding"] == "not settled by cycle 2, whose efficiency is 0.9524"


def test_nothing_in_is_no_efficiency():
    row = only(cell((0.0, 1.0)))
    assert (row[FIRST], row[LOST]) == (None, None)
    assert "nothing went in first" in row["Finding"]


@pytest.mark.parametrize("factor", [1e-3, 280.0])
def test_a_cell_of_another_size_has_the_same_efficiency(factor):
    scaled = only(cell(*FULL).with_columns(pl.col(IN, OUT) * factor))
    assert scaled[FIRST] == pytest.approx(only(cell(*FULL))[FIRST])
    assert scaled[ALL_LOST] == pytest.approx(0.221 * factor)
    assert scaled[LAST] == 2


def test_cells_order_of_rows_units_and_library_change_nothing():
    fleet = pl.concat([cell(*FULL, name="b"), cell(*FULL[1:], name="a")])
    table = analysis.formation(fleet)
    assert table["cell"].to_list() == ["b", "a"]
    mixed = analysis.formation(fleet.sample(fraction=1, shuffle=True, seed=9)).sort("cell")
    assert mixed.equals(table.sort("cell"))
    milli = fleet.with_columns(pl.col(IN) * 1000).rename({IN: "Charge capacity [mA.h]"})
    assert analysis.formation(milli)[FIRST].to_list() == pytest.approx(table[FIRST].to_list())
    theirs = analysis.formation(fleet.to_pandas())
    assert theirs[FIRST].tolist() == table[FIRST].to_list()


def test_what_means_nothing_is_refused():
    with pytest.raises(ConfigError, match="first='both'"):
        analysis.formation(cell(*FULL), first="both")
    with pytest.raises(ConfigError, match="steady=0"):
        analysis.formation(cell(*FULL), steady=0)
    with pytest.raises(FrameError, match=r"no column 'Charge capacity \[A\.h\]'"):
        analysis.formation(cell(*FULL).drop(IN))
