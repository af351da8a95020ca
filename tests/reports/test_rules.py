"""Which rules does a lab have for its cells?"""

from __future__ import annotations

import polars as pl
import pytest

import cellframe as cf
from cellframe.errors import IntakeError
from cellframe.reports import load_rules
from cellframe.reports.rules import Rule
from tests.reports.fleets import fleet

GOOD = """
[[rule]]
name = "mass"
column = "cell.mass [g]"
min = 68
max = 72.5

[[rule]]
table = "cycles"
column = "Discharge capacity [A.h]"
missing = true
severity = "note"

[[rule]]
table = "results"
column = "SOH"
spread = 4
by = "cell.supplier"
"""
SCHEMAS = '''
"""Rules of a lab."""
import pandera.polars as pa
import polars as pl
from polars import col as cells_of_polars
from textwrap import dedent as cells_dedent

class CellRules(pa.DataFrameModel):
    mass: float = pa.Field(alias="cell.mass [g]", lt=70.15)

results_schema = pa.DataFrameSchema({"SOH": pa.Column(float, pa.Check.gt(0.96), nullable=True)})

def cycles_many(cycles):
    """A test has 30 cycles."""
    return cycles.filter(pl.col("Cycle count") > 29)

class CellBook:
    """A class of one's own that is no schema."""

def _helper(cells):
    raise AssertionError
'''


def written(folder, name, text):
    place = folder / name
    place.write_text(text, "utf-8")
    return place


def told(folder, name, text) -> str:
    with pytest.raises(IntakeError, match="cannot be used; nothing was checked") as fault:
        load_rules(written(folder, name, text))
    return str(fault.value)


def test_a_file_of_toml_is_a_rule_per_table(tmp_path):
    assert load_rules(written(tmp_path, "r.toml", GOOD)) == [
        Rule("mass", "cells", "cell.mass [g]", min=68, max=72.5),
        Rule(
            "Discharge capacity [A.h]",
            "cycles",
            "Discharge capacity [A.h]",
            missing=True,
            severity="note",
        ),
        Rule("SOH", "results", "SOH", spread=4, by="cell.supplier"),
    ]


def test_a_rule_says_what_it_asks_for(tmp_path):
    mass, blank, lot = load_rules(written(tmp_path, "r.toml", GOOD))
    assert mass.words == "cell.mass [g] at least 68, at most 72.5"
    assert blank.words == "Discharge capacity [A.h] never blank"
    assert lot.words == "SOH within 4 robust spreads of its cell.supplier"


def test_every_fault_of_a_file_is_told_at_once(tmp_path):
    said = told(
        tmp_path,
        "r.toml",
        """
title = "ours"
[[rule]]
colum = "cell.mass [g]"
[[rule]]
name = "mass"
column = "cell.mass [g]"
min = 72
max = 68
[[rule]]
column = "a"
min = "5"
max = nan
table = "cell"
severity = "bad"
missing = 1
[[rule]]
column = "a"
[[rule]]
column = "a"
spread = 0
name = 5
""",
    )
    for words in (
        "'title' is no [[rule]]",
        "[[rule]] 1: 'colum' is no key of a rule; did you mean 'column'?",
        "[[rule]] 1: it names no column",
        "[[rule]] 2 ('mass'): min = 72 is above max = 68",
        "[[rule]] 3: table = 'cell' is none of cells, tests, steps, cycles, results",
        "[[rule]] 3: severity = 'bad' is neither flag nor note",
        "[[rule]] 3: min = '5' is no number",
        "[[rule]] 3: max = nan is no number",
        "[[rule]] 3: missing = 1 is neither true nor false",
        "[[rule]] 4: it asks for nothing: give min, max, spread or missing = true",
        "[[rule]] 5 (5): name = 5 is no text",
    ):
        assert words in said


@pytest.mark.parametrize(
    ("name", "text", "words"),
    [
        ("r.toml", "[[rule]\n", "it is not TOML"),
        ("r.toml", "", "it has no [[rule]]"),
        ("r.toml", "[rule]\ncolumn = 'a'\n", "rules begin with [[rule]], in double brackets"),
        ("r.toml", "rule = 5\n", "rules begin with [[rule]]"),
        ("r.toml", "[[rule]]\ncolumn='a'\nspread=0\n", "spread = 0 should be above 0"),
        ("r.py", "1 +\n", "line 1: SyntaxError"),
        ("r.py", "x = 1\n\nboom()\n", "line 3: NameError: name 'boom' is not defined"),
        ("r.py", "raise SystemExit(0)\n", "line 1: SystemExit: 0"),
        ("r.py", "import gone_module\n", "ModuleNotFoundError"),
        ("r.py", "x = 1\n", "it has no schema of pandera and no function"),
        ("r.py", "def heavy(cells):\n    return cells\n", "heavy: its name says of what it is"),
        ("r.yaml", "", "rules are a .toml or a .py file"),
    ],
)
def test_a_file_that_has_no_rules_says_why(tmp_path, name, text, words):
    assert words in told(tmp_path, name, text)


def test_a_file_that_is_not_there_or_no_text_is_told(tmp_path):
    with pytest.raises(IntakeError, match=r"gone.toml: No such file"):
        load_rules(tmp_path / "gone.toml")
    (tmp_path / "r.toml").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(IntakeError, match="it is not UTF-8 text"):
        load_rules(tmp_path / "r.toml")


def test_schemas_and_functions_of_a_file_are_rules_and_what_it_imports_is_none(tmp_path):
    rules = load_rules(written(tmp_path, "r.py", SCHEMAS))
    assert [(rule.name, rule.table) for rule in rules] == [
        ("CellRules", "cells"),
        ("results_schema", "results"),
        ("cycles_many", "cycles"),
    ]


def test_what_breaks_a_schema_is_named_by_cell_and_value(tmp_path):
    findings = cf.check(fleet(), rules=written(tmp_path, "r.py", SCHEMAS), quality=False)
    heavy = findings.filter(pl.col("Check") == "CellRules")
    assert heavy.select("cell", "Column", "Value").rows() == [
        (f"c-{n}", "cell.mass [g]", 70 + n / 10) for n in range(2, 6)
    ]
    assert all(heavy["Finding"])
    assert all(heavy["Definition"])
    assert findings.filter(pl.col("Check") == "results_schema")["cell"].to_list() == ["c-4", "c-5"]


def test_what_a_file_prints_is_no_result(tmp_path, capsys):
    text = "print('hello')\ndef cells_all(cells):\n    return cells\n"
    load_rules(written(tmp_path, "r.py", text))
    assert capsys.readouterr() == ("", "hello\n")
