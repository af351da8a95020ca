"""Which files of cyclers does another library read for us?

Workbooks and databases of Arbin, Maccor and Neware, and impedance of Gamry, are read by
`ionworksdata` (MIT licence), where it is installed: it needs PyBaMM and takes about 1.3 GB, so it is an
extra. It gives columns with the contract's own labels and positive current on discharge; that is
not believed, but looked for in the rows, as in any file.
"""

from __future__ import annotations

import sys
import warnings
from contextlib import redirect_stdout
from functools import lru_cache
from importlib import import_module
from importlib.util import find_spec
from typing import TYPE_CHECKING

import polars as pl

from cellframe.errors import SheetError

if TYPE_CHECKING:
    from pathlib import Path

_LIBRARY = "ionworksdata"
_WORKBOOKS = (".xlsx", ".xls")
_KINDS = (*_WORKBOOKS, ".res", ".dta")
_INSTALL = (
    'or pip install "cellframe[vendor]", which reads the files of Arbin, Gamry, Maccor and Neware'
)


def is_of_vendor(path: Path) -> bool:
    """Whether a file is of a kind that is read by the other library."""
    return path.suffix.lower() in _KINDS


def why_not_read(path: Path) -> str:
    """Say why a file of such a kind is not read; empty for one that is."""
    saved = "save it as CSV UTF-8 or parquet"
    what = "a workbook" if path.suffix.lower() in _WORKBOOKS else "a cycler's own file"
    if find_spec(_LIBRARY) is None:
        return f"{what}: {saved}, {_INSTALL}"
    try:
        _asked("read.detect_reader", path)
    except SheetError:
        return f"{what} of no cycler that {_LIBRARY} knows: {saved}"
    return ""


def read_vendor(path: Path) -> pl.DataFrame:
    """Return the rows of such a file, with the contract's labels.

    Raises
    ------
    SheetError
        The library is not installed, or cannot read the file.
    """
    if find_spec(_LIBRARY) is None:
        raise SheetError(f"{path.name} is {why_not_read(path)}.")
    stat = path.stat()
    return _read(path, stat.st_mtime_ns, stat.st_size)


@lru_cache(maxsize=2)
def _read(path: Path, _changed: int, _size: int) -> pl.DataFrame:
    """Read a file once for all who ask for its header and its rows."""
    found = _asked("read.time_series", path)
    return found.with_columns(pl.selectors.float().fill_nan(None))


def _asked(name: str, path: Path) -> pl.DataFrame:
    """Call a function of the library, and say its faults as ours.

    Raises
    ------
    SheetError
        Whatever it raises, in a sentence.
    """
    with redirect_stdout(sys.stderr), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            function = import_module(_LIBRARY)
            for part in name.split("."):
                function = getattr(function, part)
            return function(path)  # type: ignore[operator] - of a library without types
        except Exception as fault:
            said = str(fault).strip().split("\n", 1)[0] or type(fault).__name__
            message = f"{path.name} cannot be read as a file of a cycler: {said}"
            raise SheetError(message) from fault
