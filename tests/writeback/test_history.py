"""History: what was written from here, and an apply that waits to be finished is told."""

from __future__ import annotations

import warnings

import pytest
from writeback_tools import edit

import cellframe as cf
from cellframe.client import Client
from cellframe.errors import UnfinishedApplyWarning
from cellframe.store.journal import Journal
from cellframe.store.journals import Journals
from cellframe.store.places import state_folder

OPEN = "An apply of 2 rows to .*, begun 20.* UTC \\('why'\\), was not finished. To finish it: client.resume"


@pytest.fixture
def interrupted(tapped, wire, cells):
    """A lab in which an apply of two rows was interrupted before anything was sent."""

    def interrupt(request):
        if request.method == "PATCH":
            raise KeyboardInterrupt

    wire.before = interrupt
    plan = tapped.cell_instance.plan(edit(edit(cells, "c-000", notes="x"), "c-001", notes="y"))
    with pytest.raises(KeyboardInterrupt):
        tapped.apply(plan, workers=1, note="why")
    wire.before = lambda _request: None
    return tapped


def test_a_new_client_tells_of_an_unfinished_apply(interrupted, tmp_path):
    with pytest.warns(UnfinishedApplyWarning, match=OPEN) as told:
        cf.open_local(tmp_path / "lab").close()
    assert told[0].filename == __file__


def test_a_program_that_makes_errors_of_warnings_gets_its_client_and_the_words(
    interrupted, tmp_path, capsys
):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        with cf.open_local(tmp_path / "lab") as client:
            assert client.unfinished.rows == 2
    assert "To finish it: client.resume()" in capsys.readouterr().err


def test_a_finished_apply_is_not_told(client, cells, tmp_path):
    assert client.apply(client.cell_instance.plan(edit(cells, "c-000", notes="x")))
    with cf.open_local(tmp_path / "lab") as again:
        assert again.unfinished is None


def test_an_apply_that_is_under_way_is_not_told(interrupted, wire, tmp_path):
    (path,) = interrupted._connection.journals.unfinished()
    with Journal.reopen(path):
        assert Client.over(wire, tmp_path / "lab" / ".cellframe").unfinished is None


def test_an_apply_to_another_lab_is_not_told(interrupted, tmp_path):
    with cf.open_local(tmp_path / "other") as other:
        state = tmp_path / "lab" / ".cellframe"
        assert Client.over(other._wire, state).unfinished is None


@pytest.mark.parametrize(
    ("service", "origin", "is_told"),
    [
        ("an id", "http://127.0.0.1:1", True),
        ("http://127.0.0.1:1|", "http://127.0.0.1:1", True),
        ("http://127.0.0.1:1|another organization", "http://127.0.0.1:1", False),
        ("an id", "http://127.0.0.1:2", False),
    ],
)
def test_telling_over_http_asks_nobody(service, origin, is_told):
    journals = Journals(state_folder() / "s" / "journals")
    journals.open_new({"origin": origin, "service": service, "counts": {}}).close()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        # Nobody listens there.
        with cf.Client("http://127.0.0.1:1", "key") as client:
            assert (client.unfinished is not None) == is_told


def test_history_is_newest_first_with_who_why_and_what_became_of_it(interrupted, client, cells):
    client.apply(client.cell_instance.plan(edit(cells, "c-003", notes="z")), note="after")
    newest, oldest = client.history().to_dicts()
    assert (newest["note"], newest["ok"], newest["unchanged"]) == ("after", 1, 11)
    assert (newest["state"], newest["undo"]) == ("finished", f"client.undo({newest['journal']!r})")
    assert (oldest["note"], oldest["state"], oldest["undo"]) == ("why", "unfinished", None)
    assert newest["when [UTC]"] > oldest["when [UTC]"]
    assert newest["who"] == oldest["who"]


def test_history_tells_of_a_journal_under_way_and_of_one_that_is_damaged(interrupted):
    (path,) = interrupted._connection.journals.unfinished()
    with Journal.reopen(path):
        assert interrupted.history()["state"].to_list() == ["under way"]
    path.write_bytes(b"x\n" + path.read_bytes())
    assert interrupted.history().row(0, named=True)["state"] == "damaged"


def test_history_of_a_new_lab_is_empty_and_of_the_clients_library(tmp_path):
    with cf.open_local(tmp_path / "new", backend="pandas") as client:
        assert client.history().shape == (0, 13)
        assert "DataFrame" in type(client.history()).__name__
        assert hasattr(client.history(), "iloc")
