"""Which records does a list hold, and in which order?"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from sqlalchemy import ColumnElement, Table, or_, select

from cellframe.contract.records import COMPONENTS, MEASUREMENT_TYPES
from cellframe.contract.routes import MAX_PAGE
from cellframe.server.clock import read_time
from cellframe.server.names import folded
from cellframe.server.refusals import Fault, invalid
from cellframe.server.strict import text_fault
from cellframe.server.tables import cells, components, specs, tags, tests

if TYPE_CHECKING:
    from collections.abc import Iterable

_OPERATORS = ("eq", "ilike", "like")
_ORDERS = ("name", "created_at", "updated_at")
_LONGEST_VALUE = 1000
LARGEST_OFFSET = 10**18 - 1
_WHOLE = re.compile(r"-?[0-9]{1,18}", re.ASCII)
_YES = {"true": True, "1": True, "false": False, "0": False, "": False}


@dataclass
class Query:
    """The query of one request; every fault in it is gathered before it is refused.

    Where a parameter that takes one value repeats, its last counts, as in web frameworks.
    """

    pairs: Iterable[tuple[str, str]]
    faults: list[Fault] = field(default_factory=list[Fault])

    def __post_init__(self) -> None:
        self._values: dict[str, list[str]] = {}
        for name, value in self.pairs:
            self._values.setdefault(name, []).append(value)
            if text_fault(value) or len(value) > _LONGEST_VALUE:
                self.fault(name, f"At most {_LONGEST_VALUE} readable characters", None)
        self.check()

    def fault(self, name: str, message: str, value: str | None) -> None:
        """Note what is wrong with a parameter."""
        self.faults.append(Fault((name,), message, "value_error", value))

    def check(self) -> None:
        """Refuse the query if anything is wrong with it."""
        if self.faults:
            raise invalid(self.faults, "query")

    def all(self, name: str) -> list[str]:
        """Read every value of a parameter."""
        return self._values.get(name, [])

    def one(self, name: str) -> str | None:
        """Read a parameter."""
        return self.all(name)[-1] if self.all(name) else None

    def whole(self, name: str, default: int, least: int, most: int) -> int:
        """Read a whole number in a range."""
        text = self.one(name)
        if text is None:
            return default
        if not _WHOLE.fullmatch(text) or not least <= int(text) <= most:
            self.fault(name, f"A whole number from {least} to {most} is required", text)
            return default
        return int(text)

    def choice(self, name: str, default: str, options: Iterable[str]) -> str:
        """Read one of several words."""
        text = self.one(name)
        if text is None or text in options:
            return default if text is None else text
        self.fault(name, f"One of {', '.join(options)} is required", text)
        return default

    def yes(self, name: str) -> bool:
        """Read a switch."""
        text = (self.one(name) or "").lower()
        if text not in _YES:
            self.fault(name, "true or false is required", text)
        return _YES.get(text, False)

    def time(self, name: str) -> int | None:
        """Read an ISO time, in microseconds."""
        text = self.one(name)
        try:
            return None if text is None else read_time(text)
        except (ValueError, OverflowError):
            self.fault(name, "An ISO date and time is required, as 2025-01-31T00:00:00Z", text)
            return None


def is_trial(pairs: Iterable[tuple[str, str]]) -> bool:
    """Tell whether nothing of a write is to be kept; 422 where ``dry_run`` does not say which."""
    asked = {value.lower() for name, value in pairs if name == "dry_run"}
    said = {_YES.get(value) for value in asked}
    # Elsewhere blank means no, and the last of several counts; here somebody may have meant yes.
    if "" in asked or None in said or len(said) > 1:
        raise invalid([Fault(("dry_run",), "true or false is required, once")], "query")
    return True in said


def operand(value: str) -> tuple[str, str]:
    """Split ``ilike.%a%`` into its operator and its value; without a known one it is exact.

    ``eq.`` is one of three prefixes, so a name such as ``v1.2`` needs none.
    """
    operator, dot, rest = value.partition(".")
    return (operator, rest) if dot and operator in _OPERATORS else ("eq", value)


def text_matches(
    column: ColumnElement[Any], in_lower_case: ColumnElement[Any], value: str
) -> ColumnElement[bool]:
    """Compare a text as the query's operator says."""
    operator, wanted = operand(value)
    if operator == "eq":
        return column == wanted
    wanted = re.sub("%+", "%", wanted)
    if operator == "ilike":
        # The stored side is folded too, since SQLite ignores the case of ASCII alone.
        return in_lower_case.like(folded(wanted))
    # SQLite's LIKE never minds the case; its GLOB always does.
    glob = re.sub(r"[\[*?]", r"[\g<0>]", wanted).replace("%", "*").replace("_", "?")
    return column.op("GLOB", is_comparison=True)(glob)


