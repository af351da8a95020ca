"""From choosing a spec to taking back what was sent: what the pages say and do."""

from __future__ import annotations

import re
from html.parser import HTMLParser

import openpyxl
import polars as pl
import pytest
from visiting import Visit

import cellframe as cf
from cellframe.cli import fleet
from cellframe.desk import paper
from cellframe.desk.pages import sheets
from cellframe.server.answer import Service
from cellframe.transport.inprocess import InProcessWire

MASS = "cell.mass [g]"


class Page(HTMLParser):
    """The text of a page, and its elements with their attributes."""

    def __init__(self, reply):
        super().__init__()
        self.words, self.tags, self.inside = [], [], ""
        self.feed(reply.content.decode())
        self.text = " ".join(" ".join(self.words).split())

    def handle_starttag(self, tag, attrs):
        self.inside = tag
        self.tags.append((tag, dict(attrs)))

    def handle_data(self, data):
        if self.inside != "style":
            self.words.append(data)

    def handle_endtag(self, tag):
        self.inside = ""

    def fields(self, name):
        return [given for tag, given in self.tags if tag == "input" and given.get("name") == name]


def joined(folder, name):
    """A client of the lab whose memory is its own: another person."""
    service = Service(folder / "lab", open_door=True)
    return cf.Client.over(
        InProcessWire(service.answer, "http://lab.test", service.close), folder / name
    )


@pytest.fixture
def lab(tmp_path):
    with joined(tmp_path, "mine") as mine, joined(tmp_path, "theirs") as theirs:
        spec = theirs.cell_spec.create(fleet.spec("LFP"))
        theirs.cell_instance.create_many(fleet.cells(), spec=spec)
        yield Visit(mine, tmp_path), theirs, spec


def downloaded(visit, spec):
    """The cells as the page gives them, in a file, with a way to edit them."""
    reply = visit.get(f"/desk/specs/{spec.id}/workbook")
    assert reply.status == 200
    path = visit.folder / f"cells{sheets.SUFFIX}"
    path.write_bytes(reply.content)
    return path


def edited(visit, spec, masses):
    """A sheet with the masses of some cells, by their place."""
    path = downloaded(visit, spec)
    book = openpyxl.load_workbook(path)
    write(book["Cells"], "Cell mass [g]", masses)
    book.save(path)
    return path


def write(sheet, heading, values):
    """Write values into a column of a sheet, by their place."""
    column = next(cell.column for cell in sheet[1] if cell.value == heading)
    for place, value in values.items():
        sheet.cell(place + 2, column).value = value


def brought(visit, path, spec, **form):
    reply = visit.post("/desk/files", file=path, spec=spec.id, **form)
    assert reply.status == 303, Page(reply).text
    return reply.headers["location"]


def weigh_elsewhere(theirs, spec, place, mass):
    frame = theirs.cell_instance.to_frame(spec)
    here = pl.int_range(pl.len()) == place
    new = frame.with_columns(pl.when(here).then(mass).otherwise(MASS).alias(MASS))
    assert theirs.apply(theirs.cell_instance.plan(new))


def test_specs_are_listed_with_their_cells_and_found_by_name(lab):
    visit, theirs, _ = lab
    theirs.cell_spec.create(fleet.spec("NMC"))
    said = Page(visit.get("/desk")).text
    assert re.search(r"2 specs .* LFP 24 .* NMC 0 ", said)
    assert "NMC" not in Page(visit.get("/desk", q="lf")).text
    assert "No spec has zzz in its name" in Page(visit.get("/desk", q="zzz")).text.replace('"', "")


def test_a_long_list_of_specs_has_pages(lab, monkeypatch):
    visit, theirs, _ = lab
    monkeypatch.setattr("cellframe.desk.pages.choosing.SPECS_OF_A_PAGE", 1)
    theirs.cell_spec.create(fleet.spec("NMC"))
    first = Page(visit.get("/desk"))
    assert ("a", {"href": "/desk?q=&from=1"}) in first.tags
    assert "NMC" in Page(visit.get("/desk", **{"from": "1"})).text
    assert "LFP" in Page(visit.get("/desk", **{"from": "nonsense"})).text


