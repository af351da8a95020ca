from __future__ import annotations

import polars as pl
import pytest

from cellframe import analysis
from cellframe.errors import ConfigError
from tests import real_series
from tests.journeys.conftest import need

CYCLE, CE, EE, VE = (
    *("Cycle count", "Coulombic efficiency", "Energy efficiency", "Voltage efficiency"),
)
COLUMNS = ("Charge capacity [A.h]", "Discharge capacity [A.h]")
ENERGIES = ("Charge energy [W.h]", "Discharge energy [W.h]")


def cycles(*pairs: tuple[float | None, float | None], first: int = 0) -> pl.DataFrame:
    table = pl.DataFrame(pairs, schema=dict.fromkeys(COLUMNS, pl.Float64), orient="row")
    return table.select(pl.int_range(first, first + pl.len()).alias(CYCLE), *COLUMNS)


def of_the_cycler() -> pl.DataFrame:
    """20 cycles of a full cell as its cycler printed them (cellpy)."""
    names = {"Cycle": CYCLE, "Chg. Cap.(Ah)": COLUMNS[0], "DChg. Cap.(Ah)": COLUMNS[1]}
    names |= {"Chg. Energy(Wh)": ENERGIES[0], "DChg. Energy(Wh)": ENERGIES[1]}
    return pl.read_csv(need("cellpy-neware", "ife_cycles.csv")).rename(names)


def of_the_laboratory() -> pl.DataFrame:
    names = {"Cycle_Index": CYCLE, "Cycle_Label": "Label", "Q_chg": COLUMNS[0], "Q_dis": COLUMNS[1]}
    names |= {"E_chg": ENERGIES[0], "E_dis": ENERGIES[1], "CE": "labs CE", "EE": "labs EE"}
    raw = pl.read_csv(need("battdat", "p492-13-summary.csv"), infer_schema_length=None)
    return raw.rename(names)


def test_the_cyclers_own_efficiencies_are_ours_in_percent():
    given = of_the_cycler()
    made = analysis.efficiencies(given, partial=True)
    told = given["Chg.-DChg. Eff(%)"]
    # It cuts its percents after two digits, and prints capacities with five: 0.003 % of each.
    assert (100 * made[CE]).to_list()[1:] == pytest.approx(told.to_list()[1:], abs=0.013)
    # The first charge is printed with four.
    assert 100 * made[CE][0] == pytest.approx(1465.46, rel=5e-4)


def test_a_partial_first_cycle_has_no_efficiency_and_says_so():
    made = analysis.efficiencies(of_the_cycler())
    assert made[CE][0] is None
    assert made["Finding"][0] == "the first cycle is partial"
    assert made["Finding"][1:].null_count() == 19


def test_every_efficiency_of_the_laboratory():
    given = of_the_laboratory()
    made = analysis.efficiencies(given).with_columns(given["labs CE", "labs EE"].fill_nan(None))
    known = made.drop_nulls(CE)
    assert known.height == 245
    assert (known[CE] - known["labs CE"]).abs().max() < 1e-9
    assert (known[EE] - known["labs EE"]).abs().max() < 1e-9


def test_diagnostics_have_none_once_their_labels_are_named():
    given = of_the_laboratory()
    assert analysis.efficiencies(given)[CE][4] == pytest.approx(7.526, abs=5e-4)
    made = analysis.efficiencies(given, diagnostics=["HPPC", "EIS"])
    hidden = made.filter(pl.col("Finding").str.starts_with("a diagnostic cycle"))
    assert (hidden.height, hidden[CE].null_count()) == (9, 9)


def test_a_half_cell_the_other_way_round_is_cellpys_own():
    summary = analysis.cycle_summary(real_series.arbin_half_cell())
    made = analysis.efficiencies(summary, order="charge over discharge")
    # What flows between the last row of a step and the first of the next counts for neither.
    told = [92.610791, 108.426838, 109.193730]
    assert (100 * made[CE]).to_list()[:3] == pytest.approx(told, rel=2e-6)
    plain = analysis.efficiencies(summary)
    assert (100 * plain[CE]).to_list()[:2] == pytest.approx([107.978778, 92.228088])
    assert (plain[EE][1], plain[EE][9]) == pytest.approx((0.425968, 0.454904), rel=5e-6)


def test_a_cut_last_cycle_has_no_efficiency():
    summary = analysis.cycle_summary(real_series.arbin_half_cell())
    made = analysis.efficiencies(summary, order="charge over discharge")
    assert made[CE][17] is None
    assert made["Finding"][17] == "the last cycle is cut"


def test_cycles_that_begin_with_their_discharge_are_compared_with_the_charge_before():
    made = analysis.efficiencies(
        cycles((1.0, 1.0), (0.9, 0.8), (0.9, 0.9)), order="previous charge"
    )
    assert made[CE].to_list() == pytest.approx([None, 0.8, 1.0])
    assert made["Finding"][0] == "what was charged in the cycle before is not known"


def test_after_a_partial_first_charge_there_is_none_to_compare_with():
    made = analysis.efficiencies(of_the_cycler(), order="previous charge")
    assert made[CE][:2].to_list() == [None, None]
    assert made[CE][2] == pytest.approx(0.32663 / 0.32780)


def test_a_cycle_after_a_hole_has_no_charge_before_it():
    rows = cycles((1.0, 1.0), (1.0, 1.0), (1.0, 1.0)).filter(pl.col(CYCLE) != 1)
    assert analysis.efficiencies(rows, order="previous charge")[CE].to_list() == [None, None]


def test_a_charge_before_of_another_cell_is_none():
    both = pl.concat([cycles((1.0, 1.0)), cycles((1.0, 0.5), first=1)])
    made = analysis.efficiencies(
        both.with_columns(cell=pl.Series(["a", "b"])), order="previous charge"
    )
    assert made[CE].null_count() == 2


def test_energy_efficiency_is_coulombic_times_voltage_efficiency():
    known = analysis.efficiencies(of_the_cycler()).drop_nulls([CE, EE, VE])
    assert known.height == 19
    assert (known[CE] * known[VE] - known[EE]).abs().max() < 1e-12


def test_nothing_charged_is_no_infinite_efficiency():
    made = analysis.efficiencies(cycles((0.0, 1.0), (None, 1.0)))
    assert made[CE].to_list() == [None, None]
    assert made["Finding"].to_list() == ["nothing was charged", "what was charged is not known"]


def test_more_out_than_in_is_not_clipped():
    assert analysis.efficiencies(cycles((1.0, 1.25)))[CE].to_list() == [1.25]


def test_the_definition_says_what_was_divided_and_who_counted():
    given = cycles((1.0, 0.9)).with_columns(pl.lit("counter").alias("Capacity source"))
    text = "coulombic Qd(n)/Qc(n), energy likewise, voltage their quotient; ratios; capacity from counter"
    assert analysis.efficiencies(given)["Definition"].to_list() == [text]


def test_an_order_that_is_none_is_refused():
    with pytest.raises(ConfigError, match="is none of 'same cycle', 'charge over discharge'"):
        analysis.efficiencies(cycles((1.0, 1.0)), order="anode")


def test_a_small_last_cycle_is_told_and_kept():
    made = analysis.cycle_summary(real_series.maccor_cycles())
    assert made["Coulombic efficiency"][-1] == pytest.approx(0.684296, rel=1e-5)
    told = "the last cycle moves less than half of those before: the cell failed, or it is cut"
    assert made["Finding"].to_list()[-1] == told
    assert made["Finding"][1:-1].null_count() == 2
