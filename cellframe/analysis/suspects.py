"""What in these records should nobody trust before having looked?

A row per finding, that names cell, test and cycle. Nothing is corrected, left out or averaged here:
what is odd is told with its number and the rule that it breaks, and what is merely unusual is not.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import polars as pl

from cellframe.analysis.cycle_rows import (
    TOO_MUCH,
    WHO,
    answer,
    before,
    cycle_rows,
    glitch_told,
    in_order,
    is_cut_last,
    is_dip,
    is_glitch,
    is_partial_first,
    short,
)
from cellframe.analysis.efficiency import COULOMBIC, ENERGY
from cellframe.analysis.moved import fell
from cellframe.analysis.reading import DEFINITION, FINDING, back, by_test, given, keys_of
from cellframe.analysis.summary import AGREE, cycle_summary, ratio, summed
from cellframe.contract.series import (
    CHARGE_CAPACITY,
    COUNTERS,
    CURRENT,
    CYCLE,
    DISCHARGE_CAPACITY,
    SERIES,
    STEP,
    TEMPERATURE,
    TIME,
    VOLTAGE,
)
from cellframe.errors import FrameError
from cellframe.frames.columns import parse
from cellframe.frames.faults import Fault, table
from cellframe.frames.other_units import labelled
from cellframe.series.arrays import Columns
from cellframe.series.sign import check_sign

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from cellframe.frames.backend import AnyFrame

CHECK, COLUMN, VALUE = "Check", "Column", "Value"
LONGEST_GAP = 5 * 3600.0
"""s; as the service's own check of uploads has it."""
_MOST_GAPS = 5
_FEW = 100
"""Rows in which a sensor that works shows two values."""
_THOUSAND = 1000.0
_NEAR_THOUSAND = 0.1
_PERCENT = (20.0, 200.0)
"""A median efficiency between them is percent, not a ratio."""
_SENSORS = (VOLTAGE, CURRENT, TEMPERATURE)
_LEAST_SPIKES = {VOLTAGE: 0.2, CURRENT: 0.0, TEMPERATURE: 10.0}
"""A single sample that is further off its neighbours is no signal; a current by its usual size."""
_TIMES_AROUND, _FEWEST_AROUND, _USUAL = 10.0, 5, 0.99
_SAID = {
    CHECK: pl.String(),
    CYCLE: pl.Int64(),
    COLUMN: pl.String(),
    VALUE: pl.Float64(),
    FINDING: pl.String(),
    DEFINITION: pl.String(),
}
_ANSWER = [CHECK, CYCLE, COLUMN, VALUE]


class _Suspect(NamedTuple):
    """One finding: a row of the answer, but for its keys."""

    check: str
    cycle: int | None
    column: str | None
    value: float | None
    finding: str
    rule: str


def quality(frame: AnyFrame) -> Any:
    """Return what is odd in time series or in cycles, a row per finding.

    Parameters
    ----------
    frame : polars or pandas DataFrame, or LazyFrame
        A time series of one cell or many; its cycles are made and looked at too. Or a table of
        cycles: then what only samples can show is not looked for.

    Returns
    -------
    DataFrame, shape (n_findings, n_columns)
        Keys, ``Check``, ``Cycle count`` (null for what concerns the whole test), ``Column``,
        ``Value``, ``Finding``, ``Definition`` (the rule). No row where all is well.

        Checks of a series: ``current_sign_reversed``, ``current_sign_unsigned``,
        ``current_sign_indeterminate``; ``time_falls``; ``gap`` (time, in s); ``time_thousandfold``;
        ``counter_differs`` (from the integral, as a ratio); ``counter_falls``; ``sensor_absent``;
        ``cycle_count_broken``; ``spike`` (one sample that jumps and comes back); ``infinite``. Of cycles: ``first_partial``, ``last_cut``, ``glitch``, ``dip``,
        ``cycle_twice``, ``cycles_missing``, ``negative``, ``percent``.

    Raises
    ------
    FrameError
        The frame is neither.

    Notes
    -----
    The sign of the current is told by a vote of the steps, weighted by the charge they move, as in
    ionworks; by row count a rest would outvote a cycle. A glitch is more than twice the median
    of five cycles before, of five after, and of all, and than what goes the other way: no fade is
    one, and no check-up at a lower rate. A dip is below half of both. Counters and integrals that differ by more than 1 % are told
    without saying which is wrong: thinned rows spoil an integral, a restart a counter.
    """
    asked = given(frame, finite=False)
    lazy = labelled(asked, (*COUNTERS, CURRENT, VOLTAGE, TIME, TEMPERATURE))
    there = lazy.collect_schema()
    if CURRENT in there or (TIME in there and STEP in there):
        return back(_of_series(lazy if isinstance(frame, pl.LazyFrame) else lazy.collect()), frame)
    if CYCLE in there and {DISCHARGE_CAPACITY, CHARGE_CAPACITY} & set(there):
        return back(_of_cycles(lazy), frame)
    has = ", ".join(map(repr, there)) or "no column"
    message = (
        f"This is neither a time series ({TIME!r}, {CURRENT!r}) nor a table of cycles ({CYCLE!r}, "
        f"{DISCHARGE_CAPACITY!r}); the frame has {has}."
    )
    raise FrameError(message, table([Fault(message, rule="column")]))