def test_an_untouched_file_changes_nothing(lab):
    visit, _, spec = lab
    page = Page(visit.get(brought(visit, downloaded(visit, spec), spec)))
    assert "Your file says the same as the service." in page.text
    assert not page.fields("note")


def test_what_was_edited_is_shown_then_sent_then_undone(lab):
    visit, theirs, spec = lab
    at = brought(visit, edited(visit, spec, {0: 40.5}), spec)
    assert "Nothing was sent yet." in Page(visit.get(at)).text
    before = theirs.cell_instance.to_frame(spec)
    sent = visit.post(f"{at}/apply", note="weighed again")
    assert "1 row was written." in Page(visit.get(sent.headers["location"])).text
    assert theirs.cell_instance.to_frame(spec)[MASS].to_list()[0] == 40.5
    history = Page(visit.get("/desk/history"))
    assert "weighed again 1 ok" in history.text
    undo = next(a["action"] for tag, a in history.tags if a.get("action", "").endswith("/undo"))
    back = visit.post(undo).headers["location"]
    assert "What undoing would change" in Page(visit.get(back)).text
    visit.post(f"{back}/apply")
    assert theirs.cell_instance.to_frame(spec)[MASS].to_list() == before[MASS].to_list()


def test_what_is_sent_twice_is_written_once(lab):
    visit, _, spec = lab
    at = brought(visit, edited(visit, spec, {0: 40.5}), spec)
    places = [visit.post(f"{at}/apply").headers["location"] for _ in range(2)]
    assert places[0] == places[1]
    assert visit.client.history().height == 1
    assert "This plan was sent already." in Page(visit.get(at)).text


def test_a_conflict_holds_everything_until_it_is_decided_cell_by_cell(lab):
    visit, theirs, spec = lab
    path = edited(visit, spec, {0: 40.5, 1: 40.6})
    weigh_elsewhere(theirs, spec, 0, 41.0)
    at = brought(visit, path, spec)
    page = Page(visit.get(at))
    assert [given["value"] for given in page.fields("c0")] == ["mine", "theirs"]
    refused = visit.post(f"{at}/apply")
    assert refused.status == 422
    assert "Decide them below, or tick that they are left out." in Page(refused).text
    decided = visit.post(f"{at}/decide", c0="theirs").headers["location"]
    visit.post(f"{decided}/apply")
    assert theirs.cell_instance.to_frame(spec)[MASS].to_list()[:2] == [41.0, 40.6]


def test_all_mine_and_all_theirs_decide_whatever_the_buttons_say(lab):
    visit, theirs, spec = lab
    path = edited(visit, spec, {0: 40.5})
    weigh_elsewhere(theirs, spec, 0, 41.0)
    at = brought(visit, path, spec)
    mine = visit.post(f"{at}/decide", all="mine", c0="theirs").headers["location"]
    visit.post(f"{mine}/apply")
    assert theirs.cell_instance.to_frame(spec)[MASS].to_list()[0] == 40.5


def test_nothing_that_was_decided_is_no_decision(lab):
    visit, theirs, spec = lab
    path = edited(visit, spec, {0: 40.5})
    weigh_elsewhere(theirs, spec, 0, 41.0)
    reply = visit.post(f"{brought(visit, path, spec)}/decide", c0="maybe", c7="mine")
    assert (reply.status, "Choose at least for one row" in Page(reply).text) == (422, True)


def test_many_conflicts_are_asked_about_in_turn_and_whole_rows_together(lab, monkeypatch):
    visit, theirs, spec = lab
    monkeypatch.setattr("cellframe.desk.pages.planning.MOST", 1)
    path = edited(visit, spec, {0: 40.5, 1: 40.6})
    weigh_elsewhere(theirs, spec, 0, 41.0)
    weigh_elsewhere(theirs, spec, 1, 42.0)
    at = brought(visit, path, spec)
    assert "1 more value to decide will follow" in Page(visit.get(at)).text
    then = visit.post(f"{at}/decide", c0="mine").headers["location"]
    page = Page(visit.get(then))
    assert (len(page.fields("c0")), len(page.fields("c1"))) == (2, 0)


