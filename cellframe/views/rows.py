"""Changes by cell become rows by kind: those to decide first, as many as there is space for."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from cellframe.views.clean import cut, window

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    import polars as pl

    from cellframe.views.parts import PlanParts, ReceiptParts

    Lines = Sequence[Mapping[str, Any]]

TO_DECIDE = ("conflict", "invalid", "exists")
LISTED = ("create", "delete", "lot")
THREE_WAY = ("conflict", "exists")
KINDS = (*TO_DECIDE, "delete", "lot", "update", "create", "already_there", "other")
OUTCOMES = ("unknown", "failed", "conflict", "invalid", "not_attempted", "other", "ok", "unchanged")
GOOD = ("ok", "unchanged")
CLASSES = ("change", "clear", "already_there", "conflict", "invalid")
NAME = 48
MESSAGE = 400
_FEW = 3
# What would be deleted is seen, whatever there is to decide.
_LEAST = {"delete": 12}


@dataclass(frozen=True, slots=True)
class Cell:
    """One changed cell, ready to be shown.

    Attributes
    ----------
    kind : str
        change, clear, already_there, conflict, invalid or other.
    column : str
        Label of the column.
    read, have, now : str or None
        As the user read it, as the user has it, as the service has it now; None is empty.
    message : str
        What is wrong with it, or who changed it.
    """

    kind: str
    column: str
    read: str | None
    have: str | None
    now: str | None
    message: str

    @property
    def old(self) -> str | None:
        """What would be replaced; without a known base, what the service has."""
        return self.now if self.read is None else self.read


@dataclass(frozen=True, slots=True)
class Row:
    """One record of a plan, ready to be shown.

    Attributes
    ----------
    kind : str
        One of `KINDS`.
    label : str
        Its name, else its id, else its position.
    id : str
        Its id; empty for a new record.
    noun : str
        What it is (cell, spec), in a plan of several kinds; else empty.
    cells : tuple of Cell
        The cells that are shown.
    hidden : int
        Cells that there was no space for.
    messages : tuple of str
        What is said about the whole row.
    """

    kind: str
    label: str
    id: str
    noun: str
    cells: tuple[Cell, ...]
    hidden: int
    messages: tuple[str, ...]

    @property
    def called(self) -> str:
        """What it is and its name, as a line of text begins."""
        return f"{self.noun} {self.label}".lstrip()


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one record, ready to be shown.

    Attributes
    ----------
    kind : str
        One of `OUTCOMES`.
    word : str
        The outcome as people say it.
    label, id : str
        Name and id of the record.
    code : str
        Status and code of the answer.
    message : str
        Why.
    request_id : str
        What the service calls the request.
    """

    kind: str
    word: str
    label: str
    id: str
    code: str
    message: str
    request_id: str


@dataclass(frozen=True, slots=True)
class Space:
    """How much of a plan there is space for.

    Attributes
    ----------
    weight : int
        Sum of what the rows weigh.
    cells : int
        Cells of one row.
    value : int
        Characters of one value.
    """

    weight: int
    cells: int
    value: int


@dataclass(frozen=True, slots=True)
class Shown:
    """The rows that are shown, by kind.

    Attributes
    ----------
    rows : mapping of str to sequence of Row
        Kinds in the order of `KINDS`, none of them empty.
    totals : mapping of str to int
        Rows of each kind, with those that are not shown.
    more : int
        Rows that are not shown.
    """

    rows: Mapping[str, Sequence[Row]]
    totals: Mapping[str, int]
    more: int


def plan_rows(parts: PlanParts, space: Space, weight: Callable[[str, int], int]) -> Shown:
    """Group changes by row, and choose the rows that are shown.

    Parameters
    ----------
    parts : PlanParts
        The plan.
    space : Space
        How much there is space for.
    weight : callable
        What a row of this kind, with that many cells, takes of the space.

    Returns
    -------
    Shown
        Some rows of every kind; after that, those to decide come before the others.
    """
    groups, totals = _grouped(parts.changes, space.weight)
    least = {kind: _LEAST.get(kind, _FEW) for kind in groups}
    chosen: dict[str, list[Lines]] = {kind: of[: least[kind]] for kind, of in groups.items()}
    left = space.weight
    left -= sum(weight(kind, len(lines)) for kind, found in chosen.items() for lines in found)
    for kind, found in groups.items():
        for lines in found[least[kind] :]:
            left -= weight(kind, len(lines))
            if left < 0:
                break
            chosen[kind].append(lines)
    twins = Counter(lines[0]["name"] for found in chosen.values() for lines in found)
    mixed = is_mixed(parts.changes)
    rows = {
        kind: [
            _row(kind, lines, space, twin=twins[lines[0]["name"]] > 1, mixed=mixed)
            for lines in found
        ]
        for kind, found in chosen.items()
    }
    return Shown(rows, totals, sum(totals.values()) - sum(map(len, rows.values())))


def outcomes(parts: ReceiptParts, limit: int) -> tuple[list[Outcome], int]:
    """Rows of a receipt that a person should look at, and how many more there are.

    Parameters
    ----------
    parts : ReceiptParts
        The receipt.
    limit : int
        Rows that are shown.

    Returns
    -------
    list of Outcome
        Every row that is not ok, the unclear ones first, then rows that are ok but carry a note. A
        row that was not attempted and has no message of its own is counted only.
    int
        Rows that are not shown.
    """
    found = [line for line in parts.results.iter_rows(named=True) if _is_told(line)]
    found.sort(key=lambda line: OUTCOMES.index(_known(line["outcome"], OUTCOMES)))
    mixed = is_mixed(parts.results)
    shown = [_outcome(line, mixed=mixed) for line in found[:limit]]
    return shown, max(0, len(found) - limit)


