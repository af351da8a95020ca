"""One page of a fleet: right, inert, and the same bytes from the same data."""

from __future__ import annotations

import re
import subprocess
import sys
import zipfile
from io import BytesIO
from types import SimpleNamespace

import openpyxl
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import cellframe as cf
from cellframe.errors import ConfigError, FrameError
from tests.hostile import BENIGN, PAYLOADS, bones, unsafe
from tests.journeys.conftest import need
from tests.reports.fleets import CYCLE, Q, fleet, with_value

pytest.importorskip("altair")
pytest.importorskip("vl_convert")
HELD = [payload.replace("\ud800", "") for payload in PAYLOADS]
OUTSIDE = re.compile(
    r"(?:src|href|srcset|action|xlink:href)\s*=\s*[\"'](?!#)|url\((?!#)|@import|<script|<link",
    re.IGNORECASE,
)


def shuffled(frames: SimpleNamespace, seed: int) -> SimpleNamespace:
    return SimpleNamespace(
        **{
            name: frame.sample(fraction=1, shuffle=True, seed=seed + n)
            for n, (name, frame) in enumerate(vars(frames).items())
        }
    )


@pytest.fixture(scope="module")
def severson():
    """The 84 cells with lot, policy and life, and their cycles 2 to 100."""
    rows = pl.read_parquet(need("severson-lfp", "discharge_capacity_by_cycle.parquet"))
    cells = pl.read_csv(need("severson-lfp", "cells.csv"))
    about = cells.select(
        pl.col("Cell barcode").alias("instance_id"),
        pl.col("Cell barcode").alias("cell"),
        pl.col("Batch date").alias("batch"),
        pl.col("Charging policy").alias("cell.charging_policy"),
    )
    cycles = rows.select(
        pl.col("Cell barcode").alias("instance_id"), pl.col("Cell barcode").alias("cell"), CYCLE, Q
    )
    return SimpleNamespace(instances=about, cycles=cycles)


def test_the_report_of_84_cells_is_right_and_no_glitch_is_averaged_in_silence(severson):
    made = cf.report(severson)
    flags = made.findings.filter(pl.col("Severity") == "flag")
    assert sorted(flags.select("cell", CYCLE).rows()) == [
        ("EL150800463871", 13),
        ("EL150800464002", 13),
        ("EL150800464865", 12),
        ("EL150800464977", 12),
    ]
    assert "84 cells in 2 lots" in str(made)
    assert "4 flags on 4 cells" in str(made)
    first = made.lots.filter(pl.col("Column") == "Reference capacity [A.h]")
    assert first.select("batch", "n").rows() == [("5/12/17", 41), ("6/30/17", 43)]
    assert first["Mean"].to_list() == pytest.approx([1.062349, 1.055391], abs=1e-6)
    assert first["Standard deviation"].to_list() == pytest.approx([0.008719, 0.008716], abs=1e-6)
    assert made.results["SOH"].min() == pytest.approx(0.900731, abs=1e-6)
    assert made.results["SOH"].max() == pytest.approx(1.004837, abs=1e-6)
    assert made.results["Last capacity [A.h]"].max() < 1.2
    for cell in ("EL150800463871", "EL150800464977"):
        assert made.html.count(cell) >= 2


def test_the_report_of_84_cells_is_small_and_asks_nobody(severson):
    page = cf.report(severson).html
    assert len(page) < 500_000
    assert page.count("<svg") >= 3
    assert not OUTSIDE.search(page)
    assert "default-src 'none'" in page


def test_a_last_cycle_that_is_a_glitch_is_not_the_health_of_a_cell():
    plain = cf.report(fleet(), rated=1.1).results.filter(pl.col("cell") == "c-3")
    glitched = cf.report(with_value(fleet(), "c-3", 29, 31.0), rated=1.1)
    made = glitched.results.filter(pl.col("cell") == "c-3")
    assert made["SOH"][0] == pytest.approx(plain["SOH"][0], abs=0.01)
    assert made["Equivalent full cycles"][0] < 31


@settings(max_examples=5)
@given(st.integers(0, 2**31))
def test_the_same_data_in_any_order_make_the_same_bytes(seed):
    frames = with_value(fleet(), "c-3", 12, 31.0)
    assert cf.report(shuffled(frames, seed)).html == cf.report(frames).html


def test_the_same_data_make_the_same_bytes_in_another_process(tmp_path):
    code = (
        "import sys; sys.path.insert(0, sys.argv[1]); import cellframe as cf; "
        "from tests.reports.fleets import fleet; made = cf.report(fleet(), sys.argv[2]); "
        "made.to_excel(sys.argv[3])"
    )
    made = []
    for name in ("a", "b"):
        page, book = tmp_path / f"{name}.html", tmp_path / f"{name}.xlsx"
        root = str(__import__("pathlib").Path(__file__).parents[2])
        subprocess.run([sys.executable, "-c", code, root, page, book], check=True)
        made.append((page.read_bytes(), book.read_bytes()))
    assert made[0] == made[1]


