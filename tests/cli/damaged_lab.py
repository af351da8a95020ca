"""A service's folder, and what may happen to it behind the service's back."""

from __future__ import annotations

import os
import sqlite3
import time
from contextlib import closing, contextmanager
from typing import TYPE_CHECKING

from cellframe.server.answer import Service
from tests.server.conftest import Caller
from tests.server.derive.samples import series
from tests.server.upload_tools import parquet, upload, upload_files, upload_raw

if TYPE_CHECKING:
    from pathlib import Path

DATABASE = "cellframe.sqlite"
WEEK = 7 * 24 * 3600


class Lab:
    """A folder with a few tests of cells."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    @contextmanager
    def served(self):
        """A service on the folder, for a while."""
        service = Service(self.folder)
        try:
            yield Caller(service)
        finally:
            service.close()

    def fill(self) -> None:
        with self.served() as call:
            spec = call.made("/cell_specifications", {"name": "LFP"})
            for number in range(3):
                below = f"/cell_specifications/{spec['id']}/cell_instances"
                cell = f"/cell_instances/{call.made(below, {'name': f'c-{number}'})['id']}"
                upload(call, cell, f"RPT {number}", parquet(series(cycles=number + 1)))
                pictures = {"photo 0.png": b"a%d" % number, "photo 1.png": b"b"}
                upload_files(call, cell, pictures, f"photos {number}")
                properties = {"mass": {"value": 41.0, "unit": "g"}}
                made = {"name": "mass", "measurement_type": "properties", "properties": properties}
                call.made(f"{cell}/cell_measurements/create", made)
            upload_raw(call, b"Time;Voltage")

    def tell(self, statement: str, *values: object) -> list:
        """Run a statement on the database, behind the service's back."""
        with closing(sqlite3.connect(self.folder / DATABASE)) as connection, connection:
            return connection.execute(statement, values).fetchall()

    def raw(self) -> Path:
        ((digest,),) = self.tell("SELECT digest FROM raw_data")
        return self.folder / "blobs" / digest[:2] / digest

    def file(self, role: str, test: str = "RPT 1") -> Path:
        (digest,) = self.tell(
            "SELECT digest FROM files JOIN cell_measurements t ON t.id = measurement_id "
            "WHERE role = ? AND t.name = ? ORDER BY position",
            *(role, test),
        )[0]
        return self.folder / "blobs" / digest[:2] / digest


def age(path: Path) -> None:
    os.utime(path, (time.time() - WEEK,) * 2)


def flip(path: Path, bit: int) -> None:
    content = bytearray(path.read_bytes())
    content[bit // 8 % len(content)] ^= 1 << bit % 8
    path.write_bytes(content)
