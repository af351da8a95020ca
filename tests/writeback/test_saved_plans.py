"""A plan that was saved does what was reviewed, or nothing."""

from __future__ import annotations

import json
import pickle
import random
import subprocess
import sys

import polars as pl
import pytest
from writeback_tools import MASS, edit, mass, new_rows

from cellframe.client import Client
from cellframe.errors import ConfigError, SheetError, StalePlanError


@pytest.fixture
def saved(client, cells, tmp_path):
    """The file of a plan with a mass and a note."""
    edited = edit(edit(cells, "c-003", mass=50.0), "c-004", notes="x")
    path = tmp_path / "plan.json"
    path.write_text(client.cell_instance.plan(edited).to_json())
    return path


@pytest.mark.rule("W32")
def test_a_saved_plan_is_applied_as_it_was_reviewed(client, saved):
    receipt = client.apply(client.load_plan(saved))
    assert receipt.counts == {"ok": 2}
    stored = client.cell_instance.get("c-003").measured_properties["cell"]["mass"]
    assert (stored["value"], client.cell_instance.get("c-004").notes) == (50.0, "x")


@pytest.mark.law("D11")
def test_the_same_plan_is_saved_as_the_same_bytes(client, cells):
    edited = edit(cells, "c-003", mass=50.0)
    one, two = (client.cell_instance.plan(edited).to_json() for _ in range(2))
    assert one == two
    assert json.loads(one)["summary"] == {"create": 0, "update": 1, "unchanged": 11}


@pytest.mark.law("D10")
def test_a_reviewed_cell_that_moved_makes_the_plan_stale(client, colleague, saved):
    colleague.cell_instance.update("c-003", mass(44.0))
    with pytest.raises(StalePlanError, match=r"row 3 \('c-003'\), 'cell.mass \[g\]'.*44"):
        client.load_plan(saved)
    assert client.cell_instance.get("c-004").notes is None


@pytest.mark.law("D10")
def test_an_edit_elsewhere_does_not_make_a_plan_stale(client, colleague, saved):
    colleague.cell_instance.update("c-003", {"notes": "theirs"})
    assert client.apply(client.load_plan(saved)).counts == {"ok": 2}
    assert client.cell_instance.get("c-003").notes == "theirs"


def test_a_plan_that_was_sent_already_has_nothing_left_to_do(client, saved):
    client.apply(client.load_plan(saved))
    assert not client.load_plan(saved)


def test_a_plan_that_was_sent_by_somebody_else_has_nothing_left_to_do(client, colleague, saved):
    edited = edit(colleague.cell_instance.to_frame("LFP 18650"), "c-003", mass=50.0)
    colleague.apply(colleague.cell_instance.plan(edited))
    assert client.apply(client.load_plan(saved)).counts == {"ok": 1, "unchanged": 1}


@pytest.mark.law("D10")
def test_a_plan_for_another_service_is_refused(saved, tmp_path):
    import cellframe as cf

    with (
        cf.open_local(tmp_path / "other") as other,
        pytest.raises(StalePlanError, match="was made for"),
    ):
        other.load_plan(saved)


@pytest.fixture(scope="module")
def body(tmp_path_factory):
    """The bytes of a saved plan."""
    import cellframe as cf
    from cellframe.writeback.saved import dump

    with cf.open_local(tmp_path_factory.mktemp("lab")) as local:
        spec = local.cell_spec.create({"name": "S"})
        return dump(local.cell_instance.plan(new_rows(cell=["c-1"]), spec=spec))


def is_refused(path, body, place, bit):
    """Whether a plan is refused after one of its bits was turned over."""
    from cellframe.writeback.saved import load

    flipped = bytearray(body)
    flipped[place] ^= 1 << bit
    path.write_bytes(bytes(flipped))
    with pytest.raises(SheetError):
        load(path)
    return True


@pytest.mark.law("D11")
def test_a_flipped_bit_is_noticed(tmp_path, body):
    chance = random.Random(11)
    places = [chance.randrange(len(body)) for _ in range(300)]
    assert all(is_refused(tmp_path / "flip", body, at, chance.randrange(8)) for at in places)


@pytest.mark.nightly
@pytest.mark.law("D11")
def test_ten_thousand_flipped_bits_are_noticed(tmp_path, body):
    chance = random.Random(12)
    places = [chance.randrange(len(body)) for _ in range(10_000)]
    assert all(is_refused(tmp_path / "flip", body, at, chance.randrange(8)) for at in places)