def common(query: Query, table: Table) -> list[ColumnElement[bool]]:
    """Read the filters that every list of records takes."""
    found: list[ColumnElement[bool]] = []
    name, email = query.one("name"), query.one("created_by_email")
    if name is not None:
        found.append(text_matches(table.c.name, table.c.folded_name, name))
    if email is not None:
        found.append(text_matches(table.c.created_by_email, table.c.created_by_email, email))
    times = (table.c.created_at, table.c.updated_at)
    return [*found, *(bound for time in times for bound in _between(query, time))]


def _between(query: Query, time: ColumnElement[Any]) -> list[ColumnElement[bool]]:
    after, before = query.time(f"{time.key}_gt"), query.time(f"{time.key}_lt")
    found = [] if after is None else [time > after]
    return found if before is None else [*found, time < before]


def of_specs(query: Query) -> list[ColumnElement[bool]]:
    """Read the filters of a list of specs."""
    found = common(query, specs)
    form, project = query.one("form_factor"), query.one("project_id")
    if form is not None:
        found.append(text_matches(specs.c.form_factor, specs.c.form_factor, form))
    if project is not None:
        found.append(specs.c.project_id == project)
    found.extend(specs.c.id != excluded for excluded in query.all("exclude_cell_spec_id"))
    return [*found, *_made_of(query)]


def _made_of(query: Query) -> list[ColumnElement[bool]]:
    """Read the filters by material: any of several in any slot, or one in a slot of its own.

    Filters on several slots are joined by "or": the client asks them together for specs that
    share at least one part.
    """
    found: list[ColumnElement[bool]] = []
    anywhere = [*query.all("material_id"), *query.all("material_ids")]
    if anywhere:
        found.append(or_(*(_uses(slot, anywhere) for slot in COMPONENTS)))
    asked = {slot: query.all(f"{slot}_material_id") for slot in COMPONENTS}
    slots = [_uses(slot, wanted) for slot, wanted in asked.items() if wanted]
    if slots:
        found.append(or_(*slots))
    return found


def _uses(slot: str, wanted: list[str]) -> ColumnElement[bool]:
    parts = select(components.c.id).where(components.c.material_id.in_(wanted))
    return specs.c[f"{slot}_id"].in_(parts)


def of_cells(query: Query) -> list[ColumnElement[bool]]:
    """Read the filters of a list of cells."""
    found = common(query, cells)
    lot = query.one("batch_id")
    return found if lot is None else [*found, cells.c.batch_id == lot]


def of_tests(query: Query) -> list[ColumnElement[bool]]:
    """Read the filters of a list of tests."""
    found = [*common(query, tests), *_between(query, tests.c.start_time)]
    if query.one("measurement_type") is not None:
        kind = query.choice("measurement_type", "", MEASUREMENT_TYPES)
        found.append(tests.c.measurement_type == kind)
    found.extend(_is_tagged([tag]) for tag in query.all("tags_all"))
    any_of = query.all("tags_any")
    return [*found, _is_tagged(any_of)] if any_of else found


def _is_tagged(wanted: list[str]) -> ColumnElement[bool]:
    spellings = [folded(tag.strip()) for tag in wanted]
    return tests.c.id.in_(select(tags.c.measurement_id).where(tags.c.folded.in_(spellings)))


def of_lab(query: Query, project: str | None = None) -> list[ColumnElement[bool]]:
    """Read the filters of the list of all tests: by project, spec or cell, and free text.

    Parameters
    ----------
    project : str, optional
        Id of the project, where the path names it.
    """
    found = of_tests(query)
    spec, cell, text = map(query.one, ("cell_specification_id", "cell_instance_id", "q"))
    project = project or query.one("project_id")
    members = select(cells.c.id).join(specs, specs.c.id == cells.c.cell_specification_id)
    if project is not None:
        found.append(tests.c.cell_instance_id.in_(members.where(specs.c.project_id == project)))
    if spec is not None:
        found.append(tests.c.cell_instance_id.in_(members.where(specs.c.id == spec)))
    if cell is not None:
        found.append(tests.c.cell_instance_id == cell)
    if text is not None:
        found.append(tests.c.folded_text.contains(folded(text), autoescape=True))
    return found


@dataclass(frozen=True, slots=True)
class Page:
    """A part of a list: order, limit and offset."""

    order: tuple[ColumnElement[Any], ...]
    limit: int
    offset: int


def page(query: Query, table: Table, default_limit: int = MAX_PAGE) -> Page:
    """Read which part of the list is asked for, newest first unless told otherwise."""
    orders = (*_ORDERS, "start_time") if table is tests else _ORDERS
    column = table.c[query.choice("order_by", "created_at", orders)]
    falling = query.choice("order", "desc", ("asc", "desc")) == "desc"
    limit = query.whole("limit", default_limit, 1, MAX_PAGE)
    offset = query.whole("offset", 0, 0, LARGEST_OFFSET)
    query.check()
    # Ties go the same way, so that an index can be read in its own order.
    ordered = (column, table.c.id)
    return Page(tuple(c.desc() if falling else c.asc() for c in ordered), limit, offset)
