"""Answers that are lost on the way: an upload is settled, never doubled, never believed in vain."""

from __future__ import annotations

import pytest

from cellframe.errors import TransportError
from tests.cycling import cycling, later

DETAIL = {"measurement": {"name": "run", "start_time": "2026-01-01T00:00:00Z"}}


@pytest.fixture
def losing(client, cells, monkeypatch):
    """Lose answers, or requests, of a path, as often as a test says."""
    whole = client._wire.send

    def lose(path, times, *, arrives):
        left = [times]

        def send(request):
            if request.path.endswith(path) and left[0]:
                left[0] -= 1
                if arrives:
                    whole(request)
                raise TransportError("the connection broke", request=str(request), sent=True)
            return whole(request)

        monkeypatch.setattr(client._wire, "send", send)

    monkeypatch.setattr("cellframe.resources.uploading._FIRST_PAUSE", 0)
    return lose


@pytest.mark.law("U1")
@pytest.mark.parametrize("arrives", [True, False])
def test_a_lost_confirm_of_a_new_test_is_settled(client, losing, arrives):
    losing("/confirm-upload", 2, arrives=arrives)
    made = client.cell_measurement.create("c-001", {**DETAIL, "time_series": cycling()})
    assert made.created
    assert client.cell_measurement.time_series(made).height == 30
    assert client.cell_measurement.list("c-001").total == 1


@pytest.mark.law("U1")
@pytest.mark.parametrize("arrives", [True, False])
def test_a_lost_confirm_of_an_extension_is_settled(client, losing, arrives):
    made = client.cell_measurement.create("c-001", {**DETAIL, "time_series": cycling()})
    losing("/confirm-extend", 2, arrives=arrives)
    longer = client.cell_measurement.extend(made, later(cycling(), of=cycling()))
    assert (longer.created, longer.kept["rows"]) == (False, 60)
    assert client.cell_measurement.time_series(made).height == 60


def test_a_service_that_is_gone_is_said(client, losing, monkeypatch):
    monkeypatch.setattr("cellframe.resources.uploading._PATIENCE", 0)
    losing("/confirm-upload", 99, arrives=False)
    with pytest.raises(TransportError, match="broke"):
        client.cell_measurement.create("c-001", {**DETAIL, "time_series": cycling()})
    assert client.cell_measurement.list("c-001").total == 0
