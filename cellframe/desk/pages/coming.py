"""A file comes back: is it a plan, or what is wrong with it?"""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import quote

from cellframe.desk.drafts import Draft
from cellframe.desk.pages import sheets
from cellframe.desk.pages.asked import UNFIT, page, see
from cellframe.desk.saying import trouble
from cellframe.errors import CellframeError

if TYPE_CHECKING:
    from cellframe.contract.wire import Reply
    from cellframe.desk.pages.asked import Asked
    from cellframe.resources.records import CellSpec

_NO_FILE = "No file was chosen."


def bring(asked: Asked) -> Reply:
    """Read a file, and show its plan or its faults: ``POST /desk/files``."""
    client, file = asked.visit.client, asked.file
    spec_id = asked.form.get("spec", "")
    spec = client.cell_spec.get(spec_id) if spec_id else None
    if file is None:
        return unread(asked, spec, CellframeError(_NO_FILE))
    match = "name" if spec is not None and "by_name" in asked.form else None
    try:
        plan = client.plan_file(file, spec=spec, match=match)
    except CellframeError as fault:
        return unread(asked, spec, fault)
    finally:
        file.unlink(missing_ok=True)
    draft = asked.visit.drafts.add(Draft(plan, spec_id, file.name))
    return see(f"/desk/plans/{draft.name}")


def unread(asked: Asked, spec: CellSpec | None, fault: CellframeError) -> Reply:
    """Say everything that is wrong with a file, and how it comes back."""
    told = trouble(fault)
    name = "" if asked.file is None else asked.file.name
    return page(
        "faults",
        asked.visit.here("cells"),
        status=UNFIT,
        title="This file cannot be read",
        heading="This file cannot be read yet" if name else "Choose a file first",
        fault=told.head,
        more=told.more,
        faults=told.faults,
        total=told.total,
        what="Put it right in the file, save it, and bring it back." if told.faults else "",
        again=True,
        back=f"/desk/specs/{quote(spec.id, safe='')}" if spec else "/desk",
        spec_id=spec.id if spec else "",
        spec_name=spec.name if spec else "",
        accepted=sheets.ACCEPTED,
    )
