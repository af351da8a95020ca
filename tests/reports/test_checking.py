"""What breaks a rule, and which records should nobody trust?"""

from __future__ import annotations

from types import SimpleNamespace

import polars as pl
import pytest

import cellframe as cf
from cellframe.errors import FrameError, IntakeError
from cellframe.reports.checking import SCHEMA
from cellframe.reports.rules import Own, Rule
from tests.reports.fleets import CYCLE, Q, fleet, with_value


def found(frames, **more) -> list[tuple]:
    return cf.check(frames, **more).select("cell", CYCLE, "Check", "Severity").rows()


def test_a_good_fleet_has_no_finding_and_every_column():
    findings = cf.check(fleet())
    assert findings.height == 0
    assert dict(findings.schema) == SCHEMA


def test_a_glitch_is_flagged_by_cell_test_and_cycle():
    findings = cf.check(with_value(fleet(), "c-3", 12, 31.0))
    row = findings.row(0, named=True)
    assert findings.height == 1
    assert (row["cell"], row["test"], row[CYCLE]) == ("c-3", "ageing", 12)
    assert (row["instance_id"], row["measurement_id"]) == ("i-3", "m-3")
    assert (row["Check"], row["Severity"], row["Column"], row["Value"]) == ("glitch", "flag", Q, 31)
    assert "times the median of its neighbours" in row["Finding"]
    assert row["Definition"]


def test_without_quality_there_are_only_rules():
    assert found(with_value(fleet(), "c-3", 12, 31.0), quality=False) == []


def test_a_cell_that_is_odd_in_its_lot_is_a_note_that_names_lot_and_median():
    frames = fleet(cells=9, lots=1, fade=1e-4)
    slow = pl.when(pl.col("cell") == "c-4").then(0.7).otherwise(1.0)
    frames.cycles = frames.cycles.with_columns(pl.col(Q) * slow)
    findings = cf.check(frames)
    assert findings.select("cell", "Check", "Severity").unique().rows() == [
        ("c-4", "odd_in_lot", "note")
    ]
    assert findings["Finding"][0] == "Reference capacity [A.h] 0.77, where the median of W00 is 1.1"


def test_what_could_not_be_read_is_flagged():
    failures = pl.DataFrame({"cell": ["c-1"], "test": ["ageing"], "message": ["no such object"]})
    frames = SimpleNamespace(**vars(fleet()), failures=failures)
    row = cf.check(frames).row(0, named=True)
    assert (row["cell"], row["Check"], row["Severity"]) == ("c-1", "not_read", "flag")
    assert row["Finding"] == "could not be read: no such object"


@pytest.mark.parametrize("turned", [lambda frame: frame.to_pandas(), lambda frame: frame.lazy()])
def test_pandas_and_lazy_frames_have_the_same_findings(turned):
    plain = with_value(fleet(), "c-3", 12, 31.0)
    other = SimpleNamespace(**{name: turned(frame) for name, frame in vars(plain).items()})
    assert cf.check(other).equals(cf.check(plain))


def test_rows_in_another_order_have_the_same_findings():
    plain = with_value(with_value(fleet(), "c-3", 12, 31.0), "c-1", 5, 30.0)
    other = SimpleNamespace(
        **{
            name: frame.sample(fraction=1, shuffle=True, seed=1)
            for name, frame in vars(plain).items()
        }
    )
    assert cf.check(other).equals(cf.check(plain))


def test_without_cells_there_is_nothing_to_check():
    with pytest.raises(FrameError, match="no cells to report on"):
        cf.check(SimpleNamespace(cycles=fleet().cycles))


def test_cells_without_any_test_have_only_rules():
    frames = SimpleNamespace(instances=fleet().instances)
    assert found(frames, rules=[Rule("light", "cells", "cell.mass [g]", max=70.05)]) == [
        (f"c-{n}", None, "light", "flag") for n in range(1, 6)
    ]


@pytest.mark.parametrize(
    ("rule", "cells", "said"),
    [
        (
            Rule("r", "cells", "cell.mass [g]", min=70.15),
            ["c-0", "c-1"],
            "cell.mass [g] 70.0 is below 70.15",
        ),
        (
            Rule("r", "cells", "cell.mass [g]", max=70.4),
            ["c-5"],
            "cell.mass [g] 70.5 is above 70.4",
        ),
        (Rule("r", "cells", "cell.mass [g]", min=70, max=70.5), [], None),
        (
            Rule("r", "cells", "cell.mass [kg]", max=0.0704),
            ["c-5"],
            "cell.mass [kg] 0.0705 is above 0.0704",
        ),
        (Rule("r", "cells", "cell.mass [g]", spread=100), [], None),
    ],
)
def test_a_rule_of_a_column(rule, cells, said):
    findings = cf.check(fleet(), rules=[rule])
    assert findings["cell"].to_list() == cells
    if said:
        assert findings["Finding"][0] == said
        assert findings["Definition"].unique().to_list() == [rule.words]


