"""A frame of tests shows the specs of its cells: was one of them edited? It would change nothing.

A record of a test does not name its spec, so what was read is no help: the cells are looked at.
"""

from __future__ import annotations

import unicodedata
from typing import TYPE_CHECKING

from cellframe.contract.records import CELL_INSTANCE, CELL_SPEC
from cellframe.resources.cell_spec import CellSpecs
from cellframe.resources.present import records
from cellframe.writeback.inputs import Orphan

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import polars as pl

    from cellframe.resources.connection import Connection
    from cellframe.resources.identity import Keys

_KEY, _NAME = CELL_SPEC.key, CELL_SPEC.noun
_MOVED = "Row {row}, {label!r}: does not change: a test is of the spec of its cell, {spec!r}. Restore it or drop the column."


def misplaced(connection: Connection, keys: Keys, above: Sequence[str | None]) -> dict[int, Orphan]:
    """Return the rows of tests that show another spec than that of their cells.

    Parameters
    ----------
    above : sequence of str or None, shape (n_rows,)
        The cell of each row.
    """
    shown = {*keys.kind.summaries} & {*keys.frame.columns}
    labels = [one for one in (_KEY, _NAME) if one in shown]
    rows = [row for row, id_ in enumerate(keys.ids) if id_ is not None and above[row] is not None]
    if not labels or not rows:
        return {}
    true = _specs(connection, keys.frame, {row: str(above[row]) for row in rows})
    found = ((row, _edited(keys, row, labels, true[row])) for row in rows if row in true)
    return {row: orphan for row, orphan in found if orphan is not None}


def _specs(
    connection: Connection, frame: pl.DataFrame, cells: Mapping[int, str]
) -> dict[int, Mapping[str, str]]:
    """Return the id and the name of the spec of every row, by label."""
    said = frame.get_column(_KEY, default=None)
    claims = {id_: None if said is None else said[row] for row, id_ in cells.items()}
    known = records(connection, CELL_INSTANCE, claims)
    # Whole lists are read by the specs that the frame shows, and one of those may be the edit.
    strays = [id_ for id_ in claims if id_ not in known]
    known |= records(connection, CELL_INSTANCE, dict.fromkeys(strays))
    of = {id_: str(one[CELL_INSTANCE.parent_field]) for id_, one in known.items()}
    specs = CellSpecs(connection).read(list(dict.fromkeys(of.values())))
    names = {id_: spec.name for id_, spec in specs.items()}
    return {
        row: {_KEY: of[id_], _NAME: names[of[id_]]}
        for row, id_ in cells.items()
        if of.get(id_) in names
    }


def _edited(keys: Keys, row: int, labels: Sequence[str], true: Mapping[str, str]) -> Orphan | None:
    for label in labels:
        said = keys.frame[label][row]
        if said is not None and _bare(str(said)) != _bare(true[label]):
            words = {"row": keys.numbers[row], "label": label, "spec": true[label]}
            return Orphan(label, _MOVED.format(**words))
    return None


def _bare(shown: str) -> str:
    """Without what files do to a text: a guard against formulas, ends of lines."""
    return " ".join(unicodedata.normalize("NFC", shown).removeprefix("'").split())
