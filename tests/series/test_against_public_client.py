"""The public client refuses what we refuse: its own checks, run beside ours, code by code.

Where the two differ, it is meant: see `OURS_ALONE`.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, NamedTuple

import pytest

from cellframe.contract.series import CURRENT
from cellframe.errors import MeasurementError
from cellframe.series.checked import check_series, read_series
from tests import real_series
from tests.series.made import made_spectrum, made_test
from tests.series.variants import (
    CHANGES,
    OCP,
    SPECTRA,
    STEP_CHANGES,
    options,
    scaled,
    steps_of,
)
from tests.wire.peer_worker import Worker, installed

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    import polars as pl

OURS_ALONE = {
    # No steps can be made of these, and a service says so only after the upload.
    "voltage_column_missing",
    "time_column_missing",
    "no_rows",
    # The public client ends in an error of its solver, or lets them pass.
    "value_not_finite",
    "value_not_a_number",
    "value_missing",
    "count_not_whole",
    # It keeps such columns as columns of the person's own.
    "label_misspelled",
    "unit_differs",
    # It sends steps as they are, whatever they are of.
    "steps_step_count_missing",
    "steps_not_of_series",
    "steps_index_differs",
    "steps_value_negative",
}
ASK = """
import json, warnings
import polars as pl
from ionworks.validators import MeasurementValidationError, validate_measurement_data
warnings.simplefilter("ignore")
answers = []
for line in open(folder + "/cases.json"):
    case = json.loads(line)
    frame = pl.read_parquet(case.pop("series"))
    steps = case.pop("steps", None)
    try:
        validate_measurement_data(frame, steps_df=steps and pl.read_parquet(steps), **case)
        answers.append([])
    except MeasurementValidationError as refusal:
        answers.append(sorted({str(issue.code) for issue in refusal.errors}))
json.dump(answers, open(folder + "/answers.json", "w"))
"""


MAPPINGS = (
    "arbin_half_cell",
    "ife_full_cell",
    "lgm50_check_up",
    "maccor_cycles",
    "neware_half_cell",
    "pouch_cell",
    "rate_test_repaired",
    "slow_cycle_repaired",
)


class Case(NamedTuple):
    """A series and how it is checked."""

    name: str
    series: pl.DataFrame
    options: dict[str, Any]


@pytest.fixture(scope="module")
def newest() -> Iterator[Worker]:
    """The newest public client, in a process of its own."""
    worker = Worker("0.38.0", installed("0.38.0"))
    yield worker
    worker.close()


@pytest.fixture
def ask(tmp_path: Path, newest: Worker) -> Callable[[list[Case]], list[set[str]]]:
    """Put cases to the public client's checks."""

    def asked(cases: list[Case]) -> list[set[str]]:
        lines = [json.dumps(_written(case, tmp_path, n)) for n, case in enumerate(cases)]
        (tmp_path / "cases.json").write_text("\n".join(lines))
        newest(f"folder = {str(tmp_path)!r}\n{ASK}")
        return [set(codes) for codes in json.loads((tmp_path / "answers.json").read_text())]

    return asked


def _written(case: Case, folder: Path, number: int) -> dict[str, Any]:
    asked = {**case.options, "series": str(folder / f"{number}.parquet")}
    case.series.write_parquet(asked["series"])
    if "steps" in asked:
        asked["steps"].write_parquet(folder / f"{number}.steps.parquet")
        asked["steps"] = str(folder / f"{number}.steps.parquet")
    return asked


def ours(case: Case) -> set[str]:
    try:
        check_series(read_series(case.series), **case.options)
    except MeasurementError as refusal:
        errors = {f.code for f in refusal.findings if f.severity == "error"}
        return errors - OURS_ALONE
    return set()


def differing(cases: list[Case], theirs: list[set[str]]) -> dict[str, tuple[list[str], list[str]]]:
    """By name of a case: codes that only they found, codes that only we found."""
    assert len(theirs) == len(cases)
    pairs = [(case.name, ours(case), found) for case, found in zip(cases, theirs, strict=True)]
    return {
        name: (sorted(found - mine), sorted(mine - found))
        for name, mine, found in pairs
        if mine != found
    }


def of_cyclers(seeds: range) -> list[Case]:
    cases = []
    for seed in seeds:
        whole = made_test(seed)
        for name, change in CHANGES.items():
            series = change(whole)
            for how, asked in options(seed, name).items():
                given = dict(asked)
                if given.pop("steps", False):
                    given["steps"] = steps_of(whole, STEP_CHANGES["as they are"])
                cases.append(Case(f"{name}, {how}, seed {seed}", series, given))
    return cases


def test_series_of_a_cycler_are_refused_for_the_same_reasons(ask):
    cases = of_cyclers(range(2, 3))
    assert differing(cases, ask(cases)) == {}


@pytest.mark.nightly
@pytest.mark.timeout(300)
def test_many_series_of_a_cycler_are_refused_for_the_same_reasons(ask):
    cases = of_cyclers(range(20))
    assert differing(cases, ask(cases)) == {}


def test_real_series_are_refused_for_the_same_reasons(ask):
    whole = {name: getattr(real_series, name)() for name in MAPPINGS}
    turned = {f"{name} reversed": scaled(CURRENT, -1)(series) for name, series in whole.items()}
    cases = [Case(name, series, {"strict": True}) for name, series in {**whole, **turned}.items()]
    assert differing(cases, ask(cases)) == {}


@pytest.mark.nightly
def test_steps_sent_along_are_refused_for_the_same_reasons(ask):
    cases = []
    for seed in range(3):
        series = made_test(seed)
        for name, change in STEP_CHANGES.items():
            for rated in (None, 0.02, 0.1, 3.0):
                asked = {"strict": True, "steps": steps_of(series, change), "rated_capacity": rated}
                cases.append(Case(f"{name}, {rated} A.h, seed {seed}", series, asked))
    assert differing(cases, ask(cases)) == {}


def test_spectra_are_refused_for_the_same_reasons(ask):
    cases = [
        Case(
            f"{name}, {rated}",
            change(made_spectrum()),
            {
                "data_type": "eis",
                "strict": strict,
                "rated_capacity": rated,
            },
        )
        for name, change in SPECTRA.items()
        for strict in (False, True)
        for rated in (None, 3.0)
    ]
    assert differing(cases, ask(cases)) == {}


def test_open_circuit_data_is_refused_for_the_same_reasons(ask):
    cases = [
        Case(f"{name}, strict={strict}", series, {"data_type": "ocp", "strict": strict})
        for name, series in OCP.items()
        for strict in (False, True)
    ]
    assert differing(cases, ask(cases)) == {}
