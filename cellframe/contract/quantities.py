"""The one list of units, and the sign of current.

A quantity on a record is ``{"value": number, "unit": str}``. Units are stored as people spell
them (``A*h``, ``mg.cm-2``) and shown in one spelling, the one of the contract's columns
(``A.h``, ``mg/cm**2``). Values are converted by exact decimal factors, so that 4.2 V becomes
4200 mV and comes back as 4.2 V.

Sign of current: **positive is discharge**, negative is charge, in every record and frame.
Source of the sign and of the column units: the service's data guide.
"""

from __future__ import annotations

import re
from decimal import Decimal, localcontext
from functools import lru_cache
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable

    from pint import UnitRegistry

NO_UNIT = "1"
"""Unit of a pure number."""
_LONGEST_UNIT = 64

# Spellings met in records, instrument exports and the service's own documents.
_SPELLINGS = {
    "A.h": ("A*h", "Ah", "A h", "A·h"),
    "mA.h": ("mA*h", "mAh", "mA h", "mA·h"),
    "W.h": ("W*h", "Wh", "W h", "W·h"),
    "mW.h": ("mW*h", "mWh"),
    "mg/cm**2": ("mg/cm^2", "mg/cm²", "mg.cm-2", "mg*cm**-2", "mg/cm2", "mg cm-2"),
    "g/cm**3": ("g/cm^3", "g/cm³", "g.cm-3", "g/cm3", "g/cc"),
    "mA.h/g": ("mA*h/g", "mAh/g", "mA.h.g-1"),
    "mA.h/cm**2": ("mA*h/cm**2", "mAh/cm2", "mAh/cm²", "mAh/cm^2", "mA.h.cm-2"),
    "W.h/kg": ("W*h/kg", "Wh/kg"),
    "W.h/L": ("W*h/L", "Wh/L", "Wh/l"),
    "ohm": ("Ohm", "Ω", "Ω", "ohms"),
    "mohm": ("mOhm", "mΩ", "mΩ", "milliohm"),
    "um": ("µm", "μm", "micron"),
    "degC": ("°C", "celsius"),
    NO_UNIT: ("", "-", "dimensionless"),
}
_CANONICAL = {other: unit for unit, others in _SPELLINGS.items() for other in others}

_MEASURES = {
    "V": "voltage",
    "A": "current",
    "A.h": "charge",
    "W.h": "energy",
    "W": "power",
    "g": "mass",
    "um": "length",
    "cm**2": "area",
    "mL": "volume",
    "s": "time",
    "ohm": "resistance",
    "degC": "temperature",
    "mg/cm**2": "mass per area",
    "g/cm**3": "density",
    "mA.h/g": "charge per mass",
    "mA.h/cm**2": "charge per area",
    NO_UNIT: "a pure number",
}
"""What people call a dimension; it is looked up by its unit."""

_DEFAULTS = {
    "capacity": "A.h",
    "energy": "W.h",
    "mass": "g",
    "loading": "mg/cm**2",
    "thickness": "um",
    "diameter": "mm",
    "height": "mm",
    "width": "mm",
    "length": "mm",
    "area": "cm**2",
    "density": "g/cm**3",
    "volume": "mL",
    "voltage": "V",
    "voltage_min": "V",
    "voltage_max": "V",
    "nominal_voltage": "V",
    "ocv": "V",
    "initial_ocv": "V",
    "resistance": "ohm",
    "impedance": "ohm",
    "temperature": "degC",
}


class Conversion(NamedTuple):
    """``new = old * scale + offset``, in decimals."""

    scale: Decimal
    offset: Decimal


class UnitError(ValueError):
    """A unit that is not known, or two that measure different things."""


def spell(unit: str) -> str:
    """Return the spelling of a unit that frames use: ``A*h`` and ``Ah`` are ``A.h``."""
    unit = unit.strip()
    return _CANONICAL.get(unit, unit)


def default_unit(path: Iterable[str]) -> str | None:
    """Return the field's usual unit of a property, or None: loading is mg/cm**2, mass is g."""
    return _DEFAULTS.get(list(path)[-1])