@pytest.mark.parametrize("what", ["cycle", "mass", "version", "test"])
def test_other_data_have_another_version(what):
    plain, other = fleet(), fleet()
    if what == "cycle":
        other = with_value(other, "c-1", 3, 1.05)
    elif what == "mass":
        other.instances = other.instances.with_columns(pl.col("cell.mass [g]") + 1)
    elif what == "test":
        other.measurements = other.measurements.with_columns(measurement_version=pl.lit("t-2"))
    else:
        other.instances = other.instances.with_columns(instance_version=pl.lit("other"))
    same = cf.report(other).fleet.version == cf.report(plain).fleet.version
    assert same is (what == "version")


def named(slot: str, texts: list[str]) -> str:
    """The page of a fleet that has these texts in one place, a cell or a lot each."""
    number = len(texts)
    frames = with_value(fleet(cells=max(number, 6), lots=number), "c-0", 12, 31.0)
    title, by = None, "batch"
    if slot == "title":
        title = " ".join(texts)
    elif slot == "column":
        by = f"cell.{' '.join(texts)}"
        frames.instances = frames.instances.rename({"batch": by})
    elif slot == "finding":
        about = {"cell": "c-1", "test": "ageing"}
        frames.failures = pl.DataFrame([{**about, "message": text} for text in texts])
    else:
        old = {"cell": "c-{}", "batch": "W{:02}", "spec": "LFP", "test": "ageing"}[slot]
        new = {old.format(n): text for n, text in enumerate(texts)}
        if slot in ("spec", "test"):
            new = {old: " ".join(texts)}
        for name, frame in vars(frames).items():
            if slot in frame.columns:
                setattr(frames, name, frame.with_columns(pl.col(slot).replace(new)))
    return cf.report(frames, title=title, by=by).html


def elements(page: str) -> set:
    """The kinds of elements that a page has, with the names of their attributes.

    Drawings have as many texts and lines as names need; none may be of another kind.
    """
    return set(bones(page))


@pytest.mark.law("X8")
@pytest.mark.parametrize("slot", ["cell", "batch", "test", "spec", "title", "finding", "column"])
def test_a_hostile_report_has_the_elements_of_a_benign_one(slot):
    # A legend has room for a few names; a sentence takes all.
    size = 7 if slot in ("cell", "batch") else len(HELD)
    benign = elements(named(slot, [f"{BENIGN} {n}" for n in range(size)]))
    for start in range(0, len(HELD), size):
        texts = HELD[start : start + size]
        page = named(slot, texts)
        assert elements(page) <= benign, texts
        assert unsafe(page) == [], texts
        assert not OUTSIDE.search(re.sub(r">[^<]*<", "><", page)), texts


def test_the_workbook_has_every_table_whole_and_texts_are_texts(tmp_path):
    frames = fleet(names=["=1+1", "+1", "@SUM(A1)", "http://evil.example", "12", "x" * 40_000])
    made = cf.report(with_value(frames, "=1+1", 12, 31.0))
    path = made.to_excel(tmp_path / "r.xlsx")
    book = openpyxl.load_workbook(path)
    assert book.sheetnames == ["Findings", "Lots", "Lots compared", "Cells", "Definitions"]
    header, *rows = book["Cells"].iter_rows(values_only=True)
    at = header.index("cell")
    assert {row[at] for row in rows} == {
        *("=1+1", "+1", "@SUM(A1)", "http://evil.example", "12", "x" * 32_767)
    }
    assert [cell.data_type for row in book["Cells"].iter_rows(min_row=2) for cell in row].count(
        "f"
    ) == 0
    assert not [cell for row in book["Cells"].iter_rows() for cell in row if cell.hyperlink]
    soh = header.index("SOH")
    assert all(isinstance(row[soh], float) for row in rows)
    with zipfile.ZipFile(BytesIO(path.read_bytes())) as packed:
        assert not [name for name in packed.namelist() if "externalLink" in name]


def test_a_report_of_one_cell_and_of_cells_without_cycles():
    one = cf.report(fleet(cells=1))
    assert "1 cell in 1 lot, 1 test, 30 cycles. Nothing is flagged." in str(one)
    assert one.lots_compared.height == 0
    bare = cf.report(SimpleNamespace(instances=fleet().instances))
    assert bare.results["Finding"].to_list() == ["no cycles"] * 6
    assert "<svg" not in bare.html
    assert "Without cycles, and so without results: c-0, c-1" in bare.html


def test_a_report_without_charge_lots_or_names_of_tests():
    frames = fleet(charge=False)
    frames.instances = frames.instances.drop("batch", "spec")
    made = cf.report(frames)
    assert made.by is None
    assert "Lots" not in made.tables
    assert made.results["Median coulombic efficiency"].null_count() == 6
    assert made.title == "Report of cells"


def test_capacities_that_are_all_blank_are_no_results():
    frames = fleet()
    frames.cycles = frames.cycles.with_columns(pl.lit(None, pl.Float64).alias(Q))
    made = cf.report(frames)
    assert made.results["SOH"].null_count() == 6
    assert "<h2>Cells</h2>" in made.html


