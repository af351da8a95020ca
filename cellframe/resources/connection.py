"""What every resource of one client shares."""

from __future__ import annotations

from copy import copy
from functools import cached_property
from typing import TYPE_CHECKING, Any, NamedTuple

from cellframe.contract import routes
from cellframe.errors import NotFoundError, StoreError
from cellframe.frames.shapes import Shapes
from cellframe.resources.gather import AT_HAND, WORKERS
from cellframe.store.blobs import DOWNLOADS, Blobs
from cellframe.store.journals import Journals
from cellframe.store.places import private, service_folder, sweep
from cellframe.store.versions import Versions
from cellframe.transport.caching.aged import AgedWire
from cellframe.transport.replies import ask

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path

    from cellframe.contract.records import RecordKind
    from cellframe.contract.wire import Wire
    from cellframe.frames.backend import Backend
    from cellframe.writeback.asking import Way
    from cellframe.writeback.limits import Limits
    from cellframe.writeback.plan import Plan
    from cellframe.writeback.receipt import Receipt
    from cellframe.writeback.standing import OnConflict


class Settings(NamedTuple):
    """How a client was set up, for every call that does not say otherwise."""

    backend: Backend = "polars"
    units: Mapping[str, str] = {}
    project_id: str | None = None
    organization_id: str | None = None
    limits: Limits | None = None
    schema: Any = None
    cache_size: int | None = None


class Connection:
    """One service, and what is kept here about it.

    Parameters
    ----------
    wire : Wire
        To the service.
    state : Path
        Folder of what was read and of history.
    settings : Settings
        Defaults.
    cache : Path, optional
        Folder of downloads; that of what was read where not given.

    Attributes
    ----------
    apply : callable
        Sends a plan; its client sets it, which keeps the receipt.
    """

    def __init__(
        self, wire: Wire, state: Path, settings: Settings, cache: Path | None = None
    ) -> None:
        self.wire: Wire = wire
        self.settings = settings
        self._state = state
        self._cache = cache or state
        self._shapes: dict[tuple[str, str], Shapes] = {}
        self.apply: Callable[..., Receipt] = _by_nobody

    @cached_property
    def capabilities(self) -> dict[str, Any]:
        """What the service says it can do; empty where it does not say."""
        try:
            found = ask(self.wire, "GET", routes.CAPABILITIES)
        except NotFoundError:
            return {}
        return found if isinstance(found, dict) else {}

    def offers(self, extension: str) -> Any:
        """Return what the service says of one extension; None where it has none."""
        extensions = self.capabilities.get("extensions")
        return extensions.get(extension) if isinstance(extensions, dict) else None

    @property
    def service(self) -> str:
        """Identity of the service: a new key or address must not lose what was read."""
        known = self.offers("server_id")
        return str(known) if known else f"{self.wire.origin}|{self.settings.organization_id or ''}"

    def is_of(self, header: Mapping[str, Any]) -> bool:
        """Whether a journal with this header is of this service; no other machine is asked."""
        if self.wire.in_place:
            return header.get("service") == self.service
        origin, service = self.wire.origin, str(header.get("service"))
        nameless = f"{origin}|{self.settings.organization_id or ''}"
        return header.get("origin") == origin and ("|" not in service or service == nameless)

    @cached_property
    def versions(self) -> Versions:
        """What was read from this service."""
        return Versions(service_folder(self._state, self.service) / "versions")

    @cached_property
    def journals(self) -> Journals:
        """What was written to it from here."""
        return Journals(service_folder(self._state, self.service) / "journals")

    @cached_property
    def downloads(self) -> Blobs:
        """Files of any service that are kept here, by their digest."""
        return Blobs(self._cache / DOWNLOADS, self.settings.cache_size)

    def within(self, max_age: float | None) -> Connection:
        """Return the same connection, with answers that are at most so many seconds old.

        Parameters
        ----------
        max_age : float or None
            0 asks the service each time; None is as the client was set up.
        """
        if max_age is None:
            return self
        found = copy(self)
        found.wire = AgedWire(self.wire, max_age)
        return found

    def way(self, on_conflict: OnConflict) -> Way:
        """Return how this service is written to, with whatever help it offers.

        Parameters
        ----------
        on_conflict : str
            What a conflict met on the way becomes.
        """
        from cellframe.writeback.asking import Way

        batch = self.offers("batch")
        batch = batch if isinstance(batch, dict) else {}
        return Way(
            self.within(0).wire,
            if_match=bool(self.offers("if_match")),
            on_conflict=on_conflict,
            keys=bool(self.offers("idempotency_key")),
            most=int(batch.get("max_operations") or 0),
            batch=str(batch.get("path") or routes.BATCH),
        )

    @cached_property
    def trees(self) -> Path:
        """Folder of the trees that fleets are scanned from."""
        return service_folder(self._cache, self.service) / "fleets"

    @cached_property
    def drafts(self) -> Path:
        """Folder of files on their way, private; what a killed process left there goes.

        Raises
        ------
        StoreError
            It cannot be made.
        """
        folder = service_folder(self._cache, self.service) / "drafts"
        try:
            private(folder)
            sweep(folder)
        except OSError as fault:
            message = f"{folder} cannot be written ({fault.strerror}). Set CELLFRAME_HOME to a folder that can."
            raise StoreError(message) from fault
        return folder

    @property
    def workers(self) -> int:
        """Requests to have under way at once."""
        return AT_HAND if self.wire.in_place else WORKERS

    @property
    def page(self) -> int:
        """Records to ask for per page."""
        most = self.offers("max_limit")
        return most if isinstance(most, int) and most > 0 else routes.DEFAULT_PAGE

    def shapes_of(self, kind: RecordKind, paths: Sequence[str]) -> Shapes:
        """Return what was learned of the records of these lists so far."""
        key = (kind.name, paths[0] if len(paths) == 1 else "")
        return self._shapes.setdefault(key, Shapes(kind))


def _by_nobody(plan: Plan, **_terms: object) -> Receipt:
    raise NotImplementedError(f"{plan.origin} has no client that keeps receipts.")
