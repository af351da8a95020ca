"""Whose rows are these, in which columns, and in which library do the answers go back?

Every question of this room takes a long frame: rows of one cell or of many, told apart by
``measurement_id``, else ``instance_id``, else ``cell``; one cell where there is none of them. A
column in another unit is read as what it is: ``Voltage [mV]`` is a voltage.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl

from cellframe.contract.series import CYCLE, CYCLE_FROM_CYCLER, STEP, TIME
from cellframe.errors import ConfigError, FrameError
from cellframe.frames.backend import is_pandas, to_backend, to_polars
from cellframe.frames.columns import parse
from cellframe.frames.faults import Fault, table
from cellframe.frames.long import KEYS
from cellframe.frames.other_units import labelled
from cellframe.series.convention import CONVENTION

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

    from cellframe.frames.backend import AnyFrame

    _Answer = tuple[tuple[Any, ...], pl.DataFrame]
    """The keys of a test, and a part of what is said of it."""

DIRECTION, FINDING, DEFINITION = "Direction", "Finding", "Definition"
TOLD: dict[str, pl.DataType] = {FINDING: pl.String(), DEFINITION: pl.Categorical()}
"""The last columns of every answer: what is to be said of a row, and what made its numbers. What is
said is text, so that people can search it; a definition is long, and the same in many rows."""
IDENTITIES = ("measurement_id", "instance_id", "cell")
"""By which tests are told apart, the first that is there."""
_COUNTS = (CYCLE, CYCLE_FROM_CYCLER, STEP)
_AT_ONCE = 500_000
"""Rows of short tests that are read at once."""
CELLS = ("instance_id", "cell", "measurement_id", "test")
"""By which cells are told apart, whose tests belong together, the first that is there."""


class _InterleavedError(Exception):
    """The rows of one test do not follow each other."""


def given(frame: AnyFrame, *, finite: bool = True) -> pl.LazyFrame:
    """Return any frame as a LazyFrame; what is no number is a gap, and keys are texts.

    Parameters
    ----------
    frame : polars or pandas DataFrame, or LazyFrame
        What was asked about.
    finite : bool
        Whether infinities are gaps, too.

    Raises
    ------
    ConfigError
        Its current was turned for another tool.
    """
    lazy = frame if isinstance(frame, pl.LazyFrame) else to_polars(frame).frame.lazy()
    if CONVENTION in lazy.collect_schema():
        raise ConfigError(
            "The current of this frame is positive on charge, and here on discharge: "
            ".cell.in_convention('discharge_positive') turns it back."
        )
    there = lazy.collect_schema()
    floats = pl.selectors.float()
    known = pl.when(floats.is_finite()).then(floats) if finite else floats.fill_nan(None)
    sorts = [key for key in keys_of(there) if isinstance(there[key], pl.Categorical | pl.Enum)]
    return lazy.with_columns(known.name.keep(), pl.col(sorts).cast(pl.String))


def back(made: pl.DataFrame, frame: AnyFrame) -> Any:
    """Return an answer in the library that the question came in."""
    return to_backend(made, "pandas") if is_pandas(frame) else made


def keys_of(columns: Iterable[str]) -> list[str]:
    """Return the keys and names that a frame has, in their order."""
    there = set(columns)
    return [key for key in KEYS if key in there]


def first_of(names: Sequence[str], columns: Iterable[str]) -> str | None:
    """Return the first of some names that a frame has."""
    there = set(columns)
    return next((name for name in names if name in there), None)


def require(schema: Mapping[str, Any], needed: Iterable[str], what: str) -> None:
    """Say all at once which columns a frame lacks, and which hold no numbers.

    Parameters
    ----------
    schema : mapping of str to polars type
        Of the frame.
    needed : iterable of str
        Labels that must be there. Those with a unit hold numbers.
    what : str
        What the frame is to be a frame of, in an error.

    Raises
    ------
    FrameError
        `.failures` has a row per column.
    """
    faults: list[Fault] = []
    for label in needed:
        if label not in schema:
            message = f"There is no column {label!r}."
            faults.append(Fault(message, column=label, rule="column"))
        elif _is_number(label) and not (schema[label].is_numeric() or schema[label] == pl.Null):
            message = f"{label!r} should hold numbers and holds {schema[label]}."
            faults.append(Fault(message, column=label, rule="number"))
    if faults:
        has = ", ".join(repr(label) for label in schema) or "no column"
        message = f"This is not {what}; the frame has {has}."
        raise FrameError(message, table(faults))


def _is_number(label: str) -> bool:
    """Whether a label counts, or ends with a unit; that of a time is its zone."""
    return label in _COUNTS or parse(label)[1] not in (None, "UTC")


def by_test(
    frame: AnyFrame,
    make: Callable[[pl.DataFrame], Iterable[pl.DataFrame]],
    *,
    needed: Sequence[str],
    used: Sequence[str],
    schema: Mapping[str, Any],
    as_they_came: bool = False,
    as_it_is: bool = False,
) -> Any:
    """Ask a question of each test of a series by itself, and put the answers under each other.

    Parameters
    ----------
    frame : polars or pandas DataFrame, or LazyFrame
        A LazyFrame is read test by test, in one pass where its rows come so, and memory is that of
        a few tests and of the answers.
    make : callable
        Given the rows of one test in the order of steps and time, yields parts of the answer.
    needed, used : sequence of str
        Columns that must be there, and that are read where they are.
    schema : mapping of str to polars type
        Columns of the answer, but for the keys; ``Cycle count`` only where the series counts them.
    as_they_came : bool
        Whether the rows of a test are asked in the order in which they came.
    as_it_is : bool
        Whether infinities are kept, and cycles that are not counted in whole numbers.

    Returns
    -------
    DataFrame
        The keys, then the answer's columns, in the library that the question came in.

    Raises
    ------
    FrameError
        A column is missing, or holds no numbers, or cycles that are not whole.
    """
    lazy = labelled(given(frame, finite=not as_it_is), used)
    there = lazy.collect_schema()
    require(
        there, dict.fromkeys((*needed, *(one for one in used if one in there))), "a time series"
    )
    keys = keys_of(there)
    wanted = [label for label in schema if label != CYCLE or CYCLE in there]
    lazy = lazy.select(*keys, *dict.fromkeys(label for label in used if label in there))
    types = {**{key: there[key] for key in keys}, **{label: schema[label] for label in wanted}}
    order = [label for label in (STEP, TIME) if label in there and not as_they_came]
    identity = first_of(IDENTITIES, keys)

    def ask(tests: Iterable[pl.DataFrame]) -> list[_Answer]:
        found: list[_Answer] = []
        for rows in tests:
            if len(rows):
                if not as_it_is:
                    _require_whole(rows)
                test = rows.sort(order, maintain_order=True) if order else rows
                whose = tuple(test[key][0] for key in keys)
                found += [(whose, part[wanted]) for part in make(test)]
        return found

    if identity is None:
        found = ask([lazy.collect()])
    elif not isinstance(frame, pl.LazyFrame):
        found = ask(_grouped(lazy, identity))
    else:
        try:
            found = ask(_streamed(lazy, identity))
        except _InterleavedError:
            found = ask(_filtered(lazy, identity))
    return back(_together(found, keys, types), frame)


def _require_whole(test: pl.DataFrame) -> None:
    if CYCLE not in test or not test[CYCLE].dtype.is_float():
        return
    broken = test[CYCLE].filter((test[CYCLE] != test[CYCLE].round()).fill_null(value=False))
    if len(broken):
        message = (
            f"{CYCLE!r} should count cycles in whole numbers, and {broken[0]:.7g} is none. Correct "
            "it, or drop the column."
        )
        raise FrameError(message, table([Fault(message, column=CYCLE, rule="whole")]))


def _together(
    found: list[_Answer], keys: Sequence[str], types: Mapping[str, pl.DataType]
) -> pl.DataFrame:
    """Put answers under each other, and beside each whose it is."""
    if not found:
        return pl.DataFrame(schema=types)
    answers = pl.concat([part for _, part in found])
    if not keys:
        return answers
    # All at once: small frames cost more than their rows.
    of_part = np.repeat(np.arange(len(found)), [part.height for _, part in found])
    types_of_keys = {key: types[key] for key in keys}
    whose = pl.DataFrame([each for each, _ in found], schema=types_of_keys, orient="row")
    return whose[of_part].hstack(answers)


def _streamed(lazy: pl.LazyFrame, identity: str) -> Iterator[pl.DataFrame]:
    """Yield the tests of a scan in one pass over it, whose rows come test by test.

    Raises
    ------
    _InterleavedError
        A test goes on after another has begun.
    """
    done: set[Any] = set()
    begun: list[pl.DataFrame] = []
    for batch in lazy.collect_batches(maintain_order=True):
        for rows in _runs(batch, identity):
            name = rows[identity][0]
            if name in done:
                raise _InterleavedError
            if begun and begun[0][identity][0] != name:
                done.add(begun[0][identity][0])
                yield pl.concat(begun)
                begun.clear()
            begun.append(rows)
    if begun:
        yield pl.concat(begun)


def _runs(batch: pl.DataFrame, identity: str) -> Iterator[pl.DataFrame]:
    names = batch[identity]
    if len(names) and names.eq_missing(names[0]).all():
        return iter([batch])
    runs = names.rle().struct.unnest()
    starts = runs["len"].cum_sum() - runs["len"]
    return (batch.slice(*place) for place in zip(starts, runs["len"], strict=True))


def _filtered(lazy: pl.LazyFrame, identity: str) -> Iterator[pl.DataFrame]:
    """Yield the tests of a scan whose rows come in any order, reading it many times over."""
    counted = lazy.group_by(identity, maintain_order=True).len().collect()
    begun = (pl.col("len").cum_sum() - pl.col("len")) // _AT_ONCE
    for bundle in counted.with_columns(begun.alias("bundle")).partition_by(
        "bundle", maintain_order=True
    ):
        names = bundle[identity].implode()
        chosen = lazy.filter(pl.col(identity).is_in(names, nulls_equal=True))
        yield from chosen.collect().partition_by(identity, maintain_order=True)


def _grouped(lazy: pl.LazyFrame, identity: str) -> Iterator[pl.DataFrame]:
    for _, test in lazy.collect().group_by(identity, maintain_order=True):
        yield test
