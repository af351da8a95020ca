"""Programs that open a sheet and save it again, each in its own way, as people use them."""

from __future__ import annotations

import csv
from typing import TYPE_CHECKING

import pandas as pd
import polars as pl

if TYPE_CHECKING:
    from pathlib import Path


def nothing(_path: Path) -> None:
    """The file is mailed, and not opened."""


def pandas_defaults(path: Path) -> None:
    pd.read_csv(path).to_csv(path, index=False)


def pandas_with_index(path: Path) -> None:
    pd.read_csv(path).to_csv(path)


def pandas_twice_with_index(path: Path) -> None:
    pandas_with_index(path)
    pandas_with_index(path)


def pandas_as_text(path: Path) -> None:
    pd.read_csv(path, dtype=str, keep_default_na=False).to_csv(path, index=False)


def pandas_for_a_german_excel(path: Path) -> None:
    frame = pd.read_csv(path)
    frame.to_csv(path, index=False, sep=";", decimal=",", encoding="utf-8-sig")


def polars_with_inference(path: Path) -> None:
    pl.read_csv(path, infer_schema_length=None).write_csv(path)


def polars_as_text(path: Path) -> None:
    pl.read_csv(path, infer_schema=False).write_csv(path, quote_style="always")


def python_on_windows(path: Path) -> None:
    """Lines that end with CRLF, everywhere, and an old UTF-16."""
    with path.open(newline="", encoding="utf-8-sig") as file:
        rows = list(csv.reader(file))
    with path.open("w", newline="", encoding="utf-16") as file:
        writer = csv.writer(file, delimiter="\t", lineterminator="\r\n")
        writer.writerows([cell.replace("\n", "\r\n") for cell in row] for row in rows)


def padded(path: Path) -> None:
    """A spreadsheet that once had more columns and rows."""
    with path.open(newline="", encoding="utf-8-sig") as file:
        rows = list(csv.reader(file))
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file, delimiter=";")
        file.write("sep=;\n")
        writer.writerows([*row, "", ""] for row in [*rows, [""] * len(rows[0])])


ALL = [
    *(nothing, pandas_defaults, pandas_with_index, pandas_twice_with_index, pandas_as_text),
    *(pandas_for_a_german_excel, polars_with_inference, polars_as_text, python_on_windows, padded),
]
