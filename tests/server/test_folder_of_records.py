"""The folder: its modes, its migrations, several writers, and what a kill leaves."""

from __future__ import annotations

import os
import re
import sqlite3
import stat
import subprocess
import sys
import threading
from contextlib import closing
from pathlib import Path

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory

from cellframe.errors import CorruptStoreError, StoreError
from cellframe.server import schema, tables
from cellframe.server.database import Database

ROOT = Path(__file__).parents[2]
SPECS = "/cell_specifications"
OPEN = """
import sys
from pathlib import Path
from cellframe.server.answer import Service
service = Service(Path(sys.argv[1]))
print(service.server_id)
service.close()
"""
WRITE = """
import json, sys
from pathlib import Path
from cellframe.contract.wire import Request
from cellframe.server.answer import Service
service = Service(Path(sys.argv[1]), open_door=True)
for number in range(int(sys.argv[3])):
    body = json.dumps({"name": f"{sys.argv[2]}-{number}"}).encode()
    headers = {"content-type": "application/json"}
    reply = service.answer(Request("POST", "/cell_specifications", (), headers, body))
    print(reply.status, flush=True)
"""


def start(code: str, *arguments: object) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", code, *map(str, arguments)],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


@pytest.mark.law("X11")
def test_folder_and_files_are_their_owners_alone(tmp_path, opened, folder):
    before = os.umask(0)
    try:
        opened().made(SPECS, {"name": "x"})
    finally:
        os.umask(before)
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert {stat.S_IMODE(path.stat().st_mode) for path in folder.iterdir()} == {0o600}


def test_the_records_are_there_after_reopening(opened):
    first = opened()
    made = first.made(SPECS, {"name": "x"})
    first.service.close()
    second = opened()
    assert second("GET", f"{SPECS}/{made['id']}").body == made
    assert second.service.server_id == first.service.server_id


def test_two_processes_may_open_a_new_folder_at_once(folder):
    started = [start(OPEN, folder) for _ in range(3)]
    said = [process.communicate(timeout=30) for process in started]
    assert [process.returncode for process in started] == [0, 0, 0], said
    assert len({out for out, _ in said}) == 1


def test_two_processes_may_write_at_once(folder, opened):
    opened()
    started = [start(WRITE, folder, name, 40) for name in "ab"]
    said = [process.communicate(timeout=30)[0] for process in started]
    assert set("".join(said).split()) == {"201"}
    assert opened()("GET", SPECS).body["total"] == 80


@pytest.mark.law("S4")
def test_many_threads_lose_nothing(call, cells_path, cell_path):
    statuses = []

    def write(number):
        statuses.append(call("POST", cells_path, {"name": f"t-{number}", "batch": "L"}).status)
        statuses.append(call("PATCH", cell_path, {"notes": str(number)}).status)

    threads = [threading.Thread(target=write, args=(number,)) for number in range(32)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(statuses) == [200] * 32 + [201] * 32
    assert call("GET", cell_path).body["version"] == 33


def test_the_migrations_make_the_tables_that_the_code_uses(service):
    with service._database.read() as connection:
        assert compare_metadata(MigrationContext.configure(connection), tables.metadata) == []


def test_tables_that_are_remembered_are_those_that_are_migrated(tmp_path, monkeypatch):
    def content(name):
        Database(tmp_path / name, lambda: 1).close()
        with closing(sqlite3.connect(tmp_path / name / schema.FILE_NAME)) as connection:
            return re.sub(r"[0-9a-f-]{36,}", "…", "\n".join(connection.iterdump()))

    remembered = content("one"), content("other")
    monkeypatch.setattr(command, "upgrade", command.upgrade.migrate)
    assert remembered == (content("migrated"),) * 2


def test_the_newest_migration_is_the_one_named():
    config = Config()
    config.set_main_option("script_location", schema._SCRIPTS)
    assert ScriptDirectory.from_config(config).get_current_head() == schema.HEAD


def test_every_commit_reaches_the_disk(service):
    with service._database.read() as connection:
        modes = {
            name: connection.exec_driver_sql(f"PRAGMA {name}").scalar()
            for name in ("journal_mode", "synchronous", "foreign_keys")
        }
    assert modes == {"journal_mode": "wal", "synchronous": 2, "foreign_keys": 1}


def test_the_database_of_another_program_is_left_alone(opened, folder):
    folder.mkdir()
    with sqlite3.connect(folder / schema.FILE_NAME) as connection:
        connection.execute("CREATE TABLE theirs (x)")
    connection.close()
    with pytest.raises(StoreError, match="another program"):
        opened()


def test_a_file_that_is_no_database_is_left_alone(opened, folder):
    folder.mkdir()
    (folder / schema.FILE_NAME).write_bytes(b"not a database at all" * 100)
    with pytest.raises(CorruptStoreError, match="Restore it"):
        opened()
    assert (folder / schema.FILE_NAME).read_bytes().startswith(b"not a database")


def test_a_folder_that_is_a_file_is_refused(opened, folder):
    folder.write_text("x")
    with pytest.raises(StoreError, match="Choose another folder"):
        opened()


@pytest.mark.law("X7")
def test_a_link_in_the_place_of_the_database_is_not_followed(opened, folder, tmp_path):
    folder.mkdir()
    (folder / schema.FILE_NAME).symlink_to(tmp_path / "elsewhere.sqlite")
    with pytest.raises(StoreError, match="link"):
        opened()
    assert not (tmp_path / "elsewhere.sqlite").exists()


@pytest.mark.law("X7")
def test_names_are_no_paths(call, tmp_path, folder):
    before = set(tmp_path.rglob("*"))
    for name in ("../../etc/passwd", "C:\\x", "CON", "a/../b", "x" * 255, "a. "):
        assert call.made(SPECS, {"name": name})["name"] == name
    made = {path.name for path in set(tmp_path.rglob("*")) - before}
    assert made <= {schema.FILE_NAME, f"{schema.FILE_NAME}-wal", f"{schema.FILE_NAME}-shm"}
