"""What spares most tests the migrations? What they made of the first empty database.

A new folder takes 75 ms of alembic and 4 ms of everything else, and the tests make thousands. The
first one of a process is migrated; the next get the statements that SQLite kept of it, word for
word. A folder's secret, identity and times are made anew each time.
"""

from __future__ import annotations

import secrets
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

    from alembic.config import Config
    from sqlalchemy import Connection

_KEPT = "SELECT sql FROM sqlite_master WHERE sql IS NOT NULL ORDER BY rowid"


class MigratingOnce:
    """Alembic's `command.upgrade`, which remembers the tables of an empty database."""

    def __init__(self, upgrade: Callable[..., None]) -> None:
        self.migrate = upgrade
        self._statements: list[str] = []
        self._version = ""

    def __call__(self, config: Config, revision: str, *rest: Any) -> None:
        connection = config.attributes["connection"]
        empty = revision == "head" and not connection.exec_driver_sql(_KEPT).all()
        if empty and self._statements:
            self._make(connection)
            return
        self.migrate(config, revision, *rest)
        if empty:
            version = connection.exec_driver_sql("SELECT version_num FROM alembic_version")
            self._version = version.scalar_one()
            self._statements = [*connection.exec_driver_sql(_KEPT).scalars()]

    def _make(self, connection: Connection) -> None:
        for statement in self._statements:
            connection.exec_driver_sql(statement)
        connection.exec_driver_sql("INSERT INTO alembic_version VALUES (?)", (self._version,))
        secret = ("storage_secret", secrets.token_hex(32))
        connection.exec_driver_sql("INSERT INTO meta VALUES (?, ?)", secret)
