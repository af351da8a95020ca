"""Laws U1 to U3 and U5: kills, damaged files, a hundred confirms, and garbage."""

from __future__ import annotations

import base64
import json
import random
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from hashlib import sha256
from pathlib import Path

import pytest
from faulty_disks import CountingDisk, Killed, dying_at
from upload_tools import (
    SERIES,
    blobs,
    confirm,
    initiate,
    parquet,
    path_of,
    put,
    read_file,
    read_frame,
    upload,
)

ROOT = Path(__file__).parents[2]
HOUR = 3600 * 1_000_000
DAY = 24 * HOUR


def try_to(call, cell, begun):
    """Put and confirm, as a client does that was told of no success."""
    put(call, begun)
    return confirm(call, cell, begun)


def check_whole(call, name="t"):
    """A test has exactly the content it was made of, and can be read, or is not there."""
    for test in call("GET", f"/cell_measurements?name=eq.{name}").body["items"]:
        content = read_file(call, f"{path_of(test)}/time_series/download")
        assert sha256(content).hexdigest() == test["file_metadata"]["sha256"]
        assert read_frame(call, f"{path_of(test)}/steps/download").height == 2


def outlives(opened, cell_path, number):
    """Kill an upload at its n-th operation; return whether it came so far."""
    name = f"t{number}"
    begun = initiate(opened(), cell_path, name)
    disk = dying_at(number)
    dying = opened(file_system=disk)
    disk.watch(dying.service)
    try:
        put(dying, begun)
        confirm(dying, cell_path, begun, name)
    except Killed:
        killed = True
    else:
        killed = False
    after = opened()
    check_whole(after, name)
    put(after, begun)
    assert confirm(after, cell_path, begun, name).status == 201
    check_whole(after, name)
    return killed


@pytest.mark.law("U1")
@pytest.mark.parametrize("every", [4, pytest.param(1, marks=pytest.mark.nightly)])
def test_an_upload_killed_anywhere_is_all_or_nothing_and_can_be_finished(opened, cell_path, every):
    killed = [outlives(opened, cell_path, number) for number in range(0, 40, every)]
    reached = killed.index(False)
    assert reached * every > 16
    assert not any(killed[reached:])


DIE = """
import json, os, sys
sys.path.insert(0, sys.argv[5])
from pathlib import Path
from faulty_disks import CountingDisk
from cellframe.contract.wire import Request
from cellframe.server.answer import Service
left = int(sys.argv[2])
def strike(word):
    global left
    left -= 1
    if left < 0:
        os._exit(9)
disk = CountingDisk(strike)
service = Service(Path(sys.argv[1]), open_door=True, file_system=disk)
disk.watch(service)
begun, body = json.loads(sys.argv[3]), sys.argv[4].encode()
content = Path(sys.argv[1]).with_name("series.parquet").read_bytes()
service.answer(Request("PUT", begun["uploads"][0]["signed_url"], (), {}, content))
path = f"/cell_measurements/{begun['measurement_id']}/confirm-upload"
service.answer(Request("POST", path, (), {"content-type": "application/json"}, body))
"""


def die(folder, begun, cell, number):
    body = {
        "cell_instance_id": cell.rpartition("/")[2],
        "measurement": {"name": "t"},
        "measurement_type": "time_series",
    }
    folder.with_name("series.parquet").write_bytes(parquet())
    given = [
        str(folder),
        str(number),
        json.dumps(begun),
        json.dumps(body),
        str(ROOT / "tests/server"),
    ]
    ran = subprocess.run([sys.executable, "-c", DIE, *given], cwd=ROOT, check=False, timeout=50)
    return ran.returncode


@pytest.mark.law("U1")
@pytest.mark.parametrize(
    "number", [9, *(pytest.param(n, marks=pytest.mark.nightly) for n in range(26) if n != 9)]
)
def test_a_process_killed_in_an_upload_leaves_all_or_nothing(opened, cell_path, folder, number):
    call = opened()
    begun = initiate(call, cell_path)
    assert die(folder, begun, cell_path, number) in {0, 9}
    check_whole(call)
    assert try_to(call, cell_path, begun).status == 201
    check_whole(call)


