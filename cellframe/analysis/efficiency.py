"""How much of what went in came out again: charge, energy, voltage?"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal, TypeAlias, get_args

import polars as pl

from cellframe.analysis.cycle_rows import (
    LABEL,
    WHO,
    answer,
    cycle_rows,
    is_cut_last,
    is_partial_first,
    is_small_last,
    said,
    source_of,
)
from cellframe.analysis.reading import DEFINITION, FINDING
from cellframe.contract.series import (
    CAPACITY_SOURCE,
    CHARGE_CAPACITY,
    CHARGE_ENERGY,
    CYCLE,
    DISCHARGE_CAPACITY,
    DISCHARGE_ENERGY,
)
from cellframe.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Collection

    from cellframe.frames.backend import AnyFrame

Order: TypeAlias = Literal["same cycle", "charge over discharge", "previous charge"]
"""What is divided by what."""
COULOMBIC, ENERGY, VOLTAGE_OVER = "Coulombic efficiency", "Energy efficiency", "Voltage efficiency"
CLOSED = (0.5, 1.5)
"""A coulombic efficiency outside is told: hardly that of a cycle which ends where it began."""
_SPELLED: dict[Order, str] = {
    "same cycle": "Qd(n)/Qc(n)",
    "charge over discharge": "Qc(n)/Qd(n)",
    "previous charge": "Qd(n)/Qc(n-1)",
}
_NEEDED = (DISCHARGE_CAPACITY, CHARGE_CAPACITY)
_OPTIONAL = (DISCHARGE_ENERGY, CHARGE_ENERGY)


def efficiencies(
    frame: AnyFrame,
    *,
    order: Order = "same cycle",
    diagnostics: Collection[str] = (),
    label: str = LABEL,
    partial: bool = False,
) -> Any:
    """Return the coulombic, energy and voltage efficiency of each cycle, as ratios.

    Parameters
    ----------
    frame : polars or pandas DataFrame, or LazyFrame
        Cycles of one cell or many: ``Cycle count``, discharge and charge capacity in A.h, and
        energies in W.h where there are any.
    order : str
        ``same cycle`` is Qd(n)/Qc(n). ``charge over discharge``, Qc(n)/Qd(n), is for half cells
        whose discharge inserts. ``previous charge``, Qd(n)/Qc(n-1), is for cycles that begin with
        their discharge; it is null where cycle n-1 is not there.
    diagnostics : collection of str
        Labels of cycles that are no cycles: their efficiencies are null.
    label : str
        The column of labels.
    partial : bool
        Give efficiencies of a partial first and a cut last cycle too. They are told either way.

    Returns
    -------
    DataFrame, shape (n_cycles, n_columns)
        Keys, ``Cycle count``, ``Coulombic efficiency``, ``Energy efficiency``, ``Voltage
        efficiency``, ``Finding``, ``Definition``. Ratios, never percent, never clipped: values
        above 1 are real. Null where the denominator is 0 or not known. Energy efficiency is
        coulombic times voltage efficiency.

    Raises
    ------
    FrameError
        A column is missing, or holds no numbers.
    ConfigError
        `order` is none, or labels are asked for and there is no column of them.

    Notes
    -----
    Qd/Qc of one cycle is what ionworks and BEEP give as a ratio, and Aurora, cellpy and Neware in
    percent. cellpy divides the other way round for anodes, navani always; PyProBE divides by the
    charge before where the discharge comes first. Voltage efficiency is (Ed/Qd)/(Ec/Qc).
    """
    if order not in get_args(Order):
        message = f"order={order!r} is none of {', '.join(map(repr, get_args(Order)))}."
        raise ConfigError(message)
    sought = (*_NEEDED, *((label,) if diagnostics else ()))
    rows = cycle_rows(frame, sought, (*_OPTIONAL, CAPACITY_SOURCE))
    nothing = [pl.lit(None, pl.Float64).alias(one) for one in _OPTIONAL if one not in rows.columns]
    rows = rows.with_columns(nothing)
    (top, bottom), (e_top, e_bottom) = _pairs(order)
    coulombic, energy = _over(top, bottom), _over(e_top, e_bottom)
    is_diagnostic = _is_diagnostic(label, diagnostics)
    is_cut = _is_partial() | _is_cut()
    if order == "previous charge":
        is_cut |= _is_partial().shift(1, fill_value=False).over(WHO)
    hidden = is_diagnostic if partial else is_diagnostic | is_cut
    made = rows.with_columns(
        pl.when(~hidden).then(coulombic).alias(COULOMBIC),
        pl.when(~hidden).then(energy).alias(ENERGY),
        pl.when(~hidden).then(_over(energy, coulombic)).alias(VOLTAGE_OVER),
        _finding(bottom, is_diagnostic, order).alias(FINDING),
        _definition(rows, order).alias(DEFINITION),
    )
    made = made.with_columns(_or_far().alias(FINDING))
    return answer(made, [CYCLE, COULOMBIC, ENERGY, VOLTAGE_OVER], frame)


def _pairs(order: Order) -> tuple[tuple[pl.Expr, pl.Expr], tuple[pl.Expr, pl.Expr]]:
    """Return what is divided by what, of charge and of energy."""
    out, back = pl.col(DISCHARGE_CAPACITY), pl.col(CHARGE_CAPACITY)
    e_out, e_back = pl.col(DISCHARGE_ENERGY), pl.col(CHARGE_ENERGY)
    if order == "charge over discharge":
        return (back, out), (e_back, e_out)
    if order == "previous charge":
        follows = pl.col(CYCLE) == pl.col(CYCLE).shift(1).over(WHO) + 1
        last, e_last = (pl.when(follows).then(one.shift(1).over(WHO)) for one in (back, e_back))
        return (out, last), (e_out, e_last)
    return (out, back), (e_out, e_back)


def _over(part: pl.Expr, whole: pl.Expr) -> pl.Expr:
    return pl.when(whole != 0).then(part / whole)


def _is_diagnostic(label: str, diagnostics: Collection[str]) -> pl.Expr:
    if not diagnostics:
        return pl.lit(value=False)
    return pl.col(label).cast(pl.String).is_in(list(diagnostics)).fill_null(value=False)


def _is_partial() -> pl.Expr:
    return is_partial_first(DISCHARGE_CAPACITY) | is_partial_first(CHARGE_CAPACITY)


def _is_cut() -> pl.Expr:
    one, other = DISCHARGE_CAPACITY, CHARGE_CAPACITY
    return is_cut_last(one, other) | is_cut_last(other, one)


def _finding(bottom: pl.Expr, is_diagnostic: pl.Expr, order: Order) -> pl.Expr:
    what = "discharged" if order == "charge over discharge" else "charged"
    when = " in the cycle before" if order == "previous charge" else ""
    return said(
        (is_diagnostic, "a diagnostic cycle"),
        (_is_partial(), "the first cycle is partial"),
        (_is_cut(), "the last cycle is cut"),
        (
            is_small_last(DISCHARGE_CAPACITY) & is_small_last(CHARGE_CAPACITY) & ~_is_cut(),
            "the last cycle moves less than half of those before: the cell failed, or it is cut",
        ),
        (bottom == 0, f"nothing was {what}{when}"),
        (bottom.is_null(), f"what was {what}{when} is not known"),
    )


def _or_far() -> pl.Expr:
    """Tell of a quotient that is far from 1, where nothing else is to be said."""
    far = ~pl.col(COULOMBIC).is_between(*CLOSED)
    text = "discharge and charge are far apart: the cycle may not end where it began"
    return pl.when(far & pl.col(FINDING).is_null()).then(pl.lit(text)).otherwise(FINDING)


def _definition(rows: pl.DataFrame, order: Order) -> pl.Expr:
    text = f"coulombic {_SPELLED[order]}, energy likewise, voltage their quotient; ratios"
    return pl.lit(text) + source_of(rows, CAPACITY_SOURCE)