def _of_series(frame: pl.LazyFrame | pl.DataFrame) -> pl.DataFrame:
    there = frame.collect_schema()
    used = [label for label in SERIES if label in there]
    broken = _broken_count(there)
    found: pl.DataFrame = by_test(
        frame,
        _suspects,
        needed=(),
        used=used,
        schema={f"\x00{label}": dtype for label, dtype in _SAID.items()},
        as_they_came=True,
        as_it_is=True,
    )
    found = found.rename({f"\x00{label}": label for label in _SAID})
    parts = [found]
    if STEP in there:
        kept = frame.drop(CYCLE) if broken else frame
        parts += [*_of_counters(summed(kept)), _of_cycles(cycle_summary(kept))]
    return _together(parts)


def _broken_count(schema: pl.Schema) -> bool:
    dtype = schema.get(CYCLE)
    return dtype is not None and dtype.is_float()


def _suspects(test: pl.DataFrame) -> Iterator[pl.DataFrame]:
    """Yield what the samples of one test show."""
    checks: tuple[Callable[[pl.DataFrame], Iterator[_Suspect]], ...] = (
        *(_sign, _time, _sensors, _spikes, _cycle_count),
    )
    floats = pl.selectors.float()
    finite = test.with_columns(pl.when(floats.is_finite()).then(floats).name.keep())
    found = [*_infinite(test), *(one for check in checks for one in check(finite))]
    if found:
        schema = {f"\x00{label}": dtype for label, dtype in _SAID.items()}
        yield pl.DataFrame(found, schema=schema, orient="row")


def _sign(test: pl.DataFrame) -> Iterator[_Suspect]:
    floats = test.with_columns(
        pl.col(label).cast(pl.Float64) for label in (TIME, CURRENT, VOLTAGE) if label in test
    )
    steps = [pl.col(STEP).cast(pl.Int64)] if STEP in test else []
    for found in check_sign(Columns(floats.with_columns(steps))):
        share = float(found.payload["share"])
        counted = f"{found.payload['reversed_steps']} of {found.payload['steps']} steps"
        texts = {
            "current_sign_reversed": "the current is positive on charge: the voltage rises with it",
            "current_sign_unsigned": "the current has no sign: it is never negative",
            "current_sign_indeterminate": "the sign of the current is not the same in all steps",
        }
        text = f"{texts[found.code]} ({counted}, {share:.0%} by charge)"
        rule = "positive is discharge; steps vote by V against charge, weighted by the charge moved"
        yield _Suspect(found.code, None, CURRENT, share, text, rule)


def _time(test: pl.DataFrame) -> Iterator[_Suspect]:
    if TIME not in test:
        return
    rows = test.with_row_index("row").drop_nulls(TIME)
    passed = rows.with_columns(pl.col(TIME).cast(pl.Float64).diff().alias("passed"))
    falls = passed.filter(pl.col("passed") < 0)
    if falls.height:
        row, to = falls["row"][0], falls[TIME][0]
        anew = falls.filter(pl.col(TIME) == 0).height
        starts = f", {anew} times to 0" if anew else ""
        text = f"time runs back in {falls.height} rows{starts}, first in row {row}, to {to:g} s"
        rule = "time never falls; equal stamps pass"
        yield _Suspect("time_falls", None, TIME, float(falls.height), text, rule)
    yield from _gaps(passed)


