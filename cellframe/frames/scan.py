"""How do the files of many tests become one LazyFrame?

One scan over all of them, told the union of their columns from the footers: a filter on one
test then opens that test's file alone. A concat of one scan per file opens them all.
"""

from __future__ import annotations

from itertools import groupby
from typing import TYPE_CHECKING

import polars as pl

from cellframe.errors import CorruptStoreError, FrameError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence
    from pathlib import Path

    from polars._typing import TimeUnit

    from cellframe.errors import CellframeError

KEYS = ("instance_id", "measurement_id")
"""Columns whose values are in the path, ``instance_id=…/measurement_id=…/part.parquet``."""
_PATH = "\x00path"
"""Beside the columns of a file, whose names are any."""
_UNITS: tuple[TimeUnit, ...] = ("ns", "us", "ms")
"""Of times and durations, the finest first."""


def scan(
    paths: Sequence[Path], known: Sequence[pl.Schema] = (), keys: Sequence[str] = KEYS
) -> pl.LazyFrame:
    """Return the rows of many files as one LazyFrame.

    Parameters
    ----------
    paths : sequence of Path, length n_files
        Parquet files in folders that spell the keys out, as `cellframe.store.trees.grow`
        makes them.
    known : sequence of Schema, length n_files, optional
        Their columns, where somebody read the footers already.
    keys : sequence of str
        What the paths say, as ``key=value`` folders. A filter on one of them opens the files alone
        that it is about.

    Returns
    -------
    LazyFrame, shape (n_rows, n_keys + n_columns)
        The keys as text, then every column of any file in order of first appearance; null where
        a file has none. Rows in the order of `paths`. A column that holds whole numbers in one
        file and others elsewhere is Float64; text and numbers together are text; times get the
        finest unit of any file and, in several zones, are in UTC. Units of quantities are part
        of a column's label and are never converted.

    Raises
    ------
    CorruptStoreError
        Files have no readable footer; the message names each.

    Notes
    -----
    The files must stay where they are until the LazyFrame is collected.
    """
    if not paths:
        return pl.LazyFrame(schema=dict.fromkeys(keys, pl.String))
    schemas = known or _schemas(paths)
    union = unite(schemas, keys)
    clashes = [_clashes(schema, union) for schema in schemas]
    runs = groupby(zip(clashes, paths, strict=True), key=lambda pair: pair[0])
    scans = [_scan([path for _, path in run], keys, union, dict(clash)) for clash, run in runs]
    return scans[0] if len(scans) == 1 else pl.concat(scans, how="vertical")


def read_each(
    paths: Sequence[Path], shape: Callable[[pl.DataFrame], pl.DataFrame]
) -> list[pl.DataFrame | CellframeError]:
    """Read many small files; those with the same columns in one go, many times as fast.

    Parameters
    ----------
    paths : sequence of Path, length n_files
        Parquet files, each once.
    shape : callable
        Given rows of one file or of several; returns as many rows as they shall be, or raises
        `FrameError` where those of some file cannot be.

    Returns
    -------
    list, length n_files
        The frame of each, or what is wrong with it.
    """
    found: dict[Path, pl.DataFrame | CellframeError] = {}
    alike: dict[tuple[tuple[str, pl.DataType], ...], list[Path]] = {}
    for path in paths:
        try:
            alike.setdefault(tuple(columns_of(path).items()), []).append(path)
        except CorruptStoreError as fault:
            found[path] = fault
    for group in alike.values():
        found |= _read_alike(group, shape)
    return [found[path] for path in paths]


