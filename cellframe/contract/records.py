"""The one description of each kind of record.

A `RecordKind` is a table of `Field`s. Decoding into frames, checks, schemas, the diff and the
service's request models are generated from it: to add a field, add a row here.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING
from unicodedata import normalize

from cellframe.contract import routes

if TYPE_CHECKING:
    from collections.abc import Mapping

COMPONENTS = ("cathode", "anode", "electrolyte", "separator", "case")
"""Parts of a spec, spelled as on the wire."""
MEASURED_COMPONENTS = ("cell", *COMPONENTS)
"""What a property measured on one cell may belong to."""
NAME_LENGTH = 255


class Type(Enum):
    """What a field holds on the wire."""

    ID = "an opaque id"
    NAME = "text of 1 to 255 characters"
    TEXT = "text"
    DATE = "a date, answered as midnight UTC"
    TIME = "an ISO time, as 2026-01-31T08:00:00Z"
    INTEGER = "a whole number"
    NUMBER = "a number"
    BOOLEAN = "true or false"
    WORD = "one of a few words"
    LABEL = "text or a number, such as a channel's"
    TAGS = "a list of texts"
    QUANTITIES = "an object of quantities {value, unit} and texts, any depth"
    COMPONENT = "a part: {properties, material}"
    OBJECT = "an object nobody declared further"
    IDS = "a list of ids"


class Shown(Enum):
    """When a field is a column."""

    ALWAYS = "always"
    ON_REQUEST = 'only with columns="all"'
    NEVER = "never"


@dataclass(frozen=True, slots=True)
class Field:
    """One field of a record.

    Attributes
    ----------
    name : str
        The key on the wire.
    type : Type
        What it holds.
    label : str
        Its column in a frame; the wire's key where empty. For `Type.QUANTITIES` the prefix of
        its columns, which may be empty: ``measured_properties.cathode.loading`` is
        ``cathode.loading``.
    settable : bool
        Whether the service accepts it in a create.
    patchable : bool
        Whether the service accepts it in an update.
    editable : bool
        Whether an edit of its column becomes a call.
    required : bool
        Whether a record cannot be without it.
    merged : bool
        Whether an update of the object keeps the keys it does not name; otherwise the object
        is replaced whole.
    derived : bool
        Whether the service computes it from other records; such a field is no part of a
        comparison.
    shown : Shown
        When it is a column.
    instead : str
        The column to edit instead of this one.
    read_from : str
        Another key that holds the value where a record has it: newer services answer the lot's
        name as ``batch_name``.
    without_case : bool
        Whether two texts that differ in case alone are the same value.
    refers_to : str
        Kind of the record whose name this text is; a service that keeps such records takes
        their id, in the field `sent_as`.
    sent_as : str
        See `refers_to`.
    words : tuple of str
        What a `Type.WORD` may be, its default first.

    Notes
    -----
    A name with a dot, as in ``protocol.name``, is one key of the object before the dot: a column
    of its own in frames, while the object is what travels.
    """

    name: str
    type: Type
    label: str = ""
    settable: bool = False
    patchable: bool = False
    editable: bool = False
    required: bool = False
    merged: bool = False
    derived: bool = False
    shown: Shown = Shown.ALWAYS
    instead: str = ""
    read_from: str = ""
    without_case: bool = False
    refers_to: str = ""
    sent_as: str = ""
    words: tuple[str, ...] = ()

    def __repr__(self) -> str:
        return f"Field({self.name!r})"

    @property
    def is_key_of_object(self) -> bool:
        """Whether it is one key of another field's object, and no field of the body."""
        return "." in self.name

    @property
    def column(self) -> str:
        """The column's label."""
        label = self.label or self.name
        return f"{label} [UTC]" if self.type is Type.TIME else label

    def value(self, record: Mapping[str, object]) -> object:
        """Return what a record holds in this field; None where it does not."""
        if self.read_from and self.read_from in record:
            return record[self.read_from]
        outer, _, key = self.name.partition(".")
        found = record.get(outer)
        if not key:
            return found
        return found.get(key) if isinstance(found, dict) else None


