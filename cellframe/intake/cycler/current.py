"""Which way does the current flow?

Three witnesses, the strongest first: the counters, of which one rises with charge and the other
with discharge; the cycler's state; the voltage, which rises while a cell is charged. Positive is
discharge in the result.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import polars as pl

from cellframe.contract.series import (
    CHARGE_CAPACITY,
    CHARGE_ENERGY,
    CURRENT,
    DISCHARGE_CAPACITY,
    DISCHARGE_ENERGY,
    POWER,
    STEP,
    TIME,
    VOLTAGE,
)
from cellframe.frames.faults import Fault
from cellframe.intake.cycler.mapping import STATE
from cellframe.intake.cycler.numbers import name_places
from cellframe.intake.cycler.text import PLACE
from cellframe.series.arrays import Columns
from cellframe.series.sign import REVERSED_FROM, rest_current, vote
from cellframe.series.sums import step_sums

if TYPE_CHECKING:
    from collections.abc import Mapping

    from cellframe.intake.cycler.mapping import Current, SeriesMap

_PAIRS = ((DISCHARGE_CAPACITY, CHARGE_CAPACITY), (DISCHARGE_ENERGY, CHARGE_ENERGY))
_SURE = 0.9
"""Share of what speaks, for counters and states; noise at the ends of steps is the rest."""
_NOTHING = 1e-9
"""Share that may be lost in a sum."""
_BLIP = 1e-3
"""Share in which the other direction was seen although the test has only one: a counter's noise."""
_WAY = "\x00way"


class Signed(NamedTuple):
    """A series with the sign of its current as it should be, and what stands against it."""

    frame: pl.DataFrame
    faults: list[Fault]


class Witness(NamedTuple):
    """What one witness says.

    Attributes
    ----------
    says : str or None
        How the file's current is meant; None where the witness cannot tell.
    because : str
        A sentence, without its end.
    is_torn : bool
        Whether it says the one of some rows, and the other of others.
    """

    says: Current | None
    because: str
    is_torn: bool = False


def signed(frame: pl.DataFrame, series: SeriesMap, word: str) -> Signed:
    """Make positive current discharge, and power with it.

    Parameters
    ----------
    frame : DataFrame
        The current as the file has it, in A.
    series : SeriesMap
        Says how it is meant.
    word : str
        What a row is called.
    """
    if CURRENT not in frame.columns or series.current == "discharge positive":
        return Signed(frame, [])
    found = Signed(frame, [])
    if series.current == "charge positive":
        found = Signed(frame.with_columns(_times(pl.lit(-1.0), pl.col(CURRENT))), [])
    elif STATE in frame.columns:
        found = _by_state(frame, series, word)
    elif all(label in frame.columns for label in _PAIRS[0]):
        made = frame.with_columns(_times(_way_of_counters(), pl.col(CURRENT).abs()))
        found = Signed(made, [])
    return found._replace(frame=_with_power(found.frame)) if POWER in frame.columns else found


def _with_power(frame: pl.DataFrame) -> pl.DataFrame:
    """Give the power the direction of the current, where one flows."""
    voltage = pl.col(VOLTAGE) if VOLTAGE in frame.columns else pl.lit(1.0)
    way, power = (pl.col(CURRENT) * voltage).sign(), pl.col(POWER)
    flows = (way != 0) & (power != 0)
    return frame.with_columns(pl.when(flows).then(way * power.abs()).otherwise(power).alias(POWER))


def _times(way: pl.Expr, current: pl.Expr) -> pl.Expr:
    """Give a current its direction; 0 stays 0, for people do not expect -0."""
    return pl.when(current == 0).then(0.0).otherwise(way * current).alias(CURRENT)


def _by_state(frame: pl.DataFrame, series: SeriesMap, word: str) -> Signed:
    state = pl.col(STATE).cast(pl.String).str.strip_chars()
    way = pl.when(state.is_in(series.discharging)).then(1.0).when(state.is_in(series.charging))
    frame = frame.with_columns(way.then(-1.0).otherwise(0.0).alias(_WAY))
    lost = frame.filter((pl.col(_WAY) == 0) & (pl.col(CURRENT).abs() > _least(frame)))
    made = frame.with_columns(_times(pl.col(_WAY), pl.col(CURRENT).abs())).drop(_WAY)
    return Signed(made, _without_way(lost, word))


def _without_way(lost: pl.DataFrame, word: str) -> list[Fault]:
    if lost.is_empty():
        return []
    words = ", ".join(repr(str(one)) for one in lost[STATE].unique(maintain_order=True).head(5))
    places = lost[PLACE]
    what = (
        f"A current flows in {name_places(word, places.head(5).to_list(), lost.height)} where the "
        f"state is {words}. Add the word to charging or to discharging in the mapping."
    )
    return [Fault(what, int(places[0]), None, STATE, str(lost[STATE][0]), "current")]


def _way_of_counters() -> pl.Expr:
    out, back = (pl.col(label).diff().clip(0).sum().over(STEP) for label in _PAIRS[0])
    return pl.when(out > back).then(1.0).when(back > out).then(-1.0).otherwise(0.0)


def _least(frame: pl.DataFrame) -> float:
    current = frame[CURRENT].drop_nulls().drop_nans()
    return rest_current(current.to_numpy()) if len(current) else 0.0


