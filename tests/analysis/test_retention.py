from __future__ import annotations

import polars as pl
import pytest

from cellframe import analysis
from cellframe.errors import ConfigError, FrameError
from tests.journeys.conftest import need

Q, CYCLE, KEPT, REFERENCE = (
    *("Discharge capacity [A.h]", "Cycle count", "Capacity retention", "Reference capacity [A.h]"),
)


def severson() -> pl.DataFrame:
    path = need("severson-lfp", "discharge_capacity_by_cycle.parquet")
    return pl.read_parquet(path).rename({"Cell barcode": "cell"})


def laboratory() -> pl.DataFrame:
    """267 cycles of a pouch cell, by the lab (battdat)."""
    raw = pl.read_csv(need("battdat", "p492-13-summary.csv"), infer_schema_length=None)
    names = {"Cycle_Index": CYCLE, "Cycle_Label": "Label", "Q_dis": Q}
    return raw.select(pl.col(old).alias(new) for old, new in names.items())


def fading(*capacities: float | None, first: int = 0) -> pl.DataFrame:
    cycles = pl.int_range(first, first + len(capacities), eager=True)
    return pl.DataFrame({CYCLE: cycles, Q: pl.Series(capacities, dtype=pl.Float64)})


def test_84_cells_between_cycles_2_and_100():
    kept = analysis.retention(severson()).filter(pl.col(CYCLE) == 100)
    numbers = (kept[KEPT].mean(), kept[KEPT].min(), kept[KEPT].max())
    assert numbers == pytest.approx((0.992590, 0.900731, 1.004837), abs=1e-6)
    worst = kept.filter(pl.col(KEPT) == pl.col(KEPT).min())
    assert worst["cell"].to_list() == ["EL150800460605"]
    assert set(kept["Definition"]) == {"Discharge capacity over the first cycle, 2"}


def test_the_four_glitches_of_31_ampere_hours_are_named():
    told = analysis.retention(severson()).drop_nulls("Finding")
    found = {(cell, cycle) for cell, cycle in told.select("cell", CYCLE).iter_rows()}
    assert found == {
        ("EL150800464977", 12),
        ("EL150800463871", 13),
        ("EL150800464865", 12),
        ("EL150800464002", 13),
    }
    assert told["Finding"].str.contains("is a glitch: 29").all()


def test_health_is_told_by_five_check_ups_among_267_cycles():
    health = analysis.retention(laboratory(), check_ups="Capacity check")
    assert health[CYCLE].to_list() == [2, 36, 95, 153, 262]
    reference = (1, 0.988576, 0.980880, 0.974101, 0.960859)
    assert health[KEPT].to_list() == pytest.approx(reference, abs=1e-6)
    assert health["Capacity fade"][4] == pytest.approx(1 - 0.960859, abs=1e-6)
    assert "of check-ups alone (Capacity check)" in health["Definition"][0]


def test_a_partial_first_cycle_is_no_reference_and_is_named():
    kept = analysis.retention(laboratory())
    assert kept[REFERENCE].unique().to_list() == pytest.approx([0.02173834])
    assert kept[KEPT].max() < 1.01
    assert kept["Finding"][0] == "cycle 1 is partial (0.0007195) and no reference"


def test_the_cyclers_own_cycles_of_a_full_cell():
    rows = pl.read_csv(need("cellpy-neware", "ife_cycles.csv"))
    cycles = rows.select(pl.col("Cycle").alias(CYCLE), pl.col("DChg. Cap.(Ah)").alias(Q))
    kept = analysis.retention(cycles, reference=2)
    assert kept[KEPT][-1] == pytest.approx(0.793440, abs=1e-6)
    assert kept["Definition"][0] == "Discharge capacity over cycle 2"


def test_check_ups_of_93_cells_do_not_start_at_1():
    table = pl.read_csv(need("beep", "rpt_1C_retention.csv"))
    table = table.filter(pl.col("metric") == "discharge_capacity").select(
        pl.col("seq_num").alias("cell"),
        pl.col("cycle_index").alias(CYCLE),
        pl.col("fractional_metric").alias("Relative capacity"),
    )
    given = analysis.retention(table, of="Relative capacity", reference="rated", capacity=1.0)
    first = given.filter(pl.col("cell") == 100)[KEPT].to_list()
    assert first[:2] == pytest.approx([0.954940, 0.865990], abs=1e-6)
    at_39 = given.filter(pl.col(CYCLE) == 39)[KEPT]
    numbers = (at_39.mean(), at_39.std(), at_39.min(), at_39.max())
    assert numbers == pytest.approx((0.933241, 0.020381, 0.860689, 0.956304), abs=1e-6)
    own = analysis.retention(table, of="Relative capacity")
    assert own.filter(pl.col("cell") == 100)[KEPT][0] == 1


def test_a_first_cycle_of_which_nothing_is_known_is_replaced_by_none():
    raw = pl.read_csv(need("baumhofer", "capacity.csv"), infer_schema_length=None)
    kept = analysis.retention(raw.rename({"Cell": "cell"}))
    assert kept.height == 695
    cell = kept.filter(pl.col("cell") == "ep_sanyo_039")
    assert cell[KEPT].null_count() == cell.height
    assert set(cell["Finding"]) == {"of the first cycle (0) nothing is known"}
    others = kept.filter(pl.col(CYCLE) == 0)[REFERENCE].drop_nulls()
    numbers = (len(others), others.min(), others.max(), others.median())
    assert numbers == pytest.approx((47, 1.8276, 1.8491, 1.8373), abs=1e-6)


