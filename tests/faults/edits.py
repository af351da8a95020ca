"""What is meant to be written, and was it written: nothing lost, nothing twice, nothing wrong?

The service's own database says so, and neither the client nor the service.
"""

from __future__ import annotations

import sqlite3
from contextlib import closing
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

import orjson
import polars as pl

from cellframe.contract.wire import Request
from cellframe.server.answer import Service
from cellframe.server.schema import FILE_NAME

if TYPE_CHECKING:
    from pathlib import Path

    from cellframe.client import Client
    from cellframe.writeback.plan import Plan

_CELLS = """SELECT c.name, c.notes, l.name, c.version FROM cell_instances c
LEFT JOIN cell_batches l ON l.id = c.batch_id WHERE c.cell_specification_id = ?"""
_LOTS = "SELECT name, version FROM cell_batches WHERE cell_specification_id = ?"
_SPECS = "SELECT name, version FROM cell_specifications"
_BELOW = """SELECT s.name, c.name, c.version FROM cell_instances c
JOIN cell_specifications s ON s.id = c.cell_specification_id"""
_AT_ONCE = 500


class Cell(NamedTuple):
    """A cell as it is in the database."""

    name: str
    notes: str | None
    lot: str | None
    version: int


@dataclass(frozen=True)
class Edits:
    """Cells of one spec that get notes, and new cells, some of them in lots that are new too.

    Attributes
    ----------
    spec : str
        Id of the spec.
    updates, creates, in_lots : int
        How many of each.
    """

    spec: str
    updates: int
    creates: int = 0
    in_lots: int = 0

    @property
    def count(self) -> int:
        """Edits in all."""
        return self.updates + self.creates + self.in_lots

    def edited(self, client: Client) -> pl.DataFrame:
        """Read the cells that are there, edit them, and add rows."""
        cells = client.cell_instance.to_frame(spec=self.spec)
        notes = pl.concat_str(pl.lit("about "), "cell")
        new = [self._new(number) for number in range(self.creates + self.in_lots)]
        frame = cells.with_columns(notes=notes)
        if not new:
            return frame
        typed = {name: frame.schema.get(name, pl.String) for name in ("cell", "notes", "batch")}
        rows = pl.DataFrame(new, schema=dict.fromkeys(typed, pl.String), orient="row").cast(typed)
        return pl.concat([frame, rows], how="diagonal")

    def plan(self, client: Client, frame: pl.DataFrame) -> Plan:
        """Plan what is edited."""
        return client.cell_instance.plan(frame, spec=self.spec)

    def _new(self, number: int) -> tuple[str, str, str | None]:
        name = f"new-{number:05}"
        return name, f"about {name}", f"lot {number % 10}" if number >= self.creates else None

    def wrong(self, folder: Path) -> list[object]:
        """Find what is not as it was meant; empty where every edit was made once."""
        old = [f"old-{number:05}" for number in range(self.updates)]
        meant = [Cell(name, f"about {name}", None, 2) for name in old]
        meant += [Cell(*self._new(n), 1) for n in range(self.creates + self.in_lots)]
        lots = sorted({cell.lot for cell in meant if cell.lot})
        found_cells, found_lots = self._found(folder)
        differing = sorted(set(meant) ^ set(found_cells), key=repr)
        twice = [cell for cell in found_cells if found_cells.count(cell) > 1][:9]
        return (
            differing[:9] + twice + ([found_lots] if found_lots != [(n, 1) for n in lots] else [])
        )

    def _found(self, folder: Path) -> tuple[list[Cell], list[tuple[str, int]]]:
        with closing(sqlite3.connect(folder / FILE_NAME)) as database:
            cells = database.execute(_CELLS, (self.spec,)).fetchall()
            lots = database.execute(_LOTS, (self.spec,)).fetchall()
        return [Cell(*row) for row in cells], sorted(lots)


@dataclass(frozen=True)
class Families:
    """New specs, each with new cells, in one plan.

    Attributes
    ----------
    specs, cells : int
        How many; cells of each spec.
    """

    specs: int
    cells: int
    updates = 0

    @property
    def count(self) -> int:
        """Edits in all."""
        return self.specs * (1 + self.cells)

    def edited(self, _client: Client) -> pl.DataFrame:
        """Write down every cell with its spec."""
        pairs = [(f"spec {s}", f"cell {c}") for s in range(self.specs) for c in range(self.cells)]
        return pl.DataFrame(pairs, schema=["spec", "cell"], orient="row")

    def plan(self, client: Client, frame: pl.DataFrame) -> Plan:
        """Plan the specs and the cells at once."""
        none = pl.lit(None, dtype=pl.String)
        specs = frame.select("spec").unique(maintain_order=True).with_columns(spec_id=none)
        return client.plan(specs=specs, cells=frame.with_columns(instance_id=none))

    def wrong(self, folder: Path) -> list[object]:
        """Find what is not as it was meant; empty where every record was made once."""
        meant = [(f"spec {s}", 1) for s in range(self.specs)]
        meant += [
            (f"spec {s}", f"cell {c}", 1) for s in range(self.specs) for c in range(self.cells)
        ]
        with closing(sqlite3.connect(folder / FILE_NAME)) as database:
            found = [*database.execute(_SPECS), *database.execute(_BELOW)]
        return (
            [] if sorted(found, key=repr) == sorted(meant, key=repr) else [sorted(found, key=repr)]
        )


def begin(folder: Path, name: str, updates: int, creates: int = 0, in_lots: int = 0) -> Edits:
    """Make a spec with the cells that are to be edited."""
    with closing(Service(folder, open_door=True)) as service:
        spec = _post(service, "/cell_specifications", {"name": name})["id"]
        path = f"/cell_specifications/{spec}/cell_instances"
        for start in range(0, updates, _AT_ONCE):
            names = [f"old-{n:05}" for n in range(start, min(start + _AT_ONCE, updates))]
            made = [{"method": "POST", "path": path, "body": {"name": one}} for one in names]
            results = _post(service, "/batch", {"operations": made})["results"]
            assert {one["status"] for one in results} == {201}
    return Edits(spec, updates, creates, in_lots)


def _post(service: Service, path: str, body: object) -> Any:
    headers = {"content-type": "application/json"}
    reply = service.answer(Request("POST", path, headers=headers, body=orjson.dumps(body)))
    return orjson.loads(reply.content)
