"""A plan as a file: what was reviewed, and enough to make it again.

A saved plan is not sent as it stands. Its rows are planned once more, against what was read then
and what the service has now, and sent only where that says what the reviewer saw: one way to
decide, not two. JSON, the same bytes for the same plan; an edit of a single byte is noticed.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from typing import TYPE_CHECKING, Any

import orjson
import polars as pl

from cellframe.contract.records import KINDS
from cellframe.errors import SheetError
from cellframe.writeback.inputs import Base, Source
from cellframe.writeback.unit_edits import checked

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from cellframe.contract.records import RecordKind
    from cellframe.writeback.part import Part
    from cellframe.writeback.plan import Plan
    from cellframe.writeback.unit_edits import UnitEdit

FORMAT = 2
_SEEN = (
    "row",
    "action",
    "record",
    "id",
    "name",
    "column",
    "class",
    "you_read",
    "you_have",
    "server_now",
)
_DONE = "already_there"


@dataclass(frozen=True, slots=True)
class SavedFrame:
    """One frame of a plan that was reviewed.

    Attributes
    ----------
    kind : RecordKind
        What its rows are.
    frame : DataFrame
        The rows that the plan changes, in their owner's columns, with what was decided about them.
    source : Source
        What those rows are called, and what was read of them.
    parent_id : str or None
        Parent of new rows that name none.
    base_rows : int
        Records in the reading that the frame came from.
    base_filled : mapping of str to int
        Filled cells of that reading, for columns where cells are cleared.
    unit_edit : {"relabel", "convert"} or None
        What an edited unit over an unedited number means.
    """

    kind: RecordKind
    frame: pl.DataFrame
    source: Source
    parent_id: str | None
    base_rows: int
    base_filled: Mapping[str, int] = field(default_factory=dict)
    unit_edit: UnitEdit | None = None

    def only(self, rows: Sequence[int]) -> SavedFrame:
        """Return some of its rows."""
        numbers = [self.source.numbers[row] for row in rows]
        source = replace(self.source, numbers=numbers)
        return replace(self, frame=self.frame[list(rows)], source=source)


@dataclass(frozen=True, slots=True)
class Saved:
    """A plan that was reviewed.

    Attributes
    ----------
    service, origin : str
        Whom it was made for.
    frames : tuple of SavedFrame
        The rows that it changes; one of a kind at most.
    changes : list of dict
        What was shown.
    expected : int or None
        Deletes that are meant.
    """

    service: str
    origin: str
    frames: tuple[SavedFrame, ...]
    changes: list[dict[str, Any]] = field(default_factory=list)
    expected: int | None = None

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
    content: dict[str, Any] = {
        "cellframe_plan": FORMAT,
        "service": plan.service,
        "origin": plan.origin,
        "summary": plan.summary,
        "notices": list(plan.notices),
        "changes": _shown(plan),
        "expected": plan.expected,
        "frames": [_frame(plan, part) for part in plan.parts],
    }
    return {**content, "digest": _digest(content)}


def _frame(plan: Plan, part: Part) -> dict[str, Any]:
    """Return what is kept of one edited frame: the rows that the plan changes."""
    rows = [s.row for s in plan.rows if s.kind is part.kind and s.row is not None]
    frame = part.edited[rows]
    return {
        "kind": part.kind.name,
        "parent_id": part.parent_id,
        "unit_edit": part.unit_edit,
        "rows": [part.number(row) for row in rows],
        "edited": {label: _column(frame[label]) for label in frame.columns},
        "read": {
            id_: [base.record, base.parents, base.units] for id_, base in sorted(part.bases.items())
        },
        "base_rows": part.base_rows,
        "base_filled": dict(part.base_filled),
    }


def saved_now(plan: Plan) -> Saved:
    """Return a plan as it would be read back from its JSON."""
    return opened(content_of(plan))


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
    frames = tuple(_saved_frame(one) for one in content["frames"])
    return Saved(
        content["service"], content["origin"], frames, content["changes"], content["expected"]
    )


def _saved_frame(content: dict[str, Any]) -> SavedFrame:
    kind = KINDS[content["kind"]]
    kept = {id_: Base(*read) for id_, read in content["read"].items()}
    frame = pl.DataFrame([_series(label, column) for label, column in content["edited"].items()])
    keys = (kind.key, kind.version)
    pairs = frame.select(keys).iter_rows() if set(keys) <= set(frame.columns) else ()
    read = {(str(id_), str(version)): kept[id_] for id_, version in pairs if id_ in kept}
    return SavedFrame(
        kind,
        frame,
        Source(content["rows"], kept=read),
        content["parent_id"],
        content["base_rows"],
        content["base_filled"],
        checked(content["unit_edit"]),
    )


def _shown(plan: Plan) -> list[dict[str, Any]]:
    return plan.table().select(_SEEN).to_dicts()


def _by_place(changes: list[dict[str, Any]]) -> dict[tuple[Any, ...], dict[str, Any]]:
    # A lot that would be created stands for no row: its name places it.
    return {
        (
            change["record"],
            change["row"],
            change["column"],
            change["name"] if change["row"] is None else None,
        ): change
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
