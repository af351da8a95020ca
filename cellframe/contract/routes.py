"""Paths of the service, and the quoting of ids in them."""

from __future__ import annotations

from urllib.parse import quote

HEALTH = "/healthz"
WHO_AM_I = "/users/me"
CAPABILITIES = "/discovery/capabilities"
SCHEMAS = "/discovery/schemas"
OPENAPI = "/discovery/openapi.json"
PROJECTS = "/projects"
SPECS = "/cell_specifications"
CELLS = "/cell_instances"
LOTS = "/cell_batches"
TESTS = "/cell_measurements"
RAW_DATA = "/raw_data"
STORAGE = "/storage"
BATCH = "/batch"

TAGS = "/cell_measurements/tags"
BULK_TAGS = "/cell_measurements/tags/bulk"

# Below a cell.
CREATE_PROPERTIES = "/cell_measurements/create"
INITIATE_UPLOAD = "/cell_measurements/initiate-upload"
# Below a test.
CONFIRM_UPLOAD = "/confirm-upload"
INITIATE_EXTEND = "/initiate-extend"
CONFIRM_EXTEND = "/confirm-extend"
TIME_SERIES_FILE = "/time_series/download"
STEPS_FILE = "/steps/download"
CYCLES_FILE = "/cycles/download"
"""Ours, where the service says ``cycles_download``; the contract has cycles as JSON alone."""
CYCLES = "/cycles"
FILES = "/files"

DEFAULT_PAGE = 100
"""Records a client asks for per page where the service names no larger limit."""
MAX_PAGE = 1000
"""Largest page that our own service gives."""


def segment(text: str) -> str:
    """Percent-encode text, such as an id or a name, for use as one path segment.

    Dots are encoded when they stand alone, since ``.`` and ``..`` would be folded away.
    """
    return (
        quote(text, safe="", errors="surrogatepass")
        if text.strip(".")
        else text.replace(".", "%2E")
    )


def one(collection: str, record_id: str) -> str:
    """Path of one record in its collection."""
    return f"{collection}/{segment(record_id)}"


def below(collection: str, record_id: str, children: str) -> str:
    """Path of the children of one record, e.g. the cells of a spec."""
    return f"{collection}/{segment(record_id)}{children}"
