"""The first tables: who the service is, specs with their parts, lots, cells."""

from __future__ import annotations

from typing import TYPE_CHECKING

import sqlalchemy as sa
from alembic import op

if TYPE_CHECKING:
    from typing import Any

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

_SLOTS = ("cathode", "anode", "electrolyte", "separator", "case")


def upgrade() -> None:
    """Make every table."""
    _service()
    _parts()
    _specs()
    _lots()
    _cells()


def downgrade() -> None:
    """Drop every table."""
    tables = ("cell_instances", "cell_batches", "cell_specifications", "components", "materials")
    for name in (*tables, "counter", "meta"):
        op.drop_table(name)


def _origin() -> tuple[sa.Column[Any], ...]:
    texts = ("created_by", "created_by_email", "organization_id")
    return (
        *(sa.Column(name, sa.Integer, nullable=False) for name in ("created_at", "updated_at")),
        *(sa.Column(name, sa.String, nullable=False) for name in texts),
        *(sa.Column(name, sa.Integer, nullable=False) for name in ("version", "changed")),
    )


def _id() -> sa.Column[Any]:
    return sa.Column("id", sa.String, primary_key=True)


def _names() -> tuple[sa.Column[Any], ...]:
    return (
        sa.Column("name", sa.String, nullable=False),
        sa.Column("folded_name", sa.String, nullable=False),
    )


def _spec() -> sa.Column[Any]:
    parent = sa.ForeignKey("cell_specifications.id", ondelete="CASCADE")
    return sa.Column("cell_specification_id", sa.String, parent, nullable=False)


def _service() -> None:
    op.create_table(
        "meta",
        sa.Column("key", sa.String, primary_key=True),
        sa.Column("value", sa.Text, nullable=False),
    )
    op.create_table(
        "counter",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("value", sa.Integer, nullable=False),
    )


def _parts() -> None:
    op.create_table(
        "materials",
        _id(),
        sa.Column("project_id", sa.String, nullable=False),
        sa.Column("identity", sa.String, nullable=False),
        sa.Column("name", sa.String, nullable=False),
        sa.Column("manufacturer", sa.String),
        sa.Column("product_id", sa.String),
        sa.Column("definition", sa.Text),
        *_origin(),
        sa.UniqueConstraint("project_id", "identity", name="uq_materials_identity"),
    )
    op.create_table(
        "components",
        _id(),
        sa.Column("project_id", sa.String, nullable=False),
        sa.Column("identity", sa.String, nullable=False),
        sa.Column("component_type", sa.String, nullable=False),
        sa.Column("material_id", sa.String, sa.ForeignKey("materials.id")),
        sa.Column("properties", sa.Text),
        *_origin(),
        sa.UniqueConstraint("project_id", "identity", name="uq_components_identity"),
    )
    op.create_index("ix_components_material", "components", ["material_id"])


def _specs() -> None:
    slots = (sa.Column(f"{slot}_id", sa.String, sa.ForeignKey("components.id")) for slot in _SLOTS)
    op.create_table(
        "cell_specifications",
        _id(),
        sa.Column("project_id", sa.String, nullable=False),
        *_names(),
        sa.Column("form_factor", sa.Text),
        sa.Column("manufacturer", sa.Text),
        sa.Column("ratings", sa.Text, nullable=False),
        sa.Column("properties", sa.Text),
        sa.Column("source", sa.Text),
        sa.Column("notes", sa.Text),
        *slots,
        *_origin(),
        sa.UniqueConstraint("project_id", "name", name="uq_specs_name"),
    )
    op.create_index("ix_specs_created", "cell_specifications", ["created_at", "id"])
    for slot in _SLOTS:
        op.create_index(f"ix_specs_{slot}", "cell_specifications", [f"{slot}_id"])


def _lots() -> None:
    op.create_table(
        "cell_batches",
        _id(),
        _spec(),
        *_names(),
        sa.Column("date_manufactured", sa.String),
        sa.Column("properties", sa.Text),
        sa.Column("notes", sa.Text),
        *_origin(),
        sa.UniqueConstraint("cell_specification_id", "folded_name", name="uq_lots_name"),
    )


def _cells() -> None:
    lot = sa.ForeignKey("cell_batches.id", ondelete="SET NULL")
    op.create_table(
        "cell_instances",
        _id(),
        _spec(),
        sa.Column("batch_id", sa.String, lot),
        *_names(),
        sa.Column("date_manufactured", sa.String),
        sa.Column("measured_properties", sa.Text),
        sa.Column("notes", sa.Text),
        *_origin(),
        sa.UniqueConstraint("cell_specification_id", "name", name="uq_cells_name"),
    )
    by_spec = ["cell_specification_id", "created_at", "id"]
    op.create_index("ix_cells_created", "cell_instances", ["created_at", "id"])
    op.create_index("ix_cells_spec_created", "cell_instances", by_spec)
    op.create_index("ix_cells_batch", "cell_instances", ["batch_id"])
