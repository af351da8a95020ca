"""How is a statement run that is run for every change?

Compiled once. SQLAlchemy finds a compiled statement by comparing all of its parts at every call,
which takes several times as long as SQLite takes to run one on a single record.
"""

from __future__ import annotations

import sqlite3
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from sqlalchemy import Select
from sqlalchemy.dialects import sqlite
from sqlalchemy.exc import DBAPIError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from sqlalchemy import Connection, Insert, Update

_DIALECT = sqlite.dialect()
NO_VALUES: Mapping[str, Any] = MappingProxyType({})


class Prepared:
    """A statement that is compiled.

    Parameters
    ----------
    statement : Select, Insert or Update
        With bound parameters where its values come in.
    columns : sequence of str, optional
        Those that it sets.
    """

    def __init__(
        self, statement: Select[Any] | Insert | Update, columns: Sequence[str] = ()
    ) -> None:
        compiled = statement.compile(dialect=_DIALECT, column_keys=list(columns) or None)
        self._text = compiled.string
        self._defaults = dict(compiled.params)
        self._order = tuple(compiled.positiontup or ())
        selected = list(statement.selected_columns) if isinstance(statement, Select) else []
        self.names = tuple(str(column.key) for column in selected)
        readers = [column.type.result_processor(_DIALECT, None) for column in selected]
        self._readers = [(place, read) for place, read in enumerate(readers) if read]

    def run(self, connection: Connection, values: Mapping[str, Any]) -> None:
        """Run the statement in the transaction that is open."""
        self._cursor(connection, values)

    def first(self, connection: Connection, values: Mapping[str, Any]) -> list[Any] | None:
        """Read the one row that there is."""
        # All of them, since a statement that has not ended holds its transaction open.
        found = self._cursor(connection, values).fetchall()
        if not found:
            return None
        row = list(found[0])
        for place, read in self._readers:
            row[place] = read(row[place])
        return row

    def scalar(self, connection: Connection, values: Mapping[str, Any] = NO_VALUES) -> Any:
        """Read the first value of the one row; None where there is none."""
        row = self.first(connection, values)
        return None if row is None else row[0]

    def _cursor(self, connection: Connection, values: Mapping[str, Any]) -> Any:
        given = {**self._defaults, **values}
        return execute(connection, self._text, [given[name] for name in self._order])


def execute(connection: Connection, text: str, values: Sequence[Any] = ()) -> Any:
    """Run a text on the driver's own connection; its errors are SQLAlchemy's, as elsewhere."""
    driver: Any = connection.connection.dbapi_connection
    try:
        return driver.execute(text, values)
    except sqlite3.Error as fault:
        raise DBAPIError.instance(text, tuple(values), fault, sqlite3.Error) from fault
