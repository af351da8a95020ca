"""What lies in the database?

One table per kind of record, two for the parts that specs share, and those of the files that
belong to tests and to raw data. JSON is kept as the text that was sent, so that a spelling, an extra key or
``5.0`` comes back as it was. Times are whole microseconds. ``version`` counts the changes of a record, ``changed`` is the number of the
database's change that last touched it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import (
    Boolean,
    Column,
    ForeignKey,
    Index,
    Integer,
    MetaData,
    String,
    Table,
    Text,
    UniqueConstraint,
)

from cellframe.contract.records import COMPONENTS

if TYPE_CHECKING:
    from typing import Any

metadata = MetaData()


def _id() -> Column[Any]:
    return Column("id", String, primary_key=True)


def _origin() -> tuple[Column[Any], ...]:
    """Who and when, the same for every table of records."""
    return (
        Column("created_at", Integer, nullable=False),
        Column("updated_at", Integer, nullable=False),
        Column("created_by", String, nullable=False),
        Column("created_by_email", String, nullable=False),
        Column("organization_id", String, nullable=False),
        Column("version", Integer, nullable=False),
        Column("changed", Integer, nullable=False),
    )


meta = Table(
    "meta",
    metadata,
    Column("key", String, primary_key=True),
    Column("value", Text, nullable=False),
)

counter = Table(
    "counter",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("value", Integer, nullable=False),
)

materials = Table(
    "materials",
    metadata,
    _id(),
    Column("project_id", String, nullable=False),
    Column("identity", String, nullable=False),
    Column("name", String, nullable=False),
    Column("manufacturer", String),
    Column("product_id", String),
    Column("definition", Text),
    *_origin(),
    UniqueConstraint("project_id", "identity", name="uq_materials_identity"),
)

components = Table(
    "components",
    metadata,
    _id(),
    Column("project_id", String, nullable=False),
    Column("identity", String, nullable=False),
    Column("component_type", String, nullable=False),
    Column("material_id", ForeignKey("materials.id")),
    Column("properties", Text),
    *_origin(),
    UniqueConstraint("project_id", "identity", name="uq_components_identity"),
    Index("ix_components_material", "material_id"),
)

projects = Table(
    "projects",
    metadata,
    _id(),
    Column("name", String, nullable=False),
    Column("folded_name", String, nullable=False),
    Column("description", Text),
    *_origin(),
    UniqueConstraint("name", name="uq_projects_name"),
)

specs = Table(
    "cell_specifications",
    metadata,
    _id(),
    Column("project_id", String, nullable=False),
    Column("name", String, nullable=False),
    Column("folded_name", String, nullable=False),
    Column("form_factor", Text),
    Column("manufacturer", Text),
    Column("ratings", Text, nullable=False),
    Column("properties", Text),
    Column("source", Text),
    Column("notes", Text),
    *(Column(f"{slot}_id", ForeignKey("components.id")) for slot in COMPONENTS),
    *_origin(),
    UniqueConstraint("project_id", "name", name="uq_specs_name"),
    Index("ix_specs_created", "created_at", "id"),
    *(Index(f"ix_specs_{slot}", f"{slot}_id") for slot in COMPONENTS),
)

lots = Table(
    "cell_batches",
    metadata,
    _id(),
    Column(
        "cell_specification_id",
        ForeignKey("cell_specifications.id", ondelete="CASCADE"),
        nullable=False,
    ),
    Column("name", String, nullable=False),
    Column("folded_name", String, nullable=False),
    Column("date_manufactured", String),
    Column("properties", Text),
    Column("notes", Text),
    *_origin(),
    UniqueConstraint("cell_specification_id", "folded_name", name="uq_lots_name"),
)

cells = Table(
    "cell_instances",
    metadata,
    _id(),
    Column(
        "cell_specification_id",
        ForeignKey("cell_specifications.id", ondelete="CASCADE"),
        nullable=False,
    ),
    Column("batch_id", ForeignKey("cell_batches.id", ondelete="SET NULL")),
    Column("name", String, nullable=False),
    Column("folded_name", String, nullable=False),
    Column("date_manufactured", String),
    Column("measured_properties", Text),
    Column("notes", Text),
    *_origin(),
    UniqueConstraint("cell_specification_id", "name", name="uq_cells_name"),
    Index("ix_cells_created", "created_at", "id"),
    Index("ix_cells_spec_created", "cell_specification_id", "created_at", "id"),
    Index("ix_cells_batch", "batch_id"),
)

tests = Table(
    "cell_measurements",
    metadata,
    _id(),
    Column(
        "cell_instance_id",
        ForeignKey("cell_instances.id", ondelete="CASCADE"),
        nullable=False,
    ),
    Column("name", String, nullable=False),
    Column("folded_name", String, nullable=False),
    Column("folded_text", Text, nullable=False),
    Column("measurement_type", String, nullable=False),
    Column("tags", Text, nullable=False),
    Column("start_time", Integer),
    Column("end_time", Integer),
    *(Column(name, Text) for name in ("protocol", "test_setup", "properties", "notes")),
    Column("step_labels_validated", Boolean, nullable=False),
    Column("processing_status", String, nullable=False),
    Column("processing_error", Text),
    Column("file_metadata", Text),
    *_origin(),
    UniqueConstraint("cell_instance_id", "name", name="uq_tests_name"),
    Index("ix_tests_created", "created_at", "id"),
    Index("ix_tests_cell_created", "cell_instance_id", "created_at", "id"),
)
"""``folded_text`` is what a free search looks through."""

tags = Table(
    "measurement_tags",
    metadata,
    Column(
        "measurement_id",
        ForeignKey("cell_measurements.id", ondelete="CASCADE"),
        primary_key=True,
    ),
    Column("folded", String, primary_key=True),
    Column("tag", String, nullable=False),
    Index("ix_tags_folded", "folded"),
)

blobs = Table(
    "blobs",
    metadata,
    Column("digest", String, primary_key=True),
    Column("size", Integer, nullable=False),
    Column("created_at", Integer, nullable=False),
    Column("unused_since", Integer),
)
"""Contents, each once; ``unused_since`` is when the collector first saw that no file has it."""

files = Table(
    "files",
    metadata,
    Column(
        "measurement_id",
        ForeignKey("cell_measurements.id", ondelete="CASCADE"),
        primary_key=True,
    ),
    Column("role", String, primary_key=True),
    Column("position", Integer, primary_key=True),
    Column("filename", String, nullable=False),
    Column("digest", ForeignKey("blobs.digest"), nullable=False),
    Column("size", Integer, nullable=False),
    Index("ix_files_digest", "digest"),
)
"""What belongs to a test. ``role`` is time_series, steps, cycles, or file for any other."""

raw_data = Table(
    "raw_data",
    metadata,
    _id(),
    Column("project_id", String, nullable=False),
    Column("name", String, nullable=False),
    Column("folded_name", String, nullable=False),
    Column("filename", String, nullable=False),
    Column("content_type", Text),
    Column("size_bytes", Integer, nullable=False),
    Column("source", Text),
    Column("metadata", Text),
    Column("digest", ForeignKey("blobs.digest"), nullable=False),
    *_origin(),
    Index("ix_raw_data_created", "project_id", "created_at", "id"),
    Index("ix_raw_data_digest", "digest"),
)
"""Files as a cycler wrote them, each of its project and of no test in particular."""

attachments = Table(
    "measurement_raw_data",
    metadata,
    Column(
        "measurement_id",
        ForeignKey("cell_measurements.id", ondelete="CASCADE"),
        primary_key=True,
    ),
    Column("raw_data_id", ForeignKey("raw_data.id", ondelete="CASCADE"), primary_key=True),
    Index("ix_measurement_raw_data_raw", "raw_data_id"),
)
"""Which tests were made from which raw data."""

watches = Table(
    "watches",
    metadata,
    Column(
        "measurement_id",
        ForeignKey("cell_measurements.id", ondelete="CASCADE"),
        primary_key=True,
    ),
)
"""Tests that the one user watches."""

answers = Table(
    "answers",
    metadata,
    Column("caller", String, primary_key=True),
    Column("key", String, primary_key=True),
    Column("digest", String, nullable=False),
    Column("status", Integer, nullable=False),
    Column("etag", String),
    Column("body", Text, nullable=False),
    Column("created_at", Integer, nullable=False),
    Index("ix_answers_created", "created_at"),
)
"""Answers of writes that came with a key. ``digest`` is of the request, ``caller`` of the
credential."""

uploads = Table(
    "uploads",
    metadata,
    _id(),
    Column("measurement_id", String, nullable=False),
    Column(
        "cell_instance_id",
        ForeignKey("cell_instances.id", ondelete="CASCADE"),
    ),
    Column("kind", String, nullable=False),
    Column("created_at", Integer, nullable=False),
    Column("body_digest", String),
    Column("answer", Text),
    Index("ix_uploads_measurement", "measurement_id"),
    Index("ix_uploads_created", "created_at"),
)
"""Uploads begun, of the test or raw data that is to be or of a test that is extended, in
``measurement_id``; raw data has no cell. One that was confirmed keeps the answer that its confirm got, and
the digest of the confirm's body."""

upload_files = Table(
    "upload_files",
    metadata,
    Column("upload_id", ForeignKey("uploads.id", ondelete="CASCADE"), primary_key=True),
    Column("position", Integer, primary_key=True),
    Column("filename", String, nullable=False),
    Column("staged", String),
    Column("digest", String),
    Column("size", Integer),
)
"""What an upload may put; ``staged`` is the name of the file that came, while it waits."""