def test_lots_of_a_column_that_is_not_there_or_holds_lists_are_refused():
    with pytest.raises(
        ConfigError, match=r"no column 'bach' to make lots of. Did you mean 'batch'"
    ):
        cf.report(fleet(), by="bach")
    frames = fleet()
    frames.instances = frames.instances.with_columns(tags=pl.concat_list("batch"))
    with pytest.raises(ConfigError, match="by='tags' holds lists"):
        cf.report(frames, by="tags")
    assert cf.report(fleet(), by=None).by is None


def test_cycles_in_other_units_and_types_have_the_same_results():
    plain, other = fleet(), fleet()
    milli = (pl.col(Q) * 1000).alias("Discharge capacity [mA.h]")
    other.cycles = other.cycles.with_columns(milli, pl.col(CYCLE).cast(pl.Float64)).drop(Q)
    wanted, found = (cf.report(frames).results["SOH"].to_list() for frames in (plain, other))
    assert found == pytest.approx(wanted)


@pytest.mark.parametrize("value", [float("inf"), float("-inf"), float("nan"), None])
def test_a_capacity_that_is_no_number_is_no_result_and_breaks_nothing(value):
    made = cf.report(with_value(fleet(), "c-3", 29, value))
    found = made.results.filter(pl.col("cell") == "c-3")
    assert found["SOH"][0] == pytest.approx(0.9636)
    every = fleet()
    every.cycles = every.cycles.with_columns(pl.lit(value, pl.Float64).alias(Q))
    assert cf.report(every).results["SOH"].null_count() == 6


def with_rates(rates: list[float]) -> SimpleNamespace:
    """A fleet that was discharged at some rates."""
    frames = fleet()
    steps = frames.instances.select("instance_id", "cell", "batch").join(
        pl.DataFrame({"rate": rates}), how="cross"
    )
    frames.steps = steps.with_columns(
        pl.col("instance_id").str.replace("i", "m").alias("measurement_id"),
        pl.int_range(pl.len()).over("cell").alias("Step count"),
        pl.int_range(pl.len()).over("cell").alias(CYCLE),
        pl.lit("Constant current discharge").alias("Step type"),
        (pl.col("rate") * 1.1).alias("Mean current [A]"),
        (1.1 - pl.col("rate") / 20).alias(Q),
        (3600 / pl.col("rate")).alias("Duration [s]"),
    ).drop("rate", "batch")
    return frames


def test_capacities_by_rate_are_drawn_where_rates_were_asked_for():
    assert "Capacity against rate" in cf.report(with_rates([0.2, 1, 2, 3]), rated=1.1).html
    assert "Capacity against rate" not in cf.report(with_rates([1.0, 1.0, 1.02]), rated=1.1).html


def test_a_reference_is_named_on_the_page():
    assert "of rated 1.1 A.h" in cf.report(fleet(), reference="rated", rated=1.1).html
    assert "of cycle 3" in cf.report(fleet(), reference=3).html


def test_what_it_is_written_to_is_a_page_and_a_workbook(tmp_path):
    made = cf.report(fleet(), tmp_path / "r.html")
    assert (tmp_path / "r.html").read_text("utf-8") == made.html
    with pytest.raises(ConfigError, match=r"a report is written as \.html"):
        made.save(tmp_path / "r.pdf")
    with pytest.raises(ConfigError, match=r"are written as \.xlsx"):
        made.to_excel(tmp_path / "r.xls")
    with pytest.raises(FrameError, match="no cells"):
        cf.report(SimpleNamespace())


def test_a_notebook_shows_it_in_a_frame_that_cannot_act():
    made = cf.report(fleet())
    assert repr(made) == str(made)
    shown = made._repr_html_()
    assert shown.startswith("<iframe srcdoc=")
    assert "sandbox" in shown
    assert bones(shown) == [("iframe", "srcdoc", "style", "sandbox", "title"), "/iframe"]


def test_the_tables_of_a_report_are_told_apart_by_lot_and_say_their_definitions():
    made = cf.report(fleet(), by="batch")
    assert set(made.definitions["Of"]) >= {"SOH", "Cycles to 80 %", "Lots", "Lots compared"}
    assert made.lots.filter(pl.col("Column") == "SOH")["batch"].to_list() == ["W00", "W01"]
    assert made.tables.keys() == {"Findings", "Lots", "Lots compared", "Cells", "Definitions"}


def test_cells_whose_tests_nobody_knows_are_not_said_to_have_none():
    frames = fleet()
    bare = SimpleNamespace(instances=frames.instances, cycles=frames.cycles)
    assert cf.report(bare).lead == "6 cells in 2 lots, 180 cycles."
    assert cf.report(frames).lead == "6 cells in 2 lots, 6 tests, 180 cycles."


def test_an_error_says_a_single_fault_once():
    with pytest.raises(FrameError) as caught:
        cf.report("frames")
    told = "There are no cells to report on: frames.instances is what detail_frames gives."
    assert str(caught.value) == told
    assert caught.value.failures["message"].to_list() == [told]