@lru_cache(maxsize=1)
def _registry() -> UnitRegistry[Decimal]:
    import pint

    # Pint's own disk cache is left off: it is made of pickles.
    return pint.UnitRegistry(non_int_type=Decimal)  # type: ignore[arg-type] - it takes any number


@lru_cache(maxsize=4096)
def _parsed(unit: str) -> tuple[object, str]:
    """Pint's unit and the text of its dimension.

    Pint does not know ``Ohm``, ``mg.cm-2`` or ``-``, and answers some texts with errors of its
    parser: whatever it raises, the unit is unknown.
    """
    text = spell(unit) if len(unit) <= _LONGEST_UNIT else "?"
    text = "dimensionless" if text == NO_UNIT else text
    text = re.sub(r"(?<=[A-Za-z])\.(?=[A-Za-z])", "*", text)
    text = re.sub(r"(?<=[A-Za-z])(-?\d+)", r"**\1", text)
    try:
        parsed = _registry().parse_units(text)
        return parsed, str(parsed.dimensionality)
    except Exception as fault:
        message = f"{unit!r} is not a unit that is known here"
        raise UnitError(message) from fault


def dimension(unit: str) -> str:
    """Return what a unit measures, as text that is equal for units that convert into each other.

    Raises
    ------
    UnitError
        The unit is not known.
    """
    return _parsed(unit)[1]


def measures(unit: str) -> str:
    """Return what a unit measures, in a person's word where there is one.

    Raises
    ------
    UnitError
        The unit is not known.
    """
    wanted = dimension(unit)
    words = (word for known, word in _MEASURES.items() if dimension(known) == wanted)
    return next(words, wanted)


def is_unit(unit: str) -> bool:
    """Whether a unit is known."""
    try:
        dimension(unit)
    except UnitError:
        return False
    return True


def is_convertible(unit: str, other: str) -> bool:
    """Whether values of one unit can be given in the other; equal spellings always can."""
    if spell(unit) == spell(other):
        return True
    try:
        return dimension(unit) == dimension(other)
    except UnitError:
        return False


@lru_cache(maxsize=4096)
def conversion(unit: str, other: str) -> Conversion | None:
    """How values of `unit` become values of `other`; None where the units are the same.

    Raises
    ------
    UnitError
        A unit is not known, or the two measure different things; both dimensions are named.
    """
    if spell(unit) == spell(other):
        return None
    (source, has), (target, wants) = _parsed(unit), _parsed(other)
    if has != wants:
        message = f"{unit!r} is {measures(unit)}, {other!r} is {measures(other)}"
        raise UnitError(message)
    make = _registry().Quantity
    # Two points give the line, also for units with an offset such as degC.
    at_zero = make(Decimal(0), source).to(target).magnitude  # type: ignore[arg-type]
    at_one = make(Decimal(1), source).to(target).magnitude  # type: ignore[arg-type]
    scale = Decimal(at_one) - Decimal(at_zero)
    if (scale, at_zero) == (1, 0):
        return None
    return Conversion(scale, Decimal(at_zero))


def convert(value: float, unit: str, other: str) -> float:
    """One value in another unit, exact in the decimals it is written in.

    Parameters
    ----------
    value : float
        In `unit`.
    unit, other : str
        Any spelling.

    Raises
    ------
    UnitError
        The units do not convert.
    """
    line = conversion(unit, other)
    if line is None or value != value or value in (float("inf"), float("-inf")):  # noqa: PLR0124
        return float(value)
    with localcontext() as context:
        context.prec = 40
        exact = Decimal(repr(value)) * line.scale + line.offset
        # The factor carries pint's 28 digits; 17 tell every float apart.
        context.prec = 17
        return float(+exact)


def positive_in(unit: str, quantity: object) -> float | None:
    """Return a quantity's number in a unit; None where it is none that is above 0 there."""
    if not isinstance(quantity, dict):
        return None
    try:
        found = convert(quantity["value"], quantity["unit"], unit)
    except (UnitError, KeyError, TypeError, ValueError):
        return None
    return found if found > 0 else None
