"""How a command ends: a sentence or a document, and an exit code."""

from __future__ import annotations

import json
import math
import re
import subprocess
import sys
import warnings
from datetime import UTC, date, datetime
from pathlib import Path

import polars as pl
import pytest
import typer
from rich.text import Text

from cellframe import errors
from cellframe.cli.codes import ExitCode, WrongUsageError, code_of
from cellframe.cli.ending import ended
from cellframe.cli.main import _note
from cellframe.cli.out import console, document, say, show


def failing(fault: BaseException):
    def command() -> None:
        raise fault

    return command


@pytest.fixture(params=["words", "json"])
def told(request, monkeypatch, capfd):
    """End with a fault; return the code and what was said, in both ways."""
    wants_json = request.param == "json"
    monkeypatch.setattr(sys, "argv", ["cellframe", "plan", *(["--json"] if wants_json else [])])

    def told_(fault: BaseException) -> tuple[int, str]:
        code = ended(failing(fault))
        out, err = capfd.readouterr()
        if not wants_json:
            assert out == ""
            return code, err
        assert err == ""
        read = json.loads(out)
        assert read["exit_code"] == code
        assert read["error"]["kind"] == type(fault).__name__
        return code, read["error"]["message"]

    return told_


@pytest.mark.parametrize(
    ("fault", "code"),
    [
        (WrongUsageError("x"), 64),
        (errors.ConfigError("x"), 1),
        (errors.SheetError("x"), 1),
        (errors.NotFoundError("x", status=404), 1),
        (errors.TransportError("x"), 6),
        (errors.ServerError("x", status=503), 6),
        (errors.RateLimitError("x", status=429), 6),
        (errors.JournalLockedError("x"), 6),
        (errors.StalePlanError("x"), 4),
        (errors.PartialApplyError("x"), 5),
        (errors.StoreError("x"), 1),
    ],
    ids=lambda given: type(given).__name__ if isinstance(given, Exception) else "",
)
def test_each_fault_has_its_code(told, fault, code):
    assert code_of(fault) == code
    ended_with, said = told(fault)
    assert (ended_with, said.removeprefix("Error: ").split("\n")[0]) == (code, "x")


def test_every_code_is_in_the_page_on_the_shell():
    page = (Path(__file__).parents[2] / "docs" / "shell.md").read_text("utf-8")
    listed = {int(code) for code in re.findall(r"^\| (\d+) \|", page, re.MULTILINE)}
    assert listed == set(ExitCode)


def test_whoever_is_not_let_in_is_sent_to_the_doctor(capfd):
    ended(failing(errors.AuthError("no", status=401)))
    assert capfd.readouterr().err == "Error: no\nTo look closer: cellframe doctor\n"
    ended(failing(errors.ConfigError("no")))
    assert capfd.readouterr().err == "Error: no\n"


def test_an_unexpected_exception_is_one_sentence_and_no_traceback(told):
    code, said = told(KeyError("instance_id"))
    assert code == 1
    assert "did not expect (KeyError: 'instance_id'). Set CELLFRAME_DEBUG=1" in said
    assert "Traceback" not in said


@pytest.mark.parametrize(
    ("fault", "said"),
    [
        (OSError("half\nmore"), "(OSError: half)"),
        (RuntimeError(), "(RuntimeError: no further words)"),
    ],
)
def test_whatever_an_exception_says_it_is_one_line(told, fault, said):
    assert f"did not expect {said}." in told(fault)[1]


def test_the_traceback_is_there_for_those_who_ask(monkeypatch, capfd):
    monkeypatch.setenv("CELLFRAME_DEBUG", "1")
    ended(failing(KeyError("instance_id")))
    assert "Traceback (most recent call last)" in capfd.readouterr().err


def test_a_fault_of_the_system_names_the_file(told):
    code, said = told(PermissionError(13, "Permission denied", "cells.csv"))
    assert (code, said.removeprefix("Error: ").strip()) == (1, "cells.csv: Permission denied.")


@pytest.mark.parametrize("fault", [KeyboardInterrupt(), typer.Abort(), typer.Exit(130)])
def test_an_interrupt_is_130_without_words_and_a_document_where_one_is_awaited(
    monkeypatch, capfd, fault
):
    monkeypatch.setattr(sys, "argv", ["cellframe", "plan"])
    # typer itself answers Ctrl-C by the code.
    command = (lambda: 130) if isinstance(fault, typer.Exit) else failing(fault)
    assert (ended(command), *capfd.readouterr()) == (130, "", "")
    monkeypatch.setattr(sys, "argv", ["cellframe", "plan", "--json"])
    assert ended(command) == 130
    assert json.loads(capfd.readouterr().out)["error"]["message"] == "Interrupted."


