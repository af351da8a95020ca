"""A folder becomes specs, cells and tests: once, and whatever is wrong with a part of it."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import polars as pl
import pytest

import cellframe as cf
from cellframe.errors import IntakeError, RefusedError, SheetError, TransportError
from cellframe.intake import import_cells, propose
from tests.intake import labs
from tests.journeys.conftest import need

LFP = "LFP"
BAD = "Test_Time(s),Step_Index,Cycle_Index,Current(A),Voltage(V)\n1,2,3\n4"


@pytest.fixture
def folder(tmp_path):
    """Four cells and a test of each."""
    return labs.full(tmp_path / "measurements")


def snapshot(folder):
    return {path: path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()}


def outcomes(report):
    frame = report.to_frame()
    return dict(frame.select("file", "outcome").filter(pl.col("file") != "cells.csv").iter_rows())


def test_a_table_and_its_series_become_cells_and_tests(client, folder):
    report = import_cells(client, folder, spec=LFP)
    assert report
    assert report.counts == {"cells": {"created": 4}, "tests": {"created": 4}}
    cells = client.cell_instance.to_frame(LFP)
    assert cells["cell"].to_list() == list(labs.NAMES)
    assert cells["cell.mass [g]"].to_list() == pytest.approx([41, 41.1, 41.2, 41.3])
    assert cells["batch"].to_list() == ["L1", "L2", "L1", "L2"]
    assert client.cell_measurement.to_frame(spec=LFP)["test"].to_list() == list(labs.NAMES)


def test_current_is_turned_round_on_the_way(client, folder):
    import_cells(client, folder, spec=LFP)
    series = client.cell_instance.detail("c-001").measurements[0].time_series
    assert series["Current [A]"].to_list() == labs.cycling()["Current [A]"].to_list()


@pytest.mark.parametrize("times", [2, 3])
def test_the_same_folder_again_makes_nothing_twice(client, folder, times):
    for _ in range(times):
        report = import_cells(client, folder, spec=LFP)
    assert report.counts == {"cells": {"there already": 4}, "tests": {"there already": 4}}
    assert len(client.cell_instance.list(LFP)) == 4
    assert len(client.cell_measurement.list(spec=LFP)) == 4


@pytest.mark.parametrize("in_table", [True, False])
def test_a_series_goes_to_the_cell_of_the_spec_that_the_table_says(client, tmp_path, in_table):
    for spec in ("A", "B"):
        client.cell_instance.create(client.cell_spec.create({"name": spec}), {"name": "c-001"})
    rows = ["c-001,A"] if in_table else []
    labs.write(tmp_path / "cells.csv", "\n".join(["Cell ID,Spec", *rows, "c-002,A", "c-003,B", ""]))
    labs.series(tmp_path, ["c-001", "c-002", "c-003"])
    report = import_cells(client, tmp_path)
    tests = {spec: len(client.cell_measurement.list(spec=spec)) for spec in ("A", "B")}
    assert tests == ({"A": 2, "B": 1} if in_table else {"A": 1, "B": 1})
    assert report.counts["tests"].get("left out", 0) == (0 if in_table else 1)


def test_a_correction_on_the_service_outlives_the_table(client, folder):
    import_cells(client, folder, spec=LFP)
    body = {"cell": {"mass": {"value": 44.0, "unit": "g"}}}
    client.cell_instance.update("c-002", {"measured_properties": body})
    report = import_cells(client, folder, spec=LFP)
    assert report.counts["cells"] == {"there already": 3, "different": 1}
    assert "different: c-002: cell.mass [g]: 44 on the service, 41.1 in the table" in str(report)
    assert "update=True" in str(report)
    assert client.cell_instance.get("c-002").measured_properties["cell"]["mass"]["value"] == 44.0


def test_a_new_row_is_made_beside_one_that_differs(client, folder):
    import_cells(client, folder, spec=LFP)
    table = folder / "cells.csv"
    lines = table.read_text().replace("41.1", "43.5").rstrip("\n").split("\n")
    lines.append(lines[-1].replace("c-004", "c-005"))
    table.write_text("\n".join(lines) + "\n")
    report = import_cells(client, folder, spec=LFP)
    assert report.counts["cells"] == {"created": 1, "there already": 3, "different": 1}


def test_an_edited_table_shows_what_it_changes(client, folder):
    import_cells(client, folder, spec=LFP)
    table = folder / "cells.csv"
    table.write_text(table.read_text().replace("41.1", "43.5"))
    report = import_cells(client, folder, spec=LFP, update=True)
    assert report.counts["cells"] == {"updated": 1, "there already": 3}
    assert "updated: c-002: cell.mass [g]: 41.1 → 43.5" in str(report)
    assert client.cell_instance.get("c-002").measured_properties["cell"]["mass"]["value"] == 43.5


def test_an_emptied_cell_of_a_table_clears_nothing(client, folder):
    import_cells(client, folder, spec=LFP)
    table = folder / "cells.csv"
    table.write_text(table.read_text().replace("41.1", ""))
    assert import_cells(client, folder, spec=LFP).counts["cells"] == {"there already": 4}


def test_a_new_row_and_a_new_file_are_all_that_is_made(client, folder):
    import_cells(client, folder, spec=LFP)
    labs.table(folder, (*labs.NAMES, "c-005"))
    labs.series(folder, ["c-005"])
    report = import_cells(client, folder, spec=LFP)
    assert report.counts["cells"] == {"created": 1, "there already": 4}
    assert report.counts["tests"] == {"created": 1, "there already": 4}


def test_a_broken_file_is_told_and_the_rest_goes_on(client, folder):
    labs.write(folder / "cycling/c-002.csv", BAD)
    report = import_cells(client, folder, spec=LFP)
    assert report.counts["tests"] == {"created": 3, "failed": 1}
    (failed,) = report.failures.to_dicts()
    assert (failed["file"], failed["cell"]) == ("cycling/c-002.csv", "c-002")
    assert "Line 2 has 3 cells where the header has 5" in failed["message"]
    with pytest.raises(IntakeError, match="1 of 8 were not imported"):
        report.raise_for_failures()


def test_a_repaired_file_is_made_by_the_next_import(client, folder):
    good = (folder / "cycling/c-002.csv").read_text()
    labs.write(folder / "cycling/c-002.csv", BAD)
    import_cells(client, folder, spec=LFP)
    labs.write(folder / "cycling/c-002.csv", good)
    assert import_cells(client, folder, spec=LFP).counts["tests"] == {
        "created": 1,
        "there already": 3,
    }


def test_a_bad_row_of_the_table_keeps_no_other_back(client, folder):
    table = folder / "cells.csv"
    table.write_text(table.read_text().replace("41.2", "heavy"))
    report = import_cells(client, folder, spec=LFP)
    assert report.counts == {
        "cells": {"created": 3, "failed": 1},
        "tests": {"created": 3, "failed": 1},
    }
    messages = report.failures["message"].to_list()
    assert messages[0] == "Row 4, 'Mass (g)': 'heavy' is no number with a decimal point."
    assert messages[1].startswith("Its cell was not imported: Row 4")


def test_files_that_fit_no_cell_are_listed(client, folder):
    labs.write(folder / "cycling/spare.csv", labs.arbin().write_csv())
    report = import_cells(client, folder, spec=LFP)
    assert outcomes(report)["cycling/spare.csv"] == "left out"
    assert "left out: cycling/spare.csv: no cell's name stands in its name." in str(report)


def test_a_file_that_fits_two_cells_stops_before_anything_is_made(client, folder):
    labs.write(folder / "cycling/c-001 c-002.csv", labs.arbin().write_csv())
    with pytest.raises(IntakeError, match="the names of 'c-001' and 'c-002' stand in it"):
        import_cells(client, folder, spec=LFP)
    assert not client.cell_spec.list()


def test_a_table_alone_becomes_cells(client, tmp_path):
    report = import_cells(client, labs.table(tmp_path), spec=LFP)
    assert report.counts == {"cells": {"created": 4}, "tests": {}}


def test_series_alone_are_a_question_and_then_cells_and_tests(client, tmp_path):
    labs.series(tmp_path / "runs", name="{}.csv")
    with pytest.raises(IntakeError, match="no table names cells"):
        import_cells(client, tmp_path / "runs", spec=LFP)
    proposal = propose(tmp_path / "runs").with_spec(LFP, "", create=True)
    proposal.save(tmp_path / "runs" / "cellframe-import.toml", checked=True)
    for expected in ("created", "there already"):
        report = import_cells(client, tmp_path / "runs")
        assert report.counts == {"cells": {expected: 4}, "tests": {expected: 4}}


def test_one_file_with_many_cells_becomes_a_test_of_each(client, tmp_path):
    rows = [labs.arbin().with_columns(pl.lit(name).alias("Cell ID")) for name in labs.NAMES]
    labs.table(tmp_path)
    labs.write(tmp_path / "all.csv", pl.concat(rows).write_csv())
    report = import_cells(client, tmp_path, spec=LFP)
    assert report.counts["tests"] == {"created": 4}
    assert import_cells(client, tmp_path, spec=LFP).counts["tests"] == {"there already": 4}
    series = client.cell_instance.detail("c-003").measurements[0].time_series
    assert series["Time [s]"][0] == 0
    assert series.height == labs.arbin().height


def test_a_german_table_is_read_as_it_is_written(client, tmp_path):
    labs.german(tmp_path)
    report = import_cells(client, tmp_path, spec="Z")
    frame = client.cell_instance.to_frame("Z")
    assert report.counts["cells"] == {"created": 2}
    assert frame["cell.mass [g]"].to_list() == [41.25, None]
    assert frame["cathode.loading [mg/cm**2]"].to_list() == [12.1, 12.25]
    assert [str(day) for day in frame["date_manufactured"]] == ["2026-01-05", "2026-01-06"]
    assert frame["cell.prüfer"].to_list() == ["Jürgen", "Käthe"]


def test_a_point_among_decimal_commas_is_refused(client, tmp_path):
    table = labs.german(tmp_path)
    table.write_bytes(table.read_bytes().replace(b"n/a", b"41.5"))
    (failed,) = import_cells(client, tmp_path, spec="Z").failures["message"]
    assert failed == "Row 3, 'Masse [g]': '41.5' is no number with a decimal comma."


def test_a_parquet_table_keeps_its_types(client, tmp_path):
    table = pl.DataFrame(
        {
            "Cell no.": [1, 2],
            "Lot": [7.0, None],
            "Built": [date(2026, 1, 5), None],
            "Mass (g)": [41.5, None],
            "Passed": [True, False],
        }
    )
    table.write_parquet(tmp_path / "cells.parquet")
    assert import_cells(client, tmp_path, spec="P").counts["cells"] == {"created": 2}
    assert import_cells(client, tmp_path, spec="P").counts["cells"] == {"there already": 2}
    found = client.cell_instance.to_frame("P").select(
        "cell", "batch", "cell.mass [g]", "cell.passed"
    )
    assert found.rows() == [("1", "7", 41.5, "true"), ("2", None, None, "false")]


def test_what_the_files_do_not_say_is_asked_all_at_once(client, folder):
    table = folder / "cells.csv"
    table.write_text(table.read_text().replace("Mass (g)", "Mass"))
    with pytest.raises(IntakeError) as caught:
        import_cells(client, folder)
    assert caught.value.failures.height == 2
    assert "No spec is named" in str(caught.value)
    assert "'Mass' says no unit; g is usual" in str(caught.value)
    assert 'As proposed: Mass = "cell.mass [g]"' in str(caught.value)
    assert "cellframe-import.toml" in str(caught.value)
    assert not client.cell_spec.list()


def test_a_spec_that_is_nearly_there_is_a_question(client, spec, folder):
    with pytest.raises(IntakeError, match="There is no spec 'LFP 18651', but there is 'LFP 18650'"):
        import_cells(client, folder, spec="LFP 18651")
    assert len(client.cell_spec.list()) == 1


def test_a_spec_that_is_there_is_used_by_name_id_or_record(client, spec, folder):
    for ref in (spec, spec.id, spec.name):
        report = import_cells(client, folder, spec=ref)
        assert report.spec == "LFP 18650"
    assert len(client.cell_spec.list()) == 1


def test_a_dry_run_reads_everything_and_writes_nothing(client, folder):
    labs.write(folder / "cycling/c-002.csv", BAD)
    before = snapshot(folder)
    report = import_cells(client, folder, spec=LFP, dry_run=True)
    assert report.counts == {"cells": {"created": 4}, "tests": {"created": 3, "failed": 1}}
    assert "4 to create" in str(report)
    assert snapshot(folder) == before
    assert not client.cell_spec.list()


def test_a_dry_run_of_an_edited_table_shows_the_edit_and_makes_none(client, folder):
    import_cells(client, folder, spec=LFP)
    table = folder / "cells.csv"
    table.write_text(table.read_text().replace("41.1", "43.5"))
    report = import_cells(client, folder, spec=LFP, dry_run=True, update=True)
    assert report.counts["cells"] == {"updated": 1, "there already": 3}
    assert client.cell_instance.get("c-002").measured_properties["cell"]["mass"]["value"] == 41.1


def test_more_changes_than_the_limits_allow_ask_for_their_count(client, tmp_path):
    names = [f"c-{number:03}" for number in range(20)]
    table = labs.table(tmp_path, names)
    import_cells(client, table, spec=LFP)
    table.write_text(table.read_text().replace(",4C(80%)", ",5C"))
    with pytest.raises(RefusedError, match=r"20 of the 20 rows.*max_updates=20"):
        import_cells(client, table, spec=LFP, update=True)
    report = import_cells(client, table, spec=LFP, max_updates=20)
    assert report.counts["cells"] == {"updated": 20}


def test_two_rows_with_one_name_stop_the_import_by_row(client, tmp_path):
    labs.write(tmp_path / "c.csv", "Cell;Lot\na;1\nb;1\na;2\n;3\n")
    labs.write(
        tmp_path / "cellframe-import.toml",
        'spec = "S"\n[cells]\nfile = "c.csv"\n[cells.columns]\nCell = "cell"\nLot = "batch"\n',
    )
    client.cell_spec.create({"name": "S"})
    with pytest.raises(IntakeError) as caught:
        import_cells(client, tmp_path)
    assert "Rows 2 and 4 are both 'a'" in str(caught.value)
    assert "Row 5 has no name of a cell" in str(caught.value)


def test_a_table_that_outgrew_its_mapping_is_told_by_column(client, folder):
    propose(folder).with_spec(LFP, "", create=True).save(
        folder / "cellframe-import.toml", checked=True
    )
    table = folder / "cells.csv"
    table.write_text(table.read_text().replace("Mass (g)", "Mass (mg)"))
    with pytest.raises(IntakeError) as caught:
        import_cells(client, folder)
    assert "There is no column 'Mass (g)'. Did you mean 'Mass (mg)'?" in str(caught.value)
    assert """"Mass (mg)" = "_Mass (mg)" leaves it out""" in str(caught.value)


def test_a_file_that_no_line_of_the_mapping_names_does_not_go_unseen(client, folder):
    propose(folder).with_spec(LFP, "", create=True).save(
        folder / "cellframe-import.toml", checked=True
    )
    labs.write(folder / "later/c-001.csv", labs.arbin().write_csv())
    report = import_cells(client, folder)
    assert outcomes(report)["later/c-001.csv"] == "left out"


def test_two_files_that_would_be_one_test_are_not_mixed_up(client, folder):
    proposal = propose(folder).with_spec(LFP, "", create=True)
    (files,) = proposal.series
    files = replace(files, map=replace(files.map, test="{folder}"), settings=())
    replace(proposal, series=(files,)).save(folder / "cellframe-import.toml", checked=True)
    labs.write(folder / "cycling/c-001 again.csv", labs.arbin().write_csv())
    report = import_cells(client, folder)
    (failed,) = report.failures["message"]
    assert "is the test 'cycling' of 'c-001' already" in failed


def test_files_that_a_table_names_are_found_by_it(client, tmp_path):
    labs.write(tmp_path / "cells.csv", "Cell,File\nA1,run 7.csv\nA2,run 8.csv\n")
    for name in ("run 7", "run 8"):
        labs.write(tmp_path / f"{name}.csv", labs.arbin().write_csv())
    report = import_cells(client, tmp_path, spec=LFP)
    assert report.to_frame().filter(pl.col("file") == "run 8.csv")["cell"].item() == "A2"
    assert report.counts["tests"] == {"created": 2}


def test_each_row_may_name_its_spec(client, tmp_path):
    for name in ("S1", "S2"):
        client.cell_spec.create({"name": name})
    labs.write(tmp_path / "cells.csv", "Cell,Spec\nA,S1\nB,S2\n")
    report = import_cells(client, tmp_path)
    assert report.counts["cells"] == {"created": 2}
    assert [cell.name for cell in client.cell_instance.list("S2")] == ["B"]
    assert import_cells(client, tmp_path).counts["cells"] == {"there already": 2}


@pytest.mark.parametrize("name", ["nowhere", "nowhere.csv"])
def test_a_path_that_is_not_there_is_one_sentence(client, tmp_path, name):
    with pytest.raises(IntakeError, match="There is no file or folder"):
        import_cells(client, tmp_path / name, spec=LFP)


def test_a_folder_without_tables_says_why_of_each_file(client, tmp_path):
    labs.write(tmp_path / "in/notes.md", "x")
    labs.write(tmp_path / "in/book.xlsx", "x")
    with pytest.raises(IntakeError, match="a workbook: save it as CSV UTF-8 or parquet"):
        import_cells(client, tmp_path / "in", spec=LFP)


def test_the_folder_of_a_service_and_hidden_files_are_no_data(client, folder, tmp_path):
    with cf.open_local(folder / "lab"):
        labs.write(folder / ".~lock.cells.csv#", "x")
        labs.write(folder / "cells.csv.cellframe", "x")
        report = import_cells(client, folder, spec=LFP)
    assert report
    assert {entry.file.split("/")[0] for entry in report.entries} == {"cells.csv", "cycling"}


def test_a_service_that_is_away_ends_the_import_and_the_next_goes_on(client, folder, monkeypatch):
    made = []
    create = client.cell_measurement.create_or_get

    def flaky(*arguments):
        made.append(arguments)
        if len(made) == 3:
            raise TransportError("The service is away.")
        return create(*arguments)

    monkeypatch.setattr(client.cell_measurement, "create_or_get", flaky)
    with pytest.raises(TransportError):
        import_cells(client, folder, spec=LFP)
    monkeypatch.undo()
    assert import_cells(client, folder, spec=LFP).counts["tests"] == {
        "created": 2,
        "there already": 2,
    }


KILLED = """
import os, signal, sys
import cellframe as cf
from cellframe.intake import import_cells
from cellframe.transport.inprocess import InProcessWire
send, left = InProcessWire.send, [int(sys.argv[3])]
def dying(self, *arguments, **more):
    left[0] -= 1
    if left[0] < 0:
        os.kill(os.getpid(), signal.SIGKILL)
    return send(self, *arguments, **more)
