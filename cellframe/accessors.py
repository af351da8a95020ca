"""``frame.cell``: what a frame of records can tell about its columns, in polars and pandas.

`register` is called when a first frame is made, and by importing this module.
"""

from __future__ import annotations

import re
import sys
from typing import TYPE_CHECKING, Any

from cellframe.frames.columns import parse
from cellframe.frames.tags import split_tags

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

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
            No column, or several, have this name.
        """
        if name in self._frame.columns:
            return self._frame[name]
        wanted = parse(name)[0]
        found = [label for label in self._labels if parse(label)[0] == wanted]
        if len(found) == 1:
            return self._frame[found[0]]
        names = ", ".join(map(repr, found or self._labels))
        message = f"{name!r} is {'several columns' if found else 'no column'}: {names}"
        raise KeyError(message)

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
        return getattr(self._column(), name)

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
    """Add ``.cell`` to polars frames, and to pandas frames where pandas is in use."""
    if "polars" not in _registered:
        import polars as pl

        pl.api.register_dataframe_namespace("cell")(CellAccessor)
        _registered.add("polars")
    if "pandas" in sys.modules and "pandas" not in _registered:
        import pandas as pd

        pd.api.extensions.register_dataframe_accessor("cell")(CellAccessor)
        _registered.add("pandas")


register()
