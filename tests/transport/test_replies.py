"""An answer becomes JSON, or one of our errors; a body is JSON or nothing is sent."""

from __future__ import annotations

from contextlib import suppress

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cellframe import errors
from cellframe.contract.problems import Problem
from cellframe.contract.wire import Reply
from cellframe.transport.replies import encode, make_request, read

GET = make_request("GET", "/x")
KINDS = {
    400: errors.InvalidRecordError,
    401: errors.AuthError,
    403: errors.AuthError,
    404: errors.NotFoundError,
    409: errors.ConflictError,
    410: errors.NotFoundError,
    412: errors.ConflictError,
    413: errors.InvalidRecordError,
    418: errors.ApiError,
    422: errors.InvalidRecordError,
    429: errors.RateLimitError,
    500: errors.ServerError,
    503: errors.ServerError,
    507: errors.ServerError,
}


def refusal(status, body, **headers):
    with pytest.raises(errors.CellframeError) as fault:
        read(GET, Reply(status, headers, body), "https://lab")
    return fault.value


@pytest.mark.parametrize("status", KINDS)
def test_a_status_is_a_kind_of_error(status):
    body = orjson.dumps(Problem(status, "Why.", {"a": 1}, "CODE").body())
    fault = refusal(status, body, **{"x-correlation-id": "q1"})
    assert type(fault) is KINDS[status]
    assert (fault.status, fault.code, fault.detail) == (status, "CODE", {"a": 1})
    assert (fault.request, fault.request_id) == ("GET /x", "q1")
    assert "Why" in str(fault)


def test_a_taken_name_says_whose_it_is():
    body = orjson.dumps(Problem(409, "Taken.", {"existing_id": "i-1"}).body())
    fault = refusal(409, body)
    assert fault.existing_id == "i-1"
    assert "its id is i-1" in str(fault)


def test_a_moved_record_comes_along():
    body = orjson.dumps(Problem(412, "Moved.", {"current": {"id": "i-1"}}).body())
    assert refusal(412, body).current == {"id": "i-1"}


def test_a_refused_key_says_what_to_check():
    assert "api_key=, CELLFRAME_API_KEY, or the variable" in str(refusal(401, b"{}"))


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("3", 3.0), ("0.5", 0.5), ("-1", 0.0), ("soon", None), ("", None), (None, None)],
)
def test_a_wait_is_read_in_seconds(text, seconds):
    headers = {} if text is None else {"retry-after": text}
    assert refusal(429, b"{}", **headers).retry_after == seconds


@pytest.mark.law("X12")
@given(st.integers(300, 599), st.binary(max_size=40))
def test_any_refusal_is_one_of_our_errors(status, body):
    assert isinstance(refusal(status, body), errors.ApiError | errors.TransportError)


@pytest.mark.law("X12")
@given(
    st.sampled_from([400, 401, 404, 409, 412, 422, 500]),
    st.recursive(
        st.none() | st.booleans() | st.text(),
        lambda x: (
            st.lists(x)
            | st.dictionaries(
                st.sampled_from(["message", "detail", "error_code", "existing_id"]), x
            )
        ),
    ),
)
def test_any_json_of_a_refusal_is_one_of_our_errors(status, problem):
    fault = refusal(status, orjson.dumps(problem))
    assert isinstance(fault, errors.ApiError)
    if isinstance(fault, errors.ConflictError):
        assert fault.existing_id is None or isinstance(fault.existing_id, str)
        assert fault.current is None or isinstance(fault.current, dict)


@pytest.mark.law("X12")
@given(st.binary(max_size=40))
def test_an_answer_that_is_no_json_is_a_transport_error(body):
    with suppress(errors.TransportError):
        assert (
            read(GET, Reply(200, {}, body), "https://lab") is None or orjson.loads(body) is not None
        )


@pytest.mark.rule("W16")
@pytest.mark.parametrize("number", [float("nan"), float("inf"), float("-inf")])
@pytest.mark.parametrize("wrap", [lambda x: x, lambda x: {"a": {"b": x}}, lambda x: [0, [x]]])
def test_a_number_that_json_cannot_say_is_never_sent_as_null(number, wrap):
    with pytest.raises(errors.InvalidRecordError, match="Nothing was sent"):
        encode(wrap(number))


@pytest.mark.parametrize(
    "value", ["\ud800", {"a": "\udfff"}, {"\ud800": 1}, 2**70, object(), {1: 2}]
)
def test_what_has_no_json_form_is_refused(value):
    with pytest.raises(errors.InvalidRecordError, match="Nothing was sent"):
        encode(value)


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_a_number_travels_exactly(number):
    back = orjson.loads(encode({"value": number}))["value"]
    assert (back, str(back)) == (number, str(number))
