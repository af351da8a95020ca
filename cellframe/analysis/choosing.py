"""Which steps, which cycles, which rows of the series?

Filters chain: each returns the frame that it was given with fewer rows, lazy where it was lazy.
"""

from __future__ import annotations

from numbers import Integral
from typing import TYPE_CHECKING, Any, TypeAlias

import polars as pl

from cellframe.analysis.cycle_rows import LABEL, RATED
from cellframe.analysis.halves import OF_LARGEST, REST_CURRENT, REST_RATE
from cellframe.analysis.reading import DEFINITION, IDENTITIES, TOLD, first_of, given, require
from cellframe.contract.series import (
    CYCLE,
    DIRECTIONS,
    EIS_STEP,
    HELD_CONSTANT,
    REST,
    STEP,
    STEP_TYPE,
    UNKNOWN_STEP,
)
from cellframe.errors import ConfigError
from cellframe.frames.backend import is_pandas, to_backend
from cellframe.frames.other_units import labelled

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from cellframe.frames.backend import AnyFrame

    Between: TypeAlias = tuple[float | None, float | None]
    Numbers: TypeAlias = "int | tuple[int | None, int | None] | Iterable[int]"

_ROW = "\x00row"
MEAN_CURRENT, DURATION = "Mean current [A]", "Duration [s]"
TYPES = (
    REST,
    EIS_STEP,
    UNKNOWN_STEP,
    *(f"{held} {way}" for held in HELD_CONSTANT for way in DIRECTIONS),
)
SOME_FREQUENCY = 1e-8
STEADY_CURRENT, STEADY_RATE = 1e-2, 1 / 200
STEADY_VOLTAGE, STEADY_POWER = 1e-2, 1e-2
"""What counts as steady: 10 mA and 1/200 of the capacity, 10 mV, 10 mW. Source: ionworksdata
0.20.2, whose limits know no capacity."""
_TYPED = (
    "the first that fits: EIS above 1e-8 Hz; rest below 1 mA and 1/1000 of the capacity; constant "
    "current, voltage, power where it spreads by less than 10 mA and 1/200 of the capacity, 10 mV, "
    "10 mW (ionworks, scaled by the capacity)"
)
_FREQUENCY, _POWER = "Mean frequency [Hz]", "Std power [W]"
_SPREADS = ("Std current [A]", "Std voltage [V]")


def filter_steps(
    frame: AnyFrame,
    *,
    type: str | Sequence[str] | None = None,  # noqa: A002 - the column is a type
    direction: str | None = None,
    rate: Between | None = None,
    capacity: float | None = None,
    duration: Between | None = None,
    label: str | Sequence[str] | None = None,
    cycles: Numbers | None = None,
) -> Any:
    """Return the steps that are all of what is asked for.

    Parameters
    ----------
    frame : polars or pandas DataFrame, or LazyFrame
        A table of steps.
    type : str or sequence of str, optional
        Of ``Step type``, from its begin: ``"Constant current"`` is both directions, ``"Rest"``.
    direction : {"discharge", "charge"}, optional
        By the sign of ``Mean current [A]``, positive on discharge; a rest has none.
    rate : (float or None, float or None), optional
        Least and greatest C-rate, abs(``Mean current [A]``) / capacity; None is open.
    capacity : float, optional
        Of the cell in A.h; else the column ``Rated capacity [A.h]``.
    duration : (float or None, float or None), optional
        Least and greatest ``Duration [s]``.
    label : str or sequence of str, optional
        Of the column ``Label``, whole.
    cycles : int, (int or None, int or None), or iterable of int, optional
        Of ``Cycle count``: one, from a first to a last one, or those of a list.

    Returns
    -------
    DataFrame or LazyFrame
        As it was given, with fewer rows.

    Raises
    ------
    FrameError
        The frame lacks a column that is asked about.
    ConfigError
        A type is none of the contract's, or a rate is asked for without a capacity.
    """
    lazy = labelled(given(frame), (MEAN_CURRENT, DURATION, RATED))
    there = lazy.collect_schema()
    wanted: dict[str, pl.Expr] = {}
    if type is not None:
        wanted[STEP_TYPE] = _of_type([type] if isinstance(type, str) else list(type))
    if duration is not None:
        wanted[DURATION] = _between(pl.col(DURATION), duration, "duration")
    if label is not None:
        wanted[LABEL] = (
            pl.col(LABEL).cast(pl.String).is_in([label] if isinstance(label, str) else list(label))
        )
    if cycles is not None:
        wanted[CYCLE] = _of_cycles(cycles)
    flowing: list[pl.Expr] = []
    if direction is not None:
        flowing.append(_of_direction(direction, has_type=STEP_TYPE in there))
    if rate is not None:
        if capacity is None and RATED not in there:
            message = f"rate= needs capacity= in A.h, or a column {RATED!r}."
            raise ConfigError(message)
        whole = pl.col(RATED) if capacity is None else pl.lit(float(capacity))
        flowing.append(_between(pl.col(MEAN_CURRENT).abs() / whole, rate, "rate"))
    if flowing:
        wanted[MEAN_CURRENT] = pl.all_horizontal(flowing)
    require(there, wanted, "a table of steps that can be asked this")
    return _kept(frame, lazy, wanted.values())