def _gaps(rows: pl.DataFrame) -> Iterator[_Suspect]:
    # After a time that ran back the next one is far ahead, and no gap: so beyond the latest before.
    beyond = pl.col(TIME).cast(pl.Float64) - pl.col(TIME).cast(pl.Float64).cum_max().shift(1)
    gaps = rows.with_columns(beyond.alias("gap")).filter(pl.col("gap") > LONGEST_GAP)
    rule = "no gap above 5 h"
    if gaps.height > _MOST_GAPS:
        longest = gaps.row(int(gaps["gap"].arg_max() or 0), named=True)
        text = (
            f"{gaps.height} gaps of more than 5 h, the longest {longest['gap'] / 3600:.4g} h before "
            f"row {longest['row']}"
        )
        yield _Suspect("gap", None, TIME, longest["gap"], text, rule)
        return
    for gap in gaps.iter_rows(named=True):
        cycle = gap.get(CYCLE)
        whole = int(cycle) if cycle is not None and float(cycle).is_integer() else None
        text = f"no sample for {gap['gap'] / 3600:.4g} h before row {gap['row']}"
        yield _Suspect("gap", whole, TIME, gap["gap"], text, rule)


def _sensors(test: pl.DataFrame) -> Iterator[_Suspect]:
    if TIME not in test or test[TIME].count() == 0:
        return  # a curve over charge, or a sweep of frequencies, which no sensor took
    for label in _SENSORS:
        if label not in test:
            continue
        values = test[label].drop_nulls()
        rule = "a sensor that works shows two values in 100 rows"
        if values.is_empty():
            yield _Suspect("sensor_absent", None, label, None, f"{label} has no value", rule)
        elif len(values) >= _FEW and values.n_unique() == 1:
            value = float(values[0])
            text = f"{label} reads {value:g} in all {len(values)} rows"
            yield _Suspect("sensor_absent", None, label, value, text, rule)


def _infinite(test: pl.DataFrame) -> Iterator[_Suspect]:
    for label in test.columns:
        if not test.schema[label].is_float():
            continue
        number = int(test[label].is_infinite().sum())
        if number:
            text = f"{label} is infinite in {number} row{'s' * (number > 1)}"
            yield _Suspect("infinite", None, label, float(number), text, "numbers are finite")


def _spikes(test: pl.DataFrame) -> Iterator[_Suspect]:
    """Yield samples that jump and come back at once, within a step."""
    for label, least in _LEAST_SPIKES.items():
        if label not in test or test[label].count() < _FEWEST_AROUND:
            continue
        value = pl.col(label).cast(pl.Float64)
        up, down = value - value.shift(1), value - value.shift(-1)
        jump = pl.min_horizontal(up.abs(), down.abs())
        around = (value.shift(1) - value.shift(-1)).abs()
        far = (jump > least) & (jump > _TIMES_AROUND * around) & (up.sign() == down.sign())
        if label == CURRENT:
            far &= jump > value.abs().quantile(_USUAL, "lower") * TOO_MUCH
        if STEP in test:
            step = pl.col(STEP)
            far &= (step == step.shift(1)) & (step == step.shift(-1))
        found = test.with_row_index("row").filter(far)
        if found.height:
            first = found.row(0, named=True)
            text = f"{found.height} samples jump and come back, first in row {first['row']}: {float(first[label]):.4g}"
            if found.height == 1:
                text = f"a sample jumps and comes back in row {first['row']}: {float(first[label]):.4g}"
            cycle = first.get(CYCLE)
            whole = int(cycle) if cycle is not None and float(cycle).is_integer() else None
            rule = f"within a step no single sample lies {least:g} {parse(label)[1]} off both neighbours"
            yield _Suspect("spike", whole, label, float(first[label]), text, rule)


