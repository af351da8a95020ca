"""Tests of cells, their tags, and the files that belong to them."""

from __future__ import annotations

import secrets
from typing import TYPE_CHECKING

import sqlalchemy as sa
from alembic import op

if TYPE_CHECKING:
    from typing import Any

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

_TABLES = ("upload_files", "uploads", "files", "blobs", "measurement_tags", "cell_measurements")


def upgrade() -> None:
    """Add the tables, and the secret that signs the addresses of files."""
    _tests()
    _files()
    _uploads()
    meta = sa.table("meta", sa.column("key"), sa.column("value"))
    op.bulk_insert(meta, [{"key": "storage_secret", "value": secrets.token_hex(32)}])


def downgrade() -> None:
    """Drop the tables, and the secret."""
    for name in _TABLES:
        op.drop_table(name)
    op.execute("DELETE FROM meta WHERE key = 'storage_secret'")


def _texts(*names: str, nullable: bool = False) -> tuple[sa.Column[Any], ...]:
    return tuple(sa.Column(name, sa.String, nullable=nullable) for name in names)


def _numbers(*names: str, nullable: bool = False) -> tuple[sa.Column[Any], ...]:
    return tuple(sa.Column(name, sa.Integer, nullable=nullable) for name in names)


def _below(name: str, parent: str, **more: Any) -> sa.Column[Any]:
    return sa.Column(name, sa.String, sa.ForeignKey(parent, ondelete="CASCADE"), **more)


def _tests() -> None:
    op.create_table(
        "cell_measurements",
        sa.Column("id", sa.String, primary_key=True),
        _below("cell_instance_id", "cell_instances.id", nullable=False),
        *_texts("name", "folded_name"),
        sa.Column("folded_text", sa.Text, nullable=False),
        *_texts("measurement_type"),
        sa.Column("tags", sa.Text, nullable=False),
        *_numbers("start_time", "end_time", nullable=True),
        *(sa.Column(name, sa.Text) for name in ("protocol", "test_setup", "properties", "notes")),
        sa.Column("step_labels_validated", sa.Boolean, nullable=False),
        *_texts("processing_status"),
        sa.Column("processing_error", sa.Text),
        sa.Column("file_metadata", sa.Text),
        *_numbers("created_at", "updated_at"),
        *_texts("created_by", "created_by_email", "organization_id"),
        *_numbers("version", "changed"),
        sa.UniqueConstraint("cell_instance_id", "name", name="uq_tests_name"),
    )
    op.create_index("ix_tests_created", "cell_measurements", ["created_at", "id"])
    by_cell = ["cell_instance_id", "created_at", "id"]
    op.create_index("ix_tests_cell_created", "cell_measurements", by_cell)
    op.create_table(
        "measurement_tags",
        _below("measurement_id", "cell_measurements.id", primary_key=True),
        sa.Column("folded", sa.String, primary_key=True),
        *_texts("tag"),
    )
    op.create_index("ix_tags_folded", "measurement_tags", ["folded"])


def _files() -> None:
    op.create_table(
        "blobs",
        sa.Column("digest", sa.String, primary_key=True),
        *_numbers("size", "created_at"),
        *_numbers("unused_since", nullable=True),
    )
    op.create_table(
        "files",
        _below("measurement_id", "cell_measurements.id", primary_key=True),
        sa.Column("role", sa.String, primary_key=True),
        sa.Column("position", sa.Integer, primary_key=True),
        *_texts("filename"),
        sa.Column("digest", sa.String, sa.ForeignKey("blobs.digest"), nullable=False),
        *_numbers("size"),
    )
    op.create_index("ix_files_digest", "files", ["digest"])


def _uploads() -> None:
    op.create_table(
        "uploads",
        sa.Column("id", sa.String, primary_key=True),
        *_texts("measurement_id"),
        _below("cell_instance_id", "cell_instances.id", nullable=False),
        *_texts("kind"),
        *_numbers("created_at"),
        *_texts("body_digest", nullable=True),
        sa.Column("answer", sa.Text),
    )
    op.create_index("ix_uploads_measurement", "uploads", ["measurement_id"])
    op.create_index("ix_uploads_created", "uploads", ["created_at"])
    op.create_table(
        "upload_files",
        _below("upload_id", "uploads.id", primary_key=True),
        sa.Column("position", sa.Integer, primary_key=True),
        *_texts("filename"),
        *_texts("staged", "digest", nullable=True),
        *_numbers("size", nullable=True),
    )
