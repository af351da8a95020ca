"""Cells go out as a file, and the file comes back."""

from __future__ import annotations

import shutil

import polars as pl
import pytest

import cellframe as cf
from cellframe.errors import ConfigError, PlanError, SheetError
from cellframe.resources.cell_instance import CellInstances
from tests.conftest import with_cell

MASS = "cell.mass [g]"
FORMATS = ["csv", "parquet"]


def texts(path):
    """A CSV as text, every column."""
    return pl.read_csv(path, infer_schema=False)


def rewrite(path, change):
    """A sheet, edited by a program that keeps texts as they are."""
    frame = texts(path) if path.suffix == ".csv" else pl.read_parquet(path)
    frame = change(frame)
    frame.write_csv(path) if path.suffix == ".csv" else frame.write_parquet(path)


def in_cell(path, cell, label, value):
    rewrite(path, lambda frame: with_cell(frame, cell, label, value))


def mass(value):
    return {"measured_properties": {"cell": {"mass": {"value": value, "unit": "g"}}}}


@pytest.fixture
def sheet(client, cells, spec, tmp_path):
    """The CSV of the twelve cells."""
    path = tmp_path / "cells.csv"
    client.cell_instance.to_file(spec, path)
    return path


@pytest.mark.rule("W12")
@pytest.mark.law("D4")
@pytest.mark.parametrize("form", FORMATS)
def test_a_sheet_that_nobody_touched_has_no_changes(client, cells, spec, tmp_path, form):
    report = client.cell_instance.to_file(spec, tmp_path / f"cells.{form}")
    assert (report.rows, report.columns) == cells.shape
    plan = client.plan_file(report.path)
    assert not plan
    assert plan.summary == {"create": 0, "update": 0, "unchanged": 12}


@pytest.mark.law("D5")
@pytest.mark.parametrize("form", FORMATS)
def test_an_edited_cell_is_the_one_change(client, cells, spec, tmp_path, form):
    path = client.cell_instance.to_file(spec, tmp_path / f"cells.{form}").path
    in_cell(path, "c-003", MASS, 50.0)
    plan = client.plan_file(path)
    [change] = plan.rows[0].changes
    assert (plan.rows[0].name, change.label, change.you_read, change.you_have) == (
        "c-003",
        MASS,
        41.3,
        50.0,
    )


def test_a_row_is_called_as_a_spreadsheet_calls_it(client, sheet):
    in_cell(sheet, "c-003", MASS, "heavy")
    plan = client.plan_file(sheet)
    assert plan.to_frame()["row"].to_list() == [5]
    assert "Row 5 ('c-003'), 'cell.mass [g]': 'heavy' is no number" in plan.to_frame()["message"][0]


@pytest.mark.law("D7")
def test_a_copied_row_is_named_by_its_two_rows(client, sheet):
    rewrite(sheet, lambda frame: pl.concat([frame, frame.tail(1)]))
    with pytest.raises(PlanError, match="Rows 13 and 14 have one instance_id"):
        client.plan_file(sheet)


@pytest.mark.law("D6")
def test_missing_rows_and_columns_are_left_as_they_are(client, sheet):
    rewrite(sheet, lambda frame: frame.drop(MASS, "notes").sample(5, seed=1))
    assert not client.plan_file(sheet)


@pytest.mark.law("D6")
@pytest.mark.rule("W15")
def test_an_emptied_cell_is_a_clear(client, sheet):
    in_cell(sheet, "c-003", MASS, None)
    assert client.plan_file(sheet).summary["cells_cleared"] == 1


def test_a_blank_row_says_nothing(client, sheet):
    sheet.write_text(sheet.read_text("utf-8") + "," * (texts(sheet).width - 1) + "\n", "utf-8")
    assert not client.plan_file(sheet)


@pytest.mark.rule("W28")
def test_a_companion_tells_another_computer_what_was_read(colleague, sheet):
    in_cell(sheet, "c-003", MASS, None)
    assert colleague.plan_file(sheet).summary["cells_cleared"] == 1
    colleague.cell_instance.update("c-003", {"notes": "moved"})
    shutil.move(sheet.with_name("cells.csv.cellframe"), sheet.with_name("elsewhere"))
    plan = colleague.plan_file(sheet)
    assert not plan
    assert "no version that is known here" in plan.notices[0]


