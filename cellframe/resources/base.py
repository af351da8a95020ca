"""The calls that every kind of record has: create, read, update, delete, and by name."""

from __future__ import annotations

import difflib
import warnings
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import TYPE_CHECKING, Any, Generic, TypeAlias, TypedDict, TypeVar, get_type_hints

from cellframe.contract import routes
from cellframe.errors import (
    AmbiguousNameError,
    ApiError,
    ConfigError,
    ConflictError,
    InvalidRecordError,
    NotFoundError,
    OfflineMissError,
)
from cellframe.resources.paging import read_page, read_records
from cellframe.resources.records import R, Record, RecordList
from cellframe.transport.replies import ask

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from cellframe.contract.records import RecordKind
    from cellframe.resources.connection import Connection

Ref: TypeAlias = "str | Record"
"""An id, a name, ``'SPEC::CELL'``, or a record."""
T = TypeVar("T")
_UNPROCESSABLE = 422


class NameFilters(TypedDict, total=False):
    """Filters of every list; the service applies them.

    ``name`` is a part of the name in any case, in which ``%`` stands for any letters and ``_``
    for one; ``name_exact`` is the whole of it.
    """

    name: str
    name_exact: str


class Filters(NameFilters, total=False):
    """Filters of most lists. Times are ISO texts, UTC where they name no zone."""

    created_by_email: str
    created_after: str
    created_before: str
    updated_after: str
    updated_before: str
    order_by: str
    order: str


class Resource(ABC, Generic[R]):
    """One kind of record of one service."""

    kind: RecordKind
    record: type[R]

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def get(self, ref: Ref) -> R:
        """Read one record.

        Parameters
        ----------
        ref : str or Record
            Its id, its name, or the record.

        Raises
        ------
        NotFoundError
            No record has this id or name; the message has the names that are near.
        AmbiguousNameError
            The name fits several records; `.matches` lists them.
        """
        return self.with_id(ref, self._read)

    def update(self, ref: Ref, fields: Mapping[str, Any]) -> R:
        """Change fields of one record; the fields that are not named stay as they are.

        Parameters
        ----------
        ref : str or Record
            Its id, its name, or the record.
        fields : mapping
            As the service spells them. An object such as ``measured_properties`` is replaced
            whole; a spec's ``ratings`` are merged.

        Returns
        -------
        Record
            As it is now.

        Raises
        ------
        NotFoundError, AmbiguousNameError
            See `get`.
        InvalidRecordError
            A field is unknown, read-only or of the wrong kind.
        ConflictError
            Another record has the new name; `.existing_id`.
        """
        body = self._given_fields(fields)
        return self.with_id(
            ref, lambda id_: self.record(self._ask("PATCH", self._path(id_), body=body))
        )

    def delete(self, ref: Ref) -> None:
        """Delete one record, and everything below it. This acts at once and cannot be undone.

        Parameters
        ----------
        ref : str or Record
            Its id, its name, or the record.

        Raises
        ------
        NotFoundError, AmbiguousNameError
            See `get`. Nothing was deleted.
        """
        self.with_id(ref, lambda id_: self._ask("DELETE", self._path(id_)))

    def _read(self, id_: str) -> R:
        return self.record(self._ask("GET", self._path(id_)))

    def _path(self, id_: str) -> str:
        return routes.one(self.kind.collection, id_)

    def _ask(
        self, method: str, path: str, *, query: Mapping[str, Any] | None = None, body: Any = None
    ) -> Any:
        return ask(self._connection.wire, method, path, query=query, body=body)

    def _list(
        self, path: str, limit: int | None, offset: int | None, query: Mapping[str, Any]
    ) -> RecordList[R]:
        """All pages, or the one that limit and offset ask for."""
        if limit is None and offset is None:
            found = read_records(self._connection, self.kind, path, query)
            return RecordList([self.record(body) for body in found], len(found))
        asked = {**query, "limit": limit, "offset": offset}
        found, total = read_page(self._connection, path, asked)
        return RecordList([self.record(body) for body in found], total)

    def _given_fields(self, fields: Mapping[str, Any]) -> dict[str, Any]:
        given: Any = fields
        if isinstance(given, Mapping):
            return dict(fields)
        message = (
            f"A {self.kind.noun} is made from a dict of fields, not from a {type(given).__name__}."
        )
        raise InvalidRecordError(f"{message} Nothing was sent.")

    def _create(self, path: str, fields: Mapping[str, Any]) -> R:
        return self.record(self._ask("POST", path, body=self._given_fields(fields)), created=True)

    def _get_if_taken(self, make: Callable[[], R], fields: Mapping[str, Any]) -> R:
        """Return the record made, or the one that has its name; a warning where they differ."""
        try:
            return make()
        except ConflictError as fault:
            if fault.existing_id is None:
                raise
            found = self.get(fault.existing_id)
        differing = [
            name
            for name, value in fields.items()
            if not _is_within(value, self._given(found, name))
        ]
        if differing:
            message = (
                f"The {self.kind.noun} {found.name!r} exists already, with another {', '.join(differing)}; "
                "it was left as it is. To change it: update()."
            )
            warnings.warn(message, stacklevel=3)
        return found

    def _given(self, found: Record, name: str) -> Any:
        try:
            return self.kind.field(name).value(found)
        except KeyError:
            return found.get(name)

    def with_id(self, ref: Ref, call: Callable[[str], T], within: Ref | None = None) -> T:
        """Call with an id. Text is used as an id first: no request more when it is one.

        Parameters
        ----------
        within : id, name or record, optional
            The parent among whose children a name is looked up.
        """
        if isinstance(ref, Record):
            return call(ref.id)
        given: Any = ref
        if not isinstance(given, str) or not given.strip():
            message = f"{given!r} names no {self.kind.noun}. Give an id, a name or a record."
            raise NotFoundError(message, status=404)
        try:
            # A path folds . and .. away, so neither is ever an id.
            if ref not in {".", ".."}:
                return call(ref)
            missing: ApiError = NotFoundError("", status=404)
        except NotFoundError as fault:
            missing = fault
        except InvalidRecordError as fault:
            if fault.status != _UNPROCESSABLE:
                raise
            missing = fault
        except OfflineMissError as miss:
            return call(self._by_kept_name(ref, miss, within))
        return call(self._by_name(ref, missing, within))

    def _by_kept_name(self, name: str, miss: OfflineMissError, within: Ref | None) -> str:
        """Return the id of a name that was looked up before: that it is no id is never kept.

        Raises
        ------
        OfflineMissError
            `miss`, where the name was not looked up either.
        """
        with suppress(NotFoundError, OfflineMissError):
            return self._by_name(name, NotFoundError("", status=404), within)
        raise miss

    def _by_name(self, name: str, missing: ApiError, within: Ref | None) -> str:
        """Return the id of the one record with this name.

        Raises
        ------
        NotFoundError, AmbiguousNameError
            There is none, or several. What the service said of the text as an id is raised
            instead where it said more than that there is no such record.
        """
        found = list(self._named(name, within))
        if len(found) == 1:
            return found[0][1]
        if found:
            listed = "; ".join(f"{full!r} is {id_}" for full, id_ in found)
            message = f"{name!r} fits {len(found)} {self.kind.noun}s: {listed}. Give one of these names, or the id."
            raise AmbiguousNameError(message, found)
        if not isinstance(missing, NotFoundError):
            raise missing
        raise NotFoundError(
            self._not_found(name), status=404, code=missing.code, request=missing.request
        )

    def _not_found(self, name: str) -> str:
        near = difflib.get_close_matches(
            name, sorted(set(map(str, self._names()))), n=3, cutoff=0.6
        )
        advice = "Did you mean " + " or ".join(map(repr, near)) + "?" if near else ""
        return f"No {self.kind.noun} has the id or the name {name!r}. {advice}".strip()

    @abstractmethod
    def _named(self, name: str, within: Ref | None) -> Iterator[tuple[str, str]]:
        """Full name and id of every record with exactly this name, or of those of one parent."""

    @abstractmethod
    def _names(self) -> Sequence[str]:
        """Return some names that there are, for a guess at what was meant."""


