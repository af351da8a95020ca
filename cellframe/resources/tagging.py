"""How are tests found and marked by tags, and by project?"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Unpack

from cellframe.contract import routes
from cellframe.errors import NotFoundError, TransportError
from cellframe.resources.base import Filters, query_of
from cellframe.resources.measured import MeasuredData
from cellframe.resources.records import CellMeasurement, Record, RecordList

if TYPE_CHECKING:
    from collections.abc import Iterable

    from cellframe.resources.base import Ref
    from cellframe.resources.connection import Connection
    from cellframe.resources.project import Projects


class MeasurementFilters(Filters, total=False):
    """Filters of tests.

    ``tags_all`` asks for every tag, ``tags_any`` for one of them; ``q`` is looked for in names,
    notes, protocol names and tags.
    """

    measurement_type: str
    started_after: str
    started_before: str
    tags_all: list[str]
    tags_any: list[str]
    q: str
    project_id: str


@dataclass(frozen=True, slots=True)
class TagUsage:
    """One tag of a project.

    Attributes
    ----------
    tag : str
        As it is spelled in the project.
    usage_count : int
        Tests that carry it.
    """

    tag: str
    usage_count: int


class TaggedMeasurements(MeasuredData):
    """The calls of ``client.cell_measurement`` on the tests of a project and on their tags."""

    def __init__(self, connection: Connection, projects: Projects) -> None:
        super().__init__(connection)
        self.projects = projects

    def list_by_project(
        self,
        project: Ref,
        *,
        limit: int | None = None,
        offset: int | None = None,
        **filters: Unpack[MeasurementFilters],
    ) -> RecordList[CellMeasurement]:
        """List the tests of a project, across all its cells.

        Parameters
        ----------
        project : str or Project
            Id or name of the project, or the project.
        limit, offset : int, optional
            One page; every page without them.
        **filters
            See `MeasurementFilters`.

        Returns
        -------
        RecordList of CellMeasurement
            In the order of the service, newest first; `.total` counts all that match.

        Raises
        ------
        NotFoundError, AmbiguousNameError
            No project, or several, fit `project`.
        """
        query = query_of(filters, MeasurementFilters)
        query["project_id"] = self.projects.id_of(project)
        return self._list(routes.TESTS, limit, offset, query)

    def list_tags(
        self, project: Ref, q: str | None = None, limit: int | None = None
    ) -> list[TagUsage]:
        """List the tags of a project's tests, most used first.

        Parameters
        ----------
        project : str or Project
            Id or name of the project, or the project.
        q : str, optional
            What the tag has to contain, in any case.
        limit : int, optional
            Tags to return at most; 50 where not given.

        Returns
        -------
        list of TagUsage
            ``.tag`` and ``.usage_count``.

        Raises
        ------
        NotFoundError, AmbiguousNameError
            No project, or several, fit `project`.
        """
        query = {"project_id": self.projects.id_of(project), "q": q, "limit": limit}
        answer = self._ask("GET", routes.TAGS, query=query)
        found = answer["items"] if isinstance(answer, dict) else answer
        return [TagUsage(item["tag"], item["usage_count"]) for item in found]

    def add_tags(self, tests: Ref | Iterable[Ref], tags: Iterable[str]) -> int:
        """Add tags to tests; one that a test has already is left as it is.

        Parameters
        ----------
        tests : id, name, record, or up to 1,000 of them
            Tests.
        tags : iterable of str
            Each takes the spelling that its project has already.

        Returns
        -------
        int
            Tests that are changed.

        Raises
        ------
        NotFoundError, AmbiguousNameError
            A test is none, or several; nothing was changed.
        InvalidRecordError
            A tag is no tag, or a test would carry more than 50; nothing was changed.
        """
        return self._retag(tests, add=list(tags), remove=[])

    def remove_tags(self, tests: Ref | Iterable[Ref], tags: Iterable[str]) -> int:
        """Remove tags from tests, whatever their case; one that a test does not have is no fault.

        Parameters
        ----------
        tests : id, name, record, or up to 1,000 of them
            Tests.
        tags : iterable of str
            Tags to remove.

        Returns
        -------
        int
            Tests that are changed.

        Raises
        ------
        NotFoundError, AmbiguousNameError
            A test is none, or several; nothing was changed.
        """
        return self._retag(tests, add=[], remove=list(tags))

    def _retag(self, tests: Ref | Iterable[Ref], *, add: list[str], remove: list[str]) -> int:
        refs = [tests] if isinstance(tests, str | Record) else list(tests)
        given = [ref.id if isinstance(ref, Record) else ref for ref in refs]
        try:
            return self._send_tags(given, add, remove)
        except NotFoundError:
            # Text is used as an id first: no request more when it is one.
            return self._send_tags([self.get(ref).id for ref in refs], add, remove)

    def _send_tags(self, ids: list[str], add: list[str], remove: list[str]) -> int:
        body = {"measurement_ids": ids, "add": add, "remove": remove}
        answer: Any = self._ask("POST", routes.BULK_TAGS, body=body)
        count = answer.get("updated_count") if isinstance(answer, dict) else None
        if not isinstance(count, int):
            message = f"POST {routes.BULK_TAGS} was answered without an updated_count."
            raise TransportError(message, request=f"POST {routes.BULK_TAGS}", sent=True)
        return count
