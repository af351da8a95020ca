"""The lessons run as they stand, in an empty folder."""

from __future__ import annotations

from pathlib import Path

import pytest

NOTEBOOKS = sorted((Path(__file__).parents[1] / "notebooks").glob("*.ipynb"))
pytestmark = [pytest.mark.notebook, pytest.mark.timeout(300)]


@pytest.fixture(params=NOTEBOOKS, ids=lambda path: path.stem)
def run(request, tmp_path):
    """One notebook, executed from its first cell to its last; it raises where a cell does."""
    nbclient = pytest.importorskip("nbclient")
    nbformat = pytest.importorskip("nbformat")
    notebook = nbformat.read(request.param, as_version=4)
    where = {"metadata": {"path": str(tmp_path)}}
    nbclient.NotebookClient(notebook, timeout=120, resources=where).execute()
    return notebook


def _is_told(text):
    """Whether it is a bar, or the apply that a lesson leaves unfinished in order to finish it."""
    return "it/s" in text or "UnfinishedApplyWarning" in text


@pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::ResourceWarning")
def test_a_lesson_has_ten_cells_that_warn_of_nothing_untold_and_ends_with_a_plot(run):
    code = [cell for cell in run.cells if cell.cell_type == "code"]
    outputs = [output for cell in code for output in cell.outputs]
    errors = [one.text for one in outputs if one.get("name") == "stderr" and not _is_told(one.text)]
    assert len(code) <= 10
    assert "".join(errors).strip() == ""
    assert "vega" in "".join(outputs[-1]["data"]["text/html"])


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_a_lesson_is_kept_without_what_it_printed(path):
    nbformat = pytest.importorskip("nbformat")
    cells = nbformat.read(path, as_version=4).cells
    assert [cell.outputs for cell in cells if cell.cell_type == "code" and cell.outputs] == []
