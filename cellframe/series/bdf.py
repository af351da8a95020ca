"""How does a time series become one of the Battery Data Format?

Names and meanings are those of the Battery Data Alliance (ontology 1.1): one unit per label,
positive current charges, counters of a step restart with it. What the format has no name for keeps
its own.
"""

from __future__ import annotations

from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

import polars as pl

from cellframe.contract.series import (
    CHARGE_CAPACITY,
    CHARGE_ENERGY,
    CURRENT,
    CYCLE,
    CYCLE_FROM_CYCLER,
    DISCHARGE_CAPACITY,
    DISCHARGE_ENERGY,
    FREQUENCY,
    POWER,
    STEP,
    STEP_FROM_CYCLER,
    TEMPERATURE,
    TIME,
    VOLTAGE,
    Z_IMAGINARY,
    Z_REAL,
)
from cellframe.errors import ConfigError, FrameError
from cellframe.frames.backend import to_backend, to_polars
from cellframe.frames.columns import parse
from cellframe.frames.faults import Fault, table
from cellframe.frames.other_units import labelled
from cellframe.series.convention import CONVENTION, THEIRS, in_convention, labels_of
from cellframe.store.places import write_whole

if TYPE_CHECKING:
    from cellframe.frames.backend import AnyFrame

Names: TypeAlias = Literal["label", "machine"]
_BDF = {
    TIME: ("Test Time / s", "test_time_second"),
    VOLTAGE: ("Voltage / V", "voltage_volt"),
    CURRENT: ("Current / A", "current_ampere"),
    CYCLE: ("Cycle Count / 1", "cycle_count"),
    CYCLE_FROM_CYCLER: ("Cycle Count / 1", "cycle_count"),
    STEP: ("Step Count / 1", "step_count"),
    STEP_FROM_CYCLER: ("Step ID", "step_id"),
    TEMPERATURE: ("Surface Temperature T1 / degC", "temperature_t1_celsius"),
    POWER: ("Power / W", "power_watt"),
    CHARGE_CAPACITY: ("Step Charging Capacity / Ah", "step_charging_capacity_ah"),
    DISCHARGE_CAPACITY: ("Step Discharging Capacity / Ah", "step_discharging_capacity_ah"),
    CHARGE_ENERGY: ("Step Charging Energy / Wh", "step_charging_energy_wh"),
    DISCHARGE_ENERGY: ("Step Discharging Energy / Wh", "step_discharging_energy_wh"),
    FREQUENCY: ("Frequency / Hz", "frequency_hertz"),
    Z_REAL: ("Real Impedance / ohm", "real_impedance_ohm"),
    Z_IMAGINARY: ("Imaginary Impedance / ohm", "imaginary_impedance_ohm"),
}
"""What each column is called there, for people and for machines."""
_NEEDED = (TIME, VOLTAGE, CURRENT)
_KEYS = ("measurement_id", "instance_id", "spec_id", "test", "cell", "spec")
_READABLE = 0o644


def to_bdf(frame: AnyFrame, path: str | Path | None = None, *, names: Names = "label") -> Any:
    """Return a time series with the labels and the sign of the Battery Data Format.

    Parameters
    ----------
    frame : polars or pandas DataFrame, or LazyFrame
        A time series, of one test or of many. Quantities in another unit are converted.
    path : str or Path, optional
        A file to write, of one test: ``.bdf.csv``, ``.bdf`` or ``.csv`` (text), ``.bdf.parquet``.
        Numbers in it come back as they are, to the last digit. Keys of the test are left out.
    names : {"label", "machine"}
        ``Voltage / V`` or ``voltage_volt``.

    Returns
    -------
    DataFrame or LazyFrame
        Of the frame's own library. Positive current **charges**; capacities and energies are those
        of each step. Columns that the format has no name for are last, as they were.

    Raises
    ------
    FrameError
        Time, voltage or current is missing, or the file would hold several tests.
    ConfigError
        The file is of another kind, text that would hold lists, or there are no such names.
    OSError
        The file cannot be written.

    Notes
    -----
    ``Cycle Count / 1`` begins as the instrument counts: it is ``Cycle from cycler`` where that is
    known, else ``Cycle count``. Source: Battery Data Alliance, Battery Data Format, preferred labels and machine-readable names.
    """
    if names not in ("label", "machine"):
        raise ConfigError(f"names is 'label' or 'machine', not {names!r}.")
    made = _renamed(frame, names)
    if path is not None:
        _write(made, Path(path))
    return made


def _renamed(frame: AnyFrame, names: Names) -> Any:
    lazy = frame if isinstance(frame, pl.LazyFrame) else to_polars(frame).frame.lazy()
    came = labels_of(lazy)
    lazy = labelled(lazy, _BDF)
    labels = labels_of(lazy)
    missing = [label for label in _NEEDED if label not in labels]
    if missing:
        faults = [Fault(f"There is no column {label!r}.", column=label) for label in missing]
        message = "This is no time series that the Battery Data Format can hold."
        raise FrameError(message, table(faults))
    which = 0 if names == "label" else 1
    known = {label: own[which] for label, own in _BDF.items() if label in labels}
    if CYCLE_FROM_CYCLER in known:
        known.pop(CYCLE, None)
    paths = {parse(label)[0] for label in (*known, CYCLE)}
    keys = [label for label in _KEYS if label in came]
    gone = {CONVENTION, *keys}
    others = [label for label in came if label not in gone and parse(label)[0] not in paths]
    made = in_convention(lazy, THEIRS).select(*keys, *known, *others).rename(known)
    if isinstance(frame, pl.LazyFrame):
        return made
    whole = made.collect()
    return whole if isinstance(frame, pl.DataFrame) else to_backend(whole, "pandas")


def _write(made: Any, path: Path) -> None:
    whole = made.collect() if isinstance(made, pl.LazyFrame) else to_polars(made).frame
    keys = [label for label in _KEYS if label in whole.columns]
    tests = whole.select(keys).n_unique() if keys else 1
    if tests > 1:
        message = f"{path.name} would hold {tests} tests, and a file of this format holds one: filter first."
        raise FrameError(message, table([Fault(message, rule="one test")]))
    kind = path.suffix.lower()
    target = BytesIO()
    lists = [label for label, dtype in whole.schema.items() if dtype.is_nested()]
    if lists and kind != ".parquet":
        message = f"{lists[0]!r} holds lists, which text cannot: write {path.stem}.parquet."
        raise ConfigError(message)
    if kind in (".csv", ".bdf"):
        whole.drop(keys).write_csv(target)
    elif kind == ".parquet":
        whole.drop(keys).write_parquet(target, compression="zstd")
    else:
        message = f"{path.name}: this format is written as .bdf.csv, .bdf or .bdf.parquet."
        raise ConfigError(message)
    write_whole(path.absolute(), target.getvalue(), mode=_READABLE)
