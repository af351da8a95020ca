"""Who edits the same cells at once through plan and apply, and was anybody's edit lost?

Each write that was acknowledged is looked up in its journal: what its writer had read, the
record before it, the record after it. The records of one cell must form a chain.
"""

from __future__ import annotations

import random
import threading
from collections import Counter, defaultdict
from dataclasses import dataclass, field
from datetime import date
from typing import TYPE_CHECKING, Any

import polars as pl

from cellframe.store import journal

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cellframe.client import Client
    from cellframe.writeback.receipt import Receipt

OWN = ("notes", "date_manufactured")
_FIRST_DAY = pl.date(2000, 1, 1)


@dataclass(frozen=True)
class Ack:
    """A write that was acknowledged: the record before, and after it; what it was to change."""

    before: dict[str, Any]
    after: dict[str, Any]
    read: dict[str, Any]
    meant: dict[str, Any]


@dataclass
class Crowd:
    """Writers who each edit some cells, again and again, in a thread of their own.

    Attributes
    ----------
    clients : sequence of Client
        One for each of them.
    spec : str
        Whose cells they edit.
    rounds, rows : int
        How often each of them applies, and how many edits at a time.
    """

    clients: Sequence[Client]
    spec: str
    rounds: int
    rows: int
    acks: list[Ack] = field(default_factory=list)
    outcomes: Counter[str] = field(default_factory=Counter)
    faults: list[Exception] = field(default_factory=list)

    def write(self) -> None:
        """Let all of them write, and wait until they are done."""
        threads = [
            threading.Thread(target=self._work, args=pair) for pair in enumerate(self.clients)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert self.faults == []

    def _work(self, number: int, client: Client) -> None:
        thrown = random.Random(number)
        try:
            for turn in range(self.rounds):
                self._edit(client, thrown, f"{number}-{turn}", number * self.rounds + turn)
        except Exception as fault:  # noqa: BLE001 - told by `write`
            self.faults.append(fault)

    def _edit(self, client: Client, thrown: random.Random, text: str, day: int) -> None:
        cells = client.cell_instance.to_frame(spec=self.spec)
        here = pl.col("cell").is_in(thrown.sample(cells["cell"].to_list(), self.rows))
        if thrown.random() < 0.5:
            cells = cells.with_columns(notes=pl.when(here).then(pl.lit(text)).otherwise("notes"))
        else:
            own = _FIRST_DAY + pl.duration(days=day)
            made = pl.when(here).then(own).otherwise("date_manufactured")
            cells = cells.with_columns(date_manufactured=made)
        plan = client.cell_instance.plan(cells)
        self._remember(plan, client.apply(plan, on_conflict="skip", max_updates=self.rows))

    def _remember(self, plan: Any, receipt: Receipt) -> None:
        self.outcomes.update(receipt.counts)
        if receipt.journal is None:
            return
        changes = {step.id: step.changes for step in plan}
        for line in journal.read(receipt.journal):
            if line["type"] == "outcome" and line["outcome"] == "ok":
                read = {c.label: c.you_read for c in changes[line["id"]]}
                meant = {c.label: c.you_have for c in changes[line["id"]]}
                self.acks.append(Ack(line["before"], line["after"], read, meant))

    def lost(self, cells: Sequence[dict[str, Any]]) -> list[object]:
        """Find every write that another one overwrote unseen; empty where there is none.

        Parameters
        ----------
        cells : sequence of dict
            The records as they are at last.
        """
        last = {cell["id"]: cell for cell in cells}
        chains: defaultdict[str, list[Ack]] = defaultdict(list)
        for ack in self.acks:
            chains[ack.after["id"]].append(ack)
        return [
            fault
            for id_, acks in chains.items()
            for fault in _breaks(sorted(acks, key=lambda a: a.after["version"]), last[id_])
        ]


def _breaks(chain: Sequence[Ack], last: dict[str, Any]) -> list[object]:
    """Find where a chain of writes to one cell is broken."""
    following = [*(ack.before for ack in chain[1:]), last]
    torn = [
        (ack.after, next_)
        for ack, next_ in zip(chain, following, strict=True)
        if _own(ack.after) != _own(next_) or ack.after["version"] != next_["version"]
    ]
    unseen = [ack for ack in chain if not _is_as_read(ack)]
    other = [ack for ack in chain if _own(ack.after) != {**_own(ack.before), **_said(ack.meant)}]
    return [*torn, *unseen, *other]


def _is_as_read(ack: Ack) -> bool:
    return all(ack.before[name] == value for name, value in _said(ack.read).items())


def _own(record: dict[str, Any]) -> dict[str, Any]:
    return {name: record[name] for name in OWN}


def _said(values: dict[str, Any]) -> dict[str, Any]:
    """Values as the service says them."""
    return {
        name: f"{value.isoformat()}T00:00:00Z" if isinstance(value, date) else value
        for name, value in values.items()
    }