def filter_cycles(
    frame: AnyFrame,
    *,
    cycles: Numbers | None = None,
    label: str | Sequence[str] | None = None,
) -> Any:
    """Return the rows of some cycles, of cycles, steps or series.

    Parameters
    ----------
    frame : polars or pandas DataFrame, or LazyFrame
        Anything with ``Cycle count``.
    cycles : int, (int or None, int or None), or iterable of int, optional
        Of ``Cycle count``: one, from a first to a last one, or those of a list.
    label : str or sequence of str, optional
        Of the column ``Label``, whole.

    Returns
    -------
    DataFrame or LazyFrame
        As it was given, with fewer rows.

    Raises
    ------
    FrameError
        The frame lacks a column that is asked about.
    """
    lazy = given(frame)
    wanted: dict[str, pl.Expr] = {}
    if cycles is not None:
        wanted[CYCLE] = _of_cycles(cycles)
    if label is not None:
        wanted[LABEL] = (
            pl.col(LABEL).cast(pl.String).is_in([label] if isinstance(label, str) else list(label))
        )
    require(lazy.collect_schema(), wanted, "a frame that can be asked this")
    return _kept(frame, lazy, wanted.values())


def rows_of(series: AnyFrame, steps: AnyFrame) -> Any:
    """Return the rows of a series that are of some steps.

    Parameters
    ----------
    series : polars or pandas DataFrame, or LazyFrame
        A time series of one cell or many.
    steps : polars or pandas DataFrame, or LazyFrame
        Steps of it, as `filter_steps` leaves them.

    Returns
    -------
    DataFrame or LazyFrame
        The series, as it was given, with fewer rows.

    Raises
    ------
    FrameError
        One of them has no ``Step count``, or no key that both have while one has many tests.
    """
    lazy, chosen = given(series), given(steps)
    there = lazy.collect_schema()
    known = chosen.collect_schema()
    identity = first_of(IDENTITIES, [key for key in there if key in known])
    told_apart = first_of(IDENTITIES, there) or first_of(IDENTITIES, known)
    on = [STEP, *([identity or told_apart] if told_apart else [])]
    require(there, on, "a time series")
    require(known, on, "a table of steps")
    count = pl.col(STEP).cast(pl.Int64)
    wanted = chosen.select(on).with_columns(count).unique()
    rows = lazy.select(on).with_columns(count).with_row_index(_ROW)
    return _rows_of(series, rows.join(wanted, on=on, how="semi", maintain_order="left"))


def step_types(frame: AnyFrame, *, capacity: float | None = None) -> Any:
    """Return a table of steps with their types told by limits that fit the cell's size.

    Parameters
    ----------
    frame : polars or pandas DataFrame, or LazyFrame
        A table of steps: ``Mean current [A]``, ``Std current [A]``, ``Std voltage [V]``, and
        ``Std power [W]`` and ``Mean frequency [Hz]`` where they are known.
    capacity : float, optional
        Of the cell in A.h; else the column ``Rated capacity [A.h]``; else limits are 1 % of the
        test's largest current.

    Returns
    -------
    DataFrame or LazyFrame
        As it was given, ``Step type`` told anew, and ``Definition``.

    Raises
    ------
    FrameError
        The frame lacks a column.

    Notes
    -----
    The first that fits: EIS if the mean frequency is above 1e-8 Hz, a rest if abs(mean current)
    is below 1 mA and 1/1000 of the capacity, constant current if its spread is below 10 mA and
    1/200 of the capacity, constant voltage if its spread is below 10 mV, constant power if its
    spread is below 10 mW; else unknown. ionworksdata has the same limits without the capacity,
    which call every step of a coin cell a rest.
    """
    lazy = labelled(given(frame), (MEAN_CURRENT, *_SPREADS, _POWER, _FREQUENCY, RATED))
    there = lazy.collect_schema()
    require(there, (MEAN_CURRENT, *_SPREADS), "a table of steps")
    typed = lazy.with_columns(_typed(there.names(), capacity).alias(STEP_TYPE))
    columns = given(frame).collect_schema().names()
    told = pl.lit(_TYPED, TOLD[DEFINITION]).alias(DEFINITION)
    chosen = dict.fromkeys([*columns, STEP_TYPE, DEFINITION])
    return _as_given(frame, typed.with_columns(told).select(*chosen))


