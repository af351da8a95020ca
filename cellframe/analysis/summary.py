"""What did each cycle move, by the cycler's counters and by our own integral, and do they agree?

The adopted number is the counter's, step by step; where there is none, or it falls inside a step,
the difference of ``Capacity [A.h]``, and then the integral: the rule by which the service makes
steps and cycles. Both numbers and their ratio are given, for thinned rows make integrals wrong
many times over, and a counter that restarts makes itself wrong.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import polars as pl

from cellframe.analysis.cycle_rows import WHO, answer, in_order, said, short
from cellframe.analysis.efficiency import COULOMBIC, ENERGY, VOLTAGE_OVER, efficiencies
from cellframe.analysis.moved import (
    BACK,
    OF_CYCLE,
    PAIRS,
    counted,
    fell,
    integrated,
    moved_by_steps,
    split,
    with_who,
)
from cellframe.analysis.reading import (
    DEFINITION,
    FINDING,
    back,
    given,
    keys_of,
    require,
)
from cellframe.contract.series import (
    CAPACITY_SOURCE,
    CHARGE_CAPACITY,
    CHARGE_ENERGY,
    COUNTED,
    COUNTERS,
    CURRENT,
    CYCLE,
    DISCHARGE_CAPACITY,
    DISCHARGE_ENERGY,
    ENERGY_SOURCE,
    INTEGRATED,
    MIXED,
    STEP,
)
from cellframe.frames.other_units import labelled

if TYPE_CHECKING:
    from cellframe.frames.backend import AnyFrame

_AMOUNTS = {DISCHARGE_ENERGY: DISCHARGE_CAPACITY, CHARGE_ENERGY: CHARGE_CAPACITY}
"""Of which charge an energy is."""
_PART = "\x00part"
AGREE = 0.01
"""Counter and integral that differ by more than this share are told."""
MEAN_DISCHARGE, MEAN_CHARGE = "Mean discharge voltage [V]", "Mean charge voltage [V]"
GAP = "Voltage gap [V]"
_LEAST = 1e-3
"""Of what a cycle moves: what is less is no counter's or integral's to be compared."""


def ratio(label: str) -> str:
    """Return the label of their ratio: ``Discharge capacity, counted to integrated``."""
    return f"{label.split(' [', maxsplit=1)[0]}, counted to integrated"


def cycle_summary(frame: AnyFrame) -> Any:
    """Return what each cycle moved, its mean voltages and its efficiencies.

    Parameters
    ----------
    frame : polars or pandas DataFrame, or LazyFrame
        A time series of one cell or many: ``Step count`` and, as far as they are there, ``Time
        [s]``, ``Current [A]`` (positive on discharge), ``Voltage [V]``, ``Capacity [A.h]``, ``Cycle
        count`` and the counters. Or the table of steps, or of cycles: then a number is the
        counter's or the integral's as ``Capacity source`` says. A LazyFrame is read test by test.

    Returns
    -------
    DataFrame, shape (n_cycles, n_columns)
        Keys, ``Cycle count``; capacities in A.h and energies in W.h, none negative; ``Capacity
        source`` and ``Energy source``; of each of the four what was counted, what was integrated,
        and their ratio over the steps that have both; ``Mean discharge voltage [V]``, ``Mean charge
        voltage [V]``, ``Voltage gap [V]``; efficiencies as `efficiencies` gives them; ``Finding``,
        ``Definition``. What is not known is null.

    Raises
    ------
    FrameError
        A column is missing, or holds no numbers.

    Notes
    -----
    A step's capacity is its counter's last minus first, or the trapezoid of max(I, 0) or max(-I, 0)
    inside the step, so that what flows between two steps counts for neither; a cycle is the sum of
    its steps (ionworks). BEEP takes a counter's maximum, cellpy its last value; PyProBE the span of
    the net capacity, which loses charge where a cycle has several discharges. Mean voltage is
    energy over capacity (Aurora); the gap is that of charge minus that of discharge.
    """
    made = _with_voltages(summed(frame))
    made = _with_efficiencies(made.with_columns(_finding(), _definition()))
    return back(answer(made, _columns(), made), frame)


def summed(frame: AnyFrame) -> pl.DataFrame:
    """Return what each cycle moved in every way in which that is known, and which counters fell."""
    lazy = labelled(given(frame), (*COUNTERS, CURRENT))
    there = lazy.collect_schema()
    if CURRENT in there or (STEP in there and CAPACITY_SOURCE not in there):
        # A frame that is here is cut into its tests once; a lazy one is read test by test.
        return _by_cycle(
            moved_by_steps(frame if isinstance(frame, pl.LazyFrame) else lazy.collect())
        )
    return _by_cycle(_from_table(lazy, STEP in there))


def _columns() -> list[str]:
    both = [make(label) for label in COUNTERS for make in (counted, integrated, ratio)]
    voltages = (MEAN_DISCHARGE, MEAN_CHARGE, GAP)
    return [
        *(CYCLE, *COUNTERS, *PAIRS),
        *both,
        *voltages,
        *(COULOMBIC, ENERGY, VOLTAGE_OVER),
    ]


def _complete(steps: pl.DataFrame) -> pl.DataFrame:
    """Add what is not known at all."""
    return steps.with_columns(
        *(
            pl.lit(None, pl.Float64).alias(make(label))
            for label in COUNTERS
            for make in (counted, integrated, split)
            if make(label) not in steps.columns
        ),
        *(
            pl.lit(value=False).alias(fell(label))
            for label in COUNTERS
            if fell(label) not in steps.columns
        ),
        pl.lit(0, pl.Int64).alias(BACK),
    )


def _from_table(lazy: pl.LazyFrame, is_steps: bool) -> pl.DataFrame:  # noqa: FBT001
    """Return the steps or cycles that somebody made, as `moved_by_steps` would."""
    what = "a table of steps" if is_steps else "a table of cycles"
    there = lazy.collect_schema()
    require(there, (CYCLE, DISCHARGE_CAPACITY, CHARGE_CAPACITY), what)
    require(there, [label for label in COUNTERS if label in there], what)
    rows = lazy.select(
        *keys_of(there),
        pl.col(CYCLE).cast(pl.Int64).fill_null(0).alias(OF_CYCLE),
        *(
            (pl.col(label) if label in there else pl.lit(None)).cast(pl.Float64).alias(label)
            for label in COUNTERS
        ),
        *(
            (pl.col(label) if label in there else pl.lit(None)).cast(pl.String).alias(label)
            for label in PAIRS
        ),
    ).collect()
    known = [
        pl.when(pl.col(source) == word).then(pl.col(label)).alias(make(label))
        for source, pair in PAIRS.items()
        for label in pair
        for word, make in ((COUNTED, counted), (INTEGRATED, integrated))
    ]
    return with_who(_complete(rows.with_columns(known)))


def _by_cycle(steps: pl.DataFrame) -> pl.DataFrame:
    """Add up the steps of each cycle."""
    keys = keys_of(steps.columns)
    sums: list[pl.Expr] = []
    for label in COUNTERS:
        # The difference of ``Capacity [A.h]`` is the cycler's count, too.
        one, other = pl.coalesce(counted(label), split(label)), pl.col(integrated(label))
        both = one.is_not_null() & other.is_not_null()
        sums += [
            _sum(label, _AMOUNTS.get(label)),
            _sum(counted(label)),
            _sum(integrated(label), integrated(_AMOUNTS[label]) if label in _AMOUNTS else None),
        ]
        sums.append(one.filter(both).sum().alias(f"\x00one {label}"))
        sums.append(other.filter(both).sum().alias(f"\x00other {label}"))
        sums.append(pl.col(fell(label)).sum())
    sums.append(pl.col(BACK).sum())
    partial = pl.any_horizontal(_is_partial(*each) for each in _AMOUNTS.items())
    known = pl.any_horizontal(pl.col(energy).is_not_null() for energy in _AMOUNTS)
    steps = steps.with_columns((partial & known.any().over(WHO)).alias(_PART))
    sums.append(pl.col(_PART).any())
    sources = [_one_or_mixed(label) for label in PAIRS]
    cycles = steps.group_by(WHO, OF_CYCLE, maintain_order=True).agg(
        *(pl.col(key).first() for key in keys), *sums, *sources
    )
    ordered = in_order(cycles, OF_CYCLE).rename({OF_CYCLE: CYCLE})
    return ordered.with_columns(_ratio(label).alias(ratio(label)) for label in COUNTERS)


def _ratio(label: str) -> pl.Expr:
    one, other = pl.col(f"\x00one {label}"), pl.col(f"\x00other {label}")
    pair = next(pair for pair in PAIRS.values() if label in pair)
    least = _LEAST * pl.max_horizontal(*(pl.col(f"\x00other {each}") for each in pair))
    return pl.when((other > 0) & (other >= least)).then(one / other)


def _sum(label: str, amount: str | None = None) -> pl.Expr:
    """Sum what is known; null, and not 0, where nothing is, or what moved charge is not known."""
    values = pl.col(label)
    known = values.count() > 0
    if amount is not None:
        known &= ~_is_partial(label, amount).any()
    return pl.when(known).then(values.sum()).alias(label)


def _is_partial(energy: str, amount: str) -> pl.Expr:
    return (pl.col(energy).is_null() & (pl.col(amount) > 0)).fill_null(value=False)


def _one_or_mixed(label: str) -> pl.Expr:
    found = pl.col(label).drop_nulls()
    return pl.when(found.n_unique() > 1).then(pl.lit(MIXED)).otherwise(found.first()).alias(label)


def _with_voltages(cycles: pl.DataFrame) -> pl.DataFrame:
    means = [
        pl.when(pl.col(capacity) > 0).then(pl.col(energy) / pl.col(capacity)).alias(label)
        for label, energy, capacity in (
            (MEAN_DISCHARGE, DISCHARGE_ENERGY, DISCHARGE_CAPACITY),
            (MEAN_CHARGE, CHARGE_ENERGY, CHARGE_CAPACITY),
        )
    ]
    return cycles.with_columns(means).with_columns(
        (pl.col(MEAN_CHARGE) - pl.col(MEAN_DISCHARGE)).alias(GAP)
    )


def _with_efficiencies(cycles: pl.DataFrame) -> pl.DataFrame:
    found: pl.DataFrame = efficiencies(cycles.select(*keys_of(cycles.columns), CYCLE, *COUNTERS))
    cycles = cycles.hstack(found.select(COULOMBIC, ENERGY, VOLTAGE_OVER))
    text = pl.concat_str(
        pl.col(FINDING), found[FINDING].cast(pl.String), separator="; ", ignore_nulls=True
    )
    return cycles.with_columns(pl.when(text != "").then(text).alias(FINDING))


def _finding() -> pl.Expr:
    told: list[tuple[pl.Expr, str | pl.Expr]] = []
    for label in COUNTERS:
        name, falls = label.split(" [")[0].lower(), pl.col(fell(label))
        text = f"the counter of {name} falls within a step ({{}} of them), whose integral counts"
        told.append((falls > 0, pl.format(text, falls)))
    for label in COUNTERS:
        apart = (pl.col(ratio(label)) - 1).abs() > AGREE
        text = f"{label.split(' [')[0].lower()}: counted is {{}} of integrated"
        told.append((apart, pl.format(text, short(pl.col(ratio(label))))))
    often = pl.format(
        "time runs back {} times within steps, where an integral means nothing", pl.col(BACK)
    )
    told.append((pl.col(BACK) > 0, often))
    told.append((pl.col(_PART), "no energy where the voltage is not known in all rows"))
    return said(*told).alias(FINDING)


def _definition() -> pl.Expr:
    text = "sum over steps, counter's last - first, else trapezoid inside the step"
    sources = pl.format("; capacity from {}, energy from {}", CAPACITY_SOURCE, ENERGY_SOURCE)
    return (pl.lit(text) + sources.fill_null("")).alias(DEFINITION)
