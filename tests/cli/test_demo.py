"""`cellframe demo`: what it says, what it leaves, what it never touches."""

from __future__ import annotations

import shlex
import signal
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

import pytest

import cellframe as cf
from cellframe.cli.demo import commands, scenes


@pytest.fixture(scope="module")
def shown(tmp_path_factory):
    """One demo in a folder with a space and a quote, its output, and where it was run."""
    here = tmp_path_factory.mktemp("shell")
    ran = subprocess.run(
        [sys.executable, "-W", "error", "-m", "cellframe", "demo", "Ada's lab"],
        cwd=here,
        capture_output=True,
        text=True,
        check=True,
    )
    assert ran.stderr == ""
    return here, ran.stdout


def test_every_step_is_shown_in_order(shown):
    sentences = [
        "24 simulated cells are now in the folder Ada's lab",
        "1. Read: ",
        "cell.mass [g]",
        "2. Edit: ",
        "3. Plan: ",
        "Would update 4 cells",
        "Nothing sent yet. To send: client.apply(plan)",
        "4. A colleague is faster",
        "you read  you have    server now",
        "Nothing was sent. 1 row is in conflict with the service.",
        "5. Apply: ",
        "3 ok, 20 unchanged, 1 conflict",
        "6. Agree, and plan again",
        "No changes: the frame has no edits to send.",
    ]
    places = [shown[1].find(sentence) for sentence in sentences]
    assert -1 not in places
    assert places == sorted(places)


def test_no_terminal_no_colour(shown):
    assert "\x1b" not in shown[1]


def test_no_line_is_wider_than_the_page_but_code_and_paths(shown):
    long = [line for line in shown[1].splitlines() if len(line) > 100]
    assert all(
        line.startswith(("  ", "History: ", "Plan for", "Applied", "Nothing sent to"))
        for line in long
    )


def test_every_record_says_that_it_is_simulated(shown):
    here, _ = shown
    with cf.open_local(here / "Ada's lab") as client:
        records = [*client.cell_spec.list(), *client.cell_instance.list()]
    assert len(records) == 25
    assert all("imulated" in record.notes for record in records)


def test_the_three_commands_work_when_pasted(shown):
    here, out = shown
    script, show, serve = [
        line.strip() for line in out.partition("That was all")[2].splitlines() if line[:2] == "  "
    ]
    shell = {"cwd": here, "shell": True, "text": True, "capture_output": True}
    assert "Applied to" in subprocess.run(script, check=True, **shell).stdout
    assert "shape: (24, 3)" in subprocess.run(show, check=True, **shell).stdout
    process = subprocess.Popen(
        ["/bin/sh", "-c", f"exec {serve} --port 0"], cwd=here, stdout=subprocess.PIPE, text=True
    )
    line = process.stdout.readline()
    assert line.startswith("cellframe is serving Ada's lab at http://127.0.0.1:")
    with urllib.request.urlopen(f"{line.split()[-1]}/healthz", timeout=10) as answer:
        assert answer.status == 200
    process.send_signal(signal.SIGTERM)
    process.communicate(timeout=20)
    assert process.returncode == 0


def test_a_program_on_the_path_is_called_by_its_name(monkeypatch, tmp_path):
    monkeypatch.setenv("PATH", str(Path(sys.executable).parent))
    first, *_ = commands(tmp_path).values()
    assert shlex.split(first) == [Path(sys.executable).name, str(tmp_path / "first_steps.py")]


def test_a_program_below_the_folder_is_called_by_its_way_there(monkeypatch, tmp_path):
    monkeypatch.setenv("PATH", "")
    monkeypatch.setattr(sys, "executable", str(tmp_path / ".venv/bin/python"))
    monkeypatch.chdir(tmp_path)
    *_, serve = commands(Path("lab")).values()
    assert serve == ".venv/bin/python -m cellframe serve --data lab"


@pytest.mark.nightly
def test_a_second_demo_is_added_to_the_first_and_the_edited_script_stays(run, tmp_path):
    run("demo")
    script = tmp_path / "cellframe-demo" / "first_steps.py"
    script.write_text("# mine")
    code, out, err = run("demo")
    assert (code, err) == (0, "")
    assert out.startswith("cellframe-demo holds a demo already, and gets one more.")
    assert "'Simulated LFP 18650 (2)'" in out
    assert script.read_text() == "# mine"


def test_a_folder_of_other_files_is_refused_and_left_as_it_is(run, tmp_path):
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "thesis.txt").write_text("x")
    code, out, err = run("demo", "mine")
    assert (code, out) == (1, "")
    assert "holds other files ('thesis.txt' for one), and was left as it is" in err
    assert [path.name for path in (tmp_path / "mine").iterdir()] == ["thesis.txt"]


def test_a_folder_of_real_records_is_refused_and_left_as_it_is(run, tmp_path):
    with cf.open_local(tmp_path / "lab") as client:
        client.cell_spec.create({"name": "LFP 18650"})
        before = client.cell_spec.to_frame()
    code, out, err = run("demo", "lab")
    assert (code, out) == (1, "")
    assert "holds records that are no demo's ('LFP 18650' for one)" in err
    with cf.open_local(tmp_path / "lab") as client:
        assert client.cell_spec.to_frame().equals(before)
        assert not client.cell_instance.list()


def test_a_file_in_the_place_of_the_folder_is_refused(run, tmp_path):
    (tmp_path / "lab").write_text("x")
    code, _, err = run("demo", "lab")
    assert code == 1
    assert err == "Error: lab is a file. Name a folder: cellframe demo FOLDER\n"


def test_ctrl_c_ends_the_demo_quietly(tmp_path):
    process = subprocess.Popen(
        [sys.executable, "-m", "cellframe", "demo"],
        cwd=tmp_path,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    process.stdout.readline()
    time.sleep(0.05)
    process.send_signal(signal.SIGINT)
    _, err = process.communicate(timeout=20)
    assert (process.returncode, err) == (130, "")


def test_the_walk_shows_what_it_runs():
    walk = (Path(cf.__file__).parent / "cli/templates/walk.py").read_text()
    assert [scene.title for scene in scenes()] == [
        line.removeprefix("# %% ") for line in walk.splitlines() if line.startswith("# %%")
    ]
    assert all(scene.words and scene.code in walk for scene in scenes())
