"""One folder, opened twice in one process and once in another: nobody loses the log."""

from __future__ import annotations

import subprocess
import sys

import pytest

import cellframe as cf

ELSEWHERE = """
import cellframe as cf
with cf.open_local("lab") as client:
    client.cell_spec.update("S", {"notes": "from elsewhere"})
"""


@pytest.fixture
def opened_twice(client, tmp_path):
    """A client whose folder was opened once more here, and then changed by another process."""
    client.cell_spec.create({"name": "S"})
    with cf.open_local(tmp_path / "lab") as second:
        second.cell_spec.list()
    subprocess.run([sys.executable, "-c", ELSEWHERE], cwd=tmp_path, check=True)
    return client


def test_what_another_process_writes_is_seen(opened_twice):
    assert opened_twice.cell_spec.get("S").notes == "from elsewhere"


def test_what_is_written_here_afterwards_is_kept(opened_twice, tmp_path):
    opened_twice.cell_spec.update("S", {"manufacturer": "ACME"})
    opened_twice.close()
    with cf.open_local(tmp_path / "lab") as later:
        spec = later.cell_spec.get("S")
    assert (spec.manufacturer, spec.notes) == ("ACME", "from elsewhere")
