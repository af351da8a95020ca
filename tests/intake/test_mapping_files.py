"""The mapping file: what is written can be read, and what cannot be meant is told at once."""

from __future__ import annotations

import tomllib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cellframe.errors import IntakeError, SheetError
from cellframe.intake import propose
from cellframe.intake.cycler.mapping import SeriesMap
from cellframe.intake.loading import load
from cellframe.intake.mapping import CellsMap, FilesMap, ImportMap, SpecMap
from cellframe.intake.proposal import CellsProposal, Doubt, FilesProposal, Line, Proposal
from tests.intake import labs

WRONG = """
specs = "S"
[cells]
file = 3
colums = {}
dates = "us"
decimal = ";"
match = "batch"
[cells.columns]
"Mass (g)" = "cell.mas"
Loading = "loading"
A = "batch"
B = "batch"
C = 4
[[series]]
files = "../x.csv"
cell = "by name"
current = "charg positive"
skip = "3"
counter = "step"
[series.columns]
t = "Time"
"""


def faults(tmp_path, text):
    with pytest.raises(IntakeError) as caught:
        load(labs.write(tmp_path / "m.toml", text))
    return str(caught.value)


@pytest.mark.parametrize("checked", [True, False])
def test_a_saved_proposal_is_the_mapping_that_was_proposed(tmp_path, checked):
    proposal = propose(labs.full(tmp_path / "in")).with_spec("S", "", create=True)
    found = load(proposal.save(tmp_path / "m.toml", checked=checked))
    assert found == proposal.mapping
    assert found.spec == SpecMap("S", create=True)


def test_an_unchecked_proposal_is_refused_until_somebody_looked(tmp_path):
    path = propose(labs.full(tmp_path / "in")).save(tmp_path / "m.toml")
    with pytest.raises(IntakeError, match="Nobody has checked it"):
        load(path)
    text = path.read_text("utf-8")
    assert "# CHECK: No spec is named; 'in' is the name of the folder." in text
    path.write_text(text.replace("checked = false", "checked = true"), "utf-8")
    assert load(path).spec.name == "in"


def test_every_line_has_its_reason(tmp_path):
    text = propose(labs.full(tmp_path)).to_toml()
    assert '"Mass (g)" = "cell.mass [g]" # \'g\' is its unit, e.g. 41.0' in text
    assert "# The voltage rises with positive current in 6 of 6 steps" in text


def test_a_file_that_is_there_is_not_written_over(tmp_path):
    place = labs.write(tmp_path / "m.toml", "# mine")
    with pytest.raises(SheetError, match="is there already, and was left as it is"):
        propose(labs.table(tmp_path)).save(place)
    assert place.read_text() == "# mine"


def test_everything_that_a_mapping_cannot_mean_is_told_at_once(tmp_path):
    told = faults(tmp_path, WRONG)
    for words in (
        "'specs' means nothing here. Did you mean 'spec'?",
        "[cells] 'colums' means nothing here. Did you mean 'columns'?",
        "[cells] file = 3 should be text in quotes.",
        "[cells] dates = 'us' is none of year first, day first, month first.",
        "[cells] decimal = ';' is neither '.' nor ','.",
        "cells are found again by 'cell', their name",
        "'loading' is no column of a cell.",
        "'A' and 'B' are both 'batch'. Keep one",
        "[cells.columns] 'C' = 4 should be text in quotes.",
        "no header stands for 'cell'",
    ):
        assert words in told, words


def test_what_is_wrong_with_a_series_is_told_with_its_number(tmp_path):
    told = faults(tmp_path, WRONG[WRONG.index("[[series]]") :])
    for words in (
        "[[series]] 1: files = '../x.csv': write a path from this folder, with /.",
        "[[series]] 1: cell = 'by name' is none of 'file name', 'folder'",
        "[[series]] 1: current = 'charg positive' is not known. Did you mean 'charge positive'?",
        "[[series]] 1: skip = '3' should look like 0.",
        "[[series]] 1: 'counter' means nothing here. Did you mean 'counters'?",
        "[[series]] 1: No column is 'Voltage [V]'.",
    ):
        assert words in told, words


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "It names no files"),
        ("cells = 3", "[cells] is a table"),
        (
            'spec = 3\n[cells]\nfile = "c.csv"\n[cells.columns]\na = "cell"',
            "write its name in quotes",
        ),
        ("series = 3", "stands in double brackets"),
        ("[[series]]", "which files?"),
        ('a = "b', "the last line: this is no line of TOML"),
        ('a = "b"\na = "c"', "stands there a second time"),
    ],
)
def test_a_mapping_without_what_it_needs_says_what_to_write(tmp_path, text, words):
    assert words in faults(tmp_path, text)


def test_ratings_of_a_spec_that_is_made_are_checked(tmp_path):
    told = faults(
        tmp_path, '[spec]\nname = "S"\nratings = {"capacity [A.h]" = 1.1, "capacity [V V" = "x"}\n'
    )
    assert "'capacity [V V' = 'x' should be a number" in told


TEXTS = st.text(min_size=1, max_size=12)


@given(TEXTS, TEXTS, st.dictionaries(TEXTS, TEXTS, max_size=3), TEXTS)
def test_no_text_of_a_file_becomes_a_line_of_the_mapping(file, name, cells, why):
    column = Line(name, "cell", why, why, Doubt(why, why))
    series = FilesMap((file,), SeriesMap({name: "Time [s]"}), "file name", name, cells)
    proposal = Proposal(
        None,
        Line("spec", name, why, doubt=Doubt(why, why)),
        CellsProposal(CellsMap(file, {name: "cell"}), (column,), (), 1),
        (FilesProposal(series, (Line(name, "Time [s]", why),), (), {}, {}, (why,)),),
        {},
        {},
    )
    found = tomllib.loads(proposal.to_toml())
    assert found["spec"] == {"name": name}
    assert found["cells"] == {"file": file, "columns": {name: "cell"}}
    assert found["series"][0]["columns"] == {name: "Time [s]"}
    assert found["series"][0].get("cells", {}) == cells


def test_a_mapping_is_plain_values():
    assert ImportMap() == ImportMap(None, None, ())
    assert CellsMap("c.csv", {}).match == "cell"