def test_ends_of_a_rule_are_included_and_a_blank_breaks_none_but_missing():
    frames = fleet(cells=3)
    mass = pl.Series("cell.mass [g]", [70.0, None, float("nan")])
    frames.instances = frames.instances.with_columns(mass)
    both = Rule("both", "cells", "cell.mass [g]", min=70, max=70)
    assert [row[0] for row in found(frames, rules=[both])] == ["c-2"]
    blank = Rule("blank", "cells", "cell.mass [g]", missing=True)
    assert [row[0] for row in found(frames, rules=[blank])] == ["c-1", "c-2"]


def test_results_can_be_asked_and_a_note_stays_a_note():
    rule = Rule("alive", "results", "SOH", min=0.96, severity="note")
    assert set(found(fleet(), rules=[rule], quality=False)) == {
        (f"c-{n}", None, "alive", "note") for n in range(4, 6)
    }


def test_a_rule_of_the_spread_in_a_lot_takes_the_lot_from_the_cells():
    frames = with_value(fleet(cells=12, lots=1), "c-4", 7, 0.9)
    frames.cycles = frames.cycles.filter(pl.col(CYCLE) == 7)
    rule = Rule("far", "cycles", Q, spread=6, by="batch")
    assert [row[0] for row in found(frames, rules=[rule], quality=False)] == ["c-4"]


def test_rules_that_cannot_be_put_are_all_told_at_once():
    def cells_fail(cells):
        raise ValueError("not today")

    def cells_end(cells):
        raise SystemExit(0)

    rules = [
        Rule("near", "cells", "cell.mas [g]", min=1),
        Rule("text", "cells", "batch", min=1),
        Own("cells_fail", "cells", function=cells_fail),
        Own("cells_end", "cells", function=cells_end),
        Own("cells_true", "cells", function=lambda cells: True),
        Own(
            "cells_odd", "cells", function=lambda cells: cells.with_columns(Severity=pl.lit("bad"))
        ),
        Own("cells_keyless", "cells", function=lambda cells: cells.select("batch")),
    ]
    with pytest.raises(IntakeError, match="nothing was checked") as fault:
        cf.check(fleet(), rules=rules)
    told = str(fault.value)
    for words in (
        "near: cells have no column 'cell.mas [g]'. Did you mean 'cell.mass [g]'",
        "text: 'batch' holds String, not numbers.",
        "cells_fail ended with ValueError: not today",
        "cells_end ended with SystemExit",
        "it returned the severity 'bad', not flag or note",
        "it returned bool, not the rows that break it",
        "has no column 'instance_id'",
    ):
        assert words in told


def test_what_a_function_prints_is_no_result(capsys):
    def cells_talk(cells):
        print("debugging")
        return cells.head(1)

    findings = cf.check(fleet(), rules=[Own("cells_talk", "cells", function=cells_talk)])
    assert findings["Finding"].to_list() == ["breaks cells_talk"]
    out, err = capsys.readouterr()
    assert (out, err) == ("", "debugging\n")


def test_a_function_says_why_and_how_bad():
    def cycles_late(cycles):
        """Nothing happens after cycle 28."""
        late = cycles.filter(pl.col(CYCLE) > 28, pl.col("cell") == "c-0")
        return late.with_columns(Finding=pl.lit("too late"), Severity=pl.lit("note"))

    findings = cf.check(fleet(), rules=[Own("cycles_late", "cycles", function=cycles_late)])
    assert findings.select("cell", CYCLE, "Severity", "Finding", "Definition").rows() == [
        ("c-0", 29, "note", "too late", "Nothing happens after cycle 28.")
    ]


def test_what_is_returned_twice_is_found_once():
    def cells_twice(cells):
        return pl.concat([cells.head(1)] * 2)

    assert cf.check(fleet(), rules=[Own("cells_twice", "cells", function=cells_twice)]).height == 1


def test_flags_stand_before_notes():
    frames = with_value(fleet(cells=9, lots=1, fade=1e-4), "c-8", 12, 31.0)
    slow = pl.when(pl.col("cell") == "c-4").then(0.7).otherwise(1.0)
    frames.cycles = frames.cycles.with_columns(pl.col(Q) * slow)
    assert cf.check(frames)["Severity"].to_list() == ["flag", "note"]
