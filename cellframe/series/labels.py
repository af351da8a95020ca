"""Is a column there under its own label? A near label is never renamed in silence.

``Voltage / V`` may be what the contract calls ``Voltage [V]``, and ``Current [mA]`` is a
thousand times too large to be ``Current [A]``: both are told with what to do.
"""

from __future__ import annotations

import re
from difflib import get_close_matches
from typing import TYPE_CHECKING, Literal, TypeAlias
from unicodedata import category

from cellframe.contract.quantities import NO_UNIT, UnitError, conversion, spell
from cellframe.contract.series import CURRENT, EIS, OCP_AXES, SERIES, STEP, TIME, VOLTAGE, X_AXES
from cellframe.series.findings import Finding

if TYPE_CHECKING:
    from collections.abc import Sequence

DataType: TypeAlias = Literal["ocp", "eis"]

_CORE = (TIME, VOLTAGE, CURRENT, STEP)
_ALIKE = 0.85
# The unit is last: in brackets, after a slash, or after an underscore as BDF writes it.
_WITH_UNIT = re.compile(r"(?P<name>.*?)\s*(?:\[(.*)\]|\((.*)\)|/\s*([^/]+)|_([A-Za-z]{1,4}))\s*")


def unfit(labels: Sequence[str]) -> list[Finding]:
    """Say which labels hold a control character or half of a character.

    polars ends in a panic on some of them, and a file cannot hold the others.
    """
    return [
        Finding("label_unfit", f"The label {label!r} holds a control character. Rename the column.")
        for label in labels
        if any(category(character) in ("Cc", "Cs") for character in label)
    ]


def misnamed(labels: Sequence[str], data_type: DataType | None) -> list[Finding]:
    """Say which columns are there under another label or in another unit.

    Parameters
    ----------
    labels : sequence of str
        Columns of the series.
    data_type : "ocp", "eis" or None
        A series of a cycler may have a ``SOC [%]`` of its own; open-circuit data may not.
    """
    missing = {label for label in _meant(data_type) if label not in labels}
    strangers = [label for label in labels if label not in SERIES]
    findings: list[Finding] = []
    for label in strangers:
        meant = _same_name(label, missing) or _typing_error(label, missing)
        if meant is not None:
            findings.append(_finding(label, meant))
    return findings


def absent(labels: Sequence[str], told: Sequence[Finding]) -> list[Finding]:
    """Say what a cycler's series lacks, of which no steps could be made then.

    Parameters
    ----------
    labels : sequence of str
        Columns of the series.
    told : sequence of Finding
        Columns that are there under another label are not missing too.
    """
    there = {*labels, *(finding.payload.get("meant") for finding in told)}
    findings: list[Finding] = []
    if VOLTAGE not in there:
        what = f"There is no column {VOLTAGE!r}. Add it: steps cannot be made without."
        findings.append(Finding("voltage_column_missing", what, column=VOLTAGE))
    if not there & {*X_AXES}:
        what = f"There is no column {TIME!r}. Add the seconds since the first row."
        findings.append(Finding("time_column_missing", what, column=TIME))
    return findings


def check_current(labels: Sequence[str], told: Sequence[Finding]) -> list[Finding]:
    """Warn of a cycler's series without a current; a spectrum and open-circuit data have none.

    Parameters
    ----------
    labels, told : as in `absent`
    """
    there = {*labels, *(finding.payload.get("meant") for finding in told)}
    if CURRENT in there or TIME not in there or {*EIS} <= there:
        return []
    what = (
        f"There is no column {CURRENT!r}: steps will have no type and, without counters, no "
        "capacity. Add it, positive on discharge, if it was measured."
    )
    return [Finding("current_column_missing", what, "warning", CURRENT)]


def _meant(data_type: DataType | None) -> tuple[str, ...]:
    if data_type == "eis":
        return EIS
    if data_type == "ocp":
        return (VOLTAGE, STEP, *OCP_AXES)
    return tuple(label for label in SERIES if label not in (*OCP_AXES, *EIS))


def _finding(label: str, meant: str) -> Finding:
    (name, unit), (known, wanted) = _split(label), _split(meant)
    # The end of Z_Re is no unit.
    unit = None if name != known and _bare(label) == known else unit
    if unit is None or spell(unit).casefold() == spell(wanted or "").casefold():
        what = f"{label!r} is not a label that is known here: did you mean {meant!r}? Rename it."
        return Finding("label_misspelled", what, column=label, payload={"meant": meant})
    how = _how_to_convert(unit, wanted or NO_UNIT)
    what = f"{label!r} is in another unit than {meant!r}. {how}"
    return Finding("unit_differs", what, column=label, payload={"meant": meant})


def _how_to_convert(unit: str, wanted: str) -> str:
    try:
        line = conversion("percent" if unit == "%" else unit, wanted)
    except UnitError:
        return f"Convert the values and rename it; {unit!r} is no unit that converts here."
    if line is None:
        return "Rename it."
    scale, offset = float(line.scale), float(line.offset)
    shift = f" and add {offset:g}" if offset else ""
    return f"Multiply by {scale:g}{shift}, and rename it."


def _split(label: str) -> tuple[str, str | None]:
    """Return the bare name and the unit, None where there is none."""
    found = _WITH_UNIT.fullmatch(label)
    if found is None:
        return _bare(label), None
    unit = next(group for group in found.groups()[1:] if group is not None)
    return _bare(found["name"]), unit


def _bare(text: str) -> str:
    return re.sub(r"[\W_]+", "", text).casefold()


def _same_name(label: str, missing: set[str]) -> str | None:
    names = {_split(known)[0]: known for known in sorted(missing)}
    return names.get(_split(label)[0]) or names.get(_bare(label))


def _typing_error(label: str, missing: set[str]) -> str | None:
    if any(character.isdigit() for character in label):
        return None
    core = {known.casefold(): known for known in _CORE if known in missing}
    near = get_close_matches(label.casefold(), core, n=1, cutoff=_ALIKE)
    return core[near[0]] if near else None