@pytest.mark.rule("W28")
def test_a_damaged_companion_is_told_and_left_aside(client, sheet):
    beside = sheet.with_name("cells.csv.cellframe")
    beside.write_bytes(beside.read_bytes()[:-9])
    plan = client.plan_file(sheet)
    assert not plan
    assert "is damaged" in plan.notices[0]


def test_a_sheet_of_another_service_is_refused(sheet, tmp_path):
    with (
        cf.open_local(tmp_path / "other") as other,
        pytest.raises(SheetError, match=r"cells.csv was pulled from .*lab, and this is"),
    ):
        other.plan_file(sheet)


# --- a second pull


@pytest.mark.parametrize("form", FORMATS)
def test_a_pull_over_a_sheet_without_edits_renews_it(client, cells, spec, tmp_path, form):
    path = client.cell_instance.to_file(spec, tmp_path / f"cells.{form}").path
    client.cell_instance.update("c-003", mass(44.0))
    rewrite(path, lambda frame: frame.reverse())
    client.cell_instance.to_file(spec, path)
    frame = texts(path) if form == "csv" else pl.read_parquet(path)
    assert float(frame.filter(cell="c-003")[MASS].item()) == 44.0


def test_a_pull_over_edits_is_refused_and_says_what_they_are(client, spec, sheet):
    in_cell(sheet, "c-003", MASS, 50.0)
    before = sheet.read_bytes()
    with pytest.raises(SheetError, match=r"edits that are not pushed \(1 to update\).*--merge"):
        client.cell_instance.to_file(spec, sheet)
    assert sheet.read_bytes() == before


def test_a_pull_over_edits_that_were_pushed_renews_the_sheet(client, spec, sheet):
    in_cell(sheet, "c-003", MASS, 50.0)
    client.apply(client.plan_file(sheet))
    client.cell_instance.to_file(spec, sheet)
    assert not client.plan_file(sheet)


def test_a_pull_over_remarks_is_refused(client, spec, sheet):
    rewrite(sheet, lambda frame: frame.with_columns(_remark=pl.lit("look here")))
    with pytest.raises(SheetError, match=r"columns of your own \('_remark'\)"):
        client.cell_instance.to_file(spec, sheet)


@pytest.mark.parametrize("text", ["a,b\n1,2\n", "", "\0\1\2"])
def test_a_pull_over_something_else_is_refused(client, spec, cells, tmp_path, text):
    path = tmp_path / "notes.csv"
    path.write_text(text)
    with pytest.raises(SheetError, match="is there already"):
        client.cell_instance.to_file(spec, path)
    assert path.read_text() == text


@pytest.mark.parametrize("form", FORMATS)
def test_a_merge_carries_edits_new_rows_and_remarks(client, colleague, cells, spec, tmp_path, form):
    path = client.cell_instance.to_file(spec, tmp_path / f"cells.{form}").path
    new = {"cell": "c-new", "_remark": "mine"}

    def edited(frame):
        frame = with_cell(frame, "c-003", MASS, 50.0).with_columns(_remark=pl.lit("see"))
        return pl.concat([frame, pl.DataFrame([new])], how="diagonal")

    rewrite(path, edited)
    colleague.cell_instance.update("c-004", mass(44.0))
    report = client.cell_instance.to_file(spec, path, merge=True)
    assert (report.carried, report.held, report.rows) == (2, 0, 13)
    plan = client.plan_file(path)
    assert plan.summary == {"create": 1, "update": 1, "unchanged": 11}
    assert plan.edited["_remark"].to_list() == ["see"] * 12 + ["mine"]
    assert float(plan.edited.filter(cell="c-004")[MASS].item()) == 44.0


