"""Which way is positive? Here it is discharge; in most other tools it is charge.

A frame that was turned says so in a column of its own, `CONVENTION`, which goes with it into a file
or a join: what is turned already is not turned again, and no analysis takes it for the other.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal, TypeAlias

import polars as pl

from cellframe.contract.series import CURRENT, POWER
from cellframe.errors import ConfigError, FrameError
from cellframe.frames.columns import parse
from cellframe.frames.faults import Fault, table
from cellframe.series.findings import Finding

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cellframe.frames.backend import AnyFrame

Convention: TypeAlias = Literal["discharge_positive", "charge_positive"]
CONVENTION = "Current convention"
"""The column of a turned frame; one without is as the contract has it."""
OURS, THEIRS = "discharge_positive", "charge_positive"
_CURRENT, _POWER = parse(CURRENT)[0], parse(POWER)[0]


def in_convention(frame: AnyFrame, convention: Convention = THEIRS) -> Any:
    """Return a time series whose current has the sign that another tool expects.

    Parameters
    ----------
    frame : polars or pandas DataFrame, or LazyFrame
        A time series with a column ``Current``, in any unit.
    convention : {"charge_positive", "discharge_positive"}
        ``"charge_positive"`` is that of PyProBE, cellpy, BEEP and most cyclers;
        ``"discharge_positive"`` turns such a frame back.

    Returns
    -------
    DataFrame or LazyFrame
        Of the frame's own library. ``Current`` and ``Power`` have the other sign, and a column
        ``Current convention`` says so; a frame that is in the convention already is unchanged.

    Raises
    ------
    FrameError
        There is no current, or it holds no numbers.
    ConfigError
        There is no such convention.
    """
    if convention not in (OURS, THEIRS):
        message = f"convention is {OURS!r} or {THEIRS!r}, not {convention!r}."
        raise ConfigError(message)
    labels = labels_of(frame)
    signed = [label for label in labels if parse(label)[0] in (_CURRENT, _POWER)]
    if not any(parse(label)[0] == _CURRENT for label in signed):
        message = f"This is no time series: it has no column {CURRENT!r}."
        raise FrameError(message, table([Fault(message, column=CURRENT, rule="column")]))
    faults = [
        Fault(f"{label!r} holds texts, not numbers.", column=label, rule="number")
        for label in signed
        if not _is_number(frame, label)
    ]
    if faults:
        raise FrameError("This current cannot be turned.", table(faults))
    is_turned = CONVENTION in labels
    if is_turned == (convention == THEIRS):
        return frame
    turned = _turned(frame, signed)
    if is_turned:
        return turned.drop(CONVENTION) if _is_polars(frame) else turned.drop(columns=CONVENTION)
    if _is_polars(frame):
        return turned.with_columns(pl.lit(THEIRS).alias(CONVENTION))
    return turned.assign(**{CONVENTION: THEIRS})


def not_turned(labels: Sequence[str]) -> list[Finding]:
    """Say that a series was turned for another tool: a service takes it as the contract has it."""
    if CONVENTION not in labels:
        return []
    message = (
        "The current of this series is positive on charge, and here on discharge. Turn it back by "
        ".cell.in_convention('discharge_positive')."
    )
    return [Finding("current_convention", message, column=CONVENTION)]


def labels_of(frame: Any) -> Sequence[str]:
    """Return the labels of a frame of any library."""
    if isinstance(frame, pl.LazyFrame):
        return frame.collect_schema().names()
    return [str(label) for label in frame.columns]


def _is_polars(frame: AnyFrame) -> bool:
    return isinstance(frame, pl.DataFrame | pl.LazyFrame)


def _is_number(frame: Any, label: str) -> bool:
    if _is_polars(frame):
        dtype = frame.lazy().collect_schema()[label]
        return bool(dtype.is_numeric() or dtype == pl.Null)
    from pandas.api.types import is_numeric_dtype

    return bool(is_numeric_dtype(frame[label]))


def _turned(frame: Any, signed: Sequence[str]) -> Any:
    # From zero, so that a rest is 0.0 and not -0.0.
    if _is_polars(frame):
        return frame.with_columns((0.0 - pl.col(label)).alias(label) for label in signed)
    return frame.assign(**{label: 0.0 - frame[label] for label in signed})