def witnesses(frame: pl.DataFrame, series: SeriesMap) -> list[Witness]:
    """Ask all three, the strongest first.

    Parameters
    ----------
    frame : DataFrame
        With ``Step count``, counters and current as the file has them.
    series : SeriesMap
        Its words of the state.
    """
    return [*told_by_cycler(frame, series), _voltage(frame)]


def told_by_cycler(frame: pl.DataFrame, series: SeriesMap) -> list[Witness]:
    """Ask the two witnesses that the cycler itself wrote down: counters, then states.

    Parameters
    ----------
    frame, series : as in `witnesses`
    """
    return [_counters(frame), _states(frame, series)]


def _counters(frame: pl.DataFrame) -> Witness:
    for pair in _PAIRS:
        if all(label in frame.columns for label in pair):
            return _of_pair(frame, *pair)
    return Witness(None, "no two counters tell charge from discharge")


def _of_pair(frame: pl.DataFrame, discharge: str, charge: str) -> Witness:
    inside = (pl.col(STEP) == pl.col(STEP).shift(1)) & (pl.col(CURRENT) != 0)
    up = pl.col(CURRENT) > 0
    rises = {
        "charge": pl.when(inside).then(pl.col(charge).diff().clip(0)),
        "discharge": pl.when(inside).then(pl.col(discharge).diff().clip(0)),
    }
    seen = _Seen(
        charge="the charge counter rises",
        discharge="the discharge counter rises",
        both="both counters rise",
        neither="no counter rises",
    )
    return _weigh(frame, rises, up, seen)


class _Seen(NamedTuple):
    """The words for what a witness saw."""

    charge: str
    discharge: str
    both: str
    neither: str


def _weigh(
    frame: pl.DataFrame, weights: Mapping[str, pl.Expr], up: pl.Expr, seen: _Seen
) -> Witness:
    """Weigh what was seen of charge and discharge: all of it, and with positive current."""
    sums = [
        part.alias(name + end)
        for name, weight in weights.items()
        for end, part in (("", weight.sum()), (" up", weight.filter(up).sum()))
    ]
    told = frame.lazy().select(sums).collect().row(0, named=True)
    total = told["charge"] + told["discharge"]
    if total <= 0:
        return Witness(None, seen.neither)
    down = total - told["charge up"] - told["discharge up"]
    lesser = min(told["charge"], told["discharge"])
    if lesser > _BLIP * total and down <= _NOTHING * total:
        return Witness("unsigned", f"the current is never negative, although {seen.both}")
    share = (told["charge up"] + told["discharge"] - told["discharge up"]) / total
    of_charge = told["charge"] > 0
    what = seen.charge if of_charge else seen.discharge
    if share >= _SURE:
        return Witness("charge positive", f"{what} while the current is {_SIGN[of_charge]}")
    if share <= 1 - _SURE:
        return Witness("discharge positive", f"{what} while the current is {_SIGN[not of_charge]}")
    return Witness(None, f"{what} with positive and with negative current", is_torn=True)


_SIGN = {True: "positive", False: "negative"}


def _voltage(frame: pl.DataFrame) -> Witness:
    whole = frame.select(TIME, CURRENT, VOLTAGE, STEP).drop_nulls()
    whole = whole.filter(pl.all_horizontal(pl.col(TIME, CURRENT, VOLTAGE).is_finite()))
    columns = Columns(whole)
    if not whole.height:
        return Witness(None, "there is no row with time, voltage and current")
    sums = step_sums(columns[TIME], columns[CURRENT], columns[VOLTAGE], columns.starts)
    ballot = vote(sums, rest_current(columns[CURRENT]))
    total = float(ballot.weight.sum())
    counted = int((ballot.weight > 0).sum())
    if total <= 0:
        return Witness(None, "the voltage tells of no step whether it is charge or discharge")
    share = float(ballot.weight[ballot.is_reversed].sum()) / total
    turned = int(np.count_nonzero((ballot.weight > 0) & ballot.is_reversed))
    if share >= REVERSED_FROM:
        return Witness(
            "charge positive",
            f"the voltage rises with positive current in {turned} of {counted} steps",
        )
    if share <= 1 - REVERSED_FROM:
        return Witness(
            "discharge positive",
            f"the voltage falls with positive current in {counted - turned} of {counted} steps",
        )
    return Witness(None, f"the voltage rises with positive current in {turned} of {counted} steps")


def _states(frame: pl.DataFrame, series: SeriesMap) -> Witness:
    if STATE not in frame.columns:
        return Witness(None, "no state is told")
    state = pl.col(STATE).cast(pl.String).str.strip_chars()
    flows = pl.col(CURRENT).abs() > _least(frame)
    rows = {
        "charge": state.is_in(series.charging) & flows,
        "discharge": state.is_in(series.discharging) & flows,
    }
    seen = _Seen(
        charge="the state is charge",
        discharge="the state is discharge",
        both="the state is charge as well as discharge",
        neither="no state has a current",
    )
    return _weigh(frame, rows, pl.col(CURRENT) > 0, seen)


def is_one_sided(frame: pl.DataFrame) -> bool:
    """Whether the current is never negative: it may have no sign."""
    return frame.filter(pl.col(CURRENT) < -_least(frame)).is_empty()
