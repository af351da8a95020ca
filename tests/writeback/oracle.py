"""The truth for laws D1 to D3: three tables, cell by cell, in plain Python."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, TypeAlias
from unicodedata import normalize

from hypothesis import strategies as st

from cellframe.contract.records import CELL_INSTANCE
from cellframe.frames.columns import Column, Leaf

if TYPE_CHECKING:
    from collections.abc import Sequence

Table: TypeAlias = "Sequence[dict[str, Any]]"
PROPERTIES = CELL_INSTANCE.field("measured_properties")
COLUMNS = {
    "batch": Column("batch", field=CELL_INSTANCE.field("batch")),
    "date_manufactured": Column(
        "date_manufactured", field=CELL_INSTANCE.field("date_manufactured")
    ),
    "cell.mass [g]": Column("cell.mass [g]", Leaf.QUANTITY, PROPERTIES, ("cell", "mass"), "g"),
    "notes": Column("notes", field=CELL_INSTANCE.field("notes")),
}
"""One column of every type that is compared in its own way."""
TEXTS = [
    *["", " ", "NA", "None", "null", "nan", "#N/A", "007", "1e5", "MAR1", "true", "=1+1"],
    *["+1", "-1", "@x", "\tx", "\rx", '"', "'", "a,b", "a;b", "a\nb", "a\r\nb", "_x0041_", "\a"],
    *["caf\u00e9", "cafe\u0301", "\u200b", "\u05d0", "\U0001f50b", "Straße", "STRASSE", "x" * 300],
]
"""Texts that some tool takes for something else; the service takes them all."""
NUMBERS = [0.0, -0.0, 5e-324, 1e308, 0.1 + 0.2, 0.3, 2.0**53, 2.0**53 + 2, 41.0, -1.5]

texts = st.sampled_from(TEXTS) | st.text(st.characters(exclude_categories=["Cs"]), max_size=5)
numbers = st.sampled_from(NUMBERS) | st.floats(allow_nan=False, allow_infinity=False)
values = {
    label: st.none() | (numbers if c.is_number else st.dates() if "date" in label else texts)
    for label, c in COLUMNS.items()
}
"""What a cell of each column may hold."""
rows = st.fixed_dictionaries(values)


def canonical(label: str, value: Any) -> Any:
    """A value as it is compared: an empty text and NaN are gaps."""
    if value is None or value == "" or (isinstance(value, float) and math.isnan(value)):
        return None
    if not isinstance(value, str):
        return value
    return normalize("NFC", value).casefold() if label == "batch" else normalize("NFC", value)


def same(label: str, left: Any, right: Any) -> bool:
    """Whether two values are one; quantities within 1e-12 of the larger."""
    left, right = canonical(label, left), canonical(label, right)
    if isinstance(left, float) and isinstance(right, float):
        return abs(left - right) <= 1e-12 * max(abs(left), abs(right))
    return left == right


def reference(base: Table, mine: Table, theirs: Table, known: Sequence[bool]) -> set:
    """Every edited cell: row, label, class."""
    found = set()
    for row, (read, have, now) in enumerate(zip(base, mine, theirs, strict=True)):
        for label in COLUMNS:
            empty = canonical(label, have[label]) is None
            if same(label, have[label], read[label]) or (empty and not known[row]):
                continue
            if same(label, now[label], read[label]):
                what = "clear" if empty else "change"
            else:
                what = "already_there" if same(label, now[label], have[label]) else "conflict"
            found.add((row, label, what))
    return found
