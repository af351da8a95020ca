"""A fleet of cells in one line: how much there is, and what is not here yet."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class FleetParts:
    """What there is of a fleet.

    Attributes
    ----------
    cells, tests, steps, cycles, failures : int
        Counts.
    rows : int or None
        Rows of all series; None where the service does not say.
    missing : int or None
        Bytes of series that are not downloaded; None where the service does not say how many.
    """

    cells: int
    tests: int
    rows: int | None
    missing: int | None
    steps: int
    cycles: int
    failures: int


def summary(parts: FleetParts) -> str:
    """Write a fleet in one line: ``84 cells, 168 tests, 41 M rows, 1.2 GB not yet downloaded``."""
    said = [counted(parts.cells, "cell"), counted(parts.tests, "test")]
    said += [counted(parts.steps, "step")] if parts.steps else []
    said += [counted(parts.cycles, "cycle")] if parts.cycles else []
    if parts.rows:
        said.append(f"{_short(parts.rows)} {'row' if parts.rows == 1 else 'rows'}")
    if parts.missing is None:
        said.append("series not yet downloaded")
    elif parts.missing:
        said.append(f"{size(parts.missing)} not yet downloaded")
    if parts.failures:
        said.append(f"{counted(parts.failures, 'part')} could not be read: see .failures")
    return ", ".join(said)


def counted(count: int, noun: str) -> str:
    """Write a count with its noun."""
    return f"{_short(count)} {noun}" + ("" if count == 1 else "s")


def size(count: int) -> str:
    """Write a number of bytes in the unit that leaves two or three digits."""
    for unit, scale in (("GB", 1e9), ("MB", 1e6), ("kB", 1e3)):
        if count >= scale:
            return f"{_digits(count / scale)} {unit}"
    return f"{count} B"


def _short(count: int) -> str:
    """Write a number as people say it: 41 M, 20,000."""
    return f"{_digits(count / 1e6)} M" if count >= 10**6 else f"{count:,}"


def _digits(value: float) -> str:
    return f"{value:.1f}".removesuffix(".0") if value < 10 else f"{value:,.0f}"  # noqa: PLR2004