def test_a_merge_keeps_a_conflict_a_conflict(client, colleague, spec, sheet):
    in_cell(sheet, "c-003", MASS, 50.0)
    colleague.cell_instance.update("c-003", {**mass(44.0), "notes": "theirs"})
    report = client.cell_instance.to_file(spec, sheet, merge=True)
    assert (report.carried, report.held) == (1, 1)
    for reader in (client, colleague):
        change = next(c for c in reader.plan_file(sheet).rows[0].changes if c.label == MASS)
        assert (change.you_read, change.you_have, change.server_now) == (41.3, 50.0, 44.0)


def test_a_merged_sheet_still_has_its_edits_for_the_next_pull(client, spec, sheet):
    in_cell(sheet, "c-003", MASS, 50.0)
    for _ in range(2):
        assert client.cell_instance.to_file(spec, sheet, merge=True).carried == 1
    with pytest.raises(SheetError, match=r"edits that are not pushed \(1 to update\)"):
        client.cell_instance.to_file(spec, sheet)


def test_a_held_row_shows_no_edit_that_nobody_made(client, colleague, spec, sheet):
    in_cell(sheet, "c-003", MASS, 50.0)
    colleague.cell_instance.update("c-003", {**mass(44.0), "notes": "theirs"})
    client.cell_instance.to_file(spec, sheet, merge=True)
    colleague.cell_instance.update("c-003", {**mass(41.3), "notes": None})
    [step] = client.plan_file(sheet).rows
    assert [(c.label, c.you_have) for c in step.changes if c.what.value != "already_there"] == [
        (MASS, 50.0)
    ]


def test_a_merge_in_another_unit_converts_the_edits(client, spec, sheet):
    in_cell(sheet, "c-003", MASS, 50.0)
    client.cell_instance.to_file(spec, sheet, merge=True, units={"cell.mass": "kg"})
    assert texts(sheet).filter(cell="c-003")["cell.mass [kg]"].item() == "0.05"
    [step] = client.plan_file(sheet).rows
    assert client.apply(client.plan_file(sheet)).counts["ok"] == 1
    record = client.cell_instance.get("c-003").measured_properties["cell"]["mass"]
    assert (record, step.name) == ({"value": 50.0, "unit": "g"}, "c-003")


@pytest.mark.parametrize("what", ["an edit", "a remark"])
def test_a_merge_that_leaves_an_edited_cell_out_is_refused(client, cells, spec, tmp_path, what):
    other = client.cell_spec.create({"name": "NMC pouch"})
    client.cell_instance.create(other, {"name": "p-1"})
    path = client.cell_instance.to_file([spec, other], tmp_path / "both.csv").path
    if what == "a remark":
        rewrite(path, lambda frame: frame.with_columns(_remark=pl.lit(None, pl.String)))
    in_cell(path, "p-1", "notes" if what == "an edit" else "_remark", "seen")
    before = path.read_bytes()
    with pytest.raises(SheetError, match=r"not among those pulled: 'p-1'"):
        client.cell_instance.to_file(spec, path, merge=True)
    assert path.read_bytes() == before


def test_a_merge_keeps_a_new_row_whose_name_was_taken(client, colleague, spec, sheet):
    new = {"cell": "c-new", "spec": "LFP 18650", MASS: "40.5"}
    rewrite(sheet, lambda frame: pl.concat([frame, pl.DataFrame([new])], how="diagonal"))
    colleague.cell_instance.create(spec, {"name": "c-new", **mass(39.0)})
    client.cell_instance.to_file(spec, sheet, merge=True)
    assert client.plan_file(sheet).summary["exists"] == 1


def test_an_edit_that_is_saved_while_cells_are_read_is_kept(client, spec, sheet, monkeypatch):
    def read(*_, **how):
        in_cell(sheet, "c-003", MASS, 50.0)
        return CellInstances.to_frame(client.cell_instance, spec, **how)

    monkeypatch.setattr(client.cell_instance, "to_frame", read)

    with pytest.raises(SheetError, match="was saved by somebody while the cells were read"):
        client.cell_instance.to_file(spec, sheet)
    assert client.plan_file(sheet).summary["update"] == 1