def query_of(filters: Mapping[str, Any], known: type[NameFilters]) -> dict[str, Any]:
    """Return filters as the query of a list."""
    check_known(filters, known, "filter")
    _check_order(filters)
    spelled: dict[str, Any] = {}
    for name, value in filters.items():
        if value is None:
            continue
        if name == "name_exact":
            spelled["name"] = f"eq.{value}"
        elif name == "name" and "name_exact" not in filters:
            spelled["name"] = f"ilike.%{value}%"
        elif name == "created_by_email":
            spelled[name] = f"ilike.%{value}%"
        elif name == "form_factor":
            spelled[name] = f"eq.{value}"
        elif name != "name":
            spelled[_TIMES.get(name, name)] = value
    return spelled


def check_known(given: Mapping[str, Any], known: type[Any], noun: str) -> None:
    """Refuse a name that there is not: left out in silence, it would change what is meant."""
    names = known.__annotations__ if noun != "filter" else get_type_hints(known)
    for name in given:
        if name not in names:
            near = difflib.get_close_matches(name, names, n=1, cutoff=0.5)
            advice = f"Did you mean {near[0]!r}? " if near else ""
            message = f"There is no {noun} {name!r}. {advice}There are: {', '.join(names)}."
            raise ConfigError(message)


def _check_order(filters: Mapping[str, Any]) -> None:
    """Refuse an order that there is not, before a frame in an order of its own hides it."""
    for name, words in _ORDERS.items():
        word = filters.get(name)
        if word is not None and word not in words:
            near = difflib.get_close_matches(str(word), words, n=1, cutoff=0.5)
            advice = f"Did you mean {near[0]!r}? " if near else ""
            message = f"There is no {name}={word!r}. {advice}There are: {', '.join(words)}."
            raise ConfigError(message)


_ORDERS = {
    "order_by": ("name", "created_at", "updated_at", "start_time"),
    "order": ("asc", "desc"),
}
_TIMES = {
    "created_after": "created_at_gt",
    "created_before": "created_at_lt",
    "updated_after": "updated_at_gt",
    "updated_before": "updated_at_lt",
    "started_after": "start_time_gt",
    "started_before": "start_time_lt",
}


def _is_within(given: Any, found: Any) -> bool:
    """Whether a record has everything that was given."""
    if isinstance(given, Mapping) and isinstance(found, Mapping):
        return all(_is_within(value, found.get(key)) for key, value in given.items())
    if isinstance(given, str) and isinstance(found, str):
        # A date comes back as midnight of its day.
        return found in {given, f"{given}T00:00:00Z"}
    return bool(given == found)
