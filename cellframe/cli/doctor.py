"""``cellframe doctor``: what is wrong here, and what to do about it?"""

from __future__ import annotations

import os
from contextlib import closing
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

from cellframe.cli.checks.disk import disk
from cellframe.cli.checks.finding import Finding, State
from cellframe.cli.checks.machine import machine
from cellframe.cli.checks.service import service
from cellframe.cli.codes import ExitCode
from cellframe.cli.connect import (
    ADDRESSES,
    CREDENTIALS,
    DATA,
    choose,
    folder_of,
    key_variable,
    wire_of,
)
from cellframe.cli.options import Data, Json, Profile
from cellframe.cli.out import document, say, show
from cellframe.cli.profiles import load
from cellframe.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from cellframe.cli.profiles import Profile as Chosen

EXAMPLES = """\b
Examples:
  cellframe doctor
  cellframe doctor --profile lab
  cellframe doctor --data lab --json"""

_CODES = {State.FAULT: ExitCode.BAD_INPUT, State.AWAY: ExitCode.LATER}
_ADVICE = f"{'':10} → "
_WELL = "All is well."
_SUMS = {
    ExitCode.BAD_INPUT: "Something is wrong: see the lines that begin with fault.",
    ExitCode.LATER: "The service is away: see the line that begins with away.",
}


def doctor(profile: Profile = None, data: Data = None, json: Json = False) -> ExitCode:
    """Look at everything between here and the records.

    Python, packages, settings, disk, address, key and clock: how each of them is, and what to do.
    Changes nothing, and shows no key. Ends with 0, with 1 where something is wrong, and with 6
    where the service is away.
    """
    findings: list[Finding] = []
    for finding in _look(profile, data):
        findings.append(finding)
        if not json:
            _tell(finding)
    states = [finding.state for finding in findings]
    code = next((code for state, code in _CODES.items() if state in states), ExitCode.DONE)
    if json:
        checks = [asdict(finding) for finding in findings]
        return document({"checks": checks}, code)
    say(_SUMS.get(code, _WELL))
    return code


def _look(profile: str | None, data: Path | None) -> Iterator[Finding]:
    """Look at this computer first, and then at what the records are with."""
    yield from machine()
    try:
        chosen = choose(profile, data)
        yield _service_in_use(chosen, profile)
        folder = folder_of(chosen.data) if chosen is not None and chosen.data else None
        wire = wire_of(chosen) if folder is None else None
    except ConfigError as fault:
        yield Finding("Service", str(fault), State.FAULT)
        yield from disk(None)
        return
    yield from disk(folder)
    if wire is not None:
        with closing(wire):
            yield from service(wire, key_variable(chosen))


def _service_in_use(chosen: Chosen | None, named: str | None) -> Finding:
    """Say which service is meant, and why it is that one."""
    if chosen is None:
        return _of_the_environment()
    if chosen.name == DATA:
        return Finding("Service", f"none: the folder {chosen.data}")
    why = "profile" if named else "default profile"
    return Finding("Service", f"{chosen.place}, of the {why} {chosen.name}")


def _of_the_environment() -> Finding:
    by = next(name for name in (*ADDRESSES, *CREDENTIALS) if os.environ.get(name))
    words = f"named by the environment: {by}"
    try:
        default = load().default
    except ConfigError:
        # That the file is broken is told with the disk.
        default = None
    if default is None:
        return Finding("Service", words)
    advice = f"To use the profile: --profile {default}, or unset {by}."
    words = f"{words}, so that the default profile {default} is not used"
    return Finding("Service", words, State.ATTENTION, advice)


def _tell(finding: Finding) -> None:
    show(f"{finding.state:10} {finding.topic:12} {finding.words}")
    if finding.advice:
        show(f"{_ADVICE}{finding.advice}")