def test_a_companion_that_cannot_be_written_is_told_and_the_sheet_is_whole(client, spec, tmp_path):
    path = tmp_path / "cells.csv"
    (tmp_path / "cells.csv.cellframe").mkdir()
    report = client.cell_instance.to_file(spec, path)
    assert "can come back on this computer alone" in report.notices[-1]
    assert not client.plan_file(path)


def test_a_merge_over_an_unreadable_cell_says_which_and_changes_nothing(client, spec, sheet):
    in_cell(sheet, "c-003", MASS, "heavy")
    before = sheet.read_bytes()
    with pytest.raises(SheetError, match=r"Row 5 .*is no number"):
        client.cell_instance.to_file(spec, sheet, merge=True)
    assert sheet.read_bytes() == before


def test_cells_of_several_specs_go_into_one_sheet(client, cells, spec, tmp_path):
    other = client.cell_spec.create({"name": "NMC pouch"})
    client.cell_instance.create(other, {"name": "p-1"})
    path = tmp_path / "both.csv"
    assert client.cell_instance.to_file([spec, "NMC pouch"], path).rows == 13
    in_cell(path, "p-1", "notes", "seen")
    assert client.plan_file(path).summary["update"] == 1


# --- sheets of somebody's own


@pytest.fixture
def weighing(tmp_path):
    """A table from a balance, in the headers of the lab that wrote it."""
    path = tmp_path / "weighing.csv"
    path.write_text("Zelle;Masse (g);Operator\nc-003;50,5;MM\n c-004 ;41,4;MM\n", "utf-8")
    return path


NAMES = {"Zelle": "cell", "Masse (g)": MASS, "Operator": "_operator"}


@pytest.mark.rule("W22")
def test_a_sheet_of_ones_own_is_matched_by_name(client, cells, weighing):
    plan = client.plan_file(weighing, spec="LFP 18650", match="name", map=NAMES)
    assert [(step.name, step.changes[0].you_have) for step in plan.rows] == [("c-003", 50.5)]
    assert plan.summary["unchanged"] == 1


@pytest.mark.rule("W22")
def test_a_map_is_a_file_that_may_say_it_all(client, cells, weighing, tmp_path):
    lines = [f'"{theirs}" = "{ours}"' for theirs, ours in NAMES.items()]
    path = tmp_path / "map.toml"
    path.write_text(
        "\n".join(['spec = "LFP 18650"', 'match = "name"', "[columns]", *lines]), "utf-8"
    )
    assert client.plan_file(weighing, map=path).summary["update"] == 1


def test_names_are_matched_as_they_look(client, spec, tmp_path):
    client.cell_instance.create(spec, {"name": "Zelle-\u00fc"})
    path = tmp_path / "weighing.csv"
    path.write_text(f"cell,{MASS}\nZelle-u\u0308,40.5\n", "utf-8")
    plan = client.plan_file(path, spec=spec, match="name")
    assert plan.summary == {"create": 0, "update": 1, "unchanged": 0}


def test_a_quote_of_ones_own_sheet_is_no_guard(client, cells, tmp_path):
    path = tmp_path / "notes.csv"
    path.write_text("cell,notes\nc-003,'=x\n", "utf-8")
    plan = client.plan_file(path, spec="LFP 18650", match="name")
    assert plan.rows[0].changes[0].you_have == "'=x"


def test_a_name_that_no_cell_has_is_told_with_the_nearest(client, cells, weighing):
    weighing.write_text(weighing.read_text("utf-8").replace("c-003", "c-0O3"), "utf-8")
    plan = client.plan_file(weighing, spec="LFP 18650", match="name", map=NAMES)
    assert plan.summary["create"] == 1
    assert any("Row 2: no cell is named 'c-0O3' yet" in notice for notice in plan.notices)


def test_a_map_that_does_not_fit_names_every_slip(client, cells, weighing):
    names = {"Zele": "cell", "Mase (g)": MASS}
    with pytest.raises(PlanError) as caught:
        client.plan_file(weighing, spec="LFP 18650", match="name", map=names)
    assert "Did you mean 'Zelle'?" in str(caught.value)
    assert "Did you mean 'Masse (g)'?" in str(caught.value)


