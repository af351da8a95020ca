"""One import, from its mapping to its report: the spec, the cells, then a test of each file.

What is there already is found by its name and left alone, so that an import which was broken
off, or is run again next month, makes what is missing and nothing twice.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import polars as pl

from cellframe.errors import IntakeError, NotFoundError, RefusedError
from cellframe.frames.columns import parse
from cellframe.frames.faults import Fault, table
from cellframe.intake.cells import NAME, SPEC, Cells, read_cells, with_ids
from cellframe.intake.folder import folder_of
from cellframe.intake.mapping import BY_TABLE, refuse
from cellframe.intake.report import Entry, Outcome, Report
from cellframe.intake.unnamed import missing, unnamed
from cellframe.intake.uploading import Job, Known, There, Uploads, cells_of, jobs
from cellframe.resources.progress import progress
from cellframe.views.text import value
from cellframe.writeback.diff import Class
from cellframe.writeback.receipt import GOOD
from cellframe.writeback.steps import Action

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from cellframe.client import Client
    from cellframe.intake.mapping import ImportMap
    from cellframe.writeback.plan import Plan
    from cellframe.writeback.receipt import Receipt
    from cellframe.writeback.steps import Step

_NO_SPEC = 'No spec is named. Write spec = "NAME" at the top of the mapping.'
_UNREAD = "no version that is known here"
_OUTCOMES = {
    Action.CREATE: Outcome.CREATED,
    Action.UNCHANGED: Outcome.THERE,
    Action.ALREADY_THERE: Outcome.THERE,
}
_BESIDE = {
    Outcome.UPDATED: "{} → {}",
    Outcome.DIFFERENT: "{} on the service, {} in the table",
}


class Import:
    """One import.

    Parameters
    ----------
    client : Client
        Of the service that gets the records.
    place : Path
        A folder, or one file.
    mapping : ImportMap
        As somebody confirmed it.
    dry_run : bool
        Whether nothing is sent.
    reads : bool
        Whether a dry run reads every series; a preview leaves that out.
    update : bool
        Whether cells that differ from the table get the table's values.
    max_updates : int, optional
        How many may, where that passes the client's limits.
    """

    def __init__(
        self,
        client: Client,
        place: Path,
        mapping: ImportMap,
        *,
        dry_run: bool = False,
        reads: bool = True,
        update: bool = False,
        max_updates: int | None = None,
    ) -> None:
        self._client = client
        self._place = place
        self._root = folder_of(place)
        self._mapping = mapping
        self._dry_run = dry_run
        self._reads = reads
        self._update = update or max_updates is not None
        self._max_updates = max_updates
        self._notices: list[str] = []
        self._refused: dict[str, str] = {}
        self._spec_outcome = Outcome.THERE
        self._spec_names: list[str] = []

    def run(self, *, shown: bool | None = None, broken: Mapping[str, str] | None = None) -> Report:
        """Import, and say what became of everything.

        Parameters
        ----------
        shown : bool, optional
            Whether to show how far it is.
        broken : mapping of str to str, optional
            Files that were found to be unreadable before, and why.

        Raises
        ------
        IntakeError, RefusedError, TransportError
            See `import_cells`.
        """
        table_ = self._table()
        specs = self._specs(table_)
        ids = self._ids(specs)
        cells = table_ or self._named_by_files(ids)
        entries = self._cells(cells, specs, ids)
        known = self._known(cells, specs, ids if self._dry_run else self._ids(specs))
        work = jobs(self._root, self._mapping.series, known)
        entries += self._tests(work, known, shown=shown)
        entries += missing(self._root, self._mapping)
        entries += unnamed(self._place, self._mapping, work, broken or {})
        name = ", ".join(self._spec_names)
        return Report(name, tuple(entries), self._dry_run, self._spec_outcome, tuple(self._notices))

    def _table(self) -> Cells | None:
        if self._mapping.cells is None:
            return None
        ways = [one.cell for one in self._mapping.series if one.cell.startswith(BY_TABLE)]
        column = ways[0].removeprefix(BY_TABLE) if ways else None
        found = read_cells(self._root, self._mapping.cells, file_column=column)
        self._notices += found.notices
        return found

    def _specs(self, cells: Cells | None) -> dict[str, str | None]:
        """Return the id of each spec by its name; None for one that a dry run would make."""
        wanted = self._mapping.spec
        names = [wanted.name] if wanted else []
        if cells is not None and SPEC in cells.frame.columns:
            names += cells.frame[SPEC].drop_nulls().unique(maintain_order=True).to_list()
        refuse("It is not known whose cells they are.", [] if names else [Fault(_NO_SPEC)])
        return {name: self._spec(name) for name in dict.fromkeys(names)}

    def _spec(self, name: str) -> str | None:
        self._spec_names.append(name)
        try:
            found = self._client.cell_spec.get(name)
        except NotFoundError as fault:
            wanted = self._mapping.spec
            if wanted is None or not wanted.create or wanted.name != name:
                message = f"{fault} To have it made, write create = true under [spec]."
                told = table([Fault(message)])
                raise IntakeError("It is not known whose cells they are.", told) from None
        else:
            self._spec_names[-1] = found.name
            return found.id
        self._spec_outcome = Outcome.CREATED
        if self._dry_run:
            return None
        ratings = {
            ".".join(path): {"value": number, "unit": unit or "1"}
            for label, number in wanted.ratings.items()
            for path, unit in [parse(label)]
        }
        fields = {"name": name, **({"ratings": ratings} if ratings else {})}
        return self._client.cell_spec.create_or_get(fields).id

    def _ids(self, specs: Mapping[str, str | None]) -> dict[str, dict[str, str]]:
        """Return the ids of the cells of each spec, by name."""
        lists = {
            name: [] if id_ is None else self._client.cell_instance.list(id_)
            for name, id_ in specs.items()
        }
        return {name: {cell.name: cell.id for cell in cells} for name, cells in lists.items()}

    def _named_by_files(self, ids: Mapping[str, Mapping[str, str]]) -> Cells:
        """Return the cells that files name, where no table does."""
        (there,) = ids.values()
        names: dict[str, None] = {}
        for one in self._mapping.series:
            names |= dict.fromkeys(cells_of(self._root, one, there))
        frame = pl.DataFrame({NAME: list(names)}, schema={NAME: pl.String})
        return Cells(frame, range(len(names)), "", {}, {})

    def _cells(
        self,
        cells: Cells,
        specs: Mapping[str, str | None],
        ids: Mapping[str, Mapping[str, str]],
    ) -> list[Entry]:
        """Create and update cells, and say what became of each row."""
        entries = {row: self._failed(cells, row, why) for row, why in cells.faults.items()}
        rows = [row for row in range(cells.frame.height) if row not in entries]
        if None in specs.values():
            entries |= {row: self._entry(cells, row, Outcome.CREATED) for row in rows}
        elif rows:
            plan = self._plan(cells, rows, specs, ids)
            wanted = self._only_wanted(plan)
            receipt = None if self._dry_run or not wanted else self._sent(wanted)
            entries |= dict(self._planned(cells, rows, plan, receipt))
        return [entries[row] for row in sorted(entries)]

    def _plan(
        self,
        cells: Cells,
        rows: list[int],
        specs: Mapping[str, str | None],
        ids: Mapping[str, Mapping[str, str]],
    ) -> Plan:
        first = next(iter(specs))
        frame = with_ids(cells, ids, first)[rows]
        numbers = [cells.rows[row] for row in rows]
        plan = self._client.cell_instance.plan(frame, spec=specs[first], numbers=numbers)
        self._notices += [notice for notice in plan.notices if _UNREAD not in notice]
        return plan

    def _only_wanted(self, plan: Plan) -> Plan:
        """Return a plan without its updates, unless they are asked for.

        What the table said when it was imported is not known: a value that is other than the
        service's may be the older one.
        """
        if self._update:
            return plan
        return replace(plan, steps=tuple(s for s in plan.steps if s.action is not Action.UPDATE))

    def _sent(self, plan: Plan) -> Receipt:
        note = f"import of {self._place.name}"
        receipt = self._client.apply(plan, invalid="skip", max_updates=self._max_updates, note=note)
        if receipt.refused:
            reasons, counts = plan.passes(plan.limits, self._max_updates)
            if not counts:
                raise RefusedError(receipt.refused, receipt)
            meant = f"If that is meant: max_updates={plan.counts[Action.UPDATE]}"
            raise RefusedError(f"{'; '.join(reasons)}. Nothing was sent. {meant}", receipt)
        return receipt

    def _planned(
        self, cells: Cells, rows: list[int], plan: Plan, receipt: Receipt | None
    ) -> Iterator[tuple[int, Entry]]:
        steps = {step.row: step for step in plan.rows}
        results = {one.row: one for one in receipt.results} if receipt is not None else {}
        for at, row in enumerate(rows):
            step, result = steps.get(at), results.get(at)
            if step is None:
                yield row, self._entry(cells, row, Outcome.THERE)
            elif result is not None and result.outcome not in GOOD:
                yield row, self._failed(cells, row, result.message or _why(step))
            elif step.action not in (*_OUTCOMES, Action.UPDATE):
                yield row, self._failed(cells, row, _why(step))
            elif step.action is Action.UPDATE:
                outcome = Outcome.UPDATED if self._update else Outcome.DIFFERENT
                yield row, self._entry(cells, row, outcome, _changes(step, _BESIDE[outcome]))
            else:
                yield row, self._entry(cells, row, _OUTCOMES[step.action])

    def _entry(self, cells: Cells, row: int, outcome: Outcome, message: str = "") -> Entry:
        number = cells.rows[row] if cells.file else None
        return Entry(cells.file, cells.names[row], None, outcome, number, message)

    def _failed(self, cells: Cells, row: int, why: str) -> Entry:
        self._refused[cells.names[row]] = why
        return self._entry(cells, row, Outcome.FAILED, why)

    def _known(
        self,
        cells: Cells,
        specs: Mapping[str, str | None],
        ids: Mapping[str, Mapping[str, str]],
    ) -> Known:
        """Return what the service has now; what a dry run would have made has no id."""
        flat = self._by_name(cells, ids)
        names = tuple(cells.names) if cells.file else ()
        if self._dry_run:
            made = (name for name in cells.names if name not in self._refused)
            flat = {**dict.fromkeys(made, ""), **flat}
        tests = {
            (test.cell_instance_id, test.name): There.of(test)
            for id_ in specs.values()
            if id_ is not None and self._mapping.series
            for test in self._client.cell_measurement.list(spec=id_)
        }
        return Known(flat, tests, self._refused, names, cells.files)

    def _by_name(self, cells: Cells, ids: Mapping[str, Mapping[str, str]]) -> dict[str, str]:
        """Return the ids of cells by name: of the spec that the table says, where two have one.

        A name that is in several, and not in the table, is nobody's.
        """
        told = cells.frame[SPEC] if SPEC in cells.frame.columns else [None] * len(cells.names)
        first = next(iter(ids), "")
        of = {name: spec or first for name, spec in zip(cells.names, told, strict=True)}
        found: dict[str, list[str]] = {}
        for spec, of_spec in ids.items():
            for name, id_ in of_spec.items():
                if of.get(name, spec) == spec:
                    found.setdefault(name, []).append(id_)
        return {name: these[0] for name, these in found.items() if len(these) == 1}

    def _tests(self, work: list[Job], known: Known, *, shown: bool | None) -> list[Entry]:
        uploads = Uploads(self._client, self._root, known, dry_run=self._dry_run, reads=self._reads)
        entries: list[Entry] = []
        with progress(len(work), "importing files", shown=shown) as step:
            for job in work:
                entries += uploads.of(job)
                step()
        return entries


def _why(step: Step) -> str:
    told = [change.message for change in step.changes if change.message]
    return " ".join(told) or step.message or step.action.value


def _changes(step: Step, beside: str) -> str:
    sent = [one for one in step.changes if one.what in (Class.CHANGE, Class.CLEAR)]
    return "; ".join(
        f"{one.label}: {beside.format(value(one.server_now), value(one.you_have))}" for one in sent
    )
