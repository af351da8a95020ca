"""Which material and which part does a spec mean?

Parts are found before they are made: a material by project, name, manufacturer and product id;
a part by its slot, its material and its properties. Two specs with the same cathode share it.
"""

from __future__ import annotations

from hashlib import sha256
from typing import TYPE_CHECKING, Any

import orjson
from sqlalchemy import or_, select

from cellframe.contract.records import COMPONENTS
from cellframe.server.calls import as_json, canonical
from cellframe.server.tables import components, materials, specs

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sqlalchemy import Table

    from cellframe.server.database import Work


def link_parts(
    work: Work, project: str, fields: Mapping[str, Any]
) -> tuple[dict[str, Any], set[str]]:
    """Find or make the parts that a body describes.

    Parameters
    ----------
    project : str
        Parts are shared within one.
    fields : mapping
        Of the body; a slot that is null is emptied.

    Returns
    -------
    values : dict
        A part's id, or None, for the column of each slot that was sent.
    changed : set of str
        Materials whose definition is another now.
    """
    changed: set[str] = set()
    values: dict[str, Any] = {}
    for slot in COMPONENTS:
        if slot in fields:
            part = fields[slot]
            found = None if part is None else _part(work, project, slot, part, changed)
            values[f"{slot}_id"] = found
    return values, changed


def touch_users(work: Work, changed: set[str], but: str) -> None:
    """Give the other specs made of a changed material their next version."""
    if changed:
        parts = select(components.c.id).where(components.c.material_id.in_(changed))
        used = or_(*(specs.c[f"{slot}_id"].in_(parts) for slot in COMPONENTS))
        work.touch(specs, used & (specs.c.id != but))


def _part(work: Work, project: str, slot: str, part: Mapping[str, Any], changed: set[str]) -> str:
    material = part.get("material")
    material_id = _material(work, project, material, changed) if material else None
    properties = as_json(part.get("properties"))
    content = canonical(properties) or b""
    identity = _digest(slot, material_id, content.decode())
    found = _find(work, components, project, identity)
    return found or work.insert(
        components,
        {
            "project_id": project,
            "identity": identity,
            "component_type": slot,
            "material_id": material_id,
            "properties": properties,
        },
    )


def _material(work: Work, project: str, given: Mapping[str, Any], changed: set[str]) -> str:
    named = {name: given.get(name) for name in ("name", "manufacturer", "product_id")}
    identity = _digest(*named.values())
    found = _find(work, materials, project, identity)
    definition = as_json(given.get("definition"))
    if found is None:
        values = {"project_id": project, "identity": identity, "definition": definition, **named}
        return work.insert(materials, values)
    if "definition" in given:
        _redefine(work, found, definition, changed)
    return found


def _redefine(work: Work, material_id: str, definition: str | None, changed: set[str]) -> None:
    wanted = select(materials).where(materials.c.id == material_id)
    row = work.connection.execute(wanted).mappings().one()
    if canonical(row["definition"]) != canonical(definition):
        work.change(materials, dict(row), {"definition": definition})
        changed.add(material_id)


def _find(work: Work, table: Table, project: str, identity: str) -> str | None:
    same = (table.c.project_id == project) & (table.c.identity == identity)
    return work.connection.execute(select(table.c.id).where(same)).scalar()


def _digest(*steps: str | None) -> str:
    return sha256(orjson.dumps(steps)).hexdigest()
