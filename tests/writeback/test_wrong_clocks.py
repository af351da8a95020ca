"""Law A10: clocks that are wrong, and that jump, change nothing in what becomes of an edit."""

from __future__ import annotations

import random
import time
from contextlib import closing
from datetime import datetime, timedelta

import polars as pl
import pytest

from cellframe.client import Client
from cellframe.server import clock
from cellframe.server.answer import Service
from cellframe.store import journals
from cellframe.transport.inprocess import InProcessWire
from cellframe.transport.replies import ask
from tests.faults.edits import begin

TRUE_TIME = time.time
DAY, HOUR = 24 * 3600, 3600
TURNS = 8
_NIGHTLY = [pytest.mark.nightly, pytest.mark.timeout(900)]


class Clocks:
    """The clock of the clients, and that of the service; each may be wrong by some seconds."""

    def __init__(self, thrown):
        self.thrown = thrown
        self.client = self.service = 0.0

    def jump(self):
        """Let the one be a day off, to either side, and set the other back by up to an hour."""
        if self.thrown:
            self.client = self.thrown.uniform(-DAY, DAY)
            self.service -= self.thrown.uniform(0, HOUR / TURNS)

    def now(self):
        return clock.now() + int(self.service * 1e6)

    def put_on(self, monkeypatch):
        clocks = self

        class Skewed(datetime):
            @classmethod
            def now(cls, tz=None):
                return super().now(tz) + timedelta(seconds=clocks.client)

        monkeypatch.setattr(journals, "datetime", Skewed)
        monkeypatch.setattr(time, "time", lambda: TRUE_TIME() + clocks.client)


def story(folder, seed, clocks):
    """Two people edit three cells, from frames old and new; tell what became of each edit."""
    thrown, told = random.Random(seed), []
    spec = begin(folder / "lab", "clocks", 3).spec
    with closing(Service(folder / "lab", open_door=True, clock=clocks.now)) as service:
        wire = InProcessWire(service.answer, "lab", lambda: None)
        people = [Client.over(wire, folder / f"home {n}") for n in range(2)]
        frames = [one.cell_instance.to_frame(spec=spec) for one in people]
        for turn in range(TURNS):
            clocks.jump()
            who = thrown.randrange(2)
            if thrown.random() < 0.3:
                frames[who] = people[who].cell_instance.to_frame(spec=spec)
            here = pl.col("cell") == f"old-{thrown.randrange(3):05}"
            frames[who] = frames[who].with_columns(
                notes=pl.when(here).then(pl.lit(f"{turn}")).otherwise("notes")
            )
            plan = people[who].cell_instance.plan(frames[who])
            told.append(people[who].apply(plan, on_conflict="skip", max_updates=3).counts)
        cells = ask(wire, "GET", "/cell_instances")["items"]
    return told, sorted((cell["name"], cell["notes"], cell["version"]) for cell in cells)


@pytest.mark.law("A10")
@pytest.mark.parametrize("seeds", [2, pytest.param(50, marks=_NIGHTLY)])
def test_wrong_clocks_change_nothing(tmp_path, monkeypatch, seeds):
    for seed in range(seeds):
        true = story(tmp_path / f"true {seed}", seed, Clocks(None))
        with monkeypatch.context() as patched:
            clocks = Clocks(random.Random(seed))
            clocks.put_on(patched)
            assert story(tmp_path / f"wrong {seed}", seed, clocks) == true
