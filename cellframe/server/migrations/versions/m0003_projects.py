"""Projects: a record for each that specs have named so far, and for the built-in one."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import sqlalchemy as sa
from alembic import op

from cellframe.server.names import folded

if TYPE_CHECKING:
    from typing import Any

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

_DEFAULT = "Default project"


def upgrade() -> None:
    """Add the table and its records; ids stay as the specs have them."""
    table = op.create_table(
        "projects",
        sa.Column("id", sa.String, primary_key=True),
        *(sa.Column(name, sa.String, nullable=False) for name in ("name", "folded_name")),
        sa.Column("description", sa.Text),
        *(sa.Column(name, sa.Integer, nullable=False) for name in ("created_at", "updated_at")),
        *(
            sa.Column(name, sa.String, nullable=False)
            for name in ("created_by", "created_by_email")
        ),
        sa.Column("organization_id", sa.String, nullable=False),
        *(sa.Column(name, sa.Integer, nullable=False) for name in ("version", "changed")),
        sa.UniqueConstraint("name", name="uq_projects_name"),
    )
    rows = _rows(op.get_bind())
    if rows:
        op.bulk_insert(table, rows)


def downgrade() -> None:
    """Drop the table."""
    op.drop_table("projects")


def _rows(connection: sa.Connection) -> list[dict[str, Any]]:
    service = _pairs(connection, "SELECT key, value FROM meta")
    if "project_id" not in service:
        return []  # a new database, which is given its project with its identity
    used = "SELECT project_id, MIN(created_at) FROM cell_specifications GROUP BY project_id"
    since = _pairs(connection, used)
    default = service["project_id"]
    since.setdefault(default, time.time_ns() // 1000)
    names = {id_: id_ for id_ in since}
    names[default] = _DEFAULT if _DEFAULT not in since else default
    return [_row(id_, names[id_], moment, service) for id_, moment in since.items()]


def _pairs(connection: sa.Connection, statement: str) -> dict[str, Any]:
    return {row[0]: row[1] for row in connection.execute(sa.text(statement))}


def _row(id_: str, name: str, moment: int, service: dict[str, str]) -> dict[str, Any]:
    return {
        "id": id_,
        "name": name,
        "folded_name": folded(name),
        "created_at": moment,
        "updated_at": moment,
        "created_by": service["user_id"],
        "created_by_email": service["user_email"],
        "organization_id": service["organization_id"],
        "version": 1,
        "changed": 0,
    }
