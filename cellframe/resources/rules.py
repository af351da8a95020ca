"""Which rules of the caller's own hold for this table?

Those that the client was set up with, and those of the call: both are added to ours.
"""

from __future__ import annotations

from collections.abc import Mapping
from difflib import get_close_matches
from typing import TYPE_CHECKING, Any

from cellframe.errors import ConfigError

if TYPE_CHECKING:
    import polars as pl

    from cellframe.frames.invalid import OnInvalid
    from cellframe.resources.connection import Connection

CELLS = "cell_instance"
TABLES = ("cell_spec", CELLS, "cell_batch", "cell_measurement", "steps", "cycles", "time_series")
"""What a mapping of schemas may name."""


def rules(connection: Connection, table: str, schema: Any) -> list[Any]:
    """Return the schemas that a table is held to.

    Parameters
    ----------
    table : str
        One of `TABLES`, or the name of a kind of record.
    schema : pandera schema, mapping of str to schema, or None
        Of the call.
    """
    table = table.replace("specification", "spec")
    return [*of_table(connection.settings.schema, table), *of_table(schema, table, lone=table)]


def of_table(given: Any, table: str, *, lone: str = CELLS) -> list[Any]:
    """Return the schema of one table; a lone schema is that of cells.

    Raises
    ------
    ConfigError
        A mapping names a table that there is not.
    """
    schemas: Mapping[str, Any] = given if isinstance(given, Mapping) else {lone: given}
    for name in schemas:
        if name not in TABLES:
            near = get_close_matches(str(name), TABLES, n=1)
            advice = f" Did you mean {near[0]!r}?" if near else ""
            message = f"schema= names {name!r}, which is no table.{advice} There are: {', '.join(TABLES)}."
            raise ConfigError(message)
    return [schemas[table]] if schemas.get(table) is not None else []


def by_table(schema: Any) -> Mapping[str, Any] | None:
    """Return what a call says of tables other than that of cells, which a lone schema is of."""
    return schema if isinstance(schema, Mapping) else None


def held_to(
    connection: Connection,
    table: str,
    frame: pl.DataFrame,
    schema: Any,
    on_invalid: OnInvalid,
    *,
    is_part: bool = False,
) -> pl.DataFrame:
    """Return what was measured, held to the rules of its table.

    Parameters
    ----------
    table : {"steps", "cycles", "time_series"}
        What it is.
    is_part : bool
        Whether columns were left out on purpose: then none is missing.

    Raises
    ------
    FrameError
        It breaks a rule, and that is to be raised.
    """
    from cellframe.frames.check import break_rules
    from cellframe.frames.faults import ABSENT
    from cellframe.frames.invalid import check_choice, settle

    check_choice(on_invalid)
    faults = break_rules(frame, rules(connection, table, schema), "test")
    told = [fault for fault in faults if not (is_part and fault.rule in ABSENT)]
    return settle(frame, told, on_invalid, f"table of {table.replace('_', ' ')}")
