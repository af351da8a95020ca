"""Asking before something is done: on a terminal, and nowhere else."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from cellframe.cli.asking import confirmed
from cellframe.cli.codes import WrongUsageError

ASK = "from cellframe.cli.asking import confirmed; print(confirmed('Send it?', yes=False))"


def answered(typed: bytes) -> tuple[str, str]:
    """What is said, and what comes of it, when somebody types this at a terminal."""
    pty = pytest.importorskip("pty")
    master, slave = pty.openpty()
    with subprocess.Popen(
        [sys.executable, "-c", ASK], stdin=slave, stderr=slave, stdout=subprocess.PIPE, text=True
    ) as process:
        os.close(slave)
        os.write(master, typed)
        out, _ = process.communicate(timeout=20)
        said = os.read(master, 4096).decode()
    os.close(master)
    return said, out.strip()


def test_yes_needs_no_answer():
    assert confirmed("Send it?", yes=True) is True


def test_where_nobody_can_be_asked_it_is_wrong_usage(capfd):
    with pytest.raises(WrongUsageError, match=r"Send it\? Nobody can be asked here.*--yes"):
        confirmed("Send it?", yes=False)
    assert capfd.readouterr() == ("", "")


@pytest.mark.parametrize(
    ("typed", "agreed"),
    [
        (b"y\n", "True"),
        (b"YES\n", "True"),
        (b"n\n", "False"),
        (b"\n", "False"),
        (b"\x04", "False"),
        (b"maybe\ny\n", "True"),
    ],
)
def test_a_terminal_is_asked_on_stderr(typed, agreed):
    said, out = answered(typed)
    assert out == agreed
    assert "Send it? [y/N] " in said
