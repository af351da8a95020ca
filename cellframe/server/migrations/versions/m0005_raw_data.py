"""Raw data, the tests made from it, and watched tests; uploads that belong to no cell."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the tables, and make `uploads` anew."""
    _make_raw_data()
    op.create_table(
        "measurement_raw_data",
        _parent("measurement_id", "cell_measurements.id"),
        _parent("raw_data_id", "raw_data.id"),
    )
    op.create_index("ix_measurement_raw_data_raw", "measurement_raw_data", ["raw_data_id"])
    op.create_table("watches", _parent("measurement_id", "cell_measurements.id"))
    _free_uploads_of_cells()


def downgrade() -> None:
    """Drop the tables; `uploads` takes what the older version wrote."""
    for name in ("watches", "measurement_raw_data", "raw_data"):
        op.drop_table(name)


def _make_raw_data() -> None:
    texts = ("project_id", "name", "folded_name", "filename")
    origin = ("created_by", "created_by_email", "organization_id")
    op.create_table(
        "raw_data",
        sa.Column("id", sa.String, primary_key=True),
        *(sa.Column(name, sa.String, nullable=False) for name in texts),
        sa.Column("content_type", sa.Text),
        sa.Column("size_bytes", sa.Integer, nullable=False),
        *(sa.Column(name, sa.Text) for name in ("source", "metadata")),
        sa.Column("digest", sa.String, sa.ForeignKey("blobs.digest"), nullable=False),
        *(sa.Column(name, sa.Integer, nullable=False) for name in ("created_at", "updated_at")),
        *(sa.Column(name, sa.String, nullable=False) for name in origin),
        *(sa.Column(name, sa.Integer, nullable=False) for name in ("version", "changed")),
    )
    op.create_index("ix_raw_data_created", "raw_data", ["project_id", "created_at", "id"])
    op.create_index("ix_raw_data_digest", "raw_data", ["digest"])


def _parent(name: str, target: str) -> sa.Column[str]:
    return sa.Column(name, sa.String, sa.ForeignKey(target, ondelete="CASCADE"), primary_key=True)


def _free_uploads_of_cells() -> None:
    """Let an upload have no cell. SQLite changes no column, so the table is made anew."""
    # To drop a table is to delete its rows, and with them those that refer to them.
    op.execute("CREATE TABLE kept_files AS SELECT * FROM upload_files")
    cell = sa.ForeignKey("cell_instances.id", ondelete="CASCADE")
    op.create_table(
        "new_uploads",
        sa.Column("id", sa.String, primary_key=True),
        sa.Column("measurement_id", sa.String, nullable=False),
        sa.Column("cell_instance_id", sa.String, cell),
        sa.Column("kind", sa.String, nullable=False),
        sa.Column("created_at", sa.Integer, nullable=False),
        sa.Column("body_digest", sa.String),
        sa.Column("answer", sa.Text),
    )
    op.execute("INSERT INTO new_uploads SELECT * FROM uploads")
    op.drop_table("uploads")
    op.rename_table("new_uploads", "uploads")
    op.execute("INSERT INTO upload_files SELECT * FROM kept_files")
    op.drop_table("kept_files")
    op.create_index("ix_uploads_measurement", "uploads", ["measurement_id"])
    op.create_index("ix_uploads_created", "uploads", ["created_at"])
