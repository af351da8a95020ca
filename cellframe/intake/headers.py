"""What does a lab's own header say: which quantity, in which unit?

``Loading (mg/cm2)``, ``Loading mg/cm²``, ``mass_g``, ``Mass, g``, ``Masse in g``, ``I/mA`` and
``Ah`` all carry a unit. Taking any text for one that a library of units can parse would not do:
there ``P`` is poise, ``old`` and ``count`` parse too, so that ``N/P`` and ``Batch (old)`` would
be quantities. A unit is made of what is measured on cells, and one that stands where it may be
a word (``count_g``, ``Batch A``) is uncertain unless the name speaks of that quantity.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from cellframe.contract.quantities import is_convertible, is_unit, spell

if TYPE_CHECKING:
    from collections.abc import Iterator

_UNITS = (
    "V mV uV kV A mA uA nA kA Ah mAh uAh kAh Wh mWh kWh MWh W mW kW MW g mg ug kg m cm mm um nm km "
    "L l mL ml uL ul dL dl s ms us min h ohm Ohm mohm mOhm uohm uOhm kohm kOhm Hz mHz kHz MHz "
    "Pa hPa kPa MPa bar mbar K degC degF J kJ F mF uF S mS uS mol mmol umol N kN cc % ppm day days"
)
_LAB = frozenset(_UNITS.split())
"""What units on cells are made of."""

_SIGNS = {
    "\u00b5": "u",
    "\u03bc": "u",
    "\u03a9": "ohm",
    "\u2126": "ohm",
    "\u00ba": "\u00b0",
    "\u00b0C": "degC",
    "\u00b0F": "degF",
    "\u207b": "-",
    "\u2212": "-",
    "\u00b9": "1",
    "\u00b2": "2",
    "\u00b3": "3",
    "\u00b7": "*",
    "\u22c5": "*",
    "^": "**",
}
"""Signs that keyboards have in several kinds: micro and mu, ohm and omega, raised digits."""

_WRITTEN_OUT = {
    "A": ("amp", "amps", "ampere", "amperes"),
    "A.h": ("ampere_hour", "amp_hr", "amp-hr", "amphr", "ah", "ampere-hour"),
    "mA": ("ma", "milliampere"),
    "mA.h": ("mah", "milliampere_hour"),
    "V": ("volt", "volts"),
    "mV": ("mv", "millivolt"),
    "W": ("watt", "watts"),
    "W.h": ("watt_hour", "watt_hr", "watt-hr", "watthr", "wh", "watt-hour"),
    "mW.h": ("mwh",),
    "ohm": ("ohms", "ohm"),
    "mohm": ("mohm", "mohms", "milliohm"),
    "s": ("sec", "secs", "second", "seconds", "sek", "sekunden"),
    "min": ("mins", "minute", "minutes", "minuten"),
    "h": ("hr", "hrs", "hour", "hours", "std", "stunden"),
    "ms": ("millisecond", "milliseconds"),
    "degC": ("degc", "°c", "celsius", "deg_c", "deg c", "grad c"),
    "g": ("gram", "grams", "gramm"),
    "um": ("micron", "microns", "micrometer"),
    "mg/cm**2": ("mg_cm2", "mg_per_cm2", "mgcm2", "mg_per_cm**2"),
    "mA.h/g": ("mah_g", "mah_per_g", "mah/g"),
    "mA.h/cm**2": ("mah_cm2", "mah_per_cm2", "mah/cm2"),
    "g/cm**3": ("g_cm3", "g_per_cm3"),
    "%": ("pct", "percent", "prozent"),
}
_WORDS = {word: unit for unit, words in _WRITTEN_OUT.items() for word in words}

_MILLI = ("mA", "mA.h", "mV", "mW.h", "mohm", "mA.h/g", "mA.h/cm**2", "mg/cm**2")
_SPEAKS_OF = {
    "mass": "g",
    "weight": "g",
    "masse": "g",
    "gewicht": "g",
    "voltage": "V",
    "spannung": "V",
    "potential": "V",
    "ocv": "V",
    "ecell": "V",
    "u": "V",
    "current": "A",
    "strom": "A",
    "i": "A",
    "time": "s",
    "zeit": "s",
    "duration": "s",
    "dauer": "s",
    "power": "W",
    "leistung": "W",
    "capacity": "A.h",
    "kapazität": "A.h",
    "energy": "W.h",
    "energie": "W.h",
    "thickness": "um",
    "dicke": "um",
    "diameter": "mm",
    "durchmesser": "mm",
    "length": "mm",
    "länge": "mm",
    "width": "mm",
    "breite": "mm",
    "height": "mm",
    "höhe": "mm",
    "volume": "mL",
    "volumen": "mL",
    "temperature": "degC",
    "temperatur": "degC",
    "temp": "degC",
    "resistance": "ohm",
    "widerstand": "ohm",
}
"""A word of a name, and a unit of what it speaks of."""

_ALONE = [
    "A",
    "mA",
    "V",
    "mV",
    "A.h",
    "mA.h",
    "W",
    "mW",
    "W.h",
    "mW.h",
    "ohm",
    "mohm",
    "degC",
    "mg/cm**2",
    "g/cm**3",
    "mA.h/g",
    "mA.h/cm**2",
    "W.h/kg",
    "W.h/L",
]
"""Units that make a header by themselves: ``Ah`` is one, ``min`` is none, ``m/g`` is a mass."""

_BRACKETED = re.compile(r"\s*(?:\((?P<round>[^()]*)\)|\[(?P<square>[^\[\]]*)\])")
_TOKEN = re.compile(r"\s*(?P<over>[/*.]?)\s*(?P<symbol>[^\W\d_]+|%)(?:\*\*)?(?P<power>-?\d)?")


@dataclass(frozen=True, slots=True)
class Heading:
    """A header, read.

    Attributes
    ----------
    name : str
        What is left without the unit; empty for a header that is a unit alone.
    unit : str or None
        In the spelling of frames (``mg/cm**2``); None where there is none.
    spelled : str
        The unit as the header has it.
    is_certain : bool
        Whether it can be nothing but that unit.
    """

    name: str
    unit: str | None = None
    spelled: str = ""
    is_certain: bool = True


def heading(text: str) -> Heading:
    """Read a header.

    Parameters
    ----------
    text : str
        As it stands in the file.

    Returns
    -------
    Heading
    """
    text = " ".join(text.split())
    for name, spelled in _in_brackets(text):
        unit = unit_of(spelled, name)
        if unit is not None:
            return Heading(name, unit, spelled, is_certain=_is_plain(unit, spelled, name))
    for name, spelled in _at_the_end(text):
        unit = unit_of(spelled, name)
        if unit is not None and not _is_least(text, name, spelled) and _fits(unit, name):
            return Heading(name, unit, spelled, is_certain=_is_clear(name, unit, spelled))
    return Heading(text)


def unit_of(spelled: str, name: str = "") -> str | None:
    """Return the unit that a text spells, as frames spell it; None for any other text.

    Parameters
    ----------
    spelled : str
        ``mg/cm²``, ``mAh cm-2``, ``ampere_hour``.
    name : str
        What is measured: with a temperature, ``C`` is degC.
    """
    spelled = spelled.strip()
    if spelled in ("C", "c", "F") and speaks_of(name) == "degC":
        return f"deg{spelled.upper()}"
    if spelled[:1] == "M" and _WORDS.get(spelled.casefold(), "") in _MILLI:
        return None  # MV is milli for one lab, and mega for all others.
    if spelled in ("C", "M"):
        return {"C": "C", "M": "mol/L"}[spelled]
    if spelled not in _LAB and spelled.casefold() in _WORDS:
        return _WORDS[spelled.casefold()]
    factors = _factors(spelled)
    if not factors:
        return None
    above = [_raised(symbol, power) for symbol, power in factors if power > 0]
    below = [_raised(symbol, -power) for symbol, power in factors if power < 0]
    unit = spell("/".join([".".join(above) or "1", *below]))
    return unit if is_unit(unit) else None


def _factors(spelled: str) -> list[tuple[str, int]]:
    """Return what a unit is made of; nothing where a part is no unit of a lab."""
    for sign, plain in _SIGNS.items():
        spelled = spelled.replace(sign, plain)
    spelled = re.sub(r"\b([umk]?[AW])[.* ]h\b", r"\1h", spelled)
    factors: list[tuple[str, int]] = []
    at = 0
    while at < len(spelled):
        found = _TOKEN.match(spelled, at)
        if found is None or found["symbol"] not in _LAB:
            return []
        sign = -1 if found["over"] == "/" else 1
        factors.append((found["symbol"], sign * int(found["power"] or 1)))
        at = found.end()
    return factors


def _raised(symbol: str, power: int) -> str:
    one = {"ul": "uL", "ml": "mL", "dl": "dL", "l": "L"}.get(symbol, spell(symbol))
    return one if power == 1 else f"{one}**{power}"


def speaks_of(name: str) -> str | None:
    """Return a unit of the quantity that a name speaks of; None where no word of it is known."""
    return next(reversed(_spoken(name)), None)


def _spoken(name: str) -> list[str]:
    """Return a unit of each quantity that a name speaks of."""
    words = re.findall(r"[^\W\d_]+", name.casefold())
    return [_SPEAKS_OF[word] for word in words if word in _SPEAKS_OF]


def _in_brackets(text: str) -> Iterator[tuple[str, str]]:
    """Every bracketed text, the last first, with the header without it."""
    for found in reversed(list(_BRACKETED.finditer(text))):
        inside = found["round"] if found["round"] is not None else found["square"]
        name = f"{text[: found.start()]} {text[found.end() :]}"
        yield " ".join(name.split()), inside


def _at_the_end(text: str) -> Iterator[tuple[str, str]]:
    """Every way to take the end of a header for a unit, the longest end first."""
    if unit_of(text) in _ALONE:
        yield "", text
    for mark in re.finditer(r"\s*,\s*|\s+in\s+|\s*/\s*|_|\s+", text):
        yield text[: mark.start()], text[mark.end() :]


def unknown_in(text: str) -> str:
    """Return what stands in the last brackets of a header, where it is no unit; else nothing."""
    inside = next((spelled for _, spelled in _in_brackets(text)), "")
    return "" if unit_of(inside) is not None else inside.strip()


def _is_plain(unit: str, spelled: str, name: str) -> bool:
    """Whether a bracketed unit is one: C is coulomb, or a C-rate, and only the name can tell."""
    if unit == "C" and spelled == "C":
        return "charge" in name.casefold() and "rate" not in name.casefold()
    return _fits(unit, name)


def _fits(unit: str, name: str) -> bool:
    """Whether a unit is of a quantity that its name speaks of, or a part or a share of that."""
    of = (unit, unit.partition("/")[0], unit.partition(".cm")[0])
    fits = (is_convertible(one, about) for one in of for about in _spoken(name))
    return not _spoken(name) or unit in ("%", "ppm") or any(fits)


def _is_least(text: str, name: str, spelled: str) -> bool:
    """Whether ``min`` at the end of a name is its least value, and no minutes: ``SOC_min``."""
    mark = text[len(name) :].removesuffix(spelled).strip()
    return spelled == "min" and mark in ("", "_") and "s" not in _spoken(name)


def _is_clear(name: str, unit: str, spelled: str) -> bool:
    """Whether a unit without brackets can be no word: long enough, or what the name speaks of."""
    about = speaks_of(name)
    is_short = len(spelled) == 1 and unit != "%"
    return not is_short or (about is not None and is_convertible(unit, about))
