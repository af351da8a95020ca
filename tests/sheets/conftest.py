"""Workbooks of a lab, as they were pulled."""

from __future__ import annotations

import shutil

import pytest

import cellframe as cf
from tests.writeback.oracle import NUMBERS, TEXTS


@pytest.fixture(scope="module")
def lab(_twelve_cells, tmp_path_factory):
    """A service with twelve cells, to which nothing is sent."""
    folder = tmp_path_factory.mktemp("tools") / "lab"
    shutil.copytree(_twelve_cells, folder)
    with cf.open_local(folder) as client:
        yield client


@pytest.fixture(scope="module")
def pulled(lab, tmp_path_factory):
    path = tmp_path_factory.mktemp("pulled") / "cells.xlsx"
    lab.cell_instance.to_excel("LFP 18650", path)
    return path


@pytest.fixture
def book(pulled, tmp_path):
    """The workbook of the twelve cells, as it was pulled."""
    return shutil.copy(pulled, tmp_path / "cells.xlsx")


@pytest.fixture(scope="module")
def nasty(tmp_path_factory):
    """A service with a cell for every text of the pool."""
    with cf.open_local(tmp_path_factory.mktemp("nasty") / "lab") as client:
        spec = client.cell_spec.create({"name": "nasty"})
        for number, text in enumerate(TEXTS):
            mass = {"value": NUMBERS[number % len(NUMBERS)], "unit": "g"}
            body = {
                "name": f"c-{number:03}",
                "batch": text[:9] if text.strip() and text.isprintable() else None,
                "notes": text,
                "date_manufactured": "2026-02-05",
            }
            body["measured_properties"] = {"cell": {"mass": mass, "policy": text or "-"}}
            client.cell_instance.create(spec, body)
        yield client


@pytest.fixture(scope="module")
def nasty_pulled(nasty, tmp_path_factory):
    path = tmp_path_factory.mktemp("pulled") / "nasty.xlsx"
    nasty.cell_instance.to_excel("nasty", path)
    return path


@pytest.fixture
def nasty_book(nasty_pulled, tmp_path):
    """The workbook of the pool, as it was pulled."""
    return shutil.copy(nasty_pulled, tmp_path / "nasty.xlsx")