# There is one of each: compared by their fields, they would be slow keys of caches.
@dataclass(frozen=True, slots=True, eq=False)
class RecordKind:
    """One kind of record.

    Attributes
    ----------
    name : str
        The service's name for it, as in ``cell_instance``.
    noun : str
        What people call one, which is also the column of its name: ``cell``.
    collection : str
        Path under which single records lie.
    under_parent : str
        Path of the records of one parent, below the parent's own; empty for a kind without.
    parent : str
        Name of the parent's kind; empty for a kind without.
    fields : tuple of Field
        The table.
    unique_without_case : bool
        Whether two names that differ in case alone are the same name.
    summaries : tuple of str
        Columns about other records, which frames may carry: told here, never compared or sent.
    has_data : bool
        Whether one is made together with its data, so that no row of a frame makes one.
    """

    name: str
    noun: str
    collection: str
    fields: tuple[Field, ...]
    parent: str = ""
    under_parent: str = ""
    unique_without_case: bool = False
    summaries: tuple[str, ...] = ()
    has_data: bool = False

    def __repr__(self) -> str:
        return self.name.upper()

    @property
    def key(self) -> str:
        """Column of the id, as in ``instance_id``."""
        return f"{self.name.removeprefix('cell_').replace('specification', 'spec')}_id"

    @property
    def version(self) -> str:
        """Column of the opaque version, as in ``instance_version``."""
        return self.key.removesuffix("_id") + "_version"

    @property
    def parent_field(self) -> str:
        """The field that holds the parent's id; empty for a kind without a parent."""
        return f"{self.parent}_id" if self.parent else ""

    @property
    def parent_noun(self) -> str:
        """Column of the parent's name; empty for a kind without a parent."""
        return KINDS[self.parent].noun if self.parent else ""

    def name_key(self, name: str) -> str:
        """Return what two names have in common that no two records may have."""
        return normalize("NFC", name).casefold() if self.unique_without_case else name

    def below(self, parent_id: str) -> str:
        """Path of the records of one parent."""
        return routes.below(KINDS[self.parent].collection, parent_id, self.under_parent)

    def field(self, name: str) -> Field:
        """Return the field of this wire name.

        Raises
        ------
        KeyError
            The table has no such field.
        """
        for row in self.fields:
            if row.name == name:
                return row
        raise KeyError(name)


def _read_only(name: str, type_: Type, **more: object) -> Field:
    return Field(name, type_, shown=Shown.ON_REQUEST, **more)  # type: ignore[arg-type]


_ORIGIN = (
    _read_only("created_at", Type.TIME),
    _read_only("updated_at", Type.TIME, derived=True),
    _read_only("created_by", Type.TEXT),
    _read_only("created_by_email", Type.TEXT),
    _read_only("organization_id", Type.ID),
)
"""Who and when; the service sets it."""


def _free(name: str, type_: Type, **more: object) -> Field:
    """Return a field that people fill in: create, update and edit."""
    return Field(name, type_, settable=True, patchable=True, editable=True, **more)  # type: ignore[arg-type]


def _part(name: str) -> Field:
    return Field(name, Type.COMPONENT, settable=True, patchable=True)


PROJECT = RecordKind(
    name="project",
    noun="project",
    collection=routes.PROJECTS,
    fields=(
        Field("id", Type.ID, label="project_id", required=True),
        _free("name", Type.NAME, label="project", required=True),
        _free("description", Type.TEXT),
        *_ORIGIN,
    ),
)

CELL_SPEC = RecordKind(
    name="cell_specification",
    noun="spec",
    collection=routes.SPECS,
    fields=(
        Field("id", Type.ID, label="spec_id", required=True),
        _free("name", Type.NAME, label="spec", required=True),
        _free("form_factor", Type.TEXT),
        _free("manufacturer", Type.TEXT),
        _free("ratings", Type.QUANTITIES, label="ratings", merged=True),
        Field("properties", Type.QUANTITIES, label="properties", settable=True, patchable=True),
        *(_part(name) for name in COMPONENTS),
        Field("source", Type.OBJECT, settable=True, patchable=True, shown=Shown.ON_REQUEST),
        _free("notes", Type.TEXT),
        Field("project_id", Type.ID, settable=True, shown=Shown.ON_REQUEST),
        *(Field(f"{name}_id", Type.ID, derived=True, shown=Shown.NEVER) for name in COMPONENTS),
        Field("instance_ids", Type.IDS, derived=True, shown=Shown.NEVER),
        *_ORIGIN,
    ),
)

CELL_INSTANCE = RecordKind(
    name="cell_instance",
    noun="cell",
    collection=routes.CELLS,
    parent="cell_specification",
    under_parent="/cell_instances",
    summaries=("tests", "tests_running", "last_test_end [UTC]"),
    fields=(
        Field("id", Type.ID, label="instance_id", required=True),
        Field("cell_specification_id", Type.ID, label="spec_id", required=True),
        _free("name", Type.NAME, label="cell", required=True),
        _free(
            "batch",
            Type.TEXT,
            read_from="batch_name",
            without_case=True,
            refers_to="cell_batch",
            sent_as="batch_id",
        ),
        _free("date_manufactured", Type.DATE),
        _free("measured_properties", Type.QUANTITIES),
        _free("notes", Type.TEXT),
        Field(
            "batch_id",
            Type.ID,
            settable=True,
            patchable=True,
            derived=True,
            shown=Shown.ON_REQUEST,
            instead="batch",
        ),
        Field("batch_name", Type.TEXT, derived=True, shown=Shown.NEVER),
        Field("measurement_ids", Type.IDS, derived=True, shown=Shown.NEVER),
        *_ORIGIN,
    ),
)

