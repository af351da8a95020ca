"""Law S5: a full disk is told as one, loses nothing, and is over when there is space again."""

from __future__ import annotations

import errno
import os
import shutil
import sqlite3
import subprocess
import sys
from contextlib import closing, contextmanager
from pathlib import Path

import pytest
from faulty_disks import failing_at
from upload_tools import SERIES, confirm, initiate, path_of, put, read_frame, upload

from cellframe.server.schema import FILE_NAME

pytestmark = pytest.mark.law("S5")

ROOT = Path(__file__).parents[2]
REFUSED = {503: "UNAVAILABLE", 507: "INSUFFICIENT_STORAGE"}
NOTES = "x" * 30_000
MANY = pytest.mark.nightly


def fill(call, cells, most=200):
    """Create until one is refused; return the names that were acknowledged, and the refusal."""
    made = []
    for number in range(most):
        answer = call("POST", cells, {"name": f"c{number}", "notes": NOTES})
        if answer.status != 201:
            return made, answer
        made.append(answer.body["name"])
    return made, None


def check_refusal(answer):
    assert answer.body["error_code"] == REFUSED[answer.status]
    assert "full" in answer.message or answer.status == 503


def check_readable(call, cells, made):
    page = call("GET", f"{cells}?limit=1000")
    assert page.status == 200
    assert set(made) <= set(page.names)


def check_sound(folder):
    with closing(sqlite3.connect(folder / FILE_NAME)) as connection:
        assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]


def most_pages(call, number):
    with call.service._database.write() as work:
        work.connection.exec_driver_sql(f"PRAGMA max_page_count={number}")


@pytest.mark.parametrize("pages", [80, *(pytest.param(n, marks=MANY) for n in range(81, 130))])
def test_a_database_that_may_not_grow_refuses_and_goes_on(call, cells_path, folder, pages):
    most_pages(call, pages)
    made, refusal = fill(call, cells_path)
    assert refusal.status == 507
    check_refusal(refusal)
    check_readable(call, cells_path, made)
    most_pages(call, 1_000_000)
    call.made(cells_path, {"name": "after", "notes": NOTES})
    check_readable(call, cells_path, [*made, "after"])
    check_sound(folder)


@contextmanager
def largest_file(size):
    """Let no file of this process grow further; what tries gets an error, not a signal."""
    resource = pytest.importorskip("resource")
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


@pytest.mark.parametrize(
    "size", [700_000, *(pytest.param(n, marks=MANY) for n in range(50_000, 4_000_000, 79_000))]
)
def test_a_log_that_may_not_grow_refuses_and_goes_on(call, cells_path, folder, size):
    with largest_file(size):
        made, refusal = fill(call, cells_path)
        check_refusal(refusal)
        check_readable(call, cells_path, made)
    call.made(cells_path, {"name": "after", "notes": NOTES})
    check_readable(call, cells_path, [*made, "after"])
    check_sound(folder)


def test_a_file_that_may_not_grow_is_refused_and_comes_later(call, cell_path, folder):
    begun = initiate(call, cell_path)
    with largest_file(10_000):
        refusal = put(call, begun, os.urandom(100_000))
    assert (refusal.status, refusal.body["error_code"]) == (507, "INSUFFICIENT_STORAGE")
    assert list(folder.joinpath("staging").iterdir()) == []
    assert put(call, begun).status == 200
    assert confirm(call, cell_path, begun).status == 201


WRITING = ("make_dir", "write", "write, half", "rename", "commit")


@pytest.mark.parametrize(
    ("number", "code"),
    [
        *((number, errno.ENOSPC) for number in range(12)),
        *((number, errno.EIO) for number in range(0, 12, 2)),
        (3, errno.EDQUOT),
    ],
)
def test_whatever_operation_fails_the_same_service_goes_on(opened, cell_path, number, code):
    call = opened(file_system=failing_at(number, code, *WRITING))
    begun = initiate(call, cell_path)
    answers = [put(call, begun), confirm(call, cell_path, begun)]
    refused = [answer for answer in answers if answer.status >= 500]
    assert {answer.status for answer in refused} <= ({503} if code == errno.EIO else {507})
    for answer in refused:
        check_refusal(answer)
    if call("GET", "/cell_measurements").body["total"] == 0:
        upload(call, cell_path)
    (test,) = call("GET", "/cell_measurements").body["items"]
    assert read_frame(call, f"{path_of(test)}/time_series/download").equals(SERIES)


ON_A_SMALL_DISK = """
import os, sys
from pathlib import Path
sys.path[:0] = sys.argv[3:]
from tests.server.conftest import Caller
from test_durability_full_disk import check_readable, check_refusal, check_sound, fill
from upload_tools import initiate, put
from cellframe.server.answer import Service
disk, left = Path(sys.argv[1]), int(sys.argv[2])
service = Service(disk / "lab")
call = Caller(service)
spec = call.made("/cell_specifications", {"name": "s"})
cells = f"/cell_specifications/{spec['id']}/cell_instances"
cell = f"/cell_instances/{call.made(cells, {'name': 'first'})['id']}"
begun = initiate(call, cell)
free = os.statvfs(disk).f_bavail * os.statvfs(disk).f_frsize
(disk / "filler").write_bytes(bytes(max(free - left, 0)))
made, refusal = fill(call, cells)
check_refusal(refusal)
check_refusal(put(call, begun, os.urandom(400_000)))
check_readable(call, cells, ["first", *made])
(disk / "filler").unlink()
assert put(call, begun, b"a" * 400_000).status == 200
call.made(cells, {"name": "after"})
check_readable(call, cells, ["first", *made, "after"])
service.close()
check_sound(disk / "lab")
print("went on after", len(made))
"""


@pytest.mark.skipif(not shutil.which("unshare"), reason="no small disk can be mounted here")
@pytest.mark.parametrize(
    "left", [300_000, *(pytest.param(n, marks=MANY) for n in range(0, 3_000_000, 60_000))]
)
def test_a_disk_that_is_full_is_told_as_one(tmp_path, left):
    places = [str(ROOT), str(ROOT / "tests/server")]
    mount = 'mount -t tmpfs -o size=5m none "$1" || exit 77; shift; exec "$@"'
    inner = [sys.executable, "-c", ON_A_SMALL_DISK, str(tmp_path), str(left), *places]
    command = ["unshare", "-rm", "sh", "-c", mount, "sh", str(tmp_path), *inner]
    ran = subprocess.run(command, capture_output=True, text=True, check=False, timeout=50)
    if ran.returncode == 77 or "unshare failed" in ran.stderr:
        pytest.skip("no small disk can be mounted here")
    assert ran.returncode == 0, ran.stderr[-2000:]
    assert ran.stdout.startswith("went on after")