InProcessWire.send = dying
with cf.open_local(sys.argv[1]) as client:
    import_cells(client, sys.argv[2], spec="LFP")
"""


@pytest.mark.parametrize(
    "requests", [13, *(pytest.param(n, marks=pytest.mark.nightly) for n in (3, 6, 9, 17, 22))]
)
def test_an_import_that_was_killed_is_finished_by_the_next(client, folder, tmp_path, requests):
    command = [sys.executable, "-c", KILLED, str(tmp_path / "lab"), str(folder), str(requests)]
    environment = {**os.environ, "PYTHONPATH": str(Path(cf.__file__).parents[1])}
    assert subprocess.run(command, env=environment, check=False).returncode == -signal.SIGKILL
    report = import_cells(client, folder, spec=LFP)
    assert report
    assert sorted(cell.name for cell in client.cell_instance.list(LFP)) == list(labs.NAMES)
    tests = client.cell_measurement.to_frame(spec=LFP)
    assert sorted(tests["cell"]) == list(labs.NAMES)
    assert set(tests["processing_status"]) == {"ready"}


def test_the_84_cells_of_severson_and_nothing_twice(client):
    table = need("severson-lfp", "cells.csv")
    assert import_cells(client, table, spec="A123").counts["cells"] == {"created": 84}
    assert import_cells(client, table, spec="A123").counts["cells"] == {"there already": 84}
    frame = client.cell_instance.to_frame("A123")
    assert frame["batch"].value_counts().sort("batch")["count"].to_list() == [41, 43]
    assert frame["cell.cycle_life [1]"].median() == pytest.approx(
        pl.read_csv(table)["Cycle life"].median()
    )


def test_names_that_look_alike_stop_before_anything_is_made(client, tmp_path):
    labs.write(tmp_path / "cells.csv", "Cell,Lot\n\u00e9,1\ne\u0301,2\n")
    with pytest.raises(IntakeError, match=r"Rows 2 and 3 are both .*they look alike"):
        import_cells(client, tmp_path, spec=LFP)
    assert not client.cell_spec.list()


def test_a_parquet_table_s_dates_lose_the_time_of_day_and_odd_columns_stay_out(client, tmp_path):
    berlin = datetime(2026, 1, 5, 23, 30, tzinfo=UTC)
    table = pl.DataFrame({"Cell": ["a"], "Built": [berlin], "odd": [timedelta(hours=1)]})
    table = table.with_columns(pl.col("Built").dt.convert_time_zone("Europe/Berlin"))
    table.write_parquet(tmp_path / "cells.parquet")
    assert import_cells(client, tmp_path, spec=LFP)
    assert str(client.cell_instance.to_frame(LFP)["date_manufactured"][0]) == "2026-01-06"


def test_a_column_that_no_cell_holds_is_refused_by_name(client, tmp_path):
    pl.DataFrame({"Cell": ["a"], "odd": [[1]]}).write_parquet(tmp_path / "c.parquet")
    columns = '[cells]\nfile = "c.parquet"\n[cells.columns]\nCell = "cell"\nodd = "cell.odd"\n'
    labs.write(tmp_path / "cellframe-import.toml", f'spec = "S"\n{columns}')
    with pytest.raises(IntakeError, match='Leave it out: "odd" = "_odd"'):
        import_cells(client, tmp_path)


def test_a_row_without_a_name_stops_the_import_and_no_other_column_names_the_cells(
    client, tmp_path
):
    labs.write(tmp_path / "cells.csv", "Zelle;Masse [g];Ort\nz1;41;A\n;84;B\n")
    with pytest.raises(IntakeError, match="Row 3 has no name of a cell"):
        import_cells(client, tmp_path, spec=LFP)


def test_many_files_of_one_cell_beside_cells_without_any_are_a_question(client, tmp_path):
    labs.table(tmp_path, ("A-1", "A-2", "A-3"))
    labs.series(tmp_path, ("A-1", "A-1-3", "A-2"), "{}_rpt.csv")
    with pytest.raises(IntakeError, match=r"2 files are taken for cell 'A-1'.*such as 'A-3'"):
        import_cells(client, tmp_path, spec=LFP)
    (doubt,) = [doubt for doubt in propose(tmp_path).doubts if "A-1-3_rpt" in doubt.message]
    assert doubt.needs_answer


def test_as_many_files_of_each_cell_are_no_question(client, tmp_path):
    labs.table(tmp_path, ("A-1", "A-2", "A-3"))
    for name in ("{}_rpt.csv", "{}_cyc.csv"):
        labs.series(tmp_path, ("A-1", "A-2"), name)
    assert import_cells(client, tmp_path, spec=LFP).counts["tests"] == {"created": 4}


def test_files_of_no_cell_ask_nothing_where_others_have_one(client, folder):
    odd = labs.arbin().rename({"Current(A)": "Current"})
    labs.write(folder / "other/spare.csv", odd.write_csv())
    report = import_cells(client, folder, spec=LFP)
    assert outcomes(report)["other/spare.csv"] == "left out"
    assert report.counts["tests"] == {"created": 4, "left out": 1}


def test_files_of_this_month_and_the_next_have_names_of_their_own(client, folder):
    import_cells(client, folder, spec=LFP)
    propose(folder).with_spec(LFP, "", create=True).save(
        folder / "cellframe-import.toml", checked=True
    )
    labs.series(folder, ("c-001",), "cycling/{} aged.csv")
    report = import_cells(client, folder, spec=LFP)
    assert report.counts["tests"] == {"created": 1, "there already": 4}


def test_a_file_that_was_replaced_is_different_and_left_alone(client, folder):
    import_cells(client, folder, spec=LFP)
    labs.write(folder / "cycling/c-002.csv", labs.arbin(cycles=5).write_csv())
    report = import_cells(client, folder, spec=LFP)
    assert report.counts["tests"] == {"there already": 3, "different": 1}
    assert "different: cycling/c-002.csv: The test 'c-002' of 'c-002' has 30 rows" in str(report)


def test_a_file_that_sorts_first_does_not_take_another_one_s_test(client, folder):
    proposal = propose(folder).with_spec(LFP, "", create=True)
    text = proposal.to_toml(checked=True).replace('test = "{stem}"', 'test = "{folder}"')
    labs.write(folder / "cellframe-import.toml", text)
    import_cells(client, folder)
    labs.write(folder / "cycling/a c-001.csv", labs.arbin(cycles=5).write_csv())
    found = outcomes(import_cells(client, folder))
    assert found["cycling/c-001.csv"] == "there already"
    assert found["cycling/a c-001.csv"] == "different"


def test_a_link_to_the_folder_above_is_not_followed(client, folder):
    (folder / "cycling/up").symlink_to("..", target_is_directory=True)
    assert import_cells(client, folder, spec=LFP).counts["tests"] == {"created": 4}


@pytest.mark.skipif(sys.platform != "linux", reason="only there a name can be any bytes")
def test_a_file_whose_name_is_no_text_is_left_out(client, folder):
    bad = os.fsencode(folder / "cycling") + b"/c-\xe4.csv"
    labs.write(folder / "x.csv", labs.arbin().write_csv()).rename(os.fsdecode(bad))
    report = import_cells(client, folder, spec=LFP)
    assert outcomes(report)["cycling/c-\\xe4.csv"] == "left out"
    assert "rename it" in str(report)


def test_a_service_in_the_folder_itself_is_no_data(folder):
    with cf.open_local(folder) as client:
        report = import_cells(client, folder, spec=LFP)
        again = import_cells(client, folder, spec=LFP)
    for one in (report, again):
        assert {entry.file.split("/")[0] for entry in one.entries} == {"cells.csv", "cycling"}


def test_a_pattern_that_no_file_is_like_is_told(client, folder):
    text = propose(folder).with_spec(LFP, "", create=True).to_toml(checked=True)
    labs.write(folder / "cellframe-import.toml", text.replace("cycling/", "cyling/"))
    report = import_cells(client, folder)
    assert "failed: cyling/*.csv: no file is called so." in str(report)


def test_a_test_is_named_by_places_that_there_are(client, folder):
    text = propose(folder).with_spec(LFP, "", create=True).to_toml(checked=True)
    labs.write(folder / "cellframe-import.toml", text.replace("{stem}", "{fodler}"))
    with pytest.raises(IntakeError, match=r"Did you mean '\{folder\}'"):
        import_cells(client, folder)


def test_a_mapping_that_is_there_already_as_proposed_is_no_fault(folder):
    proposal, place = propose(folder), folder / "m.toml"
    assert proposal.save(place) == proposal.save(place) == place
    labs.write(place, "x")
    with pytest.raises(SheetError, match="is there already, and was left as it is"):
        proposal.save(place)


def test_rows_that_say_no_cell_are_told_so(client, tmp_path):
    rows = [labs.arbin().with_columns(pl.lit(name).alias("Cell ID")) for name in ("c-001", " ")]
    labs.table(tmp_path)
    labs.write(tmp_path / "all.csv", pl.concat(rows).write_csv())
    text = propose(tmp_path).with_spec(LFP, "", create=True).to_toml(checked=True)
    text = re.sub('cell = ".*', 'cell = "column: Cell ID"', text)
    labs.write(tmp_path / "cellframe-import.toml", text)
    (failed,) = import_cells(client, tmp_path).failed
    assert failed.message == "Some rows say no cell. Fill their column, or take the rows out."


def test_a_file_that_leaves_a_doubt_keeps_no_other_back(client, folder):
    odd = labs.arbin().rename({"Voltage(V)": "Voltage", "Current(A)": "Current"})
    labs.write(folder / "cycling/c-004.csv", odd.write_csv())
    report = import_cells(client, folder, spec=LFP)
    assert report.counts["tests"] == {"created": 3, "failed": 1}
    (failed,) = report.failed
    assert failed.file == "cycling/c-004.csv"
    assert "Import it by itself, with a mapping of its own" in failed.message


def test_files_that_leave_doubts_stop_where_they_are_most(client, folder):
    odd = labs.arbin().rename({"Voltage(V)": "Voltage", "Current(A)": "Current"})
    for name in labs.NAMES[1:]:
        labs.write(folder / f"cycling/{name}.csv", odd.write_csv())
    with pytest.raises(IntakeError, match="can be imported once these are settled"):
        import_cells(client, folder, spec=LFP)


def test_files_none_of_which_says_its_cell_are_a_question_for_a_person(tmp_path):
    labs.table(tmp_path, ("1", "2", "3"))
    labs.series(tmp_path, ("1", "2", "3"), "C{}_run_1.csv")
    (doubt,) = [doubt for doubt in propose(tmp_path).doubts if "C1_run_1.csv" in doubt.message]
    assert doubt.needs_answer