def test_rows_that_are_left_out_come_back_in_a_file_of_their_own(lab):
    visit, theirs, spec = lab
    path = edited(visit, spec, {0: 40.5, 1: "heavy", 2: 40.7})
    weigh_elsewhere(theirs, spec, 0, 41.0)
    at = brought(visit, path, spec)
    assert Page(visit.get(at)).fields("skip")
    receipt = visit.post(f"{at}/apply", skip="1").headers["location"]
    page = Page(visit.get(receipt))
    assert "2 rows were not written" in page.text
    left = visit.get(f"{at}/left-over")
    assert f'filename="cells.left-over{sheets.SUFFIX}"' in left.headers["content-disposition"]
    again = visit.folder / f"left{sheets.SUFFIX}"
    again.write_bytes(left.content)
    assert "To decide first" in Page(visit.get(brought(visit, again, spec))).text


def test_a_workbook_with_lots_comes_back_as_one_plan_and_so_does_what_was_left(lab):
    visit, theirs, spec = lab
    reply = visit.get(f"/desk/specs/{spec.id}/workbook", lots="1", tests="1")
    path = visit.folder / "all.xlsx"
    path.write_bytes(reply.content)
    book = openpyxl.load_workbook(path)
    write(book["Cells"], "Cell mass [g]", {0: 40.5, 1: "heavy"})
    write(book["Lots"], "Notes", {0: "from the second oven"})
    book.save(path)
    at = brought(visit, path, spec)
    assert "Send 2 rows" in Page(visit.get(at)).text
    visit.post(f"{at}/apply", skip="1")
    assert "from the second oven" in {lot.notes for lot in theirs.cell_batch.list(spec)}
    path.write_bytes(visit.get(f"{at}/left-over").content)
    assert "heavy" in Page(visit.get(brought(visit, path, spec))).text


def test_a_count_beyond_a_limit_is_asked_for_and_only_that_count_counts(lab):
    visit, _, spec = lab
    at = brought(visit, edited(visit, spec, dict.fromkeys(range(15), 40.5)), spec)
    assert [given["value"] for given in Page(visit.get(at)).fields("max_updates")] == ["15"]
    for said in ({}, {"max_updates": "14"}, {"max_updates": "yes"}):
        assert visit.post(f"{at}/apply", **said).status == 422
    assert visit.client.history().height == 0
    assert visit.post(f"{at}/apply", max_updates="15").status == 303


def test_a_delete_is_ticked_with_its_count(lab):
    visit, theirs, spec = lab
    frame = visit.client.cell_instance.to_frame(spec)
    first = pl.int_range(pl.len()) == 0
    path = visit.folder / "cells.csv"
    frame.with_columns(pl.when(first).then(pl.lit("delete")).alias("_action")).write_csv(path)
    at = brought(visit, path, spec)
    assert "Yes, delete 1 record." in Page(visit.get(at)).text
    assert visit.post(f"{at}/apply").status == 422
    visit.post(f"{at}/apply", max_deletes="1")
    assert len(theirs.cell_instance.list(spec)) == 23


def test_every_fault_of_a_file_is_told_with_the_way_back(lab):
    visit, _, spec = lab
    path = visit.folder / "own.csv"
    path.write_text("Name,x\n1,2\n")
    reply = visit.post("/desk/files", file=path, spec=spec.id)
    page = Page(reply)
    assert reply.status == 422
    assert "own.csv cannot be read as it stands" in page.text
    assert "tick that this is a sheet of your own" in page.text
    assert "--" not in page.text
    assert page.fields("file")
    assert not path.exists()


def test_a_sheet_of_ones_own_is_matched_by_name(lab):
    visit, theirs, spec = lab
    path = visit.folder / "weighing.csv"
    path.write_text("cell,cell.mass [g]\nsim-001,40.5\n")
    at = brought(visit, path, spec, by_name="1")
    visit.post(f"{at}/apply")
    assert theirs.cell_instance.get("sim-001").measured_properties["cell"]["mass"]["value"] == 40.5


