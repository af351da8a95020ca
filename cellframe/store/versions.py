"""What you have read: the records behind every frame that was shown.

A *pull* is one answer to "all cells of this spec": its pages as the record arrays that came,
and an index (id, version, page). Pages are named by their digest, so a page that did not
change between two pulls is kept once. A frame only carries ids and versions; `Versions.find`
turns them back into the records its editor saw, in a new process, after joins and sorts.
"""

from __future__ import annotations

import hashlib
import time
import warnings
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass, field, replace
from typing import TYPE_CHECKING, Any, NamedTuple, TypeAlias

import orjson

from cellframe.errors import CorruptStoreError
from cellframe.store.places import private, write_whole

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence
    from pathlib import Path

    import polars as pl

Record: TypeAlias = "dict[str, Any]"

MOST_AGE = 180 * 24 * 3600.0
"""Seconds that a pull is kept, unless it is the newest of its spec."""
MOST_BYTES = 2 * 1024**3
"""Bytes of pages that are kept, unless they are of the newest pull of a spec."""
_HANDS = 2
"""Threads that write pages: neither a digest nor the disk is waited for with Python's one lock."""
_SETTLING = 3600.0
"""Seconds in which an unreferenced page may belong to a pull that is being written."""


@dataclass(frozen=True, slots=True)
class Pull:
    """One complete or partial reading of records, as it was shown.

    Attributes
    ----------
    kind : str
        Kind of record.
    scope : str
        Id of the parent whose records these are; empty for all.
    complete : bool
        Whether every record of the scope is among them: only then does a missing row mean
        anything.
    query : mapping
        Filters of the request.
    labels : sequence of str
        Columns of the frame that was shown.
    fetched_at : float
        Seconds since the epoch.
    client : str
        Version of cellframe that read it.
    parents : mapping of str to str
        Names of the parents by id, as they were shown.
    """

    kind: str
    scope: str
    complete: bool
    query: Mapping[str, str]
    labels: Sequence[str]
    fetched_at: float
    client: str
    parents: Mapping[str, str] = field(default_factory=dict)
    rows: int = 0
    size: int = 0
    pages: tuple[str, ...] = field(default=(), repr=False)

    @property
    def name(self) -> str:
        """Digest of the content: the same pull twice is kept once."""
        content = [self.kind, self.scope, self.query, self.labels, self.parents, self.pages]
        text = orjson.dumps(content, option=orjson.OPT_SORT_KEYS)
        return hashlib.sha256(text).hexdigest()[:32]


class Read(NamedTuple):
    """One record as somebody read it, and the pull it came with."""

    record: Record
    pull: Pull


class Located(NamedTuple):
    """Records of one pull, where they lie.

    Attributes
    ----------
    pull : Pull
        Which.
    pages : list of bytes
        Those of its pages that hold any of them.
    rows : int
        Records in these pages.
    places : dict of str to int
        By id, its record counted over `pages`.
    """

    pull: Pull
    pages: list[bytes]
    rows: int
    places: dict[str, int]