def test_a_document_lists_every_fault(monkeypatch, capfd):
    monkeypatch.setattr(sys, "argv", ["cellframe", "plan", "--json"])
    failures = pl.DataFrame({"row": [3], "column": ["batch"], "message": ["no such lot"]})
    ended(failing(errors.PlanError("The file cannot be planned:", failures)))
    assert json.loads(capfd.readouterr().out)["error"]["failures"] == failures.to_dicts()


def test_what_follows_two_dashes_is_no_option(monkeypatch, capfd):
    monkeypatch.setattr(sys, "argv", ["cellframe", "plan", "--", "--json"])
    ended(failing(errors.ConfigError("x")))
    assert capfd.readouterr().out == ""


@pytest.mark.parametrize(("given", "code"), [(None, 0), (ExitCode.CHANGES, 2), ("text", 0)])
def test_a_command_ends_with_the_code_that_it_returns(monkeypatch, capfd, given, code):
    monkeypatch.setattr(sys, "argv", ["cellframe", "plan", "--json"])
    assert ended(lambda: given) == code
    assert capfd.readouterr() == ("", "")


def test_wrong_usage_is_a_document_too(call):
    ran = call("config", "list", "--jsn", "--json")
    assert ran.code == 64
    assert ran.err == ""
    assert "--json" in json.loads(ran.out)["error"]["message"]


def test_a_document_holds_what_json_has_words_for(capfd):
    at = datetime(2026, 1, 5, 10, tzinfo=UTC)
    body = {
        "at": at,
        "a": math.nan,
        "b": date(2026, 1, 5),
        "c": [1.5, None, True],
        "d": {"µ": ExitCode.LATER},
    }
    assert document(body, ExitCode.CONFLICT) is ExitCode.CONFLICT
    out = capfd.readouterr().out
    assert out.isascii()
    read = json.loads(out)
    assert read.pop("at") == at.isoformat()
    assert read == {
        "a": None,
        "b": "2026-01-05",
        "c": [1.5, None, True],
        "d": {"µ": 6},
        "exit_code": 4,
    }


def test_words_are_on_stderr_results_on_stdout_and_nothing_is_obeyed(capfd):
    say("a\x1b[31m\nb")
    show("c\x1b]0;title\x07")
    out, err = capfd.readouterr()
    assert (out, err) == ("c␛]0;title␇\n", "a␛[31m\nb\n")


def test_what_is_no_terminal_has_a_page_of_100_columns(monkeypatch, capfd):
    monkeypatch.setenv("COLUMNS", "40")
    assert console().width == 100
    show(Text("x" * 90))
    assert capfd.readouterr().out == "x" * 90 + "\n"


def test_a_warning_is_a_note_without_its_place_in_the_code(monkeypatch, capfd):
    monkeypatch.setattr(warnings, "showwarning", _note)
    with warnings.catch_warnings():
        warnings.simplefilter("always")
        monkeypatch.setattr(warnings, "showwarning", _note)
        warnings.warn("The journal is damaged.", stacklevel=1)
    assert capfd.readouterr().err == "Note: The journal is damaged.\n"


def test_a_reader_who_has_read_enough_sees_no_traceback():
    command = f"{sys.executable} -m cellframe doctor | head -1"
    ran = subprocess.run(["bash", "-c", command], capture_output=True, text=True, check=True)
    assert ran.stdout.startswith("ok         Python")
    assert "Traceback" not in ran.stderr
    assert "Exception ignored" not in ran.stderr


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs a disk that is always full")
@pytest.mark.parametrize("arguments", [["--help"], ["config", "list", "--json"], ["demo"]])
def test_an_output_without_room_is_one_sentence(arguments, tmp_path):
    with Path("/dev/full").open("w") as full:
        command = [sys.executable, "-m", "cellframe", *arguments]
        ran = subprocess.run(
            command, stdout=full, stderr=subprocess.PIPE, text=True, cwd=tmp_path, check=False
        )
    assert ran.returncode == 1
    assert ran.stderr.splitlines() == [
        "Error: The output, or another file: No space left on device."
    ]


@pytest.mark.parametrize("closed", ["<&-", "2>&-", ">&-"])
def test_a_stream_that_was_closed_is_not_missed(closed, tmp_path):
    command = f"{sys.executable} -m cellframe config list --json {closed}"
    ran = subprocess.run(["bash", "-c", command], capture_output=True, text=True, check=False)
    assert (ran.returncode, ran.stderr) == (0, "")
    assert closed == ">&-" or json.loads(ran.stdout)["profiles"] == []
