"""Which files give no steps, and what is said of them?"""

from __future__ import annotations

from contextlib import suppress

import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from cellframe.server.derive import Unreadable, derive, opening
from tests.server.derive.samples import series


def with_row(name: str, at: int, value: object) -> pl.DataFrame:
    column = series()[name].to_list()
    return series().with_columns(
        pl.Series(name, [*column[:at], value, *column[at + 1 :]], strict=False)
    )


NO_STEPS = {
    "no step count": (series().drop("Step count"), "no column 'Step count'"),
    "no voltage": (series().drop("Voltage [V]"), "no column 'Voltage [V]'"),
    "no axis": (series().drop("Time [s]"), "none of the columns 'Time [s]', 'Capacity [A.h]'"),
    "no rows": (series().clear(), "has no rows"),
    "a blank step": (with_row("Step count", 5, None), "'Step count' is blank in row 5"),
    "half a step": (with_row("Step count", 5, 0.5), "'Step count' holds '0.5' in row 5"),
    "a falling step": (with_row("Step count", 50, 0), "'Step count' falls in row 50, to 0"),
    "a worded voltage": (
        series().with_columns(pl.lit("3.6 V").alias("Voltage [V]")),
        "'Voltage [V]' holds '3.6 V' in row 0, which is not a number",
    ),
    "a dated time": (
        series().with_columns(pl.lit("2026-01-01").str.to_date().alias("Time [s]")),
        "'Time [s]' holds '2026-01-01' in row 0",
    ),
    "lists": (
        series().with_columns(pl.concat_list("Current [A]").alias("Current [A]")),
        "'Current [A]' holds",
    ),
    "a huge step": (
        series().with_columns(pl.lit(2**64 - 1, pl.UInt64).alias("Step count")),
        "'Step count' holds '18446744073709551615' in row 0",
    ),
}


@pytest.mark.parametrize("fault", NO_STEPS)
def test_a_series_without_steps_is_told_what_it_lacks(derived, fault):
    rows, said = NO_STEPS[fault]
    with pytest.raises(Unreadable) as refused:
        derived(rows)
    assert said in str(refused.value)


def test_all_faults_are_told_at_once(derived):
    with pytest.raises(Unreadable) as refused:
        derived(series().select("Current [A]"))
    for name in ("Step count", "Voltage [V]", "Time [s]"):
        assert f"'{name}'" in str(refused.value)
    worded = pl.lit("x").alias("Voltage [V]"), pl.lit("y").alias("Current [A]")
    with pytest.raises(Unreadable, match=r"'Voltage.*'Current"):
        derived(series().with_columns(worded))


def test_a_column_that_is_there_twice_is_told(tmp_path):
    table = series().to_arrow()
    path = tmp_path / "series.parquet"
    pq.write_table(table.append_column("Voltage [V]", table["Voltage [V]"]), path)
    with pytest.raises(Unreadable, match=r"There are 2 columns 'Voltage \[V\]'"):
        derive(path)


def test_faults_of_later_parts_are_told_with_their_row(derived, monkeypatch):
    monkeypatch.setattr(opening, "ROWS_AT_ONCE", 7)
    worded = series()["Voltage [V]"].cast(pl.String).to_list()
    worded[61] = "full"
    rows = with_row("Step count", 50, 0).with_columns(pl.Series("Voltage [V]", worded))
    with pytest.raises(Unreadable) as refused:
        derived(rows)
    assert "'Step count' falls in row 50, to 0" in str(refused.value)
    assert "'Voltage [V]' holds 'full' in row 61" in str(refused.value)


@pytest.mark.parametrize("content", [b"", b"PAR1", b"time,voltage\n0,3.6\n", b"PAR1" * 8])
def test_a_file_that_is_no_parquet_is_told_so(tmp_path, content):
    path = tmp_path / "series.parquet"
    path.write_bytes(content)
    with pytest.raises(Unreadable, match="no readable parquet footer"):
        derive(path)


def test_broken_pages_are_told(tmp_path):
    path = tmp_path / "series.parquet"
    series(cycles=50).write_parquet(path)
    content = bytearray(path.read_bytes())
    content[4:2000] = bytes(1996)
    path.write_bytes(content)
    with pytest.raises(Unreadable, match="pages cannot be decoded"):
        derive(path)


@pytest.mark.nightly
@pytest.mark.law("U2")
def test_no_damage_ends_in_anything_but_a_plain_refusal(tmp_path):
    path = tmp_path / "series.parquet"
    series(cycles=5).write_parquet(path)
    sound = path.read_bytes()
    for at in range(0, len(sound) * 8, max(1, len(sound) * 8 // 300)):
        content = bytearray(sound)
        content[at // 8] ^= 1 << at % 8
        path.write_bytes(content)
        with suppress(Unreadable):
            derive(path)


@pytest.mark.law("X6")
def test_a_small_file_that_claims_to_be_huge_is_not_decoded(tmp_path, monkeypatch):
    path = tmp_path / "series.parquet"
    series().write_parquet(path)
    monkeypatch.setattr(opening, "MOST_CELLS", 100)
    with pytest.raises(Unreadable, match="claims 80 rows of 9 columns; at most 100 cells"):
        derive(path)


class Foreign(pa.ExtensionType):
    """A type that a file brings along."""

    def __init__(self) -> None:
        super().__init__(pa.float64(), "tests.foreign")

    def __arrow_ext_serialize__(self) -> bytes:
        return b""


@pytest.mark.law("X4")
def test_a_type_that_the_file_brings_along_is_refused(tmp_path):
    path = tmp_path / "series.parquet"
    table = series().to_arrow()
    foreign = pa.ExtensionArray.from_storage(Foreign(), table["Voltage [V]"].combine_chunks())
    pq.write_table(table.append_column("Note", foreign), path)
    with pytest.raises(Unreadable, match="'Note' has a type of its own"):
        derive(path)
