"""How steep is the open-circuit voltage of each step, if this is the sign of the current?

Least squares of V = V0 + k·SOC - I·R0 within bounds, for all steps at once, from their sums. k and
R0 are not negative; so that a current that runs along with the charge, as at a held voltage,
makes no wild k, it is at most twice the step's range of voltage, and V0 is at most once that
range outside of it. Source of the bounds: the service's checks before an upload.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

if TYPE_CHECKING:
    from cellframe.series.arrays import Floats
    from cellframe.series.sums import StepSums

_LEAST_RANGE = 0.01
"""V."""
_REGULAR = 1e-12


class Fit(NamedTuple):
    """Fits of one reading, arrays of shape (n_steps,).

    Attributes
    ----------
    k : array of float
        Rise of the open-circuit voltage over the step's whole range of charge, in V.
    resistance : array of float
        R0, in Ohm.
    error : array of float
        Half the sum of squared residuals, in V**2.
    """

    k: Floats
    resistance: Floats
    error: Floats


class _Moments(NamedTuple):
    """Sums of products of state of charge (s), current (i) and voltage (v)."""

    ss: Floats
    ii: Floats
    si: Floats
    sv: Floats
    iv: Floats
    vv: Floats

    def about(self, n: Floats, s: Floats, i: Floats, v: Floats) -> _Moments:
        """Return those about another point; s, i and v are the distances to the means."""
        return _Moments(
            self.ss + n * s * s,
            self.ii + n * i * i,
            self.si + n * s * i,
            self.sv + n * s * v,
            self.iv + n * i * v,
            self.vv + n * v * v,
        )

    def error(self, k: Floats, r: Floats) -> Floats:
        """Return half the squared residuals of one k and R0."""
        squares = self.vv + k * k * self.ss + r * r * self.ii
        mixed = k * self.sv - r * self.iv + k * r * self.si
        return 0.5 * np.maximum(squares - 2 * mixed, 0)


def fit_steps(sums: StepSums, sign: float) -> Fit:
    """Fit every step, with the current as it is given (sign 1) or negated (sign -1).

    Parameters
    ----------
    sums : StepSums
        Of all steps.
    sign : float
        1 or -1.
    """
    span = np.where(sums.charge_span > 0, sums.charge_span, 1)
    centred = _Moments(
        sums.cc / span**2,
        sums.ii,
        sums.ci / span,
        sign * sums.cv / span,
        sign * sums.iv,
        sums.vv,
    )
    reach = np.maximum(sums.most_voltage - sums.least_voltage, _LEAST_RANGE)
    # Negating the current turns the state of charge around.
    charged = (sums.mean_charge - sums.least_charge) / span
    soc, amperes = (charged if sign > 0 else 1 - charged), sign * sums.mean_current
    best = _in_box(centred, 2 * reach)
    offset = sums.mean_voltage - best.k * soc + best.resistance * amperes
    lowest, highest = sums.least_voltage - reach, sums.most_voltage + reach
    is_within = (offset >= lowest) & (offset <= highest)
    best = best._replace(error=np.where(is_within, best.error, np.inf))
    for bound in (lowest, highest):
        moments = centred.about(sums.n.astype(np.float64), soc, amperes, sums.mean_voltage - bound)
        best = _better(best, _in_box(moments, 2 * reach))
    return best


def _in_box(m: _Moments, most: Floats) -> Fit:
    """Minimise over 0 <= k <= most and R0 >= 0: inside if the least is there, else on an edge."""
    determinant = m.ss * m.ii - m.si * m.si
    regular = determinant > _REGULAR * m.ss * m.ii
    divisor = np.where(regular, determinant, 1.0)
    k, r = (m.sv * m.ii - m.si * m.iv) / divisor, (m.sv * m.si - m.iv * m.ss) / divisor
    is_inside = regular & (k >= 0) & (k <= most) & (r >= 0)
    best = Fit(k, r, np.where(is_inside, m.error(k, r), np.inf))
    ss, ii = np.where(m.ss > 0, m.ss, 1), np.where(m.ii > 0, m.ii, 1)
    none = np.zeros_like(most)
    for k_edge, r_edge in (
        (np.clip(m.sv / ss, 0, most), none),
        (none, np.maximum(-m.iv / ii, 0)),
        (most, np.maximum((most * m.si - m.iv) / ii, 0)),
    ):
        best = _better(best, Fit(k_edge, r_edge, m.error(k_edge, r_edge)))
    return best


def _better(one: Fit, other: Fit) -> Fit:
    takes = other.error < one.error
    return Fit(*(np.where(takes, b, a) for a, b in zip(one, other, strict=True)))