def _cycle_count(test: pl.DataFrame) -> Iterator[_Suspect]:
    if CYCLE not in test or not test[CYCLE].dtype.is_float():
        return
    broken = test.filter(pl.col(CYCLE) != pl.col(CYCLE).round())[CYCLE]
    if len(broken):
        text = f"{CYCLE} is no whole number in {len(broken)} rows, first {broken[0]:.7g}"
        rule = "cycles are counted in whole numbers"
        yield _Suspect("cycle_count_broken", None, CYCLE, float(broken[0]), text, rule)


def _of_counters(cycles: pl.DataFrame) -> list[pl.DataFrame]:
    """Tell which counters fall, and which do not agree with the integral."""
    made: list[pl.DataFrame] = []
    for label in COUNTERS:
        name = label.split(" [")[0].lower()
        falls = pl.col(fell(label))
        text = pl.format(
            f"the counter of {name} falls within a step, {{}} times in the cycle", falls
        )
        rule = "a counter inside a step never falls"
        made.append(_rows(cycles, falls > 0, "counter_falls", label, falls, text, rule))
        share = pl.col(ratio(label))
        apart = ((share - 1).abs() > AGREE) & ~_is_thousand(share.median().over(WHO))
        text = pl.format(f"{name}: counted is {{}} of integrated", short(share))
        rule = f"counter and integral over the same steps agree within {AGREE:.0%}"
        made.append(_rows(cycles, apart, "counter_differs", label, share, text, rule))
    return [*made, _thousandfold(cycles)]


def _thousandfold(cycles: pl.DataFrame) -> pl.DataFrame:
    """Tell once of a test whose integrals are a thousand times its counters."""
    both = [pl.col(ratio(label)) for label in (DISCHARGE_CAPACITY, CHARGE_CAPACITY)]
    usual = pl.coalesce(both).median().over(WHO)
    first = pl.int_range(pl.len()).over(WHO) == 0
    text = pl.format(
        "time is a thousand times too large, or the current: counted is {} of integrated",
        short(usual),
    )
    rule = "counter over integral is 0.001 within 10 %: milliseconds read as seconds, mA as A"
    where = first & _is_thousand(usual)
    found = _rows(cycles, where, "time_thousandfold", TIME, 1 / usual, text, rule)
    return found.with_columns(pl.lit(None, pl.Int64).alias(CYCLE))


def _is_thousand(share: pl.Expr) -> pl.Expr:
    return (share * _THOUSAND - 1).abs() < _NEAR_THOUSAND


def _of_cycles(frame: AnyFrame) -> pl.DataFrame:
    lazy = labelled(given(frame, finite=False), COUNTERS)
    there = lazy.collect_schema()
    flows = [label for label in COUNTERS if label in there]
    ratios = [label for label in (COULOMBIC, ENERGY) if label in there]
    rows = cycle_rows(lazy, (), (*flows, *ratios))
    capacities = [one for one in (DISCHARGE_CAPACITY, CHARGE_CAPACITY) if one in flows]
    made: list[pl.DataFrame] = []
    for label in capacities:
        other = [one for one in capacities if one != label]
        made += _of_capacity(rows, label, other[0] if other else None)
    for label in flows:
        value, text = pl.col(label), pl.format(f"{label} is {{}}", short(pl.col(label)))
        rule = "capacities and energies are never negative"
        made.append(_rows(rows, value < 0, "negative", label, value, text, rule))
    made += [_percent(rows, label) for label in ratios]
    made += [_twice(rows), _missing(rows), *_endless(lazy, [*flows, *ratios])]
    return _together(made)


