"""How do cyclers spell their columns?

Facts, not code: the headers that Arbin, Basytec, BioLogic, Digatron, Maccor, Neware and others
write, those of the battery data format (BDF) and of BEEP and cellpy, and German ones. Upper and
lower case, spaces, underscores and punctuation do not count; the unit is read apart.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from cellframe.contract.quantities import is_convertible
from cellframe.contract.series import (
    CHARGE_CAPACITY,
    CHARGE_ENERGY,
    CURRENT,
    CYCLE_FROM_CYCLER,
    DISCHARGE_CAPACITY,
    DISCHARGE_ENERGY,
    FREQUENCY,
    POWER,
    STEP_FROM_CYCLER,
    TEMPERATURE,
    TIME,
    VOLTAGE,
    Z_IMAGINARY,
    Z_REAL,
)
from cellframe.intake.cycler.mapping import STATE, STEP_CAPACITY, STEP_ENERGY, unit_of
from cellframe.intake.headers import heading

_WAYS = {
    "charge": "charge|charging|chg|chrg|cha|lade",
    "discharge": "discharge|discharging|dischg|dischrg|dchg|dchrg|dch|dis|disch|entlade",
}
_AMOUNTS = {
    "capacity": "capacity|cap|kapazität|ah|amphr|q",
    "energy": "energy|e|energie|wh|watthr",
}


def _both_ways(way: str, amount: str) -> tuple[str, ...]:
    """Every order of direction and amount: ``Chg. Cap.``, ``Capacity Charge``, ``Q_charge``.

    Also of a step or a cycle alone: over what a counter runs is seen in its falls.
    """
    ways, amounts = _WAYS[way].split("|"), _AMOUNTS[amount].split("|")
    names = [name for w in ways for a in amounts for name in (w + a, a + w)]
    return (*names, *(f"{of}{name}" for of in ("step", "cycle") for name in names))


_SPELLED = {
    TIME: (
        "testtime totaltime cumulativetime elapsedtime overalltime runtime progtime programtime test testmin "
        "testzeit gesamtzeit prüfzeit versuchszeit programmzeit "
        "time t zeit sec secs second seconds sekunden relativetime "
        "steptime schrittzeit schrittdauer datetime date absolutetime realtime systemtime dpttime "
        "timestamp datumzeit datum unixtime"
    ),
    VOLTAGE: (
        "voltage volts volt cellvoltage ecell ewe ewece ecellv u v uzelle ucell vcell spannung "
        "zellspannung potential cellpotential measuredvoltage voltagemeasured terminalvoltage"
    ),
    CURRENT: (
        "current amps amp i iavg icell izelle strom zellstrom cellcurrent measuredcurrent "
        "currentmeasured batterycurrent"
    ),
    CYCLE_FROM_CYCLER: (
        "cycle cyclecount cycleindex cyclenumber cycleid cycleno cyclenr cyc cycnum cycp cyclecyc "
        "totalcycle zyklus zykluszähler zyklusnummer zyklennummer zyklusnr cyclefromcycler"
    ),
    STEP_FROM_CYCLER: (
        "stepcount stepnumber stepindex stepid stepno stepnr step stepnum ns schritt schrittnummer "
        "schrittnr stepfromcycler"
    ),
    TEMPERATURE: (
        "temperature temp celltemperature temperaturecell temperature1 temperaturet1 temp1 t1 "
        "auxtemperature1 temperatur zelltemperatur tcell surfacetemperature surfacetemperaturet1"
    ),
    POWER: "power leistung watts p pwr",
    FREQUENCY: "frequency freq frequenz",
    Z_REAL: "zre zreal rez zprime reimpedance",
    Z_IMAGINARY: "zim zimag imz zimaginary",
    STEP_CAPACITY: (
        "capacity cap kapazität ah amphr ahaccu ahstep q qqo qchargedischarge netcapacity"
    ),
    STEP_ENERGY: "energy energie wh watthr whaccu whstep energychargedischarge netenergy",
    STATE: "state status steptype stepstate workmode stepname zustand schritttyp md mode",
}
_NAMES: dict[str, tuple[str, ...]] = {
    **{label: tuple(words.split()) for label, words in _SPELLED.items()},
    DISCHARGE_CAPACITY: _both_ways("discharge", "capacity"),
    CHARGE_CAPACITY: _both_ways("charge", "capacity"),
    DISCHARGE_ENERGY: _both_ways("discharge", "energy"),
    CHARGE_ENERGY: _both_ways("charge", "energy"),
}
"""By label; of two headers that are known for one label, the name that stands first is taken."""

_ALONE = {"V": VOLTAGE, "A": CURRENT, "A.h": STEP_CAPACITY, "W.h": STEP_ENERGY, "W": POWER}
"""Headers that are a unit and nothing else: ``Volts``, ``Amps``, ``Amp-hr``."""
_UNIT_IN_NAME = {
    **dict.fromkeys(("seconds", "second", "sec", "secs", "sekunden", "unixtime"), "s"),
    "testmin": "min",
    **dict.fromkeys(("ahaccu", "ahstep"), "A.h"),
    **dict.fromkeys(("whaccu", "whstep"), "W.h"),
}
_NEGATED = re.compile(r"\s*[-\u2212]")
"""``-Im(Z)/Ohm`` is not what the contract calls ``Z_Im``."""
_PATTERN = re.compile(r"[(\[][^()\[\]]*:[^()\[\]]*[)\]]")
"""``(h:min:s.ms)`` is how a time is written, not in which unit."""
_ONE = re.compile(r"\s*/\s*1\s*$")
"""``Cycle Count / 1`` is how the battery data format says that something has no unit."""
UNITLESS = (CYCLE_FROM_CYCLER, STEP_FROM_CYCLER, STATE)
_STEP_TIMES = ("steptime", "schrittzeit", "schrittdauer")


@dataclass(frozen=True, slots=True)
class Known:
    """A header that is understood.

    Attributes
    ----------
    header : str
        As it stands in the file.
    label : str
        What it is, by the contract's label or ours.
    unit : str or None
        As the header, or the line below it, has it.
    rank : int
        0 for the name that says it best.
    """

    header: str
    label: str
    unit: str | None
    rank: int

    @property
    def is_of_step(self) -> bool:
        """Whether it is a time that starts again with each step."""
        return _bare(heading(_PATTERN.sub("", self.header)).name) in _STEP_TIMES


def recognise(header: str, below: str = "") -> Known | None:
    """Say what a header is.

    Parameters
    ----------
    header : str
        As it stands in the file.
    below : str
        What the line under it says, where that line holds units.

    Returns
    -------
    Known or None
        None for a header that is not known, or has a unit of something else.
    """
    if _NEGATED.match(header):
        return None
    found = heading(_ONE.sub("", _PATTERN.sub("", header)))
    unit = heading(f"x [{below.strip(' []()')}]").unit or found.unit
    bare = _bare(found.name)
    if not bare and found.unit in _ALONE:
        return Known(header, _ALONE[found.unit], unit, 0)
    unit = unit or _UNIT_IN_NAME.get(bare)
    for label, names in _NAMES.items():
        if bare in names and _fits(label, unit):
            return Known(header, label, unit, names.index(bare))
    return None


def _fits(label: str, unit: str | None) -> bool:
    if label in UNITLESS:
        return unit is None
    return unit is None or is_convertible(unit, unit_of(label) or "1")


def is_spelled(header: str, label: str) -> bool:
    """Whether a header is a label but for its spelling, as ``Step Count / 1`` is ``Step count``."""
    return _bare(_ONE.sub("", header)) == _bare(label)


def best(known: list[Known]) -> dict[str, Known]:
    """Of all headers that are known for one label, take the one that says it best."""
    found: dict[str, Known] = {}
    for one in sorted(known, key=lambda known: known.rank):
        found.setdefault(one.label, one)
    return found


def _bare(name: str) -> str:
    return re.sub(r"[\W_]+", "", name).casefold()


_STATES = {
    "discharge": ("d", "dis", "dch", "disch", "dchg", "dchrg", "ccd", "cpd", "ent"),
    "charge": ("c", "ch", "cha", "chg", "chrg", "ccc", "lad", "laden"),
    "rest": ("r", "p", "rest", "pause", "pau", "ocv", "idle", "ruhe", "o", "s", "w", "wait"),
}
_BEGINNINGS = {
    "discharge": ("discharg", "dchg", "dchrg", "entlad", "disch"),
    "charge": ("charg", "chg", "chrg", "lade"),
    "rest": ("rest", "paus", "ocv", "ruhe", "open"),
}


def direction_of(state: str) -> str | None:
    """Say whether a word of a state column is charge, discharge or rest; None if not known."""
    words = re.findall(r"[^\W\d_]+", state.casefold())
    for way, known in _STATES.items():
        if any(word in known or word.startswith(_BEGINNINGS[way]) for word in words):
            return way
    return None