def test_no_file_is_a_kind_word(lab):
    visit, _, spec = lab
    reply = visit.post("/desk/files", spec=spec.id)
    assert (reply.status, "Choose a file first" in Page(reply).text) == (422, True)


def test_a_plan_is_compared_again_and_all_of_it_can_be_downloaded(lab):
    visit, theirs, spec = lab
    at = brought(visit, edited(visit, spec, {0: 40.5}), spec)
    weigh_elsewhere(theirs, spec, 0, 41.0)
    newer = visit.post(f"{at}/again").headers["location"]
    assert "1 conflict" in Page(visit.get(newer)).text
    path = visit.folder / "changes.xlsx"
    path.write_bytes(visit.get(f"{at}/changes").content)
    book = openpyxl.load_workbook(path)
    assert "40.5" in {str(cell.value) for sheet in book for row in sheet for cell in row}


def test_what_is_not_here_any_more_says_how_to_go_on(lab):
    visit, _, _ = lab
    for reply in (visit.get("/desk/plans/none"), visit.post("/desk/plans/none/apply")):
        assert (reply.status, "Bring your file back" in Page(reply).text) == (404, True)
    reply = visit.post("/desk/history/none/undo")
    assert (reply.status, "You sent nothing under this name." in Page(reply).text) == (422, True)


def test_an_interrupted_apply_is_told_of_and_finished(lab, monkeypatch):
    visit, theirs, spec = lab
    at = brought(visit, edited(visit, spec, {0: 40.5, 1: 40.6}), spec)
    monkeypatch.setattr("cellframe.writeback.apply.Run.carry_out", _interrupted)
    with pytest.raises(KeyboardInterrupt):
        visit.post(f"{at}/apply")
    monkeypatch.undo()
    assert "Finish it in the history" in Page(visit.get("/desk")).text
    page = Page(visit.get("/desk/history"))
    finish = next(a["action"] for _, a in page.tags if a.get("action", "").endswith("/finish"))
    receipt = visit.post(finish).headers["location"]
    assert "2 rows were written." in Page(visit.get(receipt)).text
    assert theirs.cell_instance.to_frame(spec)[MASS].to_list()[:2] == [40.5, 40.6]


def _interrupted(_run):
    raise KeyboardInterrupt


def test_pages_have_one_heading_labels_and_no_inline_script_or_style(lab):
    visit, theirs, spec = lab
    path = edited(visit, spec, {0: 40.5})
    weigh_elsewhere(theirs, spec, 0, 41.0)
    places = ["/desk", f"/desk/specs/{spec.id}", brought(visit, path, spec), "/desk/history"]
    for place in places:
        page = Page(visit.get(place))
        names = [tag for tag, _ in page.tags]
        assert (names.count("h1"), names.count("main")) == (1, 1)
        assert not [a for _, a in page.tags if "style" in a or any(k.startswith("on") for k in a)]
        assert [a.get("src") for tag, a in page.tags if tag == "script"] == [
            paper.address_of("desk.js")
        ]
        labels = {a["for"] for tag, a in page.tags if tag == "label"}
        asks = [a for tag, a in page.tags if tag == "input" and a.get("type") != "hidden"]
        assert {a["id"] for a in asks} == labels


def test_what_pages_need_is_found_under_the_name_they_call_it():
    for name in ("desk.css", "desk.js", "desk.svg"):
        address = paper.address_of(name)
        assert paper.static(address.removeprefix(paper.STATIC)).content
    assert paper.static("desk.css") is None
    assert paper.static("../paper.py") is None


@pytest.mark.parametrize(
    ("name", "kept"),
    [("LFP 18650", "LFP 18650"), ("a/b:c", "a-b-c"), ("..", "cells"), ("", "cells"), ("µ\n", "µ-")],
)
def test_a_file_is_called_what_any_system_takes(name, kept):
    assert sheets.filename(name) == kept.strip(" .-")