def _read_alike(
    paths: list[Path], shape: Callable[[pl.DataFrame], pl.DataFrame]
) -> dict[Path, pl.DataFrame | CellframeError]:
    try:
        whole = pl.scan_parquet(
            paths, hive_partitioning=False, glob=False, include_file_paths=_PATH
        ).collect()
        rows = shape(whole.drop(_PATH))
    except (pl.exceptions.PolarsError, OSError, FrameError) as fault:
        if len(paths) == 1:
            read = CorruptStoreError(f"{paths[0]} cannot be read: {fault}")
            return {paths[0]: fault if isinstance(fault, FrameError) else read}
        halves = paths[: len(paths) // 2], paths[len(paths) // 2 :]
        return {path: read for half in halves for path, read in _read_alike(half, shape).items()}
    runs = whole.select(pl.col(_PATH).rle().struct.unnest())
    ends = dict(zip(runs["value"], runs["len"].cum_sum(), strict=True))
    lengths = dict(zip(runs["value"], runs["len"], strict=True))
    # A file without rows has no run.
    spans = {path: (ends.get(str(path), 0), lengths.get(str(path), 0)) for path in paths}
    return {path: rows[end - length : end] for path, (end, length) in spans.items()}


def columns_of(path: Path) -> pl.Schema:
    """Read the columns of a parquet file from its footer.

    Raises
    ------
    CorruptStoreError
        The file is gone, or has no readable footer.
    """
    try:
        return pl.Schema(pl.read_parquet_schema(path))
    except (OSError, pl.exceptions.PolarsError) as fault:
        reason = "is missing" if isinstance(fault, FileNotFoundError) else "is no whole parquet"
        message = f"{path} {reason}. Remove it and read that test again."
        raise CorruptStoreError(message) from fault


def unite(schemas: Iterable[pl.Schema], keys: Sequence[str] = KEYS) -> dict[str, pl.DataType]:
    """Return the columns of any of the schemas but the keys, each with a type that holds all its values."""
    found: dict[str, list[pl.DataType]] = {}
    for schema in schemas:
        for label, dtype in schema.items():
            if label not in keys:
                held = found.setdefault(label, [])
                if dtype not in held:
                    held.append(dtype)
    return {label: _common(dtypes) for label, dtypes in found.items()}


def _schemas(paths: Sequence[Path]) -> list[pl.Schema]:
    schemas: list[pl.Schema] = []
    faults: list[str] = []
    for path in paths:
        try:
            schemas.append(columns_of(path))
        except CorruptStoreError as fault:
            faults.append(str(fault))
    if faults:
        raise CorruptStoreError("\n".join(faults))
    return schemas


def _common(dtypes: Sequence[pl.DataType]) -> pl.DataType:
    """Return the type of a column that has these types in different files."""
    held = [dtype for dtype in dtypes if dtype != pl.Null] or list(dtypes)
    if len(held) == 1:
        return held[0]
    if all(dtype.is_integer() for dtype in held):
        return _integer(held)
    if all(dtype.is_numeric() for dtype in held):
        return pl.Float64()
    if all(isinstance(dtype, pl.Duration) for dtype in held):
        return pl.Duration(_finest(held))
    if all(isinstance(dtype, pl.Datetime) for dtype in held):
        return _time(held)
    return pl.String()


def _integer(held: Sequence[pl.DataType]) -> pl.DataType:
    if all(dtype.is_unsigned_integer() for dtype in held):
        return pl.UInt64()
    # No integer that pandas and parquet know holds both; a counter is far below 2**53.
    return pl.Float64() if pl.UInt64 in held else pl.Int64()


def _time(held: Sequence[pl.DataType]) -> pl.DataType:
    zones = {getattr(dtype, "time_zone", None) for dtype in held}
    if None in zones and len(zones) > 1:
        return pl.String()  # Which zone the naive ones are in, nobody said.
    zone = zones.pop() if len(zones) == 1 else "UTC"
    return pl.Datetime(_finest(held), zone)


def _finest(held: Sequence[pl.DataType]) -> TimeUnit:
    units = {getattr(dtype, "time_unit", "us") for dtype in held}
    return next(unit for unit in _UNITS if unit in units)


def _clashes(
    schema: pl.Schema, union: dict[str, pl.DataType]
) -> tuple[tuple[str, pl.DataType], ...]:
    """Return the columns of a file that a scan does not bring to their type by itself."""
    return tuple(
        (label, dtype)
        for label, dtype in schema.items()
        if label in union and not _is_cast_by_scan(dtype, union[label])
    )


def _is_cast_by_scan(dtype: pl.DataType, target: pl.DataType) -> bool:
    if dtype in (target, pl.Null):
        return True
    if target.is_numeric():
        return dtype.is_integer() or dtype.is_float()
    if target == pl.String:
        return dtype == pl.Categorical
    return isinstance(target, pl.Datetime) and isinstance(dtype, pl.Datetime)


def _scan(
    paths: Sequence[Path],
    keys: Sequence[str],
    union: dict[str, pl.DataType],
    clash: dict[str, pl.DataType],
) -> pl.LazyFrame:
    """Scan files that have the same clashes with the union."""
    frame = pl.scan_parquet(
        list(paths),
        schema={**union, **clash},
        glob=False,  # a path is a name, also with a * in it
        hive_partitioning=True,
        # Text, or polars would read an id like 007 or 2026-01-05 as a number or a date.
        hive_schema=dict.fromkeys(keys, pl.String),
        missing_columns="insert",
        extra_columns="ignore",  # a key that is also in the file: the path decides
        cast_options=pl.ScanCastOptions(
            integer_cast=["upcast", "allow-float"],
            float_cast="upcast",
            datetime_cast=["upcast", "convert-timezone"],
            categorical_to_string="allow",
        ),
    )
    casts = [_cast(label, dtype, union[label]) for label, dtype in clash.items()]
    return frame.with_columns(casts).select(*keys, *union)


def _cast(label: str, dtype: pl.DataType, target: pl.DataType) -> pl.Expr:
    column = pl.col(label)
    if target != pl.String:
        return column.cast(target)
    if dtype == pl.Binary:
        return column.bin.encode("hex")
    if dtype == pl.Duration:
        return column.dt.to_string("iso")
    if dtype.is_nested():
        # Only a struct has JSON in polars, so that the label is part of the text.
        text = pl.struct(column).struct.json_encode()
        return pl.when(column.is_not_null()).then(text).alias(label)
    return column.cast(pl.String)
