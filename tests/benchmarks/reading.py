"""How fast are frames, answers that were kept, the import and the checks? One table of all of it.

    python tests/benchmarks/reading.py --stub ADDRESS --files FILES [--peer FOLDER] [--lab FOLDER]
        [--rows 1000 10000 100000] [--cells 50] [--far-cells 10] [--latency 0 30] [--rounds 5]

ADDRESS is that of a service that answers from memory: specs whose ids are numbers of cells (see
``list_frames.py``), cells with tests (see ``fleets_over_http.py``) whose series are those of the
folder FILES; the milliseconds of its answers are set by ``/_lat/MILLISECONDS``; it has no entity
tags, no digests, nothing to discover. The same is asked of ``cellframe serve``, on a folder that
is filled first and kept where ``--lab`` names one. ``--peer`` is the folder of the public client.

Each line is a median of calls that alternate with those it is compared with; 100,000 cells are
read once, each time in a process of its own. The limit is the same work without anything that
could be left out: see the topic's own script, whose functions these are.
"""

from __future__ import annotations

import argparse
import os
import statistics
import sys
import tempfile
import warnings
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import fleets_over_http as fleets
import http_cache
import import_time
import list_frames as lists
import series_checks
from served_lab import farther, fill, served

if TYPE_CHECKING:
    from collections.abc import Iterator

ONCE = 100_000
"""Lists as long as this are read once, in fresh processes."""
LONG = 3
"""Rounds where a case takes seconds."""
ROUNDS_OF_IMPORT = 15
STATES = {"cold": "cellframe, cold", "revalidated": "cellframe", "warm": "cellframe, warm"}


class Row(NamedTuple):
    """A line of the table: figures in seconds, megabytes or requests, and what is aimed for."""

    target: str
    what: str
    rounds: int
    ours: float
    peer: float | None
    limit: float | None
    times_peer: float | None = None
    of_limit: float | None = None
    unit: str = "s"


class Place(NamedTuple):
    """A service at a distance, and what its specs and cells are called."""

    name: str
    address: str
    specs: dict[str, str]
    cells: dict[str, str]

    def spec(self, rows: int) -> lists.Cells:
        return lists.Cells(self.specs.get(str(rows), str(rows)), rows)

    def ids(self, names: list[str]) -> list[str]:
        return [self.cells.get(name, name) for name in names]


def told(value: float | None, unit: str) -> str:
    if value is None:
        return "–"
    if unit != "s":
        return f"{value:.0f} {unit}".strip()
    scale, name = (1, "s") if value >= 1 else (1e3, "ms") if value >= 1e-3 else (1e6, "us")
    return f"{value * scale:.3g} {name}" if value * scale < 100 else f"{value * scale:.0f} {name}"


def ratio(value: float, other: float | None, form: str) -> str:
    return form.format(other / value) if other is not None else "–"


def verdict(row: Row) -> tuple[str, str]:
    """Return what is aimed for, and whether it is reached as far as it was measured."""
    aims, met = [], []
    if row.times_peer is not None:
        aims.append(f"≥ {row.times_peer:g} × peer")
        met += [] if row.peer is None else [row.peer / row.ours >= row.times_peer]
    if row.of_limit is not None:
        aims.append(f"≤ {row.of_limit:g} of limit")
        met += [] if row.limit is None else [row.ours / row.limit <= row.of_limit]
    return ", ".join(aims), ("yes" if all(met) else "**no**") if met else ""


def show(row: Row) -> None:
    figures = [told(value, row.unit) for value in (row.ours, row.peer, row.limit)]
    of_limit = f"{row.ours / row.limit:.2f}" if row.limit else "–"
    ratios = [ratio(row.ours, row.peer, "{:.1f}"), of_limit]
    cells = [row.target, row.what, str(row.rounds), *figures, *ratios, *verdict(row)]
    print("| " + " | ".join(cells) + " |", flush=True)


def head() -> None:
    print("| # | what | n | cellframe | peer | limit | × peer | of limit | aim | met |")
    print("|---|---|---|---|---|---|---|---|---|---|", flush=True)


