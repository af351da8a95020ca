"""Law S7: whatever the OpenAPI document allows is answered as the document says."""

from __future__ import annotations

import json

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from schemathesis.specs.openapi import checks

from cellframe.contract.routes import OPENAPI
from cellframe.contract.wire import Request
from cellframe.server import database
from cellframe.server.answer import Service
from cellframe.server.asgi import Publisher
from tests.faults.conversation import conversation

CHECKS = [
    schemathesis.checks.not_a_server_error,
    checks.response_schema_conformance,
    checks.status_code_conformance,
    checks.content_type_conformance,
]
UNCHANGED = 304
KEY = {"x-api-key": "k"}
KINDS = {
    "cell_specification": "cell_specifications",
    "cell_instance": "cell_instances",
    "cell_batch": "cell_batches",
    "cell_measurement": "cell_measurements",
    "project": "projects",
}


@pytest.fixture
def published(folder, monkeypatch):
    """A service with records, its document, and an id of each kind of record."""
    pragmas = (pragma.replace("FULL", "OFF") for pragma in database._PRAGMAS)
    monkeypatch.setattr(database, "_PRAGMAS", tuple(pragmas))
    service = Service(folder)
    conversation(service)
    document = json.loads(service.answer(Request("GET", OPENAPI, (), KEY)).content)
    schema = schemathesis.openapi.from_dict(document)
    schema.app = Publisher(service, loopback_only=False)
    with service._database.read() as connection:
        found = {
            f"{kind}_id": connection.exec_driver_sql(f"SELECT MIN(id) FROM {table}").scalar()
            for kind, table in KINDS.items()
        }
    yield schema, found
    service.close()


@pytest.mark.law("S7")
@pytest.mark.parametrize(
    "cases", [100, pytest.param(1000, marks=[pytest.mark.nightly, pytest.mark.timeout(600)])]
)
def test_what_the_document_allows_is_answered_as_it_says(published, cases):
    schema, known = published
    operations = [found.ok() for found in schema.get_all_operations()]
    assert len(operations) > 40

    @settings(
        max_examples=cases,
        deadline=None,
        derandomize=True,
        database=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(st.one_of([one.as_strategy() for one in operations]), st.booleans())
    def ask(case, real):
        if real and case.path_parameters:
            case.path_parameters = {**case.path_parameters, **found_in(case, known)}
        answer = case.call(headers=KEY)
        # Without a body, and with the content type of the one that was not sent.
        if answer.status_code != UNCHANGED:
            case.validate_response(answer, checks=CHECKS)

    ask()


def found_in(case, known):
    return {name: known[name] for name in case.path_parameters if name in known}
