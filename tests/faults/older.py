"""What does a folder of an earlier version look like? Its migrations made it, its statements fill it.

The statements are those of their time, and are not changed with the code: that is their use. A
migration that is added gets an entry of its own, for those that come after it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from alembic import command
from alembic.config import Config
from sqlalchemy import NullPool, create_engine

from cellframe.server import schema

if TYPE_CHECKING:
    from pathlib import Path

_ORIGIN = "1700000000000000, 1700000000000001, 'u', 'lab@localhost', 'o'"
SERVICE = {
    "server_id": "server",
    "organization_id": "o",
    "organization_name": "Local lab",
    "project_id": "p",
    "user_id": "u",
    "user_email": "lab@localhost",
}
_SERIES = "1b4f0e9851971998e732078544c96b36c3d01cedf7caa332359d6f1d83567014"
FILL = {
    "0001": (
        *(f"INSERT INTO meta VALUES ('{key}', '{value}')" for key, value in SERVICE.items()),
        "INSERT INTO counter VALUES (1, 9)",
        f"INSERT INTO materials VALUES ('m', 'p', 'i', 'NMC', NULL, NULL, NULL, {_ORIGIN}, 1, 1)",
        (
            "INSERT INTO components VALUES ('k', 'p', 'i', 'cathode', 'm', "
            f"""'{{"loading": {{"value": 12.0, "unit": "mg/cm**2"}}}}', {_ORIGIN}, 1, 2)"""
        ),
        (
            "INSERT INTO cell_specifications (id, project_id, name, folded_name, ratings, cathode_id, "
            "created_at, updated_at, created_by, created_by_email, organization_id, version, changed) "
            """VALUES ('s', 'p', 'LFP', 'lfp', '{"capacity": {"value": 1.1, "unit": "A*h"}}', 'k', """
            f"{_ORIGIN}, 3, 3)"
        ),
        (
            "INSERT INTO cell_batches VALUES "
            f"('l', 's', 'L1', 'l1', '2025-01-01', NULL, 'a lot', {_ORIGIN}, 1, 4)"
        ),
        (
            "INSERT INTO cell_instances VALUES "
            f"('c', 's', 'l', 'c-1', 'c-1', '2025-02-03', NULL, 'dented', {_ORIGIN}, 5, 5)"
        ),
    ),
    "0002": (
        (
            "INSERT INTO cell_measurements VALUES ('t', 'c', 'ageing', 'ageing', 'ageing', "
            """'properties', '["RPT"]', 1700000000000000, NULL, NULL, NULL, """
            f"""'{{"mass": {{"value": 1, "unit": "g"}}}}', 'n', 0, 'ready', NULL, NULL, {_ORIGIN}, 2, 6)"""
        ),
        "INSERT INTO measurement_tags VALUES ('t', 'rpt', 'RPT')",
        (
            "INSERT INTO cell_measurements VALUES ('f', 'c', 'photos', 'photos', 'photos', 'file', "
            f"""'[]', NULL, NULL, NULL, NULL, NULL, NULL, 0, 'ready', NULL, NULL, {_ORIGIN}, 1, 7)"""
        ),
        f"INSERT INTO blobs VALUES ('{_SERIES}', 5, 1700000000000000, NULL)",
        f"INSERT INTO files VALUES ('f', 'file', 0, 'a.txt', '{_SERIES}', 5)",
        "INSERT INTO uploads VALUES ('w', 'w', 'c', 'file', 1700000000000000, NULL, NULL)",
        "INSERT INTO upload_files VALUES ('w', 0, 'b.txt', NULL, NULL, NULL)",
    ),
    "0003": (f"INSERT INTO projects VALUES ('q', 'Second', 'second', NULL, {_ORIGIN}, 4, 8)",),
    "0004": (
        "INSERT INTO answers VALUES ('caller', 'key', 'digest', 201, NULL, '{}', 1700000000000000)",
    ),
    "0005": (
        (
            "INSERT INTO raw_data VALUES ('r', 'p', 'export', 'export', 'a.csv', NULL, 5, 'a cycler', "
            f"NULL, '{_SERIES}', {_ORIGIN}, 1, 9)"
        ),
        "INSERT INTO measurement_raw_data VALUES ('t', 'r')",
        "INSERT INTO watches VALUES ('t')",
        "INSERT INTO uploads VALUES ('v', 'v', NULL, 'raw_data', 1700000000000000, NULL, NULL)",
        "INSERT INTO upload_files VALUES ('v', 0, 'b.csv', NULL, NULL, NULL)",
    ),
}
"""What each version could hold beyond the one before it."""
EXPECTED = {
    "0001": {
        "/cell_specifications/s": {"name": "LFP", "version": 3, "project_id": "p"},
        "/cell_instances/c": {"notes": "dented", "batch_name": "L1", "version": 5},
        "/cell_batches/l": {"name": "L1", "notes": "a lot", "instance_count": 1},
        "/users/me": {"id": "u"},
    },
    "0002": {
        "/cell_measurements/t": {"tags": ["RPT"], "notes": "n", "version": 2},
        "/cell_measurements/f": {"name": "photos", "version": 1},
    },
    "0003": {"/projects/q": {"name": "Second", "version": 4}},
    "0004": {"/healthz": {"status": "ok"}},
    "0005": {
        "/raw_data/r": {"name": "export", "size_bytes": 5, "source": "a cycler"},
        "/raw_data/r/cell_measurements": {"items": ["t"]},
    },
}
"""What a service of today says of it."""


def upto(revision: str, table: dict) -> list:
    """Entries of every version up to one."""
    return [entry for version, entry in sorted(table.items()) if version <= revision]


def make(folder: Path, revision: str) -> Path:
    """Make a folder as a service of that version left it, and return its database."""
    path = schema.prepare_folder(folder)
    schema.use_write_ahead_log(path)
    engine = create_engine(f"sqlite:///{path}", poolclass=NullPool)
    config = Config()
    config.set_main_option("script_location", schema._SCRIPTS)
    for version in [one for one in sorted(FILL) if one <= revision]:
        with engine.begin() as connection:
            config.attributes["connection"] = connection
            command.upgrade(config, version)
            for statement in FILL[version]:
                connection.exec_driver_sql(statement)
    return path
