"""Keys, paths, methods, and what every reply carries."""

from __future__ import annotations

import logging

import pytest

from cellframe.contract.wire import Request
from cellframe.errors import ConfigError
from cellframe.server import router


@pytest.mark.parametrize(
    "target", ["/healthz", "/cell_instances", "/nowhere", "/cell_instances/none"]
)
def test_every_reply_is_json_and_has_a_correlation_id(call, target):
    reply = call("GET", target)
    assert reply.headers["content-type"] == "application/json"
    assert len(reply.headers["x-correlation-id"]) == 32


def test_health_needs_no_key(call):
    assert call("GET", "/healthz", x_api_key=None).body == {"status": "ok"}


@pytest.mark.parametrize("headers", [{}, {"x_api_key": " "}, {"authorization": "Basic abc"}])
def test_without_a_key_there_is_no_answer(call, headers):
    reply = call("GET", "/users/me", **{"x_api_key": None, **headers})
    assert (reply.status, reply.body["error_code"]) == (401, "UNAUTHORIZED")


@pytest.mark.parametrize("headers", [{"x_api_key": "any"}, {"authorization": "Bearer any"}])
def test_any_key_will_do_on_one_machine(call, headers):
    assert call("GET", "/users/me", **{"x_api_key": None, **headers}).status == 200


@pytest.mark.law("X11")
@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"x_api_key": "first"}, 200),
        ({"x_api_key": "second"}, 200),
        ({"x_api_key": None, "authorization": "bearer second"}, 200),
        ({"x_api_key": "firs"}, 401),
        ({"x_api_key": "first2"}, 401),
        ({"x_api_key": "ключ"}, 401),
        ({"x_api_key": None}, 401),
    ],
)
def test_given_keys_are_the_only_ones(opened, headers, status):
    assert opened(keys=["first", "second"])("GET", "/users/me", **headers).status == status


@pytest.mark.parametrize("keys", [[], [""], "secret", ["a", ""]])
def test_keys_that_let_nobody_in_are_refused(opened, keys):
    with pytest.raises(ConfigError):
        opened(keys=keys)


def test_a_caller_in_the_same_process_needs_no_key(opened):
    assert opened(open_door=True).service.answer(Request("GET", "/users/me")).status == 200


@pytest.mark.parametrize(
    "target",
    ["", "/", "//", "/cell_instances/", "/x", "/cell_specifications/a/b", "x/users/me", "/%ff"],
)
def test_an_unknown_path_is_404(call, target):
    assert call("GET", target).status == 404


@pytest.mark.law("X7")
@pytest.mark.parametrize(
    "record_id",
    ["..", "%2e%2e%2f%2e%2e%2fetc%2fpasswd", "C%3A%5C", "%00", "a" * 4096, "con", "%ff", "a%2Fb"],
)
def test_an_id_is_no_path(call, record_id):
    answers = [call(method, f"/cell_instances/{record_id}") for method in ("GET", "DELETE")]
    assert [answer.status for answer in answers] == [404, 404]


@pytest.mark.parametrize(
    ("method", "target", "allow"),
    [
        ("POST", "/healthz", "GET"),
        ("DELETE", "/cell_specifications", "GET, POST"),
        ("POST", "/cell_instances/x", "GET, PATCH, PUT, DELETE"),
        ("OPTIONS", "/cell_instances", "GET"),
        ("HEAD", "/cell_instances", "GET"),
    ],
)
def test_a_wrong_method_is_told_the_right_ones(call, method, target, allow):
    reply = call(method, target)
    assert (reply.status, reply.headers["allow"]) == (405, allow)


def test_a_fault_of_ours_is_logged_and_not_told(call, monkeypatch, caplog):
    def fail(_call):
        message = "secret text"
        raise ZeroDivisionError(message)

    monkeypatch.setitem(router.ROUTES, ("cell_specifications",), {"GET": fail})
    with caplog.at_level(logging.ERROR):
        reply = call("GET", "/cell_specifications")
    assert (reply.status, reply.body["error_code"]) == (500, "INTERNAL_ERROR")
    assert b"secret" not in reply.content
    assert "secret text" in caplog.text


def test_the_user_is_in_one_organization(call):
    body = call("GET", "/users/me").body
    assert {"id", "email", "authorized_organization", "organizations"} == set(body)
    assert body["organizations"] == [body["authorized_organization"]]


def test_capabilities_name_what_is_built(call, service):
    body = call("GET", "/discovery/capabilities").body
    assert {"domain_context", "schemas", "openapi_spec", "authentication"} <= set(body)
    assert body["extensions"] == {
        "server_id": service.server_id,
        "version": True,
        "if_match": True,
        "idempotency_key": {"retention_days": 30},
        "dry_run": True,
        "batch": {"path": "/batch", "max_operations": 1000},
        "as_of": True,
        "cell_list": True,
        "cycles_download": True,
        "max_limit": 1000,
    }


@pytest.mark.parametrize("name", ["data", "protocol"])
def test_schemas_are_json_schemas(call, name):
    assert call("GET", f"/discovery/schemas/{name}").body["type"] == "object"


def test_an_unknown_schema_is_404(call):
    assert call("GET", "/discovery/schemas/other").status == 404
