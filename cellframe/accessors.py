"""``frame.cell``: what a frame of records can tell about its columns, in polars and pandas.

On frames of cycles, steps and samples it asks what `cellframe.analysis` answers:
``frames.cycles.cell.retention(reference="first")``. A LazyFrame has these questions alone.

`register` is called when a first frame is made, and by importing this module.
"""

from __future__ import annotations

import re
import sys
from difflib import get_close_matches
from functools import partial, update_wrapper
from typing import TYPE_CHECKING, Any

from cellframe import analysis
from cellframe.contract.quantities import UnitError, conversion, convert, spell
from cellframe.errors import ConfigError
from cellframe.frames.columns import parse
from cellframe.frames.tags import split_tags
from cellframe.series.bdf import to_bdf
from cellframe.series.convention import in_convention

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

    import polars as pl

    from cellframe.series.bdf import Names
    from cellframe.series.convention import Convention

_registered: set[str] = set()


class CellAccessor:
    """Columns by name, without their unit.

    Parameters
    ----------
    frame : polars or pandas DataFrame
        Any frame whose quantities carry their unit in the label.
    """

    def __init__(self, frame: Any) -> None:
        self._frame = frame

    def __getitem__(self, name: str) -> Any:
        """Return the column of this name, with or without its unit.

        Raises
        ------
        KeyError
            No column, or several, have this name; the message has those that are near.
        """
        return self._frame[self._label(name)]

    def _label(self, name: str) -> str:
        """Return the label of the one column of this name."""
        wanted, unit = parse(name)
        found = [label for label in self._labels if parse(label)[0] == wanted]
        if name in found and (unit is not None or len(found) == 1):
            return name
        if len(found) == 1:
            return found[0]
        if found:
            raise KeyError(
                f"{name!r} is several columns: {', '.join(map(repr, found))}. frame[LABEL] gives one of them."
            )
        bare = {".".join(parse(label)[0]).casefold(): label for label in self._labels}
        near = get_close_matches(".".join(wanted).casefold(), bare, n=3)
        shown = " or ".join(repr(bare[one]) for one in near)
        advice = f"Did you mean {shown}?" if near else f"There are: {', '.join(self._labels)}."
        raise KeyError(f"{name!r} is no column. {advice}")

    def __repr__(self) -> str:
        return f"frame.cell of {len(self._labels)} columns: frame.cell['cell.mass'], .units(), .to_unit(), .check(), .plain_names(); the column itself is frame['cell']"

    # In pandas ``frame.cell`` is also how people reach a column named ``cell``: there the
    # accessor stands in for it, so that ``frame.cell == "c-1"`` means what it says.
    def __eq__(self, other: object) -> Any:
        return self._column() == other

    def __ne__(self, other: object) -> Any:
        return self._column() != other

    __hash__ = None  # type: ignore[assignment] - a column has none

    def __getattr__(self, name: str) -> Any:
        if name.startswith("_"):
            raise AttributeError(name)
        if name in analysis.__all__:
            return _question(name, self._frame)
        return getattr(self._column(), name)

    def __dir__(self) -> list[str]:
        return [*super().__dir__(), *analysis.__all__]

    def __iter__(self) -> Iterator[Any]:
        return iter(self._column())

    def __len__(self) -> int:
        return len(self._column())

    def _column(self) -> Any:
        if "cell" not in self._frame.columns:
            message = "This frame has no column 'cell'. frame.cell['NAME'] finds a column without its unit."
            raise AttributeError(message)
        return self._frame["cell"]

    def units(self) -> dict[str, str]:
        """Return the unit of every column that has one, by label without unit."""
        read = {label: parse(label) for label in self._labels}
        return {".".join(path): unit for path, unit in read.values() if unit is not None}

    def to_unit(self, name: str | Mapping[str, str], unit: str | None = None) -> Any:
        """Return the frame with columns in other units: their values and their labels.

        Parameters
        ----------
        name : str, or mapping of str to str
            A column, with or without its unit; or units by column.
        unit : str, optional
            The unit of the one column.

        Returns
        -------
        DataFrame
            Of the frame's own library, columns in their places. Values are converted by exact
            factors: 4.2 V is 4200 mV, and comes back as 4.2 V.

        Raises
        ------
        KeyError
            No column, or several, have a name.
        ConfigError
            A column has no unit, or its unit does not convert into the other.

        Examples
        --------
        >>> import polars as pl
        >>> cells = pl.DataFrame({"cell.mass [g]": [68.0], "cathode.loading [mg/cm**2]": [12.5]})
        >>> cells.cell.to_unit("cathode.loading", "g/m**2").rows(named=True)
        [{'cell.mass [g]': 68.0, 'cathode.loading [g/m**2]': 125.0}]
        >>> cells.cell.to_unit({"cell.mass": "kg", "cathode.loading": "g/m**2"}).row(0)
        (0.068, 125.0)
        """
        wanted = {name: unit} if isinstance(name, str) else name
        labels = {self._label(one): _unit_asked(one, other) for one, other in wanted.items()}
        frame = self._frame
        for label, other in labels.items():
            new = _relabelled(label, other, self._labels)
            values = _in_unit(frame[label], label, other)
            if self._is_polars:
                frame = frame.with_columns(values.alias(label)).rename({label: new})
            else:
                frame = frame.assign(**{label: values}).rename(columns={label: new})
        return frame

    def check(self, schema: Any = None) -> Any:
        """Put our rules, and yours, to the frame as it is now: edited, joined or grouped.

        Parameters
        ----------
        schema : pandera schema, optional
            Rules of your own, of ``pandera.polars`` or ``pandera.pandas``.

        Returns
        -------
        DataFrame
            The frame itself, to go on with.

        Raises
        ------
        FrameError
            With every fault, by row and column, in `.failures`: values that their column cannot
            hold, ids that are there twice, names that are none, numbers that are not finite.
        PlanError
            Two columns have one name.
        """
        from cellframe.frames.backend import to_polars
        from cellframe.frames.invalid import settle
        from cellframe.frames.judge import judge

        given = to_polars(self._frame)
        settle(given.frame, judge(given, schema), "raise")
        return self._frame

    def in_convention(self, convention: Convention = "charge_positive") -> Any:
        """Return a time series whose current has the sign that another tool expects.

        As `cellframe.series.convention.in_convention`.
        """
        return in_convention(self._frame, convention)

    def to_bdf(self, path: str | Path | None = None, *, names: Names = "label") -> Any:
        """Return a time series in the Battery Data Format, and write it to a file if one is named.

        As `cellframe.series.bdf.to_bdf`.
        """
        return to_bdf(self._frame, path, names=names)

    def deleted(self) -> Any:
        """Return the records that are gone since the frame that was given as ``changed_since``.

        Returns
        -------
        DataFrame, shape (n_deleted, 2)
            Id and name. The service is asked when this is first called.

        Raises
        ------
        ConfigError
            The frame did not come of ``to_frame(changed_since=frame)``, or was changed since.
        """
        gone = getattr(self._frame, GONE, None)
        if gone is None:
            message = (
                "What was deleted is known of the frame that to_frame(changed_since=FRAME) gave, as it "
                "came: ask it before you filter or edit it."
            )
            raise ConfigError(message)
        return gone()

    def tags(self) -> Any:
        """Return the tags of each row as a list: a column of the frame's own library.

        Raises
        ------
        KeyError
            The frame has no column ``tags``.
        """
        lists = [split_tags(text if isinstance(text, str) else None) for text in self["tags"]]
        if self._is_polars:
            import polars as pl

            return pl.Series("tags", lists, dtype=pl.List(pl.String))
        # A pandas column of its own class, so that the rows keep their index.
        return type(self["tags"])(lists, index=self._frame.index, name="tags", dtype=object)

    def plain_names(self) -> Any:
        """Return the frame with labels that need no quoting: ``cathode_loading_mg_per_cm2``."""
        names = {label: _plain(label) for label in self._labels}
        twice = {name for name in names.values() if list(names.values()).count(name) > 1}
        new = {label: name for label, name in names.items() if name not in twice}
        return self._frame.rename(new) if self._is_polars else self._frame.rename(columns=new)

    @property
    def _is_polars(self) -> bool:
        return type(self._frame).__module__.startswith("polars")

    @property
    def _labels(self) -> Sequence[str]:
        return [str(label) for label in self._frame.columns]


