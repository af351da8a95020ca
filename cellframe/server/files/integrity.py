"""Is a file still what was stored?"""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import select

from cellframe.contract.problems import CORRUPT_DATA, Problem
from cellframe.server.files.blobs import DamagedError
from cellframe.server.files.references import RAW
from cellframe.server.refusals import Refusal, missing, printable
from cellframe.server.tables import raw_data, tests

if TYPE_CHECKING:
    from pathlib import Path

    from cellframe.server.calls import Call
    from cellframe.server.files.references import File


def lying(call: Call, owner_id: str, file: File) -> Path:
    """Return where a file of a test, or of raw data, lies, verified.

    A file may take long to read: call this outside of any view of the database, which would
    keep its log from being emptied. A content is kept for a day after its last record.

    Raises
    ------
    Refusal
        500 with the code CORRUPT_DATA, and the record is named; 404 where that is gone by now.
    """
    try:
        return call.blobs.verified(file.digest)
    except FileNotFoundError:
        state = "is not there any more"
    except DamagedError:
        state = "is damaged on the disk"
    is_raw = file.role == RAW
    table, noun = (raw_data, "raw data") if is_raw else (tests, "test")
    with call.database.read() as connection:
        name = connection.execute(select(table.c.name).where(table.c.id == owner_id)).scalar()
    if name is None:
        raise missing("raw data" if is_raw else "cell measurement")
    message = (
        f"{file.filename} of {noun} '{printable(name)}' ({owner_id}) {state}. Other files are not "
        "affected; run `cellframe server verify` on the service's folder, and restore the file "
        f"from a copy or upload the {noun} again."
    )
    detail = {"raw_data_id" if is_raw else "measurement_id": owner_id, "sha256": file.digest}
    raise Refusal(Problem(500, message, detail, CORRUPT_DATA))  # type: ignore[arg-type]
