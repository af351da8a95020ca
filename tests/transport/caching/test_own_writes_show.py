"""Law R1: whatever is read after a write of one's own, through whatever handle, has it."""

from __future__ import annotations

import random
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, rule

from cellframe.contract.wire import Request, Walk
from cellframe.errors import TransportError
from tests.transport.shelf import Shelf, get, opened, write

RECORDS = [f"/cell_instances/{number:02}" for number in range(50)]
HANDLES = [("me", 3600.0), ("me", 0.0), ("me", 3600.0), ("another key", 3600.0)]
handles = st.integers(0, len(HANDLES) - 1)
records = st.sampled_from(RECORDS[:8])
lots = st.sampled_from(["L1", "L2"])


class Memory(RuleBasedStateMachine):
    """Four handles on one folder, and a dict that says what is so."""

    def __init__(self):
        super().__init__()
        self.folder = tempfile.TemporaryDirectory()
        self.shelf = Shelf(tags=False)
        self.model: dict[str, str] = {}
        self.wires = [
            opened(self.shelf, Path(self.folder.name), who=who, max_age=age) for who, age in HANDLES
        ]

    @rule(handle=handles, record=records, lot=lots, lost=st.booleans())
    def write(self, handle, record, lot, lost):
        self.shelf.loses = ("PATCH",) if lost else ()
        try:
            write(self.wires[handle], record, lot=lot)
        except TransportError:
            assert lost
        self.model[record] = lot

    @rule(handle=handles, record=records)
    def delete(self, handle, record):
        self.wires[handle].send(Request("DELETE", record))
        self.model.pop(record, None)

    @rule(handle=handles, record=records, lot=lots)
    def write_while_it_is_read(self, handle, record, lot):
        self.shelf.loses = ()
        other = self.wires[(handle + 1) % len(HANDLES)]

        def meanwhile(asked):
            if asked.method == "GET":
                self.shelf.meanwhile = lambda _: None
                write(other, record, lot=lot)
                self.model[record] = lot

        self.shelf.meanwhile = meanwhile
        self.wires[handle].send(Request("GET", record))
        self.shelf.meanwhile = lambda _: None

    @rule(handle=handles, record=records)
    def read(self, handle, record):
        reply = self.wires[handle].send(Request("GET", record))
        assert (reply.status == 404) == (record not in self.model)
        if record in self.model:
            assert get(self.wires[handle], record)["lot"] == self.model[record]

    @rule(handle=handles, lot=lots)
    def read_a_filtered_list(self, handle, lot):
        found = get(self.wires[handle], "/cell_instances", lot=lot, limit="100")
        assert {record["id"] for record in found["items"]} == {
            name for name, its_lot in self.model.items() if its_lot == lot
        }

    @rule(handle=handles)
    def read_pages(self, handle):
        walk, seen = Walk(), {}
        for offset in range(0, len(self.model) + 1, 3):
            query = (("limit", "3"), ("offset", str(offset)))
            page = get(Walked(self.wires[handle], walk), "/cell_instances", **dict(query))
            seen |= {record["id"]: record["lot"] for record in page["items"]}
        assert seen == self.model

    @rule(handle=handles)
    def begin_anew(self, handle):
        """As in the next process: what is on the disk alone is known."""
        self.wires[handle].close()
        who, age = HANDLES[handle]
        self.wires[handle] = opened(self.shelf, Path(self.folder.name), who=who, max_age=age)

    def teardown(self):
        for wire in self.wires:
            wire.close()
        self.folder.cleanup()


class Walked:
    """A wire whose requests are of one walk."""

    def __init__(self, wire, walk):
        self.wire, self.walk = wire, walk

    def send(self, request):
        return self.wire.send(Request("GET", request.path, request.query, walk=self.walk))


TestMemory = pytest.mark.law("R1")(Memory.TestCase)
TestMemory.settings = settings(max_examples=40, stateful_step_count=50, derandomize=True)


@pytest.mark.law("R1")
@pytest.mark.nightly
@pytest.mark.timeout(600)
def test_two_processes_never_read_what_was_before_their_writes(server, remote, tmp_path):
    """Each writes and both read; what one has written, the other finds."""
    script = Path(__file__).with_name("two_writers.py")
    spec = remote.cell_spec.create({"name": "S"})
    for number in range(50):
        remote.cell_instance.create(spec, {"name": f"c{number}"})
    command = [
        sys.executable,
        script,
        server.url,
        tmp_path / "said",
        str(random.Random(5).random()),
    ]
    both = [subprocess.Popen([*command, str(n)], stdout=subprocess.PIPE) for n in range(2)]
    told = [one.communicate(timeout=550)[0] for one in both]
    assert told == [b"0 stale\n"] * 2