@pytest.mark.law("D11")
def test_reading_a_plan_runs_no_code(body, tmp_path):
    path, script = tmp_path / "plan.json", tmp_path / "read.py"
    path.write_bytes(body)
    script.write_text(_WATCHED.format(path=str(path)))
    done = subprocess.run(
        [sys.executable, str(script)], capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stdout.strip()) == (0, "[]"), done.stderr


_WATCHED = """
import sys
from pathlib import Path
from cellframe.writeback.saved import load
seen = []
bad = {{"pickle.find_class", "subprocess.Popen", "os.system", "exec", "compile", "os.exec"}}
sys.addaudithook(lambda event, _: seen.append(event) if event in bad else None)
load(Path({path!r}))
print(seen)
"""


def test_new_cells_and_lots_are_saved_too(client, spec, tmp_path):
    rows = new_rows(cell=["c-1", "c-2"], batch=["B7", "B7"]).with_columns(
        pl.lit(41.5).alias(MASS), date_manufactured=pl.date(2026, 1, 5)
    )
    path = tmp_path / "plan.json"
    path.write_text(client.cell_instance.plan(rows, spec=spec).to_json())
    client.apply(client.load_plan(path))
    cells = client.cell_instance.to_frame(spec)
    assert cells["batch"].to_list() == ["B7", "B7"]
    assert not client.load_plan(path)


def test_a_name_that_was_taken_meanwhile_makes_the_plan_stale(client, colleague, spec, tmp_path):
    path = tmp_path / "plan.json"
    rows = new_rows(cell=["c-1"]).with_columns(pl.lit(41.5).alias(MASS))
    path.write_text(client.cell_instance.plan(rows, spec=spec).to_json())
    colleague.cell_instance.create(spec, {"name": "c-1", **mass(39.0)})
    with pytest.raises(StalePlanError, match="c-1"):
        client.load_plan(path)


@pytest.mark.rule("W34")
def test_the_limits_of_a_saved_plan_are_those_of_the_whole_reading(client, cells, tmp_path):
    path = tmp_path / "plan.json"
    path.write_text(client.cell_instance.plan(edit(cells, "c-003", mass=50.0)).to_json())
    elsewhere = Client.over(client._wire, tmp_path / "elsewhere")
    assert elsewhere.load_plan(path).part.base_rows == 12


@pytest.mark.law("D11")
@pytest.mark.parametrize("change", [b"\t", b" "])
def test_a_space_more_is_an_edit_too(tmp_path, body, change):
    from cellframe.writeback.saved import load

    path = tmp_path / "plan.json"
    path.write_bytes(body.replace(b"\n  ", b"\n  " + change, 1))
    with pytest.raises(SheetError, match="somebody edited it"):
        load(path)


def test_a_plan_of_odd_content_is_no_saved_plan(tmp_path):
    from cellframe.writeback.saved import _bytes, _digest, load

    frame = {"kind": "cell_instance", "edited": {"a": ["scan_csv", ["x"]]}, "read": {}}
    content = {"cellframe_plan": 2, "frames": [frame]}
    path = tmp_path / "plan.json"
    path.write_bytes(_bytes({**content, "digest": _digest(content)}))
    with pytest.raises(SheetError, match="no saved plan"):
        load(path)


@pytest.mark.parametrize(
    ("text", "said"),
    [("", "not JSON"), ("[1]", "no saved plan"), ('{"cellframe_plan": 99}', "another version")],
)
def test_what_is_no_saved_plan_is_refused(client, tmp_path, text, said):
    path = tmp_path / "plan.json"
    path.write_text(text)
    with pytest.raises(SheetError, match=said):
        client.load_plan(path)


@pytest.mark.rule("W18")
def test_what_was_said_of_edited_units_is_saved(client, cells, tmp_path):
    edited = cells.rename({MASS: "cell.mass [kg]"}).head(2)
    path = tmp_path / "plan.json"
    path.write_text(client.cell_instance.plan(edited, unit_edit="relabel").to_json())
    assert client.load_plan(path).summary == {"create": 0, "update": 2, "unchanged": 0}


def test_a_pickled_plan_holds_no_way_to_its_service(client, cells):
    plan = pickle.loads(pickle.dumps(client.cell_instance.plan(edit(cells, "c-003", mass=5.0))))
    assert plan.summary["update"] == 1
    with pytest.raises(ConfigError, match="without its service"):
        plan.rebase()