def lists_of(place: Place, rows: int, latency: int, rounds: int, home: Path) -> Iterator[Row]:
    """P1: a list to a frame."""
    cells = place.spec(rows)
    found = lists.measured(lists.cases(place.address, home), rounds, cells)
    for state, name in STATES.items():
        aimed = rows == 10_000 and state != "warm"
        yield Row(
            "P1",
            f"{place.name}: {rows:,} cells, {state}",
            rounds,
            found[name] / 1e3,
            found["peer"] / 1e3 if "peer" in found else None,
            found["floor"] / 1e3,
            (16 if latency else 8) if aimed else None,
            1.3 if aimed else None,
        )


def long_list(place: Place, rows: int, peer: Path | None) -> Iterator[Row]:
    """P2: time and memory of a fresh process."""
    found = lists.memory(place.address, place.spec(rows), place.spec(1000), peer)
    none = (None, None)
    ours, theirs, floor = (found.get(name, none) for name in ("cellframe, cold", "peer", "floor"))
    what = f"{place.name}: {rows:,} cells, cold"
    yield Row("P2", what, 1, ours[0], theirs[0], floor[0], 12)
    yield Row("P2", f"{what}, added memory", 1, ours[1], theirs[1], floor[1], 3, unit="MB")


def fleet(place: Place, names: list[str], rounds: int, files: Path, folder: Path) -> Iterator[Row]:
    """P3 to P5: cells with everything measured on them."""
    calls = {
        name: (lambda cells, call=call: call(place.ids(cells)))
        for name, call in fleets.cases(place.address, files, folder).items()
        if name not in ("local files", "cold, detail()")
    }
    calls["local files"] = lambda cells: fleets.local(files, cells)
    times = fleets.compare(calls, names, rounds, folder)
    found = {name: statistics.median(values) for name, values in times.items()}
    yield from fleet_rows(found, place.name, names, rounds)


def fleet_rows(found: dict, place: str, names: list[str], rounds: int) -> Iterator[Row]:
    is_one = names == ["big-0"]
    what = fleets.INSTANCE if is_one else fleets.SPEC.format(len(names))
    cold, limit = ("P3", 2.5, 1.2) if is_one else ("P4", 3.5, None), found["local files"]
    aims = {
        "cold": (cold[0], "peer", cold[1], cold[2]),
        "revalidated": ("P5", "peer, warm", 2, None),
        "warm": ("P5", "peer, warm", 2, None),
        "path only, warm": ("P5", "peer, warm", 20, None),
    }
    for state, (target, peer, times_peer, of_limit) in aims.items():
        line = f"{place}: {what}, {state}"
        yield Row(target, line, rounds, found[state], found.get(peer), limit, times_peer, of_limit)


def kept_answers() -> Iterator[Row]:
    """P6: what was kept, against a file read; no other service is asked."""
    found, asked = http_cache.everything()
    for size, medians in found.items():
        limit, is_series = medians["file"] / 1e6, size > 1e6
        for case, of in (("miss", None), ("304", None), ("hit", 1.3 if is_series else None)):
            what = f"answer of {size / 1e3:,.0f} kB, {case}"
            yield Row("P6", what, http_cache.ROUNDS, medians[case] / 1e6, None, limit, of_limit=of)
        if is_series:
            what, path = (
                f"answer of {size / 1e3:,.0f} kB, its path (limit: 100 us)",
                medians["path"] / 1e6,
            )
            yield Row("P6", what, http_cache.ROUNDS, path, None, 1e-4, of_limit=1)
    for kind, count in asked.items():
        what = f"requests of 16 threads for 25 {kind}"
        yield Row("P6", what, 1, count, None, 25, of_limit=1, unit="")


def imports(peer: Path | None) -> Iterator[Row]:
    """P10: fresh processes; the peer's takes seconds, and is timed in fewer rounds."""
    found = import_time.compare(("http.client", "cellframe"), ROUNDS_OF_IMPORT)
    limit = found["http.client"]
    yield Row("P10", "import", ROUNDS_OF_IMPORT, found["cellframe"], None, limit, of_limit=2)
    if peer:
        found = import_time.compare(("cellframe", "ionworks"), LONG)
        yield Row("P10", "import", LONG, found["cellframe"], found["ionworks"], None, 30)