class LazyCellAccessor:
    """What can be asked of a frame that is not read yet.

    Parameters
    ----------
    frame : polars LazyFrame
        Cycles, steps or samples.
    """

    def __init__(self, frame: pl.LazyFrame) -> None:
        self._frame = frame

    def in_convention(self, convention: Convention = "charge_positive") -> pl.LazyFrame:
        """Return the series with the sign of another tool, as `CellAccessor.in_convention`."""
        return in_convention(self._frame, convention)

    def to_bdf(self, path: str | Path | None = None, *, names: Names = "label") -> pl.LazyFrame:
        """Return the series in the Battery Data Format, as `CellAccessor.to_bdf`."""
        return to_bdf(self._frame, path, names=names)

    def __getattr__(self, name: str) -> Any:
        if name in analysis.__all__:
            return _question(name, self._frame)
        message = f"A LazyFrame has no .cell.{name}: collect() it first, or ask one of {', '.join(_LAZY)}."
        raise AttributeError(message)

    def __dir__(self) -> list[str]:
        return [*super().__dir__(), *analysis.__all__]

    def __repr__(self) -> str:
        return f"frame.cell of a LazyFrame: .{', .'.join(_LAZY)}"


_LAZY = [*analysis.__all__, "in_convention", "to_bdf"]