class Versions:
    """The version store of one service.

    Parameters
    ----------
    folder : Path
        Made at the first write.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def keep(self, pull: Pull, pages: Sequence[bytes], index: pl.DataFrame) -> Pull:
        """Keep one pull and return it as kept.

        Parameters
        ----------
        pull : Pull
            Without pages and sizes; they are filled in here.
        pages : sequence of bytes
            The record arrays as they came, in ascending order of creation.
        index : DataFrame, shape (n_records, 3)
            ``id``, ``version`` and ``page`` of every record.
        """
        with ThreadPoolExecutor(_HANDS) as pool:
            names = list(pool.map(self._keep_page, pages))
        size = sum(map(len, pages))
        whole = replace(pull, rows=index.height, size=size, pages=tuple(names))
        private(self.folder / "pulls")
        draft = self.folder / "pulls" / f".{whole.name}.{time.monotonic_ns()}"
        # A tenth of what the pages take; to compress it takes longer than to write it.
        index.write_parquet(draft, compression="uncompressed")
        draft.chmod(0o600)
        draft.replace(self._index_path(whole.name))
        # The manifest comes last: a pull without one does not exist.
        write_whole(self._manifest_path(whole.name), orjson.dumps(asdict(whole)))
        self._evict()
        return whole

    def pulls(self, kind: str) -> list[Pull]:
        """Every kept pull of one kind of record, newest first."""
        return [pull for pull in self._all() if pull.kind == kind]

    def find(
        self, kind: str, ids: Sequence[str], versions: Sequence[str], *, first: bool = False
    ) -> dict[str, Read]:
        """Return the records that a frame's ids and versions were read from.

        Parameters
        ----------
        kind, ids, versions, first
            See `locate`.

        Returns
        -------
        dict of str to Read
            By id. An id is absent when that version was never read here, or is no longer kept.
        """
        found: dict[str, Read] = {}
        for part in self.locate(kind, ids, versions, first=first):
            records = [record for page in part.pages for record in orjson.loads(page)]
            for id_, place in part.places.items():
                found[id_] = Read(records[place], part.pull)
        return found

    def locate(
        self, kind: str, ids: Sequence[str], versions: Sequence[str], *, first: bool = False
    ) -> list[Located]:
        """Return where the records lie that a frame's ids and versions were read from.

        Parameters
        ----------
        kind : str
            Kind of record.
        ids, versions : sequences of str, equal length
            As they stand in the frame; each id once.
        first : bool, default False
            In the first pull that has them, which is no later than the frame; else in the last.

        Returns
        -------
        list of Located
            One per pull. An id is in none of them when that version was never read here, or is
            no longer kept.
        """
        import polars as pl

        schema = {"id": pl.String, "version": pl.String}
        wanted = pl.DataFrame({"id": ids, "version": versions}, schema=schema)
        found: list[Located] = []
        pulls = self.pulls(kind)
        for pull in reversed(pulls) if first else pulls:
            if not wanted.height:
                break
            part = self._located(pull, wanted)
            if part.places:
                found.append(part)
                wanted = wanted.filter(~pl.col("id").is_in(list(part.places)))
        return found

    def _located(self, pull: Pull, wanted: pl.DataFrame) -> Located:
        """Return where some records lie in one pull; a damaged page is left out, loudly."""
        import polars as pl

        index = self._index(pull)
        hits = index.join(wanted, on=["id", "version"], how="semi")["page"].unique().sort()
        pages: dict[int, bytes] = {}
        for page in hits:
            try:
                pages[page] = self._page(pull.pages[page])
            except CorruptStoreError as fault:
                warnings.warn(str(fault), stacklevel=2)
        read = index.filter(pl.col("page").is_in(list(pages))).with_row_index("place")
        places = read.join(wanted, on=["id", "version"], how="semi", maintain_order="left")
        found = dict(zip(places["id"], places["place"], strict=True))
        return Located(pull, list(pages.values()), read.height, found)

    def covering(self, kind: str, ids: Sequence[str]) -> Pull | None:
        """Return the smallest pull that holds all of these records: what their reader looked at."""
        import polars as pl

        wanted = pl.Series("id", list(ids), dtype=pl.String)
        for pull in sorted(self.pulls(kind), key=lambda pull: pull.rows):
            if pull.rows >= len(wanted) and wanted.is_in(self._index(pull)["id"].to_list()).all():
                return pull
        return None

    def records(self, pull: Pull) -> Iterator[Record]:
        """Return the records of a pull, in their order; a damaged page is left out, loudly."""
        for page in self.pages(pull):
            yield from orjson.loads(page)

    def pages(self, pull: Pull) -> Iterator[bytes]:
        """Return the pages of a pull as they came; a damaged page is left out, loudly."""
        for name in pull.pages:
            try:
                yield self._page(name)
            except CorruptStoreError as fault:
                warnings.warn(str(fault), stacklevel=2)

    def _keep_page(self, body: bytes) -> str:
        name = hashlib.sha256(body).hexdigest()
        path = self._page_path(name)
        # A damaged page is written anew: it is found by what it should hold.
        if _content(path) == body:
            path.touch()
        else:
            write_whole(path, body)
        return name

    def _index(self, pull: Pull) -> pl.DataFrame:
        """Ids, versions and pages of a pull; none where its index is gone or damaged."""
        import polars as pl

        path = self._index_path(pull.name)
        try:
            return pl.read_parquet(path)
        except (OSError, pl.exceptions.PolarsError):
            if path.exists():
                warnings.warn(f"{path} is damaged and is left aside.", stacklevel=2)
            schema = {"id": pl.String, "version": pl.String, "page": pl.Int32}
            return pl.DataFrame(schema=schema)

    def _page(self, name: str) -> bytes:
        path = self._page_path(name)
        body = _content(path)
        if hashlib.sha256(body).hexdigest() != name:
            message = (
                f"{path} is damaged. The rows read from it are compared with the service alone."
            )
            raise CorruptStoreError(message)
        return body

    def _all(self) -> list[Pull]:
        pulls: list[Pull] = []
        for path in (self.folder / "pulls").glob("*.json"):
            try:
                stored: dict[str, Any] = orjson.loads(path.read_bytes())
                stored["pages"] = tuple(stored["pages"])
                pulls.append(Pull(**stored))
            except FileNotFoundError:
                continue  # Another process has just let go of it.
            except (OSError, ValueError, TypeError, KeyError):
                warnings.warn(f"{path} is damaged and is left aside.", stacklevel=2)
                path.replace(path.with_suffix(".damaged"))
        return sorted(pulls, key=lambda pull: pull.fetched_at, reverse=True)

    def _evict(self) -> None:
        """Forget whole pulls by age, then by size, never the newest of a spec."""
        seen: set[tuple[str, str]] = set()
        kept: list[Pull] = []
        gone: list[Pull] = []
        size, now = 0, time.time()
        for pull in self._all():
            size += pull.size
            newest = (pull.kind, pull.scope) not in seen
            seen.add((pull.kind, pull.scope))
            too_much = now - pull.fetched_at > MOST_AGE or size > MOST_BYTES
            (gone if too_much and not newest else kept).append(pull)
        for pull in gone:
            self._manifest_path(pull.name).unlink(missing_ok=True)
            self._index_path(pull.name).unlink(missing_ok=True)
        if gone:
            self._sweep({page for pull in kept for page in pull.pages}, now)

    def _sweep(self, referenced: Iterable[str], now: float) -> None:
        alive = set(referenced)
        for path in (self.folder / "pages").glob("*.json"):
            if path.stem not in alive and now - path.stat().st_mtime > _SETTLING:
                path.unlink(missing_ok=True)

    def _page_path(self, name: str) -> Path:
        return self.folder / "pages" / f"{name}.json"

    def _index_path(self, name: str) -> Path:
        return self.folder / "pulls" / f"{name}.parquet"

    def _manifest_path(self, name: str) -> Path:
        return self.folder / "pulls" / f"{name}.json"


def _content(path: Path) -> bytes:
    """Return what is in a file; nothing where there is none."""
    try:
        return path.read_bytes()
    except FileNotFoundError:
        return b""