def text_of(value: object) -> str:
    """Write a field of a frame; nothing is empty text."""
    return "" if value is None else str(value)


def is_mixed(changes: pl.DataFrame) -> bool:
    """Tell whether the rows of a plan are records of several kinds."""
    return changes.filter(changes["row"].is_not_null())["record"].n_unique() > 1


def _is_told(line: Mapping[str, Any]) -> bool:
    return bool(line["message"]) or line["outcome"] not in {*GOOD, "not_attempted"}


_RECORD = ["record", "row", "id", "name"]


def _grouped(changes: pl.DataFrame, most: int) -> tuple[dict[str, list[Lines]], dict[str, int]]:
    """Return the lines of the first records of each kind, and how many records there are."""
    import polars as pl

    records = changes.group_by(_RECORD, maintain_order=True).agg(_kind().first().alias("_kind"))
    counts = dict(records["_kind"].value_counts().iter_rows())
    first = records.filter(pl.int_range(pl.len()).over("_kind") < most)
    shown = changes.join(first, on=_RECORD, nulls_equal=True, maintain_order="left")
    groups: dict[str, dict[tuple[object, ...], list[Mapping[str, Any]]]] = {}
    for line in shown.iter_rows(named=True):
        of_kind = groups.setdefault(line["_kind"], {})
        of_kind.setdefault(tuple(line[name] for name in _RECORD), []).append(line)
    found = [kind for kind in KINDS if kind in groups]
    return {k: list(groups[k].values()) for k in found}, {k: counts[k] for k in found}


def _kind() -> pl.Expr:
    """Return what kind of row a line belongs to: a lot that no row stands for is one of its own."""
    import polars as pl

    action = pl.col("action")
    is_lot = pl.col("row").is_null() & ~action.is_in(TO_DECIDE).fill_null(value=False)
    known = pl.when(action.is_in(KINDS)).then(action).otherwise(pl.lit("other"))
    return pl.when(is_lot).then(pl.lit("lot")).otherwise(known)


def _known(word: object, words: Sequence[str]) -> str:
    return str(word) if word in words else "other"


def _row(kind: str, lines: Lines, space: Space, *, twin: bool, mixed: bool) -> Row:
    filled = [line for line in lines if kind != "lot" and line["column"] and not _is_name(line)]
    whole = _said_of_all(kind, lines)
    cells = [cell_of(line, space.value, whole) for line in filled[: space.cells]]
    return Row(
        kind,
        _label(lines[0], twin=twin),
        cut(text_of(lines[0]["id"]), NAME),
        cut(text_of(lines[0]["record"]), NAME) if mixed and kind != "lot" else "",
        tuple(cells),
        max(0, len(filled) - space.cells),
        tuple(cut(message, MESSAGE) for message in whole),
    )


def _is_name(line: Mapping[str, Any]) -> bool:
    """Tell whether a new record is only named by this line: its label says so already."""
    is_new = line["action"] in {"create", "exists"} and line["column"] == line["record"]
    return is_new and line["you_have"] == line["name"]


def _said_of_all(kind: str, lines: Lines) -> list[str]:
    """Find what is said about a row, not about one of its cells: each message once."""
    messages = [text_of(line["message"]) for line in lines]
    is_repeated = len(lines) > 1 and len(set(messages)) == 1
    is_whole = is_repeated or kind in {"lot", "exists", "delete"}
    whole = [
        message
        for message, line in zip(messages, lines, strict=True)
        if message and (is_whole or not line["column"])
    ]
    return list(dict.fromkeys(whole))


def _label(line: Mapping[str, Any], *, twin: bool = False) -> str:
    place = "" if line["row"] is None else f"row {line['row']}"
    name = text_of(line["name"]).strip()
    if not name:
        return cut(text_of(line["id"]) or place or "unnamed", NAME)
    return f"{cut(name, NAME)} ({place})" if twin and place else cut(name, NAME)


def cell_of(line: Mapping[str, Any], longest: int, whole: Sequence[str] = ()) -> Cell:
    """Make one line of a plan ready to be shown.

    Parameters
    ----------
    line : mapping
        A row of `PlanParts.changes`.
    longest : int
        Characters of a value that are kept.
    whole : sequence of str
        Messages that are said of the whole row, and so not of this cell.
    """
    read, have, now = window(line["you_read"], line["you_have"], line["server_now"], longest)
    kind = _known(line["class"], CLASSES)
    column = cut(text_of(line["column"]), NAME)
    message = text_of(line["message"])
    return Cell(kind, column, read, have, now, "" if message in whole else cut(message, MESSAGE))


def _outcome(line: Mapping[str, Any], *, mixed: bool) -> Outcome:
    noun = f"{cut(text_of(line['record']), NAME)} " if mixed else ""
    return Outcome(
        _known(line["outcome"], OUTCOMES),
        cut(text_of(line["outcome"]).replace("_", " "), NAME),
        noun + _label(line),
        cut(text_of(line["id"]), NAME),
        cut(f"{text_of(line['status'])} {text_of(line['code'])}".strip(), NAME),
        cut(text_of(line["message"]), MESSAGE),
        cut(text_of(line["request_id"]), NAME),
    )