def test_a_map_onto_a_column_that_is_there_is_refused(client, cells, weighing):
    names = {"Zelle": "cell", "Masse (g)": "Operator"}
    with pytest.raises(PlanError, match=r"'Masse \(g\)' and 'Operator' are one column"):
        client.plan_file(weighing, spec="LFP 18650", match="name", map=names)


def test_a_sheet_without_ids_says_how_it_is_matched(client, cells, weighing):
    with pytest.raises(PlanError, match=r"has no 'instance_id' column.*--match name"):
        client.plan_file(weighing, map=NAMES)


@pytest.mark.parametrize(
    ("how", "said"),
    [({"match": "mass", "spec": "LFP 18650"}, "matched by 'name'"), ({"match": "name"}, "--spec")],
)
def test_a_match_that_cannot_be_made_says_why(client, cells, weighing, how, said):
    with pytest.raises(ConfigError, match=said):
        client.plan_file(weighing, map=NAMES, **how)


# --- tables for reading


def test_a_table_of_steps_is_for_reading(client, tmp_path):
    path = tmp_path / "steps.csv"
    path.write_text("measurement_id,instance_id,test\nm,i,t\nm,i,t\n", "utf-8")
    with pytest.raises(PlanError, match=r"steps.csv is a table of what was measured.*for reading"):
        client.plan_file(path)


@pytest.mark.parametrize("name", ["tests.csv", "tests.parquet"])
def test_a_sheet_of_tests_comes_back_as_a_plan(client, cells, tmp_path, name):
    from cellframe.resources.sheets import write_for_reading

    made = client.cell_measurement.create_properties(cells["instance_id"][0], "t", {}, tags=["a"])
    frame, path = client.cell_measurement.to_frame(), tmp_path / name
    write_for_reading(frame, path, "tests")
    assert not client.plan_file(path)
    edited = tmp_path / f"edited-{name}"
    write_for_reading(frame.with_columns(notes=pl.lit("seen")), edited, "tests")
    assert client.apply(client.plan_file(edited)).counts == {"ok": 1}
    assert client.cell_measurement.get(made.id).notes == "seen"


def test_a_file_of_lots_comes_back_as_a_plan(client, spec, tmp_path):
    client.cell_batch.create(spec, {"name": "L-1"})
    path = tmp_path / "lots.csv"
    client.cell_batch.to_frame().with_columns(notes=pl.lit("seen")).write_csv(path)
    assert client.apply(client.plan_file(path)).counts == {"ok": 1}
    assert client.cell_batch.get("L-1").notes == "seen"


def test_a_file_says_what_an_edited_unit_means(client, cells, tmp_path):
    path = tmp_path / "cells.csv"
    cells.rename({MASS: "cell.mass [kg]"}).write_csv(path)
    assert client.plan_file(path).summary["invalid"]
    assert not client.plan_file(path, unit_edit="convert")


def test_a_table_for_reading_is_renewed_and_never_written_over_an_edit(tmp_path):
    from cellframe.resources.sheets import write_for_reading

    path, frame = tmp_path / "cycles.csv", pl.DataFrame({"Cycle count": [1, 2]})
    for _ in range(2):
        assert write_for_reading(frame, path, "cycles").rows == 2
    path.write_text("mine", "utf-8")
    with pytest.raises(SheetError, match="somebody edited it"):
        write_for_reading(frame, path, "cycles")
    assert path.read_text("utf-8") == "mine"


# --- rows that were left over


@pytest.fixture
def left_over(client, colleague, sheet, tmp_path):
    """The sheet of a row in conflict and of one that is invalid, beside a third that was sent."""
    for cell, label, value in (
        ("c-003", MASS, 50.0),
        ("c-004", MASS, "heavy"),
        ("c-005", "notes", "x"),
    ):
        in_cell(sheet, cell, label, value)
    colleague.cell_instance.update("c-003", mass(44.0))
    receipt = client.apply(client.plan_file(sheet), on_conflict="skip", invalid="skip")
    assert receipt.counts == {"ok": 1, "unchanged": 9, "conflict": 1, "invalid": 1}
    return client.write_left_over(receipt, tmp_path / "left-over.csv").path


