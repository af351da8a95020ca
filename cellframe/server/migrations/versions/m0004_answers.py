"""Answers that are kept under the keys of their requests."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the table."""
    op.create_table(
        "answers",
        *(sa.Column(name, sa.String, primary_key=True) for name in ("caller", "key")),
        sa.Column("digest", sa.String, nullable=False),
        sa.Column("status", sa.Integer, nullable=False),
        sa.Column("etag", sa.String),
        sa.Column("body", sa.Text, nullable=False),
        sa.Column("created_at", sa.Integer, nullable=False),
    )
    op.create_index("ix_answers_created", "answers", ["created_at"])


def downgrade() -> None:
    """Drop the table."""
    op.drop_table("answers")
