"""The frames of tests and of their cells: who tested what, when, and how."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from cellframe.contract.records import CELL_INSTANCE
from cellframe.resources.reading import to_frame

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    import polars as pl

    from cellframe.frames.rows import Rows
    from cellframe.resources.connection import Connection
    from cellframe.resources.reading import Wish
    from cellframe.resources.records import CellMeasurement
    from cellframe.resources.scope import Scope


def measurements_frame(
    connection: Connection, scope: Scope, tests: Rows, query: Mapping[str, Any], wish: Wish
) -> Any:
    """Return the checked frame of tests, with the ids and names of what they belong to."""

    def with_spec(frame: pl.DataFrame) -> pl.DataFrame:
        import polars as pl

        parents = scope.cells.texts(CELL_INSTANCE.parent_field)
        spec_of = dict(zip(scope.cells.ids, parents, strict=True))
        names = {id_: spec.name for id_, spec in scope.specs.items()}
        ids = frame["instance_id"].replace_strict(spec_of, default=None, return_dtype=pl.String)
        ids = ids.alias("spec_id")
        spec = ids.replace_strict(names, default=None, return_dtype=pl.String).alias("spec")
        frame = frame.insert_column(frame.get_column_index("instance_id") + 1, ids)
        return frame.insert_column(frame.get_column_index("cell") + 1, spec)

    return to_frame(
        connection,
        tests,
        scope=scope.parent,
        query=query,
        parents=scope.cells.names(),
        wish=wish,
        finish=with_spec,
    )


def instances_frame(
    connection: Connection, scope: Scope, tests: Iterable[CellMeasurement], wish: Wish
) -> Any:
    """Return the checked frame of the cells of a scope, with what their tests add up to."""
    found = list(tests)
    is_whole_spec = scope.parent in scope.specs

    def with_summary(frame: pl.DataFrame) -> pl.DataFrame:
        import polars as pl

        joined = frame.join(_summary(found), on="instance_id", how="left", maintain_order="left")
        counts = pl.col("tests", "tests_running").fill_null(0)
        version = CELL_INSTANCE.version
        return joined.with_columns(counts).select(pl.exclude(version), version)

    return to_frame(
        connection,
        scope.cells,
        scope=scope.parent if is_whole_spec else "",
        # With a query, a cell that is not among these may still be there.
        query={} if is_whole_spec else {"instance_id": "some"},
        parents={id_: spec.name for id_, spec in scope.specs.items()},
        spec=scope.specs.get(scope.parent),
        wish=wish,
        finish=with_summary,
    )


def _summary(tests: list[CellMeasurement]) -> pl.DataFrame:
    """Count tests by cell: shape (n_cells_with_tests, 4)."""
    import polars as pl

    rows = [
        (str(test.cell_instance_id), test.is_running, _text(test.get("end_time"))) for test in tests
    ]
    schema = {"instance_id": pl.String, "running": pl.Boolean, "end_time": pl.String}
    ends = pl.col("end_time").str.to_datetime("%+", time_zone="UTC", strict=False)
    return (
        pl.DataFrame(rows, schema=schema, orient="row")
        .group_by("instance_id")
        .agg(
            pl.len().cast(pl.Int64).alias("tests"),
            pl.col("running").sum().cast(pl.Int64).alias("tests_running"),
            ends.max()
            .dt.replace_time_zone(None)
            .dt.cast_time_unit("us")
            .alias("last_test_end [UTC]"),
        )
    )


def _text(value: object) -> str | None:
    """Return what a service says as text, where it is some."""
    return value if isinstance(value, str) else None