def damaged(count):
    """A good file, cut at 64 places and with single bits flipped."""
    good = parquet()
    yield from (good[: len(good) * cut // 64] for cut in range(64))
    dice = random.Random(5)
    for _ in range(count):
        content = bytearray(good)
        content[dice.randrange(len(good))] ^= 1 << dice.randrange(8)
        yield bytes(content)
    yield from (b"", b"PAR1", good[-200:], good + b"x", b"a,b\n1,2\n" * 50)


@pytest.mark.law("U2")
@pytest.mark.parametrize("flips", [100, pytest.param(1000, marks=pytest.mark.nightly)])
def test_a_file_damaged_on_its_way_is_refused(call, cell_path, folder, flips):
    begun = initiate(call, cell_path)
    promised = base64.b64encode(sha256(parquet()).digest()).decode()
    header = {"content_digest": f"sha-256=:{promised}:"}
    target = begun["uploads"][0]["signed_url"]
    for content in damaged(flips):
        assert call("PUT", target, content, **header).status == 422
    assert confirm(call, cell_path, begun).status == 400
    assert blobs(folder) == set()


@pytest.mark.law("U2")
@pytest.mark.parametrize("flips", [40, pytest.param(1000, marks=pytest.mark.nightly)])
def test_a_file_damaged_before_is_never_a_fault_of_the_service(call, cell_path, flips):
    cut = 0
    for number, content in enumerate(damaged(flips)):
        begun = initiate(call, cell_path, f"t{number}")
        put(call, begun, content)
        answer = confirm(call, cell_path, begun, f"t{number}")
        assert answer.status in {201, 422}
        cut += answer.status == 422
        if answer.body.get("processing_status") == "pending":
            kept = call("GET", path_of(answer.body)).body
            assert kept["processing_status"] == "failed"
            assert kept["processing_error"]
    assert cut >= 64 + 5


@pytest.mark.law("U3")
def test_a_hundred_confirms_at_once_make_one_test(call, cell_path, folder):
    begun = initiate(call, cell_path)
    put(call, begun)
    with ThreadPoolExecutor(100) as pool:
        answers = list(pool.map(lambda _: confirm(call, cell_path, begun), range(100)))
    assert {answer.status for answer in answers} == {201}
    assert len({answer.content for answer in answers}) == 1
    assert call("GET", "/cell_measurements").body["total"] == 1
    assert len(blobs(folder)) == 3


@pytest.mark.law("U3")
def test_confirms_of_one_name_at_once_make_one_test(call, cell_path):
    begun = [initiate(call, cell_path) for _ in range(20)]
    for one in begun:
        put(call, one)
    with ThreadPoolExecutor(20) as pool:
        answers = list(pool.map(lambda one: confirm(call, cell_path, one), begun))
    (made,) = (answer.body["id"] for answer in answers if answer.status == 201)
    late = [answer for answer in answers if answer.status == 409]
    assert {answer.body["detail"]["existing_id"] for answer in late} == {made}
    assert len(late) == 19


class Lab:
    """Random uploads, deletions and days, beside what must be true of them."""

    def __init__(self, call, clock, cell, seed):
        self.call, self.clock, self.cell = call, clock, cell
        self.dice = random.Random(seed)
        self.live: dict[str, bytes] = {}
        self.begun: list = []
        self.last_live: dict[str, int] = {}
        self.number = 0

    def step(self):
        acts = (
            self.begin,
            self.begin,
            self.put,
            self.confirm,
            self.confirm,
            self.delete,
            self.wait,
        )
        self.dice.choice(acts)()
        for content in self.live.values():
            self.last_live[sha256(content).hexdigest()] = self.clock.now

    def begin(self):
        self.number += 1
        kind = {"measurement_type": "file", "filenames": ["a"]}
        begun = initiate(self.call, self.cell, f"t{self.number}", **kind)
        self.begun.append([begun, f"t{self.number}", None])
        self.check()

    def put(self):
        if self.begun:
            one = self.dice.choice(self.begun)
            content = b"content %d" % self.dice.randrange(5)
            if put(self.call, one[0], content).status == 200:
                one[2] = content

    def confirm(self):
        if not self.begun:
            return
        begun, name, content = self.begun.pop(self.dice.randrange(len(self.begun)))
        kind = {"measurement_type": "file", "filenames": ["a"]}
        answer = confirm(self.call, self.cell, begun, name, **kind)
        assert answer.status in {201, 400, 404}
        if answer.status == 201:
            self.live[begun["measurement_id"]] = content

    def delete(self):
        if self.live:
            test = self.dice.choice(list(self.live))
            assert self.call("DELETE", f"/cell_measurements/{test}").status == 204
            del self.live[test]

    def wait(self):
        self.clock.now += self.dice.randrange(20 * HOUR)

    def check(self):
        """Every live content is whole, and no other is older than two days."""
        for test, content in self.live.items():
            assert read_file(self.call, f"/cell_measurements/{test}/files/a") == content
        needed = {sha256(content).hexdigest() for content in self.live.values()}
        for digest in blobs(self.call.service._blobs.folder) - needed:
            assert self.clock.now - self.last_live[digest] < 2 * DAY
        for came in self.call.service._blobs.staged_at().values():
            assert self.clock.now - came < 2 * DAY


@pytest.mark.law("U5")
@pytest.mark.parametrize(
    ("seed", "steps"),
    [(1, 250), *(pytest.param(n, 2500, marks=pytest.mark.nightly) for n in range(4))],
)
def test_garbage_goes_and_nothing_else(timed, clock, seed, steps):
    spec = timed.made("/cell_specifications", {"name": "s"})
    cell = timed.made(f"/cell_specifications/{spec['id']}/cell_instances", {"name": "c"})
    lab = Lab(timed, clock, f"/cell_instances/{cell['id']}", seed)
    for _ in range(steps):
        lab.step()
    assert lab.number > steps / 5
    assert lab.last_live


def test_a_test_uploaded_while_others_are_deleted_is_whole(call, cell_path, folder):
    tests = [upload(call, cell_path, f"t{number}") for number in range(10)]
    with ThreadPoolExecutor(8) as pool:
        gone = pool.map(lambda test: call("DELETE", path_of(test)).status, tests)
        swept = pool.map(lambda _: call.service._collector.run(), range(10))
        made = list(pool.map(lambda number: upload(call, cell_path, f"n{number}"), range(10)))
        assert set(gone) == {204}
        assert list(swept)
    for test in made:
        assert read_frame(call, f"{path_of(test)}/time_series/download").equals(SERIES)


@pytest.mark.law("U5")
def test_a_collector_at_every_step_of_an_upload_takes_nothing(opened, cell_path, clock):
    with ThreadPoolExecutor(1) as pool:
        swept = []
        collecting = opened(clock=clock).service._collector
        disk = CountingDisk(lambda _: swept.append(pool.submit(collecting.run)))
        call = opened(file_system=disk, clock=clock)
        made = [upload(call, cell_path, name) for name in "ab"]
        assert len(swept) > 20
        assert not any(run.exception() for run in swept)
    for test in made:
        assert read_frame(call, f"{path_of(test)}/time_series/download").equals(SERIES)
