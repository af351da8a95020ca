"""What typed records hold, and the columns made of them, without a look at any one record.

The rules are those of `cellframe.frames.decode`, where they stand cell by cell. Where a column
cannot follow them for every row, `DoubtError` is raised: then the cells decide, and say what is
wrong with which.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import polars as pl

from cellframe.contract.records import RecordKind, Type
from cellframe.frames.columns import Column, Leaf, Place, Seen, in_order
from cellframe.frames.decode import dtype_of
from cellframe.frames.plain import DoubtError, has_signed_zero, plain, text_of
from cellframe.frames.scale import converted

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from cellframe.contract.records import Field
    from cellframe.frames.columns import Path
    from cellframe.frames.typed import Typed


@dataclass(frozen=True, slots=True)
class _Quantities:
    """The quantities at one place: null where a record has none."""

    values: pl.Series
    units: pl.Series
    there: pl.Series


class Columnwise:
    """Typed records of one kind, by place.

    Parameters
    ----------
    kind : RecordKind
        What they are.
    typed : Typed
        Their columns.

    Raises
    ------
    DoubtError
        They hold something that only a look at every cell can judge.
    """

    def __init__(self, kind: RecordKind, typed: Typed) -> None:
        self.kind = kind
        self.frame = typed.frame
        self.sizes = typed.sizes
        if self._field("id").null_count():
            raise DoubtError
        self._typed = typed
        self._leaves: dict[Place, pl.Series | _Quantities] = {}
        for row in kind.fields:
            for path, leaf in self._leaves_of(row):
                if (row.name, path) in self._leaves:
                    raise DoubtError
                self._leaves[row.name, path] = leaf
        self._check_nulls()

    def survey(self) -> dict[Place, Seen]:
        """Return what the records hold below their nested fields; see `columns.survey`."""
        seen: dict[Place, Seen] = {}
        for place, leaf in self._leaves.items():
            if isinstance(leaf, pl.Series):
                if leaf.null_count() < len(leaf):
                    seen[place] = Seen(text=True)
            elif leaf.there.any():
                seen[place] = Seen(units=dict.fromkeys(self._units(leaf)))
        return in_order(self.kind, seen)

    def decode(self, columns: Sequence[Column], parents: Mapping[str, str | None]) -> pl.DataFrame:
        """Return the frame of the records; see `decode.decode`. There are no faults.

        Raises
        ------
        DoubtError
            A value may not fit its column.
        """
        return pl.DataFrame(
            [
                self._column(column, parents).cast(dtype_of(column)).alias(column.label)
                for column in columns
            ]
        )

    def _leaves_of(self, row: Field) -> Iterator[tuple[Path, pl.Series | _Quantities]]:
        if row.type is Type.QUANTITIES:
            yield from _below(self._field(row.name), ())
        elif row.type is Type.COMPONENT:
            part = self._field(row.name)
            yield from _below(_key(part, "properties"), ())
            yield ("material",), text_of(_key(_key(part, "material"), "name"))

    def _field(self, name: str) -> pl.Series:
        known = name in self.frame.columns
        return self.frame[name] if known else _nothing(self.frame.height)

    def _check_nulls(self) -> None:
        """Make sure that every object with a place for a value has one.

        In a column, a quantity whose value is null looks like an object without that key, which
        is none. As many nulls are written out as there are such cells, or there is a doubt.
        """
        quantities = [leaf for leaf in self._leaves.values() if isinstance(leaf, _Quantities)]
        empty = sum(int((q.there & q.values.is_null()).sum()) for q in quantities)
        if empty == 0:
            return
        places = sum(_places_for_a_value(dtype) for dtype in self.frame.dtypes)
        if places != len(quantities) or not self._typed.spells_out(empty):
            raise DoubtError

    def _units(self, leaf: _Quantities) -> list[str]:
        """Units at one place, that of the earliest created record first."""
        found = leaf.units.unique().drop_nulls()
        if len(found) <= 1:
            return found.to_list()
        ordered = leaf.units.gather(self._by_creation)
        return ordered.drop_nulls().unique(maintain_order=True).to_list()

    @cached_property
    def _by_creation(self) -> pl.Series:
        """Where the records stand, that which was created first at the top."""
        created = self._field("created_at").cast(pl.String).fill_null("").alias("created")
        return created.to_frame().select(pl.arg_sort_by("created", maintain_order=True))["created"]

    def _column(self, column: Column, parents: Mapping[str, str | None]) -> pl.Series:
        if column.leaf is Leaf.VERSION:
            return self._versions()
        if column.leaf is Leaf.PARENT_NAME:
            ids = text_of(self._field(self.kind.parent_field)).fill_null("None")
            return ids.replace_strict(parents, default=None, return_dtype=pl.String)
        assert column.field is not None, column
        if column.leaf is Leaf.PLAIN:
            return plain(column.field, self._plain(column.field))
        return self._leaf(column)

    def _versions(self) -> pl.Series:
        counted = self._field("version")
        if counted.dtype not in (pl.Int64(), pl.Null()):
            raise DoubtError
        moment = text_of(self._field("updated_at"))
        both = pl.DataFrame([counted.cast(pl.Int64).alias("n"), moment.alias("t")])
        return both.select(
            pl.coalesce(
                pl.format("v{}", "n"), pl.when(pl.col("t") != "").then(pl.format("t{}", "t"))
            )
        ).to_series()

    def _plain(self, row: Field) -> pl.Series:
        outer, _, key = row.name.partition(".")
        found = _key(self._field(outer), key) if key else self._field(outer)
        if not row.read_from:
            return found
        newer = self._field(row.read_from)
        if not (newer.is_null() & found.is_not_null()).any():
            return newer
        # The newer key counts where it is there, null or not, which a column does not tell.
        if newer.is_not_null().any() or self._typed.mentions(row.read_from):
            raise DoubtError
        return found

    def _leaf(self, column: Column) -> pl.Series:
        found = self._leaves.get(column.place)
        nothing = _nothing(self.frame.height)
        if isinstance(found, pl.Series):
            return found if column.leaf is Leaf.TEXT else nothing
        if found is None:
            return nothing
        if column.leaf is Leaf.UNIT:
            return found.units
        if column.leaf is Leaf.VALUE:
            return found.values
        if column.leaf is Leaf.QUANTITY:
            return converted(found.values, found.units, column.unit or "1")
        return nothing


def _key(found: pl.Series, key: str) -> pl.Series:
    """Return one key of objects."""
    if found.dtype == pl.Null:
        return found
    if not isinstance(found.dtype, pl.Struct):
        raise DoubtError
    known = key in (field.name for field in found.dtype.fields)
    return found.struct.field(key) if known else _nothing(len(found))


def _nothing(height: int) -> pl.Series:
    # Of a list, each item would be looked at to find its type.
    return pl.repeat(None, height, dtype=pl.Null(), eager=True)


def _below(found: pl.Series, path: Path) -> Iterator[tuple[Path, pl.Series | _Quantities]]:
    """Yield every leaf below a nested field."""
    if found.dtype == pl.Null:
        return
    if not isinstance(found.dtype, pl.Struct):
        if not path:
            raise DoubtError
        yield path, text_of(found)
        return
    keys = [field.name for field in found.dtype.fields]
    if "value" in keys:
        if not path:
            raise DoubtError
        yield path, _quantities(found)
        return
    for key in keys:
        yield from _below(found.struct.field(key), (*path, key))


def _quantities(found: pl.Series) -> _Quantities:
    values, units = _key(found, "value"), text_of(_key(found, "unit"))
    if values.dtype == pl.Null:
        values = values.cast(pl.Float64)
    there = found.is_not_null()
    if values.dtype != pl.Float64 or has_signed_zero(values):
        raise DoubtError
    named = pl.DataFrame([units.alias("unit"), there.alias("there")]).select(
        pl.when(~pl.col("there"))
        .then(None)
        .when(pl.col("unit") != "")
        .then("unit")
        .otherwise(pl.lit("1"))
    )
    return _Quantities(values, named.to_series(), there)


def _places_for_a_value(dtype: pl.DataType) -> int:
    """Count the objects within a type that have a key ``value``."""
    if isinstance(dtype, pl.List):
        return _places_for_a_value(dtype.inner)  # pyright: ignore[reportArgumentType] - an instance
    if not isinstance(dtype, pl.Struct):
        return 0
    here = any(field.name == "value" for field in dtype.fields)
    return here + sum(_places_for_a_value(field.dtype) for field in dtype.fields)  # pyright: ignore[reportArgumentType] - an instance
