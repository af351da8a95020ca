"""Which words of a lab's headers mean which column?

Facts, not code: English and German, as tables of cells are headed. What stands in no list here
becomes a property of the cell under its own name.
"""

from __future__ import annotations

import re
from typing import Literal, NamedTuple, TypeAlias

Role: TypeAlias = Literal["cell", "batch", "date_manufactured", "spec", "notes", "file"]
"""What a column of a table of cells can be, besides a property."""

_ROLES: dict[Role, str] = {
    "cell": (
        "cell, cell name, cell id, cell barcode, barcode, cell no, cell number, cell nr, "
        "name, zelle, zellname, zellenname, zell id, zellen id, zellnummer, zell nr, "
        "zellen nr, serial number, serial no, serial, seriennummer, sn, sample, "
        "sample id, sample name, battery, battery id, batterie, id, label, bezeichnung"
    ),
    "batch": (
        "batch, lot, charge, los, batch name, lot name, batch id, lot id, batch no, "
        "lot no, batch number, lot number, chargennummer, charge nr, chargen nr, "
        "losnummer, production batch, production lot, batch date, lot date"
    ),
    "date_manufactured": (
        "date manufactured, manufacturing date, manufactured, production date, "
        "build date, date built, built, assembly date, assembled, herstellungsdatum, "
        "herstelldatum, produktionsdatum, gebaut, gebaut am, baudatum, date, datum"
    ),
    "spec": "spec, cell spec, specification, cell specification, spec name",
    "notes": (
        "notes, note, comment, comments, remark, remarks, bemerkung, bemerkungen, "
        "kommentar, anmerkung, anmerkungen, notiz, notizen"
    ),
    "file": (
        "file, filename, file name, datei, dateiname, data file, raw file, test file, "
        "cycler file, messdatei"
    ),
}
"""Headers by what they mean, the clearest first."""

_PARTS = {
    "cathode": "cathode, kathode, kathoden, positive, pos, pe",
    "anode": "anode, anoden, negative, neg, ne",
    "electrolyte": "electrolyte, elektrolyt, lye",
    "separator": "separator",
    "case": "case, can, casing, gehäuse",
    "cell": "cell, zelle, zell, zellen",
}
_PART_OF = {word: part for part, words in _PARTS.items() for word in words.split(", ")}

_PROPERTIES = {
    "loading": "loading, mass loading, areal loading, beladung, flächenbeladung",
    "mass": "mass, weight, masse, gewicht",
    "thickness": "thickness, dicke",
    "diameter": "diameter, durchmesser",
    "length": "length, länge",
    "width": "width, breite",
    "height": "height, höhe",
    "area": "area, fläche",
    "volume": "volume, volumen, menge",
    "capacity": "capacity, kapazität",
    "energy": "energy, energie",
    "voltage": "voltage, spannung",
    "ocv": "ocv, open circuit voltage, leerlaufspannung, ruhespannung",
    "resistance": "resistance, widerstand",
    "internal_resistance": "internal resistance, innenwiderstand",
    "temperature": "temperature, temperatur, temp",
    "density": "density, dichte",
    "porosity": "porosity, porosität",
    "n_p_ratio": "n p, n p ratio, n p verhältnis",
}
_PROPERTY_OF = {word: name for name, words in _PROPERTIES.items() for word in words.split(", ")}
_HOME = {"loading": "cathode"}
"""Where a property belongs whose header does not say."""

_NO_UNIT = (
    "ratio, factor, fraction, count, number, index, cycles, efficiency, soc, soh, n p, porosity, "
    "verhältnis, faktor, anteil, porosität, zyklen"
)
"""Words of headers whose numbers have no unit."""

_SUMS = (
    "sum, total, totals, mean, average, median, std, stdev, deviation, summe, gesamt, gesamtsumme, "
    "mittelwert, mittel, durchschnitt, standardabweichung"
)
"""What the first cell of a row says that is no cell's."""

_COMPOUND = re.compile(r"(kathoden|anoden|elektrolyt|separator|zell)(?=[a-zäöüß]{4,})")


class Property(NamedTuple):
    """What a header says of a property.

    Attributes
    ----------
    part : str
        What it belongs to: cell, cathode, anode, …
    name : str
        As in a label.
    says_part : bool
        Whether the header says to which part it belongs, where it matters.
    is_known : bool
        Whether the name is one of those that quantities have here.
    """

    part: str
    name: str
    says_part: bool
    is_known: bool = False


def role_of(name: str) -> tuple[Role, int] | None:
    """Return what a header means besides a property, and how clearly: 0 is the clearest."""
    bare = " ".join(_words(name))
    for role, headers in _ROLES.items():
        known = headers.split(", ")
        if bare in known:
            return role, known.index(bare)
    return None


def is_called_cell(name: str) -> bool:
    """Whether a header says that a column holds names of cells."""
    found = role_of(name)
    return found is not None and found[0] == "cell"


def property_of(name: str) -> Property:
    """Return which property of which part a header speaks of.

    Parameters
    ----------
    name : str
        A header without its unit.
    """
    words = _words(_COMPOUND.sub(r"\1 ", name.casefold()))
    part = next((_PART_OF[word] for word in words if word in _PART_OF), None)
    said = [word for word in words if _PART_OF.get(word) is None]
    bare = "_".join(_renamed(said or words))
    home = _HOME.get(bare)
    says_part = part is not None or home is None
    return Property(part or home or "cell", bare or "value", says_part, bare in _PROPERTIES)


def is_sum(name: str) -> bool:
    """Whether a name is a word for a sum, or a mean, of the rows above."""
    words = _words(name)
    return bool(words) and words[0] in _SUMS.split(", ")


def has_no_unit(name: str) -> bool:
    """Whether numbers under this header are counts or ratios."""
    words = _words(name)
    known = _NO_UNIT.split(", ")
    return any(word in known for word in (*words, " ".join(words[:2])))


def _words(text: str) -> list[str]:
    """Return the words of a header; ``CellID`` and ``cell_id`` have two."""
    apart = re.sub(r"(?<=[a-zäöü])(?=[A-ZÄÖÜ])", " ", text)
    return [word for word in re.split(r"[\W_]+", apart.casefold()) if word]


def _renamed(words: list[str]) -> list[str]:
    """Return words with those of known properties in one language, the longest phrases first."""
    for length in (3, 2, 1):
        for start in range(len(words) - length + 1):
            known = _PROPERTY_OF.get(" ".join(words[start : start + length]))
            if known is not None:
                return [*words[:start], known, *words[start + length :]]
    return words
