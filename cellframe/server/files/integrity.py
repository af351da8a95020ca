"""Is a file still what was stored?"""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import select

from cellframe.contract.problems import CORRUPT_DATA, Problem
from cellframe.server.files.blobs import DamagedError
from cellframe.server.refusals import Refusal, missing, printable
from cellframe.server.tables import tests

if TYPE_CHECKING:
    from pathlib import Path

    from cellframe.server.calls import Call
    from cellframe.server.files.references import File


def lying(call: Call, test_id: str, file: File) -> Path:
    """Return where a file of a test lies, verified.

    A file may take long to read: call this outside of any view of the database, which would
    keep its log from being emptied. A content is kept for a day after its last test.

    Raises
    ------
    Refusal
        500 with the code CORRUPT_DATA, and the test is named; 404 where that is gone by now.
    """
    try:
        return call.blobs.verified(file.digest)
    except FileNotFoundError:
        state = "is not there any more"
    except DamagedError:
        state = "is damaged on the disk"
    with call.database.read() as connection:
        name = connection.execute(select(tests.c.name).where(tests.c.id == test_id)).scalar()
    if name is None:
        raise missing("cell measurement")
    message = (
        f"{file.filename} of test '{printable(name)}' ({test_id}) {state}. Other tests are not "
        "affected; run `cellframe server verify` on the service's folder, and restore the file "
        "from a copy or upload the test again."
    )
    detail = {"measurement_id": test_id, "sha256": file.digest}
    raise Refusal(Problem(500, message, detail, CORRUPT_DATA))  # type: ignore[arg-type]
