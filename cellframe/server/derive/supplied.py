"""What if the steps come with the series?

Then they are taken as they are: brought to the contract's types and order, other columns kept at
the end. They must be the series' own steps, each once and in order, for cycles are summed of
them; numbers that differ from derived ones are somebody's word. What only the series knows, the
temperature of each step and a cycle that is not told, is looked up there.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from cellframe.contract.series import CYCLE, STEP, STEPS
from cellframe.server.derive.opening import Unreadable, columns_of, decode, refuse
from cellframe.server.derive.steps import POLARS, WARMTH, in_order

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

_KINDS: dict[type[pl.DataType], str] = {
    pl.Float64: "a number",
    pl.Int64: "a whole number",
    pl.String: "text",
}


def read_supplied(path: Path, own: pl.DataFrame) -> pl.DataFrame:
    """Read the steps that came with a series.

    Parameters
    ----------
    path : Path
        The steps as parquet.
    own : DataFrame
        The steps derived from the series.

    Returns
    -------
    DataFrame, shape (n_steps, n_columns)
        Columns as in `cellframe.contract.series.STEPS`, any others after them, and `WARMTH` at
        the end.

    Raises
    ------
    Unreadable
        The file cannot be decoded, a column holds what it cannot mean, or the steps are not those
        of the series.
    """
    try:
        raw = pl.concat(decode(path, columns_of(path)))
        known = {name: POLARS[held] for name, held in STEPS.items() if name in raw.columns}
        refuse([*_unfit(raw, known), *_uncounted(raw)])
        refuse(_unlike(raw[STEP].cast(pl.Int64), own[STEP]))
    except Unreadable as fault:
        raise Unreadable(f"The supplied steps cannot be used. {fault}") from fault
    others = [name for name in raw.columns if name not in STEPS and name not in WARMTH]
    typed = raw.with_columns(_cast(pl.col(name), to) for name, to in known.items())
    ordered = in_order(typed, tuple(others))
    # They are the series' steps, row by row: whose cycle is not told is in the derived one.
    ordered = ordered.with_columns(ordered[CYCLE].fill_null(own[CYCLE]))
    warmth = own.select(STEP, *WARMTH)
    return ordered.join(warmth, on=STEP, how="left", maintain_order="left")


def _cast(column: pl.Expr, to: type[pl.DataType]) -> pl.Expr:
    cast = column.cast(to, strict=False)
    return pl.when(cast.is_finite()).then(cast) if to is pl.Float64 else cast


def _unfit(raw: pl.DataFrame, known: dict[str, type[pl.DataType]]) -> Iterator[str]:
    for name, to in known.items():
        if raw[name].dtype.is_nested() or raw[name].dtype.to_python() in (object, bytes):
            yield f"Column '{name}' holds {raw[name].dtype}, not one value per step. Correct it."
            continue
        lost = raw[name].is_not_null() & raw[name].cast(to, strict=False).is_null()
        if to is pl.Int64 and raw[name].dtype.is_float():
            lost |= (raw[name] != raw[name].round()).fill_null(value=False)
        if lost.any():
            at = lost.to_list().index(True)
            yield (
                f"Column '{name}' holds {str(raw[name][at])[:40]!r} in row {at}, which is not "
                f"{_KINDS[to]}. Correct it or leave it out."
            )


def _uncounted(raw: pl.DataFrame) -> Iterator[str]:
    if STEP not in raw.columns:
        yield f"They have no column '{STEP}'. Add it."


def _unlike(given: pl.Series, own: pl.Series) -> Iterator[str]:
    """Tell which steps of the series are not there, or more than once, and which are not its own."""
    there, known = given.to_list(), set(own)
    if given.null_count():
        yield f"Column '{STEP}' is blank in row {there.index(None)}. Give every row its step."
    unknown = sorted({*there} - known - {None})
    doubled = given.filter(given.is_duplicated() & given.is_in(own.implode())).unique().sort()
    for what, found in (
        ("missing", sorted(known - {*there})),
        ("there more than once", doubled.to_list()),
        ("not in the series", unknown),
    ):
        if found:
            more = f" and {len(found) - 1} more" if len(found) > 1 else ""
            yield f"Step {found[0]}{more} {'are' if more else 'is'} {what}."
    if len(there) == len(known) and {*there} == known and there != own.to_list():
        yield "They are not in the order of the series."
