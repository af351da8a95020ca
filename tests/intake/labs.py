"""Folders as labs have them: a table of cells, and files that cyclers wrote."""

from __future__ import annotations

from datetime import date, timedelta
from typing import TYPE_CHECKING

import polars as pl

from tests.cycling import cycling

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

NAMES = ("c-001", "c-002", "c-003", "c-004")


def arbin(cycles: int = 3) -> pl.DataFrame:
    """A small test as an Arbin writes it: charge is positive, cycles from 1."""
    series = cycling(cycles)
    return series.select(
        pl.col("Time [s]").alias("Test_Time(s)"),
        (pl.col("Step count") + 1).alias("Step_Index"),
        (pl.col("Cycle count") + 1).alias("Cycle_Index"),
        (-pl.col("Current [A]")).alias("Current(A)"),
        pl.col("Voltage [V]").alias("Voltage(V)"),
    )


def write(path: Path, text: str, encoding: str = "utf-8") -> Path:
    """A file with this text, in folders that are made for it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(text.encode(encoding))
    return path


def table(folder: Path, names: Iterable[str] = NAMES, name: str = "cells.csv") -> Path:
    """A table of cells with a lot, a date, a mass and a policy."""
    rows = [
        f"{cell},{'L1' if at % 2 == 0 else 'L2'},{date(2026, 1, 5) + timedelta(days=at)},{41 + at / 10},4C(80%)"
        for at, cell in enumerate(names)
    ]
    head = "Cell barcode,Batch,Date,Mass (g),Charging policy"
    return write(folder / name, "\n".join([head, *rows, ""]))


def series(folder: Path, names: Iterable[str] = NAMES, name: str = "cycling/{}.csv") -> None:
    """A small test of each cell."""
    for cell in names:
        write(folder / name.format(cell), arbin().write_csv())


def german(folder: Path) -> Path:
    """A table as a German Excel saves it: semicolons, decimal commas, Windows-1252."""
    text = (
        "Zelle;Charge;Datum;Masse [g];Beladung Kathode (mg/cm²);Prüfer\r\n"
        "Z-1;A 1;05.01.2026;41,25;12,1;Jürgen\r\n"
        "Z-2;A 1;06.01.2026;n/a;12,25;Käthe\r\n"
    )
    return write(folder / "Zellen.csv", text, "cp1252")


def full(folder: Path) -> Path:
    """Four cells and a test of each."""
    table(folder)
    series(folder)
    return folder