def _of_capacity(rows: pl.DataFrame, label: str, other: str | None) -> list[pl.DataFrame]:
    value, amount = pl.col(label), short(pl.col(label))
    unit = "A.h"
    made = [
        _rows(
            rows,
            is_partial_first(label),
            "first_partial",
            label,
            value,
            pl.format(f"the first cycle is partial: {{}} {unit}", amount),
            "below half of the median of the next five",
        ),
        _rows(
            rows,
            is_glitch(label, rows),
            "glitch",
            label,
            value,
            glitch_told(label),
            f"above {TOO_MUCH:g} times the medians of five before and after, of all, and the other way",
        ),
        _rows(
            rows,
            is_dip(label) & value.is_not_null(),
            "dip",
            label,
            value,
            pl.format(
                f"{{}} {unit}, and {{}} before: a diagnostic or an interrupted cycle",
                amount,
                short(before(label)),
            ),
            "below half of the medians of five before and of five after",
        ),
    ]
    if other is not None:
        made.append(
            _rows(
                rows,
                is_cut_last(label, other),
                "last_cut",
                label,
                value,
                pl.format(f"the last cycle is cut: {{}} {unit}", amount),
                "below half of the median of the five before, charge and discharge uneven",
            )
        )
    return made


def _percent(rows: pl.DataFrame, label: str) -> pl.DataFrame:
    usual = pl.col(label).median().over(WHO)
    first = pl.int_range(pl.len()).over(WHO) == 0
    text = pl.format(f"{label} is in percent, not a ratio: its median is {{}}", short(usual))
    rule = f"the median of a ratio is not between {_PERCENT[0]:g} and {_PERCENT[1]:g}"
    found = _rows(rows, first & usual.is_between(*_PERCENT), "percent", label, usual, text, rule)
    return found.with_columns(pl.lit(None, pl.Int64).alias(CYCLE))


def _endless(lazy: pl.LazyFrame, labels: list[str]) -> Iterator[pl.DataFrame]:
    """Yield numbers that are infinite, which everywhere else are gaps."""
    there = lazy.collect_schema()
    floats = [label for label in labels if there[label].is_float()]
    rows = lazy.select(*keys_of(there), CYCLE, *floats).collect()
    for label in floats:
        value, text = pl.col(label), pl.lit(f"{label} is infinite")
        where = value.is_infinite()
        yield _rows(rows, where, "infinite", label, value, text, "numbers are finite")


def _twice(rows: pl.DataFrame) -> pl.DataFrame:
    number, place = pl.len().over(WHO, CYCLE), pl.int_range(pl.len()).over(WHO, CYCLE)
    text = pl.format("cycle {} is there {} times", CYCLE, number)
    is_twice = (number > 1) & (place == 0)
    return _rows(rows, is_twice, "cycle_twice", CYCLE, number, text, "a cycle has one row")


def _missing(rows: pl.DataFrame) -> pl.DataFrame:
    """Tell of cycles that are not there, where the others are counted one by one."""
    step = pl.col(CYCLE).diff().over(WHO)
    is_counted = step.filter(step > 0).median().over(WHO) == 1
    since = pl.col(CYCLE).shift(1).over(WHO)
    text = pl.format("cycles {} to {} are not there", since + 1, pl.col(CYCLE) - 1)
    rule = "cycles are counted one by one"
    where = (step > 1) & is_counted
    return _rows(rows, where, "cycles_missing", CYCLE, step - 1, text, rule)


def _rows(
    rows: pl.DataFrame,
    where: pl.Expr,
    check: str,
    column: str,
    value: pl.Expr,
    text: pl.Expr,
    rule: str,
) -> pl.DataFrame:
    """Return one finding for each row where something holds."""
    told = rows.select(
        *keys_of(rows.columns),
        pl.lit(check).alias(CHECK),
        pl.col(CYCLE).cast(pl.Int64),
        pl.lit(column).alias(COLUMN),
        value.cast(pl.Float64).alias(VALUE),
        text.alias(FINDING),
        pl.lit(rule).alias(DEFINITION),
        where.fill_null(value=False).alias("\x00where"),
    )
    return told.filter(pl.col("\x00where")).drop("\x00where")


def _together(parts: list[pl.DataFrame]) -> pl.DataFrame:
    """Put findings under each other, those of one test together, of whole tests first."""
    whole = pl.concat(
        [
            part.with_columns(pl.col(FINDING, DEFINITION).cast(pl.String)).select(
                *keys_of(part.columns), *_SAID
            )
            for part in parts
        ],
        how="vertical_relaxed",
    )
    whole = in_order(whole, CYCLE, keys_of(whole.columns))
    made: pl.DataFrame = answer(whole, _ANSWER, whole)
    return made