def _typed(there: Sequence[str], capacity: float | None) -> pl.Expr:
    identity = first_of(IDENTITIES, there)
    current = pl.col(MEAN_CURRENT)
    largest = current.abs().max()
    part = OF_LARGEST * (largest if identity is None else largest.over(identity))
    whole = pl.lit(capacity, pl.Float64)
    if capacity is None and RATED in there:
        whole = pl.col(RATED).cast(pl.Float64)
    rest = pl.min_horizontal(pl.lit(REST_CURRENT), pl.coalesce(whole * REST_RATE, part))
    even = pl.min_horizontal(pl.lit(STEADY_CURRENT), pl.coalesce(whole * STEADY_RATE, part))
    way = pl.when(current > 0).then(pl.lit(DIRECTIONS[0])).otherwise(pl.lit(DIRECTIONS[1]))
    steady = [pl.col(_SPREADS[0]) < even, pl.col(_SPREADS[1]) < STEADY_VOLTAGE]
    if _POWER in there:
        steady.append(pl.col(_POWER) < STEADY_POWER)
    swept = pl.col(_FREQUENCY) > SOME_FREQUENCY if _FREQUENCY in there else pl.lit(value=False)
    named = pl.when(swept).then(pl.lit(EIS_STEP)).when(current.abs() < rest).then(pl.lit(REST))
    for held, is_steady in zip(HELD_CONSTANT, steady, strict=False):
        named = named.when(is_steady).then(pl.format("{} {}", pl.lit(held), way))
    return named.otherwise(pl.lit(UNKNOWN_STEP))


def _of_type(types: list[str]) -> pl.Expr:
    unknown = [one for one in types if not any(known.startswith(one) for known in TYPES)]
    if unknown or not types:
        listed = ", ".join(repr(known) for known in TYPES)
        raise ConfigError(f"type={unknown or types} begins no step type. There are {listed}.")
    return pl.any_horizontal(
        pl.col(STEP_TYPE).cast(pl.String).str.starts_with(one) for one in types
    )


def _of_direction(direction: str, *, has_type: bool) -> pl.Expr:
    if direction not in DIRECTIONS:
        raise ConfigError(f"direction={direction!r} is neither 'discharge' nor 'charge'.")
    current = pl.col(MEAN_CURRENT)
    flows = current > 0 if direction == DIRECTIONS[0] else current < 0
    still = pl.col(STEP_TYPE).is_in([REST, EIS_STEP]).fill_null(value=False)
    return flows & ~still if has_type else flows


def _between(value: pl.Expr, bounds: Between, name: str) -> pl.Expr:
    try:
        low, high = bounds
    except (TypeError, ValueError):
        message = f"{name}={bounds!r} is two numbers, the least and the greatest; None is open."
        raise ConfigError(message) from None
    parts = [] if low is None else [value >= low]
    parts += [] if high is None else [value <= high]
    return pl.all_horizontal(parts) if parts else value.is_not_null()


def _of_cycles(cycles: Numbers) -> pl.Expr:
    if isinstance(cycles, int | Integral):
        return pl.col(CYCLE) == int(cycles)
    if isinstance(cycles, tuple) and len(cycles) == 2:  # noqa: PLR2004 - from and to
        return _between(pl.col(CYCLE), cycles, "cycles")
    return pl.col(CYCLE).is_in(_whole(cycles))


def _whole(cycles: Iterable[Any]) -> list[int]:
    found = list(cycles)
    if not all(isinstance(one, int | Integral) for one in found):
        raise ConfigError(f"cycles={found!r} are numbers as in {CYCLE!r}: 5, (0, 9), [0, 5, 9].")
    return [int(one) for one in found]


def _kept(frame: AnyFrame, lazy: pl.LazyFrame, wanted: Iterable[pl.Expr]) -> Any:
    return _rows_of(frame, lazy.with_row_index(_ROW).filter(*wanted))


def _rows_of(frame: AnyFrame, kept: pl.LazyFrame) -> Any:
    """Return the rows of a frame whose numbers are kept, as they are; of pandas with their index."""
    if isinstance(frame, pl.LazyFrame):
        return (
            frame.with_row_index(_ROW)
            .join(kept.select(_ROW), on=_ROW, how="semi", maintain_order="left")
            .drop(_ROW)
        )
    rows = kept.select(_ROW).collect().to_series().to_numpy()
    whole: Any = frame
    return whole.iloc[rows] if is_pandas(frame) else whole[rows]


def _as_given(frame: AnyFrame, kept: pl.LazyFrame) -> Any:
    if isinstance(frame, pl.LazyFrame):
        return kept
    made = kept.collect()
    return to_backend(made, "pandas") if is_pandas(frame) else made
