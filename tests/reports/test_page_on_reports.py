"""What the page on checks and reports shows can be typed."""

from __future__ import annotations

import re
from pathlib import Path

import polars as pl
import pytest

import cellframe as cf
from cellframe.reports import load_rules
from tests.reports.fleets import fleet

PAGE = Path(__file__).parents[2] / "docs" / "reports.md"


def blocks(language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", PAGE.read_text("utf-8"), re.DOTALL)


def test_the_rules_in_toml_can_be_used(tmp_path):
    (text,) = blocks("toml")
    (tmp_path / "rules.toml").write_text(text)
    rules = load_rules(tmp_path / "rules.toml")
    assert len(rules) == 4
    findings = cf.check(fleet(), rules=rules)
    assert set(findings["Check"]) <= {rule.name for rule in rules}


def test_the_rules_in_python_can_be_used(tmp_path):
    (text,) = (block for block in blocks("python") if "def cells_" in block)
    (tmp_path / "rules.py").write_text(text)
    frames = fleet()
    dry = pl.Series("cell.mass_dry [g]", [70.0] * 6)
    frames.instances = frames.instances.with_columns(dry)
    findings = cf.check(frames, rules=tmp_path / "rules.py")
    assert findings["cell"].to_list() == ["c-2", "c-3", "c-4", "c-5"]


@pytest.mark.parametrize(
    "name", ["cell.soh [1]", "cell.cycles_to_80_percent [1]", "cell.report_flags"]
)
def test_what_is_written_back_is_on_the_page(name):
    from cellframe.reports.gathering import WRITTEN

    assert name in WRITTEN
    assert f"`{name}`" in PAGE.read_text("utf-8")
