"""A plan as a file: what was reviewed, and enough to make it again.

A saved plan is not sent as it stands. Its rows are planned once more, against what was read then
and what the service has now, and sent only where that says what the reviewer saw: one way to
decide, not two. JSON, the same bytes for the same plan; an edit of a single byte is noticed.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import date, datetime
from typing import TYPE_CHECKING, Any

import orjson
import polars as pl

from cellframe.contract.records import KINDS
from cellframe.errors import SheetError
from cellframe.writeback.inputs import Base, Source

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from cellframe.contract.records import RecordKind
    from cellframe.writeback.plan import Plan

FORMAT = 1
_SEEN = ("row", "action", "id", "name", "column", "class", "you_read", "you_have", "server_now")
_DONE = "already_there"


@dataclass(frozen=True, slots=True)
class Saved:
    """A plan that was reviewed.

    Attributes
    ----------
    kind : RecordKind
        What its rows are.
    service, origin : str
        Whom it was made for.
    frame : DataFrame
        The rows that it changes, in their owner's columns.
    source : Source
        What those rows are called, and what was read of them.
    parent_id : str or None
        Parent of new rows that name none.
    base_rows : int
        Records in the reading that the frame came from.
    base_filled : mapping of str to int
        Filled cells of that reading, for columns where cells are cleared.
    changes : list of dict
        What was shown.
    """

    kind: RecordKind
    service: str
    origin: str
    frame: pl.DataFrame
    source: Source
    parent_id: str | None
    base_rows: int
    base_filled: Mapping[str, int]
    changes: list[dict[str, Any]]

    def moved(self, plan: Plan) -> list[str]:
        """Say where a plan that was made again is not what was reviewed.

        What the service has already, as it was to be, is no difference.
        """
        then, now = _by_place(self.changes), _by_place(_shown(plan))
        return [
            _difference(then.get(place), now.get(place))
            for place in dict.fromkeys([*then, *now])
            if then.get(place) != now.get(place) and not _is_done(then.get(place), now.get(place))
        ]


def dump(plan: Plan) -> bytes:
    """Return a plan as JSON."""
    return _bytes(content_of(plan))


def content_of(plan: Plan) -> dict[str, Any]:
    """Return what the JSON of a plan holds, its digest at last."""
    rows = [step.row for step in plan.rows if step.row is not None]
    frame = plan.edited[rows]
    content: dict[str, Any] = {
        "cellframe_plan": FORMAT,
        "service": plan.service,
        "origin": plan.origin,
        "kind": plan.kind.name,
        "parent_id": plan.part.parent_id,
        "summary": plan.summary,
        "notices": list(plan.notices),
        "changes": _shown(plan),
        "rows": [plan.number(row) for row in rows],
        "edited": {label: _column(frame[label]) for label in frame.columns},
        "read": {
            id_: [base.record, base.parents, base.units]
            for id_, base in sorted(plan.part.bases.items())
        },
        "base_rows": plan.part.base_rows,
        "base_filled": dict(plan.part.base_filled),
    }
    return {**content, "digest": _digest(content)}


def load(path: Path) -> Saved:
    """Read a plan that was saved.

    Raises
    ------
    SheetError
        It is no plan, or not as it was saved.
    """
    try:
        body = path.read_bytes()
    except OSError as fault:
        raise SheetError(
            f"{path} cannot be read: {fault.strerror}. Check the name and the folder."
        ) from fault
    try:
        content = orjson.loads(body)
    except orjson.JSONDecodeError as fault:
        raise SheetError(f"{path} is no saved plan: it is not JSON. {_AGAIN}") from fault
    if not isinstance(content, dict) or "cellframe_plan" not in content:
        raise SheetError(f"{path} is no saved plan. {_AGAIN}")
    if content["cellframe_plan"] != FORMAT:
        raise SheetError(f"{path} was saved by another version of cellframe. {_AGAIN}")
    said = content.pop("digest", None)
    if said != _digest(content) or body != _bytes({**content, "digest": said}):
        raise SheetError(f"{path} is not as it was saved: somebody edited it. {_AGAIN}")
    try:
        return _saved(content)
    except (KeyError, TypeError, ValueError, AttributeError, pl.exceptions.PolarsError) as fault:
        raise SheetError(f"{path} is no saved plan: {fault}. {_AGAIN}") from fault


def opened(content: dict[str, Any]) -> Saved:
    """Return the plan that `content_of` gave.

    Raises
    ------
    ValueError
        It is none, or not as it was given.
    """
    held = {name: value for name, value in content.items() if name != "digest"}
    if content.get("digest") != _digest(held) or held["cellframe_plan"] != FORMAT:
        raise ValueError("it is not as it was written")
    return _saved(held)


_AGAIN = "Make the plan again: cellframe plan FILE -o plan.json"


def _saved(content: dict[str, Any]) -> Saved:
    kind = KINDS[content["kind"]]
    kept = {id_: Base(*read) for id_, read in content["read"].items()}
    frame = pl.DataFrame([_series(label, column) for label, column in content["edited"].items()])
    keys = (kind.key, kind.version)
    pairs = frame.select(keys).iter_rows() if set(keys) <= set(frame.columns) else ()
    read = {(str(id_), str(version)): kept[id_] for id_, version in pairs if id_ in kept}
    return Saved(
        kind,
        content["service"],
        content["origin"],
        frame,
        Source(content["rows"], kept=read),
        content["parent_id"],
        content["base_rows"],
        content["base_filled"],
        content["changes"],
    )


def _shown(plan: Plan) -> list[dict[str, Any]]:
    return plan.table().select(_SEEN).to_dicts()


def _by_place(changes: list[dict[str, Any]]) -> dict[tuple[Any, ...], dict[str, Any]]:
    # A lot that would be created stands for no row: its name places it.
    return {
        (change["row"], change["column"], change["name"] if change["row"] is None else None): change
        for change in changes
    }


def _is_done(then: Mapping[str, Any] | None, now: Mapping[str, Any] | None) -> bool:
    if now is None:
        return then is not None and (then["row"] is None or then["class"] == _DONE)
    return now["class"] == _DONE or (now["class"] is None and now["action"] == _DONE)


def _difference(then: Mapping[str, Any] | None, now: Mapping[str, Any] | None) -> str:
    at = then or now or {}
    what = f"lot {at['name']!r}" if at["row"] is None else f"row {at['row']} ({at['name']!r})"
    place = what if at["column"] is None else f"{what}, {at['column']!r}"
    return f"{place}: reviewed {_said(then)}, now {_said(now)}"


def _said(change: Mapping[str, Any] | None) -> str:
    if change is None:
        return "as nothing to do"
    words = f"as {change['class'] or change['action']}"
    if change["column"] is None:
        return words
    values = (f"{said} {change[what]!r}" for what, said in _VALUES.items())
    return f"{words} ({', '.join(values)})"


_VALUES = {"you_have": "you have", "server_now": "server now"}


_DTYPES = {
    str(dtype): dtype for dtype in (pl.String(), pl.Float64(), pl.Int64(), pl.Boolean(), pl.Null())
}
"""What a column of a saved plan may be; all others are kept as text."""


def _column(values: pl.Series) -> list[Any]:
    """Return the type and the values of one column, as JSON holds them."""
    if isinstance(values.dtype, pl.Datetime) and values.dtype.time_zone:
        values = values.dt.convert_time_zone("UTC").dt.replace_time_zone(None)
    if values.dtype == pl.Float32:
        values = values.cast(pl.String).cast(pl.Float64)
    if str(values.dtype) not in _DTYPES:
        values = values.cast(pl.String)
    return [str(values.dtype), values.to_list()]


def _series(label: str, column: list[Any]) -> pl.Series:
    dtype, values = column
    return pl.Series(label, values, dtype=_DTYPES[dtype], strict=True)


def _plain(value: Any) -> Any:
    if isinstance(value, date | datetime):
        return value.isoformat()
    raise TypeError


def _digest(content: Mapping[str, Any]) -> str:
    return hashlib.sha256(orjson.dumps(content, default=_plain)).hexdigest()


def _bytes(content: Mapping[str, Any]) -> bytes:
    return orjson.dumps(content, default=_plain, option=orjson.OPT_INDENT_2) + b"\n"
