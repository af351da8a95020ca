"""Things that tests of steps and cycles are given: a way from rows to what is derived of them."""

from __future__ import annotations

import pytest

from cellframe.server.derive import derive


@pytest.fixture
def derived(tmp_path):
    """Derive from rows in memory, as from the file that a client puts."""

    def write_and_derive(rows, *, steps=None, **options):
        path = tmp_path / "series.parquet"
        rows.write_parquet(path)
        if steps is not None:
            options["steps"] = tmp_path / "steps.parquet"
            steps.write_parquet(options["steps"])
        return derive(path, **options)

    return write_and_derive
