"""A client whose wire can be listened to."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from writeback_tools import Tapped

from cellframe.client import Client
from cellframe.writeback import patience

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture(autouse=True)
def _short_pauses(monkeypatch) -> None:
    """Let nobody wait for a service that a test has taken down."""
    monkeypatch.setattr(patience, "FIRST_PAUSE", 0.001)
    monkeypatch.setattr(patience, "LONGEST", 0.5)


@pytest.fixture
def wire(client) -> Tapped:
    """The wire of `tapped`."""
    return Tapped(client._wire)


@pytest.fixture
def tapped(wire, tmp_path: Path) -> Client:
    """The client of the lab, over a wire that can be listened to; it remembers the same."""
    return Client.over(wire, tmp_path / "lab" / ".cellframe")