def checks(rows: int) -> Iterator[Row]:
    """P11: rules over a series."""
    with tempfile.TemporaryDirectory() as folder:
        found = series_checks.compare_rules(series_checks.cycled(rows), Path(folder))
    limits = {"frame": "one sum per column", "file": "one sum per column, of a file"}
    for what, limit in limits.items():
        ours, sums = found[f"rules, of a {what}"] / 1e3, found[limit] / 1e3
        pandera = found["pandera alone"] / 1e3 if what == "frame" else None
        line = f"rules over {rows:,} rows of a {what}"
        yield Row("P11", line, series_checks.INTERLEAVED, ours, pandera, sums, 5 if pandera else None, 1.3)  # fmt: skip


def reading(place: Place, latency: int, asked: argparse.Namespace, home: Path) -> Iterator[Row]:
    """Everything that a service has a part in."""
    lists.learn(lists.fetch(place.address, place.spec(min(asked.rows)))[1])
    for rows in (rows for rows in asked.rows if rows < ONCE):
        yield from lists_of(place, rows, latency, asked.rounds, Path(tempfile.mkdtemp(dir=home)))
    for rows in (rows for rows in asked.rows if rows >= ONCE and not latency):
        yield from long_list(place, rows, asked.peer)
    cells = asked.far_cells if latency or place.specs else asked.cells
    some = [f"sm-{number}" for number in range(cells)]
    for names, rounds in ((["big-0"], asked.rounds), (some, min(LONG, asked.rounds))):
        folder = Path(tempfile.mkdtemp(dir=home))
        yield from fleet(place, names, rounds, asked.files, folder)


@contextmanager
def places(asked: argparse.Namespace, home: Path) -> Iterator[Iterator[tuple[Place, int]]]:
    """Give the services, one after the other, at every distance."""
    lab = asked.lab or home / "lab"
    filled = fill(lab, asked.files, asked.rows, asked.far_cells)
    with served(lab) as address:

        def each() -> Iterator[tuple[Place, int]]:
            for latency in asked.latency:
                lists.set_latency(asked.stub, latency)
                yield Place(f"stub, {latency} ms", asked.stub, {}, {}), latency
            lists.set_latency(asked.stub, 0)
            for latency in asked.latency:
                with farther(address, latency) as far:
                    name = f"serve, {latency} ms"
                    yield Place(name, far, filled["specs"], filled["cells"]), latency

        yield each()


def options() -> argparse.Namespace:
    parser = argparse.ArgumentParser()
    parser.add_argument("--stub", required=True)
    parser.add_argument("--files", type=Path, required=True)
    parser.add_argument("--peer", type=Path)
    parser.add_argument("--lab", type=Path)
    parser.add_argument("--rows", type=int, nargs="*", default=[1000, 10_000, 100_000])
    parser.add_argument("--cells", type=int, default=50)
    parser.add_argument("--far-cells", type=int, default=10)
    parser.add_argument("--latency", type=int, nargs="*", default=[0, 30])
    parser.add_argument("--series", type=int, nargs="*", default=[1_000_000, 10_000_000])
    parser.add_argument("--rounds", type=int, default=5)
    return parser.parse_args()


def main() -> None:
    asked = options()
    warnings.simplefilter("ignore")
    if asked.peer:
        sys.path.insert(0, str(asked.peer))
        known = os.environ.get("PYTHONPATH", "")
        os.environ["PYTHONPATH"] = os.pathsep.join([str(asked.peer), known]).rstrip(os.pathsep)
    head()
    with tempfile.TemporaryDirectory() as home, places(asked, Path(home)) as found:
        for place, latency in found:
            for row in reading(place, latency, asked, Path(home)):
                show(row)
    for row in kept_answers():
        show(row)
    for row in imports(asked.peer):
        show(row)
    for rows in asked.series:
        for row in checks(rows):
            show(row)


if __name__ == "__main__":
    main()