def _question(name: str, frame: Any) -> Any:
    """Return a function of `cellframe.analysis` that has its frame."""
    function = getattr(analysis, name)
    return update_wrapper(partial(function, frame), function)


GONE = "_cellframe_gone"
"""The attribute of a frame of changes that finds what was deleted."""


def _unit_asked(name: str, unit: str | None) -> str:
    if isinstance(unit, str):
        return unit
    message = f"to_unit({name!r}): say the unit too, as in to_unit({name!r}, 'g')."
    raise ConfigError(message)


def _relabelled(label: str, unit: str, labels: Sequence[str]) -> str:
    """Return a label with another unit."""
    new = re.sub(r"\s*\[[^\[\]]*\]\s*\Z", "", label) + f" [{spell(unit)}]"
    if new != label and new in labels:
        message = f"{label!r} in {unit!r} would be {new!r}, and the frame has that column already."
        raise ConfigError(message)
    return new


def _in_unit(values: Any, label: str, unit: str) -> Any:
    """Return a column of either library in another unit."""
    import polars as pl

    from cellframe.frames.backend import to_backend, to_polars

    have = parse(label)[1]
    if have is None:
        message = f"{label!r} has no unit in its label, so it cannot be converted."
        raise ConfigError(message)
    is_polars = isinstance(values, pl.Series)
    plain = (
        values
        if is_polars
        else to_polars(values.to_frame("value").reset_index(drop=True)).frame["value"]
    )
    if not plain.dtype.is_numeric() and plain.null_count() < len(plain):
        raise ConfigError(f"{label!r} holds {plain.dtype}, not numbers, so it cannot be converted.")
    try:
        conversion(have, unit)
    except UnitError as fault:
        raise ConfigError(f"{label!r} cannot be given in {unit!r}: {fault}.") from None
    made = _converted(plain.cast(pl.Float64), have, unit)
    if is_polars:
        return made
    back = to_backend(made.to_frame("value"), "pandas")["value"].set_axis(values.index)
    return back.astype(values.dtype) if str(values.dtype) in ("float64", "Float64") else back


def _converted(values: pl.Series, have: str, unit: str) -> pl.Series:
    import polars as pl

    from cellframe.frames.plain import DoubtError
    from cellframe.frames.scale import converted

    try:
        return converted(values, pl.repeat(have, len(values), eager=True), unit)
    except DoubtError:
        each = [None if value is None else convert(value, have, unit) for value in values]
        return pl.Series(values.name, each, dtype=pl.Float64)


def _plain(label: str) -> str:
    path, unit = parse(label)
    text = "_".join(path)
    if unit is not None:
        spelled = (
            re.sub(r"\*\*-?1\b", "", unit)
            .replace("**", "")
            .replace("/", "_per_")
            .replace("%", "percent")
        )
        text += f"_{spelled}" if unit != "1" else ""
    return re.sub(r"\W+", "_", text.replace("A.h", "Ah").replace("W.h", "Wh")).strip("_")


def register() -> None:
    """Add ``.cell`` to polars frames, lazy or not, and to pandas frames where pandas is in use."""
    if "polars" not in _registered:
        import polars as pl

        pl.api.register_dataframe_namespace("cell")(CellAccessor)
        pl.api.register_lazyframe_namespace("cell")(LazyCellAccessor)
        _registered.add("polars")
    if "pandas" in sys.modules and "pandas" not in _registered:
        import pandas as pd

        pd.api.extensions.register_dataframe_accessor("cell")(CellAccessor)
        _registered.add("pandas")


register()
