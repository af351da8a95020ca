"""The connection that writes is kept between changes, and is none to rely on after a fault."""

from __future__ import annotations

import pytest
from sqlalchemy import event

from cellframe.server import schema


@pytest.fixture
def failing(service):
    """Make the next commit fail, once."""
    engine = service._database._engine

    def fail(_):
        event.remove(engine, "commit", fail)
        raise OSError(5, "Input/output error")

    event.listen(engine, "commit", fail)


@pytest.mark.law("S5")
def test_a_commit_that_fails_keeps_nothing_and_the_next_is_whole(call, cell_path, request):
    request.getfixturevalue("failing")
    assert call("PATCH", cell_path, {"notes": "lost"}).status == 503
    kept = call("PATCH", cell_path, {"batch": "L"})
    assert (kept.status, kept.body["notes"], kept.body["version"]) == (200, None, 2)


def test_a_change_that_breaks_off_is_undone_before_the_next(call, cell_path, service):
    def broken():
        with service._database.write() as work:
            work.count()
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        broken()
    assert call("PATCH", cell_path, {"notes": "a"}).body["version"] == 2


def test_the_log_is_gone_once_a_service_is_closed(call, cell_path, service, folder):
    log = folder / f"{schema.FILE_NAME}-wal"
    assert call("PATCH", cell_path, {"notes": "a"}).status == 200
    assert log.exists()
    service.close()
    assert not log.exists()