def test_left_over_rows_say_why_and_what_the_service_has(left_over):
    frame = texts(left_over)
    assert frame["cell"].to_list() == ["c-003", "c-004"]
    assert frame["_server_now"].to_list() == ["cell.mass [g]: 44", None]
    assert "is no number" in frame["_error"][1]
    assert frame["_choice"].to_list() == [None, None]


@pytest.mark.parametrize(("word", "stored"), [("mine", 50.0), ("theirs", 44.0)])
def test_a_left_over_sheet_is_decided_and_pushed_as_it_is(client, left_over, word, stored):
    in_cell(left_over, "c-003", "_choice", word)
    in_cell(left_over, "c-004", MASS, "42.5")
    assert client.apply(client.plan_file(left_over))
    for cell, value in (("c-003", stored), ("c-004", 42.5)):
        record = client.cell_instance.get(cell)
        assert record.measured_properties["cell"]["mass"]["value"] == value


def test_a_pull_never_writes_over_left_over_rows(client, spec, left_over):
    with pytest.raises(SheetError, match="not pushed"):
        client.cell_instance.to_file(spec, left_over)


def test_left_over_numbers_below_zero_are_numbers(client, colleague, cells, spec, tmp_path):
    path = tmp_path / "cells.csv"
    client.apply(client.cell_instance.plan(with_cell(cells, "c-003", MASS, -0.5)))
    client.cell_instance.to_file(spec, path)
    in_cell(path, "c-003", "notes", "mine")
    colleague.cell_instance.update("c-003", {"notes": "theirs"})
    receipt = client.apply(client.plan_file(path), on_conflict="skip")
    rest = client.write_left_over(receipt, tmp_path / "rest.csv").path
    in_cell(rest, "c-003", "_choice", "mine")
    assert client.apply(client.plan_file(rest)).counts == {"ok": 1}
    assert client.cell_instance.get("c-003").notes == "mine"


def test_a_guarded_or_rewritten_name_is_the_name(client, spec, tmp_path):
    for name in ("-neg", "1E5"):
        client.cell_instance.create(spec, {"name": name})
    path = client.cell_instance.to_file(spec, tmp_path / "cells.csv").path
    rewrite(path, lambda frame: frame.with_columns(pl.col("cell").replace("1E5", "1.00E+05")))
    rewrite(path, lambda frame: frame.with_columns(notes=pl.lit("seen")))
    assert [step.name for step in client.plan_file(path).rows] == ["-neg", "1E5"]
    twins = pl.DataFrame(
        {"cell": ["'-tw", "-tw"], "instance_id": [None, None], "spec": ["LFP 18650"] * 2}
    )
    rewrite(path, lambda frame: pl.concat([frame, twins], how="diagonal_relaxed"))
    with pytest.raises(PlanError, match="are both new and named '-tw'"):
        client.plan_file(path)


def test_an_undecided_left_over_sheet_is_still_in_conflict(client, left_over):
    assert client.plan_file(left_over).summary == {
        "create": 0,
        "update": 0,
        "unchanged": 0,
        "conflict": 1,
        "invalid": 1,
    }


@pytest.mark.parametrize("name", ["tests.csv", "tests.xlsx"])
def test_a_sheet_of_tests_can_come_back_on_another_computer(client, spec, cells, tmp_path, name):
    mass = {"mass": {"value": 40.1, "unit": "g"}}
    test = client.cell_measurement.create_properties("c-003", "weighing", mass, notes="first")
    path = tmp_path / name
    assert client.cell_measurement.to_file(path, spec).rows == 1
    shutil.rmtree(tmp_path / "lab" / ".cellframe")
    client.cell_measurement.update(test, {"notes": "by a colleague"})
    with cf.open_local(tmp_path / "lab") as other:
        plan = other.plan_file(path)
    assert (plan.summary["unchanged"], plan.notices) == (1, ())
