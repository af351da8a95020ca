"""Typed records: what the service sent, with names for what is known, and all the rest kept."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, TypeVar

from cellframe.errors import TransportError


class Record(Mapping[str, Any]):
    """One record as the service sent it.

    Fields are attributes (``inst.name``) and keys (``inst["name"]``), unknown ones too. A record
    does not change: `update` returns a new one.

    Parameters
    ----------
    body : mapping
        The record's JSON object.

    Raises
    ------
    TransportError
        It has no ``id``: the answer is not a record.
    """

    id: str
    name: str
    created_at: str | None
    updated_at: str | None
    organization_id: str | None
    created_by: str | None
    created_by_email: str | None
    notes: str | None

    def __init__(self, body: Mapping[str, Any], *, created: bool = False) -> None:
        given: Any = body
        if not isinstance(given, Mapping) or not isinstance(body.get("id"), str):
            raise TransportError(
                "The service answered with something that is no record: it has no id."
            )
        self._body = dict(body)
        self._created = created

    @property
    def created(self) -> bool:
        """Whether this call made the record; False when it was there already."""
        return self._created

    def __getattr__(self, name: str) -> Any:
        if name.startswith("_"):
            raise AttributeError(name)
        try:
            return self._body[name]
        except KeyError:
            known = ", ".join(sorted(self._body))
            message = f"This {type(self).__name__} has no {name!r}. It has: {known}."
            raise AttributeError(message) from None

    def __getitem__(self, name: str) -> Any:
        return self._body[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._body)

    def __len__(self) -> int:
        return len(self._body)

    def __eq__(self, other: object) -> bool:
        return type(other) is type(self) and self._body == other._body

    __hash__ = None  # type: ignore[assignment] - a record is compared by its values

    def __dir__(self) -> list[str]:
        return sorted({*super().__dir__(), *self._body})

    def to_dict(self) -> dict[str, Any]:
        """Return the record as JSON values, every key as it came."""
        return dict(self._body)

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self._body.get('name')!r}, id={self._body['id']!r})"


class Project(Record):
    """A project: what specs are filed under."""

    description: str | None


class CellSpec(Record):
    """A cell specification: the design of a cell."""

    project_id: str | None
    form_factor: str | None
    manufacturer: str | None
    ratings: dict[str, Any]
    properties: dict[str, Any] | None
    source: dict[str, Any] | None
    anode: dict[str, Any] | None
    cathode: dict[str, Any] | None
    electrolyte: dict[str, Any] | None
    separator: dict[str, Any] | None
    case: dict[str, Any] | None


class CellInstance(Record):
    """A cell instance: one physical cell."""

    cell_specification_id: str
    batch: str | None
    batch_id: str | None
    batch_name: str | None
    date_manufactured: str | None
    measured_properties: dict[str, Any] | None
    measurement_ids: list[str] | None


class CellBatch(Record):
    """A cell batch: the lot that cells were made in."""

    cell_specification_id: str
    project_id: str | None
    date_manufactured: str | None
    properties: dict[str, Any] | None
    instance_count: int


class CellMeasurement(Record):
    """A cell measurement: one test of one cell.

    Attributes
    ----------
    measurement_type : str
        ``time_series``, ``file`` or ``properties``: what the test holds.
    processing_status : str or None
        ``ready`` where steps and cycles are there; ``failed`` where the series could not be
        read, and `processing_error` says why.
    end_time : str or None
        None while the test runs.
    steps_created : int
        Steps found at the upload; in the answer of an upload alone.
    """

    cell_instance_id: str
    measurement_type: str
    protocol: dict[str, Any] | None
    test_setup: dict[str, Any] | None
    properties: dict[str, Any] | None
    start_time: str | None
    end_time: str | None
    tags: list[str]
    processing_status: str | None
    processing_error: str | None
    file_metadata: dict[str, Any] | None
    steps_created: int

    @property
    def has_series(self) -> bool:
        """Whether it holds a time series. Services of the first era do not say."""
        return (self.get("measurement_type") or "time_series") == "time_series"

    @property
    def is_running(self) -> bool:
        """Whether it has begun and not ended."""
        return self.has_series and bool(self.get("start_time")) and not self.get("end_time")

    @property
    def kept(self) -> dict[str, Any]:
        """What the service says of its files: ``rows``, ``size`` in bytes, ``sha256``; may be empty."""
        found = self.get("file_metadata")
        return found if isinstance(found, dict) else {}


R = TypeVar("R", bound=Record)


class RecordList(list[R]):
    """Records in the order of the service.

    Attributes
    ----------
    total : int
        Records that match, on all pages.
    """

    def __init__(self, records: list[R], total: int) -> None:
        super().__init__(records)
        self.total = total
