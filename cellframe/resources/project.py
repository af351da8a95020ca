"""Projects."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Unpack

from cellframe.contract import routes
from cellframe.contract.records import PROJECT
from cellframe.resources.base import Filters, Ref, Resource, query_of
from cellframe.resources.records import Project, RecordList

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence


class Projects(Resource[Project]):
    """Projects: what specs are filed under. ``client.project``."""

    kind = PROJECT
    record = Project

    def create(self, fields: Mapping[str, Any]) -> Project:
        """Create a project.

        Parameters
        ----------
        fields : mapping
            ``name`` is needed; ``description``.

        Raises
        ------
        ConflictError
            A project has this name; `.existing_id`.
        InvalidRecordError
            A field is missing, unknown or of the wrong kind; the message names it.
        """
        return self._create(routes.PROJECTS, fields)

    def create_or_get(self, fields: Mapping[str, Any]) -> Project:
        """Create a project, or read the one that has its name already.

        Returns
        -------
        Project
            `.created` tells which. The one that was there is not changed: a warning names the
            fields in which it differs.
        """
        return self._get_if_taken(lambda: self.create(fields), fields)

    def list(
        self,
        *,
        limit: int | None = None,
        offset: int | None = None,
        **filters: Unpack[Filters],
    ) -> RecordList[Project]:
        """List projects.

        Parameters
        ----------
        limit, offset : int, optional
            One page; every page without them.
        **filters
            See `Filters`.

        Returns
        -------
        RecordList of Project
            In the order of the service, newest first; `.total` counts all that match.
        """
        return self._list(routes.PROJECTS, limit, offset, query_of(filters, Filters))

    def delete(self, ref: Ref) -> None:
        """Delete a project that holds no specs. This acts at once and cannot be undone.

        Parameters
        ----------
        ref : str or Project
            Its id, its name, or the record.

        Raises
        ------
        ConflictError
            The project holds specs, or is the service's own. Nothing was deleted.
        NotFoundError, AmbiguousNameError
            See `get`.
        """
        super().delete(ref)

    def id_of(self, ref: Ref) -> str:
        """Return the id of a project: from a record at once, from text by reading it."""
        return ref.id if isinstance(ref, Project) else self.get(ref).id

    def _named(self, name: str, within: Ref | None) -> Iterator[tuple[str, str]]:
        del within  # a project has no parent
        found = self._list(routes.PROJECTS, None, None, {"name": f"eq.{name}"})
        yield from ((one.name, one.id) for one in found if one.name == name)

    def _names(self) -> Sequence[str]:
        return [one.name for one in self._list(routes.PROJECTS, routes.DEFAULT_PAGE, 0, {})]
