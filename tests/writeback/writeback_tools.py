"""What the tests of write-back share: an edit of one cell, and a wire that can be listened to."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from cellframe.contract import routes
from cellframe.server.lesser import Lesser

if TYPE_CHECKING:
    from collections.abc import Callable

    from cellframe.contract.wire import Reply, Request, Wire

MASS, LOADING, POLICY = "cell.mass [g]", "cathode.loading [mg/cm**2]", "cell.policy"


def edit(frame: pl.DataFrame, cell: str, /, **values: object) -> pl.DataFrame:
    """A frame in which one cell of the lab has other values; short names stand for labels."""
    short = {"mass": MASS, "loading": LOADING, "policy": POLICY}
    for name, value in values.items():
        label = short.get(name, name)
        new = pl.lit(value, dtype=frame.schema.get(label, pl.String))
        old = pl.col(label) if label in frame.columns else pl.lit(None, dtype=pl.String)
        frame = frame.with_columns(
            pl.when(pl.col("cell") == cell).then(new).otherwise(old).alias(label)
        )
    return frame


def new_rows(**columns: list) -> pl.DataFrame:
    """A frame of new cells."""
    height = len(next(iter(columns.values())))
    ids = pl.Series("instance_id", [None] * height, dtype=pl.String)
    return pl.DataFrame({"instance_id": ids, **columns})


def classes(plan) -> set[tuple[str, str, str]]:
    """Every cell of a plan: name of the row, label, class."""
    return {(step.name, c.label, c.what.value) for step in plan for c in step.changes}


def mass(value: float, unit: str = "g") -> dict:
    """A body that sets the mass and drops every other property."""
    return {"measured_properties": {"cell": {"mass": {"value": value, "unit": unit}}}}


class Tapped:
    """A wire that writes down what passes; a test may act before, answer instead, or lose."""

    def __init__(self, wire: Wire, *, together: bool = False) -> None:
        self.wire = wire
        self.together = together
        self.sent: list[Request] = []
        self.before: Callable[[Request], Reply | None] = lambda _request: None
        self.after: Callable[[Request, Reply], Reply] = lambda _request, reply: reply

    @property
    def origin(self) -> str:
        return self.wire.origin

    @property
    def in_place(self) -> bool:
        return self.wire.in_place

    def send(self, request: Request) -> Reply:
        self.sent.append(request)
        reply = self.before(request) or self.after(request, self.wire.send(request))
        # Most tests look at single writes.
        told = request.path == routes.CAPABILITIES and not self.together
        return Lesser(["batch"]).told(request, reply) if told else reply

    def close(self) -> None:
        """Leave the wire below open: its own client closes it."""

    def methods(self, method: str) -> list[Request]:
        return [request for request in self.sent if request.method == method]


class Once:
    """An act that happens at the first request of one method alone."""

    def __init__(self, method: str, act: Callable[[], object]) -> None:
        self.method = method
        self.act = act
        self.done = False

    def __call__(self, request: Request) -> None:
        if request.method == self.method and not self.done:
            self.done = True
            self.act()
