"""`--schema FILE.py:NAME`: rules of one's own from the shell."""

from __future__ import annotations

import json

import pytest

RULES = """
import pandera.polars as pa

class Light(pa.DataFrameModel):
    mass: float = pa.Field(alias="cell.mass [g]", lt=42)

Few = pa.DataFrameSchema({"measurement_type": pa.Column(str, pa.Check.eq("file"))})
"""
PULL = ("pull", "LFP 18650", "-o", "cells.csv", "--schema")


@pytest.fixture
def rules(tmp_path):
    (tmp_path / "rules.py").write_text(RULES)
    return "rules.py:Light"


def test_the_sheet_is_written_and_what_breaks_a_rule_is_told(here, cells, rules, tmp_path):
    ran = here(*PULL, rules)
    assert ran.code == 3
    assert (tmp_path / "cells.csv").exists()
    assert "Your rules find 2 faults:\n  Row 10 ('c-010'), 'cell.mass [g]': 42.0" in ran.err
    assert here("plan", "cells.csv", "--exit-code").code == 0


def test_a_program_is_told_in_the_document(here, cells, rules):
    ran = here(*PULL, rules, "--json")
    told = json.loads(ran.out)
    assert (ran.code, told["exit_code"]) == (3, 3)
    assert [fault["name"] for fault in told["faults"]] == ["c-010", "c-011"]


def test_tables_are_held_to_rules_too(here, client, cells, rules):
    client.cell_measurement.create_properties("c-001", "weighing", {"m": {"value": 1, "unit": "g"}})
    ran = here("pull", "--all", "--tests", "-o", "tests.csv", "--schema", "rules.py:Few")
    assert ran.code == 3
    assert "Your rules find 1 fault:" in ran.err


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        ("rules.py", 64, "--schema takes FILE.py:NAME"),
        ("gone.py:Light", 1, "There is no file gone.py"),
        ("rules.py:Ligth", 1, "Did you mean 'Light'"),
        ("broken.py:Light", 1, "broken.py cannot be run for --schema: SyntaxError"),
        ("rules.py:pa", 1, "schema= wants a DataFrameSchema"),
    ],
)
def test_what_names_no_schema_is_told_and_nothing_is_written(
    here, cells, rules, tmp_path, words, code, said
):
    (tmp_path / "broken.py").write_text("class")
    ran = here(*PULL, words)
    assert ran.code == code
    assert said in ran.err
    assert not (tmp_path / "cells.csv").exists()
