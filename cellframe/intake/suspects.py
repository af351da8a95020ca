"""What in a table of cells looks right, and may mean something else? Each is a question."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import polars as pl

from cellframe.intake.headers import speaks_of, unknown_in
from cellframe.intake.proposal import Doubt
from cellframe.intake.values import Looks, in_thousands, tells_decimals
from cellframe.intake.words import has_no_unit, is_sum, property_of, role_of

if TYPE_CHECKING:
    from cellframe.intake.proposal import Line
    from cellframe.intake.values import Look

_DIGITS = r"^[+-]?\d[\d.,' ]*$"


def suspicion(frame: pl.DataFrame, line: Line, look: Look) -> str:
    """Say what may be meant otherwise in a column; empty where nothing is seen.

    Parameters
    ----------
    frame : DataFrame, shape (n_rows, n_columns)
        The whole table: what one column leaves open, another may tell.
    line : Line
        What the column would become.
    look : Look
        What it looks like.
    """
    if line.is_left_out:
        return ""
    values = frame[line.key]
    if line.value == "cell":
        return _of_names(values)
    if line.value in ("batch", "notes", "spec", "date_manufactured"):
        return ""
    return _of_dates(line, look) or _of_thousands(frame, line) or _of_texts(values, line, look)


def doubted(line: Line, message: str) -> Doubt:
    """Return the doubt of a line; one that needs no answer gives way."""
    if line.doubt is not None and line.doubt.needs_answer:
        return Doubt(f"{line.doubt.message} {message}", line.doubt.line, needs_answer=True)
    return Doubt(message, f'"{line.key}" = "{line.value}"', needs_answer=True)


def unit_unknown(header: str) -> str:
    """Say of a header of numbers that its brackets hold no unit; empty where they are none."""
    inside = unknown_in(header)
    if not inside or has_no_unit(header):
        return ""
    return f"{header!r}: {inside!r} is no unit that is known here. Write the unit in the mapping."


def _of_names(values: pl.Series) -> str:
    last = str(values.drop_nulls()[-1]) if values.drop_nulls().len() else ""
    return f"The last row is {last!r}: is it a cell? Else delete the row." if is_sum(last) else ""


def _of_dates(line: Line, look: Look) -> str:
    role = role_of(line.key)
    if role is None or role[0] != "date_manufactured" or look.looks is Looks.DATES:
        return ""
    return (
        f"{line.key!r} is a date by its name, and its values, such as {look.example!r}, are not all "
        "dates written in one way. Write them as 2026-01-31."
    )


def _of_thousands(frame: pl.DataFrame, line: Line) -> str:
    values = frame[line.key]
    is_text = values.dtype == pl.String and " [" in line.value
    found = in_thousands(values) if is_text else ""
    if not found:
        return ""
    sign = re.sub(r"[^.,]", "", found)[:1]
    texts = (frame[name] for name in frame.columns if frame.schema[name] == pl.String)
    if any(tells_decimals(column, sign) for column in texts):
        return ""
    return (
        f"{line.key!r}: {found} has decimals, or a thousands separator; decimals are proposed. Write "
        "it without thousands separators."
    )


def _of_texts(values: pl.Series, line: Line, look: Look) -> str:
    if look.looks is not Looks.TEXTS or " [" in line.value or line.doubt is not None:
        return ""
    is_quantity = speaks_of(line.key) is not None or property_of(line.key).is_known
    if not is_quantity or not values.drop_nulls().str.strip_chars().str.contains(_DIGITS).all():
        return ""
    return f"{line.key!r} has numbers that cannot be read, {look.example!r} for one."