@pytest.mark.parametrize(
    ("reference", "kept", "words"),
    [
        ("first", 0.5, "the first cycle, 0"),
        (1, 0.625, "cycle 1"),
        ((0, 2), 0.625, "the median of cycles 0 to 2"),
        ("rated", 0.4, "rated 2.5 A.h"),
    ],
)
def test_every_reference_is_named(reference, kept, words):
    given = fading(2.0, 1.6, 1.5, 1.0)
    made = analysis.retention(given, reference=reference, capacity=2.5)
    assert made[KEPT][-1] == pytest.approx(kept)
    assert made["Definition"][0] == f"Discharge capacity over {words}"


def test_a_rating_may_be_a_column_cell_by_cell():
    cells = [fading(1.0, 0.9).with_columns(cell=pl.lit(c)) for c in ("a", "b")]
    rated = pl.Series("Rated capacity [A.h]", [1.0, 1.0, 2.0, 2.0])
    made = analysis.retention(pl.concat(cells).with_columns(rated), reference="rated")
    assert made[KEPT].to_list() == [1.0, 0.9, 0.5, 0.45]


def test_the_cycle_of_a_label_may_be_the_reference_of_all():
    labelled = fading(1.2, 1.0, 0.9, 1.1).with_columns(Label=pl.Series([None, "RPT", None, "RPT"]))
    made = analysis.retention(labelled, reference="RPT")
    assert made[KEPT].to_list() == [1.2, 1.0, 0.9, 1.1]
    assert made["Definition"][0] == "Discharge capacity over the first cycle, 1 (RPT)"


def test_a_cell_without_the_label_has_no_reference():
    one = fading(1.0, 0.9).with_columns(cell=pl.lit("a"), Label=pl.lit("RPT"))
    other = fading(1.0, 0.9).with_columns(cell=pl.lit("b"), Label=pl.lit(None, pl.String))
    made = analysis.retention(pl.concat([one, other]), reference="RPT")
    assert made[KEPT].to_list() == [1.0, 0.9, None, None]
    assert made["Finding"][3] == "no cycle has the label"


def test_a_first_cycle_of_0_divides_nothing():
    made = analysis.retention(fading(0.0, 0.0, 0.0))
    assert made[KEPT].null_count() == 3
    assert made["Finding"][0] == "the first cycle (0) is 0"


def test_a_median_reference_leaves_a_glitch_out():
    made = analysis.retention(fading(1.0, 31.0, 1.0, 1.0, 0.9), reference=(0, 1))
    assert made[REFERENCE][0] == 1.0


def test_energy_has_labels_of_its_own():
    given = pl.DataFrame({CYCLE: [0, 1], "Discharge energy [W.h]": [4.0, 3.0]})
    made = analysis.retention(given, of="Discharge energy [W.h]")
    assert made.columns[2:5] == ["Energy retention", "Energy fade", "Reference energy [W.h]"]
    assert made["Energy retention"][1] == 0.75


@pytest.mark.parametrize("dtype", [pl.UInt8, pl.Int16, pl.Float64])
def test_cycles_are_counted_in_any_type_that_is_whole(dtype):
    made = analysis.cycles_to(fading(1.0, 0.9, 0.7, 0.6).cast({CYCLE: dtype}))
    assert made["Cycles to threshold"].to_list() == pytest.approx([1.5])


def test_a_cycle_of_two_pi_is_refused():
    rows = fading(1.0, 0.9).with_columns(pl.lit(6.283185307).alias(CYCLE))
    with pytest.raises(FrameError, match=r"in whole numbers, and 6\.283185 is none"):
        analysis.retention(rows)


def test_pandas_comes_back_as_pandas():
    frame = fading(1.0, 0.9).with_columns(cell=pl.lit("a")).to_pandas()
    made = analysis.retention(frame)
    assert type(made).__module__.startswith("pandas")
    assert list(made.columns) == [
        *("cell", CYCLE, Q, KEPT, "Capacity fade", REFERENCE, "Finding", "Definition"),
    ]


@pytest.mark.parametrize("reference", [True, (3, 1), (1,), 0.5, None])
def test_what_is_no_reference_is_refused(reference):
    with pytest.raises(ConfigError, match="is none: give 'rated', 'first', a cycle"):
        analysis.retention(fading(1.0), reference=reference)


def test_a_label_that_no_cycle_has_is_refused_with_those_there_are():
    with pytest.raises(ConfigError, match="Labels there: 'Aging cycle', 'Capacity check', 'EIS'"):
        analysis.retention(laboratory(), reference="RPT")


def test_rated_without_a_rating_is_refused():
    with pytest.raises(ConfigError, match=r"give capacity= .* or a column 'Rated capacity"):
        analysis.retention(fading(1.0), reference="rated")


def test_a_frame_without_capacities_says_what_it_has():
    with pytest.raises(FrameError, match="not a table of cycles; the frame has 'Cycle count', 'x'"):
        analysis.retention(pl.DataFrame({CYCLE: [0], "x": [1.0]}))


def test_cycles_of_cells_that_nothing_tells_apart_are_refused():
    cells = pl.concat(
        pl.DataFrame({"Barcode": name, CYCLE: range(30), Q: [1.0] * 30}) for name in ("K1", "K2")
    )
    with pytest.raises(
        FrameError, match=r"name that column 'cell', as in frame.rename\(\{'Barcode'"
    ):
        analysis.retention(cells)
    assert analysis.retention(cells.rename({"Barcode": "cell"})).height == 60


def test_cells_of_categories_are_cells():
    cells = pl.concat(
        pl.DataFrame({"cell": name, CYCLE: range(3), Q: [1.0] * 3}) for name in ("K1", "K2")
    ).with_columns(pl.col("cell").cast(pl.Categorical))
    assert analysis.retention(cells)["cell"].to_list() == ["K1"] * 3 + ["K2"] * 3