CELL_BATCH = RecordKind(
    name="cell_batch",
    noun="lot",
    collection=routes.LOTS,
    parent="cell_specification",
    under_parent="/cell_batches",
    unique_without_case=True,
    fields=(
        Field("id", Type.ID, label="batch_id", required=True),
        Field("cell_specification_id", Type.ID, label="spec_id", required=True),
        _free("name", Type.NAME, label="lot", required=True),
        _free("date_manufactured", Type.DATE),
        _free("properties", Type.QUANTITIES, label="properties"),
        _free("notes", Type.TEXT),
        Field("project_id", Type.ID, derived=True, shown=Shown.ON_REQUEST),
        Field("instance_count", Type.INTEGER, derived=True, shown=Shown.ON_REQUEST),
        *(row for row in _ORIGIN if row.name != "created_by_email"),
    ),
)

TIME_SERIES, FILES, PROPERTIES = "time_series", "file", "properties"
MEASUREMENT_TYPES = (TIME_SERIES, FILES, PROPERTIES)
"""What a test holds, the default first."""
PENDING, RUNNING, READY, FAILED = "pending", "running", "ready", "failed"
"""What becomes of uploaded data: not looked at yet, being looked at, its steps and cycles are
there, unreadable."""


def _key(name: str, type_: Type = Type.TEXT, label: str = "") -> Field:
    """Return one key of an object as a column of its own."""
    return Field(name, type_, label=label, editable=True)


CELL_MEASUREMENT = RecordKind(
    name="cell_measurement",
    noun="test",
    collection=routes.TESTS,
    parent="cell_instance",
    under_parent="/cell_measurements",
    summaries=("spec_id", "spec"),
    has_data=True,
    fields=(
        Field("id", Type.ID, label="measurement_id", required=True),
        Field("cell_instance_id", Type.ID, label="instance_id", required=True),
        _free("name", Type.NAME, label="test", required=True),
        Field("measurement_type", Type.WORD, settable=True, words=MEASUREMENT_TYPES),
        _free("tags", Type.TAGS),
        _free("start_time", Type.TIME),
        _free("end_time", Type.TIME),
        _free("protocol", Type.OBJECT, shown=Shown.NEVER),
        _key("protocol.name"),
        _key(
            "protocol.ambient_temperature_degc",
            Type.NUMBER,
            label="protocol.ambient_temperature [degC]",
        ),
        _free("test_setup", Type.OBJECT, shown=Shown.NEVER),
        *(_key(f"test_setup.{name}") for name in ("cycler", "operator", "lab")),
        _key("test_setup.channel_number", Type.LABEL),
        _free("properties", Type.QUANTITIES, label="properties"),
        _free("notes", Type.TEXT),
        Field("processing_status", Type.TEXT, derived=True),
        _read_only("processing_error", Type.TEXT, derived=True),
        Field("step_labels_validated", Type.BOOLEAN, settable=True, shown=Shown.ON_REQUEST),
        *(
            Field(f"{name}_id", Type.ID, settable=True, patchable=True, shown=Shown.ON_REQUEST)
            for name in ("channel", "protocol")
        ),
        _read_only("estimated_end_time", Type.TIME, derived=True),
        _read_only("estimated_end_time_note", Type.TEXT, derived=True),
        _read_only("estimated_end_time_calculated_at", Type.TIME, derived=True),
        Field("file_metadata", Type.OBJECT, derived=True, shown=Shown.NEVER),
        *_ORIGIN,
    ),
)

RAW_DATA = RecordKind(
    name="raw_data",
    noun="raw data",
    collection=routes.RAW_DATA,
    fields=(
        Field("id", Type.ID, label="raw_data_id", required=True),
        Field("project_id", Type.ID, settable=True, shown=Shown.ON_REQUEST),
        _free("name", Type.NAME, label="raw_data", required=True),
        Field("filename", Type.NAME, settable=True, required=True),
        Field("content_type", Type.TEXT, settable=True),
        Field("size_bytes", Type.INTEGER, settable=True),
        _free("source", Type.TEXT),
        _free("metadata", Type.OBJECT, shown=Shown.ON_REQUEST),
        *_ORIGIN,
    ),
)

KINDS: dict[str, RecordKind] = {
    kind.name: kind
    for kind in (PROJECT, CELL_SPEC, CELL_INSTANCE, CELL_BATCH, CELL_MEASUREMENT, RAW_DATA)
}


def opaque_version(record: dict[str, object]) -> str | None:
    """Return the version of a record as text that no tool takes for a number or a date.

    ``v7`` where the service counts versions, else ``t`` and ``updated_at`` as it came, else
    None: a record without either cannot be told from a later one.
    """
    counted = record.get("version")
    if isinstance(counted, int) and not isinstance(counted, bool):
        return f"v{counted}"
    moment = record.get("updated_at")
    return f"t{moment}" if isinstance(moment, str) and moment else None
