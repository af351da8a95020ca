"""What does the service say of itself?"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any

from cellframe.contract import routes
from cellframe.contract.records import CELL_MEASUREMENT, KINDS
from cellframe.server import batch, calls, once
from cellframe.server.describing.schemas import object_of
from cellframe.server.fields import model_of
from cellframe.server.refusals import missing

if TYPE_CHECKING:
    from cellframe.contract.wire import Reply
    from cellframe.server.calls import Call

_DAY = 24 * 3600 * 1_000_000
_DOMAIN = (
    "Battery cells: a cell specification is a design, a cell instance one cell built to it, a "
    "cell batch the lot it was made in, a cell measurement one test of a cell. Numbers carry their unit; positive current is discharge."
)


def health(_call: Call) -> Reply:
    """Answer that the service is up."""
    return calls.reply(200, {"status": "ok"})


def user(call: Call) -> Reply:
    """Name the one user and the organization."""
    identity = call.database.identity
    organization = {"id": identity.organization_id, "name": identity.organization_name}
    body = {
        "id": identity.user_id,
        "email": identity.user_email,
        "authorized_organization": organization,
        "organizations": [organization],
    }
    return calls.reply(200, body)


def capabilities(call: Call) -> Reply:
    """Say what this service can do beyond the contract, and nothing that it cannot."""
    body = {
        "domain_context": _DOMAIN,
        "schemas": {name: f"{routes.SCHEMAS}/{name}" for name in ("data", "protocol")},
        "openapi_spec": routes.OPENAPI,
        "authentication": {"headers": ["X-API-Key", "Authorization: Bearer"]},
        "extensions": {
            "server_id": call.database.identity.server_id,
            "version": True,
            "if_match": True,
            "idempotency_key": {"retention_days": once.KEPT_FOR // _DAY},
            "dry_run": True,
            "batch": {"path": routes.BATCH, "max_operations": batch.MOST_OPERATIONS},
            "as_of": True,
            "cell_list": True,
            "cycles_download": True,
            "max_limit": routes.MAX_PAGE,
        },
    }
    return calls.reply(200, body)


def schema(call: Call) -> Reply:
    """Describe the records, or a test's protocol, as JSON Schema."""
    (name,) = call.ids
    if name == "data":
        return calls.reply(200, _data())
    if name == "protocol":
        return calls.reply(200, object_of(CELL_MEASUREMENT, "protocol", "How a test was run."))
    raise missing("schema")


@cache
def _data() -> dict[str, Any]:
    kinds = {kind.name: _create_schema(kind.name) for kind in KINDS.values()}
    parents = {kind.name: kind.parent or None for kind in KINDS.values()}
    return {
        "title": "Battery data",
        "description": _DOMAIN,
        "type": "object",
        "properties": kinds,
        "x-parents": parents,
    }


def _create_schema(name: str) -> dict[str, Any]:
    return model_of(KINDS[name], partial=False).model_json_schema()
