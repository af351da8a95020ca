"""Which columns would a plan change, and how often?

Five thousand changes are not read one by one: a slip shows as a column that nobody meant to edit,
or as a count that is too large.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from cellframe.views.clean import cut
from cellframe.views.rows import CLASSES, NAME, Cell, cell_of, is_mixed, text_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    import polars as pl

    from cellframe.views.parts import PlanParts

FEWEST = 40
"""Cells below which a plan is read as it stands."""
_VALUE = 40
_NEW = "create"
_KINDS = ("change", "clear", _NEW, "already_there", "conflict", "invalid", "other")
_WORDS = {
    "change": ("change", "changes"),
    "clear": ("clear", "clears"),
    _NEW: ("new", "new"),
    "already_there": ("already there", "already there"),
    "conflict": ("conflict", "conflicts"),
    "invalid": ("invalid", "invalid"),
    "other": ("other", "others"),
}


@dataclass(frozen=True, slots=True)
class Tally:
    """One column of a plan.

    Attributes
    ----------
    noun : str
        What its records are, in a plan of several kinds; else empty.
    column : str
        Its label.
    counts : mapping of str to int
        Its cells by class, with ``create`` for those of new records; none is 0.
    first : Cell
        The first of them.
    """

    noun: str
    column: str
    counts: Mapping[str, int]
    first: Cell

    @property
    def called(self) -> str:
        """The noun and the label, as a line of text begins."""
        return f"{self.noun} {self.column}".lstrip()

    @property
    def said(self) -> list[tuple[str, str]]:
        """Its counts in words, each with its class: ``4,988 changes``."""
        return [
            (kind, f"{count:,} {_WORDS[kind][count != 1]}") for kind, count in self.counts.items()
        ]


def by_column(parts: PlanParts, most: int) -> tuple[list[Tally], int]:
    """Count the cells of a plan by column.

    Parameters
    ----------
    parts : PlanParts
        The plan.
    most : int
        Columns that are returned.

    Returns
    -------
    list of Tally
        Those with the most cells first; none where the plan is short.
    int
        Columns that are not among them.
    """
    lines = _cells(parts.changes)
    if lines.height < FEWEST:
        return [], 0
    keys = ["record", "column"]
    sizes = lines.group_by(keys, maintain_order=True).len().sort("len", descending=True)
    counts: dict[tuple[Any, ...], dict[str, int]] = {}
    for *key, kind, count in lines.group_by([*keys, "_kind"]).len().iter_rows():
        counts.setdefault(tuple(key), {})[kind] = count
    firsts = lines.unique(keys, keep="first", maintain_order=True)
    first = {(line["record"], line["column"]): line for line in firsts.iter_rows(named=True)}
    mixed = is_mixed(parts.changes)
    shown = [key[:2] for key in sizes.head(most).iter_rows()]
    return [_tally(first[key], counts[key], mixed=mixed) for key in shown], max(
        0, sizes.height - most
    )


def _cells(changes: pl.DataFrame) -> pl.DataFrame:
    """Return the lines that stand for a cell, with what is counted of them."""
    import polars as pl

    known = pl.when(pl.col("class").is_in(CLASSES)).then("class").otherwise(pl.lit("other"))
    is_new = (pl.col("action") == _NEW) & (pl.col("class") == "change")
    kind = pl.when(is_new).then(pl.lit(_NEW)).otherwise(known)
    filled = pl.col("row").is_not_null() & (pl.col("column").fill_null("") != "")
    return changes.filter(filled).with_columns(kind.alias("_kind"))


def _tally(line: Mapping[str, Any], counts: Mapping[str, int], *, mixed: bool) -> Tally:
    noun = cut(text_of(line["record"]), NAME) if mixed else ""
    ordered = {kind: counts[kind] for kind in _KINDS if kind in counts}
    return Tally(noun, cut(text_of(line["column"]), NAME), ordered, cell_of(line, _VALUE))
